//! Batches of records, owned by the core and read when touched.

use hubstream::record;
use hubstream::record::{RawValue, RecordBatchBuilder};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList, PySlice, PyString, PyTuple};

use crate::arrow::ArrowColumns;
use crate::arrow_input;
use crate::batch_input::{
    InputError, Routing, from_records, push_attributes, push_blob, push_row, record_object,
};
use crate::batch_pickle;
use crate::blob::Blob;
use crate::error::raise;
use crate::record_schema::{RecordSchema, SERVICE};
use crate::record_value::to_python;

/// Some records of one topic in their order: all tuples of the same columns, or all blobs.
#[pyclass(frozen, sequence, module = "hubstream._native")]
pub(crate) struct RecordBatch {
    inner: record::RecordBatch,
}

impl RecordBatch {
    /// Wraps a batch of the core.
    pub(crate) const fn new(inner: record::RecordBatch) -> Self {
        Self { inner }
    }

    /// The batch of the core.
    pub(crate) const fn inner(&self) -> &record::RecordBatch {
        &self.inner
    }

    fn record(&self, index: isize) -> PyResult<record::Record<'_>> {
        self.place(index)
            .and_then(|place| self.inner.get(place))
            .ok_or_else(|| PyIndexError::new_err("there is no such record"))
    }

    fn place(&self, index: isize) -> Option<usize> {
        let len = self.inner.len() as isize;
        let place = if index < 0 { index + len } else { index };
        usize::try_from(place).ok().filter(|_| place < len)
    }

    fn column_index(&self, column: &Bound<'_, PyAny>) -> PyResult<usize> {
        let schema = self
            .inner
            .schema()
            .ok_or_else(|| crate::value::value_error("blob records have no columns"))?;
        if let Ok(name) = column.extract::<String>() {
            return schema
                .position(&name)
                .ok_or_else(|| PyIndexError::new_err(format!("there is no column `{name}`")));
        }
        let index: isize = column.extract()?;
        let index = if index < 0 {
            index + schema.len() as isize
        } else {
            index
        };
        usize::try_from(index)
            .ok()
            .filter(|index| *index < schema.len())
            .ok_or_else(|| PyIndexError::new_err("there is no such column"))
    }
}

#[cold]
fn failed(py: Python<'_>, error: hubstream::error::Error) -> PyErr {
    raise(py, SERVICE, error)
}

/// The values of a record as a tuple.
///
/// They are collected first: making them one by one while a tuple is filled takes more time.
fn row_tuple<'py>(
    py: Python<'py>,
    record: record::Record<'_>,
    buffer: &mut Vec<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyTuple>> {
    buffer.clear();
    for value in record.raw_values() {
        buffer.push(match value {
            Ok(RawValue::Value(value)) => to_python(py, value)?,
            Ok(RawValue::Text(text)) => match PyString::from_bytes(py, text) {
                Ok(text) => text.into_any(),
                Err(error) => return Err(unreadable(py, record).unwrap_or(error)),
            },
            Err(error) => return Err(failed(py, error)),
        });
    }
    PyTuple::new(py, buffer.drain(..))
}

/// The error for the first value that cannot be read, which names it: Python only tells what is wrong with a text.
#[cold]
fn unreadable(py: Python<'_>, record: record::Record<'_>) -> Option<PyErr> {
    let error = record.values().find_map(Result::err)?;
    Some(failed(py, error))
}

#[pymethods]
impl RecordBatch {
    /// Makes a batch of `TupleRecord` objects, or of `BlobRecord` objects.
    #[staticmethod]
    fn from_records(py: Python<'_>, records: &Bound<'_, PyAny>) -> PyResult<Self> {
        from_records(records)
            .map(Self::new)
            .map_err(|error| error.raise(py))
    }

    /// Makes a batch of tuple records from rows of values.
    ///
    /// Each row is a sequence with one value per column. The keys are one text for all records, or
    /// a sequence with one for each.
    #[staticmethod]
    #[pyo3(signature = (schema, rows, *, shard_id=None, hash_key=None, partition_key=None, attributes=None))]
    fn from_rows(
        py: Python<'_>,
        schema: &Bound<'_, PyAny>,
        rows: &Bound<'_, PyAny>,
        shard_id: Option<&Bound<'_, PyAny>>,
        hash_key: Option<&Bound<'_, PyAny>>,
        partition_key: Option<&Bound<'_, PyAny>>,
        attributes: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let handle = native_schema(schema)?;
        let mut builder = RecordBatchBuilder::tuples(handle.get().shared());
        if let Ok(len) = rows.len() {
            builder.reserve(len);
        }
        let keys = Keys::read(shard_id, hash_key, partition_key, attributes)?;
        let fill = || -> Result<_, InputError> {
            for row in rows.try_iter()? {
                push_row(&mut builder, &row?)?;
                keys.apply(&mut builder)?;
            }
            keys.finish(builder)
        };
        fill().map_err(|error| error.raise(py))
    }

