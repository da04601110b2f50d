//! Writing batches of both layouts.

use bytes::Bytes;

use super::{BatchVersion, HEADER_0};
use crate::codec::body::Body;
use crate::codec::protobuf::wire;
use crate::codec::{CompressFormat, batch0, batch1, check_not_empty, compress, crc, frame};
use crate::error::{Error, Result};
use crate::record::RecordBatch;

/// Always set by the official client that writes version 0.
const VERSION_0_FLAG: u16 = 8;
/// The schema version of blobs.
const BLOB_VERSION: i32 = -1;
/// Room for everything that stands before the records of a put: a frame, two lengths with their tags, a header.
const FRONT: usize = frame::HEADER_SIZE + 2 * 11 + batch1::HEADER_SIZE;

/// Makes a batch. The schema version is ignored for blobs.
///
/// It is stored compressed if that makes it smaller. `zlib` and `deflate` are the same here.
pub fn encode(
    records: &RecordBatch,
    version: BatchVersion,
    schema_version: i32,
    format: CompressFormat,
) -> Result<Bytes> {
    let Stored {
        mut records,
        header,
        ..
    } = store(records, version, schema_version, format)?;
    records.prepend(&header);
    // A batch may be kept for long: it gets no more memory than it needs.
    Ok(Bytes::copy_from_slice(records.as_slice()))
}

/// Makes the frame of a put of one batch.
pub fn encode_put(
    records: &RecordBatch,
    version: BatchVersion,
    schema_version: i32,
    format: CompressFormat,
) -> Result<Bytes> {
    check_not_empty(records)?;
    let Stored {
        records,
        header,
        crc,
    } = store(records, version, schema_version, format)?;
    let (mut data, mut entry) = (Vec::with_capacity(16), Vec::with_capacity(16));
    let batch_size = header.len() + records.len();
    wire::push_head(&mut data, 6, batch_size);
    wire::push_head(&mut entry, 1, data.len() + batch_size);
    let front = [entry, data, header].concat();
    // The records are most of it, and their checksum is known.
    let crc = crc::joined(crc::crc32c(&front), crc, records.len());
    let mut payload = records;
    payload.prepend(&front);
    frame::around_checked(payload, crc)
}

/// The records of a batch as they are stored, and what stands before them.
struct Stored {
    records: Body,
    header: Vec<u8>,
    /// The checksum of the records.
    crc: u32,
}

fn store(
    records: &RecordBatch,
    version: BatchVersion,
    schema_version: i32,
    format: CompressFormat,
) -> Result<Stored> {
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
    let mut body = Body::new(FRONT);
    match version {
        BatchVersion::V0 => batch0::write_records(&mut body, records, schema_version)?,
        BatchVersion::V1 => batch1::write_records(&mut body, records)?,
    }
    let raw_size = body.len();
    let mut codec = 0;
    if let Some(stored) = compress::compress_if_smaller(format, body.as_slice())? {
        body.replace(&stored);
        codec = codec_of(format);
    }
    let crc = crc::crc32c(body.as_slice());
    let header = match version {
        BatchVersion::V0 => header_0(body.len(), raw_size, crc, codec, records.len())?.to_vec(),
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
            header.to_bytes(body.len())?.to_vec()
        }
    };
    Ok(Stored {
        records: body,
        header,
        crc,
    })
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
