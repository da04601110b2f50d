//! What runs calls: for blocking ones the thread that waits, for coroutines threads of their own.
//!
//! A blocking call takes a lane, a runtime without threads, and drives the network itself: handing
//! the call to another thread would cost several times what a small request takes. Threads for
//! coroutines are started when the first one is called.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

use hubstream::error::{Error, ErrorKind, Result};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tracing::Dispatch;
use tracing::dispatcher::with_default;

use crate::error::raise;
use crate::log::Log;
use crate::workers::{Workers, logging};

/// How often a blocking call looks for signals such as Ctrl-C.
const TICK: Duration = Duration::from_millis(50);

/// A boxed future, as the core makes them.
pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What runs the calls of this process.
pub(crate) struct Host {
    pid: u32,
    /// Lanes that no thread waits on.
    lanes: Mutex<Vec<Runtime>>,
    workers: Mutex<Option<Arc<Workers>>>,
    log: Log,
}

enum Slot {
    Empty,
    Running(Arc<Host>),
    /// The interpreter of this process ends.
    Ended,
}

/// Locked only by threads that are attached to the interpreter, so never while `os.fork` runs.
static SLOT: Mutex<Slot> = Mutex::new(Slot::Empty);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The runtime of this process; makes it if need be.
pub(crate) fn current(py: Python<'_>) -> PyResult<Arc<Host>> {
    refuse_beside_end(py)?;
    watch_forks(py)?;
    // Exceptions are made without the lock: making them may let other threads run.
    find_or_start().map_err(|error| raise(py, "", error))
}

fn find_or_start() -> Result<Arc<Host>> {
    let mut slot = locked(&SLOT);
    match &*slot {
        Slot::Running(host) if host.pid == crate::process::number() => return Ok(Arc::clone(host)),
        Slot::Ended => return Err(ended()),
        Slot::Running(_) | Slot::Empty => {}
    }
    let host = Host::start().map(Arc::new).map_err(cannot_start)?;
    // The parent's runtime is leaked: its threads do not exist in this process.
    mem::forget(mem::replace(&mut *slot, Slot::Running(Arc::clone(&host))));
    Ok(host)
}

fn cannot_start(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Internal, "cannot start threads")
        .with_sent(false)
        .with_source(error)
}

impl Host {
    fn start() -> std::io::Result<Self> {
        Ok(Self {
            pid: crate::process::number(),
            lanes: Mutex::default(),
            workers: Mutex::default(),
            log: Log::start()?,
        })
    }

    /// The number of this process.
    pub(crate) const fn process(&self) -> u32 {
        self.pid
    }

    /// The subscriber for what is logged on other threads.
    pub(crate) const fn dispatch(&self) -> &Dispatch {
        self.log.dispatch()
    }

    /// The threads; starts them if need be.
    pub(crate) fn workers(&self, py: Python<'_>) -> PyResult<Arc<Workers>> {
        let started = {
            let mut workers = locked(&self.workers);
            match &*workers {
                Some(workers) => Ok(Arc::clone(workers)),
                None => Workers::start(self.log.dispatch())
                    .map(|started| Arc::clone(workers.insert(Arc::new(started)))),
            }
        };
        started.map_err(|error| raise(py, "", cannot_start(error)))
    }

