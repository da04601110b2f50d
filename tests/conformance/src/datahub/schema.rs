//! `schema.json`.

use std::sync::Arc;

use hubstream::record::{RecordSchema, SchemaRegistry};
use serde_json::Value as Json;

use super::records;
use crate::vectors::{Case, Outcome, Verdict, must_fail, same};

pub(super) fn check(case: &Case) -> Verdict {
    match case.operation() {
        "schema_to_text" => to_text(case),
        "schema_from_text" => from_text(case),
        "registry" => registry(case),
        _ => Ok(Outcome::NotBuilt),
    }
}

fn to_text(case: &Case) -> Verdict {
    let schema = records::schema(&case.input()["schema"])?.ok_or("no schema")?;
    let written = serde_json::from_str(&schema.to_json()).map_err(|error| error.to_string())?;
    same(
        "the schema",
        &comparable(&case.expected()["parsed"]),
        &comparable(&written),
    )?;
    let read = RecordSchema::from_json(&schema.to_json()).map_err(|error| error.to_string())?;
    same("the schema read back", schema.as_ref(), &read)?;
    Ok(Outcome::Passed)
}

/// The text of a schema without what it may say in several ways: the case of types, what is not set.
fn comparable(schema: &Json) -> Json {
    let mut schema = schema.clone();
    for field in schema["fields"].as_array_mut().into_iter().flatten() {
        if field.get("comment").is_none() {
            field["comment"] = "".into();
        }
        if let Some(kind) = field["type"].as_str().map(str::to_ascii_uppercase) {
            field["type"] = kind.into();
        }
        if let Some(field) = field.as_object_mut()
            && field.get("notnull") == Some(&Json::Bool(false))
        {
            field.remove("notnull");
        }
    }
    schema
}

fn from_text(case: &Case) -> Verdict {
    let read = RecordSchema::from_json(case.input()["text"].as_str().unwrap_or_default());
    if case.expected().get("error").is_some() {
        return must_fail(case.expected(), read);
    }
    let expected = records::schema(&case.expected()["schema"])?.ok_or("no schema")?;
    same(
        "the schema",
        expected.as_ref(),
        &read.map_err(|error| error.to_string())?,
    )?;
    Ok(Outcome::Passed)
}

fn registry(case: &Case) -> Verdict {
    let mut pages = Vec::new();
    for page in case.input()["pages"].as_array().into_iter().flatten() {
        let mut entries = Vec::new();
        for entry in page.as_array().into_iter().flatten() {
            let text = entry["RecordSchema"].as_str().unwrap_or_default();
            let schema = RecordSchema::from_json(text).map_err(|error| error.to_string())?;
            entries.push((version(&entry["VersionId"])?, Arc::new(schema)));
        }
        pages.push(entries);
    }
    let registry = SchemaRegistry::from_pages(pages);
    let lookups = case.input()["lookups"].as_array().into_iter().flatten();
    let results = case.expected()["results"].as_array().into_iter().flatten();
    for (place, (lookup, expected)) in lookups.zip(results).enumerate() {
        let found_version = match records::schema(&lookup["schema"])? {
            Some(schema) => registry.version_of(&schema),
            None => None,
        };
        let number = |of: &Json| given(&of["version"]).map(version).transpose();
        let wanted = number(lookup)?;
        let found_schema = wanted.and_then(|version| registry.schema_of(version));
        let expected_version = number(expected)?;
        same(
            &format!("version of look-up {place}"),
            &expected_version,
            &found_version,
        )?;
        let expected_schema = records::schema(&expected["schema"])?;
        same(
            &format!("schema of look-up {place}"),
            &expected_schema.as_ref(),
            &found_schema,
        )?;
    }
    Ok(Outcome::Passed)
}

/// What is there and not null.
fn given(notation: &Json) -> Option<&Json> {
    Some(notation).filter(|notation| !notation.is_null())
}

fn version(notation: &Json) -> Result<i32, String> {
    notation
        .as_i64()
        .and_then(|version| version.try_into().ok())
        .ok_or_else(|| format!("no version: {notation}"))
}
