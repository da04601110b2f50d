//! Replies: what an operation makes of them.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use hubstream::config::Settings;
use hubstream::dis::DisClient;
use hubstream::dynamic::Value as Dynamic;
use hubstream::error::{Error, ErrorKind};
use hubstream::record::RecordBatchBuilder;
use hubstream::registry::AnyClient;
use hubstream::transport::Response;
use hubstream::transport::stub::Script;
use serde_json::Value;

use super::arguments::{json, text};
use crate::vectors::{Case, Outcome, Verdict, same};

/// The operation makes of the reply what the official client makes of it, or better.
pub(super) fn check(case: &Case) -> Verdict {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(agrees(&case.all))
}

async fn agrees(case: &Value) -> Verdict {
    let name = text(case, "operation")?;
    let expect = &case["expect"];
    let rows = expect["ok"]["fields"]["records"]
        .as_array()
        .map_or(1, Vec::len);
    let Some((operation, arguments)) = call(name, rows)? else {
        return Ok(Outcome::NotBuilt);
    };
    let mut settings = Settings::new("dis");
    for (name, value) in [("project_id", "p"), ("max_attempts", "1")] {
        settings
            .set(name, value)
            .map_err(|error| error.to_string())?;
    }
    let response = response(&case["response"])?;
    let builder = DisClient::from_settings(settings)
        .endpoint("http://127.0.0.1")
        .transport(Script::new([Ok(response.clone())]));
    let client = DisClient::new(builder).map_err(|error| error.to_string())?;
    let outcome = client.call(operation, arguments).await;
    if expect["ok"].is_object() {
        succeeded(&expect["ok"]["fields"], &response, outcome)
    } else if expect["error"].is_object() {
        match outcome {
            Ok(_) => Err("the call succeeded".to_owned()),
            Err(error) => failed(&expect["error"], &response, &error),
        }
    } else {
        // The official client breaks on such a reply, so there is nothing to agree with.
        match outcome {
            Ok(_) => Ok(Outcome::Deviates(
                "the reply is read; the official client breaks on it",
            )),
            Err(error) => {
                same("kind", &ErrorKind::Malformed, &error.kind())?;
                Ok(Outcome::Deviates(
                    "the reply is refused; the official client breaks on it",
                ))
            }
        }
    }
}

/// The official client got a result.
fn succeeded(expected: &Value, response: &Response, outcome: Result<Dynamic, Error>) -> Verdict {
    let raw: Option<Value> = serde_json::from_slice(&response.body).ok();
    let is_empty = response.body.iter().all(u8::is_ascii_whitespace);
    let refusal = if response.status.is_redirection() {
        Some("a redirection is an error; the official client takes it for an empty result")
    } else if raw.is_none() && !is_empty {
        Some(
            "a reply that is not JSON is an error; the official client takes it for an empty result",
        )
    } else {
        None
    };
    match (outcome, refusal) {
        (Err(error), Some(reason)) => {
            same("kind", &ErrorKind::Malformed, &error.kind())?;
            Ok(Outcome::Deviates(reason))
        }
        (Ok(_), Some(_)) => Err("the reply was taken for a success".to_owned()),
        (Err(error), None) => Err(format!("the call failed: {error:?}")),
        (Ok(value), None) => {
            let mut loose = false;
            let raw = raw.unwrap_or_default();
            subset("result", expected, &json(&value), &raw, &mut loose)?;
            Ok(if loose {
                Outcome::Deviates(
                    "the text \"false\" is false; the official client takes every text for true",
                )
            } else {
                Outcome::Passed
            })
        }
    }
}

/// The official client got an error.
fn failed(expected: &Value, response: &Response, error: &Error) -> Verdict {
    let status = response.status.as_u16();
    same("status", &Some(status), &error.http_status())?;
    let code = text(expected, "error_code")?;
    if code == status.to_string() {
        // The official client did not understand the body and put the status in place of the code.
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let member = |names: [&str; 3]| {
            names
                .iter()
                .find_map(|name| body[name].as_str())
                .unwrap_or_default()
        };
        same(
            "code",
            member(["errorCode", "error_code", "code"]),
            error.code(),
        )?;
        let message = member(["message", "error_msg", "errorMsg"]);
        if !message.is_empty() {
            same("message", message, error.message())?;
        }
        return Ok(Outcome::Deviates(
            "the official client reports the status and the bare body of this reply",
        ));
    }
    same("code", code, error.code())?;
    same("message", text(expected, "error_msg")?, error.message())?;
    if let Some(id) = expected["request_id"].as_str() {
        same("request id", id, error.request_id())?;
    }
    same(
        "detail",
        expected["encoded_auth_msg"].as_str().unwrap_or_default(),
        error.detail(),
    )?;
    Ok(Outcome::Passed)
}

