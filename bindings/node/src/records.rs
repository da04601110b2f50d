//! Batches of records: the native object, and how its content crosses the border.
//!
//! Content crosses once per batch, as one buffer and a few long strings, and JavaScript makes its own
//! objects of it. Making the objects here, property by property, costs three times as much.

mod pack;
mod unpack;

use bytes::Bytes;
use hubstream::codec::whole;
use hubstream::record::arrow::ArrowOptions;
use hubstream::record::{BlobLayout, RecordBatch};
use napi::Env;
use napi::bindgen_prelude::{
    ArrayBuffer, BigInt64Array, ObjectFinalize, Result, Uint8Array, Uint32Array, Uint32ArraySlice,
};
use napi_derive::napi;

use crate::error::to_js;
use crate::schema::NativeSchema;
use unpack::{Notes, TextCutter};

/// A batch of records.
#[napi(js_name = "RecordBatch", custom_finalize)]
pub struct NativeBatch {
    records: RecordBatch,
    /// How many bytes the garbage collector was told about and has not learned of in another way since.
    accounted: i64,
}

/// Values or facts of all records, column by column.
#[napi(object)]
pub struct Packed {
    /// Numbers, flags and places in the texts.
    pub bytes: Uint8Array,
    /// The texts of each column of texts, one behind the other.
    pub texts: Vec<String>,
}

/// Where the bytes of blob records lie.
#[napi(object)]
pub struct BlobViews<'env> {
    /// The buffers, shared with the batch.
    pub buffers: Vec<ArrayBuffer<'env>>,
    /// Number of the buffer, start and length of every record.
    pub places: Uint32ArraySlice<'env>,
}

#[napi]
impl NativeBatch {
    /// Makes a batch of tuple records of packed values; see the package's `pack.ts`.
    #[napi(factory)]
    #[allow(
        clippy::too_many_arguments,
        reason = "one call crosses the border for a whole batch"
    )]
    pub fn from_values(
        env: &Env,
        schema: &NativeSchema,
        count: u32,
        tags: &[u8],
        cells: BigInt64Array,
        text: String,
        notes: Uint32Array,
        note_text: String,
    ) -> Result<Self> {
        let notes = Notes::new(&notes, &note_text);
        unpack::tuples(
            &schema.schema,
            count as usize,
            tags,
            &cells,
            TextCutter::new(&text),
            notes,
        )
        .map_err(|error| to_js(env, &error))
        .and_then(|records| Self::new(env, records))
    }

    /// Makes a batch of blob records of their bytes, one behind the other.
    #[napi(factory)]
    pub fn from_blobs(
        env: &Env,
        bytes: &[u8],
        lengths: Uint32Array,
        notes: Uint32Array,
        note_text: String,
    ) -> Result<Self> {
        unpack::blobs(bytes, &lengths, Notes::new(&notes, &note_text))
            .map_err(|error| to_js(env, &error))
            .and_then(|records| Self::new(env, records))
    }

    /// Makes a batch of the bytes of Arrow's IPC format; without a schema, of blobs.
    #[napi(factory)]
    pub fn from_arrow(env: &Env, schema: Option<&NativeSchema>, bytes: &[u8]) -> Result<Self> {
        RecordBatch::from_arrow_ipc(schema.map(|schema| &schema.schema), bytes)
            .map_err(|error| to_js(env, &error))
            .and_then(|records| Self::new(env, records))
    }

    /// The records as a stream of Arrow's IPC format. DECIMAL columns have the precision and scale that are given, or
    /// are texts if nothing is in the list.
    #[napi]
    pub fn to_arrow(
        &self,
        env: &Env,
        metadata: bool,
        decimal: Option<Vec<u8>>,
    ) -> Result<Uint8Array> {
        let mut options = ArrowOptions::new();
        if metadata {
            options = options.with_metadata();
        }
        options = match decimal.as_deref() {
            None => options,
            Some([precision, scale]) => options.with_decimal_digits(*precision, *scale),
            Some(_) => options.with_decimal_text(),
        };
        self.records
            .to_arrow_ipc(&options)
            .map(Uint8Array::from)
            .map_err(|error| to_js(env, &error))
    }

    /// The body of a put of these records, without a request: for measuring.
    #[napi]
    pub fn to_put(
        &self,
        env: &Env,
        protocol: String,
        compress_format: String,
    ) -> Result<Uint8Array> {
        whole::encode_put(&self.records, &protocol, &compress_format)
            .map(|(body, _)| Uint8Array::from(&*body))
            .map_err(|error| to_js(env, &error))
    }

    /// The records of the body of a get's reply, without a request: for measuring. Without a schema they are blobs.
    #[napi(factory)]
    pub fn from_get(
        env: &Env,
        body: &[u8],
        protocol: String,
        compress_format: String,
        raw_size: u32,
        schema: Option<&NativeSchema>,
    ) -> Result<Self> {
        let body = Bytes::copy_from_slice(body);
        let schema = schema.map(|schema| schema.schema.clone());
        let raw_size = raw_size as usize;
        whole::decode_get(body, &protocol, &compress_format, raw_size, schema)
            .map_err(|error| to_js(env, &error))
            .and_then(|records| Self::new(env, records))
    }

    /// The number of records.
    #[napi(getter)]
    pub fn length(&self) -> u32 {
        self.records.len() as u32
    }

    /// The columns; nothing for blobs.
    #[napi]
    pub fn schema(&self) -> Option<NativeSchema> {
        self.records.schema().map(|schema| NativeSchema {
            schema: schema.clone(),
        })
    }

    /// Some of the records, sharing memory.
    #[napi]
    pub fn slice(&self, start: u32, end: u32) -> Self {
        let records = self.records.slice(start as usize..end as usize);
        Self {
            records,
            accounted: 0,
        }
    }

    /// The values of tuple records.
    #[napi]
    pub fn values(&self) -> Packed {
        pack::values(&self.records)
    }

    /// What is known about each record beside its values.
    #[napi]
    pub fn facts(&self) -> Packed {
        pack::facts(&self.records)
    }

    /// Throws the reason why a value cannot be read.
    #[napi]
    pub fn check(&self, env: &Env, row: u32, column: u32) -> Result<()> {
        match self.records.value(row as usize, column as usize) {
            Ok(_) => Ok(()),
            Err(error) => Err(to_js(env, &error)),
        }
    }

    /// Views of the bytes of blob records. They live as long as JavaScript needs them.
    #[napi]
    pub fn blobs<'env>(&mut self, env: &'env Env) -> Result<BlobViews<'env>> {
        let layout = self
            .records
            .blob_layout()
            .map_err(|error| to_js(env, &error))?;
        let BlobLayout { buffers, places } = layout;
        self.hand_over(env, &buffers)?;
        let buffers = buffers
            .into_iter()
            .map(|buffer| share(env, buffer))
            .collect::<Result<Vec<_>>>()?;
        let places: Vec<u32> = places
            .into_iter()
            .flat_map(|place| [place.buffer, place.start, place.length])
            .collect();
        Ok(BlobViews {
            buffers,
            // Of the collector's own memory: when it gives some, it looks whether young buffers grew to 32 MiB,
            // and if so collects the young ones, which is a hundredth of the work of collecting all.
            places: Uint32ArraySlice::copy_from(env, places)?,
        })
    }
}

