//! Apps: the consumers that checkpoints belong to.

use crate::{model, operation};

use super::service::nothing;
use super::{CheckpointType, DisService, PartitionStatus, check, lenient};

/// Creates an app.
///
/// Fails with kind `already_exists` when the name is taken.
#[operation(service = DisService, POST "/apps", snake_case, decode = nothing)]
pub struct CreateApp {
    /// Name of the new app: 1 to 200 letters, digits, `_` and `-`.
    #[check(check::new_app)]
    pub app_name: String,
}

/// Lists apps in the order of their names, a page at a time.
#[operation(service = DisService, GET "/apps", snake_case, returns = ListAppsResult)]
pub struct ListApps {
    /// Apps per page, 1 to 100; absent for 10.
    #[query("limit")]
    #[check(check::optional_positive)]
    pub limit: Option<i32>,
    /// Name of the last app already seen; absent for the beginning.
    #[query("start_app_name")]
    pub start_app_name: Option<String>,
    /// Keeps only apps that have a checkpoint on this stream; absent for all.
    #[query("stream_name")]
    pub stream_name: Option<String>,
}

/// A page of apps.
#[model(snake_case)]
pub struct ListAppsResult {
    /// Whether there are more pages.
    #[serde(deserialize_with = "lenient::boolean")]
    #[default]
    pub has_more_app: bool,
    /// The apps of this page.
    #[serde(deserialize_with = "lenient::or_empty")]
    #[default]
    pub apps: Vec<App>,
    /// Number of apps on all pages.
    #[serde(deserialize_with = "lenient::integer")]
    #[default]
    pub total_number: i32,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// An app in a list.
#[model(snake_case)]
pub struct App {
    /// Name of the app.
    #[serde(deserialize_with = "lenient::text")]
    #[default]
    pub app_name: String,
    /// Id of the app.
    #[serde(deserialize_with = "lenient::text")]
    #[default]
    pub app_id: String,
    /// When it was created, in milliseconds since 1970.
    #[serde(deserialize_with = "lenient::long")]
    #[default]
    pub create_time: i64,
    /// Names of the streams that it has checkpoints on.
    #[serde(deserialize_with = "lenient::or_empty")]
    #[default]
    pub commit_checkpoint_stream_names: Vec<String>,
}

/// Describes an app.
#[operation(service = DisService, GET "/apps/{app_name}", snake_case, returns = DescribeAppResult)]
pub struct DescribeApp {
    /// Name of the app.
    #[check(check::app)]
    pub app_name: String,
}

/// An app.
#[model(snake_case)]
pub struct DescribeAppResult {
    /// Name of the app.
    #[serde(deserialize_with = "lenient::text")]
    #[default]
    pub app_name: String,
    /// Id of the app.
    #[serde(deserialize_with = "lenient::text")]
    #[default]
    pub app_id: String,
    /// When it was created, in milliseconds since 1970.
    #[serde(deserialize_with = "lenient::long")]
    #[default]
    pub create_time: i64,
    /// Names of the streams that it has checkpoints on.
    #[serde(deserialize_with = "lenient::or_empty")]
    #[default]
    pub commit_checkpoint_stream_names: Vec<String>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Deletes an app with its checkpoints.
#[operation(service = DisService, DELETE "/apps/{app_name}", snake_case, decode = nothing)]
pub struct DeleteApp {
    /// Name of the app.
    #[check(check::app)]
    pub app_name: String,
}

/// Tells how far an app has come in the partitions of a stream, a page of partitions at a time.
#[operation(
    service = DisService, GET "/apps/{app_name}/streams/{stream_name}", snake_case,
    returns = ShowConsumerStateResult
)]
pub struct ShowConsumerState {
    /// Name of the app.
    #[check(check::app)]
    pub app_name: String,
    /// Name of the stream.
    #[check(check::stream)]
    pub stream_name: String,
    /// Type of the checkpoints.
    #[query("checkpoint_type")]
    #[default(LastRead)]
    pub checkpoint_type: CheckpointType,
    /// Partitions per page, 1 to 1000; absent for 100.
    #[query("limit")]
    #[check(check::optional_positive)]
    pub limit: Option<i32>,
    /// Id of the last partition already seen; absent for the beginning.
    #[query("start_partition_id")]
    #[check(check::optional_partition)]
    pub start_partition_id: Option<String>,
}

/// How far an app has come in the partitions of a stream.
#[model(snake_case)]
pub struct ShowConsumerStateResult {
    /// Whether there are more pages.
    #[serde(deserialize_with = "lenient::boolean")]
    #[default]
    pub has_more: bool,
    /// Name of the stream.
    #[serde(deserialize_with = "lenient::text")]
    #[default]
    pub stream_name: String,
    /// Name of the app.
    #[serde(deserialize_with = "lenient::text")]
    #[default]
    pub app_name: String,
    /// The partitions of this page.
    #[serde(deserialize_with = "lenient::or_empty")]
    #[default]
    pub partition_consuming_states: Vec<PartitionConsumingState>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// How far an app has come in a partition.
#[model(snake_case)]
pub struct PartitionConsumingState {
    /// Id of the partition.
    #[serde(deserialize_with = "lenient::text")]
    #[default]
    pub partition_id: String,
    /// The checkpoint; `-1` when there is none.
    #[serde(deserialize_with = "lenient::sequence_number")]
    #[default("-1")]
    pub sequence_number: String,
    /// The sequence number of the next record.
    #[serde(deserialize_with = "lenient::long")]
    #[default]
    pub latest_offset: i64,
    /// The sequence number of the oldest record.
    #[serde(deserialize_with = "lenient::long")]
    #[default]
    pub earliest_offset: i64,
    /// Type of the checkpoint.
    pub checkpoint_type: Option<CheckpointType>,
    /// State of the partition.
    pub status: Option<PartitionStatus>,
    /// What the consumer stored beside the checkpoint.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub metadata: Option<String>,
}
