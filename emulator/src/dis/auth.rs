//! Who may call: tokens, and signatures of every form that official clients make.

use std::collections::HashSet;

use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, Method};
use hubstream::sign::dis::{
    CONTENT_HASH_HEADER, DATE_HEADER, Key, PathForm, QueryForm, SCOPE_END, SERVICE, Scope, Subject,
    UNSIGNED_PAYLOAD, Variant, sha256_hex,
};
use subtle::ConstantTimeEq;

use super::error::Error;

/// Largest difference between the clocks of client and service, in milliseconds.
const MAX_SKEW_MS: i64 = 15 * 60 * 1000;

/// What requests are checked against.
pub(crate) struct Door<'a> {
    /// The access key that is accepted.
    pub(crate) key: Key<'a>,
    /// The value of `X-Auth-Token` that is accepted.
    pub(crate) token: &'a str,
    /// The time, in milliseconds since 1970.
    pub(crate) now_ms: i64,
    /// Whether the time of signing and the service in the scope are checked as well.
    pub(crate) strict: bool,
}

/// The parts of a request that a signature covers.
pub(crate) struct Visitor<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(String, String)],
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// A parsed `Authorization` header.
struct Claim<'a> {
    access: &'a str,
    scope: Option<Vec<&'a str>>,
    algorithm: &'a str,
    signed: Vec<&'a str>,
    signature: &'a str,
}

