//! Who is calling: request signatures of every form that official clients send.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use http::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode_str;
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::error::Error;
use crate::clock;

/// How far the date of a request may be off, in milliseconds.
const MAX_SKEW_MS: i64 = 15 * 60 * 1000;

/// Checks that a request is signed by the holder of the only known key.
pub(super) fn verify(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    access_id: &str,
    access_key: &str,
) -> Result<(), Error> {
    let Some(authorization) = headers.get(AUTHORIZATION) else {
        return Err(Error::unauthorized("The request is not signed."));
    };
    let authorization = authorization.to_str().map_err(|_| unreadable())?;
    let claim = Claim::parse(authorization).ok_or_else(unreadable)?;
    let known: bool = claim
        .access_id
        .as_bytes()
        .ct_eq(access_id.as_bytes())
        .into();
    if !known {
        return Err(Error::unauthorized("The access id is not known."));
    }
    let head = signed_head(method, headers);
    let key = claim.signing_key(access_key);
    let matches = resources(uri).into_iter().any(|resource| {
        let mut text = head.clone();
        text.extend_from_slice(&resource);
        let expected = key.sign(&text);
        expected.as_bytes().ct_eq(claim.signature.as_bytes()).into()
    });
    if matches {
        Ok(())
    } else {
        Err(Error::unauthorized("The request signature does not match."))
    }
}

/// Checks that a request was dated within [`MAX_SKEW_MS`] of a time.
pub(super) fn check_date(headers: &HeaderMap, now_ms: i64) -> Result<(), Error> {
    let date = headers.get(DATE).and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
    let date = date.ok_or_else(|| {
        Error::unauthorized("The Date header is missing or is not of the form of HTTP.")
    })?;
    if (now_ms - clock::unix_ms(date)).abs() > MAX_SKEW_MS {
        return Err(Error::unauthorized(
            "The Date header is too far from the time of the service.",
        ));
    }
    Ok(())
}

fn unreadable() -> Error {
    Error::unauthorized("The Authorization header is not of a known form.")
}

/// What an `Authorization` header says.
struct Claim<'a> {
    access_id: &'a str,
    signature: &'a str,
    scope: Option<Scope<'a>>,
}

/// What a version-4 key is bound to.
struct Scope<'a> {
    day: &'a str,
    region: &'a str,
}

impl<'a> Claim<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        if let Some(rest) = header.strip_prefix("DATAHUB ") {
            let (access_id, signature) = rest.trim().rsplit_once(':')?;
            return Some(Self {
                access_id,
                signature,
                scope: None,
            });
        }
        let rest = header.strip_prefix("ACS3-HMAC-SHA256 ")?;
        let (mut credential, mut signature) = (None, None);
        for part in rest.split(',') {
            match part.trim().split_once('=')? {
                ("Credential", value) => credential = Some(value),
                ("Signature", value) => signature = Some(value),
                _ => {}
            }
        }
        let mut parts = credential?.rsplitn(5, '/');
        let (suffix, product) = (parts.next()?, parts.next()?);
        let (region, day, access_id) = (parts.next()?, parts.next()?, parts.next()?);
        (suffix == "aliyun_v4_request" && product == "datahub").then_some(())?;
        Some(Self {
            access_id,
            signature: signature?,
            scope: Some(Scope { day, region }),
        })
    }

    fn signing_key(&self, access_key: &str) -> SigningKey {
        let Some(scope) = &self.scope else {
            return SigningKey::Version1(access_key.as_bytes().to_vec());
        };
        let day = sha256(
            format!("aliyun_v4{access_key}").as_bytes(),
            scope.day.as_bytes(),
        );
        let region = sha256(&day, scope.region.as_bytes());
        let product = sha256(&region, b"datahub");
        let key = sha256(&product, b"aliyun_v4_request");
        SigningKey::Version4(BASE64.encode(key).into_bytes())
    }
}

enum SigningKey {
    Version1(Vec<u8>),
    Version4(Vec<u8>),
}

impl SigningKey {
    fn sign(&self, text: &[u8]) -> String {
        match self {
            Self::Version1(key) => {
                let mut mac =
                    Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes keys of any length");
                mac.update(text);
                BASE64.encode(mac.finalize().into_bytes())
            }
            Self::Version4(key) => BASE64.encode(sha256(key, text)),
        }
    }
}

