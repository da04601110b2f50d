//! Walking down one column of a batch.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::super::built::Built;
use super::super::chunk::{Cell, Chunk, Form, NONE, Places, Span, Values, place_in};
use super::super::reading::{Ahead, Reading};
use super::super::schema::FieldType;
use super::super::value::{Mismatch, Value};
use super::super::{Part, RecordBatch};
use crate::error::{Error, ErrorKind, Result};

/// The values of one column in one chunk.
pub(super) struct Run<'a> {
    pub(super) part: &'a Part,
    /// The rows in the chunk.
    pub(super) rows: Range<usize>,
    /// Where the column is in the records of the chunk, and the type with which it was written; `None` when they
    /// do not have it.
    place: Option<(usize, FieldType)>,
}

/// The runs of rows of a batch, with the place of a column in each.
pub(super) fn runs(batch: &RecordBatch, column: usize) -> impl Iterator<Item = Run<'_>> {
    let (from, to) = (batch.start, batch.start + batch.len);
    let mut begin = 0;
    batch.shared.parts.iter().filter_map(move |part| {
        let rows = from.max(begin)..to.min(part.end);
        let first = part.first;
        let before = begin;
        begin = part.end;
        (rows.start < rows.end).then(|| Run {
            part,
            rows: first + rows.start - before..first + rows.end - before,
            place: place_of(part, column),
        })
    })
}

fn place_of(part: &Part, column: usize) -> Option<(usize, FieldType)> {
    let place = match &part.columns {
        None => column,
        Some(columns) => columns.get(column).copied().unwrap_or(NONE) as usize,
    };
    let field = part.chunk.schema.as_deref()?.fields().get(place)?;
    Some((place, field.field_type))
}

impl<'a> Run<'a> {
    fn chunk(&self) -> &'a Chunk {
        &self.part.chunk
    }

    /// Calls `take` with every value as it was written; stops at the first one that it or reading refuses.
    #[inline]
    pub(super) fn each_value(
        &self,
        wanted: FieldType,
        take: &mut impl FnMut(Value<'a>) -> Result<(), Mismatch>,
    ) -> Result<(), Mismatch> {
        let chunk = self.chunk();
        let Some((place, written)) = self.place else {
            return self.rows.clone().try_for_each(|_| take(Value::Null));
        };
        let Some(places) = chunk.places() else {
            return self
                .rows
                .clone()
                .try_for_each(|row| take(chunk.value(row, place, written)?.converted(wanted)?));
        };
        if written != wanted {
            return self
                .rows
                .clone()
                .try_for_each(|row| take(chunk.value(row, place, written)?.converted(wanted)?));
        }
        // Each form gets a loop of its own.
        match places.form {
            Form::Text => self.each_received(Form::Text, wanted, places, place, take),
            Form::Slots => self.each_received(Form::Slots, wanted, places, place, take),
            Form::Avro => self.each_received(Form::Avro, wanted, places, place, take),
        }
    }

    #[allow(
        clippy::inline_always,
        reason = "the form and the type are known where it is called"
    )]
    #[inline(always)]
    fn each_received(
        &self,
        form: Form,
        wanted: FieldType,
        places: Places<'_>,
        place: usize,
        take: &mut impl FnMut(Value<'a>) -> Result<(), Mismatch>,
    ) -> Result<(), Mismatch> {
        let chunk = self.chunk();
        let mut reading = Reading::new(form, &chunk.body);
        for row in self.rows.clone() {
            let span = places.span(row, place);
            take(reading.value(span, wanted, Ahead::none, |mismatch| mismatch)?)?;
        }
        Ok(())
    }

    /// Calls `take` with the place of every text in the buffer of the chunk, if the texts can be taken as they lie
    /// there; they are not checked. Gives false, having done nothing, if they cannot.
    #[inline]
    pub(super) fn each_span(&self, wanted: FieldType, mut take: impl FnMut(Span)) -> bool {
        let chunk = self.chunk();
        let Some((place, written)) = self.place else {
            self.rows.clone().for_each(|_| take(Span::NULL));
            return true;
        };
        if written != wanted {
            return false;
        }
        match (&chunk.values, chunk.places()) {
            (_, Some(places)) => {
                // An empty text stands for null there, but for STRING.
                let empty_is_null = places.form == Form::Text && wanted != FieldType::String;
                for row in self.rows.clone() {
                    let span = places.span(row, place);
                    let is_null = empty_is_null && span.range().is_empty();
                    take(if is_null { Span::NULL } else { span });
                }
            }
            (Values::Built(Built { cells, .. }), None) => {
                for row in self.rows.clone() {
                    let at = place_in(&chunk.starts, cells.len(), row, place);
                    take(match at.map(|at| cells[at]) {
                        Some(Cell::Bytes(span)) => span,
                        _ => Span::NULL,
                    });
                }
            }
            _ => {}
        }
        true
    }

    /// The buffer in which the spans lie.
    pub(super) fn buffer(&self) -> &'a [u8] {
        let chunk = self.chunk();
        match &chunk.values {
            Values::Received { .. } | Values::Framed(_) => &chunk.body,
            Values::Built(Built { text, .. }) => text.as_bytes(),
        }
    }

    /// The buffer in which the spans lie, shared.
    pub(super) fn shared_buffer(&self) -> Bytes {
        let chunk = self.chunk();
        match &chunk.values {
            Values::Received { .. } | Values::Framed(_) => chunk.body.clone(),
            Values::Built(_) => Bytes::from_owner(Texts(Arc::clone(&self.part.chunk))),
        }
    }
}

/// The texts of records that were built here.
struct Texts(Arc<Chunk>);

impl AsRef<[u8]> for Texts {
    fn as_ref(&self) -> &[u8] {
        match &self.0.values {
            Values::Built(Built { text, .. }) => text.as_bytes(),
            Values::Received { .. } | Values::Framed(_) => &[],
        }
    }
}

/// Calls `take` with every value of a column, in order.
///
/// The error for a value that cannot be read is that of [`RecordBatch::value`].
#[inline]
pub(super) fn each_value<'a>(
    batch: &'a RecordBatch,
    column: usize,
    wanted: FieldType,
    mut take: impl FnMut(Value<'a>) -> Result<(), Mismatch>,
) -> Result<()> {
    for run in runs(batch, column) {
        if run.each_value(wanted, &mut take).is_err() {
            return Err(unreadable(batch, column));
        }
    }
    Ok(())
}

/// The error of the first value of a column that cannot be read.
#[cold]
pub(super) fn unreadable(batch: &RecordBatch, column: usize) -> Error {
    (0..batch.len())
        .find_map(|row| batch.value(row, column).err())
        .unwrap_or_else(|| {
            Error::new(
                ErrorKind::Internal,
                "a value was refused that can be read in another way",
            )
        })
}
