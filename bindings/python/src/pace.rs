//! Bounds the results that wait for an event loop.
//!
//! Threads decode faster than an event loop takes what they decoded. When results of many records wait, calls
//! whose replies have come are left alone until some were taken: what they would have read stays with the network.
//! They go on in the order in which they came.

use std::collections::VecDeque;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use crate::asyncio::Outcome;
use crate::runtime::BoxFuture;

/// Bytes of results that may wait: about seven replies of 1000 records with ten columns.
const MAX_WAITING: usize = 4 * 1024 * 1024;

/// A call goes on after this time though nothing was taken: the event loop may be busy for long, and the time of a
/// request is limited.
const PATIENCE: Duration = Duration::from_secs(1);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What waits for one event loop.
#[derive(Default)]
pub(crate) struct Pace {
    /// Bytes of results.
    waiting: AtomicUsize,
    queue: Mutex<VecDeque<Arc<Ticket>>>,
}

/// The place of a call in the queue. Nobody else has it any more when the call is gone.
struct Ticket(Mutex<Turn>);

enum Turn {
    Waits(Waker),
    Comes,
}

impl Ticket {
    fn comes(&self) -> bool {
        matches!(*locked(&self.0), Turn::Comes)
    }
}

impl Pace {
    /// Counts a result of so many bytes.
    pub(crate) fn add(&self, bytes: usize) {
        self.waiting.fetch_add(bytes, Ordering::AcqRel);
    }

    /// Counts results that were taken, and has as many calls go on, or more of them while there is room for that.
    pub(crate) fn remove(&self, bytes: usize, results: usize) {
        if bytes == 0 {
            return;
        }
        let before = self.waiting.fetch_sub(bytes, Ordering::AcqRel);
        let has_room = before - bytes < MAX_WAITING / 2;
        self.admit(if has_room { 2 * results } else { results });
    }

    fn is_full(&self) -> bool {
        self.waiting.load(Ordering::Acquire) >= MAX_WAITING
    }

    /// The place of a call in the queue; `None` if it need not wait.
    fn queue(&self, context: &Context<'_>) -> Option<Arc<Ticket>> {
        let mut queue = locked(&self.queue);
        if queue.is_empty() && !self.is_full() {
            return None;
        }
        let ticket = Arc::new(Ticket(Mutex::new(Turn::Waits(context.waker().clone()))));
        queue.push_back(Arc::clone(&ticket));
        Some(ticket)
    }

    /// Has the next calls go on.
    fn admit(&self, calls: usize) {
        let mut wakers = Vec::new();
        let mut queue = locked(&self.queue);
        while wakers.len() < calls
            && let Some(ticket) = queue.pop_front()
        {
            let is_gone = Arc::strong_count(&ticket) == 1;
            if !is_gone
                && let Turn::Waits(waker) = mem::replace(&mut *locked(&ticket.0), Turn::Comes)
            {
                wakers.push(waker);
            }
        }
        drop(queue);
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// A call that keeps to the pace of its event loop. Its first step is always made.
pub(crate) struct Paced {
    call: BoxFuture<Outcome>,
    pace: Option<Arc<Pace>>,
    began: bool,
    ticket: Option<Arc<Ticket>>,
    patience: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    /// `None` for an event loop whose results are not counted.
    pub(crate) const fn new(call: BoxFuture<Outcome>, pace: Option<Arc<Pace>>) -> Self {
        Self {
            call,
            pace,
            began: false,
            ticket: None,
            patience: None,
        }
    }

    /// Whether it is not the turn of this call.
    fn waits(&mut self, context: &mut Context<'_>) -> bool {
        let Some(pace) = &self.pace else { return false };
        if !mem::replace(&mut self.began, true) {
            return false;
        }
        if self.ticket.is_none() {
            self.ticket = pace.queue(context);
        }
        let Some(ticket) = &self.ticket else {
            return false;
        };
        match &mut *locked(&ticket.0) {
            Turn::Comes => return false,
            Turn::Waits(waker) => waker.clone_from(context.waker()),
        }
        let patience = self
            .patience
            .get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
        patience.as_mut().poll(context).is_pending()
    }

    /// Gives the turn of this call, if it had one, to the next one.
    fn pass_on(&mut self) {
        self.patience = None;
        if let Some(ticket) = self.ticket.take()
            && ticket.comes()
            && let Some(pace) = &self.pace
        {
            pace.admit(1);
        }
    }
}

impl Future for Paced {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        if self.waits(context) {
            return Poll::Pending;
        }
        let step = self.call.as_mut().poll(context);
        match &step {
            // When the result is taken the next call goes on.
            Poll::Ready(outcome) if outcome.size > 0 => self.ticket = None,
            _ => self.pass_on(),
        }
        step
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        self.pass_on();
    }
}
