//! Requests and replies in protocol buffers.
//!
//! The messages with many records are read and written over slices; [`messages`] declares all of them.

mod kept;
pub mod messages;
mod read;
pub(crate) mod wire;
mod write;

use bytes::Bytes;
use prost::Message as _;

use super::{FailedRecord, MAX_GET_LIMIT, PutReply, frame};
use crate::error::{Error, Result};

pub use read::{decode_get, decode_put_request};
#[cfg(feature = "datahub")]
pub(crate) use read::{read_get, values_of_first};
pub use write::{encode_get_reply, encode_put};

/// Makes the frame of a get. The limit is cut to 1…1000 records.
pub fn encode_get(cursor: &str, limit: i32) -> Bytes {
    let limit = limit.clamp(1, MAX_GET_LIMIT);
    let request = messages::GetRecordsRequest {
        cursor: cursor.to_owned(),
        limit: Some(limit),
        filter: None,
    };
    // Only a frame of 4 GiB or more fails, and no cursor is that long.
    frame::wrap(&request.encode_to_vec()).unwrap_or_default()
}

/// Reads the frame of a put's reply.
pub fn decode_put(body: &[u8]) -> Result<PutReply> {
    read_put(frame::unwrap_slice(body)?)
}

/// Reads what is inside the frame of a put's reply.
pub(crate) fn read_put(payload: &[u8]) -> Result<PutReply> {
    let reply = messages::PutRecordsResponse::decode(payload)
        .map_err(|error| Error::malformed("the reply to a put is damaged").with_source(error))?;
    let failed_records = reply
        .failed_records
        .into_iter()
        .map(|record| FailedRecord {
            index: record.index,
            error_code: record.error_code.unwrap_or_default(),
            error_message: record.error_message.unwrap_or_default(),
        })
        .collect();
    Ok(PutReply::received(
        reply.failed_count.unwrap_or(0),
        failed_records,
    ))
}
