//! One request and its reply over an HTTP/1.1 connection, driven by the task that waits for them.
//!
//! A client that hands its connections to tasks of their own pays two switches between threads per
//! request, several times what the request itself takes.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Waker};

use ::http::{HeaderMap, Request, StatusCode};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::bell::Bell;
use super::dial::{Wire, root_cause};
use super::event_loop::EventLoop;
use super::http::MAX_REPLY_BYTES;
use super::socket::Probe;
use crate::error::{Error, ErrorKind};

/// Bodies of an announced length get their room at once up to this many bytes, what is beyond as it comes.
const BODY_ROOM: usize = 8 * 1024 * 1024;

/// Most bytes that are read at a time, and of the head of a reply. An idle connection may keep as many.
const READ_BYTES: usize = 64 * 1024;

/// A reply as it came.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why there is no reply.
#[derive(Debug)]
pub(super) enum Broken {
    /// The connection failed before anything of the request was handed to it.
    Unsent(hyper::Error),
    /// The connection failed, or what came is not a reply.
    Failed(hyper::Error),
    /// The reply was cut off behind its head.
    Cut(hyper::Error, Box<Head>),
    TooLarge,
}

/// What stands before the body of a reply.
#[derive(Debug)]
pub(super) struct Head {
    status: StatusCode,
    headers: HeaderMap,
}

impl Head {
    /// The id that the service gave to the request: the names of these headers all end the same.
    fn request_id(&self) -> &str {
        let mut headers = self.headers.iter();
        headers
            .find(|(name, _)| name.as_str().ends_with("request-id"))
            .and_then(|(_, value)| value.to_str().ok())
            .unwrap_or_default()
    }
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        let (cause, sent) = match broken {
            Broken::Unsent(cause) => (cause, false),
            Broken::Failed(cause) => (cause, true),
            Broken::Cut(cause, head) => {
                return Self::from(Broken::Failed(cause))
                    .with_http_status(head.status.as_u16())
                    .with_request_id(head.request_id());
            }
            Broken::TooLarge => {
                let message = format!("the reply is larger than {MAX_REPLY_BYTES} bytes");
                return Self::malformed(message);
            }
        };
        let message = format!("the connection broke: {}", root_cause(&cause));
        Self::new(ErrorKind::Connection, message)
            .temporary()
            .with_sent(sent)
    }
}

/// A connection that carries one request at a time.
pub(super) struct Connection<W: AsyncRead + AsyncWrite + Unpin = Wire> {
    requests: http1::SendRequest<Full<Bytes>>,
    driver: Driver<W>,
}

/// What reads and writes while it is polled.
struct Driver<W: AsyncRead + AsyncWrite + Unpin> {
    connection: http1::Connection<TokioIo<W>, Full<Bytes>>,
    ended: bool,
    /// The two halves of the connection wake each other with it.
    bell: Arc<Bell>,
    probe: Probe,
}

impl<W: AsyncRead + AsyncWrite + Unpin> Driver<W> {
    /// Gets on as far as the network allows.
    ///
    /// Its errors are those of the request, which learns of them by itself.
    fn advance(&mut self, context: &mut Context<'_>) {
        self.ended = self.ended || Pin::new(&mut self.connection).poll(context).is_ready();
    }

    /// Waits for something that the connection brings about.
    async fn run<F: Future>(&mut self, mut awaited: Pin<&mut F>) -> F::Output {
        poll_fn(|context| {
            Bell::listen(&Arc::clone(&self.bell), context, |inside| {
                self.advance(inside);
                awaited.as_mut().poll(inside)
            })
        })
        .await
    }
}

impl<W: AsyncRead + AsyncWrite + Unpin> Connection<W> {
    /// Starts with a fresh connection, whose sockets heed the probe.
    pub(super) async fn start(wire: W, probe: Probe) -> hyper::Result<Self> {
        let (requests, connection) = http1::Builder::new()
            .max_buf_size(READ_BYTES)
            .handshake(TokioIo::new(wire))
            .await?;
        let driver = Driver {
            connection,
            ended: false,
            bell: Arc::default(),
            probe,
        };
        Ok(Self { requests, driver })
    }

    /// Whether the service has neither closed the connection nor said anything unasked.
    pub(super) fn is_open(&mut self) -> bool {
        self.driver.probe.set(true);
        self.driver.advance(&mut Context::from_waker(Waker::noop()));
        self.driver.probe.set(false);
        !self.driver.ended && self.requests.is_ready()
    }

