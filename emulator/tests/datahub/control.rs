//! Projects, topics and schemas.

use std::time::{Duration, UNIX_EPOCH};

use hubstream_emulator::{Clock, Emulator, Limits};
use serde_json::{Value, json};

use crate::client::Client;

const PROJECT: &str = "/projects/Test_Project";

fn at(seconds: u64) -> Clock {
    Clock::manual(UNIX_EPOCH + Duration::from_secs(seconds))
}

#[tokio::test]
async fn a_project_lives_and_dies() {
    let clock = at(1_700_000_000);
    let mut client = Client::of(Emulator::builder().clock(clock.clone())).await;
    let created = client
        .call("POST", PROJECT, json!({"Comment": "first"}))
        .await;
    assert_eq!((created.status, created.json()), (201, json!({})));
    let (code, message) = client
        .fails("POST", "/projects/TEST_PROJECT", json!({"Comment": ""}))
        .await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        (
            "ProjectAlreadyExist",
            "The specified project already exists."
        )
    );

    clock.advance(Duration::from_secs(7));
    client
        .ok("PUT", PROJECT, json!({"Comment": "second"}))
        .await;
    client
        .ok("PUT", PROJECT, json!({"VpcIds": "vpc1, vpc2"}))
        .await;
    let project = client
        .ok("GET", "/projects/test_project", Value::Null)
        .await;
    let expected = json!({
        "Comment": "second", "CreateTime": 1_700_000_000, "LastModifyTime": 1_700_000_007, "Creator": "emulator",
        "VpcWhitelist": ["vpc1", "vpc2"]
    });
    assert_eq!(project, expected);
    assert_eq!(
        client.ok("GET", "/projects", Value::Null).await,
        json!({"ProjectNames": ["Test_Project"]})
    );
    assert_eq!(
        client
            .ok("GET", "/projects?filter=ST_PR", Value::Null)
            .await["ProjectNames"],
        json!(["Test_Project"])
    );
    assert_eq!(
        client.ok("GET", "/projects?filter=x", Value::Null).await["ProjectNames"],
        json!([])
    );

    client.ok("DELETE", PROJECT, Value::Null).await;
    for method in ["GET", "DELETE", "PUT"] {
        let (code, message) = client.fails(method, PROJECT, Value::Null).await;
        assert_eq!(
            (code.as_str(), message.as_str()),
            (
                "NoSuchProject",
                "The specified project name does not exist."
            )
        );
    }
    assert_eq!(
        client
            .call("POST", PROJECT, json!({"Comment": "again"}))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn names_are_checked_before_anything_is_looked_up() {
    let mut client = Client::new().await;
    for target in [
        "/projects/a",
        "/projects/a/topics",
        "/projects/a/topics/t",
        "/projects/a/topics/t/shards/0",
    ] {
        let method = if target.ends_with('0') { "POST" } else { "GET" };
        let (code, message) = client.fails(method, target, json!({"Action": "sub"})).await;
        assert_eq!(
            (code.as_str(), message.as_str()),
            ("InvalidParameter", "Project name is missing or invalid:a")
        );
    }
    assert_eq!(
        client
            .code("GET", "/projects/abc/topics/1a", Value::Null)
            .await,
        "InvalidParameter"
    );
    assert_eq!(
        client
            .code("GET", "/projects/abc/topics/a", Value::Null)
            .await,
        "NoSuchProject"
    );
}

#[tokio::test]
async fn a_topic_lives_and_dies() {
    let clock = at(1_700_000_000);
    let mut client = Client::of(Emulator::builder().clock(clock.clone())).await;
    let topic = client.tuples(3, &["F1 string", "f2 DOUBLE notnull"]).await;
    let (code, message) = client
        .fails(
            "POST",
            "/projects/test/topics/TUPLES",
            json!({"ShardCount": 1, "Lifecycle": 1, "RecordType": "BLOB"}),
        )
        .await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("TopicAlreadyExist", "The specified topic already exists.")
    );

    clock.advance(Duration::from_secs(3));
    client.ok("PUT", &topic, json!({"Lifecycle": 5})).await;
    client.ok("PUT", &topic, json!({"Comment": "new"})).await;
    let found = client
        .ok("GET", "/projects/TEST/topics/Tuples", Value::Null)
        .await;
    let schema = r#"{"fields":[{"name":"f1","type":"STRING"},{"name":"f2","type":"DOUBLE","notnull":true}]}"#;
    let expected = json!({
        "Comment": "new", "CreateTime": 1_700_000_000, "LastModifyTime": 1_700_000_003, "Creator": "emulator",
        "Lifecycle": 5, "RecordType": "TUPLE", "RecordSchema": schema, "ShardCount": 3, "Status": "on",
        "ExpandMode": "split", "EnableSchemaRegistry": false, "ExtraConfig": {}
    });
    assert_eq!(found, expected);
    assert_eq!(
        client.ok("GET", "/projects/test/topics", Value::Null).await,
        json!({"TopicNames": ["tuples"]})
    );
    assert_eq!(
        client.code("DELETE", "/projects/test", Value::Null).await,
        "OperationDenied"
    );

    client.ok("DELETE", &topic, Value::Null).await;
    let (code, message) = client.fails("GET", &topic, Value::Null).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("NoSuchTopic", "The specified topic name does not exist.")
    );
    client.ok("DELETE", "/projects/test", Value::Null).await;
}

