//! Bodies of record requests and replies without a request, for programs that send them by themselves and for
//! measuring.

use hubstream::codec::whole;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::batch::RecordBatch;
use crate::blob::Blob;
use crate::error::raise;
use crate::record_schema::{RecordSchema, SERVICE};
use crate::value::bytes;

/// The body of a put, and its size before compression. Batches are compressed inside of it. The body is not copied, as
/// it is not when a client sends it.
#[pyfunction]
pub(crate) fn encode_put(
    py: Python<'_>,
    records: &RecordBatch,
    protocol: &str,
    compress_format: &str,
) -> PyResult<(Blob, usize)> {
    let batch = records.inner();
    let (body, raw_size) = py
        .detach(|| whole::encode_put(batch, protocol, compress_format))
        .map_err(|error| raise(py, SERVICE, error))?;
    Ok((Blob::new(body), raw_size))
}

/// The records of the body of a get's reply; `raw_size` is its size before compression. Without a schema they are
/// blobs.
#[pyfunction]
pub(crate) fn decode_get(
    py: Python<'_>,
    body: &Bound<'_, PyAny>,
    protocol: &str,
    compress_format: &str,
    raw_size: usize,
    schema: Option<PyRef<'_, RecordSchema>>,
) -> PyResult<RecordBatch> {
    let schema = schema.map(|schema| schema.shared());
    let body = bytes(body).ok_or_else(|| PyTypeError::new_err("a bytes-like object is needed"))?;
    py.detach(|| whole::decode_get(body, protocol, compress_format, raw_size, schema))
        .map(RecordBatch::new)
        .map_err(|error| raise(py, SERVICE, error))
}
