//! Replies that cannot be right. Each gives an error of the documented kind that shows nothing of the reply's
//! contents or of the credentials, and the client goes on as before.

use std::sync::Arc;

use hubstream::dynamic::Value;
use hubstream::error::{Error, ErrorKind};
use hubstream::record::FieldType;
use hubstream::registry::AnyClient;

use crate::damage;
use crate::hub::{arguments, client, example, schema, text};
use crate::server::{Answer, Server, reply};

/// What stands in bodies and must not be seen in messages.
const MARK: &str = "top-secret";

struct Case {
    what: &'static str,
    operation: &'static str,
    settings: &'static [(&'static str, &'static str)],
    bytes: Vec<u8>,
    kind: ErrorKind,
    code: &'static str,
}

const JSON: &[(&str, &str)] = &[("protocol", "json")];
const PROTOBUF: &[(&str, &str)] = &[("protocol", "protobuf")];

/// A reply to `list_project` or another call without records.
fn plain(what: &'static str, operation: &'static str, bytes: Vec<u8>, kind: ErrorKind) -> Case {
    Case {
        what,
        operation,
        settings: &[],
        bytes,
        kind,
        code: "",
    }
}

fn malformed(what: &'static str, operation: &'static str, body: &[u8]) -> Case {
    plain(
        what,
        operation,
        reply("200 OK", &["Content-Type: application/json"], body),
        ErrorKind::Malformed,
    )
}

fn status(
    what: &'static str,
    status: &str,
    body: &str,
    kind: ErrorKind,
    code: &'static str,
) -> Case {
    let bytes = reply(status, &["x-datahub-request-id: r1"], body.as_bytes());
    Case {
        what,
        operation: "list_project",
        settings: &[],
        bytes,
        kind,
        code,
    }
}

