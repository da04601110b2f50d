//! A scenario as it stands in its file.

use std::collections::BTreeMap;

use serde::Deserialize;
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
    #[serde(rename = "step")]
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
