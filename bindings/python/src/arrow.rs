//! Records as Arrow columns for other libraries, by the capsules of Arrow's interface for Python.

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, to_ffi};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, RecordBatchIterator, StructArray};
use arrow_schema::Schema;
use hubstream::error::Error;
use hubstream::record;
use hubstream::record::arrow::ArrowOptions;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyString, PyTuple};

use crate::arrow_input::schema_of;
use crate::error::raise;
use crate::record_schema::SERVICE;
use crate::value::value_error;

/// Records as Arrow columns, for any library that takes Arrow data.
#[pyclass(frozen, module = "hubstream._native")]
pub(crate) struct ArrowColumns {
    batch: record::RecordBatch,
    options: ArrowOptions,
}

impl ArrowColumns {
    /// The columns of a batch in the usual types.
    pub(crate) fn plain(batch: &record::RecordBatch) -> Self {
        Self {
            batch: batch.clone(),
            options: ArrowOptions::new(),
        }
    }

    /// The columns of a batch as the arguments of `to_arrow` say.
    pub(crate) fn read(
        batch: &record::RecordBatch,
        metadata: bool,
        views: bool,
        decimal: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let mut options = ArrowOptions::new();
        if metadata {
            options = options.with_metadata();
        }
        if views {
            options = options.with_views();
        }
        if let Some(decimal) = decimal {
            options = with_decimal(options, decimal)?;
        }
        Ok(Self {
            batch: batch.clone(),
            options,
        })
    }

    fn wished(&self, requested: Option<&Bound<'_, PyAny>>) -> PyResult<ArrowOptions> {
        let options = self.options.clone();
        Ok(match requested {
            Some(requested) => options.with_schema(&schema_of(requested)?),
            None => options,
        })
    }

    fn columns(
        &self,
        py: Python<'_>,
        requested: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<arrow_array::RecordBatch> {
        let options = self.wished(requested)?;
        py.detach(|| self.batch.to_arrow(&options))
            .map_err(|error| raise(py, SERVICE, error))
    }
}

fn with_decimal(options: ArrowOptions, decimal: &Bound<'_, PyAny>) -> PyResult<ArrowOptions> {
    let is_text = decimal
        .cast::<PyString>()
        .ok()
        .map(|name| name.to_cow().is_ok_and(|name| name == "text"));
    match (is_text, decimal.extract::<(u8, u8)>()) {
        (Some(true), _) => Ok(options.with_decimal_text()),
        (None, Ok((precision, scale))) => Ok(options.with_decimal_digits(precision, scale)),
        _ => Err(value_error(
            "decimal must be \"text\" or a tuple (precision, scale)",
        )),
    }
}

/// An error of Arrow that bad input cannot cause.
fn unexpected(py: Python<'_>, error: arrow_schema::ArrowError) -> PyErr {
    let error = Error::new(
        hubstream::error::ErrorKind::Internal,
        "the Arrow columns cannot be handed over",
    )
    .with_source(error);
    raise(py, SERVICE, error)
}

fn schema_capsule<'py>(py: Python<'py>, schema: &Schema) -> PyResult<Bound<'py, PyCapsule>> {
    let schema = FFI_ArrowSchema::try_from(schema).map_err(|error| unexpected(py, error))?;
    PyCapsule::new_with_value(py, schema, c"arrow_schema")
}

#[pymethods]
impl ArrowColumns {
    /// The schema of the columns, as a capsule.
    pub(crate) fn __arrow_c_schema__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = py
            .detach(|| self.batch.arrow_schema(&self.options))
            .map_err(|error| raise(py, SERVICE, error))?;
        schema_capsule(py, &schema)
    }

    /// The schema and the columns as one struct array, as capsules.
    #[pyo3(signature = (requested_schema=None))]
    pub(crate) fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let columns = self.columns(py, requested_schema)?;
        let schema = schema_capsule(py, columns.schema_ref())?;
        let structs = StructArray::from(columns);
        let (array, _): (FFI_ArrowArray, _) =
            to_ffi(&structs.to_data()).map_err(|error| unexpected(py, error))?;
        let array = PyCapsule::new_with_value(py, array, c"arrow_array")?;
        PyTuple::new(py, [schema, array])
    }

    /// The columns as a stream of one batch, as a capsule.
    #[pyo3(signature = (requested_schema=None))]
    pub(crate) fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let columns = self.columns(py, requested_schema)?;
        let schema = columns.schema();
        let batches = RecordBatchIterator::new([Ok(columns)], schema);
        let stream = FFI_ArrowArrayStream::new(Box::new(batches));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    fn __len__(&self) -> usize {
        self.batch.len()
    }

    fn __repr__(&self) -> String {
        format!("<ArrowColumns of {} records>", self.batch.len())
    }
}
