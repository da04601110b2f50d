//! Records of DataHub topics: schemas, values and batches of records.
//!
//! A [`RecordBatch`] holds the records of one reply as they were received and reads a value when it is
//! asked for. Batches to be sent are made with a [`RecordBatchBuilder`]; they have the same type.
//!
//! ```
//! use std::sync::Arc;
//!
//! use hubstream::record::{Field, FieldType, RecordBatchBuilder, RecordSchema, Value};
//!
//! # fn main() -> hubstream::error::Result<()> {
//! let fields = vec![Field::new("id", FieldType::BigInt), Field::new("name", FieldType::String)];
//! let mut builder = RecordBatchBuilder::tuples(Arc::new(RecordSchema::new(fields)?));
//! builder.push_row(&[Value::BigInt(1), Value::String("first")])?;
//! let batch = builder.build()?;
//! for record in &batch {
//!     assert_eq!(record.value(1)?, Value::String("first"));
//! }
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "arrow")]
pub mod arrow;
pub(crate) mod atom;
mod attributes;
mod builder;
mod built;
pub(crate) mod chunk;
mod column;
mod cursors;
pub(crate) mod decimal;
pub(crate) mod framed;
mod joining;
mod layout;
pub mod partition;
mod reading;
mod refusal;
pub mod registry;
pub mod schema;
pub(crate) mod scientific;
pub(crate) mod text;
pub(crate) mod told;
pub mod value;
mod values;

use std::fmt;
use std::ops::{Bound, Range, RangeBounds};
use std::sync::Arc;

use bytes::Bytes;

pub use attributes::Attributes;
pub(crate) use attributes::Collector;
#[cfg(feature = "datahub")]
pub(crate) use builder::is_hex_hash;
pub use builder::{Received, RecordBatchBuilder};
pub use layout::{BlobLayout, BlobPlace};
pub use partition::{ShardRange, TopicMode};
pub use registry::SchemaRegistry;
pub use schema::{Comment, Field, FieldType, RecordSchema};
pub use value::{TextStyle, Value};
pub use values::RawValue;

use self::chunk::{Chunk, NONE, Span};
use self::cursors::Side;
use crate::error::{Error, Result};

/// Some records of one topic in their order: all tuples of one schema, or all blobs.
///
/// Cloning, slicing and joining share the records. A batch can be used from several threads.
#[derive(Clone)]
pub struct RecordBatch {
    shared: Arc<Shared>,
    start: usize,
    len: usize,
}

struct Shared {
    schema: Option<Arc<RecordSchema>>,
    parts: Vec<Part>,
}

/// A run of rows of one chunk.
#[derive(Clone)]
struct Part {
    chunk: Arc<Chunk>,
    /// The first row in the chunk.
    first: usize,
    /// The end of the part, counted in rows of the whole.
    end: usize,
    /// For every column of the schema its place in the chunk; `None` when they are the same.
    columns: Option<Arc<[u32]>>,
}

impl RecordBatch {
    /// Makes a batch without records. `None` stands for blobs.
    pub fn empty(schema: Option<Arc<RecordSchema>>) -> Self {
        Self {
            shared: Arc::new(Shared {
                schema,
                parts: Vec::new(),
            }),
            start: 0,
            len: 0,
        }
    }

    /// Makes a batch of the records of a chunk.
    pub(crate) fn from_chunk(chunk: Chunk) -> Self {
        let len = chunk.len();
        let schema = chunk.schema.clone();
        let part = Part {
            chunk: Arc::new(chunk),
            first: 0,
            end: len,
            columns: None,
        };
        Self {
            shared: Arc::new(Shared {
                schema,
                parts: vec![part],
            }),
            start: 0,
            len,
        }
    }

    /// The number of records.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The schema of tuple records; `None` for blobs.
    pub fn schema(&self) -> Option<&Arc<RecordSchema>> {
        self.shared.schema.as_ref()
    }

