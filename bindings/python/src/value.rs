//! Values of the core as Python objects, and back.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use hubstream::dynamic::{Mismatch, Value};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple,
    PyType,
};

use crate::batch::RecordBatch;
use crate::blob::Blob;
use crate::record_schema::RecordSchema;

/// How deep lists and maps may lie in each other.
const MAX_DEPTH: usize = 32;

/// Turns a result into Python objects: maps become dictionaries.
pub(crate) fn to_python(py: Python<'_>, value: Value) -> PyResult<Py<PyAny>> {
    Ok(match value {
        Value::Null => py.None(),
        Value::Boolean(flag) => PyBool::new(py, flag).to_owned().into_any().unbind(),
        Value::Integer(number) | Value::Long(number) => {
            number.into_pyobject(py)?.into_any().unbind()
        }
        Value::Double(number) => PyFloat::new(py, number).into_any().unbind(),
        Value::Text(text) => PyString::new(py, &text).into_any().unbind(),
        Value::Bytes(bytes) => PyBytes::new(py, &bytes).into_any().unbind(),
        Value::List(values) => {
            let list = PyList::empty(py);
            for value in values {
                list.append(to_python(py, value)?)?;
            }
            list.into_any().unbind()
        }
        Value::Map(entries) => {
            let map = PyDict::new(py);
            for (name, value) in entries {
                map.set_item(known(py, name), to_python(py, value)?)?;
            }
            map.into_any().unbind()
        }
        Value::Records(batch) => Py::new(py, RecordBatch::new(batch))?.into_any(),
        Value::RecordSchema(schema) => Py::new(py, RecordSchema::from(schema))?.into_any(),
    })
}

/// The name of a member as Python has it. Those that the core knows are made once: it would take longer than the value.
fn known<'py>(py: Python<'py>, name: Cow<'static, str>) -> Bound<'py, PyString> {
    // By their place in memory. Locked only by threads that are attached to the interpreter, so never while `os.fork`
    // runs.
    type Names = BTreeMap<(usize, usize), Py<PyString>>;
    static NAMES: Mutex<Names> = Mutex::new(BTreeMap::new());
    let text = match name {
        Cow::Borrowed(text) => text,
        Cow::Owned(text) => return PyString::intern(py, &text),
    };
    let place = (text.as_ptr() as usize, text.len());
    let names = || NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let found = names().get(&place).map(|name| name.clone_ref(py));
    let name = found.unwrap_or_else(|| {
        let made = PyString::intern(py, text).unbind();
        names().insert(place, made.clone_ref(py));
        made
    });
    name.into_bound(py)
}

/// Reads the arguments of an operation.
pub(crate) fn from_arguments(arguments: &Bound<'_, PyDict>) -> Result<Value, Mismatch> {
    map(arguments.iter(), 0)
}

fn map<'py>(
    entries: impl Iterator<Item = (Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    depth: usize,
) -> Result<Value, Mismatch> {
    let mut map: Vec<(Cow<'static, str>, Value)> = Vec::new();
    for (name, value) in entries {
        let name = name
            .cast::<PyString>()
            .map_err(|_| Mismatch::message("a name must be text"))
            .and_then(text)?;
        let value = read(&value, depth + 1).map_err(|error| {
            let member = if depth == 0 {
                name.clone()
            } else {
                format!("[{name}]")
            };
            error.within(member)
        })?;
        map.push((name.into(), value));
    }
    Ok(Value::Map(map))
}

fn list<'py>(
    items: impl Iterator<Item = Bound<'py, PyAny>>,
    depth: usize,
) -> Result<Value, Mismatch> {
    items
        .enumerate()
        .map(|(index, item)| {
            read(&item, depth + 1).map_err(|error| error.within(format!("[{index}]")))
        })
        .collect::<Result<_, _>>()
        .map(Value::List)
}

fn text(value: &Bound<'_, PyString>) -> Result<String, Mismatch> {
    value
        .to_str()
        .map(str::to_owned)
        .map_err(|_| Mismatch::message("is text with a character that is not Unicode"))
}

