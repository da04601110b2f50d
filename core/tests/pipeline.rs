//! How a call passes the pipeline: attempts, pauses, errors and layers, without a network.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hubstream::client::ClientBuilder;
use hubstream::credentials::{CredentialProvider, Credentials};
use hubstream::datahub::{
    CreateProject, DataHub, GetBlobRecords, GetProject, ListProject, PutRecords,
};
use hubstream::dynamic::Value;
use hubstream::error::{Error, ErrorKind, Result, Status};
use hubstream::pipeline::{Context, Layer, Next};
use hubstream::record::RecordBatchBuilder;
use hubstream::registry::AnyClient;
use hubstream::time::{Clock, ManualClock};
use hubstream::transport::stub::{Never, Refuse, Script};
use hubstream::transport::{BoxFuture, Request, Response};

#[allow(clippy::unnecessary_wraps, reason = "an outcome of a script")]
fn reply(status: u16, body: &'static str) -> Result<Response> {
    let mut headers = http::HeaderMap::new();
    headers.insert("x-datahub-request-id", "req-1".parse().unwrap());
    Ok(Response {
        status: http::StatusCode::from_u16(status).unwrap(),
        headers,
        body: Bytes::from_static(body.as_bytes()),
    })
}

fn broken(sent: bool) -> Result<Response> {
    Err(Error::new(ErrorKind::Connection, "the connection broke")
        .temporary()
        .with_sent(sent))
}

const PROJECTS: &str = r#"{"ProjectNames":["a"]}"#;
const BUSY: &str = r#"{"ErrorCode":"InternalServerError","ErrorMessage":"try again"}"#;
const GOT: &str = r#"{"NextCursor":"c2","RecordCount":2,"StartSeq":0,"Records":[
    {"Sequence":0,"SystemTime":1,"Cursor":"c0","NextCursor":"c1","Data":"YQ=="},
    {"Sequence":1,"SystemTime":1,"Cursor":"c1","NextCursor":"c2","Data":"Yg=="}]}"#;
const LIMIT: &str = r#"{"ErrorCode":"LimitExceeded","ErrorMessage":"too fast"}"#;

fn builder() -> ClientBuilder {
    DataHub::builder("http://hub.example/base")
        .credentials(Credentials::new("id", "key"))
        .clock(ManualClock::new(SystemTime::UNIX_EPOCH))
}

fn hub(script: &Script) -> DataHub {
    DataHub::new(builder().transport(script.clone())).unwrap()
}

#[tokio::test]
async fn idempotent_calls_are_repeated_and_signed_afresh() {
    let script = Script::new([reply(500, BUSY), broken(true), reply(200, PROJECTS)]);
    let result = hub(&script).list_project(ListProject::new()).await.unwrap();
    assert_eq!(result.project_names, ["a"]);
    assert_eq!(result.request_id, "req-1");
    let requests = script.requests();
    assert_eq!(requests.len(), 3);
    for request in &requests {
        assert!(request.headers.contains_key("authorization"));
        assert_eq!(request.target, "/projects");
    }
}

