//! A client that signs, sends and reads single requests, and that can send nonsense as well.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use hubstream_emulator::{Emulator, EmulatorBuilder};
use serde_json::{Value, json};
use sha1::Sha1;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const DATE: &str = "Sat, 21 Nov 2026 08:00:00 GMT";

/// A request that can be bent before it is sent.
#[derive(Clone)]
pub(crate) struct Request {
    pub method: &'static str,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Replaces the signature.
    pub authorization: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(
        method: &'static str,
        target: impl Into<String>,
        body: impl Into<Vec<u8>>,
    ) -> Self {
        let headers = vec![
            ("x-datahub-client-version".to_owned(), "1.1".to_owned()),
            ("content-type".to_owned(), "application/json".to_owned()),
        ];
        Self {
            method,
            target: target.into(),
            headers,
            body: body.into(),
            authorization: None,
        }
    }

    pub(crate) fn protobuf(target: impl Into<String>, action: &str, payload: &[u8]) -> Self {
        Self::new("POST", target, frame(payload))
            .header("content-type", "application/x-protobuf")
            .header("x-datahub-request-action", action)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn authorization(mut self, value: &str) -> Self {
        self.authorization = Some(value.to_owned());
        self
    }

    fn find(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    fn signature(&self, key: &str) -> String {
        let mut text = format!("{}\n{}\n{DATE}\n", self.method, self.find("content-type"));
        let mut signed: Vec<_> = self
            .headers
            .iter()
            .filter(|(name, _)| name.starts_with("x-datahub-"))
            .collect();
        signed.sort();
        for (name, value) in signed {
            text.extend([name, ":", value, "\n"]);
        }
        text.push_str(&self.target);
        let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("key");
        mac.update(text.as_bytes());
        BASE64.encode(mac.finalize().into_bytes())
    }

    fn wire(&self, id: &str, key: &str) -> Vec<u8> {
        let mut wire = format!(
            "{} {} HTTP/1.1\r\nhost: emulator\r\ndate: {DATE}\r\n",
            self.method, self.target
        );
        for (name, value) in &self.headers {
            wire.extend([name, ": ", value, "\r\n"]);
        }
        let signed = format!("DATAHUB {id}:{}", self.signature(key));
        let authorization = self.authorization.as_ref().unwrap_or(&signed);
        if !authorization.is_empty() {
            wire.extend(["authorization: ", authorization, "\r\n"]);
        }
        wire.extend(["content-length: ", &self.body.len().to_string(), "\r\n\r\n"]);
        let mut wire = wire.into_bytes();
        wire.extend_from_slice(&self.body);
        wire
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON reply")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn code(&self) -> String {
        self.json()["ErrorCode"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Code and message of an error reply, whose form is checked.
    pub(crate) fn error(&self) -> (String, String) {
        assert!(self.status >= 400, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        let body = self.json();
        assert_eq!(
            body["RequestId"].as_str(),
            self.header("x-datahub-request-id"),
            "{self:?}"
        );
        let text = |name: &str| body[name].as_str().expect(name).to_owned();
        (text("ErrorCode"), text("ErrorMessage"))
    }
}

/// An emulator and a connection to it.
pub(crate) struct Client {
    pub emulator: Emulator,
    address: String,
    connection: Option<TcpStream>,
}

impl Client {
    pub(crate) async fn new() -> Self {
        Self::of(Emulator::builder()).await
    }

    pub(crate) async fn of(builder: EmulatorBuilder) -> Self {
        let emulator = builder.datahub("127.0.0.1:0").start().await.expect("start");
        let url = emulator.datahub_url().expect("url");
        let address = url.strip_prefix("http://").expect("scheme").to_owned();
        Self {
            emulator,
            address,
            connection: None,
        }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.expect("connect")
    }

    pub(crate) async fn send(&mut self, request: &Request) -> Reply {
        let wire = request.wire(self.emulator.access_id(), self.emulator.access_key());
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await,
        };
        connection.write_all(&wire).await.expect("send");
        let reply = read_reply(&mut connection).await;
        if reply.header("connection") != Some("close") {
            self.connection = Some(connection);
        }
        assert!(
            reply
                .header("x-datahub-request-id")
                .is_some_and(|id| !id.is_empty()),
            "{reply:?}"
        );
        reply
    }

    /// Sends bytes as they are on a connection of their own.
    pub(crate) async fn send_raw(&self, wire: &[u8]) -> Reply {
        let mut connection = self.connect().await;
        connection.write_all(wire).await.expect("send");
        read_reply(&mut connection).await
    }

    pub(crate) async fn call(&mut self, method: &'static str, target: &str, body: Value) -> Reply {
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        self.send(&Request::new(method, target, body)).await
    }

    /// A call that must succeed.
    pub(crate) async fn ok(&mut self, method: &'static str, target: &str, body: Value) -> Value {
        let reply = self.call(method, target, body).await;
        assert!(reply.status < 400, "{method} {target}: {reply:?}");
        reply.json()
    }

    /// A call that must fail: code and message.
    pub(crate) async fn fails(
        &mut self,
        method: &'static str,
        target: &str,
        body: Value,
    ) -> (String, String) {
        self.call(method, target, body).await.error()
    }

    /// A call that must fail: its code.
    pub(crate) async fn code(&mut self, method: &'static str, target: &str, body: Value) -> String {
        self.fails(method, target, body).await.0
    }

    /// Creates project `test` with a blob topic `blobs` of that many shards.
    pub(crate) async fn blobs(&mut self, shards: u32) -> String {
        self.call("POST", "/projects/test", json!({"Comment": ""}))
            .await;
        let body =
            json!({"ShardCount": shards, "Lifecycle": 3, "RecordType": "BLOB", "Comment": ""});
        self.ok("POST", "/projects/test/topics/blobs", body).await;
        "/projects/test/topics/blobs".to_owned()
    }

    /// Creates project `test` with a tuple topic `tuples`; columns as `name type` or `name type notnull`.
    pub(crate) async fn tuples(&mut self, shards: u32, columns: &[&str]) -> String {
        self.call("POST", "/projects/test", json!({"Comment": ""}))
            .await;
        let fields: Vec<Value> = columns
            .iter()
            .map(|column| {
                let words: Vec<_> = column.split(' ').collect();
                json!({"name": words[0], "type": words[1], "notnull": words.len() > 2})
            })
            .collect();
        let schema = json!({ "fields": fields }).to_string();
        let body = json!({
            "ShardCount": shards, "Lifecycle": 3, "RecordType": "TUPLE", "RecordSchema": schema, "Comment": ""
        });
        self.ok("POST", "/projects/test/topics/tuples", body).await;
        "/projects/test/topics/tuples".to_owned()
    }

    /// Puts blobs to a shard in JSON.
    pub(crate) async fn put(&mut self, topic: &str, shard: &str, blobs: &[&str]) {
        let records: Vec<Value> = blobs
            .iter()
            .map(|blob| json!({"ShardId": shard, "Data": BASE64.encode(blob)}))
            .collect();
        let reply = self
            .ok(
                "POST",
                &format!("{topic}/shards"),
                json!({"Action": "pub", "Records": records}),
            )
            .await;
        assert_eq!(reply["FailedRecordCount"], 0, "{reply}");
    }

    pub(crate) async fn cursor(&mut self, topic: &str, shard: &str, mut body: Value) -> Value {
        body["Action"] = "cursor".into();
        self.ok("POST", &format!("{topic}/shards/{shard}"), body)
            .await
    }

    /// Reads in JSON.
    pub(crate) async fn get(
        &mut self,
        topic: &str,
        shard: &str,
        cursor: &Value,
        limit: i64,
    ) -> Value {
        let body = json!({"Action": "sub", "Cursor": cursor, "Limit": limit});
        self.ok("POST", &format!("{topic}/shards/{shard}"), body)
            .await
    }

    /// The values of all records of a shard.
    pub(crate) async fn all(&mut self, topic: &str, shard: &str) -> Vec<Value> {
        let cursor = self.cursor(topic, shard, json!({"Type": "OLDEST"})).await;
        let reply = self.get(topic, shard, &cursor["Cursor"], 1000).await;
        let records = reply["Records"].as_array().expect("records").iter();
        records.map(|record| record["Data"].clone()).collect()
    }
}

pub(crate) async fn read_reply(connection: &mut TcpStream) -> Reply {
    let mut received = Vec::new();
    let end = loop {
        if let Some(at) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            if received.starts_with(b"HTTP/1.1 100") {
                received.drain(..at + 4);
                continue;
            }
            break at + 4;
        }
        let count = connection.read_buf(&mut received).await.expect("read");
        assert!(
            count > 0,
            "the connection was closed after {:?}",
            String::from_utf8_lossy(&received)
        );
    };
    let head = String::from_utf8(received[..end].to_vec()).expect("head");
    let mut lines = head.trim_end().split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .expect("status")
        .parse()
        .expect("status");
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(':').expect("header"))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut reply = Reply {
        status,
        headers,
        body: received[end..].to_vec(),
    };
    let length: usize = reply
        .header("content-length")
        .expect("content-length")
        .parse()
        .expect("length");
    while reply.body.len() < length {
        assert!(
            connection.read_buf(&mut reply.body).await.expect("read") > 0,
            "the reply is cut off"
        );
    }
    reply
}

/// A DHUB frame.
pub(crate) fn frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = b"DHUB".to_vec();
    frame.extend_from_slice(&crc32c::crc32c(payload).to_be_bytes());
    frame.extend_from_slice(&(payload.len() as u32).to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}