impl Door<'_> {
    /// Lets a request in, or says why not.
    pub(crate) fn check(&self, visitor: &Visitor<'_>) -> Result<(), Error> {
        let authorization = visitor
            .headers
            .get(AUTHORIZATION)
            .map(|value| value.to_str().unwrap_or_default().trim());
        match authorization {
            None => match visitor.headers.get("x-auth-token") {
                Some(token) => self.check_token(token.as_bytes()),
                None => Err(Error::new(
                    "DIS.4101",
                    "The Authorization header is missing.",
                )),
            },
            Some("") => Err(Error::new("DIS.4101", "The Authorization header is empty.")),
            Some(text) => self.check_signature(&parse(text)?, visitor),
        }
    }

    fn check_token(&self, token: &[u8]) -> Result<(), Error> {
        if token.is_empty() {
            return Err(Error::new("DIS.4113", "The X-Auth-Token header is empty."));
        }
        if bool::from(token.ct_eq(self.token.as_bytes())) {
            Ok(())
        } else {
            Err(Error::new("DIS.4114", "The token is invalid."))
        }
    }

    fn check_signature(&self, claim: &Claim<'_>, visitor: &Visitor<'_>) -> Result<(), Error> {
        let date = header_text(visitor.headers, DATE_HEADER).unwrap_or_default();
        if date.is_empty() {
            return Err(Error::new("DIS.4103", "The X-Sdk-Date header is missing."));
        }
        let signed_at = parse_date(&date).ok_or_else(|| {
            Error::new(
                "DIS.4104",
                "The X-Sdk-Date header must have the form YYYYMMDDTHHMMSSZ.",
            )
        })?;
        if self.strict && (self.now_ms - signed_at * 1000).abs() > MAX_SKEW_MS {
            return Err(Error::new(
                "DIS.4105",
                "The X-Sdk-Date header is too far from the time of the service.",
            ));
        }
        if claim.access.is_empty() {
            return Err(Error::new("DIS.4106", "The access key is empty."));
        }
        let (variants, scope) = self.forms(claim, &date)?;
        if !bool::from(claim.access.as_bytes().ct_eq(self.key.access.as_bytes())) {
            return Err(Error::new("DIS.4107", "The access key is unknown."));
        }
        if self.matches(claim, visitor, variants, &scope, &date) {
            Ok(())
        } else {
            Err(Error::new("DIS.4112", "The signature does not match."))
        }
    }

    /// The forms that a claim can be of, and its scope.
    fn forms<'a>(
        &self,
        claim: &Claim<'a>,
        date: &str,
    ) -> Result<(&'static [Variant], Scope<'a>), Error> {
        let unparsable =
            || Error::new("DIS.4102", "The Authorization header cannot be understood.");
        let (variants, parts): (&[Variant], &[&str]) =
            match (claim.algorithm, claim.scope.as_deref()) {
                ("SDK-HMAC-SHA256", None) => (&[Variant::Unscoped], &[]),
                ("SDK-HMAC-SHA256", Some([parts @ .., SCOPE_END])) => {
                    (&[Variant::Scoped, Variant::Java], parts)
                }
                ("V11-HMAC-SHA256", Some([parts @ .., SCOPE_END])) => {
                    (&[Variant::ScopedDerived], parts)
                }
                ("V11-HMAC-SHA256", Some(parts)) => (&[Variant::Derived], parts),
                _ => return Err(unparsable()),
            };
        if claim.scope.is_none() {
            return Ok((
                variants,
                Scope {
                    region: "",
                    service: SERVICE,
                },
            ));
        }
        let [day, region, service] = parts else {
            return Err(unparsable());
        };
        if date.get(..8) != Some(*day) {
            return Err(Error::new(
                "DIS.4112",
                "The signature does not match: the scope has another date.",
            ));
        }
        if region.is_empty() {
            return Err(Error::new("DIS.4111", "The region of the scope is empty."));
        }
        if service.is_empty() || self.strict && *service != SERVICE {
            return Err(Error::new(
                "DIS.4108",
                "The service of the scope must be dis.",
            ));
        }
        Ok((variants, Scope { region, service }))
    }

    /// Whether the signature results from any way in which an official client may have written the request.
    fn matches(
        &self,
        claim: &Claim<'_>,
        visitor: &Visitor<'_>,
        variants: &[Variant],
        scope: &Scope<'_>,
        date: &str,
    ) -> bool {
        if !["host", DATE_HEADER]
            .iter()
            .all(|name| claim.signed.contains(name))
        {
            return false;
        }
        let Some(headers) = signed_headers(&claim.signed, visitor.headers) else {
            return false;
        };
        let mut subject = Subject {
            method: visitor.method.as_str(),
            path: visitor.path,
            query: visitor.query.to_vec(),
            headers,
            body: visitor.body,
        };
        if !payload_agrees(&subject) {
            return false;
        }
        let hashes: Vec<String> = variants
            .iter()
            .map(|variant| subject.payload_hash(*variant))
            .collect();
        let mut tried = HashSet::new();
        for host in hosts(visitor.headers) {
            if let Some(signed) = subject.headers.iter_mut().find(|(name, _)| name == "host") {
                signed.1 = host;
            }
            for (variant, hash) in variants.iter().zip(&hashes) {
                for (path, query) in ways(*variant) {
                    let (request, _) = subject.canonical_request(*variant, path, query, hash);
                    if !tried.insert(request.clone()) {
                        continue;
                    }
                    let text = variant.string_to_sign(date, scope, &sha256_hex(request.as_bytes()));
                    let expected = variant.signature(&self.key, date, scope, &text);
                    if bool::from(expected.as_bytes().ct_eq(claim.signature.as_bytes())) {
                        return true;
                    }
                }
            }
        }
        false
    }
}

/// The ways to write path and query, the usual one of the form first.
fn ways(variant: Variant) -> Vec<(PathForm, QueryForm)> {
    let mut ways = vec![(variant.path_form(), variant.query_form())];
    for path in [
        PathForm::Decoded,
        PathForm::Normalized,
        PathForm::Encoded,
        PathForm::Raw,
    ] {
        for query in [QueryForm::Equals, QueryForm::Bare] {
            ways.push((path, query));
        }
    }
    ways
}

/// A stated hash of the body must be true, unless the body is declared as not signed.
fn payload_agrees(subject: &Subject<'_>) -> bool {
    match subject.header(CONTENT_HASH_HEADER) {
        None | Some(UNSIGNED_PAYLOAD) => true,
        Some(stated) => {
            subject.body.is_empty()
                || bool::from(stated.as_bytes().ct_eq(sha256_hex(subject.body).as_bytes()))
        }
    }
}

