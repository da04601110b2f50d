//! Offsets of subscriptions: how far each shard was consumed.

use indexmap::IndexMap;

use crate::{model, operation};

use super::place::SubscriptionAddress;
use super::{DataHubService, check};

/// How far a shard was consumed, with the session that may commit.
#[model(extends = OffsetWithVersion)]
pub struct OffsetWithSession {
    /// Sequence number of the last record consumed; -1 for none.
    pub sequence: i64,
    /// Time of that record in milliseconds since 1970; -1 for none.
    pub timestamp: i64,
    /// Number of the last reset; a commit with an older one is refused.
    pub version: i64,
    /// The session; a commit of an older one is refused.
    pub session_id: i64,
    /// Place of the last record consumed inside a batch, from 0.
    #[default]
    pub batch_index: i32,
}

/// How far a shard was consumed.
#[model(extends = OffsetBase)]
pub struct OffsetWithVersion {
    /// Sequence number of the last record consumed; -1 for none.
    pub sequence: i64,
    /// Time of that record in milliseconds since 1970; -1 for none.
    pub timestamp: i64,
    /// Number of the last reset.
    pub version: i64,
    /// Place of the last record consumed inside a batch, from 0.
    #[default]
    pub batch_index: i32,
}

/// A place in a shard: the last record that counts as consumed.
///
/// Where it is asked, an offset that was read from a subscription can be given as it is.
#[model(further(version, session_id))]
pub struct OffsetBase {
    /// Sequence number of the last record that counts as consumed; -1 for none.
    pub sequence: i64,
    /// Time of that record in milliseconds since 1970; -1 for none.
    pub timestamp: i64,
    /// Place of that record inside a batch, from 0.
    #[default]
    #[serde(skip_serializing_if = "is_first")]
    pub batch_index: i32,
}

/// Other clients leave the place inside a batch out of resets, so it is sent only where it says something.
#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands out references"
)]
fn is_first(batch_index: &i32) -> bool {
    *batch_index == 0
}

impl From<OffsetWithVersion> for OffsetBase {
    fn from(offset: OffsetWithVersion) -> Self {
        Self::new(offset.sequence, offset.timestamp).batch_index(offset.batch_index)
    }
}

impl From<OffsetWithSession> for OffsetBase {
    fn from(offset: OffsetWithSession) -> Self {
        Self::new(offset.sequence, offset.timestamp).batch_index(offset.batch_index)
    }
}

/// Opens an offset session for some shards and reads how far they were consumed.
///
/// From then on earlier sessions of these shards cannot commit any more.
#[operation(
    service = DataHubService, at = SubscriptionAddress,
    POST "/projects/{project_name}/topics/{topic_name}/subscriptions/{sub_id}/offsets",
    action = "open", returns = InitAndGetSubscriptionOffsetResult
)]
pub struct InitAndGetSubscriptionOffset {
    /// Ids of the shards.
    #[check(check::shard_ids)]
    pub shard_ids: Vec<String>,
}

/// How far shards were consumed, with the session that was opened.
#[model]
pub struct InitAndGetSubscriptionOffsetResult {
    /// Offsets by shard id.
    pub offsets: IndexMap<String, OffsetWithSession>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Reads how far shards were consumed, without opening a session.
#[operation(
    service = DataHubService, at = SubscriptionAddress,
    POST "/projects/{project_name}/topics/{topic_name}/subscriptions/{sub_id}/offsets",
    action = "get", returns = GetSubscriptionOffsetResult, idempotent
)]
pub struct GetSubscriptionOffset {
    /// Ids of the shards; absent or empty for all that were ever opened.
    #[check(check::optional_shard_ids)]
    pub shard_ids: Option<Vec<String>>,
}

/// How far shards were consumed.
#[model]
pub struct GetSubscriptionOffsetResult {
    /// Offsets by shard id.
    pub offsets: IndexMap<String, OffsetWithVersion>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Commits how far shards were consumed.
///
/// Fails with kind `session_lost` when a newer session was opened, with `offset_reset` when the
/// offsets were reset meanwhile, and with `subscription_offline` when the subscription is switched
/// off. All shards are committed, or none.
#[operation(
    service = DataHubService, at = SubscriptionAddress,
    PUT "/projects/{project_name}/topics/{topic_name}/subscriptions/{sub_id}/offsets",
    action = "commit", idempotent
)]
pub struct UpdateSubscriptionOffset {
    /// Offsets by shard id, as returned by `init_and_get_subscription_offset`, moved on to what was consumed.
    #[check(check::offsets)]
    pub offsets: IndexMap<String, OffsetWithSession>,
}

/// Sets the offsets of shards, whatever was committed.
///
/// Consumers learn of it by the error kind `offset_reset`.
#[operation(
    service = DataHubService, at = SubscriptionAddress,
    PUT "/projects/{project_name}/topics/{topic_name}/subscriptions/{sub_id}/offsets",
    action = "reset"
)]
pub struct ResetSubscriptionOffset {
    /// Offsets by shard id.
    #[check(check::offsets)]
    pub offsets: IndexMap<String, OffsetBase>,
}
