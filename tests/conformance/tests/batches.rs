//! Records written in one protocol and read in every other, through the client and the emulator.

use std::sync::Arc;

use hubstream::credentials::Credentials;
use hubstream::datahub::{
    AppendField, CreateProject, CreateTupleTopic, CursorType, DataHub, GetCursor, GetTopic,
    GetTupleRecords, PutRecords, PutRecordsByShard,
};
use hubstream::error::ErrorKind;
use hubstream::record::{Field, FieldType, RecordBatch, RecordBatchBuilder, RecordSchema, Value};
use hubstream_emulator::Emulator;

const PROTOCOLS: [(&str, &str); 4] = [
    ("json", "1"),
    ("protobuf", "1"),
    ("batch", "0"),
    ("batch", "1"),
];

fn hub(emulator: &Emulator, protocol: &str, version: &str, compress_format: &str) -> DataHub {
    DataHub::new(
        DataHub::builder(emulator.datahub_url().unwrap())
            .credentials(Credentials::new(
                emulator.access_id(),
                emulator.access_key(),
            ))
            .set("protocol", protocol)
            .set("batch_version", version)
            .set("compress_format", compress_format),
    )
    .unwrap()
}

fn schema() -> Arc<RecordSchema> {
    let fields = [
        ("id", FieldType::BigInt),
        ("name", FieldType::String),
        ("share", FieldType::Double),
        ("price", FieldType::Decimal),
        ("at", FieldType::Timestamp),
    ];
    let fields = fields.map(|(name, field_type)| Field::new(name, field_type));
    Arc::new(RecordSchema::new(fields.to_vec()).unwrap())
}

fn rows(start: i64) -> RecordBatch {
    let mut builder = RecordBatchBuilder::tuples(schema());
    for id in start..start + 3 {
        builder
            .push_row(&[
                Value::BigInt(id),
                if id % 2 == 0 {
                    Value::Null
                } else {
                    Value::String("")
                },
                Value::Double(0.1),
                Value::Decimal("1.50"),
                Value::Timestamp(-1),
            ])
            .unwrap();
        builder.set_attributes([("k", "ü")]).unwrap();
    }
    builder.build().unwrap()
}

async fn read(hub: &DataHub, topic: &str) -> RecordBatch {
    let cursor = hub
        .get_cursor(GetCursor::new("shop", topic, "0", CursorType::Oldest))
        .await
        .unwrap()
        .cursor;
    let get = GetTupleRecords::new("shop", topic, "0").cursor(cursor);
    hub.get_tuple_records(get).await.unwrap().records
}

async fn start() -> Emulator {
    let emulator = Emulator::builder()
        .datahub("127.0.0.1:0")
        .start()
        .await
        .unwrap();
    let hub = hub(&emulator, "protobuf", "1", "lz4");
    hub.create_project(CreateProject::new("shop"))
        .await
        .unwrap();
    hub.create_tuple_topic(CreateTupleTopic::new("shop", "orders", 1, 3, schema()))
        .await
        .unwrap();
    emulator
}