#[tokio::test]
async fn a_client_counts_what_it_does() {
    let script = Script::new([reply(500, BUSY), reply(200, PROJECTS), broken(true)]);
    let hub = hub(&script);
    assert_eq!(hub.stats().calls, 0);
    hub.list_project(ListProject::new()).await.unwrap();
    let create = hub.clone().create_project(CreateProject::new("shop")).await;
    assert!(create.is_err());
    let stats = hub.stats();
    assert_eq!((stats.calls, stats.failed_calls), (2, 1));
    assert_eq!((stats.attempts, stats.retries), (3, 1));
    assert_eq!(stats.sent_bytes, r#"{"Comment":""}"#.len() as u64);
    assert_eq!(stats.received_bytes, (BUSY.len() + PROJECTS.len()) as u64);
    let names: Vec<_> = stats.records_put.keys().map(String::as_str).collect();
    assert_eq!(names, ["PutRecords", "PutRecordsByShard"]);
    assert!(stats.records_got.values().all(|records| *records == 0));
}

#[tokio::test]
async fn records_count_when_they_were_stored_or_got() {
    let part = r#"{"FailedRecordCount":1,"FailedRecords":[{"Index":0,"ErrorCode":"InvalidShardOperation","ErrorMessage":"closed"}]}"#;
    let script = Script::new([reply(200, part), broken(true), reply(200, GOT)]);
    let hub = DataHub::new(builder().transport(script).set("protocol", "json")).unwrap();
    let mut records = RecordBatchBuilder::blobs();
    for _ in 0..3 {
        records.push_blob(b"x").unwrap();
    }
    let put = PutRecords::new("shop", "orders", records.build().unwrap());
    hub.put_records(put.clone()).await.unwrap();
    hub.put_records(put).await.unwrap_err();
    let get = GetBlobRecords::new("shop", "orders", "0", "c0");
    hub.get_blob_records(get).await.unwrap();
    let stats = hub.stats();
    let named = |name: &str, number| BTreeMap::from([(name.to_owned(), number)]);
    let mut put = named("PutRecords", 2);
    put.extend(named("PutRecordsByShard", 0));
    let mut got = named("GetBlobRecords", 2);
    got.extend(named("GetTupleRecords", 0));
    assert_eq!((stats.records_put, stats.records_got), (put, got));
}

#[tokio::test]
async fn other_calls_are_repeated_only_when_nothing_was_sent() {
    let create = || CreateProject::new("shop");
    let script = Script::new([broken(false), reply(201, "{}")]);
    hub(&script).create_project(create()).await.unwrap();
    assert_eq!(script.requests().len(), 2);

    let script = Script::new([broken(true)]);
    let error = hub(&script).create_project(create()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert_eq!(error.status(), Status::Temporary);
    assert_eq!((error.attempts(), script.requests().len()), (1, 1));

    // A throttled request was certainly not accepted.
    let script = Script::new([reply(429, LIMIT), reply(201, "{}")]);
    hub(&script).create_project(create()).await.unwrap();
    assert_eq!(script.requests().len(), 2);
}

#[tokio::test]
async fn attempts_run_out_with_the_whole_story() {
    let script = Script::new([(); 4].map(|()| reply(500, BUSY)));
    let error = hub(&script)
        .list_project(ListProject::new())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.status(), Status::Exhausted);
    assert_eq!(
        error.to_string(),
        "try again (InternalServerError, datahub.ListProject, request req-1, 4 attempts)"
    );
    assert_eq!(error.http_status(), Some(500));
}

#[tokio::test]
async fn the_total_time_bounds_all_attempts() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let builder = DataHub::builder("http://hub.example")
        .set("total_timeout", "0.5")
        .set("max_attempts", "1000")
        .clock(clock.clone())
        .transport(Refuse);
    let error = DataHub::new(builder)
        .unwrap()
        .list_project(ListProject::new())
        .await
        .unwrap_err();
    assert_eq!(error.status(), Status::Exhausted);
    assert!(clock.elapsed() <= Duration::from_millis(500));
}

#[tokio::test]
async fn redirections_and_pages_are_errors() {
    let script = Script::new([reply(302, "")]);
    let error = hub(&script)
        .list_project(ListProject::new())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    let script = Script::new([reply(200, "<html>")]);
    let error = hub(&script)
        .list_project(ListProject::new())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(error.request_id(), "req-1");
    assert_eq!(error.http_status(), Some(200));
    assert!(!error.to_string().contains("html"));
}

#[tokio::test]
async fn only_what_looks_like_success_may_have_taken_effect() {
    for (status, body, remark) in [
        (200, "<html>", true),
        (299, "<html>", true),
        (300, "", false),
        (302, "", false),
    ] {
        let script = Script::new([reply(status, body)]);
        let hub = hub(&script);
        let create = hub.create_project(CreateProject::new("shop"));
        let error = create.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{status}");
        let told = error.to_string().contains("the call may have taken effect");
        assert_eq!(told, remark, "{status}: {error}");
    }
}

