//! The built program against an emulator in this process.

mod emulator;
mod harness;
mod operations;
mod records;
mod settings;