fn sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// Everything that is signed before the resource.
fn signed_head(method: &Method, headers: &HeaderMap) -> Vec<u8> {
    let value = |name| {
        headers
            .get(name)
            .map_or(&b""[..], |value: &http::HeaderValue| value.as_bytes())
    };
    let mut text = Vec::with_capacity(256);
    for line in [method.as_str().as_bytes(), value(CONTENT_TYPE), value(DATE)] {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    let names: BTreeSet<&str> = headers
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| name.starts_with("x-datahub-"))
        .collect();
    for name in names {
        for value in headers.get_all(name) {
            text.extend_from_slice(name.as_bytes());
            text.push(b':');
            text.extend_from_slice(value.as_bytes());
            text.push(b'\n');
        }
    }
    text
}

/// The forms in which clients sign the resource: as sent, or decoded with sorted parameters, where a parameter
/// without a value is written with or without `=`.
fn resources(uri: &Uri) -> Vec<Vec<u8>> {
    let raw = uri
        .path_and_query()
        .map_or("/", http::uri::PathAndQuery::as_str);
    let mut resources = vec![raw.as_bytes().to_vec()];
    if !raw.contains(['?', '%', ';']) {
        return resources;
    }
    let path: Vec<u8> = percent_decode_str(uri.path()).collect();
    let query = uri.query().unwrap_or_default().as_bytes();
    let (whole_path, whole_query) = decoded_as_a_whole(raw);
    for (path, query) in [
        (whole_path.as_slice(), whole_query.as_slice()),
        (&path, query),
    ] {
        let pairs = sorted_pairs(query);
        for bare in [true, false] {
            let resource = joined(path, &pairs, bare);
            if let Some(latin1) = latin1(&resource) {
                resources.push(latin1);
            }
            resources.push(resource);
        }
    }
    resources.dedup();
    resources
}

/// Path and query as one official client sees them: it decodes the whole URL before it takes it apart, drops a
/// fragment and path parameters, and decodes the query once more.
fn decoded_as_a_whole(raw: &str) -> (Vec<u8>, Vec<u8>) {
    let whole: Vec<u8> = percent_decode_str(raw).collect();
    let split = |text: &[u8], at: u8| match text.iter().position(|byte| *byte == at) {
        Some(at) => (text[..at].to_vec(), text[at + 1..].to_vec()),
        None => (text.to_vec(), Vec::new()),
    };
    let (path, query) = split(&split(&whole, b'#').0, b'?');
    let last = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    let (last_segment, _) = split(&path[last..], b';');
    ([&path[..last], &last_segment].concat(), query)
}

/// The same client signs characters as Latin-1 bytes.
fn latin1(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text)
        .ok()
        .filter(|text| !text.is_ascii())?;
    text.chars()
        .map(|character| u8::try_from(character).ok())
        .collect()
}

fn joined(path: &[u8], pairs: &[(Vec<u8>, Vec<u8>)], bare: bool) -> Vec<u8> {
    let mut resource = path.to_vec();
    for (index, (name, value)) in pairs.iter().enumerate() {
        resource.push(if index == 0 { b'?' } else { b'&' });
        resource.extend_from_slice(name);
        if !(bare && value.is_empty()) {
            resource.push(b'=');
            resource.extend_from_slice(value);
        }
    }
    // A query of a bare parameter without name is none.
    if resource.len() == path.len() + 1 {
        resource.pop();
    }
    resource
}

