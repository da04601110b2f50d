//! Getting records.

use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};

use crate::client::Client;
use crate::codec::batch::BatchVersion;
use crate::codec::{self, GetReply};
use crate::error::{Error, ErrorKind, Result};
use crate::operation::{Composite, Exchange, Operation as _};
use crate::record::{RecordBatch, RecordSchema};
use crate::schema::OperationSchema;
use crate::transport::{Request, Response};
use crate::{model, operation};

use super::place::{ShardAddress, Topic};
use super::protocol::{Batches, is_refusal};
use super::wire::{ACTION_HEADER, PROTOBUF, SUBSCRIPTION_HEADER};
use super::{DataHubService, GetTopic, GetTopicResult, OffsetBase, Protocol, batch, check};

/// Gets records of a tuple topic, beginning at a cursor.
///
/// Fails with kind `shard_closed` when a closed shard was read to its end, with `position_lost` when
/// the cursor is no longer valid, and with `invalid_argument` when the topic holds blobs.
#[operation(
    service = DataHubService, at = ShardAddress,
    POST "/projects/{project_name}/topics/{topic_name}/shards/{shard_id}",
    returns = GetRecordsResult, composite, idempotent
)]
pub struct GetTupleRecords {
    /// The columns; when absent they are read from the topic, which costs one more request.
    pub record_schema: Option<Arc<RecordSchema>>,
    /// The cursor, as returned by `get_cursor` or by the previous get.
    #[check(check::given)]
    #[default]
    pub cursor: String,
    /// Maximum number of records to get, 1 to 1000; 0, and more than 1000, for 1000. With the protocol `batch` it counts
    /// stored batches.
    #[check(check::not_negative)]
    #[default]
    pub limit_num: i32,
    /// Id of the subscription that the records are for; absent for none.
    pub sub_id: Option<String>,
    /// Leaves out the records up to this offset, for a cursor of `get_cursor_after`; absent for none. Offsets of
    /// subscriptions can be given as they are.
    pub after: Option<OffsetBase>,
}

/// Gets records of a blob topic, beginning at a cursor.
///
/// Fails with kind `shard_closed` when a closed shard was read to its end, with `position_lost` when
/// the cursor is no longer valid, and with `invalid_argument` when the topic holds tuples.
#[operation(
    service = DataHubService, at = ShardAddress,
    POST "/projects/{project_name}/topics/{topic_name}/shards/{shard_id}",
    returns = GetRecordsResult, composite, idempotent
)]
pub struct GetBlobRecords {
    /// The cursor, as returned by `get_cursor` or by the previous get.
    #[check(check::given)]
    pub cursor: String,
    /// Maximum number of records to get, 1 to 1000; 0, and more than 1000, for 1000. With the protocol `batch` it counts
    /// stored batches.
    #[check(check::not_negative)]
    #[default]
    pub limit_num: i32,
    /// Id of the subscription that the records are for; absent for none.
    pub sub_id: Option<String>,
    /// Leaves out the records up to this offset, for a cursor of `get_cursor_after`; absent for none. Offsets of
    /// subscriptions can be given as they are.
    pub after: Option<OffsetBase>,
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

impl GetRecordsResult {
    /// Leaves out the records up to an offset.
    fn after(mut self, offset: Option<&OffsetBase>) -> Self {
        let Some(offset) = offset else { return self };
        let index = u32::try_from(offset.batch_index).unwrap_or(0);
        self.records = self.records.after(offset.sequence, index);
        self.record_count = i32::try_from(self.records.len()).unwrap_or(i32::MAX);
        if let Some(first) = self.records.get(0) {
            self.start_seq = first.sequence();
        }
        self
    }
}

/// What both gets have in common.
struct Get<'a> {
    operation: &'static OperationSchema,
    topic: Topic<'a>,
    shard_id: &'a str,
    cursor: &'a str,
    limit: i32,
    sub_id: Option<&'a str>,
    is_for_tuples: bool,
    /// `None` for blobs, and for tuples whose columns the reply tells.
    columns: Option<Arc<RecordSchema>>,
}

