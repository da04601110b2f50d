//! Records that Python hands in.

use std::sync::Arc;

use hubstream::error::Error;
use hubstream::record::{FieldType, RecordBatchBuilder, RecordSchema as Schema, Value};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};

use crate::error::raise;
use crate::record_schema::{RecordSchema, SERVICE};
use crate::record_value::decimal_class;
use crate::value::{SHARED_FROM, bytes};

/// Why input was refused: by the core, or because Python raised.
pub(crate) enum InputError {
    Core(Error),
    /// Boxed, so that results of single values are returned in registers.
    Python(Box<PyErr>),
}

impl From<Error> for InputError {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl From<PyErr> for InputError {
    fn from(error: PyErr) -> Self {
        Self::Python(error.into())
    }
}

impl InputError {
    /// The exception.
    pub(crate) fn raise(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Core(error) => raise(py, SERVICE, error),
            Self::Python(error) => *error,
        }
    }
}

type Input<T> = Result<T, InputError>;

fn wrong(message: impl std::fmt::Display) -> InputError {
    Error::invalid_argument("records", message).into()
}

/// Adds a record from a sequence of values.
pub(crate) fn push_row(builder: &mut RecordBatchBuilder, row: &Bound<'_, PyAny>) -> Input<()> {
    builder.begin_row()?;
    if row.is_instance_of::<PyTuple>()
        && let Ok(values) = row.cast::<PyTuple>()
    {
        for (column, value) in values.iter_borrowed().enumerate() {
            push_value(builder, column, &value)?;
        }
    } else if let Ok(values) = row.cast::<PyList>() {
        // By number: an iterator asks for the length before each value.
        for column in 0..values.len() {
            // A value may have shortened the list when it was asked for its text.
            let Ok(value) = values.get_item(column) else {
                break;
            };
            push_value(builder, column, &value)?;
        }
    } else {
        if row.is_instance_of::<PyString>()
            || row.is_instance_of::<PyBytes>()
            || row.is_instance_of::<PyDict>()
        {
            let record = builder.len();
            builder.abandon_row();
            return Err(wrong(format_args!(
                "record {record}: a sequence of values is needed"
            )));
        }
        for (column, value) in row.try_iter()?.enumerate() {
            push_any(builder, column, &value?)?;
        }
    }
    Ok(builder.end_row()?)
}

/// Adds the next value of the record that was begun.
///
/// Values of exactly the usual types are told by a pointer; what the others are is found out by asking Python. Types are
/// compared before they are cast to: a cast that fails counts references to make an error.
#[allow(clippy::inline_always, reason = "the loops over rows are around it")]
#[inline(always)]
pub(crate) fn push_value(
    builder: &mut RecordBatchBuilder,
    column: usize,
    value: &Bound<'_, PyAny>,
) -> Input<()> {
    if value.is_exact_instance_of::<PyString>()
        && let Ok(text) = value.cast_exact::<PyString>()
    {
        return push_string(builder, column, text);
    }
    if value.is_exact_instance_of::<PyFloat>()
        && let Ok(number) = value.cast_exact::<PyFloat>()
    {
        return Ok(builder.push_double(number.value())?);
    }
    if value.is_exact_instance_of::<PyInt>() {
        return push_integer(builder, column, value);
    }
    if value.is_exact_instance_of::<PyBool>()
        && let Ok(flag) = value.cast_exact::<PyBool>()
    {
        return Ok(builder.push_boolean(flag.is_true())?);
    }
    push_rarer(builder, column, value)
}

/// As [`push_value`], for values that take long to come by.
#[inline(never)]
fn push_any(
    builder: &mut RecordBatchBuilder,
    column: usize,
    value: &Bound<'_, PyAny>,
) -> Input<()> {
    push_value(builder, column, value)
}

#[inline(never)]
fn push_rarer(
    builder: &mut RecordBatchBuilder,
    column: usize,
    value: &Bound<'_, PyAny>,
) -> Input<()> {
    if value.is_none() {
        return Ok(builder.push_null()?);
    }
    if value.get_type_ptr() == decimal_class(value.py())?.as_type_ptr() {
        return push_decimal(builder, column, value);
    }
    if let Ok(text) = value.cast::<PyString>() {
        return push_string(builder, column, text);
    }
    if value.is_instance_of::<PyInt>() {
        return push_integer(builder, column, value);
    }
    push_other(builder, column, value)
}

