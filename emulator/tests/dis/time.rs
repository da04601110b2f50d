//! What the passing of time does.

use std::time::Duration;

use serde_json::Value;

use super::harness::Harness;

const HOUR: Duration = Duration::from_secs(3600);

fn sequence_numbers(reply: &Value) -> Vec<&str> {
    let records = reply["records"].as_array().expect("records");
    records
        .iter()
        .map(|record| record["sequence_number"].as_str().expect("a number"))
        .collect()
}

#[tokio::test]
async fn a_cursor_lives_for_five_minutes() {
    let harness = Harness::start().await;
    harness.stream("s").await;
    let clock = harness.emulator.clock();
    let cursor = harness.cursor("s", "cursor-type=LATEST").await;
    clock.advance(Duration::from_secs(300));
    let reply = harness.get(&cursor).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let next = reply.json()["next_partition_cursor"]
        .as_str()
        .expect("a cursor")
        .to_owned();
    clock.advance(Duration::from_millis(1));
    assert_eq!(
        harness.get(&cursor).await.refusal(),
        (400, "DIS.4225".to_owned())
    );
    assert_eq!(harness.get(&next).await.status, 200);
}

#[tokio::test]
async fn records_expire_and_take_positions_with_them() {
    let harness = Harness::start().await;
    harness.stream("s").await;
    let clock = harness.emulator.clock();
    harness.put("s", &["0", "1"]).await;
    clock.advance(23 * HOUR);
    harness.put("s", &["2"]).await;
    clock.advance(Duration::from_secs(59 * 60));
    let old = harness.cursor("s", "starting-sequence-number=0").await;
    assert_eq!(
        sequence_numbers(&harness.get(&old).await.json()),
        ["0", "1", "2"]
    );

    clock.advance(Duration::from_secs(60));
    assert_eq!(
        harness.get(&old).await.refusal(),
        (400, "DIS.4226".to_owned())
    );
    let path = "/cursors?stream-name=s&partition-id=0&starting-sequence-number=1";
    assert_eq!(
        harness.json("GET", path, "").await.refusal(),
        (400, "DIS.4224".to_owned())
    );
    let oldest = harness.cursor("s", "cursor-type=TRIM_HORIZON").await;
    assert_eq!(sequence_numbers(&harness.get(&oldest).await.json()), ["2"]);
    let after = harness
        .cursor(
            "s",
            "cursor-type=AFTER_SEQUENCE_NUMBER&starting-sequence-number=1",
        )
        .await;
    assert_eq!(sequence_numbers(&harness.get(&after).await.json()), ["2"]);
    let shown = harness.json("GET", "/streams/s", "").await.json();
    assert_eq!(shown["partitions"][0]["sequence_number_range"], "[2 : 3]");

    harness.app("a").await;
    let slow = r#"{"app_name":"a","stream_name":"s","partition_id":"0","sequence_number":"0"}"#;
    assert_eq!(harness.json("POST", "/checkpoints", slow).await.status, 201);
}

#[tokio::test]
async fn a_time_finds_the_first_record_from_it_on() {
    let harness = Harness::start().await;
    harness.stream("s").await;
    let clock = harness.emulator.clock();
    let start = clock.now_ms();
    for text in ["0", "1", "2"] {
        harness.put("s", &[text]).await;
        clock.advance(Duration::from_secs(1));
    }
    for (time, expected) in [
        (0, vec!["0", "1", "2"]),
        (start, vec!["0", "1", "2"]),
        (start + 1, vec!["1", "2"]),
        (start + 2000, vec!["2"]),
        (start + 2001, vec![]),
        (start + 9_000_000, vec![]),
    ] {
        let cursor = harness
            .cursor("s", &format!("cursor-type=AT_TIMESTAMP&timestamp={time}"))
            .await;
        assert_eq!(
            sequence_numbers(&harness.get(&cursor).await.json()),
            expected,
            "{time}"
        );
    }
}

#[tokio::test]
async fn a_closed_partition_is_readable_until_it_expires() {
    let harness = Harness::start().await;
    harness.stream("s").await;
    let clock = harness.emulator.clock();
    let record = r#"{"stream_name":"s","records":[{"data":"eA==","partition_id":"1"}]}"#;
    assert_eq!(
        harness.json("POST", "/records", record).await.json()["failed_record_count"],
        0
    );
    let scaled = harness
        .json(
            "PUT",
            "/streams/s",
            r#"{"stream_name":"s","target_partition_count":1}"#,
        )
        .await
        .json();
    assert_eq!(
        (
            &scaled["current_partition_count"],
            &scaled["target_partition_count"]
        ),
        (&2.into(), &1.into())
    );
    let refused = harness.json("POST", "/records", record).await.json();
    assert_eq!(refused["records"][0]["error_code"], "DIS.4302");

    let path = "/cursors?stream-name=s&partition-id=1&cursor-type=TRIM_HORIZON";
    let cursor = harness.json("GET", path, "").await.json()["partition_cursor"]
        .as_str()
        .expect("a cursor")
        .to_owned();
    let read = harness.get(&cursor).await.json();
    assert_eq!(sequence_numbers(&read), ["0"]);
    let end = read["next_partition_cursor"].as_str().expect("a cursor");
    assert_eq!(
        sequence_numbers(&harness.get(end).await.json()),
        Vec::<&str>::new()
    );

    clock.advance(24 * HOUR);
    assert_eq!(
        harness.json("GET", path, "").await.refusal(),
        (400, "DIS.4319".to_owned())
    );
    let refused = harness.json("POST", "/records", record).await.json();
    assert_eq!(refused["records"][0]["error_code"], "DIS.4319");
    let shown = harness.json("GET", "/streams/s", "").await.json();
    assert_eq!(shown["partitions"][1]["status"], "EXPIRED");
    assert_eq!(shown["partitions"][1]["hash_range"], "[-1 : -1]");
    assert_eq!(shown["readable_partition_count"], 1);
}
