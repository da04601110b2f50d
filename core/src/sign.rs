//! Request signatures. Every stage is public, so that it can be compared with known values.

#[cfg(feature = "datahub")]
pub mod datahub;
pub mod hmac;
