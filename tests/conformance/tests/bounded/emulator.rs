//! Requests to the emulator, which reads them with decoders of its own.

use hubstream::codec::frame;
use hubstream_emulator::{Emulator, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use super::{alone, peak};

/// Memory for a byte of a request, its copies on the way included.
const RATIO: usize = 320;
/// Buffers of connections, a window of Zstandard, what a page of records takes.
const ALWAYS: usize = 4 << 20;
const MANY: usize = 8000;

struct Running {
    runtime: Runtime,
    datahub: String,
    dis: String,
    _emulator: Emulator,
}

impl Running {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let started = Emulator::builder()
            .datahub("127.0.0.1:0")
            .dis("127.0.0.1:0")
            .no_auth(true)
            .limits(Limits::Relaxed)
            .start();
        let emulator = runtime.block_on(started).expect("an emulator");
        let address = |url: Option<&str>| {
            url.expect("served")
                .trim_start_matches("http://")
                .to_owned()
        };
        let running = Self {
            datahub: address(emulator.datahub_url()),
            dis: address(emulator.dis_url()),
            runtime,
            _emulator: emulator,
        };
        for (path, body) in [
            ("/projects/p", r#"{"Comment":""}"#),
            (
                "/projects/p/topics/b",
                r#"{"ShardCount":1,"Lifecycle":1,"RecordType":"BLOB","Comment":""}"#,
            ),
        ] {
            running.send(&running.datahub, path, "", body.as_bytes());
        }
        running
    }

    fn send(&self, address: &str, path: &str, headers: &str, body: &[u8]) {
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
        );
        self.runtime.block_on(async {
            let mut stream = TcpStream::connect(address).await.expect("a connection");
            stream.write_all(head.as_bytes()).await.expect("written");
            stream.write_all(body).await.expect("written");
            let mut reply = Vec::new();
            stream.read_to_end(&mut reply).await.expect("a reply");
            assert!(reply.starts_with(b"HTTP/1.1 "), "no reply");
            assert!(!reply.starts_with(b"HTTP/1.1 500"), "{path}");
        });
    }

    fn bounded(&self, address: &str, path: &str, headers: &str, body: &[u8]) {
        let taken = peak(|| self.send(address, path, headers, body));
        let most = body.len() * RATIO + ALWAYS;
        assert!(
            taken <= most,
            "{path} {headers:?}: {taken} bytes for {}, which is more than {most}",
            body.len()
        );
    }
}

#[test]
fn compressed_bodies() {
    let _alone = alone();
    let running = Running::start();
    for codec in ["lz4", "zlib", "deflate", "zstd", "snappy"] {
        for size in ["", "0", "1", "4194304", "16777216", "18446744073709551615"] {
            for body in [
                &[0_u8; 4][..],
                b"\x78\x9c\x03",
                b"\x28\xb5\x2f\xfd\xa0\0\0\x3f\0\x03\0\0",
                b"\xff\xff\xff\x07\0",
            ] {
                let headers = format!(
                    "content-encoding: {codec}\r\nx-datahub-content-raw-size: {size}\r\nx-dis-lz4-content-length: {size}\r\n"
                );
                running.bounded(
                    &running.datahub,
                    "/projects/p/topics/b/shards",
                    &headers,
                    body,
                );
                running.bounded(&running.dis, "/v2/p/records", &headers, body);
            }
        }
    }
}

#[test]
fn bodies() {
    let _alone = alone();
    let running = Running::start();
    let list = |element: &str| {
        let records = vec![element; MANY].join(",");
        format!("{{\"Action\":\"pub\",\"stream_name\":\"s\",\"Records\":[{records}],\"records\":[{records}]}}").into_bytes()
    };
    let texts = ["{}", "0", "{\"Data\":\"\"}", "{\"data\":\"\"}", "[]"].map(list);
    let deep = [b"[".repeat(MANY), b"{\"a\":".repeat(MANY)];
    for body in texts.iter().chain(&deep) {
        running.bounded(&running.datahub, "/projects/p/topics/b/shards", "", body);
        running.bounded(
            &running.dis,
            "/v2/p/records",
            "content-type: application/json\r\n",
            body,
        );
    }
    let protobuf = "content-type: application/x-protobuf\r\n";
    for part in [
        &b"\x12\x00"[..],
        b"\x0a\x02\x4a\x00",
        b"\x0a\x00",
        b"\x0b",
        b"\xff",
        b"\x32\x00",
    ] {
        let payload = part.repeat(MANY);
        running.bounded(&running.dis, "/v2/p/records", protobuf, &payload);
        let body = frame::wrap(&payload).expect("a frame");
        for kind in ["protobuf", "binary"] {
            let headers =
                format!("content-type: application/x-{kind}\r\nx-datahub-request-action: pub\r\n");
            running.bounded(
                &running.datahub,
                "/projects/p/topics/b/shards/0",
                &headers,
                &body,
            );
        }
    }
}

#[test]
fn batches_that_promise_much() {
    let _alone = alone();
    let running = Running::start();
    for codec in 0..4_u8 {
        for count in [1_u32, 9999, u32::MAX] {
            let payload = b"\x28\xb5\x2f\xfd\xa0\0\0\x3f\0\x03\0\0";
            let mut batch = b"DHUB\x01\0\0\0".to_vec();
            for word in [40 + payload.len() as u32, 63 << 20, 0] {
                batch.extend_from_slice(&word.to_le_bytes());
            }
            batch.extend_from_slice(&[codec, 0, 2, 0, 0xff, 0xff, 0xff, 0xff, 40, 0, 0, 0]);
            batch.extend_from_slice(&count.to_le_bytes());
            batch.extend_from_slice(&[0; 4]);
            batch.extend_from_slice(payload);
            let entry = [&[0x32, batch.len() as u8][..], &batch].concat();
            let body =
                frame::wrap(&[&[0x0a, entry.len() as u8][..], &entry].concat()).expect("a frame");
            let headers = "content-type: application/x-binary\r\nx-datahub-request-action: pub\r\n";
            running.bounded(
                &running.datahub,
                "/projects/p/topics/b/shards/0",
                headers,
                &body,
            );
            // What was stored is taken apart for readers of single records.
            let sub = br#"{"Action":"sub","Cursor":"30000000000000000000000000000000","Limit":10}"#;
            running.bounded(&running.datahub, "/projects/p/topics/b/shards/0", "", sub);
        }
    }
}
