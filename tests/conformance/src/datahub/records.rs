//! Schemas, records and values in the notation of the vectors.

use std::sync::Arc;

use hubstream::codec::GetReply;
use hubstream::record::{
    Comment, Field, FieldType, Record, RecordBatch, RecordBatchBuilder, RecordSchema, Value,
};
use serde_json::{Value as Json, json};

use crate::vectors::{bytes, same, same_bytes, text};

/// A schema; `None` for blobs.
pub(super) fn schema(notation: &Json) -> Result<Option<Arc<RecordSchema>>, String> {
    let Some(fields) = notation.as_array() else {
        return Ok(None);
    };
    let fields = fields.iter().map(field).collect::<Result<Vec<_>, _>>()?;
    RecordSchema::new(fields)
        .map(|schema| Some(Arc::new(schema)))
        .map_err(|error| error.to_string())
}

fn field(notation: &Json) -> Result<Field, String> {
    let kind = notation["type"].as_str().unwrap_or_default();
    let kind = FieldType::from_name(kind).ok_or_else(|| format!("unknown type {kind}"))?;
    let mut field = Field::new(notation["name"].as_str().unwrap_or_default(), kind);
    if notation["allow_null"] == false {
        field = field.not_null();
    }
    match &notation["comment"] {
        Json::Null => {}
        Json::String(comment) => field = field.with_comment(comment.as_str()),
        other => field.comment = comment_of(other)?,
    }
    Ok(field)
}

/// A comment that is no text, which only the text of a schema can hold.
fn comment_of(comment: &Json) -> Result<Comment, String> {
    let text = json!({"fields": [{"name": "a", "type": "STRING", "comment": comment}]}).to_string();
    let schema = RecordSchema::from_json(&text).map_err(|error| error.to_string())?;
    Ok(schema.fields()[0].comment.clone())
}

/// A batch of the records of an input.
pub(super) fn batch(input: &Json) -> Result<RecordBatch, String> {
    let schema = schema(&input["schema"])?;
    let mut builder = match &schema {
        None => RecordBatchBuilder::blobs(),
        Some(schema) => RecordBatchBuilder::tuples(Arc::clone(schema)),
    };
    for record in input["records"].as_array().into_iter().flatten() {
        push(&mut builder, schema.as_deref(), record)?;
    }
    builder.build().map_err(|error| error.to_string())
}

fn push(
    builder: &mut RecordBatchBuilder,
    schema: Option<&RecordSchema>,
    record: &Json,
) -> Result<(), String> {
    let error = |error: hubstream::error::Error| error.to_string();
    match schema {
        None => builder.push_blob(&bytes(&record["data"])?).map_err(error)?,
        Some(schema) => {
            let values = record["values"]
                .as_array()
                .ok_or("a tuple record without values")?;
            builder.begin_row().map_err(error)?;
            for (field, notation) in schema.fields().iter().zip(values) {
                push_value(builder, field.field_type, notation)?;
            }
            // Of what type they are matters no more: there are too many.
            for _ in schema.len()..values.len() {
                builder.push(Value::Null).map_err(error)?;
            }
            builder.end_row().map_err(error)?;
        }
    }
    builder
        .set_attributes(attributes(&record["attributes"])?)
        .map_err(error)?;
    for (name, set) in [
        (
            "shard_id",
            RecordBatchBuilder::set_shard_id as fn(&mut _, &str) -> _,
        ),
        ("hash_key", RecordBatchBuilder::set_hash_key),
        ("partition_key", RecordBatchBuilder::set_partition_key),
    ] {
        if let Some(key) = record[name].as_str() {
            set(builder, key).map_err(error)?;
        }
    }
    Ok(())
}

fn attributes(notation: &Json) -> Result<Vec<(String, String)>, String> {
    let pairs = notation.as_array().into_iter().flatten();
    pairs
        .map(|pair| Ok((text(&pair[0])?, text(&pair[1])?)))
        .collect()
}