impl Get<'_> {
    fn request(&self, service: &DataHubService, protocol: Protocol) -> Result<Request> {
        let limit = match self.limit {
            // The service would take it for 1.
            0 => codec::MAX_GET_LIMIT,
            limit => limit,
        };
        let mut request = Request::new(Method::POST, self.topic.shard(self.shard_id));
        match protocol.plain() {
            Protocol::Json => request.body = codec::json::encode_get(self.cursor, limit),
            Protocol::Batch(version) => {
                batch::mark(&mut request, "sub", version);
                request.body = codec::protobuf::encode_get(self.cursor, limit);
            }
            Protocol::Protobuf | Protocol::Auto(_) => {
                request.headers.insert(CONTENT_TYPE, PROTOBUF);
                request
                    .headers
                    .insert(ACTION_HEADER, HeaderValue::from_static("sub"));
                request.body = codec::protobuf::encode_get(self.cursor, limit);
            }
        }
        if let Some(sub_id) = self.sub_id.filter(|id| !id.is_empty()) {
            request.set_header(SUBSCRIPTION_HEADER, sub_id)?;
        }
        service.compress(&mut request)?;
        Ok(request)
    }

    fn read(&self, response: Response, protocol: Protocol) -> Result<GetRecordsResult> {
        let columns = self.columns.clone();
        let reply = match protocol {
            Protocol::Json => codec::json::decode_get(response.body, columns)?,
            _ => {
                let payload = codec::frame::payload(&response.body)?;
                // Nothing else tells a tuple from a blob there.
                let values = codec::protobuf::values_of_first(&payload)?;
                if columns.is_none() && values.is_some_and(|count| count > 1) {
                    return Err(codec::other_kind("record 0 has more than one value"));
                }
                codec::protobuf::read_get(&payload, columns)?
            }
        };
        Ok(reply.into())
    }

    async fn run(&self, client: &Client<DataHubService>) -> Result<GetRecordsResult> {
        let service = client.service();
        let outcome = match service.protocol {
            Protocol::Auto(version) => self.best(version, client).await,
            protocol @ Protocol::Batch(_) => self.batches(protocol, client).await,
            protocol => self.records(protocol, client).await,
        };
        service.forget_if_gone(self.topic, &outcome);
        match outcome {
            Ok(result) if self.is_for(&result.records) => Ok(result),
            Err(error) if !codec::is_other_kind(&error) => Err(error),
            odd => {
                self.fits(client).await?;
                odd
            }
        }
    }

    /// Whether records are of the kind that was asked for.
    fn is_for(&self, records: &RecordBatch) -> bool {
        records.is_empty() || records.schema().is_some() == self.is_for_tuples
    }

    /// Whether a reply of protobuf may hold blobs in place of tuples: records that were written when a topic had but
    /// one column look the same.
    fn may_be_blobs(&self, response: &Response, protocol: Protocol) -> bool {
        let has_columns = self.columns.as_ref().is_some_and(|schema| schema.len() > 1);
        if !has_columns || protocol == Protocol::Json {
            return false;
        }
        let values = codec::frame::payload(&response.body)
            .and_then(|payload| codec::protobuf::values_of_first(&payload));
        matches!(values, Ok(Some(1)))
    }

    /// Refuses the call if the topic says that its records are of the other kind.
    async fn fits(&self, client: &Client<DataHubService>) -> Result<()> {
        let topics = &client.service().topics;
        let known = topics.recent(client, self.topic);
        if known.is_some_and(|properties| self.check(&properties).is_ok()) {
            return Ok(());
        }
        match topics.properties(client, self.topic, None).await {
            Ok((properties, _)) => self.check(&properties),
            // What was wrong with the records says more than that the topic does not answer.
            Err(_) => Ok(()),
        }
    }

    fn check(&self, properties: &GetTopicResult) -> Result<()> {
        let (held, method) = match properties.record_schema {
            Some(_) if !self.is_for_tuples => ("tuples", "get_tuple_records"),
            None if self.is_for_tuples => ("blobs", "get_blob_records"),
            _ => return Ok(()),
        };
        Err(Error::invalid_argument(
            "topic_name",
            format_args!("the topic holds {held}: use {method}"),
        ))
    }

    /// Gets single records.
    async fn records(
        &self,
        protocol: Protocol,
        client: &Client<DataHubService>,
    ) -> Result<GetRecordsResult> {
        let request = self.request(client.service(), protocol)?;
        let received = client.send(self.operation, true, request).await?;
        let mut may_be_blobs = false;
        let result = received.decode(|response| {
            may_be_blobs = self.may_be_blobs(&response, protocol);
            self.read(response, protocol)
        })?;
        if may_be_blobs {
            self.fits(client).await?;
        }
        Ok(result)
    }

    async fn batches(
        &self,
        protocol: Protocol,
        client: &Client<DataHubService>,
    ) -> Result<GetRecordsResult> {
        let request = self.request(client.service(), protocol)?;
        batch::get(
            self.operation,
            self.topic,
            request,
            self.columns.clone(),
            client,
        )
        .await
    }

    /// Gets batches if the topic has them and nothing speaks against it, else single records.
    async fn best(
        &self,
        version: BatchVersion,
        client: &Client<DataHubService>,
    ) -> Result<GetRecordsResult> {
        let topics = &client.service().topics;
        let is_inside =
            may_be_inside_a_batch(self.cursor) && !topics.is_behind(self.topic, self.cursor);
        // The limit of the caller is one of records, that of the service one of batches.
        let is_free = self.limit == 0 && !is_inside;
        if !is_free || topics.batches(client, self.topic).await == Batches::None {
            return self.records(Protocol::Protobuf, client).await;
        }
        match self.batches(Protocol::Batch(version), client).await {
            Ok(result) => {
                if may_be_inside_a_batch(&result.next_cursor) {
                    topics.note_behind(self.topic, &result.next_cursor);
                }
                Ok(result)
            }
            Err(error) if is_refusal(&error) => {
                topics.learn(client, self.topic, Batches::None);
                self.records(Protocol::Protobuf, client).await
            }
            // The versions of the schema may be withheld.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::PermissionDenied | ErrorKind::NotFound
                ) =>
            {
                self.records(Protocol::Protobuf, client).await
            }
            outcome => outcome,
        }
    }
}

