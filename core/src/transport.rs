//! How requests reach a service: the seam between the protocols and the network.
//!
//! With the feature `testing`, a client can be given replies without a network:
//!
//! ```
//! # #[cfg(feature = "testing")] {
//! use hubstream::datahub::DataHub;
//! use hubstream::transport::stub::Refuse;
//!
//! let builder = DataHub::builder("http://127.0.0.1:4710").transport(Refuse);
//! let hub = DataHub::new(builder).unwrap();
//! # let _ = hub;
//! # }
//! ```

#[cfg(feature = "http")]
mod bell;
#[cfg(feature = "http")]
mod dial;
#[cfg(feature = "http")]
pub mod event_loop;
#[cfg(feature = "http")]
mod exchange;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "http")]
mod pool;
#[cfg(feature = "http")]
mod socket;
#[cfg(feature = "testing")]
pub mod stub;
#[cfg(feature = "http")]
mod tls;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use ::http::header::{AsHeaderName, RETRY_AFTER};
use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use bytes::Bytes;

use crate::error::{Error, ErrorKind, Result};

/// A future that is sent between threads and borrows for `'a`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A request below the endpoint: everything but the host.
#[derive(Clone)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// The path and query below the endpoint, percent-encoded, as in `/projects?filter=a`.
    pub target: String,
    /// The headers, without the host.
    pub headers: HeaderMap,
    /// The body as it is sent.
    pub body: Bytes,
    /// Time limit of this attempt, reply included; `None` for none.
    pub time_limit: Option<Duration>,
}

impl Request {
    /// Starts a request without headers and body.
    pub fn new(method: Method, target: impl Into<String>) -> Self {
        Self {
            method,
            target: target.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            time_limit: None,
        }
    }

    /// Sets a header; a value with control characters is an error.
    pub fn set_header(&mut self, name: HeaderName, value: &str) -> Result<()> {
        let value = header_value(&name, value)?;
        self.headers.insert(name, value);
        Ok(())
    }

    /// Sets a header as [`Request::set_header`] does; its value is not shown where headers are.
    pub fn set_secret_header(&mut self, name: HeaderName, value: &str) -> Result<()> {
        let mut value = header_value(&name, value)?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(())
    }

    /// Sets the body.
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}

/// The value of a header; control characters are an error.
pub(crate) fn header_value(name: &HeaderName, text: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(text).map_err(|_| {
        let message =
            format!("the value of header `{name}` has characters that HTTP does not allow");
        Error::new(ErrorKind::InvalidArgument, message).with_sent(false)
    })
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} ({} bytes)",
            self.method,
            self.target,
            self.body.len()
        )
    }
}

/// The reply of a service.
#[derive(Clone)]
pub struct Response {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it was received.
    pub body: Bytes,
}

impl Response {
    /// The text of a header, or `None` if it is absent or not text.
    pub fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// How long the service asks to wait before the next attempt, if it says so in seconds.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds: u64 = self.header(RETRY_AFTER)?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}

/// Sends one request, once. Shared by all calls of a client.
pub trait Transport: Send + Sync + 'static {
    /// Sends the request to `endpoint` and reads the whole reply.
    ///
    /// Fails with kind `Connection` or `Timeout`; the error says whether the request may have
    /// reached the service. A reply of any status is a success here.
    ///
    /// Cancel safety: dropping the future drops the connection of the request; whether the
    /// service acted on it is then unknown.
    fn send<'a>(&'a self, endpoint: &'a str, request: Request) -> BoxFuture<'a, Result<Response>>;
}
