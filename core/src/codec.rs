//! Wire formats of DataHub records: pure functions between bytes and [`RecordBatch`]es.
//!
//! Nothing here talks to a network. Decoders check every length and never read beyond the bytes given;
//! a damaged reply is an error of kind `malformed`. Whatever counts and sizes a reply announces, decoders take at most
//! 128 bytes of memory for a byte of (decompressed) input; decompression has limits of its own, see [`compress`].

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
        return Err(crate::error::Error::invalid_argument(
            "record_list",
            "there is no record to put",
        ));
    }
    Ok(())
}
