//! Compressed request bodies.

use std::io::Read;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::error::Error;

/// Largest body after decompression, in bytes.
pub(crate) const DECODED_LIMIT: usize = 16 << 20;

/// Most bytes that a byte of an LZ4 block stands for.
const LZ4_RATIO: usize = 255;
/// Most bytes that a byte of a snappy block stands for: a copy of 64 takes 3.
const SNAPPY_RATIO: usize = 22;
/// Largest window of Zstandard, as a power of two: 8 MiB, which every decoder has to support.
const WINDOW_LOG: u32 = 23;

/// Undoes the compression that `Content-Encoding` names.
pub(crate) fn decode(headers: &HeaderMap, body: &Bytes) -> Result<Bytes, Error> {
    let Some(encoding) = headers.get(CONTENT_ENCODING) else {
        return Ok(body.clone());
    };
    match encoding.to_str().unwrap_or_default().trim() {
        "" | "identity" => Ok(body.clone()),
        "lz4" => lz4(headers, body),
        "snappy" => snappy(body),
        "zstd" => zstd(body),
        _ => Err(Error::invalid(
            "Content-Encoding must be lz4, snappy or zstd.",
        )),
    }
}

fn damaged() -> Error {
    Error::invalid("The request body cannot be decompressed.")
}

fn too_large() -> Error {
    Error::invalid("The request is too large.").with_status(http::StatusCode::PAYLOAD_TOO_LARGE)
}

/// Refuses a length that so few bytes cannot stand for, before memory is taken for it.
fn check_ratio(body: &[u8], length: usize, ratio: usize) -> Result<(), Error> {
    if length > body.len().saturating_mul(ratio).saturating_add(64) {
        return Err(damaged());
    }
    Ok(())
}

fn lz4(headers: &HeaderMap, body: &[u8]) -> Result<Bytes, Error> {
    let length = headers
        .get("x-dis-lz4-content-length")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.trim().parse::<usize>().ok())
        .ok_or_else(|| Error::invalid("x-dis-lz4-content-length must be a number."))?;
    if length > DECODED_LIMIT {
        return Err(too_large());
    }
    check_ratio(body, length, LZ4_RATIO)?;
    let plain = lz4_flex::block::decompress(body, length).map_err(|_| damaged())?;
    if plain.len() == length {
        Ok(plain.into())
    } else {
        Err(damaged())
    }
}

fn snappy(body: &[u8]) -> Result<Bytes, Error> {
    let length = snap::raw::decompress_len(body).map_err(|_| damaged())?;
    if length > DECODED_LIMIT {
        return Err(too_large());
    }
    check_ratio(body, length, SNAPPY_RATIO)?;
    snap::raw::Decoder::new()
        .decompress_vec(body)
        .map(Bytes::from)
        .map_err(|_| damaged())
}

fn zstd(body: &[u8]) -> Result<Bytes, Error> {
    let mut decoder = zstd::stream::read::Decoder::new(body).map_err(|_| damaged())?;
    decoder.window_log_max(WINDOW_LOG).map_err(|_| damaged())?;
    let mut plain = Vec::new();
    let bound = u64::try_from(DECODED_LIMIT).unwrap_or(u64::MAX);
    decoder
        .take(bound + 1)
        .read_to_end(&mut plain)
        .map_err(|_| damaged())?;
    if plain.len() > DECODED_LIMIT {
        Err(too_large())
    } else {
        Ok(plain.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(encoding: &'static str, length: Option<&'static str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, encoding.parse().unwrap());
        if let Some(length) = length {
            headers.insert("x-dis-lz4-content-length", length.parse().unwrap());
        }
        headers
    }

    #[test]
    fn each_compression_is_undone() {
        let plain = b"hello hello hello hello".repeat(9);
        let packed = lz4_flex::block::compress(&plain);
        assert_eq!(
            decode(&headers("lz4", Some("207")), &packed.into()).unwrap(),
            plain
        );
        let packed = snap::raw::Encoder::new().compress_vec(&plain).unwrap();
        assert_eq!(
            decode(&headers("snappy", None), &packed.into()).unwrap(),
            plain
        );
        let packed = zstd::bulk::compress(&plain, 1).unwrap();
        assert_eq!(
            decode(&headers("zstd", None), &packed.into()).unwrap(),
            plain
        );
    }

    #[test]
    fn captured_bodies_are_read() {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../tests/vectors/dis/compression.json"
        );
        let root: serde_json::Value =
            serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let unhex = |digits: &serde_json::Value| -> Bytes {
            let digits = digits.as_str().unwrap().as_bytes();
            let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
            digits.chunks(2).map(byte).collect()
        };
        let cases = root["cases"].as_array().unwrap();
        assert_eq!(cases.len() as u64, root["count"].as_u64().unwrap());
        for case in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in case["headers"].as_object().unwrap() {
                let name: http::HeaderName = name.parse().unwrap();
                headers.insert(name, value.as_str().unwrap().parse().unwrap());
            }
            let plain = decode(&headers, &unhex(&case["compressed_hex"])).unwrap();
            assert_eq!(plain, unhex(&case["plain_hex"]), "{}", case["id"]);
        }
    }

    #[test]
    fn lies_and_bombs_are_refused() {
        let bomb = zstd::bulk::compress(&vec![0; DECODED_LIMIT + 1], 1).unwrap();
        assert_eq!(
            decode(&headers("zstd", None), &bomb.into())
                .unwrap_err()
                .status
                .as_u16(),
            413
        );
        let bomb = snap::raw::Encoder::new()
            .compress_vec(&vec![0; DECODED_LIMIT + 1])
            .unwrap();
        assert_eq!(
            decode(&headers("snappy", None), &bomb.into())
                .unwrap_err()
                .status
                .as_u16(),
            413
        );
        for (encoding, length) in [
            ("lz4", None),
            ("lz4", Some("99999999999")),
            ("lz4", Some("7")),
            ("snappy", None),
            ("zstd", None),
            ("gzip", None),
        ] {
            let error = decode(
                &headers(encoding, length),
                &Bytes::from_static(b"\xff\xff\xff\xff\x7f"),
            )
            .unwrap_err();
            assert_eq!(error.code, "DIS.4200", "{encoding}");
        }
    }
}
