//! The faults of a round, and how often they withheld the answer to a put.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::Failure;

/// What is put with, by service.
const PUTS: [(&str, &str); 3] = [
    ("datahub", "PutRecords"),
    ("datahub", "PutRecordsByShard"),
    ("dis", "PutRecords"),
];
/// All else that workers do; gets of tuples and of blobs look the same.
const OTHERS: [(&str, &str); 15] = [
    ("datahub", "GetTupleRecords"),
    ("datahub", "GetCursor"),
    ("datahub", "GetTopic"),
    ("datahub", "ListTopicSchema"),
    ("datahub", "InitAndGetSubscriptionOffset"),
    ("datahub", "UpdateSubscriptionOffset"),
    ("datahub", "GetSubscriptionOffset"),
    ("datahub", "JoinGroup"),
    ("datahub", "HeartBeat"),
    ("datahub", "SyncGroup"),
    ("datahub", "LeaveGroup"),
    ("dis", "GetRecords"),
    ("dis", "GetCursor"),
    ("dis", "CommitCheckpoint"),
    ("dis", "GetCheckpoint"),
];

/// The faults of one round: of every kind, for every operation.
pub(crate) fn plan(seed: u64) -> Value {
    let late = json!({"operation": "*", "effect": {"latency_ms": 3}, "probability": 0.02});
    let mut faults = vec![late];
    for (service, operation) in PUTS.iter().chain(&OTHERS) {
        let error =
            json!({"error": {"status": 503, "code": "InternalServerError", "message": "a fault"}});
        let mut add = |effect: Value, when: Option<&str>| {
            let mut fault = json!({
                "service": service, "operation": operation, "effect": effect, "probability": 0.008
            });
            if let Some(when) = when {
                fault["when"] = when.into();
            }
            faults.push(fault);
        };
        for when in ["before", "after"] {
            add(json!("drop"), Some(when));
            add(error.clone(), Some(when));
        }
        add(json!("half"), Some("after"));
        add(json!({"throttle": true}), Some("before"));
        // The last one: it does not keep others from happening to the same request.
        add(json!("corrupt_crc"), None);
    }
    json!({"seed": seed, "faults": faults})
}

/// How often faults happened.
#[derive(Debug, Default)]
pub(crate) struct Struck {
    /// To requests of any kind.
    pub(crate) all: u64,
    /// To puts that were carried out, whose answer did not get through.
    pub(crate) lost_answers: u64,
    /// By effect.
    pub(crate) effects: BTreeMap<String, u64>,
}

impl Struck {
    /// Reads what the emulator tells about its faults.
    pub(crate) fn read(reply: &Value) -> Result<Self, Failure> {
        let mut struck = Self::default();
        for fault in reply["faults"].as_array().ok_or("no faults")? {
            let count = fault["struck"].as_u64().ok_or("no count")?;
            let effect = match &fault["effect"] {
                Value::String(name) => name.clone(),
                Value::Object(members) => members.keys().next().cloned().unwrap_or_default(),
                _ => return Err("no effect".into()),
            };
            let operation = fault["operation"].as_str().unwrap_or_default();
            let late = fault["when"] == "after" || effect == "corrupt_crc";
            if operation.starts_with("Put") && late {
                struck.lost_answers += count;
            }
            struck.all += count;
            *struck.effects.entry(effect).or_default() += count;
        }
        Ok(struck)
    }
}
