//! The JSON bodies of requests, read as liberally as the service reads them.

use serde_json::{Map, Value};

use super::error::Error;

/// The members of a request body.
#[derive(Debug)]
pub(super) struct Members(Map<String, Value>);

impl Members {
    /// Reads a body; an empty one has no members.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Error> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err(Error::invalid_parameter(
                "The request body is not a JSON object.",
            )),
            Err(_) => Err(Error::invalid_parameter(
                "The request body is not valid JSON.",
            )),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Whether a member is given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The action in lower case; empty if there is none.
    pub(super) fn action(&self) -> Result<String, Error> {
        Ok(self
            .text("Action")?
            .unwrap_or_default()
            .to_ascii_lowercase())
    }

    /// A text, if given.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(name, "a string")),
        }
    }

    /// A text that must be given.
    pub(super) fn required_text(&self, name: &str) -> Result<&str, Error> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    /// An integer, if given, as a number or as a text.
    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, Error> {
        self.get(name)
            .map(|value| integer_of(value).ok_or_else(|| wrong(name, "an integer")))
            .transpose()
    }

    /// An integer that must be given.
    pub(super) fn required_integer(&self, name: &str) -> Result<i64, Error> {
        self.integer(name)?.ok_or_else(|| missing(name))
    }

    /// A list of texts; missing and null are an empty list.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<&str>, Error> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                let texts = items.iter().map(|item| {
                    item.as_str()
                        .ok_or_else(|| wrong(name, "a list of strings"))
                });
                texts.collect()
            }
            Some(_) => Err(wrong(name, "a list of strings")),
        }
    }

    /// An object, if given.
    pub(super) fn object(&self, name: &str) -> Result<Option<&Map<String, Value>>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(members)) => Ok(Some(members)),
            Some(_) => Err(wrong(name, "an object")),
        }
    }

    /// A map of objects; missing and null are an empty map.
    pub(super) fn objects(&self, name: &str) -> Result<Vec<(&str, Members)>, Error> {
        let wrong = || wrong(name, "an object of objects");
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Object(objects)) => objects
                .iter()
                .map(|(key, value)| match value {
                    Value::Object(members) => Ok((key.as_str(), Members(members.clone()))),
                    _ => Err(wrong()),
                })
                .collect(),
            Some(_) => Err(wrong()),
        }
    }
    /// A list of objects; missing and null are an empty list.
    pub(super) fn list_of_objects(&self, name: &str) -> Result<Vec<Members>, Error> {
        let wrong = || wrong(name, "a list of objects");
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                let objects = items.iter().map(|item| {
                    let members = item.as_object().ok_or_else(wrong)?;
                    Ok(Members(members.clone()))
                });
                objects.collect()
            }
            Some(_) => Err(wrong()),
        }
    }
}

/// An integer given as a number or as a text of digits.
fn integer_of(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn missing(name: &str) -> Error {
    Error::invalid_parameter(format!("The member {name} is missing."))
}

fn wrong(name: &str, expected: &str) -> Error {
    Error::invalid_parameter(format!("The member {name} is not {expected}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_may_be_texts() {
        let members =
            Members::parse(br#"{"A":1,"B":"-2","C":1.5,"D":"x","E":null}"#).expect("object");
        assert_eq!(members.integer("A"), Ok(Some(1)));
        assert_eq!(members.integer("B"), Ok(Some(-2)));
        assert!(members.integer("C").is_err());
        assert!(members.integer("D").is_err());
        assert_eq!(members.integer("E"), Ok(None));
        assert!(members.required_integer("E").is_err());
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for bad in [&b"[]"[..], b"1", b"{", b"{\"a\":\"\xff\"}", b"null"] {
            assert!(Members::parse(bad).is_err());
        }
        assert_eq!(
            Members::parse(b" ").expect("empty").action(),
            Ok(String::new())
        );
    }
}