/// The parameters of a query, decoded and sorted by name.
fn sorted_pairs(query: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let decoded = |text: &[u8]| -> Vec<u8> {
        let spaced: Vec<u8> = text
            .iter()
            .map(|byte| if *byte == b'+' { b' ' } else { *byte })
            .collect();
        percent_encoding::percent_decode(&spaced).collect()
    };
    let mut pairs: Vec<_> = query
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (decoded(&pair[..at]), decoded(&pair[at + 1..])),
            None => (decoded(pair), Vec::new()),
        })
        .collect();
    pairs.sort_by(|one, other| one.0.cmp(&other.0));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "AKIDEXAMPLE";
    const KEY: &str = "secretkeyexample";

    /// The worked examples of the protocol: method, content type, headers, target, signature.
    type Example = (
        &'static str,
        &'static str,
        &'static [(&'static str, &'static str)],
        &'static str,
        &'static str,
    );

    const EXAMPLES: &[Example] = &[
        (
            "GET",
            "application/json",
            &[("x-datahub-client-version", "1.1")],
            "/projects",
            "TC/UeijOzetT1AEwL65M1L0S2Bw=",
        ),
        (
            "GET",
            "application/json",
            &[("x-datahub-client-version", "1.1")],
            "/projects/test_project/topics/test_topic/connectors/CONN1?donetime=",
            "at5YlBeJC4CjVB0D0dA45Bwwm70=",
        ),
        (
            "GET",
            "application/json",
            &[
                ("x-datahub-client-version", "1.2"),
                ("x-datahub-content-raw-size", "0"),
            ],
            "/projects/test_project/topics/test_topic/connectors/CONN1?donetime=",
            "YMayt929RwcZkia8Yh+sq5elYRs=",
        ),
        (
            "GET",
            "application/json",
            &[
                ("x-datahub-security-token", "STSTOKENEXAMPLE"),
                ("x-datahub-client-version", "1.1"),
            ],
            "/projects",
            "nFe6TRyrlIN1vLrN5aFbHStBGV0=",
        ),
        (
            "POST",
            "application/x-protobuf",
            &[
                ("X-Datahub-Request-Action", "pub"),
                ("x-datahub-content-raw-size", "123"),
                ("x-datahub-client-version", "1.1"),
            ],
            "/projects/test_project/topics/test_topic/shards",
            "EC8PNG0Bq6tf6putXZjwkM68WOU=",
        ),
        (
            "GET",
            "",
            &[
                ("x-datahub-client-version", "1.1"),
                ("x-datahub-source-ip", "10.0.0.1"),
            ],
            "/projects",
            "PE9U+0V/VAMZrOfELBrS8yMeTNs=",
        ),
        (
            "GET",
            "application/json",
            &[("x-datahub-client-version", "1.1")],
            "/projects?filter=abc%2Bd",
            "xGlvkf8XFeojtMssr7TyRquta2Q=",
        ),
        (
            "GET",
            "application/json",
            &[("x-datahub-client-version", "1.2")],
            "/projects?filter=abc%2Bd",
            "k+SoBWP3VzfHotVA2l5wEjc0nNw=",
        ),
        (
            "GET",
            "application/json",
            &[("x-datahub-client-version", "1.1")],
            "/projects?b=2&a=1",
            "8xib9FJm+ULUQCRDHyk9iikPkX4=",
        ),
    ];

    fn check(example: &Example, authorization: &str) -> Result<(), Error> {
        let (method, content_type, extra, target, _) = example;
        let mut headers = HeaderMap::new();
        headers.insert(
            DATE,
            "Wed, 15 Nov 2023 08:00:00 GMT".parse().expect("value"),
        );
        if !content_type.is_empty() {
            headers.insert(CONTENT_TYPE, content_type.parse().expect("value"));
        }
        for (name, value) in *extra {
            headers.append(
                http::HeaderName::try_from(*name).expect("name"),
                value.parse().expect("value"),
            );
        }
        headers.insert(AUTHORIZATION, authorization.parse().expect("value"));
        let method: Method = method.parse().expect("method");
        verify(&method, &target.parse().expect("target"), &headers, ID, KEY)
    }

    #[test]
    fn the_worked_examples_are_accepted() {
        for example in EXAMPLES {
            assert_eq!(
                check(example, &format!("DATAHUB {ID}:{}", example.4)),
                Ok(()),
                "{}",
                example.3
            );
        }
    }

    #[test]
    fn a_query_that_decodes_to_nothing_is_none() {
        for target in ["/projects?=", "/projects?%3D%23&a=1"] {
            let resources = resources(&target.parse().expect("target"));
            assert!(resources.contains(&b"/projects".to_vec()), "{target}");
        }
    }

    #[test]
    fn version_4_is_accepted() {
        let signature = "2HKQV4wHc9lgjxuqc8YIktb/U/8Hpi0FnvMAtiPsUBo=";
        let scope = format!("{ID}/20231115/cn-hangzhou/datahub/aliyun_v4_request");
        let header = format!("ACS3-HMAC-SHA256 Credential={scope},Signature={signature}");
        assert_eq!(check(&EXAMPLES[0], &header), Ok(()));
        let other_day = header.replace("20231115", "20231116");
        assert_eq!(
            check(&EXAMPLES[0], &other_day).map_err(|error| error.code),
            Err("Unauthorized")
        );
    }

    #[test]
    fn anything_else_is_refused() {
        let signature = EXAMPLES[0].4;
        for header in [
            String::new(),
            "DATAHUB".to_owned(),
            format!("DATAHUB {ID}"),
            format!("DATAHUB {ID}:"),
            format!("DATAHUB OTHER:{signature}"),
            format!("DATAHUB {ID}:{}", signature.to_lowercase()),
            format!("Basic {ID}:{signature}"),
            format!("ACS3-HMAC-SHA256 Credential={ID},Signature={signature}"),
            format!("ACS3-HMAC-SHA256 Signature={signature}"),
        ] {
            let error = check(&EXAMPLES[0], &header).expect_err(&header);
            assert_eq!(
                (error.code, error.status.as_u16()),
                ("Unauthorized", 403),
                "{header}"
            );
        }
    }

    #[test]
    fn dates_may_be_off_by_a_quarter_of_an_hour() {
        let now_ms = 1_700_035_200_000;
        let mut headers = HeaderMap::new();
        assert!(check_date(&headers, now_ms).is_err());
        headers.insert(
            DATE,
            "Wed, 15 Nov 2023 08:00:00 GMT".parse().expect("value"),
        );
        for skew in [0, MAX_SKEW_MS, -MAX_SKEW_MS] {
            assert_eq!(check_date(&headers, now_ms + skew), Ok(()), "{skew}");
        }
        for skew in [MAX_SKEW_MS + 1, -MAX_SKEW_MS - 1] {
            assert!(check_date(&headers, now_ms + skew).is_err(), "{skew}");
        }
        headers.insert(DATE, "2023-11-15T08:00:00Z".parse().expect("value"));
        assert!(check_date(&headers, now_ms).is_err());
    }

    /// What official clients sign, even where they differ from each other.
    #[test]
    fn the_golden_signatures_are_accepted() {
        let path = format!(
            "{}/../tests/vectors/datahub/signing.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read_to_string(path).expect("the vectors are there");
        let cases: Vec<serde_json::Value> = serde_json::from_str(&text).expect("a list of cases");
        for case in &cases {
            let input = &case["input"];
            // Clients trim credentials before they use them.
            let text = |name: &str| input[name].as_str().expect(name).trim();
            // Keys are ASCII, so it does not matter how a client would encode others.
            let forms = if text("access_key").is_ascii() { 2 } else { 1 };
            let signatures = [
                &case["expected"]["authorization"],
                &case["pydatahub"]["authorization"],
            ];
            let signatures = signatures.into_iter().take(forms);
            for signature in signatures.filter_map(serde_json::Value::as_str) {
                let mut headers = HeaderMap::new();
                for pair in input["headers"].as_array().expect("headers") {
                    let value = pair[1].as_str().expect("value");
                    let value = http::HeaderValue::from_bytes(value.as_bytes()).expect("value");
                    let name =
                        http::HeaderName::try_from(pair[0].as_str().expect("name")).expect("name");
                    headers.append(name, value);
                }
                headers.insert(AUTHORIZATION, signature.parse().expect("value"));
                let method: Method = text("method").parse().expect("method");
                let uri: Uri = text("target").parse().expect("target");
                let verified = verify(
                    &method,
                    &uri,
                    &headers,
                    text("access_id"),
                    text("access_key"),
                );
                assert_eq!(verified, Ok(()), "{}", case["name"]);
                let other = verify(&method, &uri, &headers, text("access_id"), "another key");
                assert!(other.is_err(), "{}", case["name"]);
            }
        }
        assert!(cases.len() > 50);
    }
}
