//! Bodies of record requests and replies without a request, for programs that send them by themselves and for
//! measuring.

use bytes::Bytes;
use hubstream::codec::batch::BatchVersion;
use hubstream::codec::compress::{MAX_RAW_SIZE, compress_body, decompress};
use hubstream::codec::{self, CompressFormat};
use hubstream::error::{Error, Result};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::batch::RecordBatch;
use crate::error::raise;
use crate::record_schema::{RecordSchema, SERVICE};

fn format(name: &str) -> Result<CompressFormat> {
    CompressFormat::from_name(name)
        .ok_or_else(|| Error::invalid_argument("compress_format", "is not a compression"))
}

fn unknown_protocol() -> Error {
    Error::invalid_argument(
        "protocol",
        "must be `protobuf`, `json`, `batch0` or `batch1`",
    )
}

/// The version of the schema in batches that are made here.
const SCHEMA_VERSION: i32 = 0;

fn batch_version(protocol: &str) -> Option<BatchVersion> {
    match protocol {
        "batch0" => Some(BatchVersion::V0),
        "batch1" => Some(BatchVersion::V1),
        _ => None,
    }
}

/// The body of a put, and its size before compression. Batches are compressed inside of it.
#[pyfunction]
pub(crate) fn encode_put<'py>(
    py: Python<'py>,
    records: &RecordBatch,
    protocol: &str,
    compress_format: &str,
) -> PyResult<(Bound<'py, PyBytes>, usize)> {
    let batch = records.inner();
    let encoded = py.detach(|| {
        let format = format(compress_format)?;
        if let Some(version) = batch_version(protocol) {
            let body = codec::batch::encode_put(batch, version, SCHEMA_VERSION, format)?;
            let size = body.len();
            return Ok((body, size));
        }
        let raw = match protocol {
            "protobuf" => codec::protobuf::encode_put(batch)?,
            "json" => codec::json::encode_put(batch)?,
            _ => return Err(unknown_protocol()),
        };
        let raw_size = raw.len();
        Ok((compress_body(format, raw)?.0, raw_size))
    });
    let (body, raw_size) = encoded.map_err(|error| raise(py, SERVICE, error))?;
    Ok((PyBytes::new(py, &body), raw_size))
}

/// The records of the body of a get's reply; `raw_size` is its size before compression. Without a schema they are
/// blobs.
#[pyfunction]
pub(crate) fn decode_get(
    py: Python<'_>,
    body: &[u8],
    protocol: &str,
    compress_format: &str,
    raw_size: usize,
    schema: Option<PyRef<'_, RecordSchema>>,
) -> PyResult<RecordBatch> {
    let schema = schema.map(|schema| schema.shared());
    let decoded = py.detach(|| {
        let format = format(compress_format)?;
        let body = Bytes::copy_from_slice(body);
        let raw = match format {
            CompressFormat::None => body,
            format => decompress(format, &body, Some(raw_size), MAX_RAW_SIZE)?,
        };
        match protocol {
            "protobuf" => codec::protobuf::decode_get(&raw, schema),
            "json" => codec::json::decode_get(raw, schema),
            _ if batch_version(protocol).is_some() => {
                codec::batch::decode_get(&raw, schema.clone(), &|_| schema.clone())
            }
            _ => Err(unknown_protocol()),
        }
    });
    let reply = decoded.map_err(|error| raise(py, SERVICE, error))?;
    Ok(RecordBatch::new(reply.records))
}
