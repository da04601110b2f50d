//! Apps and their checkpoints.

use http::StatusCode;
use hubstream::dis::partition::parse_partition_id;
use serde_json::{Value, json};

use super::error::Error;
use super::fields::{Fields, is_name};
use super::journal;
use super::reply::Reply;
use super::state::{App, Checkpoint, Project, Stream, new_id};
use super::stream::start_partition;
use super::turn::Turn;

/// The only type of checkpoint.
const LAST_READ: &str = "LAST_READ";
/// Longest metadata of a checkpoint, in characters.
const MAX_METADATA: usize = 1000;

/// Creates an app.
pub(crate) fn create(turn: &mut Turn<'_>, body: &Fields) -> Result<Reply, Error> {
    let name = body.required("app_name")?;
    if !is_name(&name, 200) {
        return Err(Error::invalid(
            "app_name must be 1 to 200 letters, digits, _ or -.",
        ));
    }
    if turn.project.apps.contains_key(&name) {
        return Err(Error::new(
            "DIS.4330",
            "An app of this name exists already.",
        ));
    }
    let app = App {
        id: new_id(),
        name,
        created: turn.now,
        ..App::default()
    };
    turn.changes.push(journal::put_app(turn.project_id, &app));
    turn.project.apps.insert(app.name.clone(), Box::new(app));
    Ok(Reply::empty(StatusCode::CREATED))
}

/// Lists apps: all, or those with a checkpoint on a stream.
pub(crate) fn list(turn: &mut Turn<'_>, query: &Fields) -> Result<Reply, Error> {
    let limit = query.bounded("limit", 1, 100, 10)?;
    let start = query.text("start_app_name")?.unwrap_or_default();
    let stream = match query.text("stream_name")? {
        None => None,
        Some(name) => Some(turn.project.stream(Some(&name), None)?.info.id.clone()),
    };
    let project = &*turn.project;
    let listed: Vec<&App> = project
        .apps
        .values()
        .map(AsRef::as_ref)
        .filter(|app: &&App| {
            stream
                .as_ref()
                .is_none_or(|stream| app.checkpoints.contains_key(stream))
        })
        .collect();
    let mut after = listed
        .iter()
        .filter(|app| start.is_empty() || app.name > start);
    let page: Vec<Value> = after
        .by_ref()
        .take(limit)
        .map(|app| description(project, app))
        .collect();
    Ok(Reply::json(&json!({
        "has_more_app": after.next().is_some(),
        "apps": page,
        "total_number": listed.len(),
    })))
}

fn description(project: &Project, app: &App) -> Value {
    json!({
        "app_name": app.name,
        "app_id": app.id,
        "create_time": app.created,
        "commit_checkpoint_stream_names": project.checkpoint_streams(app),
    })
}

/// Describes an app.
pub(crate) fn show(turn: &mut Turn<'_>, name: &str) -> Result<Reply, Error> {
    let app = turn.project.app(name)?.clone();
    Ok(Reply::json(&description(turn.project, &app)))
}

