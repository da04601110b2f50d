//! Shards.

use std::time::Duration;

use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::Composite;
use crate::{model, operation};

use super::place::{ShardAddress, Topic, TopicAddress};
use super::{DataHubService, check};

/// What a shard can do.
#[model]
pub enum ShardState {
    /// Not ready yet.
    Opening,
    /// Can be written to and read.
    Active,
    /// Closed for writing; its remaining records can be read.
    Closed,
    /// About to be closed.
    Closing,
}

/// Lists all shards of a topic, closed ones included.
#[operation(
    service = DataHubService, at = TopicAddress,
    GET "/projects/{project_name}/topics/{topic_name}/shards",
    returns = ListShardResult
)]
pub struct ListShard;

/// The shards of a topic.
#[model]
pub struct ListShardResult {
    /// The shards, by ascending id.
    pub shards: Vec<Shard>,
    /// Protocol that the service speaks.
    #[default]
    pub protocol: String,
    /// Milliseconds after which the list should be read again.
    #[default]
    pub interval: i64,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// One shard of a topic.
#[model(extends = ShardBase)]
pub struct Shard {
    /// Id of the shard: a whole number as text.
    pub shard_id: String,
    /// First hash key of its range: 32 hexadecimal digits.
    #[default]
    pub begin_hash_key: String,
    /// End of its range, exclusive: 32 hexadecimal digits.
    #[default]
    pub end_hash_key: String,
    /// What it can do.
    pub state: ShardState,
    /// When it was closed, in seconds since 1970; 0 if it was not.
    #[default]
    pub closed_time: i64,
    /// Ids of the shards that it was made of.
    #[default]
    pub parent_shard_ids: Vec<String>,
    /// Id of the neighbour below; `4294967295` for none.
    #[default]
    pub left_shard_id: String,
    /// Id of the neighbour above; `4294967295` for none.
    #[default]
    pub right_shard_id: String,
}

/// The range of a shard.
#[model]
pub struct ShardBase {
    /// Id of the shard: a whole number as text.
    pub shard_id: String,
    /// First hash key of its range: 32 hexadecimal digits.
    pub begin_hash_key: String,
    /// End of its range, exclusive: 32 hexadecimal digits.
    pub end_hash_key: String,
}

/// Waits until all shards of a topic are ready, that is active or closed.
///
/// Fails with kind `timeout` when that takes too long.
#[operation(service = DataHubService, at = TopicAddress, composite, idempotent)]
pub struct WaitShardsReady {
    /// Longest time to wait in seconds; -1 for as long as it takes.
    #[default(30)]
    pub timeout: f64,
}

/// First pause between two looks at the shards; doubled up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause between two looks at the shards.
const MAX_PAUSE: Duration = Duration::from_secs(1);

impl Composite for WaitShardsReady {
    async fn compose(self, client: &Client<DataHubService>) -> Result<()> {
        self.check()?;
        #[allow(clippy::float_cmp, reason = "-1 is a mark, not a measurement")]
        let limit = if self.timeout == -1.0 {
            None
        } else {
            Some(Duration::try_from_secs_f64(self.timeout).map_err(|_| {
                Error::invalid_argument("timeout", "must be -1 or a number of seconds, 0 or more")
            })?)
        };
        let clock = client.clock();
        let start = clock.elapsed();
        let mut pause = FIRST_PAUSE;
        loop {
            let list = ListShard::new(self.project_name.clone(), self.topic_name.clone());
            let shards = client.exchange(&list).await?.shards;
            let ready =
                |shard: &Shard| matches!(shard.state, ShardState::Active | ShardState::Closed);
            if !shards.is_empty() && shards.iter().all(ready) {
                return Ok(());
            }
            let spent = clock.elapsed().saturating_sub(start);
            if limit.is_some_and(|limit| spent + pause > limit) {
                let waiting = shards.iter().filter(|shard| !ready(shard)).count();
                return Err(Error::new(
                    ErrorKind::Timeout,
                    format!("{waiting} shards of the topic are not ready in time"),
                )
                .temporary());
            }
            clock.sleep(pause).await;
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }
}

/// Splits a shard in two.
///
/// The shard is closed; the two new ones share its range. Fails with kind `rate_limited` when the
/// shard is younger than 5 seconds.
#[operation(
    service = DataHubService, at = ShardAddress,
    POST "/projects/{project_name}/topics/{topic_name}/shards",
    action = "split", returns = SplitShardResult
)]
pub struct SplitShard {
    /// Hash key at which the second new shard begins: up to 32 hexadecimal digits; absent or
    /// empty for the middle.
    #[check(check::split_key)]
    pub split_key: Option<String>,
}

/// The shards that a split made.
#[model]
pub struct SplitShardResult {
    /// The new shards, the lower one first.
    pub new_shards: Vec<ShardBase>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Merges two neighbouring shards into one.
///
/// Both are closed; the new one covers both ranges.
#[operation(
    service = DataHubService, at = TopicAddress,
    POST "/projects/{project_name}/topics/{topic_name}/shards",
    action = "merge", returns = MergeShardResult
)]
pub struct MergeShard {
    /// Id of one shard.
    #[check(check::given)]
    pub shard_id: String,
    /// Id of its neighbour.
    #[wire("AdjacentShardId")]
    #[check(check::given)]
    pub adj_shard_id: String,
}

/// The shard that a merge made.
#[model(extends = ShardBase)]
pub struct MergeShardResult {
    /// Id of the new shard.
    pub shard_id: String,
    /// First hash key of its range: 32 hexadecimal digits.
    pub begin_hash_key: String,
    /// End of its range, exclusive: 32 hexadecimal digits.
    pub end_hash_key: String,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Adds shards to a topic in extend mode.
#[operation(
    service = DataHubService, at = TopicAddress,
    POST "/projects/{project_name}/topics/{topic_name}/shards", custom
)]
pub struct ExtendShard {
    /// Number of shards wanted in all.
    #[check(check::positive)]
    pub shard_count: i32,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct ExtendBody {
    action: &'static str,
    extend_mode: &'static str,
    shard_number: i32,
}

impl crate::operation::Exchange for ExtendShard {
    fn validate(&self) -> Result<()> {
        self.check()
    }

    fn encode(&self, _: &DataHubService) -> Result<crate::transport::Request> {
        let target = Topic::new(&self.project_name, &self.topic_name).shards();
        crate::operation::with_json(
            crate::transport::Request::new(http::Method::POST, target),
            &ExtendBody {
                action: "extend",
                extend_mode: "TO",
                shard_number: self.shard_count,
            },
        )
    }

    fn decode(&self, _: &DataHubService, _: crate::transport::Response) -> Result<()> {
        Ok(())
    }
}

/// Asks the service to make shards of a topic ready for records.
#[operation(
    service = DataHubService, at = TopicAddress,
    POST "/projects/{project_name}/topics/{topic_name}/shards",
    action = "activate"
)]
pub struct ActivateShards {
    /// Ids of the shards.
    #[check(check::shard_ids)]
    pub shard_ids: Vec<String>,
}
