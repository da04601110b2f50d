//! Faults on request: what a service or the way to it does wrong, so that programs can be tested against it.

mod api;
mod plan;
mod registry;
mod service;

pub use plan::{Effect, ErrorReply, Fault, FaultPlan, InvalidFault, When};
pub use registry::StruckFault;

pub(crate) use registry::Registry;
pub(crate) use service::{Faultable, Faulty};
