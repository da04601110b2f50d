//! Whole requests, as the client builds them.

use std::time::UNIX_EPOCH;

use http::{HeaderMap, StatusCode};
use hubstream::codec::{BatchVersion, CompressFormat};
use hubstream::credentials::Credentials;
use hubstream::datahub::{
    DataHub, DataHubService, GetBlobRecords, Protocol, PutRecords, PutRecordsByShard,
};
use hubstream::operation::{Exchange, Service as _};
use hubstream::transport::stub::Script;
use hubstream::transport::{Request, Response};
use serde_json::{Value as Json, json};

use super::records;
use crate::vectors::same;

/// A client's service for a protocol and a compression.
pub(super) fn service(protocol: Protocol, compress_format: CompressFormat) -> DataHubService {
    DataHubService::new(protocol, compress_format)
}

fn built(
    operation: &impl Exchange<Service = DataHubService>,
    service: &DataHubService,
) -> Result<Request, String> {
    operation.validate().map_err(|error| error.to_string())?;
    let mut request = operation
        .encode(service)
        .map_err(|error| error.to_string())?;
    let credentials = Credentials::new("id", "key");
    service
        .sign(&mut request, "http://localhost", &credentials, UNIX_EPOCH)
        .map_err(|error| error.to_string())?;
    Ok(request)
}

fn name(input: &Json, member: &str) -> String {
    input[member].as_str().unwrap_or_default().to_owned()
}

/// The request of a put or get in the notation of the vectors.
pub(super) fn request(input: &Json, service: &DataHubService) -> Result<Request, String> {
    let (project, topic, shard) = (
        name(input, "project"),
        name(input, "topic"),
        name(input, "shard_id"),
    );
    match input["op"].as_str() {
        Some("put_records") => built(
            &PutRecords::new(project, topic, records::batch(input)?),
            service,
        ),
        Some("put_records_by_shard") => built(
            &PutRecordsByShard::new(project, topic, shard, records::batch(input)?),
            service,
        ),
        Some("get_records" | "get_request") => {
            let mut get = GetBlobRecords::new(project, topic, shard, name(input, "cursor"));
            get.limit_num = input["limit"]
                .as_i64()
                .and_then(|limit| limit.try_into().ok())
                .unwrap_or_default();
            get.sub_id = input["sub_id"].as_str().map(str::to_owned);
            built(&get, service)
        }
        operation => Err(format!("unknown operation {operation:?}")),
    }
}

/// The request of a put in batch mode, as a client sends it that finds the schema version of an
/// input in the registry of the topic.
pub(super) fn batch_put(input: &Json, version: BatchVersion) -> Result<Request, String> {
    let error = |error: hubstream::error::Error| error.to_string();
    let script = Script::new(registry_replies(input)?.into_iter().map(Ok));
    let number = u8::from(version == BatchVersion::V1);
    let builder = DataHub::builder("http://localhost")
        .credentials(Credentials::new("id", "key"))
        .set("protocol", "batch")
        .set("batch_version", number)
        .set("compress_format", name(input, "compress"))
        .transport(script.clone());
    let hub = DataHub::new(builder).map_err(error)?;
    let put = PutRecordsByShard::new(
        name(input, "project"),
        name(input, "topic"),
        name(input, "shard_id"),
        records::batch(input)?,
    );
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?
        .block_on(hub.put_records_by_shard(put))
        .map_err(error)?;
    let last = script.requests().pop();
    last.ok_or_else(|| "nothing was sent".to_owned())
}

/// What the service answers: to GetTopic and ListSchema for tuples, and to the put.
fn registry_replies(input: &Json) -> Result<Vec<Response>, String> {
    let reply = |body: Json| Response {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: body.to_string().into(),
    };
    let mut replies = Vec::new();
    if let Some(schema) = records::schema(&input["schema"])? {
        let schema = schema.to_json();
        replies.push(reply(json!({
            "Comment": "", "CreateTime": 1, "LastModifyTime": 1, "Lifecycle": 1, "ShardCount": 1,
            "RecordType": "TUPLE", "RecordSchema": schema, "EnableSchemaRegistry": true,
        })));
        let version = &input["schema_version"];
        replies.push(reply(json!({
            "PageCount": 1, "PageNumber": 1, "PageSize": 100, "TotalCount": 1,
            "RecordSchemaList": [
                {"VersionId": version, "RecordSchema": schema, "CreateTime": 1, "Creator": "u"},
            ],
        })));
    }
    replies.push(reply(json!({})));
    Ok(replies)
}

/// Compares method, path and the headers that are named.
pub(super) fn same_head(expected: &Json, request: &Request) -> Result<(), String> {
    same(
        "method",
        &expected["method"].as_str(),
        &Some(request.method.as_str()),
    )?;
    same(
        "path",
        &expected["path"].as_str(),
        &Some(request.target.as_str()),
    )?;
    same_headers(&expected["headers"], request)
}

/// Compares the headers that are named; `null` and an empty text stand for one that is absent.
pub(super) fn same_headers(expected: &Json, request: &Request) -> Result<(), String> {
    for (name, expected) in expected.as_object().into_iter().flatten() {
        let found = request
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok());
        same(
            name,
            &expected.as_str().unwrap_or_default(),
            &found.unwrap_or_default(),
        )?;
    }
    Ok(())
}
