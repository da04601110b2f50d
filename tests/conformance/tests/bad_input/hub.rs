//! Clients for these tests, and calls that every case can make.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hubstream::client::ClientBuilder;
use hubstream::config::Settings;
use hubstream::connect;
use hubstream::dynamic::Value;
use hubstream::record::{Field, FieldType, RecordBatch, RecordBatchBuilder, RecordSchema};
use hubstream::registry::AnyClient;
use hubstream::time::ManualClock;

/// A client whose pauses take no time and whose clock stands.
pub(crate) fn client(
    service: &'static str,
    url: &str,
    settings: &[(&str, &str)],
) -> Arc<dyn AnyClient> {
    let start = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    client_at(start, service, url, settings)
}

/// A client whose pauses take no time and whose clock stands at a time.
pub(crate) fn client_at(
    start: SystemTime,
    service: &'static str,
    url: &str,
    settings: &[(&str, &str)],
) -> Arc<dyn AnyClient> {
    let mut all = Settings::new(service);
    let own: &[(&str, &str)] = match service {
        "dis" => &[("project_id", "project")],
        _ => &[],
    };
    let fixed = [
        ("endpoint", url),
        ("access_id", "id"),
        ("access_key", "top-secret-key"),
    ];
    for (name, value) in fixed.iter().chain(own).chain(settings) {
        all.set(name, value).expect("a setting");
    }
    let builder = ClientBuilder::new(all).clock(ManualClock::new(start));
    connect::service(service)
        .expect("a service")
        .connect(builder)
        .expect("a client")
}

/// Named arguments.
pub(crate) fn arguments<const N: usize>(members: [(&'static str, Value); N]) -> Value {
    Value::Map(
        members
            .into_iter()
            .map(|(name, value)| (Cow::Borrowed(name), value))
            .collect(),
    )
}

/// A text argument.
pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// The schema of one column `c`.
pub(crate) fn schema(field_type: FieldType) -> Arc<RecordSchema> {
    Arc::new(RecordSchema::new(vec![Field::new("c", field_type)]).expect("a schema"))
}

/// One blob record.
pub(crate) fn blob(data: &[u8]) -> RecordBatch {
    let mut builder = RecordBatchBuilder::blobs();
    builder.push_blob(data).expect("a record");
    builder.build().expect("a batch")
}

/// Makes an example call of an operation.
pub(crate) fn example(operation: &str) -> Value {
    let (p, t, s) = (
        ("project_name", text("project")),
        ("topic_name", text("topic")),
        ("shard_id", text("0")),
    );
    let cursor = ("cursor", text("30000000000000000000000000000000"));
    let stream = ("stream_name", text("stream"));
    let records = Value::Records(blob(b"payload of the caller"));
    match operation {
        "list_project" | "list_streams" => arguments([]),
        "get_topic" | "list_shard" => arguments([p, t]),
        "create_project" => arguments([p]),
        "get_cursor" => arguments([p, t, s, ("cursor_type", text("OLDEST"))]),
        "put_records" => arguments([p, t, ("record_list", records)]),
        "put_records_by_shard" => arguments([p, t, s, ("record_list", records)]),
        "get_blob_records" => arguments([p, t, s, cursor]),
        "get_subscription_offset" => arguments([p, t, ("sub_id", text("sub"))]),
        "create_stream" => arguments([stream, ("partition_count", Value::Integer(1))]),
        "dis put_records" => arguments([stream, ("records", records)]),
        "get_records" => arguments([("partition_cursor", text("cursor"))]),
        other => panic!("no example of `{other}`"),
    }
}
