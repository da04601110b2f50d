//! The forms of settings: typed in requests, texts in replies.

use std::fmt::Display;
use std::str::FromStr;

use indexmap::IndexMap;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

use crate::json;

/// Writes a value as text.
pub(super) fn as_text<S: Serializer>(
    value: &impl Display,
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

impl<T: FromStr<Err: Display>> Loose<T> {
    fn number<E: Error>(self) -> Result<T, E> {
        match self {
            Self::Typed(number) => Ok(number),
            Self::Text(text) => text.trim().parse().map_err(E::custom),
        }
    }
}

impl Loose<bool> {
    fn boolean(self) -> bool {
        match self {
            Self::Typed(flag) => flag,
            Self::Text(text) => text.eq_ignore_ascii_case("true"),
        }
    }
}

/// A whole number.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    Loose::deserialize(deserializer)?.number()
}

/// A whole number of 64 bits that may be absent.
pub(super) fn optional_number<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    let number = Option::<Loose<i64>>::deserialize(deserializer)?;
    number.map(Loose::number).transpose()
}

/// True or false.
pub(super) fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Loose::deserialize(deserializer).map(Loose::boolean)
}

/// True or false, which may be absent.
pub(super) fn optional_boolean<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<bool>, D::Error> {
    let flag = Option::<Loose<bool>>::deserialize(deserializer)?;
    Ok(flag.map(Loose::boolean))
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
