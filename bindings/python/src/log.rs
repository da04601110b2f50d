//! What the core logs, on its way to Python's `logging`.
//!
//! The threads of the runtime have a subscriber of their own; nothing global is installed. An event
//! passes a level check without a lock, then a bounded queue. One thread takes what is there and
//! hands it to `logging`. When the queue is full events are dropped, and their number is reported.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use hubstream::log::{LogEvent, Sink, dispatch};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tracing::{Dispatch, Level};

/// Events that wait at most; further ones are dropped.
const CAPACITY: usize = 4096;

/// The least severe level that is wanted: 1 for errors, 5 for everything, 0 for nothing.
static WANTED: AtomicU8 = AtomicU8::new(2);

/// The number that `logging` has for a level.
const fn python_level(level: Level) -> u8 {
    match level {
        Level::ERROR => 40,
        Level::WARN => 30,
        Level::INFO => 20,
        Level::DEBUG => 10,
        Level::TRACE => 5,
    }
}

/// Looks which level the logger `hubstream` wants. Without `logging` imported it is warnings.
pub(crate) fn refresh(py: Python<'_>) -> PyResult<()> {
    let modules = py.import("sys")?.getattr("modules")?;
    let Ok(logging) = modules.get_item("logging") else {
        return Ok(());
    };
    let level: i64 = logging
        .call_method1("getLogger", ("hubstream",))?
        .call_method0("getEffectiveLevel")?
        .extract()?;
    let wanted = match level {
        ..=5 => 5,
        6..=10 => 4,
        11..=20 => 3,
        21..=30 => 2,
        31..=40 => 1,
        _ => 0,
    };
    WANTED.store(wanted, Ordering::Relaxed);
    Ok(())
}

enum Message {
    Line {
        target: &'static str,
        level: Level,
        text: String,
    },
    End,
}

/// The queue of events and the thread that hands them on.
pub(crate) struct Log {
    dispatch: Dispatch,
    sender: SyncSender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Log {
    /// Starts the thread.
    pub(crate) fn start() -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(CAPACITY);
        let dropped = Arc::new(AtomicUsize::new(0));
        let forward = Forward {
            sender: sender.clone(),
            dropped: Arc::clone(&dropped),
        };
        let thread = std::thread::Builder::new()
            .name("hubstream-log".to_owned())
            .spawn(move || hand_on_all(receiver, &dropped))?;
        Ok(Self {
            dispatch: dispatch(forward),
            sender,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// The subscriber for threads that run the core.
    pub(crate) const fn dispatch(&self) -> &Dispatch {
        &self.dispatch
    }

    /// Hands on what is in the queue and ends the thread. Call it detached from the interpreter.
    pub(crate) fn end(&self) {
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // A thread that is gone has nothing left to hand on.
        let _ = self.sender.send(Message::End);
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

/// Puts events into the queue.
struct Forward {
    sender: SyncSender<Message>,
    dropped: Arc<AtomicUsize>,
}

impl Sink for Forward {
    fn wanted(&self) -> u8 {
        WANTED.load(Ordering::Relaxed)
    }

    fn take(&self, event: LogEvent) {
        let message = Message::Line {
            target: event.target,
            level: event.level,
            text: event.line(),
        };
        if let Err(TrySendError::Full(_)) = self.sender.try_send(message) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn hand_on_all(mut receiver: Receiver<Message>, dropped: &AtomicUsize) {
    Python::try_attach(|py| {
        loop {
            let (lines, ended) = py.detach(|| receive(&mut receiver));
            if let Err(error) = hand_on(py, &lines, dropped) {
                error.write_unraisable(py, None);
            }
            if ended {
                return;
            }
        }
    });
}

fn receive(receiver: &mut Receiver<Message>) -> (Vec<(&'static str, Level, String)>, bool) {
    let mut lines = Vec::new();
    let mut next = receiver.recv().ok();
    while let Some(message) = next {
        match message {
            Message::Line {
                target,
                level,
                text,
            } => lines.push((target, level, text)),
            Message::End => return (lines, true),
        }
        next = receiver.try_recv().ok();
    }
    let disconnected = lines.is_empty();
    (lines, disconnected)
}

fn hand_on(
    py: Python<'_>,
    lines: &[(&'static str, Level, String)],
    dropped: &AtomicUsize,
) -> PyResult<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let logging = py.import("logging")?;
    let loggers = PyDict::new(py);
    for (target, level, text) in lines {
        let name = target.replace("::", ".");
        let logger = match loggers.get_item(&name)? {
            Some(logger) => logger,
            None => {
                let logger = logging.call_method1("getLogger", (&name,))?;
                loggers.set_item(&name, &logger)?;
                logger
            }
        };
        // The text is an argument, so that a percent sign in it is left alone.
        logger.call_method1("log", (python_level(*level), "%s", text))?;
    }
    let missing = dropped.swap(0, Ordering::Relaxed);
    if missing > 0 {
        let text = "events were dropped because they came too fast: %d";
        logging
            .call_method1("getLogger", ("hubstream",))?
            .call_method1("warning", (text, missing))?;
    }
    Ok(())
}
