//! Checkpoints: how far an app has come in each partition.

use crate::{model, operation};

use super::service::nothing;
use super::{DisService, check, lenient};

/// What a checkpoint means.
#[model]
pub enum CheckpointType {
    /// The last record read.
    LastRead,
}

/// Commits how far an app has come in a partition.
///
/// The last commit counts; going back is allowed. Whether the number is that of the last record
/// processed or of the next one is agreed between those who commit and those who resume. Fails
/// with kind `position_lost` when the number lies behind the end of the partition.
#[operation(
    service = DisService, POST "/checkpoints", snake_case, idempotent, decode = nothing
)]
pub struct CommitCheckpoint {
    /// Name of the app, which must exist.
    #[check(check::app)]
    pub app_name: String,
    /// Name of the stream.
    #[check(check::stream)]
    pub stream_name: String,
    /// Id of the partition, as in `0` or `shardId-0000000000`.
    #[check(check::partition)]
    pub partition_id: String,
    /// The sequence number to commit, as decimal text.
    #[check(check::sequence_number)]
    pub sequence_number: String,
    /// Text to store beside the number, at most 1000 characters; absent for none.
    #[check(check::metadata)]
    pub metadata: Option<String>,
    /// Type of the checkpoint.
    #[default(LastRead)]
    pub checkpoint_type: CheckpointType,
}

/// Reads how far an app has come in a partition.
#[operation(
    service = DisService, GET "/checkpoints", snake_case, returns = GetCheckpointResult
)]
pub struct GetCheckpoint {
    /// Name of the app.
    #[query("app_name")]
    #[check(check::app)]
    pub app_name: String,
    /// Name of the stream.
    #[query("stream_name")]
    #[check(check::stream)]
    pub stream_name: String,
    /// Id of the partition, as in `0` or `shardId-0000000000`.
    #[query("partition_id")]
    #[check(check::partition)]
    pub partition_id: String,
    /// Type of the checkpoint.
    #[query("checkpoint_type")]
    #[default(LastRead)]
    pub checkpoint_type: CheckpointType,
}

/// A checkpoint.
#[model(snake_case)]
pub struct GetCheckpointResult {
    /// The sequence number that was committed, as decimal text; `-1` when there is none.
    #[serde(deserialize_with = "lenient::sequence_number")]
    #[default("-1")]
    pub sequence_number: String,
    /// The text stored beside it.
    #[serde(deserialize_with = "lenient::text")]
    #[default]
    pub metadata: String,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Forgets how far an app has come in a partition, or in all partitions of a stream.
#[operation(
    service = DisService, DELETE "/checkpoints", snake_case, idempotent, decode = nothing
)]
pub struct DeleteCheckpoint {
    /// Name of the app.
    #[query("app_name")]
    #[check(check::app)]
    pub app_name: String,
    /// Name of the stream.
    #[query("stream_name")]
    #[check(check::stream)]
    pub stream_name: String,
    /// Id of the partition; absent for all.
    #[query("partition_id")]
    #[check(check::optional_partition)]
    pub partition_id: Option<String>,
    /// Type of the checkpoint.
    #[query("checkpoint_type")]
    #[default(LastRead)]
    pub checkpoint_type: CheckpointType,
}
