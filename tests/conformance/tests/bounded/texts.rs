//! Schemas, settings and the faults of the emulator.

use hubstream::config::Settings;
use hubstream::record::RecordSchema;
use hubstream_emulator::faults::FaultPlan;

use super::{alone, bounded};

const MANY: usize = 30_000;

#[test]
fn schemas() {
    let _alone = alone();
    let fields: Vec<String> = (0..MANY)
        .map(|number| format!("{{\"name\":\"a{number}\",\"type\":\"BIGINT\"}}"))
        .collect();
    for text in [
        format!("{{\"fields\":[{}]}}", fields.join(",")),
        format!("{{\"fields\":[{}]}}", vec!["{}"; MANY].join(",")),
        format!("{{\"fields\":[{}]}}", vec!["0"; MANY].join(",")),
        format!("{{\"fields\":{}", "[".repeat(MANY)),
        format!("{{\"x\":{}", "{\"a\":".repeat(MANY)),
        format!("{{\"x\":[{}],\"fields\":[]}}", vec!["[]"; MANY].join(",")),
    ] {
        bounded("a schema", text.len(), || RecordSchema::from_json(&text));
    }
}

#[test]
fn connection_urls() {
    let _alone = alone();
    for part in ["a=b&", "%41", "protocol=json&", "&", "=", "@", ":", "//"] {
        let url = format!("datahub+http://id:key@host/?{}", part.repeat(MANY));
        bounded("a URL", url.len(), || Settings::from_url("datahub", &url));
        let url = format!("datahub+http://{}", part.repeat(MANY));
        bounded("a URL", url.len(), || Settings::from_url("datahub", &url));
    }
}

#[test]
fn faults() {
    let _alone = alone();
    for fault in ["{}", "0", "[]", "{\"operation\":\"*\",\"effect\":\"drop\"}"] {
        let text = format!("{{\"faults\":[{}]}}", vec![fault; MANY].join(","));
        bounded("faults", text.len(), || {
            FaultPlan::from_json(text.as_bytes())
        });
    }
    let deep = format!("{{\"faults\":{}", "[".repeat(MANY));
    bounded("faults", deep.len(), || {
        FaultPlan::from_json(deep.as_bytes())
    });
}
