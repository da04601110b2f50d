//! The HTTP server under every emulated service.
//!
//! A service sees whole requests and returns whole replies; connections, limits, timeouts and keep-alive are dealt
//! with here. Whatever goes wrong below the service is answered in the service's own words (`HttpService::reject`).

mod body;
mod connection;
mod malformed;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// A service behind HTTP.
pub(crate) trait HttpService: Send + Sync + 'static {
    /// Largest body of a request as sent, in bytes; a larger one is rejected as [`Rejection::BodyTooLarge`].
    fn body_limit(&self) -> usize;

    /// Answers a request. A panic is answered with [`Rejection::Panicked`].
    fn handle(&self, request: Request<Bytes>) -> impl Future<Output = Response<Bytes>> + Send;

    /// The service's own error reply for a request that does not reach [`HttpService::handle`].
    fn reject(&self, rejection: Rejection) -> Response<Bytes>;
}

/// Any service, so that one server serves them all.
trait AnyService: Send + Sync {
    fn body_limit(&self) -> usize;

    fn answer(&self, request: Request<Bytes>) -> Answering<'_>;

    fn reject(&self, rejection: Rejection) -> Response<Bytes>;
}

type Answering<'a> = Pin<Box<dyn Future<Output = Response<Bytes>> + Send + 'a>>;

impl<S: HttpService> AnyService for S {
    fn body_limit(&self) -> usize {
        HttpService::body_limit(self)
    }

    fn answer(&self, request: Request<Bytes>) -> Answering<'_> {
        Box::pin(self.handle(request))
    }

    fn reject(&self, rejection: Rejection) -> Response<Bytes> {
        HttpService::reject(self, rejection)
    }
}

/// Why a request does not reach the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// The body is larger than this many bytes.
    BodyTooLarge(usize),
    /// The body ended early, or its chunks are malformed.
    BodyIncomplete,
    /// The body did not arrive in time.
    Timeout,
    /// The request line or a header is malformed or too large; the status that HTTP has for it.
    Malformed(StatusCode),
    /// The service failed on this request.
    Panicked,
}

/// The other end of the connection that a request came on; among the extensions of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Among the extensions of a reply: how much of it is withheld before the connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// All of it.
    Whole,
    /// The second half of its body, which is announced as whole. If it has no body, one byte is announced; all of it
    /// is withheld if its status allows none.
    Half,
}

/// Bounds of a server.
#[derive(Clone, Copy, Debug)]
pub struct ServerOptions {
    /// Connections served at once; more wait to be accepted. 1024 by default.
    pub connections: usize,
    /// Longest wait for a whole request head, idle time between requests included. 2 minutes by default.
    pub head_timeout: Duration,
    /// Longest wait for the next part of a body. 30 seconds by default.
    pub body_timeout: Duration,
    /// Bytes of a request line with its headers. 64 KiB by default.
    pub head_bytes: usize,
    /// Longest wait for requests in flight when the server stops. 10 seconds by default.
    pub stop_timeout: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            connections: 1024,
            head_timeout: Duration::from_secs(120),
            body_timeout: Duration::from_secs(30),
            head_bytes: 64 << 10,
            stop_timeout: Duration::from_secs(10),
        }
    }
}

/// A running server; dropping it stops it without waiting for requests in flight.
pub(crate) struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Binds `address` (`host:port`; port 0 takes a free one) and serves until [`Server::stop`].
    /// Must be called within a Tokio runtime.
    pub(crate) async fn start<S: HttpService>(
        address: impl ToSocketAddrs,
        service: Arc<S>,
        options: ServerOptions,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(accept(listener, service, options, stopped));
        Ok(Self {
            address,
            stop,
            task,
        })
    }

    /// The address in use.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting and waits until the requests in flight are answered, for as long as the options allow.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        // The accepting task neither panics nor is aborted before it has ended.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Pause after a failed accept, which usually means that the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

async fn accept(
    listener: TcpListener,
    service: Arc<dyn AnyService>,
    options: ServerOptions,
    mut stopped: watch::Receiver<bool>,
) {
    let slots = Arc::new(Semaphore::new(options.connections));
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot, listener.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            next = next => next,
        };
        match accepted {
            Ok((stream, _)) => {
                let serving =
                    connection::serve(stream, Arc::clone(&service), options, stopped.clone());
                connections.spawn(async move {
                    serving.await;
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(options.stop_timeout, finished)
        .await
        .is_err()
    {
        tracing::warn!("requests were still in flight when the server stopped");
    }
}
