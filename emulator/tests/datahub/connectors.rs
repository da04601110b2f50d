//! Connectors, which are kept and described.

use std::time::{Duration, UNIX_EPOCH};

use hubstream_emulator::{Clock, Emulator, EmulatorBuilder};
use serde_json::{Value, json};

use crate::client::Client;

const NOW: i64 = 1_700_000_000;

struct Topic {
    client: Client,
    clock: Clock,
    target: String,
}

impl Topic {
    async fn new() -> Self {
        Self::of(Emulator::builder()).await
    }

    async fn of(builder: EmulatorBuilder) -> Self {
        let clock = Clock::manual(UNIX_EPOCH + Duration::from_secs(NOW as u64));
        let mut client = Client::of(builder.clock(clock.clone())).await;
        let target = client.tuples(2, &["f1 STRING", "f2 BIGINT"]).await;
        Self {
            client,
            clock,
            target,
        }
    }

    fn connector(&self, name: &str) -> String {
        format!("{}/connectors/{name}", self.target)
    }

    async fn create(&mut self, kind: &str, config: Value) -> String {
        let body = json!({
            "Action": "Create", "SinkStartTime": 10_000_000, "ColumnFields": ["f1"], "Config": config
        });
        let target = self.connector(kind);
        let created = self.client.ok("POST", &target, body).await;
        created["ConnectorId"].as_str().expect("id").to_owned()
    }

    async fn get(&mut self, name: &str) -> Value {
        let target = self.connector(name);
        self.client.ok("GET", &target, Value::Null).await
    }

    async fn post(&mut self, name: &str, body: Value) -> Value {
        let target = self.connector(name);
        self.client.ok("POST", &target, body).await
    }

    async fn refuses(&mut self, name: &str, body: Value) -> String {
        let target = self.connector(name);
        self.client.code("POST", &target, body).await
    }
}

fn odps() -> Value {
    json!({
        "Project": "p", "Table": "t", "OdpsEndpoint": "o", "TunnelEndpoint": "u", "AccessId": "i",
        "AccessKey": "k", "PartitionMode": "SYSTEM_TIME", "TimeRange": 15,
        "PartitionConfig": {"ds": "%Y%m%d", "hh": "%H", "mm": "%M"}
    })
}

/// A type, what a request says, and what a reply says.
fn others() -> Vec<(&'static str, Value, Value)> {
    let database = json!({
        "Host": "h", "Port": "3306", "Database": "d", "Table": "t", "User": "u", "Ignore": "true"
    });
    let service = json!({"Endpoint": "e", "Project": "p", "Topic": "t", "AuthMode": "sts"});
    let mut holo = service.clone();
    holo["InstanceId"] = "i".into();
    holo["TimestampUnit"] = "SECOND".into();
    vec![
        ("sink_ads", database.clone(), database.clone()),
        ("sink_mysql", database.clone(), database),
        (
            "sink_es",
            json!({"Index": "i", "Endpoint": "e", "IDFields": ["f1"], "TypeFields": [], "ProxyMode": "false"}),
            json!({"Index": "i", "Endpoint": "e", "IDFields": "[\"f1\"]", "TypeFields": "[]", "ProxyMode": "false"}),
        ),
        (
            "sink_fc",
            json!({"Endpoint": "e", "Service": "s", "Function": "f", "AuthMode": "ak", "AccessId": "i", "AccessKey": "k"}),
            json!({"Endpoint": "e", "Service": "s", "Function": "f", "AuthMode": "ak", "AccessId": "i"}),
        ),
        (
            "sink_oss",
            json!({"Endpoint": "e", "Bucket": "b", "Prefix": "x", "TimeFormat": "%Y", "TimeRange": 120, "AuthMode": "sts"}),
            json!({"Endpoint": "e", "Bucket": "b", "Prefix": "x", "TimeFormat": "%Y", "TimeRange": "120", "AuthMode": "sts"}),
        ),
        (
            "sink_ots",
            json!({"Endpoint": "e", "InstanceName": "i", "TableName": "t", "AuthMode": "sts"}),
            json!({"Endpoint": "e", "InstanceName": "i", "TableName": "t", "AuthMode": "sts", "WriteMode": "PUT"}),
        ),
        ("sink_hologres", holo.clone(), holo),
        ("sink_datahub", service.clone(), service),
    ]
}

