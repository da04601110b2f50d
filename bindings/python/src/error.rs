//! Errors of the core as Python exceptions.

use std::error::Error as _;

use hubstream::error::Error;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

/// Makes the exception for an error of a service. The Python side chooses the class.
///
/// `service` counts when the error itself names none.
pub(crate) fn raise(py: Python<'_>, service: &str, error: Error) -> PyErr {
    match exception(py, service, &error) {
        Ok(exception) => {
            let raised = PyErr::from_value(exception);
            if let Some(cause) = python_cause(py, &error) {
                raised.set_cause(py, Some(cause));
            }
            raised
        }
        Err(failure) => failure,
    }
}

fn exception<'py>(py: Python<'py>, service: &str, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let facts = PyDict::new(py);
    let named = if error.service().is_empty() {
        service
    } else {
        error.service()
    };
    facts.set_item("kind", error.kind().name())?;
    facts.set_item("status", error.status().name())?;
    facts.set_item("code", error.code())?;
    facts.set_item("message", error.message())?;
    facts.set_item("detail", error.detail())?;
    facts.set_item("service", named)?;
    facts.set_item("operation", error.operation())?;
    facts.set_item("http_status", error.http_status())?;
    facts.set_item("request_id", error.request_id())?;
    facts.set_item("attempts", error.attempts())?;
    let retry_after = error.retry_after().map(|wait| wait.as_secs_f64());
    facts.set_item("retry_after", retry_after)?;
    facts.set_item("was_sent", error.was_sent())?;
    let context = PyDict::new(py);
    for (name, value) in error.context() {
        context.set_item(name, value)?;
    }
    facts.set_item("context", context)?;
    MAKE.import(py, "hubstream._error", "make")?
        .call1((error.to_string(), facts))
}

/// The Python exception among the causes, as a credential callback may have raised it.
fn python_cause(py: Python<'_>, error: &Error) -> Option<PyErr> {
    let mut cause = error.source();
    while let Some(source) = cause {
        if let Some(raised) = source.downcast_ref::<PyErr>() {
            return Some(raised.clone_ref(py));
        }
        cause = source.source();
    }
    None
}
