//! Memory for bodies, which is used again when they are gone.
//!
//! A body of 1000 records is large enough that the allocator gives its memory back to the system each time; taking it
//! anew, page by page, would cost as much as writing the records.

use std::sync::{Mutex, PoisonError};

/// How many buffers are kept for the whole process.
const MAX_BUFFERS: usize = 4;
/// Larger buffers are not kept: 2 MiB.
const MAX_SIZE: usize = 2 * 1024 * 1024;

static BUFFERS: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// Memory that was given back, of any size and with any contents; none at all if there is none.
pub(crate) fn take() -> Vec<u8> {
    let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
    buffers.pop().unwrap_or_default()
}

/// Keeps memory for the next one that needs some.
pub(crate) fn give(buffer: Vec<u8>) {
    if buffer.is_empty() || buffer.capacity() > MAX_SIZE {
        return;
    }
    let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
    if buffers.len() < MAX_BUFFERS {
        buffers.push(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_buffers_are_not_kept() {
        give(vec![0; MAX_SIZE + 1]);
        for _ in 0..2 * MAX_BUFFERS {
            give(vec![2; 1000]);
        }
        let kept: Vec<Vec<u8>> = (0..2 * MAX_BUFFERS).map(|_| take()).collect();
        assert!(kept.iter().all(|buffer| buffer.capacity() <= MAX_SIZE));
        assert!(kept.iter().filter(|buffer| !buffer.is_empty()).count() <= MAX_BUFFERS);
    }
}
