//! `batch_v0.json` and `batch_v1.json`.

use std::sync::Arc;

use bytes::Bytes;
use hubstream::codec::crc::crc32c;
use hubstream::codec::{BatchVersion, CompressFormat, batch};
use hubstream::record::RecordSchema;
use serde_json::{Value as Json, json};

use super::{records, requests};
use crate::vectors::{Case, Outcome, Verdict, bytes, must_be_refused, must_fail, same, same_bytes};

pub(super) fn version_0(case: &Case) -> Verdict {
    check(case, BatchVersion::V0)
}

pub(super) fn version_1(case: &Case) -> Verdict {
    check(case, BatchVersion::V1)
}

fn check(case: &Case, version: BatchVersion) -> Verdict {
    if case.input()["decode_only"] == true {
        return decode(case);
    }
    match case.operation() {
        "" => encode(case, version),
        "put_records_by_shard" => put(case, version),
        "get_records" => get(case),
        _ => Ok(Outcome::NotBuilt),
    }
}

fn look_up(schema: Option<Arc<RecordSchema>>) -> impl Fn(i32) -> Option<Arc<RecordSchema>> {
    move |_| schema.clone()
}

fn read(batch: &[u8], schema: &Json) -> Result<hubstream::record::RecordBatch, String> {
    let schema = records::schema(schema)?;
    batch::decode(&Bytes::copy_from_slice(batch), &look_up(schema))
        .map_err(|error| error.to_string())
}

fn decode(case: &Case) -> Verdict {
    let (input, expected) = (case.input(), case.expected());
    let schema = records::schema(&input["schema"])?;
    let batch = match bytes(&input["batch"]) {
        Ok(batch) => batch.into(),
        Err(_) => rebuilt(input, expected)?,
    };
    let found = batch::decode(&batch, &look_up(schema)).and_then(|batch| {
        records::read_all(&batch)?;
        Ok(batch)
    });
    if expected.get("error").is_some() {
        return must_fail(expected, found);
    }
    records::same_records(
        &expected["records"],
        &found.map_err(|error| error.to_string())?,
    )?;
    Ok(Outcome::Passed)
}

/// Versions of schemas that batches may name of which the vector tells only the digest.
const VERSIONS: std::ops::Range<i32> = -1..100;

/// Makes a batch of which the vector tells only the digest out of what must be read from it.
fn rebuilt(input: &Json, expected: &Json) -> Result<Bytes, String> {
    let given = json!({"schema": input["schema"], "records": expected["records"]});
    let given = records::batch(&given)?;
    for version in [BatchVersion::V0, BatchVersion::V1] {
        for schema_version in VERSIONS {
            let made = batch::encode(&given, version, schema_version, CompressFormat::None);
            // Not every version goes with every kind of records.
            let Ok(made) = made else { continue };
            if same_bytes(&input["batch"], &made).is_ok() {
                return Ok(made);
            }
        }
    }
    Err(format!("no batch of these records is {}", input["batch"]))
}

fn arguments(input: &Json) -> Result<(i32, CompressFormat), String> {
    let schema_version = input["schema_version"]
        .as_i64()
        .and_then(|version| version.try_into().ok());
    let name = input["compress"].as_str().unwrap_or_default();
    let format = CompressFormat::from_name(name).ok_or_else(|| format!("unknown codec {name}"))?;
    Ok((schema_version.ok_or("no schema version")?, format))
}

fn encode(case: &Case, version: BatchVersion) -> Verdict {
    let (input, expected) = (case.input(), case.expected());
    let (schema_version, format) = arguments(input)?;
    let given = records::batch(input);
    let made = given.as_ref().map_err(String::clone).and_then(|given| {
        batch::encode(given, version, schema_version, format).map_err(|error| error.to_string())
    });
    if expected.get("error").is_some() {
        return must_be_refused(expected, made);
    }
    let (given, made) = (given?, made?);
    if expected["byte_exact"] == true {
        same_bytes(&expected["batch"], &made)?;
    } else if is_told(&expected["batch"]) {
        records::same_records(
            &input["records"],
            &read(&bytes(&expected["batch"])?, &input["schema"])?,
        )?;
    }
    let header = header(&made, version)?;
    same_header(&expected["header"], &header, expected["byte_exact"] == true)?;
    records::same_records(&input["records"], &read(&made, &input["schema"])?)?;
    if version == BatchVersion::V1 {
        let plain = batch::encode(&given, version, schema_version, CompressFormat::None);
        same_bytes(
            &expected["payload"],
            &plain.map_err(|error| error.to_string())?[40..],
        )?;
        for name in ["payload_plain_blocks", "payload_null_attributes"] {
            if let Some(payload) = expected.get(name).filter(|payload| is_told(payload)) {
                let other = with_header_1(&bytes(payload)?, &header);
                let records =
                    read(&other, &input["schema"]).map_err(|error| format!("{name}: {error}"))?;
                records::same_records(&input["records"], &records)?;
            }
        }
    }
    Ok(Outcome::Passed)
}

