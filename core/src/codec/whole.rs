//! Bodies of record requests and replies without a request, for programs that send them by themselves and for
//! measuring.

use std::sync::Arc;

use bytes::Bytes;

use super::batch::{self, BatchVersion};
use super::compress::{MAX_RAW_SIZE, compress_body, decompress};
use super::{CompressFormat, json, protobuf};
use crate::error::{Error, Result};
use crate::record::{RecordBatch, RecordSchema};

/// The version of the schema in batches that are made here.
const SCHEMA_VERSION: i32 = 0;

/// How the records of a body are written.
enum Layout {
    Json,
    Protobuf,
    Batch(BatchVersion),
}

impl Layout {
    fn from_name(name: &str) -> Result<Self> {
        match name {
            "json" => Ok(Self::Json),
            "protobuf" => Ok(Self::Protobuf),
            "batch0" => Ok(Self::Batch(BatchVersion::V0)),
            "batch1" => Ok(Self::Batch(BatchVersion::V1)),
            _ => Err(Error::invalid_argument(
                "protocol",
                "must be `protobuf`, `json`, `batch0` or `batch1`",
            )),
        }
    }
}

fn format(name: &str) -> Result<CompressFormat> {
    CompressFormat::from_name(name)
        .ok_or_else(|| Error::invalid_argument("compress_format", "is not a compression"))
}

/// The body of a put, and its size before compression.
///
/// `protocol` is `protobuf`, `json`, `batch0` or `batch1`; `compress_format` is a name of [`CompressFormat`]. Batches are
/// compressed inside of the body.
pub fn encode_put(
    records: &RecordBatch,
    protocol: &str,
    compress_format: &str,
) -> Result<(Bytes, usize)> {
    let format = format(compress_format)?;
    let raw = match Layout::from_name(protocol)? {
        Layout::Json => json::encode_put(records)?,
        Layout::Protobuf => protobuf::encode_put(records)?,
        Layout::Batch(version) => {
            let body = batch::encode_put(records, version, SCHEMA_VERSION, format)?;
            let size = body.len();
            return Ok((body, size));
        }
    };
    let raw_size = raw.len();
    Ok((compress_body(format, raw)?.0, raw_size))
}

/// The records of the body of a get's reply; `raw_size` is its size before compression.
///
/// The names are those of [`encode_put`]. Without a schema the records are blobs.
pub fn decode_get(
    body: Bytes,
    protocol: &str,
    compress_format: &str,
    raw_size: usize,
    schema: Option<Arc<RecordSchema>>,
) -> Result<RecordBatch> {
    let raw = match format(compress_format)? {
        CompressFormat::None => body,
        format => decompress(format, &body, Some(raw_size), MAX_RAW_SIZE)?,
    };
    let reply = match Layout::from_name(protocol)? {
        Layout::Json => json::decode_get(raw, schema)?,
        Layout::Protobuf => protobuf::decode_get(&raw, schema)?,
        Layout::Batch(_) => batch::decode_get(&raw, schema.clone(), &|_| schema.clone())?,
    };
    Ok(reply.records)
}
