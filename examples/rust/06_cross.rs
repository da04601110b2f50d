//! Reads what the programs of every language wrote and compares it with the data set; fails if anything differs.
//!
//! Arguments: the languages, as in `rust python node`.

use hubstream_examples::dataset::{DataSet, checksum};
use hubstream_examples::journey::Journey;
use hubstream_examples::{Failure, reading, show};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let data = DataSet::load()?;
    let expected = data.checksum()?;
    let mut rows = vec![
        ["written by", "read by", "rows", "checksum", "equal"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let mut equal = true;
    for language in std::env::args().skip(1) {
        let journey = Journey::in_project(&format!("demo_{language}"))?;
        let mut lines = Vec::new();
        for shard in journey.shard_ids().await? {
            let newest = reading::newest(&journey, &shard).await?;
            lines.extend(
                reading::read(&journey, &data, &shard, -1, newest)
                    .await?
                    .lines,
            );
        }
        let count = lines.len();
        let sum = checksum(lines);
        let same = count == data.len() && sum == expected;
        equal &= same;
        let verdict = if same { "yes" } else { "NO" };
        rows.push(
            [
                &language,
                "rust",
                &count.to_string(),
                &show::short(&sum),
                verdict,
            ]
            .map(str::to_owned)
            .to_vec(),
        );
    }
    show::table(&rows);
    if equal {
        Ok(())
    } else {
        Err("a topic does not hold the data set".into())
    }
}
