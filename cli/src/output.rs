//! Showing results: as a table, as one JSON document, or records as lines of JSON.

use std::io::Write as _;

use comfy_table::{ContentArrangement, Table, presets};
use hubstream::dynamic::Value;
use hubstream::schema::{ModelSchema, TypeSchema};
use serde_json::Value as Json;

use crate::failure::Failure;
use crate::json;
use crate::lines::CURSORS;

/// The form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Tables for people.
    Table,
    /// One JSON document per result.
    Json,
    /// Records as lines of JSON; everything else of the result as one line on standard error.
    Lines,
}

impl Format {
    /// The names that users give.
    pub(crate) const NAMES: [&'static str; 3] = ["table", "json", "jsonl"];

    /// The format of a name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "table" => Self::Table,
            "json" => Self::Json,
            "jsonl" => Self::Lines,
            _ => return None,
        })
    }
}

/// Shows the result of an operation.
pub(crate) fn print(format: Format, ty: TypeSchema, value: &Value) -> Result<(), Failure> {
    let shown = json::from_value(ty, value);
    let mut output = std::io::stdout().lock();
    let written = match format {
        Format::Json => serde_json::to_string_pretty(&shown)
            .map_err(std::io::Error::other)
            .and_then(|text| writeln!(output, "{text}")),
        Format::Lines => print_lines(&mut output, ty, shown),
        Format::Table => {
            let text = table(ty, &shown);
            if text.is_empty() {
                Ok(())
            } else {
                writeln!(output, "{text}")
            }
        }
    };
    written
        .and_then(|()| output.flush())
        .map_err(|error| Failure::output(&error))
}

fn print_lines(
    output: &mut impl std::io::Write,
    ty: TypeSchema,
    shown: Json,
) -> std::io::Result<()> {
    let records = match ty {
        TypeSchema::Model(model) => records_member(model),
        _ => None,
    };
    let (Some(name), Json::Object(mut members)) = (records, shown.clone()) else {
        return match shown {
            Json::Null => Ok(()),
            shown => writeln!(output, "{shown}"),
        };
    };
    if let Some(Json::Array(records)) = members.shift_remove(name) {
        for mut record in records {
            if let Json::Object(members) = &mut record {
                members.retain(|name, _| !CURSORS.contains(&name.as_str()));
            }
            writeln!(output, "{record}")?;
        }
    }
    output.flush()?;
    writeln!(std::io::stderr(), "{}", Json::Object(members))
}

/// The member of a result that holds records.
pub(crate) fn records_member(model: &ModelSchema) -> Option<&'static str> {
    let holds_records = |ty| matches!(ty, TypeSchema::Records);
    model
        .fields
        .iter()
        .find(|field| holds_records(field.ty))
        .map(|field| field.name)
}

/// A result as tables: lists of groups get one row each, other members one line each.
fn table(ty: TypeSchema, shown: &Json) -> String {
    match (ty, shown) {
        (_, Json::Null) => String::new(),
        (TypeSchema::Model(_), Json::Object(members)) => model_tables(members),
        (_, Json::Array(elements)) => rows(elements),
        (_, other) => cell(other),
    }
}

fn model_tables(members: &serde_json::Map<String, Json>) -> String {
    let is_group = |value: &Json| match value {
        Json::Array(elements) => elements.first().is_some_and(Json::is_object),
        Json::Object(entries) => entries.values().next().is_some_and(Json::is_object),
        _ => false,
    };
    let mut parts = Vec::new();
    let mut plain = new_table();
    for (name, value) in members {
        if name != "request_id" && !is_group(value) {
            plain.add_row([name.clone(), cell(value)]);
        }
    }
    if plain.row_count() > 0 {
        parts.push(finished(&plain));
    }
    for (name, value) in members.iter().filter(|(_, value)| is_group(value)) {
        let text = match value {
            Json::Object(entries) => keyed_rows(entries),
            Json::Array(elements) => rows(elements),
            _ => continue,
        };
        parts.push(format!("{name}:\n{text}"));
    }
    parts.join("\n\n")
}

fn keyed_rows(entries: &serde_json::Map<String, Json>) -> String {
    let elements: Vec<Json> = entries
        .iter()
        .map(|(key, value)| {
            let mut row = serde_json::Map::new();
            row.insert("key".to_owned(), key.as_str().into());
            if let Json::Object(members) = value {
                row.extend(members.clone());
            }
            row.into()
        })
        .collect();
    rows(&elements)
}

fn rows(elements: &[Json]) -> String {
    let mut names: Vec<&String> = Vec::new();
    for members in elements.iter().filter_map(Json::as_object) {
        for name in members.keys() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    if names.is_empty() {
        return elements.iter().map(cell).collect::<Vec<_>>().join("\n");
    }
    let mut table = new_table();
    table.set_header(names.iter().map(|name| name.to_uppercase()));
    for element in elements {
        table.add_row(
            names
                .iter()
                .map(|name| element.get(name.as_str()).map_or_else(String::new, cell)),
        );
    }
    finished(&table)
}

fn cell(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Array(elements) if elements.iter().all(|element| !element.is_object()) => {
            elements.iter().map(cell).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn new_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table
}

fn finished(table: &Table) -> String {
    table
        .lines()
        .map(|line| {
            line.trim_end()
                .strip_prefix(' ')
                .map_or_else(|| line.trim_end().to_owned(), str::to_owned)
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn groups_become_rows() {
        let text = model_tables(
            json!({
                "total_count": 2, "request_id": "r", "names": ["a", "b"],
                "shards": [{"id": "0", "state": "ACTIVE"}, {"id": "10", "state": null}],
            })
            .as_object()
            .unwrap(),
        );
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        assert_eq!(
            lines,
            [
                "total_count  2",
                "names        a, b",
                "",
                "shards:",
                "ID  STATE",
                "0   ACTIVE",
                "10"
            ]
        );
    }

    #[test]
    fn maps_of_groups_show_their_keys() {
        let text = model_tables(
            json!({"offsets": {"0": {"sequence": 5}}})
                .as_object()
                .unwrap(),
        );
        assert_eq!(text, "offsets:\nKEY  SEQUENCE\n0    5");
    }
}
