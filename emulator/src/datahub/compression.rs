//! Compressed bodies: every request may be compressed, replies are where the client offers it.

use std::io::Read;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use libdeflater::{CompressionLvl, Compressor, DecompressionError, Decompressor};

use super::error::Error;

/// Header that tells the size of a body before compression.
pub(super) const RAW_SIZE: &str = "x-datahub-content-raw-size";

/// Most bytes that a byte of an LZ4 block stands for.
const LZ4_RATIO: usize = 255;
/// Most bytes that a byte of a deflate stream stands for.
const DEFLATE_RATIO: usize = 1032;
/// The level of zlib streams: the fastest one.
const ZLIB_LEVEL: i32 = 1;

/// Largest window of Zstandard, as a power of two: 8 MiB, which every decoder has to support.
const WINDOW_LOG: u32 = 23;

/// A compression of bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    /// One LZ4 block without any framing; its size is told by a header.
    Lz4,
    Zlib,
    /// A zlib stream by another name.
    Deflate,
    Zstd,
}

impl Codec {
    fn named(name: &str) -> Option<Self> {
        let all = [Self::Lz4, Self::Zlib, Self::Deflate, Self::Zstd];
        all.into_iter()
            .find(|codec| codec.name().eq_ignore_ascii_case(name))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Lz4 => "lz4",
            Self::Zlib => "zlib",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
        }
    }

    /// The first compression that an `Accept-Encoding` header offers.
    pub(super) fn offered(headers: &HeaderMap) -> Option<Self> {
        let offers = headers
            .get_all(ACCEPT_ENCODING)
            .into_iter()
            .filter_map(|value| value.to_str().ok());
        offers.flat_map(|value| value.split(',')).find_map(|offer| {
            let mut parts = offer.split(';').map(str::trim);
            let codec = Self::named(parts.next()?)?;
            let refused = parts
                .any(|part| matches!(part.replace(' ', "").as_str(), "q=0" | "q=0.0" | "q=0.00"));
            (!refused).then_some(codec)
        })
    }

    /// The compressed form of a reply, or nothing where it would not be smaller.
    pub(super) fn compress(self, raw: &[u8]) -> Option<Vec<u8>> {
        let compressed = match self {
            Self::Lz4 => lz4_flex::block::compress(raw),
            Self::Zlib | Self::Deflate => {
                let mut compressor = Compressor::new(CompressionLvl::new(ZLIB_LEVEL).ok()?);
                let mut stream = vec![0; compressor.zlib_compress_bound(raw.len())];
                let length = compressor.zlib_compress(raw, &mut stream).ok()?;
                stream.truncate(length);
                stream
            }
            Self::Zstd => zstd::bulk::compress(raw, 1).ok()?,
        };
        (compressed.len() < raw.len()).then_some(compressed)
    }

    /// The raw form of at most `limit` bytes; exactly `announced` bytes if that is known.
    pub(super) fn decompress(
        self,
        body: &[u8],
        announced: Option<usize>,
        limit: usize,
    ) -> Result<Vec<u8>, Error> {
        if announced.is_some_and(|size| size > limit) {
            return Err(too_large(limit));
        }
        let raw = match self {
            Self::Lz4 => {
                let size = announced.ok_or_else(|| {
                    invalid("a lz4 body needs the header x-datahub-content-raw-size")
                })?;
                lz4(body, size)?
            }
            Self::Zlib => inflate(body, Decompressor::zlib_decompress, announced, limit)?,
            Self::Deflate => match inflate(body, Decompressor::zlib_decompress, announced, limit) {
                Err(error) if error.message.contains("cannot be decompressed") => {
                    inflate(body, Decompressor::deflate_decompress, announced, limit)?
                }
                other => other?,
            },
            Self::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(body);
                let mut decoder = decoder.map_err(|_| undecodable())?;
                decoder
                    .window_log_max(WINDOW_LOG)
                    .map_err(|_| undecodable())?;
                bounded(decoder, limit)?
            }
        };
        match announced {
            Some(size) if size != raw.len() => Err(invalid(&format!(
                "it has {} bytes where {size} were announced",
                raw.len()
            ))),
            _ => Ok(raw),
        }
    }
}

/// The body of a request as it was before compression.
pub(super) fn request_body(headers: &HeaderMap, body: Bytes, limit: usize) -> Result<Bytes, Error> {
    let Some(encoding) = headers.get(CONTENT_ENCODING) else {
        return Ok(body);
    };
    let encoding = encoding.to_str().unwrap_or_default().trim();
    // Compressing nothing gives nothing, and some clients declare it all the same.
    if encoding.is_empty() || encoding.eq_ignore_ascii_case("identity") || body.is_empty() {
        return Ok(body);
    }
    let codec =
        Codec::named(encoding).ok_or_else(|| invalid("its Content-Encoding is not supported"))?;
    let announced =
        match headers.get(RAW_SIZE) {
            None => None,
            Some(value) => {
                let size = value
                    .to_str()
                    .ok()
                    .and_then(|text| text.trim().parse().ok());
                Some(size.ok_or_else(|| {
                    invalid("the header x-datahub-content-raw-size is not a number")
                })?)
            }
        };
    codec.decompress(&body, announced, limit).map(Bytes::from)
}

fn lz4(body: &[u8], size: usize) -> Result<Vec<u8>, Error> {
    // No byte of a block stands for more; the rest covers tiny blocks.
    if size > body.len().saturating_mul(LZ4_RATIO).saturating_add(64) {
        return Err(undecodable());
    }
    let mut raw = vec![0; size];
    let written = lz4_flex::block::decompress_into(body, &mut raw).map_err(|_| undecodable())?;
    raw.truncate(written);
    Ok(raw)
}