    /// One record; `None` behind the last one.
    pub fn get(&self, row: usize) -> Option<Record<'_>> {
        if row >= self.len {
            return None;
        }
        let place = self.start + row;
        let parts = &self.shared.parts;
        let index = if parts.len() == 1 {
            0
        } else {
            parts.partition_point(|part| part.end <= place)
        };
        let part = parts.get(index)?;
        let begin = if index == 0 { 0 } else { parts[index - 1].end };
        Some(Record {
            schema: self.schema(),
            part,
            row: part.first + place - begin,
        })
    }

    /// All records in order.
    pub fn iter(&self) -> Records<'_> {
        Records {
            batch: self,
            rows: 0..self.len,
        }
    }

    fn record(&self, row: usize) -> Result<Record<'_>> {
        self.get(row).ok_or_else(|| {
            Error::invalid_argument(
                "row",
                format_args!("there are {} records, no number {row}", self.len),
            )
        })
    }

    /// A value by record and column, both counted from 0.
    ///
    /// Fails when there is no such record or column, the batch holds blobs, or the stored bytes are not a
    /// value of the column's type.
    pub fn value(&self, row: usize, column: usize) -> Result<Value<'_>> {
        self.record(row)?.value(column)
    }

    /// The bytes of a blob record. Fails when there is no such record or the batch holds tuples.
    pub fn blob(&self, row: usize) -> Result<&[u8]> {
        self.record(row)?.blob()
    }

    /// The bytes of a blob record, sharing the memory of the batch.
    pub fn blob_bytes(&self, row: usize) -> Result<Bytes> {
        self.record(row)?.blob_bytes()
    }

    /// The attributes of a record in their order; none behind the last record.
    pub fn attributes(&self, row: usize) -> Attributes<'_> {
        self.get(row)
            .map_or_else(Attributes::none, |record| record.attributes())
    }

    /// The sequence number of a record; 0 for one that was not received.
    pub fn sequence(&self, row: usize) -> i64 {
        self.get(row).map_or(0, |record| record.sequence())
    }

    /// When the service stored a record, in milliseconds since 1970-01-01 UTC; 0 for one that was not received.
    pub fn system_time(&self, row: usize) -> i64 {
        self.get(row).map_or(0, |record| record.system_time())
    }

    /// The cursor of a record, if the service told it.
    pub fn cursor(&self, row: usize) -> Option<&str> {
        self.get(row)?.cursor()
    }

    /// The cursor behind a record, if the service told it.
    pub fn next_cursor(&self, row: usize) -> Option<&str> {
        self.get(row)?.next_cursor()
    }

    /// The shard that a record is meant for, if one is set.
    pub fn shard_id(&self, row: usize) -> Option<&str> {
        self.get(row)?.shard_id()
    }

    /// The hash key that routes a record, if one is set.
    pub fn hash_key(&self, row: usize) -> Option<&str> {
        self.get(row)?.hash_key()
    }

    /// The partition key that routes a record, if one is set.
    pub fn partition_key(&self, row: usize) -> Option<&str> {
        self.get(row)?.partition_key()
    }

    /// The serial number of a record within its batch, if the service told it.
    pub fn serial(&self, row: usize) -> Option<u32> {
        self.get(row)?.serial()
    }

    /// The place of a record within its stored batch, counted from 0.
    pub fn batch_index(&self, row: usize) -> u32 {
        self.get(row).map_or(0, |record| record.batch_index())
    }

    /// How many records the stored batch of a record holds; 1 outside of batches, 0 when it is not known.
    pub fn batch_size(&self, row: usize) -> u32 {
        self.get(row).map_or(0, |record| record.batch_size())
    }

    /// Some of the records, sharing memory. A range that reaches too far is cut.
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Self {
        let start = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(start) => start.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(end) => end.saturating_add(1),
            Bound::Excluded(end) => *end,
            Bound::Unbounded => self.len,
        };
        let end = end.min(self.len);
        let start = start.min(end);
        Self {
            shared: Arc::clone(&self.shared),
            start: self.start + start,
            len: end - start,
        }
    }

    /// The records behind a position, sharing memory; all of them if no record has the position.
    ///
    /// The position is the sequence number of a record and its place within its stored batch, as
    /// offsets of subscriptions have them.
    pub fn after(&self, sequence: i64, batch_index: u32) -> Self {
        let is_before = |record: Record<'_>| {
            record.sequence() == sequence && record.batch_index() <= batch_index
        };
        let last = self.iter().rposition(is_before);
        self.slice(last.map_or(0, |last| last + 1)..)
    }
}

impl fmt::Debug for RecordBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.schema().map_or(0, |schema| schema.len());
        f.debug_struct("RecordBatch")
            .field("len", &self.len)
            .field("columns", &columns)
            .finish()
    }
}

impl<'a> IntoIterator for &'a RecordBatch {
    type Item = Record<'a>;
    type IntoIter = Records<'a>;

    fn into_iter(self) -> Records<'a> {
        self.iter()
    }
}

/// The records of a [`RecordBatch`] in order.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    batch: &'a RecordBatch,
    rows: Range<usize>,
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        self.batch.get(self.rows.next()?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rows.size_hint()
    }
}

impl DoubleEndedIterator for Records<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.batch.get(self.rows.next_back()?)
    }
}

impl ExactSizeIterator for Records<'_> {}

/// One record of a [`RecordBatch`].
#[derive(Clone, Copy)]
pub struct Record<'a> {
    schema: Option<&'a Arc<RecordSchema>>,
    part: &'a Part,
    row: usize,
}

