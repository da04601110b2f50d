use super::*;

fn builder(kind: FieldType) -> RecordBatchBuilder {
    RecordBatchBuilder::tuples(Arc::new(
        RecordSchema::new(vec![Field::new("c", kind)]).unwrap(),
    ))
}

fn refusal(builder: &mut RecordBatchBuilder, value: Value<'_>) -> String {
    builder.push_row(&[value]).unwrap_err().to_string()
}

#[test]
fn a_refused_value_names_record_field_and_value() {
    let mut batch = builder(FieldType::BigInt);
    batch.push_row(&[Value::BigInt(1)]).unwrap();
    assert_eq!(
        refusal(&mut batch, Value::String("x")),
        "argument `records`: record 1, field `c`: `x` is not a value for BIGINT"
    );
    let long = "a".repeat(100);
    let text = refusal(&mut batch, Value::String(&long));
    assert!(text.contains(&format!("`{}…`", "a".repeat(39))), "{text}");
    assert_eq!(batch.len(), 1);
    batch.push_row(&[Value::Null]).unwrap();
    let built = batch.build().unwrap();
    assert_eq!((built.len(), built.value(1, 0).unwrap()), (2, Value::Null));
}

#[test]
fn null_width_length_and_range_are_checked() {
    let schema = RecordSchema::new(vec![Field::new("c", FieldType::String).not_null()]).unwrap();
    let mut batch = RecordBatchBuilder::tuples(Arc::new(schema));
    assert!(refusal(&mut batch, Value::Null).contains("null in a column"));
    assert!(
        batch
            .push_row(&[])
            .unwrap_err()
            .to_string()
            .contains("field `c`: fewer values")
    );
    assert!(
        batch
            .push_row(&[Value::String(""); 2])
            .unwrap_err()
            .to_string()
            .contains("more values")
    );
    let long = "é".repeat(MAX_TEXT_BYTES / 2) + "x";
    assert!(refusal(&mut batch, Value::String(&long)).contains("longer than 2097152 bytes"));
    batch
        .push_row(&[Value::String(&long[..MAX_TEXT_BYTES])])
        .unwrap();
    let mut batch = builder(FieldType::Timestamp);
    assert!(refusal(&mut batch, Value::Timestamp(i64::MAX)).contains("outside the range"));
    assert!(batch.push_blob(b"").is_err());
    assert!(batch.push_null().is_err());
}

#[test]
fn conversions_lose_nothing() {
    let mut batch = builder(FieldType::Double);
    let mut add = |push: &dyn Fn(&mut RecordBatchBuilder) -> Result<()>| {
        batch.begin_row().unwrap();
        push(&mut batch).and_then(|()| batch.end_row()).is_ok()
    };
    assert!(add(&|batch| batch.push_integer(1 << 53)));
    assert!(!add(&|batch| batch.push_integer((1 << 53) + 1)));
    assert!(!add(&|batch| batch.push_integer(i64::MAX)));
    assert!(add(&|batch| batch.push_text("1e3")));
    assert!(add(&|batch| batch.push_text("")));
    assert!(!add(&|batch| batch.push_boolean(true)));
    let built = batch.build().unwrap();
    let values: Vec<_> = built
        .iter()
        .map(|record| record.value(0).unwrap())
        .collect();
    assert_eq!(
        values,
        [
            Value::Double(9_007_199_254_740_992.0),
            Value::Double(1000.0),
            Value::Null
        ]
    );
    let mut batch = builder(FieldType::Json);
    assert!(batch.push_row(&[Value::Json("{\"a\":[1]}")]).is_ok());
    assert!(batch.push_row(&[Value::Json("{")]).is_err());
}

#[test]
fn attributes_and_keys_belong_to_the_last_record() {
    let mut batch = RecordBatchBuilder::blobs();
    assert!(batch.set_shard_id("0").is_err());
    batch.push_blob(b"a").unwrap();
    batch
        .set_attributes([("k", "1"), ("l", "2"), ("k", "3")])
        .unwrap();
    batch.push_blob_bytes(Bytes::from_static(b"bc")).unwrap();
    batch.set_shard_id("7").unwrap();
    batch
        .set_hash_key("0123456789abcdefABCDEF0123456789")
        .unwrap();
    assert!(batch.set_hash_key("0x").is_err());
    let built = batch.build().unwrap();
    assert_eq!(
        built.attributes(0).collect::<Vec<_>>(),
        [("k", "3"), ("l", "2")]
    );
    assert_eq!(built.attributes(1).len(), 0);
    assert_eq!((built.shard_id(0), built.shard_id(1)), (None, Some("7")));
    assert_eq!(
        (
            built.blob(0).unwrap(),
            built.blob_bytes(1).unwrap().as_ref()
        ),
        (&b"a"[..], &b"bc"[..])
    );
    assert_eq!(built.partition_key(1), None);
    assert!(built.blob(2).is_err() && built.value(0, 0).is_err());
}

#[test]
fn a_record_left_open_is_not_lost_silently() {
    let mut batch = builder(FieldType::String);
    batch.begin_row().unwrap();
    assert!(batch.begin_row().is_err());
    assert!(batch.set_shard_id("0").is_err());
    assert!(batch.build().is_err());
}

#[test]
fn what_was_received_can_be_put_together_again() {
    let mut builder = RecordBatchBuilder::blobs();
    assert!(builder.set_received(&Received::default()).is_err());
    builder.push_blob(b"a").unwrap();
    builder.push_blob(b"b").unwrap();
    let received = Received {
        sequence: 7,
        system_time: 8,
        cursor: Some("c"),
        next_cursor: None,
        batch_index: 3,
        batch_size: 5,
    };
    builder.set_received(&received).unwrap();
    let batch = builder.build().unwrap();
    assert_eq!((batch.sequence(0), batch.sequence(1)), (0, 7));
    assert_eq!((batch.cursor(1), batch.next_cursor(1)), (Some("c"), None));
    assert_eq!((batch.batch_index(1), batch.batch_size(1)), (3, 5));
    assert_eq!(batch.system_time(1), 8);
}