#[allow(clippy::inline_always, reason = "see `push_value`")]
#[inline(always)]
fn push_string(
    builder: &mut RecordBatchBuilder,
    column: usize,
    text: &Bound<'_, PyString>,
) -> Input<()> {
    match text.to_str() {
        // Empty text is a value of STRING alone.
        Ok("") if column_type(builder, column) != Some(FieldType::String) => {
            Ok(builder.push(Value::String(""))?)
        }
        Ok(text) => Ok(builder.push_text(text)?),
        Err(_) => Err(refused(
            builder,
            column,
            "text with a character that is not Unicode",
        )),
    }
}

#[allow(clippy::inline_always, reason = "see `push_value`")]
#[inline(always)]
fn push_integer(
    builder: &mut RecordBatchBuilder,
    column: usize,
    value: &Bound<'_, PyAny>,
) -> Input<()> {
    match value.extract::<i64>() {
        Ok(number) => Ok(builder.push_integer(number)?),
        Err(_) => push_large_integer(builder, column, value),
    }
}

/// Adds an integer that does not fit 64 bits.
#[inline(never)]
fn push_large_integer(
    builder: &mut RecordBatchBuilder,
    column: usize,
    value: &Bound<'_, PyAny>,
) -> Input<()> {
    match column_type(builder, column) {
        Some(FieldType::Float | FieldType::Double) => {
            let number = value.extract::<f64>().ok();
            match number.filter(|number| value.eq(*number).unwrap_or(false)) {
                Some(number) if column_keeps(builder, column, number) => {
                    Ok(builder.push_double(number)?)
                }
                _ => Err(refused(builder, column, "an integer that it cannot keep")),
            }
        }
        Some(FieldType::String | FieldType::Json | FieldType::Boolean) => {
            Err(refused(builder, column, "an integer"))
        }
        // The text is refused as out of range where it does not fit, and fits DECIMAL.
        _ => match value.str() {
            Ok(text) => push_digits(builder, &text),
            // Python converts no more than some thousand digits.
            Err(_) => Err(refused(builder, column, "an integer of that many digits")),
        },
    }
}

/// Whether a column of numbers keeps a number as it is.
fn column_keeps(builder: &RecordBatchBuilder, column: usize, number: f64) -> bool {
    column_type(builder, column) != Some(FieldType::Float)
        || f64::from(number as f32).to_bits() == number.to_bits()
}

/// Calls a method of a value that is not of this library. What it raises refuses the value.
fn converted<'py>(
    builder: &mut RecordBatchBuilder,
    column: usize,
    value: &Bound<'py, PyAny>,
    method: &str,
) -> Input<Bound<'py, PyAny>> {
    match value.call_method0(method) {
        Ok(found) => Ok(found),
        // An interruption is no property of the value.
        Err(error) if !error.is_instance_of::<PyException>(value.py()) => Err(error.into()),
        Err(_) => {
            let name = value.get_type().name()?;
            let what = format!("an object of type {name} that has no such form");
            Err(refused(builder, column, &what))
        }
    }
}

/// Adds the number that an object stands for.
fn push_float(
    builder: &mut RecordBatchBuilder,
    column: usize,
    value: &Bound<'_, PyAny>,
) -> Input<()> {
    let number = converted(builder, column, value, "__float__")?;
    match number.cast::<PyFloat>() {
        Ok(number) => Ok(builder.push_double(number.value())?),
        Err(_) => Err(refused(builder, column, "an object that is no number")),
    }
}

/// Adds a decimal to a column of floating-point numbers, rounded as Python rounds.
fn push_rounded(
    builder: &mut RecordBatchBuilder,
    column: usize,
    value: &Bound<'_, PyAny>,
) -> Input<()> {
    let number = converted(builder, column, value, "__float__")?.extract::<f64>()?;
    if number.is_infinite() && value.call_method0("is_finite")?.is_truthy()? {
        return Err(refused(builder, column, "a number beyond its range"));
    }
    Ok(builder.push_double(number)?)
}

#[inline(never)]
fn push_digits(builder: &mut RecordBatchBuilder, text: &Bound<'_, PyString>) -> Input<()> {
    Ok(builder.push_text(text.to_str()?)?)
}

fn push_decimal(
    builder: &mut RecordBatchBuilder,
    column: usize,
    value: &Bound<'_, PyAny>,
) -> Input<()> {
    match column_type(builder, column) {
        Some(FieldType::Float | FieldType::Double) => push_rounded(builder, column, value),
        Some(FieldType::Decimal) => push_digits(builder, &value.str()?),
        _ => Ok(builder.push(Value::Decimal(value.str()?.to_str()?))?),
    }
}

