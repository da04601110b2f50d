//! The golden requests, which were made by official clients, sent to the emulator as they are.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use prost::Message;
use serde_json::{Value, json};

use crate::client::{Client, Request};
use crate::messages::{PutRecordsRequest, PutRecordsResponse, RecordEntry, unframe};

const SHARDS: u32 = 16;

fn cases(file: &str) -> Vec<Value> {
    let path = format!(
        "{}/../tests/vectors/datahub/{file}",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).expect("the vectors are there");
    serde_json::from_str(&text).expect("a list of cases")
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    let digits = value["hex"].as_str()?;
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
        .collect()
}

/// Creates the topic that a case is about.
async fn topic(client: &mut Client, number: usize, case: &Value) -> String {
    let schema = case["input"]["schema"].as_array().map(|columns| {
        let fields: Vec<Value> = columns
            .iter()
            .map(|column| {
                json!({"name": column["name"], "type": column["type"], "notnull": column["allow_null"] == false})
            })
            .collect();
        json!({ "fields": fields }).to_string()
    });
    let kind = if schema.is_some() { "TUPLE" } else { "BLOB" };
    let body =
        json!({"ShardCount": SHARDS, "Lifecycle": 7, "RecordType": kind, "RecordSchema": schema});
    let target = format!("/projects/vectors/topics/topic{number}");
    client.ok("POST", &target, body).await;
    target
}

/// What the emulator holds, as texts in an order that does not depend on the shards.
async fn stored(client: &mut Client, topic: &str) -> Vec<String> {
    let mut all = Vec::new();
    for shard in 0..SHARDS {
        all.extend(
            client
                .all(topic, &shard.to_string())
                .await
                .iter()
                .map(Value::to_string),
        );
    }
    all.sort();
    all
}

fn expected(records: &[RecordEntry], blobs: bool) -> Vec<String> {
    let text = |record: &RecordEntry| {
        let data = &record.data.as_ref().expect("data").data;
        if blobs {
            json!(BASE64.encode(data[0].value.as_deref().unwrap_or_default())).to_string()
        } else {
            json!(record.values()).to_string()
        }
    };
    let mut all: Vec<String> = records.iter().map(text).collect();
    all.sort();
    all
}

#[tokio::test]
async fn golden_protobuf_puts_are_stored() {
    let mut client = Client::new().await;
    client.ok("POST", "/projects/vectors", json!({})).await;
    let mut stored_cases = 0;
    for (number, case) in cases("pb_put.json").iter().enumerate() {
        let Some(body) = bytes(&case["expected"]["body"]) else {
            continue;
        };
        let operation = case["input"]["op"].as_str().expect("operation");
        if operation == "get_records" {
            continue;
        }
        let name = &case["name"];
        let sent = PutRecordsRequest::decode(unframe(&body))
            .expect("a request")
            .records;
        let topic = topic(&mut client, number, case).await;
        let target = if operation == "put_records" {
            format!("{topic}/shards")
        } else {
            format!("{topic}/shards/0")
        };
        let reply = client
            .send(&Request::protobuf(target, "pub", unframe(&body)))
            .await;
        assert_eq!(reply.status, 200, "{name}: {reply:?}");
        let reply = PutRecordsResponse::decode(unframe(&reply.body)).expect("a reply");
        assert_eq!(reply.failed_records, [], "{name}");
        assert_eq!(
            stored(&mut client, &topic).await,
            expected(&sent, case["input"]["schema"].is_null()),
            "{name}"
        );
        stored_cases += 1;
    }
    assert!(stored_cases > 30, "{stored_cases}");
}

#[tokio::test]
async fn golden_json_puts_are_stored() {
    let mut client = Client::new().await;
    client.ok("POST", "/projects/vectors", json!({})).await;
    let mut stored_cases = 0;
    for (number, case) in cases("json_records.json").iter().enumerate() {
        let body = &case["expected"]["body"];
        let (true, Some(sent)) = (
            case["input"]["op"] == "put_records",
            body["Records"].as_array(),
        ) else {
            continue;
        };
        let name = &case["name"];
        let topic = topic(&mut client, number, case).await;
        let reply = client
            .ok("POST", &format!("{topic}/shards"), body.clone())
            .await;
        assert_eq!(reply["FailedRecords"], json!([]), "{name}");
        let mut sent: Vec<String> = sent
            .iter()
            .map(|record| record["Data"].to_string())
            .collect();
        sent.sort();
        assert_eq!(stored(&mut client, &topic).await, sent, "{name}");
        stored_cases += 1;
    }
    assert!(stored_cases > 15, "{stored_cases}");
}
