//! Calls on topics.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::call::{Call, Reply};
use super::error::Error;
use super::hash_key::HashKey;
use super::members::Members;
use super::names;
use super::schema::{Schema, SchemaVersion};
use super::shard::ACTIVE_SHARDS;
use super::state::{RecordKind, State, Topic, TopicMeta};

/// Topics of a project.
const TOPICS: usize = 500;

/// How long records may be kept, in days.
const LIFECYCLE_DAYS: std::ops::RangeInclusive<i64> = 1..=7;

/// Lists the names of a project's topics, or of those that contain `filter` in any case.
pub(super) fn list(call: &Call<'_>, state: &mut State, filter: &str) -> Result<Reply, Error> {
    let filter = filter.to_ascii_lowercase();
    let topics = state
        .projects
        .project(call.project)?
        .topics
        .iter()
        .filter(|(key, _)| key.contains(&filter));
    let names: Vec<&str> = topics.map(|(_, topic)| topic.meta.name.as_str()).collect();
    Ok(Reply::json(&json!({ "TopicNames": names })))
}

pub(super) fn create(call: &Call<'_>, state: &mut State, body: &Members) -> Result<Reply, Error> {
    let wanted = Wanted::read(body)?;
    let State {
        projects,
        journal,
        next_incarnation,
    } = state;
    let project = projects.project_mut(call.project)?;
    let key = call.topic.to_ascii_lowercase();
    if project.topics.contains_key(&key) {
        return Err(Error::topic_exists());
    }
    if call.limits.holdings() && project.topics.len() >= TOPICS {
        return Err(Error::limit(format!(
            "A project has at most {TOPICS} topics."
        )));
    }
    let topic = wanted.build(call, *next_incarnation);
    *next_incarnation += 1;
    journal.put_topic(&topic);
    project.topics.insert(key, Box::new(topic));
    Ok(Reply::empty().created())
}

/// What a creation asks for.
struct Wanted {
    comment: String,
    shards: u32,
    lifecycle_days: i64,
    kind: RecordKind,
    schema: Option<Schema>,
    extend_mode: bool,
    extra_config: BTreeMap<String, String>,
}

impl Wanted {
    fn read(body: &Members) -> Result<Self, Error> {
        let comment = body.text("Comment")?.unwrap_or_default();
        names::check_comment(comment)?;
        let shards = body.required_integer("ShardCount")?;
        let shards = u32::try_from(shards)
            .ok()
            .filter(|count| (1..=ACTIVE_SHARDS as u32).contains(count));
        let kind = match body
            .required_text("RecordType")?
            .to_ascii_uppercase()
            .as_str()
        {
            "TUPLE" => RecordKind::Tuple,
            "BLOB" => RecordKind::Blob,
            _ => {
                return Err(Error::invalid_parameter(
                    "The record type is neither TUPLE nor BLOB.",
                ));
            }
        };
        let schema = match kind {
            RecordKind::Tuple => Some(Schema::parse(body.required_text("RecordSchema")?)?),
            RecordKind::Blob => None,
        };
        let extend_mode = match body
            .text("ExpandMode")?
            .unwrap_or_default()
            .to_ascii_lowercase()
            .as_str()
        {
            "" | "split" => false,
            "extend" => true,
            _ => {
                return Err(Error::invalid_parameter(
                    "The expand mode is neither split nor extend.",
                ));
            }
        };
        Ok(Self {
            comment: comment.to_owned(),
            shards: shards.ok_or_else(|| {
                Error::invalid_parameter(format!(
                    "The shard count is not between 1 and {ACTIVE_SHARDS}."
                ))
            })?,
            lifecycle_days: check_lifecycle(body.required_integer("Lifecycle")?)?,
            kind,
            schema,
            extend_mode,
            extra_config: extra_config(body)?.unwrap_or_default(),
        })
    }

