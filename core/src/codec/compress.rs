//! Compression of request and reply bodies and of batches.

use std::fmt;

use bytes::Bytes;
use libdeflater::{CompressionLvl, Compressor, DecompressionError, Decompressor, adler32};

use super::body::Body;
use crate::error::{Error, ErrorKind, Result};

/// The largest size that data may have after decompression unless the caller says otherwise: 64 MiB.
pub const MAX_RAW_SIZE: usize = 64 * 1024 * 1024;
/// The level of zlib streams.
const ZLIB_LEVEL: i32 = 6;
/// The level of Zstandard frames: the fastest one, which is already smaller than LZ4.
const ZSTD_LEVEL: i32 = 1;
/// A byte of an LZ4 block stands for at most this many.
const LZ4_RATIO: usize = 255;
/// A byte of a deflate stream stands for at most this many.
const DEFLATE_RATIO: usize = 1032;
/// Most frames do not shrink more than this; others take several attempts.
const ZSTD_RATIO: usize = 16;
/// What the library says when the room that it got is too small.
const ZSTD_FULL: &str = "too small";
/// Room for what the ratios do not cover in tiny inputs.
const RATIO_SLACK: usize = 1024;

/// How a body or batch is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CompressFormat {
    /// Not at all.
    #[default]
    None,
    /// A raw LZ4 block, without size.
    Lz4,
    /// A zlib stream (RFC 1950).
    Zlib,
    /// A zlib stream too, under the name `deflate`. When reading, a raw deflate stream (RFC 1951) is accepted.
    Deflate,
    /// A Zstandard frame.
    Zstd,
}

impl CompressFormat {
    /// All formats.
    pub const ALL: &'static [Self] =
        &[Self::None, Self::Lz4, Self::Zlib, Self::Deflate, Self::Zstd];

    /// The name in HTTP headers; empty for none.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Lz4 => "lz4",
            Self::Zlib => "zlib",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
        }
    }

    /// Finds the format of a name in any case. Empty, `none` and `identity` mean none.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.trim();
        if name.eq_ignore_ascii_case("none") || name.eq_ignore_ascii_case("identity") {
            return Some(Self::None);
        }
        Self::ALL
            .iter()
            .copied()
            .find(|format| format.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for CompressFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::None {
            "none"
        } else {
            self.name()
        })
    }
}

/// Compresses bytes. [`CompressFormat::None`] copies them.
pub fn compress(format: CompressFormat, raw: &[u8]) -> Result<Bytes> {
    let compressed = match format {
        CompressFormat::None => raw.to_vec(),
        CompressFormat::Lz4 => return lz4(raw),
        CompressFormat::Zlib | CompressFormat::Deflate => return deflate(raw),
        CompressFormat::Zstd => zstd::bulk::compress(raw, ZSTD_LEVEL).map_err(|error| {
            Error::new(ErrorKind::Internal, "zstd compression failed").with_source(error)
        })?,
    };
    Ok(compressed.into())
}

/// Compresses bytes if that makes them strictly smaller.
pub fn compress_if_smaller(format: CompressFormat, raw: &[u8]) -> Result<Option<Bytes>> {
    if format == CompressFormat::None {
        return Ok(None);
    }
    Ok(Some(compress(format, raw)?).filter(|compressed| compressed.len() < raw.len()))
}

/// Compresses a body if that makes it strictly smaller, else gives it back; true if it was compressed.
pub fn compress_body(format: CompressFormat, raw: Bytes) -> Result<(Bytes, bool)> {
    match compress_if_smaller(format, &raw)? {
        None => Ok((raw, false)),
        Some(compressed) => Ok((compressed, true)),
    }
}

fn lz4(raw: &[u8]) -> Result<Bytes> {
    let mut out = Body::of_size(lz4_flex::block::get_maximum_output_size(raw.len()));
    let size = lz4_flex::block::compress_into(raw, out.as_mut_slice()).map_err(|error| {
        Error::new(ErrorKind::Internal, "LZ4 compression failed").with_source(error)
    })?;
    out.truncate(size);
    Ok(out.into_bytes())
}

