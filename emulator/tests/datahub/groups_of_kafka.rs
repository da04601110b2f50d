//! Groups of Kafka clients, and the alarm rules of topics.

use serde_json::{Value, json};

use crate::client::Client;

#[tokio::test]
async fn a_group_subscribes_to_topics() {
    let mut client = Client::new().await;
    let topic = client.blobs(1).await;
    let project = topic.split("/topics").next().expect("a project");
    let groups = format!("{project}/groups");
    let group = format!("{groups}/Group");
    client
        .ok("POST", &group, json!({"Action": "create", "Comment": "c"}))
        .await;
    assert_eq!(
        client
            .code(
                "POST",
                &format!("{groups}/GROUP"),
                json!({"Action": "create"})
            )
            .await,
        "ResourceAlreadyExist"
    );
    assert_eq!(
        client.ok("GET", &groups, Value::Null).await,
        json!({"GroupNames": ["Group"]})
    );
    client.ok("PUT", &group, json!({"Comment": "d"})).await;
    assert_eq!(client.ok("GET", &group, Value::Null).await["Comment"], "d");
    let name = topic.rsplit('/').next().expect("a name");
    let change = |mode: &str, topics: Value| json!({"Action": "updatetopics", "Mode": mode, "Topics": topics});
    let list = json!({"Action": "listsubscriptions"});
    assert_eq!(
        client
            .code("POST", &group, change("ADD", json!([name, "unknown"])))
            .await,
        "NoSuchTopic"
    );
    for (mode, topics) in [
        ("REMOVE", json!([name])),
        ("KEEP", json!([])),
        ("ADD", json!("t")),
    ] {
        assert_eq!(
            client.code("POST", &group, change(mode, topics)).await,
            "InvalidParameter"
        );
    }
    client
        .ok("POST", &group, change("ADD", json!([name])))
        .await;
    client
        .ok("POST", &group, change("add", json!([name])))
        .await;
    let found = client.ok("POST", &group, list.clone()).await;
    assert_eq!(found["Subscriptions"][0]["TopicName"], name);
    assert_eq!(found["Subscriptions"].as_array().map(Vec::len), Some(1));
    let id = found["Subscriptions"][0]["SubId"]
        .as_str()
        .expect("an id")
        .to_owned();
    let subscription = format!("{topic}/subscriptions/{id}");
    client.ok("GET", &subscription, Value::Null).await;
    client
        .ok("POST", &group, change("REMOVE", json!([name])))
        .await;
    assert_eq!(
        client.ok("POST", &group, list).await["Subscriptions"],
        json!([])
    );
    assert_eq!(
        client.code("GET", &subscription, Value::Null).await,
        "NoSuchSubscription"
    );
    client
        .ok("POST", &group, change("ADD", json!([name])))
        .await;
    client.ok("DELETE", &group, Value::Null).await;
    assert_eq!(
        client.code("GET", &group, Value::Null).await,
        "ResourceNotFound"
    );
    let left = client
        .ok(
            "POST",
            &format!("{topic}/subscriptions"),
            json!({"Action": "list"}),
        )
        .await;
    assert_eq!(left["TotalCount"], 0);
}

#[tokio::test]
async fn alarm_rules_are_kept() {
    let mut client = Client::new().await;
    let topic = client.blobs(1).await;
    let alarms = format!("{topic}/alarms");
    let create =
        |kind: &str, rule: Value| json!({"Action": "create", "AlarmType": kind, "Rule": rule});
    for (kind, rule) in [
        ("USER_NOTHING", json!({"SuspendSecond": 1})),
        ("USER_TOPIC_NO_DATA", json!({"DelaySecond": 1})),
        ("USER_TOPIC_NO_DATA", json!({"SuspendSecond": 0})),
        (
            "USER_TOPIC_NO_DATA",
            json!({"SuspendSecond": 1, "Level": "LOUD"}),
        ),
        ("USER_SUB_READ_DELAY", json!([])),
    ] {
        let code = client.code("POST", &alarms, create(kind, rule)).await;
        assert_eq!(code, "InvalidParameter");
    }
    let rule = json!({"SuspendSecond": 60, "Level": "ERROR", "Mail": ["a@b"]});
    let made = client
        .ok("POST", &alarms, create("USER_TOPIC_NO_DATA", rule))
        .await;
    let one = format!("{alarms}/{}", made["AlarmId"].as_str().expect("an id"));
    let got = client.ok("GET", &one, Value::Null).await;
    assert_eq!(
        got["Rule"],
        json!({"SuspendSecond": 60, "Level": "ERROR", "Mail": "[\"a@b\"]"})
    );
    client
        .ok(
            "PUT",
            &one,
            json!({"Action": "update", "Rule": {"SuspendSecond": 90}}),
        )
        .await;
    client
        .ok(
            "POST",
            &alarms,
            create(
                "USER_SUB_READ_DELAY",
                json!({"SubId": "s", "DelaySecond": 5}),
            ),
        )
        .await;
    let page = json!({"Action": "list", "PageIndex": 2, "PageSize": 1});
    let listed = client.ok("POST", &alarms, page).await;
    assert_eq!(
        (&listed["TotalCount"], &listed["PageCount"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(listed["AlarmRules"].as_array().map(Vec::len), Some(1));
    client.ok("DELETE", &one, Value::Null).await;
    for method in ["GET", "DELETE"] {
        assert_eq!(
            client.code(method, &one, Value::Null).await,
            "NoSuchAlarmRule"
        );
    }
    let log = json!({"Action": "listmetalog", "PageIndex": 1, "PageSize": 10});
    assert_eq!(client.ok("POST", &topic, log).await["TotalCount"], 0);
}
