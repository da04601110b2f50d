//! Protobuf messages of records.

use bytes::Bytes;
use hubstream::dis::proto::{
    ExtendedInfo, GetRecordsRequest, GetRecordsResult, PutRecordsRequest, PutRecordsRequestEntry,
    PutRecordsResult, PutRecordsResultEntry, Record,
};
use prost::Message;
use serde_json::Value;

use super::arguments::text;
use crate::vectors::{Case, Outcome, Verdict, same, unhex};

/// The wire type of every field; numbers are unique over all messages.
const WIRE_TYPES: &[(u64, u64)] = &[
    (10, 0),
    (11, 0),
    (13, 0),
    (21, 0),
    (27, 0),
    (29, 0),
    (1, 2),
    (2, 2),
    (3, 2),
    (4, 2),
    (5, 2),
    (6, 2),
    (7, 2),
    (8, 2),
    (9, 2),
    (12, 2),
    (14, 2),
    (16, 2),
    (17, 2),
    (18, 2),
    (19, 2),
    (22, 2),
    (23, 2),
    (24, 2),
    (25, 2),
    (26, 2),
    (28, 2),
    (30, 2),
];

/// Encodes or decodes a message.
pub(super) fn check(case: &Case) -> Verdict {
    match agrees(&case.all) {
        Err(_) if has_wrong_wire_type(&case.all) => Ok(Outcome::Deviates(
            "a field of a wrong wire type is refused; Python keeps it among the unknown ones",
        )),
        result => result.map(|()| Outcome::Passed),
    }
}

/// Whether the outermost message has a known field with another wire type.
fn has_wrong_wire_type(case: &Value) -> bool {
    let Ok(bytes) = text(case, "hex").and_then(unhex) else {
        return false;
    };
    let mut rest = bytes.as_slice();
    while let Some(tag) = varint(&mut rest) {
        let (number, kind) = (tag >> 3, tag & 7);
        if WIRE_TYPES
            .iter()
            .any(|(known, wanted)| *known == number && *wanted != kind)
        {
            return true;
        }
        let skip = match kind {
            0 => varint(&mut rest).map(|_| 0),
            2 => varint(&mut rest),
            _ => None,
        };
        let Some(after) = skip.and_then(|skip| rest.get(usize::try_from(skip).ok()?..)) else {
            return false;
        };
        rest = after;
    }
    false
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    prost::encoding::decode_varint(rest).ok()
}

fn agrees(case: &Value) -> Result<(), String> {
    match text(case, "message")? {
        "PutRecordsRequest" => run_message(case, put_request),
        "PutRecordsRequestEntry" => run_message(case, put_entry),
        "PutRecordsRequestEntryExtendedInfo" => {
            run_message(case, |fields| Ok(extended_info(fields)))
        }
        "PutRecordsResult" => run_message(case, put_result),
        "GetRecordsRequest" => run_message(case, get_request),
        "GetRecordsResult" => run_message(case, get_result),
        "Record" => run_message(case, record),
        other => Err(format!("an unknown message {other:?}")),
    }
}

fn run_message<M: Message + Default + PartialEq + std::fmt::Debug>(
    case: &Value,
    build: fn(&Value) -> Result<M, String>,
) -> Result<(), String> {
    let bytes = unhex(text(case, "hex")?)?;
    let decoded = M::decode(bytes.as_slice());
    if case["error"].is_string() {
        return if decoded.is_err() {
            Ok(())
        } else {
            Err("damaged bytes were decoded".to_owned())
        };
    }
    let expected = build(&case["fields"])?;
    let decoded = decoded.map_err(|error| error.to_string())?;
    same("decoded", &expected, &decoded)?;
    if case["kind"] == "encode" {
        let encoded = expected.encode_to_vec();
        let again = M::decode(encoded.as_slice()).map_err(|error| error.to_string())?;
        same("encoded and decoded", &expected, &again)?;
        // Absent required fields are written here with their defaults, so only whole messages have equal bytes.
        if is_whole(text(case, "message")?, &case["fields"]) {
            same("bytes", &bytes, &encoded)?;
        }
    }
    Ok(())
}

