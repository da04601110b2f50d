//! Native part of the Ruby, Kotlin and Swift packages of hubstream.
//!
//! Clients, models and errors are generated from the descriptions in the core; see `generated.rs`.
//! Records cross the border one batch per call; see `record.rs`.

// Errors of UniFFI are passed by value; the foreign side has no boxes.
#![allow(clippy::result_large_err)]

mod connection;
mod convert;
pub mod credentials;
pub mod emulator;
pub mod error;
pub mod faults;
#[rustfmt::skip]
pub mod generated;
pub mod log;
pub mod record;
mod runtime;

uniffi::setup_scaffolding!("hubstream");
