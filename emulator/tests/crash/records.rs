//! Writers of records, three per put, spread over the shards of a topic that is split and merged meanwhile.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::Worker;
use crate::served::{Served, Wire};

pub(crate) const TOPIC: &str = "/projects/crash/topics/blobs";
/// Records of a put.
const RECORDS: usize = 3;

/// One writer of several.
pub(crate) struct Puts {
    writer: usize,
    next: usize,
    /// Puts since the last check, and whether they were acknowledged.
    open: BTreeMap<usize, bool>,
    /// Puts that were found.
    stored: BTreeMap<usize, bool>,
    /// How far each shard was read.
    cursors: Vec<Value>,
}

impl Puts {
    pub(crate) fn new(served: &Served, writer: usize) -> Self {
        if writer == 0 {
            let topic =
                json!({"ShardCount": 3, "Lifecycle": 7, "RecordType": "BLOB", "Comment": "t"});
            served.ok("POST", TOPIC, &topic);
        }
        Self {
            writer,
            next: 0,
            open: BTreeMap::new(),
            stored: BTreeMap::new(),
            cursors: Vec::new(),
        }
    }

    /// Valid Base64 that tells who wrote what.
    fn data(&self, put: usize, part: usize) -> String {
        format!("{:04}{put:07}{part}", self.writer)
    }

    /// The own records behind the cursors, by put.
    fn read(&mut self, served: &Served) -> BTreeMap<usize, Vec<String>> {
        let shards = served.ok("GET", &format!("{TOPIC}/shards"), &Value::Null);
        let mut found: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for shard in 0..shards["Shards"].as_array().expect("shards").len() {
            let target = format!("{TOPIC}/shards/{shard}");
            if self.cursors.len() <= shard {
                let oldest = json!({"Action": "cursor", "Type": "OLDEST"});
                let (status, reply) = served.call("POST", &target, &oldest);
                // A closed shard without records has no cursor.
                self.cursors.push(if status == 200 {
                    reply["Cursor"].clone()
                } else {
                    Value::Null
                });
            }
            while let Some(page) = page(served, &target, &self.cursors[shard]) {
                for record in page["Records"].as_array().expect("records") {
                    let data = record["Data"].as_str().expect("data");
                    if data.starts_with(&format!("{:04}", self.writer)) {
                        let put = data[4..11].parse().expect("a number");
                        found.entry(put).or_default().push(data.to_owned());
                    }
                }
                self.cursors[shard] = page["NextCursor"].clone();
            }
        }
        found
    }

    /// All of a put or nothing: every record once.
    fn whole(&self, put: usize, records: &mut [String]) {
        records.sort();
        let expected: Vec<String> = (0..RECORDS).map(|part| self.data(put, part)).collect();
        assert_eq!(
            records, expected,
            "put {put} of writer {} is not whole",
            self.writer
        );
    }
}

/// The records behind a cursor; nothing at the end.
fn page(served: &Served, target: &str, cursor: &Value) -> Option<Value> {
    let sub = json!({"Action": "sub", "Cursor": cursor, "Limit": 1000});
    let (status, page) = served.call("POST", target, &sub);
    if status != 200 {
        // The end of a closed shard.
        assert_eq!(
            page["ErrorCode"], "InvalidShardOperation",
            "{target} {cursor}: {page}"
        );
        return None;
    }
    Some(page).filter(|page| {
        page["Records"]
            .as_array()
            .is_some_and(|records| !records.is_empty())
    })
}

impl Worker for Puts {
    fn work(&mut self, wire: &mut Wire, random: &mut fastrand::Rng) -> Option<()> {
        let put = self.next;
        self.next += 1;
        let records: Vec<Value> = (0..RECORDS)
            .map(|part| json!({"PartitionKey": random.u16(..).to_string(), "Data": self.data(put, part)}))
            .collect();
        self.open.insert(put, false);
        let body = json!({"Action": "pub", "Records": records});
        let reply = wire.write("POST", &format!("{TOPIC}/shards"), &body)?;
        assert_eq!(reply["FailedRecordCount"], 0, "{reply}");
        self.open.insert(put, true);
        Some(())
    }

    fn check(&mut self, served: &Served) {
        let mut found = self.read(served);
        for (put, acknowledged) in std::mem::take(&mut self.open) {
            match found.remove(&put) {
                Some(mut records) => {
                    self.whole(put, &mut records);
                    self.stored.insert(put, acknowledged);
                }
                None => assert!(!acknowledged, "put {put} of writer {} is lost", self.writer),
            }
        }
        assert!(
            found.is_empty(),
            "nobody wrote {found:?} since the last crash"
        );
    }

    fn check_all(&mut self, served: &Served) {
        self.check(served);
        self.cursors.clear();
        let mut found = self.read(served);
        assert!(
            found.keys().eq(self.stored.keys()),
            "other puts than before"
        );
        for (put, records) in &mut found {
            self.whole(*put, records);
        }
    }
}
