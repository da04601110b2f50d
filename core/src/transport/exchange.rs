//! One request and its reply over an HTTP/1.1 connection, driven by the task that waits for them.
//!
//! A client that hands its connections to tasks of their own pays two switches between threads per
//! request, several times what the request itself takes.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Waker};

use ::http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use ::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};

use super::dial::Wire;
use super::http::MAX_REPLY_BYTES;

/// The head of a reply may have this many bytes and lines at most.
const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_HEADERS: usize = 96;

/// Room that is made for the next bytes of a head.
const HEAD_ROOM: usize = 4 * 1024;

/// Bodies get room as they come, at least this much at once, whatever length was announced.
const BODY_ROOM: usize = 256 * 1024;

/// A reply, and whether its connection may be used again.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) reusable: bool,
}

/// Why there is no reply.
#[derive(Debug)]
pub(super) enum Broken {
    /// The network failed, or the service closed the connection.
    Wire(io::Error),
    /// What came is not a reply.
    Malformed(&'static str),
    TooLarge,
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Wire(error)
    }
}

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
    UntilClosed,
}

/// A connection that carries one request at a time.
pub(super) struct Connection<W = Wire> {
    wire: W,
    input: BytesMut,
    /// Whether bytes of the current request were handed to the network.
    pub(super) sent: bool,
}

impl<W: AsyncRead + AsyncWrite + Unpin> Connection<W> {
    /// Starts with a fresh connection.
    pub(super) fn new(wire: W) -> Self {
        Self {
            wire,
            input: BytesMut::new(),
            sent: false,
        }
    }

    /// Whether the service has neither closed an idle connection nor said anything unasked.
    pub(super) fn is_open(&mut self) -> bool {
        let mut byte = [0];
        let mut buffer = ReadBuf::new(&mut byte);
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(&mut self.wire)
            .poll_read(&mut context, &mut buffer)
            .is_pending()
    }

    /// Sends a request and reads its reply.
    ///
    /// Dropped before its end, the connection must not be used again.
    pub(super) async fn exchange(&mut self, head: &[u8], body: &[u8]) -> Result<Incoming, Broken> {
        self.sent = false;
        if let Err(error) = self.write(head, body).await {
            // A service may refuse a request before it has read all of it.
            let refused = if self.sent {
                self.read().await.ok()
            } else {
                None
            };
            return match refused {
                Some(reply) => Ok(Incoming {
                    reusable: false,
                    ..reply
                }),
                None => Err(error.into()),
            };
        }
        self.read().await
    }

    async fn write(&mut self, head: &[u8], body: &[u8]) -> io::Result<()> {
        let (mut head, mut body) = (head, body);
        while !head.is_empty() || !body.is_empty() {
            let parts = [IoSlice::new(head), IoSlice::new(body)];
            let count = self.wire.write_vectored(&parts).await?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.sent = true;
            let of_head = count.min(head.len());
            head.advance(of_head);
            body.advance(count - of_head);
        }
        self.wire.flush().await
    }

