//! Batches, and batches read as single records and the other way round.

use bytes::Bytes;
use hubstream_emulator::{Emulator, Limits};
use prost::Message;
use serde_json::json;

use crate::client::{Client, Reply, Request};
use crate::messages::{
    BinaryRecordEntry, GetBinaryRecordsResponse, GetRecordsRequest, GetRecordsResponse,
    PutBinaryRecordsRequest, PutRecordsRequest, RecordEntry, unframe,
};

const COLUMNS: &[&str] = &["f0 bigint", "f1 string"];

/// One row, `77` and `single`, as the official Python client writes it.
const ROWS: &str = "44485542000000004a000000300000001b832ed908000100000000000000000000003000\
                    00002c0000000200000003000000000000004d0000000000000073696e676c6500860000\
                    0000";

/// Two records, `5` and `x` with an attribute and two nulls, as the official Go client writes them.
const AVRO: &str = "44485542010000003900000011000000a72e5ee500000200000000002800000002000000\
                    02000000020a020278020108026b02760000000200";

fn bytes(digits: &str) -> Bytes {
    let digits: String = digits.split_whitespace().collect();
    let pairs = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16));
    pairs
        .collect::<Result<Vec<u8>, _>>()
        .expect("digits")
        .into()
}

async fn send(
    client: &mut Client,
    target: &str,
    action: &str,
    payload: &[u8],
    version: &str,
) -> Reply {
    let request = Request::protobuf(target, action, payload)
        .header("content-type", "application/x-binary")
        .header("x-datahub-client-version", version);
    client.send(&request).await
}

async fn put(client: &mut Client, target: &str, batch: Bytes) -> Reply {
    let entry = BinaryRecordEntry {
        data: Some(batch.to_vec()),
        ..BinaryRecordEntry::default()
    };
    let request = PutBinaryRecordsRequest {
        records: vec![entry],
    };
    send(client, target, "pub", &request.encode_to_vec(), "1.2").await
}

async fn get(
    client: &mut Client,
    target: &str,
    cursor: &str,
    limit: i32,
    version: &str,
) -> GetBinaryRecordsResponse {
    let request = GetRecordsRequest {
        cursor: cursor.to_owned(),
        limit: Some(limit),
    };
    let reply = send(client, target, "sub", &request.encode_to_vec(), version).await;
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, Some("application/x-binary")),
        "{reply:?}"
    );
    GetBinaryRecordsResponse::decode(unframe(&reply.body)).expect("reply")
}

async fn get_single(
    client: &mut Client,
    target: &str,
    cursor: &str,
    limit: i32,
) -> GetRecordsResponse {
    let request = GetRecordsRequest {
        cursor: cursor.to_owned(),
        limit: Some(limit),
    };
    let reply = client
        .send(&Request::protobuf(target, "sub", &request.encode_to_vec()))
        .await;
    assert_eq!(reply.status, 200, "{reply:?}");
    GetRecordsResponse::decode(unframe(&reply.body)).expect("reply")
}

fn data(page: &GetBinaryRecordsResponse) -> Vec<&[u8]> {
    page.records
        .iter()
        .map(|entry| entry.data.as_deref().expect("data"))
        .collect()
}

#[tokio::test]
async fn batches_come_back_as_they_were_sent() {
    let mut client = Client::new().await;
    let topic = client.tuples(1, COLUMNS).await;
    let target = format!("{topic}/shards/0");
    for batch in [ROWS, AVRO, ROWS] {
        assert_eq!(put(&mut client, &target, bytes(batch)).await.status, 200);
    }
    let cursor = client.cursor(&topic, "0", json!({"Type": "OLDEST"})).await;
    let page = get(
        &mut client,
        &target,
        cursor["Cursor"].as_str().expect("cursor"),
        2,
        "1.1",
    )
    .await;
    assert_eq!(
        (page.record_count, page.start_sequence, page.latest_sequence),
        (2, Some(0), Some(2))
    );
    assert_eq!(data(&page), [bytes(ROWS), bytes(AVRO)]);
    assert_eq!(
        (page.records[1].sequence, page.records[1].serial),
        (Some(1), Some(0))
    );
    assert_eq!(
        page.records[1].next_cursor.as_deref(),
        Some(page.next_cursor.as_str())
    );
    let rest = get(&mut client, &target, &page.next_cursor, 10, "1.1").await;
    assert_eq!(data(&rest), [bytes(ROWS)]);
    assert_eq!(
        get(&mut client, &target, &rest.next_cursor, 10, "1.1")
            .await
            .record_count,
        0
    );
}

