//! Batches: many records under one sequence number, stored as they were received.

use bytes::Bytes;

use super::error::Error;
use super::log::Batch;
use super::wire::Fields;

/// Field of a binary record entry that holds the batch.
const DATA: u32 = 6;

/// Header of a batch. All numbers are little-endian.
pub(super) struct Header {
    pub(super) version: i32,
    pub(super) raw_size: usize,
    /// Low two bits of the attributes: how the payload is compressed.
    pub(super) codec: u16,
    pub(super) schema_version: i32,
    pub(super) records: u32,
    /// Columns that the writer knew; 0 if it does not say.
    pub(super) columns: u32,
    /// Where the payload begins.
    pub(super) payload: usize,
}

fn malformed() -> Error {
    Error::malformed_record("The record is not well-formed.")
}

/// Takes a batch out of its entry in a request and checks its header and checksum.
pub(super) fn read(entry: &Bytes) -> Result<Batch, Error> {
    let mut data = None;
    for field in Fields::of(entry) {
        let field = field.map_err(|_| malformed())?;
        if field.number == DATA {
            data = Some(field.bytes().map_err(|_| malformed())?);
        }
    }
    let bytes = entry.slice_ref(data.ok_or_else(malformed)?);
    let header = Header::read(&bytes)?;
    Ok(Batch {
        records: header.records,
        bytes,
    })
}

impl Header {
    /// Reads the header of a batch of either layout.
    pub(super) fn read(batch: &[u8]) -> Result<Self, Error> {
        let word = |at: usize| {
            let bytes = batch
                .get(at..at + 4)
                .and_then(|bytes| bytes.try_into().ok());
            bytes.map(u32::from_le_bytes).ok_or_else(malformed)
        };
        let half = |at: usize| {
            let bytes = batch
                .get(at..at + 2)
                .and_then(|bytes| bytes.try_into().ok());
            bytes.map(u16::from_le_bytes).ok_or_else(malformed)
        };
        if !batch.starts_with(b"DHUB") || word(8)? as usize != batch.len() {
            return Err(malformed());
        }
        let header = match word(4)? {
            0 => Self {
                version: 0,
                raw_size: word(12)? as usize,
                codec: half(20)? & 3,
                schema_version: -1,
                records: word(22)?,
                columns: 0,
                payload: 26,
            },
            1 => {
                let payload = word(28)? as usize;
                if payload < 36 || half(22)? != 2 {
                    return Err(malformed());
                }
                Self {
                    version: 1,
                    raw_size: word(12)? as usize,
                    codec: half(20)? & 3,
                    schema_version: word(24)? as i32,
                    records: word(32)?,
                    columns: if payload >= 40 { word(36)? } else { 0 },
                    payload,
                }
            }
            _ => return Err(malformed()),
        };
        let payload = batch.get(header.payload..).ok_or_else(malformed)?;
        let crc = word(16)?;
        if crc != 0 && crc != crc32c::crc32c(payload) {
            return Err(malformed());
        }
        Ok(header)
    }
}
