//! The newer layout of batches: a header of 40 bytes, then Avro records without a container.

use std::borrow::Cow;

use super::binary::Binary;
use super::{Malformed, Row};
use crate::datahub::schema::Column;
use crate::datahub::value::ColumnType;

/// Attributes of one block when writing.
const BLOCK: usize = 100;

/// Reads the records of a payload; without columns they are blobs.
pub(super) fn read<'a>(
    payload: &'a [u8],
    count: usize,
    columns: Option<&[Column]>,
) -> Result<Vec<Row<'a>>, Malformed> {
    let mut reader = Reader { rest: payload };
    let mut rows = Vec::new();
    for _ in 0..count {
        let values = match columns {
            None => vec![Binary::Bytes(Cow::Borrowed(reader.bytes()?))],
            Some(columns) => columns
                .iter()
                .map(|column| reader.column(column))
                .collect::<Result<_, _>>()?,
        };
        rows.push(Row {
            values,
            attributes: reader.attributes()?,
        });
    }
    if reader.rest.is_empty() {
        Ok(rows)
    } else {
        Err(Malformed)
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    fn long(&mut self) -> Result<i64, Malformed> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((number >> 1) as i64 ^ -((number & 1) as i64));
            }
        }
        Err(Malformed)
    }

    fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let len = usize::try_from(self.long()?).map_err(|_| Malformed)?;
        self.take(len)
    }

    fn text(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }

    /// Whether a value follows where there may be null.
    fn present(&mut self) -> Result<bool, Malformed> {
        match self.long()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }

    fn column(&mut self, column: &Column) -> Result<Binary<'a>, Malformed> {
        if !column.notnull && !self.present()? {
            return Ok(Binary::Null);
        }
        Ok(match column.kind {
            ColumnType::Float => Binary::Float(f32::from_le_bytes(
                self.take(4)?.try_into().map_err(|_| Malformed)?,
            )),
            ColumnType::Double => Binary::Double(f64::from_le_bytes(
                self.take(8)?.try_into().map_err(|_| Malformed)?,
            )),
            ColumnType::Boolean => match self.take(1)?[0] {
                0 => Binary::Boolean(false),
                1 => Binary::Boolean(true),
                _ => return Err(Malformed),
            },
            ColumnType::String | ColumnType::Decimal | ColumnType::Json => {
                Binary::Bytes(Cow::Borrowed(self.bytes()?))
            }
            _ => Binary::Integer(self.long()?),
        })
    }

    fn attributes(&mut self) -> Result<Vec<(&'a str, &'a str)>, Malformed> {
        let mut attributes = Vec::new();
        if !self.present()? {
            return Ok(attributes);
        }
        loop {
            let mut count = self.long()?;
            if count == 0 {
                return Ok(attributes);
            }
            if count < 0 {
                // The size of the block, which is of use only for skipping it.
                self.long()?;
                count = count.checked_neg().ok_or(Malformed)?;
            }
            for _ in 0..count {
                attributes.push((self.text()?, self.text()?));
            }
        }
    }
}

/// A batch of records, uncompressed; without columns they are blobs.
pub(super) fn encode(rows: &[Row<'_>], columns: Option<&[Column]>, schema_version: i32) -> Vec<u8> {
    let mut payload = Vec::new();
    for row in rows {
        for (index, value) in row.values.iter().enumerate() {
            let nullable = columns
                .is_some_and(|columns| columns.get(index).is_none_or(|column| !column.notnull));
            put_value(&mut payload, value, nullable);
        }
        put_attributes(&mut payload, &row.attributes);
    }
    let mut batch = b"DHUB\x01\0\0\0".to_vec();
    batch.extend_from_slice(&(40 + payload.len() as u32).to_le_bytes());
    batch.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    batch.extend_from_slice(&crc32c::crc32c(&payload).to_le_bytes());
    // No compression; the data is Avro.
    batch.extend_from_slice(&[0, 0, 2, 0]);
    batch.extend_from_slice(&schema_version.to_le_bytes());
    batch.extend_from_slice(&40_u32.to_le_bytes());
    batch.extend_from_slice(&(rows.len() as u32).to_le_bytes());
    batch.extend_from_slice(&(columns.map_or(0, <[Column]>::len) as u32).to_le_bytes());
    batch.extend_from_slice(&payload);
    batch
}

fn put_long(payload: &mut Vec<u8>, number: i64) {
    crate::datahub::wire::put_number(payload, ((number << 1) ^ (number >> 63)) as u64);
}

fn put_bytes(payload: &mut Vec<u8>, bytes: &[u8]) {
    put_long(payload, bytes.len() as i64);
    payload.extend_from_slice(bytes);
}

fn put_value(payload: &mut Vec<u8>, value: &Binary<'_>, nullable: bool) {
    if nullable {
        put_long(payload, i64::from(*value != Binary::Null));
    }
    match value {
        Binary::Null => {}
        Binary::Integer(number) => put_long(payload, *number),
        Binary::Float(number) => payload.extend_from_slice(&number.to_le_bytes()),
        Binary::Double(number) => payload.extend_from_slice(&number.to_le_bytes()),
        Binary::Boolean(value) => payload.push(u8::from(*value)),
        Binary::Bytes(bytes) => put_bytes(payload, bytes),
    }
}

fn put_attributes(payload: &mut Vec<u8>, attributes: &[(&str, &str)]) {
    put_long(payload, 1);
    for block in attributes.chunks(BLOCK) {
        let mut pairs = Vec::new();
        for text in block.iter().flat_map(|(key, value)| [key, value]) {
            put_bytes(&mut pairs, text.as_bytes());
        }
        put_long(payload, -(block.len() as i64));
        put_long(payload, pairs.len() as i64);
        payload.extend_from_slice(&pairs);
    }
    put_long(payload, 0);
}
