//! Reading the values of one record in their order.

use std::slice::Iter;

use super::Record;
use super::chunk::{Cell, Form, Span, Values, built_value, received_value};
use super::schema::Field;
use super::value::{Mismatch, Value};
use crate::error::{Error, Result};

/// All values of a record, as many as its schema has columns.
///
/// What they have in common is looked up once, and not for every value as by [`Record::value`]. The members are
/// separate, and none of them is lent to a function that is not inlined, so that they stay in registers.
pub(super) struct RowValues<'a> {
    record: Record<'a>,
    fields: Iter<'a, Field>,
    source: Source,
    /// The buffer of received values.
    body: &'a [u8],
    spans: Iter<'a, Span>,
    /// The texts of built values.
    text: &'a str,
    cells: Iter<'a, Cell>,
}

/// Where the values come from.
#[derive(Clone, Copy)]
enum Source {
    Received(Form),
    Built,
    /// Columns that were found by name.
    Mapped,
}

impl<'a> RowValues<'a> {
    #[inline]
    pub(super) fn new(record: Record<'a>) -> Self {
        let fields = record.schema.map_or(&[][..], |schema| schema.fields());
        let chunk = record.chunk();
        let mut values = Self {
            record,
            fields: fields.iter(),
            source: Source::Mapped,
            body: &chunk.body,
            spans: [].iter(),
            text: "",
            cells: [].iter(),
        };
        if record.part.columns.is_none() {
            match &chunk.values {
                Values::Received { form, spans } => {
                    values.source = Source::Received(*form);
                    values.spans = chunk.row_slice(record.row, spans).iter();
                }
                Values::Built { text, cells, .. } => {
                    values.source = Source::Built;
                    values.text = text;
                    values.cells = chunk.row_slice(record.row, cells).iter();
                }
            }
        }
        values
    }
}

#[cold]
fn refused(record: Record<'_>, mismatch: Mismatch, field: &Field) -> Error {
    record.mismatch(mismatch, field)
}

#[inline(never)]
fn mapped(record: Record<'_>, left: usize) -> Result<Value<'_>> {
    let columns = record.schema.map_or(0, |schema| schema.fields().len());
    record.value(columns - left - 1)
}

impl<'a> Iterator for RowValues<'a> {
    type Item = Result<Value<'a>>;

    #[allow(clippy::inline_always, reason = "the loops of codecs are around it")]
    #[inline(always)]
    fn next(&mut self) -> Option<Result<Value<'a>>> {
        let field = self.fields.next()?;
        let value = match self.source {
            Source::Received(form) => match self.spans.next() {
                None => Ok(Value::Null),
                Some(span) => received_value(form, self.body, *span, field.field_type),
            },
            Source::Built => match self.cells.next() {
                None => Ok(Value::Null),
                Some(cell) => built_value(*cell, self.text, field.field_type),
            },
            Source::Mapped => return Some(mapped(self.record, self.fields.len())),
        };
        match value {
            Ok(value) => Some(Ok(value)),
            Err(mismatch) => Some(Err(refused(self.record, mismatch, field))),
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.fields.size_hint()
    }
}

impl ExactSizeIterator for RowValues<'_> {}
