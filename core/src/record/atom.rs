//! The values of a record as codecs write them: without the types of the columns.

use super::built::Built;
use super::chunk::{Cell, Values};
use super::schema::Field;
use super::value::Value;
use super::{Record, decimal};
use crate::error::{Error, Result};

/// One value to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Atom<'a> {
    Null,
    /// Any integer, or a TIMESTAMP.
    Integer(i64),
    Float(f32),
    Double(f64),
    Boolean(bool),
    /// A text that needs no escapes in any protocol: a DECIMAL in plain notation.
    Number(Run<'a>),
    /// A STRING or a JSON document, in UTF-8.
    Text(Run<'a>),
}

/// Some bytes, and those behind them as far as they are at hand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    bytes: &'a [u8],
    length: usize,
}

impl<'a> Run<'a> {
    /// How many bytes count.
    #[inline]
    pub(crate) const fn len(self) -> usize {
        self.length
    }

    /// The bytes that count.
    #[inline]
    pub(crate) fn as_slice(self) -> &'a [u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// The bytes that count and those behind them.
    #[inline]
    pub(crate) const fn with_rest(self) -> &'a [u8] {
        self.bytes
    }
}

impl<'a> From<&'a [u8]> for Run<'a> {
    /// Bytes with nothing behind them.
    fn from(bytes: &'a [u8]) -> Self {
        let length = bytes.len();
        Self { bytes, length }
    }
}

/// What a codec does with the values of a record.
pub(crate) trait AtomWriter {
    /// Writes the next value. Implementations are inlined into the loop over the values.
    fn write(&mut self, field: &Field, atom: Atom<'_>) -> Result<()>;
}

impl Record<'_> {
    /// Hands all values to a codec, in order. Those of records that were built here are read as they lie.
    #[allow(
        clippy::inline_always,
        reason = "what is written depends on what was read"
    )]
    #[inline(always)]
    pub(crate) fn write_atoms(&self, writer: &mut impl AtomWriter) -> Result<()> {
        if let Values::Built(Built { text, cells, .. }) = &self.chunk().values
            && self.part.columns.is_none()
        {
            let fields = self.schema.map_or(&[][..], |schema| schema.fields());
            let cells = self.chunk().row_slice(self.row, cells);
            for (field, cell) in fields.iter().zip(cells) {
                writer.write(field, built_atom(*cell, text.as_bytes(), field))?;
            }
            return Ok(());
        }
        self.write_read_atoms(writer)
    }

    /// The same for values that must be read first.
    #[inline(never)]
    fn write_read_atoms(&self, writer: &mut dyn AtomWriter) -> Result<()> {
        let fields = self.schema.map_or(&[][..], |schema| schema.fields());
        for (field, value) in fields.iter().zip(self.values()) {
            match value? {
                Value::Decimal(text) => {
                    let plain = decimal::to_plain(text);
                    let text = plain.as_deref().unwrap_or(text);
                    writer.write(field, Atom::Number(text.as_bytes().into()))?;
                }
                value => writer.write(field, atom(value))?,
            }
        }
        Ok(())
    }
}

/// Refuses null in a column that does not allow it.
///
/// Records that were built here were checked then; received ones, and those seen through another schema, are checked
/// before they are sent on.
pub(crate) fn check_null(field: &Field) -> Result<()> {
    if field.allow_null {
        return Ok(());
    }
    Err(Error::invalid_argument(
        "record_list",
        format_args!(
            "field `{}`: null in a column that does not allow it",
            field.name
        ),
    ))
}

#[inline]
fn built_atom<'a>(cell: Cell, text: &'a [u8], field: &Field) -> Atom<'a> {
    match cell {
        Cell::Null | Cell::Shared(_) => Atom::Null,
        Cell::Integer(value) => Atom::Integer(value),
        Cell::Float(value) => Atom::Float(value),
        Cell::Double(value) => Atom::Double(value),
        Cell::Boolean(value) => Atom::Boolean(value),
        Cell::Bytes(span) => {
            let (bytes, length) = span.run_in(text);
            let run = Run { bytes, length };
            if field.field_type == super::FieldType::Decimal {
                Atom::Number(run)
            } else {
                Atom::Text(run)
            }
        }
    }
}

#[inline]
fn atom(value: Value<'_>) -> Atom<'_> {
    match value {
        Value::Null => Atom::Null,
        Value::Float(value) => Atom::Float(value),
        Value::Double(value) => Atom::Double(value),
        Value::Boolean(value) => Atom::Boolean(value),
        Value::String(text) | Value::Json(text) => Atom::Text(text.as_bytes().into()),
        Value::Decimal(text) => Atom::Number(text.as_bytes().into()),
        Value::TinyInt(_)
        | Value::SmallInt(_)
        | Value::Integer(_)
        | Value::BigInt(_)
        | Value::Timestamp(_) => Atom::Integer(value.as_integer().unwrap_or_default()),
    }
}
