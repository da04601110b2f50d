//! Putting and getting records.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::operation::{Exchange, decode_json, push_query};
use crate::record::chunk::{Chunk, Form, Keys, Span, Values, check_size};
use crate::record::told::{Columns, Entry};
use crate::record::{Record, RecordBatch};
use crate::transport::{Request, Response};
use crate::{model, operation};

use super::partition::{MAX_HASH, parse_partition_id};
use super::{DisService, check, lenient};

/// Longest data of a record, in bytes (public limits of the service).
const MAX_RECORD: usize = 1 << 20;

/// Puts records into a stream.
///
/// Each record is a blob. It goes to the partition that it names as its shard, else to the one
/// that owns its hash key (a decimal number), else to the one that owns the hash of its partition
/// key, else to one that the service chooses. The call succeeds even when single records fail:
/// look at `failed_record_count` and at `records`. It is not sent again after the service may have
/// accepted it, unless the client was told `at_least_once`.
#[operation(
    service = DisService, POST "/records", snake_case, custom, returns = PutRecordsResult
)]
pub struct PutRecords {
    /// Name of the stream.
    #[check(check::stream)]
    pub stream_name: String,
    /// The records, at least one, each of at most 1 MiB.
    pub records: RecordBatch,
    /// Id of a stream that another account gave access to; absent for one's own.
    pub stream_id: Option<String>,
}

/// The outcome of a put.
#[model(snake_case)]
pub struct PutRecordsResult {
    /// Number of records that failed.
    #[serde(deserialize_with = "lenient::integer")]
    #[default]
    pub failed_record_count: i32,
    /// One entry for each record, in the order of the put.
    #[serde(deserialize_with = "lenient::or_empty")]
    #[default]
    pub records: Vec<PutRecordsResultEntry>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// The outcome for one record.
#[model(snake_case)]
pub struct PutRecordsResultEntry {
    /// Id of the partition that took it; absent when it failed.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub partition_id: Option<String>,
    /// Its sequence number there, as decimal text; absent when it failed.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub sequence_number: Option<String>,
    /// The error code of the service; absent when it was stored.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub error_code: Option<String>,
    /// The error message of the service; absent when it was stored.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub error_message: Option<String>,
}

/// Gets records from a cursor on.
///
/// An empty result is not an error and does not mean that the partition has ended: go on with the next
/// cursor. Fails with kind `position_lost` when the cursor is older than 5 minutes or its record
/// has expired, and with `shard_closed` when the partition has expired.
#[operation(
    service = DisService, GET "/records", snake_case, custom, returns = GetRecordsResult
)]
pub struct GetRecords {
    /// The cursor, as returned by `get_cursor` or by the previous get.
    #[check(check::cursor)]
    pub partition_cursor: String,
    /// Maximum size of the data in bytes; absent for the service's default. When the next record is larger, the
    /// result is empty.
    #[check(check::optional_positive)]
    pub max_fetch_bytes: Option<i32>,
    /// Maximum number of records to get, 1 to 10000; absent for the service's default.
    #[check(check::optional_positive)]
    pub limit: Option<i32>,
}

/// Records and where to go on.
#[model(local)]
pub struct GetRecordsResult {
    /// The cursor for the next get.
    pub next_partition_cursor: String,
    /// The records: blobs with sequence number, time and partition key.
    pub records: RecordBatch,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

fn refused(index: usize, what: impl std::fmt::Display) -> Error {
    Error::invalid_argument("records", format_args!("record {index}: {what}"))
        .with_context("index", index)
}

/// Checks what can be known about a record before it is sent.
fn check_record(index: usize, record: &Record<'_>) -> Result<()> {
    let data = record.blob()?;
    if data.len() > MAX_RECORD {
        return Err(refused(
            index,
            format_args!("has {} bytes of data, more than {MAX_RECORD}", data.len()),
        )
        .with_context("size", data.len()));
    }
    if let Some(id) = record.shard_id()
        && parse_partition_id(id).is_none()
    {
        return Err(refused(
            index,
            "the shard id must be a number or have the form `shardId-0000000000`",
        ));
    }
    if let Some(key) = record.hash_key() {
        let digits = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !key.parse::<u64>().is_ok_and(|hash| hash <= MAX_HASH) {
            return Err(refused(
                index,
                format_args!("the hash key must be a decimal number from 0 to {MAX_HASH}"),
            ));
        }
    }
    if record.attributes().next().is_some() {
        return Err(refused(index, "records of DIS have no attributes"));
    }
    Ok(())
}

fn push_text(out: &mut Vec<u8>, text: &str) -> Result<()> {
    serde_json::to_writer(&mut *out, text).map_err(|error| {
        Error::malformed("a text cannot be written as JSON")
            .with_sent(false)
            .with_source(error)
    })
}

fn push_member(out: &mut Vec<u8>, name: &str, text: Option<&str>) -> Result<()> {
    let Some(text) = text else { return Ok(()) };
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    push_text(out, text)
}

fn push_record(out: &mut Vec<u8>, record: &Record<'_>) -> Result<()> {
    let data = record.blob()?;
    out.extend_from_slice(b"{\"data\":\"");
    let start = out.len();
    out.resize(start + data.len().div_ceil(3) * 4, b'=');
    let written = STANDARD
        .encode_slice(data, &mut out[start..])
        .map_err(|_| Error::malformed("data cannot be written as base64").with_sent(false))?;
    out.truncate(start + written);
    out.push(b'"');
    push_member(out, "partition_key", record.partition_key())?;
    push_member(out, "explicit_hash_key", record.hash_key())?;
    push_member(out, "partition_id", record.shard_id())?;
    out.push(b'}');
    Ok(())
}

impl Exchange for PutRecords {
    fn validate(&self) -> Result<()> {
        self.check()?;
        if self.records.is_empty() {
            return Err(Error::invalid_argument(
                "records",
                "must have at least one record",
            ));
        }
        self.records
            .iter()
            .enumerate()
            .try_for_each(|(index, record)| check_record(index, &record))
    }

