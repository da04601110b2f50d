//! The settings of a connector: typed as they come in, texts as they go out.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::kind::{Form, Kind, Need};
use crate::datahub::error::Error;

/// Settings that are read by nobody, and so neither kept nor shown.
const SECRETS: [&str; 2] = ["AccessKey", "Password"];

/// Clients send it only along with the key, which they do not get back.
const ACCESS_ID: &str = "AccessId";

/// Reads the settings of a request into the form of replies.
pub(super) fn read(kind: Kind, given: &Map<String, Value>) -> Result<Map<String, Value>, Error> {
    let mut config = Map::new();
    for (name, value) in given {
        if value.is_null() || SECRETS.contains(&name.as_str()) {
            continue;
        }
        let known = kind.settings().iter().find(|known| known.name == name);
        let value = match known {
            None => loose_text(value).into(),
            Some(known) => {
                written(known.form, value).ok_or_else(|| wrong(name, "has not the right form"))?
            }
        };
        if !value.is_null() {
            config.insert(name.clone(), value);
        }
    }
    for setting in kind.settings() {
        let missing = config
            .get(setting.name)
            .is_none_or(|value| value.as_str() == Some(""));
        match setting.need {
            Need::Required if missing => return Err(wrong(setting.name, "is missing")),
            Need::Default(value) if missing => {
                config.insert(setting.name.to_owned(), value.into());
            }
            _ => {}
        }
    }
    Ok(config)
}

/// Reads the settings that replace earlier ones. Whoever names no credentials keeps those from before.
pub(super) fn replace(
    kind: Kind,
    given: &Map<String, Value>,
    before: &Map<String, Value>,
) -> Result<Map<String, Value>, Error> {
    let mut config = read(kind, given)?;
    let other_rights = config.get("AuthMode").is_some_and(|mode| mode != "ak");
    if let Some(id) = before.get(ACCESS_ID).filter(|_| !other_rights) {
        config.entry(ACCESS_ID).or_insert_with(|| id.clone());
    }
    Ok(config)
}

/// Seconds of the window of a connector that works in windows; 0 for others.
pub(super) fn window_seconds(config: &Map<String, Value>) -> i64 {
    let range = config.get("TimeRange").and_then(Value::as_str);
    let minutes = range.and_then(|range| range.parse::<i64>().ok());
    minutes.unwrap_or(0).saturating_mul(60)
}

/// A setting as replies write it: null if it says nothing; nothing if it has the wrong form.
fn written(form: Form, value: &Value) -> Option<Value> {
    let text = match form {
        Form::Text => scalar_text(value)?,
        Form::Word(words) => {
            let text = value.as_str()?;
            if text.is_empty() {
                return Some(Value::Null);
            }
            let word = words.iter().find(|word| word.eq_ignore_ascii_case(text))?;
            (*word).to_owned()
        }
        Form::Number => {
            let number: i64 = scalar_text(value)?.trim().parse().ok()?;
            Some(number).filter(|number| *number > 0)?.to_string()
        }
        Form::Flag => {
            let text = scalar_text(value)?.to_ascii_lowercase();
            Some(text).filter(|text| text == "true" || text == "false")?
        }
        Form::List => {
            let list = list(value)?;
            json!(list).to_string()
        }
        Form::Pairs => {
            let pairs = pairs(value)?;
            if pairs.is_empty() {
                return Some(Value::Null);
            }
            let pairs = pairs
                .iter()
                .map(|(key, value)| json!({"key": key, "value": value}));
            pairs.collect::<Value>().to_string()
        }
        Form::Parser => parser(value)?.to_string(),
        Form::AsSent => {
            scalar_text(value)?;
            return Some(value.clone());
        }
    };
    Some(text.into())
}

/// A text, number or boolean as text.
fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Any value as text.
fn loose_text(value: &Value) -> String {
    scalar_text(value).unwrap_or_else(|| value.to_string())
}

/// A list of texts, or a text that holds one.
fn list(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) if text.is_empty() => Some(Vec::new()),
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => Vec::deserialize(value).ok(),
    }
}

/// Keys and values in order: an object, or a text that holds the list of a reply.
fn pairs(value: &Value) -> Option<Vec<(String, String)>> {
    #[derive(Deserialize)]
    struct Pair {
        key: String,
        value: String,
    }
    match value {
        Value::String(text) if text.is_empty() => Some(Vec::new()),
        Value::String(text) => {
            let pairs: Vec<Pair> = serde_json::from_str(text).ok()?;
            Some(
                pairs
                    .into_iter()
                    .map(|pair| (pair.key, pair.value))
                    .collect(),
            )
        }
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect(),
        _ => None,
    }
}

/// The form of replies of the settings of a parser, or of a text that holds it.
fn parser(value: &Value) -> Option<Value> {
    if let Value::String(text) = value {
        return serde_json::from_str(text).ok().filter(Value::is_object);
    }
    let mut members = value.as_object()?.clone();
    let mut properties = Map::new();
    for name in ["LineDelimiter", "ColumnDelimiter", "NullValue"] {
        if let Some(property) = members.remove(name) {
            properties.insert(name.to_owned(), property);
        }
    }
    members.entry("Properties").or_insert(properties.into());
    Some(Value::Object(members))
}