#[tokio::test]
async fn bad_topics_are_refused() {
    let mut client = Client::new().await;
    client.ok("POST", "/projects/test", json!({})).await;
    let good = json!({"ShardCount": 1, "Lifecycle": 1, "RecordType": "BLOB", "Comment": ""});
    for (name, value) in [
        ("ShardCount", json!(0)),
        ("ShardCount", json!(-1)),
        ("ShardCount", json!(257)),
        ("ShardCount", json!("x")),
        ("ShardCount", json!(4_294_967_297_i64)),
        ("ShardCount", Value::Null),
        ("Lifecycle", json!(0)),
        ("Lifecycle", json!(-1)),
        ("Lifecycle", json!(8)),
        ("RecordType", json!("LIST")),
        ("RecordType", json!("TUPLE")),
        ("RecordType", json!(1)),
        ("Comment", json!("c".repeat(1025))),
        ("ExpandMode", json!("other")),
        ("Action", json!("grow")),
    ] {
        let mut body = good.clone();
        body[name] = value.clone();
        let code = client.code("POST", "/projects/test/topics/t", body).await;
        assert_eq!(code, "InvalidParameter", "{name} {value}");
    }
    assert_eq!(
        client
            .code("POST", "/projects/none/topics/t", good.clone())
            .await,
        "NoSuchProject"
    );
    assert_eq!(
        client.ok("POST", "/projects/test/topics/t", good).await,
        json!({})
    );
}

#[tokio::test]
async fn an_action_is_read_in_any_case_and_numbers_may_be_texts() {
    let mut client = Client::new().await;
    client.ok("POST", "/projects/test", json!({})).await;
    let body = json!({"Action": "CREATE", "ShardCount": "2", "Lifecycle": "1", "RecordType": "blob", "More": []});
    client.ok("POST", "/projects/test/topics/t", body).await;
    assert_eq!(
        client
            .ok("GET", "/projects/test/topics/t", Value::Null)
            .await["ShardCount"],
        2
    );
}

#[tokio::test]
async fn quotas_hold_if_limits_are_strict() {
    for (limits, expected) in [(Limits::Strict, "LimitExceeded"), (Limits::Standard, "")] {
        // The date that this client signs would be too old.
        let mut client = Client::of(Emulator::builder().limits(limits).no_auth(true)).await;
        for number in 0..50 {
            client
                .ok("POST", &format!("/projects/project{number}"), json!({}))
                .await;
        }
        assert_eq!(
            client
                .call("POST", "/projects/one_more", json!({}))
                .await
                .code(),
            expected,
            "{limits}"
        );
    }
}

