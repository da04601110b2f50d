//! Batch version 0: rows of 8-byte slots.

use hubstream::record::{FieldType, Value};

use super::{Cells, decimal, word};

/// Bytes before the records.
pub(crate) const HEADER: usize = 26;
/// Bytes of a record before its presence bits.
const RECORD_HEADER: usize = 20;

struct Record<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl Record<'_> {
    #[inline]
    fn begin(out: &mut Vec<u8>, version: i32, columns: usize) -> Record<'_> {
        let start = out.len();
        let mut header = [0; RECORD_HEADER + 8];
        header[4..8].copy_from_slice(&version.to_le_bytes());
        header[16..20].copy_from_slice(&(columns as u32).to_le_bytes());
        header[20..28].copy_from_slice(&((1_u64 << columns) - 1).to_le_bytes());
        out.extend_from_slice(&header);
        out.resize(out.len() + 8 * columns, 0);
        Record { out, start }
    }

    #[inline]
    fn slot(&mut self, column: usize, bytes: [u8; 8]) {
        let place = self.start + RECORD_HEADER + 8 + 8 * column;
        self.out[place..place + 8].copy_from_slice(&bytes);
    }

    #[inline]
    fn bytes(&mut self, column: usize, bytes: &[u8]) {
        let mut slot = [0; 8];
        if bytes.len() <= 7 {
            slot[..bytes.len()].copy_from_slice(bytes);
            slot[7] = 0x80 | bytes.len() as u8;
        } else {
            slot[..4].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
            slot[4..].copy_from_slice(&((self.out.len() - self.start - 16) as u32).to_le_bytes());
            self.out.extend_from_slice(bytes);
            self.out.extend_from_slice(&[0; 8][..8 - bytes.len() % 8]);
        }
        self.slot(column, slot);
    }

    #[inline]
    fn end(self) {
        let attributes = (self.out.len() - self.start) as u32;
        self.out.extend_from_slice(&[0; 4]);
        let mut sizes = [0; 8];
        sizes[..4].copy_from_slice(&(attributes + 4).to_le_bytes());
        sizes[4..].copy_from_slice(&attributes.to_le_bytes());
        self.out[self.start + 8..self.start + 16].copy_from_slice(&sizes);
    }
}

/// Appends tuples without nulls.
pub(crate) fn encode_tuples(rows: &Cells<'_>, version: i32, out: &mut Vec<u8>) {
    for row in rows {
        let mut record = Record::begin(out, version, row.len());
        for (column, value) in row.iter().enumerate() {
            match *value {
                Value::BigInt(value) | Value::Timestamp(value) => {
                    record.slot(column, value.to_le_bytes());
                }
                Value::Double(value) => record.slot(column, value.to_le_bytes()),
                Value::Boolean(value) => record.slot(column, u64::from(value).to_le_bytes()),
                Value::String(text) | Value::Decimal(text) => record.bytes(column, text.as_bytes()),
                _ => {}
            }
        }
        record.end();
    }
}

/// Appends blobs.
pub(crate) fn encode_blobs(blobs: &[Vec<u8>], out: &mut Vec<u8>) {
    for blob in blobs {
        let mut record = Record::begin(out, -1, 1);
        record.bytes(0, blob);
        record.end();
    }
}

#[inline]
fn slot_bytes<'a>(record: &'a [u8], slot: &'a [u8; 8]) -> Option<&'a [u8]> {
    if slot[7] & 0x80 != 0 {
        return slot.get(..usize::from(slot[7] & 0x7f));
    }
    let start = 16 + word(slot, 4)? as usize;
    record.get(start..start + word(slot, 0)? as usize)
}

/// One record.
struct Parts<'a> {
    /// Its bytes up to the attributes.
    values: &'a [u8],
    slots: &'a [u8],
    present: u64,
    /// What comes behind it.
    rest: &'a [u8],
}

#[inline]
fn split(bytes: &[u8]) -> Option<Parts<'_>> {
    let (record, rest) = bytes.split_at_checked(word(bytes, 8)? as usize)?;
    let (values, attributes) = record.split_at_checked(word(record, 12)? as usize)?;
    if word(record, 0)? != 0 || word(attributes, 0)? != 0 {
        return None;
    }
    let fields = word(record, 16)? as usize;
    let present = u64::from_le_bytes(*values.get(RECORD_HEADER..)?.first_chunk::<8>()?);
    let slots = values.get(RECORD_HEADER + 8..RECORD_HEADER + 8 + 8 * fields)?;
    Some(Parts {
        values,
        slots,
        present,
        rest,
    })
}

/// Reads tuples of at most 64 columns.
pub(crate) fn decode_tuples<'a>(
    mut bytes: &'a [u8],
    kinds: &[FieldType],
    count: usize,
    sink: &mut impl FnMut(Value<'a>),
) -> Option<()> {
    for _ in 0..count {
        let Parts {
            values: record,
            slots,
            present,
            rest,
        } = split(bytes)?;
        let (slots, _) = slots.as_chunks::<8>();
        for (column, (kind, slot)) in kinds.iter().zip(slots).enumerate() {
            if present >> column & 1 == 0 {
                sink(Value::Null);
                continue;
            }
            let number = u64::from_le_bytes(*slot);
            sink(match kind {
                FieldType::BigInt => Value::BigInt(number as i64),
                FieldType::Timestamp => Value::Timestamp(number as i64),
                FieldType::Double => Value::Double(f64::from_bits(number)),
                FieldType::Boolean => Value::Boolean(number == 1),
                FieldType::Decimal => decimal(str::from_utf8(slot_bytes(record, slot)?).ok()?)?,
                _ => Value::String(str::from_utf8(slot_bytes(record, slot)?).ok()?),
            });
        }
        bytes = rest;
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
        let record = split(bytes)?;
        sink(slot_bytes(record.values, record.slots.first_chunk::<8>()?)?);
        bytes = record.rest;
    }
    bytes.is_empty().then_some(())
}
