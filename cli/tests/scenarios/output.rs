//! What a command said, as scenarios see it.

use std::borrow::Cow;
use std::process::Output;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hubstream::dynamic::Value;
use hubstream::record::{FieldType, RecordSchema};
use hubstream::schema::{ModelSchema, OperationSchema, TypeSchema};
use serde_json::Value as Json;

use crate::run::Outcome;

/// Members of a failure that scenarios look at.
const FACTS: [&str; 11] = [
    "kind",
    "status",
    "code",
    "message",
    "service",
    "operation",
    "http_status",
    "request_id",
    "attempts",
    "retry_after",
    "was_sent",
];

/// Reads the result of an operation, or the facts of its error.
///
/// `columns` are those that records were asked for with.
pub(crate) fn outcome(
    operation: &OperationSchema,
    columns: Option<&RecordSchema>,
    output: &Output,
) -> Result<Outcome, String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    let code = output.status.code();
    if text.is_empty() {
        return refused(code, &told).map(Outcome::Refused);
    }
    let result = decode(&text)?;
    // A put that was taken in part shows its result, too.
    let failed = result.get("failed_record_count").and_then(Json::as_i64);
    let expected = i32::from(failed.is_some_and(|records| records > 0));
    if code != Some(expected) {
        return Err(format!("exit code {code:?}, not {expected}: {told}"));
    }
    value(operation.returns, columns, &result).map(Outcome::Given)
}

fn decode(text: &str) -> Result<Json, String> {
    serde_json::from_str(text).map_err(|error| format!("{error}: {text}"))
}

fn refused(code: Option<i32>, told: &str) -> Result<Value, String> {
    let facts = decode(told)?;
    let kind = facts.get("kind").and_then(Json::as_str).unwrap_or_default();
    let expected = match kind {
        "invalid_argument" => 2,
        "unauthenticated" | "permission_denied" => 3,
        "not_found" => 4,
        "rate_limited" => 5,
        "unavailable" | "timeout" | "connection" => 6,
        "" => return Err(format!("not a failed call: {told}")),
        _ => 1,
    };
    if code != Some(expected) {
        return Err(format!("exit code {code:?}, not {expected}: {told}"));
    }
    let argument = facts
        .get("context")
        .and_then(|context| context.get("argument"));
    let members = FACTS.iter().map(|name| match (*name, &facts[name]) {
        ("message", Json::String(message)) => (*name, Value::Text(by_record(message))),
        (name, fact) => (name, plain(fact)),
    });
    Ok(Value::map(members.chain([(
        "argument",
        argument.map_or(Value::Null, plain),
    )])))
}

/// A message as other clients have it: the command line counts lines from 1, they count records from 0.
fn by_record(message: &str) -> String {
    let place = message.strip_prefix("line ").and_then(|rest| {
        let (line, problem) = rest.split_once(": ")?;
        Some((line.parse::<usize>().ok()?, problem))
    });
    match place {
        Some((line, problem)) => format!("record {}, {problem}", line - 1),
        None => message.to_owned(),
    }
}

/// A result by its type.
fn value(ty: TypeSchema, columns: Option<&RecordSchema>, json: &Json) -> Result<Value, String> {
    let value = |ty, json| value(ty, columns, json);
    Ok(match (ty, json) {
        (_, Json::Null) => Value::Null,
        (TypeSchema::Optional(inner), json) => value(*inner, json)?,
        (TypeSchema::List(inner), Json::Array(items)) => {
            let items = items.iter().map(|item| value(*inner, item));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        (TypeSchema::Map(inner), Json::Object(members)) => {
            let members = members.iter();
            let members = members.map(|(name, json)| Ok((name.clone(), value(*inner, json)?)));
            Value::map(members.collect::<Result<Vec<_>, String>>()?)
        }
        (TypeSchema::Model(model), Json::Object(_)) => members(model, columns, json)?,
        (TypeSchema::Union(union), Json::Object(_)) => {
            let kind = json["kind"].as_str();
            let mut models = union.models.iter();
            let model = models.find(|model| Some(model.name) == kind);
            members(
                model.ok_or_else(|| format!("no model {kind:?}"))?,
                columns,
                json,
            )?
        }
        (TypeSchema::Records, Json::Array(records)) => {
            let records = records.iter().map(|json| record(columns, json));
            Value::List(records.collect::<Result<_, _>>()?)
        }
        (TypeSchema::RecordSchema, Json::Object(_)) => {
            let schema = RecordSchema::from_json(&json.to_string());
            Value::RecordSchema(Arc::new(schema.map_err(|error| error.to_string())?))
        }
        (_, json) => plain(json),
    })
}

fn members(
    model: &ModelSchema,
    columns: Option<&RecordSchema>,
    json: &Json,
) -> Result<Value, String> {
    let members = json.as_object().into_iter().flatten().map(|(name, json)| {
        let field = model.fields.iter().find(|field| field.name == name);
        let ty = field.map_or(TypeSchema::Text, |field| field.ty);
        Ok((Cow::Owned(name.clone()), value(ty, columns, json)?))
    });
    members.collect::<Result<_, String>>().map(Value::Map)
}

fn record(columns: Option<&RecordSchema>, json: &Json) -> Result<Value, String> {
    let members = json.as_object().into_iter().flatten();
    let mut members = members
        .map(|(name, json)| match (name.as_str(), json) {
            ("values", Json::Object(values)) => {
                let values = values.iter().map(|(name, json)| cell(columns, name, json));
                Ok(("values", Value::List(values.collect())))
            }
            ("text", Json::String(text)) => Ok(("data", Value::Bytes(text.clone().into()))),
            ("data", Json::String(text)) => {
                let bytes = STANDARD.decode(text).map_err(|error| error.to_string())?;
                Ok(("data", Value::Bytes(bytes.into())))
            }
            (name, json) => Ok((name, plain(json))),
        })
        .collect::<Result<Vec<_>, String>>()?;
    if !members.iter().any(|(name, _)| *name == "attributes") {
        members.push(("attributes", Value::Map(Vec::new())));
    }
    let owned = members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    Ok(Value::map(owned))
}

/// The value of a column. Numbers of 32 bits are shown by their shortest digits, and those that JSON does
/// not have as texts.
fn cell(columns: Option<&RecordSchema>, name: &str, json: &Json) -> Value {
    let place = columns.and_then(|columns| Some((columns, columns.position(name)?)));
    let kind = place.map(|(columns, place)| columns.fields()[place].field_type);
    let digits = match json {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    match kind {
        Some(FieldType::Float) => digits
            .parse::<f32>()
            .map_or(Value::Null, |number| Value::Double(number.into())),
        Some(FieldType::Double) => digits.parse().map_or(Value::Null, Value::Double),
        _ => plain(json),
    }
}

/// A value by the form of its JSON alone.
fn plain(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Boolean(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Value::Integer(number),
            (None, number) => Value::Double(number.unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(plain).collect()),
        Json::Object(members) => {
            let members = members.iter();
            Value::map(members.map(|(name, json)| (name.clone(), plain(json))))
        }
    }
}
