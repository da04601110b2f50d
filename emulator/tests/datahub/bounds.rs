//! How much is read and written at once, and in which form.

use std::time::{Duration, UNIX_EPOCH};

use hubstream_emulator::{Clock, Emulator, Limits};
use prost::Message;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::client::{Client, Request, read_reply};
use crate::exchange::{get, oldest, put, put_fails};
use crate::messages::{GetRecordsRequest, RecordEntry};

#[tokio::test]
async fn limits_of_a_read_are_clamped() {
    let mut client = Client::new().await;
    let topic = client.blobs(1).await;
    client.put(&topic, "0", &vec!["x"; 1200]).await;
    let cursor = json!(oldest(&mut client, &topic, "0").await);
    for (limit, count) in [(0, 1), (-5, 1), (7, 7), (1_000_000, 1000)] {
        assert_eq!(
            client.get(&topic, "0", &cursor, limit).await["RecordCount"],
            count
        );
        let cursor = cursor.as_str().expect("cursor");
        let page = get(&mut client, &topic, "0", cursor, limit as i32).await;
        assert_eq!(
            (page.record_count, page.records.len()),
            (count, count as usize)
        );
    }
}

#[tokio::test]
async fn replies_end_before_they_get_too_large() {
    let mut client = Client::new().await;
    let topic = client.blobs(1).await;
    let blob = "x".repeat(1_500_000);
    for _ in 0..4 {
        client.put(&topic, "0", &[&blob]).await;
    }
    let cursor = oldest(&mut client, &topic, "0").await;
    let page = get(&mut client, &topic, "0", &cursor, 100).await;
    assert_eq!(page.record_count, 2);
    assert_eq!(
        get(&mut client, &topic, "0", &page.next_cursor, 100)
            .await
            .record_count,
        2
    );
}

#[tokio::test]
async fn the_number_of_records_is_bounded() {
    let mut client = Client::new().await;
    let topic = client.tuples(1, &["a string"]).await;
    let target = format!("{topic}/shards");
    let record = RecordEntry::of(&[None]);
    assert_eq!(
        put(&mut client, &target, vec![record.clone(); 10_000])
            .await
            .failed_count,
        Some(0)
    );
    assert_eq!(
        put_fails(&mut client, &target, vec![record; 10_001])
            .await
            .0,
        "InvalidParameter"
    );
    let records = vec![json!({"Data": [null]}); 10_001];
    assert_eq!(
        client
            .code(
                "POST",
                &target,
                json!({"Action": "pub", "Records": records})
            )
            .await,
        "InvalidParameter"
    );
    assert_eq!(
        put(&mut client, &target, Vec::new()).await.failed_count,
        Some(0),
        "no record is no error"
    );
}