/// The host as received, and without its port: the older Python client signs that.
fn hosts(headers: &HeaderMap) -> Vec<String> {
    let host = header_text(headers, HOST.as_str()).unwrap_or_default();
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            let name = name.to_owned();
            vec![host, name]
        }
        _ => vec![host],
    }
}

/// The signed headers, or nothing if one of them is not in the request.
fn signed_headers(names: &[&str], headers: &HeaderMap) -> Option<Vec<(String, String)>> {
    names
        .iter()
        .map(|name| header_text(headers, name).map(|value| ((*name).to_owned(), value)))
        .collect()
}

/// All values of a header, joined by commas.
fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut values = headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let mut text = values.next()?.into_owned();
    for value in values {
        text.push(',');
        text.push_str(&value);
    }
    Some(text)
}

fn parse(text: &str) -> Result<Claim<'_>, Error> {
    let missing = |what: &str| {
        Error::new(
            "DIS.4109",
            format!("The Authorization header has no {what}."),
        )
    };
    let (algorithm, rest) = text
        .split_once(' ')
        .filter(|(algorithm, _)| matches!(*algorithm, "SDK-HMAC-SHA256" | "V11-HMAC-SHA256"))
        .ok_or_else(|| Error::new("DIS.4102", "The Authorization header cannot be understood."))?;
    let part = |name: &str| {
        rest.split(',')
            .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
            .map(str::trim)
    };
    let (access, scope) = match (part("Access"), part("Credential")) {
        (Some(access), _) => (access, None),
        (None, Some(credential)) => {
            let mut parts = credential.split('/');
            (parts.next().unwrap_or_default(), Some(parts.collect()))
        }
        (None, None) => return Err(missing("Credential")),
    };
    let signed = part("SignedHeaders")
        .filter(|names| !names.is_empty())
        .ok_or_else(|| missing("SignedHeaders"))?;
    let signature = part("Signature").ok_or_else(|| missing("Signature"))?;
    if signature.is_empty() {
        return Err(Error::new("DIS.4110", "The signature is empty."));
    }
    Ok(Claim {
        access,
        scope,
        algorithm,
        signed: signed.split(';').collect(),
        signature,
    })
}