#[tokio::test]
async fn a_connector_is_described() {
    let mut topic = Topic::new().await;
    let id = topic.create("SINK_ODPS", odps()).await;
    assert!(
        id.len() >= 16
            && id
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    );
    let found = topic.get(&id).await;
    for name in ["sink_odps", "Sink_ODPS"] {
        assert_eq!(topic.get(name).await, found);
    }
    let expected = json!({
        "Project": "p", "Table": "t", "OdpsEndpoint": "o", "TunnelEndpoint": "u", "AccessId": "i",
        "PartitionMode": "SYSTEM_TIME", "TimeRange": "15",
        "PartitionConfig": "[{\"key\":\"ds\",\"value\":\"%Y%m%d\"},{\"key\":\"hh\",\"value\":\"%H\"},{\"key\":\"mm\",\"value\":\"%M\"}]"
    });
    assert_eq!(found["Config"], expected);
    for (member, value) in [
        ("ConnectorId", json!(id)),
        ("Type", json!("sink_odps")),
        ("State", json!("CONNECTOR_RUNNING")),
        ("CreateTime", json!(NOW)),
        ("LastModifyTime", json!(NOW)),
        ("ColumnFields", json!(["f1"])),
        ("ColumnNameMap", json!({})),
    ] {
        assert_eq!(found[member], value, "{member}");
    }
    for member in ["ClusterAddress", "Creator", "Owner"] {
        assert!(
            found[member].as_str().is_some_and(|text| !text.is_empty()),
            "{member}"
        );
    }
    let context = |shard: &str| json!({"ShardId": shard, "StartSequence": 0, "EndSequence": -1, "CurrentSequence": -1});
    assert_eq!(found["ShardContexts"], json!([context("0"), context("1")]));
    let list = format!("{}/connectors", topic.target);
    for (query, expected) in [("?mode=id", id.as_str()), ("", "sink_odps")] {
        let listed = topic
            .client
            .ok("GET", &format!("{list}{query}"), Value::Null)
            .await;
        assert_eq!(listed, json!({"Connectors": [expected]}));
    }
}

#[tokio::test]
async fn settings_of_every_type_come_back_as_texts() {
    let mut topic = Topic::new().await;
    for (kind, given, expected) in others() {
        topic.create(kind, given.clone()).await;
        let found = topic.get(kind).await;
        assert_eq!(
            (&found["Type"], &found["Config"]),
            (&json!(kind), &expected)
        );
        topic
            .post(
                kind,
                json!({"Action": "updateconfig", "Config": found["Config"]}),
            )
            .await;
        assert_eq!(
            topic.get(kind).await["Config"],
            expected,
            "{kind} sent back"
        );
        let again =
            json!({"Action": "Create", "SinkStartTime": -1, "ColumnFields": [], "Config": given});
        assert_eq!(topic.refuses(kind, again).await, "ConnectorAlreadyExist");
    }
    let list = format!("{}/connectors?mode=id", topic.target);
    let listed = topic.client.ok("GET", &list, Value::Null).await;
    assert_eq!(listed["Connectors"].as_array().map(Vec::len), Some(8));
}

