//! Batches: many records of one schema in one binary value, stored by the service as they are.
//!
//! There are two layouts. Version 0 holds rows of slots, version 1 holds Avro; a reply may hold both.

mod write;

use std::sync::Arc;

use bytes::Bytes;

use super::protobuf::wire::{self, Content, Reader};
use super::{GetReply, batch0, batch1, compress, crc, frame, other_kind};
use crate::codec::CompressFormat;
use crate::error::{Error, ErrorKind, Result};
use crate::record::chunk::{Chunk, Form, Span, Values, check_size};
use crate::record::told::{Entry, Told};
use crate::record::{Field, RecordBatch, RecordSchema};

pub use write::{encode, encode_put};

/// The header of version 0.
const HEADER_0: usize = 26;
/// The bits of the attributes that tell the codec.
const CODEC_BITS: u16 = 3;
/// The first bytes of a Zstandard frame.
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// The largest size that all batches of a reply together may have after decompression: 256 MiB.
const MAX_REPLY_SIZE: usize = 4 * compress::MAX_RAW_SIZE;

/// The layout of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BatchVersion {
    /// Rows of 8-byte slots, as the official Python client reads and writes.
    V0,
    /// Avro, as the official Go client reads and writes.
    #[default]
    V1,
}

/// Finds the schema of a version, `None` if it is not known.
pub type SchemaLookup<'a> = dyn Fn(i32) -> Option<Arc<RecordSchema>> + 'a;

/// A schema that is needed to read stored batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NeededSchema {
    /// Its version.
    pub version: i32,
    /// How many columns it must have at least.
    pub columns: usize,
}

/// A batch whose header, checksum and compression were read, but not its values.
#[derive(Clone, Debug)]
pub struct StoredBatch {
    payload: Bytes,
    layout: Layout,
}

#[derive(Clone, Debug)]
enum Layout {
    Slots(Vec<batch0::Located>),
    Avro {
        schema_version: i32,
        columns: usize,
        count: usize,
    },
}

impl StoredBatch {
    /// Opens a batch of any version. `limit` bounds its size after decompression, in bytes.
    pub fn open(batch: &Bytes, limit: usize) -> Result<Self> {
        if !batch.starts_with(frame::MAGIC) || batch.len() < 8 {
            return Err(Error::malformed(
                "the batch does not start with `DHUB` and a version",
            ));
        }
        match word(batch, 4) {
            0 => Self::open_0(batch, limit),
            1 => Self::open_1(batch, limit),
            version => Err(Error::new(
                ErrorKind::Unsupported,
                format!("batch version {} is not supported", version as i32),
            )),
        }
    }

    fn open_0(batch: &Bytes, limit: usize) -> Result<Self> {
        if batch.len() < HEADER_0 {
            return Err(Error::malformed("the batch is shorter than its header"));
        }
        let length = word(batch, 8) as usize;
        if length != batch.len() {
            return Err(Error::malformed(format!(
                "the batch announces {length} bytes and has {}",
                batch.len()
            )));
        }
        let stored = batch.slice(HEADER_0..);
        if !crc::matches(word(batch, 16), &stored) {
            return Err(Error::malformed("the checksum of the batch is wrong"));
        }
        let attributes = u16::from_le_bytes([batch[20], batch[21]]);
        let payload = unpack(stored, attributes, word(batch, 12) as usize, limit)?;
        let records = batch0::locate_records(&payload, word(batch, 22) as usize)?;
        Ok(Self {
            payload,
            layout: Layout::Slots(records),
        })
    }

    fn open_1(batch: &Bytes, limit: usize) -> Result<Self> {
        let header = batch1::Header::parse(batch)?;
        let payload = unpack(
            batch.slice(header.data_offset..),
            header.attributes,
            header.raw_size,
            limit,
        )?;
        let layout = Layout::Avro {
            schema_version: header.schema_version,
            columns: header.columns,
            count: header.record_count,
        };
        Ok(Self { payload, layout })
    }

