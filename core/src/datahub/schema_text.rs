//! Record schemas as they travel: JSON text inside JSON, empty for blob topics.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serializer};

use crate::record::RecordSchema;

#[allow(clippy::ref_option, reason = "the form that serde calls")]
pub(super) fn serialize<S: Serializer>(
    schema: &Option<Arc<RecordSchema>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match schema {
        Some(schema) => serializer.serialize_str(&schema.to_json()),
        None => serializer.serialize_str(""),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Arc<RecordSchema>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    RecordSchema::from_json(&text)
        .map(|schema| Some(Arc::new(schema)))
        .map_err(serde::de::Error::custom)
}
