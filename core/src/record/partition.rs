//! Choosing the shard of a record.

use md5::{Digest, Md5};

/// FNV-1a with 32 bits: offset basis.
const FNV_BASIS: u32 = 0x811c_9dc5;
/// FNV-1a with 32 bits: prime.
const FNV_PRIME: u32 = 0x0100_0193;

/// How the shards of a topic divide its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicMode {
    /// Shards own ranges of hash keys and can be split and merged.
    Split,
    /// Shards are numbered and can only be added.
    Extend,
}

/// What the choice needs to know about an active shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardRange<'a> {
    /// The id, a decimal number.
    pub shard_id: &'a str,
    /// The first hash key of the shard, 32 hexadecimal digits; empty in topics that can only be extended.
    pub begin_hash_key: &'a str,
}

/// The FNV-1a hash of some bytes, with 32 bits.
pub fn fnv1a_32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(FNV_BASIS, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(FNV_PRIME)
    })
}

/// The MD5 hash of a partition key as 32 upper-case hexadecimal digits: its hash key.
pub fn md5_hex(key: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digest = Md5::digest(key.as_bytes());
    digest
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|half| char::from(DIGITS[usize::from(half)]))
        .collect()
}

/// The shard for a partition key among the active shards; `None` when there is no shard.
///
/// The rule is that of the service's own clients, so that the same key meets the same shard.
pub fn shard_for_partition_key<'a>(
    mode: TopicMode,
    shards: &[ShardRange<'a>],
    key: &str,
) -> Option<&'a str> {
    match mode {
        TopicMode::Split => shard_for_hash_key(shards, &md5_hex(key)),
        TopicMode::Extend => {
            let mut ids: Vec<&str> = shards.iter().map(|shard| shard.shard_id).collect();
            ids.sort_by(|a, b| numeric(a).cmp(&numeric(b)).then_with(|| a.cmp(b)));
            let count = u32::try_from(ids.len()).ok().filter(|count| *count > 0)?;
            ids.get((fnv1a_32(key.as_bytes()) % count) as usize)
                .copied()
        }
    }
}

/// The shard whose range holds a hash key of 32 hexadecimal digits in any case; `None` when there is no shard.
///
/// A key before all ranges belongs to the first shard.
pub fn shard_for_hash_key<'a>(shards: &[ShardRange<'a>], hash_key: &str) -> Option<&'a str> {
    let hash_key = hash_key.to_ascii_uppercase();
    let mut sorted: Vec<(String, &str)> = shards
        .iter()
        .map(|shard| (shard.begin_hash_key.to_ascii_uppercase(), shard.shard_id))
        .collect();
    sorted.sort();
    let place = sorted.partition_point(|(begin, _)| *begin <= hash_key);
    sorted
        .get(place.saturating_sub(1))
        .map(|(_, shard_id)| *shard_id)
}

/// Orders ids as numbers whatever their length: by the count of digits, then by the digits.
fn numeric(id: &str) -> (usize, &str) {
    let digits = id.trim_start_matches('0');
    (digits.len(), digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARDS: [ShardRange<'static>; 3] = [
        ShardRange {
            shard_id: "10",
            begin_hash_key: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        },
        ShardRange {
            shard_id: "2",
            begin_hash_key: "55555555555555555555555555555555",
        },
        ShardRange {
            shard_id: "0",
            begin_hash_key: "10000000000000000000000000000000",
        },
    ];

    #[test]
    fn ranges_are_found_whatever_the_order_and_case() {
        let of = |key| shard_for_hash_key(&SHARDS, key);
        assert_eq!(of("00000000000000000000000000000000"), Some("0"));
        assert_eq!(of("55555555555555555555555555555555"), Some("2"));
        assert_eq!(of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9"), Some("2"));
        assert_eq!(of("ffffffffffffffffffffffffffffffff"), Some("10"));
        assert_eq!(shard_for_hash_key(&[], "0"), None);
        assert_eq!(shard_for_partition_key(TopicMode::Extend, &[], "0"), None);
    }

    #[test]
    fn extended_topics_count_shards_in_numeric_order() {
        let key = "user";
        let expected = ["0", "2", "10"][(fnv1a_32(key.as_bytes()) % 3) as usize];
        assert_eq!(
            shard_for_partition_key(TopicMode::Extend, &SHARDS, key),
            Some(expected)
        );
    }
}
