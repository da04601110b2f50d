//! What the numbered programs share: the data set, the journey's state between processes, and tables.

pub mod dataset;
pub mod journey;
pub mod reading;
pub mod show;

/// Any failure of an example program.
pub type Failure = Box<dyn std::error::Error>;