    /// The number of records.
    pub fn len(&self) -> usize {
        match &self.layout {
            Layout::Slots(records) => records.len(),
            Layout::Avro { count, .. } => *count,
        }
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The layout of the batch.
    pub fn version(&self) -> BatchVersion {
        match &self.layout {
            Layout::Slots(_) => BatchVersion::V0,
            Layout::Avro { .. } => BatchVersion::V1,
        }
    }

    /// The schemas that are needed to read the records; none for blobs.
    pub fn needed_schemas(&self) -> Vec<NeededSchema> {
        let mut needed: Vec<NeededSchema> = match &self.layout {
            // In this version a record may have more fields than its schema.
            Layout::Slots(records) => records
                .iter()
                .map(|record| NeededSchema {
                    version: record.schema_version,
                    columns: 0,
                })
                .collect(),
            Layout::Avro {
                schema_version,
                columns,
                ..
            } => {
                vec![NeededSchema {
                    version: *schema_version,
                    columns: *columns,
                }]
            }
        };
        needed.retain(|schema| schema.version >= 0);
        needed.sort_unstable();
        needed.dedup();
        needed
    }

    /// Reads the records, each with the columns of the schema with which it was written.
    ///
    /// There is one element per run of records with the same schema version.
    /// Fails with kind `not_found` if a schema is not known.
    pub fn records(&self, schemas: &SchemaLookup<'_>) -> Result<Vec<RecordBatch>> {
        let entry = Entry {
            batch_size: self.len() as u32,
            ..Entry::UNKNOWN
        };
        let runs = self.runs(schemas, entry, &Bytes::new())?;
        Ok(runs.into_iter().map(|(_, batch)| batch).collect())
    }

    fn runs(
        &self,
        schemas: &SchemaLookup<'_>,
        entry: Entry,
        head: &Bytes,
    ) -> Result<Vec<(i32, RecordBatch)>> {
        check_size(self.payload.len())?;
        match &self.layout {
            Layout::Avro {
                schema_version,
                columns,
                count,
            } => {
                let schema = find_schema(schemas, *schema_version)?;
                let fields = columns_of(schema.as_deref(), *columns, *schema_version)?;
                let mut chunk = self.chunk(Form::Avro, schema.as_ref(), head);
                let mut spans = Vec::new();
                super::avro::index_records(&mut chunk, &mut spans, fields, *count)?;
                Ok(vec![(
                    *schema_version,
                    finish(chunk, spans, Form::Avro, entry),
                )])
            }
            Layout::Slots(records) => {
                let mut runs = Vec::new();
                let mut done: u32 = 0;
                for run in records.chunk_by(|a, b| a.schema_version == b.schema_version) {
                    let version = run[0].schema_version;
                    let schema = find_schema(schemas, version)?;
                    let mut chunk = self.chunk(Form::Slots, schema.as_ref(), head);
                    let mut spans = Vec::new();
                    batch0::index_records(&mut chunk, &mut spans, schema.as_ref(), run)?;
                    // The row in the chunk minus this is the place in the batch.
                    let entry = Entry {
                        first_row: 0_u32.wrapping_sub(done),
                        ..entry
                    };
                    runs.push((version, finish(chunk, spans, Form::Slots, entry)));
                    done += run.len() as u32;
                }
                Ok(runs)
            }
        }
    }

    fn chunk(&self, form: Form, schema: Option<&Arc<RecordSchema>>, head: &Bytes) -> Chunk {
        Chunk::received(form, schema.cloned(), self.payload.clone(), head.clone())
    }
}

/// The first columns of a schema, as many as a batch has; all of them if it does not say.
fn columns_of(
    schema: Option<&RecordSchema>,
    columns: usize,
    version: i32,
) -> Result<Option<&[Field]>> {
    let Some(schema) = schema else {
        return Ok(None);
    };
    if columns == 0 {
        return Ok(Some(schema.fields()));
    }
    let fields = schema.fields().get(..columns).ok_or_else(|| {
        Error::malformed(format!(
            "the batch has {columns} columns, version {version} of its schema has {}",
            schema.len()
        ))
    })?;
    Ok(Some(fields))
}

fn finish(mut chunk: Chunk, spans: Vec<Span>, form: Form, entry: Entry) -> RecordBatch {
    chunk.values = Values::Received { form, spans };
    chunk.told = Told::Batch(entry);
    RecordBatch::from_chunk(chunk)
}

fn find_schema(schemas: &SchemaLookup<'_>, version: i32) -> Result<Option<Arc<RecordSchema>>> {
    if version < 0 {
        return Ok(None);
    }
    schemas(version).map(Some).ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            format!("version {version} of the schema is not known"),
        )
        .with_context("schema_version", version)
    })
}

