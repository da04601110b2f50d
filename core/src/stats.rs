//! What a client has done so far, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers of a client since it was made. Clones of a client share them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls of the service that ended. An operation that is made of several counts each.
    pub calls: u64,
    /// Calls that ended in an error, whatever it was.
    pub failed_calls: u64,
    /// Attempts that were begun, the first of each call included.
    pub attempts: u64,
    /// Attempts that repeat a failed one.
    pub retries: u64,
    /// Bytes of the bodies that were sent, as they were on the wire.
    pub sent_bytes: u64,
    /// Bytes of the bodies that were received, as they were on the wire.
    pub received_bytes: u64,
}

impl Stats {
    /// The numbers by their names, in order.
    pub const fn entries(&self) -> [(&'static str, u64); 6] {
        [
            ("calls", self.calls),
            ("failed_calls", self.failed_calls),
            ("attempts", self.attempts),
            ("retries", self.retries),
            ("sent_bytes", self.sent_bytes),
            ("received_bytes", self.received_bytes),
        ]
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    calls: AtomicU64,
    failed_calls: AtomicU64,
    attempts: AtomicU64,
    retries: AtomicU64,
    sent_bytes: AtomicU64,
    received_bytes: AtomicU64,
}

fn add(counter: &AtomicU64, number: usize) {
    counter.fetch_add(number as u64, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn call(&self, failed: bool) {
        add(&self.calls, 1);
        add(&self.failed_calls, usize::from(failed));
    }

    pub(crate) fn attempt(&self, number: u32, sent: usize) {
        add(&self.attempts, 1);
        add(&self.retries, usize::from(number > 1));
        add(&self.sent_bytes, sent);
    }

    pub(crate) fn received(&self, bytes: usize) {
        add(&self.received_bytes, bytes);
    }

    pub(crate) fn read(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            calls: read(&self.calls),
            failed_calls: read(&self.failed_calls),
            attempts: read(&self.attempts),
            retries: read(&self.retries),
            sent_bytes: read(&self.sent_bytes),
            received_bytes: read(&self.received_bytes),
        }
    }
}
