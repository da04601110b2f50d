//! What the library logs, on its way to the logging of another language.
//!
//! Nothing global is installed: a binding gives its own threads a subscriber that hands events to a
//! [`Sink`]. Programs in Rust use `tracing` as usual and need nothing of this.
//!
//! ```
//! use hubstream::log::{LogEvent, Sink, dispatch, enter_thread, rank};
//!
//! struct Lines;
//!
//! impl Sink for Lines {
//!     fn wanted(&self) -> u8 {
//!         rank(tracing::Level::DEBUG)
//!     }
//!
//!     fn take(&self, event: LogEvent) {
//!         eprintln!("{}", event.line());
//!     }
//! }
//!
//! enter_thread(&dispatch(Lines));
//! ```

use std::fmt;
use std::time::SystemTime;

use tracing::field::{Field, Visit};
use tracing::span;
use tracing::subscriber::Interest;
use tracing::{Dispatch, Level, Metadata, Subscriber};

/// Something that happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LogEvent {
    /// How severe it is.
    pub level: Level,
    /// The part of the library, as in `hubstream::http`.
    pub target: &'static str,
    /// What happened.
    pub message: String,
    /// Named facts, in order.
    pub fields: Vec<(&'static str, String)>,
    /// When it happened.
    pub time: SystemTime,
}

impl LogEvent {
    /// The message and, behind it, the facts as `name=value`.
    pub fn line(mut self) -> String {
        for (name, value) in &self.fields {
            self.message.push(' ');
            self.message.push_str(name);
            self.message.push('=');
            self.message.push_str(value);
        }
        self.message
    }
}

/// Takes events. It is called on the threads that do the work, so it must not wait.
pub trait Sink: Send + Sync + 'static {
    /// The rank of the least severe level that is wanted at present; 0 for nothing. See [`rank`].
    fn wanted(&self) -> u8;

    /// Takes an event of that level or of a more severe one.
    fn take(&self, event: LogEvent);
}

/// A level as a number: 1 for errors to 5 for the finest traces.
pub const fn rank(level: Level) -> u8 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

/// A subscriber that hands the events of the library to a sink.
pub fn dispatch(sink: impl Sink) -> Dispatch {
    Dispatch::new(Forward(sink))
}

/// Gives the current thread a subscriber, for as long as it lives.
pub fn enter_thread(dispatch: &Dispatch) {
    // The guard would take the subscriber away again.
    std::mem::forget(tracing::dispatcher::set_default(dispatch));
}

struct Forward<S>(S);

impl<S: Sink> Subscriber for Forward<S> {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        // The wanted level may change, so nothing is decided for good.
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event()
            && metadata.target().starts_with("hubstream")
            && rank(*metadata.level()) <= self.0.wanted()
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let mut facts = Facts::default();
        event.record(&mut facts);
        let metadata = event.metadata();
        self.0.take(LogEvent {
            level: *metadata.level(),
            target: metadata.target(),
            message: facts.message,
            fields: facts.fields,
            time: SystemTime::now(),
        });
    }

    // Spans are never enabled.
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// The message of an event and its other fields.
#[derive(Default)]
struct Facts {
    message: String,
    fields: Vec<(&'static str, String)>,
}

impl Visit for Facts {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" {
            self.message = text;
        } else {
            self.fields.push((field.name(), text));
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Keeps what is logged at level INFO and above.
    #[derive(Clone, Default)]
    struct Taken(Arc<Mutex<Vec<LogEvent>>>);

    /// What the library logs in the course of something.
    pub(crate) fn logged(course: impl FnOnce()) -> Vec<LogEvent> {
        let taken = Taken::default();
        tracing::dispatcher::with_default(&dispatch(taken.clone()), course);
        std::mem::take(&mut *taken.0.lock().unwrap())
    }

    impl Sink for Taken {
        fn wanted(&self) -> u8 {
            3
        }

        fn take(&self, event: LogEvent) {
            self.0.lock().unwrap().push(event);
        }
    }

    #[test]
    fn events_of_the_library_arrive_with_their_facts() {
        let events = logged(|| {
            let span = tracing::info_span!(target: "hubstream::http", "call");
            let _entered = span.enter();
            tracing::info!(target: "hubstream::http", code = "Busy", attempts = 2, "again in {} ms", 5);
            tracing::debug!(target: "hubstream::http", "not wanted");
            tracing::error!(target: "elsewhere", "not ours");
        });
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].target, "hubstream::http");
        assert_eq!(events[0].level, Level::INFO);
        assert_eq!(
            events[0].fields,
            [("code", "Busy".to_owned()), ("attempts", "2".to_owned())]
        );
        let line = events.into_iter().next().unwrap().line();
        assert_eq!(line, "again in 5 ms code=Busy attempts=2");
    }
}
