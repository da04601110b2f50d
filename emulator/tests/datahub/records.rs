//! Records in JSON and protobuf.

use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hubstream_emulator::{Clock, Emulator, Limits};
use serde_json::{Value, json};

use crate::client::Client;
use crate::exchange::{get, oldest, put, put_fails};
use crate::messages::{RecordAttributes, RecordEntry};

const COLUMNS: &[&str] = &[
    "a bigint",
    "b string",
    "c double",
    "d boolean",
    "e timestamp",
    "f decimal notnull",
];
const VALUES: &[Option<&str>] = &[
    Some("-9223372036854775808"),
    Some(""),
    Some("1.e+22"),
    Some("True"),
    Some("0"),
    Some("1.50"),
];

#[tokio::test]
async fn protobuf_records_come_back_as_they_were_sent() {
    let clock = Clock::manual(UNIX_EPOCH + Duration::from_millis(1_700_000_000_123));
    let mut client = Client::of(Emulator::builder().clock(clock.clone())).await;
    let topic = client.tuples(1, COLUMNS).await;
    let nulls: Vec<Option<&str>> = vec![None, None, None, None, None, Some("0")];
    let records = vec![
        RecordEntry::of(VALUES).with("k", "v").with("ä", ""),
        RecordEntry::of(&nulls).for_shard("0"),
        RecordEntry {
            attributes: Some(RecordAttributes::default()),
            ..RecordEntry::of(VALUES)
        },
    ];
    let reply = put(&mut client, &format!("{topic}/shards"), records.clone()).await;
    assert_eq!(
        (reply.failed_count, reply.failed_records.len()),
        (Some(0), 0)
    );

    let cursor = oldest(&mut client, &topic, "0").await;
    let page = get(&mut client, &topic, "0", &cursor, 2).await;
    assert_eq!((page.record_count, page.start_sequence), (2, Some(0)));
    assert_eq!(
        (page.latest_sequence, page.latest_time),
        (Some(2), Some(1_700_000_000_123))
    );
    assert_eq!(page.records[0].values(), records[0].values());
    assert_eq!(page.records[0].attributes, records[0].attributes);
    assert_eq!(page.records[1].values(), records[1].values());
    assert_eq!(
        (page.records[1].sequence, page.records[1].serial),
        (Some(1), Some(0))
    );
    assert_eq!(page.records[1].system_time, Some(1_700_000_000_123));
    assert_eq!(page.records[0].next_cursor, page.records[1].cursor);
    assert_eq!(
        page.records[1].next_cursor.as_deref(),
        Some(page.next_cursor.as_str())
    );

    let rest = get(&mut client, &topic, "0", &page.next_cursor, 1000).await;
    assert_eq!(
        rest.records[0].attributes, None,
        "an empty message is no attribute"
    );
    let end = get(&mut client, &topic, "0", &rest.next_cursor, 1000).await;
    assert_eq!(
        (end.record_count, &end.next_cursor, end.start_sequence),
        (0, &rest.next_cursor, Some(3))
    );
}

#[tokio::test]
async fn json_and_protobuf_read_each_other() {
    let mut client = Client::new().await;
    let topic = client.tuples(1, COLUMNS).await;
    let record = json!({"Data": VALUES, "Attributes": {"k": "v\n\"ü"}, "Sequence": 0, "SystemTime": 0, "BatchIndex": 0});
    let body = json!({"Action": "pub", "Records": [record]});
    let reply = client.ok("POST", &format!("{topic}/shards"), body).await;
    assert_eq!(reply, json!({"FailedRecordCount": 0, "FailedRecords": []}));
    put(
        &mut client,
        &format!("{topic}/shards/0"),
        vec![RecordEntry::of(VALUES).with("x", "y")],
    )
    .await;

    let cursor = oldest(&mut client, &topic, "0").await;
    let page = get(&mut client, &topic, "0", &cursor, 1000).await;
    let attribute = |index: usize| {
        page.records[index]
            .attributes
            .clone()
            .expect("attributes")
            .attributes
            .remove(0)
    };
    assert_eq!(
        (attribute(0).value.as_str(), attribute(1).key.as_str()),
        ("v\n\"ü", "x")
    );
    assert_eq!(page.records[0].values(), page.records[1].values());
    let read = client.get(&topic, "0", &json!(cursor), 1000).await;
    assert_eq!(read["Records"][1]["Data"], json!(VALUES));
    assert_eq!(read["Records"][0]["Attributes"], json!({"k": "v\n\"ü"}));
    assert_eq!(
        read["Records"][1]["Cursor"],
        read["Records"][0]["NextCursor"]
    );
    assert_eq!(read["NextCursor"], json!(page.next_cursor));
}

