//! Schemas and batches of records. A batch crosses the border once, not once per record.

mod builder;
mod value;

use std::collections::HashMap;
use std::sync::Arc;

use hubstream::dynamic::Value;
use hubstream::error::{Error, ErrorKind};
use hubstream::record as core_record;
use hubstream::record::arrow::ArrowOptions;

use crate::convert::Convert;
use crate::generated::{FieldType, HubstreamError};

pub use builder::{BlobRecord, RecordBatchBuilder, TupleRecord};
pub use value::FieldValue;

impl FieldType {
    fn to_core(&self) -> Result<core_record::FieldType, Error> {
        let Value::Text(name) = self.clone().into_value() else {
            return Err(Error::new(
                ErrorKind::Internal,
                "types are not named by texts",
            ));
        };
        core_record::FieldType::from_name(&name).ok_or_else(|| {
            Error::invalid_argument("field_type", format_args!("there is no type `{name}`"))
        })
    }

    fn from_core(ty: core_record::FieldType) -> Result<Self, Error> {
        Self::from_value(Value::Text(ty.name().to_owned()))
            .map_err(hubstream::dynamic::Mismatch::into_error)
    }
}

/// One column of a tuple topic.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Field {
    /// The name. Names are compared without regard to case.
    pub name: String,
    /// The type of the values.
    pub field_type: FieldType,
    /// Whether a value may be null.
    #[uniffi(default = true)]
    pub allow_null: bool,
    /// Free text about the column.
    #[uniffi(default = "")]
    pub comment: String,
}

/// The columns of a tuple topic in their order.
#[derive(Debug, uniffi::Object)]
pub struct RecordSchema(Arc<core_record::RecordSchema>);

impl From<Arc<core_record::RecordSchema>> for RecordSchema {
    fn from(schema: Arc<core_record::RecordSchema>) -> Self {
        Self(schema)
    }
}

impl RecordSchema {
    pub(crate) fn core(&self) -> &Arc<core_record::RecordSchema> {
        &self.0
    }
}

#[uniffi::export]
impl RecordSchema {
    /// Makes a schema. Fails when the list is empty, a name is empty or a name occurs twice,
    /// whatever its case.
    #[uniffi::constructor]
    pub fn new(fields: Vec<Field>) -> Result<Self, HubstreamError> {
        let fields = fields.into_iter().map(|field| {
            let mut made = core_record::Field::new(field.name, field.field_type.to_core()?);
            made.allow_null = field.allow_null;
            made.comment = field.comment.into();
            Ok(made)
        });
        let schema = core_record::RecordSchema::new(fields.collect::<Result<_, Error>>()?)?;
        Ok(Self(Arc::new(schema)))
    }

    /// Reads a schema from the JSON text of the service.
    #[uniffi::constructor]
    pub fn from_json(text: &str) -> Result<Self, HubstreamError> {
        let schema = core_record::RecordSchema::from_json(text)?;
        Ok(Self(Arc::new(schema)))
    }

    /// The schema as JSON text of the service.
    pub fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// The columns in order.
    pub fn fields(&self) -> Result<Vec<Field>, HubstreamError> {
        let fields = self.0.fields().iter().map(|field| {
            Ok(Field {
                name: field.name.clone(),
                field_type: FieldType::from_core(field.field_type)?,
                allow_null: field.allow_null,
                comment: field.comment.as_str().to_owned(),
            })
        });
        Ok(fields.collect::<Result<_, Error>>()?)
    }

    /// The place of the column with a name in any case, counted from 0; absent when there is none.
    pub fn position(&self, name: &str) -> Option<u32> {
        self.0.position(name).map(|place| place as u32)
    }

    /// Whether both have the same names, types and nullability in the same order.
    pub fn has_layout_of(&self, other: &RecordSchema) -> bool {
        self.0.has_layout_of(&other.0)
    }
}

/// What a record carries besides its values.
#[derive(Clone, Debug, uniffi::Record)]
pub struct RecordMetadata {
    /// The sequence number; 0 for a record that was not received.
    pub sequence: i64,
    /// When the service stored the record, in milliseconds since 1970-01-01 UTC; 0 for a record
    /// that was not received.
    pub system_time: i64,
    /// The cursor of the record, if the service told it.
    pub cursor: Option<String>,
    /// The cursor behind the record, if the service told it.
    pub next_cursor: Option<String>,
    /// The attributes.
    pub attributes: HashMap<String, String>,
    /// The shard that the record is meant for, if one is set.
    pub shard_id: Option<String>,
    /// The hash key that routes the record, if one is set.
    pub hash_key: Option<String>,
    /// The partition key that routes the record, if one is set.
    pub partition_key: Option<String>,
    /// The serial number of the record within its batch, if the service told it.
    pub serial: Option<u32>,
    /// The place of the record within its stored batch, counted from 0.
    pub batch_index: u32,
    /// How many records the stored batch holds; 1 outside of batches, 0 when it is not known.
    pub batch_size: u32,
}

/// Some records of one topic in their order: all tuples of one schema, or all blobs.
#[derive(Debug, uniffi::Object)]
pub struct RecordBatch(core_record::RecordBatch);

impl From<core_record::RecordBatch> for RecordBatch {
    fn from(batch: core_record::RecordBatch) -> Self {
        Self(batch)
    }
}