/// How a [`Decompressor`] reads streams of one kind.
type Inflate = fn(&mut Decompressor, &[u8], &mut [u8]) -> Result<usize, DecompressionError>;

fn inflate(
    body: &[u8],
    how: Inflate,
    announced: Option<usize>,
    limit: usize,
) -> Result<Vec<u8>, Error> {
    let mut state = Decompressor::new();
    // No byte of a stream stands for more; the rest covers tiny streams.
    let most = body
        .len()
        .saturating_mul(DEFLATE_RATIO)
        .saturating_add(64)
        .min(limit);
    let mut room = announced.unwrap_or(body.len().saturating_mul(4));
    loop {
        room = room.min(most);
        let mut raw = vec![0; room];
        match how(&mut state, body, &mut raw) {
            Ok(length) => {
                raw.truncate(length);
                return Ok(raw);
            }
            Err(DecompressionError::BadData) => return Err(undecodable()),
            Err(DecompressionError::InsufficientSpace) if room < most => {
                room = room.saturating_mul(4).max(64);
            }
            Err(DecompressionError::InsufficientSpace) => return Err(too_large(limit)),
        }
    }
}

fn bounded(decoder: impl Read, limit: usize) -> Result<Vec<u8>, Error> {
    let mut raw = Vec::new();
    decoder
        .take(limit as u64 + 1)
        .read_to_end(&mut raw)
        .map_err(|_| undecodable())?;
    if raw.len() > limit {
        Err(too_large(limit))
    } else {
        Ok(raw)
    }
}

fn invalid(reason: &str) -> Error {
    Error::invalid_parameter(format!("The request body is invalid: {reason}."))
}

fn undecodable() -> Error {
    invalid("it cannot be decompressed")
}

fn too_large(limit: usize) -> Error {
    Error::invalid_parameter(format!("The request body is larger than {limit} bytes."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 1 << 20;
    const ALL: [Codec; 4] = [Codec::Lz4, Codec::Zlib, Codec::Deflate, Codec::Zstd];

    #[test]
    fn every_codec_reads_what_it_writes() {
        let raw = b"hubstream ".repeat(1000);
        for codec in ALL {
            let compressed = codec.compress(&raw).expect("smaller");
            assert_eq!(
                codec
                    .decompress(&compressed, Some(raw.len()), LIMIT)
                    .as_deref(),
                Ok(raw.as_slice())
            );
        }
    }

    #[test]
    fn replies_that_would_grow_stay_plain() {
        for codec in ALL {
            assert_eq!(codec.compress(b"{}"), None);
        }
    }

    #[test]
    fn deflate_is_read_with_and_without_its_zlib_wrapper() {
        let raw = b"deflate ".repeat(20);
        let stream = Codec::Deflate.compress(&raw).expect("smaller");
        for bytes in [&stream[..], &stream[2..stream.len() - 4]] {
            let read = Codec::Deflate.decompress(bytes, None, LIMIT);
            assert_eq!(read.as_deref(), Ok(&raw[..]));
        }
    }

    #[test]
    fn bombs_and_lies_are_refused() {
        let bomb = vec![0; LIMIT + 1];
        for codec in ALL {
            let compressed = codec.compress(&bomb).expect("smaller");
            assert!(
                codec
                    .decompress(&compressed, Some(bomb.len()), LIMIT)
                    .is_err(),
                "{codec:?} too large"
            );
            assert!(
                codec.decompress(&compressed, Some(100), LIMIT).is_err(),
                "{codec:?} larger than announced"
            );
            let small = codec.compress(&[7; 1000]).expect("smaller");
            assert!(
                codec.decompress(&small, Some(1001), LIMIT).is_err(),
                "{codec:?} smaller than announced"
            );
            assert!(
                codec
                    .decompress(b"\xff\xfe\xfd garbage", Some(50), LIMIT)
                    .is_err(),
                "{codec:?} garbage"
            );
        }
    }

    #[test]
    fn the_first_usable_offer_is_taken() {
        let offered = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, value.parse().expect("value"));
            Codec::offered(&headers)
        };
        assert_eq!(offered("lz4"), Some(Codec::Lz4));
        assert_eq!(offered("gzip, DEFLATE;q=0.5, br"), Some(Codec::Deflate));
        assert_eq!(offered("zstd;q=0, zlib"), Some(Codec::Zlib));
        assert_eq!(offered("gzip"), None);
        assert_eq!(offered(""), None);
        assert_eq!(Codec::offered(&HeaderMap::new()), None);
    }

    #[test]
    fn the_golden_bodies_are_decompressed() {
        let path = format!(
            "{}/../tests/vectors/datahub/compression.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read_to_string(path).expect("the vectors are there");
        let cases: Vec<serde_json::Value> = serde_json::from_str(&text).expect("a list of cases");
        let bytes = |value: &serde_json::Value| -> Option<Vec<u8>> {
            let digits = value["hex"].as_str()?;
            (0..digits.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
                .collect()
        };
        let mut checked = 0;
        for case in &cases {
            let input = &case["input"];
            let codec = Codec::named(input["codec"].as_str().unwrap_or_default());
            let (Some(codec), Some(body)) = (codec, bytes(&input["compressed"])) else {
                continue;
            };
            let size = input["raw_size"].as_u64().map(|size| size as usize);
            let raw = codec.decompress(&body, size, 4 << 20);
            match bytes(&case["expected"]["raw"]) {
                Some(expected) => assert_eq!(raw.as_ref(), Ok(&expected), "{}", case["name"]),
                None if case["expected"]["error"].is_null() => continue,
                None => assert!(raw.is_err(), "{}", case["name"]),
            }
            checked += 1;
        }
        assert!(checked > 15, "{checked}");
    }
}
