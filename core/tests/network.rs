//! The transport over real sockets: TLS is verified, proxies are obeyed, replies are bounded.

use std::io::Write as _;
use std::sync::Arc;

use hubstream::client::ClientBuilder;
use hubstream::datahub::{DataHub, ListProject};
use hubstream::error::{Error, ErrorKind};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n{\"ProjectNames\":[\"a\", \"b\"]}";

/// Reads one request head and answers with the text given; returns the request line.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, reply: &[u8]) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).await.unwrap_or(0) == 0 {
            break;
        }
        head.push(byte[0]);
    }
    let _ = stream.write_all(reply).await;
    let _ = stream.shutdown().await;
    String::from_utf8_lossy(&head)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn hub(endpoint: &str) -> ClientBuilder {
    DataHub::builder(endpoint)
        .set("access_id", "id")
        .set("access_key", "key")
        .set("max_attempts", "1")
}

async fn list(builder: ClientBuilder) -> Result<Vec<String>, Error> {
    let result = DataHub::new(builder)?
        .list_project(ListProject::new())
        .await?;
    Ok(result.project_names)
}

struct Authority {
    pem: String,
    acceptor: TlsAcceptor,
}

fn authority(name: &str) -> Authority {
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
async fn serve_tls(acceptor: TlsAcceptor) -> u16 {
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

fn pem_file(pem: &str) -> tempfile::NamedTempFile {
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

#[tokio::test]
async fn a_proxy_gets_the_whole_url() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let proxy = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        answer(stream, OK.as_bytes()).await
    });
    let names =
        list(hub("http://hub.example").set("proxy", format_args!("http://127.0.0.1:{port}")))
            .await
            .unwrap();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(
        proxy.await.unwrap(),
        "GET http://hub.example/projects HTTP/1.1"
    );
}

#[tokio::test]
async fn a_connection_that_breaks_says_whether_anything_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        answer(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{").await;
    });
    let error = list(hub(&format!("http://127.0.0.1:{port}")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.was_sent());
    server.await.unwrap();
    // Nobody listens there any more.
    let error = list(hub(&format!("http://127.0.0.1:{port}")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(!error.was_sent());
}

#[tokio::test]
async fn a_reply_that_announces_too_much_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        answer(
            stream,
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{",
        )
        .await;
    });
    let error = list(hub(&format!("http://127.0.0.1:{port}")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
}

#[tokio::test]
async fn a_silent_service_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move { listener.accept().await });
    let error = list(hub(&format!("http://127.0.0.1:{port}")).set("attempt_timeout", "0.05"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.was_sent());
    server.abort();
}

/// Lists the projects of the endpoint named by a variable; run by the tests below with proxies in
/// the environment, which a process reads for all its threads.
#[tokio::test]
#[ignore = "run by other tests in a process of its own"]
async fn child_lists_projects() {
    let endpoint = std::env::var("TEST_ENDPOINT").unwrap();
    assert_eq!(list(hub(&endpoint)).await.unwrap(), ["a", "b"]);
}

async fn run_child(variables: &[(&str, String)]) -> bool {
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child_lists_projects", "--ignored"]);
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "NO_PROXY",
        "no_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        command.env_remove(name);
    }
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command.output().await.unwrap().status.success()
}

#[tokio::test]
async fn proxies_of_the_environment_are_obeyed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (first, _) = listener.accept().await.unwrap();
        let through_proxy = answer(first, OK.as_bytes()).await;
        let (second, _) = listener.accept().await.unwrap();
        (through_proxy, answer(second, OK.as_bytes()).await)
    });
    let here = format!("http://127.0.0.1:{port}");
    let by_proxy = [
        ("TEST_ENDPOINT", "http://hub.example".to_owned()),
        ("http_proxy", here.clone()),
    ];
    assert!(run_child(&by_proxy).await);
    let around = [
        ("TEST_ENDPOINT", here),
        ("http_proxy", "http://127.0.0.1:9".to_owned()),
        ("NO_PROXY", "127.0.0.1".to_owned()),
    ];
    assert!(run_child(&around).await);
    assert_eq!(
        server.await.unwrap(),
        (
            "GET http://hub.example/projects HTTP/1.1".to_owned(),
            "GET /projects HTTP/1.1".to_owned()
        )
    );
}
