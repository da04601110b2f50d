//! Calls that put and get records, in each of their encodings.

use bytes::Bytes;
use serde::Deserialize;

use super::batch::Layout;
use super::call::{Call, Reply};
use super::error::Error;
use super::log::Content;
use super::members::Members;
use super::put::{self, Expected};
use super::{DataHub, batch, frame, read, record_json, record_protobuf};

/// Reads no more of a body than its action.
pub(super) fn json_action(body: &[u8]) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(rename = "Action", borrow)]
        action: Option<std::borrow::Cow<'a, str>>,
    }
    match serde_json::from_slice::<Body<'_>>(body) {
        Ok(body) => Ok(body.action.unwrap_or_default().to_ascii_lowercase()),
        // Tells what is wrong with it.
        Err(_) => Members::parse(body)?.action(),
    }
}

fn expected(service: &DataHub, call: &Call<'_>) -> Result<Expected, Error> {
    service.with_state(|state| state.topic(call.project, call.topic).map(Expected::of))
}

pub(super) fn put_json(service: &DataHub, call: &Call<'_>, body: &Bytes) -> Result<Reply, Error> {
    let expected = expected(service, call)?;
    let incoming = record_json::read(body, &expected)?;
    let failed = service.with_state(|state| put::to_topic(call, state, incoming))?;
    Ok(record_json::put_reply(&failed))
}

pub(super) fn put_protobuf(
    service: &DataHub,
    call: &Call<'_>,
    body: &Bytes,
) -> Result<Reply, Error> {
    let expected = expected(service, call)?;
    let entries = record_protobuf::entries(&frame::open(body)?)?;
    let incoming = entries
        .iter()
        .map(|entry| record_protobuf::read(entry, &expected))
        .collect::<Result<_, _>>()?;
    let failed = service.with_state(|state| put::to_topic(call, state, incoming))?;
    Ok(Reply::protobuf(record_protobuf::put_reply(&failed)))
}

pub(super) fn put_protobuf_to_shard(
    service: &DataHub,
    call: &Call<'_>,
    shard: &str,
    body: &Bytes,
) -> Result<Reply, Error> {
    let expected = expected_of_shard(service, call, shard)?;
    let entries = record_protobuf::entries(&frame::open(body)?)?;
    let contents = entries
        .iter()
        .map(|entry| {
            record_protobuf::read(entry, &expected)?
                .record
                .map(Content::Record)
        })
        .collect::<Result<_, _>>()?;
    service.with_state(|state| put::to_shard(call, state, shard, contents))?;
    Ok(Reply::protobuf(record_protobuf::put_reply(&[])))
}

pub(super) fn put_batch_to_shard(
    service: &DataHub,
    call: &Call<'_>,
    shard: &str,
    body: &Bytes,
) -> Result<Reply, Error> {
    expected_of_shard(service, call, shard)?;
    let entries = record_protobuf::entries(&frame::open(body)?)?;
    let contents = entries
        .iter()
        .map(|entry| batch::read(entry).map(Content::Batch))
        .collect::<Result<_, _>>()?;
    service.with_state(|state| put::to_shard(call, state, shard, contents))?;
    Ok(Reply::binary(record_protobuf::put_reply(&[])))
}

fn expected_of_shard(service: &DataHub, call: &Call<'_>, shard: &str) -> Result<Expected, Error> {
    service.with_state(|state| {
        let topic = state
            .topic(call.project, call.topic)
            .map_err(put::as_for_put)?;
        put::shard_for_put(call, topic, shard)?;
        Ok(Expected::of(topic))
    })
}

pub(super) fn get_json(
    service: &DataHub,
    call: &Call<'_>,
    shard: &str,
    body: &Members,
) -> Result<Reply, Error> {
    let cursor = body.required_text("Cursor")?;
    let limit = body.integer("Limit")?.unwrap_or(1);
    let page = service.with_state(|state| read::page(call, state, shard, cursor, limit))?;
    record_json::get_reply(&page)
}

pub(super) fn get_protobuf(
    service: &DataHub,
    call: &Call<'_>,
    shard: &str,
    body: &Bytes,
) -> Result<Reply, Error> {
    let request = record_protobuf::get_request(&frame::open(body)?)?;
    let page = service
        .with_state(|state| read::page(call, state, shard, &request.cursor, request.limit))?;
    Ok(Reply::protobuf(record_protobuf::get_reply(&page)?))
}

pub(super) fn get_batches(
    service: &DataHub,
    call: &Call<'_>,
    shard: &str,
    body: &Bytes,
    layout: Layout,
) -> Result<Reply, Error> {
    let request = record_protobuf::get_request(&frame::open(body)?)?;
    let page = service.with_state(|state| {
        read::batches(call, state, shard, &request.cursor, request.limit, layout)
    })?;
    Ok(Reply::binary(record_protobuf::batch_reply(&page)))
}
