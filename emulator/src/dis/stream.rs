//! Streams: creating, listing, describing, scaling, changing, deleting.

use http::StatusCode;
use hubstream::dis::partition::parse_partition_id;
use serde_json::{Map, Value, json};

use super::error::Error;
use super::fields::{Fields, is_name};
use super::journal;
use super::reply::Reply;
use super::state::{
    Partition, PartitionInfo, PartitionStatus, Scaling, Stream, StreamInfo, Tag, new_id,
};
use super::turn::Turn;

/// Partitions of a stream of type COMMON that an account gets without asking.
const COMMON_QUOTA: i64 = 50;
/// Partitions of a stream of type ADVANCED that an account gets without asking.
const ADVANCED_QUOTA: i64 = 10;
/// Most partitions of a stream when quotas are off: what keeps the emulator bounded.
const MOST_PARTITIONS: i64 = 4096;

/// Creates a stream.
pub(crate) fn create(turn: &mut Turn<'_>, body: &Fields) -> Result<Reply, Error> {
    let name = body.required("stream_name")?;
    if !is_name(&name, 64) {
        return Err(Error::invalid(
            "stream_name must be 1 to 64 letters, digits, _ or -.",
        ));
    }
    let mut info = StreamInfo {
        id: new_id(),
        name,
        created: turn.now,
        modified: turn.now,
        retention_hours: 24,
        stream_type: body
            .choice("stream_type", &["COMMON", "ADVANCED"])?
            .unwrap_or_else(|| "COMMON".to_owned()),
        data_type: "BLOB".to_owned(),
        compression_format: body.choice("compression_format", &["snappy", "gzip", "zip"])?,
        csv_properties: csv_properties(body)?,
        tags: tags(body, "tags")?,
        sys_tags: tags(body, "sys_tags")?,
        ..StreamInfo::default()
    };
    change(&mut info, body)?;
    let count = body
        .integer("partition_count")?
        .ok_or_else(|| Error::invalid("partition_count is missing."))?;
    check_count(turn, &info, count)?;
    if turn.project.streams.contains_key(&info.name) {
        return Err(Error::new(
            "DIS.4307",
            "A stream of this name exists already.",
        ));
    }
    turn.changes
        .push(journal::put_stream(turn.project_id, &info));
    let partitions: Vec<Partition> = (0..count).map(|_| Partition::default()).collect();
    for number in 0..partitions.len() {
        turn.changes.push(journal::put_partition(
            &info.id,
            number,
            PartitionInfo::default(),
        ));
    }
    turn.project.streams.insert(
        info.name.clone(),
        Box::new(Stream {
            info,
            partitions,
            turn: 0,
        }),
    );
    Ok(Reply::empty(StatusCode::CREATED))
}

fn check_count(turn: &Turn<'_>, info: &StreamInfo, count: i64) -> Result<(), Error> {
    let quota = match (turn.limits.quotas(), info.stream_type.as_str()) {
        (false, _) => MOST_PARTITIONS,
        (true, "ADVANCED") => ADVANCED_QUOTA,
        (true, _) => COMMON_QUOTA,
    };
    if count < 1 {
        return Err(Error::invalid(
            "The number of partitions must be at least 1.",
        ));
    }
    if count > quota {
        return Err(Error::new(
            "DIS.4308",
            format!("The quota of {quota} partitions is exceeded."),
        ));
    }
    Ok(())
}

/// Takes over the members that a stream can be created and changed with.
fn change(info: &mut StreamInfo, body: &Fields) -> Result<(), Error> {
    if let Some(hours) = body.integer("data_duration")? {
        let days = (24..=168).contains(&hours) && hours % 24 == 0;
        if !days && !(24..=72).contains(&hours) {
            return Err(Error::invalid("data_duration must be from 24 to 72 hours."));
        }
        info.retention_hours = u32::try_from(hours).unwrap_or(24);
    }
    if let Some(kind) = body.choice("data_type", &["BLOB", "JSON", "CSV", "FILE"])? {
        info.data_type = kind;
    }
    if let Some(schema) = body.text("data_schema")? {
        if serde_json::from_str::<Value>(&schema).is_err() {
            return Err(Error::new("DIS.4360", "The data schema is invalid."));
        }
        info.data_schema = Some(schema);
    }
    if let Some(enabled) = body.boolean("auto_scale_enabled")? {
        info.auto_scale_enabled = enabled;
    }
    let count = |name: &str, old: u32| match body.integer(name)? {
        None => Ok(old),
        Some(count) => u32::try_from(count)
            .map_err(|_| Error::invalid(format!("{name} must not be negative."))),
    };
    info.auto_scale_min = count("auto_scale_min_partition_count", info.auto_scale_min)?;
    info.auto_scale_max = count("auto_scale_max_partition_count", info.auto_scale_max)?;
    if info.auto_scale_enabled
        && (info.auto_scale_min < 1 || info.auto_scale_max < info.auto_scale_min)
    {
        return Err(Error::invalid(
            "The bounds of automatic scaling must be at least 1 and in order.",
        ));
    }
    Ok(())
}