    fn build(self, call: &Call<'_>, incarnation: u64) -> Topic {
        let now = call.now_seconds();
        let write_width = self.schema.as_ref().map_or(1, |schema| schema.fields.len());
        let schemas: Vec<_> = self
            .schema
            .map(|schema| SchemaVersion {
                id: 0,
                schema: Arc::new(schema),
                created: now,
            })
            .into_iter()
            .collect();
        let meta = TopicMeta {
            name: call.topic.to_owned(),
            project: call.project.to_ascii_lowercase(),
            comment: self.comment,
            created: now,
            modified: now,
            lifecycle_days: self.lifecycle_days,
            kind: self.kind,
            extend_mode: self.extend_mode,
            next_schema: schemas.len() as i64,
            schemas,
            retired: Vec::new(),
            write_width,
            alarms: BTreeMap::new(),
            extra_config: self.extra_config,
        };
        let mut topic = Topic {
            incarnation,
            meta,
            shards: Vec::new(),
            subscriptions: BTreeMap::new(),
            connectors: BTreeMap::new(),
            unrouted_puts: 0,
        };
        for index in 0..self.shards {
            let (begin, end) = if self.extend_mode {
                (HashKey::MIN, HashKey::MAX)
            } else {
                (
                    HashKey::boundary(index, self.shards),
                    HashKey::boundary(index + 1, self.shards),
                )
            };
            topic.add_shard(begin, end, Vec::new(), call.now_ms);
        }
        topic.link_neighbours();
        topic
    }
}

/// Further settings, such as those that tell official clients how to write.
fn extra_config(body: &Members) -> Result<Option<BTreeMap<String, String>>, Error> {
    let Some(settings) = body.object("ExtraConfig")? else {
        return Ok(None);
    };
    let wrong = || Error::invalid_parameter("The member ExtraConfig is not an object of texts.");
    let texts = settings.iter().map(|(name, value)| {
        let text = value.as_str().ok_or_else(wrong)?;
        Ok((name.clone(), text.to_owned()))
    });
    texts.collect::<Result<_, _>>().map(Some)
}

fn check_lifecycle(days: i64) -> Result<i64, Error> {
    if LIFECYCLE_DAYS.contains(&days) {
        Ok(days)
    } else {
        Err(Error::invalid_parameter(
            "The lifecycle is not between 1 and 7 days.",
        ))
    }
}

pub(super) fn get(call: &Call<'_>, state: &mut State) -> Result<Reply, Error> {
    let topic = state.topic(call.project, call.topic)?;
    let meta = &topic.meta;
    Ok(Reply::json(&json!({
        "Comment": meta.comment,
        "CreateTime": meta.created,
        "LastModifyTime": meta.modified,
        "Creator": call.owner,
        "Lifecycle": meta.lifecycle_days,
        "RecordType": meta.kind,
        "RecordSchema": topic.schema().map(|schema| schema.text()).unwrap_or_default(),
        "ShardCount": topic.active().count(),
        "Status": "on",
        "ExpandMode": if meta.extend_mode { "extend" } else { "split" },
        "EnableSchemaRegistry": meta.next_schema > 1,
        "ExtraConfig": meta.extra_config,
    })))
}

/// Changes what the body names: lifecycle, comment, further settings.
pub(super) fn update(call: &Call<'_>, state: &mut State, body: &Members) -> Result<Reply, Error> {
    let lifecycle = body
        .integer("Lifecycle")?
        .map(check_lifecycle)
        .transpose()?;
    let comment = body.text("Comment")?;
    comment.map_or(Ok(()), names::check_comment)?;
    let extra_config = extra_config(body)?;
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    if let Some(lifecycle) = lifecycle {
        topic.meta.lifecycle_days = lifecycle;
    }
    if let Some(comment) = comment {
        comment.clone_into(&mut topic.meta.comment);
    }
    if let Some(settings) = extra_config {
        topic.meta.extra_config = settings;
    }
    topic.meta.modified = call.now_seconds();
    journal.put_topic(topic);
    Ok(Reply::empty())
}

impl Topic {
    fn is_idle(&self) -> bool {
        self.subscriptions.is_empty() && self.connectors.is_empty()
    }
}

/// Deletes a topic with its records, schemas, subscriptions and connectors.
pub(super) fn delete(call: &Call<'_>, state: &mut State) -> Result<Reply, Error> {
    let State {
        projects, journal, ..
    } = state;
    let project = projects.project_mut(call.project)?;
    let key = call.topic.to_ascii_lowercase();
    let topic = project.topics.get(&key).ok_or_else(Error::no_such_topic)?;
    if call.limits.keeps_topics_in_use() && !topic.is_idle() {
        return Err(Error::operation_denied(
            "The specified topic still has subscriptions or connectors.",
        ));
    }
    let topic = project
        .topics
        .remove(&key)
        .ok_or_else(Error::no_such_topic)?;
    journal.delete_topic(&topic);
    Ok(Reply::empty())
}