fn push_value(
    builder: &mut RecordBatchBuilder,
    kind: FieldType,
    notation: &Json,
) -> Result<(), String> {
    let owned = owned_text(kind, notation)?;
    builder
        .push(value(kind, notation, &owned)?)
        .map_err(|error| error.to_string())
}

/// The text of a value that has one.
fn owned_text(kind: FieldType, notation: &Json) -> Result<String, String> {
    if kind.is_text() && !notation.is_null() {
        text(notation)
    } else {
        Ok(String::new())
    }
}

fn value<'a>(kind: FieldType, notation: &Json, text: &'a str) -> Result<Value<'a>, String> {
    fn integer<T: std::str::FromStr>(notation: &Json) -> Result<T, String> {
        let text = notation
            .as_str()
            .ok_or_else(|| format!("not an integer: {notation}"))?;
        text.parse()
            .map_err(|_| format!("not an integer of the type: {text}"))
    }
    let bits = |digits: usize| {
        let text = notation["bits"]
            .as_str()
            .filter(|text| text.len() == digits);
        text.and_then(|text| u64::from_str_radix(text, 16).ok())
            .ok_or_else(|| format!("no bits in {notation}"))
    };
    if notation.is_null() {
        return Ok(Value::Null);
    }
    Ok(match kind {
        FieldType::TinyInt => Value::TinyInt(integer(notation)?),
        FieldType::SmallInt => Value::SmallInt(integer(notation)?),
        FieldType::Integer => Value::Integer(integer(notation)?),
        FieldType::BigInt => Value::BigInt(integer(notation)?),
        FieldType::Timestamp => Value::Timestamp(integer(notation)?),
        FieldType::Float => Value::Float(f32::from_bits(bits(8)? as u32)),
        FieldType::Double => Value::Double(f64::from_bits(bits(16)?)),
        FieldType::Boolean => Value::Boolean(notation.as_bool().ok_or("not a boolean")?),
        FieldType::String => Value::String(text),
        FieldType::Decimal => Value::Decimal(text),
        FieldType::Json => Value::Json(text),
        _ => return Err(format!("the vectors do not know {kind}")),
    })
}

/// Whether two values are the same to the bit; NaN is NaN, decimals are compared as numbers.
fn is_same(a: Value<'_>, b: Value<'_>) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => {
            a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
        }
        (Value::Double(a), Value::Double(b)) => {
            a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
        }
        (Value::Decimal(a), Value::Decimal(b)) => number(a) == number(b),
        _ => a == b,
    }
}

