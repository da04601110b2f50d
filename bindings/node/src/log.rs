//! What the core logs, on its way to functions of JavaScript.
//!
//! The threads of the runtime have a subscriber of their own; nothing global is installed. An event
//! passes a level check without a lock, then the bounded queue of each listener. When a queue is full
//! the event is dropped, and the next one tells how many were.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::SystemTime;

use hubstream::log::{self, Sink};
use napi::Status;
use napi::bindgen_prelude::{Function, Result};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

/// Events that wait for a listener at most; further ones are dropped.
const CAPACITY: usize = 4096;

/// The least severe level that any listener wants: 1 for errors, 5 for everything, 0 for nothing.
static WANTED: AtomicU8 = AtomicU8::new(0);

static LISTENERS: RwLock<Vec<Listener>> = RwLock::new(Vec::new());

static NEXT_ID: AtomicU32 = AtomicU32::new(0);

/// One event.
#[napi(object)]
#[derive(Clone)]
pub struct LogEvent {
    /// Name of the level in lower case.
    pub level: String,
    /// The part of the library, as in `hubstream::http`.
    pub target: String,
    /// What happened.
    pub message: String,
    /// Named facts.
    pub fields: HashMap<String, String>,
    /// When it happened, in milliseconds since 1970.
    pub time: f64,
    /// How many events were dropped before this one because they came too fast.
    pub dropped: u32,
}

/// Does not keep the process alive.
type Callback = ThreadsafeFunction<LogEvent, (), LogEvent, Status, false, true, CAPACITY>;

struct Listener {
    id: u32,
    rank: u8,
    callback: Callback,
    dropped: AtomicU32,
}

/// A function that has events, until it is stopped.
#[napi]
pub struct LogListener {
    id: u32,
}

#[napi]
impl LogListener {
    /// Lets a function have the events of a level and of more severe ones, 1 for errors to 5 for all.
    #[napi(constructor)]
    pub fn new(rank: u8, listener: Function<'_, LogEvent, ()>) -> Result<Self> {
        let callback = listener
            .build_threadsafe_function()
            .weak::<true>()
            .max_queue_size::<CAPACITY>()
            .build()?;
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let listener = Listener {
            id,
            rank,
            callback,
            dropped: AtomicU32::new(0),
        };
        change(|listeners| listeners.push(listener));
        Ok(Self { id })
    }

    /// Stops the function from having events.
    #[napi]
    pub fn stop(&self) {
        change(|listeners| listeners.retain(|listener| listener.id != self.id));
    }
}

fn change(edit: impl FnOnce(&mut Vec<Listener>)) {
    let mut listeners = LISTENERS.write().unwrap_or_else(PoisonError::into_inner);
    edit(&mut listeners);
    let wanted = listeners.iter().map(|listener| listener.rank).max();
    WANTED.store(wanted.unwrap_or(0), Ordering::Relaxed);
}

/// Gives the current thread the subscriber, for as long as it lives.
pub(crate) fn enter_thread() {
    log::enter_thread(&log::dispatch(Listeners));
}

/// Hands events to the listeners.
struct Listeners;

impl Sink for Listeners {
    fn wanted(&self) -> u8 {
        WANTED.load(Ordering::Relaxed)
    }

    fn take(&self, event: log::LogEvent) {
        let time = event
            .time
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let rank = log::rank(event.level);
        let fields = event.fields.into_iter();
        let event = LogEvent {
            level: event.level.as_str().to_lowercase(),
            target: event.target.to_owned(),
            message: event.message,
            fields: fields
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            time: time.as_secs_f64() * 1000.0,
            dropped: 0,
        };
        hand_on(rank, &event);
    }
}

fn hand_on(rank: u8, event: &LogEvent) {
    let mut gone = Vec::new();
    let listeners = LISTENERS.read().unwrap_or_else(PoisonError::into_inner);
    for listener in listeners.iter().filter(|listener| rank <= listener.rank) {
        let dropped = listener.dropped.swap(0, Ordering::Relaxed);
        let event = LogEvent {
            dropped,
            ..event.clone()
        };
        match listener
            .callback
            .call(event, ThreadsafeFunctionCallMode::NonBlocking)
        {
            Status::Ok => {}
            // The thread of JavaScript that listened has ended.
            Status::Closing => gone.push(listener.id),
            _ => drop(listener.dropped.fetch_add(dropped + 1, Ordering::Relaxed)),
        }
    }
    drop(listeners);
    if !gone.is_empty() {
        change(|listeners| listeners.retain(|listener| !gone.contains(&listener.id)));
    }
}
