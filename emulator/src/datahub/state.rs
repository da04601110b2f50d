//! What DataHub knows: projects, topics, shards, subscriptions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::alarm::Alarms;
use super::call::Call;
use super::connector::{Connector, Kind};
use super::error::Error;
use super::group::Group;
use super::hash_key::HashKey;
use super::journal::Journal;
use super::kafka_group::KafkaGroups;
use super::log::Log;
use super::schema::{Schema, SchemaVersion};

/// Everything, and what of it has yet to be stored.
pub(super) struct State {
    pub(super) projects: Projects,
    /// Distinguishes topics of the same name that existed one after the other.
    pub(super) next_incarnation: u64,
    pub(super) journal: Journal,
}

/// All projects by their names in lower case.
///
/// The values of maps by name are boxed, in all services, which lets the maps share their code.
#[derive(Default)]
pub(super) struct Projects(pub(super) BTreeMap<String, Box<Project>>);

pub(super) struct Project {
    pub(super) meta: ProjectMeta,
    /// Topics by their names in lower case.
    pub(super) topics: BTreeMap<String, Box<Topic>>,
}

/// The stored part of a project. Times are in seconds.
#[derive(Serialize, Deserialize)]
pub(super) struct ProjectMeta {
    /// As spelled at creation.
    pub(super) name: String,
    pub(super) comment: String,
    pub(super) created: i64,
    pub(super) modified: i64,
    /// Comma-separated; kept for the caller only.
    pub(super) vpc_ids: String,
    #[serde(default)]
    pub(super) kafka_groups: KafkaGroups,
}

pub(super) struct Topic {
    pub(super) incarnation: u64,
    pub(super) meta: TopicMeta,
    /// The shard with id `i` is at index `i`.
    pub(super) shards: Vec<Shard>,
    pub(super) subscriptions: BTreeMap<String, Box<Subscription>>,
    pub(super) connectors: BTreeMap<Kind, Connector>,
    /// Counts requests whose records name no shard, to spread them.
    pub(super) unrouted_puts: u64,
}

/// The stored part of a topic without its shards. Times are in seconds.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct TopicMeta {
    /// As spelled at creation.
    pub(super) name: String,
    /// Name of its project in lower case.
    pub(super) project: String,
    pub(super) comment: String,
    pub(super) created: i64,
    pub(super) modified: i64,
    pub(super) lifecycle_days: i64,
    pub(super) kind: RecordKind,
    /// Whether shards are added instead of split.
    pub(super) extend_mode: bool,
    /// Oldest first; the last one is the current one. Empty for blobs.
    pub(super) schemas: Vec<SchemaVersion>,
    /// Deleted ones, with which batches are still taken apart.
    #[serde(default)]
    pub(super) retired: Vec<SchemaVersion>,
    pub(super) next_schema: i64,
    /// Fewest columns that writers without a schema version may send.
    pub(super) write_width: usize,
    #[serde(default)]
    pub(super) alarms: Alarms,
    /// Further settings by name; kept for the callers only.
    #[serde(default)]
    pub(super) extra_config: BTreeMap<String, String>,
}

/// What the records of a topic are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum RecordKind {
    Tuple,
    Blob,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum ShardState {
    Active,
    Closed,
}

pub(super) struct Shard {
    pub(super) meta: ShardMeta,
    pub(super) log: Log,
    pub(super) rate: Rate,
}

/// The stored part of a shard without its records.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct ShardMeta {
    pub(super) id: u32,
    pub(super) state: ShardState,
    pub(super) begin: HashKey,
    pub(super) end: HashKey,
    pub(super) parents: Vec<u32>,
    pub(super) left: Option<u32>,
    pub(super) right: Option<u32>,
    /// In milliseconds.
    pub(super) created_ms: i64,
    /// In milliseconds.
    pub(super) closed_ms: Option<i64>,
}

/// What was written to a shard in the current second.
#[derive(Default)]
pub(super) struct Rate {
    pub(super) second: i64,
    pub(super) requests: u64,
    pub(super) bytes: u64,
}

pub(super) struct Subscription {
    pub(super) meta: SubscriptionMeta,
    /// By shard id.
    pub(super) offsets: BTreeMap<u32, Offset>,
    /// Its consumers, which join again after a restart.
    pub(super) group: Group,
}

/// The stored part of a subscription without its offsets. Times are in seconds.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct SubscriptionMeta {
    pub(super) id: String,
    pub(super) comment: String,
    pub(super) created: i64,
    pub(super) modified: i64,
    pub(super) online: bool,
    /// Order of creation, because ids of the same millisecond are random.
    pub(super) number: u64,
    /// Whether it belongs to a connector.
    #[serde(default)]
    pub(super) internal: bool,
    /// Counts the consumers that joined.
    #[serde(default)]
    pub(super) joined: u64,
    /// Closed shards that were read to their end.
    #[serde(default)]
    pub(super) read_end: BTreeSet<u32>,
}

/// How far a subscription has consumed a shard.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Offset {
    pub(super) sequence: i64,
    pub(super) timestamp: i64,
    pub(super) batch_index: i64,
    /// Counts resets.
    pub(super) version: i64,
    /// Counts openings; 0 if never opened.
    pub(super) session: i64,
}

