//! The older layout of batches: a header of 26 bytes, then rows with a slot of 8 bytes for every value.

use std::borrow::Cow;

use super::binary::Binary;
use super::{Malformed, Row};
use crate::datahub::value::ColumnType;

/// Bytes of a row before its presence bits.
const ROW_HEADER: usize = 20;

/// Where the offsets of long values count from.
const OFFSET_BASE: usize = 16;

/// Most bytes of a value in its own slot.
const SHORT: usize = 7;

/// A row as it lies in a payload.
pub(super) struct RawRow<'a> {
    pub(super) schema_version: i32,
    bytes: &'a [u8],
    attributes: usize,
    /// 0 if the writer does not say.
    fields: usize,
}

/// Divides a payload into its rows.
pub(super) fn rows(mut payload: &[u8], count: usize) -> Result<Vec<RawRow<'_>>, Malformed> {
    let mut rows = Vec::new();
    for _ in 0..count {
        let size = usize_at(payload, 8)?;
        if size < ROW_HEADER || i32_at(payload, 0)? != 0 {
            return Err(Malformed);
        }
        let bytes = payload.get(..size).ok_or(Malformed)?;
        rows.push(RawRow {
            schema_version: i32_at(bytes, 4)?,
            bytes,
            attributes: usize_at(bytes, 12)?,
            fields: usize_at(bytes, 16)?,
        });
        payload = &payload[size..];
    }
    if payload.is_empty() {
        Ok(rows)
    } else {
        Err(Malformed)
    }
}

impl<'a> RawRow<'a> {
    /// Reads the values of the given columns and the attributes; columns that the row lacks are null.
    pub(super) fn read(&self, kinds: &[ColumnType]) -> Result<Row<'a>, Malformed> {
        // The official client for Java never says how many columns it wrote: all that the schema has.
        let fields = if self.fields == 0 {
            kinds.len()
        } else {
            self.fields
        };
        let bits = presence_bytes(fields)?;
        let mut values = Vec::with_capacity(kinds.len());
        for (index, kind) in kinds.iter().enumerate() {
            let present = index < fields && {
                let byte = *self.bytes.get(ROW_HEADER + index / 8).ok_or(Malformed)?;
                byte >> (index % 8) & 1 == 1
            };
            values.push(if present {
                self.value(*kind, ROW_HEADER + bits + 8 * index)?
            } else {
                Binary::Null
            });
        }
        Ok(Row {
            values,
            attributes: self.read_attributes()?,
        })
    }

    fn value(&self, kind: ColumnType, at: usize) -> Result<Binary<'a>, Malformed> {
        let slot: &[u8; 8] = self
            .bytes
            .get(at..)
            .and_then(|rest| rest.first_chunk())
            .ok_or(Malformed)?;
        let number = i64::from_le_bytes(*slot);
        Ok(match kind {
            ColumnType::TinyInt => Binary::Integer(i64::from(number as i8)),
            ColumnType::SmallInt => Binary::Integer(i64::from(number as i16)),
            ColumnType::Integer => Binary::Integer(i64::from(number as i32)),
            ColumnType::BigInt | ColumnType::Timestamp => Binary::Integer(number),
            ColumnType::Boolean => Binary::Boolean(slot[0] != 0),
            ColumnType::Float => Binary::Float(f32::from_bits(number as u32)),
            ColumnType::Double => Binary::Double(f64::from_bits(number as u64)),
            ColumnType::String | ColumnType::Decimal | ColumnType::Json => {
                Binary::Bytes(Cow::Borrowed(self.text(at)?))
            }
        })
    }

    fn text(&self, at: usize) -> Result<&'a [u8], Malformed> {
        let slot = self.bytes.get(at..at + 8).ok_or(Malformed)?;
        if slot[SHORT] & 0x80 != 0 {
            return slot[..SHORT]
                .get(..(slot[SHORT] & 0x7f) as usize)
                .ok_or(Malformed);
        }
        let (len, offset) = (usize_at(slot, 0)?, usize_at(slot, 4)?);
        let start = OFFSET_BASE.checked_add(offset).ok_or(Malformed)?;
        self.bytes
            .get(start..)
            .and_then(|rest| rest.get(..len))
            .ok_or(Malformed)
    }

    fn read_attributes(&self) -> Result<Vec<(&'a str, &'a str)>, Malformed> {
        let mut rest = self.bytes.get(self.attributes..).ok_or(Malformed)?;
        let count = usize_at(rest, 0)?;
        rest = &rest[4..];
        let mut text = || -> Result<&'a str, Malformed> {
            let len = usize_at(rest, 0)?;
            let text = rest[4..].get(..len).ok_or(Malformed)?;
            rest = &rest[4 + len..];
            std::str::from_utf8(text).map_err(|_| Malformed)
        };
        let mut attributes = Vec::new();
        for _ in 0..count {
            attributes.push((text()?, text()?));
        }
        Ok(attributes)
    }
}

fn presence_bytes(fields: usize) -> Result<usize, Malformed> {
    fields.div_ceil(64).checked_mul(8).ok_or(Malformed)
}

fn i32_at(bytes: &[u8], at: usize) -> Result<i32, Malformed> {
    let bytes = bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .ok_or(Malformed)?;
    Ok(i32::from_le_bytes(*bytes))
}

fn usize_at(bytes: &[u8], at: usize) -> Result<usize, Malformed> {
    usize::try_from(i32_at(bytes, at)?).map_err(|_| Malformed)
}

