//! Calls of consumer groups: join, heartbeat, sync, leave.

mod plan;

use std::collections::BTreeSet;

use serde_json::json;

use super::call::{Call, Reply};
use super::error::Error;
use super::journal::Journal;
use super::members::Members;
use super::state::{State, Subscription, Topic};
pub(super) use plan::Group;
use plan::Refusal;

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown => Self::no_such_consumer(),
            Refusal::Reset => Self::offset_reset(),
        }
    }
}

impl Topic {
    /// The shards that may be consumed now by one who has read some to their end: a shard comes after its parents,
    /// unless they are forgotten.
    fn assignable(&self, read_end: &BTreeSet<u32>, now_ms: i64) -> BTreeSet<u32> {
        let done =
            |id: u32| read_end.contains(&id) || !self.remembers(&self.shards[id as usize], now_ms);
        let shards = self.shards.iter().map(|shard| &shard.meta);
        shards
            .filter(|meta| !done(meta.id))
            .filter(|meta| meta.parents.iter().all(|parent| done(*parent)))
            .map(|meta| meta.id)
            .collect()
    }

    /// The shards that a member of the body names, forgotten ones included.
    fn named_shards(
        &self,
        call: &Call<'_>,
        body: &Members,
        member: &str,
    ) -> Result<Vec<u32>, Error> {
        let names = body.texts(member)?;
        let shards = names
            .iter()
            .map(|name| self.shard_ever(call, name).map(|index| index as u32));
        shards.collect()
    }

    /// The closed ones of the shards that a consumer says to have read to their end.
    fn finished_shards(&self, call: &Call<'_>, body: &Members) -> Result<Vec<u32>, Error> {
        let mut shards = self.named_shards(call, body, "ReadEndShardList")?;
        shards.retain(|shard| !self.shards[*shard as usize].is_active());
        Ok(shards)
    }
}

impl Subscription {
    fn expect_online(&self) -> Result<(), Error> {
        if self.meta.online {
            Ok(())
        } else {
            Err(Error::subscription_offline())
        }
    }

    /// The number of the consumer that calls.
    fn consumer(&self, body: &Members) -> Result<u64, Error> {
        let id = body.required_text("ConsumerId")?;
        let version = body.required_integer("VersionId")?;
        let number = id
            .strip_prefix(self.meta.id.as_str())
            .and_then(|rest| rest.strip_prefix('-'))
            .and_then(|number| number.parse::<u64>().ok())
            .filter(|number| i64::try_from(*number) == Ok(version));
        number.ok_or_else(Error::no_such_consumer)
    }

    /// Takes note of shards that were read to their end.
    fn finish(&mut self, shards: &[u32], incarnation: u64, journal: &mut Journal) {
        let known = self.meta.read_end.len();
        self.meta.read_end.extend(shards);
        for shard in shards {
            self.group.finish(*shard);
        }
        if self.meta.read_end.len() > known {
            journal.put_subscription(incarnation, &self.meta);
        }
    }

    /// Takes note that the offsets of shards were reset, so that they are to be read again.
    pub(super) fn restart(&mut self, shards: &[u32], incarnation: u64, journal: &mut Journal) {
        if shards.is_empty() {
            return;
        }
        self.group.reset();
        let known = self.meta.read_end.len();
        self.meta.read_end.retain(|shard| !shards.contains(shard));
        if self.meta.read_end.len() < known {
            journal.put_subscription(incarnation, &self.meta);
        }
    }
}

/// Serves a call of a consumer group.
pub(super) fn serve(
    call: &Call<'_>,
    state: &mut State,
    id: &str,
    action: &str,
    body: &Members,
) -> Result<Reply, Error> {
    match action {
        "joingroup" => join(call, state, id, body),
        "heartbeat" => heartbeat(call, state, id, body),
        "syncgroup" => sync(call, state, id, body),
        "leavegroup" => leave(call, state, id, body),
        other => {
            let topic = state.projects.topic_mut(call.project, call.topic)?;
            topic.subscription_mut(id)?;
            Err(Error::unknown_action(other))
        }
    }
}

/// Adds a consumer.
fn join(call: &Call<'_>, state: &mut State, id: &str, body: &Members) -> Result<Reply, Error> {
    let timeout_ms = body.required_integer("SessionTimeout")?;
    if timeout_ms <= 0 {
        return Err(Error::invalid_parameter(
            "The session timeout is not positive.",
        ));
    }
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    let incarnation = topic.incarnation;
    let subscription = topic
        .subscriptions
        .get_mut(id)
        .ok_or_else(Error::no_such_consumer_group)?;
    subscription.expect_online()?;
    // Stored, lest a consumer of an earlier run is taken for another one.
    subscription.meta.joined += 1;
    journal.put_subscription(incarnation, &subscription.meta);
    let number = subscription.meta.joined;
    subscription.group.join(number, timeout_ms, call.now_ms);
    Ok(Reply::json(&json!({
        "ConsumerId": format!("{id}-{number}"),
        "VersionId": number,
        "SessionTimeout": timeout_ms,
    })))
}

/// Hears of a consumer and tells it its shards.
fn heartbeat(call: &Call<'_>, state: &mut State, id: &str, body: &Members) -> Result<Reply, Error> {
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    topic.subscription_mut(id)?.expect_online()?;
    topic.named_shards(call, body, "HoldShardList")?;
    let finished = topic.finished_shards(call, body)?;
    let incarnation = topic.incarnation;
    let subscription = topic.subscription_mut(id)?;
    let consumer = subscription.consumer(body)?;
    subscription.group.admit(consumer, call.now_ms)?;
    subscription.finish(&finished, incarnation, journal);
    let read_end = subscription.meta.read_end.clone();
    let assignable = topic.assignable(&read_end, call.now_ms);
    let group = &mut topic.subscription_mut(id)?.group;
    group.plan(&assignable, call.now_ms);
    let shards = group.announce(consumer, call.now_ms);
    let shards: Vec<String> = shards.iter().map(u32::to_string).collect();
    Ok(Reply::json(&json!({
        "PlanVersion": group.plan_version(),
        "ShardList": shards,
        "TotalPlan": group.described(),
    })))
}

/// Hears which shards a consumer has released.
fn sync(call: &Call<'_>, state: &mut State, id: &str, body: &Members) -> Result<Reply, Error> {
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    topic.subscription_mut(id)?.expect_online()?;
    let released = topic.named_shards(call, body, "ReleaseShardList")?;
    let finished = topic.finished_shards(call, body)?;
    let incarnation = topic.incarnation;
    let subscription = topic.subscription_mut(id)?;
    let consumer = subscription.consumer(body)?;
    subscription.group.admit(consumer, call.now_ms)?;
    for shard in released {
        subscription.group.release(consumer, shard);
    }
    subscription.finish(&finished, incarnation, journal);
    Ok(Reply::empty())
}

/// Removes a consumer.
fn leave(call: &Call<'_>, state: &mut State, id: &str, body: &Members) -> Result<Reply, Error> {
    let topic = state.projects.topic_mut(call.project, call.topic)?;
    let subscription = topic.subscription_mut(id)?;
    let consumer = subscription.consumer(body)?;
    subscription.group.leave(consumer, call.now_ms)?;
    Ok(Reply::empty())
}
