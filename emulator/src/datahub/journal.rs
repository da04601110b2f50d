//! How DataHub's state is stored and found again.

use bytes::{Buf, BufMut, Bytes};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::connector::{Connector, Kind};
use super::group::Group;
use super::log::{Batch, Content, Entry, Log, Record, Run};
use super::state::{
    Offset, Project, ProjectMeta, Projects, Rate, Shard, ShardMeta, State, Subscription,
    SubscriptionMeta, Topic, TopicMeta,
};
use crate::store::{Change, Entry as Stored, StoreError};

const PROJECT: &str = "project";
const TOPIC: &str = "topic";
const SUBSCRIPTION: &str = "subscription";
const OFFSET: &str = "offset";
const CONNECTOR: &str = "connector";
const RECORDS: &str = "records";

/// First byte of a stored entry: what its content is.
const RECORD_ENTRY: u8 = 0;
const BATCH_ENTRY: u8 = 1;

/// Collects the changes of one call.
pub(super) struct Journal {
    /// Whether anything is stored at all.
    durable: bool,
    changes: Vec<Change>,
}

#[derive(Serialize)]
struct TopicToStore<'a> {
    meta: &'a TopicMeta,
    shards: Vec<StoredShard>,
}

#[derive(Deserialize)]
struct StoredTopic {
    meta: TopicMeta,
    shards: Vec<StoredShard>,
}

#[derive(Serialize, Deserialize)]
struct StoredShard {
    meta: ShardMeta,
    next_sequence: i64,
    last_ms: i64,
}

impl Journal {
    pub(super) fn new(durable: bool) -> Self {
        Self {
            durable,
            changes: Vec::new(),
        }
    }

    /// The changes since the last time.
    pub(super) fn take(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    fn put(&mut self, kind: &'static str, key: Vec<u8>, value: &impl Serialize) {
        if self.durable {
            // Serialising into memory fails only for maps whose keys are no texts, and there are none.
            let value = serde_json::to_vec(value).unwrap_or_default().into();
            self.changes.push(Change::Put { kind, key, value });
        }
    }

    fn change(&mut self, change: Change) {
        if self.durable {
            self.changes.push(change);
        }
    }

    pub(super) fn clear(&mut self) {
        self.change(Change::Clear);
    }

    pub(super) fn put_project(&mut self, project: &Project) {
        self.put(
            PROJECT,
            project.meta.name.to_ascii_lowercase().into_bytes(),
            &project.meta,
        );
    }

    pub(super) fn delete_project(&mut self, name: &str) {
        self.change(Change::Delete {
            kind: PROJECT,
            key: name.to_ascii_lowercase().into_bytes(),
        });
    }

    pub(super) fn put_topic(&mut self, topic: &Topic) {
        if !self.durable {
            return;
        }
        let shards = topic.shards.iter().map(|shard| StoredShard {
            meta: shard.meta.clone(),
            next_sequence: shard.log.next_sequence(),
            last_ms: shard.log.last_ms(),
        });
        let stored = TopicToStore {
            meta: &topic.meta,
            shards: shards.collect(),
        };
        self.put(TOPIC, topic.incarnation.to_be_bytes().to_vec(), &stored);
    }

    /// Deletes a topic with everything in it.
    pub(super) fn delete_topic(&mut self, topic: &Topic) {
        let prefix = topic.incarnation.to_be_bytes().to_vec();
        for kind in [TOPIC, SUBSCRIPTION, OFFSET, CONNECTOR, RECORDS] {
            self.change(Change::DeletePrefix {
                kind,
                prefix: prefix.clone(),
            });
        }
    }

    pub(super) fn put_subscription(&mut self, incarnation: u64, meta: &SubscriptionMeta) {
        self.put(SUBSCRIPTION, subscription_key(incarnation, &meta.id), meta);
    }

    pub(super) fn delete_subscription(&mut self, incarnation: u64, id: &str) {
        self.change(Change::Delete {
            kind: SUBSCRIPTION,
            key: subscription_key(incarnation, id),
        });
        let mut prefix = subscription_key(incarnation, id);
        prefix.push(0);
        self.change(Change::DeletePrefix {
            kind: OFFSET,
            prefix,
        });
    }

    pub(super) fn put_offset(&mut self, incarnation: u64, id: &str, shard: u32, offset: &Offset) {
        let mut key = subscription_key(incarnation, id);
        key.push(0);
        key.extend_from_slice(&shard.to_be_bytes());
        self.put(OFFSET, key, offset);
    }

    pub(super) fn put_connector(&mut self, incarnation: u64, connector: &Connector) {
        let key = connector_key(incarnation, connector.kind);
        self.put(CONNECTOR, key, connector);
    }

    pub(super) fn delete_connector(&mut self, incarnation: u64, kind: Kind) {
        self.change(Change::Delete {
            kind: CONNECTOR,
            key: connector_key(incarnation, kind),
        });
    }

    /// Stores the entries that were just appended to a shard.
    pub(super) fn put_records(&mut self, incarnation: u64, shard: &Shard, run: Run) {
        if self.durable && run.count > 0 {
            let value = encode_entries(shard.log.from(run.first).map(|(_, entry)| entry));
            self.changes.push(Change::Put {
                kind: RECORDS,
                key: records_key(incarnation, shard.meta.id, run.first),
                value,
            });
        }
    }

    pub(super) fn delete_records(&mut self, incarnation: u64, shard: u32, run: Run) {
        self.change(Change::Delete {
            kind: RECORDS,
            key: records_key(incarnation, shard, run.first),
        });
    }
}

fn subscription_key(incarnation: u64, id: &str) -> Vec<u8> {
    let mut key = incarnation.to_be_bytes().to_vec();
    key.extend_from_slice(id.as_bytes());
    key
}

fn connector_key(incarnation: u64, kind: Kind) -> Vec<u8> {
    let mut key = incarnation.to_be_bytes().to_vec();
    key.extend_from_slice(kind.name().as_bytes());
    key
}

fn records_key(incarnation: u64, shard: u32, first: i64) -> Vec<u8> {
    let mut key = Vec::with_capacity(20);
    key.put_u64(incarnation);
    key.put_u32(shard);
    key.put_i64(first);
    key
}

fn encode_entries<'a>(entries: impl Iterator<Item = &'a Entry>) -> Bytes {
    let mut value = Vec::new();
    for entry in entries {
        let (kind, number, attributes_len, bytes) = match &entry.content {
            Content::Record(record) => (
                RECORD_ENTRY,
                record.width,
                record.attributes_len,
                &record.bytes,
            ),
            Content::Batch(batch) => (BATCH_ENTRY, batch.records, 0, &batch.bytes),
        };
        value.put_u8(kind);
        value.put_i64(entry.time_ms);
        value.put_u32(number);
        value.put_u32(attributes_len);
        value.put_u32(bytes.len() as u32);
        value.put_slice(bytes);
    }
    value.into()
}