/// Seconds since 1970 of a text of the form `YYYYMMDDTHHMMSSZ`.
fn parse_date(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 16
        && bytes[8] == b'T'
        && bytes[15] == b'Z'
        && bytes[..8]
            .iter()
            .chain(&bytes[9..15])
            .all(u8::is_ascii_digit);
    if !shape {
        return None;
    }
    let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
    let (hour, minute, second) = (number(9..11)?, number(11..13)?, number(13..15)?);
    if !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    Some(days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar; years start in March, so that leap days come last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key<'_> = Key {
        access: "AK",
        secret: "SK",
    };
    const DATE: &str = "20240102T030405Z";
    const NOW: i64 = 1_704_164_645_000;

    fn door(strict: bool) -> Door<'static> {
        Door {
            key: KEY,
            token: "token",
            now_ms: NOW,
            strict,
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    fn code(door: &Door<'_>, headers: &HeaderMap) -> &'static str {
        let visitor = Visitor {
            method: &Method::GET,
            path: "/v2/p/streams",
            query: &[],
            headers,
            body: b"",
        };
        door.check(&visitor).err().map_or("", |error| error.code)
    }

    fn signed(variant: Variant, date: &str) -> HeaderMap {
        let subject = Subject {
            method: "GET",
            path: "/v2/p/streams",
            query: vec![],
            headers: vec![
                ("host".into(), "h".into()),
                (DATE_HEADER.into(), date.into()),
            ],
            body: b"",
        };
        let stages = subject.sign(
            variant,
            &KEY,
            &Scope {
                region: "r",
                service: SERVICE,
            },
        );
        headers(&[
            ("host", "h:1"),
            ("x-sdk-date", date),
            ("authorization", &stages.authorization),
        ])
    }

    #[test]
    fn dates_are_read() {
        assert_eq!(parse_date("19700101T000000Z"), Some(0));
        assert_eq!(parse_date(DATE), Some(NOW / 1000));
        assert_eq!(parse_date("20240229T235959Z"), Some(1_709_251_199));
        for wrong in [
            "",
            "20240102",
            "20241302T030405Z",
            "2024-01-02T03:04Z",
            "20240102T030405+",
        ] {
            assert_eq!(parse_date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn each_form_is_let_in_and_a_changed_one_is_not() {
        for variant in Variant::ALL {
            let mut good = signed(variant, DATE);
            assert_eq!(code(&door(true), &good), "", "{variant:?}");
            good.insert("host", "other:1".parse().unwrap());
            assert_eq!(code(&door(false), &good), "DIS.4112", "{variant:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_claim_is_said() {
        let claim = |authorization: &str| {
            headers(&[
                ("host", "h"),
                ("x-sdk-date", DATE),
                ("authorization", authorization),
            ])
        };
        let table = [
            (headers(&[]), "DIS.4101"),
            (claim(""), "DIS.4101"),
            (claim("Basic abc"), "DIS.4102"),
            (
                claim("SDK-HMAC-SHA256 SignedHeaders=host, Signature=0"),
                "DIS.4109",
            ),
            (claim("SDK-HMAC-SHA256 Access=AK, Signature=0"), "DIS.4109"),
            (
                claim("SDK-HMAC-SHA256 Access=AK, SignedHeaders=host"),
                "DIS.4109",
            ),
            (
                claim("SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature="),
                "DIS.4110",
            ),
            (
                claim("SDK-HMAC-SHA256 Access=, SignedHeaders=host, Signature=0"),
                "DIS.4106",
            ),
            (
                claim("SDK-HMAC-SHA256 Access=BK, SignedHeaders=host, Signature=0"),
                "DIS.4107",
            ),
            (
                claim("SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature=0"),
                "DIS.4112",
            ),
            (
                claim("SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=0"),
                "DIS.4112",
            ),
            (
                claim(
                    "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-none;x-sdk-date, Signature=0",
                ),
                "DIS.4112",
            ),
            (
                claim("SDK-HMAC-SHA256 Credential=AK/x, SignedHeaders=host, Signature=0"),
                "DIS.4102",
            ),
            (
                claim(
                    "V11-HMAC-SHA256 Credential=AK/20240102//dis, SignedHeaders=host, Signature=0",
                ),
                "DIS.4111",
            ),
            (
                claim("V11-HMAC-SHA256 Credential=AK/20240102/r/, SignedHeaders=host, Signature=0"),
                "DIS.4108",
            ),
            (
                claim(
                    "V11-HMAC-SHA256 Credential=AK/20240103/r/dis, SignedHeaders=host, Signature=0",
                ),
                "DIS.4112",
            ),
            (
                headers(&[(
                    "authorization",
                    "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=0",
                )]),
                "DIS.4103",
            ),
            (signed(Variant::Unscoped, "yesterday"), "DIS.4104"),
        ];
        for (headers, expected) in table {
            assert_eq!(code(&door(false), &headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn old_signatures_are_refused_only_when_strict() {
        let old = signed(Variant::Unscoped, "20240102T020405Z");
        assert_eq!(code(&door(false), &old), "");
        assert_eq!(code(&door(true), &old), "DIS.4105");
    }

    #[test]
    fn tokens_are_compared() {
        assert_eq!(
            code(&door(false), &headers(&[("x-auth-token", "token")])),
            ""
        );
        assert_eq!(
            code(&door(false), &headers(&[("x-auth-token", "")])),
            "DIS.4113"
        );
        assert_eq!(
            code(&door(false), &headers(&[("x-auth-token", "tokem")])),
            "DIS.4114"
        );
    }
}
