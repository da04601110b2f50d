//! Records in batches: putting and getting them with the schema versions that they need.

use std::sync::Arc;

use http::HeaderValue;
use http::header::CONTENT_TYPE;

use crate::client::Client;
use crate::codec::batch::{BatchReply, BatchVersion, encode_put};
use crate::codec::frame;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::{Exchange as _, Operation as _};
use crate::record::RecordSchema;
use crate::schema::OperationSchema;
use crate::transport::Request;

use super::place::Topic;
use super::put::stored;
use super::service::VERSION_HEADER;
use super::wire::{ACTION_HEADER, BINARY};
use super::{DataHubService, GetRecordsResult, PutRecordsByShard, PutRecordsResult};

/// The schema version of blobs.
const BLOB_VERSION: i32 = -1;

/// Marks a request as one of batches: `pub` puts, `sub` gets.
pub(super) fn mark(request: &mut Request, action: &'static str, version: BatchVersion) {
    request.headers.insert(CONTENT_TYPE, BINARY);
    request
        .headers
        .insert(ACTION_HEADER, HeaderValue::from_static(action));
    if version == BatchVersion::V1 {
        // Tells the service that the client understands the newer layout.
        request
            .headers
            .insert(VERSION_HEADER, HeaderValue::from_static("1.2"));
    }
}

/// The version of the schema of the records that are put.
pub(super) async fn schema_version(
    operation: &PutRecordsByShard,
    client: &Client<DataHubService>,
) -> Result<i32> {
    let Some(schema) = operation.record_list.schema() else {
        return Ok(BLOB_VERSION);
    };
    let schemas = &client.service().schemas;
    let known = schemas
        .version_of(client, operation.topic(), schema)
        .await?;
    known.ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            "the topic has no version with the schema of the records",
        )
        .with_sent(false)
    })
}

/// Puts the records as one batch.
pub(super) async fn put(
    operation: &PutRecordsByShard,
    version: BatchVersion,
    schema_version: i32,
    client: &Client<DataHubService>,
) -> Result<PutRecordsResult> {
    let service = client.service();
    let target = operation.topic().shard(&operation.shard_id);
    let mut request = Request::new(http::Method::POST, target);
    mark(&mut request, "pub", version);
    request.body = encode_put(
        &operation.record_list,
        version,
        schema_version,
        service.compress_format,
    )?;
    client
        .send(
            PutRecordsByShard::SCHEMA,
            operation.may_repeat(service),
            request,
        )
        .await?
        .decode(|response| stored(&response))
}

/// Gets batches and reads their records.
pub(super) async fn get(
    schema: &'static OperationSchema,
    topic: Topic<'_>,
    request: Request,
    columns: Option<Arc<RecordSchema>>,
    client: &Client<DataHubService>,
) -> Result<GetRecordsResult> {
    let received = client.send(schema, true, request).await?;
    let reply =
        frame::payload(received.body()).and_then(|payload| BatchReply::open_payload(&payload));
    let needed = reply.as_ref().map(BatchReply::needed_schemas);
    let needed = needed.unwrap_or_default();
    let lookup = client
        .service()
        .schemas
        .lookup(client, topic, &needed)
        .await?;
    received.decode(|_| {
        Ok(reply?
            .records(columns, &|version| lookup.schema_of(version))?
            .into())
    })
}
