//! Requests that no client should send. Each gets an error of the protocol, and the server goes on as if nothing
//! had happened.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use prost::Message;
use serde_json::{Value, json};

use crate::client::{Client, Request, frame};
use crate::messages::{GetRecordsRequest, PutRecordsRequest, RecordEntry};

const LIMIT: usize = 4 << 20;

struct Case {
    what: &'static str,
    request: Request,
    code: &'static str,
}

fn case(what: &'static str, request: Request, code: &'static str) -> Case {
    Case {
        what,
        request,
        code,
    }
}

fn zlib(raw: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(raw).expect("write");
    encoder.finish().expect("finish")
}

fn compressed(what: &'static str, codec: &str, size: &str, body: Vec<u8>) -> Case {
    let mut request =
        Request::new("POST", "/projects/other", body).header("content-encoding", codec);
    if !size.is_empty() {
        request = request.header("x-datahub-content-raw-size", size);
    }
    case(what, request, "InvalidParameter")
}

fn urls() -> Vec<Case> {
    let shards = "/projects/test/topics/tuples/shards".to_owned();
    vec![
        case("no path", Request::new("GET", "/", ""), "InvalidUriSpec"),
        case(
            "unknown root",
            Request::new("GET", "/streams", ""),
            "InvalidUriSpec",
        ),
        case(
            "unknown child",
            Request::new("GET", "/projects/test/tables", ""),
            "InvalidUriSpec",
        ),
        case(
            "empty segment",
            Request::new("GET", "/projects//topics", ""),
            "InvalidParameter",
        ),
        case(
            "too deep",
            Request::new("GET", format!("{shards}/0/records"), ""),
            "InvalidUriSpec",
        ),
        case(
            "path that is not UTF-8",
            Request::new("GET", "/projects/%ff%fe", ""),
            "InvalidUriSpec",
        ),
        case(
            "name with a slash",
            Request::new("GET", "/projects/a%2Fb", ""),
            "InvalidParameter",
        ),
        case(
            "name with NUL",
            Request::new("GET", "/projects/abc%00", ""),
            "InvalidParameter",
        ),
        case(
            "unknown method",
            Request::new("PATCH", "/projects", ""),
            "MethodNotAllowed",
        ),
        case(
            "method of another resource",
            Request::new("PUT", shards.clone(), ""),
            "MethodNotAllowed",
        ),
    ]
}

