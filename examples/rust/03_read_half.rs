//! Opens an offset session, reads the first half of every shard, commits, and stops.

use hubstream::datahub::{InitAndGetSubscriptionOffset, UpdateSubscriptionOffset};
use hubstream_examples::dataset::DataSet;
use hubstream_examples::journey::{Journey, TOPIC};
use hubstream_examples::{Failure, reading};
use serde_json::{Map, json};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let data = DataSet::load()?;
    let journey = Journey::new()?;
    let created = journey.load("created")?;
    let sub_id = created["sub_id"].as_str().unwrap_or_default();

    let shard_ids = journey.shard_ids().await?;
    let open = InitAndGetSubscriptionOffset::new(&journey.project, TOPIC, sub_id, shard_ids);
    let mut offsets = journey
        .hub
        .init_and_get_subscription_offset(open)
        .await?
        .offsets;

    let (mut lines, mut session) = (Map::new(), Map::new());
    let mut rows = 0;
    for (shard, offset) in &mut offsets {
        let newest = reading::newest(&journey, shard).await?;
        let half = offset.sequence + (newest - offset.sequence) / 2;
        let read = reading::read(&journey, &data, shard, offset.sequence, half).await?;
        rows += read.lines.len();
        offset.sequence = read.last;
        offset.timestamp = read.last_time;
        session.insert(
            shard.clone(),
            json!({
                "sequence": offset.sequence, "timestamp": offset.timestamp,
                "version": offset.version, "session_id": offset.session_id,
            }),
        );
        lines.insert(shard.clone(), json!(read.lines));
    }
    let commit = UpdateSubscriptionOffset::new(&journey.project, TOPIC, sub_id, offsets);
    journey.hub.update_subscription_offset(commit).await?;

    journey.save("first_half", &json!({ "session": session, "lines": lines }))?;
    println!(
        "process {}: read and committed {rows} rows, then stopped half-way",
        std::process::id()
    );
    Ok(())
}
