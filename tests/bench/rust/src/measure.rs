//! CPU time of two ways to do the same, in turns.

use std::time::Duration;

use cpu_time::ProcessTime;

/// One sample takes about this long.
const SAMPLE: Duration = Duration::from_millis(25);

/// CPU time of one call in nanoseconds, one number per sample.
#[derive(Clone, Debug, Default)]
pub(crate) struct Side {
    samples: Vec<f64>,
}

impl Side {
    /// The median.
    pub(crate) fn median(&self) -> f64 {
        self.quantile(2)
    }

    /// Half the distance of the quartiles, as a part of the median.
    pub(crate) fn spread(&self) -> f64 {
        (self.quantile(3) - self.quantile(1)) / 2.0 / self.median().max(f64::MIN_POSITIVE)
    }

    #[allow(clippy::cast_precision_loss, reason = "there are few samples")]
    fn quantile(&self, quarter: usize) -> f64 {
        let mut sorted = self.samples.clone();
        sorted.sort_by(f64::total_cmp);
        let place = (sorted.len().saturating_sub(1)) as f64 * quarter as f64 / 4.0;
        let at = |place: f64| sorted.get(place as usize).copied().unwrap_or_default();
        let (low, high) = (at(place.floor()), at(place.ceil()));
        low + (high - low) * place.fract()
    }
}

/// Something to measure: a call with a fresh input, which is made and dropped outside of the time.
pub(crate) trait Work {
    /// What a call is given.
    type Input;

    /// Makes an input.
    fn prepare(&mut self) -> Self::Input;

    /// Does the work.
    fn perform(&mut self, input: Self::Input);
}

/// Work that needs no input.
pub(crate) struct Plain<F>(pub(crate) F);

impl<F: FnMut()> Work for Plain<F> {
    type Input = ();

    fn prepare(&mut self) {}

    fn perform(&mut self, (): ()) {
        (self.0)();
    }
}

/// Work on an input of its own.
pub(crate) struct Fresh<P, F>(pub(crate) P, pub(crate) F);

impl<I, P: FnMut() -> I, F: FnMut(I)> Work for Fresh<P, F> {
    type Input = I;

    fn prepare(&mut self) -> I {
        (self.0)()
    }

    fn perform(&mut self, input: I) {
        (self.1)(input);
    }
}

fn sample(work: &mut impl Work, times: u32) -> Duration {
    let mut spent = Duration::ZERO;
    for _ in 0..times {
        let input = work.prepare();
        let start = ProcessTime::now();
        work.perform(input);
        spent += start.elapsed();
    }
    spent
}

/// Takes samples of both, one after the other in each round.
pub(crate) fn compare(one: &mut impl Work, other: &mut impl Work, rounds: usize) -> (Side, Side) {
    let times = (repeats(one), repeats(other));
    let mut sides = (Side::default(), Side::default());
    let add = |side: &mut Side, spent: Duration, times: u32| {
        side.samples
            .push(spent.as_secs_f64() * 1e9 / f64::from(times));
    };
    for _ in 0..rounds {
        add(&mut sides.0, sample(one, times.0), times.0);
        add(&mut sides.1, sample(other, times.1), times.1);
    }
    sides
}

/// One sample: CPU time of a call in nanoseconds.
pub(crate) fn once(work: &mut impl Work) -> f64 {
    let times = repeats(work);
    sample(work, times).as_secs_f64() * 1e9 / f64::from(times)
}

fn repeats(work: &mut impl Work) -> u32 {
    sample(work, 2);
    let once = sample(work, 2) / 2;
    (SAMPLE.as_nanos() / once.as_nanos().max(1)).clamp(1, 100_000) as u32
}
