//! How often a request is sent: a put never twice after the service may have taken it, unless the caller asked for
//! at-least-once.

use hubstream::error::{ErrorKind, Status};

use crate::hub::{client, example};
use crate::server::{Answer, Server, reply};

/// What happens to the first attempt.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// The reply is a 503 of a gateway.
    Gateway,
    /// The service says that it failed.
    Failure,
    /// The service says that the rate was exceeded, so it took nothing.
    Throttled,
    /// The connection breaks after the request was read.
    BrokenAfterRequest,
    /// The connection breaks after the head of the request was read.
    BrokenAfterHead,
    /// The connection breaks in the middle of the reply.
    BrokenReply,
    /// The reply cannot be understood.
    Damaged,
    /// The service refuses for good.
    Refused,
}

impl Fault {
    fn answer(self) -> Answer {
        let error = |status: &str, code: &str| {
            let body = format!(r#"{{"ErrorCode":"{code}","ErrorMessage":"m"}}"#);
            Answer::Reply(reply(
                status,
                &["Content-Type: application/json"],
                body.as_bytes(),
            ))
        };
        match self {
            Self::Gateway => Answer::Reply(reply("503 Service Unavailable", &[], b"<html></html>")),
            Self::Failure => error("500 Internal Server Error", "InternalServerError"),
            Self::Throttled => error("429 Too Many Requests", "LimitExceeded"),
            Self::BrokenAfterRequest => Answer::Last(Vec::new()),
            Self::BrokenAfterHead => Answer::CloseAfterHead,
            Self::BrokenReply => {
                Answer::Last(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".to_vec())
            }
            Self::Damaged => Answer::Reply(reply("200 OK", &[], b"<html></html>")),
            Self::Refused => error("400 Bad Request", "InvalidParameter"),
        }
    }
}

/// Fault, whether an idempotent call is repeated, whether a put is.
const TABLE: &[(Fault, bool, bool)] = &[
    (Fault::Gateway, true, false),
    (Fault::Failure, true, false),
    (Fault::Throttled, true, true),
    (Fault::BrokenAfterRequest, true, false),
    (Fault::BrokenAfterHead, true, false),
    (Fault::BrokenReply, true, false),
    (Fault::Damaged, false, false),
    (Fault::Refused, false, false),
];

/// A good reply to the operation.
fn good(operation: &str) -> Answer {
    let body: &[u8] = match operation {
        "put_records" => b"{\"FailedRecordCount\":0,\"FailedRecords\":[]}",
        "dis put_records" => br#"{"failed_record_count":0,"records":[{"partition_id":"shardId-0000000000","sequence_number":"0"}]}"#,
        "list_project" => br#"{"ProjectNames":[]}"#,
        _ => b"{}",
    };
    Answer::Reply(reply("200 OK", &[], body))
}

async fn check(operation: &str, fault: Fault, at_least_once: bool, repeated: bool) {
    let server = Server::start([fault.answer(), good(operation)]).await;
    let service = if operation.starts_with("dis ") {
        "dis"
    } else {
        "datahub"
    };
    let mut settings = vec![(
        "at_least_once",
        if at_least_once { "true" } else { "false" },
    )];
    if service == "datahub" {
        settings.push(("protocol", "json"));
    }
    let client = client(service, &server.url, &settings);
    let name = operation.strip_prefix("dis ").unwrap_or(operation);
    let outcome = client.call(name, example(operation)).await;
    let sent = server.take_seen().heads.len();
    let what = format!("{operation} {fault:?} at_least_once={at_least_once}: {outcome:?}");
    assert_eq!(sent, if repeated { 2 } else { 1 }, "{what}");
    assert_eq!(outcome.is_ok(), repeated, "{what}");
    if let Err(error) = outcome {
        assert_eq!(error.attempts(), 1, "{what}");
    }
}

#[tokio::test]
async fn idempotent_calls_are_repeated() {
    for (fault, repeated, _) in TABLE {
        check("list_project", *fault, false, *repeated).await;
    }
}

#[tokio::test]
async fn puts_are_not_sent_twice_once_they_may_have_been_taken() {
    for operation in [
        "put_records",
        "put_records_by_shard",
        "dis put_records",
        "create_project",
    ] {
        for (fault, _, repeated) in TABLE {
            if operation == "dis put_records" && matches!(fault, Fault::Throttled) {
                // Another service, another code: the status 429 says the same.
                check(operation, *fault, false, true).await;
                continue;
            }
            check(operation, *fault, false, *repeated).await;
        }
    }
}

#[tokio::test]
async fn at_least_once_makes_puts_repeatable_and_nothing_else() {
    for (fault, repeated, _) in TABLE {
        for operation in ["put_records", "put_records_by_shard", "dis put_records"] {
            check(operation, *fault, true, *repeated).await;
        }
    }
    check("create_project", Fault::Failure, true, false).await;
    check("create_project", Fault::BrokenAfterRequest, true, false).await;
}

#[tokio::test]
async fn a_put_on_a_connection_that_was_kept_open_is_not_sent_twice_either() {
    let server = Server::start([]).await;
    let client = client("datahub", &server.url, &[("protocol", "json")]);
    for _ in 0..20 {
        server.set([
            good("list_project"),
            Answer::Last(Vec::new()),
            good("put_records"),
        ]);
        client
            .call("list_project", example("list_project"))
            .await
            .expect("a list");
        let outcome = client.call("put_records", example("put_records")).await;
        let error = outcome.map(drop).expect_err("the connection broke");
        assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
        assert!(error.was_sent());
        let seen = server.take_seen();
        assert_eq!(
            seen.whole
                .iter()
                .filter(|line| line.starts_with("POST"))
                .count(),
            1,
            "{seen:?}"
        );
    }
}

#[tokio::test]
async fn a_connection_that_is_closed_unread_gives_one_put_at_most() {
    let server = Server::start([]).await;
    let client = client("datahub", &server.url, &[("protocol", "json")]);
    for _ in 0..20 {
        server.set([
            Answer::CloseAtOnce,
            good("put_records"),
            good("put_records"),
        ]);
        let outcome = client.call("put_records", example("put_records")).await;
        let seen = server.take_seen();
        // Whether the client noticed before it sent anything is a race; that it sends twice is not.
        match outcome {
            Ok(_) => assert_eq!(seen.whole.len(), 1, "{seen:?}"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
                assert_eq!(seen.heads.len(), 0, "{seen:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_put_that_could_not_be_sent_is_tried_again() {
    // Nobody listens there: the port was free a moment ago and the address is this machine's own.
    let port = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        listener.local_addr().expect("an address").port()
    };
    let client = client("datahub", &format!("http://127.0.0.1:{port}"), &[]);
    let error = client
        .call("put_records", example("put_records"))
        .await
        .map(drop)
        .expect_err("nobody there");
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert_eq!(error.status(), Status::Exhausted);
    assert_eq!(error.attempts(), 4);
    assert!(!error.was_sent());
}

#[tokio::test]
async fn attempts_end_with_the_policy() {
    let server = Server::start([Fault::Failure; 10].map(Fault::answer)).await;
    let client = client("datahub", &server.url, &[("max_attempts", "3")]);
    let error = client
        .call("list_project", example("list_project"))
        .await
        .map(drop)
        .expect_err("failures");
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Unavailable, Status::Exhausted)
    );
    assert_eq!(error.attempts(), 3);
    assert_eq!(error.code(), "InternalServerError");
    assert_eq!(server.take_seen().whole.len(), 3);
}