/// Compresses whole buffers, which takes half the time of compressing a stream.
fn deflate(raw: &[u8]) -> Result<Bytes> {
    let failed = || Error::new(ErrorKind::Internal, "zlib compression failed");
    let level = CompressionLvl::new(ZLIB_LEVEL).map_err(|_| failed())?;
    let mut compressor = Compressor::new(level);
    let mut out = Body::of_size(compressor.zlib_compress_bound(raw.len()));
    let size = compressor
        .zlib_compress(raw, out.as_mut_slice())
        .map_err(|error| failed().with_source(error))?;
    out.truncate(size);
    Ok(out.into_bytes())
}

/// Decompresses bytes.
///
/// `raw_size` is the announced size of the result: LZ4 needs it, the other formats are checked against it.
/// A result larger than `limit` bytes is refused before memory is taken for it. Empty input is empty output
/// in every format, because some clients announce a format for an empty body.
pub fn decompress(
    format: CompressFormat,
    bytes: &Bytes,
    raw_size: Option<usize>,
    limit: usize,
) -> Result<Bytes> {
    if raw_size.is_some_and(|size| size > limit) {
        return Err(too_large(limit));
    }
    if bytes.is_empty() || format == CompressFormat::None {
        return checked_size(bytes.clone(), raw_size);
    }
    let raw = match format {
        CompressFormat::Lz4 => return checked_size(unlz4(bytes, raw_size)?, raw_size),
        CompressFormat::Zstd => unzstd(bytes, raw_size, limit)?.into(),
        _ => {
            let has_header = format == CompressFormat::Zlib || has_zlib_header(bytes);
            inflate(bytes, has_header, raw_size, limit)?
        }
    };
    checked_size(raw, raw_size)
}

fn checked_size(raw: Bytes, raw_size: Option<usize>) -> Result<Bytes> {
    match raw_size {
        Some(size) if size != raw.len() => Err(Error::malformed(format!(
            "{size} bytes were announced and {} came out of decompression",
            raw.len()
        ))),
        _ => Ok(raw),
    }
}

fn unlz4(bytes: &[u8], raw_size: Option<usize>) -> Result<Bytes> {
    let Some(raw_size) = raw_size else {
        return Err(Error::malformed(
            "an LZ4 block came without the size of its contents",
        ));
    };
    check_ratio(bytes, raw_size, LZ4_RATIO)?;
    let mut raw = Body::of_size(raw_size);
    let length = lz4_flex::block::decompress_into(bytes, raw.as_mut_slice())
        .map_err(|error| Error::malformed("the LZ4 block is damaged").with_source(error))?;
    raw.truncate(length);
    Ok(raw.into_bytes())
}

/// A frame of few bytes may stand for very many and need not say so: it gets as much room as turns out to be needed.
fn unzstd(bytes: &[u8], raw_size: Option<usize>, limit: usize) -> Result<Vec<u8>> {
    let damaged = |error: std::io::Error| {
        Error::malformed("the Zstandard frame is damaged").with_source(error)
    };
    let most = raw_size.unwrap_or(limit);
    let mut state = zstd::bulk::Decompressor::new().map_err(damaged)?;
    let mut room = bytes.len().saturating_mul(ZSTD_RATIO) + RATIO_SLACK;
    loop {
        room = room.min(most);
        let mut raw = Vec::with_capacity(room);
        match state.decompress_to_buffer(bytes, &mut raw) {
            Ok(_) => return Ok(raw),
            Err(error) if !error.to_string().contains(ZSTD_FULL) => return Err(damaged(error)),
            Err(_) if room < most => room = room.saturating_mul(4),
            Err(_) if raw_size.is_none() => return Err(too_large(limit)),
            Err(error) => return Err(damaged(error)),
        }
    }
}