impl<'a> Record<'a> {
    fn chunk(&self) -> &'a Chunk {
        &self.part.chunk
    }

    /// The schema of a tuple record; `None` for a blob.
    pub fn schema(&self) -> Option<&'a Arc<RecordSchema>> {
        self.schema
    }

    /// The value of a column, counted from 0. See [`RecordBatch::value`].
    #[inline]
    pub fn value(&self, column: usize) -> Result<Value<'a>> {
        let Some(field) = self.schema.and_then(|schema| schema.fields().get(column)) else {
            return Err(self.no_column(column));
        };
        let value = match &self.part.columns {
            None => self.chunk().value(self.row, column, field.field_type),
            Some(columns) => self.mapped_value(columns, column, field.field_type),
        };
        value.map_err(|mismatch| self.mismatch(mismatch, field))
    }

    #[cold]
    fn mismatch(&self, mismatch: value::Mismatch, field: &Field) -> Error {
        let place = format!("record with sequence {}", self.sequence());
        mismatch.into_error(&place, &field.name, field.field_type)
    }

    fn mapped_value(
        &self,
        columns: &[u32],
        column: usize,
        wanted: FieldType,
    ) -> Result<Value<'a>, value::Mismatch> {
        let place = columns.get(column).copied().unwrap_or(NONE) as usize;
        let Some(field) = self
            .chunk()
            .schema
            .as_deref()
            .and_then(|schema| schema.fields().get(place))
        else {
            return Ok(Value::Null);
        };
        self.chunk()
            .value(self.row, place, field.field_type)?
            .converted(wanted)
    }

    #[cold]
    fn no_column(&self, column: usize) -> Error {
        match self.schema {
            None => Error::invalid_argument("column", "blob records have no columns"),
            Some(schema) => Error::invalid_argument(
                "column",
                format_args!("there are {} columns, no number {column}", schema.len()),
            ),
        }
    }

    /// All values in the order of the columns; none for a blob.
    #[inline]
    pub fn values(&self) -> impl ExactSizeIterator<Item = Result<Value<'a>>> {
        values::RowValues::new(*self)
    }

    /// The same for callers that check themselves whether STRINGs are UTF-8, as bindings do when they make texts of
    /// their own language.
    #[inline]
    pub fn raw_values(&self) -> impl ExactSizeIterator<Item = Result<RawValue<'a>>> {
        values::RawValues::new(*self)
    }

    /// The bytes of a blob record. Fails for a tuple.
    pub fn blob(&self) -> Result<&'a [u8]> {
        self.check_blob()?;
        Ok(self.chunk().blob(self.row))
    }

    /// The bytes of a blob record, sharing the memory of the batch. Fails for a tuple.
    pub fn blob_bytes(&self) -> Result<Bytes> {
        self.check_blob()?;
        Ok(self.chunk().blob_bytes(self.row))
    }

    fn check_blob(&self) -> Result<()> {
        if self.schema.is_some() {
            return Err(Error::invalid_argument(
                "row",
                "tuple records have values, not a blob",
            ));
        }
        Ok(())
    }

    /// The attributes in their order.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes::of(self.chunk(), self.row)
    }

    /// The sequence number; 0 for a record that was not received.
    pub fn sequence(&self) -> i64 {
        self.chunk().told.sequence(self.row)
    }

    /// When the service stored the record, in milliseconds since 1970-01-01 UTC; 0 if it was not received.
    pub fn system_time(&self) -> i64 {
        self.chunk().told.system_time(self.row)
    }

    /// The cursor of the record, if the service told it.
    pub fn cursor(&self) -> Option<&'a str> {
        self.chunk().cursor(self.row, Side::At)
    }

    /// The cursor behind the record, if the service told it.
    pub fn next_cursor(&self) -> Option<&'a str> {
        self.chunk().cursor(self.row, Side::Behind)
    }

    fn key(&self, choose: fn(&chunk::Keys) -> Span) -> Option<&'a str> {
        let chunk = self.chunk();
        chunk
            .head_text(choose(chunk.row_keys(self.row)?))
            .filter(|key| !key.is_empty())
    }

    /// Whether any key that routes the record may be set.
    #[inline]
    pub(crate) fn has_keys(&self) -> bool {
        self.chunk().row_keys(self.row).is_some()
    }

    /// The shard that the record is meant for, if one is set.
    pub fn shard_id(&self) -> Option<&'a str> {
        self.key(|keys| keys.shard_id)
    }

    /// The hash key that routes the record, if one is set.
    pub fn hash_key(&self) -> Option<&'a str> {
        self.key(|keys| keys.hash_key)
    }

    /// The partition key that routes the record, if one is set.
    pub fn partition_key(&self) -> Option<&'a str> {
        self.key(|keys| keys.partition_key)
    }

    /// The serial number of the record within its batch, if the service told it.
    pub fn serial(&self) -> Option<u32> {
        self.chunk().told.serial(self.row)
    }

    /// The place of the record within its stored batch, counted from 0.
    pub fn batch_index(&self) -> u32 {
        self.chunk().told.batch_index(self.row)
    }

    /// How many records the stored batch holds; 1 outside of batches, 0 when it is not known.
    pub fn batch_size(&self) -> u32 {
        self.chunk().told.batch_size(self.row)
    }
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("sequence", &self.sequence())
            .field("values", &self.chunk().width(self.row))
            .finish()
    }
}

#[cfg(test)]
mod tests;
