//! Signatures: every stage of every form.

use hubstream::sign::dis::{DATE_HEADER, Key, SERVICE, Scope, Stages, Subject, Variant, encode};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::vectors::{Case, Outcome, Verdict, same, unhex};

#[derive(Deserialize)]
struct Vector {
    input: Input,
    expect: Expect,
}

#[derive(Deserialize)]
struct Input {
    ak: String,
    sk: String,
    #[serde(default)]
    project_id: Option<String>,
    #[serde(default)]
    security_token: Option<String>,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    service: Option<String>,
    date: String,
    method: String,
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    endpoint: Option<String>,
    path: String,
    query: Value,
    headers: Map<String, Value>,
    #[serde(default)]
    body_utf8: Option<String>,
    #[serde(default)]
    body_hex: Option<String>,
}

#[derive(Deserialize)]
struct Expect {
    canonical_request: String,
    canonical_request_sha256: String,
    string_to_sign: String,
    signed_headers: String,
    signature: String,
    authorization: String,
    #[serde(default)]
    wire_headers: Option<Map<String, Value>>,
    #[serde(default)]
    request_uri: Option<String>,
    #[serde(default)]
    host_header: Option<String>,
}

/// The signature of the current clients.
pub(super) fn unscoped(case: &Case) -> Verdict {
    check(case, Variant::Unscoped)
}

/// The signature of the current clients with a derived key.
pub(super) fn derived(case: &Case) -> Verdict {
    check(case, Variant::Derived)
}

/// The signature of the older Python client with its key as it is.
pub(super) fn scoped(case: &Case) -> Verdict {
    check(case, Variant::Scoped)
}

/// The signature of the older Python client by default.
pub(super) fn scoped_derived(case: &Case) -> Verdict {
    check(case, Variant::ScopedDerived)
}

/// The signature of the Java client.
pub(super) fn java(case: &Case) -> Verdict {
    check(case, Variant::Java)
}

fn check(case: &Case, variant: Variant) -> Verdict {
    let vector: Vector = serde_json::from_value(case.all.clone())
        .map_err(|error| format!("the case cannot be read: {error}"))?;
    verify(&vector, variant)?;
    Ok(Outcome::Passed)
}

fn verify(vector: &Vector, variant: Variant) -> Result<(), String> {
    let Vector { input, expect } = vector;
    let (host, path) = place(input, variant)?;
    if let Some(expected) = &expect.host_header {
        same("host header", expected, &host)?;
    }
    let headers = headers(input, variant, &host);
    let query = query(&input.query);
    let body = body(input)?;
    let subject = Subject {
        method: &input.method,
        path: &path,
        query,
        headers,
        body: &body,
    };
    if let Some(expected) = &expect.request_uri {
        let query = variant.query_form().write(&subject.query);
        let uri = if query.is_empty() {
            path.clone()
        } else {
            format!("{path}?{query}")
        };
        same("request uri", expected, &uri)?;
    }
    let scope = Scope {
        region: input.region.as_deref().unwrap_or_default(),
        service: input.service.as_deref().unwrap_or(SERVICE),
    };
    let key = Key {
        access: &input.ak,
        secret: &input.sk,
    };
    let sent = subject.headers.clone();
    let stages = subject.sign(variant, &key, &scope);
    if let Some(expected) = &expect.wire_headers {
        wire_headers(expected, sent, &stages)?;
    }
    results(expect, &stages)
}

/// Everything that a signature is made of, and itself.
fn results(expect: &Expect, stages: &Stages) -> Result<(), String> {
    same(
        "canonical request",
        &expect.canonical_request,
        &stages.canonical_request,
    )?;
    same(
        "hash of the canonical request",
        &expect.canonical_request_sha256,
        &stages.canonical_request_sha256,
    )?;
    same(
        "string to sign",
        &expect.string_to_sign,
        &stages.string_to_sign,
    )?;
    same(
        "signed headers",
        &expect.signed_headers,
        &stages.signed_headers,
    )?;
    same("signature", &expect.signature, &stages.signature)?;
    same(
        "authorization",
        &expect.authorization,
        &stages.authorization,
    )
}

/// The signed host and the path on the wire.
fn place(input: &Input, variant: Variant) -> Result<(String, String), String> {
    if variant != Variant::Java {
        let host = input.host.clone().ok_or("no host")?;
        let host = match variant {
            Variant::Scoped | Variant::ScopedDerived => {
                host.split(':').next().unwrap_or_default().to_owned()
            }
            _ => host,
        };
        return Ok((host, input.path.clone()));
    }
    let endpoint = input.endpoint.as_deref().ok_or("no endpoint")?;
    let (scheme, rest) = endpoint
        .split_once("://")
        .ok_or("endpoint without scheme")?;
    let (authority, base) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    };
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    let host = authority
        .strip_suffix(default_port)
        .unwrap_or(authority)
        .to_owned();
    let segments: Vec<String> = input.path.split('/').map(encode).collect();
    Ok((
        host,
        format!("{}{}", base.trim_end_matches('/'), segments.join("/")),
    ))
}

fn headers(input: &Input, variant: Variant, host: &str) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = input
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), text(value)))
        .collect();
    let mut add = |name: &str, value: &str| {
        if !headers
            .iter()
            .any(|(given, _)| given.eq_ignore_ascii_case(name))
        {
            headers.push((name.to_owned(), value.to_owned()));
        }
    };
    add("host", host);
    add(DATE_HEADER, &input.date);
    if matches!(variant, Variant::Unscoped | Variant::Derived) {
        if let Some(project) = &input.project_id {
            add("x-project-id", project);
        }
        if let Some(token) = &input.security_token {
            add("x-security-token", token);
        }
    }
    headers
}

fn wire_headers(
    expected: &Map<String, Value>,
    sent: Vec<(String, String)>,
    stages: &Stages,
) -> Result<(), String> {
    let mut found: Map<String, Value> = sent
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), Value::from(value.trim())))
        .collect();
    if stages.unsigned_payload {
        found.insert(
            "x-sdk-content-sha256".to_owned(),
            Value::from("UNSIGNED-PAYLOAD"),
        );
    }
    if *expected == found {
        Ok(())
    } else {
        Err(format!(
            "headers on the wire: expected {expected:?}, found {found:?}"
        ))
    }
}

fn query(given: &Value) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut add = |name: &str, value: &Value| match value {
        Value::Array(values) => {
            pairs.extend(values.iter().map(|value| (name.to_owned(), text(value))));
        }
        other => pairs.push((name.to_owned(), text(other))),
    };
    match given {
        Value::Object(map) => map.iter().for_each(|(name, value)| add(name, value)),
        Value::Array(list) => {
            for pair in list {
                add(&text(&pair[0]), &pair[1]);
            }
        }
        _ => {}
    }
    pairs
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn body(input: &Input) -> Result<Vec<u8>, String> {
    match (&input.body_utf8, &input.body_hex) {
        (Some(text), _) => Ok(text.clone().into_bytes()),
        (None, None) => Ok(Vec::new()),
        (None, Some(hex)) => unhex(hex),
    }
}
