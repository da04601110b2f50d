//! Replies in protocol buffers that are written as nobody writes them, but as the encoding allows.

use std::collections::HashMap;
use std::sync::Arc;

use hubstream::codec::protobuf::messages::{PutRecordsRequest, RecordEntry};
use hubstream::codec::{frame, protobuf};
use hubstream::record::{Field, FieldType, Record, RecordSchema, Value};
use proptest::prelude::*;
use proptest::sample::select;
use prost::Message as _;

/// A number, perhaps in more bytes than it needs.
fn varint(number: u64, wide: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = number;
    while rest >= 0x80 || (out.len() < wide && out.len() < 9) {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
    out
}

fn bytes_field(number: u64, bytes: &[u8], wide: usize) -> Vec<u8> {
    let length = varint(bytes.len() as u64, wide);
    [varint(number << 3 | 2, wide), length, bytes.to_vec()].concat()
}

/// Mostly as few bytes as possible.
fn width() -> impl Strategy<Value = usize> {
    prop_oneof![20 => Just(0), 1 => 1..6_usize]
}

fn unknown_field() -> impl Strategy<Value = Vec<u8>> {
    (20..30_u64, prop::collection::vec(any::<u8>(), 0..5), 0..3).prop_map(
        |(number, bytes, kind)| match kind {
            0 => bytes_field(number, &bytes, 0),
            1 => [varint(number << 3, 0), varint(300, 0)].concat(),
            _ => [varint(number << 3 | 5, 0), vec![1, 2, 3, 4]].concat(),
        },
    )
}

/// What stands between and around fields: mostly nothing.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![40 => Just(Vec::new()), 1 => unknown_field()]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zé]{0,9}",
        1 => "[a-z]{120,140}",
        3 => (0..9_u64).prop_map(|number| format!("{number:032x}")),
    ]
}

fn cursor() -> impl Strategy<Value = Vec<u8>> {
    let digits = (0..9_u64).prop_map(|number| format!("3000{number:028x}"));
    let odd = select(vec![
        "",
        "cursor",
        "é",
        "3000000000000000000000000000000A",
        "-1",
    ]);
    prop_oneof![60 => digits, 1 => odd.prop_map(str::to_owned)].prop_map(String::into_bytes)
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let inner = prop_oneof![
        4 => (text(), width()).prop_map(|(text, wide)| bytes_field(1, text.as_bytes(), wide)),
        1 => Just(Vec::new()),
    ];
    let repeated = prop_oneof![20 => Just(None), 1 => text().prop_map(Some)];
    (inner, repeated, noise(), width()).prop_map(|(inner, repeated, noise, wide)| {
        let repeated = repeated.map(|text| bytes_field(1, text.as_bytes(), 0));
        let inner = [inner, noise, repeated.unwrap_or_default()].concat();
        bytes_field(1, &inner, wide)
    })
}

fn data() -> impl Strategy<Value = Vec<u8>> {
    (prop::collection::vec((value(), noise()), 0..4), width()).prop_map(|(values, wide)| {
        let values: Vec<_> = values
            .into_iter()
            .map(|(value, noise)| [noise, value].concat())
            .collect();
        bytes_field(9, &values.concat(), wide)
    })
}

fn attributes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec((select(vec!["a", "b", "é"]), text()), 0..4).prop_map(|pairs| {
        let pairs: Vec<_> = pairs
            .into_iter()
            .map(|(key, text)| {
                let pair = [
                    bytes_field(1, key.as_bytes(), 0),
                    bytes_field(2, text.as_bytes(), 0),
                ];
                bytes_field(1, &pair.concat(), 0)
            })
            .collect();
        bytes_field(8, &pairs.concat(), 0)
    })
}

fn numbers() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![4 => 0..5_u64, 1 => any::<u64>()];
    (number.clone(), number).prop_map(|(sequence, time)| {
        [
            vec![6 << 3],
            varint(sequence, 0),
            vec![7 << 3],
            varint(time, 0),
        ]
        .concat()
    })
}

fn keys() -> impl Strategy<Value = Vec<u8>> {
    (1..4_u64, text()).prop_map(|(number, text)| bytes_field(number, text.as_bytes(), 0))
}

