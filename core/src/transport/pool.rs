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

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::config::Settings;
    use crate::transport::socket::Probe;

    /// A service, and what is known of it.
    struct Service {
        listener: TcpListener,
        dialer: Dialer,
        origin: Arc<Origin>,
    }

    impl Service {
        async fn new(pool: &Pool) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let endpoint = format!("http://{}", listener.local_addr().unwrap());
            let settings = Settings::new("datahub");
            let dialer = Dialer::from_settings(&settings).unwrap();
            let origin = pool.origin(&endpoint, &dialer).unwrap();
            Self {
                listener,
                dialer,
                origin,
            }
        }

        /// Leaves a new connection in a pool; gives the service's end of it.
        async fn fill(&self, pool: &Pool) -> TcpStream {
            let probe = Probe::default();
            let Ok(wire) = self.dialer.dial(&self.origin, &probe).await else {
                panic!("the service takes no connection");
            };
            let connection = Connection::start(wire, probe).await.unwrap();
            pool.put(Arc::clone(&self.origin), Box::new(connection));
            self.listener.accept().await.unwrap().0
        }
    }

    fn idle(pool: &Pool) -> usize {
        pool.lock().idle.len()
    }

    /// Makes the first `count` idle connections as old as connections may get.
    fn age(pool: &Pool, count: usize) {
        for idle in &mut pool.lock().idle[..count] {
            idle.since = idle.since.checked_sub(IDLE_TIMEOUT).unwrap();
        }
    }

    #[tokio::test]
    async fn connections_that_waited_for_long_are_closed() {
        let pool = Pool::new(8);
        let service = Service::new(&pool).await;
        let mut streams = Vec::new();
        for _ in 0..3 {
            streams.push(service.fill(&pool).await);
        }
        age(&pool, 2);
        let fresh = pool.take(&service.origin).unwrap();
        assert_eq!(idle(&pool), 0);
        pool.put(Arc::clone(&service.origin), fresh);
        age(&pool, 1);
        assert!(pool.take(&service.origin).is_none());
        assert_eq!(idle(&pool), 0);
    }

    #[tokio::test]
    async fn the_oldest_of_too_many_connections_is_closed() {
        let pool = Pool::new(2);
        let service = Service::new(&pool).await;
        let mut streams = Vec::new();
        for _ in 0..3 {
            streams.push(service.fill(&pool).await);
        }
        assert_eq!(idle(&pool), 2);
        // Those that were put in last are still open at the other end.
        drop(streams.remove(0));
        let taken = [(); 3].map(|()| pool.take(&service.origin).is_some());
        assert_eq!(taken, [true, true, false]);
        let none = Pool::new(0);
        streams.push(service.fill(&none).await);
        assert_eq!(idle(&none), 0);
    }
}
