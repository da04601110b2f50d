//! Arrow columns as bytes of Arrow's IPC format.

use std::fmt;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::ArrowError;

use super::{ArrowImport, ArrowOptions, internal};
use crate::error::{Error, Result};
use crate::record::{RecordBatch, RecordSchema};

/// How files of the format begin. What follows is a stream, and after it an index, which is not needed.
const FILE_MAGIC: &[u8] = b"ARROW1\0\0";
/// How every message but those of old writers begins.
const CONTINUATION: &[u8; 4] = &[0xff; 4];

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
        check_buffers(stream)?;
        // The reader panics at some kinds of damage.
        let read = || -> Result<_, ArrowError> {
            let reader = StreamReader::try_new(Cursor::new(stream), None)?;
            let schema = reader.schema();
            Ok((schema, reader.collect::<Result<Vec<_>, _>>()?))
        };
        let (arrow, batches) = catch_unwind(AssertUnwindSafe(read))
            .map_err(|_| refused("the data is damaged"))?
            .map_err(|error| refused(&error).with_source(error))?;
        let mut import = ArrowImport::new(schema, &arrow)?;
        let mut parts = Vec::with_capacity(batches.len());
        for batch in &batches {
            parts.push(import.convert(batch)?);
        }
        match parts.len() {
            0 => Ok(Self::empty(schema.cloned())),
            1 => Ok(parts.remove(0)),
            _ => Self::concat(&parts),
        }
    }
}

/// Checks that all buffers of all messages lie within their message.
fn check_buffers(mut stream: &[u8]) -> Result<()> {
    let damaged = || refused("a message is damaged");
    while let Some((head, rest)) = stream.split_first_chunk::<4>() {
        let (length, rest) = match (head, rest.split_first_chunk::<4>()) {
            (CONTINUATION, Some((length, rest))) => (length, rest),
            _ => (head, rest),
        };
        let length = usize::try_from(i32::from_le_bytes(*length)).map_err(|_| damaged())?;
        if length == 0 {
            break;
        }
        let (message, rest) = rest.split_at_checked(length).ok_or_else(damaged)?;
        let message = arrow_ipc::root_as_message(message).map_err(|_| damaged())?;
        let size = usize::try_from(message.bodyLength()).map_err(|_| damaged())?;
        let batch = message.header_as_record_batch().or_else(|| {
            message
                .header_as_dictionary_batch()
                .and_then(|dictionary| dictionary.data())
        });
        let buffers = batch.and_then(|batch| batch.buffers());
        let is_inside = |buffer: &arrow_ipc::Buffer| {
            let end = buffer.offset().checked_add(buffer.length());
            buffer.offset() >= 0
                && buffer.length() >= 0
                && end.is_some_and(|end| end <= message.bodyLength())
        };
        if !buffers.is_none_or(|buffers| buffers.iter().all(is_inside)) {
            return Err(damaged());
        }
        stream = rest.get(size..).ok_or_else(damaged)?;
    }
    Ok(())
}

#[cold]
fn refused(why: impl fmt::Display) -> Error {
    Error::invalid_argument(
        "records",
        format_args!("the bytes are not Arrow's IPC format: {why}"),
    )
}
