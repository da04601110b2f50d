//! An emulator to send requests to.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use hubstream_emulator::http::ServerOptions;
use hubstream_emulator::{Emulator, Limits};
use tokio::runtime::Runtime;

#[path = "../../../emulator/tests/crash/reply.rs"]
mod reply;

/// After so many inputs the emulator forgets them.
const INPUTS: usize = 512;

/// The topics that exist: of blobs, and of tuples with a column of every type.
pub const TOPICS: [&str; 2] = [
    "/projects/fuzz/topics/blobs",
    "/projects/fuzz/topics/tuples",
];

const SETUP: [(&str, &str, &str); 6] = [
    ("POST", "/projects/fuzz", r#"{"Comment":""}"#),
    (
        "POST",
        "/projects/fuzz/topics/blobs",
        r#"{"ShardCount":2,"Lifecycle":1,"RecordType":"BLOB","Comment":""}"#,
    ),
    (
        "POST",
        "/projects/fuzz/topics/tuples",
        concat!(
            r#"{"ShardCount":2,"Lifecycle":1,"RecordType":"TUPLE","Comment":"","RecordSchema":"{\"fields\":["#,
            r#"{\"name\":\"f0\",\"type\":\"BIGINT\"},{\"name\":\"f1\",\"type\":\"DOUBLE\"},"#,
            r#"{\"name\":\"f2\",\"type\":\"BOOLEAN\"},{\"name\":\"f3\",\"type\":\"TIMESTAMP\"},"#,
            r#"{\"name\":\"f4\",\"type\":\"STRING\"},{\"name\":\"f5\",\"type\":\"DECIMAL\"},"#,
            r#"{\"name\":\"f6\",\"type\":\"INTEGER\"},{\"name\":\"f7\",\"type\":\"FLOAT\"},"#,
            r#"{\"name\":\"f8\",\"type\":\"TINYINT\"},{\"name\":\"f9\",\"type\":\"SMALLINT\"},"#,
            r#"{\"name\":\"f10\",\"type\":\"JSON\"}]}"}"#
        ),
    ),
    (
        "POST",
        "/projects/fuzz/topics/blobs/subscriptions",
        r#"{"Action":"create","Comment":""}"#,
    ),
    (
        "POST",
        "/projects/fuzz/topics/tuples/connectors/sink_odps",
        concat!(
            r#"{"Action":"create","Type":"SINK_ODPS","ColumnFields":["f0"],"Config":{"Project":"p","Table":"t","#,
            r#""OdpsEndpoint":"e","TunnelEndpoint":"e","PartitionMode":"USER_DEFINE"}}"#
        ),
    ),
    ("GET", "/projects/fuzz/topics", ""),
];

const STREAM: &[u8] =
    b"POST /v2/p/streams HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n\
    content-length: 52\r\n\r\n{\"stream_name\":\"newstream\",\"partition_count\":2     }";

/// A running emulator of both services that lets everybody in.
pub struct Target {
    emulator: Emulator,
    _runtime: Runtime,
    inputs: usize,
    kept: Option<BufReader<TcpStream>>,
}

impl Default for Target {
    fn default() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let options = ServerOptions {
            head_timeout: Duration::from_secs(1),
            body_timeout: Duration::from_secs(1),
            ..ServerOptions::default()
        };
        let started = Emulator::builder()
            .datahub("127.0.0.1:0")
            .dis("127.0.0.1:0")
            .no_auth(true)
            .limits(Limits::Relaxed)
            .server_options(options)
            .start();
        let emulator = runtime.block_on(started).expect("an emulator");
        let mut target = Self {
            emulator,
            _runtime: runtime,
            inputs: 0,
            kept: None,
        };
        target.set_up();
        target
    }
}

impl Target {
    fn set_up(&mut self) {
        self.emulator.reset();
        for (method, path, body) in SETUP {
            let (status, reply) = self.request(method, path, "", body.as_bytes());
            assert!(
                status < 300,
                "{path}: {status} {}",
                String::from_utf8_lossy(&reply)
            );
        }
        let made = self.send(true, STREAM);
        assert!(
            made.starts_with(b"HTTP/1.1 201"),
            "{}",
            String::from_utf8_lossy(&made)
        );
    }

    fn address(url: Option<&str>) -> &str {
        url.and_then(|url| url.strip_prefix("http://"))
            .expect("an address")
    }

    /// Forgets earlier inputs from time to time.
    pub fn next_input(&mut self) {
        self.inputs += 1;
        if self.inputs >= INPUTS {
            self.inputs = 0;
            self.set_up();
        }
    }

    /// Sends any bytes to a service as the only ones of a connection, and reads what comes back.
    pub fn send(&mut self, to_dis: bool, bytes: &[u8]) -> Vec<u8> {
        let url = if to_dis {
            self.emulator.dis_url()
        } else {
            self.emulator.datahub_url()
        };
        let mut stream = TcpStream::connect(Self::address(url)).expect("a connection");
        // The emulator may close the connection before it has read everything.
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply);
        reply
    }

    /// Sends a request of its own to DataHub; gives the status and the body of the reply.
    pub fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> (u16, Vec<u8>) {
        let length = body.len();
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: h\r\n{headers}content-length: {length}\r\n\r\n"
        )
        .into_bytes();
        request.extend_from_slice(body);
        // A connection that was idle for long is closed by the emulator.
        let answered = self.kept.take().and_then(|kept| exchange(kept, &request));
        let (status, reply, kept) = answered.unwrap_or_else(|| {
            let stream = TcpStream::connect(Self::address(self.emulator.datahub_url()))
                .expect("a connection");
            exchange(BufReader::new(stream), &request).expect("a reply")
        });
        self.kept = Some(kept);
        assert_ne!(status, 500, "{path}: {}", String::from_utf8_lossy(&reply));
        (status, reply)
    }
}

/// Sends a request and reads the status and the body of its reply; nothing if the connection is closed.
fn exchange(
    mut stream: BufReader<TcpStream>,
    request: &[u8],
) -> Option<(u16, Vec<u8>, BufReader<TcpStream>)> {
    stream.get_mut().write_all(request).ok()?;
    let (status, reply) = reply::read(&mut stream)?;
    Some((status, reply, stream))
}
