//! The faults that are set, and which of them strike a request.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use super::plan::{Effect, ErrorReply, Fault, FaultPlan, InvalidFault, When};

/// A fault that is set, with how often it happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StruckFault {
    /// The fault.
    #[serde(flatten)]
    pub fault: Fault,
    /// How many requests it happened to.
    pub struck: u64,
}

/// The faults of an emulator.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    seed: u64,
    armed: Vec<Arc<Armed>>,
}

#[derive(Debug)]
pub(super) struct Armed {
    fault: Fault,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    random: fastrand::Rng,
    struck: u64,
}

/// What happens to one request.
#[derive(Debug, Default)]
pub(super) struct Strike {
    pub(super) latency_before_ms: u64,
    pub(super) latency_after_ms: u64,
    pub(super) skew_ms: i64,
    pub(super) ending: Option<(When, Ending)>,
    /// What the reply says in Retry-After.
    pub(super) retry_after_seconds: Option<u64>,
    pub(super) corrupt: Vec<Arc<Armed>>,
}

/// What takes the place of the reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Error(ErrorReply),
    Throttle,
    Drop,
    Half,
}

impl Registry {
    /// Replaces all faults.
    pub(crate) fn set(&self, plan: FaultPlan) -> Result<(), InvalidFault> {
        plan.check()?;
        let mut seeds = fastrand::Rng::with_seed(plan.seed);
        let armed = plan.faults.into_iter().map(|fault| {
            let progress = Progress {
                random: seeds.fork(),
                struck: 0,
            };
            Arc::new(Armed {
                fault,
                progress: Mutex::new(progress),
            })
        });
        let armed = armed.collect();
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State {
            seed: plan.seed,
            armed,
        };
        Ok(())
    }

    /// Removes all faults.
    pub(crate) fn clear(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    /// The seed and the faults in order.
    pub(crate) fn list(&self) -> (u64, Vec<StruckFault>) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let faults = state.armed.iter().map(|armed| StruckFault {
            fault: armed.fault.clone(),
            struck: armed.progress().struck,
        });
        (state.seed, faults.collect())
    }

    /// What happens to a request of a service that may be one of these operations; `None` if nothing does. The
    /// operations are asked for only if there are faults.
    pub(super) fn strike<'a>(
        &self,
        service: &str,
        operations: impl FnOnce() -> &'a [&'static str],
    ) -> Option<Strike> {
        let armed = {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.armed.is_empty() {
                return None;
            }
            state.armed.clone()
        };
        let operations = operations();
        let mut strike = Strike::default();
        let mut struck = false;
        for armed in armed {
            if armed.fits(service, operations) && armed.happens() {
                struck = true;
                strike.add(&armed);
                if strike.ending.is_some() {
                    break;
                }
            }
        }
        struck.then_some(strike)
    }
}

impl Armed {
    fn progress(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fits(&self, service: &str, operations: &[&str]) -> bool {
        let fault = &self.fault;
        fault.service.as_deref().is_none_or(|own| own == service)
            && (fault.operation == "*" || operations.contains(&fault.operation.as_str()))
    }

    /// Decides on a request that fits.
    fn happens(&self) -> bool {
        let mut progress = self.progress();
        if self
            .fault
            .count
            .is_some_and(|count| progress.struck >= count)
        {
            return false;
        }
        let happens =
            self.fault.probability >= 1.0 || progress.random.f64() < self.fault.probability;
        progress.struck += u64::from(happens);
        happens
    }

    /// Takes a strike back that had nothing to work on.
    pub(super) fn give_back(&self) {
        let mut progress = self.progress();
        progress.struck = progress.struck.saturating_sub(1);
    }
}

impl Strike {
    fn add(&mut self, armed: &Arc<Armed>) {
        let place = armed.fault.place();
        let ending = match &armed.fault.effect {
            Effect::Latency(ms) => {
                let sum = match place {
                    When::Before => &mut self.latency_before_ms,
                    When::After => &mut self.latency_after_ms,
                };
                *sum = sum.saturating_add(*ms);
                return;
            }
            Effect::ClockSkew(seconds) => {
                self.skew_ms = self.skew_ms.saturating_add(seconds.saturating_mul(1000));
                return;
            }
            Effect::CorruptCrc => {
                self.corrupt.push(Arc::clone(armed));
                return;
            }
            Effect::Error(error) => Ending::Error(error.clone()),
            Effect::Throttle => Ending::Throttle,
            Effect::Drop => Ending::Drop,
            Effect::Half => Ending::Half,
        };
        self.ending = Some((place, ending));
        self.retry_after_seconds = armed.fault.retry_after_seconds;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(seed: u64, requests: usize) -> Vec<bool> {
        let mut fault = Fault::new("PutRecords", Effect::Drop);
        fault.probability = 0.5;
        let registry = Registry::default();
        let mut plan = FaultPlan::new([fault]);
        plan.seed = seed;
        registry.set(plan).expect("valid");
        let strike = |_| registry.strike("dis", || &["PutRecords"]).is_some();
        (0..requests).map(strike).collect()
    }

    #[test]
    fn a_seed_decides() {
        let first = pattern(1, 200);
        assert_eq!(first, pattern(1, 200));
        assert_ne!(first, pattern(2, 200));
        let struck = first.iter().filter(|struck| **struck).count();
        assert!((60..140).contains(&struck), "{struck}");
    }

    #[test]
    fn only_what_fits_is_struck_and_counted() {
        let registry = Registry::default();
        assert!(
            registry
                .strike("dis", || panic!("nothing is set"))
                .is_none()
        );
        let mut fault = Fault::new("PutRecords", Effect::Drop);
        fault.service = Some("dis".to_owned());
        fault.count = Some(2);
        registry.set(FaultPlan::new([fault])).expect("valid");
        assert!(registry.strike("datahub", || &["PutRecords"]).is_none());
        assert!(registry.strike("dis", || &["GetRecords"]).is_none());
        assert!(registry.strike("dis", || &[]).is_none());
        for left in [true, true, false] {
            assert_eq!(
                registry
                    .strike("dis", || &["GetRecords", "PutRecords"])
                    .is_some(),
                left
            );
        }
        assert_eq!(registry.list().1[0].struck, 2);
    }

    #[test]
    fn effects_add_up_until_one_ends_the_request() {
        let registry = Registry::default();
        let effects = [
            Effect::Latency(3),
            Effect::ClockSkew(-2),
            Effect::Latency(4),
            Effect::Half,
            Effect::Drop,
        ];
        registry
            .set(FaultPlan::new(
                effects.map(|effect| Fault::new("*", effect)),
            ))
            .expect("valid");
        let strike = registry.strike("datahub", || &[]).expect("a strike");
        assert_eq!((strike.latency_before_ms, strike.skew_ms), (7, -2000));
        assert_eq!(strike.ending, Some((When::After, Ending::Half)));
        let struck: Vec<_> = registry.list().1.iter().map(|fault| fault.struck).collect();
        assert_eq!(struck, [1, 1, 1, 1, 0]);
    }
}
