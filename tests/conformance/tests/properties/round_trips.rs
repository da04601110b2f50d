//! Whatever is written is read back the same.

use std::sync::Arc;

use bytes::Bytes;
use hubstream::codec::protobuf::messages::{
    FieldData, GetRecordsResponse, PutRecordsRequest, RecordAttributes, RecordData, RecordEntry,
    StringPair,
};
use hubstream::codec::{BatchVersion, CompressFormat, GetReply, batch, frame, json, protobuf};
use hubstream::record::{FieldType, RecordBatch, RecordSchema, TextStyle, Value};
use proptest::prelude::*;
use proptest::sample::select;
use prost::Message as _;

use super::records::{Records, records};

/// NaN equals NaN, and zeros have signs.
fn is_same(a: Value<'_>, b: Value<'_>) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => {
            a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
        }
        (Value::Double(a), Value::Double(b)) => {
            a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
        }
        _ => a == b,
    }
}

fn check(given: &Records, read: &RecordBatch, with_keys: bool) -> Result<(), TestCaseError> {
    prop_assert_eq!(given.rows.len(), read.len());
    for (given_row, record) in given.rows.iter().zip(read) {
        match &given.schema {
            None => prop_assert_eq!(given_row.blob.as_slice(), record.blob().unwrap()),
            Some(schema) => {
                prop_assert_eq!(record.values().len(), schema.len());
                for ((field, given), read) in schema
                    .fields()
                    .iter()
                    .zip(&given_row.values)
                    .zip(record.values())
                {
                    let (given, read) = (given.value(field.field_type), read.unwrap());
                    prop_assert!(
                        is_same(given, read),
                        "{}: {:?} became {:?}",
                        field.name,
                        given,
                        read
                    );
                }
            }
        }
        let attributes: Vec<_> = record
            .attributes()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        prop_assert_eq!(&given_row.attributes, &attributes);
        if with_keys {
            let keys = [record.shard_id(), record.hash_key(), record.partition_key()];
            prop_assert_eq!(
                given_row.keys.each_ref().map(String::as_str),
                keys.map(Option::unwrap_or_default)
            );
        }
    }
    Ok(())
}

/// The request as the message library writes it.
fn with_prost(given: &Records) -> Bytes {
    let text = |key: &String| Some(key.clone()).filter(|key| !key.is_empty());
    let entries = given.rows.iter().map(|row| {
        let value = |kind: Option<FieldType>, place: usize| match kind {
            None => Some(row.blob.clone().into()),
            Some(kind) => {
                let value = row.values[place].value(kind);
                let mut out = Vec::new();
                value.write_text(TextStyle::Protobuf, &mut out);
                (!value.is_null()).then(|| out.into())
            }
        };
        let kinds: Vec<_> = match &given.schema {
            None => vec![None],
            Some(schema) => schema
                .fields()
                .iter()
                .map(|field| Some(field.field_type))
                .collect(),
        };
        let data = kinds
            .into_iter()
            .enumerate()
            .map(|(place, kind)| FieldData {
                value: value(kind, place),
            });
        let pairs: Vec<_> = row
            .attributes
            .iter()
            .cloned()
            .map(|(key, value)| StringPair { key, value })
            .collect();
        RecordEntry {
            shard_id: text(&row.keys[0]),
            hash_key: text(&row.keys[1]),
            partition_key: text(&row.keys[2]),
            attributes: (!pairs.is_empty()).then_some(RecordAttributes { attributes: pairs }),
            data: RecordData {
                data: data.collect(),
            },
            ..RecordEntry::default()
        }
    });
    let request = PutRecordsRequest {
        records: entries.collect(),
    };
    frame::wrap(&request.encode_to_vec()).unwrap()
}

fn reply(records: RecordBatch) -> GetReply {
    GetReply {
        next_cursor: "3000".to_owned(),
        record_count: records.len(),
        start_seq: -5,
        latest_seq: Some(i64::MAX),
        latest_time: None,
        records,
    }
}

