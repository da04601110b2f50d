//! A new process: resumes exactly behind what was committed, and shows that the old session cannot commit any more.

use hubstream::datahub::{
    InitAndGetSubscriptionOffset, OffsetWithSession, UpdateSubscriptionOffset,
};
use hubstream::error::ErrorKind;
use hubstream_examples::dataset::DataSet;
use hubstream_examples::journey::{Journey, TOPIC};
use hubstream_examples::{Failure, reading};
use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

fn old_session(saved: &Json) -> Result<Vec<(String, OffsetWithSession)>, Failure> {
    let number = |offset: &Json, name: &str| {
        offset[name]
            .as_i64()
            .ok_or_else(|| format!("the saved session has no {name}"))
    };
    let mut offsets = Vec::new();
    for (shard, offset) in saved["session"]
        .as_object()
        .ok_or("there is no saved session")?
    {
        let offset = OffsetWithSession::new(
            number(offset, "sequence")?,
            number(offset, "timestamp")?,
            number(offset, "version")?,
            number(offset, "session_id")?,
        );
        offsets.push((shard.clone(), offset));
    }
    Ok(offsets)
}

/// Shows that the outdated session cannot commit.
async fn refused(
    journey: &Journey,
    sub_id: &str,
    old: Vec<(String, OffsetWithSession)>,
) -> Result<(), Failure> {
    let outdated = UpdateSubscriptionOffset::new(
        &journey.project,
        TOPIC,
        sub_id,
        old.into_iter().collect::<IndexMap<_, _>>(),
    );
    match journey.hub.update_subscription_offset(outdated).await {
        Err(error) if error.kind() == ErrorKind::SessionLost => {
            println!(
                "commit of the outdated session refused: {}: {error}",
                error.kind()
            );
            Ok(())
        }
        Err(error) => Err(error.into()),
        Ok(()) => Err("the outdated session could commit".into()),
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let data = DataSet::load()?;
    let journey = Journey::new()?;
    let (hub, project) = (&journey.hub, &journey.project);
    let created = journey.load("created")?;
    let sub_id = created["sub_id"].as_str().unwrap_or_default();
    let old: Vec<_> = old_session(&journey.load("first_half")?)?;

    let shard_ids = journey.shard_ids().await?;
    let open = InitAndGetSubscriptionOffset::new(project, TOPIC, sub_id, shard_ids);
    let mut offsets = hub.init_and_get_subscription_offset(open).await?.offsets;
    for (shard, offset) in &old {
        if offsets.get(shard).map(|now| now.sequence) != Some(offset.sequence) {
            return Err(format!("shard {shard} does not resume where it was committed").into());
        }
    }

    refused(&journey, sub_id, old).await?;

    let mut lines = Map::new();
    let mut rows = 0;
    for (shard, offset) in &mut offsets {
        let committed = offset.sequence;
        let newest = reading::newest(&journey, shard).await?;
        let read = reading::read(&journey, &data, shard, committed, newest).await?;
        if read.first.is_some_and(|first| first != committed + 1) {
            return Err(format!(
                "shard {shard} goes on at {:?} behind {committed}",
                read.first
            )
            .into());
        }
        rows += read.lines.len();
        offset.sequence = read.last;
        offset.timestamp = read.last_time;
        lines.insert(shard.clone(), json!(read.lines));
    }
    let commit = UpdateSubscriptionOffset::new(project, TOPIC, sub_id, offsets);
    hub.update_subscription_offset(commit).await?;
    journey.save("second_half", &json!({ "lines": lines }))?;
    println!(
        "process {}: resumed, read and committed the other {rows} rows",
        std::process::id()
    );
    Ok(())
}
