//! Coroutines: calls that begin on the thread of the event loop, and their results on the way back.
//!
//! The first step of a call, which sends a small request, is made right away. Where the event loop
//! watches the connection itself, the reply to it is read there, too. What else follows happens on
//! the threads of the runtime, once the network has something to say. They never wait for the
//! interpreter: a result goes into the mailbox of its event loop, which looks there when a socket
//! tells it to.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use hubstream::error::{Error, ErrorKind};
use hubstream::transport::event_loop::{EventLoop, enter, leaves};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tracing::dispatcher::with_default;

use crate::call_future::CallFuture;
use crate::error::raise;
use crate::mailbox::{Address, Mailbox};
use crate::pace::Paced;
use crate::runtime::{BoxFuture, Host};
use crate::watcher::go_on_here;

/// The result of a call on its way to Python.
pub(crate) struct Outcome {
    /// About how many bytes of records it holds.
    pub(crate) size: usize,
    make: Make,
}

type Make = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

impl Outcome {
    /// `make` makes the Python object; it runs attached to the interpreter.
    pub(crate) fn new(
        size: usize,
        make: impl FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> Self {
        Self {
            size,
            make: Box::new(make),
        }
    }

    /// Makes the Python object.
    pub(crate) fn make(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        (self.make)(py)
    }
}

/// A future of an event loop that waits for a result. Dropped without one, it fails.
struct Pending(Option<Address>);

impl Pending {
    fn complete(&mut self, outcome: Outcome) {
        if let Some(address) = self.0.take() {
            address.deliver(outcome);
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.complete(Outcome::new(0, |py| {
            let error = Error::new(ErrorKind::Closed, "the call was dropped before it ended");
            Err(raise(py, "", error))
        }));
    }
}

/// A call that begins on the thread that asks for it and goes on there or in the runtime.
pub(crate) struct Call {
    state: Mutex<State>,
    /// The runtime in which steps are made, and whose calls have its connections.
    handle: Handle,
    /// The one that decodes a reply which is too large for the event loop.
    further: Handle,
    /// That of the event loop which watches connections for it.
    mailbox: Option<Arc<Mailbox>>,
}

enum State {
    /// A step is being made on the thread of the event loop; `true` once there is more to do.
    Stepping(bool),
    Waiting(BoxFuture<()>),
    /// It is being handed to the runtime.
    Leaving,
    Running(AbortHandle),
    Ended,
}

impl Call {
    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the first step of a call.
    fn begin(
        handle: Handle,
        further: Handle,
        mailbox: Option<Arc<Mailbox>>,
        future: BoxFuture<()>,
    ) -> Arc<Self> {
        let call = Arc::new(Self {
            state: Mutex::new(State::Stepping(false)),
            handle,
            further,
            mailbox,
        });
        call.step(future);
        call
    }

    /// Makes a step on the thread of the event loop.
    pub(crate) fn step(self: &Arc<Self>, mut future: BoxFuture<()>) {
        let waker = Waker::from(Arc::clone(self));
        let mut poll = || future.as_mut().poll(&mut Context::from_waker(&waker));
        let step = {
            let _runtime = self.handle.enter();
            match &self.mailbox {
                Some(mailbox) => enter(Arc::clone(mailbox) as Arc<dyn EventLoop>, poll),
                None => poll(),
            }
        };
        let runtime = if leaves() {
            &self.further
        } else {
            &self.handle
        };
        if let Some(future) = self.stepped(step, future) {
            self.run(future, runtime);
        }
    }

    /// Keeps what waits after a step; gives back what must go on at once.
    fn stepped(&self, step: Poll<()>, future: BoxFuture<()>) -> Option<BoxFuture<()>> {
        let mut state = self.locked();
        match (step, &*state) {
            (Poll::Ready(()), _) => *state = State::Ended,
            (Poll::Pending, State::Stepping(true)) => {
                *state = State::Leaving;
                return Some(future);
            }
            // Cancelled meanwhile by what ran in Python.
            (Poll::Pending, State::Ended) => {}
            (Poll::Pending, _) => *state = State::Waiting(future),
        }
        None
    }

    /// Hands a call that is leaving to the runtime.
    ///
    /// A runtime that has ended drops it at once, which may wake it: nothing is locked meanwhile.
    fn run(&self, future: BoxFuture<()>, runtime: &Handle) {
        let task = runtime.spawn(future).abort_handle();
        let mut state = self.locked();
        if matches!(*state, State::Leaving) {
            *state = State::Running(task);
        } else {
            drop(state);
            task.abort();
        }
    }

    /// Ends it, unless it has ended.
    pub(crate) fn cancel(&self) {
        let state = mem::replace(&mut *self.locked(), State::Ended);
        if let State::Running(task) = &state {
            task.abort();
        }
    }
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        let mut state = self.locked();
        match mem::replace(&mut *state, State::Ended) {
            State::Stepping(_) => *state = State::Stepping(true),
            State::Waiting(future) => {
                *state = State::Stepping(false);
                let Some(future) = go_on_here(&self, self.mailbox.as_deref(), future) else {
                    return;
                };
                *state = State::Leaving;
                drop(state);
                self.run(future, &self.handle);
            }
            other => *state = other,
        }
    }
}

/// Where a call takes long.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Nowhere: it waits for the network.
    Little,
    /// At its end perhaps, as decoding records, though that was little the last time.
    Perhaps,
    /// At its end, as decoding many records.
    Later,
    /// From the start, as encoding records.
    AtOnce,
}

/// Starts a call and gives the future of the running event loop that will have its result.
///
/// A call that takes long from the start is not begun here but by the threads for such calls.
pub(crate) fn spawn<'py>(
    py: Python<'py>,
    host: &Host,
    call: BoxFuture<Outcome>,
    effort: Effort,
) -> PyResult<Bound<'py, CallFuture>> {
    static RUNNING_LOOP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let running_loop = RUNNING_LOOP.import(py, "asyncio", "get_running_loop")?;
    let event_loop = running_loop.call0().map_err(|_| {
        PyRuntimeError::new_err("coroutines of hubstream need an event loop of asyncio")
    })?;
    let workers = host.workers(py)?;
    let future = Bound::new(py, CallFuture::new(&event_loop))?;
    let address = workers.mailboxes.address(&event_loop, &future)?;
    let (handle, further, mailbox) = match effort {
        Effort::Little => (&workers.quick, &workers.quick, address.mailbox()),
        Effort::Perhaps => (&workers.quick, &workers.handle, address.mailbox()),
        Effort::Later | Effort::AtOnce => (&workers.handle, &workers.handle, None),
    };
    let (handle, further) = (handle.clone(), further.clone());
    let call = Paced::new(call, address.pace());
    let mut pending = Pending(Some(address));
    let work: BoxFuture<()> = Box::pin(async move { pending.complete(call.await) });
    let call = if effort == Effort::AtOnce {
        let task = handle.spawn(work).abort_handle();
        Arc::new(Call {
            state: Mutex::new(State::Running(task)),
            handle,
            further,
            mailbox,
        })
    } else {
        py.detach(|| {
            with_default(host.dispatch(), || {
                Call::begin(handle, further, mailbox, work)
            })
        })
    };
    future.get().belongs_to(call);
    Ok(future)
}
