//! One connection: from bytes to whole requests and back.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::body::{CutOff, ReplyBody};
use super::malformed::AnswerMalformed;
use super::{AnyService, Cut, Peer, Rejection, ServerOptions};

/// How much of a rejected body is read and dropped, so that a client that sends it whole before it reads gets its
/// answer; beyond this the connection is closed.
const DRAINED_BYTES: usize = 64 << 20;

pub(super) async fn serve(
    stream: TcpStream,
    service: Arc<dyn AnyService>,
    options: ServerOptions,
    mut stopped: watch::Receiver<bool>,
) {
    // Only a hint: without it replies are as correct, but slower.
    let _ = stream.set_nodelay(true);
    let peer = stream.peer_addr().ok().map(Peer);
    let stream = AnswerMalformed::new(stream, Arc::clone(&service));
    let answer = service_fn(move |mut request: Request<Incoming>| {
        let service = Arc::clone(&service);
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        async move { cut(answer(&*service, request, options.body_timeout).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.head_timeout)
        .max_header_size(options.head_bytes)
        .half_close(true)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = asked_to_stop(&mut stopped) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// The reply as far as it is to be sent.
fn cut(mut response: Response<Bytes>) -> Result<Response<ReplyBody>, CutOff> {
    let no_body = matches!(
        response.status(),
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
    );
    match response.extensions().get() {
        None => Ok(response.map(ReplyBody::whole)),
        Some(Cut::Half) if !no_body => {
            let length = HeaderValue::from(response.body().len().max(1));
            response.headers_mut().insert(CONTENT_LENGTH, length);
            Ok(response.map(ReplyBody::half))
        }
        Some(_) => Err(CutOff),
    }
}

async fn asked_to_stop(stopped: &mut watch::Receiver<bool>) {
    // An error means that the server is gone, which is a request to stop as well.
    let _ = stopped.wait_for(|stop| *stop).await;
}

async fn answer(
    service: &dyn AnyService,
    request: Request<Incoming>,
    timeout: Duration,
) -> Response<Bytes> {
    let (head, body) = request.into_parts();
    let waits = head.headers.contains_key(EXPECT);
    match read_body(body, waits, service.body_limit(), timeout).await {
        Ok(body) => guarded(service, Request::from_parts(head, body)).await,
        Err(rejection) => {
            let mut response = service.reject(rejection);
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
            response
        }
    }
}

/// Runs the service and turns a panic into its own error reply.
async fn guarded(service: &dyn AnyService, request: Request<Bytes>) -> Response<Bytes> {
    let mut handling = service.answer(request);
    let outcome = poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| handling.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(response)) => Poll::Ready(Some(response)),
            Err(_) => Poll::Ready(None),
        }
    });
    let mut response = outcome
        .await
        .unwrap_or_else(|| service.reject(Rejection::Panicked));
    let length = HeaderValue::from(response.body().len());
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
}

async fn read_body(
    mut body: Incoming,
    waits: bool,
    limit: usize,
    timeout: Duration,
) -> Result<Bytes, Rejection> {
    let announced = body.size_hint().lower();
    if announced > limit as u64 {
        // Reading asks a client to go on that waits for leave, and no answer reaches one that sends more than this.
        if !waits && announced <= DRAINED_BYTES as u64 {
            drain(body, timeout).await;
        }
        return Err(Rejection::BodyTooLarge(limit));
    }
    // Most bodies come in one piece and are not copied.
    let Some(first) = next_data(&mut body, timeout).await? else {
        return Ok(Bytes::new());
    };
    let Some(mut next) = next_data(&mut body, timeout).await? else {
        return within(limit, first);
    };
    let mut whole = BytesMut::with_capacity((announced as usize).max(first.len() + next.len()));
    whole.extend_from_slice(&first);
    loop {
        if whole.len() + next.len() > limit {
            drain(body, timeout).await;
            return Err(Rejection::BodyTooLarge(limit));
        }
        whole.extend_from_slice(&next);
        match next_data(&mut body, timeout).await? {
            Some(data) => next = data,
            None => return Ok(whole.freeze()),
        }
    }
}

fn within(limit: usize, body: Bytes) -> Result<Bytes, Rejection> {
    if body.len() > limit {
        Err(Rejection::BodyTooLarge(limit))
    } else {
        Ok(body)
    }
}

async fn drain(mut body: Incoming, timeout: Duration) {
    let mut drained = 0;
    while drained < DRAINED_BYTES {
        match next_data(&mut body, timeout).await {
            Ok(Some(data)) => drained += data.len(),
            Ok(None) | Err(_) => return,
        }
    }
}

async fn next_data(body: &mut Incoming, timeout: Duration) -> Result<Option<Bytes>, Rejection> {
    loop {
        let frame = tokio::time::timeout(timeout, body.frame())
            .await
            .map_err(|_| Rejection::Timeout)?;
        match frame {
            None => return Ok(None),
            Some(Err(_)) => return Err(Rejection::BodyIncomplete),
            // Trailers carry nothing that a service reads.
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}
