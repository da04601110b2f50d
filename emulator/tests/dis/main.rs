//! DIS over HTTP.

mod chunks;
mod client;
mod durable;
mod harness;
mod malformed;
mod protobuf;
mod time;
