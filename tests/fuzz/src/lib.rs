//! What the targets share.

mod emulator;
mod records;
mod replies;

pub use emulator::{TOPICS, Target};
pub use records::{exhaust, schemas};
pub use replies::Replies;
