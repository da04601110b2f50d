//! Calls on the offsets of a subscription: sessions, commits, resets.

use serde_json::{Map, Value, json};

use super::call::{Call, Reply};
use super::error::Error;
use super::members::Members;
use super::state::{Offset, State};

fn described(offset: &Offset, with_session: bool) -> Value {
    let mut members = json!({
        "Sequence": offset.sequence,
        "Timestamp": offset.timestamp,
        "Version": offset.version,
        "BatchIndex": offset.batch_index,
    });
    if with_session {
        members["SessionId"] = offset.session.into();
    }
    members
}

/// Opens a new session for shards. Whoever held an earlier one can no longer commit.
pub(super) fn open(
    call: &Call<'_>,
    state: &mut State,
    id: &str,
    body: &Members,
) -> Result<Reply, Error> {
    let shards = body.texts("ShardIds")?;
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    if !topic.subscription_mut(id)?.meta.online {
        return Err(Error::subscription_offline());
    }
    let indexes = shards.iter().map(|shard| topic.shard_index(call, shard));
    let indexes = indexes.collect::<Result<Vec<_>, _>>()?;
    let incarnation = topic.incarnation;
    let subscription = topic.subscription_mut(id)?;
    let mut opened = Map::new();
    for index in indexes {
        let shard = index as u32;
        if opened.contains_key(&shard.to_string()) {
            continue;
        }
        let offset = subscription.offsets.entry(shard).or_default();
        offset.session += 1;
        journal.put_offset(incarnation, id, shard, offset);
        opened.insert(shard.to_string(), described(offset, true));
    }
    Ok(Reply::json(&json!({ "Offsets": opened })))
}

/// Tells the offsets of the named shards, or of all that were ever opened, committed or reset.
pub(super) fn get(
    call: &Call<'_>,
    state: &mut State,
    id: &str,
    body: &Members,
) -> Result<Reply, Error> {
    let shards = body.texts("ShardIds")?;
    let topic = state.projects.topic_mut(call.project, call.topic)?;
    topic.subscription_mut(id)?;
    let indexes = shards.iter().map(|shard| topic.shard_index(call, shard));
    let indexes = indexes.collect::<Result<Vec<_>, _>>()?;
    let subscription = topic.subscription_mut(id)?;
    let mut found = Map::new();
    if shards.is_empty() {
        for (shard, offset) in &subscription.offsets {
            found.insert(shard.to_string(), described(offset, false));
        }
    }
    for index in indexes {
        let offset = subscription
            .offsets
            .get(&(index as u32))
            .copied()
            .unwrap_or_default();
        found.insert(index.to_string(), described(&offset, false));
    }
    Ok(Reply::json(&json!({ "Offsets": found })))
}

/// Stores how far shards have been consumed: all of them or, if one may not be committed, none.
pub(super) fn commit(
    call: &Call<'_>,
    state: &mut State,
    id: &str,
    body: &Members,
) -> Result<Reply, Error> {
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    if !topic.subscription_mut(id)?.meta.online {
        return Err(Error::subscription_offline());
    }
    let mut commits = Vec::new();
    for (shard, members) in body.objects("Offsets")? {
        let index = topic.shard_index(call, shard)? as u32;
        let known = topic
            .subscription_mut(id)?
            .offsets
            .get(&index)
            .copied()
            .unwrap_or_default();
        if known.session == 0 {
            return Err(Error::session_closed());
        }
        if session(&members)? != known.session {
            return Err(Error::session_changed());
        }
        if members.integer("Version")?.unwrap_or(0) != known.version {
            return Err(Error::offset_reset());
        }
        let offset = Offset {
            sequence: members.required_integer("Sequence")?,
            timestamp: members.required_integer("Timestamp")?,
            batch_index: members.integer("BatchIndex")?.unwrap_or(0),
            ..known
        };
        commits.push((index, offset));
    }
    let incarnation = topic.incarnation;
    let subscription = topic.subscription_mut(id)?;
    for (shard, offset) in commits {
        journal.put_offset(incarnation, id, shard, &offset);
        subscription.offsets.insert(shard, offset);
    }
    Ok(Reply::empty())
}

/// The session of a commit; 0, which no open session has, if it names none.
fn session(members: &Members) -> Result<i64, Error> {
    match members.text("SessionId") {
        Ok(Some("")) => Ok(0),
        _ => Ok(members.integer("SessionId")?.unwrap_or(0)),
    }
}

/// Sets offsets, whoever holds the session. Commits that do not know of it are refused from then on.
pub(super) fn reset(
    call: &Call<'_>,
    state: &mut State,
    id: &str,
    body: &Members,
) -> Result<Reply, Error> {
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    topic.subscription_mut(id)?;
    let mut resets = Vec::new();
    for (shard, members) in body.objects("Offsets")? {
        let index = topic.shard_index(call, shard)? as u32;
        let sequence = members.integer("Sequence")?.unwrap_or(-1);
        let timestamp = members.integer("Timestamp")?.unwrap_or(-1);
        resets.push((
            index,
            sequence,
            timestamp,
            members.integer("BatchIndex")?.unwrap_or(0),
        ));
    }
    let incarnation = topic.incarnation;
    let subscription = topic.subscription_mut(id)?;
    let shards: Vec<u32> = resets.iter().map(|(shard, ..)| *shard).collect();
    subscription.restart(&shards, incarnation, journal);
    for (shard, sequence, timestamp, batch_index) in resets {
        let offset = subscription.offsets.entry(shard).or_default();
        *offset = Offset {
            sequence,
            timestamp,
            batch_index,
            version: offset.version + 1,
            ..*offset
        };
        journal.put_offset(incarnation, id, shard, offset);
    }
    Ok(Reply::empty())
}
