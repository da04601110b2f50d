//! Subscriptions and offsets.

use std::time::{Duration, UNIX_EPOCH};

use hubstream_emulator::{Clock, Emulator};
use serde_json::{Value, json};

use crate::client::Client;

async fn subscribed() -> (Client, String, String) {
    let mut client = Client::new().await;
    let topic = client.blobs(3).await;
    let target = format!("{topic}/subscriptions");
    let reply = client
        .call("POST", &target, json!({"Action": "create", "Comment": "c"}))
        .await;
    assert_eq!(reply.status, 201);
    let id = reply.json()["SubId"].as_str().expect("id").to_owned();
    (client, topic, id)
}

#[tokio::test]
async fn a_subscription_lives_and_dies() {
    let clock = Clock::manual(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let mut client = Client::of(Emulator::builder().clock(clock.clone())).await;
    let topic = client.blobs(1).await;
    let target = format!("{topic}/subscriptions");
    let id = client
        .ok("POST", &target, json!({"Action": "Create", "Comment": "c"}))
        .await["SubId"]
        .clone();
    let id = id.as_str().expect("id");
    assert!(id.starts_with("1700000000000") && id.len() == 18, "{id}");
    let one = format!("{target}/{id}");
    let expected = json!({
        "SubId": id, "TopicName": "blobs", "Comment": "c", "CreateTime": 1_700_000_000,
        "LastModifyTime": 1_700_000_000, "Creator": "emulator", "IsOwner": true, "Owner": true, "State": 1, "Type": 0
    });
    assert_eq!(client.ok("GET", &one, Value::Null).await, expected);
    clock.advance(Duration::from_secs(1));
    client.ok("PUT", &one, json!({"Comment": "d"})).await;
    client.ok("PUT", &one, json!({"State": 0})).await;
    let changed = client.ok("GET", &one, Value::Null).await;
    assert_eq!(
        (&changed["Comment"], &changed["State"]),
        (&json!("d"), &json!(0))
    );
    assert_eq!(changed["LastModifyTime"], 1_700_000_001);
    assert_eq!(
        client.code("PUT", &one, json!({"State": 2})).await,
        "InvalidParameter"
    );
    client.ok("DELETE", &one, Value::Null).await;
    for (method, target) in [
        ("GET", one.clone()),
        ("PUT", one.clone()),
        ("DELETE", one.clone()),
    ] {
        let reply = client.call(method, &target, json!({})).await;
        assert_eq!(
            (reply.status, reply.code()),
            (404, "NoSuchSubscription".to_owned())
        );
    }
}

#[tokio::test]
async fn subscriptions_are_listed_in_pages() {
    let mut client = Client::new().await;
    let topic = client.blobs(1).await;
    let target = format!("{topic}/subscriptions");
    let mut ids = Vec::new();
    for comment in ["one", "two", "three"] {
        let reply = client
            .ok(
                "POST",
                &target,
                json!({"Action": "create", "Comment": comment}),
            )
            .await;
        ids.push(reply["SubId"].clone());
    }
    let page =
        |index: i64, size: i64| json!({"Action": "list", "PageIndex": index, "PageSize": size});
    let listed = client.ok("POST", &target, page(1, 2)).await;
    assert_eq!(listed["TotalCount"], 3);
    let entries = listed["Subscriptions"].as_array().expect("entries");
    assert_eq!(
        entries
            .iter()
            .map(|entry| entry["SubId"].clone())
            .collect::<Vec<_>>(),
        ids[..2]
    );
    assert_eq!(
        client.ok("POST", &target, page(2, 2)).await["Subscriptions"][0]["SubId"],
        ids[2]
    );
    assert_eq!(
        client.ok("POST", &target, page(9, 2)).await["Subscriptions"],
        json!([])
    );
    assert_eq!(
        client.code("POST", &target, page(0, 2)).await,
        "InvalidParameter"
    );
    assert_eq!(
        client.code("POST", &target, page(1, -1)).await,
        "InvalidParameter"
    );
    for search in [ids[1].clone(), json!("two")] {
        let body = json!({"Action": "list", "PageIndex": 1, "PageSize": 10, "Search": search});
        let found = client.ok("POST", &target, body).await;
        assert_eq!(
            (&found["TotalCount"], &found["Subscriptions"][0]["SubId"]),
            (&json!(1), &ids[1])
        );
    }
}

fn offset(sequence: i64, version: i64, session: i64) -> Value {
    json!({"Sequence": sequence, "Timestamp": sequence * 10, "Version": version, "SessionId": session})
}

#[tokio::test]
async fn a_session_ends_when_the_next_one_opens() {
    let (mut client, topic, id) = subscribed().await;
    let target = format!("{topic}/subscriptions/{id}/offsets");
    let open = json!({"Action": "open", "ShardIds": ["0", "1"]});
    let opened = client.ok("POST", &target, open.clone()).await;
    let first =
        json!({"Sequence": -1, "Timestamp": -1, "Version": 0, "SessionId": 1, "BatchIndex": 0});
    assert_eq!(opened, json!({"Offsets": {"0": first, "1": first}}));
    let commit = |offset: Value| json!({"Action": "commit", "Offsets": {"0": offset}});
    client.ok("PUT", &target, commit(offset(1, 0, 1))).await;
    client.ok("PUT", &target, commit(offset(0, 0, 1))).await;
    let mut third = offset(5, 0, 1);
    third["BatchIndex"] = 2.into();
    client.ok("PUT", &target, commit(third)).await;
    let found = client
        .ok("POST", &target, json!({"Action": "get", "ShardIds": null}))
        .await;
    let expected = json!({"Sequence": 5, "Timestamp": 50, "Version": 0, "BatchIndex": 2});
    assert_eq!(
        (
            &found["Offsets"]["0"],
            found["Offsets"].as_object().map(serde_json::Map::len)
        ),
        (&expected, Some(2))
    );

    assert_eq!(
        client.ok("POST", &target, open).await["Offsets"]["0"]["SessionId"],
        2
    );
    let (code, message) = client.fails("PUT", &target, commit(offset(6, 0, 1))).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("OffsetSessionChanged", "Offset session has changed")
    );
    client.ok("PUT", &target, commit(offset(6, 0, 2))).await;
}

