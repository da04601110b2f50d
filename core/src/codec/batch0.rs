//! The records of batch version 0: rows of 8-byte slots.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::record::atom::{Atom, check_null};
use crate::record::chunk::{Chunk, NONE, Row, Span};
use crate::record::value::{Mismatch, utf8};
use crate::record::{Collector, FieldType, Record, RecordSchema, Value, decimal};

/// The bytes before the presence bits of a record.
const RECORD_HEADER: usize = 20;
/// Offsets of texts count from here in a record.
const OFFSET_BASE: usize = 16;
/// Bytes up to this many are kept in the slot itself.
const INLINE: usize = 7;
/// Marks a slot that holds the bytes themselves, in its last byte.
const INLINE_MARK: u8 = 0x80;

/// The size of the presence bits of so many fields.
const fn bitmap_size(fields: usize) -> usize {
    fields.div_ceil(64) * 8
}

/// Appends one record.
pub(crate) fn push_record(
    out: &mut Vec<u8>,
    record: &Record<'_>,
    schema_version: i32,
) -> Result<()> {
    let start = out.len();
    let count = record.schema().map_or(1, |schema| schema.len());
    let fixed = RECORD_HEADER + bitmap_size(count) + 8 * count;
    out.resize(start + fixed, 0);
    out[start + 4..start + 8].copy_from_slice(&schema_version.to_le_bytes());
    out[start + 16..start + 20].copy_from_slice(&(count as u32).to_le_bytes());
    let mut writer = SlotWriter {
        out,
        start,
        first: start + RECORD_HEADER + bitmap_size(count),
    };
    if record.schema().is_none() {
        writer.present(0);
        writer.bytes(0, record.blob()?)?;
    } else {
        let mut column = 0;
        record.each_atom(|field, atom| {
            column += 1;
            if matches!(atom, Atom::Null) {
                return check_null(field);
            }
            writer.atom(column - 1, atom)
        })?;
    }
    let attributes_at = out.len() - start;
    push_attributes(out, record)?;
    let total = out.len() - start;
    for (place, size) in [(8, total), (12, attributes_at)] {
        let size = i32::try_from(size).map_err(|_| too_large())?;
        out[start + place..start + place + 4].copy_from_slice(&size.to_le_bytes());
    }
    Ok(())
}

fn push_attributes(out: &mut Vec<u8>, record: &Record<'_>) -> Result<()> {
    let attributes = record.attributes();
    out.extend_from_slice(&(attributes.len() as u32).to_le_bytes());
    for (key, value) in attributes {
        for text in [key, value] {
            let length = i32::try_from(text.len()).map_err(|_| too_large())?;
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
    }
    Ok(())
}

#[cold]
fn too_large() -> Error {
    Error::invalid_argument("record_list", "a record must be smaller than 2 GiB")
}

struct SlotWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Where the record begins.
    start: usize,
    /// Where the slots begin.
    first: usize,
}

impl SlotWriter<'_> {
    #[inline]
    fn present(&mut self, column: usize) {
        self.out[self.start + RECORD_HEADER + column / 8] |= 1 << (column % 8);
    }

    #[inline]
    fn slot(&mut self, column: usize, bytes: [u8; 8]) {
        let place = self.first + 8 * column;
        self.out[place..place + 8].copy_from_slice(&bytes);
    }

    #[inline]
    fn atom(&mut self, column: usize, atom: Atom<'_>) -> Result<()> {
        match atom {
            Atom::Null => return Ok(()),
            Atom::Integer(value) => self.slot(column, value.to_le_bytes()),
            Atom::Float(value) => self.slot(column, u64::from(value.to_bits()).to_le_bytes()),
            Atom::Double(value) => self.slot(column, value.to_le_bytes()),
            Atom::Boolean(value) => self.slot(column, u64::from(value).to_le_bytes()),
            Atom::Number(text) | Atom::Text(text) => self.bytes(column, text)?,
        }
        self.present(column);
        Ok(())
    }

    #[inline]
    fn bytes(&mut self, column: usize, bytes: &[u8]) -> Result<()> {
        let mut slot = [0; 8];
        if bytes.len() <= INLINE {
            slot[..bytes.len()].copy_from_slice(bytes);
            slot[INLINE] = INLINE_MARK | bytes.len() as u8;
        } else {
            let offset = self.out.len() - self.start - OFFSET_BASE;
            let length = i32::try_from(bytes.len()).map_err(|_| too_large())?;
            let offset = i32::try_from(offset).map_err(|_| too_large())?;
            slot[..4].copy_from_slice(&length.to_le_bytes());
            slot[4..].copy_from_slice(&offset.to_le_bytes());
            self.out.extend_from_slice(bytes);
            // One to eight bytes, never none.
            self.out.extend_from_slice(&[0; 8][..8 - bytes.len() % 8]);
        }
        self.slot(column, slot);
        Ok(())
    }
}

