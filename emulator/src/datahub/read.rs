//! Reading: which records a cursor stands for.

use super::call::Call;
use super::cursor::{CursorText, Position, text};
use super::error::Error;
use super::log::{Content, Entry, Log, Record};
use super::state::{RecordKind, State, Topic};

/// Most records of a reply.
const RECORDS: i64 = 1000;

/// Bytes of records after which a reply ends, whatever its limit.
const REPLY_BYTES: usize = 4 << 20;

/// Bytes that a record costs beyond its content.
const ROW_BYTES: usize = 100;

/// Records to reply with.
pub(super) struct Page {
    pub(super) kind: RecordKind,
    /// Number of columns of the topic; narrower records lack the last ones.
    pub(super) width: usize,
    pub(super) next_cursor: String,
    /// Sequence of the first record, or of the cursor if there is none.
    pub(super) start_sequence: i64,
    /// Sequence and time of the last record of the shard; -1 and 0 if there is none.
    pub(super) latest_sequence: i64,
    pub(super) latest_ms: i64,
    pub(super) rows: Vec<Row>,
}

/// One record of a reply.
pub(super) struct Row {
    pub(super) sequence: i64,
    /// Place in the batch that it was written in.
    pub(super) index: u32,
    pub(super) time_ms: i64,
    pub(super) cursor: CursorText,
    pub(super) next_cursor: CursorText,
    pub(super) record: Record,
}

/// Where a read begins, after all that can be wrong with it has been ruled out.
pub(super) struct Start {
    pub(super) index: usize,
    pub(super) position: Position,
    pub(super) limit: usize,
}

/// Finds the shard and the place that a read begins at.
pub(super) fn start(
    call: &Call<'_>,
    state: &mut State,
    shard: &str,
    cursor: &str,
    limit: i64,
) -> Result<Start, Error> {
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    let index = topic.shard_index(call.project, call.topic, shard)?;
    topic.expire(index, call.now_ms, journal);
    let shard = &topic.shards[index];
    let position = Position::parse(cursor)?;
    if position.sequence > shard.log.next_sequence() {
        return Err(Error::invalid_cursor());
    }
    if position.sequence < shard.log.first_sequence() {
        return Err(Error::expired_cursor());
    }
    if position.sequence == shard.log.next_sequence() && !shard.is_active() {
        return Err(Error::shard_not_active());
    }
    Ok(Start {
        index,
        position,
        limit: limit.clamp(1, RECORDS) as usize,
    })
}

/// Reads single records.
pub(super) fn page(
    call: &Call<'_>,
    state: &mut State,
    shard: &str,
    cursor: &str,
    limit: i64,
) -> Result<Page, Error> {
    let start = start(call, state, shard, cursor, limit)?;
    let topic = state.topic(call.project, call.topic)?;
    let log = &topic.shards[start.index].log;
    let mut rows = Vec::with_capacity(
        start
            .limit
            .min(log.from(start.position.sequence).size_hint().0),
    );
    let mut bytes = 0;
    for (sequence, entry) in log.from(start.position.sequence) {
        if rows.len() >= start.limit || bytes >= REPLY_BYTES {
            break;
        }
        match &entry.content {
            Content::Record(record) => {
                bytes += record.bytes.len() + ROW_BYTES;
                if bytes > REPLY_BYTES && !rows.is_empty() {
                    break;
                }
                rows.push(row(entry, Position::at(sequence), record.clone()));
            }
            Content::Batch(_) => {
                return Err(Error::invalid_operation("Batches are read as batches."));
            }
        }
    }
    let next = rows.last().map(|row| Position::at(row.sequence + 1));
    Ok(finish(topic, log, rows, start.position, next, cursor))
}

fn row(entry: &Entry, position: Position, record: Record) -> Row {
    Row {
        sequence: position.sequence,
        index: position.index,
        time_ms: entry.time_ms,
        cursor: position.cursor_at(entry.time_ms),
        next_cursor: CursorText::default(),
        record,
    }
}

fn finish(
    topic: &Topic,
    log: &Log,
    mut rows: Vec<Row>,
    position: Position,
    next: Option<Position>,
    cursor: &str,
) -> Page {
    let next = next.map(|next| next.cursor(log));
    let mut after = next.unwrap_or_default();
    for row in rows.iter_mut().rev() {
        row.next_cursor = after;
        after = row.cursor;
    }
    Page {
        kind: topic.meta.kind,
        width: topic.schema().map_or(1, |schema| schema.fields.len()),
        next_cursor: next.map_or_else(|| cursor.to_owned(), |next| text(&next).to_owned()),
        start_sequence: rows.first().map_or(position.sequence, |row| row.sequence),
        latest_sequence: if log.is_empty() {
            -1
        } else {
            log.next_sequence() - 1
        },
        latest_ms: if log.is_empty() { 0 } else { log.last_ms() },
        rows,
    }
}
