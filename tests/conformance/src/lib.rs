//! Golden vectors, run against the core.
//!
//! The vectors lie in `tests/vectors/<service>`; the variable `HUBSTREAM_VECTORS` names another
//! directory with the same folders. `cargo test -p hubstream-conformance vectors` runs them all.

pub mod datahub;
pub mod dis;
pub mod vectors;
