//! Wire formats of DataHub records: pure functions between bytes and [`RecordBatch`]es.
//!
//! Nothing here talks to a network. Decoders check every length and never read beyond the bytes given;
//! a damaged reply is an error of kind `malformed`. Whatever counts and sizes a reply announces, decoders take at most
//! 128 bytes of memory for a byte of (decompressed) input; decompression has limits of its own, see [`compress`].
//!
//! ```
//! use hubstream::codec::protobuf;
//! use hubstream::record::RecordBatchBuilder;
//!
//! # fn main() -> hubstream::error::Result<()> {
//! let mut records = RecordBatchBuilder::blobs();
//! records.push_blob(b"first")?;
//! let body = protobuf::encode_put(&records.build()?)?;
//! assert_eq!(protobuf::decode_put_request(&body, None)?.len(), 1);
//! # Ok(())
//! # }
//! ```

pub(crate) mod avro;
pub mod batch;
pub(crate) mod batch0;
pub(crate) mod batch1;
pub(crate) mod body;
pub mod compress;
pub mod crc;
pub mod frame;
pub mod json;
pub(crate) mod pool;
pub mod protobuf;
pub mod whole;

pub use batch::{BatchReply, BatchVersion};
pub use compress::CompressFormat;
pub use pool::keep_buffers;

use crate::error::Error;
use crate::record::RecordBatch;

/// The largest number of records that one get can ask for; the service cuts at it too.
pub const MAX_GET_LIMIT: i32 = 1000;

/// What a get returned.
#[derive(Clone, Debug)]
pub struct GetReply {
    /// The cursor for the next get.
    pub next_cursor: String,
    /// The number of records that were decoded, whatever the reply announced.
    pub record_count: usize,
    /// The sequence number of the first record; 0 when the reply does not tell.
    pub start_seq: i64,
    /// The newest sequence number of the shard, if the reply tells.
    pub latest_seq: Option<i64>,
    /// When the newest record of the shard was stored, in milliseconds since 1970-01-01 UTC, if the reply tells.
    pub latest_time: Option<i64>,
    /// The records.
    pub records: RecordBatch,
}

/// What a put returned. A successful call may still have failed for some records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PutReply {
    /// How many records were not stored.
    pub failed_record_count: i32,
    /// The records that were not stored.
    pub failed_records: Vec<FailedRecord>,
}

impl PutReply {
    /// A reply as it was received: no fewer records failed than it lists.
    fn received(failed: i32, failed_records: Vec<FailedRecord>) -> Self {
        let listed = i32::try_from(failed_records.len()).unwrap_or(i32::MAX);
        Self {
            failed_record_count: failed.max(listed),
            failed_records,
        }
    }
}

/// One record that was not stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailedRecord {
    /// The place of the record in the request, counted from 0.
    pub index: i32,
    /// The service's code, as in `InvalidShardOperation`.
    pub error_code: String,
    /// The service's message.
    pub error_message: String,
}

/// Refuses a put without records.
fn check_not_empty(records: &RecordBatch) -> crate::error::Result<()> {
    if records.is_empty() {
        return Err(Error::invalid_argument(
            "record_list",
            "there is no record to put",
        ));
    }
    Ok(())
}

/// Says of an error why bytes could not be decoded: they hold blobs where tuples are due, or the other way round.
#[derive(Debug)]
struct OtherKind;

impl std::fmt::Display for OtherKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("tuples and blobs are not read by the same call")
    }
}

impl std::error::Error for OtherKind {}

/// Makes the error for records of the other kind.
pub(crate) fn other_kind(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::malformed(message).with_source(OtherKind)
}

/// Whether an error was made for records of the other kind.
#[cfg(feature = "datahub")]
pub(crate) fn is_other_kind(error: &Error) -> bool {
    let source = std::error::Error::source(error);
    source.is_some_and(<dyn std::error::Error>::is::<OtherKind>)
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    /// The payload of a get's reply that has two equal records, and tells their number or does not.
    fn told(count: Option<i64>, entry: &[u8]) -> bytes::Bytes {
        let mut payload = Vec::new();
        protobuf::wire::push_bytes(&mut payload, 1, b"next");
        if let Some(count) = count {
            protobuf::wire::push_number(&mut payload, 2, count as u64);
        }
        for _ in 0..2 {
            protobuf::wire::push_bytes(&mut payload, 4, entry);
        }
        frame::wrap(&payload).unwrap()
    }

    #[test]
    fn a_reply_has_as_many_records_as_are_in_it() {
        let mut records = crate::record::RecordBatchBuilder::blobs();
        records.push_blob(b"x").unwrap();
        let records = records.build().unwrap();
        let data = batch::encode(&records, batch::BatchVersion::V1, -1, CompressFormat::None);
        let in_batch = protobuf::messages::BinaryRecordEntry {
            data: Some(data.unwrap()),
            ..Default::default()
        };
        let value = protobuf::messages::FieldData {
            value: Some("x".into()),
        };
        let alone = protobuf::messages::RecordEntry {
            data: protobuf::messages::RecordData { data: vec![value] },
            ..Default::default()
        };
        for count in [None, Some(0), Some(1), Some(2), Some(9), Some(-1)] {
            let member = count.map(|count| format!(r#""RecordCount":{count},"#));
            let json = format!(
                r#"{{"NextCursor":"next",{}"Records":[{{"Data":"eA=="}},{{"Data":"eA=="}}]}}"#,
                member.unwrap_or_default()
            );
            let single = told(count, &alone.encode_to_vec());
            let batches = told(count, &in_batch.encode_to_vec());
            for reply in [
                json::decode_get(json.into(), None),
                protobuf::decode_get(&single, None),
                batch::decode_get(&batches, None, &|_| None),
            ] {
                let reply = reply.unwrap();
                assert_eq!(
                    (reply.record_count, reply.records.len()),
                    (2, 2),
                    "{count:?}"
                );
            }
        }
    }

    #[test]
    fn as_many_records_failed_as_a_reply_lists() {
        let listed = protobuf::messages::FailedRecord {
            index: 7,
            ..Default::default()
        };
        for (count, failed) in [(0, 1), (1, 1), (5, 5)] {
            let json =
                format!(r#"{{"FailedRecordCount":{count},"FailedRecords":[{{"Index":7}}]}}"#);
            let message = protobuf::messages::PutRecordsResponse {
                failed_count: Some(count),
                failed_records: vec![listed.clone()],
            };
            let body = frame::wrap(&message.encode_to_vec()).unwrap();
            let expected = PutReply {
                failed_record_count: failed,
                failed_records: vec![FailedRecord {
                    index: 7,
                    ..FailedRecord::default()
                }],
            };
            assert_eq!(json::decode_put(json.as_bytes()).unwrap(), expected);
            assert_eq!(protobuf::decode_put(&body).unwrap(), expected);
        }
    }
}
