//! Signing of Huawei Cloud DIS requests: the five forms that official clients use, stage by stage.
//!
//! All forms hash a canonical request and sign the hash with HMAC-SHA256. They differ in how the path, the query and the
//! headers are written into the canonical request, in the scope line, and in how the key is derived from the secret.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest, Sha256};

use super::hmac::hmac_sha256 as hmac;
use super::order::{Order, Pair, sort};

/// The header that carries the time of signing, as `YYYYMMDDTHHMMSSZ` in UTC.
pub const DATE_HEADER: &str = "x-sdk-date";
/// The header that names the hash of the body, or [`UNSIGNED_PAYLOAD`].
pub const CONTENT_HASH_HEADER: &str = "x-sdk-content-sha256";
/// The value of [`CONTENT_HASH_HEADER`] of a request whose body is not covered by the signature.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
/// The last part of the scope of the forms with four scope parts.
pub const SCOPE_END: &str = "sdk_request";
/// The service name in the scope of DIS requests.
pub const SERVICE: &str = "dis";

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A form of signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variant {
    /// `SDK-HMAC-SHA256 Access=…`, signed with the secret itself: the default of the current official clients.
    Unscoped,
    /// `V11-HMAC-SHA256 Credential=…` with three scope parts and a key derived by HKDF.
    Derived,
    /// `SDK-HMAC-SHA256 Credential=…/sdk_request`, signed with a key derived in four steps: the older Python clients.
    Scoped,
    /// `V11-HMAC-SHA256 Credential=…/sdk_request`: HKDF first, then the four steps.
    ScopedDerived,
    /// As [`Variant::Scoped`], with the canonical form of the Java client.
    Java,
}

impl Variant {
    /// All forms.
    pub const ALL: [Self; 5] = [
        Self::Unscoped,
        Self::Derived,
        Self::Scoped,
        Self::ScopedDerived,
        Self::Java,
    ];

    /// The name of the algorithm, the first word of the `Authorization` header.
    pub const fn algorithm(self) -> &'static str {
        match self {
            Self::Unscoped | Self::Scoped | Self::Java => "SDK-HMAC-SHA256",
            Self::Derived | Self::ScopedDerived => "V11-HMAC-SHA256",
        }
    }

    /// How the form writes the path.
    pub const fn path_form(self) -> PathForm {
        match self {
            Self::Unscoped | Self::Derived => PathForm::Decoded,
            Self::Scoped | Self::ScopedDerived => PathForm::Normalized,
            Self::Java => PathForm::Encoded,
        }
    }

    /// How the form writes the query.
    pub const fn query_form(self) -> QueryForm {
        match self {
            Self::Scoped | Self::ScopedDerived => QueryForm::Bare,
            _ => QueryForm::Equals,
        }
    }

    /// The scope line, or nothing for the form without scope. `date` is the value of [`DATE_HEADER`].
    pub fn scope(self, date: &str, scope: &Scope<'_>) -> Option<String> {
        let day = day(date);
        let Scope { region, service } = scope;
        match self {
            Self::Unscoped => None,
            Self::Derived => Some(format!("{day}/{region}/{service}")),
            _ => Some(format!("{day}/{region}/{service}/{SCOPE_END}")),
        }
    }

    /// The text whose HMAC is the signature.
    pub fn string_to_sign(self, date: &str, scope: &Scope<'_>, canonical_sha256: &str) -> String {
        let algorithm = self.algorithm();
        match self.scope(date, scope) {
            None => format!("{algorithm}\n{date}\n{canonical_sha256}"),
            Some(scope) => format!("{algorithm}\n{date}\n{scope}\n{canonical_sha256}"),
        }
    }

    /// The signature of a [string to sign](Self::string_to_sign), in lower-case hexadecimal digits.
    pub fn signature(
        self,
        key: &Key<'_>,
        date: &str,
        scope: &Scope<'_>,
        string_to_sign: &str,
    ) -> String {
        let secret = key.secret.as_bytes();
        let signed = match self {
            Self::Unscoped => hmac(secret, string_to_sign.as_bytes()),
            Self::Derived => hmac(
                derived_key(key, date, scope).as_bytes(),
                string_to_sign.as_bytes(),
            ),
            Self::Scoped | Self::Java => {
                hmac(&chained_key(secret, date, scope), string_to_sign.as_bytes())
            }
            Self::ScopedDerived => {
                let derived = derived_key(key, date, scope);
                hmac(
                    &chained_key(derived.as_bytes(), date, scope),
                    string_to_sign.as_bytes(),
                )
            }
        };
        hex(&signed)
    }

    /// The value of the `Authorization` header.
    pub fn authorization(
        self,
        access: &str,
        date: &str,
        scope: &Scope<'_>,
        signed_headers: &str,
        signature: &str,
    ) -> String {
        let algorithm = self.algorithm();
        let credential = match self.scope(date, scope) {
            None => format!("Access={access}"),
            Some(scope) => format!("Credential={access}/{scope}"),
        };
        format!("{algorithm} {credential}, SignedHeaders={signed_headers}, Signature={signature}")
    }
}

