use super::*;

fn schema(columns: &[(&str, FieldType)]) -> Arc<RecordSchema> {
    let fields = columns.iter().map(|(name, kind)| Field::new(*name, *kind));
    Arc::new(RecordSchema::new(fields.collect()).unwrap())
}

fn numbers(range: std::ops::Range<i64>) -> RecordBatch {
    let mut builder = RecordBatchBuilder::tuples(schema(&[("n", FieldType::BigInt)]));
    for number in range {
        builder.push_row(&[Value::BigInt(number)]).unwrap();
    }
    builder.build().unwrap()
}

fn read(batch: &RecordBatch) -> Vec<Value<'_>> {
    batch
        .iter()
        .map(|record| record.value(0).unwrap())
        .collect()
}

fn values(range: std::ops::Range<i64>) -> Vec<Value<'static>> {
    range.map(Value::BigInt).collect()
}

#[test]
fn batches_can_cross_threads() {
    fn check<T: Send + Sync + Clone + 'static>() {}
    check::<RecordBatch>();
}

#[test]
fn slices_of_joined_slices_find_their_rows() {
    let batch = numbers(0..10);
    assert_eq!(read(&batch.slice(3..7)), values(3..7));
    assert_eq!(read(&batch.slice(3..7).slice(2..)), values(5..7));
    assert_eq!(batch.slice(20..).len(), 0);
    assert_eq!(batch.slice(..=2).len(), 3);
    let joined = RecordBatch::concat(&[
        batch.slice(..2),
        batch.slice(4..4),
        batch.slice(2..5),
        numbers(5..9),
    ]);
    let joined = joined.unwrap();
    assert_eq!(read(&joined), values(0..9));
    assert_eq!(read(&joined.slice(1..6)), values(1..6));
    assert_eq!(joined.iter().rev().count(), 9);
    assert!(joined.get(9).is_none());
    assert_eq!(
        joined.value(9, 0).unwrap_err().kind(),
        crate::error::ErrorKind::InvalidArgument
    );
    assert!(joined.value(0, 1).is_err());
}

#[test]
fn only_batches_of_the_same_columns_are_joined() {
    let text = RecordBatch::empty(Some(schema(&[("n", FieldType::String)])));
    assert!(RecordBatch::concat(&[numbers(0..1), text]).is_err());
    assert!(RecordBatch::concat(&[numbers(0..1), RecordBatch::empty(None)]).is_err());
    assert!(RecordBatch::concat(&[]).unwrap().is_empty());
}

#[test]
fn another_schema_finds_columns_by_name() {
    let wider = schema(&[("new", FieldType::String), ("N", FieldType::TinyInt)]);
    let batch = numbers(126..129).with_schema(&wider).unwrap();
    assert_eq!(batch.value(0, 0).unwrap(), Value::Null);
    assert_eq!(batch.value(1, 1).unwrap(), Value::TinyInt(127));
    let error = batch.value(2, 1).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("field `N`: the value is outside the range of TINYINT"),
        "{error}"
    );
    let back = batch
        .with_schema(&schema(&[("n", FieldType::BigInt)]))
        .unwrap();
    assert_eq!(read(&back), values(126..129));
    let text = numbers(0..1)
        .with_schema(&schema(&[("n", FieldType::String)]))
        .unwrap();
    assert!(text.value(0, 0).is_err());
    assert!(RecordBatch::empty(None).with_schema(&wider).is_err());
}

#[test]
fn what_is_printed_holds_no_contents() {
    let mut builder = RecordBatchBuilder::blobs();
    builder.push_blob(b"secret").unwrap();
    let batch = builder.build().unwrap();
    let printed = format!("{batch:?} {:?}", batch.get(0));
    assert!(!printed.contains("secret"), "{printed}");
    assert!(!printed.contains(&format!("{:?}", b"secret")), "{printed}");
}

#[test]
fn null_is_not_sent_on_to_a_column_that_refuses_it() {
    use crate::codec::{BatchVersion, CompressFormat, batch, json, protobuf};

    let strict = Field::new("m", FieldType::BigInt).not_null();
    let strict = Arc::new(RecordSchema::new(vec![strict]).unwrap());
    let batch = numbers(0..1).with_schema(&strict).unwrap();
    assert_eq!(read(&batch), [Value::Null]);
    assert!(protobuf::encode_put(&batch).is_err());
    assert!(json::encode_put(&batch).is_err());
    for version in [BatchVersion::V0, BatchVersion::V1] {
        assert!(batch::encode(&batch, version, 0, CompressFormat::None).is_err());
    }
}

