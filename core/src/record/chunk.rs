//! How records lie in memory: one index over one buffer.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::reading::{Ahead, Reading};
use super::schema::{FieldType, RecordSchema};
use super::value::{Mismatch, Value};

/// "None" in a field of type `u32`.
pub(crate) const NONE: u32 = u32::MAX;

/// A range of bytes in a buffer of less than 4 GiB. Null and an empty range are different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    offset: u32,
    length: u32,
}

impl Span {
    /// No bytes at all: a null value or an absent text.
    pub(crate) const NULL: Self = Self {
        offset: 0,
        length: NONE,
    };

    /// A range of a buffer whose length was checked with [`check_size`].
    pub(crate) const fn new(offset: usize, length: usize) -> Self {
        Self {
            offset: offset as u32,
            length: length as u32,
        }
    }

    pub(crate) const fn is_null(self) -> bool {
        self.length == NONE
    }

    pub(crate) const fn range(self) -> Range<usize> {
        let start = self.offset as usize;
        if self.is_null() {
            start..start
        } else {
            start..start + self.length as usize
        }
    }
}

/// Refuses buffers that are too large to be indexed with 32 bits.
pub(crate) fn check_size(length: usize) -> crate::error::Result<()> {
    if length >= NONE as usize {
        return Err(crate::error::Error::malformed(
            "a body of 4 GiB or more cannot be decoded",
        ));
    }
    Ok(())
}

/// How values are written in the buffer of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As text: protocol buffers and JSON.
    Text,
    /// As in batch version 0.
    Slots,
    /// As in batch version 1.
    Avro,
}

/// One value of a record built here.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Float(f32),
    Double(f64),
    Boolean(bool),
    /// In the text, or in the buffer for a blob.
    Bytes(Span),
    /// A blob of its own.
    Shared(u32),
}

/// The values of a chunk, in rows.
#[derive(Debug)]
pub(crate) enum Values {
    /// As received.
    Received { form: Form, spans: Vec<Span> },
    /// As given by the caller. Texts and attributes lie in `text`.
    Built {
        text: String,
        cells: Vec<Cell>,
        blobs: Vec<Bytes>,
    },
}

/// What a reply tells about one record or one batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) sequence: i64,
    pub(crate) system_time: i64,
    pub(crate) cursor: Span,
    pub(crate) next_cursor: Span,
    pub(crate) serial: Option<u32>,
    /// The first row that belongs to the entry; it wraps around below 0 when the entry began in an earlier chunk.
    pub(crate) first_row: u32,
    /// How many records the batch holds; 0 when it is not known.
    pub(crate) batch_size: u32,
}

impl Entry {
    /// Nothing is told.
    pub(crate) const UNKNOWN: Self = Self {
        sequence: 0,
        system_time: 0,
        cursor: Span::NULL,
        next_cursor: Span::NULL,
        serial: None,
        first_row: 0,
        batch_size: 1,
    };
}

/// Where the parts of one record begin in the index. They end where the next record's begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) entry: u32,
    pub(crate) values: u32,
    pub(crate) attributes: u32,
    pub(crate) keys: u32,
}

/// The routing keys of one record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys {
    pub(crate) shard_id: Span,
    pub(crate) hash_key: Span,
    pub(crate) partition_key: Span,
}

impl Keys {
    pub(crate) const NONE: Self = Self {
        shard_id: Span::NULL,
        hash_key: Span::NULL,
        partition_key: Span::NULL,
    };
}

/// Some records over one buffer.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// The schema with which the records were written; `None` for blobs.
    pub(crate) schema: Option<Arc<RecordSchema>>,
    pub(crate) values: Values,
    /// The buffer of values and attributes; for built records, of blobs.
    pub(crate) body: Bytes,
    /// The buffer of cursors and keys of received records.
    pub(crate) head: Bytes,
    pub(crate) entries: Vec<Entry>,
    pub(crate) rows: Vec<Row>,
    pub(crate) attributes: Vec<(Span, Span)>,
    pub(crate) keys: Vec<Keys>,
}