/// Reads a value from its bytes, which were found by [`index_records`].
#[allow(clippy::inline_always, reason = "the loops of codecs are around it")]
#[inline(always)]
pub(crate) fn slot_value(field_type: FieldType, bytes: &[u8]) -> Result<Value<'_>, Mismatch> {
    let text = || utf8(bytes);
    match field_type {
        FieldType::String => return Ok(Value::String(text()?)),
        FieldType::Json => return Ok(Value::Json(text()?)),
        FieldType::Decimal => {
            let text = text()?;
            return if decimal::is_decimal(text) {
                Ok(Value::Decimal(text))
            } else {
                Err(Mismatch::Form)
            };
        }
        _ => {}
    }
    let slot: [u8; 8] = bytes.try_into().map_err(|_| Mismatch::Form)?;
    let number = i64::from_le_bytes(slot);
    Ok(match field_type {
        FieldType::TinyInt => Value::TinyInt(number as i8),
        FieldType::SmallInt => Value::SmallInt(number as i16),
        FieldType::Integer => Value::Integer(number as i32),
        FieldType::Float => Value::Float(f32::from_bits(number as u32)),
        FieldType::Double => Value::Double(f64::from_le_bytes(slot)),
        FieldType::Boolean if slot[0] <= 1 => Value::Boolean(slot[0] == 1),
        FieldType::Boolean => return Err(Mismatch::Form),
        _ => return Value::from_integer(field_type, number),
    })
}

/// One record within a payload.
#[derive(Clone, Debug)]
pub(crate) struct Located {
    /// The version of the schema with which it was written; negative for a blob.
    pub(crate) schema_version: i32,
    /// 0 if the writer does not say.
    fields: usize,
    /// Where the record lies.
    range: Range<usize>,
    /// Where its attributes begin.
    attributes: usize,
}

/// Finds exactly `count` records in a payload, checking how they are laid out. Bytes behind them are an error.
pub(crate) fn locate_records(payload: &Bytes, count: usize) -> Result<Vec<Located>> {
    if count > payload.len() / RECORD_HEADER {
        return Err(Error::malformed(
            "the batch announces more records than it has room for",
        ));
    }
    let mut records = Vec::with_capacity(count);
    let mut place = 0;
    for _ in 0..count {
        let record = locate(payload, place)?;
        place = record.range.end;
        records.push(record);
    }
    if place != payload.len() {
        return Err(Error::malformed(
            "there are bytes behind the last record of the batch",
        ));
    }
    Ok(records)
}

fn locate(payload: &[u8], start: usize) -> Result<Located> {
    let record = payload.get(start..).unwrap_or_default();
    let encode_type = word(record, 0)?;
    if encode_type != 0 {
        return Err(Error::malformed(format!(
            "a record of the batch has the unknown encoding {encode_type}"
        )));
    }
    let schema_version = word(record, 4)?;
    let total = size(record, 8)?;
    let attributes = size(record, 12)?;
    let fields = size(record, 16)?;
    let fixed = fields
        .checked_mul(8)
        .and_then(|slots| slots.checked_add(RECORD_HEADER + bitmap_size(fields)))
        .ok_or_else(damaged)?;
    if total > record.len() || attributes < fixed || attributes > total || total - attributes < 4 {
        return Err(damaged());
    }
    Ok(Located {
        schema_version,
        fields,
        range: start..start + total,
        attributes: start + attributes,
    })
}

