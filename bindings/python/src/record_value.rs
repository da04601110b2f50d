//! Values of records as Python objects.

use hubstream::record::Value;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyFloat, PyInt, PyString, PyType};

/// The class `decimal.Decimal`.
pub(crate) fn decimal_class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static DECIMAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    match DECIMAL.get(py) {
        Some(class) => Ok(class.bind(py)),
        None => DECIMAL.import(py, "decimal", "Decimal"),
    }
}

/// Makes the Python object of a value: `int`, `float`, `bool`, `str`, `Decimal` or `None`.
pub(crate) fn to_python<'py>(py: Python<'py>, value: Value<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::TinyInt(number) => PyInt::new(py, number).into_any(),
        Value::SmallInt(number) => PyInt::new(py, number).into_any(),
        Value::Integer(number) => PyInt::new(py, number).into_any(),
        Value::BigInt(number) | Value::Timestamp(number) => PyInt::new(py, number).into_any(),
        Value::Float(number) => PyFloat::new(py, number.into()).into_any(),
        Value::Double(number) => PyFloat::new(py, number).into_any(),
        Value::Boolean(flag) => PyBool::new(py, flag).to_owned().into_any(),
        Value::String(text) | Value::Json(text) => PyString::new(py, text).into_any(),
        Value::Decimal(text) => decimal_class(py)?.call1((text,))?,
        _ => py.None().into_bound(py),
    })
}
