//! Room that records leave behind when they are forgotten.

use std::collections::VecDeque;

/// Room for so many entries is always kept.
const LEAST: usize = 64;

/// Lets go of room for entries that are gone, once most of it is empty.
pub(crate) fn give_back<T>(queue: &mut VecDeque<T>) {
    if queue.capacity() > LEAST && queue.len() < queue.capacity() / 4 {
        queue.shrink_to(LEAST.max(queue.len() * 2));
    }
}