impl Located {
    /// The columns that the record has room for. The official client for Java never says how many it wrote: all that
    /// the schema has.
    fn columns(&self, schema: Option<&Arc<RecordSchema>>) -> usize {
        if self.fields > 0 {
            return self.fields;
        }
        let room = self.attributes - self.range.start;
        let mut columns = schema.map_or(1, |schema| schema.len());
        while RECORD_HEADER + bitmap_size(columns) + 8 * columns > room {
            columns -= 1;
        }
        columns
    }
}

/// Indexes records of one schema version into a chunk of which the payload is the body.
pub(crate) fn index_records(
    chunk: &mut Chunk,
    spans: &mut Vec<Span>,
    schema: Option<&Arc<RecordSchema>>,
    records: &[Located],
) -> Result<()> {
    let payload = chunk.body.clone();
    let mut collector = Collector::default();
    chunk.rows.reserve_exact(records.len());
    for record in records {
        let row = Row {
            entry: 0,
            values: spans.len() as u32,
            attributes: chunk.attributes.len() as u32,
            keys: NONE,
        };
        let bitmap = record.range.start + RECORD_HEADER;
        let fields = record.columns(schema);
        let slots = bitmap + bitmap_size(fields);
        let columns = schema.map_or(1, |schema| schema.len()).min(fields);
        for column in 0..columns {
            let is_bytes = schema.is_none_or(|schema| schema.fields()[column].field_type.is_text());
            let is_present = payload
                .get(bitmap + column / 8)
                .is_some_and(|byte| byte >> (column % 8) & 1 == 1);
            let slot = slots + 8 * column;
            spans.push(match (is_present, is_bytes) {
                (false, _) => Span::NULL,
                (true, false) => Span::new(slot, 8),
                (true, true) => bytes_span(&payload, record, slot)?,
            });
        }
        index_attributes(
            chunk,
            &payload,
            record,
            row.attributes as usize,
            &mut collector,
        )?;
        collector.finish();
        chunk.rows.push(row);
    }
    Ok(())
}

fn bytes_span(payload: &[u8], record: &Located, slot: usize) -> Result<Span> {
    let mark = *payload.get(slot + INLINE).ok_or_else(damaged)?;
    if mark & INLINE_MARK != 0 {
        let length = usize::from(mark & !INLINE_MARK);
        return if length <= INLINE {
            Ok(Span::new(slot, length))
        } else {
            Err(damaged())
        };
    }
    let length = size(payload, slot)?;
    let start = record.range.start + OFFSET_BASE + size(payload, slot + 4)?;
    match start.checked_add(length) {
        Some(end) if end <= record.attributes => Ok(Span::new(start, length)),
        _ => Err(damaged()),
    }
}

fn index_attributes(
    chunk: &mut Chunk,
    payload: &[u8],
    record: &Located,
    start: usize,
    collector: &mut Collector,
) -> Result<()> {
    let area = payload.get(..record.range.end).ok_or_else(damaged)?;
    let count = size(area, record.attributes)?;
    let mut place = record.attributes + 4;
    let mut text = || {
        let length = size(area, place)?;
        let begin = place + 4;
        let bytes = area
            .get(begin..)
            .and_then(|rest| rest.get(..length))
            .ok_or_else(damaged)?;
        if str::from_utf8(bytes).is_err() {
            return Err(Error::malformed(
                "an attribute of the batch is not valid UTF-8",
            ));
        }
        place = begin + length;
        Ok(Span::new(begin, length))
    };
    for _ in 0..count {
        let (key, value) = (text()?, text()?);
        collector.add(&mut chunk.attributes, start, payload, key, value);
    }
    if place != record.range.end {
        return Err(Error::malformed(
            "the attributes of a record do not fill their place",
        ));
    }
    Ok(())
}

#[inline]
fn word(bytes: &[u8], place: usize) -> Result<i32> {
    let bytes = bytes
        .get(place..)
        .and_then(|rest| rest.first_chunk::<4>())
        .ok_or_else(damaged)?;
    Ok(i32::from_le_bytes(*bytes))
}

#[inline]
fn size(bytes: &[u8], place: usize) -> Result<usize> {
    usize::try_from(word(bytes, place)?).map_err(|_| damaged())
}

#[cold]
fn damaged() -> Error {
    Error::malformed("a record of the batch is damaged")
}
