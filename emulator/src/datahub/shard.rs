//! Calls on shards: list, split, merge, extend, activate.

use serde_json::{Value, json};

use super::call::{Call, Reply};
use super::error::Error;
use super::hash_key::HashKey;
use super::journal::Journal;
use super::members::Members;
use super::state::{Shard, State, Topic};

/// Active shards of a topic.
pub(super) const ACTIVE_SHARDS: usize = 256;

/// Shards of a topic, closed ones included.
const TOTAL_SHARDS: usize = 512;

/// How long a shard must exist before it is split or merged.
const SHARD_AGE_MS: i64 = 5000;

/// What the service calls "no shard" among neighbours.
const NO_NEIGHBOUR: &str = "4294967295";

/// How long clients may rely on a list of shards, in milliseconds.
const LIST_INTERVAL_MS: i64 = 300_000;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

impl Topic {
    /// The time before which everything has expired.
    fn cutoff(&self, now_ms: i64) -> i64 {
        now_ms - self.meta.lifecycle_days * DAY_MS
    }

    /// Whether a shard is told of: an active one, or one that was closed no longer ago than records are kept.
    pub(super) fn remembers(&self, shard: &Shard, now_ms: i64) -> bool {
        let closed = shard.meta.closed_ms;
        closed.is_none_or(|closed| closed >= self.cutoff(now_ms))
    }

    /// The shards that are told of.
    pub(super) fn remembered(&self, now_ms: i64) -> impl Iterator<Item = &Shard> {
        let shards = self.shards.iter();
        shards.filter(move |shard| self.remembers(shard, now_ms))
    }

    /// Forgets the records of a shard that are older than the topic keeps them.
    pub(super) fn expire(&mut self, index: usize, now_ms: i64, journal: &mut Journal) {
        let cutoff = self.cutoff(now_ms);
        let gone = self.shards[index].log.expire(cutoff);
        if gone.is_empty() {
            return;
        }
        for run in gone {
            journal.delete_records(self.incarnation, index as u32, run);
        }
        // Keeps the next sequence, which the records no longer tell.
        journal.put_topic(self);
    }

    fn expect_split_mode(&self) -> Result<(), Error> {
        if self.meta.extend_mode {
            return Err(Error::invalid_operation(
                "Shards of a topic in extend mode are neither split nor merged.",
            ));
        }
        Ok(())
    }

    fn expect_room(&self, now_ms: i64, more_active: usize, more: usize) -> Result<(), Error> {
        if self.active().count() + more_active > ACTIVE_SHARDS
            || self.remembered(now_ms).count() + more > TOTAL_SHARDS
        {
            let message =
                format!("A topic has at most {ACTIVE_SHARDS} active and {TOTAL_SHARDS} shards.");
            return Err(Error::limit(message));
        }
        Ok(())
    }
}

fn expect_age(call: &Call<'_>, shard: &Shard) -> Result<(), Error> {
    if call.limits.shard_age() && call.now_ms - shard.meta.created_ms < SHARD_AGE_MS {
        return Err(Error::shard_too_young());
    }
    Ok(())
}

pub(super) fn list(call: &Call<'_>, state: &mut State) -> Result<Reply, Error> {
    let topic = state.topic(call.project, call.topic)?;
    let shards: Vec<Value> = topic.remembered(call.now_ms).map(described).collect();
    Ok(Reply::json(
        &json!({ "Protocol": "http1.1", "Interval": LIST_INTERVAL_MS, "Shards": shards }),
    ))
}

fn described(shard: &Shard) -> Value {
    let meta = &shard.meta;
    let neighbour =
        |id: Option<u32>| id.map_or_else(|| NO_NEIGHBOUR.to_owned(), |id| id.to_string());
    let parents: Vec<String> = meta.parents.iter().map(u32::to_string).collect();
    json!({
        "ShardId": meta.id.to_string(),
        "State": meta.state,
        "ClosedTime": meta.closed_ms.unwrap_or(0).div_euclid(1000),
        "CreateTime": meta.created_ms.div_euclid(1000),
        "BeginHashKey": meta.begin,
        "EndHashKey": meta.end,
        "ParentShardIds": parents,
        "LeftShardId": neighbour(meta.left),
        "RightShardId": neighbour(meta.right),
        "Address": "",
    })
}

fn range(shard: &Shard) -> Value {
    json!({
        "ShardId": shard.meta.id.to_string(),
        "BeginHashKey": shard.meta.begin,
        "EndHashKey": shard.meta.end,
    })
}

