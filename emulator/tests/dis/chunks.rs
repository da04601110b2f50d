//! Bodies that arrive in many parts.

use std::fmt::Write as _;

use serde_json::json;

use super::harness::Harness;

#[tokio::test]
async fn a_body_of_many_chunks_is_read_in_order() {
    let harness = Harness::start().await;
    harness.stream("s").await;
    let records: Vec<_> = (0..200)
        .map(|number| json!({"data": "QUJD".repeat(number), "partition_id": "0"}))
        .collect();
    let body = json!({"stream_name": "s", "records": records}).to_string();
    let mut wire = "POST /v2/p/records HTTP/1.1\r\nhost: e\r\nx-auth-token: emulator\r\n\
                    transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        .to_owned();
    for part in body.as_bytes().chunks(1000) {
        let part = std::str::from_utf8(part).expect("ASCII");
        let _ = write!(wire, "{:x}\r\n{part}\r\n", part.len());
    }
    wire.push_str("0\r\n\r\n");
    let reply = harness.raw(wire.as_bytes()).await;
    assert_eq!(reply.json()["failed_record_count"], 0, "{reply:?}");
    let cursor = harness.cursor("s", "cursor-type=TRIM_HORIZON").await;
    let read = harness.get(&cursor).await.json();
    let records = read["records"].as_array().expect("records");
    assert_eq!(records.len(), 200);
    for (number, record) in records.iter().enumerate() {
        assert_eq!(record["data"], "QUJD".repeat(number));
    }
}
