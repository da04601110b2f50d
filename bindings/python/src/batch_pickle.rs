//! Batches as plain Python objects, and back: for `pickle`.

use hubstream::record::{self, Received, RecordBatchBuilder};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::batch_input::{InputError, push_attributes, push_blob, push_row};
use crate::error::raise;
use crate::record_schema::{RecordSchema, SERVICE};
use crate::record_value::to_python;

/// Sequence number, time, cursor, next cursor, place in the batch, size of the batch.
type Told = (i64, i64, Option<String>, Option<String>, u32, u32);

/// Shard id, hash key and partition key.
type Keys = (Option<String>, Option<String>, Option<String>);

/// The columns, the values or payloads, and the facts of each record.
pub(crate) fn state<'py>(
    py: Python<'py>,
    batch: &record::RecordBatch,
) -> PyResult<Bound<'py, PyTuple>> {
    let schema = match batch.schema() {
        Some(schema) => Some(Py::new(
            py,
            RecordSchema::from(std::sync::Arc::clone(schema)),
        )?),
        None => None,
    };
    let contents = PyList::empty(py);
    let facts = PyList::empty(py);
    for record in batch {
        contents.append(content(py, record)?)?;
        let told: Told = (
            record.sequence(),
            record.system_time(),
            record.cursor().map(str::to_owned),
            record.next_cursor().map(str::to_owned),
            record.batch_index(),
            record.batch_size(),
        );
        let keys = (record.shard_id(), record.hash_key(), record.partition_key());
        let attributes = PyDict::new(py);
        for (name, value) in record.attributes() {
            attributes.set_item(name, value)?;
        }
        facts.append((told, keys, attributes))?;
    }
    (schema, contents, facts).into_pyobject(py)
}

fn content<'py>(py: Python<'py>, record: record::Record<'_>) -> PyResult<Bound<'py, PyAny>> {
    if record.schema().is_none() {
        let blob = record.blob().map_err(|error| raise(py, SERVICE, error))?;
        return Ok(pyo3::types::PyBytes::new(py, blob).into_any());
    }
    let values = record
        .values()
        .map(|value| to_python(py, value.map_err(|error| raise(py, SERVICE, error))?))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(PyTuple::new(py, values)?.into_any())
}

/// Makes a batch of what [`state`] gave.
pub(crate) fn restore(
    schema: Option<&Bound<'_, RecordSchema>>,
    contents: &Bound<'_, PyList>,
    facts: &Bound<'_, PyList>,
) -> Result<record::RecordBatch, InputError> {
    let mut builder = match schema {
        Some(schema) => RecordBatchBuilder::tuples(schema.get().shared()),
        None => RecordBatchBuilder::blobs(),
    };
    for (index, (content, fact)) in contents.iter().zip(facts.iter()).enumerate() {
        if schema.is_some() {
            push_row(&mut builder, &content)?;
        } else {
            push_blob(&mut builder, index, &content)?;
        }
        let (told, keys, attributes): (Told, Keys, Bound<'_, PyDict>) = fact.extract()?;
        let (sequence, system_time, cursor, next_cursor, batch_index, batch_size) = told;
        builder.set_received(&Received {
            sequence,
            system_time,
            cursor: cursor.as_deref(),
            next_cursor: next_cursor.as_deref(),
            batch_index,
            batch_size,
        })?;
        push_keys(&mut builder, &keys)?;
        if !attributes.is_empty() {
            push_attributes(&mut builder, attributes.as_any())?;
        }
    }
    Ok(builder.build()?)
}

fn push_keys(builder: &mut RecordBatchBuilder, keys: &Keys) -> Result<(), InputError> {
    if let Some(key) = &keys.0 {
        builder.set_shard_id(key)?;
    }
    if let Some(key) = &keys.1 {
        builder.set_hash_key(key)?;
    }
    if let Some(key) = &keys.2 {
        builder.set_partition_key(key)?;
    }
    Ok(())
}