/// Deletes an app with its checkpoints.
pub(crate) fn delete(turn: &mut Turn<'_>, name: &str) -> Result<Reply, Error> {
    turn.project.apps.remove(name).ok_or_else(Error::no_app)?;
    turn.changes
        .push(journal::delete_app(turn.project_id, name));
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// Tells how far an app has come in each partition of a stream.
pub(crate) fn consumer_state(
    turn: &mut Turn<'_>,
    app: &str,
    stream: &str,
    query: &Fields,
) -> Result<Reply, Error> {
    query.choice("checkpoint_type", &[LAST_READ])?;
    let limit = query.bounded("limit", 1, 1000, 100)?;
    let start = start_partition(query, "start_partition_id")?;
    let now = turn.now;
    let app = turn.project.app(app)?.clone();
    let stream = turn.project.stream(Some(stream), None)?;
    let checkpoints = app.checkpoints.get(&stream.info.id);
    let end = stream.partitions.len().min(start.saturating_add(limit));
    let states: Vec<Value> = (start..end)
        .map(|number| {
            let partition = &stream.partitions[number];
            let checkpoint = u32::try_from(number).ok().and_then(|number| checkpoints?.get(&number));
            json!({
                "partition_id": Stream::partition_id(number),
                "sequence_number": checkpoint.map_or("-1", |checkpoint| &checkpoint.sequence_number),
                "latest_offset": partition.info.next,
                "earliest_offset": partition.first(),
                "checkpoint_type": LAST_READ,
                "status": stream.status(number, now).name(),
                "metadata": checkpoint.map_or("", |checkpoint| &checkpoint.metadata),
            })
        })
        .collect();
    Ok(Reply::json(&json!({
        "has_more": end < stream.partitions.len(),
        "stream_name": stream.info.name,
        "app_name": app.name,
        "partition_consuming_states": states,
    })))
}

/// What a checkpoint request is about.
struct Target {
    app: String,
    stream: String,
    partition: Option<u32>,
    next: Option<u64>,
}

fn target(turn: &mut Turn<'_>, fields: &Fields, partition_required: bool) -> Result<Target, Error> {
    let app = fields.required("app_name")?;
    let (name, id) = (fields.text("stream_name")?, fields.text("stream_id")?);
    if name.is_none() && id.is_none() {
        return Err(Error::invalid("stream_name is missing."));
    }
    let partition = match fields.text("partition_id")? {
        None if partition_required => {
            return Err(Error::new("DIS.4201", "The partition_id is missing."));
        }
        None => None,
        Some(text) => Some(
            parse_partition_id(&text)
                .ok_or_else(|| Error::new("DIS.4201", "The partition_id is invalid."))?,
        ),
    };
    fields.choice("checkpoint_type", &[LAST_READ])?;
    turn.project.app(&app)?;
    let stream = turn.project.stream(name.as_deref(), id.as_deref())?;
    let next = match partition {
        None => None,
        Some(number) => Some(
            stream
                .partitions
                .get(number as usize)
                .ok_or_else(Error::no_partition)?
                .info
                .next,
        ),
    };
    Ok(Target {
        app,
        stream: stream.info.id.clone(),
        partition,
        next,
    })
}

/// Stores a checkpoint. Going back is allowed, going beyond the end of the partition is not.
pub(crate) fn commit_checkpoint(turn: &mut Turn<'_>, body: &Fields) -> Result<Reply, Error> {
    let target = target(turn, body, true)?;
    let name = "sequence_number";
    let text = body
        .text(name)?
        .ok_or_else(|| Error::bad_sequence_number(name))?;
    let number: u64 = text.parse().map_err(|_| Error::bad_sequence_number(name))?;
    if target.next.is_none_or(|next| number > next) {
        return Err(Error::out_of_range());
    }
    let metadata = body.text("metadata")?.unwrap_or_default();
    if metadata.chars().count() > MAX_METADATA {
        return Err(Error::invalid(
            "metadata must have at most 1000 characters.",
        ));
    }
    let project_id = turn.project_id;
    let app = turn.project.app(&target.app)?;
    let checkpoint = Checkpoint {
        sequence_number: number.to_string(),
        metadata,
    };
    app.checkpoints
        .entry(target.stream)
        .or_default()
        .insert(target.partition.unwrap_or_default(), checkpoint);
    turn.changes.push(journal::put_app(project_id, app));
    Ok(Reply::empty(StatusCode::CREATED))
}

/// Returns a checkpoint; `-1` when there is none.
pub(crate) fn show_checkpoint(turn: &mut Turn<'_>, query: &Fields) -> Result<Reply, Error> {
    let target = target(turn, query, true)?;
    let app = turn.project.app(&target.app)?;
    let checkpoint = app
        .checkpoints
        .get(&target.stream)
        .and_then(|partitions| partitions.get(&target.partition.unwrap_or_default()));
    Ok(Reply::json(&json!({
        "sequence_number": checkpoint.map_or("-1", |checkpoint| &checkpoint.sequence_number),
        "metadata": checkpoint.map_or("", |checkpoint| &checkpoint.metadata),
    })))
}

/// Forgets a checkpoint, or all of an app on a stream.
pub(crate) fn delete_checkpoint(turn: &mut Turn<'_>, query: &Fields) -> Result<Reply, Error> {
    let target = target(turn, query, false)?;
    let project_id = turn.project_id;
    let app = turn.project.app(&target.app)?;
    match target.partition {
        None => {
            app.checkpoints.remove(&target.stream);
        }
        Some(number) => {
            if let Some(partitions) = app.checkpoints.get_mut(&target.stream) {
                partitions.remove(&number);
                if partitions.is_empty() {
                    app.checkpoints.remove(&target.stream);
                }
            }
        }
    }
    turn.changes.push(journal::put_app(project_id, app));
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
