//! Reading received values where they lie.

use std::ops::Range;

use super::chunk::{Form, Span};
use super::decimal;
use super::schema::{Field, FieldType};
use super::value::{Mismatch, TIMESTAMP_MAX, TIMESTAMP_MIN, Value, parse_plain_integer, utf8};
use crate::codec::avro;

/// In rows of slots, longer texts lie behind the slots.
const LONGEST_INLINE: usize = 7;

/// Where the texts of a record lie, and what separates them, which is text, too.
#[inline]
fn text_area(spans: &[Span]) -> Option<Range<usize>> {
    let mut given = spans.iter().filter(|span| !span.is_null());
    let first = given.next()?.range();
    let last = given.next_back()?.range();
    Some(first.start..last.end)
}

/// Where the texts of a record of slots lie, one behind the other.
#[inline(never)]
fn slots_area(fields: &[Field], spans: &[Span]) -> Option<Range<usize>> {
    let mut texts = fields
        .iter()
        .zip(spans)
        .filter(|(field, span)| field.field_type.is_text() && span.range().len() > LONGEST_INLINE)
        .map(|(_, span)| span.range());
    let first = texts.next()?;
    let last = texts.next_back()?;
    Some(first.start..last.end)
}

/// The values of a record behind one of them.
#[derive(Clone, Copy)]
pub(crate) struct Ahead<'a> {
    pub(crate) fields: &'a [Field],
    pub(crate) spans: &'a [Span],
}

impl Ahead<'_> {
    /// For a value that is read alone.
    pub(crate) const fn none() -> Self {
        Self {
            fields: &[],
            spans: &[],
        }
    }
}

/// Looks at a text of Avro data and the texts behind it at once, as far as the lengths between them are text, too;
/// gives them, or nothing if they are not text as a whole, and where they end.
#[inline(never)]
fn avro_texts<'a>(body: &'a [u8], span: Span, ahead: Ahead<'_>) -> (&'a str, usize) {
    let Range { start, mut end } = span.range();
    let mut nulls = 0;
    for (field, span) in ahead.fields.iter().zip(ahead.spans) {
        if span.is_null() {
            nulls += 1;
            continue;
        }
        // A length of one byte and, where there may be nulls, a byte that says that there is none.
        let between = nulls + 1 + usize::from(field.allow_null);
        let range = span.range();
        if !field.field_type.is_text() || range.start != end + between {
            break;
        }
        (nulls, end) = (0, range.end);
    }
    let text = body
        .get(start..end)
        .and_then(|bytes| simdutf8::basic::from_utf8(bytes).ok());
    (text.unwrap_or_default(), end)
}

/// Values in a buffer.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    form: Form,
    body: &'a [u8],
    /// A part of the buffer that is known to be text.
    text: &'a str,
    /// Where that part begins.
    text_start: usize,
    /// Up to here it was found out what is text; texts behind that are looked at together with those ahead.
    looked_at: usize,
}

impl<'a> Reading<'a> {
    /// Looks at every text when it is read.
    pub(crate) const fn new(form: Form, body: &'a [u8]) -> Self {
        Self {
            form,
            body,
            text: "",
            text_start: 0,
            looked_at: usize::MAX,
        }
    }

    /// The same for the values of one record, in their order.
    ///
    /// Whether their texts are UTF-8 is found out at once where what lies between them is text as well, which takes
    /// a fraction of the time of looking at one after the other. Where it is not, they are looked at when they are
    /// read, in Avro data together with those ahead.
    #[allow(clippy::inline_always, reason = "it would be copied")]
    #[inline(always)]
    pub(crate) fn of_row(form: Form, body: &'a [u8], fields: &[Field], spans: &[Span]) -> Self {
        let area = match form {
            Form::Text => text_area(spans),
            Form::Slots => slots_area(fields, spans),
            Form::Avro => None,
        };
        Self::of_area(form, body, area)
    }

    /// The same for values in a part of the buffer that may be text as a whole.
    #[allow(clippy::inline_always, reason = "see `of_row`")]
    #[inline(always)]
    pub(crate) fn of_area(form: Form, body: &'a [u8], area: Option<Range<usize>>) -> Self {
        let mut reading = Self::new(form, body);
        reading.looked_at = 0;
        if let Some(area) = area {
            reading.text_start = area.start;
            reading.text = body
                .get(area)
                .and_then(|area| utf8(area).ok())
                .unwrap_or_default();
        }
        reading
    }

