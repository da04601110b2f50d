//! Records out of Arrow data of other libraries.
#![allow(
    unsafe_code,
    reason = "the capsules of Arrow's interface hold pointers, whose names say what they point at"
)]

use std::collections::VecDeque;
use std::ffi::CStr;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef};
use hubstream::error::{Error, Result};
use hubstream::record::arrow::ArrowImport;
use hubstream::record::arrow::arrow_data::ArrayData;
use hubstream::record::{RecordBatch, RecordSchema};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

use crate::arrow_stream::ArrowStream;
use crate::batch;
use crate::error::raise;
use crate::record_schema::SERVICE;

pub(crate) fn refused(error: ArrowError) -> Error {
    let message = error.to_string();
    Error::invalid_argument("records", format_args!("the Arrow data is bad: {message}"))
        .with_source(error)
}

/// The pointer of a capsule of a name, and an error for anything else.
fn pointer<T>(capsule: &Bound<'_, PyAny>, name: &CStr) -> PyResult<*mut T> {
    let capsule = capsule.cast::<PyCapsule>()?;
    Ok(capsule.pointer_checked(Some(name))?.as_ptr().cast())
}

/// The schema in a capsule; the capsule keeps it.
pub(crate) fn schema_of(capsule: &Bound<'_, PyAny>) -> PyResult<Schema> {
    let py = capsule.py();
    let schema = pointer::<FFI_ArrowSchema>(capsule, c"arrow_schema")?;
    // SAFETY: by its name the capsule points at a schema, which lives as long as the capsule does.
    let schema = unsafe { &*schema };
    if schema.release().is_none() {
        return Err(raise(py, SERVICE, released()));
    }
    columns_of(schema).map_err(|error| raise(py, SERVICE, error))
}

/// The columns that a schema of Arrow's interface describes.
pub(crate) fn columns_of(schema: &FFI_ArrowSchema) -> Result<Schema> {
    match DataType::try_from(schema).map_err(refused)? {
        DataType::Struct(_) => Schema::try_from(schema).map_err(refused),
        other => Err(Error::invalid_argument(
            "records",
            format_args!("columns are needed, as of a table, but the Arrow data is of {other}"),
        )),
    }
}

#[cold]
fn released() -> Error {
    Error::invalid_argument("records", "the Arrow data was taken by another reader")
}

/// Arrow data that is read batch by batch.
struct Source {
    schema: SchemaRef,
    batches: Batches,
}

/// Arrays of structs, whose members are the columns.
enum Batches {
    Stream(ArrowStream),
    One(Option<ArrayData>),
}

impl Source {
    /// Takes what `__arrow_c_stream__` or `__arrow_c_array__` of an object gives.
    fn take(data: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Some(method) = data.getattr_opt("__arrow_c_stream__")? {
            return Self::stream(&method.call0()?);
        }
        if let Some(method) = data.getattr_opt("__arrow_c_array__")? {
            return Self::array(&method.call0()?);
        }
        let name = data.get_type().name()?;
        let error = Error::invalid_argument(
            "records",
            format_args!("an object with the method __arrow_c_stream__ is needed, not {name}"),
        );
        Err(raise(data.py(), SERVICE, error))
    }

    fn stream(capsule: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = capsule.py();
        let stream = pointer::<FFI_ArrowArrayStream>(capsule, c"arrow_array_stream")?;
        // SAFETY: by its name the capsule points at a stream. It is moved out of the capsule, which sees that it is
        // released, as the interface wants it.
        let stream = unsafe { FFI_ArrowArrayStream::from_raw(stream) };
        if stream.release().is_none() {
            return Err(raise(py, SERVICE, released()));
        }
        let (schema, stream) = py
            .detach(|| ArrowStream::open(stream))
            .map_err(|error| raise(py, SERVICE, error))?;
        Ok(Self {
            schema,
            batches: Batches::Stream(stream),
        })
    }

    fn array(capsules: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = capsules.py();
        let capsules = capsules.cast::<PyTuple>()?;
        let schema_capsule = capsules.get_item(0)?;
        schema_of(&schema_capsule)?;
        let type_pointer = pointer::<FFI_ArrowSchema>(&schema_capsule, c"arrow_schema")?;
        let array = pointer::<FFI_ArrowArray>(&capsules.get_item(1)?, c"arrow_array")?;
        // SAFETY: by their names the capsules point at a schema, which lives as long as its capsule, and at an array,
        // which is moved out of its capsule.
        let (data_type, array) = unsafe { (&*type_pointer, FFI_ArrowArray::from_raw(array)) };
        if array.is_released() {
            return Err(raise(py, SERVICE, released()));
        }
        // SAFETY: the schema and the array come from one call of a producer that keeps to the interface.
        let data = unsafe { from_ffi(array, data_type) };
        let opened = data
            .map_err(refused)
            .and_then(|data| match data.data_type() {
                DataType::Struct(fields) => Ok((Arc::new(Schema::new(fields.clone())), data)),
                _ => Err(Error::invalid_argument(
                    "records",
                    "the Arrow array is not a record batch",
                )),
            });
        let (schema, data) = opened.map_err(|error| raise(py, SERVICE, error))?;
        Ok(Self {
            schema,
            batches: Batches::One(Some(data)),
        })
    }