/// The operation of this library, with arguments that make no difference to the reply.
fn call(operation: &str, rows: usize) -> Result<Option<(&'static str, Dynamic)>, String> {
    let texts = |pairs: &[(&'static str, &str)]| {
        Dynamic::map(
            pairs
                .iter()
                .map(|(name, value)| (*name, Dynamic::Text((*value).to_owned()))),
        )
    };
    let stream = ("stream_name", "s");
    let app = ("app_name", "a");
    let partition = ("partition_id", "0");
    Ok(Some(match operation {
        "show_stream" => ("describe_stream", texts(&[stream])),
        "list_streams" => ("list_streams", texts(&[])),
        "create_stream" => {
            let count = ("partition_count", Dynamic::Integer(1));
            let name = ("stream_name", Dynamic::Text("s".to_owned()));
            ("create_stream", Dynamic::map([name, count]))
        }
        "delete_stream" => ("delete_stream", texts(&[stream])),
        "send_records" => {
            let mut builder = RecordBatchBuilder::blobs();
            for _ in 0..rows {
                builder.push_blob(b"x").map_err(|error| error.to_string())?;
            }
            let records = builder.build().map_err(|error| error.to_string())?;
            let name = ("stream_name", Dynamic::Text("s".to_owned()));
            (
                "put_records",
                Dynamic::map([name, ("records", Dynamic::Records(records))]),
            )
        }
        "consume_records" => ("get_records", texts(&[("partition_cursor", "c")])),
        "show_cursor" => {
            let kind = ("cursor_type", "LATEST");
            ("get_cursor", texts(&[stream, partition, kind]))
        }
        "commit_checkpoint" => {
            let number = ("sequence_number", "1");
            (
                "commit_checkpoint",
                texts(&[app, stream, partition, number]),
            )
        }
        "show_checkpoint" => ("get_checkpoint", texts(&[app, stream, partition])),
        "show_consumer_state" => ("show_consumer_state", texts(&[app, stream])),
        "list_app" => ("list_apps", texts(&[])),
        "show_app" => ("describe_app", texts(&[app])),
        _ => return Ok(None),
    }))
}

fn response(response: &Value) -> Result<Response, String> {
    let status = response["status"].as_u64().unwrap_or_default();
    let status = u16::try_from(status).map_err(|_| "a status out of range")?;
    let mut headers = HeaderMap::new();
    for (name, value) in response["headers"].as_object().into_iter().flatten() {
        let name: HeaderName = name.parse().map_err(|_| "a bad header name")?;
        let value = value.as_str().unwrap_or_default();
        headers.insert(
            name,
            HeaderValue::from_str(value).map_err(|_| "a bad header value")?,
        );
    }
    let body = response["body_utf8"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    Ok(Response {
        status: StatusCode::from_u16(status).map_err(|error| error.to_string())?,
        headers,
        body: Bytes::from(body),
    })
}

/// Every expected member must be found with an equal value; further members are fine.
///
/// `loose` is set where the official client reads the text `false` as true, which is not copied.
fn subset(
    place: &str,
    expected: &Value,
    found: &Value,
    raw: &Value,
    loose: &mut bool,
) -> Result<(), String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            expected.iter().try_for_each(|(name, value)| {
                // Batches do not keep what the time means; there is one meaning only.
                if name == "timestamp_type" && value == "CreateTime" {
                    return Ok(());
                }
                let member = found.get(name).unwrap_or(&Value::Null);
                subset(&format!("{place}.{name}"), value, member, &raw[name], loose)
            })
        }
        (Value::Object(expected), Value::Null) if expected.is_empty() => Ok(()),
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => expected
            .iter()
            .zip(found)
            .enumerate()
            .try_for_each(|(index, (expected, found))| {
                subset(
                    &format!("{place}[{index}]"),
                    expected,
                    found,
                    &raw[index],
                    loose,
                )
            }),
        (Value::Bool(true), Value::Bool(false)) if raw == "false" => {
            *loose = true;
            Ok(())
        }
        _ => same(place, expected, found),
    }
}
