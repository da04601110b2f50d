//! Memory for bodies and for values, which is used again when they are gone.
//!
//! What 1000 records take is large enough that the allocator gives its memory back to the system each time; taking it
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

/// Buffers that are kept.
struct Kept<T> {
    /// The one that was given back last stands last.
    buffers: VecDeque<Vec<T>>,
    /// The room of all of them in bytes.
    bytes: usize,
}

static KEPT: Mutex<Kept<u8>> = Mutex::new(Kept::new());
static LIMIT: AtomicUsize = AtomicUsize::new(MAX_BUFFERS);

fn lock<T>(kept: &Mutex<Kept<T>>) -> MutexGuard<'_, Kept<T>> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Kept<T> {
    const fn new() -> Self {
        Self {
            buffers: VecDeque::new(),
            bytes: 0,
        }
    }

    fn push(&mut self, buffer: Vec<T>) {
        self.bytes += room(&buffer);
        self.buffers.push_back(buffer);
    }

    fn remove(&mut self, place: usize) -> Option<Vec<T>> {
        let buffer = self.buffers.remove(place)?;
        self.bytes -= room(&buffer);
        Some(buffer)
    }

    /// Takes out the oldest ones until no more than so many are left, and no more bytes than may be kept in all.
    fn trim(&mut self, count: usize) -> Vec<Vec<T>> {
        let mut oldest = Vec::new();
        while self.buffers.len() > count || self.bytes > MAX_TOTAL {
            oldest.extend(self.remove(0));
        }
        oldest
    }
}

/// Takes out the buffer that fits and was given back last.
fn find<T>(kept: &Mutex<Kept<T>>, fits: impl Fn(&Vec<T>) -> bool) -> Option<Vec<T>> {
    let mut kept = lock(kept);
    let place = kept.buffers.iter().rposition(fits)?;
    kept.remove(place)
}

/// Keeps a buffer, and no more than so many. Those of sizes that nobody asks for any more make room.
fn keep<T>(kept: &Mutex<Kept<T>>, buffer: Vec<T>, count: usize) {
    let mut kept = lock(kept);
    kept.push(buffer);
    let oldest = kept.trim(count);
    drop(kept);
    drop(oldest);
}

/// The bytes that a list has room for.
fn room<T>(buffer: &Vec<T>) -> usize {
    buffer.capacity() * size_of::<T>()
}

/// Memory for lists that are filled from their beginning, of which 4 are kept.
pub(crate) struct Room<T>(Mutex<Kept<T>>);

impl<T> Room<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Kept::new()))
    }

    /// An empty list with room for so many items, and for twice as many at most: it may be kept for long.
    pub(crate) fn take(&self, items: usize) -> Vec<T> {
        if items.saturating_mul(size_of::<T>()) < MIN_SIZE {
            return Vec::with_capacity(items);
        }
        let fits = |list: &Vec<T>| (items..=items.saturating_mul(2)).contains(&list.capacity());
        find(&self.0, fits).unwrap_or_else(|| Vec::with_capacity(items))
    }

    /// Keeps the memory of a list for the next one.
    pub(crate) fn give(&self, mut list: Vec<T>) {
        if !(MIN_SIZE..=MAX_SIZE).contains(&room(&list)) {
            return;
        }
        list.clear();
        keep(&self.0, list, MAX_BUFFERS);
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
    find(&KEPT, |_| true).unwrap_or_default()
}

/// Initialised memory for exactly so many bytes, or for a quarter more at most: it may be kept for long.
pub(crate) fn take_for(size: usize) -> Vec<u8> {
    let fits = |buffer: &Vec<u8>| (size..=size + size / 4).contains(&buffer.len());
    find(&KEPT, fits).unwrap_or_else(|| vec![0; size])
}

/// Keeps memory for the next one that needs some.
pub(crate) fn give(buffer: Vec<u8>) {
    if buffer.len() < MIN_SIZE || buffer.capacity() > MAX_SIZE {
        return;
    }
    keep(&KEPT, buffer, LIMIT.load(Ordering::Relaxed));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_of_other_sizes_are_not_kept() {
        give(vec![0; MAX_SIZE + 1]);
        for _ in 0..2 * MAX_BUFFERS {
            give(vec![2; MIN_SIZE]);
            give(vec![1; MIN_SIZE - 1]);
        }
        let kept: Vec<Vec<u8>> = (0..2 * MAX_BUFFERS).map(|_| take()).collect();
        assert!(kept.iter().all(|buffer| buffer.capacity() <= MAX_SIZE));
        let is_kept = |buffer: &Vec<u8>| buffer.is_empty() || buffer.len() >= MIN_SIZE;
        assert!(kept.iter().all(is_kept));
        assert!(kept.iter().filter(|buffer| !buffer.is_empty()).count() <= MAX_BUFFERS);
    }

    #[test]
    fn what_is_kept_is_bounded_in_number_and_in_all() {
        let mut kept = Kept::new();
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

    #[test]
    fn lists_get_their_room_again_if_it_fits() {
        static ROOM: Room<u32> = Room::new();
        let many = MIN_SIZE / size_of::<u32>();
        let mut list = ROOM.take(4 * many);
        list.push(7);
        let place = list.as_ptr();
        ROOM.give(list);
        for items in [many - 1, many, 4 * many + 1] {
            let other = ROOM.take(items);
            assert!(other.capacity() >= items);
            assert_ne!(other.as_ptr(), place, "{items} items");
        }
        let list = ROOM.take(2 * many);
        assert_eq!((list.as_ptr(), list.len()), (place, 0));
        for _ in 0..2 * MAX_BUFFERS {
            ROOM.give(Vec::with_capacity(many));
        }
        ROOM.give(Vec::with_capacity(MAX_SIZE));
        ROOM.give(Vec::with_capacity(1));
        assert_eq!(lock(&ROOM.0).buffers.len(), MAX_BUFFERS);
    }
}
