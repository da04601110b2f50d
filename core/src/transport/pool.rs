//! Connections that wait for their next request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, Id};

use super::dial::{Dialer, Origin, Origins};
use super::event_loop::{EventLoop, current};
use super::exchange::Connection;
use crate::error::Result;

/// Idle connections are not used again after this time, before most services close them.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

struct Idle {
    origin: Arc<Origin>,
    home: Home,
    since: Instant,
    /// Boxed: it is some hundred bytes, and changes places often.
    connection: Box<Connection>,
}

/// What watches the socket of a connection: only its calls may use it.
enum Home {
    Runtime(Id),
    EventLoop(Arc<dyn EventLoop>),
}

impl Home {
    fn is_here(&self, runtime: Id, event_loop: Option<&Arc<dyn EventLoop>>) -> bool {
        match self {
            Self::Runtime(id) => *id == runtime,
            // What a closed one watched is free for all.
            Self::EventLoop(home) => {
                home.is_closed() || event_loop.is_some_and(|here| Arc::ptr_eq(home, here))
            }
        }
    }
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
    pub(super) fn take(&self, origin: &Arc<Origin>) -> Option<Box<Connection>> {
        let runtime = Handle::current().id();
        let event_loop = current();
        loop {
            let mut connection = self.pop(origin, runtime, event_loop.as_ref())?;
            if connection.is_open() {
                return Some(connection);
            }
        }
    }

    fn pop(
        &self,
        origin: &Arc<Origin>,
        runtime: Id,
        event_loop: Option<&Arc<dyn EventLoop>>,
    ) -> Option<Box<Connection>> {
        let mut state = self.lock();
        let fresh = |idle: &Idle| idle.since.elapsed() < IDLE_TIMEOUT;
        let old = state.idle.iter().take_while(|idle| !fresh(idle)).count();
        let closed: Vec<Idle> = state.idle.drain(..old).collect();
        let place = state.idle.iter().rposition(|idle| {
            idle.home.is_here(runtime, event_loop) && Arc::ptr_eq(&idle.origin, origin)
        });
        let found = place.map(|place| state.idle.remove(place).connection);
        drop(state);
        // Closing takes a while, so it is done without the lock.
        drop(closed);
        found
    }

    /// Keeps a connection for further requests.
    pub(super) fn put(&self, origin: Arc<Origin>, connection: Box<Connection>) {
        let home = connection
            .event_loop()
            .map_or_else(|| Home::Runtime(Handle::current().id()), Home::EventLoop);
        let idle = Idle {
            origin,
            home,
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