/// How a path is written into the canonical request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PathForm {
    /// Decoded, every segment encoded again, a slash at the end.
    Decoded,
    /// Not decoded; empty and `.` segments dropped, `..` resolved, every segment encoded, a slash at both ends.
    Normalized,
    /// Encoded once more as it is.
    Encoded,
    /// As it is on the wire.
    Raw,
}

impl PathForm {
    /// Writes a path as it is on the wire in this form.
    pub fn write(self, path: &str) -> String {
        match self {
            Self::Raw => path.to_owned(),
            Self::Encoded => encode_segments(path.as_bytes()),
            Self::Decoded => {
                let decoded: Cow<'_, [u8]> = percent_decode_str(path).into();
                let mut out = encode_segments(&decoded);
                if !out.ends_with('/') {
                    out.push('/');
                }
                out
            }
            Self::Normalized => {
                let mut kept: Vec<&str> = Vec::new();
                for segment in path.split('/') {
                    match segment {
                        "" | "." => {}
                        ".." => drop(kept.pop()),
                        other => kept.push(other),
                    }
                }
                let mut out = String::from("/");
                for segment in kept {
                    out.push_str(&encode(segment));
                    out.push('/');
                }
                out
            }
        }
    }
}

/// How a query is written into the canonical request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueryForm {
    /// Sorted by name, then value; an empty value keeps its `=`.
    Equals,
    /// Sorted as finished pairs; an empty value loses its `=`.
    Bare,
}

impl QueryForm {
    /// Writes decoded pairs in this form.
    pub fn write<N: AsRef<str>, V: AsRef<str>>(self, query: &[(N, V)]) -> String {
        let pairs = query.iter().map(|(name, value)| {
            let (name, value) = (name.as_ref(), value.as_ref());
            (Cow::Borrowed(name), Cow::Borrowed(value))
        });
        self.write_pairs(pairs.collect())
    }

    fn write_pairs(self, mut pairs: Vec<Pair<'_>>) -> String {
        sort(&mut pairs, Order::Values);
        for (name, value) in &mut pairs {
            let is_bare = value.is_empty() && self == Self::Bare;
            let text = encode(name) + if is_bare { "" } else { "=" } + &encode(value);
            (*name, *value) = (Cow::Owned(text), Cow::Borrowed(""));
        }
        if self == Self::Bare {
            sort(&mut pairs, Order::Names);
        }
        let texts: Vec<Cow<'_, str>> = pairs.into_iter().map(|(text, _)| text).collect();
        texts.join("&")
    }
}

/// The region and the service that a scoped signature is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope<'a> {
    /// Region, as in `cn-north-4`.
    pub region: &'a str,
    /// Service, [`SERVICE`] for DIS.
    pub service: &'a str,
}

/// An access key and its secret.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    /// The public part.
    pub access: &'a str,
    /// The secret part.
    pub secret: &'a str,
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

/// What a signature covers.
#[derive(Clone, Debug, Default)]
pub struct Subject<'a> {
    /// The HTTP method, in any case.
    pub method: &'a str,
    /// The path as it is on the wire.
    pub path: &'a str,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The headers to sign, `host` and [`DATE_HEADER`] among them.
    pub headers: Vec<(String, String)>,
    /// The body as it is on the wire.
    pub body: &'a [u8],
}

