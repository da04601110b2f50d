//! Streams.

use crate::{model, operation};

use super::service::nothing;
use super::{DisService, check, lenient};

/// How much throughput a partition has.
#[model]
pub enum StreamType {
    /// 1 MB or 1000 records written, 2 MB read per second and partition.
    Common,
    /// 5 MB or 2000 records written, 10 MB read per second and partition.
    Advanced,
}

/// What the records of a stream are.
#[model]
pub enum DataType {
    /// Bytes.
    Blob,
    /// JSON documents.
    Json,
    /// Lines of separated values.
    Csv,
    /// Parts of files.
    File,
}

/// How producers compress their data. It does not change how records travel; transfer tasks use it.
#[model]
pub enum CompressionFormat {
    /// Snappy.
    #[wire("snappy")]
    Snappy,
    /// Gzip.
    #[wire("gzip")]
    Gzip,
    /// Zip.
    #[wire("zip")]
    Zip,
}

/// The state of a stream.
#[model]
pub enum StreamStatus {
    /// Being created.
    Creating,
    /// In use.
    Running,
    /// Being deleted.
    Terminating,
    /// Deleted.
    Terminated,
    /// Switched off by the service.
    Frozen,
}

/// The state of a partition.
#[model]
pub enum PartitionStatus {
    /// Being created.
    Creating,
    /// In use.
    Active,
    /// Closed for writing, still readable.
    Deleted,
    /// Neither writable nor readable any more.
    Expired,
}

/// A key with a value.
#[model(snake_case)]
pub struct Tag {
    /// The key, 1 to 36 characters.
    pub key: String,
    /// The value, at most 43 characters; absent for none.
    pub value: Option<String>,
}

/// How lines of separated values are written.
#[model(snake_case)]
pub struct CsvProperties {
    /// What separates the values; absent when the service is to choose.
    pub delimiter: Option<String>,
}

/// Creates a stream.
///
/// The service may answer before the stream can be used: wait until `describe_stream` shows the status `RUNNING`.
/// Fails with kind `already_exists` when the name is taken.
#[operation(
    service = DisService, POST "/streams", snake_case, decode = nothing
)]
pub struct CreateStream {
    /// Name of the new stream: 1 to 64 letters, digits, `_` and `-`.
    #[check(check::new_stream)]
    pub stream_name: String,
    /// Number of partitions, at least 1.
    #[check(check::positive)]
    pub partition_count: i32,
    /// Throughput of a partition; absent for `COMMON`.
    pub stream_type: Option<StreamType>,
    /// What the records are; absent for `BLOB`.
    pub data_type: Option<DataType>,
    /// Hours that records are kept, 24 to 168; absent for 24.
    #[check(check::data_duration)]
    pub data_duration: Option<i32>,
    /// Whether the service changes the number of partitions by itself; absent for no.
    pub auto_scale_enabled: Option<bool>,
    /// Minimum number of partitions for automatic scaling, at least 1; absent without it.
    pub auto_scale_min_partition_count: Option<i32>,
    /// Maximum number of partitions for automatic scaling, not below the minimum; absent without it.
    pub auto_scale_max_partition_count: Option<i32>,
    /// Avro schema of JSON and CSV records, as text; absent for none.
    pub data_schema: Option<String>,
    /// How lines of CSV records are written; absent for other records.
    pub csv_properties: Option<CsvProperties>,
    /// How producers compress their data; absent when they do not.
    pub compression_format: Option<CompressionFormat>,
    /// At most 10 tags; absent for none.
    pub tags: Option<Vec<Tag>>,
    /// Tags of the system, such as the enterprise project; absent for none.
    pub sys_tags: Option<Vec<Tag>>,
}

/// Lists the streams of the project in the order of their names, a page at a time.
#[operation(
    service = DisService, GET "/streams", snake_case, returns = ListStreamsResult
)]
pub struct ListStreams {
    /// Streams per page, 1 to 100; absent for 10.
    #[query("limit")]
    #[check(check::optional_positive)]
    pub limit: Option<i32>,
    /// Name of the last stream already seen; absent for the beginning.
    #[query("start_stream_name")]
    pub start_stream_name: Option<String>,
}

