//! The floor of each case, put together from its parts: the loop, the compression, the checksums.

use std::hint::black_box;

use hubstream::codec::CompressFormat;
use hubstream::codec::batch::BatchVersion;
use hubstream::record::{FieldType, Value};

use crate::cases::{Case, Kind, Protocol, Records, SCHEMA_VERSION};
use crate::data;
use crate::floor::{self, Cells, Told, batch0, batch1};

/// Memory and compression contexts that are used again and again.
pub(crate) struct Floor<'a> {
    case: Case,
    cells: Cells<'a>,
    blobs: &'a [Vec<u8>],
    kinds: Vec<FieldType>,
    raw: Vec<u8>,
    packed: Vec<u8>,
    told: Vec<Told>,
    packer: zstd::bulk::Compressor<'static>,
    unpacker: zstd::bulk::Decompressor<'static>,
    deflate: libdeflater::Compressor,
    inflate: libdeflater::Decompressor,
}

impl<'a> Floor<'a> {
    /// Makes the floor of a case.
    pub(crate) fn new(case: Case, records: &'a Records) -> std::io::Result<Self> {
        Ok(Self {
            case,
            cells: records.rows.iter().map(data::Row::values).collect(),
            blobs: &records.blobs,
            kinds: records.kinds(),
            raw: Vec::new(),
            packed: Vec::new(),
            told: Vec::new(),
            packer: zstd::bulk::Compressor::new(1)?,
            unpacker: zstd::bulk::Decompressor::new()?,
            deflate: libdeflater::Compressor::new(libdeflater::CompressionLvl::default()),
            inflate: libdeflater::Decompressor::new(),
        })
    }

    /// Writes the body of a put; `None` when something does not fit.
    pub(crate) fn encode(&mut self) -> Option<&[u8]> {
        let mut raw = std::mem::take(&mut self.raw);
        raw.clear();
        let is_tuple = self.case.kind == Kind::Tuple;
        match self.case.protocol {
            Protocol::Json if is_tuple => floor::json::encode_tuples(&self.cells, &mut raw),
            Protocol::Json => floor::json::encode_blobs(self.blobs, &mut raw),
            Protocol::Protobuf => {
                raw.extend_from_slice(&[0; 12]);
                if is_tuple {
                    floor::protobuf::encode_tuples(&self.cells, &mut raw);
                } else {
                    floor::protobuf::encode_blobs(self.blobs, &mut raw);
                }
                frame(&mut raw)?;
            }
            Protocol::Batch(version) => {
                match version {
                    BatchVersion::V0 if is_tuple => {
                        batch0::encode_tuples(&self.cells, SCHEMA_VERSION, &mut raw);
                    }
                    BatchVersion::V0 => batch0::encode_blobs(self.blobs, &mut raw),
                    BatchVersion::V1 if is_tuple => batch1::encode_tuples(&self.cells, &mut raw),
                    BatchVersion::V1 => batch1::encode_blobs(self.blobs, &mut raw),
                }
                self.raw = raw;
                return self.stored(version);
            }
        }
        self.raw = raw;
        if self.case.format == CompressFormat::None {
            return Some(&self.raw);
        }
        self.pack(0)?;
        Some(&self.packed)
    }

    /// Puts the compressed records into a batch, and that into a frame.
    fn stored(&mut self, version: BatchVersion) -> Option<&[u8]> {
        let header = if version == BatchVersion::V0 {
            batch0::HEADER
        } else {
            batch1::HEADER
        };
        // Frame, entry and data: lengths of three bytes each.
        let start = 12 + 4 + 4;
        self.pack(start + header)?;
        let out = &mut self.packed;
        let size = out.len() - start;
        let crc = crc32c::crc32c(&out[start + header..]);
        let codec: u16 = match self.case.format {
            CompressFormat::Lz4 => 2,
            CompressFormat::Zstd => 3,
            _ => 0,
        };
        let (schema, columns) = match self.case.kind {
            Kind::Tuple => (SCHEMA_VERSION, self.kinds.len()),
            Kind::Blob => (-1, 0),
        };
        let words: &[u32] = match version {
            BatchVersion::V0 => &[0, size as u32, self.raw.len() as u32, crc],
            BatchVersion::V1 => &[
                1,
                size as u32,
                self.raw.len() as u32,
                crc,
                2 << 16 | u32::from(codec),
                schema as u32,
                40,
                data::COUNT as u32,
                columns as u32,
            ],
        };
        out[start..start + 4].copy_from_slice(b"DHUB");
        for (place, word) in words.iter().enumerate() {
            out[start + 4 + 4 * place..start + 8 + 4 * place].copy_from_slice(&word.to_le_bytes());
        }
        if version == BatchVersion::V0 {
            out[start + 20..start + 22].copy_from_slice(&(codec | 8).to_le_bytes());
            out[start + 22..start + 26].copy_from_slice(&(data::COUNT as u32).to_le_bytes());
        }
        for (place, tag, length) in [(12, 0x0a, size + 4), (16, 0x32, size)] {
            let parts = [
                tag,
                length as u8 | 0x80,
                (length >> 7) as u8 | 0x80,
                (length >> 14) as u8,
            ];
            out[place..place + 4].copy_from_slice(&parts);
        }
        frame(out)?;
        Some(out)
    }

