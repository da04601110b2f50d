//! Request signatures. Every stage is public, so that it can be compared with known values.
//!
//! ```
//! let header = hubstream::sign::datahub::authorization("id", "key", "GET\n…");
//! assert!(header.starts_with("DATAHUB id:"));
//! ```

#[cfg(feature = "datahub")]
pub mod datahub;
#[cfg(feature = "dis")]
pub mod dis;
pub mod hmac;
#[cfg(any(feature = "datahub", feature = "dis"))]
mod order;
