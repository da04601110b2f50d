//! Protocol buffers: the payload within the frame.

use hubstream::record::{FieldType, Value};

use super::{Cells, Told, parse};

#[inline]
fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

const fn width(value: usize) -> usize {
    ((value | 1).ilog2() as usize + 7) / 7
}

#[inline]
fn push_field(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(0x0a);
    push_varint(out, (bytes.len() + 1 + width(bytes.len())) as u64);
    out.push(0x0a);
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends the entries of a put of tuples: all are as long as a length of two bytes can tell.
pub(crate) fn encode_tuples(rows: &Cells<'_>, out: &mut Vec<u8>) {
    for row in rows {
        let start = out.len();
        out.extend_from_slice(&[0x0a, 0, 0, 0x4a, 0, 0]);
        for value in row {
            match *value {
                Value::BigInt(value) | Value::Timestamp(value) => {
                    push_field(out, itoa::Buffer::new().format(value).as_bytes());
                }
                Value::Double(value) => {
                    push_field(out, zmij::Buffer::new().format_finite(value).as_bytes());
                }
                Value::Boolean(value) => push_field(out, if value { b"true" } else { b"false" }),
                Value::String(text) | Value::Decimal(text) => push_field(out, text.as_bytes()),
                _ => out.extend_from_slice(&[0x0a, 0]),
            }
        }
        let length = out.len() - start;
        for (place, length) in [(1, length - 3), (4, length - 6)] {
            out[start + place] = length as u8 | 0x80;
            out[start + place + 1] = (length >> 7) as u8;
        }
    }
}

/// Appends the entries of a put of blobs.
pub(crate) fn encode_blobs(blobs: &[Vec<u8>], out: &mut Vec<u8>) {
    for blob in blobs {
        let inner = blob.len() + 1 + width(blob.len());
        let data = inner + 1 + width(inner);
        out.push(0x0a);
        push_varint(out, (data + 1 + width(data)) as u64);
        out.push(0x4a);
        push_varint(out, data as u64);
        push_field(out, blob);
    }
}

#[inline]
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[inline]
fn take<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = varint(bytes)?;
    let (taken, rest) = bytes.split_at_checked(length as usize)?;
    *bytes = rest;
    Some(taken)
}

/// The content of a FieldData message; no bytes and `false` for null.
#[inline]
fn field_data<'a>(data: &mut &'a [u8]) -> Option<(&'a [u8], bool)> {
    if varint(data)? != 0x0a {
        return None;
    }
    let mut field = take(data)?;
    if field.is_empty() {
        return Some((field, false));
    }
    if varint(&mut field)? != 0x0a {
        return None;
    }
    Some((take(&mut field)?, true))
}

/// Walks over the entries of a reply and gives the data of each.
#[inline]
pub(crate) fn entries<'a>(
    payload: &'a [u8],
    told: &mut Vec<Told>,
    mut each: impl FnMut(&'a [u8]) -> Option<()>,
) -> Option<()> {
    let mut bytes = payload;
    let place = |text: &[u8]| {
        (
            text.as_ptr().addr().wrapping_sub(payload.as_ptr().addr()) as u32,
            text.len() as u32,
        )
    };
    while !bytes.is_empty() {
        match varint(&mut bytes)? {
            0x22 => {
                let mut entry = take(&mut bytes)?;
                let mut known = Told::default();
                while !entry.is_empty() {
                    match varint(&mut entry)? {
                        0x22 => {
                            known.cursor =
                                place(str::from_utf8(take(&mut entry)?).ok()?.as_bytes());
                        }
                        0x2a => {
                            known.next_cursor =
                                place(str::from_utf8(take(&mut entry)?).ok()?.as_bytes());
                        }
                        0x30 => known.sequence = varint(&mut entry)? as i64,
                        0x38 => known.system_time = varint(&mut entry)? as i64,
                        0x4a => each(take(&mut entry)?)?,
                        tag if tag % 8 == 0 => _ = varint(&mut entry)?,
                        _ => return None,
                    }
                }
                told.push(known);
            }
            tag if tag % 8 == 2 => _ = take(&mut bytes)?,
            tag if tag % 8 == 0 => _ = varint(&mut bytes)?,
            _ => return None,
        }
    }
    Some(())
}

/// Reads the tuples of a reply.
pub(crate) fn decode_tuples<'a>(
    payload: &'a [u8],
    kinds: &[FieldType],
    told: &mut Vec<Told>,
    sink: &mut impl FnMut(Value<'a>),
) -> Option<()> {
    entries(payload, told, |mut data| {
        for kind in kinds {
            sink(match field_data(&mut data)? {
                (_, false) => Value::Null,
                (bytes, true) => parse(*kind, str::from_utf8(bytes).ok()?)?,
            });
        }
        data.is_empty().then_some(())
    })
}

/// Reads the blobs of a reply.
pub(crate) fn decode_blobs<'a>(
    payload: &'a [u8],
    told: &mut Vec<Told>,
    sink: &mut impl FnMut(&'a [u8]),
) -> Option<()> {
    entries(payload, told, |mut data| {
        sink(field_data(&mut data)?.0);
        data.is_empty().then_some(())
    })
}