fn csv_properties(body: &Fields) -> Result<Option<Value>, Error> {
    match body.value("csv_properties") {
        None => Ok(None),
        Some(value @ Value::Object(_)) => Ok(Some(value.clone())),
        Some(_) => Err(Error::invalid("csv_properties must be an object.")),
    }
}

fn tags(body: &Fields, name: &str) -> Result<Vec<Tag>, Error> {
    let wrong = || Error::invalid(format!("{name} must be a list of keys and values."));
    let Some(value) = body.value(name) else {
        return Ok(Vec::new());
    };
    let tags: Vec<Tag> = serde_json::from_value(value.clone()).map_err(|_| wrong())?;
    if tags.len() > 10 {
        return Err(Error::new("DIS.4601", "A stream has at most 10 tags."));
    }
    let fits = |text: &str, longest: usize, dot: bool| {
        text.chars().count() <= longest
            && text.chars().all(|c| {
                c.is_ascii_alphanumeric()
                    || matches!(c, '-' | '_')
                    || dot && c == '.'
                    || ('\u{4e00}'..='\u{9fff}').contains(&c)
            })
    };
    if tags
        .iter()
        .all(|tag| !tag.key.is_empty() && fits(&tag.key, 36, false) && fits(&tag.value, 43, true))
    {
        Ok(tags)
    } else {
        Err(wrong())
    }
}

/// Lists the streams.
pub(crate) fn list(turn: &mut Turn<'_>, query: &Fields) -> Result<Reply, Error> {
    let limit = query.bounded("limit", 1, 100, 10)?;
    let start = query.text("start_stream_name")?.unwrap_or_default();
    let streams = &turn.project.streams;
    let mut after = streams
        .values()
        .filter(|stream| start.is_empty() || stream.info.name > start);
    let page: Vec<&Stream> = after.by_ref().take(limit).map(AsRef::as_ref).collect();
    let names: Vec<&str> = page
        .iter()
        .map(|stream| stream.info.name.as_str())
        .collect();
    let infos: Vec<Value> = page
        .iter()
        .map(|stream| Value::Object(list_entry(stream)))
        .collect();
    Ok(Reply::json(&json!({
        "total_number": streams.len(),
        "stream_names": names,
        "has_more_streams": after.next().is_some(),
        "stream_info_list": infos,
    })))
}

fn list_entry(stream: &Stream) -> Map<String, Value> {
    let mut entry = common_members(&stream.info);
    entry.insert("partition_count".to_owned(), stream.active().len().into());
    entry
}