    /// The event loop that watches it, if it is not the runtime.
    pub(super) fn event_loop(&self) -> Option<Arc<dyn EventLoop>> {
        self.driver.probe.event_loop()
    }

    /// Sends a request and reads its reply.
    ///
    /// Dropped before its end, the connection must not be used again.
    pub(super) async fn exchange(
        &mut self,
        request: Box<Request<Full<Bytes>>>,
    ) -> Result<Reply, Broken> {
        let sending = pin!(self.requests.try_send_request(*request));
        let reply = self.driver.run(sending).await.map_err(|mut failure| {
            if failure.take_message().is_some() {
                Broken::Unsent(failure.into_error())
            } else {
                Broken::Failed(failure.into_error())
            }
        })?;
        let (head, body) = reply.into_parts();
        let (status, headers) = (head.status, head.headers);
        match self.driver.run(pin!(whole(body))).await {
            Ok(body) => Ok(Reply {
                status,
                headers,
                body,
            }),
            Err(Broken::Failed(cause)) => {
                Err(Broken::Cut(cause, Box::new(Head { status, headers })))
            }
            Err(broken) => Err(broken),
        }
    }
}

/// Reads a body to its end.
async fn whole(mut body: Incoming) -> Result<Bytes, Broken> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > MAX_REPLY_BYTES {
        return Err(Broken::TooLarge);
    }
    let mut parts = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(part) = frame.map_err(Broken::Failed)?.into_data() else {
            continue;
        };
        if part.len() > MAX_REPLY_BYTES - parts.len() {
            return Err(Broken::TooLarge);
        }
        if parts.is_empty() {
            if body.is_end_stream() {
                return Ok(part);
            }
            parts.reserve(announced.min(BODY_ROOM.max(part.len())));
        }
        parts.extend_from_slice(&part);
    }
    Ok(parts.freeze())
}

#[cfg(test)]
mod tests {
    use ::http::Method;
    use ::http::header::HOST;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    fn request(body: impl Into<Bytes>) -> Box<Request<Full<Bytes>>> {
        let mut request = Request::new(Full::new(body.into()));
        *request.method_mut() = Method::POST;
        request
            .headers_mut()
            .insert(HOST, "hub.example".parse().unwrap());
        Box::new(request)
    }

