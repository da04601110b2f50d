//! Connections that wait for their next request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, Id};

use super::dial::{Dialer, Origin, Origins};
use super::exchange::Connection;
use crate::error::Result;

/// Idle connections are not used again after this time, before most services close them.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

struct Idle {
    origin: Arc<Origin>,
    /// The runtime that watches the socket: only its tasks may use the connection.
    runtime: Id,
    since: Instant,
    connection: Connection,
}

#[derive(Default)]
struct State {
    origins: Origins,
    /// The one that became idle last stands last.
    idle: Vec<Idle>,
}

/// The idle connections of a client.
pub(super) struct Pool {
    state: Mutex<State>,
    capacity: usize,
}

impl Pool {
    /// Keeps at most `capacity` idle connections.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::default(),
            capacity,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of an endpoint.
    pub(super) fn origin(&self, endpoint: &str, dialer: &Dialer) -> Result<Arc<Origin>> {
        self.lock().origins.find(endpoint, dialer)
    }

    /// Takes a connection that is still open, if there is one.
    pub(super) fn take(&self, origin: &Arc<Origin>) -> Option<Connection> {
        let runtime = Handle::current().id();
        loop {
            let mut connection = self.pop(origin, runtime)?;
            if connection.is_open() {
                return Some(connection);
            }
        }
    }

    fn pop(&self, origin: &Arc<Origin>, runtime: Id) -> Option<Connection> {
        let mut state = self.lock();
        let fresh = |idle: &Idle| idle.since.elapsed() < IDLE_TIMEOUT;
        let old = state.idle.iter().take_while(|idle| !fresh(idle)).count();
        let closed: Vec<Idle> = state.idle.drain(..old).collect();
        let place = state
            .idle
            .iter()
            .rposition(|idle| idle.runtime == runtime && Arc::ptr_eq(&idle.origin, origin));
        let found = place.map(|place| state.idle.remove(place).connection);
        drop(state);
        // Closing takes a while, so it is done without the lock.
        drop(closed);
        found
    }

    /// Keeps a connection for further requests.
    pub(super) fn put(&self, origin: Arc<Origin>, connection: Connection) {
        let idle = Idle {
            origin,
            runtime: Handle::current().id(),
            since: Instant::now(),
            connection,
        };
        let mut state = self.lock();
        state.idle.push(idle);
        let closed = (state.idle.len() > self.capacity).then(|| state.idle.remove(0));
        drop(state);
        drop(closed);
    }
}