fn common_members(info: &StreamInfo) -> Map<String, Value> {
    let members = json!({
        "stream_id": info.id,
        "stream_name": info.name,
        "create_time": info.created,
        "retention_period": info.retention_hours,
        "status": "RUNNING",
        "stream_type": info.stream_type,
        "data_type": info.data_type,
        "auto_scale_enabled": info.auto_scale_enabled,
        "auto_scale_min_partition_count": info.auto_scale_min,
        "auto_scale_max_partition_count": info.auto_scale_max,
        "tags": info.tags,
        "sys_tags": info.sys_tags,
    });
    match members {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Describes a stream.
pub(crate) fn show(turn: &mut Turn<'_>, name: &str, query: &Fields) -> Result<Reply, Error> {
    let limit = query.bounded("limit_partitions", 1, 1000, 100)?;
    let start = start_partition(query, "start_partitionId")?;
    let now = turn.now;
    let stream = turn
        .project
        .stream(Some(name), query.text("stream_id")?.as_deref())?;
    let info = &stream.info;
    let end = stream.partitions.len().min(start.saturating_add(limit));
    let partitions: Vec<Value> = (start..end)
        .map(|number| partition(stream, number, now))
        .collect();
    let readable = (0..stream.partitions.len())
        .filter(|number| stream.status(*number, now) != PartitionStatus::Expired)
        .count();
    let mut members = common_members(info);
    let mut add = |name: &str, value: Value| {
        if !value.is_null() {
            members.insert(name.to_owned(), value);
        }
    };
    add("last_modified_time", info.modified.into());
    add("data_schema", info.data_schema.clone().into());
    add("compression_format", info.compression_format.clone().into());
    add(
        "csv_properties",
        info.csv_properties.clone().unwrap_or_default(),
    );
    add("writable_partition_count", stream.active().len().into());
    add("readable_partition_count", readable.into());
    add("partitions", partitions.into());
    add(
        "has_more_partitions",
        (end < stream.partitions.len()).into(),
    );
    add("update_partition_counts", json!(info.scalings));
    Ok(Reply::json(&members))
}

/// The number of the partition behind the last one that was seen.
pub(crate) fn start_partition(query: &Fields, name: &str) -> Result<usize, Error> {
    match query.text(name)? {
        None => Ok(0),
        Some(text) => parse_partition_id(&text)
            .map(|number| number as usize + 1)
            .ok_or_else(|| Error::new("DIS.4201", format!("The {name} is invalid."))),
    }
}

fn partition(stream: &Stream, number: usize, now: i64) -> Value {
    let partition = &stream.partitions[number];
    json!({
        "partition_id": Stream::partition_id(number),
        "status": stream.status(number, now).name(),
        "hash_range": stream.hash_range(number),
        "sequence_number_range": format!("[{} : {}]", partition.first(), partition.info.next),
        "parent_partitions": "",
    })
}

/// Changes the number of partitions, or other properties, whichever the body asks for.
pub(crate) fn update(turn: &mut Turn<'_>, name: &str, body: &Fields) -> Result<Reply, Error> {
    if body.value("target_partition_count").is_some() {
        return scale(turn, name, body);
    }
    let (project_id, now) = (turn.project_id, turn.now);
    let stream = turn.project.stream(Some(name), None)?;
    let mut info = stream.info.clone();
    change(&mut info, body)?;
    info.modified = now;
    let reply = json!({ "stream_name": info.name, "target_data_type": info.data_type });
    turn.changes.push(journal::put_stream(project_id, &info));
    stream.info = info;
    Ok(Reply::json(&reply))
}

fn scale(turn: &mut Turn<'_>, name: &str, body: &Fields) -> Result<Reply, Error> {
    let target = body.integer("target_partition_count")?.unwrap_or_default();
    let now = turn.now;
    let info = turn.project.stream(Some(name), None)?.info.clone();
    check_count(turn, &info, target)?;
    let target = usize::try_from(target).unwrap_or_default();
    let stream = turn.project.stream(Some(name), None)?;
    let active = stream.active();
    let current = active.len();
    if stream.partitions.len() + target.saturating_sub(current) > MOST_PARTITIONS as usize {
        return Err(Error::new(
            "DIS.4308",
            "The stream has had too many partitions.",
        ));
    }
    let mut changed = Vec::new();
    for number in active.iter().skip(target) {
        stream.partitions[*number].info.closed = Some(now);
        changed.push(*number);
    }
    for _ in current..target {
        changed.push(stream.partitions.len());
        stream.partitions.push(Partition::default());
    }
    if !changed.is_empty() {
        stream.info.modified = now;
        stream.info.scalings.push(Scaling {
            create_timestamp: now,
            src_partition_count: u32::try_from(current).unwrap_or(u32::MAX),
            target_partition_count: u32::try_from(target).unwrap_or(u32::MAX),
            result_code: 0,
            auto_scale: false,
        });
        turn.changes
            .push(journal::put_stream(turn.project_id, &stream.info));
    }
    for number in changed {
        let partition = &stream.partitions[number];
        turn.changes.push(journal::put_partition(
            &stream.info.id,
            number,
            partition.info,
        ));
    }
    Ok(Reply::json(&json!({
        "stream_name": stream.info.name,
        "current_partition_count": current,
        "target_partition_count": target,
    })))
}

/// Deletes a stream with its records and checkpoints.
pub(crate) fn delete(turn: &mut Turn<'_>, name: &str) -> Result<Reply, Error> {
    let info = turn.project.stream(Some(name), None)?.info.clone();
    turn.project.streams.remove(&info.name);
    turn.changes
        .extend(journal::delete_stream(turn.project_id, &info.id));
    for app in turn.project.apps.values_mut() {
        if app.checkpoints.remove(&info.id).is_some() {
            turn.changes.push(journal::put_app(turn.project_id, app));
        }
    }
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
