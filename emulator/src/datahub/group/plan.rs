//! Who reads which shard of a subscription, as a function of events and times.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// How long after its session timeout a silent member still counts as there, in milliseconds. Official clients
/// send heartbeats of a 6-second session every 5 seconds.
const GRACE_MS: i64 = 3000;

/// The members of a consumer group and the shards that each of them holds.
///
/// A shard changes hands in two steps: it leaves the plan of its holder, who learns of it with a heartbeat; and it
/// goes to another member once the holder has released it, is gone, or has had a session timeout for it.
#[derive(Default)]
pub(in crate::datahub) struct Group {
    /// By number, in the order in which they joined.
    members: BTreeMap<u64, Member>,
    /// By shard.
    holdings: BTreeMap<u32, Holding>,
    /// Shards and the members that are to read them, when the plan was last made.
    plan: Vec<(u32, u64)>,
    plan_version: i64,
    /// Counts resets of offsets.
    epoch: u64,
}

struct Member {
    timeout_ms: i64,
    /// When it counts as gone unless it is heard of.
    deadline_ms: i64,
    /// The epoch in which it joined.
    epoch: u64,
    /// Whether it was told to join again, and so reads nothing.
    dismissed: bool,
}

struct Holding {
    member: u64,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// In the plan of the member, who has not been told yet.
    Planned,
    /// In the plan of the member, who may read it.
    Read,
    /// No longer in the plan of the member, who has not been told yet.
    Withdrawn,
    /// No longer in the plan of the member, who was told at that time and has not released it yet.
    Leaving(i64),
}

impl Stage {
    fn is_planned(self) -> bool {
        matches!(self, Self::Planned | Self::Read)
    }
}

/// Why a member is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::datahub) enum Refusal {
    /// It never joined, left, or was not heard of for too long.
    Unknown,
    /// Offsets were reset since it joined.
    Reset,
}

impl Group {
    /// Adds a member under a number that no member had before.
    pub(in crate::datahub) fn join(&mut self, number: u64, timeout_ms: i64, now_ms: i64) {
        self.expire(now_ms);
        let mut member = Member {
            timeout_ms,
            deadline_ms: 0,
            epoch: self.epoch,
            dismissed: false,
        };
        member.refresh(now_ms);
        self.members.insert(number, member);
    }

    /// Hears of a member. If offsets were reset since it joined, it is told so and loses its shards.
    pub(in crate::datahub) fn admit(&mut self, number: u64, now_ms: i64) -> Result<(), Refusal> {
        self.expire(now_ms);
        let member = self.members.get_mut(&number).ok_or(Refusal::Unknown)?;
        member.refresh(now_ms);
        if member.epoch == self.epoch {
            return Ok(());
        }
        member.dismissed = true;
        self.holdings.retain(|_, holding| holding.member != number);
        Err(Refusal::Reset)
    }

    /// Removes a member, whose shards are free from then on.
    pub(in crate::datahub) fn leave(&mut self, number: u64, now_ms: i64) -> Result<(), Refusal> {
        self.expire(now_ms);
        self.members.remove(&number).ok_or(Refusal::Unknown)?;
        self.holdings.retain(|_, holding| holding.member != number);
        Ok(())
    }

    /// Takes note that a member no longer reads a shard which left its plan.
    pub(in crate::datahub) fn release(&mut self, number: u64, shard: u32) {
        let released = self.holdings.get(&shard).is_some_and(|holding| {
            holding.member == number && matches!(holding.stage, Stage::Leaving(_))
        });
        if released {
            self.holdings.remove(&shard);
        }
    }

    /// Takes note that a closed shard was read to its end.
    pub(in crate::datahub) fn finish(&mut self, shard: u32) {
        self.holdings.remove(&shard);
    }

    /// Takes note that offsets were reset: all members have to join again.
    pub(in crate::datahub) fn reset(&mut self) {
        self.epoch += 1;
    }

    /// Gives every assignable shard to a member, as evenly as possible and with as few moves as possible.
    pub(in crate::datahub) fn plan(&mut self, assignable: &BTreeSet<u32>, now_ms: i64) {
        self.free_overdue(now_ms);
        self.withdraw_unassignable(assignable);
        let quotas = self.quotas(assignable.len());
        self.withdraw_excess(&quotas);
        self.assign_free(assignable, &quotas);
        let plan: Vec<(u32, u64)> = self
            .holdings
            .iter()
            .filter(|(_, holding)| holding.stage.is_planned())
            .map(|(shard, holding)| (*shard, holding.member))
            .collect();
        if plan != self.plan {
            self.plan = plan;
            self.plan_version += 1;
        }
    }

