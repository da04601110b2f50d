//! Native part of the Node package `hubstream`.
//!
//! It is private to that package: clients that are called by operation name, batches of records that
//! cross the border as one buffer, and the emulator. Everything that users see is TypeScript.

#![allow(
    unsafe_code,
    reason = "the functions that `#[napi]` writes and the conversions of values are calls of a C interface"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "arguments that come from JavaScript are owned"
)]
#![allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "`#[napi]` hands out the environment by reference"
)]

mod client;
mod credentials;
mod emulator;
mod error;
mod log;
mod names;
mod records;
mod runtime;
mod schema;
mod value;