    /// Makes a batch of blob records from bytes-like objects.
    ///
    /// The keys are one text for all records, or a sequence with one for each.
    #[staticmethod]
    #[pyo3(signature = (blobs, *, shard_id=None, hash_key=None, partition_key=None, attributes=None))]
    fn from_blobs(
        py: Python<'_>,
        blobs: &Bound<'_, PyAny>,
        shard_id: Option<&Bound<'_, PyAny>>,
        hash_key: Option<&Bound<'_, PyAny>>,
        partition_key: Option<&Bound<'_, PyAny>>,
        attributes: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let mut builder = RecordBatchBuilder::blobs();
        if let Ok(len) = blobs.len() {
            builder.reserve(len);
        }
        let keys = Keys::read(shard_id, hash_key, partition_key, attributes)?;
        let fill = || -> Result<_, InputError> {
            for (index, blob) in blobs.try_iter()?.enumerate() {
                push_blob(&mut builder, index, &blob?)?;
                keys.apply(&mut builder)?;
            }
            keys.finish(builder)
        };
        fill().map_err(|error| error.raise(py))
    }

    /// Makes a batch of Arrow data: of anything with the method `__arrow_c_stream__` or `__arrow_c_array__`.
    ///
    /// Columns are found by name. Without a schema the records are blobs.
    #[staticmethod]
    fn from_arrow(schema: Option<&Bound<'_, PyAny>>, data: &Bound<'_, PyAny>) -> PyResult<Self> {
        let schema = schema
            .map(|schema| Ok::<_, PyErr>(native_schema(schema)?.get().shared()))
            .transpose()?;
        arrow_input::read_all(schema.as_ref(), data).map(Self::new)
    }

    /// The records as Arrow columns, for any library that takes Arrow data.
    #[pyo3(signature = (*, metadata=false, views=false, decimal=None))]
    fn to_arrow(
        &self,
        metadata: bool,
        views: bool,
        decimal: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<ArrowColumns> {
        ArrowColumns::read(&self.inner, metadata, views, decimal)
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        ArrowColumns::plain(&self.inner).__arrow_c_schema__(py)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        ArrowColumns::plain(&self.inner).__arrow_c_array__(py, requested_schema)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        ArrowColumns::plain(&self.inner).__arrow_c_stream__(py, requested_schema)
    }

    /// The records of several batches one after another, sharing memory.
    #[staticmethod]
    fn concat(py: Python<'_>, batches: Vec<Py<Self>>) -> PyResult<Self> {
        let batches: Vec<_> = batches
            .iter()
            .map(|batch| batch.get().inner.clone())
            .collect();
        record::RecordBatch::concat(&batches)
            .map(Self::new)
            .map_err(|error| failed(py, error))
    }

    /// The columns of tuple records; absent for blobs.
    #[getter]
    fn schema<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(schema) = self.inner.schema() else {
            return Ok(None);
        };
        let handle = Py::new(py, RecordSchema::from(std::sync::Arc::clone(schema)))?;
        py.import("hubstream.record_schema")?
            .getattr("RecordSchema")?
            .call_method1("from_native", (handle,))
            .map(Some)
    }

