//! The header of batch version 1.

use super::avro;
use super::body::Body;
use crate::error::{Error, Result};
use crate::record::RecordBatch;

/// The header without the number of columns, as older writers made it.
const SHORT_HEADER: usize = 36;
/// The header as written here.
pub(crate) const HEADER_SIZE: usize = 40;
/// The only type of data that is defined: Avro.
const DATA_TYPE_AVRO: i16 = 2;

/// Writes the records, not compressed.
pub(crate) fn write_records(body: &mut Body, records: &RecordBatch) -> Result<()> {
    let mut long_values = 0;
    for (row, record) in records.iter().enumerate() {
        let mut found = 0;
        body.write(|pen| {
            found = avro::put_record(pen, &record)?;
            Ok(())
        })?;
        long_values += found;
        if row == 0 {
            body.expect(records.len() - 1, body.len());
        }
    }
    if long_values > 0 {
        tracing::warn!(
            values = long_values,
            "values above {} bytes in a batch cannot be read by some official clients",
            avro::LONG_VALUE
        );
    }
    Ok(())
}

/// What stands in the header beside the sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// The size of the records before compression.
    pub(crate) raw_size: usize,
    pub(crate) crc: u32,
    /// The codec in the lowest two bits.
    pub(crate) attributes: u16,
    /// Negative for blobs.
    pub(crate) schema_version: i32,
    /// Where the stored records begin.
    pub(crate) data_offset: usize,
    pub(crate) record_count: usize,
    /// 0 when it is not known.
    pub(crate) columns: usize,
}

impl Header {
    /// The bytes of a header for stored records of a size.
    pub(crate) fn to_bytes(self, stored_size: usize) -> Result<[u8; HEADER_SIZE]> {
        let narrow = |size: usize| {
            i32::try_from(size).map_err(|_| {
                Error::invalid_argument("record_list", "a batch must be smaller than 2 GiB")
            })
        };
        let mut bytes = [0; HEADER_SIZE];
        let mut put = |place: usize, value: i32| {
            bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
        };
        put(0, i32::from_le_bytes(*super::frame::MAGIC));
        put(4, 1);
        put(8, narrow(HEADER_SIZE + stored_size)?);
        put(12, narrow(self.raw_size)?);
        put(16, self.crc as i32);
        put(24, self.schema_version);
        put(28, HEADER_SIZE as i32);
        put(32, narrow(self.record_count)?);
        put(36, narrow(self.columns)?);
        bytes[20..22].copy_from_slice(&self.attributes.to_le_bytes());
        bytes[22..24].copy_from_slice(&DATA_TYPE_AVRO.to_le_bytes());
        Ok(bytes)
    }

    /// Reads the header of a batch whose magic and version were checked.
    pub(crate) fn parse(batch: &[u8]) -> Result<Self> {
        let word = |place: usize| {
            let bytes = batch.get(place..).and_then(|rest| rest.first_chunk::<4>());
            bytes
                .map(|bytes| i32::from_le_bytes(*bytes))
                .ok_or_else(|| Error::malformed("the batch is shorter than its header"))
        };
        let size = |place: usize| {
            usize::try_from(word(place)?)
                .map_err(|_| Error::malformed("the header of the batch has a negative size"))
        };
        if batch.len() < SHORT_HEADER {
            return Err(Error::malformed("the batch is shorter than its header"));
        }
        let data_offset = size(28)?;
        if data_offset < SHORT_HEADER || data_offset > batch.len() {
            return Err(Error::malformed(
                "the records of the batch begin outside of it",
            ));
        }
        if size(8)? != batch.len() {
            return Err(Error::malformed(format!(
                "the batch announces {} bytes and has {}",
                size(8)?,
                batch.len()
            )));
        }
        let data_type = (word(20)? >> 16) as i16;
        let header = Self {
            raw_size: size(12)?,
            crc: word(16)? as u32,
            attributes: word(20)? as u16,
            schema_version: word(24)?,
            data_offset,
            record_count: size(32)?,
            columns: if data_offset >= HEADER_SIZE {
                size(36)?
            } else {
                0
            },
        };
        if !super::crc::matches(header.crc, &batch[data_offset..]) {
            return Err(Error::malformed("the checksum of the batch is wrong"));
        }
        if data_type != DATA_TYPE_AVRO {
            return Err(Error::malformed(format!(
                "the batch has the unknown data type {data_type}"
            )));
        }
        Ok(header)
    }
}