fn push_other(
    builder: &mut RecordBatchBuilder,
    column: usize,
    value: &Bound<'_, PyAny>,
) -> Input<()> {
    if value.is_instance(decimal_class(value.py())?)? {
        return push_decimal(builder, column, value);
    }
    if value.hasattr("__index__")? {
        let number = converted(builder, column, value, "__index__")?;
        if !number.is_instance_of::<PyInt>() {
            return Err(refused(builder, column, "an object that is no integer"));
        }
        return push_integer(builder, column, &number);
    }
    if let Ok(number) = value.cast::<PyFloat>() {
        return Ok(builder.push_double(number.value())?);
    }
    // A truth value of numpy, which has a form as a number as well.
    if let Ok(flag) = value.extract::<bool>() {
        return Ok(builder.push_boolean(flag)?);
    }
    if value.hasattr("__float__")? {
        return push_float(builder, column, value);
    }
    let name = value.get_type().name()?;
    Err(refused(
        builder,
        column,
        &format!("an object of type {name}"),
    ))
}

fn column_type(builder: &RecordBatchBuilder, column: usize) -> Option<FieldType> {
    Some(builder.schema()?.fields().get(column)?.field_type)
}

#[cold]
fn refused(builder: &mut RecordBatchBuilder, column: usize, what: &str) -> InputError {
    let record = builder.len();
    builder.abandon_row();
    match builder
        .schema()
        .and_then(|schema| schema.fields().get(column))
    {
        Some(field) => wrong(format_args!(
            "record {record}, field `{}`: {what} is not a value for {}",
            field.name, field.field_type
        )),
        None => wrong(format_args!("record {record}: more values than columns")),
    }
}

/// A text for all records, or one for each.
pub(crate) enum Routing<'py> {
    None,
    All(String),
    Each(Vec<Bound<'py, PyAny>>),
}

impl<'py> Routing<'py> {
    /// Reads `None`, a text, or a sequence of texts and `None`.
    pub(crate) fn read(value: Option<&Bound<'py, PyAny>>) -> PyResult<Self> {
        let Some(value) = value.filter(|value| !value.is_none()) else {
            return Ok(Self::None);
        };
        if let Ok(text) = value.extract::<String>() {
            return Ok(Self::All(text));
        }
        Ok(Self::Each(value.try_iter()?.collect::<PyResult<_>>()?))
    }

    /// Calls `set` with the text of a record, if it has one.
    pub(crate) fn apply(
        &self,
        record: usize,
        mut set: impl FnMut(&str) -> hubstream::error::Result<()>,
    ) -> Input<()> {
        match self {
            Self::None => Ok(()),
            Self::All(text) => Ok(set(text)?),
            Self::Each(texts) => {
                let Some(text) = texts.get(record) else {
                    return Err(wrong(format_args!(
                        "record {record} has no routing key: fewer keys than records"
                    )));
                };
                if text.is_none() {
                    return Ok(());
                }
                let text = text.cast::<PyString>().ok();
                match text.and_then(|text| text.to_str().ok()) {
                    Some(text) => Ok(set(text)?),
                    None => Err(wrong(format_args!(
                        "record {record}: a routing key must be text of Unicode characters"
                    ))),
                }
            }
        }
    }

    /// Fails when there are more keys than records.
    pub(crate) fn check_length(&self, records: usize) -> Input<()> {
        match self {
            Self::Each(texts) if texts.len() > records => Err(wrong(format_args!(
                "{} routing keys for {records} records",
                texts.len()
            ))),
            _ => Ok(()),
        }
    }
}

fn record_class<'py>(
    py: Python<'py>,
    cell: &'static PyOnceLock<Py<PyType>>,
    name: &str,
) -> PyResult<&'py Bound<'py, PyType>> {
    cell.import(py, "hubstream.records", name)
}

fn tuple_class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    record_class(py, &CLASS, "TupleRecord")
}

fn blob_class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    record_class(py, &CLASS, "BlobRecord")
}

/// The Python object of a record of a batch: a `TupleRecord` or a `BlobRecord`.
pub(crate) fn record_object<'py>(
    batch: &Bound<'py, PyAny>,
    row: usize,
    tuple: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let py = batch.py();
    let class = if tuple {
        tuple_class(py)?
    } else {
        blob_class(py)?
    };
    class.call_method1(pyo3::intern!(py, "_of"), (batch, row))
}

/// Makes a batch of `TupleRecord` objects, or of `BlobRecord` objects.
pub(crate) fn from_records(records: &Bound<'_, PyAny>) -> Input<hubstream::record::RecordBatch> {
    let py = records.py();
    let mut builder: Option<RecordBatchBuilder> = None;
    let mut known: Option<Bound<'_, PyAny>> = None;
    for (index, record) in records.try_iter()?.enumerate() {
        let record = record?;
        let is_tuple = record.is_instance(tuple_class(py)?)?;
        if !is_tuple && !record.is_instance(blob_class(py)?)? {
            let name = record.get_type().name()?;
            return Err(wrong(format_args!(
                "record {index}: a TupleRecord or a BlobRecord is needed, not {name}"
            )));
        }
        if is_tuple {
            push_tuple(&mut builder, &mut known, index, &record)?;
        } else {
            let builder = builder.get_or_insert_with(RecordBatchBuilder::blobs);
            let blob = record.getattr(pyo3::intern!(py, "_content"))?;
            push_blob(builder, index, &blob)?;
        }
        if let Some(builder) = &mut builder {
            push_routing(builder, &record)?;
        }
    }
    Ok(builder.unwrap_or_else(RecordBatchBuilder::blobs).build()?)
}

