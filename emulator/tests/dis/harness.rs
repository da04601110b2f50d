//! An emulator, and requests to it without any client.

use std::time::{Duration, UNIX_EPOCH};

use hubstream::dis::DisClient;
use hubstream::error::Result;
use hubstream_emulator::{Clock, Emulator, EmulatorBuilder, Limits};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The time at which manual clocks start: 2024-01-02 03:04:05 UTC.
pub(crate) const START: Duration = Duration::from_secs(1_704_164_645);

/// A running emulator with a clock that stands still.
pub(crate) struct Harness {
    pub(crate) emulator: Emulator,
    pub(crate) address: String,
}

/// A reply as received.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The body as JSON; null if it is empty.
    pub(crate) fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// Status and error code; both members that clients look for must hold it.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(body["errorCode"], body["error_code"], "{body}");
        assert_eq!(body["message"], body["error_msg"], "{body}");
        assert!(self.head.contains("x-request-id: "), "{}", self.head);
        (
            self.status,
            body["errorCode"].as_str().unwrap_or_default().to_owned(),
        )
    }
}

/// How the emulators of these tests are started.
pub(crate) fn builder() -> EmulatorBuilder {
    Emulator::builder()
        .dis("127.0.0.1:0")
        .clock(Clock::manual(UNIX_EPOCH + START))
        .limits(Limits::Standard)
}

impl Harness {
    pub(crate) async fn start() -> Self {
        Self::of(builder()).await
    }

    pub(crate) async fn of(builder: EmulatorBuilder) -> Self {
        let emulator = builder.start().await.expect("start");
        let address = emulator.dis_url().expect("url").replace("http://", "");
        Self { emulator, address }
    }

    /// A client of the library.
    pub(crate) fn client(&self) -> Result<DisClient> {
        let builder = DisClient::builder(format!("http://{}", self.address))
            .set("access_id", "emulator")
            .set("access_key", "emulator")
            .set("project_id", "p")
            .set("max_attempts", 1)
            .set("clock_correction", false);
        DisClient::new(builder)
    }

    /// Sends bytes and reads until the emulator closes the connection.
    pub(crate) async fn raw(&self, wire: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(&self.address).await.expect("connect");
        stream.write_all(wire).await.expect("send");
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).await.expect("reply");
        let split = reply
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .expect("a head");
        let head = String::from_utf8_lossy(&reply[..split]).to_ascii_lowercase();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .expect("a status");
        Reply {
            status,
            head,
            body: reply[split + 4..].to_vec(),
        }
    }

    /// Sends a request with a valid token.
    pub(crate) async fn send(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Reply {
        let mut wire = format!(
            "{method} {path} HTTP/1.1\r\nhost: e\r\nx-auth-token: emulator\r\ncontent-type: {kind}\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        )
        .into_bytes();
        wire.extend_from_slice(body);
        self.raw(&wire).await
    }

    /// Sends a JSON request below `/v2/p`.
    pub(crate) async fn json(&self, method: &str, path: &str, body: &str) -> Reply {
        self.send(
            method,
            &format!("/v2/p{path}"),
            "application/json",
            body.as_bytes(),
        )
        .await
    }

    /// Creates a stream of two partitions.
    pub(crate) async fn stream(&self, name: &str) {
        let body = format!(r#"{{"stream_name":"{name}","partition_count":2}}"#);
        assert_eq!(self.json("POST", "/streams", &body).await.status, 201);
    }

    pub(crate) async fn app(&self, name: &str) {
        let body = format!(r#"{{"app_name":"{name}"}}"#);
        assert_eq!(self.json("POST", "/apps", &body).await.status, 201);
    }

    /// Puts texts into partition 0.
    pub(crate) async fn put(&self, stream: &str, texts: &[&str]) {
        use base64::Engine as _;
        let records: Vec<Value> = texts
            .iter()
            .map(|text| {
                let data = base64::engine::general_purpose::STANDARD.encode(text);
                serde_json::json!({"data": data, "partition_id": "0"})
            })
            .collect();
        let body = serde_json::json!({"stream_name": stream, "records": records}).to_string();
        let reply = self.json("POST", "/records", &body).await;
        assert_eq!(reply.json()["failed_record_count"], 0, "{reply:?}");
    }

    /// A cursor into partition 0.
    pub(crate) async fn cursor(&self, stream: &str, query: &str) -> String {
        let path = format!("/cursors?stream-name={stream}&partition-id=0&{query}");
        let reply = self.json("GET", &path, "").await.json();
        reply["partition_cursor"]
            .as_str()
            .expect("a cursor")
            .to_owned()
    }

    /// Reads from a cursor.
    pub(crate) async fn get(&self, cursor: &str) -> Reply {
        self.json("GET", &format!("/records?partition-cursor={cursor}"), "")
            .await
    }
}