/// A record: the usual fields in their order, or fields of any kind in any order.
fn entry() -> impl Strategy<Value = Vec<u8>> {
    let usual = (cursor(), cursor(), numbers(), data()).prop_map(|(at, behind, numbers, data)| {
        vec![
            bytes_field(4, &at, 0),
            bytes_field(5, &behind, 0),
            numbers,
            data,
        ]
    });
    let field = prop_oneof![
        cursor().prop_map(|cursor| bytes_field(4, &cursor, 0)),
        cursor().prop_map(|cursor| bytes_field(5, &cursor, 0)),
        numbers(),
        keys(),
        attributes(),
        data(),
        (0..4_u64).prop_map(|serial| [vec![10 << 3], varint(serial, 0)].concat()),
        unknown_field(),
    ];
    let odd = (prop::collection::vec(field, 0..9), data()).prop_map(|(mut fields, data)| {
        fields.insert(fields.len() / 2, data);
        fields
    });
    prop_oneof![6 => usual, 1 => odd].prop_map(|fields| fields.concat())
}

/// What the message library finds in a record, as far as there are columns.
fn expected(entry: &RecordEntry, columns: usize) -> Vec<Option<String>> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let given = entry
        .data
        .data
        .iter()
        .map(|data| data.value.as_deref().map(text));
    given.chain(std::iter::repeat(None)).take(columns).collect()
}

fn check(given: &RecordEntry, read: Record<'_>, columns: usize) -> Result<(), TestCaseError> {
    let text = |value: Value<'_>| match value {
        Value::String(text) => Some(text.to_owned()),
        _ => None,
    };
    let values: Vec<_> = read.values().map(|value| text(value.unwrap())).collect();
    prop_assert_eq!(&values, &expected(given, columns));
    for (column, value) in values.iter().enumerate() {
        prop_assert_eq!(&text(read.value(column).unwrap()), value);
    }
    prop_assert_eq!(read.cursor(), given.cursor.as_deref());
    prop_assert_eq!(read.next_cursor(), given.next_cursor.as_deref());
    prop_assert_eq!(read.sequence(), given.sequence.unwrap_or_default());
    prop_assert_eq!(read.system_time(), given.system_time.unwrap_or_default());
    prop_assert_eq!(read.serial(), given.serial);
    let keys = [read.shard_id(), read.hash_key(), read.partition_key()];
    let given_keys = [&given.shard_id, &given.hash_key, &given.partition_key];
    let given_keys = given_keys.map(|key| key.as_deref().filter(|key| !key.is_empty()));
    prop_assert_eq!(keys, given_keys);
    let pairs = given
        .attributes
        .iter()
        .flat_map(|attributes| &attributes.attributes);
    let pairs: HashMap<&str, &str> = pairs.map(|pair| (&*pair.key, &*pair.value)).collect();
    prop_assert_eq!(read.attributes().len(), pairs.len());
    prop_assert_eq!(read.attributes().collect::<HashMap<_, _>>(), pairs);
    Ok(())
}

proptest! {
    #[test]
    fn records_are_read_as_by_the_message_library(
        entries in prop::collection::vec(entry(), 0..12),
        columns in 0..4_usize,
        long in select(vec![0, 200, 20_000, 40_000]),
    ) {
        let mut payload: Vec<_> = entries.iter().flat_map(|entry| bytes_field(1, entry, 0)).collect();
        if long > 0 {
            // A value that makes it worthless to copy the others.
            let value = bytes_field(1, &bytes_field(1, &vec![b'x'; long], 0), 0);
            payload.extend(bytes_field(1, &bytes_field(9, &value, 0), 0));
        }
        let given = PutRecordsRequest::decode(payload.as_slice()).unwrap();
        let body = frame::wrap(&payload).unwrap();
        let fields = (0..columns.max(1)).map(|place| Field::new(format!("c{place}"), FieldType::String));
        let schema = RecordSchema::new(fields.collect()).unwrap();
        let columns = schema.len();
        let read = protobuf::decode_put_request(&body, Some(Arc::new(schema))).unwrap();
        prop_assert_eq!(read.len(), given.records.len());
        for (given, read) in given.records.iter().zip(&read) {
            check(given, read, columns)?;
        }
        let blobs = protobuf::decode_put_request(&body, None).unwrap();
        for (given, read) in given.records.iter().zip(&blobs) {
            let blob = given.data.data.first().and_then(|data| data.value.as_deref());
            prop_assert_eq!(read.blob().unwrap(), blob.unwrap_or_default());
            prop_assert_eq!(read.blob_bytes().unwrap(), blob.unwrap_or_default());
        }
    }
}