/// Sign, digits without zeros at the ends, and the power of ten of the last digit.
fn number(text: &str) -> (bool, String, i64) {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = text.to_ascii_lowercase();
    let (mantissa, exponent) = lower.split_once('e').unwrap_or((&lower, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let kept = digits.trim_end_matches('0');
    if kept.trim_start_matches('0').is_empty() {
        return (false, String::new(), 0);
    }
    let exponent: i64 = exponent.parse().expect("an exponent");
    let cut = (digits.len() - kept.len()) as i64;
    (
        negative,
        kept.trim_start_matches('0').to_owned(),
        exponent - fraction.len() as i64 + cut,
    )
}

/// Reads everything of some records, so that whatever cannot be read shows.
pub(super) fn read_all(records: &RecordBatch) -> hubstream::error::Result<()> {
    for record in records {
        if record.schema().is_none() {
            record.blob()?;
        }
        for value in record.values() {
            value?;
        }
    }
    Ok(())
}

/// Compares records with the notation of the vectors: only what is named there.
pub(super) fn same_records(expected: &Json, actual: &RecordBatch) -> Result<(), String> {
    let expected = expected.as_array().ok_or("no list of records")?;
    same("the number of records", &expected.len(), &actual.len())?;
    for (row, (expected, actual)) in expected.iter().zip(actual).enumerate() {
        same_record(expected, &actual)
            .map_err(|difference| format!("record {row}: {difference}"))?;
    }
    Ok(())
}

fn same_record(expected: &Json, actual: &Record<'_>) -> Result<(), String> {
    if expected.get("data").is_some() {
        same_bytes(
            &expected["data"],
            actual.blob().map_err(|error| error.to_string())?,
        )?;
    } else {
        same_values(&expected["values"], actual)?;
    }
    let found: Vec<_> = actual
        .attributes()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    same("attributes", &attributes(&expected["attributes"])?, &found)?;
    for (name, found) in [
        ("cursor", actual.cursor()),
        ("next_cursor", actual.next_cursor()),
        ("shard_id", actual.shard_id()),
        ("hash_key", actual.hash_key()),
        ("partition_key", actual.partition_key()),
    ] {
        if let Some(expected) = expected.get(name) {
            same(name, &expected.as_str(), &found)?;
        }
    }
    for (name, found) in [
        ("sequence", actual.sequence()),
        ("system_time", actual.system_time()),
    ] {
        if let Some(expected) = expected.get(name) {
            same(name, &big(expected), &Some(found))?;
        }
    }
    let serial = actual.serial().map(u64::from);
    for (name, found) in [
        ("batch_index", Some(actual.batch_index().into())),
        ("batch_size", Some(actual.batch_size().into())),
        ("serial", serial),
    ] {
        if let Some(expected) = expected.get(name) {
            same(name, &expected.as_u64(), &found)?;
        }
    }
    Ok(())
}

fn same_values(expected: &Json, actual: &Record<'_>) -> Result<(), String> {
    let expected = expected.as_array().ok_or("no list of values")?;
    let schema = actual.schema().ok_or("expected a tuple, got a blob")?;
    same("the number of values", &expected.len(), &schema.len())?;
    for ((field, expected), found) in schema.fields().iter().zip(expected).zip(actual.values()) {
        let found = found.map_err(|error| error.to_string())?;
        let owned = owned_text(field.field_type, expected)?;
        let wanted = value(field.field_type, expected, &owned)?;
        if !is_same(wanted, found) {
            return Err(format!(
                "field {}: expected {wanted:?}, got {found:?}",
                field.name
            ));
        }
    }
    Ok(())
}

/// A 64-bit integer, which the vectors write as text.
pub(super) fn big(notation: &Json) -> Option<i64> {
    notation.as_str()?.parse().ok()
}

/// Compares the reply to a get.
pub(super) fn same_reply(expected: &Json, actual: &GetReply) -> Result<(), String> {
    same(
        "next_cursor",
        &expected["next_cursor"].as_str(),
        &Some(actual.next_cursor.as_str()),
    )?;
    same(
        "record_count",
        &expected["record_count"].as_u64(),
        &Some(actual.record_count as u64),
    )?;
    if let Some(expected) = expected
        .get("start_sequence")
        .filter(|expected| !expected.is_null())
    {
        same("start_sequence", &big(expected), &Some(actual.start_seq))?;
    }
    for (name, found) in [
        ("latest_sequence", actual.latest_seq),
        ("latest_time", actual.latest_time),
    ] {
        if let Some(expected) = expected.get(name) {
            same(name, &big(expected), &found)?;
        }
    }
    same_records(&expected["records"], &actual.records)
}

/// Compares the reply to a put.
pub(super) fn same_put_reply(
    expected: &Json,
    actual: &hubstream::codec::PutReply,
) -> Result<(), String> {
    same(
        "failed_count",
        &expected["failed_count"].as_i64(),
        &Some(actual.failed_record_count.into()),
    )?;
    let found: Vec<_> = actual
        .failed_records
        .iter()
        .map(|record| {
            serde_json::json!({
                "index": record.index,
                "error_code": record.error_code,
                "error_message": record.error_message,
            })
        })
        .collect();
    same(
        "failed_records",
        &expected["failed_records"],
        &Json::from(found),
    )
}