#[tokio::test]
async fn a_reset_voids_commits_that_do_not_know_of_it() {
    let (mut client, topic, id) = subscribed().await;
    let target = format!("{topic}/subscriptions/{id}/offsets");
    client
        .ok(
            "POST",
            &target,
            json!({"Action": "open", "ShardIds": ["0"]}),
        )
        .await;
    let reset = json!({"Action": "reset", "Offsets": {
        "0": {"Sequence": 7, "Timestamp": 70, "Version": 9, "SessionId": null}, "2": {"Sequence": 1, "Timestamp": 2}
    }});
    client.ok("PUT", &target, reset.clone()).await;
    let commit = |offset: Value| json!({"Action": "commit", "Offsets": {"0": offset}});
    let (code, message) = client.fails("PUT", &target, commit(offset(8, 0, 1))).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("OffsetReseted", "Offset has reseted")
    );
    let found = client
        .ok(
            "POST",
            &target,
            json!({"Action": "get", "ShardIds": ["0", "1"]}),
        )
        .await;
    let expected = json!({
        "0": {"Sequence": 7, "Timestamp": 70, "Version": 1, "BatchIndex": 0},
        "1": {"Sequence": -1, "Timestamp": -1, "Version": 0, "BatchIndex": 0}
    });
    assert_eq!(found["Offsets"], expected);
    client.ok("PUT", &target, commit(offset(8, 1, 1))).await;
    client.ok("PUT", &target, reset).await;
    assert_eq!(
        client.code("PUT", &target, commit(offset(9, 1, 1))).await,
        "OffsetReseted"
    );
}

