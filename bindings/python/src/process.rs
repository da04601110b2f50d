//! The number of this process, known without asking the system at each call.
#![allow(
    unsafe_code,
    reason = "only a function of C says when the process was forked off another one"
)]

use std::sync::atomic::{AtomicU32, Ordering};

/// The number, or 0 for one that has to be asked for.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The number of this process.
pub(crate) fn number() -> u32 {
    match NUMBER.load(Ordering::Relaxed) {
        0 => ask(),
        number => number,
    }
}

#[cold]
fn ask() -> u32 {
    let number = std::process::id();
    if forks_are_told() {
        NUMBER.store(number, Ordering::Relaxed);
    }
    number
}

/// Has every child forget the number as the first thing that it does, before anything else of Python runs in it.
#[cfg(unix)]
fn forks_are_told() -> bool {
    use std::sync::OnceLock;

    extern "C" fn forget() {
        NUMBER.store(0, Ordering::Relaxed);
    }

    static TOLD: OnceLock<bool> = OnceLock::new();
    *TOLD.get_or_init(|| {
        // SAFETY: the function may run at any fork: it stores one number, and stays in memory as extension modules do.
        let outcome = unsafe { libc::pthread_atfork(None, None, Some(forget)) };
        outcome == 0
    })
}

/// There are no forks.
#[cfg(not(unix))]
const fn forks_are_told() -> bool {
    true
}
