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
mod client;
mod codec;
mod credentials;
mod emulator;
mod error;
mod log;
mod mailbox;
mod pace;
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
mod _native {
    #[pymodule_export]
    use super::arrow::ArrowColumns;
    #[pymodule_export]
    use super::arrow_input::ArrowReader;
    #[pymodule_export]
    use super::batch::{RecordBatch, RecordIterator};
    #[pymodule_export]
    use super::blob::Blob;
    #[pymodule_export]
    use super::client::Client;
    #[pymodule_export]
    use super::codec::{decode_get, encode_put};
    #[pymodule_export]
    use super::emulator::Emulator;
    #[pymodule_export]
    use super::record_schema::RecordSchema;
    #[pymodule_export]
    use super::runtime::shut_down;
    #[pymodule_export]
    use super::settings::settings;
    #[pymodule_export]
    use super::signature::sign_datahub;

    use super::{Bound, PyModule, PyResult};
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("VERSION", env!("CARGO_PKG_VERSION"))?;
        super::runtime::register_end(module)
    }
}
