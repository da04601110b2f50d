//! Which Arrow type each column gets.

use arrow_schema::{DataType, TimeUnit};

use super::super::schema::{Field, FieldType, folded};
use crate::error::{Error, Result};

/// The time zone of TIMESTAMP columns.
pub(super) const UTC: &str = "UTC";
/// The usual type of DECIMAL columns: what MaxCompute and Spark take when nothing else is said.
pub(super) const DECIMAL: DataType = DataType::Decimal128(38, 18);

/// How records become Arrow columns.
#[derive(Clone, Debug, Default)]
pub struct ArrowOptions {
    pub(super) metadata: bool,
    views: bool,
    decimal: Option<DataType>,
    columns: Vec<Asked>,
}

/// A type that was asked for a column.
#[derive(Clone, Debug)]
struct Asked {
    name: String,
    data_type: DataType,
    /// Whether it is an error if the column cannot have the type.
    is_needed: bool,
}

impl ArrowOptions {
    /// The usual types, and no metadata.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds columns behind those of the topic: `__sequence`, `__system_time` (milliseconds, UTC), `__shard_id`,
    /// `__hash_key`, `__partition_key` and `__attributes`.
    pub fn with_metadata(mut self) -> Self {
        self.metadata = true;
        self
    }

    /// Gives texts and blobs as views, which share the memory of the batch instead of copying it.
    pub fn with_views(mut self) -> Self {
        self.views = true;
        self
    }

    /// Gives all DECIMAL columns this type: `Decimal128`, `Decimal256`, `Utf8`, `LargeUtf8` or `Utf8View`.
    ///
    /// A value that the type cannot hold exactly is an error then.
    pub fn with_decimal(mut self, data_type: DataType) -> Self {
        self.decimal = Some(data_type);
        self
    }

    /// Gives all DECIMAL columns a type of so many digits, of which `scale` stand behind the point; up to 38 digits
    /// are a `Decimal128`, up to 76 a `Decimal256`.
    pub fn with_decimal_digits(self, precision: u8, scale: u8) -> Self {
        let scale = i8::try_from(scale).unwrap_or(i8::MAX);
        self.with_decimal(if precision <= 38 {
            DataType::Decimal128(precision, scale)
        } else {
            DataType::Decimal256(precision, scale)
        })
    }

    /// Gives all DECIMAL columns as text.
    pub fn with_decimal_text(self) -> Self {
        self.with_decimal(DataType::Utf8)
    }

    /// Gives one column a certain type out of those that the module lists for it. The column of blobs is `data`.
    pub fn with_column(mut self, name: impl Into<String>, data_type: DataType) -> Self {
        self.columns.push(Asked {
            name: name.into(),
            data_type,
            is_needed: true,
        });
        self
    }

    /// Gives every column the type that an Arrow schema has for it, where it can; other columns keep theirs.
    pub fn with_schema(mut self, schema: &arrow_schema::Schema) -> Self {
        for field in schema.fields() {
            self.columns.push(Asked {
                name: field.name().clone(),
                data_type: field.data_type().clone(),
                is_needed: false,
            });
        }
        self
    }

    fn asked(&self, name: &str, fits: impl Fn(&DataType) -> bool) -> Result<Option<DataType>> {
        for asked in self.columns.iter().rev() {
            if folded(&asked.name) != folded(name) {
                continue;
            }
            if fits(&asked.data_type) {
                return Ok(Some(asked.data_type.clone()));
            }
            if asked.is_needed {
                return Err(Error::invalid_argument(
                    "column",
                    format_args!(
                        "field `{name}` cannot be given as Arrow's {}",
                        asked.data_type
                    ),
                ));
            }
        }
        Ok(None)
    }

    /// The type of the column of blobs.
    pub(super) fn blob_type(&self) -> Result<DataType> {
        let usual = if self.views {
            DataType::BinaryView
        } else {
            DataType::Binary
        };
        Ok(self
            .asked(super::BLOB_COLUMN, |asked| {
                matches!(
                    asked,
                    DataType::Binary | DataType::LargeBinary | DataType::BinaryView
                )
            })?
            .unwrap_or(usual))
    }

    /// The type of a column; `None` for a DECIMAL column whose type depends on its values.
    pub(super) fn column_type(&self, field: &Field) -> Result<Option<DataType>> {
        let usual = self.usual_type(field.field_type)?;
        let asked = self.asked(&field.name, |asked| match field.field_type {
            FieldType::Decimal => is_text(asked) || is_decimal(asked),
            FieldType::String | FieldType::Json => is_text(asked),
            _ => usual.as_ref() == Some(asked),
        })?;
        Ok(asked.or(usual))
    }

    fn usual_type(&self, field_type: FieldType) -> Result<Option<DataType>> {
        Ok(Some(match field_type {
            FieldType::TinyInt => DataType::Int8,
            FieldType::SmallInt => DataType::Int16,
            FieldType::Integer => DataType::Int32,
            FieldType::BigInt => DataType::Int64,
            FieldType::Float => DataType::Float32,
            FieldType::Double => DataType::Float64,
            FieldType::Boolean => DataType::Boolean,
            FieldType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
            FieldType::String | FieldType::Json => self.text_type(),
            FieldType::Decimal => {
                return match &self.decimal {
                    Some(asked) if !is_text(asked) && !is_decimal(asked) => {
                        Err(Error::invalid_argument(
                            "decimal",
                            format_args!("DECIMAL cannot be given as Arrow's {asked}"),
                        ))
                    }
                    asked => Ok(asked.clone()),
                };
            }
        }))
    }

    /// The type of texts.
    pub(super) fn text_type(&self) -> DataType {
        if self.views {
            DataType::Utf8View
        } else {
            DataType::Utf8
        }
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

/// Whether this is a decimal type with a sensible precision and scale.
fn is_decimal(data_type: &DataType) -> bool {
    match data_type {
        DataType::Decimal128(precision, scale) => {
            (1..=38).contains(precision) && (0..=*precision as i8).contains(scale)
        }
        DataType::Decimal256(precision, scale) => {
            (1..=76).contains(precision) && (0..=*precision as i8).contains(scale)
        }
        _ => false,
    }
}