fn decode_entries(mut value: Bytes) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    while value.has_remaining() {
        let kind = value.try_get_u8().ok()?;
        let time_ms = value.try_get_i64().ok()?;
        let number = value.try_get_u32().ok()?;
        let attributes_len = value.try_get_u32().ok()?;
        let len = value.try_get_u32().ok()? as usize;
        if len > value.remaining() || attributes_len as usize > len {
            return None;
        }
        let bytes = value.split_to(len);
        let content = match kind {
            RECORD_ENTRY => Content::Record(Record {
                width: number,
                attributes_len,
                bytes,
            }),
            BATCH_ENTRY => Content::Batch(Batch {
                records: number,
                bytes,
            }),
            _ => return None,
        };
        entries.push(Entry { time_ms, content });
    }
    Some(entries)
}

impl State {
    /// The state that stored entries describe.
    pub(super) fn load(stored: &[Stored], durable: bool) -> Result<Self, StoreError> {
        let mut loader = Loader::default();
        // Sorted by what builds upon what; within a kind the order of keys is kept.
        for kind in [PROJECT, TOPIC, SUBSCRIPTION, OFFSET, CONNECTOR, RECORDS] {
            for entry in stored.iter().filter(|entry| entry.kind == kind) {
                loader.load(entry)?;
            }
        }
        let next_incarnation = loader.topics.keys().next_back().map_or(1, |last| last + 1);
        let mut projects = loader.projects;
        for (_, topic) in loader.topics {
            let project = projects
                .0
                .get_mut(&topic.meta.project)
                .ok_or_else(|| corrupt(TOPIC, "it has no project"))?;
            project
                .topics
                .insert(topic.meta.name.to_ascii_lowercase(), topic);
        }
        Ok(Self {
            projects,
            next_incarnation,
            journal: Journal::new(durable),
        })
    }
}

#[derive(Default)]
struct Loader {
    projects: Projects,
    topics: std::collections::BTreeMap<u64, Box<Topic>>,
}