#[tokio::test]
async fn throughput_is_limited_only_when_strict() {
    let clock = Clock::manual(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    for (limits, expected) in [(Limits::Standard, 0), (Limits::Strict, 1)] {
        let emulator = Emulator::builder().limits(limits).clock(clock.clone());
        // The date that this client signs would be too old.
        let mut client = Client::of(emulator.no_auth(true)).await;
        let topic = client.blobs(1).await;
        let target = format!("{topic}/shards");
        let half = "x".repeat(2_700_000);
        let record = || vec![RecordEntry::of(&[Some(half.as_str())]).for_shard("0")];
        assert_eq!(
            put(&mut client, &target, record()).await.failed_count,
            Some(0)
        );
        let reply = put(&mut client, &target, record()).await;
        assert_eq!(reply.failed_count, Some(expected));
        if expected == 1 {
            assert_eq!(
                reply.failed_records[0].error_code.as_deref(),
                Some("LimitExceeded")
            );
            let message = "The query rate or throughput rate is exceeded.".to_owned();
            let failed = put_fails(&mut client, &format!("{target}/0"), record()).await;
            assert_eq!(failed, ("LimitExceeded".to_owned(), message));
            clock.advance(Duration::from_secs(1));
            assert_eq!(
                put(&mut client, &target, record()).await.failed_count,
                Some(0)
            );
        }
    }
}

#[tokio::test]
async fn a_shard_takes_so_many_requests_in_a_second() {
    let clock = Clock::manual(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let emulator = Emulator::builder()
        .limits(Limits::Strict)
        .clock(clock.clone());
    let mut client = Client::of(emulator.no_auth(true)).await;
    let topic = client.blobs(2).await;
    let target = format!("{topic}/shards");
    let record = |shard: &str| RecordEntry::of(&[Some("x")]).for_shard(shard);
    // Three records of one request are one.
    let three = vec![record("0"); 3];
    assert_eq!(put(&mut client, &target, three).await.failed_count, Some(0));
    for _ in 1..2000 {
        let reply = put(&mut client, &format!("{target}/0"), vec![record("")]).await;
        assert_eq!(reply.failed_count, Some(0));
    }
    let failed = put_fails(&mut client, &format!("{target}/0"), vec![record("")]).await;
    assert_eq!(failed.0, "LimitExceeded");
    let both = || vec![record("0"), record("1")];
    let failed = put(&mut client, &target, both()).await.failed_records;
    assert_eq!((failed.len(), failed[0].index), (1, 0));
    clock.advance(Duration::from_secs(1));
    let reply = put(&mut client, &target, both()).await;
    assert_eq!(reply.failed_count, Some(0));
}

#[tokio::test]
async fn a_new_topic_of_an_old_name_is_empty() {
    let mut client = Client::new().await;
    let topic = client.blobs(1).await;
    client.put(&topic, "0", &["a", "b"]).await;
    let cursor = client.cursor(&topic, "0", json!({"Type": "LATEST"})).await["Cursor"].clone();
    client.ok("DELETE", &topic, Value::Null).await;
    client.blobs(1).await;
    assert_eq!(client.all(&topic, "0").await.len(), 0);
    let body = json!({"Action": "sub", "Cursor": cursor, "Limit": 1});
    assert_eq!(
        client
            .code("POST", &format!("{topic}/shards/0"), body)
            .await,
        "InvalidCursor"
    );
}

#[tokio::test]
async fn replies_are_compressed_as_offered() {
    let mut client = Client::new().await;
    let topic = client.blobs(1).await;
    client
        .put(&topic, "0", &["hubstream ".repeat(1000).as_str()])
        .await;
    let cursor = oldest(&mut client, &topic, "0").await;
    let request = GetRecordsRequest {
        cursor,
        limit: Some(1),
    }
    .encode_to_vec();
    let request = Request::protobuf(format!("{topic}/shards/0"), "sub", &request);
    let plain = client.send(&request).await;
    assert_eq!(
        (
            plain.header("content-encoding"),
            plain.header("x-datahub-content-raw-size")
        ),
        (None, None)
    );
    for (offer, expected) in [
        ("lz4", "lz4"),
        ("zlib", "zlib"),
        ("gzip, deflate", "deflate"),
        ("zstd", "zstd"),
    ] {
        let reply = client
            .send(&request.clone().header("accept-encoding", offer))
            .await;
        assert_eq!(reply.header("content-encoding"), Some(expected));
        let size: usize = reply
            .header("x-datahub-content-raw-size")
            .expect("size")
            .parse()
            .expect("number");
        assert_eq!(size, plain.body.len());
        let raw = match expected {
            "lz4" => lz4_flex::block::decompress(&reply.body, size).expect("lz4"),
            "zstd" => zstd::bulk::decompress(&reply.body, size).expect("zstd"),
            _ => {
                let mut raw = Vec::new();
                let mut decoder = flate2::read::ZlibDecoder::new(reply.body.as_slice());
                std::io::Read::read_to_end(&mut decoder, &mut raw).expect("zlib");
                raw
            }
        };
        assert_eq!(raw, plain.body);
    }
    for offer in ["", "gzip", "br", "lz4;q=0"] {
        let reply = client
            .send(&request.clone().header("accept-encoding", offer))
            .await;
        assert_eq!(
            (reply.header("content-encoding"), &reply.body),
            (None, &plain.body),
            "{offer}"
        );
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_taken_are_refused_before_they_are_sent() {
    let client = Client::new().await;
    let many = 1_u64 << 40;
    for (what, headers) in [
        (
            "a client that waits",
            "expect: 100-continue\r\ncontent-length: 5000000".to_owned(),
        ),
        ("more than is ever read", format!("content-length: {many}")),
    ] {
        let wire = format!("PUT /projects/large HTTP/1.1\r\nhost: emulator\r\n{headers}\r\n\r\n");
        let mut connection = client.connect().await;
        connection.write_all(wire.as_bytes()).await.expect("send");
        let reply = read_reply(&mut connection).await;
        assert_eq!(reply.error().0, "InvalidParameter", "{what}");
        assert_eq!(reply.header("connection"), Some("close"), "{what}");
    }
}
