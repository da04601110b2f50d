//! Splits and merges the shards that others write to.

use serde_json::{Value, json};

use crate::Worker;
use crate::records::TOPIC;
use crate::served::{Served, Wire};

/// Changes of a round, at most: every shard that ever was is looked at after each crash.
const CHANGES: usize = 2;
const LAST_KEY: &str = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";

#[derive(Clone, Debug, PartialEq)]
struct Shard {
    id: String,
    active: bool,
    begin: String,
    end: String,
    parents: Vec<String>,
}

/// The shards as they were found or acknowledged last.
pub(crate) struct Shards {
    known: Vec<Shard>,
    changes: usize,
    /// How many shards there are at least, by what was acknowledged.
    least: usize,
}

fn list(listed: &Value) -> Vec<Shard> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let shards = listed["Shards"].as_array().expect("shards").iter();
    let shards = shards.map(|shard| Shard {
        id: text(&shard["ShardId"]),
        active: shard["State"] == "ACTIVE",
        begin: text(&shard["BeginHashKey"]),
        end: text(&shard["EndHashKey"]),
        parents: shard["ParentShardIds"]
            .as_array()
            .expect("parents")
            .iter()
            .map(text)
            .collect(),
    });
    shards.collect()
}

impl Shards {
    pub(crate) fn new(served: &Served) -> Self {
        let known = list(&served.ok("GET", &format!("{TOPIC}/shards"), &Value::Null));
        Self {
            changes: 0,
            least: known.len(),
            known,
        }
    }

    /// Active shards in the order of their keys.
    fn active(&self) -> Vec<&Shard> {
        let mut active: Vec<_> = self.known.iter().filter(|shard| shard.active).collect();
        active.sort_by(|a, b| a.begin.cmp(&b.begin));
        active
    }
}

impl Worker for Shards {
    fn work(&mut self, wire: &mut Wire, random: &mut fastrand::Rng) -> Option<()> {
        let target = format!("{TOPIC}/shards");
        if self.changes < CHANGES {
            self.changes += 1;
            let active = self.active();
            let place = random.usize(..active.len() - 1);
            let (id, next) = (&active[place].id, &active[place + 1].id);
            let (made, body) = if active.len() > 4 {
                (
                    1,
                    json!({"Action": "merge", "ShardId": id, "AdjacentShardId": next}),
                )
            } else {
                (2, json!({"Action": "split", "ShardId": id}))
            };
            wire.write("POST", &target, &body)?;
            self.least = self.known.len() + made;
        }
        let found = list(&wire.write("GET", &target, &Value::Null)?);
        assert!(found.len() >= self.known.len());
        self.known = found;
        Some(())
    }

    fn check(&mut self, served: &Served) {
        let found = list(&served.ok("GET", &format!("{TOPIC}/shards"), &Value::Null));
        // The last change may not have been acknowledged, or not been listed.
        let most = self.known.len() + 2;
        assert!(
            (self.least..=most).contains(&found.len()),
            "{found:?} after {:?}",
            self.known
        );
        for (before, now) in self.known.iter().zip(&found) {
            assert_eq!(
                (&before.id, &before.begin, &before.end, &before.parents),
                (&now.id, &now.begin, &now.end, &now.parents)
            );
            assert!(
                before.active || !now.active,
                "shard {} is open again",
                now.id
            );
            let child = found.iter().any(|shard| shard.parents.contains(&now.id));
            assert_eq!(
                now.active, !child,
                "shard {} is half split or half merged",
                now.id
            );
        }
        self.known = found;
        let active = self.active();
        assert_eq!(active[0].begin, "0".repeat(32));
        assert_eq!(active[active.len() - 1].end, LAST_KEY);
        for pair in active.windows(2) {
            assert_eq!(pair[0].end, pair[1].begin, "the keys have a gap");
        }
        (self.changes, self.least) = (0, self.known.len());
    }
}