/// Whether a cursor may stand for a place inside a batch, which only single records have.
///
/// The last four of the 32 digits count records within a sequence number.
fn may_be_inside_a_batch(cursor: &str) -> bool {
    cursor.len() != 32 || !cursor.ends_with("0000")
}

impl GetTupleRecords {
    fn get(&self) -> Get<'_> {
        Get {
            operation: Self::SCHEMA,
            topic: Topic::new(&self.project_name, &self.topic_name),
            shard_id: &self.shard_id,
            cursor: &self.cursor,
            limit: self.limit_num,
            sub_id: self.sub_id.as_deref(),
            is_for_tuples: true,
            columns: self.record_schema.clone(),
        }
    }
}

impl GetBlobRecords {
    fn get(&self) -> Get<'_> {
        Get {
            operation: Self::SCHEMA,
            topic: Topic::new(&self.project_name, &self.topic_name),
            shard_id: &self.shard_id,
            cursor: &self.cursor,
            limit: self.limit_num,
            sub_id: self.sub_id.as_deref(),
            is_for_tuples: false,
            columns: None,
        }
    }
}

impl Composite for GetTupleRecords {
    async fn compose(self, client: &Client<DataHubService>) -> Result<GetRecordsResult> {
        self.check()?;
        let service = client.service();
        let mut get = self.get();
        if get.columns.is_none() && !matches!(service.protocol, Protocol::Batch(_)) {
            let topic = GetTopic::new(get.topic.project, get.topic.topic);
            let properties = client.exchange(&topic).await?;
            get.check(&properties)?;
            get.columns.clone_from(&properties.record_schema);
            service.topics.note(client, get.topic, properties);
        }
        Ok(get.run(client).await?.after(self.after.as_ref()))
    }
}

impl Composite for GetBlobRecords {
    async fn compose(self, client: &Client<DataHubService>) -> Result<GetRecordsResult> {
        self.check()?;
        let result = self.get().run(client).await?;
        Ok(result.after(self.after.as_ref()))
    }
}

impl Exchange for GetBlobRecords {
    fn validate(&self) -> Result<()> {
        self.check()
    }

    fn encode(&self, service: &DataHubService) -> Result<Request> {
        self.get().request(service, service.protocol)
    }

    fn decode(&self, service: &DataHubService, response: Response) -> Result<GetRecordsResult> {
        self.get().read(response, service.protocol)
    }
}