    /// Compresses `raw` into `packed`, leaving room in front.
    fn pack(&mut self, room: usize) -> Option<()> {
        let out = &mut self.packed;
        let most = match self.case.format {
            CompressFormat::Lz4 => lz4_flex::block::get_maximum_output_size(self.raw.len()),
            _ => self.raw.len() + self.raw.len() / 8 + 1024,
        };
        if out.len() < room + most {
            out.resize(room + most, 0);
        }
        let size = match self.case.format {
            CompressFormat::Lz4 => {
                lz4_flex::block::compress_into(&self.raw, &mut out[room..]).ok()?
            }
            CompressFormat::Zstd => self
                .packer
                .compress_to_buffer(&self.raw, &mut out[room..])
                .ok()?,
            CompressFormat::None => {
                out[room..room + self.raw.len()].copy_from_slice(&self.raw);
                self.raw.len()
            }
            _ => self
                .deflate
                .zlib_compress(&self.raw, &mut out[room..])
                .ok()?,
        };
        out.truncate(room + size);
        Some(())
    }

    /// Reads a reply and looks at every value.
    pub(crate) fn decode(&mut self, body: &[u8], raw_size: usize) -> Option<()> {
        self.decode_into(
            body,
            raw_size,
            &mut |value| _ = black_box(value),
            &mut |blob| _ = black_box(blob),
        )
    }

    /// Reads a reply and hands out every value or blob.
    pub(crate) fn decode_into(
        &mut self,
        body: &[u8],
        raw_size: usize,
        values: &mut impl FnMut(Value<'_>),
        blobs: &mut impl FnMut(&[u8]),
    ) -> Option<()> {
        self.told.clear();
        let is_tuple = self.case.kind == Kind::Tuple;
        if let Protocol::Batch(version) = self.case.protocol {
            return self.decode_stored(version, body, values, blobs);
        }
        let mut raw = std::mem::take(&mut self.raw);
        let text = if self.case.format == CompressFormat::None {
            body
        } else {
            self.unpack(body, raw_size, &mut raw)?
        };
        match self.case.protocol {
            Protocol::Json if is_tuple => {
                floor::json::decode_tuples(text, &self.kinds, &mut self.told, values)?;
            }
            Protocol::Json => floor::json::decode_blobs(text, &mut self.told, blobs)?,
            _ => {
                let payload = unframe(text)?;
                if is_tuple {
                    floor::protobuf::decode_tuples(payload, &self.kinds, &mut self.told, values)?;
                } else {
                    floor::protobuf::decode_blobs(payload, &mut self.told, blobs)?;
                }
            }
        }
        self.raw = raw;
        (black_box(&self.told).len() == data::COUNT).then_some(())
    }

    fn decode_stored(
        &mut self,
        version: BatchVersion,
        body: &[u8],
        values: &mut impl FnMut(Value<'_>),
        blobs: &mut impl FnMut(&[u8]),
    ) -> Option<()> {
        let is_tuple = self.case.kind == Kind::Tuple;
        let payload = unframe(body)?;
        let start = payload
            .windows(5)
            .position(|bytes| bytes.starts_with(b"DHUB"))?;
        let batch = payload.get(start..)?;
        let batch = batch.get(..floor::word(batch, 8)? as usize)?;
        let header = if version == BatchVersion::V0 {
            batch0::HEADER
        } else {
            batch1::HEADER
        };
        let stored = batch.get(header..)?;
        if crc32c::crc32c(stored) != floor::word(batch, 16)? {
            return None;
        }
        let mut raw = std::mem::take(&mut self.raw);
        let text = self.unpack(stored, floor::word(batch, 12)? as usize, &mut raw)?;
        let count = floor::word(batch, if version == BatchVersion::V0 { 22 } else { 32 })? as usize;
        match version {
            BatchVersion::V0 if is_tuple => {
                batch0::decode_tuples(text, &self.kinds, count, values)?;
            }
            BatchVersion::V0 => batch0::decode_blobs(text, count, blobs)?,
            BatchVersion::V1 if is_tuple => {
                batch1::decode_tuples(text, &self.kinds, count, values)?;
            }
            BatchVersion::V1 => batch1::decode_blobs(text, count, blobs)?,
        }
        self.raw = raw;
        Some(())
    }

    fn unpack<'b>(
        &mut self,
        body: &'b [u8],
        raw_size: usize,
        raw: &'b mut Vec<u8>,
    ) -> Option<&'b [u8]> {
        if self.case.format == CompressFormat::None {
            return Some(body);
        }
        if raw.len() != raw_size {
            raw.resize(raw_size, 0);
        }
        let size = match self.case.format {
            CompressFormat::Lz4 => lz4_flex::block::decompress_into(body, raw).ok()?,
            CompressFormat::Zstd => self
                .unpacker
                .decompress_to_buffer(body, raw.as_mut_slice())
                .ok()?,
            _ => self.inflate.zlib_decompress(body, raw).ok()?,
        };
        raw.get(..size)
    }
}

fn frame(out: &mut [u8]) -> Option<()> {
    let (header, payload) = out.split_at_mut_checked(12)?;
    header[..4].copy_from_slice(b"DHUB");
    header[4..8].copy_from_slice(&crc32c::crc32c(payload).to_be_bytes());
    header[8..].copy_from_slice(&(payload.len() as u32).to_be_bytes());
    Some(())
}

fn unframe(frame: &[u8]) -> Option<&[u8]> {
    let (header, payload) = frame.split_at_checked(12)?;
    let crc = u32::from_be_bytes(*header.get(4..)?.first_chunk::<4>()?);
    (header.starts_with(b"DHUB") && crc == crc32c::crc32c(payload)).then_some(payload)
}
