//! A scenario as it stands in its file.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use toml::{Table, Value};

/// A scenario.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    #[serde(rename = "title")]
    _title: String,
    pub(crate) service: String,
    #[serde(default)]
    pub(crate) limits: Option<String>,
    #[serde(default)]
    matrix: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) vars: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) clients: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    pub(crate) schemas: BTreeMap<String, Vec<Vec<String>>>,
    #[serde(rename = "step", deserialize_with = "steps")]
    pub(crate) steps: Vec<Step>,
}

/// One step.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    #[serde(default, rename = "about")]
    _about: Option<String>,
    #[serde(default)]
    pub(crate) client: Option<String>,
    #[serde(default)]
    pub(crate) call: Option<String>,
    #[serde(default)]
    pub(crate) with: Table,
    #[serde(default)]
    pub(crate) expect: Option<Value>,
    #[serde(default)]
    pub(crate) error: Option<Value>,
    #[serde(default)]
    pub(crate) save: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) advance: Option<u64>,
    #[serde(default)]
    pub(crate) faults: Option<Vec<Value>>,
    #[serde(default)]
    pub(crate) seed: u64,
    #[serde(default)]
    pub(crate) struck: Option<Vec<u64>>,
}

/// Reads steps, each as often as it is repeated.
fn steps<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Step>, D::Error> {
    let mut steps = Vec::new();
    for mut table in Vec::<Table>::deserialize(deserializer)? {
        let numbers = match table.remove("repeat") {
            None => vec![None],
            Some(range) => {
                let (first, last): (u32, u32) = range.try_into().map_err(D::Error::custom)?;
                (first..=last).map(Some).collect()
            }
        };
        for number in numbers {
            let table = match number {
                None => Value::Table(table.clone()),
                Some(number) => numbered(&Value::Table(table.clone()), &number.to_string()),
            };
            steps.push(table.try_into().map_err(D::Error::custom)?);
        }
    }
    Ok(steps)
}

/// A value with a number for every `#` in its texts and names.
fn numbered(value: &Value, number: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace('#', number)),
        Value::Array(items) => {
            let items = items.iter().map(|item| numbered(item, number));
            Value::Array(items.collect())
        }
        Value::Table(members) => {
            let members = members.iter();
            let members = members.map(|(name, value)| {
                let name = name.replace('#', number);
                (name, numbered(value, number))
            });
            Value::Table(members.collect())
        }
        other => other.clone(),
    }
}

impl Scenario {
    /// Every combination of the settings of the matrix.
    pub(crate) fn combinations(&self) -> Vec<BTreeMap<String, String>> {
        let mut all = vec![BTreeMap::new()];
        for (name, values) in &self.matrix {
            all = all
                .into_iter()
                .flat_map(|chosen| {
                    values.iter().map(move |value| {
                        let mut chosen = chosen.clone();
                        chosen.insert(name.clone(), value.clone());
                        chosen
                    })
                })
                .collect();
        }
        all
    }
}
