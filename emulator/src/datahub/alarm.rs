//! Alarm rules of a topic: they are kept and told, but nobody is alarmed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::call::{Call, Reply};
use super::error::Error;
use super::members::Members;
use super::state::{State, TopicMeta};

/// Rules of one page at most.
const PAGE_SIZE: i64 = 100;

/// The region that replies name.
const REGION: &str = "emulator";

/// What raises an alarm, and the member of its rule that names the limit in seconds.
const TYPES: [(&str, &str); 3] = [
    ("USER_TOPIC_NO_DATA", "SuspendSecond"),
    ("USER_SUB_READ_DELAY", "DelaySecond"),
    ("USER_CONNECTOR_DONE_DELAY", "DelaySecond"),
];

const LEVELS: [&str; 3] = ["WARNING", "ERROR", "CRITICAL"];

/// An alarm rule. Times are in seconds.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Alarm {
    kind: String,
    uid: String,
    created: i64,
    modified: i64,
    /// In the form of replies.
    rule: Map<String, Value>,
}

/// The alarm rules of a topic by their ids.
pub(super) type Alarms = BTreeMap<String, Box<Alarm>>;

/// Serves a call on all rules of a topic.
pub(super) fn serve(call: &Call<'_>, state: &mut State, body: &Members) -> Result<Reply, Error> {
    match body.action()?.as_str() {
        "create" => create(call, state, body),
        "list" => list(call, state, body),
        other => Err(Error::unknown_action(other)),
    }
}

fn create(call: &Call<'_>, state: &mut State, body: &Members) -> Result<Reply, Error> {
    let kind = body.required_text("AlarmType")?.to_ascii_uppercase();
    let rule = read_rule(&kind, body)?;
    let alarm = Alarm {
        kind,
        uid: body.text("Uid")?.unwrap_or(call.owner).to_owned(),
        created: call.now_seconds(),
        modified: call.now_seconds(),
        rule,
    };
    let reply = change(call, state, |meta| {
        let id = loop {
            let id = fastrand::u64(1..=999_999_999_999).to_string();
            if !meta.alarms.contains_key(&id) {
                break id;
            }
        };
        meta.alarms.insert(id.clone(), Box::new(alarm));
        Ok(Reply::json(&json!({ "AlarmId": id })))
    });
    reply.map(Reply::created)
}

/// Reads the rule of a request into the form of replies: lists become texts that hold them.
fn read_rule(kind: &str, body: &Members) -> Result<Map<String, Value>, Error> {
    let limit = TYPES.iter().find(|(name, _)| *name == kind);
    let (_, limit) =
        limit.ok_or_else(|| Error::invalid_parameter("The alarm type is not known."))?;
    let given = body
        .object("Rule")?
        .ok_or_else(|| Error::invalid_parameter("The member Rule is missing."))?;
    let mut rule = Map::new();
    for (name, value) in given.iter().filter(|(_, value)| !value.is_null()) {
        let value = match value {
            Value::Array(_) => Value::from(value.to_string()),
            Value::Object(_) => return Err(wrong(name)),
            _ => value.clone(),
        };
        rule.insert(name.clone(), value);
    }
    let seconds = rule.get(*limit).and_then(Value::as_i64);
    if seconds.is_none_or(|seconds| seconds <= 0) {
        return Err(wrong(limit));
    }
    let level = rule.get("Level").map(Value::as_str);
    if level.is_some_and(|level| level.is_none_or(|level| !LEVELS.contains(&level))) {
        return Err(wrong("Level"));
    }
    Ok(rule)
}

fn wrong(member: &str) -> Error {
    let shown: String = member.chars().take(64).collect();
    Error::invalid_parameter(format!(
        "The member {shown} of the alarm rule is missing or invalid."
    ))
}

fn list(call: &Call<'_>, state: &mut State, body: &Members) -> Result<Reply, Error> {
    let page = |name| Ok::<_, Error>(body.integer(name)?.filter(|number| *number > 0));
    let index = page("PageIndex")?.unwrap_or(1) as usize;
    let size = page("PageSize")?.unwrap_or(PAGE_SIZE).min(PAGE_SIZE) as usize;
    let topic = state.topic(call.project, call.topic)?;
    let alarms = &topic.meta.alarms;
    let rules = alarms
        .iter()
        .skip((index - 1).saturating_mul(size))
        .take(size);
    let rules: Vec<Value> = rules
        .map(|(id, alarm)| described(call, &topic.meta, id, alarm))
        .collect();
    Ok(Reply::json(&json!({
        "TotalCount": alarms.len(),
        "PageCount": alarms.len().div_ceil(size),
        "AlarmRules": rules,
    })))
}

fn described(call: &Call<'_>, meta: &TopicMeta, id: &str, alarm: &Alarm) -> Value {
    json!({
        "RegionId": REGION,
        "AlarmId": id,
        "ProjectName": call.project,
        "TopicName": meta.name,
        "Uid": alarm.uid,
        "AlarmType": alarm.kind,
        "Rule": alarm.rule,
        "Config": {},
        "CreateTime": alarm.created,
        "UpdateTime": alarm.modified,
    })
}

pub(super) fn get(call: &Call<'_>, state: &mut State, id: &str) -> Result<Reply, Error> {
    let meta = &state.topic(call.project, call.topic)?.meta;
    let alarm = meta.alarms.get(id).ok_or_else(Error::no_such_alarm)?;
    Ok(Reply::json(&described(call, meta, id, alarm)))
}

/// Replaces the rule, which stays of its type.
pub(super) fn update(
    call: &Call<'_>,
    state: &mut State,
    id: &str,
    body: &Members,
) -> Result<Reply, Error> {
    change(call, state, |meta| {
        let alarm = meta.alarms.get_mut(id).ok_or_else(Error::no_such_alarm)?;
        alarm.rule = read_rule(&alarm.kind, body)?;
        alarm.modified = call.now_seconds();
        Ok(Reply::empty())
    })
}

pub(super) fn delete(call: &Call<'_>, state: &mut State, id: &str) -> Result<Reply, Error> {
    change(call, state, |meta| {
        meta.alarms.remove(id).ok_or_else(Error::no_such_alarm)?;
        Ok(Reply::empty())
    })
}

/// Changes the rules of a topic and stores them.
fn change(
    call: &Call<'_>,
    state: &mut State,
    edit: impl FnOnce(&mut TopicMeta) -> Result<Reply, Error>,
) -> Result<Reply, Error> {
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    let reply = edit(&mut topic.meta)?;
    journal.put_topic(topic);
    Ok(reply)
}

/// Lists the changes of a topic's settings, of which nothing is recorded.
pub(super) fn changes(call: &Call<'_>, state: &mut State) -> Result<Reply, Error> {
    state.topic(call.project, call.topic)?;
    Ok(Reply::json(&json!({ "TotalCount": 0, "MetaLogs": [] })))
}
