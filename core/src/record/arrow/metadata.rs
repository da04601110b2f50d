//! What records carry besides their values, as Arrow columns.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{
    ArrayRef, Int64Array, MapArray, StringArray, StructArray, TimestampMillisecondArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field, Fields, TimeUnit};

use super::super::{RecordBatch, RecordSchema};
use super::internal;
use super::plan::UTC;
use crate::error::{Error, Result};

pub(super) const SEQUENCE: &str = "__sequence";
pub(super) const SYSTEM_TIME: &str = "__system_time";
pub(super) const SHARD_ID: &str = "__shard_id";
pub(super) const HASH_KEY: &str = "__hash_key";
pub(super) const PARTITION_KEY: &str = "__partition_key";
pub(super) const ATTRIBUTES: &str = "__attributes";

/// All names.
pub(super) const NAMES: [&str; 6] = [
    SEQUENCE,
    SYSTEM_TIME,
    SHARD_ID,
    HASH_KEY,
    PARTITION_KEY,
    ATTRIBUTES,
];

/// Refuses a schema that has a column of the name of one of these.
pub(super) fn check_names(schema: Option<&Arc<RecordSchema>>) -> Result<()> {
    for field in fields() {
        if schema.is_some_and(|schema| schema.position(field.name()).is_some()) {
            return Err(Error::invalid_argument(
                "metadata",
                format_args!("the topic has a column `{}` itself", field.name()),
            ));
        }
    }
    Ok(())
}

/// The fields of an attribute.
fn entry_fields() -> Fields {
    Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, true),
    ])
}

/// The fields of the columns.
pub(super) fn fields() -> Vec<Field> {
    let entries = DataType::Struct(entry_fields());
    let map = DataType::Map(Arc::new(Field::new("entries", entries, false)), false);
    let time = DataType::Timestamp(TimeUnit::Millisecond, Some(UTC.into()));
    [
        (SEQUENCE, DataType::Int64),
        (SYSTEM_TIME, time),
        (SHARD_ID, DataType::Utf8),
        (HASH_KEY, DataType::Utf8),
        (PARTITION_KEY, DataType::Utf8),
        (ATTRIBUTES, map),
    ]
    .map(|(name, data_type)| Field::new(name, data_type, true))
    .into()
}

/// The columns, in the order of [`fields`].
pub(super) fn columns(batch: &RecordBatch) -> Result<[(&'static str, ArrayRef); 6]> {
    let sequence: Int64Array = batch.iter().map(|record| Some(record.sequence())).collect();
    let time: TimestampMillisecondArray = batch
        .iter()
        .map(|record| Some(record.system_time()))
        .collect();
    let shard: StringArray = batch.iter().map(|record| record.shard_id()).collect();
    let hash: StringArray = batch.iter().map(|record| record.hash_key()).collect();
    let key: StringArray = batch.iter().map(|record| record.partition_key()).collect();
    Ok([
        (SEQUENCE, Arc::new(sequence)),
        (SYSTEM_TIME, Arc::new(time.with_timezone(UTC))),
        (SHARD_ID, Arc::new(shard)),
        (HASH_KEY, Arc::new(hash)),
        (PARTITION_KEY, Arc::new(key)),
        (ATTRIBUTES, attributes(batch)?),
    ])
}

fn attributes(batch: &RecordBatch) -> Result<ArrayRef> {
    let (mut keys, mut values) = (StringBuilder::new(), StringBuilder::new());
    let mut counts = Vec::with_capacity(batch.len());
    for record in batch {
        let mut count = 0;
        for (key, value) in record.attributes() {
            keys.append_value(key);
            values.append_value(value);
            count += 1;
        }
        counts.push(count);
    }
    let fields = entry_fields();
    let columns: Vec<ArrayRef> = vec![Arc::new(keys.finish()), Arc::new(values.finish())];
    let entries = StructArray::try_new(fields.clone(), columns, None).map_err(internal)?;
    let offsets = OffsetBuffer::from_lengths(counts);
    let field = Arc::new(Field::new("entries", DataType::Struct(fields), false));
    let map = MapArray::try_new(field, offsets, entries, None, false).map_err(internal)?;
    Ok(Arc::new(map))
}
