//! How records lie in memory: one index over one buffer.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::built::Built;
use super::cursors::Side;
use super::framed::Framed;
use super::reading::{Ahead, Reading};
use super::schema::{FieldType, RecordSchema};
use super::told::Told;
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

    /// All bytes of a buffer from here on, and how many of them count: none if the span is not in the buffer.
    #[inline]
    pub(crate) fn run_in(self, buffer: &[u8]) -> (&[u8], usize) {
        let length = self.length as usize;
        let bytes = buffer.get(self.offset as usize..);
        match bytes.filter(|bytes| length <= bytes.len()) {
            Some(bytes) => (bytes, length),
            None => (&[], 0),
        }
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
    /// As received in protocol buffers.
    Framed(Framed),
    /// As given by the caller.
    Built(Built),
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

    #[inline]
    const fn is_none(&self) -> bool {
        self.shard_id.is_null() && self.hash_key.is_null() && self.partition_key.is_null()
    }

    fn move_texts(&mut self, place: &mut impl FnMut(Span) -> Span) {
        for key in [
            &mut self.shard_id,
            &mut self.hash_key,
            &mut self.partition_key,
        ] {
            *key = place(*key);
        }
    }
}

/// Where received values lie in the body of a chunk.
#[derive(Clone, Copy)]
pub(crate) struct Places<'a> {
    pub(crate) form: Form,
    spans: &'a [Span],
    starts: &'a [u32],
}

impl Places<'_> {
    /// The place of a value; null for one that the record does not have.
    #[inline]
    pub(crate) fn span(&self, row: usize, column: usize) -> Span {
        let place = place_in(self.starts, self.spans.len(), row, column);
        place.map_or(Span::NULL, |place| self.spans[place])
    }
}

/// The place of a value among the `count` values of a chunk; `None` when the record does not have it.
#[inline]
pub(crate) fn place_in(starts: &[u32], count: usize, row: usize, column: usize) -> Option<usize> {
    let end = starts.get(row + 1).map_or(count, |end| *end as usize);
    let place = *starts.get(row)? as usize + column;
    (place < end && place < count).then_some(place)
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
    pub(crate) told: Told,
    /// Where the values of each row begin in the list of values; they end where those of the next row begin. Framed
    /// values have no such list.
    pub(crate) starts: Vec<u32>,
    pub(crate) attributes: Vec<(Span, Span)>,
    /// The same for the attributes; empty as long as there are none.
    attribute_starts: Vec<u32>,
    /// The rows that have keys, in their order.
    keys: Vec<(u32, Keys)>,
}