#[tokio::test]
async fn a_batch_is_read_as_single_records() {
    let mut client = Client::new().await;
    let topic = client.tuples(1, COLUMNS).await;
    let target = format!("{topic}/shards/0");
    for batch in [AVRO, ROWS] {
        assert_eq!(put(&mut client, &target, bytes(batch)).await.status, 200);
    }
    client
        .ok(
            "POST",
            &topic,
            json!({"Action": "appendfield", "FieldName": "f2", "FieldType": "double"}),
        )
        .await;
    let expected = [
        json!(["5", "x", null]),
        json!([null, null, null]),
        json!(["77", "single", null]),
    ];
    assert_eq!(client.all(&topic, "0").await, expected);

    let cursor = client.cursor(&topic, "0", json!({"Type": "OLDEST"})).await;
    let first = get_single(
        &mut client,
        &target,
        cursor["Cursor"].as_str().expect("cursor"),
        1,
    )
    .await;
    assert_eq!(
        (first.records[0].sequence, first.records[0].serial),
        (Some(0), Some(0))
    );
    assert!(first.next_cursor.ends_with("0001"), "{}", first.next_cursor);
    assert_eq!(
        first.records[0]
            .attributes
            .as_ref()
            .map(|all| all.attributes.len()),
        Some(1)
    );
    let rest = get_single(&mut client, &target, &first.next_cursor, 10).await;
    let positions: Vec<_> = rest
        .records
        .iter()
        .map(|record| (record.sequence, record.serial))
        .collect();
    assert_eq!(positions, [(Some(0), Some(1)), (Some(1), Some(0))]);
    assert!(rest.next_cursor.ends_with("0000"));
    // Who reads whole batches goes on with the next one.
    let batches = get(&mut client, &target, &first.next_cursor, 10, "1.2").await;
    assert_eq!(data(&batches), [bytes(ROWS)]);
}

#[tokio::test]
async fn single_records_are_read_as_batches() {
    let mut client = Client::new().await;
    let topic = client.tuples(1, COLUMNS).await;
    let records = vec![
        RecordEntry::of(&[Some("77"), Some("single")]),
        RecordEntry::of(&[Some("5"), Some("x")]).with("k", "v"),
    ];
    let target = format!("{topic}/shards/0");
    let request = Request::protobuf(
        &target,
        "pub",
        &PutRecordsRequest { records }.encode_to_vec(),
    );
    assert_eq!(client.send(&request).await.status, 200);
    let cursor = client.cursor(&topic, "0", json!({"Type": "OLDEST"})).await;
    let cursor = cursor["Cursor"].as_str().expect("cursor");
    let rows = get(&mut client, &target, cursor, 10, "1.1").await;
    assert_eq!(
        (rows.record_count, data(&rows)[0]),
        (2, bytes(ROWS).as_ref())
    );
    let avro = get(&mut client, &target, cursor, 10, "1.2").await;
    // The first of the two records of the Go client's batch.
    assert_eq!(data(&avro)[1][40..], bytes(AVRO)[40..53]);
    assert_eq!(data(&avro)[1][32..36], [1, 0, 0, 0]);
}

#[tokio::test]
async fn blobs_travel_in_batches_too() {
    let mut client = Client::new().await;
    let topic = client.blobs(1).await;
    let target = format!("{topic}/shards/0");
    client
        .put(&topic, "0", &["short", "longer than a slot", ""])
        .await;
    for version in ["1.1", "1.2"] {
        let cursor = client.cursor(&topic, "0", json!({"Type": "OLDEST"})).await;
        let page = get(
            &mut client,
            &target,
            cursor["Cursor"].as_str().expect("cursor"),
            3,
            version,
        )
        .await;
        for batch in data(&page) {
            assert_eq!(
                put(&mut client, &target, Bytes::copy_from_slice(batch))
                    .await
                    .status,
                200
            );
        }
    }
    let all = client.all(&topic, "0").await;
    assert_eq!(
        (all.len(), &all[..3], &all[..3]),
        (9, &all[3..6], &all[6..])
    );
}