#[tokio::test]
async fn bad_arguments_are_not_sent() {
    let script = Script::default();
    let hub = hub(&script);
    let error = hub
        .create_project(CreateProject::new("1"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("`project_name`"), "{error}");
    let missing = hub.call("get_project", Value::Null).await.unwrap_err();
    assert_eq!(
        missing.to_string(),
        "argument `project_name`: is missing (datahub.GetProject)"
    );
    let unknown = hub.call("make_coffee", Value::Null).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::InvalidArgument);
    assert!(script.requests().is_empty());
}

#[tokio::test]
async fn calls_by_name_give_the_same_result() {
    let body = r#"{"Comment":"c","CreateTime":1,"LastModifyTime":2,"New":{}}"#;
    let script = Script::new([reply(200, body)]);
    let arguments = Value::map([("project_name", Value::Text("shop".to_owned()))]);
    let result = hub(&script).call("GetProject", arguments).await.unwrap();
    assert!(matches!(result.get("project_name"), Some(Value::Text(name)) if name == "shop"));
    assert!(matches!(result.get("create_time"), Some(Value::Long(1))));
    assert_eq!(script.requests()[0].target, "/projects/shop");
}

#[tokio::test]
async fn a_dropped_call_ends() {
    let hub = DataHub::new(builder().transport(Never)).unwrap();
    let call = tokio::spawn(async move { hub.list_project(ListProject::new()).await });
    tokio::task::yield_now().await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
}

#[derive(Default)]
struct Rotating(AtomicU32);

impl CredentialProvider for Rotating {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials>> {
        let turn = self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            Ok(Credentials::new(format!("id{turn}"), "key")
                .with_security_token(format!("token{turn}")))
        })
    }
}

struct Silent;

impl CredentialProvider for Silent {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_provider_that_never_answers_is_not_waited_for_without_an_end() {
    let script = Script::new([]);
    let hub = DataHub::new(
        builder()
            .credential_provider(Arc::new(Silent))
            .set("max_attempts", 2)
            .transport(script.clone()),
    )
    .unwrap();
    let error = hub.list_project(ListProject::new()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.was_sent(), error.attempts()),
        (ErrorKind::Timeout, false, 2)
    );
    assert_eq!(error.message(), "no credentials in time");
    assert!(script.requests().is_empty());
}

#[tokio::test]
async fn a_provider_is_asked_once_per_request() {
    let script = Script::new([reply(500, BUSY), reply(200, PROJECTS)]);
    let provider = Arc::new(Rotating::default());
    let hub = DataHub::new(
        DataHub::builder("http://hub.example")
            .credential_provider(provider.clone())
            .clock(ManualClock::new(SystemTime::UNIX_EPOCH))
            .transport(script.clone()),
    )
    .unwrap();
    hub.list_project(ListProject::new()).await.unwrap();
    assert_eq!(provider.0.load(Ordering::SeqCst), 2);
    for (turn, request) in script.requests().iter().enumerate() {
        let authorization = request.headers["authorization"].to_str().unwrap();
        assert!(authorization.starts_with(&format!("DATAHUB id{turn}:")));
        assert_eq!(
            request.headers["x-datahub-security-token"]
                .to_str()
                .unwrap(),
            format!("token{turn}")
        );
    }
}

struct Counter(Arc<AtomicU32>);

impl Layer for Counter {
    fn handle<'a>(
        &'a self,
        context: &'a mut Context,
        mut request: Request,
        next: Next<'a>,
    ) -> BoxFuture<'a, Result<Response>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        request
            .headers
            .insert("x-datahub-source-ip", "10.0.0.1".parse().unwrap());
        Box::pin(async move {
            let response = next.run(context, request).await;
            assert_eq!(context.attempts, 2);
            response
        })
    }
}

#[tokio::test]
async fn a_layer_sees_the_call_once_and_is_signed() {
    let script = Script::new([reply(500, BUSY), reply(200, PROJECTS)]);
    let count = Arc::new(AtomicU32::new(0));
    let hub = DataHub::new(
        builder()
            .transport(script.clone())
            .layer(Counter(Arc::clone(&count))),
    )
    .unwrap();
    hub.list_project(ListProject::new()).await.unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert_eq!(
        script.requests()[1].headers["x-datahub-source-ip"],
        "10.0.0.1"
    );
}

