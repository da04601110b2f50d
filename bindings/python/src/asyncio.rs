//! Results on their way to event loops.
//!
//! A worker of the runtime never waits for the interpreter: it puts its result into a queue. One
//! thread takes everything that is ready, attaches to the interpreter once, and wakes each event
//! loop once.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use hubstream::error::{Error, ErrorKind};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyTuple};
use tokio::task::AbortHandle;

use crate::error::raise;
use crate::runtime::{BoxFuture, Host};

/// Makes the Python object of a result; runs attached to the interpreter.
pub(crate) type Outcome = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

enum Message {
    Done(Completion),
    End,
}

struct Completion {
    event_loop: Py<PyAny>,
    future: Py<PyAny>,
    outcome: Outcome,
}

/// The queue of results and the thread that delivers them.
pub(crate) struct Completions {
    sender: Sender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Completions {
    /// Starts the thread.
    pub(crate) fn start() -> std::io::Result<Self> {
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new()
            .name("hubstream-done".to_owned())
            .spawn(move || deliver_all(receiver))?;
        Ok(Self {
            sender,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Delivers what is in the queue and ends the thread. Call it detached from the interpreter.
    pub(crate) fn end(&self) {
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // A thread that is gone has nothing left to deliver.
        let _ = self.sender.send(Message::End);
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

/// A future of an event loop that waits for a result. Dropped without one, it fails.
struct Pending {
    target: Option<(Py<PyAny>, Py<PyAny>)>,
    sender: Sender<Message>,
}

impl Pending {
    fn complete(&mut self, outcome: Outcome) {
        if let Some((event_loop, future)) = self.target.take() {
            // The queue is closed only when the interpreter ends.
            let _ = self.sender.send(Message::Done(Completion {
                event_loop,
                future,
                outcome,
            }));
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.complete(Box::new(|py| {
            let error = Error::new(ErrorKind::Closed, "the call was dropped before it ended");
            Err(raise(py, "", error))
        }));
    }
}

/// Aborts a call when the event loop's future is cancelled.
#[pyclass(frozen, module = "hubstream._native")]
struct Canceller(AbortHandle);

#[pymethods]
impl Canceller {
    fn __call__(&self, _future: &Bound<'_, PyAny>) {
        self.0.abort();
    }
}

/// Starts a call and gives the future of the running event loop that will have its result.
pub(crate) fn spawn<'py>(
    py: Python<'py>,
    host: &Host,
    call: BoxFuture<Outcome>,
) -> PyResult<Bound<'py, PyAny>> {
    static RUNNING_LOOP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let event_loop = RUNNING_LOOP
        .import(py, "asyncio", "get_running_loop")?
        .call0()?;
    let future = event_loop.call_method0(pyo3::intern!(py, "create_future"))?;
    let workers = host.workers(py)?;
    let mut pending = Pending {
        target: Some((event_loop.unbind(), future.clone().unbind())),
        sender: workers.completions.sender.clone(),
    };
    let task = workers
        .handle
        .spawn(async move { pending.complete(call.await) });
    future.call_method1(
        pyo3::intern!(py, "add_done_callback"),
        (Canceller(task.abort_handle()),),
    )?;
    Ok(future)
}

fn deliver_all(mut receiver: Receiver<Message>) {
    // Attached once for the life of the thread: attaching anew costs more than a delivery.
    Python::try_attach(|py| {
        loop {
            let (batch, ended) = py.detach(|| receive(&mut receiver));
            deliver(py, batch);
            if ended {
                return;
            }
        }
    });
}

fn receive(receiver: &mut Receiver<Message>) -> (Vec<Completion>, bool) {
    let mut batch = Vec::new();
    let mut next = receiver.recv().ok();
    while let Some(message) = next {
        match message {
            Message::Done(completion) => batch.push(completion),
            Message::End => return (batch, true),
        }
        next = receiver.try_recv().ok();
    }
    let disconnected = batch.is_empty();
    (batch, disconnected)
}

fn deliver(py: Python<'_>, batch: Vec<Completion>) {
    let mut loops: Vec<(Bound<'_, PyAny>, Bound<'_, PyList>)> = Vec::new();
    for completion in batch {
        let event_loop = completion.event_loop.into_bound(py);
        let (value, failed) = match (completion.outcome)(py) {
            Ok(value) => (value, false),
            Err(error) => (error.into_value(py).into_any(), true),
        };
        let place = match loops.iter().position(|(known, _)| known.is(&event_loop)) {
            Some(place) => place,
            None => {
                loops.push((event_loop, PyList::empty(py)));
                loops.len() - 1
            }
        };
        if let Err(error) = loops[place].1.append((completion.future, failed, value)) {
            error.write_unraisable(py, None);
        }
    }
    for (event_loop, settled) in loops {
        if let Err(error) = wake(py, &event_loop, settled) {
            // A loop that was closed meanwhile has nobody left who waits.
            if !error.is_instance_of::<PyRuntimeError>(py) {
                error.write_unraisable(py, Some(&event_loop));
            }
        }
    }
}

fn wake(py: Python<'_>, event_loop: &Bound<'_, PyAny>, settled: Bound<'_, PyList>) -> PyResult<()> {
    static SETTLE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let settle = SETTLE.import(py, "hubstream._native", "settle")?;
    event_loop.call_method1(pyo3::intern!(py, "call_soon_threadsafe"), (settle, settled))?;
    Ok(())
}

/// Gives futures of the running event loop their results.
#[pyfunction]
pub(crate) fn settle(py: Python<'_>, settled: &Bound<'_, PyList>) -> PyResult<()> {
    for item in settled {
        let item = item.cast_into::<PyTuple>()?;
        let future = item.get_item(0)?;
        if future
            .call_method0(pyo3::intern!(py, "done"))?
            .is_truthy()?
        {
            continue;
        }
        let name = if item.get_item(1)?.is_truthy()? {
            pyo3::intern!(py, "set_exception")
        } else {
            pyo3::intern!(py, "set_result")
        };
        future.call_method1(name, (item.get_item(2)?,))?;
    }
    Ok(())
}
