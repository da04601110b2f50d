//! The time as the emulator sees it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

tokio::task_local! {
    /// How far the time is off for the request that is being handled, in milliseconds.
    static SKEW_MS: i64;
}

/// Runs a future for which every clock is off by so many milliseconds.
pub(crate) fn skewed<F: Future>(ms: i64, future: F) -> impl Future<Output = F::Output> {
    SKEW_MS.scope(ms, future)
}

/// The time of the machine in milliseconds since 1970-01-01 UTC, as the service that handles this request sees it. The
/// dates of requests are compared with it, because clients know no other clock.
pub(crate) fn machine_ms() -> i64 {
    unix_ms(SystemTime::now()).saturating_add(skew_ms())
}

fn skew_ms() -> i64 {
    SKEW_MS.try_with(|ms| *ms).unwrap_or(0)
}

/// Where the emulator reads the time from. Copies share one time.
///
/// The system clock is the default. A manual clock stands still until it is advanced, so that rules such as
/// "a shard may be split 5 seconds after its creation" can be tested without waiting.
#[derive(Clone, Debug)]
pub struct Clock {
    base: Base,
    offset_ms: Arc<AtomicI64>,
}

#[derive(Clone, Copy, Debug)]
enum Base {
    System,
    Fixed(i64),
}

impl Clock {
    /// The time of the machine.
    pub fn system() -> Self {
        Self {
            base: Base::System,
            offset_ms: Arc::new(AtomicI64::new(0)),
        }
    }

    /// A clock that shows `start` and moves only when it is advanced.
    pub fn manual(start: SystemTime) -> Self {
        Self {
            base: Base::Fixed(unix_ms(start)),
            offset_ms: Arc::new(AtomicI64::new(0)),
        }
    }

    /// Moves the clock forward. A system clock keeps running, ahead of the machine by the sum of all advances.
    pub fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.offset_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub fn now_ms(&self) -> i64 {
        let base = match self.base {
            Base::System => unix_ms(SystemTime::now()),
            Base::Fixed(ms) => ms,
        };
        base.saturating_add(self.offset_ms.load(Ordering::SeqCst))
            .saturating_add(skew_ms())
    }

    /// Whole seconds since 1970-01-01 UTC.
    pub fn now_seconds(&self) -> i64 {
        self.now_ms().div_euclid(1000)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

/// A time in milliseconds since 1970-01-01 UTC.
pub(crate) fn unix_ms(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_advanced() {
        let clock = Clock::manual(UNIX_EPOCH + Duration::from_millis(1_700_000_000_123));
        let copy = clock.clone();
        assert_eq!(clock.now_ms(), 1_700_000_000_123);
        copy.advance(Duration::from_secs(5));
        assert_eq!(clock.now_ms(), 1_700_000_005_123);
        assert_eq!(clock.now_seconds(), 1_700_000_005);
    }

    #[test]
    fn a_system_clock_can_run_ahead() {
        let clock = Clock::system();
        let before = clock.now_ms();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now_ms() >= before + 3_600_000);
    }

    #[test]
    fn times_before_1970_are_negative() {
        assert_eq!(
            Clock::manual(UNIX_EPOCH - Duration::from_millis(1500)).now_seconds(),
            -2
        );
    }
}