impl Default for Offset {
    fn default() -> Self {
        Self {
            sequence: -1,
            timestamp: -1,
            batch_index: 0,
            version: 0,
            session: 0,
        }
    }
}

impl State {
    pub(super) fn topic(&self, project: &str, topic: &str) -> Result<&Topic, Error> {
        let project = self.projects.project(project)?;
        project
            .topics
            .get(&topic.to_ascii_lowercase())
            .map(AsRef::as_ref)
            .ok_or_else(Error::no_such_topic)
    }

    /// The topic of a call and the place of a shard, without the records that are too old by now.
    pub(super) fn fresh_shard(
        &mut self,
        call: &Call<'_>,
        shard: &str,
    ) -> Result<(&mut Topic, usize), Error> {
        let topic = self.projects.topic_mut(call.project, call.topic)?;
        let index = topic.shard_index(call, shard)?;
        topic.expire(index, call.now_ms, &mut self.journal);
        Ok((topic, index))
    }
}

impl Projects {
    pub(super) fn project(&self, name: &str) -> Result<&Project, Error> {
        self.0
            .get(&name.to_ascii_lowercase())
            .map(AsRef::as_ref)
            .ok_or_else(Error::no_such_project)
    }

    pub(super) fn project_mut(&mut self, name: &str) -> Result<&mut Project, Error> {
        self.0
            .get_mut(&name.to_ascii_lowercase())
            .map(AsMut::as_mut)
            .ok_or_else(Error::no_such_project)
    }

    pub(super) fn topic_mut(&mut self, project: &str, topic: &str) -> Result<&mut Topic, Error> {
        let project = self.project_mut(project)?;
        project
            .topics
            .get_mut(&topic.to_ascii_lowercase())
            .map(AsMut::as_mut)
            .ok_or_else(Error::no_such_topic)
    }
}

impl Topic {
    /// The current schema; nothing for blobs.
    pub(super) fn schema(&self) -> Option<&Arc<Schema>> {
        self.meta.schemas.last().map(|version| &version.schema)
    }

    pub(super) fn expect_tuples(&self) -> Result<(), Error> {
        match self.meta.kind {
            RecordKind::Tuple => Ok(()),
            RecordKind::Blob => Err(Error::invalid_parameter("A topic of blobs has no schema.")),
        }
    }

    /// The index of the shard that a caller names, if it is still remembered.
    pub(super) fn shard_index(&self, call: &Call<'_>, id: &str) -> Result<usize, Error> {
        let index = self.shard_ever(call, id)?;
        if self.remembers(&self.shards[index], call.now_ms) {
            Ok(index)
        } else {
            Err(Error::no_such_shard(call.project, call.topic, id))
        }
    }

    /// The index of the shard that a caller names, even if it is forgotten.
    pub(super) fn shard_ever(&self, call: &Call<'_>, id: &str) -> Result<usize, Error> {
        if id
            .parse::<i64>()
            .map_or(true, |number| number.to_string() != id)
        {
            return Err(Error::invalid_parameter(format!(
                "Invalid shard id: {}",
                short(id)
            )));
        }
        let index = id.parse().ok().filter(|index| *index < self.shards.len());
        index.ok_or_else(|| Error::no_such_shard(call.project, call.topic, id))
    }

    pub(super) fn active(&self) -> impl Iterator<Item = &Shard> {
        self.shards.iter().filter(|shard| shard.is_active())
    }

    /// Links every active shard to its neighbours in key order.
    pub(super) fn link_neighbours(&mut self) {
        let mut active: Vec<(HashKey, u32)> = self
            .active()
            .map(|shard| (shard.meta.begin, shard.meta.id))
            .collect();
        active.sort_unstable();
        for (at, (_, id)) in active.iter().enumerate() {
            let meta = &mut self.shards[*id as usize].meta;
            meta.left = at.checked_sub(1).map(|left| active[left].1);
            meta.right = active.get(at + 1).map(|right| right.1);
        }
    }

    /// Adds an active shard under the next free id.
    pub(super) fn add_shard(
        &mut self,
        begin: HashKey,
        end: HashKey,
        parents: Vec<u32>,
        now_ms: i64,
    ) -> u32 {
        let id = self.shards.len() as u32;
        let meta = ShardMeta {
            id,
            state: ShardState::Active,
            begin,
            end,
            parents,
            left: None,
            right: None,
            created_ms: now_ms,
            closed_ms: None,
        };
        self.shards.push(Shard {
            meta,
            log: Log::default(),
            rate: Rate::default(),
        });
        id
    }
}

impl Shard {
    pub(super) fn is_active(&self) -> bool {
        self.meta.state == ShardState::Active
    }

    pub(super) fn owns(&self, key: HashKey) -> bool {
        let meta = &self.meta;
        meta.begin <= key && (key < meta.end || (key == HashKey::MAX && meta.end == HashKey::MAX))
    }

    pub(super) fn close(&mut self, now_ms: i64) {
        self.meta.state = ShardState::Closed;
        self.meta.closed_ms = Some(now_ms);
    }
}

/// The beginning of a text of the caller, for a message.
pub(super) fn short(text: &str) -> String {
    text.chars().take(64).collect()
}
