//! Writing and reading records.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use hubstream::dis::partition::{MAX_HASH, parse_partition_id, partition_key_hash};
use hubstream::dis::proto;
use prost::Message;
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use super::cursor::Cursor;
use super::error::Error;
use super::fields::Fields;
use super::journal;
use super::reply::Reply;
use super::state::{Partition, PartitionStatus, Record, Stream};
use super::turn::Turn;
use crate::limits::Limits;

/// Longest data of a record, in bytes.
const MAX_RECORD: usize = 1 << 20;
/// Most data of a request, in bytes.
const MAX_REQUEST: usize = 5 << 20;
/// Most data of a request to a stream of type COMMON when throughput is limited, in bytes.
const MAX_COMMON_REQUEST: usize = 1 << 20;
/// Most records of a reply.
const MAX_FETCH_RECORDS: i64 = 10_000;
/// Most data of a reply unless the client says otherwise, in bytes.
const FETCH_BYTES: i64 = 1 << 20;

/// A text that may arrive as a number.
#[derive(Default)]
struct Text<'a>(Option<Cow<'a, str>>);

impl Text<'_> {
    fn into_option(self) -> Option<String> {
        self.0.filter(|text| !text.is_empty()).map(Cow::into_owned)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Borrowed(text))))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(text.to_owned()))))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(number.to_string()))))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(number.to_string()))))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Text(None))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[derive(Deserialize)]
struct JsonPut<'a> {
    #[serde(borrow, default)]
    stream_name: Text<'a>,
    #[serde(borrow, default)]
    stream_id: Text<'a>,
    #[serde(borrow, default)]
    records: Option<Vec<JsonRow<'a>>>,
}

#[derive(Deserialize)]
struct JsonRow<'a> {
    #[serde(borrow, default)]
    data: Text<'a>,
    #[serde(borrow, default)]
    partition_key: Text<'a>,
    #[serde(borrow, default)]
    explicit_hash_key: Text<'a>,
    #[serde(borrow, default)]
    partition_id: Text<'a>,
    #[serde(default)]
    timestamp: Option<i64>,
}

/// A request to write records, in either encoding.
pub(crate) struct Put {
    stream_name: Option<String>,
    stream_id: Option<String>,
    rows: Vec<Row>,
    protobuf: bool,
}

struct Row {
    data: Result<Bytes, RowError>,
    partition_key: Option<String>,
    explicit_hash_key: Option<String>,
    partition_id: Option<String>,
    timestamp: Option<i64>,
}

/// Why one record was refused.
type RowError = (&'static str, &'static str);

impl Put {
    /// Reads the body of a request.
    pub(crate) fn parse(body: &Bytes, protobuf: bool) -> Result<Self, Error> {
        if body.is_empty() {
            return Err(Error::new("DIS.4202", "The request is empty."));
        }
        if protobuf {
            Self::parse_protobuf(body.clone())
        } else {
            Self::parse_json(body)
        }
    }

    fn parse_json(body: &[u8]) -> Result<Self, Error> {
        let request: JsonPut<'_> = serde_json::from_slice(body)
            .map_err(|_| Error::invalid("The request body is malformed."))?;
        let rows = request
            .records
            .unwrap_or_default()
            .into_iter()
            .map(|row| Row {
                data: decode_data(&row.data),
                partition_key: row.partition_key.into_option(),
                explicit_hash_key: row.explicit_hash_key.into_option(),
                partition_id: row.partition_id.into_option(),
                timestamp: row.timestamp,
            });
        Ok(Self {
            rows: rows.collect(),
            stream_name: request.stream_name.into_option(),
            stream_id: request.stream_id.into_option(),
            protobuf: false,
        })
    }

    fn parse_protobuf(body: Bytes) -> Result<Self, Error> {
        let request = proto::PutRecordsRequest::decode(body)
            .map_err(|_| Error::invalid("The request body is malformed."))?;
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let rows = request.records.into_iter().map(|row| Row {
            data: Ok(row.data.unwrap_or_default()),
            partition_key: given(row.partition_key),
            explicit_hash_key: given(row.explicit_hash_key),
            partition_id: given(row.partition_id),
            timestamp: row.timestamp,
        });
        Ok(Self {
            rows: rows.collect(),
            stream_name: given(request.stream_name),
            stream_id: given(request.stream_id),
            protobuf: true,
        })
    }

