//! A local emulator of the services that hubstream speaks: Alibaba Cloud DataHub and Huawei Cloud DIS.
//!
//! It verifies signatures, keeps the services' rules and answers with their own errors, so that programs written
//! for the services run against it unchanged. It lives in the process that starts it:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), hubstream_emulator::StartError> {
//! let emulator = hubstream_emulator::Emulator::builder().datahub("127.0.0.1:0").start().await?;
//! let endpoint = emulator.datahub_url().expect("DataHub is served");
//! assert!(endpoint.starts_with("http://127.0.0.1:"));
//! emulator.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod builder;
mod clock;
mod datahub;
mod dis;
mod limits;
mod room;

pub mod faults;
pub mod http;
pub mod store;

pub use builder::{Emulator, EmulatorBuilder, StartError};
pub use clock::Clock;
pub use limits::{Limits, UnknownLimits};