    /// Reads a value; `fail` makes the error if that is not possible.
    ///
    /// Each value is made where its type is known, and not passed on in another form: it would be taken apart and put
    /// together again on the way.
    #[allow(clippy::inline_always, reason = "the loops of codecs are around it")]
    #[inline(always)]
    pub(crate) fn value<'b, E>(
        &mut self,
        span: Span,
        field_type: FieldType,
        ahead: impl FnOnce() -> Ahead<'b>,
        fail: impl FnOnce(Mismatch) -> E,
    ) -> Result<Value<'a>, E> {
        macro_rules! made {
            ($found:expr, $value:ident => $make:expr) => {
                match $found {
                    Ok(Some($value)) => Ok($make),
                    Ok(None) => Ok(Value::Null),
                    Err(mismatch) => Err(fail(mismatch)),
                }
            };
        }
        if span.is_null() {
            return Ok(Value::Null);
        }
        match field_type {
            FieldType::String => match self.next_text(span, ahead) {
                Ok(text) => Ok(Value::String(text)),
                Err(mismatch) => Err(fail(mismatch)),
            },
            FieldType::Json => made!(self.filled_text(span, ahead), text => Value::Json(text)),
            FieldType::Decimal => made!(self.decimal(span, ahead), text => Value::Decimal(text)),
            FieldType::Double => made!(self.double(span), number => Value::Double(number)),
            FieldType::Float => made!(self.float(span), number => Value::Float(number)),
            FieldType::Boolean => made!(self.boolean(span), flag => Value::Boolean(flag)),
            _ => match self.integer(span) {
                Ok(Some(number)) => self.integer_value(field_type, number, fail),
                Ok(None) => Ok(Value::Null),
                Err(mismatch) => Err(fail(mismatch)),
            },
        }
    }

    #[allow(clippy::inline_always, reason = "see `value`")]
    #[inline(always)]
    fn integer_value<E>(
        &self,
        field_type: FieldType,
        number: i64,
        fail: impl FnOnce(Mismatch) -> E,
    ) -> Result<Value<'a>, E> {
        // A slot may hold anything in the bits that are not used.
        let is_cut = self.form == Form::Slots;
        match field_type {
            FieldType::BigInt => Ok(Value::BigInt(number)),
            FieldType::Timestamp if (TIMESTAMP_MIN..=TIMESTAMP_MAX).contains(&number) => {
                Ok(Value::Timestamp(number))
            }
            FieldType::TinyInt if is_cut || i8::try_from(number).is_ok() => {
                Ok(Value::TinyInt(number as i8))
            }
            FieldType::SmallInt if is_cut || i16::try_from(number).is_ok() => {
                Ok(Value::SmallInt(number as i16))
            }
            FieldType::Integer if is_cut || i32::try_from(number).is_ok() => {
                Ok(Value::Integer(number as i32))
            }
            _ => Err(fail(Mismatch::Range)),
        }
    }

    /// The bytes of a value.
    #[inline]
    pub(super) fn bytes(&self, span: Span) -> Result<&'a [u8], Mismatch> {
        self.body.get(span.range()).ok_or(Mismatch::Form)
    }

    #[inline]
    fn text(&self, span: Span) -> Result<&'a str, Mismatch> {
        if !self.text.is_empty() {
            let range = span.range();
            // What lies before the part or behind it is not found.
            let start = range.start.wrapping_sub(self.text_start);
            if let Some(text) = self.text.get(start..start.wrapping_add(range.len())) {
                return Ok(text);
            }
        }
        utf8(self.bytes(span)?)
    }

    /// A text of one of the values that are read in their order.
    #[allow(clippy::inline_always, reason = "see `value`")]
    #[inline(always)]
    fn next_text<'b>(
        &mut self,
        span: Span,
        ahead: impl FnOnce() -> Ahead<'b>,
    ) -> Result<&'a str, Mismatch> {
        let start = span.range().start;
        if self.form == Form::Avro && start >= self.looked_at {
            self.text_start = start;
            (self.text, self.looked_at) = avro_texts(self.body, span, ahead());
        }
        self.text(span)
    }

    /// A text that is not null: where all values are texts, only STRING can be empty.
    #[allow(clippy::inline_always, reason = "see `value`")]
    #[inline(always)]
    fn filled_text<'b>(
        &mut self,
        span: Span,
        ahead: impl FnOnce() -> Ahead<'b>,
    ) -> Result<Option<&'a str>, Mismatch> {
        let text = self.next_text(span, ahead)?;
        Ok((!text.is_empty() || !self.is_text()).then_some(text))
    }

    #[inline]
    const fn is_text(&self) -> bool {
        matches!(self.form, Form::Text)
    }

    #[allow(clippy::inline_always, reason = "see `value`")]
    #[inline(always)]
    fn decimal<'b>(
        &mut self,
        span: Span,
        ahead: impl FnOnce() -> Ahead<'b>,
    ) -> Result<Option<&'a str>, Mismatch> {
        match self.filled_text(span, ahead)? {
            Some(text) if !decimal::is_decimal(text) => Err(Mismatch::Form),
            text => Ok(text),
        }
    }

    #[inline]
    fn slot(&self, span: Span) -> Result<[u8; 8], Mismatch> {
        self.bytes(span)?.try_into().map_err(|_| Mismatch::Form)
    }

    #[allow(clippy::inline_always, reason = "see `value`")]
    #[inline(always)]
    fn integer(&self, span: Span) -> Result<Option<i64>, Mismatch> {
        match self.form {
            Form::Text => {
                // Most numbers need not be looked at as text.
                match parse_plain_integer(self.bytes(span)?) {
                    Some(number) => Ok(Some(number)),
                    None => self.unusual_integer(span),
                }
            }
            Form::Slots => Ok(Some(i64::from_le_bytes(self.slot(span)?))),
            Form::Avro => match avro::long(self.bytes(span)?, 0) {
                Some((number, _)) => Ok(Some(number)),
                None => Err(Mismatch::Form),
            },
        }
    }

    #[cold]
    fn unusual_integer(&self, span: Span) -> Result<Option<i64>, Mismatch> {
        let value = Value::from_text(FieldType::BigInt, self.text(span)?)?;
        Ok(value.as_integer())
    }

    #[inline]
    fn double(&self, span: Span) -> Result<Option<f64>, Mismatch> {
        match self.form {
            Form::Text => match Value::from_text(FieldType::Double, self.text(span)?)? {
                Value::Double(number) => Ok(Some(number)),
                _ => Ok(None),
            },
            Form::Slots | Form::Avro => Ok(Some(f64::from_le_bytes(self.slot(span)?))),
        }
    }

    #[inline]
    fn float(&self, span: Span) -> Result<Option<f32>, Mismatch> {
        match self.form {
            Form::Text => match Value::from_text(FieldType::Float, self.text(span)?)? {
                Value::Float(number) => Ok(Some(number)),
                _ => Ok(None),
            },
            Form::Slots => Ok(Some(f32::from_bits(
                u64::from_le_bytes(self.slot(span)?) as u32
            ))),
            Form::Avro => match self.bytes(span)?.try_into() {
                Ok(bytes) => Ok(Some(f32::from_le_bytes(bytes))),
                Err(_) => Err(Mismatch::Form),
            },
        }
    }

    #[allow(clippy::inline_always, reason = "see `value`")]
    #[inline(always)]
    fn boolean(&self, span: Span) -> Result<Option<bool>, Mismatch> {
        match (self.form, self.bytes(span)?) {
            (Form::Text, b"true") | (Form::Avro, [1]) => Ok(Some(true)),
            (Form::Text, b"false") | (Form::Avro, [0]) => Ok(Some(false)),
            (Form::Slots, [flag @ (0 | 1), _, _, _, _, _, _, _]) => Ok(Some(*flag == 1)),
            (Form::Slots | Form::Avro, _) => Err(Mismatch::Form),
            (Form::Text, _) => match Value::from_text(FieldType::Boolean, self.text(span)?)? {
                Value::Boolean(flag) => Ok(Some(flag)),
                _ => Ok(None),
            },
        }
    }
}
