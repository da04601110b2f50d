//! Bounds the results that wait for an event loop.
//!
//! Threads decode faster than an event loop takes what they decoded. When results of many records wait, calls
//! whose replies have come are left alone until some were taken: what they would have read stays with the network.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use crate::runtime::BoxFuture;

/// Bytes of results that may wait: about seven replies of 1000 records with ten columns.
const MAX_WAITING: usize = 4 * 1024 * 1024;

/// A call goes on after this time though nothing was taken: the event loop may be busy for long, and the time of a
/// request is limited.
const PATIENCE: Duration = Duration::from_secs(1);

/// What waits for one event loop.
#[derive(Default)]
pub(crate) struct Pace {
    waiting: AtomicUsize,
    calls: Mutex<Vec<Waker>>,
}

impl Pace {
    /// Counts a result of so many bytes.
    pub(crate) fn add(&self, bytes: usize) {
        self.waiting.fetch_add(bytes, Ordering::AcqRel);
    }

    /// Counts results that were taken, and has calls go on.
    pub(crate) fn remove(&self, bytes: usize) {
        if bytes == 0 {
            return;
        }
        self.waiting.fetch_sub(bytes, Ordering::AcqRel);
        let calls = mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner));
        for call in calls {
            call.wake();
        }
    }

    fn is_full(&self) -> bool {
        self.waiting.load(Ordering::Acquire) >= MAX_WAITING
    }

    /// Whether a call has to wait; it is woken when it need not any more.
    fn holds(&self, context: &Context<'_>) -> bool {
        if !self.is_full() {
            return false;
        }
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        // Results may have been taken before the lock was.
        if !self.is_full() {
            return false;
        }
        calls.push(context.waker().clone());
        true
    }
}

/// A call that keeps to the pace of its event loop. Its first step is always made.
pub(crate) struct Paced<T> {
    call: BoxFuture<T>,
    pace: Option<Arc<Pace>>,
    began: bool,
    patience: Option<Pin<Box<Sleep>>>,
}

impl<T> Paced<T> {
    /// `None` for an event loop whose results are not counted.
    pub(crate) const fn new(call: BoxFuture<T>, pace: Option<Arc<Pace>>) -> Self {
        Self {
            call,
            pace,
            began: false,
            patience: None,
        }
    }

    fn waits(&mut self, context: &mut Context<'_>) -> bool {
        let Some(pace) = &self.pace else { return false };
        if !mem::replace(&mut self.began, true) || !pace.holds(context) {
            self.patience = None;
            return false;
        }
        let patience = self
            .patience
            .get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
        patience.as_mut().poll(context).is_pending()
    }
}

impl<T> Future for Paced<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        if self.waits(context) {
            return Poll::Pending;
        }
        self.call.as_mut().poll(context)
    }
}
