//! What the core logs, for programs of other languages to fetch.
//!
//! Each reader has a bounded queue. When it is full events are dropped, and the next one that fits tells
//! how many were.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::UNIX_EPOCH;

use hubstream::log::{self, Sink};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{Mutex, Notify};

/// Events that wait for a reader at most; further ones are dropped.
const CAPACITY: usize = 4096;

/// The least severe level that any reader wants: 1 for errors, 5 for everything, 0 for nothing.
static WANTED: AtomicU8 = AtomicU8::new(0);

static READERS: RwLock<Vec<Arc<Queue>>> = RwLock::new(Vec::new());

/// How severe an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something is not as it should be.
    Warn,
    /// Something worth to know happened.
    Info,
    /// Details, such as attempts that are repeated.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    const ALL: [Self; 5] = [
        Self::Error,
        Self::Warn,
        Self::Info,
        Self::Debug,
        Self::Trace,
    ];

    const fn rank(self) -> u8 {
        self as u8 + 1
    }

    fn of_rank(rank: u8) -> Self {
        let place = usize::from(rank.saturating_sub(1));
        Self::ALL.get(place).copied().unwrap_or(Self::Trace)
    }
}

/// Something that happened. It never holds secrets or contents of records.
#[derive(Clone, Debug, uniffi::Record)]
pub struct LogEvent {
    /// How severe it is.
    pub level: LogLevel,
    /// The part of the library, as in `hubstream::http`.
    pub target: String,
    /// What happened.
    pub message: String,
    /// Named facts as text.
    pub fields: HashMap<String, String>,
    /// When it happened, in milliseconds since 1970-01-01 UTC.
    pub time: i64,
    /// How many events before this one were lost because they came faster than they were fetched.
    pub dropped: u32,
}

#[derive(Debug)]
struct Queue {
    rank: u8,
    sender: Sender<LogEvent>,
    dropped: AtomicU32,
    stopped: Notify,
}

/// Gives what all clients of the process log, event by event.
///
/// Nothing is logged without a reader.
#[derive(Debug, uniffi::Object)]
pub struct LogReader {
    queue: Arc<Queue>,
    receiver: Mutex<Receiver<LogEvent>>,
}

#[uniffi::export]
impl LogReader {
    /// Starts to collect events of a level and of more severe ones.
    #[uniffi::constructor]
    pub fn new(level: LogLevel) -> Self {
        let (sender, receiver) = channel(CAPACITY);
        let queue = Arc::new(Queue {
            rank: level.rank(),
            sender,
            dropped: AtomicU32::new(0),
            stopped: Notify::new(),
        });
        change(|readers| readers.push(Arc::clone(&queue)));
        Self {
            queue,
            receiver: Mutex::new(receiver),
        }
    }

    /// Waits for the next event; absent once the reader was stopped.
    ///
    /// Cancel safety: an event is either returned or still there.
    pub async fn next(&self) -> Option<LogEvent> {
        let mut receiver = self.receiver.lock().await;
        tokio::select! {
            biased;
            event = receiver.recv() => event,
            () = self.queue.stopped.notified() => {
                // The next call ends as well.
                self.queue.stopped.notify_one();
                None
            }
        }
    }

    /// The events that are there, without waiting.
    pub fn take(&self) -> Vec<LogEvent> {
        let Ok(mut receiver) = self.receiver.try_lock() else {
            return Vec::new();
        };
        std::iter::from_fn(|| receiver.try_recv().ok()).collect()
    }

    /// Collects no more, and ends the calls that wait.
    pub fn stop(&self) {
        change(|readers| readers.retain(|queue| !Arc::ptr_eq(queue, &self.queue)));
        self.queue.stopped.notify_one();
    }
}

impl Drop for LogReader {
    fn drop(&mut self) {
        self.stop();
    }
}

fn change(edit: impl FnOnce(&mut Vec<Arc<Queue>>)) {
    let mut readers = READERS.write().unwrap_or_else(PoisonError::into_inner);
    edit(&mut readers);
    let wanted = readers.iter().map(|queue| queue.rank).max();
    WANTED.store(wanted.unwrap_or(0), Ordering::Relaxed);
}

/// Gives the current thread the subscriber, for as long as it lives.
pub(crate) fn enter_thread() {
    log::enter_thread(&log::dispatch(Readers));
}

struct Readers;

impl Sink for Readers {
    fn wanted(&self) -> u8 {
        WANTED.load(Ordering::Relaxed)
    }

    fn take(&self, event: log::LogEvent) {
        let rank = log::rank(event.level);
        let since = event.time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let fields = event.fields.into_iter();
        let event = LogEvent {
            level: LogLevel::of_rank(rank),
            target: event.target.to_owned(),
            message: event.message,
            fields: fields
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            time: i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            dropped: 0,
        };
        let readers = READERS.read().unwrap_or_else(PoisonError::into_inner);
        for queue in readers.iter().filter(|queue| rank <= queue.rank) {
            let dropped = queue.dropped.swap(0, Ordering::Relaxed);
            let event = LogEvent {
                dropped,
                ..event.clone()
            };
            if queue.sender.try_send(event).is_err() {
                queue.dropped.fetch_add(dropped + 1, Ordering::Relaxed);
            }
        }
    }
}
