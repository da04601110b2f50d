//! Records as protobuf.

use bytes::Bytes;
use hubstream::dis::proto::{
    CONTENT_TYPE, GetRecordsResult, PutRecordsRequest, PutRecordsRequestEntry, PutRecordsResult,
};
use prost::Message;

use super::harness::Harness;

fn entry(data: &'static [u8], partition: &str) -> PutRecordsRequestEntry {
    PutRecordsRequestEntry {
        data: Some(Bytes::from_static(data)),
        partition_id: Some(partition.to_owned()),
        partition_key: Some(String::new()),
        ..Default::default()
    }
}

#[tokio::test]
async fn records_go_there_and_back() {
    let harness = Harness::start().await;
    harness.stream("s").await;
    let mut keyed = entry(b"\x00\xff", "shardId-0000000000");
    keyed.partition_key = Some("k".to_owned());
    keyed.timestamp = Some(7);
    let request = PutRecordsRequest {
        stream_name: Some("s".to_owned()),
        stream_id: Some(String::new()),
        records: vec![keyed, entry(b"", "0"), entry(b"lost", "9")],
    };
    let kind = format!("{CONTENT_TYPE}; charset=utf-8");
    let reply = harness
        .send("POST", "/v2/p/records/", &kind, &request.encode_to_vec())
        .await;
    assert!(
        reply.head.contains("content-type: application/x-protobuf"),
        "{}",
        reply.head
    );
    let result = PutRecordsResult::decode(reply.body.as_slice()).expect("a result");
    assert_eq!(result.failed_record_count, 1);
    assert_eq!(
        result.records[0].shard_id.as_deref(),
        Some("shardId-0000000000")
    );
    assert_eq!(result.records[1].sequence_number.as_deref(), Some("1"));
    assert_eq!(result.records[2].error_code.as_deref(), Some("DIS.4302"));
    assert_eq!(result.records[2].shard_id.as_deref(), Some(""));

    let cursor = harness.cursor("s", "cursor-type=TRIM_HORIZON").await;
    let path = format!("/v2/p/records/?partition-cursor={cursor}&limit=1000");
    let reply = harness.send("GET", &path, CONTENT_TYPE, b"").await;
    let result = GetRecordsResult::decode(reply.body.as_slice()).expect("a result");
    assert_eq!(result.records.len(), 2);
    assert_eq!(result.records[0].data, &b"\x00\xff"[..]);
    assert_eq!(result.records[0].partition_key.as_deref(), Some("k"));
    assert_eq!(result.records[0].timestamp, Some(7));
    assert_eq!(result.records[1].data, &b""[..]);
    assert_eq!(result.records[1].partition_key, None);
    assert!(!result.next_shard_iterator.is_empty());
}

#[tokio::test]
async fn errors_stay_json() {
    let harness = Harness::start().await;
    let reply = harness
        .send("POST", "/v2/p/records", CONTENT_TYPE, b"\xff\xff")
        .await;
    assert_eq!(reply.refusal(), (400, "DIS.4200".to_owned()));
    let reply = harness
        .send("POST", "/v2/p/records", CONTENT_TYPE, b"")
        .await;
    assert_eq!(reply.refusal(), (400, "DIS.4202".to_owned()));
    let reply = harness
        .send("GET", "/v2/p/records?partition-cursor=x", CONTENT_TYPE, b"")
        .await;
    assert_eq!(reply.refusal(), (400, "DIS.4217".to_owned()));
}
