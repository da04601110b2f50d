//! What a coroutine awaits: a future, as far as tasks ask for it, with the result of a call.
//!
//! One of `asyncio` has the event loop wake the task in its next round, and runs Python at each of its own steps:
//! together about as much as the request takes. This one tells who waits, so that a task can go on in the round in
//! which its reply was read.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use pyo3::exceptions::PyStopIteration;
use pyo3::exceptions::asyncio::{CancelledError, InvalidStateError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::asyncio::Call;

/// What is called once there is a result, and the context in which it runs if one was given.
pub(crate) struct Waiter {
    pub(crate) callback: Py<PyAny>,
    pub(crate) context: Option<Py<PyAny>>,
}

enum State {
    Pending(Vec<Waiter>),
    Done(Py<PyAny>),
    Failed(Py<PyAny>),
    /// With the message that was given.
    Cancelled(Option<Py<PyAny>>),
}

/// The result of a call that a coroutine waits for.
#[pyclass(frozen, module = "hubstream._native")]
pub(crate) struct CallFuture {
    event_loop: Py<PyAny>,
    call: OnceLock<Arc<Call>>,
    /// Set by who waits, so that the task knows that it was not yielded by mistake.
    blocking: AtomicBool,
    /// Not locked while objects are let go of, which may run Python.
    state: Mutex<State>,
}

impl CallFuture {
    /// One of the event loop.
    pub(crate) fn new(event_loop: &Bound<'_, PyAny>) -> Self {
        Self {
            event_loop: event_loop.clone().unbind(),
            call: OnceLock::new(),
            blocking: AtomicBool::new(false),
            state: Mutex::new(State::Pending(Vec::new())),
        }
    }

    /// Says which call ends when the future is cancelled.
    pub(crate) fn belongs_to(&self, call: Arc<Call>) {
        self.call.get_or_init(|| call);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is a result, or there will be none.
    pub(crate) fn is_done(&self) -> bool {
        !matches!(*self.lock(), State::Pending(_))
    }

    /// Takes over what a call came to, and gives back who waits for it; nobody does any more if it was cancelled.
    pub(crate) fn settle(&self, py: Python<'_>, result: PyResult<Py<PyAny>>) -> Vec<Waiter> {
        self.replace(match result {
            Ok(value) => State::Done(value),
            Err(error) => State::Failed(error.into_value(py).into_any()),
        })
        .unwrap_or_default()
    }

    /// `None` if there was a result before.
    fn replace(&self, state: State) -> Option<Vec<Waiter>> {
        let mut known = self.lock();
        match &mut *known {
            State::Pending(waiters) => {
                let waiters = mem::take(waiters);
                *known = state;
                Some(waiters)
            }
            _ => {
                drop(known);
                drop(state);
                None
            }
        }
    }

    fn wait(&self, waiter: Waiter) -> Option<Waiter> {
        match &mut *self.lock() {
            State::Pending(waiters) => {
                waiters.push(waiter);
                None
            }
            _ => Some(waiter),
        }
    }
}

/// Has the event loop call everybody who waits, in its next round.
pub(crate) fn wake(future: &Bound<'_, CallFuture>, waiters: Vec<Waiter>) -> PyResult<()> {
    let py = future.py();
    let event_loop = future.get().event_loop.bind(py);
    for Waiter { callback, context } in waiters {
        let options = context.map(|context| {
            let options = PyDict::new(py);
            options
                .set_item(pyo3::intern!(py, "context"), context)
                .map(|()| options)
        });
        event_loop.call_method(
            pyo3::intern!(py, "call_soon"),
            (callback, future),
            options.transpose()?.as_ref(),
        )?;
    }
    Ok(())
}

#[pymethods]
impl CallFuture {
    #[getter(_asyncio_future_blocking)]
    fn blocking(&self) -> bool {
        self.blocking.load(Ordering::Relaxed)
    }

    #[setter(_asyncio_future_blocking)]
    fn set_blocking(&self, blocking: bool) {
        self.blocking.store(blocking, Ordering::Relaxed);
    }

    /// The event loop that it belongs to.
    pub(crate) fn get_loop(&self, py: Python<'_>) -> Py<PyAny> {
        self.event_loop.clone_ref(py)
    }

    /// The result, or raises why there is none.
    fn result(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let error = match &*self.lock() {
            State::Done(value) => return Ok(value.clone_ref(py)),
            State::Pending(_) => None,
            State::Failed(error) => Some(Ok(error.clone_ref(py))),
            State::Cancelled(message) => Some(Err(message.as_ref().map(|text| text.clone_ref(py)))),
        };
        Err(match error {
            None => InvalidStateError::new_err("Result is not set."),
            Some(Ok(error)) => PyErr::from_value(error.into_bound(py)),
            Some(Err(None)) => CancelledError::new_err(()),
            Some(Err(Some(message))) => CancelledError::new_err((message,)),
        })
    }

    /// Ends the call, if it has not ended yet.
    #[pyo3(signature = (msg=None))]
    fn cancel(slf: &Bound<'_, Self>, msg: Option<Py<PyAny>>) -> PyResult<bool> {
        let future = slf.get();
        let Some(waiters) = future.replace(State::Cancelled(msg)) else {
            return Ok(false);
        };
        if let Some(call) = future.call.get() {
            call.cancel();
        }
        wake(slf, waiters).map(|()| true)
    }

    /// Has something called with the future once there is a result.
    #[pyo3(signature = (callback, *, context=None))]
    fn add_done_callback(
        slf: &Bound<'_, Self>,
        callback: Py<PyAny>,
        context: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        match slf.get().wait(Waiter { callback, context }) {
            None => Ok(()),
            Some(waiter) => wake(slf, vec![waiter]),
        }
    }

    fn __await__<'a, 'py>(slf: &'a Bound<'py, Self>) -> &'a Bound<'py, Self> {
        slf
    }

    /// Gives itself to the task for as long as there is no result.
    fn __next__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        let future = slf.get();
        if !future.is_done() {
            future.set_blocking(true);
            return Ok(slf.clone());
        }
        let value = future.result(slf.py())?;
        Err(PyStopIteration::new_err((value,)))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.event_loop)?;
        // Nobody locks it for long.
        let Ok(state) = self.state.try_lock() else {
            return Ok(());
        };
        match &*state {
            State::Done(value) | State::Failed(value) => visit.call(value),
            State::Cancelled(message) => visit.call(message),
            State::Pending(waiters) => waiters.iter().try_for_each(|waiter| {
                visit.call(&waiter.callback)?;
                visit.call(&waiter.context)
            }),
        }
    }

    fn __clear__(&self) {
        let state = mem::replace(&mut *self.lock(), State::Cancelled(None));
        drop(state);
    }
}
