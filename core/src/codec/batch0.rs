//! The records of batch version 0: rows of 8-byte slots.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::body::{Body, Pen};
use crate::error::{Error, Result};
use crate::record::atom::{Atom, AtomWriter, Run, check_null};
use crate::record::chunk::{Chunk, Span};
use crate::record::{Collector, Field, Record, RecordBatch, RecordSchema};

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

/// Writes the records, not compressed.
pub(crate) fn write_records(
    body: &mut Body,
    records: &RecordBatch,
    schema_version: i32,
) -> Result<()> {
    for (row, record) in records.iter().enumerate() {
        body.write(|pen| put_record(pen, &record, schema_version))?;
        if row == 0 {
            body.expect(records.len() - 1, body.len());
        }
    }
    Ok(())
}

fn put_record(pen: &mut Pen<'_>, record: &Record<'_>, schema_version: i32) -> Result<()> {
    let start = pen.place();
    let count = record.schema().map_or(1, |schema| schema.len());
    let first = start + RECORD_HEADER + bitmap_size(count);
    pen.go_to(first + 8 * count);
    let mut writer = SlotWriter {
        pen,
        start,
        bits: start + RECORD_HEADER,
        next: first,
        present: 0,
        column: 0,
    };
    if record.schema().is_none() {
        let slot = writer.bytes(record.blob()?.into())?;
        writer.slot(Some(slot));
    } else {
        record.write_atoms(&mut writer)?;
    }
    writer.finish(count);
    let attributes_at = pen.place() - start;
    put_attributes(pen, record)?;
    let total = pen.place() - start;
    let size = |size: usize| i32::try_from(size).map_err(|_| too_large());
    let (total, attributes_at) = (size(total)?, size(attributes_at)?);
    for (place, word) in [0, schema_version, total, attributes_at, count as i32]
        .into_iter()
        .enumerate()
    {
        pen.set(start + 4 * place, word.to_le_bytes());
    }
    Ok(())
}

fn put_attributes(pen: &mut Pen<'_>, record: &Record<'_>) -> Result<()> {
    let attributes = record.attributes();
    pen.put((attributes.len() as u32).to_le_bytes());
    for (key, value) in attributes {
        for text in [key, value] {
            let length = i32::try_from(text.len()).map_err(|_| too_large())?;
            pen.put(length.to_le_bytes());
            pen.put_slice(text.as_bytes());
        }
    }
    Ok(())
}

#[cold]
fn too_large() -> Error {
    Error::invalid_argument("record_list", "a record must be smaller than 2 GiB")
}

/// Writes the slots of a record, and behind all slots what does not fit into them.
struct SlotWriter<'p, 'r> {
    pen: &'p mut Pen<'r>,
    /// Where the record begins.
    start: usize,
    /// Where the next presence bits are written.
    bits: usize,
    /// Where the next slot is written.
    next: usize,
    /// The presence bits of the last columns, of up to 64.
    present: u64,
    /// How many columns were written.
    column: u32,
}

impl SlotWriter<'_, '_> {
    /// Writes the slot of the next column; `None` for null.
    #[inline]
    fn slot(&mut self, slot: Option<[u8; 8]>) {
        self.pen.set(self.next, slot.unwrap_or_default());
        self.next += 8;
        self.present |= u64::from(slot.is_some()) << (self.column % 64);
        self.column += 1;
        if self.column.is_multiple_of(64) {
            self.put_bits();
        }
    }

    fn put_bits(&mut self) {
        self.pen.set(self.bits, self.present.to_le_bytes());
        self.bits += 8;
        self.present = 0;
    }

    /// Writes what is left: null for columns without a value, and the presence bits of the last ones.
    fn finish(&mut self, columns: usize) {
        while (self.column as usize) < columns {
            self.slot(None);
        }
        if !self.column.is_multiple_of(64) {
            self.put_bits();
        }
    }

    /// Writes bytes that do not fit into a slot; gives the slot.
    #[inline]
    fn bytes(&mut self, run: Run<'_>) -> Result<[u8; 8]> {
        let length = run.len();
        let mut slot = [0; 8];
        if length <= INLINE {
            slot[..length].copy_from_slice(run.as_slice());
            slot[INLINE] = INLINE_MARK | length as u8;
            return Ok(slot);
        }
        let offset = self.pen.place() - self.start - OFFSET_BASE;
        if length > i32::MAX as usize || offset > i32::MAX as usize {
            return Err(too_large());
        }
        slot[..4].copy_from_slice(&(length as u32).to_le_bytes());
        slot[4..].copy_from_slice(&(offset as u32).to_le_bytes());
        self.pen.put_from(run.with_rest(), length);
        // One to eight bytes, never none.
        self.pen.put_some([0; 8], 8 - length % 8);
        Ok(slot)
    }
}

