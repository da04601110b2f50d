//! Shards and cursors.

use std::time::{Duration, UNIX_EPOCH};

use hubstream_emulator::{Clock, Emulator, Limits};
use serde_json::{Value, json};

use crate::client::Client;

async fn with_clock() -> (Client, Clock) {
    let clock = Clock::manual(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    (
        Client::of(Emulator::builder().clock(clock.clone())).await,
        clock,
    )
}

async fn shards(client: &mut Client, topic: &str) -> Vec<Value> {
    let listed = client
        .ok("GET", &format!("{topic}/shards"), Value::Null)
        .await;
    assert_eq!(
        (&listed["Protocol"], &listed["Interval"]),
        (&json!("http1.1"), &json!(300_000))
    );
    listed["Shards"].as_array().expect("shards").clone()
}

fn split(shard: &str, key: &str) -> Value {
    json!({"Action": "split", "ShardId": shard, "SplitKey": key})
}

fn merge(shard: &str, other: &str) -> Value {
    json!({"Action": "merge", "ShardId": shard, "AdjacentShardId": other})
}

#[tokio::test]
async fn shards_are_listed_with_their_ranges() {
    let (mut client, _) = with_clock().await;
    let topic = client.blobs(3).await;
    let listed = shards(&mut client, &topic).await;
    let expected = json!({
        "ShardId": "1", "State": "ACTIVE", "ClosedTime": 0, "CreateTime": 1_700_000_000,
        "BeginHashKey": "5".repeat(32), "EndHashKey": "A".repeat(32), "ParentShardIds": [],
        "LeftShardId": "0", "RightShardId": "2", "Address": ""
    });
    assert_eq!(listed[1], expected);
    assert_eq!(
        (&listed[0]["LeftShardId"], &listed[2]["RightShardId"]),
        (&json!("4294967295"), &json!("4294967295"))
    );
    assert_eq!(listed[2]["EndHashKey"], "F".repeat(32));
}

#[tokio::test]
async fn a_shard_is_split_and_merged_again() {
    let (mut client, clock) = with_clock().await;
    let topic = client.blobs(1).await;
    let target = format!("{topic}/shards");
    let key = "6".repeat(32);
    let (code, message) = client.fails("POST", &target, split("0", &key)).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        (
            "LimitExceeded",
            "Split/Merge shard operation limit exceeded."
        )
    );
    clock.advance(Duration::from_millis(4999));
    assert_eq!(
        client.code("POST", &target, split("0", &key)).await,
        "LimitExceeded"
    );
    clock.advance(Duration::from_millis(1));
    let reply = client.ok("POST", &target, split("0", &key)).await;
    let expected = json!({"NewShards": [
        {"ShardId": "1", "BeginHashKey": "0".repeat(32), "EndHashKey": key},
        {"ShardId": "2", "BeginHashKey": key, "EndHashKey": "F".repeat(32)}
    ]});
    assert_eq!(reply, expected);
    assert_eq!(
        client.code("POST", &target, merge("1", "2")).await,
        "LimitExceeded"
    );
    let (code, message) = client.fails("POST", &target, split("0", &key)).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        (
            "InvalidShardOperation",
            "The specified shard is not active."
        )
    );

    clock.advance(Duration::from_secs(5));
    let reply = client.ok("POST", &target, merge("2", "1")).await;
    assert_eq!(
        reply,
        json!({"ShardId": "3", "BeginHashKey": "0".repeat(32), "EndHashKey": "F".repeat(32)})
    );
    let listed = shards(&mut client, &topic).await;
    let states: Vec<_> = listed
        .iter()
        .map(|shard| shard["State"].as_str().expect("state"))
        .collect();
    assert_eq!(states, ["CLOSED", "CLOSED", "CLOSED", "ACTIVE"]);
    assert_eq!(listed[0]["ClosedTime"], 1_700_000_005);
    assert_eq!(listed[1]["ParentShardIds"], json!(["0"]));
    assert_eq!(listed[3]["ParentShardIds"], json!(["2", "1"]));
    assert_eq!(client.ok("GET", &topic, Value::Null).await["ShardCount"], 1);
}