/// Closes a shard and divides its range between two new ones.
pub(super) fn split(call: &Call<'_>, state: &mut State, body: &Members) -> Result<Reply, Error> {
    let id = body.required_text("ShardId")?;
    let key = body.text("SplitKey")?.filter(|key| !key.is_empty());
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    let index = topic.shard_index(call, id)?;
    let shard = &topic.shards[index];
    if !shard.is_active() {
        return Err(Error::shard_not_active());
    }
    topic.expect_split_mode()?;
    expect_age(call, shard)?;
    let (begin, end) = (shard.meta.begin, shard.meta.end);
    let invalid = || Error::invalid_parameter("The key range is invalid.");
    let key = match key {
        Some(key) => HashKey::parse(key).ok_or_else(invalid)?,
        None => HashKey::middle(begin, end),
    };
    if key <= begin || key >= end {
        return Err(invalid());
    }
    topic.expect_room(call.now_ms, 1, 2)?;
    topic.shards[index].close(call.now_ms);
    let lower = topic.add_shard(begin, key, vec![index as u32], call.now_ms);
    let upper = topic.add_shard(key, end, vec![index as u32], call.now_ms);
    topic.link_neighbours();
    journal.put_topic(topic);
    let new: Vec<Value> = [lower, upper]
        .map(|id| range(&topic.shards[id as usize]))
        .into();
    Ok(Reply::json(&json!({ "NewShards": new })))
}

/// Closes two adjacent shards and gives their ranges to a new one.
pub(super) fn merge(call: &Call<'_>, state: &mut State, body: &Members) -> Result<Reply, Error> {
    let ids = [
        body.required_text("ShardId")?,
        body.required_text("AdjacentShardId")?,
    ];
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    let one = topic.shard_index(call, ids[0])?;
    let other = topic.shard_index(call, ids[1])?;
    let shards = [&topic.shards[one], &topic.shards[other]];
    if shards.iter().any(|shard| !shard.is_active()) {
        return Err(Error::shard_not_active());
    }
    topic.expect_split_mode()?;
    let (one_meta, other_meta) = (&shards[0].meta, &shards[1].meta);
    if one == other || (one_meta.end != other_meta.begin && other_meta.end != one_meta.begin) {
        return Err(Error::invalid_parameter("The two shards are not adjacent."));
    }
    for shard in shards {
        expect_age(call, shard)?;
    }
    topic.expect_room(call.now_ms, 0, 1)?;
    let (begin, end) = (
        one_meta.begin.min(other_meta.begin),
        one_meta.end.max(other_meta.end),
    );
    topic.shards[one].close(call.now_ms);
    topic.shards[other].close(call.now_ms);
    let id = topic.add_shard(begin, end, vec![one as u32, other as u32], call.now_ms);
    topic.link_neighbours();
    journal.put_topic(topic);
    Ok(Reply::json(&range(&topic.shards[id as usize])))
}

/// Adds shards until there are as many as asked for; only in extend mode.
pub(super) fn extend(call: &Call<'_>, state: &mut State, body: &Members) -> Result<Reply, Error> {
    let wanted = body.required_integer("ShardNumber")?;
    if body
        .text("ExtendMode")?
        .is_some_and(|mode| !mode.eq_ignore_ascii_case("TO"))
    {
        return Err(Error::invalid_parameter("The only extend mode is TO."));
    }
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    if !topic.meta.extend_mode {
        return Err(Error::invalid_operation("The topic is not in extend mode."));
    }
    let active = topic.active().count();
    let wanted = usize::try_from(wanted)
        .ok()
        .filter(|wanted| *wanted > 0 && *wanted >= active);
    let wanted = wanted
        .ok_or_else(|| Error::invalid_parameter("The topic has more shards than asked for."))?;
    let more = wanted - active;
    topic.expect_room(call.now_ms, more, more)?;
    for _ in 0..more {
        topic.add_shard(HashKey::MIN, HashKey::MAX, Vec::new(), call.now_ms);
    }
    if more > 0 {
        topic.link_neighbours();
        journal.put_topic(topic);
    }
    Ok(Reply::empty())
}

/// Does nothing: every shard is active as soon as it exists.
pub(super) fn activate(call: &Call<'_>, state: &mut State, body: &Members) -> Result<Reply, Error> {
    let topic = state.topic(call.project, call.topic)?;
    for id in body.texts("ShardIds")? {
        topic.shard_index(call, id)?;
    }
    Ok(Reply::empty())
}