    async fn read(&mut self) -> Result<Incoming, Broken> {
        let (status, headers, keeps) = loop {
            let head = self.read_head().await?;
            match head.0.as_u16() {
                101 => return Err(Broken::Malformed("changes the protocol")),
                100..=199 => {}
                _ => break head,
            }
        };
        let framing = framing(status, &headers)?;
        let body = match framing {
            Framing::Length(length) => self.read_length(length).await?,
            Framing::Chunked => self.read_chunks().await?,
            Framing::UntilClosed => self.read_rest().await?,
        };
        let ambiguous =
            headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH);
        Ok(Incoming {
            status,
            headers,
            body,
            reusable: keeps
                && !ambiguous
                && framing != Framing::UntilClosed
                && self.input.is_empty(),
        })
    }

    /// Reads some more bytes; none are an error.
    async fn fill(&mut self, room: usize) -> Result<(), Broken> {
        self.input.reserve(room);
        if self.wire.read_buf(&mut self.input).await? == 0 {
            return Err(Broken::Wire(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "closed before the reply was complete",
            )));
        }
        Ok(())
    }

    async fn read_head(&mut self) -> Result<(StatusCode, HeaderMap, bool), Broken> {
        loop {
            if !self.input.is_empty()
                && let Some((length, head)) = parse_head(&self.input)?
            {
                self.input.advance(length);
                return Ok(head);
            }
            if self.input.len() >= MAX_HEAD_BYTES {
                return Err(Broken::Malformed("has too long a head"));
            }
            self.fill(HEAD_ROOM).await?;
        }
    }

    async fn read_length(&mut self, length: usize) -> Result<Bytes, Broken> {
        if length > MAX_REPLY_BYTES {
            return Err(Broken::TooLarge);
        }
        if self.input.len() >= length {
            let body = Bytes::copy_from_slice(&self.input[..length]);
            self.input.advance(length);
            return Ok(body);
        }
        let mut body = BytesMut::with_capacity(length.min(BODY_ROOM.max(self.input.len())));
        body.extend_from_slice(&self.input);
        self.input.clear();
        while body.len() < length {
            let missing = length - body.len();
            if body.len() == body.capacity() {
                // At most doubled, so that an announced length alone takes no memory.
                body.reserve(missing.min(body.len().max(BODY_ROOM)));
            }
            if self.wire.read_buf(&mut (&mut body).limit(missing)).await? == 0 {
                return Err(Broken::Wire(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "closed before the reply was complete",
                )));
            }
        }
        Ok(body.freeze())
    }

    async fn read_chunks(&mut self) -> Result<Bytes, Broken> {
        let mut body = BytesMut::new();
        loop {
            let size = self.read_chunk_size().await?;
            if size == 0 {
                self.skip_trailers().await?;
                return Ok(body.freeze());
            }
            if size > MAX_REPLY_BYTES - body.len() {
                return Err(Broken::TooLarge);
            }
            let end = body.len() + size;
            while body.len() < end {
                if self.input.is_empty() {
                    self.fill(HEAD_ROOM).await?;
                }
                let part = self.input.len().min(end - body.len());
                body.extend_from_slice(&self.input[..part]);
                self.input.advance(part);
            }
            while self.input.len() < 2 {
                self.fill(HEAD_ROOM).await?;
            }
            if !self.input.starts_with(b"\r\n") {
                return Err(Broken::Malformed("has a chunk that is too long"));
            }
            self.input.advance(2);
        }
    }

    async fn read_chunk_size(&mut self) -> Result<usize, Broken> {
        loop {
            match httparse::parse_chunk_size(&self.input) {
                Ok(httparse::Status::Complete((used, size))) => {
                    self.input.advance(used);
                    return usize::try_from(size).map_err(|_| Broken::TooLarge);
                }
                Ok(httparse::Status::Partial) if self.input.len() < MAX_HEAD_BYTES => {
                    self.fill(HEAD_ROOM).await?;
                }
                _ => return Err(Broken::Malformed("has a chunk without a size")),
            }
        }
    }

    async fn skip_trailers(&mut self) -> Result<(), Broken> {
        let mut total = 0;
        loop {
            let Some(end) = self.input.windows(2).position(|pair| pair == b"\r\n") else {
                if self.input.len() + total >= MAX_HEAD_BYTES {
                    return Err(Broken::Malformed("has too long a head"));
                }
                self.fill(HEAD_ROOM).await?;
                continue;
            };
            self.input.advance(end + 2);
            total += end + 2;
            if end == 0 {
                return Ok(());
            }
        }
    }

    async fn read_rest(&mut self) -> Result<Bytes, Broken> {
        loop {
            if self.input.len() > MAX_REPLY_BYTES {
                return Err(Broken::TooLarge);
            }
            self.input.reserve(HEAD_ROOM);
            if self.wire.read_buf(&mut self.input).await? == 0 {
                return Ok(self.input.split().freeze());
            }
        }
    }
}

type Head = (StatusCode, HeaderMap, bool);

/// Parses the head of a reply: its length in bytes, and what it says. `None` when it is not whole.
fn parse_head(input: &[u8]) -> Result<Option<(usize, Head)>, Broken> {
    let mut lines = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut reply = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default()
        .parse_response_with_uninit_headers(&mut reply, input, &mut lines)
        .map_err(|_| Broken::Malformed("is not HTTP"))?;
    let httparse::Status::Complete(length) = parsed else {
        return Ok(None);
    };
    let wrong = || Broken::Malformed("has a header that is not HTTP");
    let status = StatusCode::from_u16(reply.code.unwrap_or_default())
        .map_err(|_| Broken::Malformed("has a status that is not HTTP"))?;
    let mut headers = HeaderMap::with_capacity(reply.headers.len());
    for line in reply.headers.iter() {
        let name = HeaderName::from_bytes(line.name.as_bytes()).map_err(|_| wrong())?;
        let value = HeaderValue::from_bytes(line.value).map_err(|_| wrong())?;
        headers.append(name, value);
    }
    let keeps = match reply.version {
        Some(1) => !says(&headers, "close"),
        _ => says(&headers, "keep-alive"),
    };
    Ok(Some((length, (status, headers, keeps))))
}

/// Whether the header `Connection` has a word.
fn says(headers: &HeaderMap, word: &str) -> bool {
    headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(word))
}