impl Chunk {
    /// Makes an empty chunk of received records.
    pub(crate) fn received(
        form: Form,
        schema: Option<Arc<RecordSchema>>,
        body: Bytes,
        head: Bytes,
    ) -> Self {
        Self {
            schema,
            values: Values::Received {
                form,
                spans: Vec::new(),
            },
            body,
            head,
            entries: Vec::new(),
            rows: Vec::new(),
            attributes: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// Adds a received record of a text protocol. Its values and attributes are in the index already,
    /// from the given places on; `head` is the buffer of its cursors.
    pub(crate) fn push_row(
        &mut self,
        mut entry: Entry,
        keys: Keys,
        values: usize,
        attributes: usize,
        head: &[u8],
    ) {
        let row = self.rows.len() as u32;
        let index = self.index_in_batch(&entry, head);
        entry.first_row = row.wrapping_sub(index);
        if index > 0 || entry.serial.is_some() {
            entry.batch_size = 0;
        }
        let has_keys =
            !(keys.shard_id.is_null() && keys.hash_key.is_null() && keys.partition_key.is_null());
        self.rows.push(Row {
            entry: row,
            values: values as u32,
            attributes: attributes as u32,
            keys: if has_keys {
                self.keys.len() as u32
            } else {
                NONE
            },
        });
        if has_keys {
            self.keys.push(keys);
        }
        self.entries.push(entry);
    }

    /// The place in its batch of a record that the service took out of it for a text protocol.
    ///
    /// It is the serial number where there is one. Else records with the same sequence number are
    /// counted, beginning with what the cursor of the first one tells.
    fn index_in_batch(&self, entry: &Entry, head: &[u8]) -> u32 {
        if let Some(serial) = entry.serial.filter(|serial| *serial > 0) {
            return serial;
        }
        let row = self.rows.len() as u32;
        match self.entries.last() {
            // Only what was received has a time.
            Some(last) if entry.system_time != 0 && last.sequence == entry.sequence => {
                row.wrapping_sub(last.first_row)
            }
            Some(_) => 0,
            None => index_of_cursor(head.get(entry.cursor.range()).unwrap_or_default()),
        }
    }

    /// About how many bytes of memory the chunk keeps.
    pub(crate) fn memory_size(&self) -> usize {
        let values = match &self.values {
            Values::Received { spans, .. } => size_of_val(spans.as_slice()),
            Values::Built { text, cells, blobs } => {
                text.len()
                    + size_of_val(cells.as_slice())
                    + blobs.iter().map(Bytes::len).sum::<usize>()
            }
        };
        self.body.len()
            + self.head.len()
            + values
            + size_of_val(self.entries.as_slice())
            + size_of_val(self.rows.as_slice())
            + size_of_val(self.attributes.as_slice())
            + size_of_val(self.keys.as_slice())
    }

    /// The part of a list of values that belongs to a row.
    #[inline]
    pub(crate) fn row_slice<'a, T>(&self, row: usize, all: &'a [T]) -> &'a [T] {
        let mut places = self
            .rows
            .get(row..)
            .unwrap_or_default()
            .iter()
            .map(|row| row.values as usize);
        let start = places.next().unwrap_or(all.len());
        let end = places.next().unwrap_or(all.len());
        all.get(start..end).unwrap_or_default()
    }

    /// The number of values that a row holds.
    pub(crate) fn width(&self, row: usize) -> usize {
        match &self.values {
            Values::Received { spans, .. } => self.row_slice(row, spans).len(),
            Values::Built { cells, .. } => self.row_slice(row, cells).len(),
        }
    }

