//! Compares what was put with what both reading processes got; fails if anything differs.

use hubstream_examples::dataset::checksum;
use hubstream_examples::journey::{Journey, TOPIC};
use hubstream_examples::{Failure, reading, show};
use serde_json::Value as Json;

/// What a reading process got from a shard.
fn lines_of(half: &Json, shard: &str) -> Result<Vec<String>, Failure> {
    let lines = half["lines"][shard].as_array();
    let lines = lines.ok_or("a shard was not read")?;
    let text = |line: &Json| line.as_str().map(str::to_owned);
    Ok(lines.iter().filter_map(text).collect())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let journey = Journey::new()?;
    let put = journey.load("put")?;
    let (first, second) = (journey.load("first_half")?, journey.load("second_half")?);

    let mut rows = vec![
        ["shard", "stored", "first process", "second process", "read"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let mut lines = Vec::new();
    let (mut stored_rows, mut equal) = (0, true);
    for shard in journey.shard_ids().await? {
        let stored = usize::try_from(reading::newest(&journey, &shard).await? + 1)?;
        let mut counts = Vec::new();
        for half in [&first, &second] {
            let half = lines_of(half, &shard)?;
            counts.push(half.len());
            lines.extend(half);
        }
        let read = counts[0] + counts[1];
        equal &= read == stored;
        stored_rows += stored;
        rows.push(
            [
                shard,
                stored.to_string(),
                counts[0].to_string(),
                counts[1].to_string(),
                read.to_string(),
            ]
            .to_vec(),
        );
    }
    let (rows_in, rows_out) = (put["rows"].as_u64().unwrap_or_default(), lines.len() as u64);
    let (sum_in, sum_out) = (
        put["checksum"].as_str().unwrap_or_default(),
        checksum(lines),
    );
    equal &= rows_in == rows_out && rows_out == stored_rows as u64 && sum_in == sum_out;

    println!("{}/{TOPIC}", journey.project);
    show::table(&rows);
    let total = |name: &str, rows: u64, sum: &str| {
        [name.to_owned(), rows.to_string(), show::short(sum)].to_vec()
    };
    show::table(&[
        ["", "rows", "checksum"].map(str::to_owned).to_vec(),
        total("in", rows_in, sum_in),
        total("out", rows_out, &sum_out),
    ]);
    if !equal {
        return Err("what was read differs from what was put".into());
    }
    println!("  equal on both ends");
    Ok(())
}