    /// All records as tuples of their values, in one go. Not for blobs.
    fn rows<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.check_tuples()?;
        let mut buffer = Vec::new();
        let rows = self
            .inner
            .iter()
            .map(|record| row_tuple(py, record, &mut buffer))
            .collect::<PyResult<Vec<_>>>()?;
        PyList::new(py, rows)
    }

    /// The values of one record as a tuple. Not for blobs.
    fn row<'py>(&self, py: Python<'py>, index: isize) -> PyResult<Bound<'py, PyTuple>> {
        self.check_tuples()?;
        row_tuple(py, self.record(index)?, &mut Vec::new())
    }

    /// All values of one column, by name (in any case) or place.
    fn column<'py>(
        &self,
        py: Python<'py>,
        column: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyList>> {
        let index = self.column_index(column)?;
        let list = PyList::empty(py);
        for record in &self.inner {
            let value = record.value(index).map_err(|error| failed(py, error))?;
            list.append(to_python(py, value)?)?;
        }
        Ok(list)
    }

    /// The payloads of blob records, without copying them.
    fn blobs(&self, py: Python<'_>) -> PyResult<Vec<Blob>> {
        self.inner
            .iter()
            .map(|record| {
                record
                    .blob_bytes()
                    .map(Blob::new)
                    .map_err(|error| failed(py, error))
            })
            .collect()
    }

    /// The payload of one blob record, without copying it.
    fn blob(&self, py: Python<'_>, index: isize) -> PyResult<Blob> {
        let content = self.record(index)?.blob_bytes();
        content.map(Blob::new).map_err(|error| failed(py, error))
    }

    /// The attributes of one record.
    fn attributes<'py>(&self, py: Python<'py>, index: isize) -> PyResult<Bound<'py, PyDict>> {
        let map = PyDict::new(py);
        for (name, value) in self.record(index)?.attributes() {
            map.set_item(name, value)?;
        }
        Ok(map)
    }

    /// The sequence number of one record; 0 for one that was not received.
    fn sequence(&self, index: isize) -> PyResult<i64> {
        Ok(self.record(index)?.sequence())
    }

    /// The sequence numbers of all records.
    fn sequences(&self) -> Vec<i64> {
        self.inner.iter().map(|record| record.sequence()).collect()
    }

    /// When the service stored one record, in milliseconds since 1970; 0 for one that was not received.
    fn system_time(&self, index: isize) -> PyResult<i64> {
        Ok(self.record(index)?.system_time())
    }

    /// When the service stored the records, in milliseconds since 1970.
    fn system_times(&self) -> Vec<i64> {
        self.inner
            .iter()
            .map(|record| record.system_time())
            .collect()
    }

    /// The cursor of one record, if the service told it.
    fn cursor(&self, index: isize) -> PyResult<Option<&str>> {
        Ok(self.record(index)?.cursor())
    }

    /// The cursor behind one record, if the service told it.
    fn next_cursor(&self, index: isize) -> PyResult<Option<&str>> {
        Ok(self.record(index)?.next_cursor())
    }

    /// The shard that one record is meant for, if one is set.
    fn shard_id(&self, index: isize) -> PyResult<Option<&str>> {
        Ok(self.record(index)?.shard_id())
    }

    /// The hash key of one record, if one is set.
    fn hash_key(&self, index: isize) -> PyResult<Option<&str>> {
        Ok(self.record(index)?.hash_key())
    }

    /// The partition key of one record, if one is set.
    fn partition_key(&self, index: isize) -> PyResult<Option<&str>> {
        Ok(self.record(index)?.partition_key())
    }

    /// The place of one record within its stored batch, from 0.
    fn batch_index(&self, index: isize) -> PyResult<u32> {
        Ok(self.record(index)?.batch_index())
    }

    /// How many records the stored batch of one record holds; 0 when it is not known.
    fn batch_size(&self, index: isize) -> PyResult<u32> {
        Ok(self.record(index)?.batch_size())
    }

    fn __len__(&self) -> usize {
        self.inner.len()
    }

    fn __getitem__<'py>(
        slf: &Bound<'py, Self>,
        index: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let this = slf.get();
        if let Ok(slice) = index.cast::<PySlice>() {
            return Ok(Bound::new(slf.py(), this.sliced(slice)?)?.into_any());
        }
        let place = this
            .place(index.extract()?)
            .ok_or_else(|| PyIndexError::new_err("there is no such record"))?;
        record_object(slf.as_any(), place, this.inner.schema().is_some())
    }

    fn __iter__(slf: Bound<'_, Self>) -> RecordIterator {
        RecordIterator {
            batch: slf.unbind(),
            next: 0.into(),
        }
    }

    #[staticmethod]
    fn _restore(
        py: Python<'_>,
        schema: Option<&Bound<'_, RecordSchema>>,
        contents: &Bound<'_, PyList>,
        facts: &Bound<'_, PyList>,
    ) -> PyResult<Self> {
        batch_pickle::restore(schema, contents, facts)
            .map(Self::new)
            .map_err(|error| error.raise(py))
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let restore = slf.get_type().getattr("_restore")?;
        Ok((restore, batch_pickle::state(slf.py(), &slf.get().inner)?))
    }

    fn __repr__(&self) -> String {
        match self.inner.schema() {
            Some(schema) => format!(
                "<RecordBatch of {} records with {} columns>",
                self.inner.len(),
                schema.len()
            ),
            None => format!("<RecordBatch of {} blobs>", self.inner.len()),
        }
    }
}

