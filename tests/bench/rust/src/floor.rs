//! What no client can go below: the same bytes written and read by loops that know nothing else.
//!
//! The loops take the types of the columns at run time, as a client must, check every length and all UTF-8, and
//! use no `unsafe`. They know that there are no attributes and no routing keys, write into memory that is
//! used again, read records without keeping an index, and have no way to tell what is wrong with damaged input.

pub(crate) mod batch0;
pub(crate) mod batch1;
pub(crate) mod json;
pub(crate) mod protobuf;
#[cfg(feature = "http")]
pub(crate) mod socket;

use hubstream::record::{FieldType, Value};

/// Values of the rows, one after the other.
pub(crate) type Cells<'a> = Vec<[Value<'a>; 10]>;

/// What a reply tells of a record beside its values.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    /// Sequence number.
    pub(crate) sequence: i64,
    /// Time of storing.
    pub(crate) system_time: i64,
    /// Where the cursor lies.
    pub(crate) cursor: (u32, u32),
    /// Where the next cursor lies.
    pub(crate) next_cursor: (u32, u32),
}

/// The value of a type from its text.
#[inline]
pub(crate) fn parse(kind: FieldType, text: &str) -> Option<Value<'_>> {
    Some(match kind {
        FieldType::String => Value::String(text),
        FieldType::Decimal => decimal(text)?,
        FieldType::BigInt => Value::BigInt(text.parse().ok()?),
        FieldType::Timestamp => Value::Timestamp(text.parse().ok()?),
        FieldType::Double => Value::Double(text.parse().ok()?),
        FieldType::Boolean => Value::Boolean(match text {
            "true" => true,
            "false" => false,
            _ => return None,
        }),
        _ => return None,
    })
}

/// A DECIMAL, checked.
#[inline]
pub(crate) fn decimal(text: &str) -> Option<Value<'_>> {
    let is_part =
        |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E');
    text.bytes().all(is_part).then_some(Value::Decimal(text))
}

/// A little-endian word.
#[inline]
pub(crate) fn word(bytes: &[u8], place: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(place..)?.first_chunk::<4>()?))
}
