//! Arrow data that another library gives batch by batch.
#![allow(
    unsafe_code,
    reason = "the stream is a table of functions of another library"
)]

use std::ffi::CStr;
use std::sync::Arc;

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi_and_data_type};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_schema::{ArrowError, DataType, SchemaRef};
use hubstream::error::Result;
use hubstream::record::arrow::arrow_data::ArrayData;

use crate::arrow_input::{columns_of, refused};

/// A stream of batches, each of which is an array of structs.
///
/// Arrow's own reader makes arrays of all types of it, which would be a good part of this library's size.
pub(crate) struct ArrowStream {
    stream: FFI_ArrowArrayStream,
    /// The type of the batches.
    structs: DataType,
}

impl ArrowStream {
    /// Asks a stream that was not released for its schema.
    pub(crate) fn open(mut stream: FFI_ArrowArrayStream) -> Result<(SchemaRef, Self)> {
        let mut schema = FFI_ArrowSchema::empty();
        let code = match stream.get_schema() {
            // SAFETY: the function is called as the interface has it, with the stream that it is of and with room for a
            // schema.
            Some(get_schema) => unsafe { get_schema(&raw mut stream, &raw mut schema) },
            None => return Err(refused(broken("the stream has no schema"))),
        };
        if code != 0 {
            return Err(refused(failed(&mut stream, "schema", code)));
        }
        let schema = Arc::new(columns_of(&schema)?);
        let structs = DataType::Struct(schema.fields().clone());
        Ok((schema, Self { stream, structs }))
    }

    /// The next batch; none at the end.
    pub(crate) fn next(&mut self) -> Option<Result<ArrayData>> {
        let mut array = FFI_ArrowArray::empty();
        let code = match self.stream.get_next() {
            // SAFETY: the function is called as the interface has it, with the stream that it is of and with room for an
            // array.
            Some(get_next) => unsafe { get_next(&raw mut self.stream, &raw mut array) },
            None => return Some(Err(refused(broken("the stream has no batches")))),
        };
        if code != 0 {
            return Some(Err(refused(failed(&mut self.stream, "batch", code))));
        }
        if array.is_released() {
            return None;
        }
        // SAFETY: the schema and the array come from one stream of a producer that keeps to the interface.
        let data = unsafe { from_ffi_and_data_type(array, self.structs.clone()) };
        Some(data.map_err(refused))
    }
}

#[cold]
fn broken(why: &str) -> ArrowError {
    ArrowError::CDataInterface(why.to_owned())
}

/// The error for a function of the stream that gave a code other than 0 just now.
#[cold]
fn failed(stream: &mut FFI_ArrowArrayStream, what: &str, code: i32) -> ArrowError {
    let message = stream.get_last_error().map(|get_last_error| {
        // SAFETY: the last call of the stream failed, so it may be asked why.
        unsafe { get_last_error(&raw mut *stream) }
    });
    let reason = match message {
        Some(text) if !text.is_null() => {
            // SAFETY: the text ends with a zero and is copied before the stream is called again.
            let text = unsafe { CStr::from_ptr(text) };
            format!(": {}", text.to_string_lossy())
        }
        _ => String::new(),
    };
    broken(&format!("the stream gives no {what} (code {code}){reason}"))
}
