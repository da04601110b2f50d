//! The fixed order in which a call passes its layers.
//!
//! A [`Layer`] of the program's own goes around every call, with all its attempts:
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicUsize, Ordering};
//!
//! use hubstream::datahub::DataHub;
//! use hubstream::error::Result;
//! use hubstream::pipeline::{Context, Layer, Next};
//! use hubstream::transport::{BoxFuture, Request, Response};
//!
//! /// Counts the calls that are under way.
//! struct InFlight(Arc<AtomicUsize>);
//!
//! impl Layer for InFlight {
//!     fn handle<'a>(
//!         &'a self,
//!         context: &'a mut Context,
//!         request: Request,
//!         next: Next<'a>,
//!     ) -> BoxFuture<'a, Result<Response>> {
//!         Box::pin(async move {
//!             self.0.fetch_add(1, Ordering::Relaxed);
//!             let outcome = next.run(context, request).await;
//!             self.0.fetch_sub(1, Ordering::Relaxed);
//!             outcome
//!         })
//!     }
//! }
//!
//! # fn main() -> Result<()> {
//! let calls = Arc::new(AtomicUsize::new(0));
//! let builder = DataHub::builder("http://127.0.0.1:4710").layer(InFlight(Arc::clone(&calls)));
//! let hub = DataHub::new(builder)?;
//! # let _ = hub;
//! # Ok(())
//! # }
//! ```

pub(crate) mod date;
pub mod retry;

use std::fmt;
use std::time::Duration;

use crate::error::Result;
use crate::transport::{BoxFuture, Request, Response};

/// What a layer may know about the call that passes it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Context {
    /// Name of the service.
    pub service: &'static str,
    /// Name of the operation.
    pub operation: &'static str,
    /// Whether the call may be sent again after the service may have seen it.
    pub may_repeat: bool,
    /// Attempts made so far.
    pub attempts: u32,
    /// Time that remains until the call is given up.
    pub remaining: Option<Duration>,
}

/// One step around every call, such as a counter or a limiter of the user's own.
pub trait Layer: Send + Sync + 'static {
    /// Handles a call, usually by passing it on with `next.run(context, request)`.
    fn handle<'a>(
        &'a self,
        context: &'a mut Context,
        request: Request,
        next: Next<'a>,
    ) -> BoxFuture<'a, Result<Response>>;
}

/// The innermost step of a pipeline.
pub(crate) trait Terminal: Send + Sync {
    fn call<'a>(
        &'a self,
        context: &'a mut Context,
        request: Request,
    ) -> BoxFuture<'a, Result<Response>>;
}

/// The rest of the pipeline, seen from one layer.
#[must_use = "the call goes no further unless it is run"]
#[derive(Clone, Copy)]
pub struct Next<'a> {
    layers: &'a [std::sync::Arc<dyn Layer>],
    terminal: &'a dyn Terminal,
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers = self.layers.len();
        f.debug_struct("Next")
            .field("layers", &layers)
            .finish_non_exhaustive()
    }
}

impl<'a> Next<'a> {
    pub(crate) fn new(layers: &'a [std::sync::Arc<dyn Layer>], terminal: &'a dyn Terminal) -> Self {
        Self { layers, terminal }
    }

    /// Passes the call on to the next layer, or to the service.
    pub fn run(
        self,
        context: &'a mut Context,
        request: Request,
    ) -> BoxFuture<'a, Result<Response>> {
        match self.layers.split_first() {
            Some((layer, rest)) => layer.handle(
                context,
                request,
                Next {
                    layers: rest,
                    terminal: self.terminal,
                },
            ),
            None => self.terminal.call(context, request),
        }
    }
}
