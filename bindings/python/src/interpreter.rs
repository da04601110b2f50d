//! The interpreter that the package works in: the main one of its process.
#![allow(
    unsafe_code,
    reason = "which interpreter runs is told by functions of Python alone"
)]

use pyo3::exceptions::PyImportError;
use pyo3::ffi::{PyInterpreterState_Get, PyInterpreterState_GetID};
use pyo3::prelude::*;

/// The number of the main interpreter.
const MAIN: i64 = 0;

/// Refuses an interpreter inside of a process. Objects that are kept for the process would be those of the first
/// interpreter that asks for them, and end with it.
pub(crate) fn refuse_others(py: Python<'_>) -> PyResult<()> {
    // SAFETY: this thread is attached to an interpreter, which both functions are about.
    let number = unsafe { PyInterpreterState_GetID(PyInterpreterState_Get()) };
    match number {
        MAIN => Ok(()),
        i64::MIN..MAIN => Err(PyErr::fetch(py)),
        _ => Err(PyImportError::new_err(
            "hubstream works in the main interpreter of a process only, not in subinterpreters",
        )),
    }
}
