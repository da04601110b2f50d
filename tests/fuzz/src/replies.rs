//! Replies to every operation of every service, without a network.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use hubstream::client::ClientBuilder;
use hubstream::config::Settings;
use hubstream::connect::SERVICES;
use hubstream::dynamic::Value;
use hubstream::error::{ErrorKind, Result};
use hubstream::record::RecordBatchBuilder;
use hubstream::registry::AnyClient;
use hubstream::schema::{EnumValue, FieldSchema, OperationSchema, TypeSchema};
use hubstream::time::ManualClock;
use hubstream::transport::{BoxFuture, Request, Response, Transport};
use tokio::runtime::Runtime;

use super::{exhaust, schemas};

/// The protocols of records, each a client of its own.
const PROTOCOLS: [&str; 3] = ["json", "protobuf", "batch"];

/// Gives every request the same reply.
#[derive(Clone)]
struct Same(Arc<Mutex<Response>>);

impl Transport for Same {
    fn send<'a>(&'a self, _: &'a str, _: Request) -> BoxFuture<'a, Result<Response>> {
        let reply = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Box::pin(std::future::ready(Ok(reply)))
    }
}

struct Call {
    client: Arc<dyn AnyClient>,
    operation: &'static OperationSchema,
    arguments: Value,
}

/// Every operation of every service with arguments that are accepted.
pub struct Replies {
    reply: Arc<Mutex<Response>>,
    calls: Vec<Call>,
    runtime: Runtime,
}

impl Default for Replies {
    fn default() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
        let empty = http::Response::new(Bytes::new());
        let reply = Arc::new(Mutex::new(Response {
            status: empty.status(),
            headers: empty.headers().clone(),
            body: Bytes::new(),
        }));
        let mut calls = Vec::new();
        for service in SERVICES {
            let protocols = if service.name == "datahub" {
                &PROTOCOLS[..]
            } else {
                &[""]
            };
            for protocol in protocols {
                let mut settings = Settings::new(service.name);
                settings
                    .set("endpoint", "http://service")
                    .expect("a setting");
                settings.set("max_attempts", "1").expect("a setting");
                if !protocol.is_empty() {
                    settings.set("protocol", protocol).expect("a setting");
                }
                if service.name == "dis" {
                    settings.set("project_id", "project").expect("a setting");
                }
                let builder = ClientBuilder::new(settings)
                    .transport(Same(Arc::clone(&reply)))
                    .clock(ManualClock::new(
                        UNIX_EPOCH + Duration::from_secs(1_800_000_000),
                    ));
                let client = service.connect(builder).expect("a client");
                for operation in service.operations {
                    let needed = operation
                        .fields
                        .iter()
                        .filter(|field| is_needed(operation, field));
                    let arguments = needed
                        .map(|field| (Cow::Borrowed(field.name), argument(service.name, field)));
                    calls.push(Call {
                        client: Arc::clone(&client),
                        operation,
                        arguments: Value::Map(arguments.collect()),
                    });
                }
            }
        }
        let replies = Self {
            reply,
            calls,
            runtime,
        };
        replies.check();
        replies
    }
}

impl Replies {
    /// The number of calls.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether there is no call; there always is.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// What a call makes of a reply.
    pub fn read(&self, call: usize, reply: Response) {
        *self.reply.lock().unwrap_or_else(PoisonError::into_inner) = reply;
        let call = &self.calls[call % self.calls.len()];
        let made = call
            .client
            .call(call.operation.name, call.arguments.clone());
        match self.runtime.block_on(made) {
            Ok(value) => walk(&value),
            Err(error) => {
                let _ = (error.to_string(), error.detail().len());
                assert_ne!(error.kind(), ErrorKind::Internal, "{error}");
            }
        }
    }

    /// A call that is refused before it is sent would not read any reply.
    fn check(&self) {
        for call in &self.calls {
            let made = call
                .client
                .call(call.operation.name, call.arguments.clone());
            if let Err(error) = self.runtime.block_on(made) {
                // Batches go to single shards only.
                assert!(
                    error.was_sent() || error.kind() == ErrorKind::Unsupported,
                    "{}: {error}",
                    call.operation.name
                );
            }
        }
    }
}

fn walk(value: &Value) {
    match value {
        Value::List(list) => list.iter().for_each(walk),
        Value::Map(map) => map.iter().for_each(|(_, value)| walk(value)),
        Value::Records(records) => exhaust(records),
        Value::RecordSchema(schema) => drop(schema.to_json()),
        _ => {}
    }
}

/// Some calls take one argument or another; a cursor has a default only where a newer argument may stand for it.
fn is_needed(operation: &OperationSchema, field: &FieldSchema) -> bool {
    let one_of = matches!(operation.name, "GetTopicSchema" | "DeleteTopicSchema")
        && field.name == "version_id";
    one_of || field.default.is_none() || matches!(field.name, "cursor" | "starting_sequence_number")
}

fn argument(service: &str, field: &FieldSchema) -> Value {
    match field.name {
        "cursor" => Value::Text("30000000000000000000000000000000".to_owned()),
        "sequence_number"
        | "starting_sequence_number"
        | "shard_id"
        | "partition_id"
        | "adj_shard_id" => Value::Text("0".to_owned()),
        _ if field.ty == TypeSchema::Records => records(service == "datahub"),
        _ => example(&field.ty),
    }
}

fn records(attributes: bool) -> Value {
    let mut builder = RecordBatchBuilder::blobs();
    builder.push_blob(b"data").expect("a record");
    if attributes {
        builder
            .set_attributes([("key", "value")])
            .expect("attributes");
    }
    Value::Records(builder.build().expect("a batch"))
}

fn example(ty: &TypeSchema) -> Value {
    match ty {
        TypeSchema::Boolean => Value::Boolean(true),
        TypeSchema::Integer | TypeSchema::Long => Value::Integer(1),
        TypeSchema::Double => Value::Double(1.0),
        TypeSchema::Text => Value::Text("abc".to_owned()),
        TypeSchema::Bytes => Value::Bytes(Bytes::from_static(b"abc")),
        TypeSchema::List(inner) => Value::List(vec![example(inner)]),
        TypeSchema::Map(inner) => Value::Map(vec![("0".into(), example(inner))]),
        TypeSchema::Enum(names) => match names.variants[0].value {
            EnumValue::Text(text) => Value::Text(text.to_owned()),
            EnumValue::Number(number) => Value::Integer(number),
        },
        TypeSchema::Model(model) => model_example(model.fields, None),
        TypeSchema::Union(union) => {
            model_example(union.models[0].fields, Some(union.models[0].name))
        }
        TypeSchema::RecordSchema => {
            Value::RecordSchema(schemas().into_iter().flatten().next().expect("a schema"))
        }
        _ => Value::Null,
    }
}

fn model_example(fields: &[FieldSchema], kind: Option<&'static str>) -> Value {
    let kind = kind.map(|kind| (Cow::Borrowed("kind"), Value::Text(kind.to_owned())));
    let needed = fields.iter().filter(|field| field.default.is_none());
    let members = needed.map(|field| (Cow::Borrowed(field.name), argument("", field)));
    Value::Map(kind.into_iter().chain(members).collect())
}
