//! Whether a value is what a scenario expects.

use std::collections::BTreeSet;

use hubstream::dynamic::Value;
use toml::{Table, Value as Toml};

use crate::neutral::Names;

/// Compares a value with an expectation; the error says where they differ.
pub(crate) fn matches(expected: &Toml, found: &Value, names: &Names) -> Result<(), String> {
    match expected {
        Toml::String(text) => text_matches(text, found, names),
        Toml::Integer(number) => verdict(
            matches!(found, Value::Integer(n) if n == number),
            number,
            found,
        ),
        Toml::Boolean(value) => verdict(
            matches!(found, Value::Boolean(b) if b == value),
            value,
            found,
        ),
        Toml::Float(number) => {
            let same = |n: f64| n.to_bits() == number.to_bits() || (n.is_nan() && number.is_nan());
            verdict(matches!(found, Value::Double(n) if same(*n)), number, found)
        }
        Toml::Array(items) => list_matches(items, found, names),
        Toml::Table(table) => table_matches(table, found, names),
        Toml::Datetime(_) => Err("dates do not occur".to_owned()),
    }
}

fn verdict(good: bool, expected: impl std::fmt::Display, found: &Value) -> Result<(), String> {
    if good {
        Ok(())
    } else {
        Err(format!(": expected {expected}, found {}", shown(found)))
    }
}

/// The beginning of a value, for messages.
pub(crate) fn shown(value: &Value) -> String {
    let text = match value {
        Value::RecordSchema(schema) => schema.to_json(),
        other => format!("{other:?}"),
    };
    text.chars().take(400).collect()
}

fn text_matches(text: &str, found: &Value, names: &Names) -> Result<(), String> {
    let good = match text {
        "$null" => matches!(found, Value::Null),
        "$any" => !matches!(found, Value::Null),
        "$text" => matches!(found, Value::Text(text) if !text.is_empty()),
        "$integer" => matches!(found, Value::Integer(_)),
        "$positive" => matches!(found, Value::Integer(number) if *number > 0),
        text => {
            let expected = names.text(text);
            return verdict(equal(&expected, found), shown(&expected), found);
        }
    };
    verdict(good, text, found)
}

fn equal(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Integer(a), Value::Integer(b)) => a == b,
        (Value::Boolean(a), Value::Boolean(b)) => a == b,
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::RecordSchema(a), Value::RecordSchema(b)) => a.to_json() == b.to_json(),
        _ => false,
    }
}

fn list_matches(items: &[Toml], found: &Value, names: &Names) -> Result<(), String> {
    let Value::List(list) = found else {
        return Err(format!(": expected a list, found {}", shown(found)));
    };
    if list.len() != items.len() {
        return Err(format!(
            ": expected {} elements, found {}",
            items.len(),
            shown(found)
        ));
    }
    for (index, (item, value)) in items.iter().zip(list).enumerate() {
        matches(item, value, names).map_err(|error| format!("[{index}]{error}"))?;
    }
    Ok(())
}

fn table_matches(table: &Table, found: &Value, names: &Names) -> Result<(), String> {
    if let Some(special) = names.special(table).map_err(|error| error.to_string())? {
        return verdict(equal(&special, found), shown(&special), found);
    }
    for (name, expected) in table {
        if name.starts_with('$') {
            condition(name, expected, found, names)?;
            continue;
        }
        if !matches!(found, Value::Map(_)) {
            return Err(format!(": expected named members, found {}", shown(found)));
        }
        let member = found.get(name).unwrap_or(&Value::Null);
        matches(expected, member, names).map_err(|error| format!(".{name}{error}"))?;
    }
    Ok(())
}

fn condition(name: &str, expected: &Toml, found: &Value, names: &Names) -> Result<(), String> {
    let good = match (name, expected, found) {
        ("$not", expected, found) => matches(expected, found, names).is_err(),
        ("$contains", Toml::String(part), Value::Text(text)) => match names.text(part) {
            Value::Text(part) => text.contains(&part),
            _ => false,
        },
        ("$contains", Toml::Array(items), Value::List(list)) => items
            .iter()
            .all(|item| list.iter().any(|value| matches(item, value, names).is_ok())),
        ("$unordered", Toml::Array(items), Value::List(list)) => {
            items.len() == list.len()
                && items
                    .iter()
                    .all(|item| list.iter().any(|value| matches(item, value, names).is_ok()))
                && list
                    .iter()
                    .all(|value| items.iter().any(|item| matches(item, value, names).is_ok()))
        }
        ("$length", Toml::Integer(length), found) => length_of(found) == Some(*length as usize),
        ("$keys", Toml::Array(keys), Value::Map(members)) => {
            let keys: BTreeSet<_> = keys.iter().filter_map(Toml::as_str).collect();
            keys == members.iter().map(|(name, _)| name.as_ref()).collect()
        }
        ("$at_least", Toml::Integer(least), Value::Integer(number)) => number >= least,
        _ => false,
    };
    verdict(good, format_args!("{name} {expected}"), found)
}

fn length_of(value: &Value) -> Option<usize> {
    Some(match value {
        Value::Text(text) => text.chars().count(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.len(),
        Value::Map(members) => members.len(),
        _ => return None,
    })
}
