//! Transports for tests: they need no network.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, ErrorKind, Result};
use crate::transport::{BoxFuture, Request, Response, Transport};

/// Never answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Never;

impl Transport for Never {
    fn send<'a>(&'a self, _: &'a str, _: Request) -> BoxFuture<'a, Result<Response>> {
        Box::pin(std::future::pending())
    }
}

/// Refuses every connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Refuse;

impl Transport for Refuse {
    fn send<'a>(&'a self, _: &'a str, _: Request) -> BoxFuture<'a, Result<Response>> {
        let error = Error::new(ErrorKind::Connection, "no connection: refused")
            .temporary()
            .with_sent(false);
        Box::pin(std::future::ready(Err(error)))
    }
}

/// Gives the outcomes of a list, one per request, and keeps the requests.
#[derive(Clone, Debug, Default)]
pub struct Script {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    outcomes: VecDeque<Result<Response>>,
    requests: Vec<Request>,
}

impl Script {
    /// Starts with the outcomes given.
    pub fn new(outcomes: impl IntoIterator<Item = Result<Response>>) -> Self {
        let script = Self::default();
        script.lock().outcomes.extend(outcomes);
        script
    }

    /// The requests sent so far.
    pub fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Script {
    fn send<'a>(&'a self, _: &'a str, request: Request) -> BoxFuture<'a, Result<Response>> {
        let mut state = self.lock();
        state.requests.push(request);
        let outcome = state.outcomes.pop_front().unwrap_or_else(|| {
            Err(Error::new(
                ErrorKind::Internal,
                "the script of the test has no further outcome",
            ))
        });
        Box::pin(std::future::ready(outcome))
    }
}