fn documents() -> Vec<Case> {
    let post = |target: &str, body: &str| Request::new("POST", target, body);
    vec![
        case(
            "no JSON",
            post("/projects/other", "comment=x"),
            "InvalidParameter",
        ),
        case(
            "cut off JSON",
            post("/projects/other", r#"{"Comment":"#),
            "InvalidParameter",
        ),
        case(
            "JSON that is no object",
            post("/projects/other", "[]"),
            "InvalidParameter",
        ),
        case(
            "HTML",
            post("/projects/other", "<html></html>"),
            "InvalidParameter",
        ),
        case(
            "member of a wrong type",
            post("/projects/other", r#"{"Comment":{}}"#),
            "InvalidParameter",
        ),
        case(
            "deep JSON",
            post("/projects/other", &"[".repeat(100_000)),
            "InvalidParameter",
        ),
        case(
            "JSON that is not UTF-8",
            Request::new("POST", "/projects/other", &b"{\"Comment\":\"\xff\"}"[..]),
            "InvalidParameter",
        ),
        case(
            "lone surrogate",
            post("/projects/other", r#"{"Comment":"\ud800"}"#),
            "InvalidParameter",
        ),
        case(
            "body of 4 MiB and a byte",
            post("/projects/other", &" ".repeat(LIMIT + 1)),
            "InvalidParameter",
        ),
        case(
            "body of 20 MiB",
            post("/projects/other", &" ".repeat(20 << 20)),
            "InvalidParameter",
        ),
    ]
}

fn actions() -> Vec<Case> {
    let topic = "/projects/test/topics/tuples";
    let shards = format!("{topic}/shards");
    let shard = format!("{topic}/shards/0");
    let post = |target: &str, body: &str| Request::new("POST", target, body);
    vec![
        case(
            "unknown action",
            post(topic, r#"{"Action":"explode"}"#),
            "InvalidParameter",
        ),
        case(
            "action of a wrong type",
            post(topic, r#"{"Action":1}"#),
            "InvalidParameter",
        ),
        case(
            "unknown shard action",
            post(&shards, r#"{"Action":"explode"}"#),
            "InvalidParameter",
        ),
        case("no shard action", post(&shard, "{}"), "InvalidParameter"),
        case(
            "empty body where records are due",
            post(&shards, ""),
            "InvalidParameter",
        ),
        case(
            "records that are no list",
            post(&shards, r#"{"Action":"pub","Records":{}}"#),
            "InvalidParameter",
        ),
        case(
            "get without cursor",
            post(&shard, r#"{"Action":"sub"}"#),
            "InvalidParameter",
        ),
        case(
            "huge limit",
            post(&shard, r#"{"Action":"sub","Cursor":"x","Limit":1e30}"#),
            "InvalidParameter",
        ),
        case(
            "huge shard id",
            post(
                &format!("{shards}/{}", "9".repeat(50)),
                r#"{"Action":"meter"}"#,
            ),
            "InvalidParameter",
        ),
        case(
            "shard id with blanks",
            post(&format!("{shards}/%200"), r#"{"Action":"meter"}"#),
            "InvalidParameter",
        ),
    ]
}

fn authorizations() -> Vec<Case> {
    let list =
        |authorization: &str| Request::new("GET", "/projects", "").authorization(authorization);
    let mut changed = Request::new("GET", "/projects", "");
    changed.authorization = Some("DATAHUB emulator:TC/UeijOzetT1AEwL65M1L0S2Bw=".to_owned());
    vec![
        case("unsigned", list(""), "Unauthorized"),
        case(
            "another scheme",
            list("Basic ZW11bGF0b3I6ZW11bGF0b3I="),
            "Unauthorized",
        ),
        case("no signature", list("DATAHUB emulator"), "Unauthorized"),
        case("empty signature", list("DATAHUB emulator:"), "Unauthorized"),
        case("wrong signature", changed, "Unauthorized"),
        case(
            "unknown id",
            list("DATAHUB other:TC/UeijOzetT1AEwL65M1L0S2Bw="),
            "Unauthorized",
        ),
        case(
            "half of version 4",
            list("ACS3-HMAC-SHA256 Credential=emulator/1"),
            "Unauthorized",
        ),
        case(
            "huge signature",
            list(&format!("DATAHUB emulator:{}", "A".repeat(20_000))),
            "Unauthorized",
        ),
        case(
            "unsigned and unknown",
            Request::new("GET", "/nothing", "").authorization(""),
            "Unauthorized",
        ),
    ]
}

fn compressions() -> Vec<Case> {
    let bomb = vec![b' '; LIMIT * 8];
    let lz4 = lz4_flex::block::compress(b"{\"Comment\":\"\"}");
    vec![
        compressed("unknown encoding", "gzip", "", zlib(b"{}")),
        compressed("two encodings", "lz4,zstd", "", zlib(b"{}")),
        compressed("lz4 without size", "lz4", "", lz4.clone()),
        compressed("size that is no number", "lz4", "many", lz4.clone()),
        compressed("negative size", "lz4", "-1", lz4.clone()),
        compressed("size too small", "lz4", "3", lz4.clone()),
        compressed("size too large", "lz4", "4000000", lz4.clone()),
        compressed("size beyond memory", "lz4", "18446744073709551615", lz4),
        compressed("lz4 garbage", "lz4", "100", vec![0xff; 50]),
        compressed("zlib garbage", "zlib", "", vec![0xff; 50]),
        compressed(
            "cut off zlib",
            "zlib",
            "",
            zlib(b"{\"Comment\":\"some text\"}")[..12].to_vec(),
        ),
        compressed("zlib of another size", "zlib", "5", zlib(b"{}")),
        compressed("zstd garbage", "zstd", "", vec![0xff; 50]),
        compressed("zlib bomb", "zlib", "", zlib(&bomb)),
        compressed("deflate bomb", "deflate", "", zlib(&bomb)),
        compressed(
            "zstd bomb",
            "zstd",
            "",
            zstd::bulk::compress(&bomb, 1).expect("zstd"),
        ),
        compressed(
            "lz4 bomb",
            "lz4",
            &bomb.len().to_string(),
            lz4_flex::block::compress(&bomb),
        ),
        compressed(
            "bomb with a harmless size",
            "zstd",
            "2",
            zstd::bulk::compress(&bomb, 1).expect("zstd"),
        ),
    ]
}

fn frames() -> Vec<Case> {
    let shards = "/projects/test/topics/tuples/shards";
    let raw = |body: Vec<u8>| {
        let mut request = Request::protobuf(shards, "pub", b"");
        request.body = body;
        request
    };
    let put = PutRecordsRequest {
        records: vec![RecordEntry::of(&[Some("x")])],
    }
    .encode_to_vec();
    let patched = |at: usize, byte: u8| {
        let mut body = frame(&put);
        body[at] = byte;
        raw(body)
    };
    let invalid = "InvalidParameter";
    vec![
        case("no frame", raw(Vec::new()), invalid),
        case("half a frame", raw(frame(&put)[..11].to_vec()), invalid),
        case(
            "frame cut off",
            raw(frame(&put)[..frame(&put).len() - 1].to_vec()),
            invalid,
        ),
        case(
            "frame with more behind it",
            raw([frame(&put), vec![0]].concat()),
            invalid,
        ),
        case("wrong magic", patched(0, b'd'), invalid),
        case("wrong checksum", patched(5, 0), invalid),
        case("length too large", patched(8, 0x7f), invalid),
        case(
            "JSON in place of a frame",
            raw(br#"{"Action":"pub"}"#.to_vec()),
            invalid,
        ),
    ]
}

fn puts() -> Vec<Case> {
    let shards = "/projects/test/topics/tuples/shards";
    let put = PutRecordsRequest {
        records: vec![RecordEntry::of(&[Some("x")])],
    }
    .encode_to_vec();
    let invalid = "InvalidParameter";
    vec![
        case(
            "payload that is no message",
            Request::protobuf(shards, "pub", b"\xff\xff\xff"),
            invalid,
        ),
        case(
            "record longer than its message",
            Request::protobuf(shards, "pub", b"\x0a\x7fabc"),
            invalid,
        ),
        case(
            "record as a number",
            Request::protobuf(shards, "pub", b"\x08\x01"),
            invalid,
        ),
        case(
            "group",
            Request::protobuf(shards, "pub", b"\x0b\x0c"),
            invalid,
        ),
        case(
            "shard id that is not UTF-8",
            Request::protobuf(shards, "pub", b"\x0a\x04\x0a\x02\xff\xfe"),
            invalid,
        ),
        case(
            "key that is not UTF-8",
            Request::protobuf(shards, "pub", b"\x0a\x08\x42\x06\x0a\x04\x0a\x02\xff\xfe"),
            invalid,
        ),
        case(
            "unknown binary action",
            Request::protobuf(shards, "steal", &put),
            invalid,
        ),
        case(
            "batch to a topic",
            Request::protobuf(shards, "pub", &put).header("content-type", "application/x-binary"),
            invalid,
        ),
    ]
}

fn gets_and_batches() -> Vec<Case> {
    let shards = "/projects/test/topics/tuples/shards";
    let get = |payload: &[u8]| Request::protobuf(format!("{shards}/0"), "sub", payload);
    let cursor = GetRecordsRequest {
        cursor: "x".repeat(32),
        limit: Some(1),
    }
    .encode_to_vec();
    let invalid = "InvalidParameter";
    vec![
        case(
            "empty batch",
            Request::protobuf(format!("{shards}/0"), "pub", b"\x0a\x00")
                .header("content-type", "application/x-binary"),
            "MalformedRecord",
        ),
        case(
            "batch of garbage",
            Request::protobuf(format!("{shards}/0"), "pub", b"\x0a\x06\x32\x04DHUB")
                .header("content-type", "application/x-binary"),
            "MalformedRecord",
        ),
        case("get without cursor", get(b"\x10\x01"), invalid),
        case("get that is no message", get(b"\x0a"), invalid),
        case("get with a bad cursor", get(&cursor), "InvalidCursor"),
        case(
            "get of no shard",
            Request::protobuf(format!("{shards}/7"), "sub", &cursor),
            "NoSuchShard",
        ),
    ]
}

#[tokio::test]
async fn bad_requests_get_their_error_and_do_no_harm() {
    let mut client = Client::new().await;
    client.tuples(1, &["a string"]).await;
    let cases: Vec<Case> = [
        urls(),
        documents(),
        actions(),
        authorizations(),
        compressions(),
        frames(),
        puts(),
        gets_and_batches(),
    ]
    .into_iter()
    .flatten()
    .collect();
    for Case {
        what,
        request,
        code,
    } in &cases
    {
        let reply = client.send(request).await;
        let error = reply.error();
        assert_eq!(error.0, *code, "{what}: {error:?}");
        if *code == "InvalidUriSpec" {
            assert_eq!(reply.status, 400, "{what}");
        }
        let projects = client.ok("GET", "/projects", Value::Null).await;
        assert_eq!(projects, json!({"ProjectNames": ["test"]}), "after {what}");
    }
    assert_eq!(
        client.all("/projects/test/topics/tuples", "0").await.len(),
        0
    );
    assert!(cases.len() >= 60, "{}", cases.len());
}

#[tokio::test]
async fn every_compression_is_read_on_any_request() {
    let mut client = Client::new().await;
    let raw = json!({"Comment": "x".repeat(500)}).to_string();
    let size = raw.len().to_string();
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), Compression::default());
    deflate.write_all(raw.as_bytes()).expect("write");
    let bodies = [
        ("lz4", lz4_flex::block::compress(raw.as_bytes())),
        ("zlib", zlib(raw.as_bytes())),
        ("deflate", zlib(raw.as_bytes())),
        ("deflate", deflate.finish().expect("finish")),
        (
            "ZSTD",
            zstd::bulk::compress(raw.as_bytes(), 1).expect("zstd"),
        ),
    ];
    for (number, (codec, body)) in bodies.into_iter().enumerate() {
        let request = Request::new("POST", format!("/projects/project{number}"), body);
        let request = request
            .header("content-encoding", codec)
            .header("x-datahub-content-raw-size", &size);
        let reply = client.send(&request).await;
        assert_eq!(reply.status, 201, "{codec}: {reply:?}");
    }
    // What the Go client sends with a request that has no body.
    let empty = Request::new("GET", "/projects", "").header("content-encoding", "zstd");
    let reply = client
        .send(&empty.header("x-datahub-content-raw-size", "0"))
        .await;
    assert_eq!(
        reply.json()["ProjectNames"].as_array().map(Vec::len),
        Some(5)
    );
}

#[tokio::test]
async fn without_authentication_everyone_is_let_in() {
    let mut client = Client::of(hubstream_emulator::Emulator::builder().no_auth(true)).await;
    for authorization in ["", "DATAHUB other:x", "nonsense"] {
        let reply = client
            .send(&Request::new("GET", "/projects", "").authorization(authorization))
            .await;
        assert_eq!(reply.status, 200);
    }
}
