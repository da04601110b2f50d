//! Records in JSON requests and replies.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::call::Reply;
use super::cursor::text;
use super::error::Error;
use super::log::Record;
use super::put::{Expected, Failed, Incoming, RECORDS, Route};
use super::read::{Page, Row};
use super::record_protobuf::{self, check_values};
use super::state::RecordKind;

#[derive(Deserialize)]
struct PutBody<'a> {
    #[serde(rename = "Records", borrow)]
    records: Option<Vec<&'a RawValue>>,
}

/// A record of a request. Whatever else it has is of no use in a request.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct JsonRecord<'a> {
    #[serde(borrow)]
    data: Option<Data<'a>>,
    #[serde(borrow)]
    attributes: Option<Attributes<'a>>,
    #[serde(borrow)]
    shard_id: Option<Cow<'a, str>>,
    /// One official client has another name for it.
    #[serde(borrow, alias = "HashValue")]
    hash_key: Option<Cow<'a, str>>,
    #[serde(borrow)]
    partition_key: Option<Cow<'a, str>>,
}

type Attributes<'a> = indexmap::IndexMap<Text<'a>, Text<'a>>;

/// A text that is borrowed wherever it stands in the request without escapes.
#[derive(Deserialize, PartialEq, Eq, Hash)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Data<'a> {
    Blob(#[serde(borrow)] Text<'a>),
    Tuple(#[serde(borrow)] Vec<Option<Text<'a>>>),
}

fn malformed() -> Error {
    Error::malformed_record("The record is not well-formed.")
}

/// Reads the records of a request to put them.
pub(super) fn read<'a>(body: &'a [u8], expected: &Expected) -> Result<Vec<Incoming<'a>>, Error> {
    let body: PutBody<'_> = serde_json::from_slice(body).map_err(|_| {
        Error::invalid_parameter("The request body is invalid: Records is not a list.")
    })?;
    let records = body.records.unwrap_or_default();
    if records.len() > RECORDS {
        return Err(Error::invalid_parameter(format!(
            "The request has more than {RECORDS} records."
        )));
    }
    Ok(records
        .into_iter()
        .map(|record| read_record(record, expected))
        .collect())
}

fn read_record<'a>(record: &'a RawValue, expected: &Expected) -> Incoming<'a> {
    let Ok(parsed) = serde_json::from_str::<JsonRecord<'a>>(record.get()) else {
        return Incoming {
            route: Route::default(),
            record: Err(malformed()),
        };
    };
    let JsonRecord {
        data,
        attributes,
        shard_id,
        hash_key,
        partition_key,
    } = parsed;
    let route = Route {
        shard_id: shard_id.unwrap_or_default(),
        hash_key: hash_key.unwrap_or_default(),
        partition_key: partition_key.unwrap_or_default(),
    };
    Incoming {
        route,
        record: read_content(data, attributes, expected),
    }
}

fn read_content(
    data: Option<Data<'_>>,
    attributes: Option<Attributes<'_>>,
    expected: &Expected,
) -> Result<Record, Error> {
    let attributes = attributes.unwrap_or_default();
    let pairs = attributes
        .iter()
        .map(|(key, value)| (key.0.as_ref(), value.0.as_ref()));
    match (data, &expected.schema) {
        (Some(Data::Blob(text)), None) => {
            let blob = BASE64.decode(text.0.as_bytes()).map_err(|_| malformed())?;
            Ok(record_protobuf::encode(&[Some(&blob)], pairs))
        }
        (Some(Data::Tuple(values)), Some(_)) => {
            let values: Vec<_> = values
                .iter()
                .map(|value| value.as_ref().map(|value| value.0.as_bytes()))
                .collect();
            check_values(&values, expected)?;
            Ok(record_protobuf::encode(&values, pairs))
        }
        _ => Err(malformed()),
    }
}

/// The reply to a put of records.
pub(super) fn put_reply(failed: &[Failed]) -> Reply {
    let records: Vec<_> = failed
        .iter()
        .map(|failed| {
            json!({
                "Index": failed.index,
                "ErrorCode": failed.error.code,
                "ErrorMessage": failed.error.message,
            })
        })
        .collect();
    Reply::json(&json!({ "FailedRecordCount": records.len(), "FailedRecords": records }))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetReply<'a> {
    next_cursor: &'a str,
    record_count: usize,
    start_seq: i64,
    latest_seq: i64,
    latest_time: i64,
    records: Vec<RecordReply<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RecordReply<'a> {
    system_time: i64,
    sequence: i64,
    cursor: &'a str,
    next_cursor: &'a str,
    serial: u32,
    data: DataReply<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum DataReply<'a> {
    Blob(String),
    Tuple(Vec<Option<&'a str>>),
}

/// The reply to a read of records.
pub(super) fn get_reply(page: &Page) -> Result<Reply, Error> {
    let records = page
        .rows
        .iter()
        .map(|row| record_reply(row, page))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::json(&GetReply {
        next_cursor: &page.next_cursor,
        record_count: records.len(),
        start_seq: page.start_sequence,
        latest_seq: page.latest_sequence,
        latest_time: page.latest_ms,
        records,
    }))
}

fn record_reply<'a>(row: &'a Row, page: &Page) -> Result<RecordReply<'a>, Error> {
    let stored = record_protobuf::stored(&row.record)?;
    let data = match page.kind {
        RecordKind::Blob => DataReply::Blob(
            BASE64.encode(stored.values.first().copied().flatten().unwrap_or_default()),
        ),
        RecordKind::Tuple => {
            let mut values = stored
                .values
                .into_iter()
                .map(|value| {
                    value
                        .map(std::str::from_utf8)
                        .transpose()
                        .map_err(|_| Error::internal())
                })
                .collect::<Result<Vec<_>, _>>()?;
            values.resize(values.len().max(page.width), None);
            DataReply::Tuple(values)
        }
    };
    Ok(RecordReply {
        system_time: row.time_ms,
        sequence: row.sequence,
        cursor: text(&row.cursor),
        next_cursor: text(&row.next_cursor),
        serial: row.index,
        data,
        attributes: stored.attributes.into_iter().collect(),
    })
}
