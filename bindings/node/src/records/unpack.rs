//! Records that JavaScript packed for one crossing; `pack.ts` of the package writes the other side.

use std::sync::Arc;

use hubstream::error::{Error, ErrorKind, Result};
use hubstream::record::{FieldType, RecordBatch, RecordBatchBuilder, RecordSchema, Value};

/// What a cell holds.
mod tag {
    pub(super) const NULL: u8 = 0;
    /// A signed number of 64 bits.
    pub(super) const BIGINT: u8 = 1;
    /// The bits of a double-precision number.
    pub(super) const NUMBER: u8 = 2;
    /// The bits of the double-precision number 0 or 1.
    pub(super) const BOOLEAN: u8 = 3;
    /// The bits of a double-precision number: how many UTF-16 units of the text belong to the cell.
    pub(super) const TEXT: u8 = 4;
}

/// What a note says about a record.
mod note {
    pub(super) const SHARD_ID: u32 = 0;
    pub(super) const HASH_KEY: u32 = 1;
    pub(super) const PARTITION_KEY: u32 = 2;
    pub(super) const ATTRIBUTE: u32 = 3;
}

/// The largest number up to which every whole number is exact in JavaScript.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// Cuts a long text into parts whose lengths are counted in UTF-16 units.
pub(super) struct TextCutter<'a> {
    rest: &'a str,
    is_ascii: bool,
}

impl<'a> TextCutter<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            is_ascii: text.is_ascii(),
        }
    }

    fn take(&mut self, units: usize) -> Result<&'a str> {
        let end = if self.is_ascii {
            units
        } else {
            self.end_of(units)?
        };
        let (part, rest) = self.rest.split_at_checked(end).ok_or_else(inconsistent)?;
        self.rest = rest;
        Ok(part)
    }

    fn end_of(&self, units: usize) -> Result<usize> {
        let mut left = units;
        for (place, character) in self.rest.char_indices() {
            if left == 0 {
                return Ok(place);
            }
            // Half of a pair at the end of one text would join with the next one.
            left = left.checked_sub(character.len_utf16()).ok_or_else(|| {
                Error::invalid_argument("records", "a text has half of a surrogate pair")
            })?;
        }
        if left == 0 {
            Ok(self.rest.len())
        } else {
            Err(inconsistent())
        }
    }
}

/// Routing keys and attributes, four numbers each: record, kind, and the lengths of two texts.
pub(super) struct Notes<'a> {
    entries: std::iter::Peekable<std::slice::ChunksExact<'a, u32>>,
    text: TextCutter<'a>,
}

impl<'a> Notes<'a> {
    pub(super) fn new(entries: &'a [u32], text: &'a str) -> Self {
        Self {
            entries: entries.chunks_exact(4).peekable(),
            text: TextCutter::new(text),
        }
    }

    /// Applies the notes about the record that was added last.
    fn apply(&mut self, record: usize, builder: &mut RecordBatchBuilder) -> Result<()> {
        let mut attributes = Vec::new();
        while let Some(entry) = self.entries.next_if(|entry| entry[0] as usize == record) {
            let first = self.text.take(entry[2] as usize)?;
            let second = self.text.take(entry[3] as usize)?;
            match entry[1] {
                note::SHARD_ID => builder.set_shard_id(first)?,
                note::HASH_KEY => builder.set_hash_key(first)?,
                note::PARTITION_KEY => builder.set_partition_key(first)?,
                note::ATTRIBUTE => attributes.push((first, second)),
                _ => return Err(inconsistent()),
            }
        }
        if attributes.is_empty() {
            Ok(())
        } else {
            builder.set_attributes(attributes)
        }
    }

    fn finish(&mut self) -> Result<()> {
        if self.entries.next().is_some() {
            Err(inconsistent())
        } else {
            Ok(())
        }
    }
}

#[cold]
fn inconsistent() -> Error {
    Error::new(ErrorKind::Internal, "the packed records are not consistent").with_sent(false)
}

/// Builds tuple records.
pub(super) fn tuples(
    schema: &Arc<RecordSchema>,
    count: usize,
    tags: &[u8],
    cells: &[i64],
    mut text: TextCutter<'_>,
    mut notes: Notes<'_>,
) -> Result<RecordBatch> {
    let width = schema.len();
    if tags.len() != count * width || cells.len() != tags.len() {
        return Err(inconsistent());
    }
    let mut builder = RecordBatchBuilder::tuples(Arc::clone(schema));
    builder.reserve(count);
    let rows = tags.chunks_exact(width).zip(cells.chunks_exact(width));
    for (record, (tags, cells)) in rows.enumerate() {
        builder.begin_row()?;
        for ((tag, cell), field) in tags.iter().zip(cells).zip(schema.fields()) {
            push(&mut builder, *tag, *cell, field.field_type, &mut text)?;
        }
        builder.end_row()?;
        notes.apply(record, &mut builder)?;
    }
    notes.finish()?;
    builder.build()
}

fn push(
    builder: &mut RecordBatchBuilder,
    tag: u8,
    cell: i64,
    field_type: FieldType,
    text: &mut TextCutter<'_>,
) -> Result<()> {
    let number = f64::from_bits(cell as u64);
    match tag {
        tag::NULL => builder.push_null(),
        tag::BIGINT => builder.push_integer(cell),
        tag::NUMBER => push_number(builder, number, field_type),
        tag::BOOLEAN => builder.push_boolean(number != 0.0),
        tag::TEXT => {
            let text = text.take(number as usize)?;
            builder.push(match field_type {
                FieldType::Decimal => Value::Decimal(text),
                FieldType::Json => Value::Json(text),
                _ => Value::String(text),
            })
        }
        _ => Err(inconsistent()),
    }
}

fn push_number(builder: &mut RecordBatchBuilder, number: f64, field_type: FieldType) -> Result<()> {
    match field_type {
        FieldType::Float | FieldType::Double => builder.push_double(number),
        FieldType::String | FieldType::Json | FieldType::Boolean => {
            builder.push(Value::Double(number))
        }
        _ if number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER => {
            builder.push_integer(number as i64)
        }
        _ => builder.push(Value::Double(number)),
    }
}

/// Builds blob records.
pub(super) fn blobs(bytes: &[u8], lengths: &[u32], mut notes: Notes<'_>) -> Result<RecordBatch> {
    let mut builder = RecordBatchBuilder::blobs();
    builder.reserve(lengths.len());
    let mut rest = bytes;
    for (record, length) in lengths.iter().enumerate() {
        let (blob, behind) = rest
            .split_at_checked(*length as usize)
            .ok_or_else(inconsistent)?;
        builder.push_blob(blob)?;
        rest = behind;
        notes.apply(record, &mut builder)?;
    }
    notes.finish()?;
    builder.build()
}
