//! Putting records.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};

use crate::client::Client;
use crate::codec;
use crate::codec::batch::BatchVersion;
use crate::codec::frame;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::{Composite, Exchange, decode_nothing};
use crate::record::{RecordBatch, is_hex_hash};
use crate::transport::{Request, Response};
use crate::{model, operation};

use super::batch;
use super::error::of_record;
use super::place::{ShardAddress, Topic, TopicAddress};
use super::protocol::{Batches, is_refusal};
use super::wire::{ACTION_HEADER, PROTOBUF};
use super::{DataHubService, Protocol};

/// Most records per put (public limits of the service).
const MAX_PUT_RECORDS: usize = 10_000;

/// Puts records into a topic.
///
/// Each record goes to the shard that it names, else to the shard of its hash key, else to the
/// shard of its partition key, else to a shard that the service chooses. The call succeeds even
/// when single records fail: look at `failed_records`. It is not sent again after the service may
/// have accepted it, unless the client was told `at_least_once`.
#[operation(
    service = DataHubService, at = TopicAddress,
    POST "/projects/{project_name}/topics/{topic_name}/shards",
    returns = PutRecordsResult, custom
)]
pub struct PutRecords {
    /// The records, 1 to 10000.
    pub record_list: RecordBatch,
}

/// The outcome of a put.
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
/// Its result has no failed records: a put that is refused is an error. The routing keys of the
/// records are not used. It is not sent again after the service may have accepted it, unless the
/// client was told `at_least_once`.
#[operation(
    service = DataHubService, at = ShardAddress,
    POST "/projects/{project_name}/topics/{topic_name}/shards/{shard_id}",
    returns = PutRecordsResult, composite
)]
pub struct PutRecordsByShard {
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
    match protocol.plain() {
        Protocol::Batch(_) => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "batches are put to single shards: use put_records_by_shard",
            )
            .with_sent(false));
        }
        Protocol::Json => request.body = codec::json::encode_put(records)?,
        Protocol::Protobuf | Protocol::Auto(_) => {
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
        let target = Topic::new(&self.project_name, &self.topic_name).shards();
        put(service, target, service.protocol, &self.record_list)
    }

    fn decode(&self, service: &DataHubService, response: Response) -> Result<PutRecordsResult> {
        let reply = match service.protocol {
            Protocol::Json => codec::json::decode_put(&response.body)?,
            _ => codec::protobuf::read_put(&frame::payload(&response.body)?)?,
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

/// Reads the reply to a put into one shard: all records were stored, or it says which were not.
pub(super) fn stored(response: &Response) -> Result<PutRecordsResult> {
    let all = PutRecordsResult::new(0, Vec::new());
    if !frame::is_frame(&response.body) {
        return decode_nothing(response).map(|()| all);
    }
    let reply = codec::protobuf::read_put(&frame::payload(&response.body)?)?;
    match reply.failed_records.first() {
        Some(first) => Err(of_record(first)
            .with_context("failed_record_count", reply.failed_record_count)
            .with_context("index", first.index)),
        None if reply.failed_record_count > 0 => Err(Error::malformed(
            "the reply says that records were not stored, but not which",
        )),
        None => Ok(all),
    }
}

/// Whether a topic may have refused records because they are no batch. A bad argument is not taken
/// for that: it would be refused as a batch as well.
fn refuses_protobuf(error: &Error) -> bool {
    is_refusal(error) && error.kind() != ErrorKind::InvalidArgument
}

impl PutRecordsByShard {
    pub(super) fn topic(&self) -> Topic<'_> {
        Topic::new(&self.project_name, &self.topic_name)
    }

    async fn put_batch(
        &self,
        version: BatchVersion,
        client: &Client<DataHubService>,
    ) -> Result<PutRecordsResult> {
        let schema = batch::schema_version(self, client).await?;
        batch::put(self, version, schema, client).await
    }

    /// Puts the records as a batch if the topic is declared to hold batches, else as protobuf; in the
    /// other way if the topic refuses the first.
    async fn put_best(
        &self,
        version: BatchVersion,
        client: &Client<DataHubService>,
    ) -> Result<PutRecordsResult> {
        let topics = &client.service().topics;
        if topics.batches(client, self.topic()).await == Batches::Declared {
            // Columns that are no version of the topic's schema, and registries that may not be
            // read, are no obstacle for protobuf.
            if let Ok(schema) = batch::schema_version(self, client).await {
                match batch::put(self, version, schema, client).await {
                    Err(error) if is_refusal(&error) => {
                        topics.learn(client, self.topic(), Batches::None);
                    }
                    outcome => return outcome,
                }
            }
            return client.exchange(self).await;
        }
        let error = match client.exchange(self).await {
            Err(error) if refuses_protobuf(&error) => error,
            outcome => return outcome,
        };
        if !topics.takes_batches(client, self.topic()).await {
            return Err(error);
        }
        let Ok(schema) = batch::schema_version(self, client).await else {
            return Err(error);
        };
        let result = batch::put(self, version, schema, client).await?;
        topics.learn(client, self.topic(), Batches::Declared);
        Ok(result)
    }
}

impl Composite for PutRecordsByShard {
    async fn compose(self, client: &Client<DataHubService>) -> Result<PutRecordsResult> {
        self.validate()?;
        let outcome = match client.service().protocol {
            Protocol::Auto(version) => self.put_best(version, client).await,
            Protocol::Batch(version) => self.put_batch(version, client).await,
            Protocol::Json | Protocol::Protobuf => client.exchange(&self).await,
        };
        client.service().forget_if_gone(self.topic(), &outcome);
        outcome
    }
}

impl Exchange for PutRecordsByShard {
    fn validate(&self) -> Result<()> {
        self.check()?;
        check_records(&self.record_list)
    }

    fn encode(&self, service: &DataHubService) -> Result<Request> {
        let target = self.topic().shard(&self.shard_id);
        // The service takes puts to one shard in protobuf, whatever the client prefers.
        put(service, target, Protocol::Protobuf, &self.record_list)
    }

    fn decode(&self, _: &DataHubService, response: Response) -> Result<PutRecordsResult> {
        stored(&response)
    }

    fn may_repeat(&self, service: &DataHubService) -> bool {
        service.at_least_once
    }
}
