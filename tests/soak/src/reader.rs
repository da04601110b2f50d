//! Workers that read a shard to its end and commit how far they came.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hubstream::datahub::{
    CursorType, DataHub, GetBlobRecords, GetCursor, GetSubscriptionOffset, GetTupleRecords,
    InitAndGetSubscriptionOffset, OffsetWithSession, UpdateSubscriptionOffset,
};
use hubstream::dis::{self, DisClient};
use hubstream::error::Result as Called;
use hubstream::record::{RecordBatch, RecordSchema};
use indexmap::IndexMap;
use tokio::sync::watch;

use crate::Failure;
use crate::account::Found;
use crate::record;
use crate::round::{APP, PROJECT, STREAM, insist, is_passing};

/// After so many pages a reader commits.
const PAGES_PER_COMMIT: u64 = 4;

/// What a reader of one shard goes by.
pub(crate) struct Signals {
    /// All puts are done: an empty page is the end.
    pub(crate) done: Arc<AtomicBool>,
    /// Changes with every put.
    pub(crate) puts: watch::Receiver<u64>,
}

/// What a reader did.
#[derive(Default)]
pub(crate) struct Read {
    pub(crate) found: Found,
    pub(crate) gets: u64,
    pub(crate) commits: u64,
}

/// One shard of a topic, or one partition of a stream.
pub(crate) enum Source {
    Topic {
        hub: DataHub,
        topic: &'static str,
        shard: String,
        schema: Option<Arc<RecordSchema>>,
        subscription: String,
    },
    Stream {
        client: DisClient,
        partition: String,
    },
}

impl Source {
    /// Reads everything that is put until the signal that no more is put.
    pub(crate) async fn read(self, mut signals: Signals) -> Result<Read, Failure> {
        let mut read = Read::default();
        let mut cursor = insist(|| self.oldest()).await?;
        let mut session = self.open().await?;
        let mut last = None;
        loop {
            let done = signals.done.load(Ordering::SeqCst);
            signals.puts.borrow_and_update();
            let (records, next) = match self.page(&cursor).await {
                Ok(page) => page,
                Err(error) if is_passing(&error) => continue,
                Err(error) => return Err(error.into()),
            };
            read.gets += 1;
            cursor = next;
            for record in &records {
                read.found.add(record::origin(&record)?)?;
                last = Some(record.sequence());
            }
            if let Some(last) = last
                && (done || read.gets.is_multiple_of(PAGES_PER_COMMIT))
            {
                self.commit(&mut session, last).await?;
                read.commits += 1;
            }
            if records.is_empty() && done {
                if let Some(last) = last {
                    self.check_commit(last).await?;
                }
                return Ok(read);
            }
            if records.is_empty() {
                // A sender that is gone has no more to tell than that it is done.
                let _ = signals.puts.changed().await;
            }
        }
    }

    async fn oldest(&self) -> Called<String> {
        match self {
            Self::Topic {
                hub, topic, shard, ..
            } => {
                let get = GetCursor::new(PROJECT, *topic, shard, CursorType::Oldest);
                Ok(hub.get_cursor(get).await?.cursor)
            }
            Self::Stream { client, partition } => {
                let get = dis::GetCursor::new(STREAM, partition)
                    .cursor_type(dis::CursorType::TrimHorizon);
                Ok(client.get_cursor(get).await?.partition_cursor)
            }
        }
    }

    async fn page(&self, cursor: &str) -> Called<(RecordBatch, String)> {
        match self {
            Self::Topic {
                hub,
                topic,
                shard,
                schema: Some(schema),
                ..
            } => {
                let get = GetTupleRecords::new(PROJECT, *topic, shard)
                    .record_schema(Arc::clone(schema))
                    .cursor(cursor);
                let page = hub.get_tuple_records(get).await?;
                Ok((page.records, page.next_cursor))
            }
            Self::Topic {
                hub, topic, shard, ..
            } => {
                let page = hub
                    .get_blob_records(GetBlobRecords::new(PROJECT, *topic, shard, cursor))
                    .await?;
                Ok((page.records, page.next_cursor))
            }
            Self::Stream { client, .. } => {
                let page = client.get_records(dis::GetRecords::new(cursor)).await?;
                Ok((page.records, page.next_partition_cursor))
            }
        }
    }

    /// Opens a session to commit in; nothing for streams, which have none.
    async fn open(&self) -> Result<Option<OffsetWithSession>, Failure> {
        let Self::Topic {
            hub,
            topic,
            shard,
            subscription,
            ..
        } = self
        else {
            return Ok(None);
        };
        let opened = insist(|| async {
            let shards = vec![shard.clone()];
            hub.init_and_get_subscription_offset(InitAndGetSubscriptionOffset::new(
                PROJECT,
                *topic,
                subscription,
                shards,
            ))
            .await
        });
        let mut offsets = opened.await?.offsets;
        Ok(Some(
            offsets
                .swap_remove(shard)
                .ok_or("no offset of the shard that was opened")?,
        ))
    }

    async fn commit(
        &self,
        session: &mut Option<OffsetWithSession>,
        sequence: i64,
    ) -> Result<(), Failure> {
        match self {
            Self::Topic {
                hub,
                topic,
                shard,
                subscription,
                ..
            } => {
                let offset = session.as_mut().ok_or("no session")?;
                offset.sequence = sequence;
                offset.timestamp = sequence;
                insist(|| async {
                    let offsets: IndexMap<_, _> =
                        [(shard.clone(), offset.clone())].into_iter().collect();
                    hub.update_subscription_offset(UpdateSubscriptionOffset::new(
                        PROJECT,
                        *topic,
                        subscription,
                        offsets,
                    ))
                    .await
                })
                .await
            }
            Self::Stream { client, partition } => {
                insist(|| async {
                    let commit =
                        dis::CommitCheckpoint::new(APP, STREAM, partition, sequence.to_string());
                    client.commit_checkpoint(commit).await
                })
                .await
            }
        }
    }

    /// What was committed last is what is kept, and is where a cursor leads to.
    async fn check_commit(&self, sequence: i64) -> Result<(), Failure> {
        let kept = match self {
            Self::Topic {
                hub,
                topic,
                shard,
                subscription,
                ..
            } => {
                let kept = insist(|| async {
                    let get = GetSubscriptionOffset::new(PROJECT, *topic, subscription)
                        .shard_ids(vec![shard.clone()]);
                    hub.get_subscription_offset(get).await
                });
                let kept = kept.await?.offsets.get(shard).map(|offset| offset.sequence);
                let cursor = insist(|| async {
                    let get = GetCursor::new(PROJECT, *topic, shard, CursorType::Sequence)
                        .param(sequence);
                    hub.get_cursor(get).await
                });
                if cursor.await?.sequence != sequence {
                    return Err(format!("a cursor does not lead to {sequence}").into());
                }
                kept
            }
            Self::Stream { client, partition } => {
                let kept = insist(|| async {
                    let get = dis::GetCheckpoint::new(APP, STREAM, partition);
                    client.get_checkpoint(get).await
                });
                kept.await?.sequence_number.parse().ok()
            }
        };
        if kept == Some(sequence) {
            Ok(())
        } else {
            Err(format!("{sequence} was committed and {kept:?} is kept").into())
        }
    }
}