/// Every stage of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stages {
    /// The canonical request.
    pub canonical_request: String,
    /// Its SHA-256 in hexadecimal digits.
    pub canonical_request_sha256: String,
    /// The text whose HMAC is the signature.
    pub string_to_sign: String,
    /// The names of the signed headers, sorted and joined by `;`.
    pub signed_headers: String,
    /// The signature in hexadecimal digits.
    pub signature: String,
    /// The value of the `Authorization` header.
    pub authorization: String,
    /// Whether the request must also carry [`CONTENT_HASH_HEADER`] with the value [`UNSIGNED_PAYLOAD`].
    pub unsigned_payload: bool,
}

impl Subject<'_> {
    /// The value of a header; the name must be in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// The date that the request is signed with, or an empty text.
    pub fn date(&self) -> &str {
        self.header(DATE_HEADER).unwrap_or_default()
    }

    /// The lines and the names of the signed headers, for a form of signature.
    pub fn canonical_headers(&self, variant: Variant) -> (String, String) {
        let mut headers: Vec<Pair<'_>> = self
            .headers
            .iter()
            .filter(|(name, _)| !name.contains('_'))
            .map(|(name, value)| {
                let value = match variant {
                    Variant::Java => Cow::Owned(collapse_blanks(value)),
                    _ => Cow::Borrowed(value.trim()),
                };
                (Cow::Owned(name.to_ascii_lowercase()), value)
            })
            .collect();
        sort(&mut headers, Order::Names);
        let mut lines = String::new();
        for (name, value) in &headers {
            lines.push_str(name);
            lines.push(':');
            lines.push_str(value);
            lines.push('\n');
        }
        let names: Vec<&str> = headers.iter().map(|(name, _)| &**name).collect();
        (lines, names.join(";"))
    }

    /// The last line of the canonical request: the hash of the body, or what stands for it.
    pub fn payload_hash(&self, variant: Variant) -> String {
        let by_header = self.header(CONTENT_HASH_HEADER);
        match variant {
            Variant::Unscoped | Variant::Derived if self.body.is_empty() => sha256_hex(b""),
            _ => by_header.map_or_else(|| sha256_hex(self.body), str::to_owned),
        }
    }

    /// The canonical request with a chosen way to write path and query, and the names of the signed headers.
    ///
    /// `payload_hash` is the last line, as [`Subject::payload_hash`] gives it.
    pub fn canonical_request(
        &self,
        variant: Variant,
        path: PathForm,
        query: QueryForm,
        payload_hash: &str,
    ) -> (String, String) {
        let (lines, names) = self.canonical_headers(variant);
        let request = format!(
            "{}\n{}\n{}\n{lines}\n{names}\n{payload_hash}",
            self.method.to_ascii_uppercase(),
            path.write(self.path),
            query.write(&self.query),
        );
        (request, names)
    }

    /// Signs the request: every stage up to the `Authorization` header.
    ///
    /// The forms [`Variant::Unscoped`] and [`Variant::Derived`] add [`CONTENT_HASH_HEADER`] to requests whose content
    /// type is neither JSON nor BSON, as the official clients do; see [`Stages::unsigned_payload`].
    pub fn sign(mut self, variant: Variant, key: &Key<'_>, scope: &Scope<'_>) -> Stages {
        let unsigned_payload = self.needs_unsigned_payload(variant);
        if unsigned_payload {
            self.headers
                .push((CONTENT_HASH_HEADER.to_owned(), UNSIGNED_PAYLOAD.to_owned()));
        }
        let date = self.date().to_owned();
        let payload_hash = self.payload_hash(variant);
        let (canonical_request, signed_headers) = self.canonical_request(
            variant,
            variant.path_form(),
            variant.query_form(),
            &payload_hash,
        );
        let canonical_request_sha256 = sha256_hex(canonical_request.as_bytes());
        let string_to_sign = variant.string_to_sign(&date, scope, &canonical_request_sha256);
        let signature = variant.signature(key, &date, scope, &string_to_sign);
        let authorization =
            variant.authorization(key.access, &date, scope, &signed_headers, &signature);
        Stages {
            canonical_request,
            canonical_request_sha256,
            string_to_sign,
            signed_headers,
            signature,
            authorization,
            unsigned_payload,
        }
    }

    fn needs_unsigned_payload(&self, variant: Variant) -> bool {
        if !matches!(variant, Variant::Unscoped | Variant::Derived)
            || self.header(CONTENT_HASH_HEADER).is_some()
        {
            return false;
        }
        self.header("content-type").is_some_and(|kind| {
            !kind.starts_with("application/json") && !kind.starts_with("application/bson")
        })
    }
}

