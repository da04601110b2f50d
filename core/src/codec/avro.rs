//! The values of batch version 1: Avro in its binary form, without container.

use crate::error::{Error, Result};
use crate::record::chunk::{Chunk, NONE, Row, Span};
use crate::record::value::Mismatch;
use crate::record::{Collector, Field, FieldType, Record, Value, decimal};

/// How many attributes one block of a map holds when writing, as official clients do.
const MAP_BLOCK: usize = 100;

/// Readers of one official client refuse values above this many bytes.
pub(crate) const LONG_VALUE: usize = 1024 * 1024;

/// Appends an Avro `int` or `long`.
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

/// Writes records, and counts values that some readers refuse.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    /// How many values were longer than [`LONG_VALUE`].
    pub(crate) long_values: usize,
    block: Vec<u8>,
}

impl Writer {
    /// Appends one record.
    pub(crate) fn push_record(&mut self, out: &mut Vec<u8>, record: &Record<'_>) -> Result<()> {
        match record.schema() {
            None => self.push_text(out, record.blob()?),
            Some(schema) => {
                for (field, value) in schema.fields().iter().zip(record.values()) {
                    self.push_value(out, field, value?)?;
                }
            }
        }
        self.push_attributes(out, record);
        Ok(())
    }

    #[inline]
    fn push_text(&mut self, out: &mut Vec<u8>, bytes: &[u8]) {
        self.long_values += usize::from(bytes.len() > LONG_VALUE);
        push_bytes(out, bytes);
    }

    #[inline]
    fn push_value(&mut self, out: &mut Vec<u8>, field: &Field, value: Value<'_>) -> Result<()> {
        if field.allow_null {
            out.push(if value.is_null() { 0 } else { 2 });
        }
        match value {
            Value::Null if field.allow_null => {}
            Value::Null => {
                return Err(Error::invalid_argument(
                    "records",
                    format_args!(
                        "field `{}`: null in a column that does not allow it",
                        field.name
                    ),
                ));
            }
            Value::TinyInt(value) => push_long(out, value.into()),
            Value::SmallInt(value) => push_long(out, value.into()),
            Value::Integer(value) => push_long(out, value.into()),
            Value::BigInt(value) | Value::Timestamp(value) => push_long(out, value),
            Value::Float(value) => out.extend_from_slice(&value.to_le_bytes()),
            Value::Double(value) => out.extend_from_slice(&value.to_le_bytes()),
            Value::Boolean(value) => out.push(value.into()),
            Value::String(text) | Value::Json(text) => self.push_text(out, text.as_bytes()),
            Value::Decimal(text) => match decimal::to_plain(text) {
                Some(plain) => self.push_text(out, plain.as_bytes()),
                None => self.push_text(out, text.as_bytes()),
            },
        }
        Ok(())
    }

    fn push_attributes(&mut self, out: &mut Vec<u8>, record: &Record<'_>) {
        let attributes = record.attributes();
        out.push(2);
        let mut count = 0;
        for (key, value) in attributes {
            push_bytes(&mut self.block, key.as_bytes());
            push_bytes(&mut self.block, value.as_bytes());
            count += 1;
            if count == MAP_BLOCK {
                self.push_block(out, &mut count);
            }
        }
        self.push_block(out, &mut count);
        out.push(0);
    }

    /// Appends a block of a map with its size.
    fn push_block(&mut self, out: &mut Vec<u8>, count: &mut usize) {
        if *count > 0 {
            push_long(out, -(*count as i64));
            push_bytes(out, &self.block);
            self.block.clear();
            *count = 0;
        }
    }
}

/// Reads a value from its bytes, which were found by [`index_records`].
#[inline]
pub(crate) fn value(field_type: FieldType, bytes: &[u8]) -> Result<Value<'_>, Mismatch> {
    let text = || str::from_utf8(bytes).map_err(|_| Mismatch::Utf8);
    Ok(match field_type {
        FieldType::String => Value::String(text()?),
        FieldType::Json => Value::Json(text()?),
        FieldType::Decimal => match text()? {
            text if decimal::is_decimal(text) => Value::Decimal(text),
            _ => return Err(Mismatch::Form),
        },
        FieldType::Float => Value::Float(f32::from_le_bytes(
            bytes.try_into().map_err(|_| Mismatch::Form)?,
        )),
        FieldType::Double => Value::Double(f64::from_le_bytes(
            bytes.try_into().map_err(|_| Mismatch::Form)?,
        )),
        FieldType::Boolean => match bytes {
            [0] => Value::Boolean(false),
            [1] => Value::Boolean(true),
            _ => return Err(Mismatch::Form),
        },
        _ => {
            let mut reader = Reader { bytes, place: 0 };
            return Value::from_integer(field_type, reader.long().map_err(|_| Mismatch::Form)?);
        }
    })
}