    /// Writes the records: one row of the reply for each, whatever becomes of it.
    pub(crate) fn run(self, turn: &mut Turn<'_>) -> Result<Reply, Error> {
        if self.stream_name.is_none() && self.stream_id.is_none() {
            return Err(Error::invalid("stream_name is missing."));
        }
        if self.rows.is_empty() {
            return Err(Error::new("DIS.4202", "The request has no records."));
        }
        let (now, limits) = (turn.now, turn.limits);
        let stream = turn
            .project
            .stream(self.stream_name.as_deref(), self.stream_id.as_deref())?;
        check_size(&self.rows, stream, limits)?;
        let mut touched = vec![false; stream.partitions.len()];
        let mut results = Vec::with_capacity(self.rows.len());
        for row in self.rows {
            results.push(place(stream, &row, now).and_then(|number| {
                let record = Record {
                    data: row.data?,
                    partition_key: row.partition_key,
                    timestamp: row.timestamp.unwrap_or(now),
                    arrived: now,
                };
                let partition = &mut stream.partitions[number];
                let sequence_number = partition.info.next;
                if turn.durable {
                    let id = &stream.info.id;
                    let change = journal::put_record(id, number, sequence_number, &record);
                    turn.changes.push(change);
                }
                partition.records.push_back(record);
                partition.info.next += 1;
                touched[number] = true;
                Ok((number, sequence_number))
            }));
        }
        for (number, _) in touched.iter().enumerate().filter(|(_, touched)| **touched) {
            turn.changes.push(journal::put_partition(
                &stream.info.id,
                number,
                stream.partitions[number].info,
            ));
        }
        Ok(if self.protobuf {
            protobuf_result(&results)
        } else {
            json_result(&results)
        })
    }
}

fn decode_data(data: &Text<'_>) -> Result<Bytes, RowError> {
    match &data.0 {
        None => Err(("DIS.4200", "The record has no data.")),
        Some(text) => STANDARD
            .decode(text.as_bytes())
            .map(Bytes::from)
            .map_err(|_| ("DIS.4200", "The data of the record is not base64.")),
    }
}

fn check_size(rows: &[Row], stream: &Stream, limits: Limits) -> Result<(), Error> {
    let common = stream.info.stream_type == "COMMON" && limits.throughput();
    let limit = if common {
        MAX_COMMON_REQUEST
    } else {
        MAX_REQUEST
    };
    let total: usize = rows
        .iter()
        .filter_map(|row| row.data.as_ref().ok())
        .map(Bytes::len)
        .sum();
    if total <= limit {
        return Ok(());
    }
    let message = format!("The records of a request must have at most {limit} bytes.");
    Err(Error::invalid(message).with_status(StatusCode::PAYLOAD_TOO_LARGE))
}

/// The partition that a record goes to.
fn place(stream: &mut Stream, row: &Row, now: i64) -> Result<usize, RowError> {
    const NO_PARTITION: RowError = ("DIS.4302", "The partition does not exist.");
    if row.data.as_ref().map_err(|error| *error)?.len() > MAX_RECORD {
        return Err(("DIS.4200", "The data of the record is larger than 1 MB."));
    }
    if let Some(id) = &row.partition_id {
        let number = parse_partition_id(id).ok_or(NO_PARTITION)? as usize;
        if number >= stream.partitions.len() {
            return Err(NO_PARTITION);
        }
        return match stream.status(number, now) {
            PartitionStatus::Active => Ok(number),
            PartitionStatus::Deleted => Err(NO_PARTITION),
            PartitionStatus::Expired => Err(("DIS.4319", "The partition has expired.")),
        };
    }
    if let Some(hash) = &row.explicit_hash_key {
        let hash = hash.parse().ok().filter(|hash| *hash <= MAX_HASH).ok_or((
            "DIS.4200",
            "The explicit_hash_key must be from 0 to 9223372036854775807.",
        ))?;
        return stream.by_hash(hash).ok_or(NO_PARTITION);
    }
    if let Some(key) = &row.partition_key {
        return stream.by_hash(partition_key_hash(key)).ok_or(NO_PARTITION);
    }
    let active = stream.active();
    stream.turn = stream.turn.wrapping_add(1);
    active
        .get(stream.turn % active.len().max(1))
        .copied()
        .ok_or(NO_PARTITION)
}

type Results = [Result<(usize, u64), RowError>];

fn failures(results: &Results) -> usize {
    results.iter().filter(|result| result.is_err()).count()
}