#[tokio::test]
async fn blobs_are_any_bytes() {
    let mut client = Client::new().await;
    let topic = client.blobs(1).await;
    let blob: Vec<u8> = (0..=255).cycle().take(350_000).collect();
    let records = json!([{"Data": BASE64.encode(&blob)}, {"Data": ""}]);
    client
        .ok(
            "POST",
            &format!("{topic}/shards"),
            json!({"Action": "pub", "Records": records}),
        )
        .await;
    let cursor = oldest(&mut client, &topic, "0").await;
    let page = get(&mut client, &topic, "0", &cursor, 10).await;
    let value = |index: usize| {
        page.records[index]
            .data
            .clone()
            .expect("data")
            .data
            .remove(0)
            .value
    };
    assert_eq!((value(0), value(1)), (Some(blob.clone()), Some(Vec::new())));
    assert_eq!(
        client.all(&topic, "0").await,
        [json!(BASE64.encode(&blob)), json!("")]
    );
}

#[tokio::test]
async fn records_find_their_shard() {
    let mut client = Client::new().await;
    let topic = client.tuples(3, &["a string"]).await;
    let text = |text: &str| Some(text.to_owned());
    let by_hash = |key: &str, value: &'static str| RecordEntry {
        hash_key: text(key),
        ..RecordEntry::of(&[Some(value)])
    };
    let records = vec![
        // The weaker keys are left in place by official clients.
        RecordEntry {
            partition_key: text("TestPartitionKey"),
            shard_id: text(""),
            ..RecordEntry::of(&[Some("p")])
        },
        RecordEntry {
            partition_key: text("TestPartitionKey"),
            ..by_hash("4FFFFFFFFFFFFFFD7FFFFFFFFFFFFFFD", "h")
        },
        RecordEntry {
            shard_id: text("0"),
            ..by_hash(&"F".repeat(32), "s")
        },
        by_hash(&"5".repeat(32), "lower bound"),
        by_hash(&"f".repeat(32), "upper end"),
    ];
    let reply = put(&mut client, &format!("{topic}/shards"), records).await;
    assert_eq!(reply.failed_count, Some(0));
    let shard = |values: &[&str]| {
        values
            .iter()
            .map(|value| json!([value]))
            .collect::<Vec<_>>()
    };
    assert_eq!(client.all(&topic, "0").await, shard(&["h", "s"]));
    assert_eq!(client.all(&topic, "1").await, shard(&["lower bound"]));
    assert_eq!(client.all(&topic, "2").await, shard(&["p", "upper end"]));
}

#[tokio::test]
async fn records_without_a_wish_stay_together() {
    let mut client = Client::new().await;
    let topic = client.tuples(4, &["a string"]).await;
    for _ in 0..4 {
        put(
            &mut client,
            &format!("{topic}/shards"),
            vec![RecordEntry::of(&[Some("x")]); 5],
        )
        .await;
    }
    for shard in ["0", "1", "2", "3"] {
        assert_eq!(client.all(&topic, shard).await.len(), 5);
    }
}

#[tokio::test]
async fn bad_records_fail_alone() {
    let mut client = Client::of(Emulator::builder().limits(Limits::Relaxed)).await;
    let topic = client.tuples(2, &["a double", "b string notnull"]).await;
    client
        .ok(
            "POST",
            &format!("{topic}/shards"),
            json!({"Action": "split", "ShardId": "1"}),
        )
        .await;
    let cases = bad_records();
    let mut records = vec![good_record()];
    records.extend(cases.iter().map(|case| case.0.clone()));
    records.push(good_record());
    let reply = put(&mut client, &format!("{topic}/shards"), records).await;
    assert_eq!(reply.failed_count, Some(cases.len() as i32));
    for (index, ((_, code, message), failed)) in cases.iter().zip(&reply.failed_records).enumerate()
    {
        assert_eq!(failed.index, index as i32 + 1);
        assert_eq!(
            (
                failed.error_code.as_deref(),
                failed.error_message.as_deref()
            ),
            (Some(*code), Some(*message))
        );
    }
    assert_eq!(
        client.all(&topic, "0").await.len(),
        2,
        "the good ones are stored"
    );
}