fn wrong(setting: &str, what: &str) -> Error {
    let shown: String = setting.chars().take(64).collect();
    Error::invalid_parameter(format!("The setting {shown} of the connector {what}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(members) => members,
            other => panic!("{other} is no object"),
        }
    }

    fn read_json(kind: Kind, given: Value) -> Result<Value, String> {
        read(kind, &object(given))
            .map(Value::Object)
            .map_err(|error| error.message)
    }

    #[test]
    fn everything_becomes_text() {
        let given = json!({
            "Project": "p", "Table": "t", "OdpsEndpoint": "o", "TunnelEndpoint": "", "AccessId": "i",
            "AccessKey": "hush", "PartitionMode": "user_define", "TimeRange": 30, "TimeZone": null,
            "PartitionConfig": {"mm": "%M", "ds": "%Y%m%d"}, "Base64Encode": true, "Further": [1]
        });
        let expected = json!({
            "Project": "p", "Table": "t", "OdpsEndpoint": "o", "TunnelEndpoint": "", "AccessId": "i",
            "PartitionMode": "USER_DEFINE", "TimeRange": "30",
            "PartitionConfig": r#"[{"key":"mm","value":"%M"},{"key":"ds","value":"%Y%m%d"}]"#,
            "Base64Encode": true, "Further": "[1]"
        });
        let read = read_json(Kind::Odps, given).expect("settings");
        assert_eq!(read, expected);
        assert_eq!(
            read_json(Kind::Odps, read),
            Ok(expected),
            "what is sent back"
        );
    }

    #[test]
    fn lists_flags_and_defaults() {
        let given =
            json!({"Index": "i", "Endpoint": "e", "IDFields": ["a", "b"], "ProxyMode": true});
        let expected = json!({
            "Index": "i", "Endpoint": "e", "IDFields": r#"["a","b"]"#, "ProxyMode": "true", "TypeFields": "[]"
        });
        let read = read_json(Kind::Es, given).expect("settings");
        assert_eq!(read, expected);
        assert_eq!(read_json(Kind::Es, read), Ok(expected));
        let given = json!({"Project": "p", "Table": "t", "PartitionMode": "SYSTEM_TIME", "PartitionConfig": {}});
        let read = read_json(Kind::Odps, given).expect("settings");
        assert_eq!(read["TimeRange"], "15");
        assert_eq!(read.get("PartitionConfig"), None);
        assert_eq!(window_seconds(&object(read)), 900);
        assert_eq!(window_seconds(&Map::new()), 0);
    }

    #[test]
    fn bad_settings_are_refused_without_showing_them() {
        let database = |name: &str, value: Value| {
            let mut given = json!({"Host": "h", "Port": "3306", "Database": "d", "Table": "t", "Password": "hush"});
            given[name] = value;
            read_json(Kind::Mysql, given)
        };
        assert!(database("Ignore", json!("False")).is_ok());
        for (name, value) in [
            ("Host", json!(null)),
            ("Host", json!("")),
            ("Host", json!(["h"])),
            ("Port", json!("hush")),
            ("Port", json!(0)),
            ("Port", json!(1.5)),
            ("Ignore", json!("hush")),
            ("TimestampUnit", json!("hush")),
        ] {
            let message = database(name, value).expect_err(name);
            assert!(
                message.contains(name) && !message.contains("hush"),
                "{message}"
            );
        }
        for bad in [
            json!(1),
            json!("x"),
            json!({"ds": 1}),
            json!(r#"{"ds":"x"}"#),
        ] {
            let given = json!({"Project": "p", "Table": "t", "PartitionMode": "SYSTEM_TIME", "PartitionConfig": bad});
            assert!(read_json(Kind::Odps, given).is_err());
        }
    }

    #[test]
    fn parsers_are_told_apart_from_their_settings() {
        let given = json!({
            "Endpoint": "e", "Project": "p", "Topic": "t", "InstanceId": "i", "AuthMode": "ak",
            "BinaryParserConfig": {"BinaryParserType": "DELIMITER_PARSER", "ColumnNames": ["a"], "LineDelimiter": "|"}
        });
        let read = read_json(Kind::Hologres, given).expect("settings");
        let parser: Value = read["BinaryParserConfig"]
            .as_str()
            .and_then(|text| serde_json::from_str(text).ok())
            .expect("a text of JSON");
        let expected = json!({
            "BinaryParserType": "DELIMITER_PARSER", "ColumnNames": ["a"], "Properties": {"LineDelimiter": "|"}
        });
        assert_eq!(parser, expected);
        assert_eq!(
            read_json(Kind::Hologres, read.clone()),
            Ok(read),
            "what is sent back"
        );
        let bad = json!({
            "Endpoint": "e", "Project": "p", "Topic": "t", "InstanceId": "i", "AuthMode": "ak",
            "BinaryParserConfig": "[]"
        });
        assert!(read_json(Kind::Hologres, bad).is_err());
    }

    #[test]
    fn credentials_are_kept() {
        let with = |mode: &str, id: Option<&str>| {
            let mut given =
                json!({"Endpoint": "e", "Project": "p", "Topic": "t", "AuthMode": mode});
            if let Some(id) = id {
                given[ACCESS_ID] = id.into();
            }
            object(given)
        };
        let before = with("ak", Some("one"));
        for (given, expected) in [
            (with("ak", None), Some("one")),
            (with("ak", Some("two")), Some("two")),
            (with("sts", None), None),
        ] {
            let config = replace(Kind::Datahub, &given, &before).expect("settings");
            assert_eq!(config.get(ACCESS_ID).and_then(Value::as_str), expected);
        }
    }

    #[test]
    fn types_are_found_by_name() {
        for name in ["sink_odps", "SINK_ODPS", "Sink_Odps"] {
            assert_eq!(Kind::named(name), Some(Kind::Odps));
        }
        assert_eq!(Kind::named("odps"), None);
    }
}
