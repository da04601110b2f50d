//! Connectors: their settings are kept and their state is told, but nothing is copied.

mod config;
mod kind;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::call::{Call, Reply};
use super::error::Error;
use super::members::Members;
use super::state::{State, Topic};
pub(super) use kind::Kind;

/// Characters of the id of a connector.
const ID_CHARS: usize = 20;

/// What replies name as the place where connectors run.
const CLUSTER: &str = "emulator";

/// A connector. A topic has at most one of a type.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Connector {
    pub(super) id: String,
    pub(super) kind: Kind,
    running: bool,
    /// In seconds.
    created: i64,
    /// In seconds.
    modified: i64,
    /// Columns as the caller spells them.
    column_fields: Vec<String>,
    column_name_map: IndexMap<String, String>,
    /// In the form of replies.
    config: Map<String, Value>,
    /// Id of the subscription that was created along with it.
    subscription: String,
    /// Time of the first record to copy in milliseconds; -1 for the oldest.
    start_ms: i64,
    /// Places that were set, by shard.
    places: BTreeMap<u32, Place>,
}

/// How far a connector is said to be in a shard.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Place {
    sequence: i64,
    /// In milliseconds.
    timestamp: i64,
    /// In seconds.
    updated: i64,
}

impl Connector {
    fn place(&self, shard: u32) -> Place {
        let start = Place {
            sequence: -1,
            timestamp: self.start_ms,
            updated: self.created,
        };
        self.places.get(&shard).copied().unwrap_or(start)
    }

    fn state(&self) -> &'static str {
        if self.running {
            "CONNECTOR_RUNNING"
        } else {
            "CONNECTOR_STOPPED"
        }
    }

    fn status(&self, shard: u32) -> Value {
        let place = self.place(shard);
        let (state, message) = if self.running {
            ("CONTEXT_PLANNED", "Loading")
        } else {
            ("CONTEXT_STOPPED", "")
        };
        json!({
            "ShardId": shard.to_string(),
            "StartSequence": 0,
            "EndSequence": -1,
            "CurrentSequence": place.sequence,
            "CurrentTimestamp": place.timestamp,
            "DoneTime": 0,
            "LastErrorMessage": message,
            "State": state,
            "UpdateTime": place.updated,
            "DiscardCount": 0,
            "WorkerAddress": "",
        })
    }

    fn described(&self, topic: &Topic, call: &Call<'_>) -> Value {
        let contexts = topic.remembered(call.now_ms).map(|shard| {
            json!({
                "ShardId": shard.meta.id.to_string(),
                "StartSequence": 0,
                "EndSequence": -1,
                "CurrentSequence": self.place(shard.meta.id).sequence,
            })
        });
        json!({
            "ClusterAddress": CLUSTER,
            "ConnectorId": self.id,
            "Type": self.kind.name(),
            "State": self.state(),
            "Creator": call.owner,
            "Owner": call.owner,
            "CreateTime": self.created,
            "LastModifyTime": self.modified,
            "ColumnFields": self.column_fields,
            "ColumnNameMap": self.column_name_map,
            "ExtraInfo": { "SubscriptionId": self.subscription },
            "Config": self.config,
            "ShardContexts": contexts.collect::<Value>(),
        })
    }
}

impl Topic {
    /// The type of the connector that a caller names by its id or by its type.
    fn connector_kind(&self, name: &str) -> Result<Kind, Error> {
        let found = self.connectors.values().find(|connector| {
            connector.id == name || connector.kind.name().eq_ignore_ascii_case(name)
        });
        found
            .map(|connector| connector.kind)
            .ok_or_else(|| Error::no_such_connector(name))
    }

    fn connector(&self, name: &str) -> Result<&Connector, Error> {
        Ok(&self.connectors[&self.connector_kind(name)?])
    }

    /// The shards that a body names: one or, without `ShardId`, all.
    fn shards_of(&self, call: &Call<'_>, body: &Members) -> Result<Vec<u32>, Error> {
        match body.text("ShardId")?.filter(|id| !id.is_empty()) {
            None => Ok(self
                .remembered(call.now_ms)
                .map(|shard| shard.meta.id)
                .collect()),
            Some(id) => {
                let index = self.shard_index(call, id)?;
                Ok(vec![index as u32])
            }
        }
    }

    /// Checks that a connector can copy these columns.
    fn check_columns<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<(), Error> {
        let mut seen = Vec::new();
        for name in names {
            let column = name.to_ascii_lowercase();
            let fields = self.schema().map(|schema| schema.fields.as_slice());
            let known = fields
                .unwrap_or_default()
                .iter()
                .any(|field| field.name == column);
            if !known {
                return Err(invalid_column(name, "is no column of the topic"));
            }
            if seen.contains(&column) {
                return Err(invalid_column(name, "is given more than once"));
            }
            seen.push(column);
        }
        Ok(())
    }
}