#[tokio::test]
async fn every_protocol_reads_what_every_other_wrote() {
    let emulator = start().await;
    let mut start = 0;
    for compress_format in ["none", "lz4", "deflate", "zstd"] {
        for (protocol, version) in PROTOCOLS {
            hub(&emulator, protocol, version, compress_format)
                .put_records_by_shard(PutRecordsByShard::new("shop", "orders", "0", rows(start)))
                .await
                .unwrap();
            start += 3;
        }
    }
    for (protocol, version) in PROTOCOLS {
        let records = read(&hub(&emulator, protocol, version, "lz4"), "orders").await;
        assert_eq!(records.len() as i64, start, "{protocol} {version}");
        let expected = rows(0);
        for (index, record) in records.iter().enumerate() {
            assert!(matches!(record.value(0).unwrap(), Value::BigInt(id) if id == index as i64));
            let name = record.value(1).unwrap();
            if index % 2 == 0 {
                assert!(
                    matches!(name, Value::Null),
                    "{protocol} {version} {index}: {name:?}"
                );
            } else {
                assert!(matches!(name, Value::String("")));
            }
            for column in 2..5 {
                assert_eq!(
                    record.value(column).unwrap(),
                    expected.value(0, column).unwrap(),
                    "{protocol} {version} {index}"
                );
            }
            assert_eq!(record.attributes().collect::<Vec<_>>(), [("k", "ü")]);
        }
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn batches_go_to_single_shards_only() {
    let emulator = start().await;
    let error = hub(&emulator, "batch", "1", "lz4")
        .put_records(PutRecords::new("shop", "orders", rows(0)))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(!error.was_sent());
    emulator.shutdown().await;
}

#[tokio::test]
async fn records_of_an_earlier_schema_version_have_nulls() {
    let emulator = start().await;
    let batch = hub(&emulator, "batch", "1", "zstd");
    batch
        .put_records_by_shard(PutRecordsByShard::new("shop", "orders", "0", rows(0)))
        .await
        .unwrap();
    batch
        .append_field(AppendField::new(
            "shop",
            "orders",
            "note",
            FieldType::String,
        ))
        .await
        .unwrap();
    for (protocol, version) in PROTOCOLS {
        let records = read(&hub(&emulator, protocol, version, "none"), "orders").await;
        assert_eq!(records.len(), 3);
        let columns = records.schema().unwrap().len();
        if columns == 6 {
            assert!(matches!(records.value(0, 5).unwrap(), Value::Null));
        } else {
            // Without a schema of the caller, a batch is read with the columns it was written with.
            assert_eq!((protocol, columns), ("batch", 5));
        }
    }
    emulator.shutdown().await;
}

/// One record that has a value in a column that was added.
fn noted(columns: &Arc<RecordSchema>, id: i64) -> RecordBatch {
    let mut builder = RecordBatchBuilder::tuples(Arc::clone(columns));
    let null = Value::Null;
    let values = [
        Value::BigInt(id),
        null,
        null,
        null,
        null,
        Value::String("new"),
    ];
    builder.push_row(&values).unwrap();
    builder.build().unwrap()
}

#[tokio::test]
async fn clients_that_know_a_topic_learn_of_a_new_version_at_once() {
    let emulator = start().await;
    let protocols = PROTOCOLS.into_iter().chain([("auto", "1")]);
    let hubs: Vec<_> = protocols
        .map(|(protocol, version)| hub(&emulator, protocol, version, "none"))
        .collect();
    for (hub, start) in hubs.iter().zip([0, 3, 6, 9, 12]) {
        let put = PutRecordsByShard::new("shop", "orders", "0", rows(start));
        hub.put_records_by_shard(put).await.unwrap();
        assert_eq!(read(hub, "orders").await.len() as i64, start + 3);
    }
    let other = hub(&emulator, "protobuf", "1", "none");
    let append = AppendField::new("shop", "orders", "note", FieldType::String);
    other.append_field(append).await.unwrap();
    let found = other.get_topic(GetTopic::new("shop", "orders")).await;
    let columns = found.unwrap().record_schema.unwrap();
    for (hub, id) in hubs.iter().zip(15_i64..) {
        let put = PutRecordsByShard::new("shop", "orders", "0", noted(&columns, id));
        hub.put_records_by_shard(put).await.unwrap();
    }
    let cursor = GetCursor::new("shop", "orders", "0", CursorType::Oldest);
    let cursor = other.get_cursor(cursor).await.unwrap().cursor;
    for hub in &hubs {
        let get = GetTupleRecords::new("shop", "orders", "0").cursor(cursor.clone());
        let get = get.record_schema(Arc::clone(&columns));
        let records = hub.get_tuple_records(get).await.unwrap().records;
        assert_eq!(records.len(), 20);
        for place in 15..20 {
            let note = records.value(place, 5).unwrap();
            assert!(matches!(note, Value::String("new")), "{hub:?}: {note:?}");
        }
    }
    emulator.shutdown().await;
}