#[tokio::test]
async fn the_path_of_the_endpoint_is_signed() {
    let script = Script::new([reply(200, PROJECTS)]);
    hub(&script).list_project(ListProject::new()).await.unwrap();
    let headers = &script.requests()[0].headers;
    let text = hubstream::sign::datahub::string_to_sign(
        "GET",
        "/base/projects",
        headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap())),
    );
    assert_eq!(
        headers["authorization"],
        hubstream::sign::datahub::authorization("id", "key", &text)
    );
    assert!(format!("{:?}", headers["authorization"]).contains("Sensitive"));
}

#[test]
fn settings_are_checked_when_the_client_is_made() {
    let wrong = [
        ("protocol", "avro"),
        ("compress_format", "rar"),
        ("signature", "v9"),
        ("signature", "v4"),
        ("max_attempts", "0"),
        ("ca_file", "/nonexistent.pem"),
        ("proxy", "::"),
        ("proxy", "http://proxy:99999"),
        ("endpoint", "hub.example"),
    ];
    for (name, value) in wrong {
        let error =
            DataHub::new(DataHub::builder("http://hub.example").set(name, value)).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{name}={value}");
    }
}

#[tokio::test]
async fn an_unknown_service_text_reaches_the_caller_whole() {
    let body = r#"{"RequestId":"r2","ErrorCode":"Odd","ErrorMessage":"m","ErrorDetail":"d"}"#;
    let script = Script::new([reply(400, body)]);
    let error = hub(&script)
        .get_project(GetProject::new("shop"))
        .await
        .unwrap_err();
    assert_eq!((error.code(), error.detail()), ("Odd", "d"));
    assert_eq!(error.request_id(), "r2");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

/// A refusal for the date, dated itself.
fn refusal(seconds: u64) -> Result<Response> {
    let body = r#"{"ErrorCode":"Unauthorized","ErrorMessage":"no"}"#;
    let mut reply = reply(401, body)?;
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let date = httpdate::fmt_http_date(date);
    reply.headers.insert("date", date.parse().unwrap());
    Ok(reply)
}

fn dates(script: &Script) -> Vec<SystemTime> {
    let date = |request: Request| {
        let date = request.headers["date"].to_str().unwrap().to_owned();
        httpdate::parse_http_date(&date).unwrap()
    };
    script.requests().into_iter().map(date).collect()
}

#[tokio::test]
async fn a_refused_date_is_put_right_once_and_kept() {
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let script = Script::new([
        refusal(4600),
        reply(201, "{}"),
        reply(200, PROJECTS),
        refusal(1000),
        refusal(9000),
    ]);
    let clock = ManualClock::new(at(1000));
    let builder = DataHub::builder("http://hub.example")
        .credentials(Credentials::new("id", "key"))
        .clock(clock.clone())
        .transport(script.clone());
    let hub = DataHub::new(builder).unwrap();
    // Not even a call that must not be repeated was carried out, and no time is lost.
    hub.create_project(CreateProject::new("shop"))
        .await
        .unwrap();
    assert_eq!(clock.elapsed(), Duration::ZERO);
    clock.advance(Duration::from_secs(5));
    hub.list_project(ListProject::new()).await.unwrap();
    let error = hub.list_project(ListProject::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!((error.attempts(), error.status()), (2, Status::Permanent));
    assert_eq!(
        dates(&script),
        [at(1000), at(4600), at(4605), at(4605), at(1000)]
    );
    assert_eq!(hub.stats().retries, 2);
}

#[tokio::test]
async fn a_refusal_of_another_kind_is_none_of_the_date() {
    let no_permission = reply(403, r#"{"ErrorCode":"NoPermission","ErrorMessage":"no"}"#);
    for outcome in [
        refusal(30),
        reply(401, r#"{"ErrorCode":"Unauthorized"}"#),
        no_permission,
    ] {
        let script = Script::new([outcome]);
        let error = hub(&script)
            .list_project(ListProject::new())
            .await
            .unwrap_err();
        assert_eq!(error.attempts(), 1);
        assert!(!error.message().contains("clock"), "{error}");
    }
}