/// A record for a topic of a double and a string.
fn good_record() -> RecordEntry {
    RecordEntry::of(&[Some("1"), Some("x")]).for_shard("0")
}

/// Records that do not fit such a topic, whose shard 1 is closed, with their errors.
fn bad_records() -> Vec<(RecordEntry, &'static str, &'static str)> {
    let good = good_record;
    vec![
        (
            good().for_shard("-1"),
            "InvalidShardId",
            "Invalid shard id: -1",
        ),
        (
            good().for_shard("00"),
            "InvalidShardId",
            "Invalid shard id: 00",
        ),
        (
            good().for_shard("x"),
            "InvalidShardId",
            "Invalid shard id: x",
        ),
        (
            good().for_shard("9"),
            "NoSuchShard",
            "ShardId Not Exist. Invalid shard id:test/tuples/9",
        ),
        (
            good().for_shard("1"),
            "InvalidShardOperation",
            "The specified shard is not active.",
        ),
        (
            RecordEntry::of(&[Some("1")]),
            "MalformedRecord",
            "Record field size not match",
        ),
        (
            RecordEntry::of(&[Some("1"), Some("x"), None]),
            "MalformedRecord",
            "Record field size not match",
        ),
        (
            RecordEntry::of(&[Some("a"), Some("x")]),
            "MalformedRecord",
            "Parse field value [a] to DOUBLE failed: Cannot cast empty string to d",
        ),
        (
            RecordEntry::of(&[Some("1e400"), Some("x")]),
            "MalformedRecord",
            "Parse field value [1e400] to DOUBLE failed: Cannot cast empty string to d",
        ),
        (
            RecordEntry::of(&[Some(""), Some("x")]),
            "MalformedRecord",
            "Parse field value [] to DOUBLE failed: Cannot cast empty string to d",
        ),
        (
            RecordEntry::of(&[Some("1"), None]),
            "MalformedRecord",
            "Field [b] must not be null",
        ),
        (
            RecordEntry::default(),
            "MalformedRecord",
            "The record is not well-formed.",
        ),
        (
            RecordEntry {
                hash_key: Some("7".to_owned()),
                ..RecordEntry::of(&[Some("1"), Some("x")])
            },
            "InvalidParameter",
            "Invalid hash key: 7",
        ),
    ]
}

#[tokio::test]
async fn bad_json_records_fail_alone() {
    let mut client = Client::new().await;
    let topic = client.tuples(2, &["a double", "b string notnull"]).await;
    let json_cases = [
        (json!({"Data": "YQ=="}), "MalformedRecord"),
        (json!({"Data": [1, "x"]}), "MalformedRecord"),
        (json!({"Data": ["-1e400", "x"]}), "MalformedRecord"),
        // Null is allowed there, but an empty text is none.
        (json!({"Data": ["", "x"]}), "MalformedRecord"),
        (json!({"Data": null}), "MalformedRecord"),
        (json!({}), "MalformedRecord"),
        (json!(7), "MalformedRecord"),
        (
            json!({"Data": ["1", "x"], "Attributes": {"k": 1}}),
            "MalformedRecord",
        ),
        (
            json!({"Data": ["1", "x"], "ShardId": "-1"}),
            "InvalidShardId",
        ),
    ];
    let records: Vec<&Value> = json_cases.iter().map(|case| &case.0).collect();
    let body = json!({"Action": "pub", "Records": records});
    let reply = client.ok("POST", &format!("{topic}/shards"), body).await;
    let codes: Vec<_> = reply["FailedRecords"]
        .as_array()
        .expect("list")
        .iter()
        .map(|f| f["ErrorCode"].clone())
        .collect();
    assert_eq!(codes, json_cases.map(|case| json!(case.1)));
}

