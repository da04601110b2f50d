//! Records in batches: putting and getting them with the schema versions that they need.

use std::sync::Arc;

use http::HeaderValue;
use http::header::CONTENT_TYPE;

use crate::client::Client;
use crate::codec::batch::{BatchReply, BatchVersion, encode_put};
use crate::error::{Error, ErrorKind, Result};
use crate::operation::{Exchange as _, Operation as _};
use crate::record::RecordSchema;
use crate::schema::OperationSchema;
use crate::transport::Request;

use super::record::ACTION_HEADER;
use super::service::VERSION_HEADER;
use super::{DataHubService, GetRecordsResult, PutRecordsByShard};

const BINARY: HeaderValue = HeaderValue::from_static("application/x-binary");

/// The schema version of blobs.
const BLOB_VERSION: i32 = -1;

/// The topic that records belong to.
#[derive(Clone, Copy)]
pub(super) struct Topic<'a> {
    pub(super) project: &'a str,
    pub(super) topic: &'a str,
}

impl<'a> Topic<'a> {
    pub(super) fn new(project: &'a str, topic: &'a str) -> Self {
        Self { project, topic }
    }
}

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

/// Puts the records as one batch.
pub(super) async fn put(
    operation: &PutRecordsByShard,
    version: BatchVersion,
    client: &Client<DataHubService>,
) -> Result<()> {
    let service = client.service();
    let topic = Topic::new(&operation.project_name, &operation.topic_name);
    let schema_version = match operation.record_list.schema() {
        None => BLOB_VERSION,
        Some(schema) => {
            let known = service.schemas.version_of(client, topic, schema).await?;
            known.ok_or_else(|| {
                Error::new(
                    ErrorKind::NotFound,
                    "the topic has no version with the schema of the records",
                )
                .with_sent(false)
            })?
        }
    };
    let target = format!(
        "/projects/{}/topics/{}/shards/{}",
        operation.project_name, operation.topic_name, operation.shard_id
    );
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
        .decode(|_| Ok(()))
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
    let needed = BatchReply::open(received.body())
        .map(|reply| reply.needed_schemas())
        .unwrap_or_default();
    let lookup = client
        .service()
        .schemas
        .lookup(client, topic, &needed)
        .await?;
    received.decode(|response| {
        let reply = BatchReply::open(&response.body)?;
        Ok(reply
            .records(columns, &|version| lookup.schema_of(version))?
            .into())
    })
}
