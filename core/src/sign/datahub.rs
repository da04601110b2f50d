//! Signatures of Alibaba Cloud DataHub: the usual one (HMAC-SHA1) and version 4 (HMAC-SHA256).

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::hmac::{hmac_sha1, hmac_sha256};
use super::order::{Order, Pair, sort};

/// Every header whose lower-case name begins so is signed.
pub const SIGNED_PREFIX: &str = "x-datahub-";

/// The text that is signed: method, content type, date, the signed headers sorted by name, and
/// the request target exactly as it is sent.
///
/// `headers` are name and value in any order and case. Headers of the same name are written in
/// the order given, a line each.
pub fn string_to_sign<'a>(
    method: &str,
    target: &str,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut content_type = "";
    let mut date = "";
    let mut signed: Vec<Pair<'_>> = Vec::new();
    for (name, value) in headers {
        let name = lower_case(name);
        match &*name {
            "content-type" => content_type = value,
            "date" => date = value,
            _ if name.starts_with(SIGNED_PREFIX) => signed.push((name, value.into())),
            _ => {}
        }
    }
    sort(&mut signed, Order::Names);
    let mut text = String::with_capacity(192 + target.len());
    for line in [method, content_type, date] {
        text.push_str(line);
        text.push('\n');
    }
    for (name, value) in &signed {
        text.push_str(name);
        text.push(':');
        text.push_str(value);
        text.push('\n');
    }
    text.push_str(target);
    text
}

fn lower_case(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        name.to_ascii_lowercase().into()
    } else {
        name.into()
    }
}

/// The signature of a text: Base64 of HMAC-SHA1.
pub fn signature(access_key: &str, string_to_sign: &str) -> String {
    BASE64.encode(hmac_sha1(access_key.as_bytes(), string_to_sign.as_bytes()))
}

/// The value of the header `Authorization`.
pub fn authorization(access_id: &str, access_key: &str, string_to_sign: &str) -> String {
    let signature = signature(access_key, string_to_sign);
    ["DATAHUB ", access_id, ":", &signature].concat()
}

/// Where a version 4 signature is valid: a day and a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The day in UTC as `yyyyMMdd`.
    pub day: String,
    /// The region, as in `cn-hangzhou`.
    pub region: String,
}

impl Scope {
    /// The scope of a time in a region.
    pub fn at(now: SystemTime, region: impl Into<String>) -> Self {
        Self {
            day: day(now),
            region: region.into(),
        }
    }
}

/// The day in UTC as `yyyyMMdd`.
fn day(now: SystemTime) -> String {
    // `Sun, 06 Nov 1994 08:49:37 GMT`: the parts stand at fixed places.
    let date = httpdate::fmt_http_date(now);
    let month = match &date[8..11] {
        "Jan" => 1,
        "Feb" => 2,
        "Mar" => 3,
        "Apr" => 4,
        "May" => 5,
        "Jun" => 6,
        "Jul" => 7,
        "Aug" => 8,
        "Sep" => 9,
        "Oct" => 10,
        "Nov" => 11,
        _ => 12,
    };
    let mut text = date[12..16].to_owned();
    // Writing to a text cannot fail.
    let _ = write!(text, "{month:02}{}", &date[5..7]);
    text
}

/// The key of a version 4 signature, as the Base64 text that is used as the next key.
pub fn signing_key_v4(access_key: &str, scope: &Scope) -> String {
    let start = format!("aliyun_v4{access_key}");
    let key = hmac_sha256(start.as_bytes(), scope.day.as_bytes());
    let key = hmac_sha256(&key, scope.region.as_bytes());
    let key = hmac_sha256(&key, b"datahub");
    BASE64.encode(hmac_sha256(&key, b"aliyun_v4_request"))
}

/// The version 4 signature of a text.
pub fn signature_v4(access_key: &str, scope: &Scope, string_to_sign: &str) -> String {
    let key = signing_key_v4(access_key, scope);
    BASE64.encode(hmac_sha256(key.as_bytes(), string_to_sign.as_bytes()))
}

/// The value of the header `Authorization` with a version 4 signature.
pub fn authorization_v4(
    access_id: &str,
    access_key: &str,
    scope: &Scope,
    string_to_sign: &str,
) -> String {
    format!(
        "ACS3-HMAC-SHA256 Credential={access_id}/{}/{}/datahub/aliyun_v4_request,Signature={}",
        scope.day,
        scope.region,
        signature_v4(access_key, scope, string_to_sign)
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const HEADERS: [(&str, &str); 3] = [
        ("Content-Type", "application/json"),
        ("Date", "Wed, 15 Nov 2023 08:00:00 GMT"),
        ("x-datahub-client-version", "1.1"),
    ];

    #[test]
    fn the_usual_signature_of_a_known_request() {
        let text = string_to_sign("GET", "/projects", HEADERS);
        assert_eq!(
            text,
            "GET\napplication/json\nWed, 15 Nov 2023 08:00:00 GMT\nx-datahub-client-version:1.1\n/projects"
        );
        assert_eq!(
            authorization("AKIDEXAMPLE", "secretkeyexample", &text),
            "DATAHUB AKIDEXAMPLE:TC/UeijOzetT1AEwL65M1L0S2Bw="
        );
    }

    #[test]
    fn version_4_of_a_known_request() {
        let scope = Scope::at(
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_035_200),
            "cn-hangzhou",
        );
        assert_eq!(scope.day, "20231115");
        assert_eq!(
            signing_key_v4("secretkeyexample", &scope),
            "/2IudjmckCmon97HY0uNfRtNXTtIcXFY5g3P1P9KbfE="
        );
        let text = string_to_sign("GET", "/projects", HEADERS);
        assert_eq!(
            signature_v4("secretkeyexample", &scope, &text),
            "2HKQV4wHc9lgjxuqc8YIktb/U/8Hpi0FnvMAtiPsUBo="
        );
    }

    #[test]
    fn signed_headers_are_sorted() {
        let text = string_to_sign(
            "POST",
            "/x",
            [("X-DataHub-Z", "1"), ("x-datahub-a", "2"), ("Host", "h")],
        );
        assert_eq!(text, "POST\n\n\nx-datahub-a:2\nx-datahub-z:1\n/x");
    }
}