fn push_tuple<'py>(
    builder: &mut Option<RecordBatchBuilder>,
    known: &mut Option<Bound<'py, PyAny>>,
    index: usize,
    record: &Bound<'py, PyAny>,
) -> Input<()> {
    let py = record.py();
    let schema = record.getattr(pyo3::intern!(py, "_schema"))?;
    if !known.as_ref().is_some_and(|known| known.is(&schema)) {
        let handle = schema.getattr(pyo3::intern!(py, "_native"))?;
        let handle = handle.cast::<RecordSchema>().map_err(PyErr::from)?;
        let shared: Arc<Schema> = handle.get().shared();
        match builder.as_ref().map(RecordBatchBuilder::schema) {
            None => *builder = Some(RecordBatchBuilder::tuples(shared)),
            Some(Some(first)) if Arc::ptr_eq(first, &shared) || first.has_layout_of(&shared) => {}
            Some(Some(_)) => {
                return Err(wrong(format_args!(
                    "record {index}: its columns differ from those of record 0"
                )));
            }
            Some(None) => {
                return Err(wrong(format_args!("record {index}: a tuple among blobs")));
            }
        }
        *known = Some(schema);
    }
    let values = record.getattr(pyo3::intern!(py, "_values"))?;
    match builder {
        Some(builder) => push_row(builder, &values),
        None => Ok(()),
    }
}

/// Adds a blob record from a bytes-like object.
pub(crate) fn push_blob(
    builder: &mut RecordBatchBuilder,
    index: usize,
    blob: &Bound<'_, PyAny>,
) -> Input<()> {
    if let Ok(content) = blob.cast_exact::<PyBytes>()
        && content.as_bytes().len() < SHARED_FROM
    {
        return Ok(builder.push_blob(content.as_bytes())?);
    }
    match bytes(blob) {
        Some(content) => Ok(builder.push_blob_bytes(content)?),
        None => {
            let name = blob.get_type().name()?;
            Err(wrong(format_args!(
                "record {index}: a bytes-like object is needed, not {name}"
            )))
        }
    }
}

fn push_routing(builder: &mut RecordBatchBuilder, record: &Bound<'_, PyAny>) -> Input<()> {
    let py = record.py();
    for (name, set) in [
        (
            pyo3::intern!(py, "shard_id"),
            RecordBatchBuilder::set_shard_id as fn(&mut RecordBatchBuilder, &str) -> _,
        ),
        (
            pyo3::intern!(py, "hash_key"),
            RecordBatchBuilder::set_hash_key,
        ),
        (
            pyo3::intern!(py, "partition_key"),
            RecordBatchBuilder::set_partition_key,
        ),
    ] {
        let key = record.getattr(name)?;
        if key.is_none() {
            continue;
        }
        let text = key.cast::<PyString>().ok();
        let text = text.and_then(|text| text.to_str().ok()).ok_or_else(|| {
            wrong(format_args!(
                "record {}: {name} must be text of Unicode characters",
                builder.len() - 1
            ))
        })?;
        if !text.is_empty() {
            set(builder, text)?;
        }
    }
    let attributes = record.getattr(pyo3::intern!(py, "attributes"))?;
    if attributes.is_truthy()? {
        push_attributes(builder, &attributes)?;
    }
    Ok(())
}

/// Sets the attributes of the last record from a dictionary of texts.
pub(crate) fn push_attributes(
    builder: &mut RecordBatchBuilder,
    attributes: &Bound<'_, PyAny>,
) -> Input<()> {
    let record = builder.len().saturating_sub(1);
    let needed = || {
        wrong(format_args!(
            "record {record}: attributes must be a dict of texts"
        ))
    };
    let attributes = attributes.cast::<PyDict>().map_err(|_| needed())?;
    let mut pairs = Vec::with_capacity(attributes.len());
    for (key, value) in attributes {
        let pair: (String, String) = (
            key.extract().map_err(|_| needed())?,
            value.extract().map_err(|_| needed())?,
        );
        pairs.push(pair);
    }
    Ok(builder.set_attributes(pairs)?)
}
