//! Replies with damaged records.

use hubstream::dynamic::Value;
use hubstream::error::ErrorKind;
use hubstream::record::FieldType;

use crate::damage;
use crate::hub::{arguments, client, schema, text};
use crate::replies::{Case, malformed, plain};
use crate::server::{Answer, Server, reply};

const JSON: &[(&str, &str)] = &[("protocol", "json")];
const PROTOBUF: &[(&str, &str)] = &[("protocol", "protobuf")];

fn records(what: &'static str, operation: &'static str, body: &[u8]) -> Case {
    let bytes = reply("200 OK", &["Content-Type: application/x-protobuf"], body);
    Case {
        settings: PROTOBUF,
        ..plain(what, operation, bytes, ErrorKind::Malformed)
    }
}

pub(crate) fn frames() -> Vec<Case> {
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
            &damage::frame_with(*b"DHUC", 0, good.len() as u32, &good),
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
            &damage::frame_with(*b"DHUB", 0, u32::MAX, &good),
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
            "a value that is a number",
            &damage::get_reply(&[damage::field(9, &damage::field(1, &damage::number(1, 7)))]),
        ),
        framed(
            "a sequence that is a text",
            &damage::get_reply(&[[damage::field(6, b"1"), damage::record(b"")].concat()]),
        ),
        framed(
            "a record without data",
            &damage::get_reply(&[damage::field(1, b"0")]),
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
            "a put to one shard answered with a page",
            "put_records_by_shard",
            b"<html>top-secret</html>",
        ),
        records(
            "a put to one shard answered with a wrong checksum",
            "put_records_by_shard",
            &damage::frame_with_wrong_crc(&damage::number(1, 0)),
        ),
        records(
            "a put to one shard with a failure that is not named",
            "put_records_by_shard",
            &damage::frame(&damage::number(1, 1)),
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

pub(crate) fn json_records() -> Vec<Case> {
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
        // The topic is asked whether it holds tuples.
        Case { requests: 2, ..case("values where a blob is due", &one(r#"{"Data":["top-secret"],"Sequence":0,"SystemTime":0}"#)) },
        case("a sequence as text", &one(r#"{"Data":"YQ==","Sequence":"x","SystemTime":0}"#)),
        case("attributes as a list", &one(r#"{"Data":"YQ==","Sequence":0,"SystemTime":0,"Attributes":["a"]}"#)),
        Case { settings: JSON, ..malformed("a put answered without a count", "put_records", b"{}") },
        Case { settings: JSON, ..malformed("a failure without index", "put_records", br#"{"FailedRecordCount":1,"FailedRecords":[{"ErrorCode":"x","ErrorMessage":"m"}]}"#) },
    ]
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
