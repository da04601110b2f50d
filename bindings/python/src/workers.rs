//! The threads that run coroutines: one for small requests, some for records, started when first needed.
//!
//! What arrives for a small request is read by the thread that waits for the network. Were there
//! several, each message would be handed from one to another, which costs more than to read it.

use std::io;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;
use tracing::Dispatch;
use tracing::dispatcher::set_default;

use crate::mailbox::Mailboxes;

/// How long the end of the interpreter waits for work in flight.
const SHUTDOWN: Duration = Duration::from_secs(2);

/// How often the thread for small requests looks at the time, needed or not.
///
/// While it knows of a moment that is near it needs not be woken for each new time limit.
const TICK: Duration = Duration::from_secs(10);

/// Threads for records, unless `HUBSTREAM_WORKER_THREADS` says otherwise.
const WORKERS: usize = 2;

/// The threads that run coroutines and the emulator.
pub(crate) struct Workers {
    /// Where futures are spawned that compute for long.
    pub(crate) handle: Handle,
    /// Where futures are spawned that mostly wait.
    pub(crate) quick: Handle,
    /// How results get to event loops.
    pub(crate) mailboxes: Mailboxes,
    running: Mutex<Option<Running>>,
}

struct Running {
    workers: Runtime,
    stop: oneshot::Sender<()>,
    quick: JoinHandle<()>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn worker_threads() -> usize {
    std::env::var("HUBSTREAM_WORKER_THREADS")
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|count| (1..=64).contains(count))
        .unwrap_or(WORKERS)
}

/// Has the threads that a runtime starts hand what they log to `logging`.
pub(crate) fn logging(mut builder: Builder, dispatch: &Dispatch) -> Builder {
    let dispatch = dispatch.clone();
    builder.enable_all().on_thread_start(move || {
        // The thread keeps its subscriber until it ends.
        mem::forget(set_default(&dispatch));
    });
    builder
}

impl Workers {
    /// Starts the threads.
    pub(crate) fn start(dispatch: &Dispatch) -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        builder
            .worker_threads(worker_threads())
            .thread_name("hubstream-work");
        let workers = logging(builder, dispatch).build()?;
        let mut builder = Builder::new_current_thread();
        builder.thread_name("hubstream-io");
        let runtime = logging(builder, dispatch).build()?;
        let handle = workers.handle().clone();
        let quick = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let dispatch = dispatch.clone();
        let thread = std::thread::Builder::new().name("hubstream-io".to_owned());
        let thread = thread.spawn(move || {
            let _subscriber = set_default(&dispatch);
            runtime.block_on(async {
                tokio::pin!(stopped);
                // A sender that is gone stops it, too.
                while tokio::time::timeout(TICK, &mut stopped).await.is_err() {}
            });
            runtime.shutdown_timeout(SHUTDOWN);
        })?;
        Ok(Self {
            handle,
            quick,
            mailboxes: Mailboxes::default(),
            running: Mutex::new(Some(Running {
                workers,
                stop,
                quick: thread,
            })),
        })
    }

    /// Ends the threads. Call it detached from the interpreter.
    pub(crate) fn end(&self) {
        if let Some(running) = locked(&self.running).take() {
            // A thread that ended already needs not be told.
            let _ = running.stop.send(());
            running.workers.shutdown_timeout(SHUTDOWN);
            let _ = running.quick.join();
        }
        self.mailboxes.end();
    }
}