/// Whether all fields are there that are always written.
fn is_whole(message: &str, fields: &Value) -> bool {
    let has = |names: &[&str]| names.iter().all(|name| !fields[name].is_null());
    let rows = |message| {
        fields["records"]
            .as_array()
            .into_iter()
            .flatten()
            .all(|row| is_whole(message, row))
    };
    match message {
        "PutRecordsRequest" => rows("PutRecordsRequestEntry"),
        "PutRecordsRequestEntry" => {
            let info = &fields["extendedInfo"];
            info.is_null() || is_whole("PutRecordsRequestEntryExtendedInfo", info)
        }
        "PutRecordsRequestEntryExtendedInfo" => has(&["fileName", "deliverDataId", "seqNum"]),
        "PutRecordsResult" => has(&["failedRecordCount"]),
        "GetRecordsRequest" => has(&["shardIterator"]),
        "GetRecordsResult" => has(&["nextShardIterator"]) && rows("Record"),
        "Record" => has(&["sequenceNumber", "data"]),
        _ => false,
    }
}

fn string(fields: &Value, name: &str) -> Option<String> {
    fields[name].as_str().map(str::to_owned)
}

fn data(fields: &Value) -> Result<Option<Bytes>, String> {
    match fields["data"]["hex"].as_str() {
        None => Ok(None),
        Some(digits) => unhex(digits).map(|bytes| Some(bytes.into())),
    }
}

fn list<M>(fields: &Value, build: fn(&Value) -> Result<M, String>) -> Result<Vec<M>, String> {
    fields["records"]
        .as_array()
        .into_iter()
        .flatten()
        .map(build)
        .collect()
}

fn put_request(fields: &Value) -> Result<PutRecordsRequest, String> {
    Ok(PutRecordsRequest {
        stream_name: string(fields, "streamName"),
        records: list(fields, put_entry)?,
        stream_id: string(fields, "streamId"),
    })
}

fn put_entry(fields: &Value) -> Result<PutRecordsRequestEntry, String> {
    let info = &fields["extendedInfo"];
    Ok(PutRecordsRequestEntry {
        data: data(fields)?,
        explicit_hash_key: string(fields, "explicitHashKey"),
        partition_key: string(fields, "partitionKey"),
        partition_id: string(fields, "partitionId"),
        extended_info: if info.is_null() {
            None
        } else {
            Some(extended_info(info))
        },
        timestamp: fields["timestamp"].as_i64(),
    })
}

fn extended_info(fields: &Value) -> ExtendedInfo {
    ExtendedInfo {
        file_name: string(fields, "fileName").unwrap_or_default(),
        deliver_data_id: string(fields, "deliverDataId").unwrap_or_default(),
        end_flag: fields["endFlag"].as_bool(),
        seq_num: fields["seqNum"].as_i64().unwrap_or_default(),
    }
}

fn put_result(fields: &Value) -> Result<PutRecordsResult, String> {
    let row = |row: &Value| {
        Ok(PutRecordsResultEntry {
            shard_id: string(row, "shardId"),
            sequence_number: string(row, "sequenceNumber"),
            error_code: string(row, "errorCode"),
            error_message: string(row, "errorMessage"),
        })
    };
    Ok(PutRecordsResult {
        failed_record_count: integer(fields, "failedRecordCount")?.unwrap_or_default(),
        records: list(fields, row)?,
    })
}

fn get_request(fields: &Value) -> Result<GetRecordsRequest, String> {
    Ok(GetRecordsRequest {
        shard_iterator: string(fields, "shardIterator").unwrap_or_default(),
        limit: integer(fields, "limit")?,
    })
}

fn get_result(fields: &Value) -> Result<GetRecordsResult, String> {
    Ok(GetRecordsResult {
        next_shard_iterator: string(fields, "nextShardIterator").unwrap_or_default(),
        records: list(fields, record)?,
    })
}

fn record(fields: &Value) -> Result<Record, String> {
    Ok(Record {
        partition_key: string(fields, "partitionKey"),
        sequence_number: string(fields, "sequenceNumber").unwrap_or_default(),
        data: data(fields)?.unwrap_or_default(),
        timestamp: fields["timestamp"].as_i64(),
        timestamp_type: string(fields, "timestampType"),
    })
}

fn integer(fields: &Value, name: &str) -> Result<Option<i32>, String> {
    fields[name]
        .as_i64()
        .map(i32::try_from)
        .transpose()
        .map_err(|error| error.to_string())
}