    fn next(&mut self) -> Option<Result<ArrayData>> {
        match &mut self.batches {
            Batches::Stream(stream) => stream.next(),
            Batches::One(batch) => batch.take().map(Ok),
        }
    }
}

/// All records of Arrow data.
pub(crate) fn read_all(
    schema: Option<&Arc<RecordSchema>>,
    data: &Bound<'_, PyAny>,
) -> PyResult<RecordBatch> {
    let py = data.py();
    let mut source = Source::take(data)?;
    py.detach(|| {
        let mut import = ArrowImport::new(schema, &source.schema)?;
        let mut parts = Vec::new();
        while let Some(batch) = source.next() {
            parts.push(import.convert_structs(&batch?)?);
        }
        if parts.is_empty() {
            return Ok(RecordBatch::empty(schema.cloned()));
        }
        RecordBatch::concat(&parts)
    })
    .map_err(|error| raise(py, SERVICE, error))
}

/// Records of Arrow data, in batches that fit a request each.
#[pyclass(frozen, module = "hubstream._native")]
pub(crate) struct ArrowReader(Mutex<State>);

struct State {
    source: Source,
    import: ArrowImport,
    max_records: usize,
    max_bytes: usize,
    /// Batches that are ready, in order.
    ready: VecDeque<RecordBatch>,
    /// Converted records that do not fill a request yet.
    pending: Vec<RecordBatch>,
    records: usize,
    bytes: usize,
    is_done: bool,
}

impl State {
    /// The next batch. After an error there is none.
    fn next(&mut self) -> Result<Option<RecordBatch>> {
        while self.ready.is_empty() && !self.is_done {
            match self.source.next() {
                None => {
                    self.is_done = true;
                    self.cut(true)?;
                }
                Some(batch) => {
                    // Stays so if this fails.
                    self.is_done = true;
                    let records = self.import.convert_structs(&batch?)?;
                    self.is_done = false;
                    self.add(records)?;
                }
            }
        }
        Ok(self.ready.pop_front())
    }

    fn add(&mut self, records: RecordBatch) -> Result<()> {
        self.records += records.len();
        self.bytes += records
            .iter()
            .map(|record| record.byte_size())
            .sum::<usize>();
        self.pending.push(records);
        if self.records >= self.max_records || self.bytes >= self.max_bytes {
            self.cut(false)?;
        }
        Ok(())
    }

    /// Makes full batches of what is pending; the rest stays, unless it is the last.
    fn cut(&mut self, is_last: bool) -> Result<()> {
        let joined = RecordBatch::concat(&self.pending)?;
        self.pending.clear();
        (self.records, self.bytes) = (0, 0);
        let mut pieces = joined.split(self.max_records, self.max_bytes);
        if !is_last && let Some(rest) = pieces.pop() {
            self.records = rest.len();
            self.bytes = rest.iter().map(|record| record.byte_size()).sum();
            self.pending.push(rest);
        }
        self.ready.extend(pieces);
        Ok(())
    }
}

#[pymethods]
impl ArrowReader {
    /// Takes Arrow data for a topic of a schema, or of blobs without one.
    #[new]
    #[pyo3(signature = (schema, data, *, max_records, max_bytes))]
    fn new(
        py: Python<'_>,
        schema: Option<&Bound<'_, PyAny>>,
        data: &Bound<'_, PyAny>,
        max_records: usize,
        max_bytes: usize,
    ) -> PyResult<Self> {
        let schema = schema
            .map(|schema| Ok::<_, PyErr>(batch::native_schema(schema)?.get().shared()))
            .transpose()?;
        let source = Source::take(data)?;
        let import = ArrowImport::new(schema.as_ref(), &source.schema)
            .map_err(|error| raise(py, SERVICE, error))?;
        Ok(Self(Mutex::new(State {
            source,
            import,
            max_records: max_records.max(1),
            max_bytes,
            ready: VecDeque::new(),
            pending: Vec::new(),
            records: 0,
            bytes: 0,
            is_done: false,
        })))
    }

    /// The next records; none at the end.
    fn read(&self, py: Python<'_>) -> PyResult<Option<batch::RecordBatch>> {
        let next = py.detach(|| self.0.lock().unwrap_or_else(PoisonError::into_inner).next());
        next.map(|records| records.map(batch::RecordBatch::new))
            .map_err(|error| raise(py, SERVICE, error))
    }
}
