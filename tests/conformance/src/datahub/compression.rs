//! `compression.json`.

use bytes::Bytes;
use http::Method;
use hubstream::codec::compress::{MAX_RAW_SIZE, compress, decompress};
use hubstream::codec::{CompressFormat, protobuf};
use hubstream::datahub::{Protocol, PutRecords};
use hubstream::operation::Exchange as _;
use hubstream::transport::Request;

use super::requests;
use crate::vectors::{Case, Outcome, Verdict, bytes, must_fail, same, same_bytes};

pub(super) fn check(case: &Case) -> Verdict {
    let name = case.input()["codec"].as_str().unwrap_or_default();
    let format = CompressFormat::from_name(name).ok_or_else(|| format!("unknown codec {name}"))?;
    match case.operation() {
        "decompress" => decompressed(case, format),
        "request_body" => request_body(case, format),
        _ => Ok(Outcome::NotBuilt),
    }
}

fn decompressed(case: &Case, format: CompressFormat) -> Verdict {
    let (input, expected) = (case.input(), case.expected());
    let compressed = Bytes::from(bytes(&input["compressed"])?);
    let raw_size = input["raw_size"].as_u64().map(|size| size as usize);
    let raw = decompress(format, &compressed, raw_size, MAX_RAW_SIZE);
    if expected.get("error").is_some() {
        return must_fail(expected, raw);
    }
    let raw = raw.map_err(|error| error.to_string())?;
    same_bytes(&expected["raw"], &raw)?;
    independent(
        format,
        &compress(format, &raw).map_err(|error| error.to_string())?,
        &raw,
    )?;
    Ok(Outcome::Passed)
}

/// Decodes with other code than the core's.
fn independent(format: CompressFormat, compressed: &[u8], raw: &[u8]) -> Result<(), String> {
    use std::io::Read as _;
    let mut decoded = Vec::new();
    match format {
        CompressFormat::Lz4 => {
            decoded = lz4_flex::block::decompress(compressed, raw.len())
                .map_err(|error| error.to_string())?;
        }
        CompressFormat::Zstd => {
            decoded = zstd::stream::decode_all(compressed).map_err(|error| error.to_string())?;
        }
        _ => {
            let mut decoder = flate2::read::ZlibDecoder::new(compressed);
            decoder
                .read_to_end(&mut decoded)
                .map_err(|error| error.to_string())?;
        }
    }
    if decoded == raw {
        Ok(())
    } else {
        Err("another decoder reads something else".to_owned())
    }
}

fn request_body(case: &Case, format: CompressFormat) -> Verdict {
    let (input, expected) = (case.input(), case.expected());
    let raw = Bytes::from(bytes(&input["raw_body"])?);
    let request = sent(&raw, format)?;
    requests::same_headers(&expected["headers"], &request)?;
    let is_compressed = request.body != raw;
    same(
        "compressed",
        &expected["compressed"].as_bool(),
        &Some(is_compressed),
    )?;
    if is_compressed {
        let sent = decompress(format, &request.body, Some(raw.len()), MAX_RAW_SIZE)
            .map_err(|error| error.to_string())?;
        same("the body", &raw, &sent)?;
    }
    Ok(Outcome::Passed)
}

/// The request with this body: one that puts blobs, if the body is of one, else one whose body is compressed as that
/// of any request for records is.
fn sent(raw: &Bytes, format: CompressFormat) -> Result<Request, String> {
    if let Ok(records) = protobuf::decode_put_request(raw, None) {
        let put = PutRecords::new("project", "topic", records);
        let encode = |format| put.encode(&requests::service(Protocol::Protobuf, format));
        let plain = encode(CompressFormat::None).map_err(|error| error.to_string())?;
        if plain.body == *raw {
            return encode(format).map_err(|error| error.to_string());
        }
    }
    let mut request = Request::new(Method::POST, "/");
    request.body = raw.clone();
    requests::service(Protocol::Protobuf, format)
        .compress(&mut request)
        .map_err(|error| error.to_string())?;
    Ok(request)
}
