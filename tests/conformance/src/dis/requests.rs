//! Requests: what an operation sends.

use std::collections::BTreeSet;

use hubstream::config::Settings;
use hubstream::credentials::Credentials;
use hubstream::dis::{
    CommitCheckpoint, CreateApp, CreateStream, DeleteApp, DeleteCheckpoint, DeleteStream,
    DescribeApp, DescribeStream, DisService, GetCheckpoint, GetCursor, GetRecords, ListApps,
    ListStreams, PutRecords, ShowConsumerState, UpdatePartitionCount,
};
use hubstream::dynamic::Dynamic;
use hubstream::operation::{Exchange, Service};
use hubstream::transport::Request;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::access;
use super::arguments::{arguments, text, time};
use crate::vectors::{Case, Outcome, Verdict, same};

/// The emulator lets the captured request in, and the operation sends an equal one.
pub(super) fn check(case: &Case) -> Verdict {
    access::check(case)?;
    let Some(request) = build(&case.all)? else {
        return Ok(Outcome::NotBuilt);
    };
    compare(&case.all, &request)?;
    Ok(Outcome::Passed)
}

/// The request of a case, or nothing for an operation that does not exist.
fn build(case: &Value) -> Result<Option<Request>, String> {
    let config = &case["config"];
    let mut settings = Settings::new("dis");
    settings
        .set("project_id", text(config, "project_id")?)
        .map_err(|error| error.to_string())?;
    let service = DisService::from_settings(&settings).map_err(|error| error.to_string())?;
    let call = &case["call"];
    let encoded = match text(case, "operation")? {
        "create_stream" => encode::<CreateStream>(call, &service),
        "list_streams" => encode::<ListStreams>(call, &service),
        "show_stream" => encode::<DescribeStream>(call, &service),
        "delete_stream" => encode::<DeleteStream>(call, &service),
        "update_partition_count" => encode::<UpdatePartitionCount>(call, &service),
        "send_records" => encode::<PutRecords>(call, &service),
        "show_cursor" => encode::<GetCursor>(call, &service),
        "consume_records" => encode::<GetRecords>(call, &service),
        "create_app" => encode::<CreateApp>(call, &service),
        "list_app" => encode::<ListApps>(call, &service),
        "show_app" => encode::<DescribeApp>(call, &service),
        "delete_app" => encode::<DeleteApp>(call, &service),
        "show_consumer_state" => encode::<ShowConsumerState>(call, &service),
        "commit_checkpoint" => encode::<CommitCheckpoint>(call, &service),
        "show_checkpoint" => encode::<GetCheckpoint>(call, &service),
        "delete_checkpoint" => encode::<DeleteCheckpoint>(call, &service),
        _ => return Ok(None),
    };
    let mut request = encoded?;
    let mut credentials = Credentials::new(text(config, "ak")?, text(config, "sk")?);
    if let Some(token) = config["security_token"].as_str() {
        credentials = credentials.with_security_token(token);
    }
    let now = time(text(config, "date")?)?;
    service
        .sign(&mut request, text(config, "endpoint")?, &credentials, now)
        .map_err(|error| error.to_string())?;
    Ok(Some(request))
}

fn encode<O: Exchange<Service = DisService> + Dynamic>(
    call: &Value,
    service: &DisService,
) -> Result<Request, String> {
    let operation = O::from_value(arguments(call)?).map_err(|mismatch| mismatch.to_string())?;
    operation.encode(service).map_err(|error| error.to_string())
}

fn compare(case: &Value, request: &Request) -> Result<(), String> {
    let http = &case["http"];
    same("method", &text(http, "method")?, &request.method.as_str())?;
    let (path, query) = request
        .target
        .split_once('?')
        .unwrap_or((&request.target, ""));
    same("path", &text(http, "path")?, &path)?;
    same("query", &expected_query(http), &pairs(query))?;
    for name in [
        "content-type",
        "x-project-id",
        "x-sdk-date",
        "x-security-token",
    ] {
        let found = request
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok());
        same(name, &http["headers"][name].as_str(), &found)?;
    }
    let access = text(&case["config"], "ak")?;
    let scheme = format!("SDK-HMAC-SHA256 Access={access}, SignedHeaders=");
    let authorization = request
        .headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    if !authorization.is_some_and(|text| text.starts_with(&scheme)) {
        return Err(format!("authorization: found {authorization:?}"));
    }
    let expected = match &http["body_json"] {
        // Nothing was sent by the official client, and nothing must be sent here.
        Value::Null => return same("body", &&b""[..], &&request.body[..]),
        body => body,
    };
    let found: Value =
        serde_json::from_slice(&request.body).map_err(|error| format!("body: {error}"))?;
    same("body", expected, &found)
}

fn expected_query(http: &Value) -> BTreeSet<(String, String)> {
    http["query"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|pair| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (text(&pair[0]), text(&pair[1]))
        })
        .collect()
}

fn pairs(query: &str) -> BTreeSet<(String, String)> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}
