//! The records of one shard, in order.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::room::give_back;

/// What a shard holds, oldest first.
#[derive(Default)]
pub(super) struct Log {
    entries: VecDeque<Entry>,
    /// First sequence and length of every stored run of entries, oldest first.
    runs: VecDeque<Run>,
    next_sequence: i64,
    last_ms: i64,
    bytes: u64,
}

/// One sequence number: a record, or a batch of records that share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Time of arrival in milliseconds, never before that of an earlier entry.
    pub(super) time_ms: i64,
    pub(super) content: Content,
}

/// What an entry holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Record(Record),
    Batch(Batch),
}

/// A record, encoded so that a protobuf reply takes it over as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Number of its values.
    pub(super) width: u32,
    /// How many of the bytes are the attributes; the values follow.
    pub(super) attributes_len: u32,
    /// The fields `attributes` and `data` of a protobuf record entry.
    pub(super) bytes: Bytes,
}

/// A batch as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    /// Number of its records.
    pub(super) records: u32,
    pub(super) bytes: Bytes,
}

/// Entries that were appended, and are stored, together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: i64,
    pub(super) count: i64,
}

impl Content {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Record(record) => record.bytes.len(),
            Self::Batch(batch) => batch.bytes.len(),
        }
    }
}

impl Log {
    /// A log without entries that goes on from `next_sequence`.
    pub(super) fn resume(next_sequence: i64, last_ms: i64) -> Self {
        Self {
            next_sequence,
            last_ms,
            ..Self::default()
        }
    }

    /// Sequence of the oldest entry, or of the next one if there is none.
    pub(super) fn first_sequence(&self) -> i64 {
        self.next_sequence - self.entries.len() as i64
    }

    /// Sequence that the next entry will get.
    pub(super) fn next_sequence(&self) -> i64 {
        self.next_sequence
    }

