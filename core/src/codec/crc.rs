//! The checksum of frames and batches.

/// CRC-32C (Castagnoli) of some bytes.
pub fn crc32c(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
}

/// Whether bytes have the checksum that was sent. A checksum of 0 means that none was computed.
pub(crate) fn matches(sent: u32, bytes: &[u8]) -> bool {
    sent == 0 || sent == crc32c(bytes)
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