    /// A value by its place in the record; null for one that the record does not have.
    #[inline]
    pub(crate) fn value(
        &self,
        row: usize,
        column: usize,
        field_type: FieldType,
    ) -> Result<Value<'_>, Mismatch> {
        match &self.values {
            Values::Built { text, cells, .. } => match self.row_slice(row, cells).get(column) {
                Some(cell) => built_value(*cell, text, field_type),
                None => Ok(Value::Null),
            },
            Values::Received { form, spans } => match self.row_slice(row, spans).get(column) {
                Some(span) => {
                    let mut reading = Reading::new(*form, &self.body);
                    reading.value(*span, field_type, Ahead::none, |mismatch| mismatch)
                }
                None => Ok(Value::Null),
            },
        }
    }

    /// The bytes of a blob.
    pub(crate) fn blob(&self, row: usize) -> &[u8] {
        let place = match &self.values {
            Values::Received { spans, .. } => self.row_slice(row, spans).first().copied(),
            Values::Built { cells, blobs, .. } => match self.row_slice(row, cells).first() {
                Some(Cell::Bytes(span)) => Some(*span),
                Some(Cell::Shared(place)) => {
                    return blobs.get(*place as usize).map_or(&[][..], Bytes::as_ref);
                }
                _ => None,
            },
        };
        place
            .and_then(|span| self.body.get(span.range()))
            .unwrap_or_default()
    }

    /// The bytes of a blob that has a buffer of its own.
    fn shared_blob(&self, row: usize) -> Option<&Bytes> {
        match &self.values {
            Values::Built { cells, blobs, .. } => match self.row_slice(row, cells).first() {
                Some(Cell::Shared(place)) => blobs.get(*place as usize),
                _ => None,
            },
            Values::Received { .. } => None,
        }
    }

    /// The buffer that holds a blob.
    pub(crate) fn blob_buffer(&self, row: usize) -> &Bytes {
        self.shared_blob(row).unwrap_or(&self.body)
    }

    /// The bytes of a blob, sharing the buffer.
    pub(crate) fn blob_bytes(&self, row: usize) -> Bytes {
        if let Some(blob) = self.shared_blob(row) {
            return blob.clone();
        }
        let blob = self.blob(row);
        if blob.is_empty() {
            Bytes::new()
        } else {
            self.body.slice_ref(blob)
        }
    }

    pub(crate) fn entry(&self, row: usize) -> Option<&Entry> {
        self.entries.get(self.rows.get(row)?.entry as usize)
    }

    pub(crate) fn row_keys(&self, row: usize) -> Option<&Keys> {
        self.keys.get(self.rows.get(row)?.keys as usize)
    }

    /// The key and value of every attribute of a row.
    pub(crate) fn row_attributes(&self, row: usize) -> &[(Span, Span)] {
        let count = self.attributes.len();
        let start = self
            .rows
            .get(row)
            .map_or(count, |row| row.attributes as usize);
        let end = self
            .rows
            .get(row + 1)
            .map_or(count, |row| row.attributes as usize);
        self.attributes.get(start..end).unwrap_or_default()
    }

    /// A text of an attribute. It was checked when it was stored.
    pub(crate) fn body_text(&self, span: Span) -> &str {
        match &self.values {
            Values::Built { text, .. } => text.get(span.range()).unwrap_or_default(),
            Values::Received { .. } => checked_text(&self.body, span),
        }
    }

    /// A cursor or a key. It was checked when it was stored.
    pub(crate) fn head_text(&self, span: Span) -> Option<&str> {
        if span.is_null() {
            return None;
        }
        Some(match &self.values {
            Values::Built { text, .. } => text.get(span.range()).unwrap_or_default(),
            Values::Received { .. } => checked_text(&self.head, span),
        })
    }
}

/// The number in the last 4 of the 32 digits of a cursor: how many records of its batch it skips.
fn index_of_cursor(cursor: &[u8]) -> u32 {
    let digits = cursor.get(28..32).filter(|_| cursor.len() == 32);
    digits
        .and_then(|digits| u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok())
        .unwrap_or(0)
}

fn checked_text(buffer: &[u8], span: Span) -> &str {
    buffer
        .get(span.range())
        .and_then(|bytes| str::from_utf8(bytes).ok())
        .unwrap_or_default()
}

#[allow(clippy::inline_always, reason = "the loops of codecs are around it")]
#[inline(always)]
pub(crate) fn built_value(
    cell: Cell,
    text: &str,
    field_type: FieldType,
) -> Result<Value<'_>, Mismatch> {
    Ok(match cell {
        Cell::Null | Cell::Shared(_) => Value::Null,
        Cell::Integer(value) => return Value::from_integer(field_type, value),
        Cell::Float(value) => Value::Float(value),
        Cell::Double(value) => Value::Double(value),
        Cell::Boolean(value) => Value::Boolean(value),
        Cell::Bytes(span) => {
            let text = text.get(span.range()).ok_or(Mismatch::Form)?;
            match field_type {
                FieldType::Decimal => Value::Decimal(text),
                FieldType::Json => Value::Json(text),
                _ => Value::String(text),
            }
        }
    })
}
