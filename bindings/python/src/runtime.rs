//! One runtime per process, made when it is first needed.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hubstream::error::{Error, ErrorKind, Result};
use pyo3::prelude::*;
use tokio::runtime::{Handle, Runtime};
use tracing::dispatcher::{set_default, with_default};

use crate::asyncio::Completions;
use crate::error::raise;
use crate::log::Log;

/// How often a blocking call looks for signals such as Ctrl-C.
const TICK: Duration = Duration::from_millis(50);

/// How long the end of the interpreter waits for work in flight.
const SHUTDOWN: Duration = Duration::from_secs(2);

/// Worker threads, unless `HUBSTREAM_WORKER_THREADS` says otherwise.
const WORKERS: usize = 2;

/// A boxed future, as the core makes them.
pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The runtime of this process.
pub(crate) struct Host {
    pid: u32,
    handle: Handle,
    runtime: Mutex<Option<Runtime>>,
    completions: Completions,
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
    // Exceptions are made without the lock: making them may let other threads run.
    find_or_start().map_err(|error| raise(py, "", error))
}

fn find_or_start() -> Result<Arc<Host>> {
    let mut slot = locked(&SLOT);
    match &*slot {
        Slot::Running(host) if host.pid == std::process::id() => return Ok(Arc::clone(host)),
        Slot::Ended => {
            let message = "the interpreter is shutting down";
            return Err(Error::new(ErrorKind::Closed, message).with_sent(false));
        }
        Slot::Running(_) | Slot::Empty => {}
    }
    let host = Host::start().map(Arc::new).map_err(|error| {
        Error::new(ErrorKind::Internal, "cannot start threads")
            .with_sent(false)
            .with_source(error)
    })?;
    // The parent's runtime is leaked: its threads do not exist in this process.
    mem::forget(mem::replace(&mut *slot, Slot::Running(Arc::clone(&host))));
    Ok(host)
}

fn worker_threads() -> usize {
    std::env::var("HUBSTREAM_WORKER_THREADS")
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|count| (1..=64).contains(count))
        .unwrap_or(WORKERS)
}

impl Host {
    fn start() -> std::io::Result<Self> {
        let completions = Completions::start()?;
        let log = Log::start()?;
        let dispatch = log.dispatch().clone();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(worker_threads())
            .thread_name("hubstream-io")
            .on_thread_start(move || {
                // The thread keeps its subscriber until it ends.
                mem::forget(set_default(&dispatch));
            })
            .enable_all()
            .build()?;
        Ok(Self {
            pid: std::process::id(),
            handle: runtime.handle().clone(),
            runtime: Mutex::new(Some(runtime)),
            completions,
            log,
        })
    }

    /// Where futures are spawned.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Who delivers results to event loops.
    pub(crate) fn completions(&self) -> &Completions {
        &self.completions
    }

    /// Waits for a future without holding the interpreter. A signal handler that raises, as Ctrl-C
    /// does, drops the future.
    pub(crate) fn wait<T: Send>(&self, py: Python<'_>, mut future: BoxFuture<T>) -> PyResult<T> {
        loop {
            let outcome = py.detach(|| {
                with_default(self.log.dispatch(), || {
                    self.handle
                        .block_on(async { tokio::time::timeout(TICK, &mut future).await })
                })
            });
            match outcome {
                Ok(value) => return Ok(value),
                Err(_) => py.check_signals()?,
            }
        }
    }

    fn end(&self, py: Python<'_>) {
        let runtime = locked(&self.runtime).take();
        py.detach(|| {
            if let Some(runtime) = runtime {
                runtime.shutdown_timeout(SHUTDOWN);
            }
            self.completions.end();
            self.log.end();
        });
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // The threads of a parent process cannot be joined here.
        mem::forget(locked(&self.runtime).take());
    }
}

/// Ends the runtime; called once by `atexit`.
#[pyfunction]
pub(crate) fn shut_down(py: Python<'_>) {
    let slot = mem::replace(&mut *locked(&SLOT), Slot::Ended);
    match slot {
        Slot::Running(host) if host.pid == std::process::id() => host.end(py),
        other => mem::forget(other),
    }
}

/// Leaks the runtime of the parent; called in the child after `os.fork`.
#[pyfunction]
pub(crate) fn forget_parent() {
    mem::forget(mem::replace(&mut *locked(&SLOT), Slot::Empty));
}

/// Has the runtime ended with the interpreter and forgotten after a fork.
pub(crate) fn register_hooks(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    py.import("atexit")?
        .call_method1("register", (module.getattr("shut_down")?,))?;
    let os = py.import("os")?;
    if let Ok(register) = os.getattr("register_at_fork") {
        let hooks = pyo3::types::PyDict::new(py);
        hooks.set_item("after_in_child", module.getattr("forget_parent")?)?;
        register.call((), Some(&hooks))?;
    }
    Ok(())
}
