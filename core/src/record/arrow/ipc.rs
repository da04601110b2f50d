//! Arrow columns as bytes of Arrow's IPC format.

use std::io::Cursor;
use std::sync::Arc;

use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::ArrowError;

use super::{ArrowImport, ArrowOptions, internal};
use crate::error::{Error, Result};
use crate::record::{RecordBatch, RecordSchema};

/// How files of the format begin. What follows is a stream, and after it an index, which is not needed.
const FILE_MAGIC: &[u8] = b"ARROW1\0\0";

impl RecordBatch {
    /// The records as a stream of Arrow's IPC format, not compressed.
    ///
    /// Fails as [`to_arrow`](Self::to_arrow) does.
    pub fn to_arrow_ipc(&self, options: &ArrowOptions) -> Result<Vec<u8>> {
        let batch = self.to_arrow(options)?;
        let write = || {
            let size = batch.get_array_memory_size() + 4096;
            let mut writer = StreamWriter::try_new(Vec::with_capacity(size), batch.schema_ref())?;
            writer.write(&batch)?;
            writer.into_inner()
        };
        write().map_err(internal)
    }

    /// Makes records of a stream or a file of Arrow's IPC format; a schema of `None` stands for blobs.
    ///
    /// Columns are mapped as [`ArrowImport`] says. Compressed data is refused: how much memory it takes, only itself
    /// would tell.
    pub fn from_arrow_ipc(schema: Option<&Arc<RecordSchema>>, ipc: &[u8]) -> Result<Self> {
        let stream = ipc.strip_prefix(FILE_MAGIC).unwrap_or(ipc);
        let reader = StreamReader::try_new(Cursor::new(stream), None).map_err(damaged)?;
        let mut import = ArrowImport::new(schema, &reader.schema())?;
        let mut parts = Vec::new();
        for batch in reader {
            parts.push(import.convert(&batch.map_err(damaged)?)?);
        }
        match parts.len() {
            0 => Ok(Self::empty(schema.cloned())),
            1 => Ok(parts.remove(0)),
            _ => Self::concat(&parts),
        }
    }
}

#[cold]
fn damaged(error: ArrowError) -> Error {
    let why = format!("the bytes are not Arrow's IPC format: {error}");
    Error::invalid_argument("records", why).with_source(error)
}