fn json_result(results: &Results) -> Reply {
    let rows: Vec<serde_json::Value> = results
        .iter()
        .map(|result| match result {
            Ok((number, sequence_number)) => serde_json::json!({
                "partition_id": Stream::partition_id(*number),
                "sequence_number": sequence_number.to_string(),
            }),
            Err((code, message)) => {
                serde_json::json!({ "error_code": code, "error_message": message })
            }
        })
        .collect();
    Reply::json(&serde_json::json!({ "failed_record_count": failures(results), "records": rows }))
}

fn protobuf_result(results: &Results) -> Reply {
    let records = results.iter().map(|result| match result {
        Ok((number, sequence_number)) => proto::PutRecordsResultEntry {
            shard_id: Some(Stream::partition_id(*number)),
            sequence_number: Some(sequence_number.to_string()),
            ..Default::default()
        },
        Err((code, message)) => proto::PutRecordsResultEntry {
            shard_id: Some(String::new()),
            error_code: Some((*code).to_owned()),
            error_message: Some((*message).to_owned()),
            ..Default::default()
        },
    });
    Reply::protobuf(&proto::PutRecordsResult {
        failed_record_count: i32::try_from(failures(results)).unwrap_or(i32::MAX),
        records: records.collect(),
    })
}

#[derive(Serialize)]
struct JsonGet<'a> {
    next_partition_cursor: String,
    records: Vec<JsonRecord<'a>>,
}

#[derive(Serialize)]
struct JsonRecord<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    partition_key: Option<&'a str>,
    sequence_number: String,
    data: String,
    timestamp: i64,
    timestamp_type: &'static str,
}

const TIMESTAMP_TYPE: &str = "CreateTime";

/// Reads records from a cursor on.
pub(crate) fn get(turn: &mut Turn<'_>, query: &Fields, protobuf: bool) -> Result<Reply, Error> {
    let text = query
        .text("partition-cursor")?
        .ok_or_else(|| Error::new("DIS.4217", "partition-cursor is missing."))?;
    let limit = query.bounded("limit", 1, MAX_FETCH_RECORDS, MAX_FETCH_RECORDS)?;
    let budget = query.bounded("max_fetch_bytes", 1, i64::from(u32::MAX), FETCH_BYTES)?;
    let cursor = Cursor::open(&text, turn.secret)?;
    cursor.check_age(turn.now)?;
    let stream = turn.project.stream_by_id(&cursor.stream_id)?;
    let partition = stream.readable(cursor.partition, turn.now)?;
    if cursor.sequence_number < partition.first() {
        return Err(Error::new(
            "DIS.4226",
            "The record under the cursor has expired.",
        ));
    }
    if cursor.sequence_number > partition.info.next {
        return Err(Error::out_of_range());
    }
    let records = fetch(partition, cursor.sequence_number, limit, budget);
    let next = Cursor {
        sequence_number: cursor.sequence_number + records.len() as u64,
        issued: turn.now,
        ..cursor
    };
    let next = next.seal(turn.secret);
    Ok(if protobuf {
        protobuf_records(next, &records)
    } else {
        json_records(next, &records)
    })
}

fn fetch(partition: &Partition, from: u64, limit: usize, budget: usize) -> Vec<(u64, &Record)> {
    let mut size = 0;
    partition
        .records_from(from)
        .take(limit)
        .take_while(|(_, record)| {
            size += record.data.len();
            size <= budget
        })
        .collect()
}

fn json_records(next_partition_cursor: String, records: &[(u64, &Record)]) -> Reply {
    let records = records.iter().map(|(number, record)| JsonRecord {
        partition_key: record.partition_key.as_deref(),
        sequence_number: number.to_string(),
        data: STANDARD.encode(&record.data),
        timestamp: record.timestamp,
        timestamp_type: TIMESTAMP_TYPE,
    });
    Reply::json(&JsonGet {
        next_partition_cursor,
        records: records.collect(),
    })
}

fn protobuf_records(next_shard_iterator: String, records: &[(u64, &Record)]) -> Reply {
    let records = records.iter().map(|(number, record)| proto::Record {
        partition_key: record.partition_key.clone(),
        sequence_number: number.to_string(),
        data: record.data.clone(),
        timestamp: Some(record.timestamp),
        timestamp_type: Some(TIMESTAMP_TYPE.to_owned()),
    });
    Reply::protobuf(&proto::GetRecordsResult {
        next_shard_iterator,
        records: records.collect(),
    })
}
