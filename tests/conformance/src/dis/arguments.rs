//! Arguments and results of operations as the cases write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hubstream::dynamic;
use hubstream::record::{RecordBatch, RecordBatchBuilder};
use serde_json::{Map, Value};

/// A text member of a case.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, String> {
    value[name]
        .as_str()
        .ok_or_else(|| format!("the case has no text `{name}`"))
}

/// The time of a date of the form `20240102T030405Z`.
pub(super) fn time(date: &str) -> Result<SystemTime, String> {
    let part = |range: std::ops::Range<usize>| -> Result<u64, String> {
        let digits = date.get(range).ok_or("a short date")?;
        digits.parse().map_err(|_| format!("{digits:?} in a date"))
    };
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let years: u64 = (1970..year)
        .map(|year| if is_leap(year) { 366 } else { 365 })
        .sum();
    let lengths = [
        31,
        if is_leap(year) { 29 } else { 28 },
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let months: u64 = lengths.iter().take(month.saturating_sub(1) as usize).sum();
    let days = years + months + day - 1;
    let seconds = part(9..11)? * 3600 + part(11..13)? * 60 + part(13..15)?;
    Ok(UNIX_EPOCH + Duration::from_secs(days * 86_400 + seconds))
}

/// The arguments of an operation: `params` and `body` of a call, under the names of this library.
pub(super) fn arguments(call: &Value) -> Result<dynamic::Value, String> {
    let mut members = Vec::new();
    for group in ["params", "body"] {
        let Some(group) = call[group].as_object() else {
            continue;
        };
        for (name, value) in group {
            let name = match name.as_str() {
                "start_partitionId" => "start_partition_id".to_owned(),
                other => other.replace('-', "_"),
            };
            if members.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let value = if name == "records" {
                dynamic::Value::Records(records(value)?)
            } else {
                dynamic_value(value)
            };
            members.push((name, value));
        }
    }
    Ok(dynamic::Value::map(members))
}

fn records(value: &Value) -> Result<RecordBatch, String> {
    let mut builder = RecordBatchBuilder::blobs();
    for entry in value.as_array().ok_or("records are no list")? {
        fill(&mut builder, entry).map_err(|error| error.clone())?;
    }
    builder.build().map_err(|error| error.to_string())
}

fn fill(builder: &mut RecordBatchBuilder, entry: &Value) -> Result<(), String> {
    let refused = |error: hubstream::error::Error| error.to_string();
    let data = STANDARD
        .decode(text(entry, "data")?)
        .map_err(|error| error.to_string())?;
    builder.push_blob(&data).map_err(refused)?;
    for (name, value) in entry.as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        match name.as_str() {
            "data" => {}
            "partition_key" => builder.set_partition_key(value).map_err(refused)?,
            "explicit_hash_key" => builder.set_hash_key(value).map_err(refused)?,
            "partition_id" => builder.set_shard_id(value).map_err(refused)?,
            other => return Err(format!("a record with `{other}`")),
        }
    }
    Ok(())
}

fn dynamic_value(value: &Value) -> dynamic::Value {
    match value {
        Value::Null => dynamic::Value::Null,
        Value::Bool(value) => dynamic::Value::Boolean(*value),
        Value::Number(number) => number.as_i64().map_or_else(
            || dynamic::Value::Double(number.as_f64().unwrap_or(f64::NAN)),
            dynamic::Value::Integer,
        ),
        Value::String(text) => dynamic::Value::Text(text.clone()),
        Value::Array(values) => dynamic::Value::List(values.iter().map(dynamic_value).collect()),
        Value::Object(map) => dynamic::Value::map(
            map.iter()
                .map(|(name, value)| (name.clone(), dynamic_value(value))),
        ),
    }
}

/// A result as JSON; absent members are left out.
pub(super) fn json(value: &dynamic::Value) -> Value {
    match value {
        dynamic::Value::Boolean(value) => Value::from(*value),
        dynamic::Value::Integer(value) | dynamic::Value::Long(value) => Value::from(*value),
        dynamic::Value::Double(value) => Value::from(*value),
        dynamic::Value::Text(text) => Value::from(text.as_str()),
        dynamic::Value::List(values) => values.iter().map(json).collect(),
        dynamic::Value::Map(members) => Value::Object(
            members
                .iter()
                .filter(|(_, value)| !matches!(value, dynamic::Value::Null))
                .map(|(name, value)| (name.to_string(), json(value)))
                .collect::<Map<_, _>>(),
        ),
        dynamic::Value::Records(batch) => json_records(batch),
        _ => Value::Null,
    }
}

fn json_records(batch: &RecordBatch) -> Value {
    batch
        .iter()
        .map(|record| {
            let mut map = Map::new();
            let data = record.blob().map(|blob| STANDARD.encode(blob));
            map.insert("data".to_owned(), Value::from(data.unwrap_or_default()));
            map.insert(
                "sequence_number".to_owned(),
                Value::from(record.sequence().to_string()),
            );
            map.insert("timestamp".to_owned(), Value::from(record.system_time()));
            if let Some(key) = record.partition_key() {
                map.insert("partition_key".to_owned(), Value::from(key));
            }
            Value::Object(map)
        })
        .collect()
}