    /// Time of the last entry that was ever written; 0 if there was none.
    pub(super) fn last_ms(&self) -> i64 {
        self.last_ms
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of all entries.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn get(&self, sequence: i64) -> Option<&Entry> {
        let index = sequence.checked_sub(self.first_sequence())?;
        self.entries.get(usize::try_from(index).ok()?)
    }

    /// Entries from a sequence on.
    pub(super) fn from(&self, sequence: i64) -> impl Iterator<Item = (i64, &Entry)> {
        let first = self.first_sequence();
        let start = usize::try_from(sequence - first)
            .unwrap_or(0)
            .min(self.entries.len());
        self.entries
            .range(start..)
            .enumerate()
            .map(move |(index, entry)| (first + (start + index) as i64, entry))
    }

    /// Sequence of the first entry that did not arrive before `time_ms`, or the next one.
    pub(super) fn sequence_at(&self, time_ms: i64) -> i64 {
        self.first_sequence()
            + self
                .entries
                .partition_point(|entry| entry.time_ms < time_ms) as i64
    }

    /// Appends entries that arrive together and returns the run that they form.
    pub(super) fn append(
        &mut self,
        contents: impl IntoIterator<Item = Content>,
        now_ms: i64,
    ) -> Run {
        let time_ms = now_ms.max(self.last_ms);
        let first = self.next_sequence;
        self.extend(
            contents
                .into_iter()
                .map(|content| Entry { time_ms, content }),
        );
        let run = Run {
            first,
            count: self.next_sequence - first,
        };
        if run.count > 0 {
            self.runs.push_back(run);
        }
        run
    }

    /// Takes over a stored run.
    pub(super) fn restore(&mut self, first: i64, entries: Vec<Entry>) {
        if self.entries.is_empty() {
            self.next_sequence = first;
        }
        self.runs.push_back(Run {
            first,
            count: entries.len() as i64,
        });
        self.extend(entries);
    }

    fn extend(&mut self, entries: impl IntoIterator<Item = Entry>) {
        for entry in entries {
            self.bytes += entry.content.len() as u64;
            self.last_ms = self.last_ms.max(entry.time_ms);
            self.next_sequence += 1;
            self.entries.push_back(entry);
        }
    }

    /// Forgets entries that arrived before `cutoff_ms` and returns the runs that are gone as a whole.
    pub(super) fn expire(&mut self, cutoff_ms: i64) -> Vec<Run> {
        while let Some(entry) = self.entries.front() {
            if entry.time_ms >= cutoff_ms {
                break;
            }
            self.bytes -= entry.content.len() as u64;
            self.entries.pop_front();
        }
        give_back(&mut self.entries);
        let first = self.first_sequence();
        let mut gone = Vec::new();
        while let Some(run) = self.runs.front() {
            if run.first + run.count > first {
                break;
            }
            gone.push(*run);
            self.runs.pop_front();
        }
        give_back(&mut self.runs);
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(text: &'static str) -> Content {
        Content::Record(Record {
            width: 1,
            attributes_len: 0,
            bytes: Bytes::from_static(text.as_bytes()),
        })
    }

    #[test]
    fn a_log_that_was_long_gives_its_room_back() {
        let mut log = Log::default();
        log.append((0..10_000).map(|_| blob("a")), 1000);
        log.append([blob("b")], 2000);
        log.expire(1000);
        assert!(log.entries.capacity() >= 10_001);
        log.expire(2000);
        assert!(log.entries.capacity() < 100, "{}", log.entries.capacity());
        assert_eq!(
            (log.first_sequence(), log.next_sequence()),
            (10_000, 10_001)
        );
        // Short ones are not worth the copy.
        log.expire(3000);
        assert!(log.is_empty() && log.entries.capacity() > 0);
    }

    #[test]
    fn sequences_are_consecutive_and_times_never_go_back() {
        let mut log = Log::default();
        assert_eq!(
            log.append([blob("a"), blob("b")], 1000),
            Run { first: 0, count: 2 }
        );
        assert_eq!(log.append([blob("c")], 900), Run { first: 2, count: 1 });
        assert_eq!(log.get(2).map(|entry| entry.time_ms), Some(1000));
        assert_eq!(
            log.from(1)
                .map(|(sequence, _)| sequence)
                .collect::<Vec<_>>(),
            [1, 2]
        );
        assert_eq!(
            (log.first_sequence(), log.next_sequence(), log.bytes()),
            (0, 3, 3)
        );
        assert_eq!(log.get(3), None);
        assert_eq!(log.get(-1), None);
    }

    #[test]
    fn entries_expire_and_their_sequences_are_never_reused() {
        let mut log = Log::default();
        log.append([blob("a"), blob("b")], 1000);
        log.append([blob("c")], 2000);
        log.append([blob("d")], 3000);
        assert_eq!(log.sequence_at(1500), 2);
        assert_eq!(
            log.expire(2500),
            [Run { first: 0, count: 2 }, Run { first: 2, count: 1 }]
        );
        assert_eq!(
            (log.first_sequence(), log.next_sequence(), log.bytes()),
            (3, 4, 1)
        );
        assert_eq!(log.expire(5000), [Run { first: 3, count: 1 }]);
        assert_eq!(
            (log.first_sequence(), log.next_sequence(), log.last_ms()),
            (4, 4, 3000)
        );
        assert_eq!(log.append([blob("e")], 6000).first, 4);
    }

    #[test]
    fn a_restored_log_goes_on() {
        let mut log = Log::resume(0, 0);
        let entry = Entry {
            time_ms: 5,
            content: blob("a"),
        };
        log.restore(7, vec![entry.clone(), entry]);
        assert_eq!(
            (log.first_sequence(), log.next_sequence(), log.last_ms()),
            (7, 9, 5)
        );
        let log = Log::resume(9, 5);
        assert_eq!(
            (log.first_sequence(), log.next_sequence(), log.last_ms()),
            (9, 9, 5)
        );
    }
}
