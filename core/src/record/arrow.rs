//! Records as columns of Apache Arrow, and back.
//!
//! Every column of the topic becomes one Arrow column; blobs become one column named `data`:
//!
//! | topic | Arrow | also, on request |
//! |---|---|---|
//! | TINYINT, SMALLINT, INTEGER, BIGINT | `Int8`, `Int16`, `Int32`, `Int64` | |
//! | FLOAT, DOUBLE | `Float32`, `Float64` | |
//! | BOOLEAN | `Boolean` | |
//! | TIMESTAMP | `Timestamp(Microsecond, "UTC")` | |
//! | STRING, JSON | `Utf8` | `LargeUtf8`, `Utf8View` |
//! | DECIMAL | `Decimal128(38, 18)` | any `Decimal128`, `Decimal256`, or text |
//! | blob | `Binary` | `LargeBinary`, `BinaryView` |
//!
//! No digit of a DECIMAL is ever lost: in a batch where a value has more than 20 digits before the point or
//! more than 18 behind it, the column is a `Decimal256` with as many digits behind the point as are needed, and
//! text where 76 digits are not enough. Columns may hold null whatever the topic says, because the service may.
//!
//! The views share the memory of the batch. Other texts are copied: where they came from, they do not lie one
//! behind the other.
//!
//! ```
//! use std::sync::Arc;
//! use hubstream::record::arrow::{ArrowOptions, arrow_array::cast::AsArray};
//! use hubstream::record::{Field, FieldType, RecordBatch, RecordBatchBuilder, RecordSchema, Value};
//!
//! let schema = Arc::new(RecordSchema::new(vec![
//!     Field::new("name", FieldType::String),
//!     Field::new("price", FieldType::Decimal),
//! ])?);
//! let mut builder = RecordBatchBuilder::tuples(Arc::clone(&schema));
//! builder.push_row(&[Value::String("tea"), Value::Decimal("2.50")])?;
//! let records = builder.build()?;
//!
//! let columns = records.to_arrow(&ArrowOptions::new())?;
//! assert_eq!(columns.column(0).as_string::<i32>().value(0), "tea");
//!
//! let back = RecordBatch::from_arrow(Some(&schema), &columns)?;
//! assert_eq!(back.value(0, 0)?, Value::String("tea"));
//! # Ok::<(), hubstream::error::Error>(())
//! ```

mod build;
mod cast;
mod import;
#[cfg(feature = "arrow-ipc")]
mod ipc;
mod metadata;
mod number;
mod plan;
mod source;

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatchOptions};
use arrow_schema::{DataType, Schema, SchemaRef};

pub use arrow_array;
pub use arrow_data;
pub use arrow_schema;
pub use import::ArrowImport;
pub use plan::ArrowOptions;

use super::{RecordBatch, RecordSchema};
use crate::error::{Error, ErrorKind, Result};

/// The name of the Arrow column of blobs.
pub const BLOB_COLUMN: &str = "data";

/// The columns of Arrow that a batch of records gives, one after the other.
struct Columns {
    fields: Vec<arrow_schema::Field>,
    arrays: Vec<ArrayRef>,
}

impl RecordBatch {
    /// The records as an Arrow record batch.
    ///
    /// Fails with kind `malformed` when stored bytes are not a value of their column's type, and with kind
    /// `invalid_argument` when a column cannot have the type that was asked for, or more than 2 GiB of texts
    /// would need 64-bit offsets: ask for views then.
    pub fn to_arrow(&self, options: &ArrowOptions) -> Result<arrow_array::RecordBatch> {
        let mut columns = Columns {
            fields: Vec::new(),
            arrays: Vec::new(),
        };
        match self.schema() {
            None => {
                let data_type = options.blob_type()?;
                columns.push(BLOB_COLUMN, build::blobs(self, &data_type)?);
            }
            Some(schema) => {
                for (column, field) in schema.fields().iter().enumerate() {
                    columns.push(&field.name, build::column(self, column, field, options)?);
                }
            }
        }
        if options.metadata {
            metadata::check_names(self.schema())?;
            for (name, array) in metadata::columns(self)? {
                columns.push(name, array);
            }
        }
        let rows = RecordBatchOptions::new().with_row_count(Some(self.len()));
        arrow_array::RecordBatch::try_new_with_options(
            Arc::new(Schema::new(columns.fields)),
            columns.arrays,
            &rows,
        )
        .map_err(internal)
    }

    /// The Arrow schema of what [`to_arrow`](Self::to_arrow) gives for the same options.
    pub fn arrow_schema(&self, options: &ArrowOptions) -> Result<SchemaRef> {
        let mut fields = Vec::new();
        match self.schema() {
            None => fields.push(nullable(BLOB_COLUMN, options.blob_type()?)),
            Some(schema) => {
                for (column, field) in schema.fields().iter().enumerate() {
                    let data_type = match options.column_type(field)? {
                        Some(data_type) => data_type,
                        None => build::decimal_type(self, column)?,
                    };
                    fields.push(nullable(&field.name, data_type));
                }
            }
        }
        if options.metadata {
            metadata::check_names(self.schema())?;
            fields.extend(metadata::fields());
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    /// Makes records of an Arrow record batch; `None` stands for blobs.
    ///
    /// See [`ArrowImport`], which does the same for a stream of them.
    pub fn from_arrow(
        schema: Option<&Arc<RecordSchema>>,
        batch: &arrow_array::RecordBatch,
    ) -> Result<Self> {
        ArrowImport::new(schema, batch.schema_ref())?.convert(batch)
    }
}

impl Columns {
    fn push(&mut self, name: &str, array: ArrayRef) {
        use arrow_array::Array as _;
        self.fields.push(nullable(name, array.data_type().clone()));
        self.arrays.push(array);
    }
}

fn nullable(name: &str, data_type: DataType) -> arrow_schema::Field {
    arrow_schema::Field::new(name, data_type, true)
}

/// An error that Arrow reports although everything was checked before.
#[cold]
fn internal(error: arrow_schema::ArrowError) -> Error {
    Error::new(ErrorKind::Internal, "the Arrow columns do not fit together").with_source(error)
}

#[cfg(test)]
mod tests;