fn received(rows: &[(i64, &str)]) -> RecordBatch {
    let records: Vec<_> = rows
        .iter()
        .map(|(sequence, cursor)| {
            format!(
                r#"{{"Sequence":{sequence},"SystemTime":7,"Cursor":"{cursor}","NextCursor":"","Data":"YQ=="}}"#
            )
        })
        .collect();
    let body = format!(
        r#"{{"NextCursor":"n","StartSeq":1,"Records":[{}]}}"#,
        records.join(",")
    );
    crate::codec::json::decode_get(body.into(), None)
        .unwrap()
        .records
}

fn places(records: &RecordBatch) -> Vec<(i64, u32)> {
    let place = |record: Record<'_>| (record.sequence(), record.batch_index());
    records.iter().map(place).collect()
}

#[test]
fn records_that_share_a_sequence_number_are_counted() {
    let whole = "30005af19b3800000000000000010000";
    let inside = "30005af19b3800000000000000010002";
    let records = received(&[(1, whole), (1, ""), (2, ""), (3, ""), (3, ""), (3, "")]);
    let expected = [(1, 0), (1, 1), (2, 0), (3, 0), (3, 1), (3, 2)];
    assert_eq!(places(&records), expected);
    assert_eq!(places(&records.slice(4..)), expected[4..]);
    assert_eq!(
        places(&received(&[(1, inside), (1, ""), (2, "")])),
        [(1, 2), (1, 3), (2, 0)]
    );
    assert_eq!(places(&received(&[(1, "odd"), (2, "")])), [(1, 0), (2, 0)]);
    // What a put holds was not received yet: its records share no batch.
    let body = br#"{"Records":[{"Data":"YQ=="},{"Data":"Yg=="}]}"#;
    let put = crate::codec::json::decode_put_request(Bytes::from_static(body), None).unwrap();
    assert_eq!(places(&put), [(0, 0), (0, 0)]);
}

#[test]
fn records_behind_a_place() {
    let records = received(&[(1, ""), (1, ""), (1, ""), (2, ""), (3, "")]);
    let behind = |sequence, index| places(&records.after(sequence, index));
    assert_eq!(behind(1, 0), [(1, 1), (1, 2), (2, 0), (3, 0)]);
    assert_eq!(behind(1, 9), [(2, 0), (3, 0)]);
    assert_eq!(behind(2, 0), [(3, 0)]);
    assert_eq!(behind(3, 0), []);
    // A place that is not there was either passed before or not reached yet.
    assert_eq!(behind(0, 0).len(), 5);
    assert_eq!(behind(7, 0).len(), 5);
    assert_eq!(behind(-1, 0).len(), 5);
    assert_eq!(
        places(&records.slice(1..).after(1, 1)),
        [(1, 2), (2, 0), (3, 0)]
    );
}

/// The values of all records with those STRINGs as text that were not looked at, or the message of the first error.
fn looked_at_later(batch: &RecordBatch) -> std::result::Result<Vec<Value<'_>>, String> {
    let text = |bytes| std::str::from_utf8(bytes).map_err(|_| "no text".to_owned());
    let values = batch
        .iter()
        .flat_map(|record| record.raw_values().collect::<Vec<_>>());
    values
        .map(|value| match value {
            Ok(RawValue::Text(bytes)) => Ok(Value::String(text(bytes)?)),
            Ok(RawValue::Value(value)) => Ok(value),
            Err(error) => Err(error.to_string()),
        })
        .collect()
}

fn all_values(batch: &RecordBatch) -> std::result::Result<Vec<Value<'_>>, String> {
    let values = batch
        .iter()
        .flat_map(|record| record.values().collect::<Vec<_>>());
    values
        .map(|value| value.map_err(|error| error.to_string()))
        .collect()
}

/// Two records with values of several types, and the same as they are received in each protocol.
fn sent_and_received() -> Vec<RecordBatch> {
    use crate::codec::{BatchVersion, CompressFormat, batch, json, protobuf};

    let schema = schema(&[
        ("short", FieldType::String),
        ("number", FieldType::Double),
        ("long", FieldType::String),
        ("amount", FieldType::Decimal),
        ("document", FieldType::Json),
        ("none", FieldType::String),
        ("last", FieldType::String),
    ]);
    let mut builder = RecordBatchBuilder::tuples(Arc::clone(&schema));
    let long = "\u{e9}".repeat(100);
    for short in ["a", ""] {
        let (long, amount) = (Value::String(&long), Value::Decimal("-12345678.90"));
        let (number, document) = (Value::Double(0.1), Value::Json("[1]"));
        let last = Value::String("needle");
        let (short, none) = (Value::String(short), Value::Null);
        let row = [short, number, long, amount, document, none, last];
        builder.push_row(&row).unwrap();
    }
    let built = builder.build().unwrap();
    let body = json::encode_put(&built).unwrap();
    let as_json = json::decode_put_request(body, Some(Arc::clone(&schema))).unwrap();
    let body = protobuf::encode_put(&built).unwrap();
    let as_protobuf = protobuf::decode_put_request(&body, Some(Arc::clone(&schema))).unwrap();
    let mut batches = vec![as_json, as_protobuf];
    for version in [BatchVersion::V0, BatchVersion::V1] {
        let stored = batch::encode(&built, version, 0, CompressFormat::None).unwrap();
        batches.push(batch::decode(&stored, &|_| Some(Arc::clone(&schema))).unwrap());
    }
    batches.push(built);
    batches
}

