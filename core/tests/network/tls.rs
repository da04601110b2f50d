//! TLS is verified, and idle connections over it are not used once the service closed them.

use std::io::Write as _;
use std::sync::Arc;

use hubstream::datahub::{DataHub, PutRecords};
use hubstream::error::ErrorKind;
use hubstream::record::RecordBatchBuilder;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::server::TlsStream;

use super::{OK, answer, hub, list, next_head};

pub(super) struct Authority {
    pub(super) pem: String,
    pub(super) acceptor: TlsAcceptor,
}

pub(super) fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()])
        .unwrap()
        .signed_by(&key, &ca)
        .unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    Authority {
        pem: ca.pem(),
        acceptor: TlsAcceptor::from(Arc::new(config)),
    }
}

/// Serves TLS for one connection; returns the port.
pub(super) async fn serve_tls(acceptor: TlsAcceptor) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        if let Ok(stream) = acceptor.accept(stream).await {
            answer(stream, OK.as_bytes()).await;
        }
    });
    port
}

pub(super) fn pem_file(pem: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(pem.as_bytes()).unwrap();
    file
}

#[tokio::test]
async fn an_unknown_authority_is_refused() {
    let port = serve_tls(authority("localhost").acceptor).await;
    let error = list(hub(&format!("https://localhost:{port}")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(!error.was_sent());
}

#[tokio::test]
async fn an_authority_from_the_file_is_trusted() {
    let authority = authority("localhost");
    let port = serve_tls(authority.acceptor).await;
    let file = pem_file(&authority.pem);
    let names =
        list(hub(&format!("https://localhost:{port}")).set("ca_file", file.path().display()))
            .await
            .unwrap();
    assert_eq!(names, ["a", "b"]);
}

#[tokio::test]
async fn a_certificate_of_another_host_is_refused() {
    let authority = authority("other.example");
    let port = serve_tls(authority.acceptor).await;
    let file = pem_file(&authority.pem);
    let error =
        list(hub(&format!("https://localhost:{port}")).set("ca_file", file.path().display()))
            .await
            .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
}

type Served = TlsStream<TcpStream>;

const PUT: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 44\r\n\r\n{\"FailedRecordCount\":0,\"FailedRecords\":[  ]}";

/// Takes a put and answers it, if one comes.
async fn take_put(stream: &mut Served) -> bool {
    let Some(head) = next_head(stream).await else {
        return false;
    };
    assert!(head.starts_with("POST "), "{head}");
    let length = head
        .lines()
        .find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        })
        .unwrap();
    stream.read_exact(&mut vec![0; length]).await.unwrap();
    stream.write_all(PUT.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    true
}

/// What a service does with an idle connection.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Says that it closes the connection, and does.
    Close,
    /// Says that it closes the connection, and leaves that to the client.
    Announce,
    /// Closes the connection without a word.
    Vanish,
    /// Ends the connection as a process that is killed may.
    Reset,
    /// Says something of TLS that is not for who reads: as with tickets of sessions, the client
    /// reads a message and nothing comes of it.
    NewKeys,
    /// Answers what was not asked.
    Answer,
}

impl Act {
    async fn apply(self, mut stream: Served) -> Option<Served> {
        match self {
            Self::Close => stream.shutdown().await.unwrap(),
            Self::Announce => {
                let (socket, session) = stream.get_mut();
                session.send_close_notify();
                let mut words = Vec::new();
                session.write_tls(&mut words).unwrap();
                socket.write_all(&words).await.unwrap();
                return Some(stream);
            }
            Self::Vanish => {}
            Self::Reset => stream.get_ref().0.set_zero_linger().unwrap(),
            Self::NewKeys => {
                stream.get_mut().1.refresh_traffic_keys().unwrap();
                stream.flush().await.unwrap();
                return Some(stream);
            }
            Self::Answer => {
                stream.write_all(PUT.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
                return Some(stream);
            }
        }
        None
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Takes a put, does something with the idle connection once the reply was read, and takes another
/// one; gives the puts that came over the first connection and over a second one.
async fn disturbed(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    act: Act,
    answered: oneshot::Receiver<()>,
    done: oneshot::Sender<()>,
) -> [usize; 2] {
    let accept = async || {
        let (stream, _) = listener.accept().await.unwrap();
        // What is written is to have come before anything else happens.
        stream.set_nodelay(true).unwrap();
        acceptor.accept(stream).await
    };
    let mut first = accept().await.unwrap();
    assert!(take_put(&mut first).await);
    answered.await.unwrap();
    let kept = act.apply(first).await;
    done.send(()).unwrap();
    if let Some(mut first) = kept
        && take_put(&mut first).await
    {
        return [2, 0];
    }
    [1, usize::from(take_put(&mut accept().await.unwrap()).await)]
}

/// Puts twice over TLS, and has the service do something between both.
///
/// The runtime of the client rests meanwhile, as that of blocking calls does: only a look at the
/// socket tells what came.
fn puts_around(act: Act) -> [usize; 2] {
    let authority = authority("localhost");
    let (client, service) = (runtime(), runtime());
    let listener = service.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (answered, idle) = oneshot::channel();
    let (acted, done) = oneshot::channel();
    let serving = disturbed(listener, authority.acceptor, act, idle, acted);
    let service = std::thread::spawn(move || service.block_on(serving));
    let file = pem_file(&authority.pem);
    let builder = hub(&format!("https://localhost:{port}"))
        .set("ca_file", file.path().display())
        .set("protocol", "json");
    let hub = DataHub::new(builder).unwrap();
    let mut records = RecordBatchBuilder::blobs();
    records.push_blob(b"x").unwrap();
    let put = PutRecords::new("shop", "orders", records.build().unwrap());
    client.block_on(hub.put_records(put.clone())).unwrap();
    answered.send(()).unwrap();
    done.blocking_recv().unwrap();
    client.block_on(hub.put_records(put)).unwrap();
    service.join().unwrap()
}

#[test]
fn a_connection_that_the_service_ended_is_not_used() {
    for act in [
        Act::Close,
        Act::Announce,
        Act::Vanish,
        Act::Reset,
        Act::Answer,
    ] {
        assert_eq!(puts_around(act), [1, 1], "{act:?}");
    }
}

#[test]
fn a_connection_goes_on_after_words_of_tls() {
    assert_eq!(puts_around(Act::NewKeys), [2, 0]);
}