/// The SHA-256 of bytes in lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Percent-encodes everything but letters, digits and `-_.~`.
pub fn encode(text: &str) -> String {
    percent_encode(text.as_bytes(), UNRESERVED).to_string()
}

fn encode_segments(path: &[u8]) -> String {
    let segments: Vec<String> = path
        .split(|byte| *byte == b'/')
        .map(|segment| percent_encode(segment, UNRESERVED).to_string())
        .collect();
    segments.join("/")
}

fn collapse_blanks(value: &str) -> String {
    let words: Vec<&str> = value.split_ascii_whitespace().collect();
    words.join(" ")
}

fn day(date: &str) -> &str {
    date.get(..8).unwrap_or(date)
}

/// HKDF-SHA256 of the secret with the access key as salt and the scope as info: one block, in hexadecimal digits.
fn derived_key(key: &Key<'_>, date: &str, scope: &Scope<'_>) -> String {
    let pseudo_random = hmac(key.access.as_bytes(), key.secret.as_bytes());
    let mut info = format!("{}/{}/{}", day(date), scope.region, scope.service).into_bytes();
    info.push(1);
    hex(&hmac(&pseudo_random, &info))
}

fn chained_key(secret: &[u8], date: &str, scope: &Scope<'_>) -> [u8; 32] {
    let mut first = b"SDK".to_vec();
    first.extend_from_slice(secret);
    let by_day = hmac(&first, day(date).as_bytes());
    let by_region = hmac(&by_day, scope.region.as_bytes());
    let by_service = hmac(&by_region, scope.service.as_bytes());
    hmac(&by_service, SCOPE_END.as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)].into());
        out.push(DIGITS[usize::from(byte & 15)].into());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key<'_> = Key {
        access: "HUBSTREAMEXAMPLEAK01",
        secret: "hubStreamExampleSecretKey0123456789abcdEF",
    };
    const SCOPE: Scope<'_> = Scope {
        region: "cn-north-4",
        service: SERVICE,
    };
    const BASE: &str = "/v2/0a1b2c3d4e5f60718293a4b5c6d7e8f9";

    fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut headers = vec![
            (
                "Host".to_owned(),
                "dis.cn-north-4.myhuaweicloud.com".to_owned(),
            ),
            ("X-Sdk-Date".to_owned(), "20240102T030405Z".to_owned()),
        ];
        headers.extend(
            pairs
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned())),
        );
        headers
    }

    #[test]
    fn unscoped_checkpoint() {
        let stages = Subject {
            method: "POST",
            path: &format!("{BASE}/checkpoints"),
            query: vec![],
            headers: headers(&[
                ("Content-Type", "application/json"),
                ("X-Project-Id", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
            ]),
            body: br#"{"app_name": "newapp", "checkpoint_type": "LAST_READ", "stream_name": "newstream", "partition_id": "0", "sequence_number": "2"}"#,
        }
        .sign(Variant::Unscoped, &KEY, &SCOPE);
        assert_eq!(
            stages.signature,
            "9bed6e94a893442a8f4daf1b880084a75be5cc47e934c86bd4fdd6db241a8d0d"
        );
        assert!(!stages.unsigned_payload);
    }

    #[test]
    fn every_form_signs_differently() {
        let path = format!("{BASE}/streams/s");
        let mut seen = std::collections::HashSet::new();
        for variant in Variant::ALL {
            let stages = Subject {
                method: "GET",
                path: &path,
                query: vec![("a".into(), String::new())],
                headers: headers(&[]),
                body: b"",
            }
            .sign(variant, &KEY, &SCOPE);
            assert!(
                seen.insert(stages.signature),
                "{variant:?} signs like another form"
            );
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert!(!format!("{KEY:?}").contains(KEY.secret));
    }
}
