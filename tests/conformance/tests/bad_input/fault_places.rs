//! Something for every operation of the matrix to work on, and how often it was done.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use hubstream::dynamic::Value;
use hubstream::registry::AnyClient;
use hubstream_emulator::{Emulator, Limits};

use crate::fault_matrix::Kind;
use crate::hub::{arguments, blob, client_at, text};

fn is_text(value: &Value, wanted: &str) -> bool {
    matches!(value, Value::Text(found) if found == wanted)
}

/// Whether what the operation does can be counted afterwards.
pub(crate) fn leaves_a_trace(kind: Kind) -> bool {
    kind.is_put
        || matches!(
            kind.call,
            "create_project"
                | "create_app"
                | "commit_checkpoint"
                | "update_subscription_offset"
                | "init_and_get_subscription_offset"
        )
}

/// An emulator of one service with something in it, and a client to which no fault happens.
pub(crate) struct Place {
    pub(crate) emulator: Emulator,
    owner: Arc<dyn AnyClient>,
    kind: Kind,
    /// The arguments of the operation.
    pub(crate) arguments: Value,
}

/// A client whose clock is right.
pub(crate) fn client(
    emulator: &Emulator,
    kind: Kind,
    settings: &[(&str, &str)],
) -> Arc<dyn AnyClient> {
    let url = match kind.service {
        "dis" => emulator.dis_url(),
        _ => emulator.datahub_url(),
    };
    let key = [
        ("access_id", emulator.access_id()),
        ("access_key", emulator.access_key()),
    ];
    let settings = [&key[..], kind.settings, settings].concat();
    let url = url.expect("it is served");
    client_at(SystemTime::now(), kind.service, url, &settings)
}

/// The names of things, as arguments; each operation takes those that it has.
const NAMES: &[(&str, &str)] = &[
    ("project_name", "project"),
    ("topic_name", "topic"),
    ("shard_id", "0"),
    ("stream_name", "stream"),
    ("app_name", "app"),
    ("partition_id", "0"),
];

