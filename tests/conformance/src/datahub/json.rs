//! `json_records.json`.

use std::collections::BTreeMap;

use hubstream::codec::{CompressFormat, json};
use hubstream::datahub::Protocol;
use serde_json::Value as Json;

use super::{records, requests};
use crate::vectors::{Case, Outcome, Verdict, must_be_refused, must_fail, same, sha256_hex};

pub(super) fn records(case: &Case) -> Verdict {
    let (input, expected) = (case.input(), case.expected());
    let text = || input["body_text"].as_str().unwrap_or_default().to_owned();
    match case.operation() {
        "put_records" | "get_request" => {
            let service = requests::service(Protocol::Json, CompressFormat::None);
            let request = requests::request(input, &service);
            if expected.get("error").is_some() {
                return must_be_refused(expected, request);
            }
            let request = request?;
            requests::same_head(expected, &request)?;
            same_body(expected, &request.body)?;
            if case.operation() == "put_records" {
                let schema = records::schema(&input["schema"])?;
                let read = json::decode_put_request(request.body, schema)
                    .map_err(|error| error.to_string())?;
                records::same_records(&input["records"], &read)?;
            }
            Ok(Outcome::Passed)
        }
        "put_response" => {
            let reply = json::decode_put(text().as_bytes());
            if expected.get("error").is_some() {
                return must_fail(expected, reply);
            }
            records::same_put_reply(&expected["ok"], &reply.map_err(|error| error.to_string())?)?;
            Ok(Outcome::Passed)
        }
        "get_records" => {
            let schema = records::schema(&input["schema"])?;
            let reply = json::decode_get(text().into(), schema).and_then(|reply| {
                records::read_all(&reply.records)?;
                Ok(reply)
            });
            if expected.get("error").is_some() {
                return must_fail(expected, reply);
            }
            records::same_reply(&expected["ok"], &reply.map_err(|error| error.to_string())?)?;
            Ok(Outcome::Passed)
        }
        _ => Ok(Outcome::NotBuilt),
    }
}

fn same_body(expected: &Json, body: &[u8]) -> Result<(), String> {
    let mut found: Json = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let records = found.get_mut("Records").and_then(Json::as_array_mut);
    for record in records.into_iter().flatten() {
        for name in ["Sequence", "SystemTime", "BatchIndex"] {
            if let Some(members) = record.as_object_mut()
                && members.get(name).is_some_and(|value| *value == 0)
            {
                members.remove(name);
            }
        }
    }
    if let Some(expected) = expected.get("body") {
        same("body", expected, &found)?;
    }
    if let Some(digest) = expected["body_canonical_sha256"].as_str() {
        same(
            "digest of the body",
            &digest,
            &sha256_hex(canonical(&found).to_string().as_bytes()).as_str(),
        )?;
    }
    Ok(())
}

/// The value with the members of all objects sorted.
fn canonical(value: &Json) -> Json {
    match value {
        Json::Object(members) => {
            let sorted: BTreeMap<_, _> = members
                .iter()
                .map(|(name, value)| (name, canonical(value)))
                .collect();
            sorted
                .into_iter()
                .map(|(name, value)| (name.clone(), value))
                .collect()
        }
        Json::Array(elements) => elements.iter().map(canonical).collect(),
        _ => value.clone(),
    }
}