fn look_up(schema: Option<Arc<RecordSchema>>) -> impl Fn(i32) -> Option<Arc<RecordSchema>> {
    move |_| schema.clone()
}

proptest! {
    #[test]
    fn protobuf_puts_equal_those_of_the_message_library(given in records()) {
        let body = protobuf::encode_put(&given.batch()).unwrap();
        prop_assert_eq!(&body, &with_prost(&given));
        check(&given, &protobuf::decode_put_request(&body, given.schema.clone()).unwrap(), true)?;
    }

    #[test]
    fn protobuf_replies_are_read_back(given in records()) {
        let body = protobuf::encode_get_reply(&reply(given.batch())).unwrap();
        let message = GetRecordsResponse::decode(&body[12..]).unwrap();
        prop_assert_eq!(message.records.len(), given.rows.len());
        prop_assert_eq!(message.start_sequence, Some(-5));
        let read = protobuf::decode_get(&body, given.schema.clone()).unwrap();
        prop_assert_eq!((read.next_cursor.as_str(), read.start_seq), ("3000", -5));
        prop_assert_eq!((read.latest_seq, read.latest_time), (Some(i64::MAX), None));
        check(&given, &read.records, false)?;
    }

    #[test]
    fn json_is_read_back(given in records()) {
        let body = json::encode_put(&given.batch()).unwrap();
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
        check(&given, &json::decode_put_request(body, given.schema.clone()).unwrap(), true)?;
        let body = json::encode_get_reply(&reply(given.batch())).unwrap();
        let read = json::decode_get(body, given.schema.clone()).unwrap();
        prop_assert_eq!((read.next_cursor.as_str(), read.start_seq), ("3000", -5));
        check(&given, &read.records, false)?;
    }

    #[test]
    fn batches_are_read_back(
        given in records(),
        version in select(&[BatchVersion::V0, BatchVersion::V1][..]),
        format in select(CompressFormat::ALL),
        schema_version in 0..5_i32,
    ) {
        let body = batch::encode(&given.batch(), version, schema_version, format).unwrap();
        let read = batch::decode(&body, &look_up(given.schema.clone())).unwrap();
        check(&given, &read, false)?;
        let frame = batch::encode_put(&given.batch(), version, schema_version, format).unwrap();
        prop_assert_eq!(batch::decode_put_request(&frame).unwrap(), vec![body]);
    }

    #[test]
    fn records_that_were_received_are_sent_on_unchanged(given in records()) {
        let sent = protobuf::encode_put(&given.batch()).unwrap();
        let received = protobuf::decode_put_request(&sent, given.schema.clone()).unwrap();
        prop_assert_eq!(&protobuf::encode_put(&received).unwrap(), &sent);
        for version in [BatchVersion::V0, BatchVersion::V1] {
            let stored = batch::encode(&received, version, 0, CompressFormat::None).unwrap();
            // Texts know only one NaN.
            if !given.has_nan() {
                let direct = batch::encode(&given.batch(), version, 0, CompressFormat::None).unwrap();
                prop_assert_eq!(&stored, &direct);
            }
            let read = batch::decode(&stored, &look_up(given.schema.clone())).unwrap();
            check(&given, &read, false)?;
        }
    }

    #[test]
    fn slices_and_joins_keep_the_order(given in records(), at in 0..6_usize) {
        let batch = given.batch();
        let joined = RecordBatch::concat(&[batch.slice(..at), batch.slice(at..)]).unwrap();
        check(&given, &joined, true)?;
        let inner = joined.slice(1..);
        prop_assert_eq!(inner.len(), given.rows.len() - 1);
        prop_assert_eq!(inner.attributes(0).len(), given.rows.get(1).map_or(0, |row| row.attributes.len()));
    }

    #[test]
    fn schemas_are_read_back(given in records()) {
        if let Some(schema) = given.schema {
            prop_assert_eq!(&RecordSchema::from_json(&schema.to_json()).unwrap(), schema.as_ref());
        }
    }
}
