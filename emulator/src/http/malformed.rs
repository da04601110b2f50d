//! Replies to what is not HTTP.
//!
//! The HTTP library answers a malformed request head with a bare status and closes the connection. Clients of the
//! emulated services expect an error body, so the bare reply is replaced by the service's own on its way out.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::header::{CONNECTION, CONTENT_LENGTH};
use http::{HeaderValue, Response, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use super::{AnyService, Rejection};

/// How long, and how much of, the rest of a malformed request is read and dropped after the answer. Closing at once
/// would reset the connection under clients that are still sending, and lose them the answer.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 1 << 20;

/// A connection that speaks for the service when the request head is malformed.
pub(super) struct AnswerMalformed {
    stream: TcpStream,
    service: Arc<dyn AnyService>,
    own_reply: Bytes,
    answered: bool,
    lingered: usize,
    linger: Option<Pin<Box<Sleep>>>,
}

impl AnswerMalformed {
    pub(super) fn new(stream: TcpStream, service: Arc<dyn AnyService>) -> Self {
        Self {
            stream,
            service,
            own_reply: Bytes::new(),
            answered: false,
            lingered: 0,
            linger: None,
        }
    }

    fn poll_own_reply(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.own_reply.has_remaining() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &self.own_reply))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.own_reply.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self
            .linger
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + LINGER)));
        if deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        let mut dropped = [0; 4096];
        while self.lingered < LINGER_BYTES {
            let mut buffer = ReadBuf::new(&mut dropped);
            match ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => self.lingered += buffer.filled().len(),
                _ => return Poll::Ready(()),
            }
        }
        Poll::Ready(())
    }
}

impl AsyncRead for AnswerMalformed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for AnswerMalformed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_own_reply(context))?;
        if let Some(status) = bare_status(data) {
            self.own_reply = on_the_wire(self.service.reject(Rejection::Malformed(status)));
            self.answered = true;
            return Poll::Ready(Ok(data.len()));
        }
        Pin::new(&mut self.stream).poll_write(context, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_own_reply(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_own_reply(context))?;
        ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        if self.answered {
            ready!(self.poll_linger(context));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match slices.iter().find(|slice| !slice.is_empty()) {
            Some(only) if bare_status(only).is_some() => self.poll_write(context, only),
            _ => {
                ready!(self.poll_own_reply(context))?;
                Pin::new(&mut self.stream).poll_write_vectored(context, slices)
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// The status of a reply that the HTTP library made up: an error without a body and without any header of a service.
fn bare_status(data: &[u8]) -> Option<StatusCode> {
    if !data.starts_with(b"HTTP/1.1 4") && !data.starts_with(b"HTTP/1.0 4") {
        return None;
    }
    let head = std::str::from_utf8(data).ok()?.strip_suffix("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let bare = lines.all(|line| {
        let name = line.split(':').next().unwrap_or_default();
        ["connection", "content-length", "date"]
            .iter()
            .any(|own| name.eq_ignore_ascii_case(own))
    });
    bare.then_some(status)
}

fn on_the_wire(mut response: Response<Bytes>) -> Bytes {
    let length = HeaderValue::from(response.body().len());
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    let status = response.status();
    let wire = format!(
        "HTTP/1.1 {} {}\r\ndate: {}\r\n",
        status.as_str(),
        status.canonical_reason().unwrap_or("Error"),
        httpdate::fmt_http_date(std::time::SystemTime::now())
    );
    let mut wire = wire.into_bytes();
    for (name, value) in response.headers() {
        wire.extend_from_slice(name.as_str().as_bytes());
        wire.extend_from_slice(b": ");
        wire.extend_from_slice(value.as_bytes());
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b"\r\n");
    wire.extend_from_slice(response.body());
    wire.into()
}
