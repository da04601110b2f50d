//! Named values of a query or a JSON body, read as leniently as the service reads them.

use serde_json::{Map, Value};

use super::error::Error;

/// Named values. An empty text counts as absent, numbers may be given as text and texts as numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a JSON object.
    pub(crate) fn from_json(body: &[u8]) -> Result<Self, Error> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(map)) => Ok(Self(map)),
            _ if body.is_empty() => Err(Error::new("DIS.4202", "The request is empty.")),
            _ => Err(Error::invalid("The request body is not a JSON object.")),
        }
    }

    /// Takes over the pairs of a query; the first of several with one name counts.
    pub(crate) fn from_query(pairs: Vec<(String, String)>) -> Self {
        let mut map = Map::new();
        for (name, value) in pairs {
            map.entry(name).or_insert(Value::String(value));
        }
        Self(map)
    }

    /// The value of a name, if it is given.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            _ => true,
        })
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Error> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(Error::invalid(format!("{name} must be a text."))),
        }
    }

    /// A text that must be given.
    pub(crate) fn required(&self, name: &str) -> Result<String, Error> {
        self.text(name)?
            .ok_or_else(|| Error::invalid(format!("{name} is missing.")))
    }

    /// A whole number.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Error> {
        let wrong = || Error::invalid(format!("{name} must be a whole number."));
        match self.value(name) {
            None => Ok(None),
            Some(Value::Number(number)) => number.as_i64().ok_or_else(wrong).map(Some),
            Some(Value::String(text)) => text.trim().parse().map_err(|_| wrong()).map(Some),
            Some(_) => Err(wrong()),
        }
    }

    /// A whole number within bounds, or a default.
    pub(crate) fn bounded(
        &self,
        name: &str,
        low: i64,
        high: i64,
        default: i64,
    ) -> Result<usize, Error> {
        let number = self.integer(name)?.unwrap_or(default);
        if (low..=high).contains(&number) {
            Ok(usize::try_from(number).unwrap_or_default())
        } else {
            Err(Error::invalid(format!(
                "{name} must be from {low} to {high}."
            )))
        }
    }

    /// A truth value.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, Error> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(Value::String(text)) if text == "true" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" => Ok(Some(false)),
            Some(_) => Err(Error::invalid(format!("{name} must be true or false."))),
        }
    }

    /// One of a list of names.
    pub(crate) fn choice(&self, name: &str, choices: &[&str]) -> Result<Option<String>, Error> {
        match self.text(name)? {
            Some(text) if !choices.contains(&text.as_str()) => Err(Error::invalid(format!(
                "{name} must be one of {}.",
                choices.join(", ")
            ))),
            other => Ok(other),
        }
    }
}

/// Whether a text is a name: 1 to `longest` letters, digits, `_` and `-`.
pub(crate) fn is_name(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_leniently() {
        let fields =
            Fields::from_json(br#"{"a":"","b":5,"c":"7","d":true,"e":[],"f":null,"g":1.5}"#)
                .unwrap();
        assert_eq!(fields.text("a").unwrap(), None);
        assert_eq!(fields.text("b").unwrap().as_deref(), Some("5"));
        assert_eq!(fields.integer("c").unwrap(), Some(7));
        assert_eq!(fields.boolean("d").unwrap(), Some(true));
        assert_eq!(fields.text("f").unwrap(), None);
        for bad in [
            fields.text("e").unwrap_err(),
            fields.integer("g").unwrap_err(),
            fields.integer("e").unwrap_err(),
        ] {
            assert_eq!(bad.code, "DIS.4200");
        }
        assert_eq!(fields.required("a").unwrap_err().message, "a is missing.");
    }

    #[test]
    fn an_empty_body_has_its_own_code() {
        assert_eq!(Fields::from_json(b"").unwrap_err().code, "DIS.4202");
        assert_eq!(Fields::from_json(b"[1]").unwrap_err().code, "DIS.4200");
        assert_eq!(Fields::from_json(b"{\"a\":").unwrap_err().code, "DIS.4200");
    }
}
