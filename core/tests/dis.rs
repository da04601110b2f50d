//! DIS calls through the whole pipeline, without a network: what is repeated, and what bad replies become.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use hubstream::client::ClientBuilder;
use hubstream::dis::{
    CommitCheckpoint, CreateStream, DescribeApp, DisClient, GetCursor, GetRecords, PutRecords,
};
use hubstream::error::{Error, ErrorKind, Result, Status};
use hubstream::record::{RecordBatch, RecordBatchBuilder};
use hubstream::time::ManualClock;
use hubstream::transport::Response;
use hubstream::transport::stub::Script;

const START: Duration = Duration::from_secs(1_704_164_645);

#[allow(clippy::unnecessary_wraps, reason = "outcomes of a script are results")]
fn reply(status: u16, body: &str) -> Result<Response> {
    Ok(Response {
        status: StatusCode::from_u16(status).expect("a status"),
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    })
}

fn builder(script: &Script) -> ClientBuilder {
    let start: SystemTime = UNIX_EPOCH + START;
    DisClient::builder("http://127.0.0.1:1/base")
        .set("access_id", "AK")
        .set("access_key", "SK")
        .set("project_id", "p")
        .transport(script.clone())
        .clock(ManualClock::new(start))
}

fn records() -> RecordBatch {
    let mut builder = RecordBatchBuilder::blobs();
    builder.push_blob(b"payload-of-the-record").expect("a blob");
    builder.build().expect("a batch")
}

const PUT: &str = r#"{"failed_record_count":0,"records":[{"partition_id":"shardId-0000000000","sequence_number":"0"}]}"#;
const THROTTLED: &str = r#"{"errorCode":"DIS.4303","message":"Exceeded traffic control limit."}"#;
const BROKEN: &str = r#"{"errorCode":"DIS.5000","message":"System error."}"#;

/// Puts against a list of replies; returns the outcome and how often the put was sent.
async fn put(replies: Vec<Result<Response>>, at_least_once: bool) -> (Result<()>, usize) {
    let script = Script::new(replies);
    let client =
        DisClient::new(builder(&script).set("at_least_once", at_least_once)).expect("a client");
    let outcome = client.put_records(PutRecords::new("s", records())).await;
    (outcome.map(|_| ()), script.requests().len())
}

/// Name, replies, whether at least once, attempts, whether it succeeds.
type Row = (
    &'static str,
    fn() -> Vec<Result<Response>>,
    bool,
    usize,
    bool,
);