#[tokio::test]
async fn neighbours_follow_the_active_shards() {
    let mut client = Client::of(Emulator::builder().limits(Limits::Relaxed)).await;
    let topic = client.blobs(2).await;
    // The key that the official Python client computes: lower case, without leading zeros.
    client
        .ok(
            "POST",
            &format!("{topic}/shards"),
            split("0", "3fffffffffffffffbfffffffffffffff"),
        )
        .await;
    let listed = shards(&mut client, &topic).await;
    let links: Vec<_> = listed
        .iter()
        .map(|shard| {
            format!(
                "{}<{}<{}",
                shard["LeftShardId"], shard["ShardId"], shard["RightShardId"]
            )
            .replace('"', "")
        })
        .collect();
    assert_eq!(links[1..], ["3<1<4294967295", "4294967295<2<3", "2<3<1"]);
}

#[tokio::test]
async fn the_middle_is_the_default_split_key() {
    let mut client = Client::of(Emulator::builder().limits(Limits::Relaxed)).await;
    let topic = client.blobs(2).await;
    let reply = client
        .ok("POST", &format!("{topic}/shards"), split("0", ""))
        .await;
    assert_eq!(
        reply["NewShards"][1]["BeginHashKey"],
        "3FFFFFFFFFFFFFFFBFFFFFFFFFFFFFFF"
    );
}

#[tokio::test]
async fn impossible_splits_and_merges_are_refused() {
    let mut client = Client::of(Emulator::builder().limits(Limits::Relaxed)).await;
    let topic = client.blobs(3).await;
    let target = format!("{topic}/shards");
    for key in [
        "0".repeat(32),
        "5".repeat(32),
        "F".repeat(32),
        "x".to_owned(),
        "1".repeat(33),
    ] {
        let (code, message) = client.fails("POST", &target, split("0", &key)).await;
        assert_eq!(
            (code.as_str(), message.as_str()),
            ("InvalidParameter", "The key range is invalid."),
            "{key}"
        );
    }
    let (code, message) = client.fails("POST", &target, split("9", "1")).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        (
            "NoSuchShard",
            "ShardId Not Exist. Invalid shard id:test/blobs/9"
        )
    );
    for (one, other, expected) in [
        ("0", "2", "InvalidParameter"),
        ("1", "1", "InvalidParameter"),
        ("0", "7", "NoSuchShard"),
    ] {
        assert_eq!(
            client.code("POST", &target, merge(one, other)).await,
            expected,
            "{one} {other}"
        );
    }
    let (_, message) = client.fails("POST", &target, merge("0", "2")).await;
    assert_eq!(message, "The two shards are not adjacent.");
    client.ok("POST", &target, merge("0", "1")).await;
    assert_eq!(
        client.code("POST", &target, merge("1", "2")).await,
        "InvalidShardOperation"
    );
    let extend = json!({"Action": "extend", "ExtendMode": "TO", "ShardNumber": 8});
    assert_eq!(
        client.code("POST", &target, extend).await,
        "InvalidOperation"
    );
}

#[tokio::test]
async fn a_topic_in_extend_mode_grows_by_shards() {
    let mut client = Client::of(Emulator::builder().limits(Limits::Relaxed)).await;
    client.ok("POST", "/projects/test", json!({})).await;
    let body =
        json!({"ShardCount": 2, "Lifecycle": 1, "RecordType": "BLOB", "ExpandMode": "extend"});
    client.ok("POST", "/projects/test/topics/t", body).await;
    let target = "/projects/test/topics/t/shards";
    let extend = |count: i64| json!({"Action": "extend", "ExtendMode": "TO", "ShardNumber": count});
    assert_eq!(
        client.code("POST", target, extend(1)).await,
        "InvalidParameter"
    );
    assert_eq!(
        client.code("POST", target, extend(257)).await,
        "LimitExceeded"
    );
    client.ok("POST", target, extend(2)).await;
    client.ok("POST", target, extend(4)).await;
    let listed = shards(&mut client, "/projects/test/topics/t").await;
    assert_eq!(listed.len(), 4);
    assert!(
        listed
            .iter()
            .all(|shard| shard["BeginHashKey"] == "0".repeat(32)
                && shard["EndHashKey"] == "F".repeat(32))
    );
    assert_eq!(
        client.code("POST", target, split("0", "7")).await,
        "InvalidOperation"
    );
    assert_eq!(
        client.code("POST", target, merge("0", "1")).await,
        "InvalidOperation"
    );
    client
        .ok(
            "POST",
            target,
            json!({"Action": "activate", "ShardIds": ["0"]}),
        )
        .await;
    assert_eq!(
        client
            .ok("GET", "/projects/test/topics/t", Value::Null)
            .await["ExpandMode"],
        "extend"
    );
}

