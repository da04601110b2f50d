//! Reading the values of one record in their order.

use std::slice::Iter;

use super::Record;
use super::chunk::{Cell, Form, Span, Values, built_value, received_value};
use super::schema::Field;
use super::value::{Mismatch, Value};
use crate::error::{Error, Result};

/// All values of a record, as many as its schema has columns.
///
/// What they have in common is looked up once, and not for every value as by [`Record::value`].
pub(super) struct RowValues<'a> {
    record: Record<'a>,
    fields: Iter<'a, Field>,
    source: Source<'a>,
}

/// Where the next values come from.
enum Source<'a> {
    Received {
        form: Form,
        body: &'a [u8],
        spans: Iter<'a, Span>,
    },
    Built {
        text: &'a str,
        cells: Iter<'a, Cell>,
    },
    /// Columns that were found by name; the next one.
    Mapped(usize),
}

impl<'a> RowValues<'a> {
    #[inline]
    pub(super) fn new(record: Record<'a>) -> Self {
        let fields = record.schema.map_or(&[][..], |schema| schema.fields());
        let chunk = record.chunk();
        let source = if record.part.columns.is_some() {
            Source::Mapped(0)
        } else {
            match &chunk.values {
                Values::Received { form, spans } => Source::Received {
                    form: *form,
                    body: &chunk.body,
                    spans: chunk.row_slice(record.row, spans).iter(),
                },
                Values::Built { text, cells, .. } => Source::Built {
                    text,
                    cells: chunk.row_slice(record.row, cells).iter(),
                },
            }
        };
        Self {
            record,
            fields: fields.iter(),
            source,
        }
    }

    #[cold]
    fn error(&self, mismatch: Mismatch, field: &Field) -> Error {
        self.record.mismatch(mismatch, field)
    }
}

impl<'a> Iterator for RowValues<'a> {
    type Item = Result<Value<'a>>;

    #[allow(clippy::inline_always, reason = "the loops of codecs are around it")]
    #[inline(always)]
    fn next(&mut self) -> Option<Result<Value<'a>>> {
        let field = self.fields.next()?;
        let value = match &mut self.source {
            Source::Received { form, body, spans } => match spans.next() {
                None => return Some(Ok(Value::Null)),
                Some(span) => received_value(*form, body, *span, field.field_type),
            },
            Source::Built { text, cells } => match cells.next() {
                None => return Some(Ok(Value::Null)),
                Some(cell) => built_value(*cell, text, field.field_type),
            },
            Source::Mapped(column) => {
                *column += 1;
                return Some(self.record.value(*column - 1));
            }
        };
        Some(match value {
            Ok(value) => Ok(value),
            Err(mismatch) => Err(self.error(mismatch, field)),
        })
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.fields.size_hint()
    }
}

impl ExactSizeIterator for RowValues<'_> {}
