//! The threads that calls run on: one runtime per process, made when first needed.

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, ready};

use hubstream::error::{Error, ErrorKind, Result};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// Threads of a runtime unless `HUBSTREAM_WORKER_THREADS` says otherwise.
const DEFAULT_WORKERS: usize = 2;

/// The runtime of one process, and that of its child when it forks.
struct Process {
    pid: u32,
    runtime: Runtime,
    child: OnceLock<Box<Process>>,
}

static FIRST: OnceLock<Box<Process>> = OnceLock::new();

/// The runtime of this process.
///
/// After `fork` the parent's runtime has no threads here, so it is left alone and a new one is made.
pub(crate) fn current() -> Result<&'static Runtime> {
    let pid = std::process::id();
    let mut slot = &FIRST;
    loop {
        match slot.get() {
            Some(process) if process.pid == pid => return Ok(&process.runtime),
            Some(process) => slot = &process.child,
            None => {
                let process = Process {
                    pid,
                    runtime: build()?,
                    child: OnceLock::new(),
                };
                if let Err(late) = slot.set(Box::new(process)) {
                    late.runtime.shutdown_background();
                }
            }
        }
    }
}

fn build() -> Result<Runtime> {
    let workers = std::env::var("HUBSTREAM_WORKER_THREADS")
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|workers| (1..=1024).contains(workers))
        .unwrap_or(DEFAULT_WORKERS);
    Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name("hubstream-io")
        .on_thread_start(crate::log::enter_thread)
        .enable_all()
        .build()
        .map_err(|error| {
            Error::new(ErrorKind::Internal, "the I/O threads cannot be started")
                .with_sent(false)
                .with_source(error)
        })
}

/// Runs a future on the threads of this process.
///
/// Cancel safety: dropping the returned future cancels the work.
pub(crate) async fn run<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let task = Cancelling(current()?.spawn(work));
    task.await.unwrap_or_else(|failure| {
        let message = if failure.is_panic() {
            "a call ended in a defect of this library"
        } else {
            "the I/O threads were stopped"
        };
        Err(Error::new(ErrorKind::Internal, message))
    })
}

/// A task that ends when nobody waits for it any more.
struct Cancelling<T>(JoinHandle<T>);

impl<T> Future for Cancelling<T> {
    type Output = std::result::Result<T, tokio::task::JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(ready!(Pin::new(&mut self.0).poll(context)))
    }
}

impl<T> Drop for Cancelling<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
