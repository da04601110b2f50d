//! Calls that cannot be right. They fail before anything is sent and name the argument.

use hubstream::dynamic::Value;
use hubstream::error::ErrorKind;
use hubstream::record::{FieldType, RecordBatchBuilder, Value as Column};

use crate::hub::{arguments, blob, client, example, schema, text};
use crate::server::Server;

struct Case {
    operation: &'static str,
    /// The members of the example that are replaced or added.
    change: Vec<(&'static str, Value)>,
    /// The argument that the error names, and a part of its message.
    argument: &'static str,
    message: &'static str,
}

fn case(operation: &'static str, name: &'static str, value: Value, message: &'static str) -> Case {
    Case {
        operation,
        change: vec![(name, value)],
        argument: name,
        message,
    }
}

fn offsets(offset: Value) -> Value {
    Value::Map(vec![("0".into(), offset)])
}

fn wrong_types() -> Vec<Case> {
    let number = Value::Integer(1);
    vec![
        case(
            "get_topic",
            "project_name",
            number.clone(),
            "expected text, found a whole number",
        ),
        case("get_topic", "project_name", Value::Null, "found nothing"),
        case(
            "get_topic",
            "topic_name",
            Value::Bytes("t".into()),
            "expected text, found bytes",
        ),
        case(
            "get_topic",
            "topic_name",
            Value::List(vec![text("t")]),
            "found a list",
        ),
        case("get_topic", "nmae", text("x"), "is not known here"),
        case(
            "create_project",
            "comment",
            Value::Boolean(true),
            "expected text",
        ),
        case(
            "create_stream",
            "partition_count",
            text("1"),
            "expected a whole number, found text",
        ),
        case(
            "create_stream",
            "partition_count",
            Value::Double(1.0),
            "expected a whole number",
        ),
        case(
            "create_stream",
            "partition_count",
            Value::Integer(1 << 31),
            "is not between",
        ),
        case(
            "create_stream",
            "partition_count",
            Value::Long(i64::MIN),
            "is not between",
        ),
        case(
            "create_stream",
            "auto_scale_enabled",
            text("true"),
            "expected true or false",
        ),
        case(
            "create_stream",
            "tags",
            Value::Map(vec![]),
            "expected a list, found a map",
        ),
        case(
            "create_stream",
            "stream_type",
            text("HUGE"),
            "expected one of COMMON, ADVANCED",
        ),
        case(
            "get_cursor",
            "cursor_type",
            text("oldest"),
            "expected one of OLDEST",
        ),
        case("get_cursor", "cursor_type", number.clone(), "expected text"),
        case("get_cursor", "param", text("0"), "expected a whole number"),
        case(
            "put_records",
            "record_list",
            Value::List(vec![text("a")]),
            "expected a batch of records, found a list",
        ),
        case(
            "put_records",
            "record_list",
            text("a"),
            "expected a batch of records",
        ),
        case(
            "put_records",
            "record_list",
            Value::RecordSchema(schema(FieldType::String)),
            "found a record schema",
        ),
        case(
            "get_blob_records",
            "limit_num",
            Value::Double(f64::NAN),
            "expected a whole number, found a number",
        ),
        case(
            "get_blob_records",
            "sub_id",
            number.clone(),
            "expected text",
        ),
        case(
            "get_subscription_offset",
            "shard_ids",
            text("0"),
            "expected a list",
        ),
        case(
            "get_subscription_offset",
            "shard_ids",
            Value::List(vec![text("0"), number]),
            "shard_ids[1]",
        ),
    ]
}

fn wrong_values() -> Vec<Case> {
    let empty = RecordBatchBuilder::blobs().build().expect("a batch");
    let mut many = RecordBatchBuilder::blobs();
    for _ in 0..10_001 {
        many.push_blob(b"").expect("a record");
    }
    let many = many.build().expect("a batch");
    vec![
        case("create_project", "project_name", text("ab"), "3 to 32"),
        case(
            "create_project",
            "project_name",
            text(&"a".repeat(33)),
            "3 to 32",
        ),
        case(
            "create_project",
            "project_name",
            text("pröjekt"),
            "letters, digits",
        ),
        case("create_project", "comment", text(&"c".repeat(1025)), "1024"),
        case("get_topic", "topic_name", text("a/b"), "must be letters"),
        case("get_topic", "topic_name", text("a?b"), "must be letters"),
        case(
            "get_topic",
            "topic_name",
            text("a\r\nx: y"),
            "must be letters",
        ),
        case("get_topic", "project_name", text(""), "must not be empty"),
        case("get_cursor", "shard_id", text("../.."), "must be letters"),
        case(
            "get_blob_records",
            "limit_num",
            Value::Integer(-1),
            "must not be negative",
        ),
        case("get_blob_records", "cursor", text(""), "must not be empty"),
        case(
            "put_records",
            "record_list",
            Value::Records(empty),
            "at least one record",
        ),
        case(
            "put_records",
            "record_list",
            Value::Records(many),
            "at most 10000",
        ),
        case(
            "create_stream",
            "stream_name",
            text(&"s".repeat(65)),
            "1 to 64",
        ),
        case(
            "create_stream",
            "partition_count",
            Value::Integer(0),
            "more than 0",
        ),
        case(
            "create_stream",
            "data_duration",
            Value::Integer(169),
            "24 to 168",
        ),
        case(
            "get_records",
            "partition_cursor",
            text(&"c".repeat(513)),
            "1 to 512",
        ),
        case(
            "dis put_records",
            "records",
            Value::Records(blob(&vec![0; (1 << 20) + 1])),
            "record 0",
        ),
    ]
}

fn changed(operation: &str, change: Vec<(&'static str, Value)>) -> Value {
    let Value::Map(mut members) = example(operation) else {
        panic!("an example is a map")
    };
    for (name, value) in change {
        members.retain(|(known, _)| known != name);
        members.push((name.into(), value));
    }
    Value::Map(members)
}

#[tokio::test]
async fn arguments_are_checked_before_anything_is_sent() {
    let server = Server::start([]).await;
    let datahub = client("datahub", &server.url, &[]);
    let dis = client("dis", &server.url, &[]);
    let cases: Vec<Case> = wrong_types().into_iter().chain(wrong_values()).collect();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    for case in cases {
        let name = case
            .operation
            .strip_prefix("dis ")
            .unwrap_or(case.operation);
        let of_dis =
            case.operation.starts_with("dis ") || matches!(name, "create_stream" | "get_records");
        let client = if of_dis { &dis } else { &datahub };
        let outcome = client
            .call(name, changed(case.operation, case.change))
            .await;
        let error = outcome.map(drop).expect_err(case.message);
        let shown = format!("{name} {}: {error}", case.argument);
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{shown}");
        assert!(error.to_string().contains(case.message), "{shown}");
        let named = error
            .context()
            .find(|(fact, _)| *fact == "argument")
            .map(|(_, name)| name.to_owned());
        assert_eq!(named.as_deref(), Some(case.argument), "{shown}");
        assert!(!error.was_sent() && error.attempts() == 0, "{shown}");
        assert!(!error.operation().is_empty(), "{shown}");
    }
    assert_eq!(server.take_seen().connections, 0);
}

#[tokio::test]
async fn inner_members_are_named_by_their_path() {
    let server = Server::start([]).await;
    let client = client("datahub", &server.url, &[]);
    let good = [
        ("sequence", Value::Integer(1)),
        ("timestamp", Value::Integer(1)),
        ("version", Value::Integer(0)),
    ];
    let with = |name: &'static str, value: Value| {
        let mut members = Value::map(good.clone());
        if let Value::Map(members) = &mut members {
            members.retain(|(known, _)| known != name);
            members.push((name.into(), value));
        }
        offsets(members)
    };
    let cases = [
        (offsets(text("1")), "offsets[0]"),
        (with("session_id", text("1")), "offsets[0].session_id"),
        (with("session_id", Value::Null), "offsets[0].session_id"),
        (with("sequence", Value::Double(0.5)), "offsets[0].sequence"),
        (with("odd", Value::Null), "offsets[0]"),
        (Value::List(vec![]), "offsets"),
    ];
    for (value, path) in cases {
        let arguments = arguments([
            ("project_name", text("project")),
            ("topic_name", text("topic")),
            ("sub_id", text("sub")),
            ("offsets", value),
        ]);
        let error = client
            .call("update_subscription_offset", arguments)
            .await
            .map(drop)
            .expect_err(path);
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        assert!(error.to_string().contains(path), "{path}: {error}");
    }
    assert_eq!(server.take_seen().connections, 0);
}

#[tokio::test]
async fn an_unknown_operation_is_named() {
    let server = Server::start([]).await;
    let error = client("datahub", &server.url, &[])
        .call("create_stream", arguments([]))
        .await
        .map(drop);
    let error = error.expect_err("an error");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(
        error
            .to_string()
            .contains("datahub has no operation `create_stream`"),
        "{error}"
    );
}

/// Column type, value that does not belong there.
const COLUMNS: &[(FieldType, Column<'_>)] = &[
    (FieldType::BigInt, Column::String("1")),
    (FieldType::BigInt, Column::Double(1.0)),
    (FieldType::BigInt, Column::Integer(1)),
    (FieldType::TinyInt, Column::BigInt(1)),
    (FieldType::Boolean, Column::TinyInt(1)),
    (FieldType::Double, Column::Float(1.0)),
    (FieldType::String, Column::Json("1")),
    (FieldType::Decimal, Column::Decimal("NaN")),
    (FieldType::Decimal, Column::Decimal("Infinity")),
    (FieldType::Decimal, Column::Decimal("")),
    (FieldType::Decimal, Column::Decimal("1e99999999")),
    (FieldType::Json, Column::Json("{")),
    (FieldType::Json, Column::Json("")),
    (FieldType::Timestamp, Column::Timestamp(i64::MAX)),
    (
        FieldType::Timestamp,
        Column::Timestamp(-62_135_798_400_000_001),
    ),
];

#[test]
fn a_value_of_another_type_names_record_field_and_value() {
    for (field_type, value) in COLUMNS {
        let mut builder = RecordBatchBuilder::tuples(schema(*field_type));
        builder.push_row(&[Column::Null]).expect("a record");
        let error = builder.push_row(&[*value]).expect_err(field_type.name());
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        let shown = error.to_string();
        assert!(
            shown.contains("record 1, field `c`") && shown.contains(&value.to_string()),
            "{shown}"
        );
        builder
            .push_row(&[Column::Null])
            .expect("the builder goes on");
        assert_eq!(builder.build().expect("a batch").len(), 2);
    }
}
