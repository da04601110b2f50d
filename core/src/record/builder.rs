//! Making batches of records to be sent.

mod facts;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::IgnoredAny;

use super::RecordBatch;
use super::built::Built;
use super::chunk::{Cell, Chunk, Keys, NONE, Span, Values};
use super::decimal;
use super::refusal::Refusal;
use super::schema::{Field, FieldType, RecordSchema};
use super::told::{Columns, Entry};
use super::value::{MAX_TEXT_BYTES, Value};
use crate::error::{Error, Result};

pub use facts::Received;
#[cfg(feature = "datahub")]
pub(crate) use facts::is_hex_hash;

/// No more bytes than this are kept free for records that were not seen yet: 2 MiB.
const MOST_EXPECTED: usize = 2 * 1024 * 1024;

/// Collects records, checking every value as it comes.
///
/// A refused value leaves the builder as it was before the record was begun: the record is dropped, the
/// records before it stay. All errors have kind `invalid_argument` and name the record (counted from 0),
/// the field and the beginning of the value.
///
/// ```
/// use std::sync::Arc;
/// use hubstream::record::{Field, FieldType, RecordBatchBuilder, RecordSchema, Value};
///
/// let schema = Arc::new(RecordSchema::new(vec![
///     Field::new("id", FieldType::BigInt).not_null(),
///     Field::new("name", FieldType::String),
/// ])?);
/// let mut builder = RecordBatchBuilder::tuples(schema);
/// builder.push_row(&[Value::BigInt(1), Value::String("first")])?;
/// builder.set_partition_key("customer-7")?;
/// assert!(builder.push_row(&[Value::Null, Value::Null]).is_err());
/// let batch = builder.build()?;
/// assert_eq!(batch.len(), 1);
/// assert_eq!(batch.value(0, 1)?, Value::String("first"));
/// # Ok::<(), hubstream::error::Error>(())
/// ```
#[derive(Debug)]
pub struct RecordBatchBuilder {
    schema: Option<Arc<RecordSchema>>,
    text: String,
    cells: Vec<Cell>,
    body: Vec<u8>,
    blobs: Vec<Bytes>,
    rows: Vec<Row>,
    attributes: Vec<(Span, Span)>,
    keys: Vec<Keys>,
    entries: Vec<Entry>,
    open: Option<OpenRow>,
    /// The number of the first record, for messages.
    first: usize,
    /// How many records are to come, as far as was told.
    expected: usize,
}

/// Where the parts of one record begin in the lists. They end where the next record's begin.
#[derive(Clone, Copy, Debug)]
struct Row {
    entry: u32,
    values: u32,
    attributes: u32,
    keys: u32,
}

/// A record that is begun: what to go back to if a value is refused.
#[derive(Clone, Copy, Debug)]
struct OpenRow {
    cells: usize,
    text: usize,
}

impl RecordBatchBuilder {
    /// Starts a batch of tuple records.
    pub fn tuples(schema: Arc<RecordSchema>) -> Self {
        Self::new(Some(schema))
    }

    /// Starts a batch of blob records.
    pub fn blobs() -> Self {
        Self::new(None)
    }

    fn new(schema: Option<Arc<RecordSchema>>) -> Self {
        Self {
            schema,
            text: String::new(),
            cells: Vec::new(),
            body: Vec::new(),
            blobs: Vec::new(),
            rows: Vec::new(),
            attributes: Vec::new(),
            keys: Vec::new(),
            entries: Vec::new(),
            open: None,
            first: 0,
            expected: 0,
        }
    }

    /// Numbers the records in messages from here on.
    #[cfg(feature = "arrow")]
    pub(super) fn count_from(&mut self, first: usize) {
        self.first = first;
    }

    /// The number that the next record has in messages.
    pub(super) fn record_number(&self) -> usize {
        self.first + self.rows.len()
    }

