//! Making connections: directly or through a proxy, with or without TLS.

use std::error::Error as StdError;
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use ::http::{HeaderValue, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower_service::Service;

use super::socket::{Probe, Socket};
use crate::config::{Settings, has_good_port};
use crate::error::{Error, Result};

type Cause = Box<dyn StdError + Send + Sync>;

/// A connection to a service or to a proxy.
pub(super) enum Wire {
    Plain(Socket),
    Tls(Box<TlsStream<Wire>>),
}

macro_rules! delegate {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Wire::Plain($stream) => {
                let $stream = Pin::new($stream);
                $call
            }
            Wire::Tls($stream) => {
                let $stream = Pin::new($stream.as_mut());
                $call
            }
        }
    };
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        delegate!(self, stream => stream.poll_read(cx, buffer))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        content: &[u8],
    ) -> Poll<io::Result<usize>> {
        delegate!(self, stream => stream.poll_write(cx, content))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        delegate!(self, stream => stream.poll_write_vectored(cx, parts))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, stream => stream.poll_shutdown(cx))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

/// How the requests of an endpoint travel.
enum Route {
    Direct,
    /// Whole requests go to an HTTP proxy.
    Forward(Intercept),
    /// An HTTP proxy connects to the service.
    Tunnel(Intercept),
    /// A SOCKS proxy connects to the service.
    Socks(Intercept),
}

/// What an endpoint says about its connections and the first lines of its requests.
pub(super) struct Origin {
    endpoint: String,
    uri: Uri,
    route: Route,
    /// The host, and the port if it is not that of the scheme.
    host: HeaderValue,
    /// What stands before the target of each request: a path, or a URL for a forwarding proxy.
    prefix: String,
}

impl Origin {
    /// The endpoint that this was made for.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The value of the header `Host`.
    pub(super) fn host(&self) -> &HeaderValue {
        &self.host
    }

    /// What stands before the target of each request.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What a forwarding proxy wants to know of us.
    pub(super) fn proxy_authorization(&self) -> Option<&HeaderValue> {
        match &self.route {
            Route::Forward(proxy) => proxy.basic_auth(),
            _ => None,
        }
    }

    fn is_tls(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }
}

/// Makes connections.
pub(super) struct Dialer {
    tcp: HttpConnector,
    /// Made when it is first needed: reading the certificates of the platform takes a while.
    tls: OnceLock<TlsConnector>,
    ca_file: String,
    proxies: Matcher,
    time_limit: Duration,
}

/// Why there is no connection.
pub(super) enum DialError {
    Late,
    Failed(Cause),
}

