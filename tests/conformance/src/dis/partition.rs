//! Partition keys, hashes and hash ranges.

use hubstream::dis::partition::{hash_range, partition_index, partition_key_hash};
use serde_json::Value;

use super::arguments::text;
use crate::vectors::{Case, Outcome, Verdict, same};

/// What the Java producer computes for itself (`java_sdk_index`) is not compared: it is
/// known to be wrong at the borders of ranges, and this library leaves the choice to the service.
pub(super) fn check(case: &Case) -> Verdict {
    agrees(&case.all)?;
    Ok(Outcome::Passed)
}

fn agrees(case: &Value) -> Result<(), String> {
    match text(case, "kind")? {
        "hash_ranges" => {
            let count = case["partition_count"].as_u64().unwrap_or_default();
            let count = u32::try_from(count).map_err(|error| error.to_string())?;
            let found: Value = (0..count)
                .map(|index| {
                    let (first, last) = hash_range(index, count);
                    Value::from(format!("[{first} : {last}]"))
                })
                .collect();
            return same("ranges", &case["ranges"], &found);
        }
        "partition_key" => {
            let found = partition_key_hash(text(case, "partition_key")?).to_string();
            same("hash", &text(case, "hash")?, &found.as_str())?;
        }
        "explicit_hash_key" => {}
        other => return Err(format!("an unknown kind {other:?}")),
    }
    let hash = text(case, "hash")?
        .parse()
        .map_err(|_| "a hash that is no number")?;
    for (count, index) in case["range_index"].as_object().ok_or("no indexes")? {
        let count = count.parse().map_err(|_| "a count that is no number")?;
        let found = u64::from(partition_index(hash, count));
        same(&format!("index of {count}"), &index.as_u64(), &Some(found))?;
    }
    Ok(())
}
