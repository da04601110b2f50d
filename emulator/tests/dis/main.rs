//! DIS over HTTP.

mod bounds;
mod chunks;
mod client;
mod durable;
mod faults;
mod harness;
mod malformed;
mod protobuf;
mod time;
