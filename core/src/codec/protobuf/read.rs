//! Reading records from protocol buffers: where their values lie, and which bytes are kept for them.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::kept::{Kept, usual};
use super::wire::{self, Content, Reader};
use crate::codec::{GetReply, frame};
use crate::error::{Error, Result};
use crate::record::chunk::{Chunk, Form, Keys, Span};
use crate::record::told::{Columns, Entry};
use crate::record::{Collector, RecordBatch, RecordSchema};

/// Reads the frame of a get's reply. `None` as the schema means blobs.
///
/// Values are checked when they are read. A record with fewer values than columns has null for the rest;
/// further values are ignored.
pub fn decode_get(body: &Bytes, schema: Option<Arc<RecordSchema>>) -> Result<GetReply> {
    read_get(&frame::unwrap(body)?, schema)
}

/// Reads what is inside the frame of a get's reply, as [`decode_get`] does.
pub(crate) fn read_get(payload: &Bytes, schema: Option<Arc<RecordSchema>>) -> Result<GetReply> {
    let mut entries = EntryReader::new(payload, schema)?;
    let mut reader = Reader::new(payload, 0..payload.len());
    let mut next_cursor = None;
    let (mut start_seq, mut latest_seq, mut latest_time) = (0, None, None);
    while let Some((field, content)) = reader.next()? {
        match (field, content) {
            (1, Content::Bytes(range)) => next_cursor = Some(wire::text(payload, range)?),
            (2, Content::Number(value)) => entries.expect(value, payload.len()),
            (3, Content::Number(value)) => start_seq = value as i64,
            (4, Content::Bytes(range)) => entries.read(payload, range)?,
            (5, Content::Number(value)) => latest_seq = Some(value as i64),
            (6, Content::Number(value)) => latest_time = Some(value as i64),
            (1 | 3..=6, _) => return Err(wire::damaged()),
            _ => {}
        }
    }
    let next_cursor =
        next_cursor.ok_or_else(|| Error::malformed("the reply to a get has no next cursor"))?;
    let records = entries.finish();
    Ok(GetReply {
        next_cursor,
        record_count: records.len(),
        start_seq,
        latest_seq,
        latest_time,
        records,
    })
}

/// How many values the first record in the frame of a get's reply has; `None` when there is no record.
#[cfg(feature = "datahub")]
pub(crate) fn values_of_first(payload: &[u8]) -> Result<Option<usize>> {
    let mut reply = Reader::new(payload, 0..payload.len());
    while let Some((field, content)) = reply.next()? {
        let (4, Content::Bytes(range)) = (field, content) else {
            continue;
        };
        let mut count = 0;
        let mut entry = Reader::new(payload, range);
        while let Some((field, content)) = entry.next()? {
            if let (9, Content::Bytes(range)) = (field, content) {
                let mut values = Reader::new(payload, range);
                while any_value(&mut values, payload)?.is_some() {
                    count += 1;
                }
            }
        }
        return Ok(Some(count));
    }
    Ok(None)
}

/// Reads the frame of a put, for servers. `None` as the schema means blobs.
pub fn decode_put_request(body: &Bytes, schema: Option<Arc<RecordSchema>>) -> Result<RecordBatch> {
    let payload = frame::unwrap(body)?;
    let mut entries = EntryReader::new(&payload, schema)?;
    let mut reader = Reader::new(&payload, 0..payload.len());
    while let Some((field, content)) = reader.next()? {
        match (field, content) {
            (1, Content::Bytes(range)) => entries.read(&payload, range)?,
            (1, _) => return Err(wire::damaged()),
            _ => {}
        }
    }
    Ok(entries.finish())
}

/// Payloads of this size or more are refused: 2 GiB.
const TOO_LARGE: usize = 1 << 31;

/// Indexes record entries one by one.
struct EntryReader {
    chunk: Chunk,
    kept: Kept,
    told: Columns,
    /// The places of the values of one record.
    spans: Vec<Span>,
    /// How many values of a record are wanted.
    width: usize,
    collector: Collector,
}

/// The values of one record, as far as they were read.
enum Data {
    None,
    /// Written as usual, in a range of the payload; with the second member, whether they are framed plainly.
    Usual(Range<usize>, bool),
    /// In the list of places.
    Spans,
}

impl EntryReader {
    fn new(payload: &Bytes, schema: Option<Arc<RecordSchema>>) -> Result<Self> {
        if payload.len() >= TOO_LARGE {
            return Err(Error::malformed(
                "a body of 2 GiB or more cannot be decoded",
            ));
        }
        let width = schema.as_deref().map_or(1, RecordSchema::len);
        let chunk = Chunk::received(Form::Text, schema, payload.clone(), payload.clone());
        Ok(Self {
            chunk,
            kept: Kept::default(),
            told: Columns::default(),
            spans: Vec::new(),
            width,
            collector: Collector::default(),
        })
    }

    /// Makes room for a number of records, no more than a payload of that size can hold.
    fn expect(&mut self, records: u64, payload_size: usize) {
        // An entry takes at least four bytes.
        let records = usize::try_from(records).unwrap_or(usize::MAX);
        self.kept.reserve(records.min(payload_size / 4));
    }

    fn finish(mut self) -> RecordBatch {
        self.chunk.told = self.told.finish();
        self.kept.finish(&mut self.chunk);
        RecordBatch::from_chunk(self.chunk)
    }