    /// Has the threads run a future, and waits for it as [`Host::wait`] does.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        py: Python<'_>,
        future: BoxFuture<Result<T>>,
    ) -> PyResult<Result<T>> {
        let mut task = JoinSet::new();
        task.spawn_on(future, &self.workers(py)?.handle);
        let ended = async move {
            match task.join_next().await {
                Some(Ok(outcome)) => outcome,
                _ => Err(Error::new(ErrorKind::Closed, "the runtime has ended")),
            }
        };
        self.wait(py, Box::pin(ended))
    }

    fn lane(&self) -> std::io::Result<Runtime> {
        if let Some(lane) = locked(&self.lanes).pop() {
            return Ok(lane);
        }
        let mut builder = Builder::new_current_thread();
        builder.thread_name("hubstream-lane");
        logging(builder, self.log.dispatch()).build()
    }

    /// Waits for a future without holding the interpreter. A signal handler that raises, as Ctrl-C
    /// does, drops the future.
    pub(crate) fn wait<T: Send>(&self, py: Python<'_>, mut future: BoxFuture<T>) -> PyResult<T> {
        let lane = self
            .lane()
            .map_err(|error| raise(py, "", cannot_start(error)))?;
        let outcome = loop {
            let outcome = py.detach(|| {
                with_default(self.log.dispatch(), || {
                    lane.block_on(async { tokio::time::timeout(TICK, &mut future).await })
                })
            });
            match outcome {
                Ok(value) => break Ok(value),
                Err(_) => {
                    if let Err(error) = py.check_signals() {
                        break Err(error);
                    }
                }
            }
        };
        drop(future);
        locked(&self.lanes).push(lane);
        refuse_beside_end(py)?;
        outcome
    }

    fn end(&self, py: Python<'_>) {
        let lanes = mem::take(&mut *locked(&self.lanes));
        py.detach(|| {
            for lane in lanes {
                lane.shutdown_background();
            }
            if let Some(workers) = locked(&self.workers).take() {
                workers.end();
            }
            self.log.end();
        });
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // The threads of a parent process cannot be joined here.
        mem::forget(mem::take(&mut *locked(&self.lanes)));
        mem::forget(locked(&self.workers).take());
    }
}

/// The thread on which the interpreter ends, once it does.
static ENDING: OnceLock<ThreadId> = OnceLock::new();

/// Whether the interpreter ends on another thread.
///
/// This one is a daemon then, and whatever it runs in Python may be its last: Python ends such threads where they
/// stand, which the frames of Rust below do not survive.
pub(crate) fn ends_elsewhere() -> bool {
    let ending = ENDING.get();
    ending.is_some_and(|thread| *thread != std::thread::current().id())
}

/// What calls of other threads raise then. It is made before, as making it runs Python.
static REFUSAL: OnceLock<Py<PyAny>> = OnceLock::new();

fn refuse_beside_end(py: Python<'_>) -> PyResult<()> {
    match REFUSAL.get() {
        Some(refusal) if ends_elsewhere() => Err(PyErr::from_value(refusal.bind(py).clone())),
        _ => Ok(()),
    }
}

fn ended() -> Error {
    Error::new(ErrorKind::Closed, "the interpreter is shutting down").with_sent(false)
}

/// Ends the runtime; called once by `atexit`.
#[pyfunction]
pub(crate) fn shut_down(py: Python<'_>) {
    if matches!(&*locked(&SLOT), Slot::Running(_)) {
        let refusal = raise(py, "", ended()).into_value(py).into_any();
        REFUSAL.get_or_init(|| refusal);
    }
    ENDING.get_or_init(|| std::thread::current().id());
    let slot = mem::replace(&mut *locked(&SLOT), Slot::Ended);
    match slot {
        Slot::Running(host) if host.pid == crate::process::number() => host.end(py),
        other => mem::forget(other),
    }
}

/// Leaks the runtime of the parent; called in the child after `os.fork`.
#[pyfunction]
pub(crate) fn forget_parent() {
    mem::forget(mem::replace(&mut *locked(&SLOT), Slot::Empty));
}

/// Has the runtime ended with the interpreter.
pub(crate) fn register_end(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    py.import("atexit")?
        .call_method1("register", (module.getattr("shut_down")?,))?;
    Ok(())
}

/// Has the runtime forgotten after a fork, from the first call on: before it there is none, and importing the
/// package does without `os`.
fn watch_forks(py: Python<'_>) -> PyResult<()> {
    static WATCHED: PyOnceLock<()> = PyOnceLock::new();
    WATCHED.get_or_try_init(py, || {
        if let Ok(register) = py.import("os")?.getattr("register_at_fork") {
            let hooks = PyDict::new(py);
            hooks.set_item("after_in_child", wrap_pyfunction!(forget_parent, py)?)?;
            register.call((), Some(&hooks))?;
        }
        Ok::<_, PyErr>(())
    })?;
    Ok(())
}
