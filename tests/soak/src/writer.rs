//! Workers that put records, each in one way, one put after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hubstream::datahub::{DataHub, PutRecords, PutRecordsByShard};
use hubstream::dis::{self, DisClient};
use hubstream::record::{RecordBatchBuilder, RecordSchema};
use tokio::sync::watch;

use crate::Failure;
use crate::account::{Put, Puts};
use crate::record;
use crate::round::{PROJECT, SHARDS, STREAM, is_passing};

/// Most records of a put.
const RECORDS: u16 = 20;

/// Where a writer puts, and through what.
#[derive(Clone)]
pub(crate) enum Way {
    /// Records of one put spread over the shards of a topic.
    Topic(DataHub, &'static str),
    /// All records of a put go to one shard.
    Shard(DataHub, &'static str),
    /// To a stream of DIS.
    Stream(DisClient),
}

/// A worker that puts.
pub(crate) struct Writer {
    pub(crate) number: u16,
    pub(crate) way: Way,
    /// The columns of the topic; nothing for blobs.
    pub(crate) schema: Option<Arc<RecordSchema>>,
}

impl Writer {
    /// Puts until it is told to stop; tells readers of every put.
    pub(crate) async fn work(
        self,
        mut random: fastrand::Rng,
        stop: Arc<AtomicBool>,
        told: watch::Sender<u64>,
    ) -> Result<Puts, Failure> {
        let mut puts = Puts::new();
        let mut number = 0;
        while !stop.load(Ordering::SeqCst) {
            let records = random.u16(1..=RECORDS);
            let acknowledged = self.put(number, records, &mut random).await?;
            puts.insert(
                (self.number, number),
                Put {
                    records,
                    acknowledged,
                },
            );
            number += 1;
            told.send_modify(|count| *count += 1);
        }
        Ok(puts)
    }

    /// Makes one put; `false` if it failed in a way that faults explain.
    async fn put(
        &self,
        number: u32,
        count: u16,
        random: &mut fastrand::Rng,
    ) -> Result<bool, Failure> {
        let routing = random.u8(..3);
        let mut route = |builder: &mut RecordBatchBuilder| -> Result<(), Failure> {
            match (&self.way, routing) {
                (Way::Shard(..), _) | (_, 0) => {}
                (_, 1) => builder.set_shard_id(&random.usize(..SHARDS).to_string())?,
                _ => builder.set_partition_key(&random.u8(..).to_string())?,
            }
            if matches!(self.way, Way::Stream(_)) {
                return if routing == 0 {
                    Ok(builder.set_partition_key("k")?)
                } else {
                    Ok(())
                };
            }
            if random.u8(..4) == 0 {
                builder.set_attributes([("kind", "soak")])?;
            }
            Ok(())
        };
        let records = record::batch(self.schema.as_ref(), self.number, number, count, &mut route)?;
        let failed = match &self.way {
            Way::Topic(hub, topic) => {
                let put = hub
                    .put_records(PutRecords::new(PROJECT, *topic, records))
                    .await;
                put.map(|result| result.failed_record_count)
            }
            Way::Shard(hub, topic) => {
                let shard = random.usize(..SHARDS).to_string();
                let put = PutRecordsByShard::new(PROJECT, *topic, shard, records);
                let put = hub.put_records_by_shard(put).await;
                put.map(|result| result.failed_record_count)
            }
            Way::Stream(client) => {
                let put = client
                    .put_records(dis::PutRecords::new(STREAM, records))
                    .await;
                put.map(|result| result.failed_record_count)
            }
        };
        match failed {
            Ok(0) => Ok(true),
            Ok(count) => Err(format!("{count} records of a put were refused").into()),
            Err(error) if is_passing(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