#[tokio::test]
async fn an_official_client_updates_by_creating() {
    let mut topic = Topic::new().await;
    let config = |table: &str| json!({"Host": "h", "Port": "1", "Database": "d", "Table": table, "Ignore": "true"});
    let body = json!({"Action": "create", "Type": "SINK_MYSQL", "Config": config("one")});
    topic.post("sink_mysql", body).await;
    topic.clock.advance(Duration::from_secs(2));
    let update = json!({
        "Action": "create", "ColumnFields": ["f2", "f1"], "ColumnNameMap": {"f1": "x"}, "Config": config("two")
    });
    topic.post("sink_mysql", update).await;
    let found = topic.get("sink_mysql").await;
    assert_eq!(found["Config"]["Table"], "two");
    assert_eq!(found["ColumnFields"], json!(["f2", "f1"]));
    assert_eq!(found["ColumnNameMap"], json!({"f1": "x"}));
    assert_eq!(
        (&found["CreateTime"], &found["LastModifyTime"]),
        (&json!(NOW), &json!(NOW + 2))
    );
    let columns = json!({"Action": "updateconfig", "ColumnFields": ["f1"]});
    topic.post("sink_mysql", columns).await;
    let kept = topic.get("sink_mysql").await;
    assert_eq!(
        (&kept["Config"]["Table"], &kept["ColumnFields"]),
        (&json!("two"), &json!(["f1"]))
    );
    let bare = json!({"Action": "create", "ColumnFields": [], "Config": config("x")});
    topic.post("sink_ads", bare).await;
    assert_eq!(topic.get("sink_ads").await["State"], "CONNECTOR_RUNNING");
}

#[tokio::test]
async fn shards_have_a_status_and_an_offset() {
    let mut topic = Topic::new().await;
    topic.create("sink_odps", odps()).await;
    let status = json!({"Action": "Status"});
    let entry = |shard: &str, sequence: i64, timestamp: i64, state: &str, updated: i64| {
        json!({
            "ShardId": shard, "CurrentSequence": sequence, "CurrentTimestamp": timestamp, "DoneTime": 0,
            "LastErrorMessage": if state == "CONTEXT_PLANNED" { "Loading" } else { "" }, "State": state,
            "UpdateTime": updated, "DiscardCount": 0, "WorkerAddress": "", "StartSequence": 0, "EndSequence": -1
        })
    };
    let planned = |shard| entry(shard, -1, 10_000_000, "CONTEXT_PLANNED", NOW);
    assert_eq!(
        topic.post("sink_odps", status.clone()).await,
        json!({"ShardStatusInfos": {"0": planned("0"), "1": planned("1")}})
    );
    let one = json!({"Action": "Status", "ShardId": "1"});
    assert_eq!(topic.post("sink_odps", one.clone()).await, planned("1"));
    let set = json!({"Action": "UpdateShardContext", "ShardId": "1", "CurrentSequence": 10, "CurrentTime": 1000});
    assert_eq!(
        topic.refuses("sink_odps", set.clone()).await,
        "OperationDenied"
    );
    let stop = json!({"Action": "UpdateState", "State": "CONNECTOR_STOPPED"});
    for _ in 0..2 {
        topic.post("sink_odps", stop.clone()).await;
    }
    assert_eq!(topic.get("sink_odps").await["State"], "CONNECTOR_STOPPED");
    topic.clock.advance(Duration::from_secs(1));
    topic.post("sink_odps", set).await;
    assert_eq!(
        topic.post("sink_odps", one.clone()).await,
        entry("1", 10, 1000, "CONTEXT_STOPPED", NOW + 1)
    );
    let all = json!({"Action": "updateshardcontext", "ShardId": "", "CurrentSequence": 20, "CurrentTime": -1});
    topic.post("sink_odps", all).await;
    let found = topic.post("sink_odps", status).await;
    assert_eq!(
        found["ShardStatusInfos"],
        json!({
            "0": entry("0", 20, 10_000_000, "CONTEXT_STOPPED", NOW + 1),
            "1": entry("1", 20, 1000, "CONTEXT_STOPPED", NOW + 1)
        })
    );
    assert_eq!(
        topic.get("sink_odps").await["ShardContexts"][0]["CurrentSequence"],
        20
    );
    let start = json!({"Action": "updatestate", "State": "connector_running"});
    topic.post("sink_odps", start).await;
    assert_eq!(
        topic.post("sink_odps", one).await["State"],
        "CONTEXT_PLANNED"
    );
    for body in [
        json!({"Action": "Reload"}),
        json!({"Action": "Reload", "ShardId": "0"}),
    ] {
        assert_eq!(topic.post("sink_odps", body).await, json!({}));
    }
    for action in ["Status", "Reload"] {
        let body = json!({"Action": action, "ShardId": "7"});
        assert_eq!(topic.refuses("sink_odps", body).await, "NoSuchShard");
    }
    let bad = json!({"Action": "UpdateState", "State": "CONNECTOR_PAUSED"});
    assert_eq!(topic.refuses("sink_odps", bad).await, "InvalidParameter");
}

