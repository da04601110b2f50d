//! The columns of tuple records.

use std::sync::{Arc, OnceLock};

use hubstream::error::{Error, Result};
use hubstream::record::{self, Field, FieldType, RecordBatchBuilder, Value};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::batch_input::{InputError, push_row, push_value};
use crate::error::raise;
use crate::record_value::{decimal_class, to_python};

/// The service whose words errors about records use.
pub(crate) const SERVICE: &str = "datahub";

/// The columns of tuple records, ready for encoding and decoding.
#[pyclass(frozen, module = "hubstream._native")]
pub(crate) struct RecordSchema {
    inner: Arc<record::RecordSchema>,
    /// One schema per column, to check single values with.
    columns: OnceLock<Vec<Arc<record::RecordSchema>>>,
}

impl From<Arc<record::RecordSchema>> for RecordSchema {
    fn from(inner: Arc<record::RecordSchema>) -> Self {
        Self {
            inner,
            columns: OnceLock::new(),
        }
    }
}

impl RecordSchema {
    /// The schema of the core.
    pub(crate) fn shared(&self) -> Arc<record::RecordSchema> {
        Arc::clone(&self.inner)
    }

    /// A list of the values themselves if each is certainly what reading it would give.
    fn as_they_are<'py>(&self, values: &Bound<'py, PyAny>) -> Option<Bound<'py, PyList>> {
        let fields = self.inner.fields();
        if let Ok(values) = values.cast_exact::<PyTuple>() {
            let fits = values.len() == fields.len()
                && fields
                    .iter()
                    .zip(values.iter_borrowed())
                    .all(|(field, value)| stays(field, &value));
            return fits.then(|| values.to_list());
        }
        let values = values.cast_exact::<PyList>().ok()?;
        // A copy, so that the list cannot change while it is looked at.
        let values = values.get_slice(0, values.len());
        let fits = values.len() == fields.len()
            && fields
                .iter()
                .zip(values.iter())
                .all(|(field, value)| stays(field, &value));
        fits.then_some(values)
    }

    fn column(&self, index: usize) -> Result<Arc<record::RecordSchema>> {
        let columns = match self.columns.get() {
            Some(columns) => columns,
            None => {
                let columns = self
                    .inner
                    .fields()
                    .iter()
                    .map(|field| record::RecordSchema::new(vec![field.clone()]).map(Arc::new))
                    .collect::<Result<Vec<_>>>()?;
                self.columns.get_or_init(|| columns)
            }
        };
        columns.get(index).cloned().ok_or_else(|| {
            Error::invalid_argument(
                "index",
                format_args!("there are {} columns, no number {index}", columns.len()),
            )
        })
    }
}

#[pymethods]
impl RecordSchema {
    /// Makes a schema from (name, type, allow_null, comment) of each column.
    #[new]
    fn new(py: Python<'_>, fields: Vec<(String, String, bool, String)>) -> PyResult<Self> {
        let fields: Result<Vec<_>> = fields
            .into_iter()
            .map(|(name, kind, allow_null, comment)| {
                let field_type = FieldType::from_name(&kind).ok_or_else(|| {
                    Error::invalid_argument(
                        "fields",
                        format_args!("field `{name}` has the unknown type `{kind}`"),
                    )
                })?;
                let mut field = Field::new(name, field_type).with_comment(comment);
                field.allow_null = allow_null;
                Ok(field)
            })
            .collect();
        fields
            .and_then(record::RecordSchema::new)
            .map(|schema| Arc::new(schema).into())
            .map_err(|error| raise(py, SERVICE, error))
    }

    /// Reads a schema from its JSON text.
    #[staticmethod]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Self> {
        record::RecordSchema::from_json(text)
            .map(|schema| Arc::new(schema).into())
            .map_err(|error| raise(py, SERVICE, error))
    }

    /// The schema as compact JSON text.
    fn to_json(&self) -> String {
        self.inner.to_json()
    }

    /// (name, type, allow_null, comment) of each column; the type in lower case.
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for field in self.inner.fields() {
            let kind = field.field_type.name().to_lowercase();
            list.append((&field.name, kind, field.allow_null, field.comment.as_str()))?;
        }
        Ok(list)
    }

    /// The place of the column of a name in any case, counted from 0.
    fn position(&self, name: &str) -> Option<usize> {
        self.inner.position(name)
    }

    /// Whether two schemas have the same names (in any case), types and nullability.
    fn has_layout_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner) || self.inner.has_layout_of(&other.inner)
    }

    /// Checks the values of one record; gives them as reading them would.
    fn convert<'py>(
        &self,
        py: Python<'py>,
        values: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyList>> {
        if let Some(same) = self.as_they_are(values) {
            return Ok(same);
        }
        let mut builder = RecordBatchBuilder::tuples(self.shared());
        push_row(&mut builder, values).map_err(|error| error.raise(py))?;
        first_row(py, builder)
    }

    /// Checks one value of a column, counted from 0; gives it as reading it would.
    fn convert_value<'py>(
        &self,
        py: Python<'py>,
        index: usize,
        value: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let check = || -> std::result::Result<_, InputError> {
            let column = self.column(index)?;
            let mut builder = RecordBatchBuilder::tuples(column);
            builder.begin_row()?;
            push_value(&mut builder, 0, value)?;
            builder.end_row()?;
            Ok(builder)
        };
        let builder = check().map_err(|error| error.raise(py))?;
        first_row(py, builder)?.get_item(0)
    }

    fn __len__(&self) -> usize {
        self.inner.len()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other
            .cast::<Self>()
            .is_ok_and(|other| self.inner == other.get().inner)
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let maker = slf.get_type().getattr("from_json")?;
        Ok((maker, PyTuple::new(slf.py(), [slf.get().to_json()])?))
    }
}

/// Whether a value is of the very type and range of a column, so that nothing is left to convert.
fn stays(field: &Field, value: &Bound<'_, PyAny>) -> bool {
    match field.field_type {
        _ if value.is_none() => field.allow_null,
        FieldType::String => value
            .cast_exact::<PyString>()
            .is_ok_and(|text| text.to_str().is_ok()),
        FieldType::Boolean => value.is_exact_instance_of::<PyBool>(),
        FieldType::Double => value.is_exact_instance_of::<PyFloat>(),
        FieldType::Decimal => is_plain_decimal(value),
        FieldType::Float | FieldType::Json => false,
        kind => {
            value.is_exact_instance_of::<PyInt>()
                && value
                    .extract()
                    .is_ok_and(|number| Value::is_integer_of(kind, number))
        }
    }
}

/// Whether a value is a finite `Decimal` that is written without an exponent.
fn is_plain_decimal(value: &Bound<'_, PyAny>) -> bool {
    let digits = |text: &str| {
        text.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-'))
    };
    decimal_class(value.py()).is_ok_and(|class| value.is_exact_instance(class))
        && value
            .str()
            .is_ok_and(|text| text.to_str().is_ok_and(digits))
}

fn first_row(py: Python<'_>, builder: RecordBatchBuilder) -> PyResult<Bound<'_, PyList>> {
    let batch = builder.build().map_err(|error| raise(py, SERVICE, error))?;
    let list = PyList::empty(py);
    if let Some(record) = batch.get(0) {
        for value in record.values() {
            let value = value.map_err(|error| raise(py, SERVICE, error))?;
            list.append(to_python(py, value)?)?;
        }
    }
    Ok(list)
}