impl<E: Into<Cause>> From<E> for DialError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Dialer {
    /// Makes a dialer from the settings and, unless they name a proxy, from the environment.
    pub(super) fn from_settings(settings: &Settings) -> Result<Self> {
        let time_limit = settings.seconds("connect_timeout");
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(time_limit));
        let proxy = settings.text("proxy");
        let proxies = if proxy.is_empty() {
            Matcher::from_env()
        } else {
            let proxies = Matcher::builder().all(proxy).build();
            let chosen = proxies.intercept(&Uri::from_static("http://hub.example"));
            if chosen.is_none_or(|proxy| !has_good_port(proxy.uri())) {
                return Err(Error::invalid_argument(
                    "proxy",
                    "is not the URL of an HTTP or SOCKS proxy",
                ));
            }
            proxies
        };
        let dialer = Self {
            tcp,
            tls: OnceLock::new(),
            ca_file: settings.text("ca_file").to_owned(),
            proxies,
            time_limit,
        };
        if !dialer.ca_file.is_empty() {
            dialer.tls()?;
        }
        Ok(dialer)
    }

    fn tls(&self) -> Result<&TlsConnector> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls);
        }
        let tls = TlsConnector::from(super::tls::config(&self.ca_file)?);
        Ok(self.tls.get_or_init(|| tls))
    }

    /// Reads an endpoint, and chooses the proxy that its requests pass.
    pub(super) fn origin(&self, endpoint: &str) -> Result<Origin> {
        let wrong = || Error::invalid_argument("endpoint", "is not the URL of a host");
        let uri: Uri = endpoint.parse().map_err(|_| wrong())?;
        let name = uri.host().ok_or_else(wrong)?;
        let tls = uri.scheme_str() == Some("https");
        let usual_port = if tls { 443 } else { 80 };
        let host = match uri.port_u16() {
            Some(port) if port != usual_port => format!("{name}:{port}"),
            _ => name.to_owned(),
        };
        let route = match self.proxies.intercept(&uri) {
            None => Route::Direct,
            Some(proxy) if is_socks(&proxy) => Route::Socks(proxy),
            Some(proxy) if tls => Route::Tunnel(proxy),
            Some(proxy) => Route::Forward(proxy),
        };
        let path = uri.path().trim_end_matches('/');
        let prefix = match route {
            Route::Forward(_) => format!("http://{host}{path}"),
            _ => path.to_owned(),
        };
        Ok(Origin {
            endpoint: endpoint.to_owned(),
            route,
            host: HeaderValue::try_from(host).map_err(|_| wrong())?,
            prefix,
            uri,
        })
    }

    /// Connects, TLS included. The connection heeds the probe.
    pub(super) async fn dial(
        &self,
        origin: &Origin,
        probe: &Probe,
    ) -> std::result::Result<Wire, DialError> {
        tokio::time::timeout(self.time_limit, self.connect(origin, probe))
            .await
            .unwrap_or(Err(DialError::Late))
    }

    async fn connect(
        &self,
        origin: &Origin,
        probe: &Probe,
    ) -> std::result::Result<Wire, DialError> {
        let uri = &origin.uri;
        let wire = match &origin.route {
            Route::Direct => self.tcp(uri.clone(), probe).await?,
            Route::Forward(proxy) => self.proxy(proxy, probe).await?,
            Route::Tunnel(proxy) => {
                let connected = Connected::new(self.proxy(proxy, probe).await?);
                let mut tunnel = Tunnel::new(proxy.uri().clone(), connected);
                if let Some(authorization) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(authorization.clone());
                }
                tunnel.call(uri.clone()).await?.into_inner()
            }
            Route::Socks(proxy) => self.socks(proxy, uri, probe).await?,
        };
        if origin.is_tls() {
            return self.secure(wire, uri).await;
        }
        Ok(wire)
    }

    async fn tcp(&self, uri: Uri, probe: &Probe) -> std::result::Result<Wire, DialError> {
        let stream = self.tcp.clone().call(uri).await?.into_inner();
        Ok(Wire::Plain(Socket::new(stream, probe.clone())))
    }

    async fn secure(&self, wire: Wire, uri: &Uri) -> std::result::Result<Wire, DialError> {
        let host = uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned())?;
        let stream = self.tls()?.connect(name, wire).await?;
        Ok(Wire::Tls(Box::new(stream)))
    }

    /// A connection to an HTTP proxy, which may itself want TLS.
    async fn proxy(
        &self,
        proxy: &Intercept,
        probe: &Probe,
    ) -> std::result::Result<Wire, DialError> {
        let uri = proxy.uri();
        let wire = self.tcp(uri.clone(), probe).await?;
        if uri.scheme_str() == Some("https") {
            return self.secure(wire, uri).await;
        }
        Ok(wire)
    }

    async fn socks(
        &self,
        proxy: &Intercept,
        uri: &Uri,
        probe: &Probe,
    ) -> std::result::Result<Wire, DialError> {
        let server = with_port(proxy.uri(), 1080)?;
        let wire = Connected::new(self.tcp(server.clone(), probe).await?);
        let service = with_port(
            uri,
            if uri.scheme_str() == Some("https") {
                443
            } else {
                80
            },
        )?;
        let scheme = proxy.uri().scheme_str().unwrap_or_default();
        let service = if scheme.ends_with(['a', 'h']) {
            service
        } else {
            resolved(&service).await?
        };
        let wire = if scheme.starts_with("socks4") {
            SocksV4::new(server, wire).call(service).await?
        } else {
            let mut socks = SocksV5::new(server, wire);
            if let Some((user, password)) = proxy.raw_auth() {
                socks = socks.with_auth(user.to_owned(), password.to_owned());
            }
            socks.call(service).await?
        };
        Ok(wire.into_inner())
    }
}

fn is_socks(proxy: &Intercept) -> bool {
    let scheme = proxy.uri().scheme_str().unwrap_or_default();
    scheme.starts_with("socks")
}

fn with_port(uri: &Uri, usual: u16) -> std::result::Result<Uri, ::http::Error> {
    let host = uri.host().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(usual);
    Uri::builder()
        .scheme("http")
        .authority(format!("{host}:{port}"))
        .path_and_query("/")
        .build()
}

/// The address of a host in place of its name, for proxies that are not to look names up.
async fn resolved(uri: &Uri) -> std::result::Result<Uri, DialError> {
    let host = uri.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = uri.port_u16().unwrap_or_default();
    let addresses: Vec<_> = tokio::net::lookup_host((host, port)).await?.collect();
    let address = addresses
        .iter()
        .find(|address| address.is_ipv4())
        .or(addresses.first())
        .ok_or("the host has no address")?;
    Ok(with_port(
        &Uri::try_from(format!("http://{address}"))?,
        port,
    )?)
}

/// A connection to a proxy, as something that connectors ask for it.
struct Connected(Option<Wire>);

impl Connected {
    fn new(wire: Wire) -> Self {
        Self(Some(wire))
    }
}

impl Service<Uri> for Connected {
    type Response = TokioIo<Wire>;
    type Error = io::Error;
    type Future = Ready<io::Result<TokioIo<Wire>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let wire = self.0.take().map(TokioIo::new);
        ready(wire.ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}

/// The cause at the end of a chain of causes, as text.
pub(super) fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// Endpoints that were read already; there is nearly always one.
#[derive(Default)]
pub(super) struct Origins(Vec<Arc<Origin>>);

impl Origins {
    /// The origin of an endpoint.
    pub(super) fn find(&mut self, endpoint: &str, dialer: &Dialer) -> Result<Arc<Origin>> {
        if let Some(known) = self.0.iter().find(|known| known.endpoint() == endpoint) {
            return Ok(Arc::clone(known));
        }
        let origin = Arc::new(dialer.origin(endpoint)?);
        self.0.push(Arc::clone(&origin));
        Ok(origin)
    }
}
