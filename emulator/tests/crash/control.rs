//! Offsets and sessions, consumers, connectors, versions of schemas, and topics that come and go.

use serde_json::{Value, json};

use crate::Worker;
use crate::records::TOPIC;
use crate::served::{Served, Wire};

const TUPLES: &str = "/projects/crash/topics/tuples";

/// The last acknowledged value of something and the one that may have followed it.
#[derive(Debug, Default)]
struct Last<T> {
    acknowledged: T,
    open: Option<T>,
}

impl<T: PartialEq + std::fmt::Debug> Last<T> {
    /// One of both was found, which is the truth from then on.
    fn check(&mut self, what: &str, found: T) {
        let open = self.open.take();
        assert!(
            found == self.acknowledged || open.as_ref() == Some(&found),
            "{what}: found {found:?}, acknowledged was {:?} and begun {open:?}",
            self.acknowledged
        );
        self.acknowledged = found;
    }

    fn acknowledge(&mut self) {
        if let Some(value) = self.open.take() {
            self.acknowledged = value;
        }
    }
}

fn subscription(served: &Served) -> String {
    let created = served.ok(
        "POST",
        &format!("{TOPIC}/subscriptions"),
        &json!({"Action": "create"}),
    );
    created["SubId"].as_str().expect("id").to_owned()
}

/// Opens sessions and commits in them.
pub(crate) struct Offsets {
    target: String,
    session: Last<i64>,
    sequence: Last<i64>,
}

impl Offsets {
    pub(crate) fn new(served: &Served) -> Self {
        Self {
            target: format!("{TOPIC}/subscriptions/{}/offsets", subscription(served)),
            session: Last::default(),
            sequence: Last {
                acknowledged: -1,
                open: None,
            },
        }
    }
}

impl Worker for Offsets {
    fn work(&mut self, wire: &mut Wire, random: &mut fastrand::Rng) -> Option<()> {
        if self.session.acknowledged == 0 || random.u8(..8) == 0 {
            self.session.open = Some(self.session.acknowledged + 1);
            let open = json!({"Action": "open", "ShardIds": ["0"]});
            let opened = wire.write("POST", &self.target, &open)?;
            let offset = &opened["Offsets"]["0"];
            assert_eq!(offset["Sequence"], self.sequence.acknowledged);
            assert_eq!(offset["SessionId"].as_i64(), self.session.open);
            self.session.acknowledge();
        }
        let next = self.sequence.acknowledged + 1;
        self.sequence.open = Some(next);
        let session = self.session.acknowledged;
        let commit =
            json!({"Sequence": next, "Timestamp": next, "Version": 0, "SessionId": session});
        wire.write(
            "PUT",
            &self.target,
            &json!({"Action": "commit", "Offsets": {"0": commit}}),
        )?;
        self.sequence.acknowledge();
        Some(())
    }

    fn check(&mut self, served: &Served) {
        let get = json!({"Action": "get", "ShardIds": ["0"]});
        let found = served.ok("POST", &self.target, &get);
        let sequence = found["Offsets"]["0"]["Sequence"]
            .as_i64()
            .expect("a sequence");
        self.sequence.check("the offset", sequence);
        // Only opening tells the session: it is one more than the last.
        let open = json!({"Action": "open", "ShardIds": ["0"]});
        let opened = served.ok("POST", &self.target, &open);
        let session = opened["Offsets"]["0"]["SessionId"]
            .as_i64()
            .expect("a session");
        self.session.check("the session", session - 1);
        self.session.acknowledged = session;
    }
}

/// Consumers join a group; no number is given twice.
pub(crate) struct Consumers {
    target: String,
    joined: Last<i64>,
}

impl Consumers {
    pub(crate) fn new(served: &Served) -> Self {
        Self {
            target: format!("{TOPIC}/subscriptions/{}", subscription(served)),
            joined: Last::default(),
        }
    }
}

fn number_of(joined: &Value) -> i64 {
    let id = joined["ConsumerId"].as_str().expect("id");
    id.rsplit('-')
        .next()
        .and_then(|number| number.parse().ok())
        .expect("a number")
}

impl Worker for Consumers {
    fn work(&mut self, wire: &mut Wire, _: &mut fastrand::Rng) -> Option<()> {
        self.joined.open = Some(self.joined.acknowledged + 1);
        let joined = wire.write(
            "POST",
            &self.target,
            &json!({"Action": "joinGroup", "SessionTimeout": 60000}),
        )?;
        assert_eq!(Some(number_of(&joined)), self.joined.open);
        self.joined.acknowledge();
        let id = &joined["ConsumerId"];
        let leave =
            json!({"Action": "leaveGroup", "ConsumerId": id, "VersionId": joined["VersionId"]});
        wire.write("POST", &self.target, &leave)?;
        Some(())
    }

    fn check(&mut self, served: &Served) {
        let joined = served.ok(
            "POST",
            &self.target,
            &json!({"Action": "joinGroup", "SessionTimeout": 60000}),
        );
        self.joined.check("the consumers", number_of(&joined) - 1);
        self.joined.acknowledged += 1;
    }
}

/// One connector that is created, stopped, started and deleted; its state is what is looked at.
pub(crate) struct Connector {
    target: String,
    state: Last<Option<&'static str>>,
}

const STATES: [&str; 2] = ["CONNECTOR_RUNNING", "CONNECTOR_STOPPED"];

