//! Consumer groups.

use std::time::{Duration, UNIX_EPOCH};

use hubstream_emulator::{Clock, Emulator, EmulatorBuilder};
use serde_json::{Value, json};

use crate::client::{Client, Reply};

const UNKNOWN: (&str, &str) = ("NoSuchConsumer", "The specified consumer does not exist.");
const RESET: (&str, &str) = ("OffsetReseted", "Offset has reseted");

/// A subscription to a topic of blobs.
struct Group {
    client: Client,
    clock: Clock,
    topic: String,
    id: String,
}

/// What a consumer was given when it joined.
#[derive(Clone)]
struct Consumer {
    id: Value,
    version: Value,
}

impl Group {
    async fn new(shards: u32) -> Self {
        Self::of(Emulator::builder(), shards).await
    }

    async fn of(builder: EmulatorBuilder, shards: u32) -> Self {
        let clock = Clock::manual(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        let mut client = Client::of(builder.clock(clock.clone())).await;
        let topic = client.blobs(shards).await;
        let target = format!("{topic}/subscriptions");
        let created = client
            .ok("POST", &target, json!({"Action": "create", "Comment": ""}))
            .await;
        let id = created["SubId"].as_str().expect("id").to_owned();
        Self {
            client,
            clock,
            topic,
            id,
        }
    }

    fn target(&self) -> String {
        format!("{}/subscriptions/{}", self.topic, self.id)
    }

    async fn join(&mut self) -> Consumer {
        let body = json!({"Action": "joinGroup", "SessionTimeout": 60_000});
        let joined = self.client.ok("POST", &self.target(), body).await;
        assert_eq!(joined["SessionTimeout"], 60_000);
        Consumer {
            id: joined["ConsumerId"].clone(),
            version: joined["VersionId"].clone(),
        }
    }

    async fn try_heartbeat(&mut self, consumer: &Consumer, finished: &[&str]) -> Reply {
        let body = json!({
            "Action": "heartBeat", "ConsumerId": consumer.id, "VersionId": consumer.version,
            "HoldShardList": ["0"], "ReadEndShardList": finished
        });
        self.client.call("POST", &self.target(), body).await
    }

    async fn heartbeat(&mut self, consumer: &Consumer, finished: &[&str]) -> Vec<String> {
        let reply = self.try_heartbeat(consumer, finished).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let reply = reply.json();
        assert!(reply["PlanVersion"].is_i64() && reply["TotalPlan"].is_string());
        serde_json::from_value(reply["ShardList"].clone()).expect("ids")
    }

    async fn sync(&mut self, consumer: &Consumer, released: &[&str]) -> Reply {
        let body = json!({
            "Action": "syncGroup", "ConsumerId": consumer.id, "VersionId": consumer.version,
            "ReleaseShardList": released
        });
        self.client.call("PUT", &self.target(), body).await
    }

    async fn leave(&mut self, consumer: &Consumer) -> Reply {
        let body = json!({
            "Action": "leaveGroup", "ConsumerId": consumer.id, "VersionId": consumer.version
        });
        self.client.call("PUT", &self.target(), body).await
    }
}

fn refused(reply: &Reply, (code, message): (&str, &str)) {
    assert_eq!(reply.error(), (code.to_owned(), message.to_owned()));
    assert_eq!(reply.status, 400);
}

#[tokio::test]
async fn shards_are_handed_over() {
    let mut group = Group::new(3).await;
    let one = group.join().await;
    assert_eq!(one.id, format!("{}-1", group.id));
    assert_eq!(one.version, 1);
    assert_eq!(group.heartbeat(&one, &[]).await, ["0", "1", "2"]);
    let two = group.join().await;
    assert_ne!(one.id, two.id);
    assert!(group.heartbeat(&two, &[]).await.is_empty());
    assert_eq!(group.heartbeat(&one, &[]).await, ["0", "1"]);
    assert!(group.heartbeat(&two, &[]).await.is_empty());
    assert_eq!(group.sync(&one, &["2"]).await.body, b"{}");
    assert_eq!(group.heartbeat(&two, &[]).await, ["2"]);
    assert_eq!(group.leave(&one).await.body, b"{}");
    refused(&group.leave(&one).await, UNKNOWN);
    refused(&group.sync(&one, &[]).await, UNKNOWN);
    refused(&group.try_heartbeat(&one, &[]).await, UNKNOWN);
    assert_eq!(group.heartbeat(&two, &[]).await, ["0", "1", "2"]);
    assert_eq!(group.leave(&two).await.status, 200);
    let three = group.join().await;
    assert_eq!(three.id, format!("{}-3", group.id));
    assert_eq!(group.heartbeat(&three, &[]).await, ["0", "1", "2"]);
}

#[tokio::test]
async fn actions_are_written_in_any_case_and_sent_by_put_or_post() {
    let mut group = Group::new(1).await;
    let target = group.target();
    for method in ["PUT", "POST"] {
        for spelling in [str::to_lowercase, str::to_uppercase] {
            let body = json!({"Action": spelling("joinGroup"), "SessionTimeout": "5000"});
            let joined = group.client.ok(method, &target, body).await;
            assert_eq!(joined["SessionTimeout"], 5000);
            for action in ["heartBeat", "syncGroup", "leaveGroup"] {
                let body = json!({
                    "Action": spelling(action), "ConsumerId": joined["ConsumerId"],
                    "VersionId": joined["VersionId"], "HoldShardList": null
                });
                group.client.ok(method, &target, body).await;
            }
        }
        let unknown = json!({"Action": "dance"});
        assert_eq!(
            group.client.code(method, &target, unknown).await,
            "InvalidParameter"
        );
    }
}

#[tokio::test]
async fn a_silent_consumer_loses_its_shards() {
    let mut group = Group::new(2).await;
    let (one, two) = (group.join().await, group.join().await);
    assert_eq!(group.heartbeat(&one, &[]).await, ["0"]);
    group.clock.advance(Duration::from_millis(62_999));
    assert_eq!(group.heartbeat(&one, &[]).await, ["0"]);
    group.clock.advance(Duration::from_millis(1));
    assert_eq!(group.heartbeat(&one, &[]).await, ["0", "1"]);
    refused(&group.try_heartbeat(&two, &[]).await, UNKNOWN);
}

#[tokio::test]
async fn children_come_after_their_parents() {
    let mut group = Group::new(2).await;
    let consumer = group.join().await;
    assert_eq!(
        group.heartbeat(&consumer, &["1"]).await,
        ["0", "1"],
        "1 is not closed"
    );
    group.clock.advance(Duration::from_secs(5));
    let shards = format!("{}/shards", group.topic);
    let split = json!({"Action": "split", "ShardId": "1"});
    group.client.ok("POST", &shards, split).await;
    assert_eq!(group.heartbeat(&consumer, &[]).await, ["0", "1"]);
    assert_eq!(group.heartbeat(&consumer, &["1"]).await, ["0", "2", "3"]);
    assert_eq!(group.heartbeat(&consumer, &["1"]).await, ["0", "2", "3"]);
    group.clock.advance(Duration::from_secs(5));
    let merge = json!({"Action": "merge", "ShardId": "2", "AdjacentShardId": "3"});
    group.client.ok("POST", &shards, merge).await;
    assert_eq!(group.heartbeat(&consumer, &["3"]).await, ["0", "2"]);
    let body = json!({
        "Action": "syncGroup", "ConsumerId": consumer.id, "VersionId": consumer.version,
        "ReleaseShardList": [], "ReadEndShardList": ["2"]
    });
    let target = group.target();
    group.client.ok("POST", &target, body).await;
    assert_eq!(group.heartbeat(&consumer, &[]).await, ["0", "4"]);
}

#[tokio::test]
async fn a_reset_is_seen_in_heartbeats_until_the_consumer_joins_again() {
    let mut group = Group::new(1).await;
    let consumer = group.join().await;
    group.clock.advance(Duration::from_secs(5));
    let shards = format!("{}/shards", group.topic);
    let split = json!({"Action": "split", "ShardId": "0"});
    group.client.ok("POST", &shards, split).await;
    assert_eq!(group.heartbeat(&consumer, &["0"]).await, ["1", "2"]);
    let offsets = format!("{}/offsets", group.target());
    let empty = json!({"Action": "reset", "Offsets": {}});
    group.client.ok("PUT", &offsets, empty).await;
    assert_eq!(group.heartbeat(&consumer, &[]).await, ["1", "2"]);
    let reset = json!({"Action": "reset", "Offsets": {"0": {"Sequence": -1, "Timestamp": -1}}});
    group.client.ok("PUT", &offsets, reset).await;
    refused(&group.try_heartbeat(&consumer, &[]).await, RESET);
    refused(&group.sync(&consumer, &["1"]).await, RESET);
    refused(&group.try_heartbeat(&consumer, &[]).await, RESET);
    assert_eq!(group.leave(&consumer).await.status, 200);
    let again = group.join().await;
    assert_eq!(
        group.heartbeat(&again, &[]).await,
        ["0"],
        "to be read again"
    );
}

#[tokio::test]
async fn groups_that_cannot_be_joined() {
    let mut group = Group::new(1).await;
    let consumer = group.join().await;
    let join = json!({"Action": "joinGroup", "SessionTimeout": 60_000});
    let none = format!("{}/subscriptions/none", group.topic);
    let (code, message) = group.client.fails("POST", &none, join.clone()).await;
    assert_eq!(code, "NoSuchSubscription");
    assert_eq!(message, "The specified subscription id invalid.");
    let target = group.target();
    for bad in [json!(null), json!(0), json!(-1), json!("soon"), json!({})] {
        let body = json!({"Action": "joinGroup", "SessionTimeout": bad});
        assert_eq!(
            group.client.code("POST", &target, body).await,
            "InvalidParameter"
        );
    }
    group.client.ok("PUT", &target, json!({"State": 0})).await;
    assert_eq!(
        group.client.code("POST", &target, join).await,
        "SubscriptionOffline"
    );
    let offline = group.try_heartbeat(&consumer, &[]).await;
    assert_eq!(offline.code(), "SubscriptionOffline");
    assert_eq!(
        group.sync(&consumer, &[]).await.code(),
        "SubscriptionOffline"
    );
    group.client.ok("PUT", &target, json!({"State": 1})).await;
    assert_eq!(group.heartbeat(&consumer, &[]).await, ["0"]);
    group.client.ok("DELETE", &target, Value::Null).await;
    for reply in [
        group.try_heartbeat(&consumer, &[]).await,
        group.sync(&consumer, &[]).await,
        group.leave(&consumer).await,
    ] {
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (404, "NoSuchSubscription")
        );
    }
}

