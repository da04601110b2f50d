//! What the service knows: streams with their partitions and records, and apps with their checkpoints.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use hubstream::dis::partition::{hash_range, partition_id, partition_index};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::Error;
use crate::room::give_back;

/// One tenant.
#[derive(Debug, Default)]
pub(crate) struct Project {
    /// Streams by name.
    pub(crate) streams: BTreeMap<String, Box<Stream>>,
    /// Apps by name.
    pub(crate) apps: BTreeMap<String, Box<App>>,
}

impl Project {
    /// Finds a stream by its name, or a text that is an id, or a separate id.
    pub(crate) fn stream(
        &mut self,
        name: Option<&str>,
        id: Option<&str>,
    ) -> Result<&mut Stream, Error> {
        let key = match name {
            Some(name) if self.streams.contains_key(name) => Some(name.to_owned()),
            _ => self
                .streams
                .values()
                .find(|stream| {
                    Some(stream.info.id.as_str()) == id || Some(stream.info.id.as_str()) == name
                })
                .map(|stream| stream.info.name.clone()),
        };
        key.and_then(|key| self.streams.get_mut(&key))
            .map(AsMut::as_mut)
            .ok_or_else(Error::no_stream)
    }

    /// Finds a stream by its id alone.
    pub(crate) fn stream_by_id(&mut self, id: &str) -> Result<&mut Stream, Error> {
        self.streams
            .values_mut()
            .find(|stream| stream.info.id == id)
            .map(AsMut::as_mut)
            .ok_or_else(Error::no_stream)
    }

    /// Finds an app.
    pub(crate) fn app(&mut self, name: &str) -> Result<&mut App, Error> {
        let app = self.apps.get_mut(name);
        app.map(AsMut::as_mut).ok_or_else(Error::no_app)
    }

    /// The names of the streams that an app has checkpoints on, in order.
    pub(crate) fn checkpoint_streams(&self, app: &App) -> Vec<String> {
        self.streams
            .values()
            .filter(|stream| app.checkpoints.contains_key(&stream.info.id))
            .map(|stream| stream.info.name.clone())
            .collect()
    }
}

/// A key with a value, for billing and grouping.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tag {
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) value: String,
}

/// One change of the number of partitions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scaling {
    pub(crate) create_timestamp: i64,
    pub(crate) src_partition_count: u32,
    pub(crate) target_partition_count: u32,
    pub(crate) result_code: i32,
    pub(crate) auto_scale: bool,
}

/// The description of a stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct StreamInfo {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created: i64,
    pub(crate) modified: i64,
    pub(crate) retention_hours: u32,
    pub(crate) stream_type: String,
    pub(crate) data_type: String,
    pub(crate) data_schema: Option<String>,
    pub(crate) compression_format: Option<String>,
    pub(crate) csv_properties: Option<Value>,
    pub(crate) auto_scale_enabled: bool,
    pub(crate) auto_scale_min: u32,
    pub(crate) auto_scale_max: u32,
    pub(crate) tags: Vec<Tag>,
    pub(crate) sys_tags: Vec<Tag>,
    pub(crate) scalings: Vec<Scaling>,
}

impl StreamInfo {
    /// How long records are kept, in milliseconds.
    pub(crate) fn retention_ms(&self) -> i64 {
        i64::from(self.retention_hours) * 3_600_000
    }
}

/// A stream.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) info: StreamInfo,
    pub(crate) partitions: Vec<Partition>,
    /// Where the next record without key and partition goes.
    pub(crate) turn: usize,
}

/// The state of a partition as users see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartitionStatus {
    Active,
    Deleted,
    Expired,
}

impl PartitionStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Deleted => "DELETED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// What is stored of a partition beside its records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartitionInfo {
    /// The sequence number of the next record.
    pub(crate) next: u64,
    /// When the partition was closed for writing.
    pub(crate) closed: Option<i64>,
}

/// A partition. Sequence numbers are contiguous, so the first one follows from the number of records.
#[derive(Debug, Default)]
pub(crate) struct Partition {
    pub(crate) info: PartitionInfo,
    pub(crate) records: VecDeque<Record>,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) data: Bytes,
    pub(crate) partition_key: Option<String>,
    /// The time that readers see.
    pub(crate) timestamp: i64,
    /// The time that retention goes by.
    pub(crate) arrived: i64,
}

impl Partition {
    /// The sequence number of the oldest record, or of the next one if there is none.
    pub(crate) fn first(&self) -> u64 {
        self.info.next - self.records.len() as u64
    }

    /// The record with a sequence number.
    pub(crate) fn records_from(
        &self,
        sequence_number: u64,
    ) -> impl Iterator<Item = (u64, &Record)> {
        let skip =
            usize::try_from(sequence_number.saturating_sub(self.first())).unwrap_or(usize::MAX);
        let first = self.first();
        self.records
            .iter()
            .enumerate()
            .skip(skip)
            .map(move |(index, record)| (first + index as u64, record))
    }
}

