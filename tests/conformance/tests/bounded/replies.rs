//! Replies and requests in protocol buffers and in JSON.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use hubstream::codec::{CompressFormat, frame, json, protobuf};
use hubstream::config::Settings;
use hubstream::datahub::{
    DataHubService, GetConnector, GetSubscriptionOffset, HeartBeat, ListProject, ListShard,
    ListSubscription, Protocol,
};
use hubstream::dis::{self, DisService};
use hubstream::operation::{Exchange, Service};
use hubstream::record::{Field, FieldType, RecordSchema};
use hubstream::transport::Response;

use super::{alone, bounded};

const MANY: usize = 20_000;

fn schemas() -> [Option<Arc<RecordSchema>>; 2] {
    let every = FieldType::ALL
        .iter()
        .enumerate()
        .map(|(place, kind)| Field::new(format!("f{place}"), *kind));
    [
        None,
        Some(Arc::new(
            RecordSchema::new(every.collect()).expect("a schema"),
        )),
    ]
}

fn read_protobuf(name: &str, payload: &[u8]) {
    let body = frame::wrap(payload).expect("a frame");
    for schema in schemas() {
        bounded(name, body.len(), || {
            protobuf::decode_get(&body, schema.clone())
        });
        bounded(name, body.len(), || {
            protobuf::decode_put_request(&body, schema)
        });
    }
    bounded(name, body.len(), || protobuf::decode_put(&body));
}

#[test]
fn protocol_buffers() {
    let _alone = alone();
    let cursor = b"\x0a\x01c";
    // Records without anything, with one empty value, with eleven, with values that no column takes.
    for record in [
        &b"\x22\x02\x4a\x00"[..],
        b"\x22\x04\x4a\x02\x0a\x00",
        b"\x0a\x02\x4a\x00",
    ] {
        read_protobuf(
            "records",
            &[cursor, record.repeat(MANY).as_slice()].concat(),
        );
    }
    let values = b"\x0a\x00".repeat(11);
    let record = [&b"\x22\x18\x4a\x16"[..], &values].concat();
    read_protobuf("values", &record.repeat(MANY / 5));
    let values = b"\x0a\x00".repeat(8000);
    let record = [&b"\x22\x84\x7d\x4a\x80\x7d"[..], &values].concat();
    read_protobuf("too many values", &[cursor, record.as_slice()].concat());
    for bytes in [
        &b"\x22\xff\xff\xff\xff\xff\xff\xff\xff\x7f"[..],
        &b"\x0b".repeat(100_000),
        &[0xff; 100],
        b"\x12\x00",
    ] {
        read_protobuf("damage", bytes);
        read_protobuf("damage", &bytes.repeat(3));
    }
    read_protobuf("failures", &b"\x12\x00".repeat(MANY));
    for length in [0_u32, 12, u32::MAX] {
        let body = Bytes::from([&b"DHUB\0\0\0\0"[..], &length.to_be_bytes()].concat());
        bounded("a frame", body.len(), || frame::unwrap(&body));
    }
}

fn read_json(name: &str, body: &[u8]) {
    for schema in schemas() {
        bounded(name, body.len(), || {
            json::decode_get(Bytes::copy_from_slice(body), schema.clone())
        });
        bounded(name, body.len(), || {
            json::decode_put_request(Bytes::copy_from_slice(body), schema)
        });
    }
    bounded(name, body.len(), || json::decode_put(body));
}

fn list(name: &str, element: &str, count: usize) -> Vec<u8> {
    format!(
        "{{\"NextCursor\":\"c\",\"{name}\":[{}]}}",
        vec![element; count].join(",")
    )
    .into_bytes()
}

#[test]
fn records_in_json() {
    let _alone = alone();
    for element in [
        "{\"Data\":\"\"}",
        "{\"Data\":[]}",
        "{\"Data\":[0,0,0,0,0,0,0,0,0,0,0]}",
        "0",
        "{}",
        "[]",
    ] {
        read_json("records", &list("Records", element, MANY));
    }
    read_json("failures", &list("FailedRecords", "{}", MANY));
    let attributes: Vec<String> = (0..MANY)
        .map(|number| format!("\"{number:x}\":\"\""))
        .collect();
    let record = format!(
        "{{\"Data\":\"\",\"Attributes\":{{{}}}}}",
        attributes.join(",")
    );
    read_json("attributes", &list("Records", &record, 1));
    for deep in ["[", "{\"a\":", "{\"Records\":[{\"Data\":["] {
        read_json("depth", deep.repeat(MANY).as_bytes());
    }
    read_json("a number", "1".repeat(1 << 20).as_bytes());
}

fn replies(body: &[u8]) -> Response {
    Response {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(body),
    }
}

#[test]
fn other_replies_in_json() {
    let _alone = alone();
    let hub = DataHubService::new(Protocol::Json, CompressFormat::None);
    let dis = DisService::from_settings(&{
        let mut settings = Settings::new("dis");
        settings.set("project_id", "p").expect("a setting");
        settings
    })
    .expect("a service");
    let elements = [
        "\"\"",
        "{}",
        "[]",
        "0",
        "null",
        "{\"ShardId\":\"\"}",
        "{\"partition_id\":\"\"}",
        "{\"data\":\"\"}",
    ];
    let names = [
        "ProjectNames",
        "Shards",
        "Subscriptions",
        "ShardList",
        "Offsets",
        "Config",
        "ShardContexts",
        "records",
        "partitions",
    ];
    for name in names {
        for element in elements {
            let body = list(name, element, MANY);
            let size = body.len();
            bounded(name, size, || {
                ListProject::new().decode(&hub, replies(&body))
            });
            bounded(name, size, || {
                ListShard::new("p", "t").decode(&hub, replies(&body))
            });
            bounded(name, size, || {
                ListSubscription::new("p", "t").decode(&hub, replies(&body))
            });
            bounded(name, size, || {
                GetSubscriptionOffset::new("p", "t", "s").decode(&hub, replies(&body))
            });
            bounded(name, size, || {
                HeartBeat::new("p", "t", "g", "c", 1, Vec::new()).decode(&hub, replies(&body))
            });
            bounded(name, size, || {
                GetConnector::new("p", "t", "c").decode(&hub, replies(&body))
            });
            bounded(name, size, || {
                dis::GetRecords::new("c").decode(&dis, replies(&body))
            });
            bounded(name, size, || {
                dis::DescribeStream::new("s").decode(&dis, replies(&body))
            });
        }
    }
    let offsets: Vec<String> = (0..MANY)
        .map(|shard| format!("\"{shard}\":{{\"Sequence\":0,\"Timestamp\":0,\"Version\":0}}"))
        .collect();
    let body = format!("{{\"Offsets\":{{{}}}}}", offsets.join(","));
    bounded("offsets", body.len(), || {
        GetSubscriptionOffset::new("p", "t", "s").decode(&hub, replies(body.as_bytes()))
    });
    let deep = "[".repeat(MANY);
    bounded("depth", deep.len(), || {
        ListShard::new("p", "t").decode(&hub, replies(deep.as_bytes()))
    });
    bounded("an error", deep.len(), || {
        hub.error(&replies(deep.as_bytes())).to_string()
    });
}
