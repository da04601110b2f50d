//! `pb_put.json` and `pb_get.json`.

use bytes::Bytes;
use hubstream::codec::protobuf::messages::{GetRecordsResponse, PutRecordsRequest};
use hubstream::codec::{BatchVersion, CompressFormat, frame, protobuf};
use hubstream::datahub::Protocol;
use prost::Message as _;
use serde_json::{Value as Json, json};

use super::{records, requests};
use crate::vectors::{Case, Outcome, Verdict, bytes, must_be_refused, must_fail, same_bytes};

pub(super) fn put(case: &Case) -> Verdict {
    let (input, expected) = (case.input(), case.expected());
    let protocol = if input["protocol"] == "batch" {
        Protocol::Batch(BatchVersion::V1)
    } else {
        Protocol::Protobuf
    };
    let service = requests::service(protocol, CompressFormat::None);
    let request = requests::request(input, &service);
    if expected.get("error").is_some() {
        return must_be_refused(expected, request);
    }
    let request = request?;
    requests::same_head(expected, &request)?;
    same_bytes(&expected["body"], &request.body)?;
    if case.operation() != "get_records" {
        let schema = records::schema(&input["schema"])?;
        let read = protobuf::decode_put_request(&request.body, schema)
            .map_err(|error| error.to_string())?;
        records::same_records(&input["records"], &read)?;
    }
    Ok(Outcome::Passed)
}

pub(super) fn get(case: &Case) -> Verdict {
    let (input, expected) = (case.input(), case.expected());
    let body = match bytes(&input["body"]) {
        Ok(body) => Bytes::from(body),
        Err(_) => rebuilt(input, &expected["ok"])?,
    };
    if case.operation() == "put_records" {
        let reply = protobuf::decode_put(&body);
        if expected.get("error").is_some() {
            return must_fail(expected, reply);
        }
        records::same_put_reply(&expected["ok"], &reply.map_err(|error| error.to_string())?)?;
        return Ok(Outcome::Passed);
    }
    let schema = records::schema(&input["schema"])?;
    let reply = protobuf::decode_get(&body, schema).and_then(|reply| {
        records::read_all(&reply.records)?;
        Ok(reply)
    });
    if expected.get("error").is_some() {
        return must_fail(expected, reply);
    }
    records::same_reply(&expected["ok"], &reply.map_err(|error| error.to_string())?)?;
    Ok(Outcome::Passed)
}

/// Makes a reply of which the vector tells only the digest out of what must be read from it.
fn rebuilt(input: &Json, expected: &Json) -> Result<Bytes, String> {
    let owned = |value: &Json| value.as_str().map(str::to_owned);
    let told = expected["records"]
        .as_array()
        .ok_or("no records to make the reply of")?;
    let given = json!({"schema": input["schema"], "records": told});
    let put = protobuf::encode_put(&records::batch(&given)?)
        .and_then(|body| frame::unwrap(&body))
        .map_err(|error| error.to_string())?;
    let mut records = PutRecordsRequest::decode(put)
        .map_err(|error| error.to_string())?
        .records;
    for (entry, record) in records.iter_mut().zip(told) {
        entry.cursor = owned(&record["cursor"]);
        entry.next_cursor = owned(&record["next_cursor"]);
        entry.sequence = records::big(&record["sequence"]);
        entry.system_time = records::big(&record["system_time"]);
        entry.serial = record["serial"].as_u64().map(|serial| serial as u32);
    }
    let reply = GetRecordsResponse {
        next_cursor: owned(&expected["next_cursor"]).unwrap_or_default(),
        record_count: records.len() as i32,
        start_sequence: records::big(&expected["start_sequence"]),
        records,
        latest_sequence: records::big(&expected["latest_sequence"]),
        latest_time: records::big(&expected["latest_time"]),
    };
    let body = frame::wrap(&reply.encode_to_vec()).map_err(|error| error.to_string())?;
    same_bytes(&input["body"], &body)?;
    Ok(body)
}