impl Stream {
    /// The numbers of the partitions that can be written to, in order.
    pub(crate) fn active(&self) -> Vec<usize> {
        (0..self.partitions.len())
            .filter(|number| self.partitions[*number].info.closed.is_none())
            .collect()
    }

    /// The state of a partition at a time.
    pub(crate) fn status(&self, number: usize, now: i64) -> PartitionStatus {
        match self.partitions[number].info.closed {
            None => PartitionStatus::Active,
            Some(closed) if closed + self.info.retention_ms() <= now => PartitionStatus::Expired,
            Some(_) => PartitionStatus::Deleted,
        }
    }

    /// The partition of a number, unless it does not exist or has expired.
    pub(crate) fn readable(&self, number: u32, now: i64) -> Result<&Partition, Error> {
        let index = number as usize;
        let partition = self.partitions.get(index).ok_or_else(Error::no_partition)?;
        match self.status(index, now) {
            PartitionStatus::Expired => Err(Error::partition_expired()),
            _ => Ok(partition),
        }
    }

    /// The partition that takes records with a hash.
    pub(crate) fn by_hash(&self, hash: u64) -> Option<usize> {
        let active = self.active();
        let index = partition_index(hash, u32::try_from(active.len()).unwrap_or(u32::MAX));
        active.get(index as usize).copied()
    }

    /// The hash range of a partition as text.
    pub(crate) fn hash_range(&self, number: usize) -> String {
        let active = self.active();
        match active.iter().position(|other| *other == number) {
            None => "[-1 : -1]".to_owned(),
            Some(index) => {
                let count = u32::try_from(active.len()).unwrap_or(u32::MAX);
                let (first, last) = hash_range(u32::try_from(index).unwrap_or(u32::MAX), count);
                format!("[{first} : {last}]")
            }
        }
    }

    /// The long id of a partition.
    pub(crate) fn partition_id(number: usize) -> String {
        partition_id(u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// Forgets the records whose retention time is over; returns partition and sequence number of each.
    pub(crate) fn trim(&mut self, now: i64) -> Vec<(usize, u64)> {
        let horizon = now.saturating_sub(self.info.retention_ms());
        let mut trimmed = Vec::new();
        for (number, partition) in self.partitions.iter_mut().enumerate() {
            while partition
                .records
                .front()
                .is_some_and(|record| record.arrived <= horizon)
            {
                trimmed.push((number, partition.first()));
                partition.records.pop_front();
            }
            give_back(&mut partition.records);
        }
        trimmed
    }
}

/// A consumer application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created: i64,
    /// Checkpoints by stream id and partition number.
    pub(crate) checkpoints: BTreeMap<String, BTreeMap<u32, Checkpoint>>,
}

/// How far an app has come in a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    pub(crate) sequence_number: String,
    pub(crate) metadata: String,
}

/// A new id: 19 letters and digits.
pub(crate) fn new_id() -> String {
    std::iter::repeat_with(fastrand::alphanumeric)
        .take(19)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(count: usize) -> Stream {
        Stream {
            info: StreamInfo {
                retention_hours: 24,
                ..StreamInfo::default()
            },
            partitions: (0..count).map(|_| Partition::default()).collect(),
            turn: 0,
        }
    }

    #[test]
    fn closed_partitions_own_no_hashes() {
        let mut stream = stream(3);
        stream.partitions[1].info.closed = Some(0);
        assert_eq!(stream.hash_range(1), "[-1 : -1]");
        assert_eq!(stream.hash_range(0), "[0 : 4611686018427387902]");
        assert_eq!(
            stream.hash_range(2),
            "[4611686018427387903 : 9223372036854775807]"
        );
        assert_eq!(stream.by_hash(u64::MAX >> 1), Some(2));
        assert_eq!(
            stream.status(1, 24 * 3_600_000 - 1),
            PartitionStatus::Deleted
        );
        assert_eq!(stream.status(1, 24 * 3_600_000), PartitionStatus::Expired);
    }

    #[test]
    fn trimming_moves_the_first_number() {
        let mut stream = stream(1);
        for arrived in [0, 1, 5] {
            let record = Record {
                data: Bytes::new(),
                partition_key: None,
                timestamp: arrived,
                arrived,
            };
            stream.partitions[0].records.push_back(record);
            stream.partitions[0].info.next += 1;
        }
        assert_eq!(stream.trim(24 * 3_600_000 + 1), [(0, 0), (0, 1)]);
        assert_eq!(stream.partitions[0].first(), 2);
        let left: Vec<u64> = stream.partitions[0]
            .records_from(0)
            .map(|(number, _)| number)
            .collect();
        assert_eq!(left, [2]);
    }
}
