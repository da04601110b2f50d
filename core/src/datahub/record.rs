//! Putting and getting records.

use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method};

use crate::client::Client;
use crate::codec::{self, GetReply};
use crate::error::{Error, ErrorKind, Result};
use crate::operation::{Composite, Exchange, Operation};
use crate::record::{RecordBatch, RecordSchema, is_hex_hash};
use crate::transport::{Request, Response};
use crate::{model, operation};

use super::{DataHubService, GetTopic, Protocol, batch, check};

pub(super) const ACTION_HEADER: HeaderName = HeaderName::from_static("x-datahub-request-action");
const SUBSCRIPTION_HEADER: HeaderName = HeaderName::from_static("x-datahub-sub-id");
const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");

/// Most records per put (public limits of the service).
const MAX_PUT_RECORDS: usize = 10_000;

/// Most records per get (public limits of the service).
const MAX_GET_RECORDS: i32 = 1000;

/// Puts records into a topic.
///
/// Each record goes to the shard that it names, else to the shard of its hash key, else to the
/// shard of its partition key, else to a shard that the service chooses. The call succeeds even
/// when single records fail: look at `failed_records`. It is not sent again after the service may
/// have accepted it, unless the client was told `at_least_once`.
#[operation(
    service = DataHubService, POST "/projects/{project_name}/topics/{topic_name}/shards",
    returns = PutRecordsResult, custom
)]
pub struct PutRecords {
    /// Name of the project.
    #[check(check::given)]
    pub project_name: String,
    /// Name of the topic.
    #[check(check::given)]
    pub topic_name: String,
    /// The records, 1 to 10000.
    pub record_list: RecordBatch,
}

/// What became of the records of a put.
#[model]
pub struct PutRecordsResult {
    /// Number of records that failed.
    pub failed_record_count: i32,
    /// The records that failed.
    pub failed_records: Vec<FailedRecord>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// A record that was not stored.
#[model]
pub struct FailedRecord {
    /// Its place in the list that was put, from 0.
    pub index: i32,
    /// The error code of the service.
    pub error_code: String,
    /// The error message of the service.
    pub error_message: String,
}

/// Puts records into one shard: all of them, or none.
///
/// The routing keys of the records are not used. It is not sent again after the service may have
/// accepted it, unless the client was told `at_least_once`.
#[operation(
    service = DataHubService,
    POST "/projects/{project_name}/topics/{topic_name}/shards/{shard_id}", composite
)]
pub struct PutRecordsByShard {
    /// Name of the project.
    #[check(check::given)]
    pub project_name: String,
    /// Name of the topic.
    #[check(check::given)]
    pub topic_name: String,
    /// Id of the shard.
    #[check(check::given)]
    pub shard_id: String,
    /// The records, 1 to 10000.
    pub record_list: RecordBatch,
}

fn check_records(records: &RecordBatch) -> Result<()> {
    if records.is_empty() {
        return Err(Error::invalid_argument(
            "record_list",
            "must have at least one record",
        ));
    }
    if records.len() > MAX_PUT_RECORDS {
        return Err(Error::invalid_argument(
            "record_list",
            format_args!("must have at most {MAX_PUT_RECORDS} records"),
        ));
    }
    let is_foreign = |key: &str| !is_hex_hash(key);
    if let Some(index) =
        (0..records.len()).find(|index| records.hash_key(*index).is_some_and(is_foreign))
    {
        return Err(Error::invalid_argument(
            "record_list",
            format_args!("record {index}: the hash key must be 32 hexadecimal digits"),
        ));
    }
    Ok(())
}

fn put(
    service: &DataHubService,
    target: String,
    protocol: Protocol,
    records: &RecordBatch,
) -> Result<Request> {
    let mut request = Request::new(Method::POST, target);
    match protocol {
        Protocol::Batch(_) => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "batches are put to single shards: use put_records_by_shard",
            )
            .with_sent(false));
        }
        Protocol::Json => request.body = codec::json::encode_put(records)?,
        Protocol::Protobuf => {
            request.headers.insert(CONTENT_TYPE, PROTOBUF);
            request
                .headers
                .insert(ACTION_HEADER, HeaderValue::from_static("pub"));
            request.body = codec::protobuf::encode_put(records)?;
        }
    }
    service.compress(&mut request)?;
    Ok(request)
}

impl Exchange for PutRecords {
    fn validate(&self) -> Result<()> {
        self.check()?;
        check_records(&self.record_list)
    }

    fn encode(&self, service: &DataHubService) -> Result<Request> {
        let target = format!(
            "/projects/{}/topics/{}/shards",
            self.project_name, self.topic_name
        );
        put(service, target, service.protocol, &self.record_list)
    }

