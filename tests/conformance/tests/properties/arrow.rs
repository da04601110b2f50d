//! Records become Arrow columns and records again.

use std::sync::Arc;

use hubstream::codec::{BatchVersion, CompressFormat, batch, json, protobuf};
use hubstream::record::arrow::ArrowOptions;
use hubstream::record::arrow::arrow_schema::DataType;
use hubstream::record::{RecordBatch, RecordSchema, Value};
use proptest::prelude::*;

use super::records::{Records, damage, records};

/// The digits of a decimal number without needless zeros.
fn digits(text: &str) -> String {
    let text = match text.split_once('.') {
        Some((whole, fraction)) => format!("{whole}.{}", fraction.trim_end_matches('0')),
        None => format!("{text}."),
    };
    if text == "-0." { "0.".to_owned() } else { text }
}

fn is_same(a: Value<'_>, b: Value<'_>) -> bool {
    match (a, b) {
        (Value::Decimal(a), Value::Decimal(b)) => digits(a) == digits(b),
        (Value::Float(a), Value::Float(b)) => {
            a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
        }
        (Value::Double(a), Value::Double(b)) => {
            a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
        }
        _ => a == b,
    }
}

fn check(before: &RecordBatch, after: &RecordBatch) -> Result<(), TestCaseError> {
    prop_assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(after) {
        if before.schema().is_none() {
            prop_assert_eq!(before.blob().unwrap(), after.blob().unwrap());
        }
        for (a, b) in before.values().zip(after.values()) {
            let (a, b) = (a.unwrap(), b.unwrap());
            prop_assert!(is_same(a, b), "{:?} became {:?}", a, b);
        }
        let attributes = before
            .attributes()
            .map(|pair| (pair.0.to_owned(), pair.1.to_owned()));
        prop_assert!(
            attributes.eq(after
                .attributes()
                .map(|pair| (pair.0.to_owned(), pair.1.to_owned())))
        );
        prop_assert_eq!(before.shard_id(), after.shard_id());
        prop_assert_eq!(before.hash_key(), after.hash_key());
        prop_assert_eq!(before.partition_key(), after.partition_key());
    }
    Ok(())
}

/// The same records as they lie in memory after each way of receiving them.
fn received(given: &Records) -> Vec<RecordBatch> {
    let schema = || given.schema.clone();
    let built = given.batch();
    let by_batch = |version| {
        let body = batch::encode(&built, version, 0, CompressFormat::None).unwrap();
        batch::decode(&body, &|_| schema()).unwrap()
    };
    let body = json::encode_put(&built).unwrap();
    let from_json = json::decode_put_request(body, schema()).unwrap();
    let body = protobuf::encode_put(&built).unwrap();
    let from_protobuf = protobuf::decode_put_request(&body, schema()).unwrap();
    let parts = [built.slice(..1), from_protobuf.slice(1..)];
    vec![
        from_json,
        from_protobuf,
        by_batch(BatchVersion::V0),
        by_batch(BatchVersion::V1),
        RecordBatch::concat(&parts).unwrap(),
        built.slice(1..),
        built,
    ]
}

fn reversed(schema: &Arc<RecordSchema>) -> Arc<RecordSchema> {
    let fields = schema.fields().iter().rev().cloned().collect();
    Arc::new(RecordSchema::new(fields).unwrap())
}

proptest! {
    #[test]
    fn arrow_columns_become_the_same_records(given in records()) {
        for records in received(&given) {
            for options in [ArrowOptions::new(), ArrowOptions::new().with_views(), ArrowOptions::new().with_decimal(DataType::Utf8)] {
                let options = options.with_metadata();
                let columns = records.to_arrow(&options).unwrap();
                prop_assert_eq!(columns.schema(), records.arrow_schema(&options).unwrap());
                let back = RecordBatch::from_arrow(given.schema.as_ref(), &columns).unwrap();
                check(&records, &back)?;
            }
        }
    }

    #[test]
    fn other_schemas_show_the_same_values(given in records()) {
        let Some(schema) = &given.schema else { return Ok(()) };
        for records in received(&given) {
            let other = records.with_schema(&reversed(schema)).unwrap();
            let options = ArrowOptions::new().with_metadata();
            let columns = other.to_arrow(&options).unwrap();
            check(&other, &RecordBatch::from_arrow(Some(&reversed(schema)), &columns).unwrap())?;
        }
    }

    #[test]
    fn the_bytes_of_arrow_are_read_back(given in records()) {
        let records = given.batch();
        let bytes = records.to_arrow_ipc(&ArrowOptions::new().with_metadata()).unwrap();
        check(&records, &RecordBatch::from_arrow_ipc(given.schema.as_ref(), &bytes).unwrap())?;
        prop_assert!(RecordBatch::from_arrow_ipc(given.schema.as_ref(), &bytes[..bytes.len() / 2]).is_err());
    }
    #[test]
    fn damaged_bytes_of_arrow_are_refused_or_read(given in records(), damage in damage()) {
        let mut bytes = given.batch().to_arrow_ipc(&ArrowOptions::new()).unwrap();
        damage.apply(&mut bytes, 0);
        if let Ok(read) = RecordBatch::from_arrow_ipc(given.schema.as_ref(), &bytes) {
            for record in &read {
                prop_assert!(record.values().all(|value| value.is_ok()));
            }
        }
    }
}