#[tokio::test]
async fn broken_batches_are_refused_and_unreadable_ones_do_no_harm() {
    let mut client = Client::of(Emulator::builder().limits(Limits::Relaxed)).await;
    let topic = client.tuples(1, COLUMNS).await;
    let target = format!("{topic}/shards/0");
    let patched = |batch: &str, at: usize, byte: u8| {
        let mut batch = bytes(batch).to_vec();
        batch[at] = byte;
        Bytes::from(batch)
    };
    for (what, batch) in [
        ("magic", patched(AVRO, 0, b'x')),
        ("unknown layout", patched(AVRO, 4, 2)),
        ("length", patched(ROWS, 8, 0)),
        ("checksum", patched(AVRO, 16, 0)),
        ("data type", patched(AVRO, 22, 1)),
        ("payload before the header's end", patched(AVRO, 28, 20)),
        ("payload behind the end", patched(AVRO, 29, 1)),
        ("cut off", bytes(AVRO).slice(..30)),
    ] {
        assert_eq!(
            put(&mut client, &target, batch).await.code(),
            "MalformedRecord",
            "{what}"
        );
    }
    assert_eq!(
        put(&mut client, &target, patched(ROWS, 24, 1)).await.code(),
        "InvalidParameter",
        "too many records"
    );
    assert_eq!(
        put(&mut client, &format!("{topic}/shards/7"), bytes(AVRO))
            .await
            .code(),
        "NoSuchShard"
    );

    // Its header is fine, but it announces a schema that the topic has never had.
    assert_eq!(
        put(&mut client, &target, patched(AVRO, 24, 9)).await.status,
        200
    );
    let cursor = client.cursor(&topic, "0", json!({"Type": "OLDEST"})).await["Cursor"].clone();
    let body = json!({"Action": "sub", "Cursor": cursor, "Limit": 1});
    assert_eq!(client.code("POST", &target, body).await, "MalformedRecord");
    assert_eq!(
        get(
            &mut client,
            &target,
            cursor.as_str().expect("cursor"),
            1,
            "1.1"
        )
        .await
        .record_count,
        1
    );
}

#[tokio::test]
async fn batches_after_a_place_inside_a_batch_begin_with_the_next_one() {
    let mut client = Client::of(Emulator::builder().limits(Limits::Relaxed)).await;
    let topic = client.tuples(1, COLUMNS).await;
    let target = format!("{topic}/shards/0");
    for batch in [AVRO, ROWS] {
        assert_eq!(put(&mut client, &target, bytes(batch)).await.status, 200);
    }
    let inside = |sequence: u32| format!("300000000000{sequence:016x}0001");
    let page = get(&mut client, &target, &inside(0), 10, "1.1").await;
    assert_eq!(data(&page), [bytes(ROWS)]);
    let end = page.next_cursor;
    let page = get(&mut client, &target, &inside(1), 10, "1.1").await;
    assert_eq!((page.record_count, page.next_cursor), (0, end));
    let split = json!({"Action": "split", "ShardId": "0"});
    client.ok("POST", &format!("{topic}/shards"), split).await;
    let request = GetRecordsRequest {
        cursor: inside(1),
        limit: Some(10),
    };
    let reply = send(&mut client, &target, "sub", &request.encode_to_vec(), "1.1").await;
    assert_eq!(reply.error().0, "InvalidShardOperation");
}

#[tokio::test]
async fn records_before_one_that_cannot_be_read_are_read() {
    let mut client = Client::of(Emulator::builder().limits(Limits::Relaxed)).await;
    let topic = client.tuples(1, COLUMNS).await;
    let target = format!("{topic}/shards/0");
    let mut unknown = bytes(AVRO).to_vec();
    unknown[24] = 9;
    for batch in [bytes(AVRO), unknown.into(), bytes(AVRO)] {
        assert_eq!(put(&mut client, &target, batch).await.status, 200);
    }
    let start = "3".to_owned() + &"0".repeat(31);
    let page = get_single(&mut client, &target, &start, 100).await;
    assert_eq!((page.record_count, page.start_sequence), (2, Some(0)));
    let body = json!({"Action": "sub", "Cursor": page.next_cursor, "Limit": 100});
    assert_eq!(client.code("POST", &target, body).await, "MalformedRecord");
    let behind = client
        .cursor(&topic, "0", json!({"Type": "SEQUENCE", "Sequence": 2}))
        .await["Cursor"]
        .clone();
    let cursor = behind.as_str().expect("cursor");
    let page = get_single(&mut client, &target, cursor, 100).await;
    assert_eq!((page.record_count, page.start_sequence), (2, Some(2)));
}