impl Chunk {
    /// Makes an empty chunk.
    pub(crate) const fn new(
        schema: Option<Arc<RecordSchema>>,
        values: Values,
        body: Bytes,
        head: Bytes,
    ) -> Self {
        Self {
            schema,
            values,
            body,
            head,
            told: Told::Nothing,
            starts: Vec::new(),
            attributes: Vec::new(),
            attribute_starts: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// Makes an empty chunk of received records.
    pub(crate) const fn received(
        form: Form,
        schema: Option<Arc<RecordSchema>>,
        body: Bytes,
        head: Bytes,
    ) -> Self {
        let spans = Vec::new();
        Self::new(schema, Values::Received { form, spans }, body, head)
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        match &self.values {
            Values::Framed(framed) => framed.len(),
            _ => self.starts.len(),
        }
    }

    /// Adds a row whose values and attributes are in the index already, from the given places on.
    #[inline]
    pub(crate) fn push_row(&mut self, values: usize, attributes: usize) {
        self.begin_attributes(self.starts.len(), attributes);
        self.starts.push(values as u32);
    }

    /// Tells where the attributes of a row begin, which were added already.
    #[inline]
    pub(crate) fn begin_attributes(&mut self, row: usize, start: usize) {
        if !self.attributes.is_empty() {
            self.attribute_starts.resize(row, 0);
            self.attribute_starts.push(start as u32);
        }
    }

    /// Sets the keys of a row behind all those that have any.
    #[inline]
    pub(crate) fn push_keys(&mut self, row: usize, keys: Keys) {
        if !keys.is_none() {
            self.keys.push((row as u32, keys));
        }
    }

    /// How many bytes the texts of attributes, keys and cursors take.
    pub(crate) fn texts_size(&self) -> usize {
        let size = |span: &Span| span.range().len();
        let attributes = self.attributes.iter().flat_map(|(key, value)| [key, value]);
        let keys = self.keys.iter();
        let keys = keys.flat_map(|(_, keys)| [&keys.shard_id, &keys.hash_key, &keys.partition_key]);
        let cursors = match &self.told {
            Told::Each(columns) => columns.cursors.spans(),
            _ => &[],
        };
        let texts = attributes.chain(keys).chain(cursors.iter().flatten());
        texts.map(size).sum()
    }

    /// Keeps what text protocols tell in another buffer, in which `place` copies it.
    pub(crate) fn move_texts(&mut self, mut place: impl FnMut(Span) -> Span) {
        for (key, value) in &mut self.attributes {
            (*key, *value) = (place(*key), place(*value));
        }
        for (_, keys) in &mut self.keys {
            keys.move_texts(&mut place);
        }
        if let Some(cursors) = self.told.cursors_mut() {
            for span in cursors.spans_mut().iter_mut().flatten() {
                *span = place(*span);
            }
        }
    }

    /// About how many bytes of memory the chunk keeps.
    pub(crate) fn memory_size(&self) -> usize {
        let values = match &self.values {
            Values::Received { spans, .. } => size_of_val(spans.as_slice()),
            Values::Framed(framed) => framed.memory_size(),
            Values::Built(Built { text, cells, blobs }) => {
                text.len()
                    + size_of_val(cells.as_slice())
                    + blobs.iter().map(Bytes::len).sum::<usize>()
            }
        };
        let is_one = self.head.as_ptr() == self.body.as_ptr();
        let head = if is_one { 0 } else { self.head.len() };
        self.body.len()
            + head
            + values
            + self.told.memory_size()
            + size_of_val(self.starts.as_slice())
            + size_of_val(self.attributes.as_slice())
            + size_of_val(self.attribute_starts.as_slice())
            + size_of_val(self.keys.as_slice())
    }

    /// The part of a list of values that belongs to a row.
    #[inline]
    pub(crate) fn row_slice<'a, T>(&self, row: usize, all: &'a [T]) -> &'a [T] {
        let place = |row: usize| self.starts.get(row).map(|start| *start as usize);
        let start = place(row).unwrap_or(all.len());
        let end = place(row + 1).unwrap_or(all.len());
        all.get(start..end).unwrap_or_default()
    }

    /// The number of values that a row holds.
    pub(crate) fn width(&self, row: usize) -> usize {
        match &self.values {
            Values::Received { spans, .. } => self.row_slice(row, spans).len(),
            Values::Framed(framed) => framed.spans(&self.body, row).take(self.columns()).count(),
            Values::Built(Built { cells, .. }) => self.row_slice(row, cells).len(),
        }
    }

    /// The number of values that the schema lets a row have.
    fn columns(&self) -> usize {
        self.schema.as_deref().map_or(1, RecordSchema::len)
    }