#[tokio::test]
async fn the_number_of_shards_is_bounded() {
    let mut client = Client::of(Emulator::builder().limits(Limits::Relaxed)).await;
    let topic = client.blobs(256).await;
    assert_eq!(
        client
            .code("POST", &format!("{topic}/shards"), split("0", ""))
            .await,
        "LimitExceeded"
    );
    client
        .ok("POST", &format!("{topic}/shards"), merge("0", "1"))
        .await;
    client
        .ok("POST", &format!("{topic}/shards"), split("2", ""))
        .await;
}

#[tokio::test]
async fn cursors_into_an_empty_shard() {
    let (mut client, _) = with_clock().await;
    let topic = client.blobs(1).await;
    let zero = json!({"Cursor": format!("3000{}", "0".repeat(28)), "RecordTime": 0, "Sequence": 0});
    for body in [
        json!({"Type": "OLDEST", "SystemTime": null, "Sequence": null}),
        json!({"Type": "LATEST"}),
        json!({"Type": "SYSTEM_TIME", "SystemTime": 0}),
        json!({"Type": "SYSTEM_TIME", "SystemTime": -1}),
        json!({"Type": "SEQUENCE", "Sequence": 0}),
    ] {
        assert_eq!(
            client.cursor(&topic, "0", body.clone()).await,
            zero,
            "{body}"
        );
    }
    for (mut body, code) in [
        (json!({"Type": "SEQUENCE", "Sequence": 1}), "SeekOutOfRange"),
        (
            json!({"Type": "SEQUENCE", "Sequence": -1}),
            "InvalidParameter",
        ),
        (
            json!({"Type": "SYSTEM_TIME", "SystemTime": 1_700_000_010_000_i64}),
            "SeekOutOfRange",
        ),
        (json!({"Type": "SYSTEM_TIME"}), "InvalidParameter"),
        (json!({"Type": "NEWEST"}), "InvalidParameter"),
        (json!({}), "InvalidParameter"),
    ] {
        body["Action"] = "cursor".into();
        assert_eq!(
            client
                .code("POST", &format!("{topic}/shards/0"), body.clone())
                .await,
            code,
            "{body}"
        );
    }
    let body = json!({"Action": "cursor", "Type": "OLDEST"});
    assert_eq!(
        client
            .code("POST", &format!("{topic}/shards/4"), body.clone())
            .await,
        "NoSuchShard"
    );
    for shard in ["x", "+0", "00", "1e3"] {
        assert_eq!(
            client
                .code("POST", &format!("{topic}/shards/{shard}"), body.clone())
                .await,
            "InvalidParameter"
        );
    }
}

#[tokio::test]
async fn cursors_are_functions_of_the_position() {
    let (mut client, clock) = with_clock().await;
    let topic = client.blobs(1).await;
    for blob in ["a", "b", "c"] {
        client.put(&topic, "0", &[blob]).await;
        clock.advance(Duration::from_secs(1));
    }
    let oldest = client.cursor(&topic, "0", json!({"Type": "OLDEST"})).await;
    assert_eq!(
        oldest,
        json!({
            "Cursor": "30006553f10000000000000000000000", "RecordTime": 1_700_000_000_000_i64, "Sequence": 0
        })
    );
    let seek = |time: i64| json!({"Type": "SYSTEM_TIME", "SystemTime": time});
    for time in [i64::MIN, -1, 0, 1_700_000_000_000] {
        assert_eq!(client.cursor(&topic, "0", seek(time)).await, oldest);
    }
    assert_eq!(
        client
            .cursor(&topic, "0", json!({"Type": "SEQUENCE", "Sequence": 0}))
            .await,
        oldest
    );
    assert_eq!(
        client.cursor(&topic, "0", seek(1_700_000_000_001)).await["Sequence"],
        1
    );
}