    /// Makes room for so many more records.
    pub fn reserve(&mut self, records: usize) {
        let width = self.schema.as_deref().map_or(1, RecordSchema::len);
        self.expected = records;
        self.rows.reserve(records);
        let cells = records.saturating_mul(width);
        if self.cells.is_empty() {
            self.cells = Built::room_for_cells(cells);
        } else {
            self.cells.reserve(cells);
        }
    }

    /// The number of complete records.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no complete record.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The schema of the records; `None` for blobs.
    pub fn schema(&self) -> Option<&Arc<RecordSchema>> {
        self.schema.as_ref()
    }

    /// How many bytes of texts and blobs were collected so far, attributes and keys included.
    pub fn byte_size(&self) -> usize {
        self.text.len() + self.body.len() + self.blobs.iter().map(Bytes::len).sum::<usize>()
    }

    /// Adds a tuple record: exactly one value per column, each of the column's own type or null.
    pub fn push_row(&mut self, values: &[Value<'_>]) -> Result<()> {
        self.begin_row()?;
        for value in values {
            self.push(*value)?;
        }
        self.end_row()
    }

    /// Adds a blob record, copying the bytes. They may be empty.
    pub fn push_blob(&mut self, blob: &[u8]) -> Result<()> {
        self.check_blob()?;
        if self.body.len() + blob.len() >= NONE as usize {
            return Err(too_large());
        }
        let span = Span::new(self.body.len(), blob.len());
        self.body.extend_from_slice(blob);
        self.add_row(self.cells.len());
        self.cells.push(Cell::Bytes(span));
        Ok(())
    }

    /// Adds a blob record that shares the given bytes.
    pub fn push_blob_bytes(&mut self, blob: Bytes) -> Result<()> {
        self.check_blob()?;
        if self.blobs.len() >= NONE as usize {
            return Err(too_large());
        }
        self.add_row(self.cells.len());
        self.cells.push(Cell::Shared(self.blobs.len() as u32));
        self.blobs.push(blob);
        Ok(())
    }

    fn check_blob(&self) -> Result<()> {
        if self.schema.is_some() {
            return Err(Error::invalid_argument(
                "records",
                format_args!(
                    "record {}: a blob does not fit a tuple topic",
                    self.record_number()
                ),
            ));
        }
        Ok(())
    }

    fn add_row(&mut self, values: usize) {
        let attributes = self.attributes.len() as u32;
        self.rows.push(Row {
            entry: NONE,
            values: values as u32,
            attributes,
            keys: NONE,
        });
        if self.rows.len() == 1 {
            // The first record tells about how much the others take.
            let room = |bytes: usize| (bytes + bytes / 8).saturating_mul(self.expected);
            let more = room(self.text.len()).min(MOST_EXPECTED);
            if more > 0 {
                let roomy = Built::room_for_text(self.text.len() + more);
                let text = std::mem::replace(&mut self.text, roomy);
                self.text.push_str(&text);
            }
            self.body.reserve(room(self.body.len()).min(MOST_EXPECTED));
        }
    }

    /// Begins a tuple record to be filled value by value.
    #[inline]
    pub fn begin_row(&mut self) -> Result<()> {
        let record = self.record_number();
        if self.schema.is_none() {
            return Err(Error::invalid_argument(
                "records",
                format_args!("record {record}: values do not fit a blob topic"),
            ));
        }
        if self.open.is_some() {
            return Err(Error::invalid_argument(
                "records",
                format_args!("record {record} was begun and is not complete"),
            ));
        }
        if self.cells.len() >= NONE as usize / 2 {
            return Err(too_large());
        }
        self.open = Some(OpenRow {
            cells: self.cells.len(),
            text: self.text.len(),
        });
        Ok(())
    }

    /// Ends the record that was begun. Fails, dropping it, if values are missing.
    #[inline]
    pub fn end_row(&mut self) -> Result<()> {
        let open = self.open.ok_or_else(|| self.no_row())?;
        let given = self.cells.len() - open.cells;
        let wanted = self.schema.as_deref().map_or(0, RecordSchema::len);
        if given != wanted {
            return Err(self.wrong_width(given, wanted));
        }
        self.open = None;
        self.add_row(open.cells);
        Ok(())
    }

    /// Drops the record that was begun, if any.
    pub fn abandon_row(&mut self) {
        if let Some(open) = self.open.take() {
            self.cells.truncate(open.cells);
            self.text.truncate(open.text);
        }
    }

    /// Adds the next value, which must have the type of its column or be null.
    #[inline]
    pub fn push(&mut self, value: Value<'_>) -> Result<()> {
        let (column, field_type) = self.next_column()?;
        let cell = match value {
            Value::Null => return self.push_null(),
            _ if value.field_type() != Some(field_type) => Err(Refusal::Kind),
            Value::Boolean(value) => Ok(Cell::Boolean(value)),
            Value::Float(value) => Ok(Cell::Float(value)),
            Value::Double(value) => Ok(Cell::Double(value)),
            Value::String(text) => self.string_cell(text),
            Value::Decimal(text) => self.decimal_cell(text),
            Value::Json(text) => self.json_cell(text),
            _ => integer_cell(field_type, value.as_integer().unwrap_or_default()),
        };
        self.store(column, cell, &value)
    }

    /// Adds null as the next value.
    #[inline]
    pub fn push_null(&mut self) -> Result<()> {
        let (column, _) = self.next_column()?;
        let nullable = self.field(column).is_some_and(|field| field.allow_null);
        let cell = if nullable {
            Ok(Cell::Null)
        } else {
            Err(Refusal::Null)
        };
        self.store(column, cell, &Value::Null)
    }

    /// Adds an integer as the next value: to an integer or TIMESTAMP column within its range, to a FLOAT,
    /// DOUBLE or DECIMAL column if it can be kept exactly.
    #[inline]
    pub fn push_integer(&mut self, value: i64) -> Result<()> {
        let (column, field_type) = self.next_column()?;
        if Value::is_integer_of(field_type, value) {
            self.cells.push(Cell::Integer(value));
            return Ok(());
        }
        self.push_odd_integer(column, field_type, value)
    }

    #[inline(never)]
    fn push_odd_integer(&mut self, column: usize, field_type: FieldType, value: i64) -> Result<()> {
        let cell = match field_type {
            FieldType::Float => exact_float(value).map(Cell::Float).ok_or(Refusal::Range),
            FieldType::Double => exact_double(value).map(Cell::Double).ok_or(Refusal::Range),
            FieldType::Decimal => self.decimal_cell(itoa::Buffer::new().format(value)),
            _ => integer_cell(field_type, value),
        };
        self.store(column, cell, &value)
    }

    /// Adds a number as the next value of a DOUBLE column, or rounded to 32 bits to a FLOAT column.
    #[inline]
    pub fn push_double(&mut self, value: f64) -> Result<()> {
        let (column, field_type) = self.next_column()?;
        if field_type == FieldType::Double {
            self.cells.push(Cell::Double(value));
            return Ok(());
        }
        let cell = match field_type {
            FieldType::Float if value.is_finite() && (value as f32).is_infinite() => {
                Err(Refusal::Range)
            }
            FieldType::Float => Ok(Cell::Float(value as f32)),
            _ => Err(Refusal::Kind),
        };
        self.store(column, cell, &Value::Double(value))
    }

    /// Adds a truth value as the next value of a BOOLEAN column.
    #[inline]
    pub fn push_boolean(&mut self, value: bool) -> Result<()> {
        let (column, field_type) = self.next_column()?;
        let cell = if field_type == FieldType::Boolean {
            Ok(Cell::Boolean(value))
        } else {
            Err(Refusal::Kind)
        };
        self.store(column, cell, &value)
    }

    /// Adds the value that a text stands for, by the type of the column: `12` or `true` or `1.5e3`.
    ///
    /// Empty text is null for every type but STRING.
    #[allow(clippy::inline_always, reason = "the loops of bindings are around it")]
    #[inline(always)]
    pub fn push_text(&mut self, text: &str) -> Result<()> {
        let (column, field_type) = self.next_column()?;
        if field_type == FieldType::String {
            let span = self.add_text(text);
            return self.store_text(column, span, &text);
        }
        self.push_other_text(column, field_type, text)
    }

    /// The same where it is not in a loop of its own.
    #[cfg(feature = "arrow")]
    #[inline(never)]
    pub(super) fn push_any_text(&mut self, text: &str) -> Result<()> {
        self.push_text(text)
    }

    #[inline(never)]
    fn push_other_text(&mut self, column: usize, field_type: FieldType, text: &str) -> Result<()> {
        let cell = match field_type {
            _ if text.is_empty() => return self.push_null(),
            FieldType::Decimal => {
                let span = self.decimal_span(text);
                return self.store_text(column, span, &text);
            }
            FieldType::Json => self.json_cell(text),
            _ => match Value::from_text(field_type, text) {
                Ok(Value::Boolean(value)) => Ok(Cell::Boolean(value)),
                Ok(Value::Float(value)) => Ok(Cell::Float(value)),
                Ok(Value::Double(value)) => Ok(Cell::Double(value)),
                Ok(value) => Ok(Cell::Integer(value.as_integer().unwrap_or_default())),
                Err(mismatch) => Err(mismatch.into()),
            },
        };
        self.store(column, cell, &text)
    }

    #[inline]
    fn next_column(&mut self) -> Result<(usize, FieldType)> {
        let open = self.open.ok_or_else(|| self.no_row())?;
        let column = self.cells.len() - open.cells;
        match self.field(column) {
            Some(field) => Ok((column, field.field_type)),
            None => Err(self.wrong_width(column + 1, column)),
        }
    }

    #[inline]
    fn field(&self, column: usize) -> Option<&Field> {
        self.schema.as_deref()?.fields().get(column)
    }

    #[inline]
    fn add_text(&mut self, text: &str) -> Result<Span, Refusal> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(Refusal::Long);
        }
        if self.text.len() + text.len() >= NONE as usize {
            return Err(Refusal::Full);
        }
        let span = Span::new(self.text.len(), text.len());
        self.text.push_str(text);
        Ok(span)
    }

    fn string_cell(&mut self, text: &str) -> Result<Cell, Refusal> {
        self.add_text(text).map(Cell::Bytes)
    }

    fn decimal_cell(&mut self, text: &str) -> Result<Cell, Refusal> {
        self.decimal_span(text).map(Cell::Bytes)
    }

    #[inline]
    fn decimal_span(&mut self, text: &str) -> Result<Span, Refusal> {
        if decimal::is_plain(text.as_bytes()) {
            return self.add_text(text);
        }
        let plain = decimal::to_plain(text).ok_or(Refusal::Form)?;
        self.add_text(&plain)
    }

    fn json_cell(&mut self, text: &str) -> Result<Cell, Refusal> {
        if serde_json::from_str::<IgnoredAny>(text).is_err() {
            return Err(Refusal::Form);
        }
        self.add_text(text).map(Cell::Bytes)
    }

    /// As [`store`](Self::store). The cell is made in its place: a copy would have to wait until all of its parts have
    /// reached the memory.
    #[allow(clippy::inline_always, reason = "see `push_text`")]
    #[inline(always)]
    fn store_text(
        &mut self,
        column: usize,
        span: Result<Span, Refusal>,
        value: &dyn fmt::Display,
    ) -> Result<()> {
        match span {
            Ok(span) => {
                self.cells.push(Cell::Bytes(span));
                Ok(())
            }
            Err(refusal) => Err(self.refused(column, refusal, value)),
        }
    }

    #[inline]
    fn store(
        &mut self,
        column: usize,
        cell: Result<Cell, Refusal>,
        value: &dyn fmt::Display,
    ) -> Result<()> {
        match cell {
            Ok(cell) => {
                self.cells.push(cell);
                Ok(())
            }
            Err(refusal) => Err(self.refused(column, refusal, value)),
        }
    }

    /// The error for a next value that is refused; the record is dropped.
    #[cfg(feature = "arrow")]
    pub(super) fn refuse(&mut self, refusal: Refusal, value: &dyn fmt::Display) -> Error {
        match self.next_column() {
            Ok((column, _)) => self.refused(column, refusal, value),
            Err(error) => error,
        }
    }

    #[cold]
    fn refused(&mut self, column: usize, refusal: Refusal, value: &dyn fmt::Display) -> Error {
        let record = self.record_number();
        self.abandon_row();
        let (name, kind) = self
            .field(column)
            .map_or(("", ""), |field| (&field.name, field.field_type.name()));
        let why = refusal.text(kind, value);
        Error::invalid_argument(
            "records",
            format_args!("record {record}, field `{name}`: {why}"),
        )
    }

    #[cold]
    fn no_row(&self) -> Error {
        Error::invalid_argument(
            "records",
            format_args!("record {} was not begun", self.record_number()),
        )
    }

    #[cold]
    fn wrong_width(&mut self, given: usize, wanted: usize) -> Error {
        let record = self.record_number();
        self.abandon_row();
        let more = if given > wanted {
            "more values"
        } else {
            "fewer values"
        };
        let place = given.min(wanted.saturating_sub(1));
        let name = self.field(place).map_or("", |field| &field.name);
        Error::invalid_argument(
            "records",
            format_args!(
                "record {record}, field `{name}`: {more} than the {wanted} columns of the schema"
            ),
        )
    }

    /// Ends the batch. Fails if a record was begun and is not complete.
    pub fn build(self) -> Result<RecordBatch> {
        if self.open.is_some() {
            return Err(Error::invalid_argument(
                "records",
                format_args!(
                    "record {} was begun and is not complete",
                    self.record_number()
                ),
            ));
        }
        let values = Values::Built(Built {
            text: self.text,
            cells: self.cells,
            blobs: self.blobs,
        });
        let mut chunk = Chunk::new(self.schema, values, self.body.into(), Bytes::new());
        chunk.attributes = self.attributes;
        chunk.starts.reserve_exact(self.rows.len());
        for (place, row) in self.rows.iter().enumerate() {
            chunk.push_row(row.values as usize, row.attributes as usize);
            if let Some(keys) = self.keys.get(row.keys as usize) {
                chunk.push_keys(place, *keys);
            }
        }
        if !self.entries.is_empty() {
            let mut columns = Columns::default();
            for (place, row) in self.rows.iter().enumerate() {
                let entry = self.entries.get(row.entry as usize);
                let index = entry.map_or(0, |entry| (place as u32).wrapping_sub(entry.first_row));
                columns.push(entry.unwrap_or(&Entry::UNKNOWN), index);
            }
            chunk.told = columns.finish();
        }
        Ok(RecordBatch::from_chunk(chunk))
    }
}

#[inline]
fn integer_cell(field_type: FieldType, value: i64) -> Result<Cell, Refusal> {
    Value::from_integer(field_type, value)?;
    Ok(Cell::Integer(value))
}

#[allow(clippy::cast_precision_loss, reason = "a loss is what is looked for")]
fn exact_float(value: i64) -> Option<f32> {
    let float = value as f32;
    (float as i128 == i128::from(value)).then_some(float)
}

#[allow(clippy::cast_precision_loss, reason = "a loss is what is looked for")]
fn exact_double(value: i64) -> Option<f64> {
    let double = value as f64;
    (double as i128 == i128::from(value)).then_some(double)
}

#[cold]
fn too_large() -> Error {
    Error::invalid_argument("records", "the batch would exceed 4 GiB")
}

#[cfg(test)]
mod tests;
