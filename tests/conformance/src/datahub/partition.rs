//! `partition.json`.

use hubstream::record::partition::{fnv1a_32, md5_hex, shard_for_partition_key};
use hubstream::record::{ShardRange, TopicMode};

use crate::vectors::{Case, Outcome, Verdict, same};

pub(super) fn check(case: &Case) -> Verdict {
    let (input, expected) = (case.input(), case.expected());
    let key = input["partition_key"].as_str().ok_or("no partition key")?;
    match case.operation() {
        "hash" => {
            same(
                "fnv1a32",
                &expected["fnv1a32"].as_u64(),
                &Some(fnv1a_32(key.as_bytes()).into()),
            )?;
            same(
                "md5",
                &expected["md5_upper"].as_str(),
                &Some(md5_hex(key).as_str()),
            )?;
            Ok(Outcome::Passed)
        }
        "select_shard" => {
            let mode = if input["expand_mode"] == "extend" {
                TopicMode::Extend
            } else {
                TopicMode::Split
            };
            let shards: Vec<ShardRange<'_>> = input["shards"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|shard| shard["State"] == "ACTIVE")
                .map(|shard| ShardRange {
                    shard_id: shard["ShardId"].as_str().unwrap_or_default(),
                    begin_hash_key: shard["BeginHashKey"].as_str().unwrap_or_default(),
                })
                .collect();
            same(
                "shard",
                &expected["shard_id"].as_str(),
                &shard_for_partition_key(mode, &shards, key),
            )?;
            Ok(Outcome::Passed)
        }
        _ => Ok(Outcome::NotBuilt),
    }
}
