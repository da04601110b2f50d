//! What a decoded reply keeps as long as its records are in use.

use std::sync::Arc;

use bytes::Bytes;
use hubstream::codec::{CompressFormat, GetReply, compress, json, protobuf, whole};
use hubstream::record::{
    Field, FieldType, Received, RecordBatch, RecordBatchBuilder, RecordSchema, Value,
};

use super::{MEMORY, alone};

const COUNT: usize = 1000;
/// So many replies are kept before others are measured: what decoding uses for itself and keeps is there by then.
const FIRST: usize = 8;
const MEASURED: usize = 4;

/// Five texts of 20 to 100 bytes and five other values, 370 bytes on average as they are written.
fn tuples() -> RecordBatch {
    let kinds = [
        FieldType::BigInt,
        FieldType::Double,
        FieldType::Boolean,
        FieldType::Timestamp,
        FieldType::Decimal,
    ];
    let kinds = kinds.into_iter().chain([FieldType::String; 5]);
    let fields = kinds
        .enumerate()
        .map(|(place, kind)| Field::new(format!("c{place}"), kind));
    let schema = Arc::new(RecordSchema::new(fields.collect()).expect("a schema"));
    let mut builder = RecordBatchBuilder::tuples(schema);
    let mut state = 1_u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 16
    };
    for row in 0..COUNT as u64 {
        let amount = format!("{}.{:04}", random() % 100_000_000, random() % 10_000);
        let texts: Vec<String> = (0..5)
            .map(|_| {
                format!(
                    "{:0>1$}",
                    random() % 1_000_000,
                    20 + (random() % 81) as usize
                )
            })
            .collect();
        let mut values = vec![
            Value::BigInt(-(random() as i64) * 8191),
            Value::Double(f64::from(random() as u32) / 7.0),
            Value::Boolean(random() % 2 == 0),
            Value::Timestamp(1_700_000_000_000_000 + row as i64),
            Value::Decimal(&amount),
        ];
        values.extend(texts.iter().map(|text| Value::String(text)));
        builder.push_row(&values).expect("a row");
        received(&mut builder, row);
    }
    builder.build().expect("records")
}

fn blobs() -> RecordBatch {
    let mut builder = RecordBatchBuilder::blobs();
    for row in 0..COUNT as u64 {
        builder.push_blob(&[row as u8; 1024]).expect("a blob");
        received(&mut builder, row);
    }
    builder.build().expect("records")
}

/// Some records are stored in the same second, and they are numbered in their order.
fn received(builder: &mut RecordBatchBuilder, row: u64) {
    let cursor = |row: u64| {
        format!(
            "3000{:08x}{:016x}0000",
            1_700_000_000 + row / 300,
            5000 + row
        )
    };
    builder
        .set_received(&Received {
            sequence: 5000 + row as i64,
            system_time: 1_700_000_000_000 + row as i64 * 3 + row as i64 % 2,
            cursor: Some(&cursor(row)),
            next_cursor: Some(&cursor(row + 1)),
            batch_index: 0,
            batch_size: 1,
        })
        .expect("a record");
}

/// The bytes per record that a reply keeps after decoding.
fn held(records: &RecordBatch, protocol: &str, format: CompressFormat) -> usize {
    let reply = GetReply {
        next_cursor: "3000".to_owned(),
        record_count: records.len(),
        start_seq: 5000,
        latest_seq: None,
        latest_time: None,
        records: records.clone(),
    };
    let body = match protocol {
        "json" => json::encode_get_reply(&reply),
        _ => protobuf::encode_get_reply(&reply),
    };
    let body = body.expect("a body");
    let size = body.len();
    let sent = compress::compress(format, &body).expect("a compressed body");
    let decode = || {
        let sent = Bytes::copy_from_slice(&sent);
        whole::decode_get(
            sent,
            protocol,
            format.name(),
            size,
            records.schema().cloned(),
        )
        .expect("records")
    };
    let mut kept: Vec<RecordBatch> = Vec::with_capacity(FIRST + MEASURED);
    kept.extend((0..FIRST).map(|_| decode()));
    let before = MEMORY.current_usage();
    kept.extend((0..MEASURED).map(|_| decode()));
    let held = MEMORY.current_usage() - before;
    assert!(
        kept.iter()
            .all(|batch| batch.cursor(1) == records.cursor(1))
    );
    held / MEASURED / COUNT
}

#[test]
fn records_as_received() {
    let _alone = alone();
    let (tuples, blobs) = (tuples(), blobs());
    for (kind, records, protocol, format, most) in [
        ("tuples", &tuples, "protobuf", CompressFormat::Lz4, 430),
        ("tuples", &tuples, "protobuf", CompressFormat::Zstd, 430),
        ("tuples", &tuples, "protobuf", CompressFormat::None, 430),
        ("tuples", &tuples, "json", CompressFormat::Lz4, 660),
        ("blobs", &blobs, "protobuf", CompressFormat::Lz4, 1150),
    ] {
        let held = held(records, protocol, format);
        assert!(
            held <= most,
            "{kind} in {protocol} and {format}: {held} bytes per record, not {most}"
        );
    }
}