impl RecordBatch {
    fn check_tuples(&self) -> PyResult<()> {
        if self.inner.schema().is_none() && !self.inner.is_empty() {
            return Err(crate::value::value_error(
                "blob records have no columns: use blobs()",
            ));
        }
        Ok(())
    }

    fn sliced(&self, slice: &Bound<'_, PySlice>) -> PyResult<Self> {
        let range = slice.indices(self.inner.len() as isize)?;
        if range.step == 1 {
            let start = range.start.max(0) as usize;
            let stop = range.stop.max(range.start).max(0) as usize;
            return Ok(Self::new(self.inner.slice(start..stop)));
        }
        let parts: Vec<_> = (0..range.slicelength as isize)
            .map(|step| {
                let place = (range.start + step * range.step) as usize;
                self.inner.slice(place..=place)
            })
            .collect();
        if parts.is_empty() {
            return Ok(Self::new(self.inner.slice(0..0)));
        }
        record::RecordBatch::concat(&parts)
            .map(Self::new)
            .map_err(|error| failed(slice.py(), error))
    }
}

/// The native schema of a `RecordSchema` of the package.
pub(crate) fn native_schema<'py>(schema: &Bound<'py, PyAny>) -> PyResult<Bound<'py, RecordSchema>> {
    if let Ok(native) = schema.cast::<RecordSchema>() {
        return Ok(native.clone());
    }
    Ok(schema.getattr("_native")?.cast_into::<RecordSchema>()?)
}

/// What every new record gets besides its values.
struct Keys<'a, 'py> {
    shard_id: Routing<'py>,
    hash_key: Routing<'py>,
    partition_key: Routing<'py>,
    attributes: Option<&'a Bound<'py, PyAny>>,
}

impl<'a, 'py> Keys<'a, 'py> {
    fn read(
        shard_id: Option<&Bound<'py, PyAny>>,
        hash_key: Option<&Bound<'py, PyAny>>,
        partition_key: Option<&Bound<'py, PyAny>>,
        attributes: Option<&'a Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        Ok(Self {
            shard_id: Routing::read(shard_id)?,
            hash_key: Routing::read(hash_key)?,
            partition_key: Routing::read(partition_key)?,
            attributes: attributes.filter(|attributes| !attributes.is_none()),
        })
    }

    /// Gives the last record what it gets.
    #[inline]
    fn apply(&self, builder: &mut RecordBatchBuilder) -> Result<(), InputError> {
        let routings = [&self.shard_id, &self.hash_key, &self.partition_key];
        if self.attributes.is_none() && routings.iter().all(|keys| matches!(keys, Routing::None)) {
            return Ok(());
        }
        self.apply_any(builder)
    }

    fn apply_any(&self, builder: &mut RecordBatchBuilder) -> Result<(), InputError> {
        let record = builder.len() - 1;
        self.shard_id
            .apply(record, |text| builder.set_shard_id(text))?;
        self.hash_key
            .apply(record, |text| builder.set_hash_key(text))?;
        self.partition_key
            .apply(record, |text| builder.set_partition_key(text))?;
        match self.attributes {
            Some(attributes) => push_attributes(builder, attributes),
            None => Ok(()),
        }
    }

    fn finish(&self, builder: RecordBatchBuilder) -> Result<RecordBatch, InputError> {
        for keys in [&self.shard_id, &self.hash_key, &self.partition_key] {
            keys.check_length(builder.len())?;
        }
        Ok(RecordBatch::new(builder.build()?))
    }
}

/// Goes through the records of a batch.
#[pyclass(frozen, module = "hubstream._native")]
pub(crate) struct RecordIterator {
    batch: Py<RecordBatch>,
    next: std::sync::atomic::AtomicUsize,
}

#[pymethods]
impl RecordIterator {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let inner = &self.batch.get().inner;
        let place = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if place >= inner.len() {
            return Ok(None);
        }
        let batch = self.batch.bind(py).as_any();
        record_object(batch, place, inner.schema().is_some()).map(Some)
    }

    fn __length_hint__(&self) -> usize {
        let done = self.next.load(std::sync::atomic::Ordering::Relaxed);
        self.batch.get().inner.len().saturating_sub(done)
    }
}
