//! Calls that tell how much a shard or a topic is used.

use serde_json::json;

use super::call::{Call, Reply};
use super::error::Error;
use super::state::State;

/// Tells how long a shard has been active and how much it holds; an error until it has held anything.
pub(super) fn shard(call: &Call<'_>, state: &mut State, shard: &str) -> Result<Reply, Error> {
    let (topic, index) = state.fresh_shard(call, shard)?;
    let shard = &topic.shards[index];
    if shard.log.next_sequence() == 0 {
        return Err(Error::no_metering());
    }
    let until = shard.meta.closed_ms.unwrap_or(call.now_ms);
    let active = (until - shard.meta.created_ms).div_euclid(1000).max(1);
    Ok(Reply::json(
        &json!({ "ActiveTime": active, "Storage": shard.log.bytes() }),
    ))
}

/// Tells a topic's usage by day, of which nothing is recorded.
pub(super) fn topic(call: &Call<'_>, state: &mut State) -> Result<Reply, Error> {
    state.topic(call.project, call.topic)?;
    Ok(Reply::json(&json!({ "MeterData": [] })))
}
