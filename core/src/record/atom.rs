//! The values of a record as codecs write them: without the types of the columns.

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
    Number(&'a [u8]),
    /// A STRING or a JSON document, in UTF-8.
    Text(&'a [u8]),
}

impl Record<'_> {
    /// Hands all values to a codec, in order. Those of records that were built here are read as they lie.
    #[inline]
    pub(crate) fn each_atom(
        &self,
        mut write: impl FnMut(&Field, Atom<'_>) -> Result<()>,
    ) -> Result<()> {
        let fields = self.schema.map_or(&[][..], |schema| schema.fields());
        if let Values::Built { text, cells, .. } = &self.chunk().values
            && self.part.columns.is_none()
        {
            let cells = self.chunk().row_slice(self.row, cells);
            for (field, cell) in fields.iter().zip(cells) {
                write(field, built_atom(*cell, text.as_bytes(), field))?;
            }
            return Ok(());
        }
        for (field, value) in fields.iter().zip(self.values()) {
            match value? {
                Value::Decimal(text) => match decimal::to_plain(text) {
                    Some(plain) => write(field, Atom::Number(plain.as_bytes()))?,
                    None => write(field, Atom::Number(text.as_bytes()))?,
                },
                value => write(field, atom(value))?,
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
            let text = text.get(span.range()).unwrap_or_default();
            if field.field_type == super::FieldType::Decimal {
                Atom::Number(text)
            } else {
                Atom::Text(text)
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
        Value::String(text) | Value::Json(text) => Atom::Text(text.as_bytes()),
        Value::Decimal(text) => Atom::Number(text.as_bytes()),
        Value::TinyInt(_)
        | Value::SmallInt(_)
        | Value::Integer(_)
        | Value::BigInt(_)
        | Value::Timestamp(_) => Atom::Integer(value.as_integer().unwrap_or_default()),
    }
}