    fn decode(&self, service: &DataHubService, response: Response) -> Result<PutRecordsResult> {
        let reply = match service.protocol {
            Protocol::Json => codec::json::decode_put(&response.body)?,
            Protocol::Protobuf | Protocol::Batch(_) => codec::protobuf::decode_put(&response.body)?,
        };
        let failed = reply
            .failed_records
            .into_iter()
            .map(|record| FailedRecord::new(record.index, record.error_code, record.error_message));
        Ok(PutRecordsResult::new(
            reply.failed_record_count,
            failed.collect::<Vec<_>>(),
        ))
    }

    fn may_repeat(&self, service: &DataHubService) -> bool {
        service.at_least_once
    }
}

impl Composite for PutRecordsByShard {
    async fn compose(self, client: &Client<DataHubService>) -> Result<()> {
        match client.service().protocol {
            Protocol::Batch(version) => {
                self.validate()?;
                batch::put(&self, version, client).await
            }
            Protocol::Json | Protocol::Protobuf => client.exchange(&self).await,
        }
    }
}

impl Exchange for PutRecordsByShard {
    fn validate(&self) -> Result<()> {
        self.check()?;
        check_records(&self.record_list)
    }

    fn encode(&self, service: &DataHubService) -> Result<Request> {
        let target = format!(
            "/projects/{}/topics/{}/shards/{}",
            self.project_name, self.topic_name, self.shard_id
        );
        // The service takes puts to one shard in protobuf, whatever the client prefers.
        put(service, target, Protocol::Protobuf, &self.record_list)
    }

    fn decode(&self, _: &DataHubService, _: Response) -> Result<()> {
        Ok(())
    }

    fn may_repeat(&self, service: &DataHubService) -> bool {
        service.at_least_once
    }
}

/// Gets records of a tuple topic, beginning at a cursor.
///
/// Fails with kind `ShardClosed` when a closed shard was read to its end, and with
/// `PositionLost` when the cursor is no longer valid.
#[operation(
    service = DataHubService,
    POST "/projects/{project_name}/topics/{topic_name}/shards/{shard_id}",
    returns = GetRecordsResult, composite, idempotent
)]
pub struct GetTupleRecords {
    /// Name of the project.
    #[check(check::given)]
    pub project_name: String,
    /// Name of the topic.
    #[check(check::given)]
    pub topic_name: String,
    /// Id of the shard.
    #[check(check::given)]
    pub shard_id: String,
    /// The columns; when absent they are read from the topic, which costs one more request.
    pub record_schema: Option<Arc<RecordSchema>>,
    /// The cursor, as `get_cursor` or the get before gave it.
    #[check(check::given)]
    #[default]
    pub cursor: String,
    /// Most records to get, 1 to 1000; 0 for 1000.
    #[check(check::not_negative)]
    #[default]
    pub limit_num: i32,
    /// Id of the subscription that the records are for.
    pub sub_id: Option<String>,
}

/// Gets records of a blob topic, beginning at a cursor.
///
/// Fails with kind `ShardClosed` when a closed shard was read to its end, and with
/// `PositionLost` when the cursor is no longer valid.
#[operation(
    service = DataHubService,
    POST "/projects/{project_name}/topics/{topic_name}/shards/{shard_id}",
    returns = GetRecordsResult, composite, idempotent
)]
pub struct GetBlobRecords {
    /// Name of the project.
    #[check(check::given)]
    pub project_name: String,
    /// Name of the topic.
    #[check(check::given)]
    pub topic_name: String,
    /// Id of the shard.
    #[check(check::given)]
    pub shard_id: String,
    /// The cursor, as `get_cursor` or the get before gave it.
    #[check(check::given)]
    pub cursor: String,
    /// Most records to get, 1 to 1000; 0 for 1000.
    #[check(check::not_negative)]
    #[default]
    pub limit_num: i32,
    /// Id of the subscription that the records are for.
    pub sub_id: Option<String>,
}

