//! What the numbered programs share: the data set, the journey's state between processes, and tables.

pub mod dataset;
pub mod journey;
pub mod reading;
pub mod show;

/// Any failure of an example program.
pub type Failure = Box<dyn std::error::Error>;

/// The programs of the front page compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// So do those of the guide to the emulator.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/emulator.md")]
struct EmulatorGuide;