#[tokio::test]
async fn a_column_is_appended() {
    let mut client = Client::new().await;
    let topic = client.tuples(1, &["a bigint"]).await;
    let list = json!({"Action": "ListSchema", "PageNumber": -1, "PageSize": -1});
    let first = client.ok("POST", &topic, list.clone()).await;
    assert_eq!(
        (
            &first["TotalCount"],
            &first["PageNumber"],
            &first["PageCount"]
        ),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(first["RecordSchemaList"][0]["VersionId"], 0);
    assert_eq!(
        first["RecordSchemaList"][0]["RecordSchema"],
        r#"{"fields":[{"name":"a","type":"BIGINT"}]}"#
    );

    client
        .ok(
            "POST",
            &topic,
            json!({"Action": "appendfield", "FieldName": "B", "FieldType": "string"}),
        )
        .await;
    for (name, kind) in [
        ("b", "STRING"),
        ("A", "BIGINT"),
        ("c", "DATE"),
        ("1c", "STRING"),
    ] {
        let body = json!({"Action": "AppendField", "FieldName": name, "FieldType": kind});
        assert_eq!(
            client.code("POST", &topic, body).await,
            "InvalidParameter",
            "{name} {kind}"
        );
    }
    let found = client.ok("GET", &topic, Value::Null).await;
    assert_eq!(
        (&found["RecordSchema"], &found["EnableSchemaRegistry"]),
        (&json!(BOTH), &json!(true))
    );
}

#[tokio::test]
async fn columns_are_appended_together_or_not_at_all() {
    let mut client = Client::new().await;
    let topic = client.tuples(1, &["a bigint"]).await;
    let append = |fields: Value| json!({"Action": "AppendField", "Fields": fields});
    for bad in [
        json!([]),
        json!("b"),
        json!([{"Name": "b"}]),
        json!([{"Name": "b", "Type": "STRING"}, {"Name": "B", "Type": "STRING"}]),
        json!([{"Name": "b", "Type": "STRING"}, {"Name": "a", "Type": "STRING"}]),
    ] {
        let code = client.code("POST", &topic, append(bad.clone())).await;
        assert_eq!(code, "InvalidParameter", "{bad}");
    }
    let fields = json!([{"Name": "B", "Type": "STRING", "Comment": ""}, {"Name": "c", "Type": "FLOAT", "Comment": "x"}]);
    client.ok("POST", &topic, append(fields)).await;
    let found = client.ok("GET", &topic, Value::Null).await;
    let expected = r#"{"fields":[{"name":"a","type":"BIGINT"},{"name":"b","type":"STRING"},{"name":"c","type":"FLOAT","comment":"x"}]}"#;
    assert_eq!(found["RecordSchema"], expected);
}

const BOTH: &str = r#"{"fields":[{"name":"a","type":"BIGINT"},{"name":"b","type":"STRING"}]}"#;
const OTHER: &str = r#"{"fields":[{"name":"z","type":"JSON"}]}"#;

/// A topic whose schema has a second version, [`BOTH`].
async fn appended(client: &mut Client) -> String {
    let topic = client.tuples(1, &["a bigint"]).await;
    let append = json!({"Action": "appendfield", "FieldName": "B", "FieldType": "string"});
    client.ok("POST", &topic, append).await;
    topic
}

#[tokio::test]
async fn a_schema_is_found_by_version_and_by_content() {
    let mut client = Client::new().await;
    let topic = appended(&mut client).await;
    let by_content = json!({"Action": "GetSchema", "VersionId": -1, "RecordSchema": BOTH.replace("BIGINT", "bigint")});
    assert_eq!(client.ok("POST", &topic, by_content).await["VersionId"], 1);
    let by_version = json!({"Action": "GetSchema", "VersionId": 1});
    assert_eq!(
        client.ok("POST", &topic, by_version).await["RecordSchema"],
        BOTH
    );
    assert_eq!(
        client
            .code(
                "POST",
                &topic,
                json!({"Action": "GetSchema", "VersionId": 9})
            )
            .await,
        "InvalidParameter"
    );
    let body = json!({"Action": "GetSchema", "RecordSchema": OTHER});
    assert_eq!(client.code("POST", &topic, body).await, "InvalidSchema");
}

#[tokio::test]
async fn schemas_are_registered_and_deleted() {
    let mut client = Client::new().await;
    let topic = appended(&mut client).await;
    let register = |schema: &str| json!({"Action": "RegisterSchema", "RecordSchema": schema});
    assert_eq!(
        client.ok("POST", &topic, register(BOTH)).await,
        json!({"VersionId": 1})
    );
    assert_eq!(
        client.ok("POST", &topic, register(OTHER)).await,
        json!({"VersionId": 2})
    );
    assert_eq!(
        client.code("POST", &topic, register("{}")).await,
        "InvalidParameter"
    );
    let page = client
        .ok(
            "POST",
            &topic,
            json!({"Action": "ListSchema", "PageNumber": 2, "PageSize": 2}),
        )
        .await;
    assert_eq!(
        (&page["PageCount"], &page["TotalCount"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(page["RecordSchemaList"].as_array().map(Vec::len), Some(1));

    let delete = |version: i64| json!({"Action": "DeleteSchema", "VersionId": version});
    client.ok("POST", &topic, delete(2)).await;
    assert_eq!(
        client.code("POST", &topic, delete(2)).await,
        "InvalidParameter"
    );
    client.ok("POST", &topic, delete(1)).await;
    assert_eq!(
        client.code("POST", &topic, delete(0)).await,
        "InvalidParameter",
        "the only one"
    );
    assert_eq!(
        client.ok("POST", &topic, register(OTHER)).await,
        json!({"VersionId": 3}),
        "ids are not reused"
    );
}

#[tokio::test]
async fn blobs_have_no_schema() {
    let mut client = Client::new().await;
    let topic = client.blobs(1).await;
    assert_eq!(
        client.ok("GET", &topic, Value::Null).await["RecordSchema"],
        ""
    );
    assert_eq!(
        client
            .ok("POST", &topic, json!({"Action": "ListSchema"}))
            .await["RecordSchemaList"],
        json!([])
    );
    let append = json!({"Action": "appendfield", "FieldName": "b", "FieldType": "string"});
    assert_eq!(
        client.code("POST", &topic, append).await,
        "InvalidParameter"
    );
}

#[tokio::test]
async fn reset_forgets_everything() {
    let mut client = Client::new().await;
    client.blobs(1).await;
    client.emulator.reset();
    assert_eq!(
        client.ok("GET", "/projects", Value::Null).await,
        json!({"ProjectNames": []})
    );
}

#[tokio::test]
async fn a_topic_has_no_metering_of_its_own() {
    let mut client = Client::new().await;
    let topic = client.blobs(1).await;
    assert_eq!(
        client
            .ok("POST", &topic, json!({"Action": "meter", "Timestamp": 0}))
            .await,
        json!({"MeterData": []})
    );
}
