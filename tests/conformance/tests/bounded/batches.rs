//! Batches and the replies that hold them.

use std::sync::Arc;

use bytes::Bytes;
use hubstream::codec::compress::compress;
use hubstream::codec::{CompressFormat, batch, frame};
use hubstream::record::{Field, FieldType, RecordSchema};

use super::{alone, bounded};

const ROWS: usize = 20_000;

fn wide(columns: usize) -> Arc<RecordSchema> {
    let fields = (0..columns).map(|column| {
        Field::new(
            format!("c{column}"),
            FieldType::ALL[column % FieldType::ALL.len()],
        )
    });
    Arc::new(RecordSchema::new(fields.collect()).expect("a schema"))
}

/// A header of either version around a payload; the checksum is not looked at.
fn batch_of(
    version: u32,
    count: u32,
    codec: u8,
    raw_size: u32,
    columns: u32,
    payload: &[u8],
) -> Bytes {
    let header: u32 = if version == 0 { 26 } else { 40 };
    let mut bytes = b"DHUB".to_vec();
    for word in [version, header + payload.len() as u32, raw_size, 0] {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    if version == 0 {
        bytes.extend_from_slice(&[codec, 0]);
        bytes.extend_from_slice(&count.to_le_bytes());
    } else {
        bytes.extend_from_slice(&[codec, 0, 2, 0]);
        for word in [0, header, count, columns] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    bytes.into()
}

/// A row of version 0 without values.
fn row(schema_version: i32, fields: i32, attributes: i32) -> Vec<u8> {
    let mut row = Vec::new();
    for word in [0, schema_version, 24, 20, fields, attributes] {
        row.extend_from_slice(&word.to_le_bytes());
    }
    row
}

fn read(name: &str, input: &Bytes) {
    let schemas = [wide(3), wide(2000)];
    let lookup = |version: i32| schemas.get(version.unsigned_abs() as usize % 2).cloned();
    bounded(name, input.len(), || batch::decode(input, &lookup));
    let mut entry = vec![0x32];
    push_varint(&mut entry, input.len());
    entry.extend_from_slice(input);
    let mut payload = b"\x0a\x01c\x22".to_vec();
    push_varint(&mut payload, entry.len());
    payload.extend_from_slice(&entry);
    let body = frame::wrap(&payload).expect("a frame");
    for schema in [None, Some(wide(1000))] {
        bounded(&format!("{name} in a reply"), body.len(), || {
            batch::decode_get(&body, schema, &lookup)
        });
    }
    bounded(&format!("{name} in a put"), body.len(), || {
        batch::decode_put_request(&body)
    });
}

fn push_varint(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[test]
fn counts_are_not_believed() {
    let _alone = alone();
    for version in [0, 1] {
        for count in [1, 1000, u32::MAX >> 1, u32::MAX] {
            for columns in [0, 1, 2000, u32::MAX] {
                for payload in [&[][..], &[0; 100], &[0xff; 100], &[0x80; 100]] {
                    let size = payload.len() as u32;
                    read(
                        "a count",
                        &batch_of(version, count, 0, size, columns, payload),
                    );
                }
            }
        }
    }
    for (fields, attributes) in [
        (i32::MAX, 0),
        (i32::MAX / 8, 0),
        (-1, 0),
        (0, i32::MAX),
        (0, -1),
    ] {
        let row = row(0, fields, attributes);
        read("a row", &batch_of(0, 1, 0, row.len() as u32, 0, &row));
    }
}

#[test]
fn announced_sizes_are_not_believed() {
    let _alone = alone();
    for version in [0, 1] {
        for codec in 0..4 {
            for size in [1_u32, 64 << 20, u32::MAX] {
                for payload in [
                    &b"\x78\x9c"[..],
                    b"\x28\xb5\x2f\xfd\x00\x80\x03\0\0",
                    &[0; 9],
                ] {
                    let batch = batch_of(version, 1, codec, size, 0, payload);
                    // What a compression may honestly make of its input.
                    let schema = wide(1);
                    bounded("a size", batch.len() * 1032, || {
                        batch::decode(&batch, &|_| Some(Arc::clone(&schema)))
                    });
                }
            }
        }
    }
}

#[test]
fn many_small_records() {
    let _alone = alone();
    let schemas = [0, 1].map(|version| row(version, 0, 0)).concat();
    let rows = schemas.repeat(ROWS / 2);
    read(
        "rows of two schemas",
        &batch_of(0, ROWS as u32, 0, rows.len() as u32, 0, &rows),
    );
    let rows = row(0, 0, 0).repeat(ROWS);
    read(
        "rows",
        &batch_of(0, ROWS as u32, 0, rows.len() as u32, 0, &rows),
    );
    let blobs = [0, 0].repeat(ROWS);
    let mut batch = batch_of(1, ROWS as u32, 0, blobs.len() as u32, 0, &blobs).to_vec();
    batch[24..28].copy_from_slice(&(-1_i32).to_le_bytes());
    read("Avro blobs", &batch.into());
    let nulls = [0, 0, 0, 0].repeat(ROWS);
    read(
        "Avro nulls",
        &batch_of(1, ROWS as u32, 0, nulls.len() as u32, 3, &nulls),
    );
}

#[test]
fn many_attributes() {
    let _alone = alone();
    let mut avro = vec![0, 0, 0, 2];
    for number in 0..ROWS as u32 {
        avro.extend_from_slice(&[2, 6]);
        // Every key is another one.
        let key: Vec<u8> = (0..3)
            .map(|place| b'0' + (number >> (6 * place)) as u8 % 64)
            .collect();
        avro.extend_from_slice(&key);
        avro.push(0);
    }
    avro.push(0);
    read(
        "Avro attributes",
        &batch_of(1, 1, 0, avro.len() as u32, 3, &avro),
    );
    for count in [i64::MIN, -2, i64::MAX] {
        let mut avro = vec![0, 0, 0, 2];
        push_varint(&mut avro, ((count << 1) ^ (count >> 63)) as usize);
        avro.extend_from_slice(&[0; 50]);
        read("a block", &batch_of(1, 1, 0, avro.len() as u32, 3, &avro));
    }
}

#[test]
fn many_small_batches() {
    let _alone = alone();
    for (version, payload) in [(0, row(0, 0, 0)), (1, vec![0, 0, 0, 0])] {
        let batch = batch_of(version, 1, 0, payload.len() as u32, 3, &payload);
        let mut entry = vec![0x32];
        push_varint(&mut entry, batch.len());
        entry.extend_from_slice(&batch);
        let mut reply = b"\x0a\x01c".to_vec();
        for _ in 0..ROWS / 10 {
            reply.push(0x22);
            push_varint(&mut reply, entry.len());
            reply.extend_from_slice(&entry);
        }
        let body = frame::wrap(&reply).expect("a frame");
        let schema = wide(3);
        for wanted in [None, Some(wide(1000))] {
            bounded("batches", body.len(), || {
                batch::decode_get(&body, wanted, &|_| Some(Arc::clone(&schema)))
            });
        }
    }
}

#[test]
fn compressed_rows_count_as_what_they_become() {
    let _alone = alone();
    let rows = [0, 1]
        .map(|version| row(version, 0, 0))
        .concat()
        .repeat(ROWS / 2);
    let packed = compress(CompressFormat::Deflate, &rows).expect("compressed");
    let batch = batch_of(0, ROWS as u32, 1, rows.len() as u32, 0, &packed);
    let schemas = [wide(3), wide(2000)];
    let lookup = |version: i32| schemas.get(version.unsigned_abs() as usize % 2).cloned();
    bounded("packed rows", rows.len(), || {
        batch::StoredBatch::open(&batch, 64 << 20).and_then(|batch| batch.records(&lookup))
    });
}
