//! Batch version 1: Avro.

use hubstream::record::{FieldType, Value};

use super::{Cells, decimal};

/// Bytes before the records.
pub(crate) const HEADER: usize = 40;

#[inline]
fn push_long(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[inline]
fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    push_long(out, bytes.len() as i64);
    out.extend_from_slice(bytes);
}

/// Appends tuples whose columns may all be null.
pub(crate) fn encode_tuples(rows: &Cells<'_>, out: &mut Vec<u8>) {
    for row in rows {
        for value in row {
            out.push(if value.is_null() { 0 } else { 2 });
            match *value {
                Value::BigInt(value) | Value::Timestamp(value) => push_long(out, value),
                Value::Double(value) => out.extend_from_slice(&value.to_le_bytes()),
                Value::Boolean(value) => out.push(value.into()),
                Value::String(text) | Value::Decimal(text) => push_bytes(out, text.as_bytes()),
                _ => {}
            }
        }
        out.extend_from_slice(&[2, 0]);
    }
}

/// Appends blobs.
pub(crate) fn encode_blobs(blobs: &[Vec<u8>], out: &mut Vec<u8>) {
    for blob in blobs {
        push_bytes(out, blob);
        out.extend_from_slice(&[2, 0]);
    }
}

#[inline]
fn long(bytes: &mut &[u8]) -> Option<i64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    None
}

#[inline]
fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

#[inline]
fn text<'a>(bytes: &mut &'a [u8]) -> Option<&'a str> {
    let length = long(bytes)? as usize;
    str::from_utf8(take(bytes, length)?).ok()
}

/// Reads tuples whose columns may all be null.
pub(crate) fn decode_tuples<'a>(
    mut bytes: &'a [u8],
    kinds: &[FieldType],
    count: usize,
    sink: &mut impl FnMut(Value<'a>),
) -> Option<()> {
    for _ in 0..count {
        for kind in kinds {
            if long(&mut bytes)? == 0 {
                sink(Value::Null);
                continue;
            }
            sink(match kind {
                FieldType::BigInt => Value::BigInt(long(&mut bytes)?),
                FieldType::Timestamp => Value::Timestamp(long(&mut bytes)?),
                FieldType::Double => {
                    let number = take(&mut bytes, 8)?.first_chunk::<8>()?;
                    Value::Double(f64::from_le_bytes(*number))
                }
                FieldType::Boolean => Value::Boolean(take(&mut bytes, 1)?[0] == 1),
                FieldType::Decimal => decimal(text(&mut bytes)?)?,
                _ => Value::String(text(&mut bytes)?),
            });
        }
        if take(&mut bytes, 2)? != [2, 0] {
            return None;
        }
    }
    bytes.is_empty().then_some(())
}

/// Reads blobs.
pub(crate) fn decode_blobs<'a>(
    mut bytes: &'a [u8],
    count: usize,
    sink: &mut impl FnMut(&'a [u8]),
) -> Option<()> {
    for _ in 0..count {
        let length = long(&mut bytes)? as usize;
        sink(take(&mut bytes, length)?);
        if take(&mut bytes, 2)? != [2, 0] {
            return None;
        }
    }
    bytes.is_empty().then_some(())
}
