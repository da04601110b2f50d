//! How records travel when the client may choose, through the client and the emulator.

use std::sync::{Arc, Mutex};

use hubstream::codec::frame;
use hubstream::codec::protobuf::messages::GetRecordsResponse;
use hubstream::credentials::Credentials;
use hubstream::datahub::{
    CreateBlobTopic, CreateProject, CreateTupleTopic, CursorType, DataHub, DeleteTopic,
    GetBlobRecords, GetCursor, GetTupleRecords, PutRecords, PutRecordsByShard, RegisterTopicSchema,
    UpdateTopic,
};
use hubstream::error::{ErrorKind, Result};
use hubstream::operation::{Operation as _, with_json};
use hubstream::pipeline::{Context, Layer, Next};
use hubstream::record::{Field, FieldType, RecordBatch, RecordBatchBuilder, RecordSchema, Value};
use hubstream::transport::stub::Script;
use hubstream::transport::{BoxFuture, Request, Response};
use hubstream_emulator::Emulator;
use hubstream_emulator::faults::{Effect, ErrorReply, Fault, FaultPlan};
use prost::Message as _;
use serde_json::json;

/// Notes what is sent: the operation, and the form of the body for records.
#[derive(Clone, Default)]
struct Sent(Arc<Mutex<Vec<String>>>);

impl Sent {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Layer for Sent {
    fn handle<'a>(
        &'a self,
        context: &'a mut Context,
        request: Request,
        next: Next<'a>,
    ) -> BoxFuture<'a, Result<Response>> {
        let form = match request
            .headers
            .get("content-type")
            .map(http::HeaderValue::as_bytes)
        {
            Some(b"application/x-binary") => " batch",
            Some(b"application/x-protobuf") => " protobuf",
            _ => "",
        };
        let sent = format!("{}{form}", context.operation);
        self.0.lock().unwrap().push(sent);
        next.run(context, request)
    }
}

struct Place {
    emulator: Emulator,
    hub: DataHub,
    sent: Sent,
}

impl Place {
    async fn start() -> Self {
        let emulator = Emulator::builder()
            .datahub("127.0.0.1:0")
            .start()
            .await
            .unwrap();
        let sent = Sent::default();
        let hub = DataHub::new(
            DataHub::builder(emulator.datahub_url().unwrap())
                .credentials(Credentials::new(
                    emulator.access_id(),
                    emulator.access_key(),
                ))
                .set("max_attempts", 1)
                .layer(sent.clone()),
        )
        .unwrap();
        hub.create_project(CreateProject::new("shop"))
            .await
            .unwrap();
        let place = Self {
            emulator,
            hub,
            sent,
        };
        place.make("orders").await;
        place.sent.take();
        place
    }

    async fn make(&self, topic: &str) {
        let create = CreateTupleTopic::new("shop", topic, 1, 3, schema(1));
        self.hub.create_tuple_topic(create).await.unwrap();
    }

    /// Says how the records of a topic are written, as its owner does.
    async fn declare(&self, topic: &str, protocol: &str) {
        let path = format!("/projects/shop/topics/{topic}");
        let body = json!({ "ExtraConfig": { "DataProtocolType": protocol } });
        let request = with_json(Request::new(http::Method::PUT, path), &body).unwrap();
        let client = self.hub.client();
        client
            .send(UpdateTopic::SCHEMA, false, request)
            .await
            .unwrap();
        self.sent.take();
    }

    async fn put(&self, columns: usize) -> Result<()> {
        let put = PutRecordsByShard::new("shop", "orders", "0", rows(columns));
        self.hub.put_records_by_shard(put).await.map(drop)
    }

    async fn get(&self, limit: i32) -> Result<RecordBatch> {
        let oldest = GetCursor::new("shop", "orders", "0", CursorType::Oldest);
        let cursor = self.hub.get_cursor(oldest).await?.cursor;
        self.sent.take();
        let get = GetTupleRecords::new("shop", "orders", "0")
            .record_schema(schema(1))
            .cursor(cursor)
            .limit_num(limit);
        Ok(self.hub.get_tuple_records(get).await?.records)
    }

