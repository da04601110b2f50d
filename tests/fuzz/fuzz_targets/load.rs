//! The file that an emulator starts with, in both forms.
#![no_main]
#![allow(dead_code, reason = "only what reads the file is wanted")]

#[path = "../../../cli/src/columns.rs"]
mod columns;
#[path = "../../../cli/src/failure.rs"]
mod failure;
#[path = "../../../cli/src/line.rs"]
mod line;
#[path = "../../../cli/src/lines.rs"]
mod lines;
#[path = "../../../cli/src/seed.rs"]
mod seed;

libfuzzer_sys::fuzz_target!(|text: &str| {
    for is_toml in [false, true] {
        if let Err(failure) = seed::Seed::from_text(text, is_toml) {
            let _ = format!("{failure:?}");
        }
    }
});
