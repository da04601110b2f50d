//! No decoder takes more memory than a bounded multiple of its input, whatever the input says of itself.
//!
//! Lengths, counts and sizes in the input lie here in every way. What a compression makes of its input counts as input
//! of the next decoder, and has a limit of its own.

mod batches;
mod compression;
mod emulator;
mod held;
mod replies;
mod texts;

use std::sync::{Mutex, MutexGuard, PoisonError};

use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

static ALONE: Mutex<()> = Mutex::new(());

/// To be held by every test from its first line on: the memory of the process is measured.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Most bytes of memory for a byte of input.
pub(crate) const RATIO: usize = 128;
/// Memory that is taken whatever the input: states of compressions, first capacities.
pub(crate) const ALWAYS: usize = 256 * 1024;

/// The most memory that an action takes beyond what was taken before it, in bytes.
pub(crate) fn peak<T>(action: impl FnOnce() -> T) -> usize {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    drop(action());
    MEMORY.peak_usage().saturating_sub(before)
}

/// Runs a decoder on an input and looks at the memory that it takes.
pub(crate) fn bounded<T>(name: &str, input: usize, decode: impl FnOnce() -> T) {
    let taken = peak(decode);
    let most = input * RATIO + ALWAYS;
    assert!(
        taken <= most,
        "{name}: {taken} bytes for {input} of input, which is more than {most}"
    );
}

#[test]
fn memory_is_measured() {
    let _alone = alone();
    // The threads of the test runner may give back a little meanwhile: what they noted of the tests before.
    let least = 3_000_000 - ALWAYS;
    assert!(peak(|| vec![1_u8; 3_000_000]) >= least);
    assert!(peak(|| Vec::<u8>::with_capacity(3_000_000)) >= least);
}
