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