    /// Tells a member its shards according to the plan.
    pub(in crate::datahub) fn announce(&mut self, number: u64, now_ms: i64) -> Vec<u32> {
        let mut shards = Vec::new();
        for (shard, holding) in &mut self.holdings {
            if holding.member != number {
                continue;
            }
            match holding.stage {
                Stage::Planned | Stage::Read => {
                    holding.stage = Stage::Read;
                    shards.push(*shard);
                }
                Stage::Withdrawn => holding.stage = Stage::Leaving(now_ms),
                Stage::Leaving(_) => {}
            }
        }
        shards
    }

    /// Number of the plan. It grows with every change.
    pub(in crate::datahub) fn plan_version(&self) -> i64 {
        self.plan_version
    }

    /// The whole plan in words.
    pub(in crate::datahub) fn described(&self) -> String {
        let mut text = String::new();
        for (shard, member) in &self.plan {
            let separator = if text.is_empty() { "" } else { "," };
            // Writing into memory does not fail.
            let _ = write!(text, "{separator}{shard}:{member}");
        }
        text
    }

    fn expire(&mut self, now_ms: i64) {
        self.members.retain(|_, member| now_ms < member.deadline_ms);
        let members = &self.members;
        self.holdings
            .retain(|_, holding| members.contains_key(&holding.member));
    }

    fn free_overdue(&mut self, now_ms: i64) {
        let members = &self.members;
        self.holdings.retain(
            |_, holding| match (holding.stage, members.get(&holding.member)) {
                (Stage::Leaving(since), Some(member)) => {
                    now_ms.saturating_sub(since) < member.timeout_ms
                }
                _ => true,
            },
        );
    }

    /// Takes shards back that nobody may read now; all others are as the members know them.
    fn withdraw_unassignable(&mut self, assignable: &BTreeSet<u32>) {
        self.holdings
            .retain(|shard, holding| holding.stage != Stage::Planned || assignable.contains(shard));
        for (shard, holding) in &mut self.holdings {
            match holding.stage {
                Stage::Read if !assignable.contains(shard) => holding.stage = Stage::Withdrawn,
                Stage::Withdrawn if assignable.contains(shard) => holding.stage = Stage::Read,
                _ => {}
            }
        }
    }

    /// How many shards each member is to have: the larger shares go to those who have most.
    fn quotas(&self, shards: usize) -> BTreeMap<u64, usize> {
        let mut counts: Vec<(Reverse<usize>, u64)> = self
            .members
            .iter()
            .filter(|(_, member)| !member.dismissed)
            .map(|(number, _)| (Reverse(self.count(*number)), *number))
            .collect();
        counts.sort_unstable();
        let members = counts.len().max(1);
        let quota = |at: usize| shards / members + usize::from(at < shards % members);
        counts
            .iter()
            .enumerate()
            .map(|(at, (_, number))| (*number, quota(at)))
            .collect()
    }

    /// Shards in the plan of a member.
    fn count(&self, number: u64) -> usize {
        self.holdings
            .values()
            .filter(|holding| holding.member == number && holding.stage.is_planned())
            .count()
    }

    fn withdraw_excess(&mut self, quotas: &BTreeMap<u64, usize>) {
        for (number, quota) in quotas {
            let mut planned: Vec<(bool, u32)> = self
                .holdings
                .iter()
                .filter(|(_, holding)| holding.member == *number && holding.stage.is_planned())
                .map(|(shard, holding)| (holding.stage == Stage::Planned, *shard))
                .collect();
            // Those come last, and so go first, that the member does not know of.
            planned.sort_unstable();
            for (unknown, shard) in planned.split_off(planned.len().min(*quota)) {
                if unknown {
                    self.holdings.remove(&shard);
                } else if let Some(holding) = self.holdings.get_mut(&shard) {
                    holding.stage = Stage::Withdrawn;
                }
            }
        }
    }

    fn assign_free(&mut self, assignable: &BTreeSet<u32>, quotas: &BTreeMap<u64, usize>) {
        let mut counts: BTreeMap<u64, usize> = quotas
            .keys()
            .map(|number| (*number, self.count(*number)))
            .collect();
        for shard in assignable {
            if self.holdings.contains_key(shard) {
                continue;
            }
            let poorest = counts
                .iter_mut()
                .filter(|(number, count)| **count < quotas[*number])
                .min_by_key(|(_, count)| **count);
            let Some((number, count)) = poorest else {
                return;
            };
            *count += 1;
            let holding = Holding {
                member: *number,
                stage: Stage::Planned,
            };
            self.holdings.insert(*shard, holding);
        }
    }
}

impl Member {
    fn refresh(&mut self, now_ms: i64) {
        self.deadline_ms = now_ms
            .saturating_add(self.timeout_ms)
            .saturating_add(GRACE_MS);
    }
}

#[cfg(test)]
mod scenarios;

#[cfg(test)]
mod any_events;
