//! What all requests to DataHub share.

use std::sync::Arc;
use std::time::SystemTime;

use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, DATE};
use http::{HeaderName, HeaderValue};

use crate::codec::batch::BatchVersion;
use crate::codec::compress::{CompressFormat, compress_body, decompress};
use crate::codec::frame;
use crate::config::Settings;
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::Service;
use crate::schema::OperationSchema;
use crate::sign::datahub::{Scope, authorization, authorization_v4, string_to_sign};
use crate::transport::{Request, Response};

use super::date::LastDate;
use super::error::from_response;
use super::place::Topic;
use super::protocol::{Protocol, TopicFacts};
use super::schema_cache::SchemaCache;

/// The protocol version that is announced for JSON and protobuf records.
const CLIENT_VERSION: &str = "1.1";

/// Decompressed replies larger than this many bytes are refused.
const MAX_RAW_SIZE: usize = 64 * 1024 * 1024;

pub(super) const VERSION_HEADER: HeaderName = HeaderName::from_static("x-datahub-client-version");
const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-datahub-security-token");
const RAW_SIZE_HEADER: HeaderName = HeaderName::from_static("x-datahub-content-raw-size");
const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-datahub-request-id");

/// How requests are signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SignatureScheme {
    /// HMAC-SHA1, understood everywhere.
    #[default]
    Default,
    /// Version 4, bound to a day and this region.
    V4(String),
}

/// What a DataHub client was told by its settings.
#[derive(Clone, Debug)]
pub struct DataHubService {
    /// How records travel.
    pub protocol: Protocol,
    /// Compression of records on the way.
    pub compress_format: CompressFormat,
    /// Whether puts are repeated even when the service may have accepted them.
    pub at_least_once: bool,
    /// How requests are signed.
    pub signature: SignatureScheme,
    pub(super) schemas: Arc<SchemaCache>,
    pub(super) topics: Arc<TopicFacts>,
    date: Arc<LastDate>,
}

impl DataHubService {
    /// Makes one with the usual signature and the schemas of no topic.
    pub fn new(protocol: Protocol, compress_format: CompressFormat) -> Self {
        Self {
            protocol,
            compress_format,
            at_least_once: false,
            signature: SignatureScheme::Default,
            schemas: Arc::default(),
            topics: Arc::default(),
            date: Arc::default(),
        }
    }

    /// Forgets what was learned of a topic that was changed, deleted or made again.
    pub(super) fn forget(&self, topic: Topic<'_>) {
        self.topics.forget(topic);
        self.schemas.forget(topic);
    }

    /// Forgets a topic when a call says that it is gone, or that a place in it is.
    pub(super) fn forget_if_gone<T>(&self, topic: Topic<'_>, outcome: &Result<T>) {
        if let Err(error) = outcome
            && matches!(error.code(), "NoSuchTopic" | "InvalidCursor")
        {
            self.forget(topic);
        }
    }

    /// Compresses the body of a record request if that makes it smaller, and says which
    /// compression the reply may have.
    pub fn compress(&self, request: &mut Request) -> Result<()> {
        let name = self.compress_format.name();
        if name.is_empty() {
            return Ok(());
        }
        request
            .headers
            .insert(ACCEPT_ENCODING, HeaderValue::from_static(name));
        let raw_size = request.body.len();
        let (body, is_compressed) =
            compress_body(self.compress_format, std::mem::take(&mut request.body))?;
        request.body = body;
        if is_compressed {
            request
                .headers
                .insert(CONTENT_ENCODING, HeaderValue::from_static(name));
            request
                .headers
                .insert(RAW_SIZE_HEADER, HeaderValue::from(raw_size));
        }
        Ok(())
    }

    fn authorization(
        &self,
        request: &Request,
        endpoint: &str,
        credentials: &Credentials,
        now: SystemTime,
    ) -> String {
        let target = [path_prefix(endpoint), &request.target].concat();
        let headers = request
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let text = string_to_sign(request.method.as_str(), &target, headers);
        let access_key = credentials.access_key.expose();
        match &self.signature {
            SignatureScheme::Default => authorization(&credentials.access_id, access_key, &text),
            SignatureScheme::V4(region) => {
                let scope = Scope::at(now, region.clone());
                authorization_v4(&credentials.access_id, access_key, &scope, &text)
            }
        }
    }
}