impl Loader {
    fn load(&mut self, entry: &Stored) -> Result<(), StoreError> {
        let mut key = entry.key.as_slice();
        match entry.kind.as_str() {
            PROJECT => self.load_project(entry)?,
            TOPIC => {
                let incarnation = key
                    .try_get_u64()
                    .map_err(|_| corrupt(TOPIC, "its key is too short"))?;
                self.topics.insert(
                    incarnation,
                    Box::new(topic(incarnation, decode(TOPIC, entry)?)),
                );
            }
            SUBSCRIPTION => {
                let topic = self.topic(SUBSCRIPTION, &mut key)?;
                let meta: SubscriptionMeta = decode(SUBSCRIPTION, entry)?;
                let subscription = Subscription {
                    meta,
                    offsets: std::collections::BTreeMap::new(),
                    group: Group::default(),
                };
                topic
                    .subscriptions
                    .insert(subscription.meta.id.clone(), Box::new(subscription));
            }
            OFFSET => {
                let topic = self.topic(OFFSET, &mut key)?;
                let split = key
                    .len()
                    .checked_sub(5)
                    .ok_or_else(|| corrupt(OFFSET, "its key is too short"))?;
                let (id, mut shard) = (String::from_utf8_lossy(&key[..split]), &key[split + 1..]);
                let subscription = topic.subscriptions.get_mut(id.as_ref());
                let subscription =
                    subscription.ok_or_else(|| corrupt(OFFSET, "it has no subscription"))?;
                subscription
                    .offsets
                    .insert(shard.get_u32(), decode(OFFSET, entry)?);
            }
            CONNECTOR => {
                let topic = self.topic(CONNECTOR, &mut key)?;
                let connector: Connector = decode(CONNECTOR, entry)?;
                topic.connectors.insert(connector.kind, connector);
            }
            _ => {
                let topic = self.topic(RECORDS, &mut key)?;
                let missing = || corrupt(RECORDS, "they have no shard");
                let id = key.try_get_u32().map_err(|_| missing())?;
                let first = key.try_get_i64().map_err(|_| missing())?;
                let shard = topic.shards.get_mut(id as usize).ok_or_else(missing)?;
                let entries = decode_entries(entry.value.clone());
                shard.log.restore(
                    first,
                    entries.ok_or_else(|| corrupt(RECORDS, "they are cut off"))?,
                );
            }
        }
        Ok(())
    }

    fn load_project(&mut self, entry: &Stored) -> Result<(), StoreError> {
        let meta: ProjectMeta = decode(PROJECT, entry)?;
        let project = Project {
            meta,
            topics: std::collections::BTreeMap::new(),
        };
        let name = project.meta.name.to_ascii_lowercase();
        self.projects.0.insert(name, Box::new(project));
        Ok(())
    }

    fn topic(&mut self, kind: &str, key: &mut &[u8]) -> Result<&mut Topic, StoreError> {
        let incarnation = key
            .try_get_u64()
            .map_err(|_| corrupt(kind, "its key is too short"))?;
        self.topics
            .get_mut(&incarnation)
            .map(AsMut::as_mut)
            .ok_or_else(|| corrupt(kind, "it has no topic"))
    }
}

fn topic(incarnation: u64, stored: StoredTopic) -> Topic {
    let shards = stored.shards.into_iter().map(|shard| Shard {
        meta: shard.meta,
        log: Log::resume(shard.next_sequence, shard.last_ms),
        rate: Rate::default(),
    });
    Topic {
        incarnation,
        meta: stored.meta,
        shards: shards.collect(),
        subscriptions: std::collections::BTreeMap::new(),
        connectors: std::collections::BTreeMap::new(),
        unrouted_puts: 0,
    }
}

fn decode<T: DeserializeOwned>(kind: &str, entry: &Stored) -> Result<T, StoreError> {
    serde_json::from_slice(&entry.value).map_err(|error| corrupt(kind, &error.to_string()))
}

fn corrupt(kind: &str, reason: &str) -> StoreError {
    StoreError::Corrupt {
        kind: kind.to_owned(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_back() {
        let entries = [
            Entry {
                time_ms: 5,
                content: Content::Record(Record {
                    width: 3,
                    attributes_len: 2,
                    bytes: Bytes::from_static(b"abcd"),
                }),
            },
            Entry {
                time_ms: 6,
                content: Content::Batch(Batch {
                    records: 9,
                    bytes: Bytes::from_static(b""),
                }),
            },
        ];
        let encoded = encode_entries(entries.iter());
        assert_eq!(
            decode_entries(encoded.clone()).as_deref(),
            Some(&entries[..])
        );
        for cut in 1..21 {
            assert_eq!(decode_entries(encoded.slice(..cut)), None, "{cut}");
        }
    }
}
