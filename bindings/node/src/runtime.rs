//! The threads on which all calls of the process run, each with a runtime of its own.
//!
//! A call runs on the thread with the fewest calls, the first one of those: calls that follow each other all run on one.
//! A runtime of several threads would wake a second one for each call and hand the reply from one to the other.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use napi::bindgen_prelude::{
    AsyncRuntime, AsyncRuntimeRejection, AsyncRuntimeTask, Result, register_async_runtime,
};
use napi::{Error, Status};
use tokio::runtime::{Builder, Handle, Runtime};

/// Threads that do network work, unless `HUBSTREAM_WORKER_THREADS` says otherwise.
const WORKER_THREADS: usize = 2;

/// Buffers for bodies that are kept. The garbage collector gives those of some tens of batches back at once, and a
/// program may read several topics.
const KEPT_BUFFERS: usize = 128;

/// How long the end of the last environment waits for what runs.
const SHUTDOWN: Duration = Duration::from_millis(100);

tokio::task_local! {
    static COUNTED: Cell<Option<Counted>>;
}

/// Counts the call that runs here no longer, for it has its result.
///
/// The program may make its next call before this one has come to its very end; it should find the thread free.
pub(crate) fn finish_call() {
    let _ = COUNTED.try_with(Cell::take);
}

/// Runs when the addon is loaded, which the package puts off until the first client is made.
#[napi_derive::module_init]
fn register_runtime() {
    hubstream::codec::keep_buffers(KEPT_BUFFERS);
    register_async_runtime(Threads::default());
}

/// A thread with its runtime.
struct Thread {
    runtime: Runtime,
    /// How many calls it carries.
    calls: Arc<AtomicUsize>,
}

impl Thread {
    fn start(number: usize) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(format!("hubstream-io-{number}"))
            .on_thread_start(crate::log::enter_thread)
            .enable_all()
            .build()?;
        Ok(Self {
            runtime,
            calls: Arc::default(),
        })
    }
}

/// Counts a call as long as it is there.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(calls: &Arc<AtomicUsize>) -> Self {
        calls.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(calls))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The threads; none before the first environment and after the last one.
#[derive(Default)]
struct Threads {
    running: RwLock<Vec<Thread>>,
}

impl Threads {
    fn running(&self) -> RwLockReadGuard<'_, Vec<Thread>> {
        self.running.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn worker_threads() -> usize {
    std::env::var("HUBSTREAM_WORKER_THREADS")
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|threads| (1..=1024).contains(threads))
        .unwrap_or(WORKER_THREADS)
}

fn stopped() -> Error {
    Error::new(Status::Closing, "the threads of hubstream have ended")
}

// SAFETY: what runs is dropped by `shutdown`, and registering keeps the image of the addon loaded for as long as the
// process lives, so that what is left, such as a waker, never points to code that is gone.
unsafe impl AsyncRuntime for Threads {
    fn spawn(
        &self,
        task: AsyncRuntimeTask,
    ) -> std::result::Result<(), AsyncRuntimeRejection<AsyncRuntimeTask>> {
        let running = self.running();
        let least = running
            .iter()
            .min_by_key(|thread| thread.calls.load(Ordering::Relaxed));
        let Some(thread) = least else {
            return Err(AsyncRuntimeRejection::new(task, stopped()));
        };
        let counted = Cell::new(Some(Counted::new(&thread.calls)));
        thread.runtime.spawn(COUNTED.scope(counted, task));
        Ok(())
    }

    fn block_on(&self, future: Pin<&mut dyn Future<Output = ()>>) -> Result<()> {
        let running = self.running();
        match running.first() {
            Some(thread) if Handle::try_current().is_err() => {
                thread.runtime.block_on(future);
                Ok(())
            }
            _ => Err(stopped()),
        }
    }

    fn start(&self) -> Result<()> {
        let mut running = self.running.write().unwrap_or_else(PoisonError::into_inner);
        if running.is_empty() {
            let started: io::Result<Vec<Thread>> =
                (0..worker_threads()).map(Thread::start).collect();
            *running = started.map_err(|error| {
                Error::from_reason(format!("the threads of hubstream cannot start: {error}"))
            })?;
        }
        Ok(())
    }

    fn shutdown(&self) -> Result<()> {
        let mut running = self.running.write().unwrap_or_else(PoisonError::into_inner);
        let ending = std::mem::take(&mut *running);
        drop(running);
        for thread in ending {
            thread.runtime.shutdown_timeout(SHUTDOWN);
        }
        Ok(())
    }
}
