//! Making batches of records to be sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hubstream::error::Error;
use hubstream::record as core_record;

use super::{FieldValue, RecordBatch, RecordSchema};
use crate::generated::HubstreamError;

/// A tuple record to be sent.
#[derive(Clone, Debug, uniffi::Record)]
pub struct TupleRecord {
    /// One value per column.
    pub values: Vec<FieldValue>,
    /// Further named texts.
    #[uniffi(default)]
    pub attributes: HashMap<String, String>,
    /// The shard that the record is meant for.
    #[uniffi(default = None)]
    pub shard_id: Option<String>,
    /// The hash key that routes the record: 32 hexadecimal digits.
    #[uniffi(default = None)]
    pub hash_key: Option<String>,
    /// The partition key that routes the record.
    #[uniffi(default = None)]
    pub partition_key: Option<String>,
}

/// A blob record to be sent.
#[derive(Clone, Debug, uniffi::Record)]
pub struct BlobRecord {
    /// The bytes; there may be none.
    pub data: Vec<u8>,
    /// Further named texts.
    #[uniffi(default)]
    pub attributes: HashMap<String, String>,
    /// The shard that the record is meant for.
    #[uniffi(default = None)]
    pub shard_id: Option<String>,
    /// The hash key that routes the record: 32 hexadecimal digits.
    #[uniffi(default = None)]
    pub hash_key: Option<String>,
    /// The partition key that routes the record.
    #[uniffi(default = None)]
    pub partition_key: Option<String>,
}

/// Collects records, checking every value as it comes.
///
/// A refused value refuses the whole call that brought it: nothing of that call is added. The
/// error names the record (counted from 0 in that call), the field and the beginning of the value.
#[derive(Debug, uniffi::Object)]
pub struct RecordBatchBuilder {
    schema: Option<Arc<core_record::RecordSchema>>,
    collected: Mutex<Vec<core_record::RecordBatch>>,
}

#[uniffi::export]
impl RecordBatchBuilder {
    /// Starts a batch of tuple records.
    #[uniffi::constructor]
    pub fn tuples(schema: &RecordSchema) -> Self {
        Self {
            schema: Some(Arc::clone(schema.core())),
            collected: Mutex::default(),
        }
    }

    /// Starts a batch of blob records.
    #[uniffi::constructor]
    pub fn blobs() -> Self {
        Self {
            schema: None,
            collected: Mutex::default(),
        }
    }

    /// Adds tuple records.
    pub fn add_tuples(&self, records: Vec<TupleRecord>) -> Result<(), HubstreamError> {
        let mut builder = self.begin(records.len());
        for record in records {
            self.push_row(&mut builder, &record.values)?;
            let keys = Keys {
                attributes: record.attributes,
                shard_id: record.shard_id,
                hash_key: record.hash_key,
                partition_key: record.partition_key,
            };
            keys.set(&mut builder)?;
        }
        self.add(builder)
    }

    /// Adds tuple records that have values only: one list per record, one value per column.
    pub fn add_rows(&self, rows: Vec<Vec<FieldValue>>) -> Result<(), HubstreamError> {
        let mut builder = self.begin(rows.len());
        for row in rows {
            self.push_row(&mut builder, &row)?;
        }
        self.add(builder)
    }

    /// Adds blob records.
    pub fn add_blobs(&self, records: Vec<BlobRecord>) -> Result<(), HubstreamError> {
        let mut builder = self.begin(records.len());
        for record in records {
            builder.push_blob_bytes(record.data.into())?;
            let keys = Keys {
                attributes: record.attributes,
                shard_id: record.shard_id,
                hash_key: record.hash_key,
                partition_key: record.partition_key,
            };
            keys.set(&mut builder)?;
        }
        self.add(builder)
    }

    /// The number of records collected so far.
    pub fn size(&self) -> u32 {
        let collected = self.lock();
        collected.iter().map(|batch| batch.len() as u32).sum()
    }

    /// Hands over the records collected so far and begins anew.
    pub fn build(&self) -> Result<Arc<RecordBatch>, HubstreamError> {
        let collected = std::mem::take(&mut *self.lock());
        let batch = if collected.is_empty() {
            core_record::RecordBatch::empty(self.schema.clone())
        } else {
            core_record::RecordBatch::concat(&collected)?
        };
        Ok(Arc::new(RecordBatch::from(batch)))
    }
}

impl RecordBatchBuilder {
    fn lock(&self) -> MutexGuard<'_, Vec<core_record::RecordBatch>> {
        self.collected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, records: usize) -> core_record::RecordBatchBuilder {
        let mut builder = match &self.schema {
            Some(schema) => core_record::RecordBatchBuilder::tuples(Arc::clone(schema)),
            None => core_record::RecordBatchBuilder::blobs(),
        };
        builder.reserve(records);
        builder
    }

    fn add(&self, builder: core_record::RecordBatchBuilder) -> Result<(), HubstreamError> {
        let batch = builder.build()?;
        if !batch.is_empty() {
            self.lock().push(batch);
        }
        Ok(())
    }

    fn push_row(
        &self,
        builder: &mut core_record::RecordBatchBuilder,
        values: &[FieldValue],
    ) -> Result<(), Error> {
        let fields = self
            .schema
            .as_ref()
            .map_or(&[][..], |schema| schema.fields());
        builder.begin_row()?;
        for (column, value) in values.iter().enumerate() {
            let kind = fields.get(column).map(|field| field.field_type);
            value.push(builder, kind)?;
        }
        builder.end_row()
    }
}

/// What a record carries besides its values.
struct Keys {
    attributes: HashMap<String, String>,
    shard_id: Option<String>,
    hash_key: Option<String>,
    partition_key: Option<String>,
}

impl Keys {
    /// Gives them to the record added last.
    fn set(self, builder: &mut core_record::RecordBatchBuilder) -> Result<(), Error> {
        if !self.attributes.is_empty() {
            let mut attributes: Vec<_> = self.attributes.into_iter().collect();
            // Maps arrive without order; what is sent should not depend on chance.
            attributes.sort();
            builder.set_attributes(attributes)?;
        }
        if let Some(shard_id) = self.shard_id {
            builder.set_shard_id(&shard_id)?;
        }
        if let Some(hash_key) = self.hash_key {
            builder.set_hash_key(&hash_key)?;
        }
        if let Some(partition_key) = self.partition_key {
            builder.set_partition_key(&partition_key)?;
        }
        Ok(())
    }
}