#[tokio::test]
async fn columns_are_those_of_the_topic() {
    let mut topic = Topic::new().await;
    topic.create("sink_odps", odps()).await;
    let append = |name: &str| json!({"Action": "AppendField", "FieldName": name});
    for bad in ["f1", "F1", "f3", ""] {
        assert_eq!(
            topic.refuses("sink_odps", append(bad)).await,
            "InvalidParameter",
            "{bad}"
        );
    }
    topic.post("sink_odps", append("f2")).await;
    assert_eq!(
        topic.get("sink_odps").await["ColumnFields"],
        json!(["f1", "f2"])
    );
    let field = json!({"Action": "appendfield", "FieldName": "f3", "FieldType": "STRING"});
    let target = topic.target.clone();
    topic.client.ok("POST", &target, field).await;
    topic.post("sink_odps", append("f3")).await;
    assert_eq!(
        topic.get("sink_odps").await["ColumnFields"],
        json!(["f1", "f2", "f3"])
    );
    let config = json!({"Endpoint": "e", "Project": "p", "Topic": "t", "AuthMode": "sts"});
    for bad in [json!(["no"]), json!(["f1", "f1"]), json!([1]), json!("f1")] {
        let body = json!({"Action": "create", "Type": "sink_datahub", "ColumnFields": bad, "Config": config});
        assert_eq!(
            topic.refuses("sink_datahub", body).await,
            "InvalidParameter",
            "{bad}"
        );
    }
    for bad in [json!({"no": "x"}), json!({"f1": 1}), json!([])] {
        let body = json!({"Action": "create", "Type": "sink_datahub", "ColumnNameMap": bad, "Config": config});
        assert_eq!(
            topic.refuses("sink_datahub", body).await,
            "InvalidParameter",
            "{bad}"
        );
    }
    topic.target = topic.client.blobs(1).await;
    topic
        .client
        .ok(
            "POST",
            &topic.connector("sink_datahub"),
            json!({"Action": "Create", "ColumnFields": null, "Config": config}),
        )
        .await;
    assert_eq!(
        topic.refuses("sink_datahub", append("f1")).await,
        "InvalidParameter"
    );
}

#[tokio::test]
async fn done_time_tells_the_window() {
    let mut topic = Topic::new().await;
    topic.create("sink_odps", odps()).await;
    for (kind, given, _) in others() {
        topic.create(kind, given).await;
    }
    for (kind, window) in [("sink_odps", 900), ("sink_oss", 7200), ("sink_mysql", 0)] {
        for query in ["donetime", "donetime="] {
            let target = format!("{}?{query}", topic.connector(kind));
            assert_eq!(
                topic.client.ok("GET", &target, Value::Null).await,
                json!({"DoneTime": 0, "TimeZone": "Asia/Shanghai", "TimeWindow": window})
            );
        }
    }
}

#[tokio::test]
async fn the_subscription_of_a_connector_is_its_own() {
    let mut topic = Topic::new().await;
    let id = topic.create("sink_odps", odps()).await;
    let subscription = topic.get(&id).await["ExtraInfo"]["SubscriptionId"].clone();
    let subscriptions = format!("{}/subscriptions", topic.target);
    let one = format!("{subscriptions}/{}", subscription.as_str().expect("id"));
    let list = json!({"Action": "list", "PageIndex": 1, "PageSize": 10});
    let listed = topic.client.ok("POST", &subscriptions, list).await;
    assert_eq!(listed, json!({"TotalCount": 0, "Subscriptions": []}));
    topic.client.ok("GET", &one, Value::Null).await;
    assert_eq!(
        topic.client.code("DELETE", &one, Value::Null).await,
        "OperationDenied"
    );
    let target = topic.connector(&id);
    topic.client.ok("DELETE", &target, Value::Null).await;
    assert_eq!(
        topic.client.code("GET", &one, Value::Null).await,
        "NoSuchSubscription"
    );
    for name in [id.as_str(), "sink_odps"] {
        let target = topic.connector(name);
        for (method, query) in [("GET", ""), ("GET", "?donetime"), ("DELETE", "")] {
            let reply = topic
                .client
                .call(method, &format!("{target}{query}"), Value::Null)
                .await;
            assert_eq!(
                (reply.status, reply.code().as_str()),
                (404, "NoSuchConnector")
            );
        }
        for action in ["updateconfig", "Status", "Reload", "UpdateShardContext"] {
            let code = topic.refuses(name, json!({"Action": action})).await;
            assert_eq!(code, "NoSuchConnector", "{action}");
        }
    }
    let again = topic.create("sink_odps", odps()).await;
    assert_ne!(again, id);
}

