//! What a data directory keeps.

use super::harness::{Harness, builder};

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let directory = tempfile::tempdir().expect("tempdir");
    let start = || Harness::of(builder().data_dir(directory.path()));
    let harness = start().await;
    harness.stream("s").await;
    harness.stream("gone").await;
    harness.put("gone", &["x"]).await;
    assert_eq!(
        harness.json("DELETE", "/streams/gone", "").await.status,
        204
    );
    harness.app("a").await;
    harness.put("s", &["0", "1", "2"]).await;
    let commit = r#"{"app_name":"a","stream_name":"s","partition_id":"0","sequence_number":"1","metadata":"m"}"#;
    assert_eq!(
        harness.json("POST", "/checkpoints", commit).await.status,
        201
    );
    let scale = r#"{"stream_name":"s","target_partition_count":3}"#;
    assert_eq!(harness.json("PUT", "/streams/s", scale).await.status, 200);
    let described = harness.json("GET", "/streams/s", "").await.json();
    let cursor = harness.cursor("s", "starting-sequence-number=1").await;
    let read = harness.get(&cursor).await.json();
    harness.emulator.shutdown().await;

    let harness = start().await;
    assert_eq!(
        harness.json("GET", "/streams/s", "").await.json(),
        described
    );
    assert_eq!(
        harness.get(&cursor).await.json()["records"],
        read["records"]
    );
    let checkpoint = "/checkpoints?stream_name=s&app_name=a&partition_id=0";
    let checkpoint = harness.json("GET", checkpoint, "").await.json();
    assert_eq!(
        (&checkpoint["sequence_number"], &checkpoint["metadata"]),
        (&"1".into(), &"m".into())
    );
    assert_eq!(
        harness.json("GET", "/streams", "").await.json()["stream_names"],
        serde_json::json!(["s"])
    );
    harness.put("s", &["3"]).await;
    let latest = harness.cursor("s", "starting-sequence-number=3").await;
    assert_eq!(
        harness.get(&latest).await.json()["records"][0]["data"],
        "Mw=="
    );
    harness.emulator.reset();
    assert_eq!(
        harness.json("GET", "/streams", "").await.json()["total_number"],
        0
    );
    harness.emulator.shutdown().await;

    let harness = start().await;
    assert_eq!(
        harness.json("GET", "/streams", "").await.json()["total_number"],
        0
    );
    harness.emulator.shutdown().await;
}