/// A page of streams.
#[model(snake_case)]
pub struct ListStreamsResult {
    /// Number of streams of the project.
    #[serde(deserialize_with = "lenient::integer")]
    #[default]
    pub total_number: i32,
    /// Names of the streams of this page.
    #[serde(deserialize_with = "lenient::or_empty")]
    #[default]
    pub stream_names: Vec<String>,
    /// Whether there are more pages.
    #[serde(deserialize_with = "lenient::boolean")]
    #[default]
    pub has_more_streams: bool,
    /// What is known about the streams of this page.
    #[serde(deserialize_with = "lenient::or_empty")]
    #[default]
    pub stream_info_list: Vec<StreamInfo>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// A stream in a list.
#[model(snake_case)]
pub struct StreamInfo {
    /// Id of the stream.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub stream_id: Option<String>,
    /// Name of the stream.
    #[serde(deserialize_with = "lenient::text")]
    #[default]
    pub stream_name: String,
    /// When it was created, in milliseconds since 1970.
    #[serde(deserialize_with = "lenient::long")]
    #[default]
    pub create_time: i64,
    /// Hours that records are kept.
    #[serde(deserialize_with = "lenient::integer")]
    #[default]
    pub retention_period: i32,
    /// Its state.
    pub status: Option<StreamStatus>,
    /// Throughput of a partition.
    pub stream_type: Option<StreamType>,
    /// What the records are.
    pub data_type: Option<DataType>,
    /// Number of partitions that can be written to.
    #[serde(deserialize_with = "lenient::integer")]
    #[default]
    pub partition_count: i32,
    /// Whether the service changes the number of partitions by itself.
    #[serde(deserialize_with = "lenient::boolean")]
    #[default]
    pub auto_scale_enabled: bool,
    /// Minimum number of partitions for automatic scaling.
    #[serde(deserialize_with = "lenient::integer")]
    #[default]
    pub auto_scale_min_partition_count: i32,
    /// Maximum number of partitions for automatic scaling.
    #[serde(deserialize_with = "lenient::integer")]
    #[default]
    pub auto_scale_max_partition_count: i32,
    /// Its tags.
    #[serde(deserialize_with = "lenient::or_empty")]
    #[default]
    pub tags: Vec<Tag>,
    /// Tags of the system.
    #[serde(deserialize_with = "lenient::or_empty")]
    #[default]
    pub sys_tags: Vec<Tag>,
}

/// Describes a stream and its partitions, a page of partitions at a time.
#[operation(
    service = DisService, GET "/streams/{stream_name}", snake_case, returns = DescribeStreamResult
)]
pub struct DescribeStream {
    /// Name of the stream.
    #[check(check::stream)]
    pub stream_name: String,
    /// Id of the last partition already seen; absent for the beginning.
    #[query("start_partitionId")]
    #[check(check::optional_partition)]
    pub start_partition_id: Option<String>,
    /// Partitions per page, 1 to 1000; absent for 100.
    #[query("limit_partitions")]
    #[check(check::optional_positive)]
    pub limit_partitions: Option<i32>,
    /// Id of a stream that another account gave access to; absent for one's own.
    #[query("stream_id")]
    pub stream_id: Option<String>,
}

