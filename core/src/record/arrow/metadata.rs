//! What records carry besides their values, as Arrow columns.

use std::sync::Arc;

use arrow_array::builder::{MapBuilder, MapFieldNames, StringBuilder};
use arrow_array::{ArrayRef, Int64Array, StringArray, TimestampMillisecondArray};
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

/// The fields of the columns.
pub(super) fn fields() -> Vec<Field> {
    let entries = DataType::Struct(Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, true),
    ]));
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
    let names = MapFieldNames {
        entry: "entries".to_owned(),
        key: "key".to_owned(),
        value: "value".to_owned(),
    };
    let mut builder = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for record in batch {
        for (key, value) in record.attributes() {
            builder.keys().append_value(key);
            builder.values().append_value(value);
        }
        builder.append(true).map_err(internal)?;
    }
    Ok(Arc::new(builder.finish()))
}
