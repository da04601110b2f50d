//! When a failed attempt is made again, and after how long.

use std::sync::Mutex;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Status};

/// How often and how fast failed attempts are repeated.
///
/// The rule: an attempt is repeated when the failure is temporary and either the operation is
/// idempotent or the request never reached the service.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Attempts in all, the first included; at least 1. Default 4.
    pub max_attempts: u32,
    /// Upper bound of the first pause. Default 200 ms.
    pub initial_backoff: Duration,
    /// Upper bound of every pause. Default 10 s.
    pub max_backoff: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 4,
            initial_backoff: Duration::from_millis(200),
            max_backoff: Duration::from_secs(10),
        }
    }
}

impl RetryPolicy {
    /// Never repeats.
    pub fn none() -> Self {
        Self {
            max_attempts: 1,
            ..Self::default()
        }
    }

    /// The upper bound of the pause after `attempts` attempts; the real pause is a random part of it.
    pub fn backoff_limit(&self, attempts: u32) -> Duration {
        let factor = 1_u32
            .checked_shl(attempts.saturating_sub(1))
            .unwrap_or(u32::MAX);
        self.initial_backoff
            .saturating_mul(factor)
            .min(self.max_backoff)
    }
}

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Make another attempt after the pause.
    Retry(Duration),
    /// Report the failure; `exhausted` when only the policy stopped the retries.
    Stop {
        /// Whether the failure was temporary and the attempts ran out.
        exhausted: bool,
    },
}

/// Decides what follows a failed attempt. `jitter` is a random number from 0 up to 1.
pub fn decide(
    policy: &RetryPolicy,
    error: &Error,
    may_repeat: bool,
    attempts: u32,
    remaining: Option<Duration>,
    jitter: f64,
) -> Decision {
    let safe = may_repeat || !error.was_sent() || error.kind() == ErrorKind::RateLimited;
    if error.status() != Status::Temporary || !safe {
        return Decision::Stop { exhausted: false };
    }
    if attempts >= policy.max_attempts {
        return Decision::Stop { exhausted: true };
    }
    let own = policy
        .backoff_limit(attempts)
        .mul_f64(jitter.clamp(0.0, 1.0));
    let pause = error.retry_after().map_or(own, |wish| wish.max(own));
    if remaining.is_some_and(|remaining| pause >= remaining) {
        return Decision::Stop { exhausted: true };
    }
    Decision::Retry(pause)
}

/// Limits retries over all calls of a client, so that a dead service sees little more traffic
/// than a healthy one.
///
/// Starts full; a retry takes [`RetryBudget::COST`], a success gives back 1.
#[derive(Debug)]
pub struct RetryBudget {
    tokens: Mutex<u32>,
}

impl RetryBudget {
    /// Tokens at the start and at the most.
    pub const CAPACITY: u32 = 500;
    /// Tokens that one retry takes: in the long run one retry per five successes.
    pub const COST: u32 = 5;

    /// Takes the tokens for one retry, if they are there.
    pub fn take(&self) -> bool {
        let Ok(mut tokens) = self.tokens.lock() else {
            return false;
        };
        match tokens.checked_sub(Self::COST) {
            Some(rest) => {
                *tokens = rest;
                true
            }
            None => false,
        }
    }

    /// Notes a success.
    pub fn give(&self) {
        if let Ok(mut tokens) = self.tokens.lock() {
            *tokens = (*tokens + 1).min(Self::CAPACITY);
        }
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self {
            tokens: Mutex::new(Self::CAPACITY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: ErrorKind, temporary: bool, sent: bool) -> Error {
        let error = Error::new(kind, "x").with_sent(sent);
        if temporary { error.temporary() } else { error }
    }

    #[test]
    fn the_rule_as_a_table() {
        use ErrorKind::{Connection, NotFound, RateLimited, Timeout, Unavailable};
        let stop = Decision::Stop { exhausted: false };
        let retry = Decision::Retry(Duration::from_millis(100));
        // kind, temporary, sent, may_repeat, expected
        let table = [
            (Connection, true, false, false, retry),
            (Connection, true, true, false, stop),
            (Connection, true, true, true, retry),
            (Timeout, true, false, false, retry),
            (Timeout, true, true, false, stop),
            (Timeout, true, true, true, retry),
            (Unavailable, true, true, false, stop),
            (Unavailable, true, true, true, retry),
            (RateLimited, true, true, false, retry),
            (RateLimited, true, true, true, retry),
            (NotFound, false, true, true, stop),
            (NotFound, false, true, false, stop),
        ];
        for (kind, temporary, sent, may_repeat, expected) in table {
            let decision = decide(
                &RetryPolicy::default(),
                &error(kind, temporary, sent),
                may_repeat,
                1,
                None,
                0.5,
            );
            assert_eq!(
                decision, expected,
                "{kind} temporary={temporary} sent={sent} may_repeat={may_repeat}"
            );
        }
    }

    #[test]
    fn attempts_and_time_run_out() {
        let policy = RetryPolicy::default();
        let error = error(ErrorKind::Unavailable, true, true);
        let exhausted = Decision::Stop { exhausted: true };
        assert_eq!(decide(&policy, &error, true, 4, None, 0.0), exhausted);
        let little = Some(Duration::from_millis(10));
        assert_eq!(decide(&policy, &error, true, 1, little, 1.0), exhausted);
    }

    #[test]
    fn the_wish_of_the_service_wins_when_longer() {
        let error = error(ErrorKind::RateLimited, true, true)
            .with_retry_after(Some(Duration::from_secs(3)));
        assert_eq!(
            decide(&RetryPolicy::default(), &error, true, 1, None, 1.0),
            Decision::Retry(Duration::from_secs(3))
        );
    }

    #[test]
    fn pauses_double_up_to_the_bound() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.backoff_limit(1), Duration::from_millis(200));
        assert_eq!(policy.backoff_limit(3), Duration::from_millis(800));
        assert_eq!(policy.backoff_limit(60), Duration::from_secs(10));
    }

    #[test]
    fn the_budget_runs_dry_and_refills() {
        let budget = RetryBudget::default();
        for _ in 0..RetryBudget::CAPACITY / RetryBudget::COST {
            assert!(budget.take());
        }
        assert!(!budget.take());
        for _ in 0..RetryBudget::COST {
            budget.give();
        }
        assert!(budget.take());
    }
}