fn inflate(bytes: &[u8], has_header: bool, raw_size: Option<usize>, limit: usize) -> Result<Bytes> {
    let mut state = Decompressor::new();
    let mut room = match raw_size {
        Some(size) => {
            check_ratio(bytes, size, DEFLATE_RATIO)?;
            size
        }
        None => bytes.len().saturating_mul(4).max(64),
    };
    loop {
        room = room.min(limit);
        let mut raw = Body::of_size(room);
        match inflate_into(&mut state, bytes, has_header, raw.as_mut_slice()) {
            Ok(length) => {
                raw.truncate(length);
                check_end(&mut state, bytes, has_header, &raw)?;
                return Ok(match raw_size {
                    Some(_) => raw.into_bytes(),
                    None => Bytes::copy_from_slice(raw.as_slice()),
                });
            }
            Err(DecompressionError::InsufficientSpace) if raw_size.is_some() => {
                return Err(Error::malformed(
                    "the zlib stream holds more bytes than announced",
                ));
            }
            Err(DecompressionError::InsufficientSpace) if room < limit => {
                room = room.saturating_mul(4);
            }
            Err(DecompressionError::InsufficientSpace) => return Err(too_large(limit)),
            Err(error) => {
                return Err(
                    Error::malformed("the zlib stream is damaged or ends too early")
                        .with_source(error),
                );
            }
        }
    }
}

fn inflate_into(
    state: &mut Decompressor,
    bytes: &[u8],
    has_header: bool,
    raw: &mut [u8],
) -> std::result::Result<usize, DecompressionError> {
    if has_header {
        state.zlib_decompress(bytes, raw)
    } else {
        state.deflate_decompress(bytes, raw)
    }
}

/// Refuses bytes behind the end, which the library passes over: a zlib stream ends with the checksum of its contents, and no
/// deflate stream can do without its last byte.
fn check_end(state: &mut Decompressor, bytes: &[u8], has_header: bool, raw: &Body) -> Result<()> {
    let is_whole = if has_header {
        bytes.ends_with(&adler32(raw.as_slice()).to_be_bytes())
    } else {
        let shorter = &bytes[..bytes.len().saturating_sub(1)];
        let mut again = Body::of_size(raw.len());
        state
            .deflate_decompress(shorter, again.as_mut_slice())
            .is_err()
    };
    if is_whole {
        Ok(())
    } else {
        Err(Error::malformed(
            "there are bytes behind the end of the zlib stream",
        ))
    }
}

fn has_zlib_header(bytes: &[u8]) -> bool {
    matches!(bytes, [first, second, ..] if first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0)
}

/// Refuses sizes that the format cannot reach, before memory is taken for them.
fn check_ratio(bytes: &[u8], raw_size: usize, ratio: usize) -> Result<()> {
    if raw_size
        > bytes
            .len()
            .saturating_mul(ratio)
            .saturating_add(RATIO_SLACK)
    {
        return Err(Error::malformed(
            "the announced size cannot be right for so few compressed bytes",
        ));
    }
    Ok(())
}

