//! Bytes on a connection that are no request, or come in an uncommon way.

use hubstream_emulator::Emulator;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{Client, read_reply};

#[tokio::test]
async fn what_is_not_http_is_answered_as_well() {
    let client = Client::new().await;
    let many = "x-more: y\r\n".repeat(200);
    for (what, wire, status) in [
        ("nonsense", "nonsense\r\n\r\n".to_owned(), 400),
        (
            "a TLS greeting",
            "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n".to_owned(),
            400,
        ),
        (
            "another protocol",
            "GET /projects HTTP/9.9\r\n\r\n".to_owned(),
            400,
        ),
        (
            "a header without colon",
            "GET /projects HTTP/1.1\r\nhost emulator\r\n\r\n".to_owned(),
            400,
        ),
        (
            "two lengths",
            "POST /projects/a HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"
                .to_owned(),
            400,
        ),
        (
            "a length that is no number",
            "POST /projects/a HTTP/1.1\r\ncontent-length: x\r\n\r\n".to_owned(),
            400,
        ),
        (
            "too many headers",
            format!("GET /projects HTTP/1.1\r\n{many}\r\n"),
            431,
        ),
        (
            "a huge header",
            format!(
                "GET /projects HTTP/1.1\r\nx-huge: {}\r\n\r\n",
                "y".repeat(200_000)
            ),
            431,
        ),
        (
            "a huge path",
            format!("GET /{} HTTP/1.1\r\n\r\n", "y".repeat(70_000)),
            431,
        ),
    ] {
        let reply = client.send_raw(wire.as_bytes()).await;
        let (code, _) = reply.error();
        assert!(
            ["InvalidParameter", "InvalidUriSpec"].contains(&code.as_str()),
            "{what}: {code}"
        );
        assert_eq!(reply.status, status, "{what}");
        assert_eq!(reply.header("connection"), Some("close"), "{what}");
    }
}

#[tokio::test]
async fn chunked_bodies_are_read_and_broken_ones_refused() {
    let client = Client::of(Emulator::builder().no_auth(true)).await;
    let head =
        "POST /projects/chunked HTTP/1.1\r\nhost: emulator\r\ntransfer-encoding: chunked\r\n\r\n";
    let good = format!("{head}5\r\n{{\"Com\r\n4\r\nment\r\n5\r\n\":\"\"}}\r\n0\r\n\r\n");
    assert_eq!(client.send_raw(good.as_bytes()).await.status, 201);
    let broken = format!("{head}zz\r\n{{}}\r\n0\r\n\r\n");
    assert_eq!(
        client.send_raw(broken.as_bytes()).await.error().0,
        "InvalidParameter"
    );
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 20, " ".repeat(1 << 20));
    let large = format!("{head}{}0\r\n\r\n", chunk.repeat(6));
    assert_eq!(
        client.send_raw(large.as_bytes()).await.error().0,
        "InvalidParameter"
    );
}

#[tokio::test]
async fn a_body_that_ends_early_is_an_error() {
    let client = Client::of(Emulator::builder().no_auth(true)).await;
    let mut connection = client.connect().await;
    let wire = b"POST /projects/early HTTP/1.1\r\nhost: emulator\r\ncontent-length: 100\r\n\r\n{\"Comment\":";
    connection.write_all(wire).await.expect("send");
    connection.shutdown().await.expect("shutdown");
    assert_eq!(
        read_reply(&mut connection).await.error().0,
        "InvalidParameter"
    );
}

#[tokio::test]
async fn a_client_that_asks_before_it_sends_is_told_to_go_on() {
    let client = Client::of(Emulator::builder().no_auth(true)).await;
    let mut connection = client.connect().await;
    let head = "POST /projects/asked HTTP/1.1\r\nhost: emulator\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n";
    connection.write_all(head.as_bytes()).await.expect("send");
    let mut interim = vec![0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    connection
        .read_exact(&mut interim)
        .await
        .expect("interim reply");
    assert_eq!(interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection.write_all(b"{}").await.expect("send");
    assert_eq!(read_reply(&mut connection).await.status, 201);
}
