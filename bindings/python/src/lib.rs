//! The native part of the Python package `hubstream`: module `hubstream._native`.
//!
//! It is small and private. What users import is ordinary Python source in `python/src/hubstream`.
#![allow(
    clippy::needless_pass_by_value,
    reason = "functions for Python own their arguments, and errors end where they are raised"
)]

mod arrow;
mod arrow_input;
mod arrow_stream;
mod asyncio;
mod batch;
mod batch_input;
mod batch_pickle;
mod blob;
mod call_future;
mod client;
mod codec;
mod credentials;
mod emulator;
mod error;
mod interpreter;
mod log;
mod mailbox;
mod pace;
mod process;
mod record_schema;
mod record_value;
mod runtime;
mod settings;
mod signature;
mod value;
mod watcher;
mod workers;

use pyo3::prelude::*;

/// Native part of the package: private, without promises.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // Before anything is made that the process keeps.
    interpreter::refuse_others(module.py())?;
    module.add_class::<arrow::ArrowColumns>()?;
    module.add_class::<arrow_input::ArrowReader>()?;
    module.add_class::<batch::RecordBatch>()?;
    module.add_class::<batch::RecordIterator>()?;
    module.add_class::<blob::Blob>()?;
    module.add_class::<client::Client>()?;
    module.add_class::<emulator::Emulator>()?;
    module.add_class::<record_schema::RecordSchema>()?;
    module.add_function(wrap_pyfunction!(codec::decode_get, module)?)?;
    module.add_function(wrap_pyfunction!(codec::encode_put, module)?)?;
    module.add_function(wrap_pyfunction!(runtime::shut_down, module)?)?;
    module.add_function(wrap_pyfunction!(settings::settings, module)?)?;
    module.add_function(wrap_pyfunction!(signature::sign_datahub, module)?)?;
    module.add("VERSION", env!("CARGO_PKG_VERSION"))?;
    runtime::register_end(module)
}
