use crate::record::{Field, FieldType, Record, RecordBatchBuilder, Value};

use super::super::protobuf::messages::{BinaryRecordEntry, GetBinaryRecordsResponse};
use super::write::header_0;
use super::*;
use crate::codec::avro;
use prost::Message as _;

fn schema(columns: &[(&str, FieldType)]) -> Arc<RecordSchema> {
    let fields = columns.iter().map(|(name, kind)| Field::new(*name, *kind));
    Arc::new(RecordSchema::new(fields.collect()).unwrap())
}

/// Version 0 has one column, version 1 a second one, version 2 the same two in other types and order.
fn versions(version: i32) -> Option<Arc<RecordSchema>> {
    match version {
        0 => Some(schema(&[("id", FieldType::Integer)])),
        1 => Some(schema(&[
            ("id", FieldType::Integer),
            ("name", FieldType::String),
        ])),
        2 => Some(schema(&[
            ("name", FieldType::String),
            ("ID", FieldType::BigInt),
        ])),
        _ => None,
    }
}

fn batch(version: i32, rows: &[&[Value<'_>]]) -> RecordBatch {
    let mut builder = RecordBatchBuilder::tuples(versions(version).unwrap());
    for row in rows {
        builder.push_row(row).unwrap();
    }
    builder.build().unwrap()
}

fn stored(version: i32, layout: BatchVersion, rows: &[&[Value<'_>]]) -> Bytes {
    encode(&batch(version, rows), layout, version, CompressFormat::None).unwrap()
}

fn blob() -> Bytes {
    let mut builder = RecordBatchBuilder::blobs();
    builder.push_blob(b"blob").unwrap();
    encode(
        &builder.build().unwrap(),
        BatchVersion::V1,
        -1,
        CompressFormat::None,
    )
    .unwrap()
}

fn reply(batches: Vec<Bytes>) -> Bytes {
    let records = batches
        .into_iter()
        .enumerate()
        .map(|(place, data)| BinaryRecordEntry {
            cursor: Some(format!("c{place}")),
            next_cursor: None,
            sequence: Some(place as i64 + 10),
            system_time: Some(7),
            serial: Some(3),
            data: Some(data),
        });
    let message = GetBinaryRecordsResponse {
        next_cursor: "next".to_owned(),
        record_count: 1,
        start_sequence: Some(10),
        records: records.collect(),
        latest_sequence: None,
        latest_time: None,
    };
    frame::wrap(&message.encode_to_vec()).unwrap()
}

fn rows(records: &RecordBatch) -> Vec<Vec<Value<'_>>> {
    records
        .iter()
        .map(|record| record.values().map(Result::unwrap).collect())
        .collect()
}

#[test]
fn values_that_some_clients_cannot_read_are_told_once() {
    let longest = "x".repeat(avro::LONG_VALUE);
    let longer = "x".repeat(avro::LONG_VALUE + 1);
    let put = |layout: BatchVersion, names: &[&str]| {
        let rows: Vec<_> = names
            .iter()
            .map(|name| [Value::Integer(1), Value::String(name)])
            .collect();
        let rows: Vec<&[Value<'_>]> = rows.iter().map(<[_; 2]>::as_slice).collect();
        let events = crate::log::tests::logged(|| drop(stored(1, layout, &rows)));
        let events = events.into_iter();
        events.map(crate::log::LogEvent::line).collect::<Vec<_>>()
    };
    assert!(put(BatchVersion::V1, &[&longest, &longest]).is_empty());
    assert!(put(BatchVersion::V0, &[&longer]).is_empty());
    assert_eq!(
        put(BatchVersion::V1, &[&longer, &longest, &longer]),
        ["values above 1048576 bytes in a batch cannot be read by some official clients values=2"]
    );
}

#[test]
fn versions_of_a_schema_are_read_through_one() {
    let body = reply(vec![
        stored(
            0,
            BatchVersion::V1,
            &[&[Value::Integer(1)], &[Value::Integer(2)]],
        ),
        stored(
            1,
            BatchVersion::V0,
            &[&[Value::Integer(3), Value::String("three")]],
        ),
        stored(
            2,
            BatchVersion::V1,
            &[&[Value::String("four"), Value::BigInt(4)]],
        ),
    ]);
    let opened = BatchReply::open(&body).unwrap();
    let needed: Vec<_> = opened
        .needed_schemas()
        .iter()
        .map(|need| (need.version, need.columns))
        .collect();
    assert_eq!(needed, [(0, 1), (1, 0), (2, 2)]);
    let read = opened.clone().records(versions(1), &versions).unwrap();
    assert_eq!(
        rows(&read.records),
        [
            vec![Value::Integer(1), Value::Null],
            vec![Value::Integer(2), Value::Null],
            vec![Value::Integer(3), Value::String("three")],
            vec![Value::Integer(4), Value::String("four")],
        ]
    );
    assert_eq!(read.record_count, 4);
    let places: Vec<_> = read
        .records
        .iter()
        .map(|record| (record.sequence(), record.batch_index(), record.batch_size()))
        .collect();
    assert_eq!(places, [(10, 0, 2), (10, 1, 2), (11, 0, 1), (12, 0, 1)]);
    assert_eq!(
        (read.records.cursor(2), read.records.serial(3)),
        (Some("c1"), Some(3))
    );
    let newest = opened.records(None, &versions).unwrap();
    assert_eq!(newest.records.schema(), versions(2).as_ref());
    assert_eq!(newest.records.value(0, 1).unwrap(), Value::BigInt(1));
}

#[test]
fn a_batch_may_change_its_schema_within() {
    let first = stored(
        0,
        BatchVersion::V0,
        &[&[Value::Integer(1)], &[Value::Integer(2)]],
    );
    let second = stored(1, BatchVersion::V0, &[&[Value::Integer(3), Value::Null]]);
    let payload = [&first[HEADER_0..], &second[HEADER_0..]].concat();
    let crc = crc::crc32c(&payload);
    let header = header_0(payload.len(), payload.len(), crc, 0, 3).unwrap();
    let body = reply(vec![[&header[..], &payload].concat().into()]);
    let read = decode_get(&body, None, &versions).unwrap().records;
    let places: Vec<_> = read
        .iter()
        .map(|record| (record.batch_index(), record.batch_size()))
        .collect();
    assert_eq!(places, [(0, 3), (1, 3), (2, 3)]);
    assert_eq!(read.value(2, 0).unwrap(), Value::Integer(3));
}

#[test]
fn rows_that_do_not_count_their_columns_have_those_of_the_schema() {
    let long = "a text that does not fit its slot";
    let rows_of_two: [&[Value<'_>]; 2] = [
        &[Value::Integer(1), Value::String(long)],
        &[Value::Integer(2), Value::Null],
    ];
    let mut uncounted = stored(1, BatchVersion::V0, &rows_of_two).to_vec();
    let second =
        HEADER_0 + u32::from_le_bytes(*uncounted[HEADER_0 + 8..].first_chunk().unwrap()) as usize;
    for row in [HEADER_0, second] {
        assert_eq!(uncounted[row + 16..row + 20], [2, 0, 0, 0]);
        uncounted[row + 16] = 0;
    }
    let crc = crc::crc32c(&uncounted[HEADER_0..]);
    uncounted[16..20].copy_from_slice(&crc.to_le_bytes());
    let body = reply(vec![uncounted.into()]);
    let read = decode_get(&body, None, &versions).unwrap().records;
    assert_eq!(rows(&read), rows_of_two);
    // Nothing is read from where a wider schema would have its slots.
    let wide = |_| {
        let columns = (0..100).map(|index| Field::new(format!("c{index}"), FieldType::BigInt));
        Some(Arc::new(RecordSchema::new(columns.collect()).unwrap()))
    };
    assert!(decode_get(&body, None, &wide).is_ok());
}

#[test]
fn what_cannot_be_read_has_a_kind() {
    let kind = |body: &Bytes, schema| decode_get(body, schema, &versions).unwrap_err().kind();
    let mut unknown = stored(0, BatchVersion::V1, &[&[Value::Integer(1)]]).to_vec();
    unknown[24] = 9;
    assert_eq!(
        kind(&reply(vec![unknown.into()]), None),
        ErrorKind::NotFound
    );
    let mut wider = stored(0, BatchVersion::V1, &[&[Value::Integer(1)]]).to_vec();
    wider[36] = 2;
    assert_eq!(kind(&reply(vec![wider.into()]), None), ErrorKind::Malformed);
    let mut newer = blob().to_vec();
    newer[4] = 2;
    assert_eq!(
        kind(&reply(vec![newer.into()]), None),
        ErrorKind::Unsupported
    );
    assert_eq!(
        kind(&reply(vec![blob()]), versions(0)),
        ErrorKind::Malformed
    );
    let tuple = stored(0, BatchVersion::V1, &[&[Value::Integer(1)]]);
    assert_eq!(
        kind(&reply(vec![blob(), tuple]), None),
        ErrorKind::Malformed
    );
    assert!(decode_get(&reply(vec![blob()]), None, &versions).is_ok());
    let one = batch(0, &[&[Value::Integer(1)]]);
    assert!(encode(&one, BatchVersion::V1, -1, CompressFormat::None).is_err());
    assert!(encode_put(&one.slice(1..), BatchVersion::V1, 0, CompressFormat::None).is_err());
}

/// The batch with another number at a place, and without a checksum.
fn with_word(batch: &Bytes, place: usize, word: usize) -> Bytes {
    let mut bytes = batch.to_vec();
    bytes[16..20].fill(0);
    bytes[place..place + 4].copy_from_slice(&(word as u32).to_le_bytes());
    bytes.into()
}

#[test]
fn rows_that_contradict_themselves_are_refused() {
    let mut builder = RecordBatchBuilder::tuples(versions(1).unwrap());
    let row = [Value::Integer(1), Value::String("12345678")];
    builder.push_row(&row).unwrap();
    builder.set_attributes([("key", "value")]).unwrap();
    let records = builder.build().unwrap();
    let batch = encode(&records, BatchVersion::V0, 1, CompressFormat::None).unwrap();
    let read = |batch: Bytes| decode_get(&reply(vec![batch]), None, &versions).map(drop);
    let (total, attributes, fields) = (HEADER_0 + 8, HEADER_0 + 12, HEADER_0 + 16);
    let length = HEADER_0 + 20 + 8 + 8;
    assert_eq!((word(&batch, fields), word(&batch, length)), (2, 8));
    // A text may reach over the zeros behind it, but not into the attributes.
    assert!(read(with_word(&batch, length, 16)).is_ok());
    assert!(read(with_word(&batch, length, 17)).is_err());
    // Attributes begin behind all slots, also where these are not counted.
    let uncounted = with_word(&batch, fields, 0);
    assert!(read(uncounted.clone()).is_ok());
    for place in [0, 16, 19, batch.len()] {
        assert!(read(with_word(&batch, attributes, place)).is_err());
        assert!(read(with_word(&uncounted, attributes, place)).is_err());
    }
    // A row ends with its attributes.
    let mut longer = Bytes::from([&batch[..], &[0; 4]].concat());
    for place in [8, 12, total] {
        longer = with_word(&longer, place, word(&longer, place) as usize + 4);
    }
    let error = read(longer).unwrap_err();
    assert!(error.to_string().contains("do not fill"), "{error}");
}

#[test]
fn nothing_stands_behind_the_last_record() {
    for layout in [BatchVersion::V0, BatchVersion::V1] {
        let batch = stored(0, layout, &[&[Value::Integer(1)]]);
        let mut longer = Bytes::from([&batch[..], &[0; 4]].concat());
        for place in [8, 12] {
            longer = with_word(&longer, place, word(&longer, place) as usize + 4);
        }
        let error = decode_get(&reply(vec![longer]), None, &versions).unwrap_err();
        assert!(error.to_string().contains("behind the last"), "{error}");
    }
}

#[test]
fn records_of_avro_begin_inside_of_the_batch() {
    let batch = stored(0, BatchVersion::V1, &[&[Value::Integer(1)]]);
    for offset in [0, 35, batch.len() + 1, u32::MAX as usize >> 1] {
        let error = StoredBatch::open(&with_word(&batch, 28, offset), 1000).unwrap_err();
        assert!(error.to_string().contains("begin outside"), "{error}");
    }
    assert!(StoredBatch::open(&with_word(&batch, 28, 40), 1000).is_ok());
}

#[test]
fn many_small_bombs_are_refused() {
    let mut builder = RecordBatchBuilder::blobs();
    builder.push_blob(&[0; 1000]).unwrap();
    let records = builder.build().unwrap();
    let bomb = encode(&records, BatchVersion::V1, -1, CompressFormat::Zstd).unwrap();
    assert!(bomb.len() < 100);
    let body = frame::unwrap(&reply(vec![bomb; 3])).unwrap();
    assert_eq!(
        BatchReply::open_within(&body, 3100).unwrap().batches.len(),
        3
    );
    let error = BatchReply::open_within(&body, 2900).unwrap_err();
    assert!(error.to_string().contains("larger than"), "{error}");
}

#[test]
fn what_was_left_uncompressed_counts_like_the_rest() {
    // As some writers leave it: the codec says LZ4, the bytes are the records themselves.
    let plain = stored(0, BatchVersion::V1, &[&[Value::Integer(1)]]);
    let mut marked = plain.to_vec();
    marked[20] = 2;
    let size = StoredBatch::open(&plain, 1000).unwrap().payload.len();
    let body = frame::unwrap(&reply(vec![marked.into(); 3])).unwrap();
    assert!(BatchReply::open_within(&body, 3 * size).is_ok());
    for left in [3 * size - 1, 2 * size, size - 1, 0] {
        let error = BatchReply::open_within(&body, left).unwrap_err();
        assert!(error.to_string().contains("larger than"), "{error}");
    }
}

/// Records of 70 columns, for which one word of presence bits is not enough.
fn wide_records() -> RecordBatch {
    let columns: Vec<Field> = (0..70)
        .map(|column| {
            let kind = FieldType::ALL[column % FieldType::ALL.len()];
            Field::new(format!("c{column}"), kind)
        })
        .collect();
    let mut builder = RecordBatchBuilder::tuples(Arc::new(RecordSchema::new(columns).unwrap()));
    for length in [0, 5, 60, 200] {
        let text = "x".repeat(length);
        let values = (0..70).map(|column| match column % 11 {
            3 if length > 5 => Value::BigInt(i64::MAX >> length.min(63)),
            8 => Value::String(&text),
            _ => Value::Null,
        });
        builder.push_row(&values.collect::<Vec<_>>()).unwrap();
    }
    builder.set_attributes([("key", "value")]).unwrap();
    builder.build().unwrap()
}

#[test]
fn more_columns_than_a_word_has_bits_are_read() {
    let records = wide_records();
    for version in [BatchVersion::V0, BatchVersion::V1] {
        let batch = encode(&records, version, 0, CompressFormat::None).unwrap();
        let read = decode(&batch, &|_| records.schema().cloned()).unwrap();
        assert_eq!(read.len(), records.len());
        for (read, record) in read.iter().zip(&records) {
            let values = |record: &Record<'_>| format!("{:?}", record.values().collect::<Vec<_>>());
            assert_eq!(values(&read), values(&record), "{version:?}");
        }
    }
}

#[test]
fn memory_that_is_used_again_leaves_no_trace() {
    use crate::codec::{json, pool, protobuf};
    let records = wide_records();
    let written = |fill: u8| {
        let fresh = || pool::give(vec![fill; 100_000]);
        let batch = |version| {
            fresh();
            encode_put(&records, version, 0, CompressFormat::None).unwrap()
        };
        let batches = [batch(BatchVersion::V0), batch(BatchVersion::V1)];
        fresh();
        let texts = json::encode_put(&records).unwrap();
        fresh();
        (batches, texts, protobuf::encode_put(&records).unwrap())
    };
    assert_eq!(written(0), written(0xff));
}

#[test]
fn values_in_their_order_are_those_that_are_read_alone() {
    use FieldType::{BigInt, Decimal, Double, Json, String as Text};
    let columns = [Text, Text, BigInt, Decimal, Text, Json, Double, Text, Text];
    let fields = columns.iter().enumerate().map(|(column, kind)| {
        let field = Field::new(format!("c{column}"), *kind);
        if column % 3 == 1 {
            field.not_null()
        } else {
            field
        }
    });
    let schema = Arc::new(RecordSchema::new(fields.collect()).unwrap());
    let mut builder = RecordBatchBuilder::tuples(Arc::clone(&schema));
    for size in [0, 1, 10, 63, 64, 200] {
        let texts = ["x".repeat(size), "\u{e9}\u{4e2d}".repeat(size / 5)];
        let json = format!("\"{}\"", texts[1]);
        let values = columns.iter().enumerate().map(|(column, kind)| match kind {
            Text if column % 3 == 2 && size < 10 => Value::Null,
            Text => Value::String(&texts[column % 2]),
            BigInt => Value::BigInt(-1 << size.min(63)),
            Decimal => Value::Decimal("-12.50"),
            Json => Value::Json(&json),
            _ => Value::Double(0.1),
        });
        builder.push_row(&values.collect::<Vec<_>>()).unwrap();
    }
    let records = builder.build().unwrap();
    for version in [BatchVersion::V0, BatchVersion::V1] {
        let batch = encode(&records, version, 0, CompressFormat::None).unwrap();
        let stored = StoredBatch::open(&batch, compress::MAX_RAW_SIZE).unwrap();
        for place in 0..=stored.payload.len() {
            let mut payload = stored.payload.to_vec();
            // As it is at last; before, with one damaged byte.
            if let Some(byte) = payload.get_mut(place) {
                *byte ^= 0x80;
            }
            let damaged = StoredBatch {
                payload: payload.into(),
                ..stored.clone()
            };
            let Ok(runs) = damaged.records(&|_| Some(Arc::clone(&schema))) else {
                continue;
            };
            for record in runs.iter().flatten() {
                for (column, value) in record.values().enumerate() {
                    let alone = record.value(column);
                    assert_eq!(format!("{value:?}"), format!("{alone:?}"), "byte {place}");
                }
            }
        }
    }
}