    /// Reads the head of a request, then sends some pieces.
    async fn answer(mut theirs: DuplexStream, pieces: Vec<Vec<u8>>) -> DuplexStream {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(theirs.read_u8().await.unwrap());
        }
        for piece in pieces {
            if theirs.write_all(&piece).await.is_err() {
                break;
            }
        }
        theirs
    }

    /// What comes of a reply, and whether the connection is open after it, while the peer keeps it.
    async fn reply(pieces: Vec<Vec<u8>>, closes: bool) -> (Result<Reply, Broken>, bool) {
        let (ours, theirs) = duplex(64);
        let peer = tokio::spawn(async move {
            let theirs = answer(theirs, pieces).await;
            (!closes).then_some(theirs)
        });
        let mut connection = Connection::start(ours, Probe::default()).await.unwrap();
        let outcome = connection.exchange(request("")).await;
        if outcome.is_err() {
            // What the peer still has to say is not read any more.
            let open = connection.is_open();
            drop(connection);
            peer.await.unwrap();
            return (outcome, open);
        }
        let kept = peer.await.unwrap();
        let open = connection.is_open();
        drop(kept);
        (outcome, open)
    }

    /// The same for a reply that arrives whole and for one that arrives byte by byte.
    async fn replies(text: &str, closes: bool) -> Vec<(Result<Reply, Broken>, bool)> {
        let bytes = text.bytes().map(|byte| vec![byte]).collect();
        vec![
            reply(vec![text.into()], closes).await,
            reply(bytes, closes).await,
        ]
    }

    #[tokio::test]
    async fn a_connection_is_reused_after_a_whole_reply_only() {
        let long = "x".repeat(100_000);
        let by_length = format!("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{long}");
        let until_closed = format!("HTTP/1.1 200 OK\r\n\r\n{long}");
        let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n1\r\n!\r\n0\r\n\r\n";
        let continued =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
        let closing = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";
        let table = [
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
                "hi",
                true,
                false,
            ),
            ("HTTP/1.1 204 No Content\r\n\r\n", "", true, false),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                "",
                true,
                false,
            ),
            (chunks, "hi!", true, false),
            (continued, "hi", true, false),
            (&by_length, &long, true, false),
            (closing, "hi", false, false),
            (&until_closed, &long, false, true),
        ];
        for (text, body, reusable, closes) in table {
            for (outcome, open) in replies(text, closes).await {
                let found = outcome.unwrap();
                assert_eq!((&*found.body, open), (body.as_bytes(), reusable), "{text}");
            }
        }
    }

    #[tokio::test]
    async fn what_comes_unasked_is_not_taken_for_the_next_reply() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!";
        let (outcome, open) = reply(vec![text.into()], false).await;
        assert_eq!((&*outcome.unwrap().body, open), (b"hi".as_slice(), false));
    }

    #[tokio::test]
    async fn replies_that_are_none_are_refused() {
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(1000));
        let endless = format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(500_000));
        for text in [
            "SMTP ready\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!",
            &many,
            &endless,
        ] {
            let (outcome, open) = reply(vec![text.into()], false).await;
            assert!(
                matches!(outcome, Err(Broken::Failed(_))),
                "{text}: {outcome:?}"
            );
            assert!(!open);
        }
    }

    #[tokio::test]
    async fn replies_that_are_too_large_are_refused() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n";
        for (outcome, _) in replies(text, false).await {
            assert!(matches!(outcome, Err(Broken::TooLarge)), "{outcome:?}");
        }
        let mut pieces = vec![b"HTTP/1.1 200 OK\r\n\r\n".to_vec()];
        pieces.resize(MAX_REPLY_BYTES / 1_000_000 + 3, vec![b'x'; 1_000_000]);
        let (ours, theirs) = duplex(1_000_000);
        let peer = tokio::spawn(answer(theirs, pieces));
        let mut connection = Connection::start(ours, Probe::default()).await.unwrap();
        let outcome = connection.exchange(request("")).await;
        assert!(matches!(outcome, Err(Broken::TooLarge)), "{outcome:?}");
        drop(connection);
        peer.await.unwrap();
    }

    #[tokio::test]
    async fn halves_of_replies_are_refused() {
        let head = "HTTP/1.1 503 Gone\r\nX-Hub-Request-Id: 7\r\nTransfer-Encoding: chunked\r\n\r\n";
        let text = format!("{head}2\r\nhi\r\n0\r\n\r\n");
        for end in 0..text.len() {
            let (outcome, open) = reply(vec![text[..end].into()], true).await;
            let broken = outcome.unwrap_err();
            let is_cut = matches!(broken, Broken::Cut(..));
            assert!(is_cut || matches!(broken, Broken::Failed(_)), "{broken:?}");
            assert_eq!((is_cut, open), (end >= head.len(), false), "{end}");
            let error = Error::from(broken);
            let known = (error.http_status(), error.request_id());
            let told = if is_cut { (Some(503), "7") } else { (None, "") };
            assert_eq!((known, error.was_sent()), (told, true), "{end}");
        }
    }

    #[tokio::test]
    async fn a_body_that_is_none_is_refused() {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n";
        let (outcome, open) = reply(vec![text.into()], false).await;
        assert!(matches!(outcome, Err(Broken::Cut(..))), "{outcome:?}");
        assert!(!open);
    }

    #[tokio::test]
    async fn a_refusal_before_the_end_of_the_request_is_its_reply() {
        let (ours, theirs) = duplex(512);
        let text = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
        let peer = tokio::spawn(answer(theirs, vec![text.to_vec()]));
        let mut connection = Connection::start(ours, Probe::default()).await.unwrap();
        let found = connection.exchange(request(vec![0; 10_000])).await.unwrap();
        assert_eq!(found.status.as_u16(), 413);
        assert!(!connection.is_open());
        peer.await.unwrap();
    }

    #[tokio::test]
    async fn nothing_was_sent_over_a_connection_that_was_closed_before() {
        let (ours, theirs) = duplex(64);
        let mut connection = Connection::start(ours, Probe::default()).await.unwrap();
        assert!(connection.is_open());
        drop(theirs);
        assert!(!connection.is_open());
        let outcome = connection.exchange(request("")).await;
        let broken = outcome.unwrap_err();
        assert!(matches!(broken, Broken::Unsent(_)), "{broken:?}");
        let error = Error::from(broken);
        assert_eq!(
            (error.kind(), error.was_sent()),
            (ErrorKind::Connection, false)
        );
    }
}