    /// The places of received values; `None` for records that were built here.
    pub(crate) fn places(&self) -> Option<Places<'_>> {
        let (form, spans, starts) = match &self.values {
            Values::Received { form, spans } => (*form, spans.as_slice(), self.starts.as_slice()),
            Values::Framed(framed) => {
                let (spans, starts) = framed.index(&self.body, self.columns());
                (Form::Text, spans, starts)
            }
            Values::Built(_) => return None,
        };
        Some(Places {
            form,
            spans,
            starts,
        })
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
            Values::Built(Built { text, cells, .. }) => {
                match self.row_slice(row, cells).get(column) {
                    Some(cell) => built_value(*cell, text, field_type),
                    None => Ok(Value::Null),
                }
            }
            Values::Received { form, spans } => match self.row_slice(row, spans).get(column) {
                Some(span) => self.read(*form, *span, field_type),
                None => Ok(Value::Null),
            },
            Values::Framed(framed) if column == 0 => {
                let first = framed.first(&self.body, row);
                self.read(Form::Text, first.unwrap_or(Span::NULL), field_type)
            }
            Values::Framed(_) => match self.places() {
                Some(places) => self.read(places.form, places.span(row, column), field_type),
                None => Ok(Value::Null),
            },
        }
    }

    #[inline]
    fn read(&self, form: Form, span: Span, field_type: FieldType) -> Result<Value<'_>, Mismatch> {
        let mut reading = Reading::new(form, &self.body);
        reading.value(span, field_type, Ahead::none, |mismatch| mismatch)
    }

    /// The bytes of a blob.
    pub(crate) fn blob(&self, row: usize) -> &[u8] {
        let place = match &self.values {
            Values::Received { spans, .. } => self.row_slice(row, spans).first().copied(),
            Values::Framed(framed) => framed.first(&self.body, row),
            Values::Built(Built { cells, blobs, .. }) => match self.row_slice(row, cells).first() {
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
            Values::Built(Built { cells, blobs, .. }) => match self.row_slice(row, cells).first() {
                Some(Cell::Shared(place)) => blobs.get(*place as usize),
                _ => None,
            },
            Values::Received { .. } | Values::Framed(_) => None,
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

    /// A cursor of a row, if the service told it.
    pub(crate) fn cursor(&self, row: usize, side: Side) -> Option<&str> {
        match (&self.told, side) {
            (Told::Nothing, _) => None,
            (Told::Batch(entry), Side::At) => self.head_text(entry.cursor),
            (Told::Batch(entry), Side::Behind) => self.head_text(entry.next_cursor),
            (Told::Each(columns), _) => match columns.cursors.spans().get(row) {
                Some(spans) => self.head_text(spans[side as usize]),
                None => columns.cursors.packed(row, side),
            },
        }
    }

    /// The keys of a row, if it has any.
    #[inline]
    pub(crate) fn row_keys(&self, row: usize) -> Option<&Keys> {
        if self.keys.is_empty() {
            return None;
        }
        let is_there = |place: &usize| self.keys.get(*place).is_some_and(|at| at.0 as usize == row);
        // Where all rows have keys, those of a row have its number.
        let place = Some(row).filter(is_there);
        let place = place.or_else(|| {
            let found = self.keys.binary_search_by_key(&row, |at| at.0 as usize);
            found.ok()
        })?;
        self.keys.get(place).map(|(_, keys)| keys)
    }

    /// The key and value of every attribute of a row.
    #[inline]
    pub(crate) fn row_attributes(&self, row: usize) -> &[(Span, Span)] {
        let Some(start) = self.attribute_starts.get(row) else {
            return &[];
        };
        let next = self.attribute_starts.get(row + 1);
        let end = next.map_or(self.attributes.len(), |end| *end as usize);
        self.attributes
            .get(*start as usize..end)
            .unwrap_or_default()
    }

    /// A text of an attribute. It was checked when it was stored.
    pub(crate) fn body_text(&self, span: Span) -> &str {
        match &self.values {
            Values::Built(Built { text, .. }) => text.get(span.range()).unwrap_or_default(),
            _ => checked_text(&self.body, span),
        }
    }

    /// A cursor or a key. It was checked when it was stored.
    pub(crate) fn head_text(&self, span: Span) -> Option<&str> {
        if span.is_null() {
            return None;
        }
        Some(match &self.values {
            Values::Built(Built { text, .. }) => text.get(span.range()).unwrap_or_default(),
            _ => checked_text(&self.head, span),
        })
    }
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
