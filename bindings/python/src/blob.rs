//! The bytes of a blob record, shared with the reply that they came in, or of a body.
#![allow(
    unsafe_code,
    reason = "the buffer protocol hands out pointers; see `Blob::__getbuffer__`"
)]

use std::ffi::c_int;

use bytes::Bytes;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyIterator, PySlice};
use pyo3::{PyErr, ffi};

use crate::value::bytes;

/// Bytes of a record or a body. `memoryview(blob)` reads them without a copy, `bytes(blob)` copies.
#[pyclass(frozen, sequence, module = "hubstream._native")]
pub(crate) struct Blob(Bytes);

impl Blob {
    /// Wraps bytes.
    pub(crate) const fn new(content: Bytes) -> Self {
        Self(content)
    }

    /// The bytes, sharing memory.
    pub(crate) fn shared(&self) -> Bytes {
        self.0.clone()
    }
}

#[pymethods]
impl Blob {
    #[new]
    fn from_bytes(content: &Bound<'_, PyAny>) -> PyResult<Self> {
        bytes(content)
            .map(Self)
            .ok_or_else(|| pyo3::exceptions::PyTypeError::new_err("a bytes-like object is needed"))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0)
    }

    fn __getitem__<'py>(
        &self,
        py: Python<'py>,
        index: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if index.is_instance_of::<PySlice>() {
            return self.__bytes__(py).get_item(index);
        }
        let place: isize = index.extract()?;
        let place = if place < 0 {
            place + self.0.len() as isize
        } else {
            place
        };
        usize::try_from(place)
            .ok()
            .and_then(|place| self.0.get(place))
            .ok_or_else(|| PyIndexError::new_err("index out of range"))
            .and_then(|byte| Ok(byte.into_pyobject(py)?.into_any()))
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.__bytes__(py).try_iter()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        bytes(other).is_some_and(|other| other == self.0)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        // Equal to `bytes`, so it must hash like `bytes`.
        self.__bytes__(py).hash()
    }

    fn __repr__(&self) -> String {
        format!("<Blob of {} bytes>", self.0.len())
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> (Bound<'py, pyo3::types::PyType>, (Bound<'py, PyBytes>,)) {
        (slf.get_type(), (slf.get().__bytes__(slf.py()),))
    }

    /// Decodes the bytes as text in UTF-8.
    fn text(&self) -> PyResult<&str> {
        std::str::from_utf8(&self.0)
            .map_err(|error| crate::value::value_error(format!("not text in UTF-8: {error}")))
    }

    /// Hands out the bytes read-only.
    ///
    /// Safety: Python gives a valid `view`. The memory is that of `self.0`, which never changes, and
    /// the view keeps a reference to this object until it is released.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let content = &slf.get().0;
        // SAFETY: see above; PyBuffer_FillInfo sets an exception when it fails.
        let status = unsafe {
            ffi::PyBuffer_FillInfo(
                view,
                slf.as_ptr(),
                content.as_ptr().cast_mut().cast(),
                content.len() as ffi::Py_ssize_t,
                1,
                flags,
            )
        };
        if status == -1 {
            return Err(PyErr::fetch(slf.py()));
        }
        Ok(())
    }
}
