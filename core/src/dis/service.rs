//! What all requests to DIS share.

use std::time::SystemTime;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};

use crate::config::Settings;
use crate::credentials::{Credentials, Secret};
use crate::error::{Error, ErrorKind, Result};
use crate::operation::Service;
use crate::schema::OperationSchema;
use crate::sign::dis::{
    CONTENT_HASH_HEADER, DATE_HEADER, Key, SERVICE, Scope, Subject, UNSIGNED_PAYLOAD, Variant,
};
use crate::transport::{Request, Response};

use super::error::from_response;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const DATE: HeaderName = HeaderName::from_static(DATE_HEADER);
const CONTENT_HASH: HeaderName = HeaderName::from_static(CONTENT_HASH_HEADER);
const PROJECT_HEADER: HeaderName = HeaderName::from_static("x-project-id");
const SECURITY_TOKEN_HEADER: HeaderName = HeaderName::from_static("x-security-token");
const AUTH_TOKEN_HEADER: HeaderName = HeaderName::from_static("x-auth-token");
const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// How requests are signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SignatureScheme {
    /// As the current official clients do: without a scope.
    #[default]
    Default,
    /// As the older official clients do: bound to a day and this region.
    Scoped(String),
}

/// What a DIS client was told by its settings.
#[derive(Clone, Debug)]
pub struct DisService {
    /// Id of the project that owns the streams.
    pub project_id: String,
    /// IAM token that is sent instead of a signature; empty for none.
    pub auth_token: Secret,
    /// How requests are signed.
    pub signature: SignatureScheme,
    /// Whether puts are repeated even when the service may have accepted them.
    pub at_least_once: bool,
}

impl DisService {
    fn sign_with_key(
        &self,
        request: &mut Request,
        endpoint: &str,
        credentials: &Credentials,
    ) -> Result<()> {
        let (authority, prefix) = split_endpoint(endpoint);
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        let path = format!("{prefix}{path}");
        let (variant, region, headers) = match &self.signature {
            SignatureScheme::Default => (
                Variant::Unscoped,
                "",
                signed_headers(request, authority, true),
            ),
            SignatureScheme::Scoped(region) => {
                let host = authority.split(':').next().unwrap_or_default();
                (
                    Variant::Scoped,
                    region.as_str(),
                    signed_headers(request, host, false),
                )
            }
        };
        let stages = Subject {
            method: request.method.as_str(),
            path: &path,
            query: query_pairs(query),
            headers,
            body: &request.body,
        }
        .sign(
            variant,
            &Key {
                access: &credentials.access_id,
                secret: credentials.access_key.expose(),
            },
            &Scope {
                region,
                service: SERVICE,
            },
        );
        if stages.unsigned_payload {
            request
                .headers
                .insert(CONTENT_HASH, HeaderValue::from_static(UNSIGNED_PAYLOAD));
        }
        request.set_secret_header(AUTHORIZATION, &stages.authorization)
    }
}

/// The headers that a signature covers: all of the request, or host and date alone.
fn signed_headers(request: &Request, host: &str, all: bool) -> Vec<(String, String)> {
    let mut headers = vec![("host".to_owned(), host.to_owned())];
    headers.extend(
        request
            .headers
            .iter()
            .filter(|(name, _)| all || *name == DATE_HEADER)
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned()))),
    );
    headers
}

/// The authority as it stands in the `Host` header, and the path of an endpoint.
fn split_endpoint(endpoint: &str) -> (&str, &str) {
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("", endpoint));
    let (authority, path) = match rest.find('/') {
        Some(start) => rest.split_at(start),
        None => (rest, ""),
    };
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    (
        authority.strip_suffix(default_port).unwrap_or(authority),
        path,
    )
}