    /// Indexes the entry in a range of the payload that was given to [`EntryReader::new`].
    fn read(&mut self, payload: &[u8], range: Range<usize>) -> Result<()> {
        let row = self.kept.len();
        let attributes = self.chunk.attributes.len();
        let mut entry = Entry::UNKNOWN;
        let mut keys = Keys::NONE;
        let mut data = Data::None;
        let mut reader = Reader::new(payload, range);
        while let Some((field, content)) = reader.next()? {
            match (field, content) {
                (9, Content::Bytes(range)) => self.read_values(payload, range, &mut data)?,
                (8, Content::Bytes(range)) => self.read_attributes(payload, range, attributes)?,
                (1, Content::Bytes(range)) => keys.shard_id = wire::text_span(payload, range)?,
                (2, Content::Bytes(range)) => keys.hash_key = wire::text_span(payload, range)?,
                (3, Content::Bytes(range)) => {
                    keys.partition_key = wire::text_span(payload, range)?;
                }
                (4, Content::Bytes(range)) => entry.cursor = cursor_span(payload, range)?,
                (5, Content::Bytes(range)) => entry.next_cursor = cursor_span(payload, range)?,
                (6, Content::Number(value)) => entry.sequence = value as i64,
                (7, Content::Number(value)) => entry.system_time = value as i64,
                (10, Content::Number(value)) => entry.serial = Some(value as u32),
                (1..=10, _) => return Err(wire::damaged()),
                _ => {}
            }
        }
        match data {
            Data::Usual(range, is_plain) => self.kept.push(&range, is_plain),
            Data::Spans => {
                self.kept.push_spans(payload, &self.spans);
                self.spans.clear();
            }
            Data::None => {
                return Err(Error::malformed(format!(
                    "record {row} of the protocol buffer has no data"
                )));
            }
        }
        self.collector.finish();
        self.chunk.begin_attributes(row, attributes);
        self.chunk.push_keys(row, keys);
        self.told.push_received(&entry, payload);
        Ok(())
    }

    #[inline]
    fn read_values(&mut self, payload: &[u8], range: Range<usize>, data: &mut Data) -> Result<()> {
        match (&*data, usual(payload, &range)) {
            (Data::None, Some(is_plain)) => *data = Data::Usual(range, is_plain),
            _ => self.read_spans(payload, range, data)?,
        }
        Ok(())
    }

    /// Reads values that are written in an unusual way, or behind others.
    #[cold]
    fn read_spans(&mut self, payload: &[u8], range: Range<usize>, data: &mut Data) -> Result<()> {
        let before = match std::mem::replace(data, Data::Spans) {
            Data::Usual(before, _) => Some(before),
            Data::None | Data::Spans => None,
        };
        for range in before.into_iter().chain([range]) {
            let mut reader = Reader::new(payload, range);
            while let Some(span) = any_value(&mut reader, payload)? {
                if self.spans.len() < self.width {
                    self.spans.push(span);
                }
            }
        }
        Ok(())
    }

    fn read_attributes(&mut self, payload: &[u8], range: Range<usize>, start: usize) -> Result<()> {
        let mut reader = Reader::new(payload, range);
        while let Some((field, content)) = reader.next()? {
            let range = match (field, content) {
                (1, Content::Bytes(range)) => range,
                (1, _) => return Err(wire::damaged()),
                _ => continue,
            };
            let (mut key, mut text) = (None, None);
            let mut pair = Reader::new(payload, range);
            while let Some((field, content)) = pair.next()? {
                match (field, content) {
                    (1, Content::Bytes(range)) => key = Some(wire::text_span(payload, range)?),
                    (2, Content::Bytes(range)) => text = Some(wire::text_span(payload, range)?),
                    (1 | 2, _) => return Err(wire::damaged()),
                    _ => {}
                }
            }
            let (Some(key), Some(text)) = (key, text) else {
                return Err(Error::malformed("an attribute has no key or no value"));
            };
            self.collector
                .add(&mut self.chunk.attributes, start, payload, key, text);
        }
        Ok(())
    }
}

/// The next value of a record in any form that the wire allows; `None` at the end of the record.
fn any_value(reader: &mut Reader<'_>, payload: &[u8]) -> Result<Option<Span>> {
    while let Some((field, content)) = reader.next()? {
        let range = match (field, content) {
            (1, Content::Bytes(range)) => range,
            (1, _) => return Err(wire::damaged()),
            _ => continue,
        };
        let mut span = Span::NULL;
        let mut value = Reader::new(payload, range);
        while let Some((field, content)) = value.next()? {
            match (field, content) {
                (1, Content::Bytes(range)) => span = Span::new(range.start, range.len()),
                (1, _) => return Err(wire::damaged()),
                _ => {}
            }
        }
        return Ok(Some(span));
    }
    Ok(None)
}

/// The span of a cursor, checked to be UTF-8. Those of the service are ASCII, which is found out quickly.
#[inline]
fn cursor_span(payload: &[u8], range: Range<usize>) -> Result<Span> {
    match payload.get(range.clone()).map(<[u8; 32]>::try_from) {
        Some(Ok(digits)) if digits.is_ascii() => Ok(Span::new(range.start, range.len())),
        _ => wire::text_span(payload, range),
    }
}