#[tokio::test]
async fn a_put_to_one_shard_is_all_or_nothing() {
    let mut client = Client::of(Emulator::builder().limits(Limits::Relaxed)).await;
    let topic = client.tuples(2, &["a timestamp", "b decimal"]).await;
    let good = || RecordEntry::of(&[Some("1"), Some("1")]).for_shard("7");
    let target = format!("{topic}/shards/0");
    let over = "999999999999999999";
    for (record, message) in [
        (
            RecordEntry::of(&[Some("1")]),
            "Record field size not match".to_owned(),
        ),
        (
            RecordEntry::of(&[Some(over), None]),
            format!("Timestamp field value over range: {over}"),
        ),
        (
            RecordEntry::of(&[None, Some("1x")]),
            "Decimal field invalid: 1x".to_owned(),
        ),
    ] {
        let error = put_fails(&mut client, &target, vec![good(), record]).await;
        assert_eq!(error, ("MalformedRecord".to_owned(), message));
    }
    assert_eq!(client.all(&topic, "0").await.len(), 0);
    put(&mut client, &target, vec![good(), good()]).await;
    assert_eq!(client.all(&topic, "0").await.len(), 2);

    let (code, message) = put_fails(&mut client, &format!("{topic}/shards/-1"), vec![good()]).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("NoSuchShard", "Shard is not exist: test/tuples/-1")
    );
    let (code, message) = put_fails(
        &mut client,
        "/projects/test/topics/a/shards/0",
        vec![good()],
    )
    .await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("NoSuchTopic", "The specified topic does not exist.")
    );
    let (code, message) =
        put_fails(&mut client, "/projects/a/topics/a/shards/0", vec![good()]).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("InvalidParameter", "Project name is missing or invalid:a")
    );
    client
        .ok(
            "POST",
            &format!("{topic}/shards"),
            json!({"Action": "split", "ShardId": "0"}),
        )
        .await;
    assert_eq!(
        put_fails(&mut client, &target, vec![good()]).await.0,
        "InvalidShardOperation"
    );
}

#[tokio::test]
async fn a_record_must_not_be_narrower_than_one_before_it_in_the_same_put() {
    let mut client = Client::new().await;
    let topic = client.tuples(2, &["a string"]).await;
    let target = format!("{topic}/shards");
    let append = json!({"Action": "appendfield", "FieldName": "b", "FieldType": "bigint"});
    client.ok("POST", &topic, append).await;
    let old = |shard| RecordEntry::of(&[Some("old")]).for_shard(shard);
    let new = |shard| RecordEntry::of(&[Some("new"), Some("5")]).for_shard(shard);
    let refused = put_fails(&mut client, &format!("{target}/0"), vec![new(""), old("")]).await;
    assert_eq!(
        refused,
        (
            "MalformedRecord".to_owned(),
            "Record field size not match".to_owned()
        )
    );
    // Nothing was stored, so writers may still have the old columns.
    assert!(client.all(&topic, "0").await.is_empty());
    let records = vec![old("0"), new("1"), old("0"), new("0")];
    let failed = put(&mut client, &target, records).await.failed_records;
    let found = (failed.len(), failed[0].index, &failed[0].error_code);
    assert_eq!(found, (1, 2, &Some("MalformedRecord".to_owned())));
    assert_eq!(
        client.all(&topic, "0").await,
        [json!(["old", null]), json!(["new", "5"])]
    );
    assert_eq!(client.all(&topic, "1").await, [json!(["new", "5"])]);
}

#[tokio::test]
async fn writers_follow_an_appended_column() {
    let mut client = Client::new().await;
    let topic = client.tuples(1, &["a string"]).await;
    let target = format!("{topic}/shards");
    let old = || vec![RecordEntry::of(&[Some("old")]).with("k", "v")];
    let new = || vec![RecordEntry::of(&[Some("new"), Some("5")])];
    put(&mut client, &target, old()).await;
    client
        .ok(
            "POST",
            &topic,
            json!({"Action": "appendfield", "FieldName": "b", "FieldType": "bigint"}),
        )
        .await;
    assert_eq!(put(&mut client, &target, old()).await.failed_count, Some(0));
    assert_eq!(put(&mut client, &target, new()).await.failed_count, Some(0));
    let failed = put(&mut client, &target, old()).await.failed_records;
    assert_eq!(
        failed[0].error_message.as_deref(),
        Some("Record field size not match")
    );
    assert_eq!(
        put_fails(&mut client, &format!("{target}/0"), old())
            .await
            .0,
        "MalformedRecord"
    );

    assert_eq!(
        client.all(&topic, "0").await,
        [
            json!(["old", null]),
            json!(["old", null]),
            json!(["new", "5"])
        ]
    );
    let cursor = oldest(&mut client, &topic, "0").await;
    let page = get(&mut client, &topic, "0", &cursor, 10).await;
    assert_eq!(page.records[0].values(), [Some("old".to_owned()), None]);
    assert_eq!(page.records[0].attributes, old()[0].attributes);
}