#[tokio::test]
async fn a_put_is_repeated_only_when_it_cannot_have_been_accepted() {
    let unsent = || {
        Err(Error::new(ErrorKind::Connection, "refused")
            .temporary()
            .with_sent(false))
    };
    let lost = || Err(Error::new(ErrorKind::Connection, "reset").temporary());
    let table: [Row; 8] = [
        (
            "throttled",
            || vec![reply(400, THROTTLED), reply(200, PUT)],
            false,
            2,
            true,
        ),
        (
            "too many requests",
            || vec![reply(429, ""), reply(200, PUT)],
            false,
            2,
            true,
        ),
        (
            "server error",
            || vec![reply(500, BROKEN), reply(200, PUT)],
            false,
            1,
            false,
        ),
        (
            "server error",
            || vec![reply(500, BROKEN), reply(200, PUT)],
            true,
            2,
            true,
        ),
        (
            "gateway timeout",
            || vec![reply(504, "<html>"), reply(200, PUT)],
            false,
            1,
            false,
        ),
        (
            "bad argument",
            || vec![reply(400, r#"{"errorCode":"DIS.4200"}"#), reply(200, PUT)],
            true,
            1,
            false,
        ),
        (
            "wrong key",
            || vec![reply(401, r#"{"errorCode":"DIS.4112"}"#), reply(200, PUT)],
            true,
            1,
            false,
        ),
        (
            "quota",
            || vec![reply(400, r#"{"errorCode":"DIS.4308"}"#), reply(200, PUT)],
            true,
            1,
            false,
        ),
    ];
    for (name, replies, at_least_once, attempts, succeeds) in table {
        let (outcome, sent) = put(replies(), at_least_once).await;
        assert_eq!(
            (outcome.is_ok(), sent),
            (succeeds, attempts),
            "{name}: {outcome:?}"
        );
    }
    let (outcome, sent) = put(vec![unsent(), reply(200, PUT)], false).await;
    assert_eq!((outcome.is_ok(), sent), (true, 2), "not sent");
    let (outcome, sent) = put(vec![lost(), reply(200, PUT)], false).await;
    assert_eq!((outcome.is_ok(), sent), (false, 1), "sent and lost");
}

#[tokio::test]
async fn each_attempt_is_signed_anew() {
    let script = Script::new([reply(500, BROKEN), reply(200, r#"{"app_name":"a"}"#)]);
    let client = DisClient::new(builder(&script)).expect("a client");
    let app = client
        .describe_app(DescribeApp::new("a b"))
        .await
        .expect("the second attempt");
    assert_eq!(app.app_name, "a");
    let requests = script.requests();
    assert_eq!(requests.len(), 2);
    for request in &requests {
        assert_eq!(request.target, "/v2/p/apps/a%20b");
        assert_eq!(request.headers["content-type"], "application/json");
        assert_eq!(request.headers["x-project-id"], "p");
    }
}

#[tokio::test]
async fn retries_end() {
    let script = Script::new((0..9).map(|_| reply(503, "")));
    let client = DisClient::new(builder(&script).set("max_attempts", 3)).expect("a client");
    let error = client
        .describe_app(DescribeApp::new("a"))
        .await
        .expect_err("never answered");
    assert_eq!(
        (error.kind(), error.status(), error.attempts()),
        (ErrorKind::Unavailable, Status::Exhausted, 3)
    );
    assert_eq!(script.requests().len(), 3);
}

#[tokio::test]
async fn replies_that_make_no_sense_are_errors() {
    for (status, body) in [
        (200, ""),
        (200, "<html>proxy</html>"),
        (200, "[]"),
        (200, "null"),
        (200, "\u{feff}{}"),
        (200, r#"{"partition_cursor":5}"#),
        (200, r#"{"partition_cursor":"c"} trailing"#),
        (200, r#"{"partition_cursor":"#),
        (301, ""),
        (302, r#"{"partition_cursor":"c"}"#),
    ] {
        let script = Script::new([reply(status, body)]);
        let client = DisClient::new(builder(&script)).expect("a client");
        let error = client
            .get_cursor(GetCursor::new("s", "0").starting_sequence_number("0"))
            .await
            .expect_err(body);
        assert_eq!(error.kind(), ErrorKind::Malformed, "{status} {body}");
        assert!(!error.to_string().contains("proxy"), "{error}");
    }
}

#[tokio::test]
async fn a_success_without_content_may_not_be_a_page() {
    for (body, succeeds) in [
        ("", true),
        ("{}", true),
        (" \r\n", true),
        ("<html></html>", false),
        ("{", false),
    ] {
        let script = Script::new([reply(201, body), reply(201, body)]);
        let client = DisClient::new(builder(&script)).expect("a client");
        let created = client.create_stream(CreateStream::new("s", 1)).await;
        assert_eq!(created.is_ok(), succeeds, "{body}");
        let committed = client
            .commit_checkpoint(CommitCheckpoint::new("a", "s", "0", "1"))
            .await;
        assert_eq!(committed.is_ok(), succeeds, "{body}");
    }
}

#[tokio::test]
async fn bad_arguments_are_not_sent() {
    let script = Script::default();
    let client = DisClient::new(builder(&script)).expect("a client");
    let commit = |number: &str| CommitCheckpoint::new("a", "s", "0", number);
    let outcomes = [
        client
            .create_stream(CreateStream::new("no spaces", 1))
            .await,
        client.create_stream(CreateStream::new("s", 0)).await,
        client
            .create_stream(CreateStream::new("s", 1).data_duration(23))
            .await,
        client.commit_checkpoint(commit("-1")).await,
        client
            .commit_checkpoint(commit("9223372036854775808"))
            .await,
        client
            .commit_checkpoint(commit("1").metadata("m".repeat(1001)))
            .await,
        client
            .commit_checkpoint(CommitCheckpoint::new("a", "s", "first", "1"))
            .await,
        client
            .commit_checkpoint(CommitCheckpoint::new("", "s", "0", "1"))
            .await,
        client.get_records(GetRecords::new("")).await.map(|_| ()),
        client
            .get_records(GetRecords::new("c").limit(0))
            .await
            .map(|_| ()),
    ];
    for (number, outcome) in outcomes.into_iter().enumerate() {
        let error = outcome.expect_err("refused");
        assert_eq!(
            error.kind(),
            ErrorKind::InvalidArgument,
            "{number}: {error}"
        );
        assert_eq!(error.service(), "dis", "{number}");
        assert!(!error.was_sent(), "{number}");
    }
    assert!(script.requests().is_empty());
}

#[tokio::test]
async fn errors_show_no_payload_and_no_secret() {
    let refusal = r#"{"errorCode":"DIS.4112","message":"The signature does not match."}"#;
    let script = Script::new([reply(401, refusal)]);
    let client = DisClient::new(builder(&script)).expect("a client");
    let error = client
        .put_records(PutRecords::new("s", records()))
        .await
        .expect_err("refused");
    let shown = format!("{error} {error:?} {client:?} {:?}", script.requests());
    for secret in ["payload-of-the-record", "cGF5bG9hZ", "\"SK\"", "Signature="] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