#[tokio::test]
async fn calls_of_no_consumer() {
    let mut group = Group::new(1).await;
    let consumer = group.join().await;
    let id = consumer.id.as_str().expect("id").to_owned();
    for (id, version) in [
        (id.clone(), 2),
        (id.clone(), -1),
        (format!("{id}1"), 1),
        (group.id.clone(), 1),
        (String::new(), 1),
        (format!("{}-x", group.id), 1),
    ] {
        let bent = Consumer {
            id: id.into(),
            version: version.into(),
        };
        refused(&group.try_heartbeat(&bent, &[]).await, UNKNOWN);
        refused(&group.sync(&bent, &[]).await, UNKNOWN);
        refused(&group.leave(&bent).await, UNKNOWN);
    }
    for (shard, code) in [("7", "NoSuchShard"), ("x", "InvalidParameter")] {
        let reply = group.try_heartbeat(&consumer, &[shard]).await;
        assert_eq!(reply.code(), code);
        assert_eq!(group.sync(&consumer, &[shard]).await.code(), code);
    }
    let target = group.target();
    let missing = json!({"Action": "heartbeat", "VersionId": 1});
    assert_eq!(
        group.client.code("POST", &target, missing).await,
        "InvalidParameter"
    );
    assert_eq!(group.heartbeat(&consumer, &[]).await, ["0"]);
}

#[tokio::test]
async fn a_restart_keeps_what_was_read_but_no_consumer() {
    let directory = tempfile::tempdir().expect("directory");
    let builder = Emulator::builder().data_dir(directory.path());
    let mut group = Group::of(builder.clone(), 1).await;
    let consumer = group.join().await;
    group.clock.advance(Duration::from_secs(5));
    let shards = format!("{}/shards", group.topic);
    let split = json!({"Action": "split", "ShardId": "0"});
    group.client.ok("POST", &shards, split).await;
    assert_eq!(group.heartbeat(&consumer, &["0"]).await, ["1", "2"]);
    group.client.emulator.shutdown().await;
    group.client = Client::of(builder.clock(group.clock.clone())).await;
    refused(&group.try_heartbeat(&consumer, &[]).await, UNKNOWN);
    let again = group.join().await;
    assert_ne!(again.id, consumer.id);
    assert_eq!(group.heartbeat(&again, &[]).await, ["1", "2"]);
}
