//! The time, behind a seam that tests can move.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//!
//! use hubstream::datahub::DataHub;
//! use hubstream::time::ManualClock;
//!
//! # fn main() -> hubstream::error::Result<()> {
//! let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
//! let hub = DataHub::new(DataHub::builder("http://127.0.0.1:4710").clock(clock.clone()))?;
//! clock.advance(Duration::from_secs(60));
//! assert_eq!(hub.client().clock().elapsed(), Duration::from_secs(60));
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::transport::BoxFuture;

/// Tells the time and waits.
pub trait Clock: Send + Sync + fmt::Debug + 'static {
    /// The time of the day, for dates in requests.
    fn now(&self) -> SystemTime;

    /// Time since some fixed moment; never goes backwards.
    fn elapsed(&self) -> Duration;

    /// Completes after the time given.
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()>;
}

/// The clock of the machine.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// A clock that moves only when somebody waits on it or moves it: waiting takes no real time.
#[derive(Clone, Debug)]
pub struct ManualClock {
    start: SystemTime,
    elapsed_micros: Arc<AtomicU64>,
}

impl ManualClock {
    /// Starts at the time given.
    pub fn new(start: SystemTime) -> Self {
        Self {
            start,
            elapsed_micros: Arc::default(),
        }
    }

    /// Moves the clock forward.
    pub fn advance(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.elapsed_micros.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        self.start + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(self.elapsed_micros.load(Ordering::SeqCst))
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        self.advance(time);
        Box::pin(std::future::ready(()))
    }
}
