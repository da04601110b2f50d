//! How the state is stored: one entry for each stream, partition, record and app.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;
use serde::de::DeserializeOwned;

use super::state::{App, Partition, PartitionInfo, Project, Record, Stream, StreamInfo};
use crate::store::{Change, Entry};

const STREAM: &str = "stream";
const PARTITION: &str = "partition";
const RECORD: &str = "record";
const APP: &str = "app";
const SECRET: &str = "secret";

/// A record as stored.
#[derive(Clone, PartialEq, Message)]
struct StoredRecord {
    #[prost(bytes = "bytes", tag = "1")]
    data: Bytes,
    #[prost(string, optional, tag = "2")]
    partition_key: Option<String>,
    #[prost(int64, tag = "3")]
    timestamp: i64,
    #[prost(int64, tag = "4")]
    arrived: i64,
}

/// Stores the description of a stream.
pub(crate) fn put_stream(project: &str, info: &StreamInfo) -> Change {
    put_json(STREAM, named(project, &info.id), info)
}

/// Stores a partition without its records.
pub(crate) fn put_partition(stream: &str, number: usize, info: PartitionInfo) -> Change {
    put_json(PARTITION, partition_key(stream, number), &info)
}

/// Stores a record.
pub(crate) fn put_record(
    stream: &str,
    number: usize,
    sequence_number: u64,
    record: &Record,
) -> Change {
    let stored = StoredRecord {
        data: record.data.clone(),
        partition_key: record.partition_key.clone(),
        timestamp: record.timestamp,
        arrived: record.arrived,
    };
    Change::Put {
        kind: RECORD,
        key: record_key(stream, number, sequence_number),
        value: stored.encode_to_vec().into(),
    }
}

/// Removes a record.
pub(crate) fn delete_record(stream: &str, number: usize, sequence_number: u64) -> Change {
    Change::Delete {
        kind: RECORD,
        key: record_key(stream, number, sequence_number),
    }
}

/// Removes a stream with everything in it.
pub(crate) fn delete_stream(project: &str, stream: &str) -> Vec<Change> {
    vec![
        Change::Delete {
            kind: STREAM,
            key: named(project, stream),
        },
        Change::DeletePrefix {
            kind: PARTITION,
            prefix: ended(stream),
        },
        Change::DeletePrefix {
            kind: RECORD,
            prefix: ended(stream),
        },
    ]
}

/// Stores an app with its checkpoints.
pub(crate) fn put_app(project: &str, app: &App) -> Change {
    put_json(APP, named(project, &app.name), app)
}

/// Removes an app.
pub(crate) fn delete_app(project: &str, name: &str) -> Change {
    Change::Delete {
        kind: APP,
        key: named(project, name),
    }
}

/// Stores the secret that cursors are signed with.
pub(crate) fn put_secret(secret: [u8; 32]) -> Change {
    Change::Put {
        kind: SECRET,
        key: Vec::new(),
        value: Bytes::copy_from_slice(&secret),
    }
}

/// What was stored.
#[derive(Default)]
pub(crate) struct Loaded {
    pub(crate) projects: BTreeMap<String, Box<Project>>,
    pub(crate) secret: Option<[u8; 32]>,
}

/// Rebuilds the state from what was stored; says which entry makes no sense.
pub(crate) fn load(entries: &[Entry]) -> Result<Loaded, String> {
    let mut partitions = Partitions::load(entries)?;
    let mut loaded = Loaded::default();
    for entry in entries {
        match entry.kind.as_str() {
            STREAM => {
                let info: StreamInfo = parse(entry)?;
                let stream = Stream {
                    partitions: partitions.take(&info.id),
                    info,
                    turn: 0,
                };
                let streams = &mut loaded.project(entry)?.streams;
                streams.insert(stream.info.name.clone(), Box::new(stream));
            }
            APP => {
                let app: App = parse(entry)?;
                let apps = &mut loaded.project(entry)?.apps;
                apps.insert(app.name.clone(), Box::new(app));
            }
            SECRET => {
                loaded.secret = Some(entry.value.as_ref().try_into().map_err(|_| broken(entry))?);
            }
            _ => {}
        }
    }
    Ok(loaded)
}

