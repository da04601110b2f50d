//! Client SDK for shard-based cloud streams.

extern crate self as hubstream;

pub mod client;
pub mod codec;
pub mod config;
pub mod connect;
pub mod credentials;
#[cfg(feature = "datahub")]
pub mod datahub;
#[cfg(feature = "dis")]
pub mod dis;
pub mod dynamic;
pub mod error;
mod json;
pub mod log;
pub mod operation;
pub mod pipeline;
pub mod record;
pub mod registry;
pub mod schema;
pub mod sign;
pub mod stats;
pub mod time;
pub mod transport;

pub(crate) use hubstream_macros::{members, model, operation, with_members};
