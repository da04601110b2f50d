//! The 128-bit key space that shards divide among themselves.

use std::fmt;

use md5::{Digest, Md5};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A point of the key space, written as 32 upper-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HashKey(pub(super) u128);

impl HashKey {
    pub(super) const MIN: Self = Self(0);
    /// End of the last shard, which owns this key as well.
    pub(super) const MAX: Self = Self(u128::MAX);

    /// Reads up to 32 hexadecimal digits in either case; missing leading digits are zeros.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits =
            (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits.then(|| u128::from_str_radix(text, 16).ok().map(Self))?
    }

    /// Reads exactly 32 hexadecimal digits.
    pub(super) fn parse_full(text: &str) -> Option<Self> {
        (text.len() == 32).then(|| Self::parse(text))?
    }

    /// The key of a partition key: the MD5 of its text.
    pub(super) fn of_partition_key(text: &str) -> Self {
        Self(u128::from_be_bytes(Md5::digest(text.as_bytes()).into()))
    }

    /// The `index`-th of the boundaries that divide the key space among `count` shards.
    pub(super) fn boundary(index: u32, count: u32) -> Self {
        match index {
            0 => Self::MIN,
            index if index >= count => Self::MAX,
            index => {
                let half = u64::MAX / u64::from(count) * u64::from(index);
                Self(u128::from(half) << 64 | u128::from(half))
            }
        }
    }

    /// The middle of a range, rounded down.
    pub(super) fn middle(begin: Self, end: Self) -> Self {
        Self(begin.0 + (end.0 - begin.0) / 2)
    }
}

impl fmt::Display for HashKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032X}", self.0)
    }
}

impl Serialize for HashKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HashKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_full(&text).ok_or_else(|| de::Error::custom("not a hash key"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_are_those_of_the_service() {
        assert_eq!(
            HashKey::boundary(1, 2).to_string(),
            "7FFFFFFFFFFFFFFF7FFFFFFFFFFFFFFF"
        );
        assert_eq!(
            HashKey::boundary(2, 3).to_string(),
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        );
        assert_eq!(
            HashKey::boundary(1, 4).to_string(),
            "3FFFFFFFFFFFFFFF3FFFFFFFFFFFFFFF"
        );
        assert_eq!(
            HashKey::boundary(2, 4).to_string(),
            "7FFFFFFFFFFFFFFE7FFFFFFFFFFFFFFE"
        );
        assert_eq!(
            HashKey::boundary(3, 4).to_string(),
            "BFFFFFFFFFFFFFFDBFFFFFFFFFFFFFFD"
        );
        assert_eq!(
            HashKey::boundary(1, 5).to_string(),
            "33333333333333333333333333333333"
        );
        assert_eq!(HashKey::boundary(0, 5), HashKey::MIN);
        assert_eq!(HashKey::boundary(5, 5).to_string(), "F".repeat(32));
    }

    #[test]
    fn partition_keys_are_hashed() {
        assert_eq!(
            HashKey::of_partition_key("pk").to_string(),
            "1CD3C693132F4C31B5B5E5F4C5EED6BD"
        );
        assert_eq!(
            HashKey::of_partition_key("TestPartitionKey").to_string(),
            "D35FF28CDBE14E231C8905A4AA9DE634"
        );
    }

    #[test]
    fn the_middle_is_the_one_that_clients_compute() {
        let middle = HashKey::middle(HashKey::MIN, HashKey::boundary(1, 2));
        assert_eq!(middle.to_string(), "3FFFFFFFFFFFFFFFBFFFFFFFFFFFFFFF");
    }

    #[test]
    fn short_and_lower_case_keys_are_read() {
        assert_eq!(HashKey::parse("3fff"), Some(HashKey(0x3fff)));
        assert_eq!(HashKey::parse_full("3fff"), None);
        for bad in ["", "+f", "0x1", "G", &"F".repeat(33)] {
            assert_eq!(HashKey::parse(bad), None, "{bad}");
        }
    }
}
