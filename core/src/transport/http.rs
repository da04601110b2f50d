//! The transport for real networks: HTTP/1.1 with TLS that is always verified.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use ::http::header::{ACCEPT, CONTENT_LENGTH, HOST, PROXY_AUTHORIZATION, USER_AGENT};
use ::http::{HeaderValue, Method, Uri};
use bytes::Bytes;
use http_body_util::Full;

use super::dial::{DialError, Dialer, Origin, root_cause};
use super::event_loop::leave_with;
use super::exchange::{Connection, Reply};
use super::pool::Pool;
use super::socket::Probe;
use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{BoxFuture, Request, Response, Transport};

/// Replies larger than this many bytes are refused while they are read.
pub const MAX_REPLY_BYTES: usize = 64 * 1024 * 1024;

/// Sends requests over HTTP/1.1, keeping connections open for reuse.
///
/// A request is carried by the task that waits for it, on the thread that polls it; a connection
/// is reused only within the runtime that it was made in.
///
/// Certificates are verified against those of the platform (or, where it has none, against a
/// bundled list) and against the further ones of the setting `ca_file`. Redirects are not followed.
#[derive(Clone)]
pub struct HttpTransport {
    inner: Arc<Inner>,
}

struct Inner {
    dialer: Dialer,
    pool: Pool,
    user_agent: HeaderValue,
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").finish_non_exhaustive()
    }
}

impl HttpTransport {
    /// Makes a transport from the settings.
    pub fn from_settings(settings: &Settings) -> Result<Self> {
        let user_agent = user_agent(settings.text("user_agent"))?;
        Ok(Self {
            inner: Arc::new(Inner {
                dialer: Dialer::from_settings(settings)?,
                pool: Pool::new(settings.integer("max_idle_connections") as usize),
                user_agent,
            }),
        })
    }
}

fn user_agent(product: &str) -> Result<HeaderValue> {
    let own = concat!("hubstream/", env!("CARGO_PKG_VERSION"));
    if product.is_empty() {
        return Ok(HeaderValue::from_static(own));
    }
    let both = format!("{product} {own}");
    let legal = both.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    HeaderValue::try_from(both)
        .ok()
        .filter(|_| legal)
        .ok_or_else(|| {
            Error::invalid_argument("user_agent", "must be of printable ASCII characters")
        })
}

/// How far an attempt came.
#[derive(Clone, Copy)]
enum Stage {
    Connecting,
    Waiting,
}

impl Inner {
    /// A request as it is sent. Boxed: it passes several futures, each of which would have room for it.
    fn prepare(
        &self,
        origin: &Origin,
        request: Request,
    ) -> Result<Box<::http::Request<Full<Bytes>>>> {
        let target = request.target.as_bytes();
        let legal = |byte: &u8| byte.is_ascii_graphic() && *byte != b'#';
        if !target.starts_with(b"/") || !target.iter().all(legal) {
            return Err(unbuildable("its target is not a path"));
        }
        let mut uri = request.target;
        uri.insert_str(0, origin.prefix());
        let mut headers = request.headers;
        headers.insert(HOST, origin.host().clone());
        headers
            .entry(USER_AGENT)
            .or_insert_with(|| self.user_agent.clone());
        headers
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("*/*"));
        if let Some(authorization) = origin.proxy_authorization() {
            headers.insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        let takes_body = matches!(request.method, Method::POST | Method::PUT | Method::PATCH);
        if takes_body || !request.body.is_empty() {
            headers.insert(CONTENT_LENGTH, request.body.len().into());
        }
        let mut whole = Box::new(::http::Request::new(Full::new(request.body)));
        *whole.method_mut() = request.method;
        *whole.uri_mut() =
            Uri::try_from(uri).map_err(|_| unbuildable("its target is not a path"))?;
        *whole.headers_mut() = headers;
        Ok(whole)
    }

    async fn connection(&self, origin: &Arc<Origin>) -> Result<Box<Connection>> {
        if let Some(connection) = self.pool.take(origin) {
            return Ok(connection);
        }
        let no_connection = |cause: &(dyn StdError + 'static)| {
            let message = format!("no connection: {}", root_cause(cause));
            Error::new(ErrorKind::Connection, message)
                .temporary()
                .with_sent(false)
        };
        let probe = Probe::default();
        // Boxed: what is rare must not make every call large.
        match Box::pin(self.dialer.dial(origin, &probe)).await {
            Ok(wire) => match Connection::start(wire, probe).await {
                Ok(connection) => Ok(Box::new(connection)),
                Err(error) => Err(no_connection(&error)),
            },
            Err(DialError::Late) => Err(timed_out(Stage::Connecting)),
            Err(DialError::Failed(error)) => Err(no_connection(&*error)),
        }
    }

    async fn exchange(
        &self,
        origin: Arc<Origin>,
        request: Box<::http::Request<Full<Bytes>>>,
        stage: &mut Stage,
    ) -> Result<Response> {
        let mut connection = self.connection(&origin).await?;
        *stage = Stage::Waiting;
        let Reply {
            status,
            headers,
            body,
        } = connection.exchange(request).await?;
        self.pool.put(origin, connection);
        Ok(Response {
            status,
            headers,
            body,
        })
    }
}

impl Transport for HttpTransport {
    fn send<'a>(&'a self, endpoint: &'a str, request: Request) -> BoxFuture<'a, Result<Response>> {
        let inner = &*self.inner;
        let time_limit = request.time_limit;
        let prepared = inner
            .pool
            .origin(endpoint, &inner.dialer)
            .and_then(|origin| Ok((inner.prepare(&origin, request)?, origin)));
        Box::pin(async move {
            let (request, origin) = prepared?;
            let mut stage = Stage::Connecting;
            let exchange = inner.exchange(origin, request, &mut stage);
            let outcome = match time_limit {
                Some(limit) => tokio::time::timeout(limit, exchange).await.ok(),
                None => Some(exchange.await),
            };
            let response = outcome.unwrap_or_else(|| Err(timed_out(stage)))?;
            leave_with(&response.body).await;
            Ok(response)
        })
    }
}

fn timed_out(stage: Stage) -> Error {
    let (message, sent) = match stage {
        Stage::Connecting => ("no connection in time", false),
        Stage::Waiting => ("no reply in time", true),
    };
    Error::new(ErrorKind::Timeout, message)
        .temporary()
        .with_sent(sent)
}

fn unbuildable(why: &str) -> Error {
    let message = format!("the request cannot be built: {why}");
    Error::new(ErrorKind::InvalidArgument, message).with_sent(false)
}
