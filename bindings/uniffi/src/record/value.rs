//! One value of a tuple record.

use hubstream::error::{Error, ErrorKind};
use hubstream::record::{FieldType, RecordBatchBuilder, Value};

/// One value of a tuple record.
#[derive(Clone, Debug, PartialEq, uniffi::Enum)]
pub enum FieldValue {
    /// No value.
    Null,
    /// A value of a BOOLEAN column.
    Boolean {
        /// The value.
        value: bool,
    },
    /// A value of a TINYINT, SMALLINT, INTEGER or BIGINT column. It may be put into any column of
    /// numbers that can keep it exactly, and into TIMESTAMP columns.
    Integer {
        /// The value.
        value: i64,
    },
    /// A value of a FLOAT or DOUBLE column.
    Double {
        /// The value.
        value: f64,
    },
    /// A value of a TIMESTAMP column.
    Timestamp {
        /// Microseconds since 1970-01-01 UTC.
        micros: i64,
    },
    /// A value of a STRING column. It may be put into DECIMAL and JSON columns when it has their
    /// form.
    Text {
        /// The value.
        value: String,
    },
    /// A value of a DECIMAL column.
    Decimal {
        /// The number in plain notation, as in `1.50`.
        value: String,
    },
    /// A value of a JSON column.
    Json {
        /// The text of the document.
        value: String,
    },
}

impl FieldValue {
    /// Copies a value out of a batch.
    pub(crate) fn read(value: Value<'_>) -> Result<Self, Error> {
        Ok(match value {
            Value::Null => Self::Null,
            Value::TinyInt(value) => Self::Integer {
                value: value.into(),
            },
            Value::SmallInt(value) => Self::Integer {
                value: value.into(),
            },
            Value::Integer(value) => Self::Integer {
                value: value.into(),
            },
            Value::BigInt(value) => Self::Integer { value },
            Value::Float(value) => Self::Double {
                value: value.into(),
            },
            Value::Double(value) => Self::Double { value },
            Value::Boolean(value) => Self::Boolean { value },
            Value::Timestamp(micros) => Self::Timestamp { micros },
            Value::String(value) => Self::Text {
                value: value.to_owned(),
            },
            Value::Decimal(value) => Self::Decimal {
                value: value.to_owned(),
            },
            Value::Json(value) => Self::Json {
                value: value.to_owned(),
            },
            _ => {
                let text = "the batch has a value of a type that this language does not know";
                return Err(Error::new(ErrorKind::Unsupported, text));
            }
        })
    }

    /// Adds the value to the record that was begun; `column` is the type of its column.
    pub(crate) fn push(
        &self,
        builder: &mut RecordBatchBuilder,
        column: Option<FieldType>,
    ) -> Result<(), Error> {
        match self {
            Self::Null => builder.push_null(),
            Self::Boolean { value } => builder.push_boolean(*value),
            Self::Integer { value } => builder.push_integer(*value),
            Self::Double { value } => builder.push_double(*value),
            Self::Timestamp { micros } => builder.push(Value::Timestamp(*micros)),
            Self::Text { value } => match column {
                Some(FieldType::Decimal) => builder.push(Value::Decimal(value)),
                Some(FieldType::Json) => builder.push(Value::Json(value)),
                _ => builder.push(Value::String(value)),
            },
            Self::Decimal { value } => builder.push(Value::Decimal(value)),
            Self::Json { value } => builder.push(Value::Json(value)),
        }
    }
}
