//! Starting, stopping and restarting.

use std::time::Duration;

use hubstream_emulator::http::ServerOptions;
use hubstream_emulator::store::StoreError;
use hubstream_emulator::{Emulator, EmulatorBuilder, StartError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn start(builder: EmulatorBuilder) -> (Emulator, String) {
    let emulator = builder
        .no_auth(true)
        .datahub("127.0.0.1:0")
        .start()
        .await
        .expect("start");
    let address = emulator.datahub_url().expect("url").replace("http://", "");
    (emulator, address)
}

async fn exchange(address: &str, wire: &str) -> String {
    let mut connection = TcpStream::connect(address).await.expect("connect");
    connection.write_all(wire.as_bytes()).await.expect("send");
    let mut reply = String::new();
    connection.read_to_string(&mut reply).await.expect("reply");
    reply
}

const LIST: &str = "GET /projects HTTP/1.1\r\nhost: e\r\nconnection: close\r\n\r\n";
const CREATE: &str =
    "POST /projects/kept HTTP/1.1\r\nhost: e\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";

#[tokio::test]
async fn state_is_kept_over_a_restart_and_forgotten_by_a_reset() {
    let directory = tempfile::tempdir().expect("tempdir");
    let builder = Emulator::builder().data_dir(directory.path().join("made/if/missing"));
    let (emulator, address) = start(builder.clone()).await;
    assert!(exchange(&address, CREATE).await.starts_with("HTTP/1.1 201"));
    emulator.shutdown().await;

    let (emulator, address) = start(builder.clone()).await;
    assert!(exchange(&address, LIST).await.contains(r#"["kept"]"#));
    emulator.reset();
    assert!(
        exchange(&address, LIST)
            .await
            .contains(r#""ProjectNames":[]"#)
    );
    emulator.shutdown().await;

    let (emulator, address) = start(builder).await;
    assert!(
        exchange(&address, LIST)
            .await
            .contains(r#""ProjectNames":[]"#)
    );
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_data_directory_serves_one_emulator() {
    let directory = tempfile::tempdir().expect("tempdir");
    let builder = Emulator::builder().data_dir(directory.path());
    let (emulator, _) = start(builder.clone()).await;
    let error = builder
        .datahub("127.0.0.1:0")
        .start()
        .await
        .expect_err("in use");
    assert!(
        matches!(error, StartError::Store(StoreError::InUse(_))),
        "{error}"
    );
    emulator.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_served_is_told() {
    let error = Emulator::builder().start().await.expect_err("nothing");
    assert!(matches!(error, StartError::NothingToServe));
    let (emulator, address) = start(Emulator::builder()).await;
    let error = Emulator::builder()
        .datahub(&address)
        .start()
        .await
        .expect_err("taken");
    assert!(
        matches!(&error, StartError::Listen { address: taken, .. } if *taken == address),
        "{error}"
    );
    let error = Emulator::builder()
        .datahub("no address")
        .start()
        .await
        .expect_err("nonsense");
    assert!(matches!(error, StartError::Listen { .. }), "{error}");
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_finishes_what_has_begun_and_closes_idle_connections() {
    let (emulator, address) = start(Emulator::builder()).await;
    let mut idle = TcpStream::connect(&address).await.expect("connect");
    let mut busy = TcpStream::connect(&address).await.expect("connect");
    let (head, body) = CREATE.split_at(CREATE.len() - 2);
    busy.write_all(
        head.replace("\r\n\r\n", "\r\nexpect: 100-continue\r\n\r\n")
            .as_bytes(),
    )
    .await
    .expect("send");
    // The interim reply tells that the request is being served.
    let mut interim = [0; 25];
    busy.read_exact(&mut interim).await.expect("interim reply");

    let stopping = tokio::spawn(emulator.shutdown());
    let mut nothing = Vec::new();
    idle.read_to_end(&mut nothing).await.expect("closed");
    assert_eq!(nothing, b"");
    busy.write_all(body.as_bytes()).await.expect("send");
    let mut reply = String::new();
    busy.read_to_string(&mut reply).await.expect("reply");
    assert!(reply.starts_with("HTTP/1.1 201"), "{reply}");
    stopping.await.expect("stopped");
    assert!(TcpStream::connect(&address).await.is_err());
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_for_their_turn() {
    let options = ServerOptions {
        connections: 2,
        ..ServerOptions::default()
    };
    let (emulator, address) = start(Emulator::builder().server_options(options)).await;
    let one = TcpStream::connect(&address).await.expect("connect");
    let two = TcpStream::connect(&address).await.expect("connect");
    let waiting = tokio::spawn({
        let address = address.clone();
        async move { exchange(&address, LIST).await }
    });
    drop((one, two));
    assert!(waiting.await.expect("served").starts_with("HTTP/1.1 200"));
    emulator.shutdown().await;
}

#[tokio::test]
async fn slow_bodies_and_idle_connections_are_given_up() {
    let soon = Duration::from_millis(20);
    let options = ServerOptions {
        body_timeout: soon,
        ..ServerOptions::default()
    };
    let (emulator, address) = start(Emulator::builder().server_options(options)).await;
    let slow = "POST /projects/slow HTTP/1.1\r\nhost: e\r\ncontent-length: 50\r\n\r\n{";
    let reply = exchange(&address, slow).await;
    assert!(
        reply.starts_with("HTTP/1.1 400") && reply.contains("did not arrive in time"),
        "{reply}"
    );
    assert!(reply.contains("connection: close"), "{reply}");
    emulator.shutdown().await;

    let options = ServerOptions {
        head_timeout: soon,
        ..ServerOptions::default()
    };
    let (emulator, address) = start(Emulator::builder().server_options(options)).await;
    assert_eq!(
        exchange(&address, "GET /projects HTTP/1.1\r\nhost").await,
        ""
    );
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_ever() {
    let options = ServerOptions {
        stop_timeout: Duration::from_millis(20),
        ..ServerOptions::default()
    };
    let (emulator, address) = start(Emulator::builder().server_options(options)).await;
    let mut stuck = TcpStream::connect(&address).await.expect("connect");
    let head = "POST /projects/stuck HTTP/1.1\r\nhost: e\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n";
    stuck.write_all(head.as_bytes()).await.expect("send");
    let mut interim = [0; 25];
    stuck.read_exact(&mut interim).await.expect("interim reply");
    emulator.shutdown().await;
    let mut nothing = Vec::new();
    // Whether the connection ends or is reset does not matter; it is gone.
    let _ = stuck.read_to_end(&mut nothing).await;
    assert_eq!(nothing, b"");
}
