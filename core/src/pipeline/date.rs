//! The date of requests, where the clock of this machine and that of the service differ.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use crate::error::Error;
use crate::time::Clock;

/// Differences below this are not why a date was refused: a reply tells whole seconds and takes time.
const LEAST_MS: i64 = 60_000;

/// Differences above this are told, not corrected: nobody who answers may get requests signed for any time.
const MOST_MS: i64 = 24 * 60 * 60 * 1000;

/// How far the clock of the service is ahead of that of this machine, as a refusal told.
#[derive(Debug)]
pub(crate) struct ServiceTime {
    ahead_ms: AtomicI64,
    correct: bool,
}

impl ServiceTime {
    /// Starts without a difference. Without `correct` there never is one.
    pub(crate) fn new(correct: bool) -> Self {
        Self {
            ahead_ms: AtomicI64::new(0),
            correct,
        }
    }

    /// The date for a request.
    pub(crate) fn now(&self, clock: &dyn Clock) -> SystemTime {
        let ahead = self.ahead_ms.load(Ordering::Relaxed);
        let by = Duration::from_millis(ahead.unsigned_abs());
        let now = clock.now();
        let shifted = if ahead < 0 {
            now.checked_sub(by)
        } else {
            now.checked_add(by)
        };
        shifted.unwrap_or(now)
    }

    /// Looks for the reason of a refusal in the date of its reply: adds it to the error, and says whether a request
    /// dated anew may succeed.
    pub(crate) fn explain(
        &self,
        error: Error,
        replied: Option<&str>,
        sent: SystemTime,
        clock: &dyn Clock,
    ) -> (Error, bool) {
        let replied = replied.and_then(|date| httpdate::parse_http_date(date).ok());
        let Some(replied) = replied else {
            return (error, false);
        };
        if milliseconds_ahead(replied, sent).abs() < LEAST_MS {
            return (error, false);
        }
        let ahead = milliseconds_ahead(replied, clock.now());
        let seconds = ahead.unsigned_abs() / 1000;
        let side = if ahead < 0 { "ahead of" } else { "behind" };
        let error = error.with_remark(format_args!(
            "the clock of this machine is {seconds} s {side} that of the service"
        ));
        if !self.correct || ahead.abs() > MOST_MS {
            return (error, false);
        }
        let before = self.ahead_ms.swap(ahead, Ordering::Relaxed);
        if (before - ahead).abs() >= LEAST_MS {
            tracing::warn!(
                target: "hubstream::http",
                seconds = ahead / 1000,
                "the service refused the date of a request, requests are dated by its clock from now on"
            );
        }
        (error, true)
    }
}

/// By how much the first time is later than the second, in milliseconds.
fn milliseconds_ahead(time: SystemTime, than: SystemTime) -> i64 {
    let milliseconds = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(than) {
        Ok(ahead) => milliseconds(ahead),
        Err(behind) => -milliseconds(behind.duration()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::time::ManualClock;

    const START: u64 = 1_800_000_000;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn explain(time: &ServiceTime, replied: Option<&str>, sent: u64) -> (String, bool) {
        let clock = ManualClock::new(at(START));
        let error = Error::new(ErrorKind::Unauthenticated, "refused");
        let (error, again) = time.explain(error, replied, at(sent), &clock);
        (error.to_string(), again)
    }

    fn date(seconds: u64) -> String {
        httpdate::fmt_http_date(at(seconds))
    }

    #[test]
    fn the_date_of_a_refusal_counts_from_a_minute_to_a_day() {
        let table = [
            (START, "refused", false),
            (START + 59, "refused", false),
            (
                START + 60,
                "refused; the clock of this machine is 60 s behind that of the service",
                true,
            ),
            (
                START - 86_400,
                "refused; the clock of this machine is 86400 s ahead of that of the service",
                true,
            ),
            (
                START + 86_401,
                "refused; the clock of this machine is 86401 s behind that of the service",
                false,
            ),
        ];
        for (replied, text, again) in table {
            let time = ServiceTime::new(true);
            let found = explain(&time, Some(&date(replied)), START);
            assert_eq!(found, (text.to_owned(), again), "{replied}");
            let expected = if again { replied } else { START };
            assert_eq!(time.now(&ManualClock::new(at(START))), at(expected));
        }
        for replied in [None, Some(""), Some("yesterday")] {
            let found = explain(&ServiceTime::new(true), replied, START);
            assert_eq!(found, ("refused".to_owned(), false));
        }
    }

    #[test]
    fn what_was_learned_is_compared_with_the_date_that_was_sent() {
        let time = ServiceTime::new(true);
        assert!(explain(&time, Some(&date(START + 3600)), START).1);
        // The same refusal once more is not one of the date.
        assert!(!explain(&time, Some(&date(START + 3600)), START + 3600).1);
        // The clock of the machine was set right: the difference is gone.
        assert!(explain(&time, Some(&date(START)), START + 3600).1);
        assert_eq!(time.now(&ManualClock::new(at(START))), at(START));
    }

    #[test]
    fn switched_off_it_only_tells() {
        let time = ServiceTime::new(false);
        let (text, again) = explain(&time, Some(&date(START + 3600)), START);
        assert!(text.contains("3600 s behind") && !again, "{text}");
        assert_eq!(time.now(&ManualClock::new(at(START))), at(START));
    }
}
