//! Faults, seen by the library's client and on the wire.

use std::time::{Duration, UNIX_EPOCH};

use hubstream::datahub::{
    CreateBlobTopic, CreateProject, CursorType, DataHub, GetBlobRecords, GetCursor, ListProject,
    PutRecords,
};
use hubstream::error::{Error, ErrorKind, Result};
use hubstream::record::{RecordBatch, RecordBatchBuilder};
use hubstream::time::ManualClock;
use hubstream_emulator::Emulator;
use hubstream_emulator::faults::{Effect, ErrorReply, Fault, FaultPlan, When};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{Client, Reply, Request, read_reply};

/// A client whose pauses take no time, and a topic of one shard.
async fn with_topic() -> Result<(Emulator, DataHub)> {
    let emulator = Emulator::builder()
        .datahub("127.0.0.1:0")
        .start()
        .await
        .expect("start");
    let builder = DataHub::builder(emulator.datahub_url().expect("url"))
        .set("access_id", "emulator")
        .set("access_key", "emulator")
        .set("max_attempts", 4)
        .clock(ManualClock::new(
            UNIX_EPOCH + Duration::from_secs(1_800_000_000),
        ));
    let client = DataHub::new(builder)?;
    client.create_project(CreateProject::new("shop")).await?;
    client
        .create_blob_topic(CreateBlobTopic::new("shop", "log", 1, 3))
        .await?;
    Ok((emulator, client))
}

fn record() -> Result<RecordBatch> {
    let mut builder = RecordBatchBuilder::blobs();
    builder.push_blob(b"x")?;
    builder.set_shard_id("0")?;
    builder.build()
}

async fn put(client: &DataHub) -> Result<()> {
    client
        .put_records(PutRecords::new("shop", "log", record()?))
        .await
        .map(drop)
}

/// How many records the topic holds.
async fn stored(client: &DataHub) -> Result<usize> {
    let cursor = GetCursor::new("shop", "log", "0", CursorType::Oldest);
    let cursor = client.get_cursor(cursor).await?.cursor;
    let got = client
        .get_blob_records(GetBlobRecords::new("shop", "log", "0", cursor))
        .await?;
    Ok(got.records.len())
}

fn set(emulator: &Emulator, operation: &str, effect: Effect, count: u64, when: Option<When>) {
    let mut fault = Fault::new(operation, effect);
    fault.count = Some(count);
    fault.when = when;
    emulator.set_faults(FaultPlan::new([fault])).expect("valid");
}

fn struck(emulator: &Emulator) -> u64 {
    emulator.faults()[0].struck
}

fn failed(outcome: Result<()>) -> Error {
    outcome.expect_err("the reply was lost")
}

