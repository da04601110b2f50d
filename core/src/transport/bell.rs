//! Wake-ups within one step of a task, kept from the runtime that runs it.
//!
//! The halves of a connection wake each other, often several times per request. A runtime answers
//! each by running the task again, on another thread perhaps; here it is another round of the same
//! step.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Rounds of one step. Wakes that go on are left to the runtime: its budget for tasks that never
/// wait, once used up, wakes without an end.
const ROUNDS: usize = 16;

/// Nobody looks: whoever waits must be woken.
const IDLE: u8 = 0;
/// A round is under way.
const LOOKING: u8 = 1;
/// Woken while a round was under way.
const RUNG: u8 = 2;

/// The waker of what is inside of a step.
#[derive(Default)]
pub(super) struct Bell {
    state: AtomicU8,
    outside: Mutex<Option<Waker>>,
}

impl Bell {
    /// Makes a step of as many rounds as it takes until nothing inside wakes any more.
    pub(super) fn listen<T>(
        self: &Arc<Self>,
        context: &mut Context<'_>,
        mut round: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.answer_to(context.waker());
        let inside = Waker::from(Arc::clone(self));
        let mut inside = Context::from_waker(&inside);
        for _ in 0..ROUNDS {
            self.state.store(LOOKING, Ordering::SeqCst);
            if let Poll::Ready(found) = round(&mut inside) {
                self.state.store(IDLE, Ordering::SeqCst);
                return Poll::Ready(found);
            }
            if self.state.swap(IDLE, Ordering::SeqCst) == LOOKING {
                return Poll::Pending;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn answer_to(&self, waker: &Waker) {
        let mut outside = self.outside.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *outside {
            Some(known) => known.clone_from(waker),
            None => *outside = Some(waker.clone()),
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let looking = |state| (state != IDLE).then_some(RUNG);
        let kept = self
            .state
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, looking);
        if kept.is_ok() {
            return;
        }
        let outside = self.outside.lock().unwrap_or_else(PoisonError::into_inner);
        let waker = outside.clone();
        drop(outside);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    impl Counter {
        fn count(&self) -> usize {
            self.0.load(Ordering::SeqCst)
        }
    }

    #[test]
    fn what_wakes_itself_goes_on_at_once() {
        let outside = Arc::new(Counter::default());
        let waker = Waker::from(Arc::clone(&outside));
        let bell = Arc::new(Bell::default());
        let mut left = 3;
        let step = bell.listen(&mut Context::from_waker(&waker), |inside| {
            if left == 0 {
                return Poll::Ready("done");
            }
            left -= 1;
            inside.waker().wake_by_ref();
            Poll::Pending
        });
        assert_eq!((step, outside.count()), (Poll::Ready("done"), 0));
    }

    #[test]
    fn what_wakes_itself_for_ever_lets_others_run() {
        let outside = Arc::new(Counter::default());
        let waker = Waker::from(Arc::clone(&outside));
        let bell = Arc::new(Bell::default());
        let mut rounds = 0;
        let step: Poll<()> = bell.listen(&mut Context::from_waker(&waker), |inside| {
            rounds += 1;
            inside.waker().wake_by_ref();
            Poll::Pending
        });
        assert_eq!((step, rounds, outside.count()), (Poll::Pending, ROUNDS, 1));
    }

    #[test]
    fn wakes_between_steps_reach_the_one_that_waits_now() {
        let bell = Arc::new(Bell::default());
        let counters = [Arc::new(Counter::default()), Arc::new(Counter::default())];
        let mut kept = None;
        for counter in &counters {
            let waker = Waker::from(Arc::clone(counter));
            let step: Poll<()> = bell.listen(&mut Context::from_waker(&waker), |inside| {
                kept = Some(inside.waker().clone());
                Poll::Pending
            });
            assert!(step.is_pending());
        }
        if let Some(waker) = kept {
            waker.wake();
        }
        assert_eq!((counters[0].count(), counters[1].count()), (0, 1));
    }
}
