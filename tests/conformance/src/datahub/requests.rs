//! Whole requests, as the client builds them.

use std::time::UNIX_EPOCH;

use hubstream::codec::CompressFormat;
use hubstream::credentials::Credentials;
use hubstream::datahub::{DataHubService, GetBlobRecords, Protocol, PutRecords, PutRecordsByShard};
use hubstream::operation::{Exchange, Service as _};
use hubstream::transport::Request;
use serde_json::Value as Json;

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
