//! One line of JSON, and where in it something is wrong.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

/// The members of an object in their order, those that occur twice included.
pub(crate) struct Members<'a>(pub(crate) Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    /// The value of a member.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| *value)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

/// What is wrong with a record, and in which column of its line, counted from 1, if that is known.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) column: Option<usize>,
    pub(crate) text: String,
}

impl From<String> for Problem {
    fn from(text: String) -> Self {
        Self { column: None, text }
    }
}

impl From<hubstream::error::Error> for Problem {
    /// A refusal by the builder, which counts records from 0 where people count lines.
    fn from(error: hubstream::error::Error) -> Self {
        let text = error.to_string();
        let field = text.find("field `").map(|at| text[at..].to_owned());
        field.unwrap_or(text).into()
    }
}

/// A line of JSON. Parts of it know where they stand in it.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a>(pub(crate) &'a str);

impl<'a> Line<'a> {
    /// Reads a part of the line; `wanted` says what it must be. What stands there instead is not told.
    pub(crate) fn read<T: Deserialize<'a>>(
        self,
        part: &'a str,
        wanted: &str,
    ) -> Result<T, Problem> {
        serde_json::from_str(part).map_err(|error| {
            let start = (part.as_ptr() as usize).saturating_sub(self.0.as_ptr() as usize);
            let (place, text) = match error.classify() {
                Category::Data => (start, format!("must be {wanted}")),
                _ => {
                    let told = error.to_string();
                    let told = told.split(" at line ").next().unwrap_or(&told);
                    let place = start + error.column().saturating_sub(1);
                    (place, format!("is not JSON: {told}; expected {wanted}"))
                }
            };
            let before = self.0.as_bytes().get(..place).unwrap_or(self.0.as_bytes());
            // Bytes that begin a character.
            let characters = before.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
            Problem {
                column: Some(characters + 1),
                text,
            }
        })
    }
}
