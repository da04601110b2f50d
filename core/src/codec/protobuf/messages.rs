//! The messages of the protocol (proto2), for small messages, servers and tests.
#![allow(missing_docs, reason = "the names are the protocol's own")]

/// One key and value.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StringPair {
    #[prost(string, required, tag = "1")]
    pub key: String,
    #[prost(string, required, tag = "2")]
    pub value: String,
}

/// One value: absent means null, present and empty means empty.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct FieldData {
    #[prost(bytes = "bytes", optional, tag = "1")]
    pub value: Option<bytes::Bytes>,
}

/// The attributes of a record.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct RecordAttributes {
    #[prost(message, repeated, tag = "1")]
    pub attributes: Vec<StringPair>,
}

/// The values of a record; exactly one for a blob.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct RecordData {
    #[prost(message, repeated, tag = "1")]
    pub data: Vec<FieldData>,
}

/// A record of a put or of a get's reply.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct RecordEntry {
    #[prost(string, optional, tag = "1")]
    pub shard_id: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub hash_key: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub partition_key: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub cursor: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub next_cursor: Option<String>,
    #[prost(int64, optional, tag = "6")]
    pub sequence: Option<i64>,
    #[prost(int64, optional, tag = "7")]
    pub system_time: Option<i64>,
    #[prost(message, optional, tag = "8")]
    pub attributes: Option<RecordAttributes>,
    #[prost(message, required, tag = "9")]
    pub data: RecordData,
    #[prost(uint32, optional, tag = "10")]
    pub serial: Option<u32>,
}

/// The request of a put.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PutRecordsRequest {
    #[prost(message, repeated, tag = "1")]
    pub records: Vec<RecordEntry>,
}

/// A record that was not stored.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct FailedRecord {
    #[prost(int32, required, tag = "1")]
    pub index: i32,
    #[prost(string, optional, tag = "2")]
    pub error_code: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub error_message: Option<String>,
}

/// The reply to a put. The count must be set even when it is 0.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PutRecordsResponse {
    #[prost(int32, optional, tag = "1")]
    pub failed_count: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub failed_records: Vec<FailedRecord>,
}

/// The request of a get.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct GetRecordsRequest {
    #[prost(string, required, tag = "1")]
    pub cursor: String,
    #[prost(int32, optional, tag = "2")]
    pub limit: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub filter: Option<String>,
}

/// The reply to a get.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct GetRecordsResponse {
    #[prost(string, required, tag = "1")]
    pub next_cursor: String,
    #[prost(int32, required, tag = "2")]
    pub record_count: i32,
    #[prost(int64, optional, tag = "3")]
    pub start_sequence: Option<i64>,
    #[prost(message, repeated, tag = "4")]
    pub records: Vec<RecordEntry>,
    #[prost(int64, optional, tag = "5")]
    pub latest_sequence: Option<i64>,
    #[prost(int64, optional, tag = "6")]
    pub latest_time: Option<i64>,
}

/// A stored batch.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct BinaryRecordEntry {
    #[prost(string, optional, tag = "1")]
    pub cursor: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub next_cursor: Option<String>,
    #[prost(int64, optional, tag = "3")]
    pub sequence: Option<i64>,
    #[prost(int64, optional, tag = "4")]
    pub system_time: Option<i64>,
    #[prost(uint32, optional, tag = "5")]
    pub serial: Option<u32>,
    #[prost(bytes = "bytes", optional, tag = "6")]
    pub data: Option<bytes::Bytes>,
}

/// The request of a put in batch mode.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PutBinaryRecordsRequest {
    #[prost(message, repeated, tag = "1")]
    pub records: Vec<BinaryRecordEntry>,
}

/// The reply to a get in batch mode.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct GetBinaryRecordsResponse {
    #[prost(string, required, tag = "1")]
    pub next_cursor: String,
    #[prost(int32, required, tag = "2")]
    pub record_count: i32,
    #[prost(int64, optional, tag = "3")]
    pub start_sequence: Option<i64>,
    #[prost(message, repeated, tag = "4")]
    pub records: Vec<BinaryRecordEntry>,
    #[prost(int64, optional, tag = "5")]
    pub latest_sequence: Option<i64>,
    #[prost(int64, optional, tag = "6")]
    pub latest_time: Option<i64>,
}