    fn fault(&self, operation: &str, status: u16, code: &str, count: Option<u64>) {
        let reply = ErrorReply {
            status,
            code: code.to_owned(),
            message: String::new(),
        };
        let fault = Fault {
            count,
            ..Fault::new(operation, Effect::Error(reply))
        };
        self.emulator.set_faults(FaultPlan::new([fault])).unwrap();
    }

    fn no_fault(&self) {
        self.emulator.set_faults(FaultPlan::new([])).unwrap();
    }
}

fn schema(columns: usize) -> Arc<RecordSchema> {
    let names = ["id", "note"].into_iter().take(columns);
    let fields = names.map(|name| Field::new(name, FieldType::BigInt));
    Arc::new(RecordSchema::new(fields.collect()).unwrap())
}

fn rows(columns: usize) -> RecordBatch {
    let mut builder = RecordBatchBuilder::tuples(schema(columns));
    for id in 0..3 {
        let row = [Value::BigInt(id), Value::BigInt(-id)];
        builder.push_row(&row[..columns]).unwrap();
    }
    builder.build().unwrap()
}

fn blobs() -> RecordBatch {
    let mut builder = RecordBatchBuilder::blobs();
    builder.push_blob(b"bytes").unwrap();
    builder.build().unwrap()
}

const ASK: &str = "GetTopic";
const PUT: &str = "PutRecordsByShard protobuf";
const PUT_BATCH: &str = "PutRecordsByShard batch";
const GET: &str = "GetTupleRecords protobuf";
const GET_BATCH: &str = "GetTupleRecords batch";
const VERSIONS: &str = "ListTopicSchema";

#[tokio::test]
async fn a_plain_topic_is_asked_once() {
    let place = Place::start().await;
    place.put(1).await.unwrap();
    place.put(1).await.unwrap();
    assert_eq!(place.sent.take(), [ASK, PUT, PUT]);
    assert_eq!(place.get(0).await.unwrap().len(), 6);
    assert_eq!(place.sent.take(), [GET]);
    place.emulator.shutdown().await;
}

#[tokio::test]
async fn calls_that_batches_cannot_serve_ask_nothing() {
    let place = Place::start().await;
    place.declare("orders", "BATCH").await;
    let put = PutRecords::new("shop", "orders", rows(1));
    place.hub.put_records(put).await.unwrap();
    assert_eq!(place.sent.take(), ["PutRecords protobuf"]);
    assert_eq!(place.get(2).await.unwrap().len(), 2);
    assert_eq!(place.sent.take(), [GET]);
    place.emulator.shutdown().await;
}

#[tokio::test]
async fn a_topic_that_is_declared_so_has_batches() {
    let place = Place::start().await;
    place.declare("orders", "batch").await;
    place.put(1).await.unwrap();
    place.put(1).await.unwrap();
    assert_eq!(place.sent.take(), [ASK, PUT_BATCH, PUT_BATCH]);
    assert_eq!(place.get(0).await.unwrap().len(), 6);
    assert_eq!(place.sent.take(), [GET_BATCH]);

    let create = CreateBlobTopic::new("shop", "blobs", 1, 1);
    place.hub.create_blob_topic(create).await.unwrap();
    place.declare("blobs", "BATCH").await;
    let put = PutRecordsByShard::new("shop", "blobs", "0", blobs());
    place.hub.put_records_by_shard(put).await.unwrap();
    let oldest = GetCursor::new("shop", "blobs", "0", CursorType::Oldest);
    let cursor = place.hub.get_cursor(oldest).await.unwrap().cursor;
    place.sent.take();
    let get = GetBlobRecords::new("shop", "blobs", "0", cursor);
    let records = place.hub.get_blob_records(get).await.unwrap().records;
    assert_eq!(records.blob(0).unwrap(), b"bytes");
    assert_eq!(place.sent.take(), ["GetBlobRecords batch"]);
    place.emulator.shutdown().await;
}