/// How the end of the body is known, by the rules of RFC 9112, section 6.3.
fn framing(status: StatusCode, headers: &HeaderMap) -> Result<Framing, Broken> {
    if status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        return Ok(Framing::Length(0));
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next() {
        let chunked = coding.as_bytes().eq_ignore_ascii_case(b"chunked");
        return if chunked && codings.next().is_none() {
            Ok(Framing::Chunked)
        } else {
            Err(Broken::Malformed("has a coding that was not asked for"))
        };
    }
    let mut length = None;
    for value in headers.get_all(CONTENT_LENGTH) {
        let text = value.to_str().unwrap_or_default();
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| text.parse::<usize>().unwrap_or(usize::MAX));
        match (number, length) {
            (Some(number), None) => length = Some(number),
            (Some(number), Some(known)) if number == known => {}
            _ => return Err(Broken::Malformed("has no proper length")),
        }
    }
    Ok(length.map_or(Framing::UntilClosed, Framing::Length))
}

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, duplex};

    use super::*;

    /// Has a peer send some pieces, then close, and reads them as the reply to a request.
    async fn reply(pieces: &[&[u8]]) -> Result<Incoming, Broken> {
        let (ours, mut theirs) = duplex(64);
        let pieces: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.to_vec()).collect();
        let peer = tokio::spawn(async move {
            let mut request = [0; 4];
            theirs.read_exact(&mut request).await.unwrap();
            for piece in pieces {
                if theirs.write_all(&piece).await.is_err() {
                    break;
                }
            }
        });
        let outcome = Connection::new(ours).exchange(b"ab", b"cd").await;
        peer.await.unwrap();
        outcome
    }

    /// The same for a reply that arrives whole and for one that arrives byte by byte.
    async fn replies(text: &str) -> Vec<Result<Incoming, Broken>> {
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        vec![reply(&[text.as_bytes()]).await, reply(&bytes).await]
    }

    #[tokio::test]
    async fn bodies_end_where_the_head_says() {
        let long = "x".repeat(100_000);
        let by_length = format!("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{long}");
        let until_closed = format!("HTTP/1.1 200 OK\r\n\r\n{long}");
        let table = [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi", true),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
                "hi",
                true,
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: x, Close\r\n\r\nhi",
                "hi",
                false,
            ),
            (
                "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
                "hi",
                false,
            ),
            (
                "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi",
                "hi",
                true,
            ),
            (
                "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
                "",
                true,
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n1\r\n!\r\n0\r\nSum: 1\r\n\r\n",
                "hi!",
                true,
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
                "hi",
                false,
            ),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
                "hi",
                true,
            ),
            (&by_length, &long, true),
            (&until_closed, &long, false),
        ];
        for (text, body, reusable) in table {
            for outcome in replies(text).await {
                let found = outcome.unwrap();
                assert_eq!(
                    (&*found.body, found.reusable),
                    (body.as_bytes(), reusable),
                    "{text}"
                );
            }
        }
        // More than was announced: what follows is not taken for the next reply.
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!".as_slice();
        let found = reply(&[text]).await.unwrap();
        assert_eq!((&*found.body, found.reusable), (b"hi".as_slice(), false));
    }

    #[tokio::test]
    async fn replies_that_are_none_are_refused() {
        let many = format!(
            "HTTP/1.1 200 OK\r\n{}\r\n",
            "a: b\r\n".repeat(MAX_HEADERS + 1)
        );
        let long = format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(MAX_HEAD_BYTES));
        for text in [
            "SMTP ready\r\n\r\n",
            "HTTP/1.1 101 Switching\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!",
            "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
            &many,
            &long,
        ] {
            for outcome in replies(text).await {
                assert!(
                    matches!(outcome, Err(Broken::Malformed(_))),
                    "{text}: {outcome:?}"
                );
            }
        }
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
        ] {
            for outcome in replies(text).await {
                assert!(
                    matches!(outcome, Err(Broken::TooLarge)),
                    "{text}: {outcome:?}"
                );
            }
        }
    }

    #[tokio::test]
    async fn halves_of_replies_are_refused() {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
        for end in 0..text.len() {
            let outcome = reply(&[&text.as_bytes()[..end]]).await;
            assert!(
                matches!(outcome, Err(Broken::Wire(_))),
                "{end}: {outcome:?}"
            );
        }
    }

    /// A stream with a small window that closes after the first bytes of a request.
    async fn refuse(mut theirs: DuplexStream, text: &'static [u8]) {
        let mut start = [0; 4];
        theirs.read_exact(&mut start).await.unwrap();
        theirs.write_all(text).await.unwrap();
    }

    #[tokio::test]
    async fn a_refusal_before_the_end_of_the_request_is_its_reply() {
        let (ours, theirs) = duplex(64);
        let text = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
        let peer = tokio::spawn(refuse(theirs, text));
        let mut connection = Connection::new(ours);
        let found = connection.exchange(b"head", &[0; 10_000]).await.unwrap();
        assert_eq!((found.status.as_u16(), found.reusable), (413, false));
        peer.await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_that_was_closed_or_speaks_unasked_is_not_open() {
        let (ours, mut theirs) = duplex(64);
        let mut connection = Connection::new(ours);
        assert!(connection.is_open());
        theirs.write_all(b"x").await.unwrap();
        assert!(!connection.is_open());
        let (ours, theirs) = duplex(64);
        let mut connection = Connection::new(ours);
        drop(theirs);
        assert!(!connection.is_open());
        assert!(matches!(
            connection.exchange(b"a", b"").await,
            Err(Broken::Wire(_))
        ));
        assert!(!connection.sent);
    }
}