/// A stream with a page of its partitions.
#[model(snake_case)]
pub struct DescribeStreamResult {
    /// Id of the stream.
    #[serde(deserialize_with = "lenient::text")]
    #[default]
    pub stream_id: String,
    /// Name of the stream.
    #[serde(deserialize_with = "lenient::text")]
    #[default]
    pub stream_name: String,
    /// When it was created, in milliseconds since 1970.
    #[serde(deserialize_with = "lenient::long")]
    #[default]
    pub create_time: i64,
    /// When it was last changed, in milliseconds since 1970.
    #[serde(deserialize_with = "lenient::long")]
    #[default]
    pub last_modified_time: i64,
    /// Hours that records are kept.
    #[serde(deserialize_with = "lenient::integer")]
    #[default]
    pub retention_period: i32,
    /// Its state.
    pub status: Option<StreamStatus>,
    /// Throughput of a partition.
    pub stream_type: Option<StreamType>,
    /// What the records are.
    pub data_type: Option<DataType>,
    /// Avro schema of JSON and CSV records, as text.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub data_schema: Option<String>,
    /// How producers compress their data.
    pub compression_format: Option<CompressionFormat>,
    /// How lines of CSV records are written.
    pub csv_properties: Option<CsvProperties>,
    /// Number of partitions that can be written to.
    #[serde(deserialize_with = "lenient::integer")]
    #[default]
    pub writable_partition_count: i32,
    /// Number of partitions that can be read.
    #[serde(deserialize_with = "lenient::integer")]
    #[default]
    pub readable_partition_count: i32,
    /// The partitions of this page, in the order of their numbers.
    #[serde(deserialize_with = "lenient::or_empty")]
    #[default]
    pub partitions: Vec<Partition>,
    /// Whether there are more pages of partitions.
    #[serde(deserialize_with = "lenient::boolean")]
    #[default]
    pub has_more_partitions: bool,
    /// How the number of partitions was changed.
    #[serde(deserialize_with = "lenient::or_empty")]
    #[default]
    pub update_partition_counts: Vec<PartitionCountUpdate>,
    /// Whether the service changes the number of partitions by itself.
    #[serde(deserialize_with = "lenient::boolean")]
    #[default]
    pub auto_scale_enabled: bool,
    /// Minimum number of partitions for automatic scaling.
    #[serde(deserialize_with = "lenient::integer")]
    #[default]
    pub auto_scale_min_partition_count: i32,
    /// Maximum number of partitions for automatic scaling.
    #[serde(deserialize_with = "lenient::integer")]
    #[default]
    pub auto_scale_max_partition_count: i32,
    /// Its tags.
    #[serde(deserialize_with = "lenient::or_empty")]
    #[default]
    pub tags: Vec<Tag>,
    /// Tags of the system.
    #[serde(deserialize_with = "lenient::or_empty")]
    #[default]
    pub sys_tags: Vec<Tag>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// A partition of a stream.
#[model(snake_case)]
pub struct Partition {
    /// Id in the form `shardId-0000000000`.
    #[serde(deserialize_with = "lenient::text")]
    #[default]
    pub partition_id: String,
    /// Its state.
    pub status: Option<PartitionStatus>,
    /// The hashes it owns, as in `[0 : 9223372036854775807]`, both ends included.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub hash_range: Option<String>,
    /// The sequence number of the oldest record and of the next one, as in `[0 : 12]`.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub sequence_number_range: Option<String>,
    /// The partitions that it came from.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub parent_partitions: Option<String>,
}

/// A change of the number of partitions.
#[model(snake_case)]
pub struct PartitionCountUpdate {
    /// When, in milliseconds since 1970.
    #[serde(deserialize_with = "lenient::long")]
    #[default]
    pub create_timestamp: i64,
    /// Number of partitions before.
    #[serde(deserialize_with = "lenient::integer")]
    #[default]
    pub src_partition_count: i32,
    /// Number of partitions afterwards.
    #[serde(deserialize_with = "lenient::integer")]
    #[default]
    pub target_partition_count: i32,
    /// 0 when it succeeded.
    #[serde(deserialize_with = "lenient::integer")]
    #[default]
    pub result_code: i32,
    /// The service's message about the result.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub result_msg: Option<String>,
    /// Whether the service did it by itself.
    #[serde(deserialize_with = "lenient::boolean")]
    #[default]
    pub auto_scale: bool,
}

/// Deletes a stream with its records and checkpoints.
#[operation(
    service = DisService, DELETE "/streams/{stream_name}", snake_case, decode = nothing
)]
pub struct DeleteStream {
    /// Name of the stream.
    #[check(check::stream)]
    pub stream_name: String,
}