#[test]
fn texts_that_are_looked_at_later_are_the_same() {
    let batches = sent_and_received();
    let wanted = all_values(batches.last().unwrap()).unwrap();
    assert_eq!(wanted.len(), 14);
    for batch in &batches {
        assert_eq!(all_values(batch).as_ref(), Ok(&wanted));
        assert_eq!(looked_at_later(batch).as_ref(), Ok(&wanted));
    }
    let joined = RecordBatch::concat(&batches).unwrap();
    assert_eq!(looked_at_later(&joined), all_values(&joined));
    let other = schema(&[("last", FieldType::String), ("new", FieldType::String)]);
    let through = joined.with_schema(&other).unwrap();
    assert_eq!(looked_at_later(&through), all_values(&through));
}

#[test]
fn what_is_no_text_is_found_by_whoever_makes_text_of_it() {
    use crate::codec::{json, protobuf};

    let batches = sent_and_received();
    let schema = batches[0].schema().cloned();
    let damage = |body: Bytes| {
        let mut body = body.to_vec();
        let place = body.windows(6).position(|bytes| bytes == b"needle");
        body[place.unwrap()] = 0xff;
        Bytes::from(body)
    };
    let body = damage(json::encode_put(&batches[0]).unwrap());
    let as_json = json::decode_put_request(body, schema.clone()).unwrap();
    let body = damage(protobuf::encode_put(&batches[0]).unwrap());
    // The frame around it has a checksum.
    let body = crate::codec::frame::wrap(&body[crate::codec::frame::HEADER_SIZE..]).unwrap();
    let as_protobuf = protobuf::decode_put_request(&body, schema).unwrap();
    for batch in [as_json, as_protobuf] {
        assert_eq!(looked_at_later(&batch), Err("no text".to_owned()));
        let error = all_values(&batch).unwrap_err();
        assert!(error.contains("field `last`"), "{error}");
    }
}

#[test]
fn protocol_buffers_have_what_was_pushed_whatever_its_length() {
    use prost::Message as _;

    use crate::codec::protobuf::messages::PutRecordsRequest;
    use crate::codec::{frame, protobuf};

    let schema = schema(&[
        ("text", FieldType::String),
        ("id", FieldType::BigInt),
        ("share", FieldType::Double),
        ("amount", FieldType::Decimal),
        ("paid", FieldType::Boolean),
        ("rest", FieldType::String),
    ]);
    let digits = "123456789".repeat(45);
    let mut typed = RecordBatchBuilder::tuples(Arc::clone(&schema));
    let mut told = RecordBatchBuilder::tuples(schema);
    let mut wanted = Vec::new();
    for length in 0..400 {
        let (text, amount, rest) = (&digits[..length], &digits[..=length], &digits[length..]);
        let sign = if length % 2 == 0 { 1 } else { -1 };
        let id = sign * 10_i64.pow(length as u32 % 19);
        let (share, paid) = (f64::from(length as u32) / 8.0, length % 3 == 0);
        let rest = if length % 5 == 0 {
            Value::Null
        } else {
            Value::String(rest)
        };
        let row = [
            Value::String(text),
            Value::BigInt(id),
            Value::Double(share),
            Value::Decimal(amount),
            Value::Boolean(paid),
            rest,
        ];
        typed.push_row(&row).unwrap();
        told.begin_row().unwrap();
        told.push_text(text).unwrap();
        told.push_integer(id).unwrap();
        told.push_double(share).unwrap();
        told.push_text(amount).unwrap();
        told.push_boolean(paid).unwrap();
        match rest {
            Value::String(text) => told.push_text(text).unwrap(),
            _ => told.push_null().unwrap(),
        }
        told.end_row().unwrap();
        wanted.extend(row.iter().map(|value| {
            let mut text = Vec::new();
            value.write_text(TextStyle::Protobuf, &mut text);
            (!value.is_null()).then_some(text)
        }));
    }
    let body = protobuf::encode_put(&typed.build().unwrap()).unwrap();
    assert_eq!(protobuf::encode_put(&told.build().unwrap()).unwrap(), body);
    let sent = PutRecordsRequest::decode(frame::unwrap(&body).unwrap()).unwrap();
    let fields = sent.records.iter().flat_map(|record| &record.data.data);
    let found: Vec<_> = fields
        .map(|field| field.value.as_ref().map(|value| value.to_vec()))
        .collect();
    assert_eq!(found, wanted);
}