impl Loaded {
    /// The project that an entry belongs to.
    fn project(&mut self, entry: &Entry) -> Result<&mut Project, String> {
        Ok(self.projects.entry(project_of(entry)?).or_default())
    }
}

/// Partitions with their records by key, until their streams take them.
struct Partitions(BTreeMap<Vec<u8>, Partition>);

impl Partitions {
    fn load(entries: &[Entry]) -> Result<Self, String> {
        let mut partitions = BTreeMap::new();
        for entry in entries.iter().filter(|entry| entry.kind == PARTITION) {
            let partition = Partition {
                info: parse(entry)?,
                ..Partition::default()
            };
            partitions.insert(entry.key.clone(), partition);
        }
        for entry in entries.iter().filter(|entry| entry.kind == RECORD) {
            let (partition, _) = entry
                .key
                .split_last_chunk::<8>()
                .ok_or_else(|| broken(entry))?;
            let stored = StoredRecord::decode(entry.value.clone()).map_err(|_| broken(entry))?;
            let partition = partitions.get_mut(partition).ok_or_else(|| broken(entry))?;
            partition.records.push_back(Record {
                data: stored.data,
                partition_key: stored.partition_key,
                timestamp: stored.timestamp,
                arrived: stored.arrived,
            });
        }
        let too_many = |partition: &Partition| partition.records.len() as u64 > partition.info.next;
        if partitions.values().any(too_many) {
            return Err("a partition has more records than numbers".to_owned());
        }
        Ok(Self(partitions))
    }

    /// Takes out the partitions of a stream in their order.
    fn take(&mut self, stream: &str) -> Vec<Partition> {
        let prefix = ended(stream);
        let mut taken = Vec::new();
        while let Some(key) = self.first_key(&prefix) {
            taken.extend(self.0.remove(&key));
        }
        taken
    }

    fn first_key(&self, prefix: &[u8]) -> Option<Vec<u8>> {
        let (key, _) = self.0.range(prefix.to_vec()..).next()?;
        key.starts_with(prefix).then(|| key.clone())
    }
}

fn put_json(kind: &'static str, key: Vec<u8>, value: &impl serde::Serialize) -> Change {
    // Only maps with keys that are not text can fail, and there are none.
    let value = serde_json::to_vec(value).unwrap_or_default().into();
    Change::Put { kind, key, value }
}

fn ended(text: &str) -> Vec<u8> {
    let mut key = text.as_bytes().to_vec();
    key.push(0);
    key
}

fn named(project: &str, name: &str) -> Vec<u8> {
    let mut key = ended(project);
    key.extend_from_slice(name.as_bytes());
    key
}

fn partition_key(stream: &str, number: usize) -> Vec<u8> {
    let mut key = ended(stream);
    key.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
    key
}

fn record_key(stream: &str, number: usize, sequence_number: u64) -> Vec<u8> {
    let mut key = partition_key(stream, number);
    key.extend_from_slice(&sequence_number.to_be_bytes());
    key
}

fn project_of(entry: &Entry) -> Result<String, String> {
    let end = entry
        .key
        .iter()
        .position(|byte| *byte == 0)
        .ok_or_else(|| broken(entry))?;
    String::from_utf8(entry.key[..end].to_vec()).map_err(|_| broken(entry))
}

fn parse<T: DeserializeOwned>(entry: &Entry) -> Result<T, String> {
    serde_json::from_slice(&entry.value).map_err(|_| broken(entry))
}

fn broken(entry: &Entry) -> String {
    format!("an entry of kind {} cannot be read", entry.kind)
}