impl RecordBatch {
    pub(crate) fn core(&self) -> &core_record::RecordBatch {
        &self.0
    }
}

#[uniffi::export]
impl RecordBatch {
    /// Joins batches of the same columns, or of blobs, without copying their records.
    #[uniffi::constructor]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "arguments of UniFFI are owned"
    )]
    pub fn concat(batches: Vec<Arc<RecordBatch>>) -> Result<Self, HubstreamError> {
        let batches: Vec<_> = batches.iter().map(|batch| batch.0.clone()).collect();
        Ok(Self(core_record::RecordBatch::concat(&batches)?))
    }

    /// Makes a batch of Arrow data: a stream or a file of Arrow's IPC format. Columns are found by
    /// name, in any case; those of the topic that the data does not have are null. Without a schema
    /// the records are blobs, out of the only column or that of the name `data`. Fails, naming column
    /// and record, when something does not fit.
    #[uniffi::constructor]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "arguments of UniFFI are owned"
    )]
    pub fn from_arrow_ipc(
        schema: Option<Arc<RecordSchema>>,
        ipc: Vec<u8>,
    ) -> Result<Self, HubstreamError> {
        let schema = schema.as_ref().map(|schema| &schema.0);
        Ok(Self(core_record::RecordBatch::from_arrow_ipc(
            schema, &ipc,
        )?))
    }

    /// The records as Arrow columns: a stream of Arrow's IPC format. With `metadata` the columns
    /// `__sequence`, `__system_time`, `__shard_id`, `__hash_key`, `__partition_key` and
    /// `__attributes` come behind those of the topic.
    pub fn to_arrow_ipc(&self, metadata: bool) -> Result<Vec<u8>, HubstreamError> {
        let options = ArrowOptions::new();
        let options = if metadata {
            options.with_metadata()
        } else {
            options
        };
        Ok(self.0.to_arrow_ipc(&options)?)
    }

    /// The number of records.
    pub fn size(&self) -> u32 {
        self.0.len() as u32
    }

    /// The columns of tuple records; absent for blobs.
    pub fn schema(&self) -> Option<Arc<RecordSchema>> {
        let schema = self.0.schema()?;
        Some(Arc::new(RecordSchema(Arc::clone(schema))))
    }

    /// All values, record by record. Fails when a stored value is damaged or the records are blobs.
    pub fn rows(&self) -> Result<Vec<Vec<FieldValue>>, HubstreamError> {
        let columns = self.columns()?;
        let rows = self.0.iter().map(|record| {
            let values = (0..columns).map(|column| FieldValue::read(record.value(column)?));
            values.collect::<Result<_, Error>>()
        });
        Ok(rows.collect::<Result<_, Error>>()?)
    }

    /// The values of one column, record by record. The name may be in any case.
    pub fn column(&self, name: &str) -> Result<Vec<FieldValue>, HubstreamError> {
        self.columns()?;
        let place = self.0.schema().and_then(|schema| schema.position(name));
        let Some(place) = place else {
            let text = format!("there is no column `{name}`");
            return Err(Error::invalid_argument("name", text).into());
        };
        let values = self
            .0
            .iter()
            .map(|record| FieldValue::read(record.value(place)?));
        Ok(values.collect::<Result<_, Error>>()?)
    }

    /// The bytes of all blob records. Fails when the records are tuples.
    pub fn blobs(&self) -> Result<Vec<Vec<u8>>, HubstreamError> {
        let blobs = self
            .0
            .iter()
            .map(|record| record.blob().map(<[u8]>::to_vec));
        Ok(blobs.collect::<Result<_, Error>>()?)
    }

    /// What the records carry besides their values.
    pub fn metadata(&self) -> Vec<RecordMetadata> {
        self.0.iter().map(metadata).collect()
    }

    /// The records from `start` up to but not including `end`, counted from 0, without copying
    /// them. A range that reaches too far is cut.
    pub fn slice(&self, start: u32, end: u32) -> Arc<RecordBatch> {
        Arc::new(Self(self.0.slice(start as usize..end as usize)))
    }

    /// The same records read through another schema: columns are found by name, missing ones are
    /// null. Fails when the records are blobs.
    pub fn with_schema(&self, schema: &RecordSchema) -> Result<Arc<RecordBatch>, HubstreamError> {
        Ok(Arc::new(Self(self.0.with_schema(&schema.0)?)))
    }
}

impl RecordBatch {
    fn columns(&self) -> Result<usize, Error> {
        let schema = self.0.schema();
        schema.map(|schema| schema.len()).ok_or_else(|| {
            Error::invalid_argument("batch", "the records are blobs, they have no columns")
        })
    }
}

fn metadata(record: core_record::Record<'_>) -> RecordMetadata {
    let text = |text: Option<&str>| text.map(str::to_owned);
    RecordMetadata {
        sequence: record.sequence(),
        system_time: record.system_time(),
        cursor: text(record.cursor()),
        next_cursor: text(record.next_cursor()),
        attributes: record
            .attributes()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
        shard_id: text(record.shard_id()),
        hash_key: text(record.hash_key()),
        partition_key: text(record.partition_key()),
        serial: record.serial(),
        batch_index: record.batch_index(),
        batch_size: record.batch_size(),
    }
}