/// Whether bytes are written down, and not only their digest, which tells nothing of those that a compressor made.
fn is_told(notation: &Json) -> bool {
    notation["hex"].is_string() || notation["gen"].is_object()
}

/// The header of a batch in the notation of the vectors.
fn header(batch: &[u8], version: BatchVersion) -> Result<Json, String> {
    let word = |place: usize| {
        let bytes = batch
            .get(place..place + 4)
            .and_then(|bytes| bytes.try_into().ok());
        bytes.map(u32::from_le_bytes).ok_or("a short batch")
    };
    let half = |place: usize| word(place).map(|word| word as u16);
    let crc = format!("{:08x}", word(16)?);
    Ok(match version {
        BatchVersion::V0 => json!({
            "version": word(4)?, "length": word(8)?, "raw_size": word(12)?, "crc32c": crc,
            "attributes": half(20)?, "record_count": word(22)?,
        }),
        BatchVersion::V1 => json!({
            "version": word(4)?, "length": word(8)?, "raw_size": word(12)?, "crc32c": crc,
            "attributes": half(20)?, "data_type": half(22)?, "schema_version": word(24)? as i32,
            "data_offset": word(28)?, "record_count": word(32)?, "schema_column_num": word(36)?,
        }),
    })
}

/// Compressors differ: their output is not compared, and storing small data plain is allowed.
fn same_header(expected: &Json, found: &Json, exact: bool) -> Result<(), String> {
    for (name, expected) in expected.as_object().into_iter().flatten() {
        let stays_plain = found["attributes"]
            .as_u64()
            .is_some_and(|bits| bits % 4 == 0);
        let may_differ =
            matches!(name.as_str(), "length" | "crc32c") || (name == "attributes" && stays_plain);
        if exact || !may_differ {
            same(name, expected, &found[name])?;
        }
    }
    Ok(())
}

/// A batch of version 1 around other records, with the counts of a header.
fn with_header_1(payload: &[u8], header: &Json) -> Vec<u8> {
    let number = |name: &str| header[name].as_i64().unwrap_or_default() as i32;
    let mut batch = b"DHUB".to_vec();
    for word in [
        1,
        payload.len() as i32 + 40,
        payload.len() as i32,
        crc32c(payload) as i32,
        2 << 16,
    ] {
        batch.extend_from_slice(&word.to_le_bytes());
    }
    for word in [
        number("schema_version"),
        40,
        number("record_count"),
        number("schema_column_num"),
    ] {
        batch.extend_from_slice(&word.to_le_bytes());
    }
    batch.extend_from_slice(payload);
    batch
}

fn put(case: &Case, version: BatchVersion) -> Verdict {
    let (input, expected) = (case.input(), case.expected());
    let request = requests::batch_put(input, version);
    if expected.get("error").is_some() {
        return must_be_refused(expected, request);
    }
    let request = request?;
    requests::same_head(expected, &request)?;
    let body = request.body;
    // Compressors differ: what they made is compared by what it holds.
    if input["compress"] == "none" || expected["body"]["hex"].is_null() {
        same_bytes(&expected["body"], &body)?;
    } else {
        let wanted = batch::decode_put_request(&bytes(&expected["body"])?.into())
            .map_err(|error| error.to_string())?;
        let wanted = wanted.first().ok_or("a request without batches")?;
        records::same_records(&input["records"], &read(wanted, &input["schema"])?)?;
    }
    let batches = batch::decode_put_request(&body).map_err(|error| error.to_string())?;
    same("the number of batches", &1, &batches.len())?;
    records::same_records(&input["records"], &read(&batches[0], &input["schema"])?)?;
    Ok(Outcome::Passed)
}

fn get(case: &Case) -> Verdict {
    let (input, expected) = (case.input(), case.expected());
    let schema = records::schema(&input["schema"])?;
    let reply = batch::decode_get(
        &bytes(&input["body"])?.into(),
        schema.clone(),
        &look_up(schema),
    )
    .and_then(|reply| {
        records::read_all(&reply.records)?;
        Ok(reply)
    });
    if expected.get("error").is_some() {
        return must_fail(expected, reply);
    }
    records::same_reply(&expected["ok"], &reply.map_err(|error| error.to_string())?)?;
    Ok(Outcome::Passed)
}
