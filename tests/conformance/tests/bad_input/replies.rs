//! Replies that cannot be right. Each gives an error of the documented kind that shows nothing of the reply's
//! contents or of the credentials, and the client goes on as before.

use std::sync::Arc;

use hubstream::dynamic::Value;
use hubstream::error::{Error, ErrorKind};
use hubstream::registry::AnyClient;

use crate::hub::{client, example};
use crate::reply_bodies::{bodies, dis, statuses};
use crate::reply_records::{frames, json_records};
use crate::reply_transfer::{connections, encodings};
use crate::server::{Answer, Server, reply};

/// What stands in bodies and must not be seen in messages.
const MARK: &str = "top-secret";

/// A reply and the error that it gives.
pub(crate) struct Case {
    pub(crate) what: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) settings: &'static [(&'static str, &'static str)],
    pub(crate) bytes: Vec<u8>,
    pub(crate) kind: ErrorKind,
    pub(crate) code: &'static str,
    /// How many requests the call may send.
    pub(crate) requests: usize,
}

/// A reply to `list_project` or another call without records.
pub(crate) fn plain(
    what: &'static str,
    operation: &'static str,
    bytes: Vec<u8>,
    kind: ErrorKind,
) -> Case {
    Case {
        what,
        operation,
        settings: &[],
        bytes,
        kind,
        code: "",
        requests: 1,
    }
}

pub(crate) fn malformed(what: &'static str, operation: &'static str, body: &[u8]) -> Case {
    plain(
        what,
        operation,
        reply("200 OK", &["Content-Type: application/json"], body),
        ErrorKind::Malformed,
    )
}

async fn call(client: &Arc<dyn AnyClient>, operation: &str) -> Result<Value, Error> {
    let name = operation.strip_prefix("dis ").unwrap_or(operation);
    client.call(name, example(operation)).await
}

/// Says what is wrong with the outcome of a case, if anything is.
fn verdict(case: &Case, outcome: Result<Value, Error>) -> Result<(), String> {
    let Err(error) = outcome else {
        return Err("no error".to_owned());
    };
    let shown = format!("{error}\n{error:?}");
    if error.kind() != case.kind || error.code() != case.code {
        return Err(format!("expected {} `{}`: {shown}", case.kind, case.code));
    }
    if shown.contains(MARK) {
        return Err(format!("shows what it must not: {shown}"));
    }
    if error.attempts() != 1 {
        return Err(format!("{} attempts: {shown}", error.attempts()));
    }
    Ok(())
}

async fn run(service: &'static str, cases: Vec<Case>, least: usize) {
    assert!(cases.len() >= least, "only {} cases", cases.len());
    let server = Server::start([]).await;
    let (usual, good) = match service {
        "dis" => (
            "list_streams",
            reply("200 OK", &[], br#"{"stream_names":["a"]}"#),
        ),
        _ => (
            "list_project",
            reply("200 OK", &[], br#"{"ProjectNames":["a"]}"#),
        ),
    };
    let mut wrong = Vec::new();
    for case in cases {
        let settings = [case.settings, &[("max_attempts", "1")]].concat();
        let client = client(service, &server.url, &settings);
        let further = vec![Answer::Reply(good.clone()); case.requests];
        server.set([vec![Answer::Last(case.bytes.clone())], further].concat());
        let outcome = call(&client, case.operation).await;
        let sent = server.take_seen().whole.len();
        let after = call(&client, usual).await.map(drop);
        server.take_seen();
        let verdict = verdict(&case, outcome)
            .and_then(|()| {
                if sent == case.requests {
                    Ok(())
                } else {
                    Err(format!("sent {sent} times"))
                }
            })
            .and_then(|()| after.map_err(|error| format!("the next call fails: {error}")));
        wrong.extend(
            verdict
                .err()
                .map(|problem| format!("{}: {problem}", case.what)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn bodies_that_are_not_the_result() {
    run("datahub", bodies(), 25).await;
}

#[tokio::test]
async fn statuses_without_a_known_error() {
    run("datahub", statuses(), 20).await;
}

#[tokio::test]
async fn damaged_compression() {
    run("datahub", encodings(), 20).await;
}

#[tokio::test]
async fn damaged_frames() {
    run("datahub", frames(), 25).await;
}

#[tokio::test]
async fn damaged_json_records() {
    run("datahub", json_records(), 10).await;
}

#[tokio::test]
async fn broken_connections() {
    run("datahub", connections(), 12).await;
}

#[tokio::test]
async fn damaged_replies_of_dis() {
    run("dis", dis(), 12).await;
}
