//! Requests and replies in JSON.

mod read;
mod scan;
mod write;

use bytes::Bytes;

use super::{FailedRecord, MAX_GET_LIMIT, PutReply};
use crate::error::{Error, Result};

pub use read::{decode_get, decode_put_request};
pub use write::{encode_get_reply, encode_put};

/// Makes the body of a get. The limit is cut to 1…1000 records.
pub fn encode_get(cursor: &str, limit: i32) -> Bytes {
    let mut out = Vec::with_capacity(64 + cursor.len());
    out.extend_from_slice(b"{\"Action\":\"sub\",\"Cursor\":");
    write::push_text(&mut out, cursor);
    out.extend_from_slice(b",\"Limit\":");
    out.extend_from_slice(
        itoa::Buffer::new()
            .format(limit.clamp(1, MAX_GET_LIMIT))
            .as_bytes(),
    );
    out.push(b'}');
    out.into()
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutReplyText {
    failed_record_count: i32,
    failed_records: Option<Vec<FailedRecordText>>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FailedRecordText {
    index: i32,
    #[serde(default)]
    error_code: Option<String>,
    #[serde(default)]
    error_message: Option<String>,
}

/// Reads the body of a put's reply.
pub fn decode_put(body: &[u8]) -> Result<PutReply> {
    let reply: PutReplyText = serde_json::from_slice(body).map_err(|error| {
        Error::malformed("the reply to a put is not what was expected").with_source(error)
    })?;
    let failed_records = reply
        .failed_records
        .unwrap_or_default()
        .into_iter()
        .map(|record| FailedRecord {
            index: record.index,
            error_code: record.error_code.unwrap_or_default(),
            error_message: record.error_message.unwrap_or_default(),
        })
        .collect();
    Ok(PutReply::received(
        reply.failed_record_count,
        failed_records,
    ))
}