impl Service for DataHubService {
    const NAME: &'static str = "datahub";
    const OPERATIONS: &'static [&'static OperationSchema] = super::OPERATIONS;

    fn from_settings(settings: &Settings) -> Result<Self> {
        let batch_version = match settings.integer("batch_version") {
            0 => BatchVersion::V0,
            1 => BatchVersion::V1,
            _ => return Err(Error::invalid_argument("batch_version", "must be 0 or 1")),
        };
        let protocol = match settings.text("protocol") {
            "auto" => Protocol::Auto(batch_version),
            "protobuf" => Protocol::Protobuf,
            "json" => Protocol::Json,
            "batch" => Protocol::Batch(batch_version),
            _ => {
                return Err(Error::invalid_argument(
                    "protocol",
                    "must be `auto`, `protobuf`, `json` or `batch`",
                ));
            }
        };
        let compress_format = CompressFormat::from_name(settings.text("compress_format"))
            .ok_or_else(|| {
                Error::invalid_argument(
                    "compress_format",
                    "must be `none`, `lz4`, `zlib`, `deflate` or `zstd`",
                )
            })?;
        let region = settings.text("region");
        let signature = match settings.text("signature") {
            "default" => SignatureScheme::Default,
            "v4" if !region.is_empty() => SignatureScheme::V4(region.to_owned()),
            "v4" => {
                return Err(Error::invalid_argument(
                    "region",
                    "must be given for the signature `v4`",
                ));
            }
            _ => {
                return Err(Error::invalid_argument(
                    "signature",
                    "must be `default` or `v4`",
                ));
            }
        };
        let mut service = Self::new(protocol, compress_format);
        service.at_least_once = settings.boolean("at_least_once");
        service.signature = signature;
        Ok(service)
    }

    fn sign(
        &self,
        request: &mut Request,
        endpoint: &str,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<()> {
        request
            .headers
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static("application/json"));
        request
            .headers
            .entry(VERSION_HEADER)
            .or_insert(HeaderValue::from_static(CLIENT_VERSION));
        request.headers.insert(DATE, self.date.header(now)?);
        if !credentials.security_token.is_empty() {
            request.set_secret_header(TOKEN_HEADER, credentials.security_token.expose())?;
        }
        if credentials.access_id.is_empty() {
            return Ok(());
        }
        let text = self.authorization(request, endpoint, credentials, now);
        request.set_secret_header(AUTHORIZATION, &text)
    }

    fn open(&self, response: &mut Response) -> Result<()> {
        decompress_reply(response)?;
        if response.status.is_success() && frame::is_frame(&response.body) {
            frame::check(&response.body)?;
        }
        Ok(())
    }

    fn request_id<'a>(&self, response: &'a Response) -> &'a str {
        response.header(REQUEST_ID_HEADER).unwrap_or_default()
    }

    fn error(&self, response: &Response) -> Error {
        from_response(response)
    }

    /// The service has one code for all that is wrong with a signature, the time of it included.
    fn refuses_date(&self, error: &Error) -> bool {
        error.kind() == ErrorKind::Unauthenticated && error.code() == "Unauthorized"
    }
}

/// The path of an endpoint, or an empty text.
fn path_prefix(endpoint: &str) -> &str {
    // Two slashes stand before the host.
    let slashes = endpoint
        .bytes()
        .enumerate()
        .filter(|(_, byte)| *byte == b'/');
    let start = slashes.map(|(place, _)| place).nth(2);
    start.map_or("", |start| &endpoint[start..])
}

/// Undoes the compression of a reply. Damaged bytes are a temporary failure, an unknown compression is not.
fn decompress_reply(response: &mut Response) -> Result<()> {
    let Some(name) = response.header(CONTENT_ENCODING) else {
        return Ok(());
    };
    if name.is_empty() || name.eq_ignore_ascii_case("identity") || response.body.is_empty() {
        return Ok(());
    }
    let Some(format) = CompressFormat::from_name(name) else {
        if response.status.is_success() {
            return Err(Error::malformed(
                "the reply has a compression that was not asked for",
            ));
        }
        // The status of an error, which a gateway may have compressed in its own way, says enough.
        response.body.clear();
        return Ok(());
    };
    let raw_size =
        match response.header(RAW_SIZE_HEADER) {
            Some(text) => Some(text.trim().parse::<usize>().map_err(|_| {
                Error::malformed("the size of the compressed reply is not a number")
            })?),
            None => None,
        };
    response.body =
        decompress(format, &response.body, raw_size, MAX_RAW_SIZE).map_err(Error::temporary)?;
    response.headers.remove(CONTENT_ENCODING);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use http::Method;

    use super::*;

    #[test]
    fn the_path_of_an_endpoint_is_signed_too() {
        let service = DataHubService::new(Protocol::Protobuf, CompressFormat::default());
        let now = UNIX_EPOCH + Duration::from_secs(1_700_035_200);
        let credentials = Credentials::new("id", "key").with_security_token("token");
        for (endpoint, path) in [
            ("http://h", ""),
            ("https://h:8443", ""),
            ("https://h/a/b", "/a/b"),
        ] {
            let mut request = Request::new(Method::GET, "/projects");
            service
                .sign(&mut request, endpoint, &credentials, now)
                .unwrap();
            let text = format!(
                "GET\napplication/json\nWed, 15 Nov 2023 08:00:00 GMT\nx-datahub-client-version:1.1\n\
                 x-datahub-security-token:token\n{path}/projects"
            );
            let value = &request.headers[AUTHORIZATION];
            assert_eq!(*value, authorization("id", "key", &text), "{endpoint}");
            assert!(value.is_sensitive() && request.headers[TOKEN_HEADER].is_sensitive());
        }
    }
}