#[tokio::test]
async fn commits_are_checked_in_order_and_all_or_nothing() {
    let (mut client, topic, id) = subscribed().await;
    let target = format!("{topic}/subscriptions/{id}/offsets");
    let commit = |offsets: Value| json!({"Action": "commit", "Offsets": offsets});
    assert_eq!(
        client
            .code("PUT", &target, commit(json!({"0": offset(1, 0, 1)})))
            .await,
        "OffsetSessionClosed"
    );
    client
        .ok(
            "POST",
            &target,
            json!({"Action": "open", "ShardIds": ["0", "1", "0"]}),
        )
        .await;
    let mixed = json!({"0": offset(1, 0, 1), "1": offset(1, 0, 9)});
    assert_eq!(
        client.code("PUT", &target, commit(mixed)).await,
        "OffsetSessionChanged"
    );
    let found = client.ok("POST", &target, json!({"Action": "get"})).await;
    assert_eq!(found["Offsets"]["0"]["Sequence"], -1, "all or nothing");
    let both = json!({"0": offset(1, 5, 9)});
    assert_eq!(
        client.code("PUT", &target, commit(both)).await,
        "OffsetSessionChanged",
        "session before version"
    );
    let texts = json!({"0": {"Sequence": "1", "Timestamp": "2", "Version": "0", "SessionId": "1"}});
    client.ok("PUT", &target, commit(texts)).await;
    let blank = json!({"0": {"Sequence": 1, "Timestamp": 2, "Version": 0, "SessionId": ""}});
    assert_eq!(
        client.code("PUT", &target, commit(blank)).await,
        "OffsetSessionChanged"
    );
    for bad in [
        json!([]),
        json!({"0": 1}),
        json!({"0": {"SessionId": 1}}),
        json!({"x": offset(1, 0, 1)}),
    ] {
        assert_eq!(
            client.code("PUT", &target, commit(bad.clone())).await,
            "InvalidParameter",
            "{bad}"
        );
    }
    assert_eq!(
        client
            .code("PUT", &target, commit(json!({"7": offset(1, 0, 1)})))
            .await,
        "NoSuchShard"
    );
}

#[tokio::test]
async fn an_offline_subscription_is_only_looked_at_and_reset() {
    let (mut client, topic, id) = subscribed().await;
    let one = format!("{topic}/subscriptions/{id}");
    let target = format!("{one}/offsets");
    client.ok("PUT", &one, json!({"State": 0})).await;
    let offline = json!({"Action": "commit", "Offsets": {"0": offset(1, 0, 9)}});
    assert_eq!(
        client.code("PUT", &target, offline).await,
        "SubscriptionOffline"
    );
    let open = json!({"Action": "open", "ShardIds": ["0"]});
    assert_eq!(
        client.code("POST", &target, open.clone()).await,
        "SubscriptionOffline"
    );
    client.ok("POST", &target, json!({"Action": "get"})).await;
    client
        .ok(
            "PUT",
            &target,
            json!({"Action": "reset", "Offsets": {"0": {"Sequence": 1, "Timestamp": 1}}}),
        )
        .await;

    let missing = format!("{topic}/subscriptions/none/offsets");
    assert_eq!(
        client.code("POST", &missing, open).await,
        "NoSuchSubscription"
    );
    assert_eq!(
        client
            .code("POST", &target, json!({"Action": "commit"}))
            .await,
        "InvalidParameter"
    );
}

#[tokio::test]
async fn a_deleted_topic_takes_its_subscriptions_along() {
    let (mut client, topic, id) = subscribed().await;
    client.ok("DELETE", &topic, Value::Null).await;
    client.blobs(1).await;
    assert_eq!(
        client
            .code("GET", &format!("{topic}/subscriptions/{id}"), Value::Null)
            .await,
        "NoSuchSubscription"
    );
}