#[tokio::test]
async fn a_topic_with_versions_is_read_in_batches_and_written_for_everybody() {
    let place = Place::start().await;
    let register = RegisterTopicSchema::new("shop", "orders", schema(2));
    place.hub.register_topic_schema(register).await.unwrap();
    place.sent.take();
    place.put(2).await.unwrap();
    assert_eq!(place.sent.take(), [ASK, PUT]);
    assert_eq!(place.get(0).await.unwrap().len(), 3);
    assert_eq!(place.sent.take(), [GET_BATCH, VERSIONS]);
    assert_eq!(place.get(0).await.unwrap().len(), 3);
    assert_eq!(place.sent.take(), [GET_BATCH]);
    place.emulator.shutdown().await;
}

#[tokio::test]
async fn a_place_inside_a_batch_is_read_record_by_record() {
    let place = Place::start().await;
    place.declare("orders", "BATCH").await;
    place.put(1).await.unwrap();
    let oldest = GetCursor::new("shop", "orders", "0", CursorType::Oldest);
    let cursor = place.hub.get_cursor(oldest).await.unwrap().cursor;
    let get = GetTupleRecords::new("shop", "orders", "0").record_schema(schema(1));
    let first = get.clone().cursor(cursor).limit_num(2);
    let first = place.hub.get_tuple_records(first).await.unwrap();
    assert_eq!(first.records.len(), 2);
    place.sent.take();
    let rest = get.cursor(first.next_cursor);
    let rest = place.hub.get_tuple_records(rest).await.unwrap();
    assert_eq!(rest.records.value(0, 0).unwrap(), Value::BigInt(2));
    assert_eq!(rest.records.len(), 1);
    assert_eq!(place.sent.take(), [GET]);
    place.emulator.shutdown().await;
}

#[tokio::test]
async fn who_may_not_ask_uses_protobuf() {
    let place = Place::start().await;
    place.declare("orders", "BATCH").await;
    place.fault(ASK, 403, "NoPermission", None);
    place.put(1).await.unwrap();
    assert_eq!(place.get(0).await.unwrap().len(), 3);
    place.put(1).await.unwrap();
    assert_eq!(place.sent.take(), [GET, PUT]);
    place.emulator.shutdown().await;
}

#[tokio::test]
async fn who_may_not_see_the_versions_uses_protobuf() {
    let place = Place::start().await;
    let register = RegisterTopicSchema::new("shop", "orders", schema(2));
    place.hub.register_topic_schema(register).await.unwrap();
    place.declare("orders", "BATCH").await;
    place.fault(VERSIONS, 403, "NoPermission", None);
    place.put(2).await.unwrap();
    assert_eq!(place.sent.take(), [ASK, VERSIONS, PUT]);
    assert_eq!(place.get(0).await.unwrap().len(), 3);
    assert_eq!(place.sent.take(), [GET_BATCH, VERSIONS, GET]);
    place.emulator.shutdown().await;
}

#[tokio::test]
async fn a_topic_that_refuses_batches_gets_protobuf() {
    let place = Place::start().await;
    place.declare("orders", "BATCH").await;
    place.fault("PutRecordsByShard", 400, "InvalidParameter", Some(1));
    place.put(1).await.unwrap();
    place.put(1).await.unwrap();
    assert_eq!(place.sent.take(), [ASK, PUT_BATCH, PUT, PUT]);
    place.emulator.shutdown().await;
}