impl AtomWriter for SlotWriter<'_, '_> {
    #[allow(clippy::inline_always, reason = "see `AtomWriter`")]
    #[inline(always)]
    fn write(&mut self, field: &Field, atom: Atom<'_>) -> Result<()> {
        let slot = match atom {
            Atom::Null => {
                check_null(field)?;
                None
            }
            Atom::Integer(value) => Some(value.to_le_bytes()),
            Atom::Float(value) => Some(u64::from(value.to_bits()).to_le_bytes()),
            Atom::Double(value) => Some(value.to_le_bytes()),
            Atom::Boolean(value) => Some(u64::from(value).to_le_bytes()),
            Atom::Number(run) | Atom::Text(run) => Some(self.bytes(run)?),
        };
        self.slot(slot);
        Ok(())
    }
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
    let fields = schema.map(|schema| schema.fields());
    let columns = fields.map_or(1, <[Field]>::len);
    let width = |record: &Located| columns.min(record.columns(schema));
    // All at once, for the index takes longer to grow than to fill. Every value has a slot: memory stays in proportion.
    spans.resize(
        spans.len() + records.iter().map(width).sum::<usize>(),
        Span::NULL,
    );
    let mut collector = Collector::default();
    chunk.starts.reserve_exact(records.len());
    let mut next = 0;
    for record in records {
        let attributes = chunk.attributes.len();
        let count = width(record);
        let spans = spans.get_mut(next..next + count).ok_or_else(damaged)?;
        index_values(&payload, record, record.columns(schema), fields, spans)?;
        index_attributes(chunk, &payload, record, attributes, &mut collector)?;
        collector.finish();
        chunk.push_row(next, attributes);
        next += count;
    }
    Ok(())
}

/// Finds the values of the first columns of a record, of which it has room for `columns`. Spans of null are left as
/// they are.
fn index_values(
    payload: &[u8],
    record: &Located,
    columns: usize,
    fields: Option<&[Field]>,
    spans: &mut [Span],
) -> Result<()> {
    let bitmap = record.range.start + RECORD_HEADER;
    let slots = bitmap + bitmap_size(columns);
    let bits = payload.get(bitmap..slots).ok_or_else(damaged)?;
    let values = payload.get(slots..record.attributes).ok_or_else(damaged)?;
    let (bits, _) = bits.as_chunks::<8>();
    let (values, _) = values.as_chunks::<8>();
    let mut present = 0;
    for (column, (span, slot)) in spans.iter_mut().zip(values).enumerate() {
        if column.is_multiple_of(64) {
            present = bits
                .get(column / 64)
                .map_or(0, |word| u64::from_le_bytes(*word));
        }
        let is_present = present & 1 == 1;
        present >>= 1;
        let is_bytes = fields.is_none_or(|fields| {
            fields
                .get(column)
                .is_some_and(|field| field.field_type.is_text())
        });
        let place = slots + 8 * column;
        match (is_present, is_bytes) {
            (false, _) => {}
            (true, false) => *span = Span::new(place, 8),
            (true, true) => *span = bytes_span(record, *slot, place)?,
        }
    }
    Ok(())
}

/// Where the bytes of a slot at a place lie.
#[inline]
fn bytes_span(record: &Located, slot: [u8; 8], place: usize) -> Result<Span> {
    let number = u64::from_le_bytes(slot);
    let (length, offset) = (number as u32 as usize, (number >> 32) as usize);
    // The mark is also the sign of the offset.
    if slot[INLINE] & INLINE_MARK != 0 {
        let length = usize::from(slot[INLINE] & !INLINE_MARK);
        return if length <= INLINE {
            Ok(Span::new(place, length))
        } else {
            Err(damaged())
        };
    }
    let start = record.range.start + OFFSET_BASE + offset;
    let is_inside = start
        .checked_add(length)
        .is_some_and(|end| end <= record.attributes);
    if is_inside {
        Ok(Span::new(start, length))
    } else {
        Err(damaged())
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