fn invalid_column(name: &str, what: &str) -> Error {
    let shown: String = name.chars().take(128).collect();
    Error::invalid_parameter(format!("The field {shown} {what}."))
}

/// Lists the ids or the types of the connectors of a topic.
pub(super) fn list(call: &Call<'_>, state: &mut State, by_id: bool) -> Result<Reply, Error> {
    let connectors = state.topic(call.project, call.topic)?.connectors.values();
    let names: Vec<&str> = connectors
        .map(|connector| {
            if by_id {
                connector.id.as_str()
            } else {
                connector.kind.name()
            }
        })
        .collect();
    Ok(Reply::json(&json!({ "Connectors": names })))
}

/// Serves a call on one connector.
pub(super) fn serve(
    call: &Call<'_>,
    state: &mut State,
    name: &str,
    body: &Members,
) -> Result<Reply, Error> {
    match body.action()?.as_str() {
        "create" => {
            let creates = body.has("Type") || body.has("SinkStartTime");
            let topic = state.topic(call.project, call.topic)?;
            if !creates && topic.connector_kind(name).is_ok() {
                // An official client updates most connectors under this action.
                return update(call, state, name, body);
            }
            create(call, state, name, body)
        }
        "updateconfig" => update(call, state, name, body),
        "status" => status(call, state, name, body),
        "reload" => reload(call, state, name, body),
        "appendfield" | "appendfiled" => append_field(call, state, name, body),
        "updatestate" => update_state(call, state, name, body),
        "updateshardcontext" => update_places(call, state, name, body),
        other => Err(Error::unknown_action(other)),
    }
}

fn create(call: &Call<'_>, state: &mut State, name: &str, body: &Members) -> Result<Reply, Error> {
    let kind = Kind::named(name)
        .ok_or_else(|| Error::invalid_parameter("The connector type is not known."))?;
    if body
        .text("Type")?
        .is_some_and(|named| Kind::named(named) != Some(kind))
    {
        return Err(Error::invalid_parameter(
            "The connector type is not that of the path.",
        ));
    }
    let config = body
        .object("Config")?
        .ok_or_else(|| Error::invalid_parameter("The member Config is missing."))?;
    let config = config::read(kind, config)?;
    let column_fields: Vec<String> = body
        .texts("ColumnFields")?
        .into_iter()
        .map(String::from)
        .collect();
    let column_name_map = name_map(body)?.unwrap_or_default();
    let start_ms = body.integer("SinkStartTime")?.unwrap_or(-1).max(-1);
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    if topic.connectors.contains_key(&kind) {
        return Err(Error::connector_exists());
    }
    topic.check_columns(column_fields.iter().map(String::as_str))?;
    topic.check_columns(column_name_map.keys().map(String::as_str))?;
    let id = new_id();
    let connector = Connector {
        id: id.clone(),
        kind,
        running: true,
        created: call.now_seconds(),
        modified: call.now_seconds(),
        column_fields,
        column_name_map,
        config,
        subscription: topic.subscribe(call, "", true, journal),
        start_ms,
        places: BTreeMap::new(),
    };
    journal.put_connector(topic.incarnation, &connector);
    topic.connectors.insert(kind, connector);
    Ok(Reply::json(&json!({ "ConnectorId": id })))
}

/// Random digits and upper-case letters.
fn new_id() -> String {
    std::iter::repeat_with(|| fastrand::digit(36).to_ascii_uppercase())
        .take(ID_CHARS)
        .collect()
}

/// The names that columns have in the target, if given.
fn name_map(body: &Members) -> Result<Option<IndexMap<String, String>>, Error> {
    let Some(members) = body.object("ColumnNameMap")? else {
        return Ok(None);
    };
    let names = members.iter().map(|(column, target)| {
        let target = target.as_str().ok_or_else(|| {
            Error::invalid_parameter("The member ColumnNameMap is not an object of strings.")
        })?;
        Ok((column.clone(), target.to_owned()))
    });
    names.collect::<Result<_, Error>>().map(Some)
}

pub(super) fn get(call: &Call<'_>, state: &mut State, name: &str) -> Result<Reply, Error> {
    let topic = state.topic(call.project, call.topic)?;
    let connector = topic.connector(name)?;
    Ok(Reply::json(&connector.described(topic, call)))
}

/// Tells up to when everything was copied: nothing was.
pub(super) fn done_time(call: &Call<'_>, state: &mut State, name: &str) -> Result<Reply, Error> {
    let connector = state.topic(call.project, call.topic)?.connector(name)?;
    Ok(Reply::json(&json!({
        "DoneTime": 0,
        "TimeZone": "Asia/Shanghai",
        "TimeWindow": config::window_seconds(&connector.config),
    })))
}