#[tokio::test]
async fn the_end_of_a_shard_is_a_position_too() {
    let (mut client, clock) = with_clock().await;
    let topic = client.blobs(1).await;
    let early = client.cursor(&topic, "0", json!({"Type": "LATEST"})).await;
    for blob in ["a", "b", "c"] {
        client.put(&topic, "0", &[blob]).await;
        clock.advance(Duration::from_secs(1));
    }
    let seek = |time: i64| json!({"Type": "SYSTEM_TIME", "SystemTime": time});
    let latest = client.cursor(&topic, "0", json!({"Type": "LATEST"})).await;
    assert_eq!(latest["Sequence"], 2);
    let last = client.get(&topic, "0", &latest["Cursor"], 10).await;
    assert_eq!(
        (&last["RecordCount"], &last["StartSeq"], &last["LatestSeq"]),
        (&json!(1), &json!(2), &json!(2))
    );
    assert_eq!(last["LatestTime"], 1_700_000_002_000_i64);
    let end = client.cursor(&topic, "0", seek(1_700_000_002_001)).await;
    assert_eq!(end["Cursor"], last["NextCursor"]);
    assert_eq!(
        client
            .cursor(&topic, "0", json!({"Type": "SEQUENCE", "Sequence": 3}))
            .await,
        end
    );
    let nothing = client.get(&topic, "0", &end["Cursor"], 10).await;
    assert_eq!(
        (&nothing["RecordCount"], &nothing["NextCursor"]),
        (&json!(0), &end["Cursor"])
    );

    // A cursor of the empty shard has not moved, and neither has the one of its end.
    assert_eq!(
        client.get(&topic, "0", &early["Cursor"], 10).await["RecordCount"],
        3
    );
    client.put(&topic, "0", &["d"]).await;
    assert_eq!(
        client.get(&topic, "0", &end["Cursor"], 10).await["RecordCount"],
        1
    );
    let body = json!({"Action": "cursor", "Type": "SEQUENCE", "Sequence": 5});
    assert_eq!(
        client
            .code("POST", &format!("{topic}/shards/0"), body)
            .await,
        "SeekOutOfRange"
    );
}

#[tokio::test]
async fn cursors_that_lead_nowhere_are_refused() {
    let (mut client, clock) = with_clock().await;
    let topic = client.blobs(1).await;
    client.put(&topic, "0", &["a"]).await;
    clock.advance(Duration::from_secs(2 * 86_400));
    client.put(&topic, "0", &["b"]).await;
    let read = |cursor: &str| json!({"Action": "sub", "Cursor": cursor, "Limit": 1});
    let target = format!("{topic}/shards/0");
    for cursor in [
        "",
        "abc",
        "2000",
        &format!("3000{}", "f".repeat(28)),
        "30000000000000000000000000030000",
    ] {
        let (code, message) = client.fails("POST", &target, read(cursor)).await;
        assert_eq!(
            (code.as_str(), message.as_str()),
            ("InvalidCursor", "The cursor is invalid."),
            "{cursor}"
        );
    }
    clock.advance(Duration::from_secs(86_401));
    let (code, message) = client
        .fails("POST", &target, read("30006553f10000000000000000000000"))
        .await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("InvalidCursor", "The cursor is expired.")
    );
    assert_eq!(
        client.cursor(&topic, "0", json!({"Type": "OLDEST"})).await["Sequence"],
        1
    );
    let body = json!({"Action": "cursor", "Type": "SEQUENCE", "Sequence": 0});
    assert_eq!(client.code("POST", &target, body).await, "SeekOutOfRange");
}

#[tokio::test]
async fn a_closed_shard_is_read_to_its_end() {
    let mut client = Client::of(Emulator::builder().limits(Limits::Relaxed)).await;
    let topic = client.blobs(1).await;
    client.put(&topic, "0", &["a", "b"]).await;
    client
        .ok("POST", &format!("{topic}/shards"), split("0", ""))
        .await;
    let cursor = client.cursor(&topic, "0", json!({"Type": "OLDEST"})).await;
    let read = client.get(&topic, "0", &cursor["Cursor"], 10).await;
    assert_eq!(read["RecordCount"], 2);
    let rest = json!({"Action": "sub", "Cursor": read["NextCursor"], "Limit": 10});
    let (code, message) = client
        .fails("POST", &format!("{topic}/shards/0"), rest)
        .await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        (
            "InvalidShardOperation",
            "The specified shard is not active."
        )
    );
    let cursor = client.cursor(&topic, "1", json!({"Type": "LATEST"})).await;
    assert_eq!(
        client.get(&topic, "1", &cursor["Cursor"], 10).await["RecordCount"],
        0
    );
}

#[tokio::test]
async fn shards_are_metered_once_they_hold_something() {
    let (mut client, clock) = with_clock().await;
    let topic = client.blobs(1).await;
    let target = format!("{topic}/shards/0");
    assert_eq!(
        client
            .code("POST", &target, json!({"Action": "meter"}))
            .await,
        "NoSuchMeteringInfo"
    );
    client.put(&topic, "0", &["12345"]).await;
    let metered = client.ok("POST", &target, json!({"Action": "meter"})).await;
    assert_eq!(metered["ActiveTime"], 1);
    assert!(metered["Storage"].as_i64().expect("bytes") >= 5);
    clock.advance(Duration::from_secs(60));
    assert_eq!(
        client.ok("POST", &target, json!({"Action": "meter"})).await["ActiveTime"],
        60
    );
}