impl NativeBatch {
    pub(crate) fn new(env: &Env, records: RecordBatch) -> Result<Self> {
        let accounted = i64::try_from(records.memory_size()).unwrap_or(i64::MAX);
        // The object itself is small: without this, memory would pile up before anything is collected.
        env.adjust_external_memory(accounted)?;
        Ok(Self { records, accounted })
    }

    /// Takes back what was told about buffers that the collector sees from now on, since it counts those itself.
    fn hand_over(&mut self, env: &Env, buffers: &[Bytes]) -> Result<()> {
        let bytes: usize = buffers.iter().map(Bytes::len).sum();
        let bytes = i64::try_from(bytes).map_or(self.accounted, |bytes| bytes.min(self.accounted));
        env.adjust_external_memory(-bytes)?;
        self.accounted -= bytes;
        Ok(())
    }

    pub(crate) fn records(&self) -> &RecordBatch {
        &self.records
    }
}

impl ObjectFinalize for NativeBatch {
    fn finalize(self, env: Env) -> Result<()> {
        env.adjust_external_memory(-self.accounted).map(drop)
    }
}

/// Lets JavaScript look at bytes without a copy, and releases them when it no longer does.
fn share(env: &Env, bytes: Bytes) -> Result<ArrayBuffer<'_>> {
    if bytes.is_empty() {
        return ArrayBuffer::from_data(env, Vec::new());
    }
    let (start, length) = (bytes.as_ptr().cast_mut(), bytes.len());
    // SAFETY: `bytes` keeps the memory alive until the buffer is collected. The package documents that
    // the views are not to be written to; a program that does so changes the records it got, nothing else.
    unsafe { ArrayBuffer::from_external(env, start, length, bytes, |_, bytes| drop(bytes)) }
}
