//! Consumer groups: several consumers that share the shards of a subscription.

use hubstream_macros::members;

use crate::{model, operation};

use super::place::TopicAddress;
use super::{DataHubService, check};

/// A consumer group of a topic.
#[members(at = TopicAddress)]
struct GroupAddress {
    /// Id of the subscription, which is the id of the group.
    #[check(check::given)]
    pub consumer_group: String,
}

/// A consumer that joined a group.
#[members(at = GroupAddress)]
struct ConsumerAddress {
    /// Id of the consumer, as returned on joining.
    #[check(check::given)]
    pub consumer_id: String,
    /// Number of the consumer, as returned on joining.
    pub version_id: i64,
}

/// Joins the consumer group of a subscription.
#[operation(
    service = DataHubService, at = GroupAddress,
    POST "/projects/{project_name}/topics/{topic_name}/subscriptions/{consumer_group}",
    action = "joinGroup", returns = JoinGroupResult
)]
pub struct JoinGroup {
    /// Milliseconds without a heartbeat after which the consumer counts as gone.
    #[check(check::positive_long)]
    pub session_timeout: i64,
}

/// The consumer that joined.
#[model]
pub struct JoinGroupResult {
    /// Id of the consumer in the group.
    pub consumer_id: String,
    /// Number to be given with further calls of this consumer.
    pub version_id: i64,
    /// Milliseconds without a heartbeat after which the consumer counts as gone.
    pub session_timeout: i64,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Says that a consumer is alive, and reads which shards it is to consume.
///
/// Fails with kind `group_changed` when the group no longer knows the consumer, and with
/// `offset_reset` when the offsets of the subscription were reset: join again then.
#[operation(
    service = DataHubService, at = ConsumerAddress,
    POST "/projects/{project_name}/topics/{topic_name}/subscriptions/{consumer_group}",
    action = "heartbeat", returns = HeartBeatResult, idempotent
)]
pub struct HeartBeat {
    /// Ids of the shards that the consumer reads now.
    pub hold_shard_list: Vec<String>,
    /// Ids of the closed shards that the consumer has read to their end.
    #[default]
    pub read_end_shard_list: Vec<String>,
}

/// Which shards a consumer is to read.
#[model]
pub struct HeartBeatResult {
    /// Number of the plan; it grows with every change.
    pub plan_version: i64,
    /// Ids of the shards for this consumer.
    pub shard_list: Vec<String>,
    /// The plan of the whole group, for logs.
    #[default]
    pub total_plan: String,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Says that a consumer no longer reads shards that the plan took from it.
#[operation(
    service = DataHubService, at = ConsumerAddress,
    POST "/projects/{project_name}/topics/{topic_name}/subscriptions/{consumer_group}",
    action = "syncGroup", idempotent
)]
pub struct SyncGroup {
    /// Ids of the shards that the consumer has given up.
    pub release_shard_list: Vec<String>,
    /// Ids of the closed shards that the consumer has read to their end.
    #[default]
    pub read_end_shard_list: Vec<String>,
}

/// Leaves a consumer group; its shards go to the others.
#[operation(
    service = DataHubService, at = ConsumerAddress,
    POST "/projects/{project_name}/topics/{topic_name}/subscriptions/{consumer_group}",
    action = "leaveGroup", idempotent
)]
pub struct LeaveGroup;
