//! Memory for bodies that are compressed and then not needed any more.
//!
//! A body of 1000 records is large enough that the allocator gives its memory back to the system each time; taking it
//! anew, page by page, would cost as much as writing the records.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// How many buffers are kept for the whole process.
const MAX_BUFFERS: usize = 4;
/// Larger buffers are not kept: 2 MiB.
const MAX_CAPACITY: usize = 2 * 1024 * 1024;

static BUFFERS: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// An empty buffer, with memory if some was given back.
pub(crate) fn take() -> Vec<u8> {
    let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
    buffers.pop().unwrap_or_default()
}

/// Keeps the memory of bytes that nobody else uses.
pub(crate) fn give(bytes: Bytes) {
    if !bytes.is_unique() {
        return;
    }
    let mut buffer = Vec::from(bytes);
    if buffer.capacity() > MAX_CAPACITY {
        return;
    }
    buffer.clear();
    let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
    if buffers.len() < MAX_BUFFERS {
        buffers.push(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_and_large_buffers_are_not_kept() {
        let shared = Bytes::from(vec![1; 100]);
        give(shared.clone());
        assert_eq!(shared, vec![1; 100]);
        give(vec![0; MAX_CAPACITY + 1].into());
        for _ in 0..2 * MAX_BUFFERS {
            give(vec![2; 1000].into());
        }
        let kept: Vec<Vec<u8>> = (0..2 * MAX_BUFFERS).map(|_| take()).collect();
        assert!(
            kept.iter()
                .all(|buffer| buffer.is_empty() && buffer.capacity() <= MAX_CAPACITY)
        );
    }
}
