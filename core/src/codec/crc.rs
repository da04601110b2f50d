//! The checksum of frames and batches.

/// CRC-32C (Castagnoli) of some bytes.
pub fn crc32c(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
}

/// Whether bytes have the checksum that was sent. A checksum of 0 means that none was computed.
pub(crate) fn matches(sent: u32, bytes: &[u8]) -> bool {
    sent == 0 || sent == crc32c(bytes)
}

/// The checksum of bytes that are being written, computed while they are still in the nearest memory.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Running {
    crc: u32,
    done: usize,
}

/// The library takes 24 KiB in one go, from a multiple of 8 bytes on.
const STEP: usize = 24 * 1024 + 8;

impl Running {
    /// Goes on if enough was written. What was written before must not change any more.
    #[inline]
    pub(crate) fn follow(&mut self, written: &[u8]) {
        if written.len() - self.done >= STEP {
            self.go_on(written);
        }
    }

    #[inline(never)]
    fn go_on(&mut self, written: &[u8]) {
        for step in written[self.done..].chunks_exact(STEP) {
            self.add(step);
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        self.crc = crc32c::crc32c_append(self.crc, bytes);
        self.done += bytes.len();
    }

    /// The checksum of all that was written.
    pub(crate) fn end(mut self, written: &[u8]) -> u32 {
        self.add(&written[self.done..]);
        self.crc
    }
}

/// The checksum of bytes in two pieces, from those of the pieces and the length of the second one.
///
/// A checksum is the remainder of a polynomial; so many bytes behind it multiply it by a power of x. The library's own
/// function for this takes as long as computing the checksum of a whole batch again.
pub(crate) fn joined(first: u32, second: u32, second_length: usize) -> u32 {
    let mut product = first;
    let mut rest = second_length;
    for power in &POWERS {
        if rest == 0 {
            break;
        }
        if rest & 1 == 1 {
            product = multiplied(*power, product);
        }
        rest >>= 1;
    }
    product ^ second
}

/// The polynomial of Castagnoli, its highest power in the lowest bit, as in all remainders here.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// x⁸, x¹⁶, x³² …: by what 1, 2, 4 … bytes multiply.
const POWERS: [u32; usize::BITS as usize] = {
    let mut powers = [1 << (31 - 8); usize::BITS as usize];
    let mut place = 1;
    while place < powers.len() {
        powers[place] = multiplied(powers[place - 1], powers[place - 1]);
        place += 1;
    }
    powers
};

/// The remainder of the product of two remainders.
const fn multiplied(one: u32, mut other: u32) -> u32 {
    let mut product = 0;
    let mut bit = 32;
    while bit > 0 {
        bit -= 1;
        if one >> bit & 1 == 1 {
            product ^= other;
        }
        other = other >> 1 ^ if other & 1 == 1 { POLYNOMIAL } else { 0 };
    }
    product
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_of_what_is_written_is_that_of_all() {
        let bytes: Vec<u8> = (0..4 * super::STEP as u32)
            .map(|number| (number.wrapping_mul(number) >> 3) as u8)
            .collect();
        for step in [
            1,
            7,
            440,
            1037,
            super::STEP - 1,
            super::STEP,
            2 * super::STEP + 1,
        ] {
            let mut running = super::Running::default();
            for end in (0..bytes.len()).step_by(step) {
                running.follow(&bytes[..end]);
            }
            for all in [bytes.len(), bytes.len() - bytes.len() % step] {
                assert_eq!(
                    running.end(&bytes[..all]),
                    super::crc32c(&bytes[..all]),
                    "{step}"
                );
            }
        }
    }

    #[test]
    fn pieces_are_joined() {
        let bytes: Vec<u8> = (0..5_000_u32)
            .map(|number| (number * number) as u8)
            .collect();
        for length in [0, 1, 2, 7, 255, 256, 257, 4096, 4999, 5000] {
            for place in [0, 1, length / 3, length] {
                let (first, second) = bytes[..length].split_at(place.min(length));
                assert_eq!(
                    super::joined(super::crc32c(first), super::crc32c(second), second.len()),
                    super::crc32c(&bytes[..length]),
                    "{place} of {length}"
                );
            }
        }
    }

    #[test]
    fn the_check_value_of_castagnoli() {
        assert_eq!(super::crc32c(b"123456789"), 0xe306_9283);
        assert!(super::matches(0, b"x") && !super::matches(1, b"x"));
    }
}