impl Connector {
    pub(crate) fn new(_: &Served) -> Self {
        Self {
            target: format!("{TOPIC}/connectors/sink_datahub"),
            state: Last::default(),
        }
    }
}

impl Worker for Connector {
    fn work(&mut self, wire: &mut Wire, random: &mut fastrand::Rng) -> Option<()> {
        let config = json!({"Endpoint": "e", "Project": "p", "Topic": "t", "AuthMode": "sts"});
        let (next, method, body) = match self.state.acknowledged {
            None => (
                Some(STATES[0]),
                "POST",
                json!({"Action": "create", "Config": config}),
            ),
            Some(_) if random.u8(..4) == 0 => (None, "DELETE", Value::Null),
            Some(state) => {
                let next = STATES[usize::from(state == STATES[0])];
                (
                    Some(next),
                    "POST",
                    json!({"Action": "updatestate", "State": next}),
                )
            }
        };
        self.state.open = Some(next);
        wire.write(method, &self.target, &body)?;
        self.state.acknowledge();
        Some(())
    }

    fn check(&mut self, served: &Served) {
        let (status, found) = served.call("GET", &self.target, &Value::Null);
        let state = (status == 200).then(|| {
            STATES
                .into_iter()
                .find(|state| found["State"] == *state)
                .expect("a state")
        });
        self.state.check("the connector", state);
        let listed = served.ok("GET", &format!("{TOPIC}/connectors"), &Value::Null);
        let count = listed["Connectors"].as_array().expect("connectors").len();
        assert_eq!(count, usize::from(state.is_some()));
    }
}

/// Columns are appended to a topic, each of which makes a version of its schema.
pub(crate) struct Schemas {
    columns: Last<usize>,
}

/// A topic begins anew when it has so many columns.
const COLUMNS: usize = 12;

impl Schemas {
    pub(crate) fn new(served: &Served) -> Self {
        create_tuples(|body| drop(served.ok("POST", TUPLES, body)));
        Self {
            columns: Last {
                acknowledged: 1,
                open: None,
            },
        }
    }
}

fn create_tuples(send: impl FnOnce(&Value)) {
    let schema = json!({"fields": [{"name": "c0", "type": "BIGINT"}]}).to_string();
    send(
        &json!({"ShardCount": 1, "Lifecycle": 1, "RecordType": "TUPLE", "RecordSchema": schema, "Comment": ""}),
    );
}

impl Worker for Schemas {
    fn work(&mut self, wire: &mut Wire, _: &mut fastrand::Rng) -> Option<()> {
        let columns = self.columns.acknowledged;
        if columns == 0 {
            self.columns.open = Some(1);
            let mut created = None;
            create_tuples(|body| created = wire.write("POST", TUPLES, body));
            created?;
        } else if columns == COLUMNS {
            self.columns.open = Some(0);
            wire.write("DELETE", TUPLES, &Value::Null)?;
        } else {
            self.columns.open = Some(columns + 1);
            let append = json!({"Action": "appendfield", "FieldName": format!("c{columns}"), "FieldType": "STRING"});
            wire.write("POST", TUPLES, &append)?;
        }
        self.columns.acknowledge();
        Some(())
    }

    fn check(&mut self, served: &Served) {
        let (status, topic) = served.call("GET", TUPLES, &Value::Null);
        if status == 404 {
            return self.columns.check("the columns", 0);
        }
        let schema: Value =
            serde_json::from_str(topic["RecordSchema"].as_str().expect("a schema")).expect("JSON");
        let columns = schema["fields"].as_array().expect("fields").len();
        self.columns.check("the columns", columns);
        let versions = served.ok(
            "POST",
            TUPLES,
            &json!({"Action": "ListSchema", "PageNumber": 1, "PageSize": 100}),
        );
        let versions = versions["RecordSchemaList"]
            .as_array()
            .expect("versions")
            .len();
        assert_eq!(versions, columns, "every column made a version");
    }
}

/// Topics with a record and an offset in them are created and deleted, so that what belongs to them goes as well.
pub(crate) struct Topics;

impl Worker for Topics {
    fn work(&mut self, wire: &mut Wire, random: &mut fastrand::Rng) -> Option<()> {
        let topic = format!("/projects/crash/topics/passing{}", random.u8(..3));
        let create = json!({"ShardCount": 1, "Lifecycle": 1, "RecordType": "BLOB", "Comment": ""});
        // It may be there since a crash.
        wire.call("POST", &topic, &create)?;
        let put = json!({"Action": "pub", "Records": [{"ShardId": "0", "Data": "AAAA"}]});
        wire.write("POST", &format!("{topic}/shards"), &put)?;
        let created = wire.write(
            "POST",
            &format!("{topic}/subscriptions"),
            &json!({"Action": "create"}),
        )?;
        let offsets = format!(
            "{topic}/subscriptions/{}/offsets",
            created["SubId"].as_str()?
        );
        wire.write(
            "POST",
            &offsets,
            &json!({"Action": "open", "ShardIds": ["0"]}),
        )?;
        wire.write("DELETE", &topic, &Value::Null)?;
        Some(())
    }

    fn check(&mut self, served: &Served) {
        let listed = served.ok("GET", "/projects/crash/topics", &Value::Null);
        for name in listed["TopicNames"].as_array().expect("names") {
            let topic = format!("/projects/crash/topics/{}", name.as_str().expect("a name"));
            let shards = served.ok("GET", &format!("{topic}/shards"), &Value::Null);
            assert!(!shards["Shards"].as_array().expect("shards").is_empty());
        }
    }
}