#[tokio::test]
async fn bad_creations() {
    let mut topic = Topic::new().await;
    let body = |config: Value| json!({"Action": "Create", "SinkStartTime": -1, "ColumnFields": [], "Config": config});
    for (kind, body) in [
        ("sink_nowhere", body(odps())),
        ("sink_odps", body(json!({}))),
        ("sink_odps", body(json!([]))),
        ("sink_odps", body(Value::Null)),
        (
            "sink_odps",
            json!({"Action": "create", "Type": "sink_oss", "Config": odps()}),
        ),
        (
            "sink_odps",
            json!({"Action": "create", "SinkStartTime": "x", "Config": odps()}),
        ),
        ("sink_odps", json!({"Action": "dance"})),
        ("sink_odps", json!({"Config": odps()})),
    ] {
        assert_eq!(
            topic.refuses(kind, body.clone()).await,
            "InvalidParameter",
            "{kind} {body}"
        );
    }
    let missing = "/projects/test/topics/none/connectors";
    assert_eq!(
        topic.client.code("GET", missing, Value::Null).await,
        "NoSuchTopic"
    );
    let one = format!("{missing}/sink_odps");
    assert_eq!(
        topic.client.code("POST", &one, body(odps())).await,
        "NoSuchTopic"
    );
    let list = format!("{}/connectors", topic.target);
    assert_eq!(
        topic.client.code("POST", &list, body(odps())).await,
        "MethodNotAllowed"
    );
}

#[tokio::test]
async fn connectors_outlive_a_restart_but_not_their_topic() {
    let directory = tempfile::tempdir().expect("directory");
    let builder = Emulator::builder().data_dir(directory.path());
    let mut topic = Topic::of(builder.clone()).await;
    let id = topic.create("sink_odps", odps()).await;
    let gone = topic
        .create(
            "sink_datahub",
            json!({"Endpoint": "e", "Project": "p", "Topic": "t", "AuthMode": "sts"}),
        )
        .await;
    let target = topic.connector(&gone);
    topic.client.ok("DELETE", &target, Value::Null).await;
    topic
        .post(
            &id,
            json!({"Action": "UpdateState", "State": "CONNECTOR_STOPPED"}),
        )
        .await;
    topic
        .post(
            &id,
            json!({"Action": "UpdateShardContext", "CurrentSequence": 5}),
        )
        .await;
    let before = topic.get(&id).await;
    let subscriptions = format!("{}/subscriptions", topic.target);
    let list = json!({"Action": "list", "PageIndex": 1, "PageSize": 10});
    topic.client.emulator.shutdown().await;
    topic.client = Client::of(builder.clone().clock(topic.clock.clone())).await;
    assert_eq!(topic.get("sink_odps").await, before);
    let listed = topic.client.ok("POST", &subscriptions, list).await;
    assert_eq!(listed["TotalCount"], 0);
    let target = topic.connector(&gone);
    assert_eq!(
        topic.client.code("GET", &target, Value::Null).await,
        "NoSuchConnector"
    );
    let target = topic.target.clone();
    topic.client.ok("DELETE", &target, Value::Null).await;
    topic.client.tuples(1, &["f1 STRING"]).await;
    topic.client.emulator.shutdown().await;
    topic.client = Client::of(builder.clock(topic.clock.clone())).await;
    let list = format!("{}/connectors?mode=id", topic.target);
    assert_eq!(
        topic.client.ok("GET", &list, Value::Null).await,
        json!({"Connectors": []})
    );
}
