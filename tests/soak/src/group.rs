//! Two consumers that share the shards of a subscription, never one shard at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hubstream::datahub::{DataHub, HeartBeat, JoinGroup, LeaveGroup, SyncGroup};

use crate::Failure;
use crate::round::{PROJECT, TUPLES, insist};

/// How long a consumer may be silent, in milliseconds.
const SESSION_MS: i64 = 60_000;
/// After so many heartbeats the second consumer leaves and joins again.
const STAY: u64 = 25;

struct Consumer {
    id: String,
    version: i64,
    plan: i64,
    holds: Vec<String>,
}

/// Beats until it is told to stop; gives the number of group calls.
pub(crate) async fn work(
    hub: DataHub,
    group: String,
    stop: Arc<AtomicBool>,
) -> Result<u64, Failure> {
    let members = Members { hub, group };
    let (mut one, mut two) = (members.join().await?, members.join().await?);
    let mut beats: u64 = 0;
    while !stop.load(Ordering::SeqCst) {
        members.beat(&mut one).await?;
        apart(&one, &two)?;
        members.beat(&mut two).await?;
        apart(&one, &two)?;
        beats += 1;
        if beats.is_multiple_of(STAY) {
            members.leave(&two).await?;
            two = members.join().await?;
        }
    }
    members.leave(&one).await?;
    members.leave(&two).await?;
    Ok(beats)
}

fn apart(one: &Consumer, two: &Consumer) -> Result<(), Failure> {
    match one.holds.iter().find(|shard| two.holds.contains(shard)) {
        Some(shard) => Err(format!("two consumers of a group hold shard {shard}").into()),
        None => Ok(()),
    }
}

struct Members {
    hub: DataHub,
    group: String,
}

impl Members {
    async fn join(&self) -> Result<Consumer, Failure> {
        let joined = insist(|| {
            self.hub
                .join_group(JoinGroup::new(PROJECT, TUPLES, &self.group, SESSION_MS))
        })
        .await?;
        Ok(Consumer {
            id: joined.consumer_id,
            version: joined.version_id,
            plan: 0,
            holds: Vec::new(),
        })
    }

    async fn beat(&self, consumer: &mut Consumer) -> Result<(), Failure> {
        let beat = insist(|| {
            let holds = consumer.holds.clone();
            self.hub.heart_beat(HeartBeat::new(
                PROJECT,
                TUPLES,
                &self.group,
                &consumer.id,
                consumer.version,
                holds,
            ))
        });
        let beat = beat.await?;
        if beat.plan_version < consumer.plan {
            return Err(format!(
                "plan {} comes after plan {}",
                beat.plan_version, consumer.plan
            )
            .into());
        }
        consumer.plan = beat.plan_version;
        let before = std::mem::replace(&mut consumer.holds, beat.shard_list);
        let released: Vec<_> = before
            .into_iter()
            .filter(|shard| !consumer.holds.contains(shard))
            .collect();
        if !released.is_empty() {
            insist(|| {
                let sync = SyncGroup::new(
                    PROJECT,
                    TUPLES,
                    &self.group,
                    &consumer.id,
                    consumer.version,
                    released.clone(),
                );
                self.hub.sync_group(sync)
            })
            .await?;
        }
        Ok(())
    }

    async fn leave(&self, consumer: &Consumer) -> Result<(), Failure> {
        let left = insist(|| {
            let leave =
                LeaveGroup::new(PROJECT, TUPLES, &self.group, &consumer.id, consumer.version);
            self.hub.leave_group(leave)
        });
        match left.await {
            // A leave whose answer was lost may be repeated, and then there is nobody to leave.
            Err(failure) if failure.to_string().contains("NoSuchConsumer") => Ok(()),
            other => other,
        }
    }
}
