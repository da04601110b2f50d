//! The transport for real networks: HTTP/1.1 with TLS that is always verified.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{BoxFuture, Request, Response, Transport};

/// Replies larger than this many bytes are refused while they are read.
pub const MAX_REPLY_BYTES: usize = 64 * 1024 * 1024;

/// Idle connections are closed after this time, before most services close them.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends requests over HTTP/1.1, keeping connections open for reuse.
///
/// Certificates are verified against those of the platform (or, where it has none, against a
/// bundled list) and against the further ones of the setting `ca_file`. Redirects are not followed.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: reqwest::Client,
}

impl HttpTransport {
    /// Makes a transport from the settings.
    pub fn from_settings(settings: &Settings) -> Result<Self> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(settings.text("ca_file"))?)
            .redirect(reqwest::redirect::Policy::none())
            .http1_only()
            .tcp_nodelay(true)
            .connect_timeout(settings.seconds("connect_timeout"))
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(settings.integer("max_idle_connections") as usize)
            .user_agent(user_agent(settings.text("user_agent")));
        let proxy = settings.text("proxy");
        if !proxy.is_empty() {
            let proxy = reqwest::Proxy::all(proxy).map_err(|_| {
                Error::invalid_argument("proxy", "is not the URL of an HTTP or SOCKS proxy")
            })?;
            builder = builder.no_proxy().proxy(proxy);
        }
        let client = builder.build().map_err(|error| {
            Error::new(
                ErrorKind::InvalidArgument,
                "the HTTP client cannot be set up",
            )
            .with_sent(false)
            .with_source(error.without_url())
        })?;
        Ok(Self { client })
    }
}

fn user_agent(product: &str) -> String {
    let own = concat!("hubstream/", env!("CARGO_PKG_VERSION"));
    if product.is_empty() {
        own.to_owned()
    } else {
        format!("{product} {own}")
    }
}

fn tls(ca_file: &str) -> Result<rustls::ClientConfig> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        // A machine without certificates must still be able to use plain HTTP and known services.
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if !ca_file.is_empty() {
        let wrong = |what: &str| Error::invalid_argument("ca_file", what);
        let mut added = 0;
        for certificate in CertificateDer::pem_file_iter(ca_file)
            .map_err(|error| wrong("cannot be read").with_source(error))?
        {
            let certificate =
                certificate.map_err(|error| wrong("is not in PEM form").with_source(error))?;
            roots.add(certificate).map_err(|error| {
                wrong("has a certificate that cannot be used").with_source(error)
            })?;
            added += 1;
        }
        if added == 0 {
            return Err(wrong("has no certificate in PEM form"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| {
            Error::new(ErrorKind::Internal, "TLS cannot be set up").with_source(error)
        })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

impl Transport for HttpTransport {
    fn send<'a>(&'a self, endpoint: &'a str, request: Request) -> BoxFuture<'a, Result<Response>> {
        Box::pin(async move {
            let url = format!("{endpoint}{}", request.target);
            let mut builder = self
                .client
                .request(request.method, url)
                .headers(request.headers);
            if !request.body.is_empty() {
                builder = builder.body(request.body);
            }
            if let Some(limit) = request.time_limit {
                builder = builder.timeout(limit);
            }
            let reply = builder.send().await.map_err(|error| failure(&error))?;
            let status = reply.status();
            let headers = reply.headers().clone();
            let body = read(reply).await?;
            Ok(Response {
                status,
                headers,
                body,
            })
        })
    }
}

async fn read(mut reply: reqwest::Response) -> Result<Bytes> {
    let announced = reply.content_length().unwrap_or(0);
    let too_large =
        || Error::malformed(format!("the reply is larger than {MAX_REPLY_BYTES} bytes"));
    if announced > MAX_REPLY_BYTES as u64 {
        return Err(too_large());
    }
    let mut first: Option<Bytes> = None;
    let mut buffer = BytesMut::new();
    while let Some(chunk) = reply.chunk().await.map_err(|error| failure(&error))? {
        if buffer.len() + first.as_ref().map_or(0, Bytes::len) + chunk.len() > MAX_REPLY_BYTES {
            return Err(too_large());
        }
        match (first.take(), buffer.is_empty()) {
            // A reply that arrives in one piece is not copied.
            (None, true) => first = Some(chunk),
            (Some(start), _) => {
                buffer.reserve((announced as usize).max(start.len() + chunk.len()));
                buffer.extend_from_slice(&start);
                buffer.extend_from_slice(&chunk);
            }
            (None, false) => buffer.extend_from_slice(&chunk),
        }
    }
    Ok(first.unwrap_or_else(|| buffer.freeze()))
}

fn failure(error: &reqwest::Error) -> Error {
    let cause = root_cause(error);
    if error.is_builder() {
        return Error::new(
            ErrorKind::InvalidArgument,
            format!("the request cannot be built: {cause}"),
        )
        .with_sent(false);
    }
    let (kind, sent, message) = match (error.is_connect(), error.is_timeout()) {
        (true, true) => (
            ErrorKind::Timeout,
            false,
            "no connection in time".to_owned(),
        ),
        (true, false) => (
            ErrorKind::Connection,
            false,
            format!("no connection: {cause}"),
        ),
        (false, true) => (ErrorKind::Timeout, true, "no reply in time".to_owned()),
        (false, false) => (
            ErrorKind::Connection,
            true,
            format!("the connection broke: {cause}"),
        ),
    };
    Error::new(kind, message).temporary().with_sent(sent)
}

fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn StdError = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    if std::ptr::addr_eq(cause, error) {
        return "unknown cause".to_owned();
    }
    cause.to_string()
}