#[tokio::test]
async fn a_put_whose_reply_is_lost_is_not_repeated() -> Result<()> {
    let (emulator, client) = with_topic().await?;
    let mut expected = 0;
    for effect in [Effect::Drop, Effect::Half] {
        for (when, kept) in [(None, 1), (Some(When::After), 1), (Some(When::Before), 0)] {
            set(&emulator, "PutRecords", effect.clone(), 9, when);
            let error = failed(put(&client).await);
            assert!(error.was_sent(), "{error}");
            assert_eq!(struck(&emulator), 1, "{effect:?} {when:?}");
            expected += kept;
            assert_eq!(stored(&client).await?, expected, "{effect:?} {when:?}");
        }
    }
    emulator.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_get_whose_reply_is_lost_is_repeated() -> Result<()> {
    let (emulator, client) = with_topic().await?;
    put(&client).await?;
    for effect in [Effect::Drop, Effect::Half] {
        for when in [When::Before, When::After] {
            set(&emulator, "GetBlobRecords", effect.clone(), 2, Some(when));
            assert_eq!(stored(&client).await?, 1);
            assert_eq!(struck(&emulator), 2, "{effect:?} {when:?}");
        }
    }
    emulator.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_throttled_put_is_repeated_and_stored_once() -> Result<()> {
    let (emulator, client) = with_topic().await?;
    set(&emulator, "PutRecords", Effect::Throttle, 2, None);
    put(&client).await?;
    assert_eq!(struck(&emulator), 2);
    assert_eq!(stored(&client).await?, 1);
    emulator.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_wrong_checksum_is_noticed() -> Result<()> {
    let (emulator, client) = with_topic().await?;
    set(&emulator, "PutRecords", Effect::CorruptCrc, 1, None);
    let error = put(&client).await.expect_err("damaged");
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    assert_eq!(struck(&emulator), 1);
    // Reading is repeated, as often as any attempt.
    set(&emulator, "GetTupleRecords", Effect::CorruptCrc, 5, None);
    let error = stored(&client).await.expect_err("damaged");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Malformed, 4));
    assert_eq!(struck(&emulator), 4);
    assert_eq!(stored(&client).await?, 1, "the put was handled");
    emulator.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn errors_are_in_the_form_of_the_service() -> Result<()> {
    let (emulator, client) = with_topic().await?;
    let error = ErrorReply {
        status: 400,
        code: "InvalidParameter".to_owned(),
        message: "on request".to_owned(),
    };
    set(&emulator, "ListProject", Effect::Error(error), 1, None);
    let error = client
        .list_project(ListProject::new())
        .await
        .expect_err("a fault");
    assert_eq!(error.code(), "InvalidParameter");
    assert!(error.to_string().contains("on request"), "{error}");
    client.list_project(ListProject::new()).await?;
    emulator.reset();
    assert!(emulator.faults().is_empty());
    emulator.shutdown().await;
    Ok(())
}

/// Calls the fault API.
async fn faults(client: &Client, method: &str, body: &str) -> Reply {
    let length = body.len();
    let wire = format!(
        "{method} /_hubstream/faults HTTP/1.1\r\nhost: e\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let mut connection = client.connect().await;
    connection.write_all(wire.as_bytes()).await.expect("send");
    read_reply(&mut connection).await
}

#[tokio::test]
async fn faults_are_set_shown_and_removed_over_http() {
    let mut client = Client::new().await;
    let fault = json!({"operation": "ListProject", "effect": {"throttle": true}, "count": 2});
    let body = json!({"seed": 5, "faults": [fault]}).to_string();
    assert_eq!(faults(&client, "PUT", &body).await.status, 200);
    for _ in 0..2 {
        let reply = client.call("GET", "/projects", Value::Null).await;
        assert_eq!(
            (reply.status, reply.code()),
            (429, "LimitExceeded".to_owned())
        );
    }
    client.ok("GET", "/projects", Value::Null).await;
    let shown = faults(&client, "GET", "").await.json();
    assert_eq!(
        (&shown["seed"], &shown["faults"][0]["struck"]),
        (&json!(5), &json!(2))
    );
    assert_eq!(shown["faults"][0]["effect"], json!({"throttle": true}));

    let bad = r#"{"faults":[{"operation":"Explode","effect":"drop"}]}"#;
    let refused = faults(&client, "PUT", bad).await;
    assert_eq!(refused.status, 400);
    let said = refused.json()["error"].to_string();
    assert!(said.contains("faults[0].operation"), "{said}");
    assert_eq!(
        faults(&client, "GET", "").await.json(),
        shown,
        "nothing changed"
    );
    assert_eq!(faults(&client, "POST", "").await.status, 405);

    assert_eq!(faults(&client, "DELETE", "").await.status, 200);
    assert_eq!(faults(&client, "GET", "").await.json()["faults"], json!([]));
}

#[tokio::test]
async fn without_the_api_its_path_is_unknown() {
    let client = Client::of(Emulator::builder().fault_api(false).no_auth(true)).await;
    for method in ["GET", "PUT", "DELETE"] {
        let reply = faults(&client, method, "").await;
        assert_eq!(
            (reply.status, reply.code()),
            (400, "InvalidUriSpec".to_owned())
        );
    }
}

#[tokio::test]
async fn half_a_reply_announces_a_whole_one() {
    let mut client = Client::of(Emulator::builder().no_auth(true)).await;
    let whole = client.send(&Request::new("GET", "/projects", "")).await;
    set(&client.emulator, "*", Effect::Half, 1, None);
    let mut connection = client.connect().await;
    connection
        .write_all(b"GET /projects HTTP/1.1\r\nhost: e\r\n\r\n")
        .await
        .expect("send");
    let mut received = Vec::new();
    connection.read_to_end(&mut received).await.expect("closed");
    let received = String::from_utf8(received).expect("text");
    let (head, body) = received.split_once("\r\n\r\n").expect("a head");
    let length = format!("content-length: {}", whole.body.len());
    assert!(head.to_ascii_lowercase().contains(&length), "{head}");
    assert_eq!(body.as_bytes(), &whole.body[..whole.body.len() / 2]);
}
