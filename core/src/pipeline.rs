//! The fixed order in which a call passes its layers.

pub(crate) mod date;
pub mod retry;

use std::time::Duration;

use crate::error::Result;
use crate::transport::{BoxFuture, Request, Response};

/// What a layer may know about the call that passes it.
#[derive(Debug)]
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
#[derive(Clone, Copy)]
pub struct Next<'a> {
    layers: &'a [std::sync::Arc<dyn Layer>],
    terminal: &'a dyn Terminal,
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
