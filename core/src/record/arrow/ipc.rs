//! Arrow columns as bytes of Arrow's IPC format.

use std::io::Cursor;
use std::sync::Arc;

use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, SchemaRef};

use super::{ArrowImport, ArrowOptions, internal};
use crate::error::{Error, Result};
use crate::record::{RecordBatch, RecordSchema};

/// How files of the format begin; streams do not.
const FILE_MAGIC: &[u8] = b"ARROW1";

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
    /// Columns are mapped as [`ArrowImport`] says. The data may be compressed with LZ4 or zstd.
    pub fn from_arrow_ipc(schema: Option<&Arc<RecordSchema>>, ipc: &[u8]) -> Result<Self> {
        let cursor = Cursor::new(ipc);
        if ipc.starts_with(FILE_MAGIC) {
            let reader = FileReader::try_new(cursor, None).map_err(damaged)?;
            return collect(schema, &reader.schema(), reader);
        }
        let reader = StreamReader::try_new(cursor, None).map_err(damaged)?;
        collect(schema, &reader.schema(), reader)
    }
}

fn collect(
    schema: Option<&Arc<RecordSchema>>,
    arrow: &SchemaRef,
    batches: impl Iterator<Item = Result<arrow_array::RecordBatch, ArrowError>>,
) -> Result<RecordBatch> {
    let mut import = ArrowImport::new(schema, arrow)?;
    let mut parts = Vec::new();
    for batch in batches {
        parts.push(import.convert(&batch.map_err(damaged)?)?);
    }
    match parts.len() {
        0 => Ok(RecordBatch::empty(schema.cloned())),
        1 => Ok(parts.remove(0)),
        _ => RecordBatch::concat(&parts),
    }
}

#[cold]
fn damaged(error: ArrowError) -> Error {
    Error::invalid_argument("records", "the bytes are not Arrow's IPC format").with_source(error)
}