fn query_pairs(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The form of the date header, as in `20240102T030405Z`.
fn sdk_date(now: SystemTime) -> String {
    let date = httpdate::HttpDate::from(now).to_string();
    // `Tue, 02 Jan 2024 03:04:05 GMT`
    let parts: Vec<&str> = date
        .split([' ', ',', ':'])
        .filter(|part| !part.is_empty())
        .collect();
    let [_, day, month, year, hour, minute, second, ..] = parts.as_slice() else {
        return String::new();
    };
    let month = MONTHS
        .iter()
        .position(|name| name == month)
        .map_or(0, |index| index + 1);
    format!("{year}{month:02}{day}T{hour}{minute}{second}Z")
}

impl Service for DisService {
    const NAME: &'static str = "dis";
    const OPERATIONS: &'static [&'static OperationSchema] = super::OPERATIONS;

    fn from_settings(settings: &Settings) -> Result<Self> {
        let project_id = settings.text("project_id");
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if project_id.is_empty() || !project_id.chars().all(plain) {
            return Err(Error::invalid_argument(
                "project_id",
                "must be given: letters, digits, `-` and `_`",
            ));
        }
        let region = settings.text("region");
        let signature = match settings.text("signature") {
            "default" => SignatureScheme::Default,
            "scoped" if !region.is_empty() => SignatureScheme::Scoped(region.to_owned()),
            "scoped" => {
                return Err(Error::invalid_argument(
                    "region",
                    "must be given for the signature `scoped`",
                ));
            }
            _ => {
                return Err(Error::invalid_argument(
                    "signature",
                    "must be `default` or `scoped`",
                ));
            }
        };
        Ok(Self {
            project_id: project_id.to_owned(),
            auth_token: Secret::new(settings.text("auth_token")),
            signature,
            at_least_once: settings.boolean("at_least_once"),
        })
    }

    fn sign(
        &self,
        request: &mut Request,
        endpoint: &str,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<()> {
        request.target = format!("/v2/{}{}", self.project_id, request.target);
        request.headers.entry(CONTENT_TYPE).or_insert(JSON);
        request.set_header(PROJECT_HEADER, &self.project_id)?;
        if !self.auth_token.is_empty() {
            return request.set_secret_header(AUTH_TOKEN_HEADER, self.auth_token.expose());
        }
        if credentials.access_id.is_empty() {
            return Ok(());
        }
        request.set_header(DATE, &sdk_date(now))?;
        if !credentials.security_token.is_empty() {
            let token = credentials.security_token.expose();
            request.set_secret_header(SECURITY_TOKEN_HEADER, token)?;
        }
        self.sign_with_key(request, endpoint, credentials)
    }

    fn request_id<'a>(&self, response: &'a Response) -> &'a str {
        response.header(REQUEST_ID_HEADER).unwrap_or_default()
    }

    fn error(&self, response: &Response) -> Error {
        from_response(response)
    }

    /// The service has a code of its own for that; gateways say that the date has expired.
    fn refuses_date(&self, error: &Error) -> bool {
        error.kind() == ErrorKind::Unauthenticated
            && (matches!(error.code(), "DIS.4100" | "DIS.4105")
                || error.message().contains("expired"))
    }
}

/// Reads a reply that tells nothing: it must be empty or JSON, because a page of a proxy is no success.
pub(super) fn nothing<O>(_: &O, _: &DisService, response: &Response) -> Result<()> {
    if response.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    serde_json::from_slice::<serde::de::IgnoredAny>(&response.body)
        .map(|_| ())
        .map_err(|_| Error::malformed("the reply is not JSON"))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use http::Method;

    use super::*;

    const NOW: Duration = Duration::from_secs(1_704_164_645);

    fn service(pairs: &[(&str, &str)]) -> Result<DisService> {
        let mut settings = Settings::new("dis");
        for (name, value) in pairs {
            settings.set(name, value)?;
        }
        DisService::from_settings(&settings)
    }

    fn signed(service: &DisService, endpoint: &str) -> Request {
        let mut request = Request::new(Method::GET, "/streams?limit=10");
        let credentials = Credentials::new("AK", "SK").with_security_token("token");
        service
            .sign(&mut request, endpoint, &credentials, UNIX_EPOCH + NOW)
            .unwrap();
        request
    }

    #[test]
    fn dates_have_the_form_of_the_service() {
        assert_eq!(sdk_date(UNIX_EPOCH + NOW), "20240102T030405Z");
        assert_eq!(sdk_date(UNIX_EPOCH), "19700101T000000Z");
    }

    #[test]
    fn a_project_is_needed() {
        for bad in ["", "a/b", "{project_id}"] {
            let error = service(&[("project_id", bad)]).unwrap_err();
            assert!(error.to_string().contains("project_id"), "{error}");
        }
        assert!(service(&[("project_id", "p"), ("signature", "scoped")]).is_err());
        assert!(service(&[("project_id", "p"), ("signature", "v4")]).is_err());
    }

    #[test]
    fn a_token_replaces_the_signature() {
        let service = service(&[("project_id", "p"), ("auth_token", "iam")]).unwrap();
        let request = signed(&service, "https://h");
        assert_eq!(request.target, "/v2/p/streams?limit=10");
        assert_eq!(request.headers["x-auth-token"], "iam");
        assert!(request.headers["x-auth-token"].is_sensitive());
        assert!(!request.headers.contains_key(AUTHORIZATION));
        assert!(!format!("{service:?}").contains("iam"));
    }

    #[test]
    fn each_scheme_names_what_it_signs() {
        let default = service(&[("project_id", "p")]).unwrap();
        let text = signed(&default, "https://h:443").headers[AUTHORIZATION].clone();
        let text = text.to_str().unwrap();
        assert!(text.contains(
            "Access=AK, SignedHeaders=content-type;host;x-project-id;x-sdk-date;x-security-token,"
        ));
        let other = signed(&default, "https://h").headers[AUTHORIZATION].clone();
        assert_eq!(text, other.to_str().unwrap());
        let scoped = [
            ("project_id", "p"),
            ("signature", "scoped"),
            ("region", "r"),
        ];
        let text = signed(&service(&scoped).unwrap(), "http://h:1").headers[AUTHORIZATION].clone();
        let text = text.to_str().unwrap();
        assert!(
            text.contains(
                "Credential=AK/20240102/r/dis/sdk_request, SignedHeaders=host;x-sdk-date,"
            )
        );
    }
}
