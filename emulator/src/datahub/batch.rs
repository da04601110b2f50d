//! Batches: many records under one sequence number, stored as they were received, and taken apart for those who read
//! single records. Who reads batches gets single records as batches of one.

mod avro;
mod binary;
mod row;
#[cfg(test)]
mod vectors;

use std::borrow::Cow;

use bytes::Bytes;

use super::compression::Codec;
use super::error::Error;
use super::log::{Batch, Record};
use super::put::RECORDS;
use super::record_protobuf;
use super::schema::{Column, SchemaVersion};
use super::value::ColumnType;
use super::wire::Fields;
use binary::Binary;

/// Field of a binary record entry that holds the batch.
const DATA: u32 = 6;

/// Largest batch that is taken apart, in bytes before compression.
const RAW_LIMIT: usize = 64 << 20;

/// Schema version of blobs.
const BLOB: i32 = -1;

/// A batch whose content cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Malformed;

/// A record of a batch.
struct Row<'a> {
    values: Vec<Binary<'a>>,
    attributes: Vec<(&'a str, &'a str)>,
}

/// The layouts of batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Version 0.
    Row,
    /// Version 1.
    Avro,
}

/// Header of a batch. All numbers are little-endian.
struct Header {
    layout: Layout,
    raw_size: usize,
    /// Low two bits of the attributes: how the payload is compressed.
    codec: u16,
    /// Not known to the row layout, whose rows tell it.
    schema_version: i32,
    records: u32,
    /// Columns that the writer knew; 0 if it does not say.
    columns: usize,
    /// Where the payload begins.
    payload: usize,
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
    if header.records as usize > RECORDS {
        return Err(Error::invalid_parameter(format!(
            "The request has more than {RECORDS} records."
        )));
    }
    Ok(Batch {
        records: header.records,
        bytes,
    })
}

impl Header {
    /// Reads the header of a batch of either layout.
    fn read(batch: &[u8]) -> Result<Self, Error> {
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
                layout: Layout::Row,
                raw_size: word(12)? as usize,
                codec: half(20)? & 3,
                schema_version: BLOB,
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
                    layout: Layout::Avro,
                    raw_size: word(12)? as usize,
                    codec: half(20)? & 3,
                    schema_version: word(24)? as i32,
                    records: word(32)?,
                    columns: if payload >= 40 { word(36)? as usize } else { 0 },
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

/// The payload of a batch before compression.
fn payload<'a>(header: &Header, batch: &'a [u8]) -> Result<Cow<'a, [u8]>, Malformed> {
    let stored = &batch[header.payload..];
    let codec = match header.codec {
        0 => {
            return if stored.len() == header.raw_size {
                Ok(Cow::Borrowed(stored))
            } else {
                Err(Malformed)
            };
        }
        1 => Codec::Zlib,
        2 => Codec::Lz4,
        // Official writers disagree about this one.
        _ if stored.starts_with(b"\x28\xb5\x2f\xfd") => Codec::Zstd,
        _ => Codec::Zlib,
    };
    match codec.decompress(stored, Some(header.raw_size), RAW_LIMIT) {
        Ok(raw) => Ok(Cow::Owned(raw)),
        Err(_) if codec == Codec::Lz4 && stored.len() == header.raw_size => {
            Ok(Cow::Borrowed(stored))
        }
        Err(_) => Err(Malformed),
    }
}

/// Takes a batch apart into records. `schemas` are those of the topic, none for blobs.
pub(super) fn expand(batch: &Batch, schemas: &[SchemaVersion]) -> Result<Vec<Record>, Error> {
    let header = Header::read(&batch.bytes)?;
    let unreadable =
        |Malformed| Error::malformed_record("The batch cannot be read as single records.");
    let payload = payload(&header, &batch.bytes).map_err(unreadable)?;
    let rows = match header.layout {
        Layout::Row => row_layout(&header, &payload, schemas),
        Layout::Avro => avro_layout(&header, &payload, schemas),
    };
    let rows = rows.map_err(unreadable)?;
    rows.iter()
        .map(|row| record(row, schemas.is_empty()).map_err(unreadable))
        .collect()
}