/// A batch of rows, uncompressed.
pub(super) fn encode(rows: &[Row<'_>], schema_version: i32) -> Vec<u8> {
    let mut payload = Vec::new();
    for row in rows {
        put_row(&mut payload, row, schema_version);
    }
    let mut batch = b"DHUB\0\0\0\0".to_vec();
    batch.extend_from_slice(&(26 + payload.len() as u32).to_le_bytes());
    batch.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    batch.extend_from_slice(&crc32c::crc32c(&payload).to_le_bytes());
    // Official writers set this bit besides those of the compression.
    batch.extend_from_slice(&8_u16.to_le_bytes());
    batch.extend_from_slice(&(rows.len() as u32).to_le_bytes());
    batch.extend_from_slice(&payload);
    batch
}

fn put_row(payload: &mut Vec<u8>, row: &Row<'_>, schema_version: i32) {
    let fields = row.values.len();
    let bits = fields.div_ceil(64) * 8;
    let variable = ROW_HEADER + bits + 8 * fields;
    let mut slots = vec![0; bits];
    let mut long = Vec::new();
    for (index, value) in row.values.iter().enumerate() {
        if *value != Binary::Null {
            slots[index / 8] |= 1 << (index % 8);
        }
        let slot = slot(value, variable - OFFSET_BASE, &mut long);
        slots.extend_from_slice(&slot);
    }
    let mut attributes = (row.attributes.len() as i32).to_le_bytes().to_vec();
    for text in row.attributes.iter().flat_map(|(key, value)| [key, value]) {
        attributes.extend_from_slice(&(text.len() as i32).to_le_bytes());
        attributes.extend_from_slice(text.as_bytes());
    }
    let at = variable + long.len();
    for word in [
        0,
        schema_version,
        (at + attributes.len()) as i32,
        at as i32,
        fields as i32,
    ] {
        payload.extend_from_slice(&word.to_le_bytes());
    }
    payload.extend_from_slice(&slots);
    payload.extend_from_slice(&long);
    payload.extend_from_slice(&attributes);
}

fn slot(value: &Binary<'_>, base: usize, long: &mut Vec<u8>) -> [u8; 8] {
    match value {
        Binary::Null => [0; 8],
        Binary::Integer(number) => number.to_le_bytes(),
        Binary::Float(number) => u64::from(number.to_bits()).to_le_bytes(),
        Binary::Double(number) => number.to_le_bytes(),
        Binary::Boolean(value) => u64::from(*value).to_le_bytes(),
        Binary::Bytes(bytes) if bytes.len() <= SHORT => {
            let mut slot = [0; 8];
            slot[..bytes.len()].copy_from_slice(bytes);
            slot[SHORT] = 0x80 | bytes.len() as u8;
            slot
        }
        Binary::Bytes(bytes) => {
            let place = [bytes.len() as u32, (base + long.len()) as u32];
            long.extend_from_slice(bytes);
            // Always at least one byte of padding.
            long.resize(long.len() / 8 * 8 + 8, 0);
            (u64::from(place[0]) | u64::from(place[1]) << 32).to_le_bytes()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_does_not_count_its_columns_has_those_of_the_schema() {
        let row = Row {
            values: vec![
                Binary::Integer(1),
                Binary::Null,
                Binary::Bytes(Cow::Borrowed(b"more than a slot")),
            ],
            attributes: vec![("key", "value")],
        };
        let mut payload = Vec::new();
        put_row(&mut payload, &row, 0);
        assert_eq!(payload[16..20], [3, 0, 0, 0]);
        payload[16] = 0;
        let kinds = [ColumnType::BigInt, ColumnType::BigInt, ColumnType::String];
        let read = |kinds: &[ColumnType]| rows(&payload, 1).and_then(|rows| rows[0].read(kinds));
        let got = read(&kinds).expect("a row");
        assert_eq!(got.values, row.values);
        assert_eq!(got.attributes, row.attributes);
        assert_eq!(read(&[ColumnType::BigInt; 100]).err(), Some(Malformed));
    }

    /// The payload of one row of BIGINT, every third of which is null.
    fn row(fields: usize) -> (Vec<u8>, Vec<Binary<'static>>) {
        let values: Vec<_> = (0..fields)
            .map(|index| match index % 3 {
                0 => Binary::Null,
                _ => Binary::Integer(index as i64),
            })
            .collect();
        let row = Row {
            values: values.clone(),
            attributes: Vec::new(),
        };
        let mut payload = Vec::new();
        put_row(&mut payload, &row, 0);
        (payload, values)
    }

    #[test]
    fn presence_bits_take_eight_bytes_for_sixty_four_columns() {
        for (fields, bits) in [(1, 8), (63, 8), (64, 8), (65, 16), (128, 16), (129, 24)] {
            let (payload, values) = row(fields);
            // Behind the slots there is only the number of attributes.
            assert_eq!(
                payload.len(),
                ROW_HEADER + bits + 8 * fields + 4,
                "{fields}"
            );
            for (index, value) in values.iter().enumerate() {
                let bit = payload[ROW_HEADER + index / 8] >> (index % 8) & 1 == 1;
                assert_eq!(bit, *value != Binary::Null, "{index} of {fields}");
            }
            let kinds = vec![ColumnType::BigInt; fields];
            let rows = rows(&payload, 1).expect("a row");
            assert_eq!(rows[0].read(&kinds).expect("values").values, values);
        }
    }

    #[test]
    fn presence_bits_of_columns_that_a_row_lacks_say_nothing() {
        let (mut payload, mut values) = row(5);
        payload[ROW_HEADER..ROW_HEADER + 8].fill(0xff);
        values
            .iter_mut()
            .step_by(3)
            .for_each(|value| *value = Binary::Integer(0));
        values.resize(70, Binary::Null);
        let rows = rows(&payload, 1).expect("a row");
        let read = rows[0].read(&[ColumnType::BigInt; 70]).expect("values");
        assert_eq!(read.values, values);
    }
}
