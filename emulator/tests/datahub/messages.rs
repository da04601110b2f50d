//! The protobuf messages as their definition has them, apart from the emulator's own reading and writing.

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct StringPair {
    #[prost(string, required, tag = "1")]
    pub key: String,
    #[prost(string, required, tag = "2")]
    pub value: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RecordAttributes {
    #[prost(message, repeated, tag = "1")]
    pub attributes: Vec<StringPair>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct FieldData {
    #[prost(bytes = "vec", optional, tag = "1")]
    pub value: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RecordData {
    #[prost(message, repeated, tag = "1")]
    pub data: Vec<FieldData>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RecordEntry {
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
    #[prost(message, optional, tag = "9")]
    pub data: Option<RecordData>,
    #[prost(uint32, optional, tag = "10")]
    pub serial: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PutRecordsRequest {
    #[prost(message, repeated, tag = "1")]
    pub records: Vec<RecordEntry>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct FailedRecord {
    #[prost(int32, required, tag = "1")]
    pub index: i32,
    #[prost(string, optional, tag = "2")]
    pub error_code: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub error_message: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PutRecordsResponse {
    #[prost(int32, optional, tag = "1")]
    pub failed_count: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub failed_records: Vec<FailedRecord>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct GetRecordsRequest {
    #[prost(string, required, tag = "1")]
    pub cursor: String,
    #[prost(int32, optional, tag = "2")]
    pub limit: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct GetRecordsResponse {
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

#[derive(Clone, PartialEq, Message)]
pub(crate) struct BinaryRecordEntry {
    #[prost(string, optional, tag = "1")]
    pub(crate) cursor: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(crate) next_cursor: Option<String>,
    #[prost(int64, optional, tag = "3")]
    pub(crate) sequence: Option<i64>,
    #[prost(int64, optional, tag = "4")]
    pub(crate) system_time: Option<i64>,
    #[prost(uint32, optional, tag = "5")]
    pub(crate) serial: Option<u32>,
    #[prost(bytes = "vec", optional, tag = "6")]
    pub(crate) data: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PutBinaryRecordsRequest {
    #[prost(message, repeated, tag = "1")]
    pub(crate) records: Vec<BinaryRecordEntry>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct GetBinaryRecordsResponse {
    #[prost(string, required, tag = "1")]
    pub(crate) next_cursor: String,
    #[prost(int32, required, tag = "2")]
    pub(crate) record_count: i32,
    #[prost(int64, optional, tag = "3")]
    pub(crate) start_sequence: Option<i64>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) records: Vec<BinaryRecordEntry>,
    #[prost(int64, optional, tag = "5")]
    pub(crate) latest_sequence: Option<i64>,
    #[prost(int64, optional, tag = "6")]
    pub(crate) latest_time: Option<i64>,
}

impl RecordEntry {
    /// A record of values; `None` is null.
    pub(crate) fn of(values: &[Option<&str>]) -> Self {
        let data = values.iter().map(|value| FieldData {
            value: value.map(|value| value.as_bytes().to_vec()),
        });
        Self {
            data: Some(RecordData {
                data: data.collect(),
            }),
            ..Self::default()
        }
    }

    pub(crate) fn for_shard(mut self, shard: &str) -> Self {
        self.shard_id = Some(shard.to_owned());
        self
    }

    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        let pair = StringPair {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        self.attributes
            .get_or_insert_default()
            .attributes
            .push(pair);
        self
    }

    /// The values as texts.
    pub(crate) fn values(&self) -> Vec<Option<String>> {
        let data = self.data.as_ref().expect("data").data.iter();
        data.map(|value| {
            value
                .value
                .clone()
                .map(|value| String::from_utf8(value).expect("text"))
        })
        .collect()
    }
}

/// Takes the payload out of a frame, all of whose parts must be right.
pub(crate) fn unframe(body: &[u8]) -> &[u8] {
    let payload = &body[12..];
    assert_eq!(super::client::frame(payload), body);
    payload
}