#[tokio::test]
async fn a_topic_that_refuses_protobuf_gets_batches_if_it_has_them() {
    let place = Place::start().await;
    place.fault("PutRecordsByShard", 400, "OperationDenied", Some(1));
    let error = place.put(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    place.no_fault();
    let register = RegisterTopicSchema::new("shop", "orders", schema(2));
    place.hub.register_topic_schema(register).await.unwrap();
    place.sent.take();
    place.fault("PutRecordsByShard", 400, "OperationDenied", Some(1));
    place.put(2).await.unwrap();
    place.put(2).await.unwrap();
    assert_eq!(
        place.sent.take(),
        [ASK, PUT, VERSIONS, PUT_BATCH, PUT_BATCH]
    );
    place.emulator.shutdown().await;
}

#[tokio::test]
async fn a_bad_record_is_refused_once() {
    let place = Place::start().await;
    place.fault("PutRecordsByShard", 400, "MalformedRecord", None);
    let error = place.put(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(place.sent.take(), [ASK, PUT]);
    place.emulator.shutdown().await;
}

#[tokio::test]
async fn columns_that_are_no_version_go_in_protobuf() {
    let place = Place::start().await;
    place.declare("orders", "BATCH").await;
    let fields = vec![Field::new("other_name", FieldType::BigInt)];
    let schema = Arc::new(RecordSchema::new(fields).unwrap());
    let mut builder = RecordBatchBuilder::tuples(schema);
    builder.push_row(&[Value::BigInt(1)]).unwrap();
    let put = PutRecordsByShard::new("shop", "orders", "0", builder.build().unwrap());
    place.hub.put_records_by_shard(put).await.unwrap();
    // What is missing may have been added since the topic was asked.
    assert_eq!(place.sent.take(), [ASK, ASK, PUT]);
    place.emulator.shutdown().await;
}

#[tokio::test]
async fn a_topic_that_was_made_again_is_asked_again() {
    let place = Place::start().await;
    place.declare("orders", "BATCH").await;
    place.put(1).await.unwrap();
    let delete = DeleteTopic::new("shop", "orders");
    place.hub.delete_topic(delete).await.unwrap();
    place.make("orders").await;
    place.sent.take();
    place.put(1).await.unwrap();
    assert_eq!(place.sent.take(), [ASK, PUT]);

    // Somebody else does the same; the call that finds the topic gone makes the client forget it.
    let other = DataHub::new(
        DataHub::builder(place.emulator.datahub_url().unwrap()).credentials(Credentials::new(
            place.emulator.access_id(),
            place.emulator.access_key(),
        )),
    )
    .unwrap();
    let delete = DeleteTopic::new("shop", "orders");
    other.delete_topic(delete).await.unwrap();
    let error = place.put(1).await.unwrap_err();
    assert_eq!(error.code(), "NoSuchTopic");
    place.make("orders").await;
    place.declare("orders", "BATCH").await;
    place.put(1).await.unwrap();
    assert_eq!(place.sent.take(), [ASK, PUT_BATCH]);
    place.emulator.shutdown().await;
}

/// The service ends replies of batches with cursors that its single records do not have.
#[tokio::test]
async fn reading_goes_on_behind_a_batch_as_the_service_tells_it() {
    let reply = |body: Vec<u8>| {
        let (head, body) = http::Response::new(body).into_parts();
        Ok(Response {
            status: head.status,
            headers: head.headers,
            body: body.into(),
        })
    };
    let topic = json!({
        "RecordType": "BLOB", "RecordSchema": "", "ExtraConfig": { "DataProtocolType": "BATCH" },
    });
    let behind = "300062f4901900000000000000080001";
    let records = GetRecordsResponse {
        next_cursor: behind.to_owned(),
        ..GetRecordsResponse::default()
    };
    let records = frame::wrap(&records.encode_to_vec()).unwrap().to_vec();
    let script = Script::new([
        reply(topic.to_string().into_bytes()),
        reply(records.clone()),
        reply(records.clone()),
        reply(records),
    ]);
    let builder = DataHub::builder("http://localhost")
        .credentials(Credentials::new("id", "key"))
        .transport(script.clone());
    let hub = DataHub::new(builder).unwrap();
    for cursor in [
        "30000000000000000000000000000000",
        behind,
        "300062f4901900000000000000070001",
    ] {
        let get = GetBlobRecords::new("shop", "log", "0", cursor);
        let got = hub.get_blob_records(get).await.unwrap();
        assert_eq!(got.next_cursor, behind);
    }
    let kinds: Vec<_> = script
        .requests()
        .iter()
        .filter_map(|request| request.headers.get("content-type").cloned())
        .collect();
    assert_eq!(
        kinds[kinds.len() - 3..],
        [
            "application/x-binary",
            "application/x-binary",
            "application/x-protobuf"
        ]
    );
}