fn read(value: &Bound<'_, PyAny>, depth: usize) -> Result<Value, Mismatch> {
    if depth > MAX_DEPTH {
        return Err(Mismatch::message("is nested too deeply"));
    }
    if value.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(string) = value.cast::<PyString>() {
        return text(string).map(Value::Text);
    }
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(Value::Boolean(flag.is_true()));
    }
    if let Some(inner) = enum_value(value) {
        return read(&inner, depth + 1);
    }
    if value.is_instance_of::<PyInt>() {
        return whole_number(value);
    }
    if let Ok(number) = value.cast::<PyFloat>() {
        return Ok(Value::Double(number.value()));
    }
    if let Ok(batch) = value.cast::<RecordBatch>() {
        return Ok(Value::Records(batch.get().inner().clone()));
    }
    if let Ok(schema) = value.cast::<RecordSchema>() {
        return Ok(Value::RecordSchema(schema.get().shared()));
    }
    if let Some(value) = container(value, depth) {
        return value;
    }
    if let Some(bytes) = bytes(value) {
        return Ok(Value::Bytes(bytes));
    }
    if let Ok(number) = value.call_method0("__index__") {
        return whole_number(&number);
    }
    Err(Mismatch::message(format!(
        "has the type {}, which cannot be sent",
        value.get_type()
    )))
}

fn whole_number(value: &Bound<'_, PyAny>) -> Result<Value, Mismatch> {
    value
        .extract()
        .map(Value::Long)
        .map_err(|_| Mismatch::message("is a whole number of more than 64 bits"))
}

fn container(value: &Bound<'_, PyAny>, depth: usize) -> Option<Result<Value, Mismatch>> {
    if let Ok(dict) = value.cast::<PyDict>() {
        return Some(map(dict.iter(), depth));
    }
    if let Ok(items) = value.cast::<PyList>() {
        return Some(list(items.iter(), depth));
    }
    if let Ok(items) = value.cast::<PyTuple>() {
        return Some(list(items.iter(), depth));
    }
    if let Ok(mapping) = value.cast::<PyMapping>() {
        let items = mapping.items().ok()?;
        let pairs = items.iter().filter_map(|pair| pair.extract().ok());
        return Some(map(pairs, depth));
    }
    None
}

/// The value of a member of an `enum.Enum`.
fn enum_value<'py>(value: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    static ENUM: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = ENUM.import(value.py(), "enum", "Enum").ok()?;
    if value.is_instance(class).unwrap_or(false) {
        return value.getattr("value").ok();
    }
    None
}

/// The content of a bytes-like object. That of `bytes` is shared, that of others copied.
pub(crate) fn bytes(value: &Bound<'_, PyAny>) -> Option<bytes::Bytes> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Some(shared(bytes));
    }
    if let Ok(blob) = value.cast::<Blob>() {
        return Some(blob.get().shared());
    }
    if let Ok(bytes) = value.cast::<PyByteArray>() {
        return Some(bytes.to_vec().into());
    }
    let buffer = PyBuffer::<u8>::get(value).ok()?;
    buffer.to_vec(value.py()).ok().map(bytes::Bytes::from)
}

/// Bytes that keep the Python object alive instead of copying it, when that is worth it.
pub(crate) fn shared(value: &Bound<'_, PyBytes>) -> bytes::Bytes {
    let content = value.as_bytes();
    if content.len() < SHARED_FROM {
        return bytes::Bytes::copy_from_slice(content);
    }
    bytes::Bytes::from_owner(pyo3::pybacked::PyBackedBytes::from(value.clone()))
}

/// Bytes objects of this length and more are shared; copying shorter ones is cheaper.
pub(crate) const SHARED_FROM: usize = 4096;

/// An error for an argument of a wrong form that Python itself would call a `ValueError`.
pub(crate) fn value_error(message: impl Into<String>) -> PyErr {
    PyValueError::new_err(message.into())
}
