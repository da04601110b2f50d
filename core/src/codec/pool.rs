//! Memory for bodies, which is used again when they are gone.
//!
//! A body of 1000 records is large enough that the allocator gives its memory back to the system each time; taking it
//! anew, page by page, would cost as much as writing the records.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many buffers are kept for the whole process, unless it was told otherwise.
const MAX_BUFFERS: usize = 4;
/// Smaller buffers are not kept, for allocators keep those themselves: 64 KiB.
const MIN_SIZE: usize = 64 * 1024;
/// Larger buffers are not kept: 2 MiB.
const MAX_SIZE: usize = 2 * 1024 * 1024;

/// The one that was given back last stands last.
static BUFFERS: Mutex<VecDeque<Vec<u8>>> = Mutex::new(VecDeque::new());
static LIMIT: AtomicUsize = AtomicUsize::new(MAX_BUFFERS);

/// Sets how many buffers of at most 2 MiB the process keeps for further bodies; 4 unless it is set.
///
/// More than the bodies that are used at a time are of use where memory is given back in bursts, as by a collector of
/// garbage.
pub fn keep_buffers(count: usize) {
    LIMIT.store(count, Ordering::Relaxed);
}

/// Memory that was given back, of any size and with any contents; none at all if there is none.
pub(crate) fn take() -> Vec<u8> {
    let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
    buffers.pop_back().unwrap_or_default()
}

/// Initialised memory for exactly so many bytes, or for a quarter more at most: it may be kept for long.
pub(crate) fn take_for(size: usize) -> Vec<u8> {
    let fits = |buffer: &Vec<u8>| (size..=size + size / 4).contains(&buffer.len());
    let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
    let found = buffers.iter().rposition(fits);
    let found = found.and_then(|place| buffers.remove(place));
    drop(buffers);
    found.unwrap_or_else(|| vec![0; size])
}

/// Keeps memory for the next one that needs some.
pub(crate) fn give(buffer: Vec<u8>) {
    if buffer.len() < MIN_SIZE || buffer.capacity() > MAX_SIZE {
        return;
    }
    let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
    buffers.push_back(buffer);
    // Those of sizes that nobody asks for any more make room.
    let oldest = (buffers.len() > LIMIT.load(Ordering::Relaxed)).then(|| buffers.pop_front());
    drop(buffers);
    drop(oldest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_buffers_are_not_kept() {
        give(vec![0; MAX_SIZE + 1]);
        for _ in 0..2 * MAX_BUFFERS {
            give(vec![2; MIN_SIZE]);
        }
        let kept: Vec<Vec<u8>> = (0..2 * MAX_BUFFERS).map(|_| take()).collect();
        assert!(kept.iter().all(|buffer| buffer.capacity() <= MAX_SIZE));
        assert!(kept.iter().filter(|buffer| !buffer.is_empty()).count() <= MAX_BUFFERS);
    }
    #[test]
    fn memory_that_may_be_kept_for_long_is_hardly_larger_than_asked_for() {
        for size in [0, 1000, MIN_SIZE, 3 * MIN_SIZE, MAX_SIZE + 1] {
            give(vec![1; 4 * MIN_SIZE]);
            let taken = take_for(size).len();
            assert!((size..=size + size / 4).contains(&taken), "{size}: {taken}");
        }
    }
}
