//! The schemas to read records with, and reading everything of them.

use std::sync::Arc;

use hubstream::codec::{BatchVersion, CompressFormat, batch, json, protobuf};
use hubstream::record::{Field, FieldType, RecordBatch, RecordSchema};

/// Blobs, a column of every type, the two columns that most vectors have, and more columns than a word has bits.
pub fn schemas() -> Vec<Option<Arc<RecordSchema>>> {
    let of = |fields: Vec<Field>| Some(Arc::new(RecordSchema::new(fields).expect("names differ")));
    let every = FieldType::ALL
        .iter()
        .enumerate()
        .map(|(place, kind)| Field::new(format!("f{place}"), *kind));
    vec![
        None,
        of(every.collect()),
        of(vec![
            Field::new("f0", FieldType::BigInt).not_null(),
            Field::new("f1", FieldType::String),
        ]),
        of((0..65)
            .map(|place| Field::new(format!("f{place}"), FieldType::BigInt))
            .collect()),
    ]
}

/// Reads everything of some records and writes it again in every protocol.
pub fn exhaust(records: &RecordBatch) {
    for record in records {
        for value in record.values() {
            let _ = value.map(|value| value.to_string());
        }
        let _ = record.blob_bytes();
        let _ = record
            .attributes()
            .map(|(key, value)| key.len() + value.len())
            .sum::<usize>();
        let _ = (
            record.cursor(),
            record.next_cursor(),
            record.serial(),
            record.batch_index(),
        );
        let _ = (record.shard_id(), record.hash_key(), record.partition_key());
    }
    let _ = protobuf::encode_put(records);
    let _ = json::encode_put(records);
    for version in [BatchVersion::V0, BatchVersion::V1] {
        let _ = batch::encode(records, version, 0, CompressFormat::None);
    }
}