fn bodies() -> Vec<Case> {
    let page = b"<html><body>top-secret</body></html>";
    vec![
        malformed("a page", "list_project", page),
        malformed("nothing", "list_project", b""),
        malformed("white space", "list_project", b" \r\n"),
        malformed("a list", "list_project", b"[]"),
        malformed("null", "list_project", b"null"),
        malformed("a text", "list_project", b"\"top-secret\""),
        malformed("no members", "list_project", b"{}"),
        malformed("a member of another type", "list_project", br#"{"ProjectNames":"top-secret"}"#),
        malformed("an element of another type", "list_project", br#"{"ProjectNames":["a",1]}"#),
        malformed("a member twice", "list_project", br#"{"ProjectNames":[],"ProjectNames":["top-secret"]}"#),
        malformed("cut JSON", "list_project", br#"{"ProjectNames":["top-secret"#),
        malformed("more than JSON", "list_project", br#"{"ProjectNames":[]}top-secret"#),
        malformed("invalid UTF-8", "list_project", b"{\"ProjectNames\":[\"\xff\xfe\"]}"),
        malformed("half a surrogate", "list_project", br#"{"ProjectNames":["\ud800"]}"#),
        malformed("deep nesting", "list_project", "[".repeat(100_000).as_bytes()),
        malformed("a number too large", "get_cursor", br#"{"Cursor":"c","RecordTime":99999999999999999999,"Sequence":0}"#),
        malformed("a fraction", "get_cursor", br#"{"Cursor":"c","RecordTime":1.5,"Sequence":0}"#),
        malformed("a number as text", "get_cursor", br#"{"Cursor":"c","RecordTime":"1","Sequence":0}"#),
        malformed("no cursor", "get_cursor", br#"{"RecordTime":1,"Sequence":0}"#),
        malformed("no shards", "list_shard", br#"{"Protocol":"http1.1","Interval":1}"#),
        malformed("a shard without id", "list_shard", br#"{"Shards":[{"State":"ACTIVE"}]}"#),
        malformed("a state as number", "list_shard", br#"{"Shards":[{"ShardId":"0","State":1}]}"#),
        malformed("a tuple topic without schema", "get_topic", br#"{"RecordType":"TUPLE","RecordSchema":""}"#),
        malformed("a schema that is no JSON", "get_topic", br#"{"RecordType":"TUPLE","RecordSchema":"top-secret"}"#),
        malformed("a schema without columns", "get_topic", br#"{"RecordType":"TUPLE","RecordSchema":"{\"fields\":[]}"}"#),
        malformed("an unknown column type", "get_topic", br#"{"RecordType":"TUPLE","RecordSchema":"{\"fields\":[{\"name\":\"c\",\"type\":\"DATE\"}]}"}"#),
        malformed("a column twice", "get_topic", br#"{"RecordType":"TUPLE","RecordSchema":"{\"fields\":[{\"name\":\"c\",\"type\":\"STRING\"},{\"name\":\"C\",\"type\":\"STRING\"}]}"}"#),
        malformed("offsets as a list", "get_subscription_offset", br#"{"Offsets":[]}"#),
        malformed("an offset without sequence", "get_subscription_offset", br#"{"Offsets":{"0":{"Timestamp":1,"Version":0}}}"#),
    ]
}

fn statuses() -> Vec<Case> {
    use ErrorKind as K;
    let body =
        |code: &str| format!(r#"{{"RequestId":"r1","ErrorCode":{code},"ErrorMessage":"m"}}"#);
    vec![
        status(
            "moved",
            "301 Moved Permanently\r\nLocation: http://127.0.0.1:1/",
            "",
            K::Malformed,
            "",
        ),
        status(
            "found",
            "302 Found\r\nLocation: /elsewhere",
            "",
            K::Malformed,
            "",
        ),
        status("not modified", "304 Not Modified", "", K::Malformed, ""),
        status(
            "temporary redirect",
            "307 Temporary Redirect\r\nLocation: https://top-secret.example",
            "",
            K::Malformed,
            "",
        ),
        status(
            "a page for 404",
            "404 Not Found",
            "<html>top-secret</html>",
            K::NotFound,
            "",
        ),
        status(
            "a page for 500",
            "500 Internal Server Error",
            "<html>top-secret</html>",
            K::Unavailable,
            "",
        ),
        status("nothing for 502", "502 Bad Gateway", "", K::Unavailable, ""),
        status(
            "nothing for 503",
            "503 Service Unavailable\r\nRetry-After: x",
            "",
            K::Unavailable,
            "",
        ),
        status(
            "nothing for 429",
            "429 Too Many Requests",
            "",
            K::RateLimited,
            "",
        ),
        status(
            "nothing for 401",
            "401 Unauthorized",
            "",
            K::Unauthenticated,
            "",
        ),
        status(
            "a page for 403",
            "403 Forbidden",
            "<html>top-secret</html>",
            K::PermissionDenied,
            "",
        ),
        status(
            "nothing for 413",
            "413 Payload Too Large",
            "",
            K::TooLarge,
            "",
        ),
        status(
            "an odd status below 500",
            "418 Odd",
            "{}",
            K::InvalidArgument,
            "",
        ),
        status(
            "an odd status above 500",
            "599 Odd",
            "[]",
            K::Unavailable,
            "",
        ),
        status(
            "a status that does not exist",
            "999 Odd",
            "",
            K::Unavailable,
            "",
        ),
        status(
            "an unknown code for 400",
            "400 Bad Request",
            &body(r#""FooBar""#),
            K::InvalidArgument,
            "FooBar",
        ),
        status(
            "an unknown code for 500",
            "500 Internal Server Error",
            &body(r#""FooBar""#),
            K::Unavailable,
            "FooBar",
        ),
        status(
            "an unknown code for 429",
            "429 Too Many Requests",
            &body(r#""FooBar""#),
            K::RateLimited,
            "FooBar",
        ),
        status(
            "a code that is a number",
            "400 Bad Request",
            &body("17"),
            K::InvalidArgument,
            "",
        ),
        status(
            "an empty code",
            "404 Not Found",
            &body(r#""""#),
            K::NotFound,
            "",
        ),
        status(
            "a code under a status that does not fit",
            "500 Internal Server Error",
            &body(r#""NoSuchTopic""#),
            K::NotFound,
            "NoSuchTopic",
        ),
        status(
            "an error that is cut",
            "400 Bad Request",
            r#"{"ErrorCode":"NoSuch"#,
            K::InvalidArgument,
            "",
        ),
    ]
}

fn encodings() -> Vec<Case> {
    let good = br#"{"ProjectNames":["a"]}"#;
    let zeros = vec![0; 100 << 20];
    let encoded = |what, name: &str, size: &str, body: &[u8]| {
        let (encoding, size) = (
            format!("Content-Encoding: {name}"),
            format!("x-datahub-content-raw-size: {size}"),
        );
        let headers: &[&str] = if size.ends_with(": ") {
            &[&encoding]
        } else {
            &[&encoding, &size]
        };
        plain(
            what,
            "list_project",
            reply("200 OK", headers, body),
            ErrorKind::Malformed,
        )
    };
    vec![
        encoded("gzip, which was not asked for", "gzip", "22", good),
        encoded("an unknown encoding", "br", "22", good),
        encoded("LZ4 without size", "lz4", "", &damage::lz4(good)),
        encoded(
            "a size that is no number",
            "lz4",
            "many",
            &damage::lz4(good),
        ),
        encoded("a negative size", "lz4", "-1", &damage::lz4(good)),
        encoded(
            "a size beyond all numbers",
            "zlib",
            "99999999999999999999999",
            &damage::zlib(good),
        ),
        encoded("LZ4 with too small a size", "lz4", "21", &damage::lz4(good)),
        encoded("LZ4 with too large a size", "lz4", "23", &damage::lz4(good)),
        encoded(
            "LZ4 with an enormous size",
            "lz4",
            "1099511627776",
            &damage::lz4(good),
        ),
        encoded("LZ4 that is none", "lz4", "100", b"\xff\xff\xff\xff\xff"),
        encoded(
            "LZ4 that points before its start",
            "lz4",
            "64",
            &[0x00, 0xff, 0xff, 0x10],
        ),
        encoded("zlib with a wrong size", "zlib", "5", &damage::zlib(good)),
        encoded("zlib that is cut", "zlib", "22", &damage::zlib(good)[..12]),
        encoded("zlib that is none", "zlib", "22", b"top-secret"),
        encoded(
            "zlib with more behind it",
            "zlib",
            "",
            &[damage::zlib(good), b"top-secret".to_vec()].concat(),
        ),
        encoded("deflate that is none", "deflate", "22", b"\xff\xff\xff"),
        encoded("zstd with a wrong size", "zstd", "21", &damage::zstd(good)),
        encoded("zstd that is cut", "zstd", "22", &damage::zstd(good)[..9]),
        encoded("zstd that is none", "zstd", "22", b"top-secret"),
        encoded("a zlib bomb that lies", "zlib", "22", &damage::zlib(&zeros)),
        encoded(
            "a zlib bomb that says nothing",
            "zlib",
            "",
            &damage::zlib(&zeros),
        ),
        encoded(
            "a zstd bomb that says nothing",
            "zstd",
            "",
            &damage::zstd(&zeros),
        ),
        encoded(
            "an LZ4 bomb that tells the truth",
            "lz4",
            "104857600",
            &damage::lz4(&zeros),
        ),
        encoded(
            "JSON that is malformed once decompressed",
            "lz4",
            "6",
            &damage::lz4(b"{\"a\":1"),
        ),
    ]
}

fn records(what: &'static str, operation: &'static str, body: &[u8]) -> Case {
    let bytes = reply("200 OK", &["Content-Type: application/x-protobuf"], body);
    Case {
        settings: PROTOBUF,
        ..plain(what, operation, bytes, ErrorKind::Malformed)
    }
}

fn frames() -> Vec<Case> {
    let get = "get_blob_records";
    let good = damage::get_reply(&[damage::record(b"top-secret")]);
    let framed = |what, payload: &[u8]| records(what, get, &damage::frame(payload));
    vec![
        records("no frame at all", get, b""),
        records("eleven bytes", get, &damage::frame(b"")[..11]),
        records(
            "a page instead of a frame",
            get,
            b"<html><body>top-secret</body></html>",
        ),
        records(
            "JSON instead of a frame",
            get,
            br#"{"NextCursor":"c","RecordCount":0,"StartSeq":0,"Records":[]}"#,
        ),
        records(
            "another magic",
            get,
            &damage::frame_with(b"DHUC", 0, good.len() as u32, &good),
        ),
        records(
            "a wrong checksum",
            get,
            &damage::frame_with_wrong_crc(&good),
        ),
        records(
            "a length that is too large",
            get,
            &damage::frame_with_length(&good, 1),
        ),
        records(
            "a length that is too small",
            get,
            &damage::frame_with_length(&good, -1),
        ),
        records(
            "a length beyond all bounds",
            get,
            &damage::frame_with(b"DHUB", 0, u32::MAX, &good),
        ),
        records("a frame that is cut", get, &damage::frame(&good)[..20]),
        framed("an empty message", b""),
        framed("no next cursor", &damage::number(2, 0)),
        framed(
            "a cursor that is not UTF-8",
            &[damage::field(1, b"\xff\xfe"), damage::number(2, 0)].concat(),
        ),
        framed("a field longer than the message", &[0x0a, 0x7f, b'c']),
        framed(
            "a length of 2^63",
            &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        ),
        framed(
            "a number without end",
            &[
                0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            ],
        ),
        framed("a field with number 0", &[0x02, 0x01, b'c']),
        framed("a group", &[0x0b, 0x0c]),
        framed("a wire type that does not exist", &[0x0f, 0x00]),
        framed("a cursor that is a number", &damage::number(1, 7)),
        framed(
            "records that are a number",
            &[damage::field(1, b"c"), damage::number(4, 7)].concat(),
        ),
        framed(
            "a record that is cut",
            &damage::get_reply(&[damage::record(b"abc")[..6].to_vec()]),
        ),
        framed(
            "an attribute without value",
            &damage::get_reply(&[[
                damage::field(8, &damage::field(1, &damage::field(1, b"k"))),
                damage::record(b""),
            ]
            .concat()]),
        ),
        records(
            "a put answered with a page",
            "put_records",
            b"<html>top-secret</html>",
        ),
        records("a put answered with nothing", "put_records", b""),
        records(
            "a put answered with a wrong checksum",
            "put_records",
            &damage::frame_with_wrong_crc(&damage::number(1, 0)),
        ),
        records(
            "a put answered with a cut failure",
            "put_records",
            &damage::frame(&[0x08, 0x01, 0x12, 0x05, 0x08]),
        ),
    ]
}

fn json_records() -> Vec<Case> {
    let case = |what, body: &str| Case {
        settings: JSON,
        ..malformed(what, "get_blob_records", body.as_bytes())
    };
    let one = |record: &str| {
        format!(r#"{{"NextCursor":"c","RecordCount":1,"StartSeq":0,"Records":[{record}]}}"#)
    };
    vec![
        case("no next cursor", r#"{"RecordCount":0,"StartSeq":0,"Records":[]}"#),
        case("records as a map", r#"{"NextCursor":"c","RecordCount":0,"StartSeq":0,"Records":{}}"#),
        case("a record as a text", &one(r#""top-secret""#)),
        case("data that is no Base64", &one(r#"{"Data":"t*p-secret","Sequence":0,"SystemTime":0}"#)),
        case("data without padding", &one(r#"{"Data":"YQ","Sequence":0,"SystemTime":0}"#)),
        case("data as a number", &one(r#"{"Data":17,"Sequence":0,"SystemTime":0}"#)),
        case("values where a blob is due", &one(r#"{"Data":["top-secret"],"Sequence":0,"SystemTime":0}"#)),
        case("a sequence as text", &one(r#"{"Data":"YQ==","Sequence":"x","SystemTime":0}"#)),
        case("attributes as a list", &one(r#"{"Data":"YQ==","Sequence":0,"SystemTime":0,"Attributes":["a"]}"#)),
        Case { settings: JSON, ..malformed("a put answered without failures", "put_records", b"{\"FailedRecordCount\":0}") },
        Case { settings: JSON, ..malformed("a failure without index", "put_records", br#"{"FailedRecordCount":1,"FailedRecords":[{"ErrorCode":"x","ErrorMessage":"m"}]}"#) },
    ]
}

fn connections() -> Vec<Case> {
    use ErrorKind::{Connection, Malformed};
    let case = |what, bytes: &[u8], kind| plain(what, "list_project", bytes.to_vec(), kind);
    let endless = [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(),
        chunks(65 << 20),
    ]
    .concat();
    let long = format!("HTTP/1.1 200 OK\r\nx-long: {}\r\n\r\n", "y".repeat(1 << 20));
    vec![
        case("closed without a word", b"", Connection),
        case("another protocol", b"SSH-2.0-OpenSSH_9.9\r\n", Connection),
        case(
            "a status that is no number",
            b"HTTP/1.1 abc OK\r\n\r\n",
            Connection,
        ),
        case("half a head", b"HTTP/1.1 200 OK\r\nContent-Le", Connection),
        case(
            "a body that is cut",
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Pro",
            Connection,
        ),
        case(
            "a length that is no number",
            b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}",
            Connection,
        ),
        case(
            "two lengths",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
            Connection,
        ),
        case(
            "a chunk without size",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
            Connection,
        ),
        case(
            "chunks that are cut",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a",
            Connection,
        ),
        case(
            "a header with a zero byte",
            b"HTTP/1.1 200 OK\r\nx: a\0b\r\nContent-Length: 2\r\n\r\n{}",
            Connection,
        ),
        case(
            "a header without name",
            b"HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 2\r\n\r\n{}",
            Connection,
        ),
        case("a header of a megabyte", long.as_bytes(), Connection),
        case(
            "a length of ten gigabytes",
            b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n{",
            Malformed,
        ),
        case("a body without end", &endless, Malformed),
    ]
}

/// So many bytes of white space, in chunks of a megabyte.
fn chunks(length: usize) -> Vec<u8> {
    let chunk = [
        b"100000\r\n".to_vec(),
        vec![b' '; 1 << 20],
        b"\r\n".to_vec(),
    ]
    .concat();
    chunk.repeat(length >> 20)
}

fn dis() -> Vec<Case> {
    use ErrorKind as K;
    let case = |what, operation, status: &str, body: &str, kind, code| Case {
        what,
        operation,
        settings: &[],
        bytes: reply(status, &["X-Request-Id: r1"], body.as_bytes()),
        kind,
        code,
    };
    vec![
        case(
            "a page",
            "list_streams",
            "200 OK",
            "<html>top-secret</html>",
            K::Malformed,
            "",
        ),
        case("nothing", "list_streams", "200 OK", "", K::Malformed, ""),
        case(
            "a redirect",
            "list_streams",
            "302 Found\r\nLocation: /",
            "",
            K::Malformed,
            "",
        ),
        case(
            "names as numbers",
            "list_streams",
            "200 OK",
            r#"{"stream_names":[1]}"#,
            K::Malformed,
            "",
        ),
        case(
            "fewer rows than records",
            "dis put_records",
            "200 OK",
            r#"{"failed_record_count":0,"records":[]}"#,
            K::Malformed,
            "",
        ),
        case(
            "no next cursor",
            "get_records",
            "200 OK",
            r#"{"records":[]}"#,
            K::Malformed,
            "",
        ),
        case(
            "data that is no Base64",
            "get_records",
            "200 OK",
            r#"{"next_partition_cursor":"n","records":[{"data":"t*p-secret","sequence_number":"1"}]}"#,
            K::Malformed,
            "",
        ),
        case(
            "a sequence that is no number",
            "get_records",
            "200 OK",
            r#"{"next_partition_cursor":"n","records":[{"data":"","sequence_number":"x"}]}"#,
            K::Malformed,
            "",
        ),
        case(
            "the older status for authentication",
            "list_streams",
            "441 Authentication Error",
            "",
            K::Unauthenticated,
            "",
        ),
        case(
            "an unknown code",
            "create_stream",
            "400 Bad Request",
            r#"{"errorCode":"DIS.4999","message":"m"}"#,
            K::InvalidArgument,
            "DIS.4999",
        ),
        case(
            "the gateway's form of an error",
            "create_stream",
            "404 Not Found",
            r#"{"error_code":"APIGW.0101","error_msg":"m"}"#,
            K::NotFound,
            "APIGW.0101",
        ),
        case(
            "an error inside another",
            "create_stream",
            "400 Bad Request",
            r#"{"error":{"code":"DIS.4301","message":"m"}}"#,
            K::NotFound,
            "DIS.4301",
        ),
        case(
            "a page for 504",
            "get_records",
            "504 Gateway Timeout",
            "<html>top-secret</html>",
            K::Unavailable,
            "",
        ),
    ]
}

async fn call(client: &Arc<dyn AnyClient>, operation: &str) -> Result<Value, Error> {
    let name = operation.strip_prefix("dis ").unwrap_or(operation);
    client.call(name, example(operation)).await
}

async fn run(service: &'static str, cases: Vec<Case>, least: usize) {
    assert!(cases.len() >= least, "only {} cases", cases.len());
    let server = Server::start([]).await;
    let (usual, good) = match service {
        "dis" => (
            "list_streams",
            reply("200 OK", &[], br#"{"stream_names":["a"]}"#),
        ),
        _ => (
            "list_project",
            reply("200 OK", &[], br#"{"ProjectNames":["a"]}"#),
        ),
    };
    for case in cases {
        let settings = [case.settings, &[("max_attempts", "1")]].concat();
        let client = client(service, &server.url, &settings);
        server.set([Answer::Last(case.bytes), Answer::Reply(good.clone())]);
        let outcome = call(&client, case.operation).await;
        let error = outcome.map(drop).expect_err(case.what);
        let shown = format!("{error}\n{error:?}");
        assert_eq!(error.kind(), case.kind, "{}: {shown}", case.what);
        assert_eq!(error.code(), case.code, "{}: {shown}", case.what);
        assert!(!shown.contains(MARK), "{}: {shown}", case.what);
        assert_eq!(error.attempts(), 1, "{}: {shown}", case.what);
        assert_eq!(server.take_seen().whole.len(), 1, "{}", case.what);
        call(&client, usual)
            .await
            .unwrap_or_else(|error| panic!("after {}: {error:?}", case.what));
        server.take_seen();
    }
}

#[tokio::test]
async fn bodies_that_are_not_the_result() {
    run("datahub", bodies(), 25).await;
}

#[tokio::test]
async fn statuses_without_a_known_error() {
    run("datahub", statuses(), 20).await;
}

#[tokio::test]
async fn damaged_compression() {
    run("datahub", encodings(), 20).await;
}

#[tokio::test]
async fn damaged_frames() {
    run("datahub", frames(), 25).await;
}

#[tokio::test]
async fn damaged_json_records() {
    run("datahub", json_records(), 10).await;
}

#[tokio::test]
async fn broken_connections() {
    run("datahub", connections(), 12).await;
}

#[tokio::test]
async fn damaged_replies_of_dis() {
    run("dis", dis(), 12).await;
}

/// Column type, text in the reply.
const VALUES: &[(FieldType, &[u8])] = &[
    (FieldType::TinyInt, b"128"),
    (FieldType::SmallInt, b"-32769"),
    (FieldType::Integer, b"2147483648"),
    (FieldType::BigInt, b"9223372036854775808"),
    (FieldType::BigInt, b"abc"),
    (FieldType::BigInt, b"1.0"),
    (FieldType::BigInt, b" 1"),
    (FieldType::BigInt, b"\xff"),
    (FieldType::Float, b"1e39"),
    (FieldType::Double, b"1e999"),
    (FieldType::Double, b"1,5"),
    (FieldType::Boolean, b"yes"),
    (FieldType::Timestamp, b"253402271999000001"),
    (FieldType::Timestamp, b"2026-01-01"),
    (FieldType::Decimal, b"NaN"),
    (FieldType::Decimal, b"1.2.3"),
    (FieldType::String, b"\xc3\x28"),
    (FieldType::Json, b"\xff\xff"),
];

#[tokio::test]
async fn values_that_are_none_of_their_column() {
    let server = Server::start([]).await;
    let client = client("datahub", &server.url, &[("max_attempts", "1")]);
    for (field_type, value) in VALUES {
        let payload = damage::get_reply(&[damage::record(b""), damage::record(value)]);
        let headers = ["Content-Type: application/x-protobuf"];
        server.set([Answer::Reply(reply(
            "200 OK",
            &headers,
            &damage::frame(&payload),
        ))]);
        let arguments = arguments([
            ("project_name", text("project")),
            ("topic_name", text("topic")),
            ("shard_id", text("0")),
            ("record_schema", Value::RecordSchema(schema(*field_type))),
            ("cursor", text("c")),
        ]);
        let result = client
            .call("get_tuple_records", arguments)
            .await
            .expect("a batch");
        let Some(Value::Records(batch)) = result.get("records") else {
            panic!("no records")
        };
        assert_eq!(batch.len(), 2);
        assert!(batch.value(0, 0).is_ok(), "{field_type}");
        let error = batch
            .value(1, 0)
            .map(|value| value.to_string())
            .expect_err(field_type.name());
        assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
        assert!(error.to_string().contains("field `c`"), "{error}");
    }
}
