//! Reading: which records a cursor stands for.

use super::batch::{self, Layout};
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
    let (topic, index) = state.fresh_shard(call, shard)?;
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
    let schemas = topic.meta.schemas_ever();
    let mut page = Filling::default();
    let available = (log.next_sequence() - start.position.sequence) as usize;
    page.rows.reserve(start.limit.min(available));
    let mut skipped = start.position.index as usize;
    'entries: for (sequence, entry) in log.from(start.position.sequence) {
        let expanded;
        let records = match &entry.content {
            Content::Record(record) => std::slice::from_ref(record),
            Content::Batch(batch) => {
                match batch::expand(batch, &schemas) {
                    Ok(records) => expanded = records,
                    // Those before it can be read.
                    Err(_) if !page.rows.is_empty() => break,
                    Err(error) => return Err(error),
                }
                &expanded
            }
        };
        for (index, record) in records.iter().enumerate().skip(skipped) {
            if page.rows.len() >= start.limit || !page.has_room(record.bytes.len()) {
                break 'entries;
            }
            page.rows.push(row(
                entry,
                Position {
                    sequence,
                    index: index as u32,
                },
                record.clone(),
            ));
            page.next = Some(Position {
                sequence,
                index: index as u32 + 1,
            });
        }
        skipped = 0;
        page.next = Some(Position::at(sequence + 1));
    }
    Ok(finish(topic, log, page, start.position, cursor))
}

/// Reads batches, and single records as batches of one.
pub(super) fn batches(
    call: &Call<'_>,
    state: &mut State,
    shard: &str,
    cursor: &str,
    limit: i64,
    layout: Layout,
) -> Result<Page, Error> {
    let start = start(call, state, shard, cursor, limit)?;
    let topic = state.topic(call.project, call.topic)?;
    let log = &topic.shards[start.index].log;
    let mut page = Filling::default();
    // A place inside a batch cannot be read from; the next batch can.
    let first = start.position.sequence + i64::from(start.position.index > 0);
    if first != start.position.sequence && first <= log.next_sequence() {
        if first == log.next_sequence() && !topic.shards[start.index].is_active() {
            return Err(Error::shard_not_active());
        }
        page.next = Some(Position::at(first));
    }
    for (sequence, entry) in log.from(first).take(start.limit) {
        let bytes = match &entry.content {
            Content::Record(record) => {
                match batch::of_record(record, &topic.meta.schemas, layout) {
                    Ok(bytes) => bytes,
                    Err(_) if !page.rows.is_empty() => break,
                    Err(error) => return Err(error),
                }
            }
            Content::Batch(batch) => batch.bytes.clone(),
        };
        if !page.has_room(bytes.len()) {
            break;
        }
        let whole = Record {
            width: 0,
            attributes_len: 0,
            bytes,
        };
        page.rows.push(row(entry, Position::at(sequence), whole));
        page.next = Some(Position::at(sequence + 1));
    }
    Ok(finish(topic, log, page, start.position, cursor))
}

/// A page in the making.
#[derive(Default)]
struct Filling {
    rows: Vec<Row>,
    bytes: usize,
    /// The position behind what has been read.
    next: Option<Position>,
}

impl Filling {
    /// Whether the reply takes another record; the first one always fits.
    fn has_room(&mut self, bytes: usize) -> bool {
        self.bytes += bytes + ROW_BYTES;
        self.rows.is_empty() || self.bytes <= REPLY_BYTES
    }
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

fn finish(topic: &Topic, log: &Log, filled: Filling, position: Position, cursor: &str) -> Page {
    let Filling { mut rows, next, .. } = filled;
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
