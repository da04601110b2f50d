//! Bodies of record requests and replies without a request, for programs that send them by themselves and for
//! measuring.

use hubstream::codec::whole;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::batch::RecordBatch;
use crate::error::raise;
use crate::record_schema::{RecordSchema, SERVICE};
use crate::value::shared;

/// The body of a put, and its size before compression. Batches are compressed inside of it.
#[pyfunction]
pub(crate) fn encode_put<'py>(
    py: Python<'py>,
    records: &RecordBatch,
    protocol: &str,
    compress_format: &str,
) -> PyResult<(Bound<'py, PyBytes>, usize)> {
    let batch = records.inner();
    let (body, raw_size) = py
        .detach(|| whole::encode_put(batch, protocol, compress_format))
        .map_err(|error| raise(py, SERVICE, error))?;
    Ok((PyBytes::new(py, &body), raw_size))
}

/// The records of the body of a get's reply; `raw_size` is its size before compression. Without a schema they are
/// blobs.
#[pyfunction]
pub(crate) fn decode_get(
    py: Python<'_>,
    body: &Bound<'_, PyBytes>,
    protocol: &str,
    compress_format: &str,
    raw_size: usize,
    schema: Option<PyRef<'_, RecordSchema>>,
) -> PyResult<RecordBatch> {
    let schema = schema.map(|schema| schema.shared());
    let body = shared(body);
    py.detach(|| whole::decode_get(body, protocol, compress_format, raw_size, schema))
        .map(RecordBatch::new)
        .map_err(|error| raise(py, SERVICE, error))
}