/// Reads one batch. All its records must have the same schema version.
pub fn decode(batch: &Bytes, schemas: &SchemaLookup<'_>) -> Result<RecordBatch> {
    let runs = StoredBatch::open(batch, compress::MAX_RAW_SIZE)?.records(schemas)?;
    if runs.is_empty() {
        return Ok(RecordBatch::empty(None));
    }
    RecordBatch::concat(&runs)
        .map_err(|_| Error::malformed("the records of the batch have different schemas"))
}

fn word(bytes: &[u8], place: usize) -> u32 {
    bytes
        .get(place..)
        .and_then(|rest| rest.first_chunk::<4>())
        .map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn unpack(stored: Bytes, attributes: u16, raw_size: usize, limit: usize) -> Result<Bytes> {
    let format = match attributes & CODEC_BITS {
        0 => CompressFormat::None,
        1 => CompressFormat::Deflate,
        2 => CompressFormat::Lz4,
        // One official client writes zlib under this number, the others Zstandard.
        _ if stored.starts_with(ZSTD_MAGIC) => CompressFormat::Zstd,
        _ => CompressFormat::Zlib,
    };
    match compress::decompress(format, &stored, Some(raw_size), limit) {
        // Some writers set the codec but keep the bytes when they do not shrink.
        Err(_)
            if format == CompressFormat::Lz4 && stored.len() == raw_size && raw_size <= limit =>
        {
            Ok(stored)
        }
        result => result,
    }
}

/// The batches of a put's frame, for servers.
pub fn decode_put_request(body: &Bytes) -> Result<Vec<Bytes>> {
    let payload = frame::unwrap(body)?;
    let mut batches = Vec::new();
    let mut reader = Reader::new(&payload, 0..payload.len());
    while let Some((field, content)) = reader.next()? {
        if let (1, Content::Bytes(range)) = (field, content) {
            batches.push(StoredEntry::read(&payload, range)?.data);
        }
    }
    Ok(batches)
}

/// One stored batch and what the reply tells about it.
#[derive(Clone, Debug)]
struct StoredEntry {
    entry: Entry,
    data: Bytes,
}

impl StoredEntry {
    fn read(payload: &Bytes, range: std::ops::Range<usize>) -> Result<Self> {
        let mut entry = Entry::UNKNOWN;
        let mut data = None;
        let mut reader = Reader::new(payload, range);
        while let Some((field, content)) = reader.next()? {
            match (field, content) {
                (1, Content::Bytes(range)) => entry.cursor = wire::text_span(payload, range)?,
                (2, Content::Bytes(range)) => entry.next_cursor = wire::text_span(payload, range)?,
                (3, Content::Number(value)) => entry.sequence = value as i64,
                (4, Content::Number(value)) => entry.system_time = value as i64,
                (5, Content::Number(value)) => entry.serial = Some(value as u32),
                (6, Content::Bytes(range)) => data = Some(payload.slice(range)),
                _ => {}
            }
        }
        let data =
            data.ok_or_else(|| Error::malformed("an entry of the protocol buffer has no batch"))?;
        Ok(Self { entry, data })
    }
}

/// The reply to a get in batch mode, of which the values were not read yet.
///
/// Reading them needs schemas; [`BatchReply::needed_schemas`] tells which, so that they can be fetched first.
#[derive(Clone, Debug)]
pub struct BatchReply {
    payload: Bytes,
    next_cursor: String,
    start_seq: i64,
    latest_seq: Option<i64>,
    latest_time: Option<i64>,
    batches: Vec<(Entry, StoredBatch)>,
}

impl BatchReply {
    /// Opens the frame of a reply and the batches in it.
    pub fn open(body: &Bytes) -> Result<Self> {
        Self::open_within(&frame::unwrap(body)?, MAX_REPLY_SIZE)
    }

    /// Opens what is inside the frame of a reply.
    #[cfg(feature = "datahub")]
    pub(crate) fn open_payload(payload: &Bytes) -> Result<Self> {
        Self::open_within(payload, MAX_REPLY_SIZE)
    }

    /// Opens a reply whose batches have at most `left` bytes after decompression.
    fn open_within(payload: &Bytes, mut left: usize) -> Result<Self> {
        check_size(payload.len())?;
        let mut reply = Self {
            payload: payload.clone(),
            next_cursor: String::new(),
            start_seq: 0,
            latest_seq: None,
            latest_time: None,
            batches: Vec::new(),
        };
        let mut next_cursor = None;
        let mut reader = Reader::new(payload, 0..payload.len());
        while let Some((field, content)) = reader.next()? {
            match (field, content) {
                (1, Content::Bytes(range)) => next_cursor = Some(wire::text(payload, range)?),
                (3, Content::Number(value)) => reply.start_seq = value as i64,
                (4, Content::Bytes(range)) => {
                    let StoredEntry { mut entry, data } = StoredEntry::read(payload, range)?;
                    let batch = StoredBatch::open(&data, compress::MAX_RAW_SIZE.min(left))?;
                    left -= batch.payload.len();
                    entry.batch_size = batch.len() as u32;
                    reply.batches.push((entry, batch));
                }
                (5, Content::Number(value)) => reply.latest_seq = Some(value as i64),
                (6, Content::Number(value)) => reply.latest_time = Some(value as i64),
                _ => {}
            }
        }
        reply.next_cursor =
            next_cursor.ok_or_else(|| Error::malformed("the reply to a get has no next cursor"))?;
        Ok(reply)
    }

    /// The schemas that are needed to read the records; none for blobs.
    pub fn needed_schemas(&self) -> Vec<NeededSchema> {
        let mut needed: Vec<_> = self
            .batches
            .iter()
            .flat_map(|(_, batch)| batch.needed_schemas())
            .collect();
        needed.sort_unstable();
        needed.dedup();
        needed
    }

    /// Reads the records.
    ///
    /// With a schema they all have its columns, found by name. Without one they have the columns of the
    /// newest schema version in the reply, or are blobs.
    pub fn records(
        self,
        schema: Option<Arc<RecordSchema>>,
        schemas: &SchemaLookup<'_>,
    ) -> Result<GetReply> {
        let (mut versions, mut runs) = (Vec::new(), Vec::new());
        for (entry, batch) in &self.batches {
            for (version, run) in batch.runs(schemas, *entry, &self.payload)? {
                versions.push(version);
                runs.push(run);
            }
        }
        let newest = versions
            .iter()
            .zip(&runs)
            .max_by_key(|(version, _)| **version);
        let newest = newest.and_then(|(_, run)| run.schema().cloned());
        let records = match schema.or(newest) {
            Some(schema) => RecordBatch::through(&schema, &runs),
            None => RecordBatch::concat(&runs),
        };
        let records = records.map_err(|_| mixed())?;
        Ok(GetReply {
            next_cursor: self.next_cursor,
            record_count: records.len(),
            start_seq: self.start_seq,
            latest_seq: self.latest_seq,
            latest_time: self.latest_time,
            records,
        })
    }
}

#[cold]
fn mixed() -> Error {
    other_kind("the reply holds blobs, but the topic holds tuples")
}

/// Reads the frame of a get's reply. See [`BatchReply::records`].
pub fn decode_get(
    body: &Bytes,
    schema: Option<Arc<RecordSchema>>,
    schemas: &SchemaLookup<'_>,
) -> Result<GetReply> {
    BatchReply::open(body)?.records(schema, schemas)
}

#[cfg(test)]
mod tests;
