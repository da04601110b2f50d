//! Writing batches of both layouts.

use bytes::Bytes;

use super::{BatchVersion, HEADER_0};
use crate::codec::protobuf::wire;
use crate::codec::{CompressFormat, batch0, batch1, check_not_empty, compress, crc, frame, pool};
use crate::error::{Error, Result};
use crate::record::RecordBatch;

/// Always set by the official client that writes version 0.
const VERSION_0_FLAG: u16 = 8;
/// The schema version of blobs.
const BLOB_VERSION: i32 = -1;

/// Makes a batch. The schema version is ignored for blobs.
///
/// It is stored compressed if that makes it smaller. `zlib` and `deflate` are the same here.
pub fn encode(
    records: &RecordBatch,
    version: BatchVersion,
    schema_version: i32,
    format: CompressFormat,
) -> Result<Bytes> {
    let mut batch = Vec::new();
    push_batch(&mut batch, records, version, schema_version, format)?;
    Ok(batch.into())
}

/// Makes the frame of a put of one batch.
pub fn encode_put(
    records: &RecordBatch,
    version: BatchVersion,
    schema_version: i32,
    format: CompressFormat,
) -> Result<Bytes> {
    check_not_empty(records)?;
    let mut out = frame::begin(0);
    let (mut entry, mut data) = (wire::Nested::new(), wire::Nested::new());
    let entry_start = entry.begin(&mut out, 1);
    let data_start = data.begin(&mut out, 6);
    push_batch(&mut out, records, version, schema_version, format)?;
    data.end(&mut out, data_start);
    entry.end(&mut out, entry_start);
    frame::finish(out)
}

fn push_batch(
    out: &mut Vec<u8>,
    records: &RecordBatch,
    version: BatchVersion,
    schema_version: i32,
    format: CompressFormat,
) -> Result<()> {
    let schema_version = match records.schema() {
        None => BLOB_VERSION,
        Some(_) if schema_version < 0 => {
            return Err(Error::invalid_argument(
                "schema_version",
                "must not be negative for tuple records",
            ));
        }
        Some(_) => schema_version,
    };
    let start = out.len();
    let header_size = if version == BatchVersion::V0 {
        HEADER_0
    } else {
        batch1::HEADER_SIZE
    };
    out.resize(start + header_size, 0);
    let data = start + header_size;
    let (raw_size, codec) = if format == CompressFormat::None {
        push_records(out, records, version, schema_version)?;
        (out.len() - data, 0)
    } else {
        let mut raw = pool::take();
        push_records(&mut raw, records, version, schema_version)?;
        let raw_size = raw.len();
        let (stored, is_compressed) = compress::compress_body(format, raw.into())?;
        out.extend_from_slice(&stored);
        (raw_size, if is_compressed { codec_of(format) } else { 0 })
    };
    let (stored_size, crc) = (out.len() - data, crc::crc32c(&out[data..]));
    match version {
        BatchVersion::V0 => {
            let header = header_0(stored_size, raw_size, crc, codec, records.len())?;
            out[start..data].copy_from_slice(&header);
        }
        BatchVersion::V1 => {
            let header = batch1::Header {
                raw_size,
                crc,
                attributes: codec,
                schema_version,
                data_offset: batch1::HEADER_SIZE,
                record_count: records.len(),
                columns: records.schema().map_or(0, |schema| schema.len()),
            };
            out[start..data].copy_from_slice(&header.to_bytes(stored_size)?);
        }
    }
    Ok(())
}

/// Appends the records, not compressed.
fn push_records(
    out: &mut Vec<u8>,
    records: &RecordBatch,
    version: BatchVersion,
    schema_version: i32,
) -> Result<()> {
    match version {
        BatchVersion::V1 => batch1::push_records(out, records),
        BatchVersion::V0 => {
            let start = out.len();
            for (row, record) in records.iter().enumerate() {
                batch0::push_record(out, &record, schema_version)?;
                if row == 0 {
                    let size = out.len() - start;
                    out.reserve((size + size / 8).saturating_mul(records.len() - 1));
                }
            }
            Ok(())
        }
    }
}

pub(super) fn header_0(
    stored_size: usize,
    raw_size: usize,
    crc: u32,
    codec: u16,
    count: usize,
) -> Result<[u8; HEADER_0]> {
    let narrow = |size: usize| {
        u32::try_from(size).map_err(|_| {
            Error::invalid_argument("record_list", "a batch must be smaller than 4 GiB")
        })
    };
    let mut header = [0; HEADER_0];
    header[..4].copy_from_slice(frame::MAGIC);
    header[8..12].copy_from_slice(&narrow(HEADER_0 + stored_size)?.to_le_bytes());
    header[12..16].copy_from_slice(&narrow(raw_size)?.to_le_bytes());
    header[16..20].copy_from_slice(&crc.to_le_bytes());
    header[20..22].copy_from_slice(&(codec | VERSION_0_FLAG).to_le_bytes());
    header[22..].copy_from_slice(&narrow(count)?.to_le_bytes());
    Ok(header)
}

const fn codec_of(format: CompressFormat) -> u16 {
    match format {
        CompressFormat::None => 0,
        CompressFormat::Zlib | CompressFormat::Deflate => 1,
        CompressFormat::Lz4 => 2,
        CompressFormat::Zstd => 3,
    }
}
