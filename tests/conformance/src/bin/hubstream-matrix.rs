//! hubstream's Rust client as a reader and writer of the interop matrix: `tests/interop/matrix/README.md` says what it is
//! asked for.

use std::error::Error;
use std::io::{self, BufRead as _, Write as _};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hubstream::config::Settings;
use hubstream::datahub::{
    CursorType, DataHub, GetBlobRecords, GetCursor, GetTopic, GetTupleRecords, PutRecords,
    PutRecordsByShard,
};
use hubstream::record::{Record, RecordBatch, RecordBatchBuilder, RecordSchema, Value};
use serde_json::{Map, Value as Json, json};

const SHARD: &str = "0";

type Failure = Box<dyn Error>;

/// A topic, as the service describes it, and how to talk about it.
struct Place {
    hub: DataHub,
    project: String,
    topic: String,
    protocol: String,
    /// Absent for blobs.
    schema: Option<Arc<RecordSchema>>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["prepare"] => Ok(()),
        ["write", place @ ..] => write(&find(place).await?).await,
        ["read", place @ ..] => read(&find(place).await?).await,
        _ => Err("neither prepare, write nor read is asked for".into()),
    }
}

async fn find(arguments: &[&str]) -> Result<Place, Failure> {
    let [endpoint, project, topic, protocol] = arguments else {
        return Err("an endpoint, a project, a topic and a protocol are needed".into());
    };
    let mut settings = Settings::from_env("datahub")?;
    settings.set("endpoint", endpoint)?;
    let (name, version) = match *protocol {
        "batch0" => ("batch", "0"),
        "pb" => ("protobuf", "1"),
        "batch1" => ("batch", "1"),
        other => (other, "1"),
    };
    settings.set("protocol", name)?;
    settings.set("batch_version", version)?;
    let hub = DataHub::new(DataHub::from_settings(settings))?;
    let found = hub.get_topic(GetTopic::new(*project, *topic)).await?;
    Ok(Place {
        hub,
        project: (*project).to_owned(),
        topic: (*topic).to_owned(),
        protocol: (*protocol).to_owned(),
        schema: found.record_schema,
    })
}

async fn write(place: &Place) -> Result<(), Failure> {
    let records = records(place)?;
    if place.protocol != "json" {
        let put = PutRecordsByShard::new(&place.project, &place.topic, SHARD, records);
        place.hub.put_records_by_shard(put).await?;
        return Ok(());
    }
    let put = PutRecords::new(&place.project, &place.topic, records);
    let result = place.hub.put_records(put).await?;
    match result.failed_records.first() {
        Some(failed) => Err(format!("record {}: {}", failed.index, failed.error_message).into()),
        None => Ok(()),
    }
}

/// The records of the standard input.
fn records(place: &Place) -> Result<RecordBatch, Failure> {
    let mut builder = match &place.schema {
        Some(schema) => RecordBatchBuilder::tuples(Arc::clone(schema)),
        None => RecordBatchBuilder::blobs(),
    };
    for line in io::stdin().lock().lines() {
        let record: Json = serde_json::from_str(&line?)?;
        match record["values"].as_array() {
            Some(values) => push_row(&mut builder, values)?,
            None => {
                let data = record["data"].as_str().ok_or("there is no data")?;
                builder.push_blob(&BASE64_STANDARD.decode(data)?)?;
            }
        }
        let attributes = record["attributes"]
            .as_object()
            .ok_or("there are no attributes")?;
        let attributes = attributes
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()));
        builder.set_attributes(attributes)?;
        builder.set_shard_id(SHARD)?;
    }
    Ok(builder.build()?)
}

fn push_row(builder: &mut RecordBatchBuilder, values: &[Json]) -> Result<(), Failure> {
    builder.begin_row()?;
    for value in values {
        match value {
            Json::Null => builder.push_null()?,
            Json::Bool(value) => builder.push_boolean(*value)?,
            Json::String(text) => builder.push_text(text)?,
            _ => return Err("a value is neither null, a boolean nor a text".into()),
        }
    }
    Ok(builder.end_row()?)
}

async fn read(place: &Place) -> Result<(), Failure> {
    let oldest = GetCursor::new(&place.project, &place.topic, SHARD, CursorType::Oldest);
    let mut cursor = place.hub.get_cursor(oldest).await?.cursor;
    loop {
        let (records, next) = get(place, &cursor).await?;
        if records.is_empty() {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        for record in &records {
            writeln!(out, "{}", line(&record)?)?;
        }
        cursor = next;
    }
}

async fn get(place: &Place, cursor: &str) -> Result<(RecordBatch, String), Failure> {
    let (project, topic) = (&place.project, &place.topic);
    let result = match &place.schema {
        Some(schema) => {
            let get = GetTupleRecords::new(project, topic, SHARD)
                .record_schema(Arc::clone(schema))
                .cursor(cursor);
            place.hub.get_tuple_records(get).await?
        }
        None => {
            let get = GetBlobRecords::new(project, topic, SHARD, cursor);
            place.hub.get_blob_records(get).await?
        }
    };
    Ok((result.records, result.next_cursor))
}

fn line(record: &Record<'_>) -> Result<Json, Failure> {
    let attributes: Map<String, Json> = record
        .attributes()
        .map(|(key, value)| (key.to_owned(), value.into()))
        .collect();
    if record.schema().is_none() {
        let data = BASE64_STANDARD.encode(record.blob()?);
        return Ok(json!({ "data": data, "attributes": attributes }));
    }
    let values: Vec<Json> = record
        .values()
        .map(|value| {
            Ok(match value? {
                Value::Null => Json::Null,
                Value::Boolean(value) => value.into(),
                other => other.to_string().into(),
            })
        })
        .collect::<Result<_, Failure>>()?;
    Ok(json!({ "values": values, "attributes": attributes }))
}
