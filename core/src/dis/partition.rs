//! Partition ids, partition keys and hash ranges.

use md5::{Digest, Md5};

/// The largest hash, 2^63 − 1.
pub const MAX_HASH: u64 = i64::MAX as u64;

const LONG_PREFIX: &str = "shardId-";

/// The number of a partition id in either form, `0` or `shardId-0000000000`; nothing if the text is neither.
pub fn parse_partition_id(text: &str) -> Option<u32> {
    let digits = text.strip_prefix(LONG_PREFIX).unwrap_or(text);
    if digits.is_empty() || digits.len() > 10 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// The long form of a partition id, as in `shardId-0000000000`.
pub fn partition_id(number: u32) -> String {
    format!("{LONG_PREFIX}{number:010}")
}

/// The hash of a partition key: the first eight bytes of its MD5, most significant first, without the sign bit.
pub fn partition_key_hash(key: &str) -> u64 {
    let digest = Md5::digest(key.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first) & MAX_HASH
}

/// Which of `count` equal parts of the hash space a hash belongs to, from 0.
///
/// `count` must be at least 1; 0 counts as 1.
pub fn partition_index(hash: u64, count: u32) -> u32 {
    let count = u64::from(count.max(1));
    let index = (hash / (MAX_HASH / count)).min(count - 1);
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// The first and the last hash of part `index` of `count` equal parts of the hash space.
pub fn hash_range(index: u32, count: u32) -> (u64, u64) {
    let width = MAX_HASH / u64::from(count.max(1));
    let first = u64::from(index) * width;
    let last = if index + 1 >= count {
        MAX_HASH
    } else {
        first + width - 1
    };
    (first, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_an_id_are_read() {
        assert_eq!(parse_partition_id("0"), Some(0));
        assert_eq!(parse_partition_id("shardId-0000000012"), Some(12));
        for wrong in [
            "",
            "-1",
            "shardId-",
            "shard-1",
            "shardId-00000000000",
            "1a",
            "+1",
            "9999999999",
        ] {
            assert_eq!(parse_partition_id(wrong), None, "{wrong}");
        }
        assert_eq!(partition_id(7), "shardId-0000000007");
    }

    #[test]
    fn the_last_range_ends_at_the_largest_hash() {
        for count in 1..60 {
            for index in 0..count {
                let (first, last) = hash_range(index, count);
                assert_eq!(partition_index(first, count), index);
                assert_eq!(partition_index(last, count), index);
            }
            assert_eq!(hash_range(count - 1, count).1, MAX_HASH);
        }
    }
}
