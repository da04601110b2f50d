//! The checksum of frames and batches.

/// CRC-32C (Castagnoli) of some bytes.
pub fn crc32c(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
}

/// Whether bytes have the checksum that was sent. A checksum of 0 means that none was computed.
pub(crate) fn matches(sent: u32, bytes: &[u8]) -> bool {
    sent == 0 || sent == crc32c(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_check_value_of_castagnoli() {
        assert_eq!(super::crc32c(b"123456789"), 0xe306_9283);
        assert!(super::matches(0, b"x") && !super::matches(1, b"x"));
    }
}
