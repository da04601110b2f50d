//! Further settings of a topic: an object of texts, in which other scalars are taken as their text.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

pub(super) fn serialize<S: Serializer>(
    settings: &IndexMap<String, String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    settings.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<IndexMap<String, String>, D::Error> {
    let settings = Option::<Map<String, Value>>::deserialize(deserializer)?;
    Ok(settings
        .unwrap_or_default()
        .into_iter()
        .map(|(name, value)| (name, text(value)))
        .collect())
}

/// A text as it is, anything else as its JSON text.
pub(super) fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
