//! Reading the values of one record in their order.

use std::slice::Iter;
use std::sync::Arc;

use super::built::Built;
use super::chunk::{Cell, Form, Span, Values, built_value};
use super::framed::{any_step, plain_step};
use super::reading::{Ahead, Reading};
use super::schema::{Field, FieldType, RecordSchema};
use super::value::{Mismatch, Value};
use super::{Part, Record};
use crate::error::{Error, Result};

/// All values of a record, as many as its schema has columns.
///
/// What they have in common is looked up once, and not for every value as by [`Record::value`]. The members are
/// separate, and none of them is lent to a function that is not inlined, so that they stay in registers.
pub(super) struct RowValues<'a> {
    record: Record<'a>,
    fields: Iter<'a, Field>,
    source: Source,
    /// Received values.
    reading: Reading<'a>,
    spans: Iter<'a, Span>,
    /// Framed values, up to the end of the record.
    framed: &'a [u8],
    place: usize,
    is_plain: bool,
    /// The texts of built values.
    text: &'a str,
    cells: Iter<'a, Cell>,
}

/// Where the values come from.
#[derive(Clone, Copy)]
enum Source {
    Received,
    Framed,
    Built,
    /// Columns that were found by name.
    Mapped,
}

impl<'a> RowValues<'a> {
    #[allow(clippy::inline_always, reason = "it would be copied")]
    #[inline(always)]
    pub(super) fn new(record: Record<'a>) -> Self {
        Self::read(record, true)
    }

    /// Unless they are looked at together, texts are looked at one by one when they are read.
    #[allow(clippy::inline_always, reason = "it would be copied")]
    #[inline(always)]
    fn read(record: Record<'a>, together: bool) -> Self {
        let fields = record.schema.map_or(&[][..], |schema| schema.fields());
        let chunk = record.chunk();
        let mut values = Self {
            record,
            fields: fields.iter(),
            source: Source::Mapped,
            reading: Reading::new(Form::Text, &[]),
            spans: [].iter(),
            framed: &[],
            place: 0,
            is_plain: false,
            text: "",
            cells: [].iter(),
        };
        if record.part.columns.is_none() {
            match &chunk.values {
                Values::Received { form, spans } => {
                    let spans = chunk.row_slice(record.row, spans);
                    values.source = Source::Received;
                    values.reading = if together {
                        Reading::of_row(*form, &chunk.body, fields, spans)
                    } else {
                        Reading::new(*form, &chunk.body)
                    };
                    values.spans = spans.iter();
                }
                Values::Framed(framed) => {
                    let (area, is_plain) = framed.area(record.row);
                    values.source = Source::Framed;
                    values.framed = chunk.body.get(..area.end).unwrap_or_default();
                    values.place = area.start;
                    values.is_plain = is_plain;
                    let area = Some(area).filter(|_| is_plain && together);
                    values.reading = Reading::of_area(Form::Text, &chunk.body, area);
                }
                Values::Built(Built { text, cells, .. }) => {
                    values.source = Source::Built;
                    values.text = text;
                    values.cells = chunk.row_slice(record.row, cells).iter();
                }
            }
        }
        values
    }

    /// The place of the next one of received values; `None` behind the last one that the record has.
    #[allow(clippy::inline_always, reason = "see `next`")]
    #[inline(always)]
    fn next_span(&mut self) -> Option<Span> {
        if matches!(self.source, Source::Received) {
            return self.spans.next().copied();
        }
        let (span, behind) = if self.is_plain {
            plain_step(self.framed, self.place)?
        } else {
            any_step(self.framed, self.place)?
        };
        self.place = behind;
        Some(span)
    }
}

#[cold]
fn refused(part: &Part, row: usize, mismatch: Mismatch, field: &Field) -> Error {
    let schema = None;
    Record { schema, part, row }.mismatch(mismatch, field)
}

#[inline(never)]
fn mapped<'a>(
    schema: Option<&'a Arc<RecordSchema>>,
    part: &'a Part,
    row: usize,
    left: usize,
) -> Result<Value<'a>> {
    let columns = schema.map_or(0, |schema| schema.fields().len());
    Record { schema, part, row }.value(columns - left - 1)
}

impl<'a> Iterator for RowValues<'a> {
    type Item = Result<Value<'a>>;

    #[allow(clippy::inline_always, reason = "the loops of codecs are around it")]
    #[inline(always)]
    fn next(&mut self) -> Option<Result<Value<'a>>> {
        let field = self.fields.next()?;
        // One by one: as a whole, the record would be copied for each value.
        let Record { schema, part, row } = self.record;
        let refused = |mismatch| refused(part, row, mismatch, field);
        match self.source {
            Source::Received | Source::Framed => match self.next_span() {
                None => Some(Ok(Value::Null)),
                Some(span) => {
                    let (fields, spans) = (&self.fields, &self.spans);
                    let ahead = || Ahead {
                        fields: fields.as_slice(),
                        spans: spans.as_slice(),
                    };
                    let reading = &mut self.reading;
                    Some(reading.value(span, field.field_type, ahead, refused))
                }
            },
            Source::Built => match self.cells.next() {
                None => Some(Ok(Value::Null)),
                Some(cell) => {
                    Some(built_value(*cell, self.text, field.field_type).map_err(refused))
                }
            },
            Source::Mapped => Some(mapped(schema, part, row, self.fields.len())),
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.fields.size_hint()
    }
}

impl ExactSizeIterator for RowValues<'_> {}

/// A value of a record, for callers that check themselves whether bytes are text when they make their own of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RawValue<'a> {
    /// The bytes of a STRING that was received. They are UTF-8 unless the reply was damaged.
    Text(&'a [u8]),
    /// Any other value.
    Value(Value<'a>),
}

/// All values of a record, of which STRINGs are not looked at.
pub(super) struct RawValues<'a>(RowValues<'a>);

impl<'a> RawValues<'a> {
    #[allow(clippy::inline_always, reason = "it would be copied")]
    #[inline(always)]
    pub(super) fn new(record: Record<'a>) -> Self {
        Self(RowValues::read(record, false))
    }
}

impl<'a> Iterator for RawValues<'a> {
    type Item = Result<RawValue<'a>>;

    #[allow(clippy::inline_always, reason = "the loops of bindings are around it")]
    #[inline(always)]
    fn next(&mut self) -> Option<Result<RawValue<'a>>> {
        let values = &mut self.0;
        let field = values.fields.as_slice().first()?;
        if field.field_type == FieldType::String
            && matches!(values.source, Source::Received | Source::Framed)
        {
            values.fields.next();
            let span = values.next_span().filter(|span| !span.is_null());
            let Some(span) = span else {
                return Some(Ok(RawValue::Value(Value::Null)));
            };
            let Record { part, row, .. } = values.record;
            let bytes = values.reading.bytes(span).map(RawValue::Text);
            return Some(bytes.map_err(|mismatch| refused(part, row, mismatch, field)));
        }
        values.next().map(|value| value.map(RawValue::Value))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for RawValues<'_> {}
