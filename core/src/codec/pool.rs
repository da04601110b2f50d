//! Memory for bodies, which is used again when they are gone.
//!
//! A body of 1000 records is large enough that the allocator gives its memory back to the system each time; taking it
//! anew, page by page, would cost as much as writing the records.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many buffers are kept for the whole process, unless it was told otherwise.
const MAX_BUFFERS: usize = 4;
/// Smaller buffers are not kept, for allocators keep those themselves: 64 KiB.
const MIN_SIZE: usize = 64 * 1024;
/// Larger buffers are not kept: 2 MiB.
const MAX_SIZE: usize = 2 * 1024 * 1024;
/// No more than this is kept in all, however many buffers may be: 64 MiB.
const MAX_TOTAL: usize = 64 * 1024 * 1024;

/// The buffers that are kept.
struct Kept {
    /// The one that was given back last stands last.
    buffers: VecDeque<Vec<u8>>,
    /// The room of all of them.
    bytes: usize,
}

static KEPT: Mutex<Kept> = Mutex::new(Kept {
    buffers: VecDeque::new(),
    bytes: 0,
});
static LIMIT: AtomicUsize = AtomicUsize::new(MAX_BUFFERS);

impl Kept {
    fn lock() -> MutexGuard<'static, Self> {
        KEPT.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&mut self, buffer: Vec<u8>) {
        self.bytes += buffer.capacity();
        self.buffers.push_back(buffer);
    }

    fn remove(&mut self, place: usize) -> Option<Vec<u8>> {
        let buffer = self.buffers.remove(place)?;
        self.bytes -= buffer.capacity();
        Some(buffer)
    }

    /// Takes out the oldest ones until no more than so many are left, and no more bytes than may be kept in all.
    fn trim(&mut self, count: usize) -> Vec<Vec<u8>> {
        let mut oldest = Vec::new();
        while self.buffers.len() > count || self.bytes > MAX_TOTAL {
            oldest.extend(self.remove(0));
        }
        oldest
    }
}

/// Sets how many buffers the process keeps for further bodies; 4 unless it is set. Each has at most 2 MiB, all together
/// have at most 64 MiB.
///
/// More than the bodies that are used at a time are of use where memory is given back in bursts, as by a collector of
/// garbage.
pub fn keep_buffers(count: usize) {
    LIMIT.store(count, Ordering::Relaxed);
}

/// Memory that was given back, of any size and with any contents; none at all if there is none.
pub(crate) fn take() -> Vec<u8> {
    let mut kept = Kept::lock();
    let last = kept.buffers.len().checked_sub(1);
    last.and_then(|last| kept.remove(last)).unwrap_or_default()
}

/// Initialised memory for exactly so many bytes, or for a quarter more at most: it may be kept for long.
pub(crate) fn take_for(size: usize) -> Vec<u8> {
    let fits = |buffer: &Vec<u8>| (size..=size + size / 4).contains(&buffer.len());
    let mut kept = Kept::lock();
    let found = kept.buffers.iter().rposition(fits);
    let found = found.and_then(|place| kept.remove(place));
    drop(kept);
    found.unwrap_or_else(|| vec![0; size])
}

/// Keeps memory for the next one that needs some.
pub(crate) fn give(buffer: Vec<u8>) {
    if buffer.len() < MIN_SIZE || buffer.capacity() > MAX_SIZE {
        return;
    }
    let mut kept = Kept::lock();
    kept.push(buffer);
    // Those of sizes that nobody asks for any more make room.
    let oldest = kept.trim(LIMIT.load(Ordering::Relaxed));
    drop(kept);
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
    fn what_is_kept_is_bounded_in_number_and_in_all() {
        let mut kept = Kept {
            buffers: VecDeque::new(),
            bytes: 0,
        };
        for number in 0..50 {
            let mut buffer = vec![0; MAX_SIZE];
            buffer[0] = number;
            kept.push(buffer);
        }
        let freed = kept.trim(1000);
        assert_eq!(freed.len(), 50 - MAX_TOTAL / MAX_SIZE);
        assert_eq!((freed[0][0], kept.bytes), (0, MAX_TOTAL));
        assert_eq!(kept.trim(3).len(), MAX_TOTAL / MAX_SIZE - 3);
        let left: Vec<u8> = kept.buffers.iter().map(|buffer| buffer[0]).collect();
        assert_eq!((left, kept.bytes), (vec![47, 48, 49], 3 * MAX_SIZE));
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
