//! The transport for real networks: HTTP/1.1 with TLS that is always verified.

use std::fmt;
use std::sync::Arc;

use ::http::Method;
use ::http::header::{ACCEPT, CONTENT_LENGTH, HOST, PROXY_AUTHORIZATION, USER_AGENT};

use super::dial::{DialError, Dialer, Origin, root_cause};
use super::exchange::{Broken, Connection, Incoming};
use super::pool::Pool;
use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{BoxFuture, Request, Response, Transport};

/// Replies larger than this many bytes are refused while they are read.
pub const MAX_REPLY_BYTES: usize = 64 * 1024 * 1024;

/// Bodies up to this length travel in one piece with the head.
const JOINED_BODY: usize = 4 * 1024;

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
    user_agent: String,
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").finish_non_exhaustive()
    }
}

impl HttpTransport {
    /// Makes a transport from the settings.
    pub fn from_settings(settings: &Settings) -> Result<Self> {
        let product = settings.text("user_agent");
        if !product.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(Error::invalid_argument(
                "user_agent",
                "must be of printable ASCII characters",
            ));
        }
        Ok(Self {
            inner: Arc::new(Inner {
                dialer: Dialer::from_settings(settings)?,
                pool: Pool::new(settings.integer("max_idle_connections") as usize),
                user_agent: user_agent(product),
            }),
        })
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

/// How far an attempt came.
#[derive(Clone, Copy)]
enum Stage {
    Connecting,
    Waiting,
}

impl Inner {
    /// The head of a request as it is sent.
    fn head(&self, origin: &Origin, request: &Request) -> Result<Vec<u8>> {
        let target = request.target.as_bytes();
        if !target.starts_with(b"/") || !target.iter().all(u8::is_ascii_graphic) {
            let message = "the request cannot be built: its target is not a path";
            return Err(Error::new(ErrorKind::InvalidArgument, message).with_sent(false));
        }
        let mut head = Vec::with_capacity(1024);
        for part in [
            request.method.as_str(),
            " ",
            origin.prefix(),
            &request.target,
        ] {
            head.extend_from_slice(part.as_bytes());
        }
        head.extend_from_slice(b" HTTP/1.1\r\n");
        let mut line = |name: &str, value: &[u8]| {
            for part in [name.as_bytes(), b": ", value, b"\r\n"] {
                head.extend_from_slice(part);
            }
        };
        line(HOST.as_str(), origin.host().as_bytes());
        for (name, value) in &request.headers {
            line(name.as_str(), value.as_bytes());
        }
        if !request.headers.contains_key(USER_AGENT) {
            line(USER_AGENT.as_str(), self.user_agent.as_bytes());
        }
        if !request.headers.contains_key(ACCEPT) {
            line(ACCEPT.as_str(), b"*/*");
        }
        if let Some(authorization) = origin.proxy_authorization() {
            line(PROXY_AUTHORIZATION.as_str(), authorization.as_bytes());
        }
        let takes_body = matches!(request.method, Method::POST | Method::PUT | Method::PATCH);
        if takes_body || !request.body.is_empty() {
            let length = itoa::Buffer::new().format(request.body.len()).to_owned();
            line(CONTENT_LENGTH.as_str(), length.as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        Ok(head)
    }

    async fn connection(&self, origin: &Arc<Origin>) -> Result<Connection> {
        if let Some(connection) = self.pool.take(origin).await {
            return Ok(connection);
        }
        match self.dialer.dial(origin).await {
            Ok(wire) => Ok(Connection::new(wire)),
            Err(DialError::Late) => Err(timed_out(Stage::Connecting)),
            Err(DialError::Failed(error)) => {
                let message = format!("no connection: {}", root_cause(&*error));
                Err(Error::new(ErrorKind::Connection, message)
                    .temporary()
                    .with_sent(false))
            }
        }
    }

    async fn exchange(
        &self,
        origin: Arc<Origin>,
        request: &Request,
        stage: &mut Stage,
    ) -> Result<Response> {
        let mut head = self.head(&origin, request)?;
        let mut connection = self.connection(&origin).await?;
        let mut body: &[u8] = &request.body;
        if body.len() <= JOINED_BODY {
            head.extend_from_slice(body);
            body = &[];
        }
        *stage = Stage::Waiting;
        let outcome = connection.exchange(&head, body).await;
        let sent = connection.sent;
        let Incoming {
            status,
            headers,
            body,
            reusable,
        } = outcome.map_err(|broken| failure(broken, sent))?;
        if reusable {
            self.pool.put(origin, connection);
        }
        Ok(Response {
            status,
            headers,
            body,
        })
    }
}

impl Transport for HttpTransport {
    fn send<'a>(&'a self, endpoint: &'a str, request: Request) -> BoxFuture<'a, Result<Response>> {
        Box::pin(async move {
            let inner = &*self.inner;
            let origin = inner.pool.origin(endpoint, &inner.dialer)?;
            let mut stage = Stage::Connecting;
            let exchange = inner.exchange(origin, &request, &mut stage);
            let outcome = match request.time_limit {
                Some(limit) => tokio::time::timeout(limit, exchange).await.ok(),
                None => Some(exchange.await),
            };
            outcome.unwrap_or_else(|| Err(timed_out(stage)))
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

fn failure(broken: Broken, sent: bool) -> Error {
    let message = match broken {
        Broken::Wire(error) => format!("the connection broke: {}", root_cause(&error)),
        Broken::Malformed(what) => format!("the connection broke: what came {what}"),
        Broken::TooLarge => {
            let message = format!("the reply is larger than {MAX_REPLY_BYTES} bytes");
            return Error::malformed(message);
        }
    };
    Error::new(ErrorKind::Connection, message)
        .temporary()
        .with_sent(sent)
}
