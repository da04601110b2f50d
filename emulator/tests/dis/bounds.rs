//! How much is written and read, to the byte.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::harness::Harness;

/// Puts one record; gives its error code, empty if it was stored.
async fn put(harness: &Harness, record: Value) -> String {
    let body = json!({"stream_name": "s", "records": [record]}).to_string();
    let reply = harness.json("POST", "/records", &body).await.json();
    let code = reply["records"][0]["error_code"].as_str();
    code.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_record_has_at_most_one_mebibyte() {
    let harness = Harness::start().await;
    harness.stream("s").await;
    for (size, code) in [(1 << 20, ""), ((1 << 20) + 1, "DIS.4200")] {
        let data = STANDARD.encode(vec![b'x'; size]);
        assert_eq!(put(&harness, json!({ "data": data })).await, code, "{size}");
    }
}

#[tokio::test]
async fn hash_keys_end_where_the_last_partition_ends() {
    let harness = Harness::start().await;
    harness.stream("s").await;
    for (key, code) in [
        ("0", ""),
        ("9223372036854775807", ""),
        ("9223372036854775808", "DIS.4200"),
        ("-1", "DIS.4200"),
    ] {
        let record = json!({"data": "", "explicit_hash_key": key});
        assert_eq!(put(&harness, record).await, code, "{key}");
    }
}

#[tokio::test]
async fn a_read_ends_before_it_has_more_bytes_than_asked_for() {
    let harness = Harness::start().await;
    harness.stream("s").await;
    harness.put("s", &["aaaa", "bbbb", "cccc"]).await;
    let cursor = harness.cursor("s", "cursor-type=TRIM_HORIZON").await;
    for (bytes, count) in [(3, 0), (4, 1), (7, 1), (8, 2), (11, 2), (12, 3), (100, 3)] {
        let path = format!("/records?partition-cursor={cursor}&max_fetch_bytes={bytes}");
        let reply = harness.json("GET", &path, "").await.json();
        let records = reply["records"].as_array().expect("records");
        assert_eq!(records.len(), count, "{bytes}");
    }
}