fn row_layout<'a>(
    header: &Header,
    payload: &'a [u8],
    schemas: &[SchemaVersion],
) -> Result<Vec<Row<'a>>, Malformed> {
    let rows = row::rows(payload, header.records as usize)?;
    let read = rows
        .iter()
        .map(|row| match columns_of(row.schema_version, schemas)? {
            None => row.read(&[ColumnType::String]),
            Some(columns) => {
                row.read(&columns.iter().map(|column| column.kind).collect::<Vec<_>>())
            }
        });
    read.collect()
}

fn avro_layout<'a>(
    header: &Header,
    payload: &'a [u8],
    schemas: &[SchemaVersion],
) -> Result<Vec<Row<'a>>, Malformed> {
    let columns = match columns_of(header.schema_version, schemas)? {
        Some(columns) if header.columns > 0 => {
            Some(columns.get(..header.columns).ok_or(Malformed)?)
        }
        columns => columns,
    };
    avro::read(payload, header.records as usize, columns)
}

/// The columns that a schema version stands for; nothing for blobs.
fn columns_of(version: i32, schemas: &[SchemaVersion]) -> Result<Option<&[Column]>, Malformed> {
    if schemas.is_empty() {
        return Ok(None);
    }
    let schema = schemas
        .iter()
        .find(|schema| schema.id == i64::from(version))
        .ok_or(Malformed)?;
    Ok(Some(&schema.schema.fields))
}

/// A record of texts, or of a blob.
fn record(row: &Row<'_>, blob: bool) -> Result<Record, Malformed> {
    let texts: Vec<_> = row.values.iter().map(Binary::text).collect();
    if !blob
        && texts
            .iter()
            .flatten()
            .any(|text| std::str::from_utf8(text).is_err())
    {
        return Err(Malformed);
    }
    let values: Vec<_> = texts.iter().map(Option::as_deref).collect();
    Ok(record_protobuf::encode(
        &values,
        row.attributes.iter().copied(),
    ))
}

/// Makes a batch of one record, with the newest of the schemas that it fits; without schemas it is a blob.
pub(super) fn of_record(
    record: &Record,
    schemas: &[SchemaVersion],
    layout: Layout,
) -> Result<Bytes, Error> {
    let stored = record_protobuf::stored(record)?;
    let fitting = || {
        schemas.iter().rev().find_map(|schema| {
            let values = binaries(&stored.values, &schema.schema.fields)?;
            Some((values, Some(schema)))
        })
    };
    let (values, schema) = if schemas.is_empty() {
        (blob(&stored.values), None)
    } else {
        let unfit = "The record does not fit any schema of its topic.";
        fitting().ok_or_else(|| Error::malformed_record(unfit))?
    };
    let columns = schema.map(|schema| schema.schema.fields.as_slice());
    let version = schema.map_or(BLOB, |schema| schema.id as i32);
    let row = Row {
        values,
        attributes: stored.attributes,
    };
    let batch = match layout {
        Layout::Row => row::encode(&[row], version),
        Layout::Avro => avro::encode(&[row], columns, version),
    };
    Ok(batch.into())
}

fn blob<'a>(values: &[Option<&'a [u8]>]) -> Vec<Binary<'a>> {
    let bytes = values.first().copied().flatten().unwrap_or_default();
    vec![Binary::Bytes(Cow::Borrowed(bytes))]
}

/// The values of a record that fits these columns; it may lack the last ones if they take nulls.
fn binaries<'a>(values: &[Option<&'a [u8]>], columns: &[Column]) -> Option<Vec<Binary<'a>>> {
    if values.len() > columns.len() {
        return None;
    }
    let read = columns.iter().enumerate().map(|(index, column)| {
        let value = Binary::parse(column.kind, values.get(index).copied().flatten())?;
        (!column.notnull || value != Binary::Null).then_some(value)
    });
    read.collect()
}