/// Indexes exactly `count` records of a payload into a chunk. Bytes behind them are an error.
pub(crate) fn index_records(
    chunk: &mut Chunk,
    spans: &mut Vec<Span>,
    fields: Option<&[Field]>,
    count: usize,
) -> Result<()> {
    let body = chunk.body.clone();
    let mut reader = Reader {
        bytes: &body,
        place: 0,
    };
    // Every record takes at least a byte, and so does every value: memory stays in proportion.
    if count > body.len() {
        return Err(Error::malformed(
            "the batch announces more records than it has bytes",
        ));
    }
    chunk.rows.reserve(count);
    spans.reserve((count * fields.map_or(1, <[Field]>::len)).min(body.len()));
    let mut collector = Collector::default();
    for _ in 0..count {
        let row = Row {
            entry: 0,
            values: spans.len() as u32,
            attributes: chunk.attributes.len() as u32,
            keys: NONE,
        };
        match fields {
            None => spans.push(reader.bytes()?),
            Some(fields) => {
                for field in fields {
                    spans.push(reader.field(field)?);
                }
            }
        }
        reader.attributes(
            &mut chunk.attributes,
            row.attributes as usize,
            &mut collector,
        )?;
        chunk.rows.push(row);
    }
    if reader.place != body.len() {
        return Err(Error::malformed(
            "there are bytes behind the last record of the batch",
        ));
    }
    Ok(())
}

struct Reader<'a> {
    bytes: &'a [u8],
    place: usize,
}

impl Reader<'_> {
    #[inline]
    fn long(&mut self) -> Result<i64> {
        let mut value: u64 = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.place).ok_or_else(damaged)?;
            self.place += 1;
            if shift == 63 && byte > 1 {
                return Err(damaged());
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        Err(damaged())
    }

    #[inline]
    fn take(&mut self, count: usize) -> Result<Span> {
        if count > self.bytes.len() - self.place {
            return Err(damaged());
        }
        let span = Span::new(self.place, count);
        self.place += count;
        Ok(span)
    }

    #[inline]
    fn bytes(&mut self) -> Result<Span> {
        let length = self.long()?;
        self.take(usize::try_from(length).map_err(|_| damaged())?)
    }

    #[inline]
    fn field(&mut self, field: &Field) -> Result<Span> {
        if field.allow_null {
            match self.long()? {
                0 => return Ok(Span::NULL),
                1 => {}
                _ => return Err(damaged()),
            }
        }
        match field.field_type {
            FieldType::String | FieldType::Decimal | FieldType::Json => self.bytes(),
            FieldType::Float => self.take(4),
            FieldType::Double => self.take(8),
            FieldType::Boolean => self.take(1),
            _ => {
                let start = self.place;
                self.long()?;
                Ok(Span::new(start, self.place - start))
            }
        }
    }

    fn text(&mut self) -> Result<Span> {
        let span = self.bytes()?;
        match str::from_utf8(&self.bytes[span.range()]) {
            Ok(_) => Ok(span),
            Err(_) => Err(Error::malformed(
                "an attribute of the batch is not valid UTF-8",
            )),
        }
    }

    fn attributes(
        &mut self,
        list: &mut Vec<(Span, Span)>,
        start: usize,
        collector: &mut Collector,
    ) -> Result<()> {
        match self.long()? {
            0 => return Ok(()),
            1 => {}
            _ => return Err(damaged()),
        }
        loop {
            let count = self.long()?;
            if count == 0 {
                collector.finish();
                return Ok(());
            }
            if count < 0 {
                // The size lets readers skip the block; it is not needed here.
                self.long()?;
            }
            for _ in 0..count.unsigned_abs() {
                let (key, value) = (self.text()?, self.text()?);
                collector.add(list, start, self.bytes, key, value);
            }
        }
    }
}

#[cold]
fn damaged() -> Error {
    Error::malformed("the Avro data of the batch is damaged")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longs_are_zigzag_varints() {
        for (value, bytes) in [
            (0_i64, &[0][..]),
            (-1, &[1]),
            (1, &[2]),
            (64, &[0x80, 1]),
            (i64::MAX, &[0xfe, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
            (i64::MIN, &[0xff, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
        ] {
            let mut out = Vec::new();
            push_long(&mut out, value);
            assert_eq!(out, bytes);
            assert_eq!(Reader { bytes, place: 0 }.long().unwrap(), value);
        }
    }
}