/// Records and where to go on.
#[model(local)]
pub struct GetRecordsResult {
    /// The cursor for the next get. Equal to the one given when there was nothing to get.
    pub next_cursor: String,
    /// Number of records.
    pub record_count: i32,
    /// Sequence number of the first record.
    pub start_seq: i64,
    /// The records.
    pub records: RecordBatch,
    /// Sequence number of the newest record of the shard; -1 when the service does not say.
    #[default(-1)]
    pub latest_seq: i64,
    /// Time of the newest record of the shard in milliseconds since 1970; 0 when the service does
    /// not say.
    #[default]
    pub latest_time: i64,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

impl From<GetReply> for GetRecordsResult {
    fn from(reply: GetReply) -> Self {
        Self {
            next_cursor: reply.next_cursor,
            record_count: i32::try_from(reply.records.len()).unwrap_or(i32::MAX),
            start_seq: reply.start_seq,
            records: reply.records,
            latest_seq: reply.latest_seq.unwrap_or(-1),
            latest_time: reply.latest_time.unwrap_or(0),
            request_id: String::new(),
        }
    }
}

pub(super) fn get(
    service: &DataHubService,
    target: String,
    cursor: &str,
    limit: i32,
    sub_id: Option<&str>,
) -> Result<Request> {
    let limit = match limit {
        0 => MAX_GET_RECORDS,
        limit => limit.min(MAX_GET_RECORDS),
    };
    let mut request = Request::new(Method::POST, target);
    match service.protocol {
        Protocol::Json => request.body = codec::json::encode_get(cursor, limit),
        Protocol::Protobuf => {
            request.headers.insert(CONTENT_TYPE, PROTOBUF);
            request
                .headers
                .insert(ACTION_HEADER, HeaderValue::from_static("sub"));
            request.body = codec::protobuf::encode_get(cursor, limit);
        }
        Protocol::Batch(version) => {
            batch::mark(&mut request, "sub", version);
            request.body = codec::protobuf::encode_get(cursor, limit);
        }
    }
    if let Some(sub_id) = sub_id.filter(|id| !id.is_empty()) {
        request.set_header(SUBSCRIPTION_HEADER, sub_id)?;
    }
    service.compress(&mut request)?;
    Ok(request)
}

fn got(
    service: &DataHubService,
    response: Response,
    schema: Option<Arc<RecordSchema>>,
) -> Result<GetRecordsResult> {
    let reply = match service.protocol {
        Protocol::Json => codec::json::decode_get(response.body, schema)?,
        Protocol::Protobuf | Protocol::Batch(_) => {
            codec::protobuf::decode_get(&response.body, schema)?
        }
    };
    Ok(reply.into())
}

impl Exchange for GetTupleRecords {
    fn validate(&self) -> Result<()> {
        self.check()
    }

    fn encode(&self, service: &DataHubService) -> Result<Request> {
        let target = format!(
            "/projects/{}/topics/{}/shards/{}",
            self.project_name, self.topic_name, self.shard_id
        );
        get(
            service,
            target,
            &self.cursor,
            self.limit_num,
            self.sub_id.as_deref(),
        )
    }

    fn decode(&self, service: &DataHubService, response: Response) -> Result<GetRecordsResult> {
        got(service, response, self.record_schema.clone())
    }
}

impl Composite for GetTupleRecords {
    async fn compose(mut self, client: &Client<DataHubService>) -> Result<GetRecordsResult> {
        self.check()?;
        if let Protocol::Batch(_) = client.service().protocol {
            let topic = batch::Topic::new(&self.project_name, &self.topic_name);
            let request = self.encode(client.service())?;
            let schema = self.record_schema.clone();
            return batch::get(Self::SCHEMA, topic, request, schema, client).await;
        }
        if self.record_schema.is_none() {
            let topic = GetTopic::new(self.project_name.clone(), self.topic_name.clone());
            let schema = client.exchange(&topic).await?.record_schema;
            self.record_schema = Some(schema.ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidArgument,
                    "the topic holds blobs: use get_blob_records",
                )
            })?);
        }
        client.exchange(&self).await
    }
}

impl Composite for GetBlobRecords {
    async fn compose(self, client: &Client<DataHubService>) -> Result<GetRecordsResult> {
        if let Protocol::Batch(_) = client.service().protocol {
            self.check()?;
            let topic = batch::Topic::new(&self.project_name, &self.topic_name);
            let request = self.encode(client.service())?;
            return batch::get(Self::SCHEMA, topic, request, None, client).await;
        }
        client.exchange(&self).await
    }
}

impl Exchange for GetBlobRecords {
    fn validate(&self) -> Result<()> {
        self.check()
    }

    fn encode(&self, service: &DataHubService) -> Result<Request> {
        let target = format!(
            "/projects/{}/topics/{}/shards/{}",
            self.project_name, self.topic_name, self.shard_id
        );
        get(
            service,
            target,
            &self.cursor,
            self.limit_num,
            self.sub_id.as_deref(),
        )
    }

    fn decode(&self, service: &DataHubService, response: Response) -> Result<GetRecordsResult> {
        got(service, response, None)
    }
}