#[cold]
fn too_large(limit: usize) -> Error {
    Error::malformed(format!(
        "the decompressed body would be larger than {limit} bytes"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1_u32;
        std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(length)
        .collect()
    }

    #[test]
    fn every_format_round_trips() {
        for format in CompressFormat::ALL.iter().copied() {
            for raw in [
                vec![],
                vec![7],
                vec![0; 100_000],
                noise(5000),
                b"text text text".repeat(50),
            ] {
                let packed = compress(format, &raw).unwrap();
                let sizes: &[Option<usize>] = if format == CompressFormat::Lz4 {
                    &[Some(raw.len())]
                } else {
                    &[None, Some(raw.len())]
                };
                for size in sizes {
                    let unpacked = decompress(format, &packed, *size, MAX_RAW_SIZE).unwrap();
                    assert_eq!(unpacked, raw, "{format} {size:?}");
                }
                for wrong in [raw.len().wrapping_sub(1), raw.len() + 1] {
                    assert!(
                        decompress(format, &packed, Some(wrong), MAX_RAW_SIZE).is_err(),
                        "{format}"
                    );
                }
            }
        }
    }

    #[test]
    fn bombs_are_refused() {
        let raw = vec![0; 1_000_000];
        for format in [
            CompressFormat::Lz4,
            CompressFormat::Zlib,
            CompressFormat::Deflate,
            CompressFormat::Zstd,
        ] {
            let packed = compress(format, &raw).unwrap();
            assert!(
                decompress(format, &packed, Some(raw.len()), 999_999).is_err(),
                "{format}"
            );
            assert!(
                decompress(format, &packed, None, 999_999).is_err(),
                "{format}"
            );
            assert!(
                decompress(
                    format,
                    &Bytes::from_static(&[1, 2, 3]),
                    Some(MAX_RAW_SIZE),
                    MAX_RAW_SIZE
                )
                .is_err(),
                "{format}"
            );
        }
    }

    #[test]
    fn zstd_frames_of_any_ratio_and_without_size_are_read() {
        for raw in [vec![], vec![7; 5_000_000], noise(100_000)] {
            let mut frame = Vec::new();
            let mut writer = zstd::stream::write::Encoder::new(&mut frame, 1).unwrap();
            std::io::Write::write_all(&mut writer, &raw).unwrap();
            writer.finish().unwrap();
            let frame = Bytes::from(frame);
            for size in [None, Some(raw.len())] {
                let read = decompress(CompressFormat::Zstd, &frame, size, MAX_RAW_SIZE).unwrap();
                assert_eq!(read, raw);
            }
            if !raw.is_empty() {
                let short = |size, limit| decompress(CompressFormat::Zstd, &frame, size, limit);
                assert!(short(Some(raw.len() - 1), MAX_RAW_SIZE).is_err());
                let error = short(None, raw.len() - 1).unwrap_err();
                assert!(error.to_string().contains("larger than"), "{error}");
            }
        }
    }

    #[test]
    fn deflate_reads_raw_streams_too() {
        let raw = b"abcabcabcabc".repeat(20);
        let stream = compress(CompressFormat::Zlib, &raw).unwrap();
        let bare = Bytes::copy_from_slice(&stream[2..stream.len() - 4]);
        let unpacked = decompress(
            CompressFormat::Deflate,
            &bare,
            Some(raw.len()),
            MAX_RAW_SIZE,
        )
        .unwrap();
        assert_eq!(unpacked, raw);
        assert!(decompress(CompressFormat::Zlib, &bare, None, MAX_RAW_SIZE).is_err());
    }

    #[test]
    fn streams_that_are_cut_or_continued_are_refused() {
        for raw in [vec![], vec![7], noise(5000), b"text text".repeat(500)] {
            let stream = compress(CompressFormat::Zlib, &raw).unwrap();
            let bare = stream.slice(2..stream.len() - 4);
            for whole in [stream, bare] {
                let read = |bytes: Vec<u8>, size| {
                    decompress(CompressFormat::Deflate, &bytes.into(), size, MAX_RAW_SIZE)
                };
                for size in [None, Some(raw.len())] {
                    assert_eq!(read(whole.to_vec(), size).unwrap(), raw);
                    for more in [&[0][..], &[0; 4], &[1, 2, 3, 4, 5]] {
                        let error = read([&whole[..], more].concat(), size).unwrap_err();
                        assert!(error.to_string().contains("behind the end"), "{error}");
                    }
                    for length in 1..whole.len().min(40) {
                        assert!(read(whole[..length].to_vec(), size).is_err(), "{length}");
                        assert!(read(whole[..whole.len() - length].to_vec(), size).is_err());
                    }
                }
            }
        }
    }

    #[test]
    fn streams_of_any_ratio_and_without_size_are_read() {
        let raw = vec![7; 5_000_000];
        let stream = compress(CompressFormat::Zlib, &raw).unwrap();
        let read = |limit| decompress(CompressFormat::Zlib, &stream, None, limit);
        assert_eq!(read(raw.len()).unwrap(), raw);
        let error = read(raw.len() - 1).unwrap_err();
        assert!(error.to_string().contains("larger than"), "{error}");
    }

    #[test]
    fn only_smaller_results_are_kept() {
        assert!(
            compress_if_smaller(CompressFormat::Lz4, &noise(600))
                .unwrap()
                .is_none()
        );
        assert!(
            compress_if_smaller(CompressFormat::None, &[0; 600])
                .unwrap()
                .is_none()
        );
        assert!(
            compress_if_smaller(CompressFormat::Zstd, &[0; 600])
                .unwrap()
                .is_some()
        );
    }

    #[test]
    fn names_are_those_of_the_headers() {
        for format in CompressFormat::ALL.iter().copied() {
            assert_eq!(CompressFormat::from_name(format.name()), Some(format));
        }
        assert_eq!(
            CompressFormat::from_name("Identity"),
            Some(CompressFormat::None)
        );
        assert_eq!(
            CompressFormat::from_name("ZSTD"),
            Some(CompressFormat::Zstd)
        );
        assert_eq!(CompressFormat::from_name("gzip"), None);
    }
}