    fn encode(&self, _: &DisService) -> Result<Request> {
        let mut out = b"{\"stream_name\":".to_vec();
        push_text(&mut out, &self.stream_name)?;
        push_member(&mut out, "stream_id", self.stream_id.as_deref())?;
        out.extend_from_slice(b",\"records\":[");
        for (index, record) in self.records.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            push_record(&mut out, &record)?;
        }
        out.extend_from_slice(b"]}");
        Ok(Request::new(http::Method::POST, "/records").with_body(out))
    }

    fn decode(&self, _: &DisService, response: Response) -> Result<PutRecordsResult> {
        let result: PutRecordsResult = decode_json(&response)?;
        if result.records.len() != self.records.len() {
            return Err(Error::malformed(format!(
                "the reply has {} rows for {} records",
                result.records.len(),
                self.records.len()
            )));
        }
        Ok(result)
    }

    fn may_repeat(&self, service: &DisService) -> bool {
        service.at_least_once
    }
}

impl Exchange for GetRecords {
    fn validate(&self) -> Result<()> {
        self.check()
    }

    fn encode(&self, _: &DisService) -> Result<Request> {
        let mut target = "/records".to_owned();
        push_query(&mut target, "partition-cursor", &self.partition_cursor);
        if let Some(limit) = self.limit {
            push_query(&mut target, "limit", &limit.to_string());
        }
        if let Some(bytes) = self.max_fetch_bytes {
            push_query(&mut target, "max_fetch_bytes", &bytes.to_string());
        }
        Ok(Request::new(http::Method::GET, target))
    }

    fn decode(&self, _: &DisService, response: Response) -> Result<GetRecordsResult> {
        let reply: Reply<'_> = decode_json(&response)?;
        let records = read_records(reply.records.unwrap_or_default())?;
        Ok(GetRecordsResult::new(reply.next_partition_cursor, records))
    }
}

#[derive(Deserialize)]
struct Reply<'a> {
    next_partition_cursor: String,
    #[serde(borrow)]
    records: Option<Vec<ReplyRecord<'a>>>,
}