pub(super) fn delete(call: &Call<'_>, state: &mut State, name: &str) -> Result<Reply, Error> {
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    let kind = topic.connector_kind(name)?;
    if let Some(connector) = topic.connectors.remove(&kind) {
        topic.subscriptions.remove(&connector.subscription);
        journal.delete_subscription(topic.incarnation, &connector.subscription);
        journal.delete_connector(topic.incarnation, kind);
    }
    Ok(Reply::empty())
}

/// Changes a connector and stores it.
fn change(
    call: &Call<'_>,
    state: &mut State,
    name: &str,
    edit: impl FnOnce(&Topic, &mut Connector) -> Result<(), Error>,
) -> Result<Reply, Error> {
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    let mut connector = topic.connector(name)?.clone();
    edit(topic, &mut connector)?;
    connector.modified = call.now_seconds();
    journal.put_connector(topic.incarnation, &connector);
    topic.connectors.insert(connector.kind, connector);
    Ok(Reply::empty())
}

/// Replaces what the body names: settings, columns, their names in the target.
fn update(call: &Call<'_>, state: &mut State, name: &str, body: &Members) -> Result<Reply, Error> {
    let columns = body.has("ColumnFields").then(|| body.texts("ColumnFields"));
    let columns = columns.transpose()?;
    let names = name_map(body)?;
    change(call, state, name, |topic, connector| {
        if let Some(config) = body.object("Config")? {
            connector.config = config::replace(connector.kind, config, &connector.config)?;
        }
        if let Some(columns) = columns {
            topic.check_columns(columns.iter().copied())?;
            connector.column_fields = columns.into_iter().map(String::from).collect();
        }
        if let Some(names) = names {
            topic.check_columns(names.keys().map(String::as_str))?;
            connector.column_name_map = names;
        }
        Ok(())
    })
}

fn status(call: &Call<'_>, state: &mut State, name: &str, body: &Members) -> Result<Reply, Error> {
    let topic = state.topic(call.project, call.topic)?;
    let connector = topic.connector(name)?;
    let shards = topic.shards_of(call, body)?;
    if body.text("ShardId")?.is_some_and(|id| !id.is_empty()) {
        return Ok(Reply::json(&connector.status(shards[0])));
    }
    let all: Map<String, Value> = shards
        .into_iter()
        .map(|shard| (shard.to_string(), connector.status(shard)))
        .collect();
    Ok(Reply::json(&json!({ "ShardStatusInfos": all })))
}

/// Starts nothing again, because nothing runs.
fn reload(call: &Call<'_>, state: &mut State, name: &str, body: &Members) -> Result<Reply, Error> {
    let topic = state.topic(call.project, call.topic)?;
    topic.connector(name)?;
    topic.shards_of(call, body)?;
    Ok(Reply::empty())
}

fn append_field(
    call: &Call<'_>,
    state: &mut State,
    name: &str,
    body: &Members,
) -> Result<Reply, Error> {
    let field = body.required_text("FieldName")?;
    change(call, state, name, |topic, connector| {
        let known = connector.column_fields.iter().map(String::as_str);
        topic.check_columns(known.chain([field]))?;
        connector.column_fields.push(field.to_owned());
        Ok(())
    })
}

fn update_state(
    call: &Call<'_>,
    state: &mut State,
    name: &str,
    body: &Members,
) -> Result<Reply, Error> {
    let running = match body.required_text("State")?.to_ascii_uppercase().as_str() {
        "CONNECTOR_RUNNING" => true,
        "CONNECTOR_STOPPED" => false,
        _ => {
            return Err(Error::invalid_parameter(
                "The state is neither CONNECTOR_RUNNING nor CONNECTOR_STOPPED.",
            ));
        }
    };
    change(call, state, name, |_, connector| {
        connector.running = running;
        Ok(())
    })
}

/// Sets how far the connector is; what is missing or negative stays as it is.
fn update_places(
    call: &Call<'_>,
    state: &mut State,
    name: &str,
    body: &Members,
) -> Result<Reply, Error> {
    let sequence = body
        .integer("CurrentSequence")?
        .filter(|number| *number >= 0);
    let timestamp = body.integer("CurrentTime")?.filter(|time| *time >= 0);
    change(call, state, name, |topic, connector| {
        let shards = topic.shards_of(call, body)?;
        if connector.running {
            return Err(Error::operation_denied(
                "The offset of a running connector cannot be changed.",
            ));
        }
        for shard in shards {
            let place = connector.place(shard);
            let place = Place {
                sequence: sequence.unwrap_or(place.sequence),
                timestamp: timestamp.unwrap_or(place.timestamp),
                updated: call.now_seconds(),
            };
            connector.places.insert(shard, place);
        }
        Ok(())
    })
}