fn named(names: &[&str], further: Vec<(&'static str, Value)>) -> Value {
    let known = NAMES.iter().filter(|(name, _)| names.contains(name));
    let known = known.map(|(name, value)| (Cow::Borrowed(*name), text(value)));
    let further = further
        .into_iter()
        .map(|(name, value)| (Cow::Borrowed(name), value));
    Value::Map(known.chain(further).collect())
}

const TOPIC: &[&str] = &["project_name", "topic_name"];
const SHARD: &[&str] = &["project_name", "topic_name", "shard_id"];

fn member(value: &Value, path: &[&str]) -> Value {
    let found = path.iter().try_fold(value, |value, name| value.get(name));
    found.unwrap_or_else(|| panic!("no {path:?}")).clone()
}

impl Place {
    pub(crate) async fn start(kind: Kind) -> Self {
        let builder = Emulator::builder().limits(Limits::Strict);
        let builder = match kind.service {
            "dis" => builder.dis("127.0.0.1:0"),
            _ => builder.datahub("127.0.0.1:0"),
        };
        let emulator = builder.start().await.expect("an emulator");
        let owner = client(&emulator, kind, &[]);
        let mut place = Self {
            emulator,
            owner,
            kind,
            arguments: arguments([]),
        };
        match kind.service {
            "dis" => place.fill_dis().await,
            _ => place.fill_datahub().await,
        }
        place
    }

    async fn ask(&self, call: &str, arguments: Value) -> Value {
        let outcome = self.owner.call(call, arguments).await;
        outcome.unwrap_or_else(|error| panic!("{call}: {error}"))
    }

    fn records() -> (&'static str, Value) {
        ("record_list", Value::Records(blob(b"one record")))
    }

    async fn fill_datahub(&mut self) {
        let number = Value::Integer;
        self.ask("create_project", named(&["project_name"], vec![]))
            .await;
        let sizes = vec![("shard_count", number(1)), ("life_cycle", number(1))];
        self.ask("create_blob_topic", named(TOPIC, sizes)).await;
        self.ask("put_records_by_shard", named(SHARD, vec![Self::records()]))
            .await;
        let oldest = || vec![("cursor_type", text("OLDEST"))];
        self.arguments = match self.kind.call {
            "list_project" => arguments([]),
            "create_project" => arguments([("project_name", text("another"))]),
            "get_cursor" => named(SHARD, oldest()),
            "put_records" => named(TOPIC, vec![Self::records()]),
            "put_records_by_shard" => named(SHARD, vec![Self::records()]),
            "get_blob_records" => {
                let cursor = self.ask("get_cursor", named(SHARD, oldest())).await;
                named(SHARD, vec![("cursor", member(&cursor, &["cursor"]))])
            }
            _ => self.of_a_subscription().await,
        };
    }

    async fn of_a_subscription(&self) -> Value {
        let created = self.ask("create_subscription", named(TOPIC, vec![])).await;
        let id = member(&created, &["sub_id"]);
        let shards = || ("shard_ids", Value::List(vec![text("0")]));
        match self.kind.call {
            "join_group" => {
                let timeout = ("session_timeout", Value::Integer(60_000));
                named(TOPIC, vec![("consumer_group", id), timeout])
            }
            "init_and_get_subscription_offset" => named(TOPIC, vec![("sub_id", id), shards()]),
            "update_subscription_offset" => {
                let open = named(TOPIC, vec![("sub_id", id.clone()), shards()]);
                let opened = self.ask("init_and_get_subscription_offset", open).await;
                let mut offset = member(&opened, &["offsets", "0"]);
                if let Value::Map(members) = &mut offset {
                    let sequence = members.iter_mut().find(|(name, _)| name == "sequence");
                    sequence.expect("a sequence").1 = Value::Integer(0);
                }
                let offsets = Value::map([("0", offset)]);
                named(TOPIC, vec![("sub_id", id), ("offsets", offsets)])
            }
            other => panic!("no arguments for `{other}`"),
        }
    }

    async fn fill_dis(&mut self) {
        let stream = &["stream_name"];
        let records = || vec![("records", Value::Records(blob(b"one record")))];
        let one = vec![("partition_count", Value::Integer(1))];
        self.ask("create_stream", named(stream, one)).await;
        self.ask("create_app", named(&["app_name"], vec![])).await;
        self.ask("put_records", named(stream, records())).await;
        self.arguments = match self.kind.call {
            "list_streams" => arguments([]),
            "create_app" => arguments([("app_name", text("another"))]),
            "put_records" => named(stream, records()),
            "get_records" => arguments([("partition_cursor", self.dis_cursor().await)]),
            _ => named(
                &["app_name", "stream_name", "partition_id"],
                vec![("sequence_number", text("0"))],
            ),
        };
    }

    async fn dis_cursor(&self) -> Value {
        let oldest = vec![("cursor_type", text("TRIM_HORIZON"))];
        let cursor = named(&["stream_name", "partition_id"], oldest);
        member(&self.ask("get_cursor", cursor).await, &["partition_cursor"])
    }

    /// How often the service did what the operation asks for.
    pub(crate) async fn done(&self) -> usize {
        let names = |value: Value| match value {
            Value::List(names) => names.iter().filter(|name| is_text(name, "another")).count(),
            other => panic!("{} is no list", other.kind()),
        };
        let id = || {
            self.arguments
                .get("sub_id")
                .expect("a subscription")
                .clone()
        };
        match self.kind.call {
            "create_project" => {
                let list = self.ask("list_project", arguments([])).await;
                names(member(&list, &["project_names"]))
            }
            "update_subscription_offset" => {
                let get = named(TOPIC, vec![("sub_id", id())]);
                let got = self.ask("get_subscription_offset", get).await;
                let sequence = member(&got, &["offsets", "0", "sequence"]);
                usize::from(matches!(sequence, Value::Integer(0) | Value::Long(0)))
            }
            "init_and_get_subscription_offset" => {
                let again = self.ask(self.kind.call, self.arguments.clone()).await;
                let session = member(&again, &["offsets", "0", "session_id"]);
                let sessions = match session {
                    Value::Integer(number) | Value::Long(number) => number,
                    other => panic!("{} is no session", other.kind()),
                };
                usize::try_from(sessions).expect("a count") - 1
            }
            "create_app" => {
                let list = self.ask("list_apps", arguments([])).await;
                match member(&list, &["apps"]) {
                    Value::List(apps) => apps.len() - 1,
                    other => panic!("{} is no list", other.kind()),
                }
            }
            "commit_checkpoint" => {
                let place = named(&["app_name", "stream_name", "partition_id"], vec![]);
                let got = self.ask("get_checkpoint", place).await;
                usize::from(is_text(&member(&got, &["sequence_number"]), "0"))
            }
            _ => self.stored().await - 1,
        }
    }

    /// The records that are there, the first one included.
    async fn stored(&self) -> usize {
        let got = match self.kind.service {
            "dis" => {
                let cursor = arguments([("partition_cursor", self.dis_cursor().await)]);
                self.ask("get_records", cursor).await
            }
            _ => {
                let oldest = ("cursor", text("30000000000000000000000000000000"));
                self.ask("get_blob_records", named(SHARD, vec![oldest]))
                    .await
            }
        };
        match member(&got, &["records"]) {
            Value::Records(records) => records.len(),
            other => panic!("{} is no batch", other.kind()),
        }
    }
}
