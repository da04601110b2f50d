//! The protobuf messages of records, as `application/x-protobuf` carries them.
//!
//! Fields that the official schema requires are optional where requests are read, because clients differ in what they
//! send; in replies they are always written.

use bytes::Bytes;
use prost::Message;

/// The content type of requests and replies with these messages.
pub const CONTENT_TYPE: &str = "application/x-protobuf";

/// Records to be written.
#[derive(Clone, PartialEq, Message)]
pub struct PutRecordsRequest {
    /// Name of the stream.
    #[prost(string, optional, tag = "1")]
    pub stream_name: Option<String>,
    /// The records.
    #[prost(message, repeated, tag = "2")]
    pub records: Vec<PutRecordsRequestEntry>,
    /// Id of the stream, used when no stream has the name.
    #[prost(string, optional, tag = "30")]
    pub stream_id: Option<String>,
}

/// One record to be written.
#[derive(Clone, PartialEq, Message)]
pub struct PutRecordsRequestEntry {
    /// The payload.
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub data: Option<Bytes>,
    /// Replaces the hash of the partition key.
    #[prost(string, optional, tag = "4")]
    pub explicit_hash_key: Option<String>,
    /// Text whose hash selects the partition.
    #[prost(string, optional, tag = "5")]
    pub partition_key: Option<String>,
    /// The partition to write to.
    #[prost(string, optional, tag = "6")]
    pub partition_id: Option<String>,
    /// Which chunk of a file the record is.
    #[prost(message, optional, tag = "7")]
    pub extended_info: Option<ExtendedInfo>,
    /// Time given by the writer, in milliseconds since 1970.
    #[prost(int64, optional, tag = "29")]
    pub timestamp: Option<i64>,
}

/// Which chunk of a file a record is.
#[derive(Clone, PartialEq, Message)]
pub struct ExtendedInfo {
    /// Name of the file.
    #[prost(string, required, tag = "8")]
    pub file_name: String,
    /// Id of the upload.
    #[prost(string, required, tag = "9")]
    pub deliver_data_id: String,
    /// Whether the chunk is the last one.
    #[prost(bool, optional, tag = "10")]
    pub end_flag: Option<bool>,
    /// Number of the chunk, from 0.
    #[prost(int64, required, tag = "11")]
    pub seq_num: i64,
}

/// What became of written records.
#[derive(Clone, PartialEq, Message)]
pub struct PutRecordsResult {
    /// How many records were refused.
    #[prost(int32, required, tag = "21")]
    pub failed_record_count: i32,
    /// One row for each record, in order.
    #[prost(message, repeated, tag = "22")]
    pub records: Vec<PutRecordsResultEntry>,
}

/// The outcome for one record.
#[derive(Clone, PartialEq, Message)]
pub struct PutRecordsResultEntry {
    /// The partition that took it.
    #[prost(string, optional, tag = "23")]
    pub shard_id: Option<String>,
    /// Its sequence number there.
    #[prost(string, optional, tag = "24")]
    pub sequence_number: Option<String>,
    /// Why it was refused, as a code.
    #[prost(string, optional, tag = "25")]
    pub error_code: Option<String>,
    /// Why it was refused, as a sentence.
    #[prost(string, optional, tag = "26")]
    pub error_message: Option<String>,
}

/// Part of the official schema; no client sends it.
#[derive(Clone, PartialEq, Message)]
pub struct GetRecordsRequest {
    /// The cursor.
    #[prost(string, required, tag = "12")]
    pub shard_iterator: String,
    /// The largest number of records to return.
    #[prost(int32, optional, tag = "13")]
    pub limit: Option<i32>,
}

/// Records that were read.
#[derive(Clone, PartialEq, Message)]
pub struct GetRecordsResult {
    /// The cursor behind the last record.
    #[prost(string, required, tag = "14")]
    pub next_shard_iterator: String,
    /// The records.
    #[prost(message, repeated, tag = "16")]
    pub records: Vec<Record>,
}

/// One record that was read.
#[derive(Clone, PartialEq, Message)]
pub struct Record {
    /// The partition key, if the writer gave one.
    #[prost(string, optional, tag = "17")]
    pub partition_key: Option<String>,
    /// Its sequence number in the partition.
    #[prost(string, required, tag = "18")]
    pub sequence_number: String,
    /// The payload.
    #[prost(bytes = "bytes", required, tag = "19")]
    pub data: Bytes,
    /// When it was written, in milliseconds since 1970.
    #[prost(int64, optional, tag = "27")]
    pub timestamp: Option<i64>,
    /// What the time means, as in `CreateTime`.
    #[prost(string, optional, tag = "28")]
    pub timestamp_type: Option<String>,
}
