//! The transport over real sockets: TLS is verified, proxies are obeyed, replies are bounded.

use hubstream::client::ClientBuilder;
use hubstream::datahub::{DataHub, ListProject};
use hubstream::error::{Error, ErrorKind};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use tls::{authority, pem_file, serve_tls};

mod event_loop;
mod tls;

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

#[tokio::test]
async fn nothing_was_sent_while_a_connection_was_made() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // It takes connections, and says nothing of TLS.
    let server = tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok(accepted) = listener.accept().await {
            kept.push(accepted);
        }
    });
    for setting in ["connect_timeout", "attempt_timeout"] {
        let error = list(hub(&format!("https://127.0.0.1:{port}")).set(setting, "0.05"))
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.was_sent()),
            (ErrorKind::Timeout, false),
            "{setting}"
        );
    }
    server.abort();
}

/// Reads one request head of a connection that stays open, if another one comes.
async fn next_head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).await.ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

/// Answers the requests of each connection until there were as many as the number given, then
/// closes it; gives the number of requests of each.
async fn serve(listener: TcpListener, limits: &[usize]) -> Vec<usize> {
    let mut counts = Vec::new();
    for limit in limits {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut count = 0;
        while count < *limit && next_head(&mut stream).await.is_some() {
            stream.write_all(OK.as_bytes()).await.unwrap();
            count += 1;
        }
        counts.push(count);
    }
    counts
}

#[tokio::test]
async fn connections_are_kept_until_the_service_closes_them() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move { serve(listener, &[3, 2]).await });
    let hub = DataHub::new(hub(&format!("http://127.0.0.1:{port}"))).unwrap();
    for _ in 0..5 {
        hub.list_project(ListProject::new()).await.unwrap();
    }
    assert_eq!(server.await.unwrap(), [3, 2]);
}

#[test]
fn connections_stay_within_their_runtime() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap()
    };
    let (first, second, servers) = (runtime(), runtime(), runtime());
    let listener = servers.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    let hub = DataHub::new(hub(&format!("http://127.0.0.1:{port}"))).unwrap();
    let server = std::thread::spawn(move || {
        servers.block_on(async {
            let (mut one, _) = listener.accept().await.unwrap();
            assert!(next_head(&mut one).await.is_some());
            one.write_all(OK.as_bytes()).await.unwrap();
            let (mut other, _) = listener.accept().await.unwrap();
            assert!(next_head(&mut other).await.is_some());
            other.write_all(OK.as_bytes()).await.unwrap();
            assert!(next_head(&mut one).await.is_some());
            one.write_all(OK.as_bytes()).await.unwrap();
        });
    });
    for runtime in [&first, &second, &first] {
        runtime
            .block_on(hub.list_project(ListProject::new()))
            .unwrap();
    }
    server.join().unwrap();
}

#[tokio::test]
async fn a_tunnel_leads_to_services_with_tls() {
    let authority = authority("localhost");
    let service = serve_tls(authority.acceptor).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let proxy = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let head = next_head(&mut client).await.unwrap();
        client
            .write_all(b"HTTP/1.1 200 Connected\r\n\r\n")
            .await
            .unwrap();
        let mut server = TcpStream::connect(("127.0.0.1", service)).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        head
    });
    let file = pem_file(&authority.pem);
    let builder = hub(&format!("https://localhost:{service}"))
        .set("ca_file", file.path().display())
        .set("proxy", format_args!("http://us%65r:word@127.0.0.1:{port}"));
    assert_eq!(list(builder).await.unwrap(), ["a", "b"]);
    let head = proxy.await.unwrap();
    assert!(head.starts_with(&format!("CONNECT localhost:{service} HTTP/1.1\r\n")));
    assert!(
        head.contains("Proxy-Authorization: Basic dXNlcjp3b3Jk\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn a_proxy_that_refuses_is_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        answer(stream, b"HTTP/1.1 407 Who are you\r\n\r\n").await
    });
    let error =
        list(hub("https://hub.example").set("proxy", format_args!("http://127.0.0.1:{port}")))
            .await
            .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(!error.was_sent());
}

/// Takes the part of a SOCKS 5 proxy in one connection: checks what it is told, answers the
/// request itself, and gives the address that was asked for.
async fn socks(listener: TcpListener) -> Vec<u8> {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut greeting = [0; 3];
    stream.read_exact(&mut greeting).await.unwrap();
    assert_eq!(greeting, [5, 1, 2]);
    stream.write_all(&[5, 2]).await.unwrap();
    let mut login = [0; 8];
    stream.read_exact(&mut login).await.unwrap();
    assert_eq!(&login, b"\x01\x02me\x03key");
    stream.write_all(&[1, 0]).await.unwrap();
    let mut start = [0; 4];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(start[..3], [5, 1, 0]);
    let mut address = match start[3] {
        1 => vec![0; 6],
        3 => vec![0; usize::from(stream.read_u8().await.unwrap()) + 2],
        other => panic!("address of kind {other}"),
    };
    stream.read_exact(&mut address).await.unwrap();
    let granted = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    stream.write_all(&granted).await.unwrap();
    answer(stream, OK.as_bytes()).await;
    address
}

#[tokio::test]
async fn socks_proxies_are_told_names_or_addresses() {
    let asked = [
        (
            "socks5h",
            "hub.example:8080",
            b"hub.example\x1f\x90".to_vec(),
        ),
        ("socks5", "127.0.0.1", vec![127, 0, 0, 1, 0, 80]),
        ("socks5", "localhost:81", vec![127, 0, 0, 1, 0, 81]),
    ];
    for (scheme, service, address) in asked {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = tokio::spawn(socks(listener));
        let builder = hub(&format!("http://{service}"))
            .set("proxy", format_args!("{scheme}://me:key@127.0.0.1:{port}"));
        assert_eq!(list(builder).await.unwrap(), ["a", "b"]);
        assert_eq!(proxy.await.unwrap(), address, "{scheme}");
    }
}

#[tokio::test]
async fn a_proxy_of_an_unknown_kind_is_refused() {
    let error = list(hub("http://hub.example").set("proxy", "ftp://127.0.0.1"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
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
