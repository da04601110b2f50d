//! The forms of settings: typed in requests, texts in replies.

use indexmap::IndexMap;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

use crate::json;

/// Writes a value as text.
pub(super) fn as_text<S: Serializer>(
    value: &impl std::fmt::Display,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// A value in its own JSON form, or as text that holds that form.
#[derive(Deserialize)]
#[serde(untagged)]
enum Loose<T> {
    Typed(T),
    Text(String),
}

/// A whole number.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    match Loose::deserialize(deserializer)? {
        Loose::Typed(number) => Ok(number),
        Loose::Text(text) => text.trim().parse().map_err(D::Error::custom),
    }
}

/// A whole number of 64 bits that may be absent.
pub(super) fn optional_number<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    match Option::<Loose<i64>>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Loose::Typed(number)) => Ok(Some(number)),
        Some(Loose::Text(text)) => text.trim().parse().map(Some).map_err(D::Error::custom),
    }
}

/// True or false.
pub(super) fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match Loose::deserialize(deserializer)? {
        Loose::Typed(flag) => Ok(flag),
        Loose::Text(text) => Ok(text.eq_ignore_ascii_case("true")),
    }
}

/// True or false, which may be absent.
pub(super) fn optional_boolean<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<bool>, D::Error> {
    match Option::<Loose<bool>>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Loose::Typed(flag)) => Ok(Some(flag)),
        Some(Loose::Text(text)) => Ok(Some(text.eq_ignore_ascii_case("true"))),
    }
}

/// A list of texts.
pub(super) fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    match Loose::deserialize(deserializer)? {
        Loose::Typed(list) => Ok(list),
        Loose::Text(text) if text.is_empty() => Ok(Vec::new()),
        Loose::Text(text) => json::from_slice(text.as_bytes()).map_err(D::Error::custom),
    }
}

#[derive(Deserialize)]
struct Pair {
    key: String,
    value: String,
}

/// Texts by their names, in order.
pub(super) fn ordered_map<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<IndexMap<String, String>>, D::Error> {
    match Option::<Loose<IndexMap<String, String>>>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Loose::Typed(map)) => Ok(Some(map)),
        Some(Loose::Text(text)) if text.is_empty() => Ok(None),
        Some(Loose::Text(text)) => {
            let pairs: Vec<Pair> = json::from_slice(text.as_bytes()).map_err(D::Error::custom)?;
            Ok(Some(
                pairs
                    .into_iter()
                    .map(|pair| (pair.key, pair.value))
                    .collect(),
            ))
        }
    }
}
