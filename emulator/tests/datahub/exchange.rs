//! Puts and gets in protobuf.

use prost::Message;
use serde_json::json;

use crate::client::{Client, Request};
use crate::messages::{
    GetRecordsRequest, GetRecordsResponse, PutRecordsRequest, PutRecordsResponse, RecordEntry,
    unframe,
};

pub(crate) async fn put(
    client: &mut Client,
    target: &str,
    records: Vec<RecordEntry>,
) -> PutRecordsResponse {
    let request = Request::protobuf(
        target,
        "pub",
        &PutRecordsRequest { records }.encode_to_vec(),
    );
    let reply = client.send(&request).await;
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, Some("application/x-protobuf")),
        "{reply:?}"
    );
    PutRecordsResponse::decode(unframe(&reply.body)).expect("reply")
}

pub(crate) async fn put_fails(
    client: &mut Client,
    target: &str,
    records: Vec<RecordEntry>,
) -> (String, String) {
    let request = Request::protobuf(
        target,
        "pub",
        &PutRecordsRequest { records }.encode_to_vec(),
    );
    client.send(&request).await.error()
}

pub(crate) async fn get(
    client: &mut Client,
    topic: &str,
    shard: &str,
    cursor: &str,
    limit: i32,
) -> GetRecordsResponse {
    let request = GetRecordsRequest {
        cursor: cursor.to_owned(),
        limit: Some(limit),
    };
    let request = Request::protobuf(
        format!("{topic}/shards/{shard}"),
        "SUB",
        &request.encode_to_vec(),
    );
    let reply = client.send(&request).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    GetRecordsResponse::decode(unframe(&reply.body)).expect("reply")
}

pub(crate) async fn oldest(client: &mut Client, topic: &str, shard: &str) -> String {
    client.cursor(topic, shard, json!({"Type": "OLDEST"})).await["Cursor"]
        .as_str()
        .expect("cursor")
        .to_owned()
}