#[derive(Deserialize)]
struct ReplyRecord<'a> {
    #[serde(borrow, default)]
    data: Option<Text<'a>>,
    #[serde(borrow, default)]
    partition_key: Option<Text<'a>>,
    #[serde(deserialize_with = "lenient::long")]
    sequence_number: i64,
    #[serde(deserialize_with = "lenient::long", default)]
    timestamp: i64,
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Decodes the data of all records into one buffer.
fn read_records(records: Vec<ReplyRecord<'_>>) -> Result<RecordBatch> {
    let mut body: Vec<u8> = Vec::new();
    let mut head: Vec<u8> = Vec::new();
    let mut spans = Vec::with_capacity(records.len());
    let mut told = Columns::default();
    let mut chunk = Chunk::received(Form::Text, None, Bytes::new(), Bytes::new());
    for (index, record) in records.into_iter().enumerate() {
        let text = record.data.as_ref().map_or("", |text| &text.0);
        let start = body.len();
        STANDARD.decode_vec(text, &mut body).map_err(|_| {
            Error::malformed(format!("the data of record {index} is not base64"))
                .with_context("index", index)
        })?;
        check_size(body.len())?;
        chunk.push_row(spans.len(), 0);
        spans.push(Span::new(start, body.len() - start));
        if let Some(key) = record.partition_key {
            let keys = Keys {
                partition_key: Span::new(head.len(), key.0.len()),
                ..Keys::NONE
            };
            chunk.push_keys(index, keys);
            head.extend_from_slice(key.0.as_bytes());
            check_size(head.len())?;
        }
        let entry = Entry {
            sequence: record.sequence_number,
            system_time: record.timestamp,
            ..Entry::UNKNOWN
        };
        told.push(&entry, 0);
    }
    chunk.body = body.into();
    chunk.head = head.into();
    chunk.told = told.finish();
    chunk.values = Values::Received {
        form: Form::Text,
        spans,
    };
    Ok(RecordBatch::from_chunk(chunk))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use crate::config::Settings;
    use crate::operation::Service;
    use crate::record::RecordBatchBuilder;

    use super::*;

    fn service() -> DisService {
        let mut settings = Settings::new("dis");
        settings.set("project_id", "p").unwrap();
        DisService::from_settings(&settings).unwrap()
    }

    fn reply(body: &'static str) -> Response {
        Response {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
        }
    }

    #[test]
    fn every_routing_form_is_written() {
        let mut builder = RecordBatchBuilder::blobs();
        builder.push_blob(b"a").unwrap();
        builder.set_partition_key("k\"1").unwrap();
        builder.push_blob(b"").unwrap();
        builder.set_shard_id("shardId-0000000001").unwrap();
        builder.push_blob(&[0, 255]).unwrap();
        builder.set_hash_key("9223372036854775807").unwrap();
        let put = PutRecords::new("s", builder.build().unwrap());
        put.validate().unwrap();
        let body = put.encode(&service()).unwrap().body;
        let expected = concat!(
            r#"{"stream_name":"s","records":[{"data":"YQ==","partition_key":"k\"1"},"#,
            r#"{"data":"","partition_id":"shardId-0000000001"},"#,
            r#"{"data":"AP8=","explicit_hash_key":"9223372036854775807"}]}"#,
        );
        assert_eq!(body, expected);
    }

    type Fill = fn(&mut RecordBatchBuilder);

    #[test]
    fn bad_records_are_named() {
        let refused = |fill: Fill| {
            let mut builder = RecordBatchBuilder::blobs();
            builder.push_blob(b"good").unwrap();
            builder.push_blob(b"bad").unwrap();
            fill(&mut builder);
            let put = PutRecords::new("s", builder.build().unwrap());
            put.validate().unwrap_err().to_string()
        };
        let fills: [Fill; 4] = [
            |builder| builder.set_shard_id("first").unwrap(),
            |builder| builder.set_hash_key("9223372036854775808").unwrap(),
            |builder| builder.set_hash_key(&"f".repeat(32)).unwrap(),
            |builder| builder.set_attributes([("a", "b")]).unwrap(),
        ];
        for fill in fills {
            let message = refused(fill);
            assert!(message.contains("record 1:"), "{message}");
        }
        let message = refused(|builder| builder.push_blob(&vec![0; MAX_RECORD + 1]).unwrap());
        assert!(message.contains("record 2: has 1048577 bytes"), "{message}");
        let empty = PutRecords::new("s", RecordBatchBuilder::blobs().build().unwrap());
        assert!(empty.validate().is_err());
    }

    #[test]
    fn records_are_read() {
        let body = concat!(
            r#"{"records":[{"partition_key":"é\n","sequence_number":"485","data":"AP8=","timestamp":7},"#,
            r#"{"sequence_number":486,"data":"","timestamp_type":"CreateTime"}],"next_partition_cursor":"n"}"#,
        );
        let got = GetRecords::new("c")
            .decode(&service(), reply(body))
            .unwrap();
        assert_eq!(got.next_partition_cursor, "n");
        assert_eq!(got.records.len(), 2);
        assert_eq!(got.records.blob(0).unwrap(), [0, 255]);
        assert_eq!(got.records.sequence(0), 485);
        assert_eq!(got.records.system_time(0), 7);
        assert_eq!(got.records.partition_key(0), Some("é\n"));
        assert_eq!(got.records.blob(1).unwrap(), b"");
        assert_eq!(got.records.sequence(1), 486);
        assert_eq!(got.records.partition_key(1), None);
    }

    #[test]
    fn damaged_replies_are_refused() {
        for body in [
            "",
            "<html></html>",
            "[]",
            "{}",
            r#"{"records":[]}"#,
            r#"{"records":{},"next_partition_cursor":"n"}"#,
            r#"{"records":[{"data":"YQ=="}],"next_partition_cursor":"n"}"#,
            r#"{"records":[{"data":"!","sequence_number":"1"}],"next_partition_cursor":"n"}"#,
            r#"{"records":[{"data":"YQ","sequence_number":"1"}],"next_partition_cursor":"n"}"#,
            r#"{"records":[{"data":"","sequence_number":"x"}],"next_partition_cursor":"n"}"#,
            r#"{"records":[],"next_partition_cursor":"n"}x"#,
        ] {
            let error = GetRecords::new("c")
                .decode(&service(), reply(body))
                .unwrap_err();
            assert_eq!(error.kind(), crate::error::ErrorKind::Malformed, "{body}");
        }
    }

    #[test]
    fn a_put_needs_a_row_for_each_record() {
        let mut builder = RecordBatchBuilder::blobs();
        builder.push_blob(b"a").unwrap();
        let put = PutRecords::new("s", builder.build().unwrap());
        let body = r#"{"failed_record_count":0,"records":[]}"#;
        assert!(put.decode(&service(), reply(body)).is_err());
        let body = r#"{"failed_record_count":1,"records":[{"partition_id":null,"error_code":"DIS.4303"}]}"#;
        let result = put.decode(&service(), reply(body)).unwrap();
        assert_eq!(result.records[0].error_code.as_deref(), Some("DIS.4303"));
    }
}
