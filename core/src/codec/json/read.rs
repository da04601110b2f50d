//! Reading records from JSON; strings stay in the body that was received.

use std::sync::Arc;

use bytes::Bytes;

use super::scan::{Scanner, damaged};
use crate::codec::{GetReply, MAX_GET_LIMIT, other_kind};
use crate::error::{Error, Result};
use crate::record::chunk::{Chunk, Form, Keys, Span, Values, check_size};
use crate::record::told::{Columns, Entry};
use crate::record::{Collector, RecordBatch, RecordSchema};

/// Reads the body of a get's reply. `None` as the schema means blobs.
///
/// Values are checked when they are read. A record with fewer values than columns has null for the rest;
/// further values are ignored, and so are unknown members.
pub fn decode_get(body: Bytes, schema: Option<Arc<RecordSchema>>) -> Result<GetReply> {
    let mut reader = RecordReader::new(body, schema)?;
    let mut next_cursor = None;
    let (mut start_seq, mut latest_seq, mut latest_time) = (None, None, None);
    reader.scanner.expect(b'{')?;
    let mut first = true;
    while reader.scanner.next(&mut first, b'}')? {
        let name = reader.scanner.name()?;
        match &reader.scanner.buffer()[name.range()] {
            b"NextCursor" => next_cursor = reader.scanner.text()?,
            b"StartSeq" => start_seq = reader.scanner.integer()?,
            b"LatestSeq" => latest_seq = reader.scanner.integer()?,
            b"LatestTime" => latest_time = reader.scanner.integer()?,
            b"Records" => reader.read_all()?,
            _ => reader.scanner.skip()?,
        }
    }
    reader.scanner.end()?;
    let next_cursor =
        next_cursor.ok_or_else(|| Error::malformed("the reply to a get has no next cursor"))?;
    let next_cursor =
        String::from_utf8_lossy(&reader.scanner.buffer()[next_cursor.range()]).into_owned();
    let records = reader.finish();
    let start_seq = start_seq.unwrap_or(0);
    Ok(GetReply {
        next_cursor,
        record_count: records.len(),
        start_seq,
        latest_seq,
        latest_time,
        records,
    })
}

/// Reads the body of a put, for servers. `None` as the schema means blobs.
pub fn decode_put_request(body: Bytes, schema: Option<Arc<RecordSchema>>) -> Result<RecordBatch> {
    let mut reader = RecordReader::new(body, schema)?;
    reader.scanner.expect(b'{')?;
    let mut first = true;
    while reader.scanner.next(&mut first, b'}')? {
        let name = reader.scanner.name()?;
        match &reader.scanner.buffer()[name.range()] {
            b"Records" => reader.read_all()?,
            _ => reader.scanner.skip()?,
        }
    }
    reader.scanner.end()?;
    Ok(reader.finish())
}

/// What a member of a record tells.
#[derive(Clone, Copy)]
enum Member {
    Data,
    Attributes,
    Sequence,
    SystemTime,
    Cursor,
    NextCursor,
    ShardId,
    HashKey,
    PartitionKey,
    Other,
}

/// Indexes the records of an array.
struct RecordReader {
    scanner: Scanner,
    chunk: Chunk,
    told: Columns,
    spans: Vec<Span>,
    /// How many values of a record are wanted; `None` for blobs.
    width: Option<usize>,
    collector: Collector,
}

impl RecordReader {
    fn new(body: Bytes, schema: Option<Arc<RecordSchema>>) -> Result<Self> {
        check_size(body.len())?;
        let width = schema.as_deref().map(RecordSchema::len);
        Ok(Self {
            scanner: Scanner::new(body),
            chunk: Chunk::received(Form::Text, schema, Bytes::new(), Bytes::new()),
            told: Columns::default(),
            spans: Vec::new(),
            width,
            collector: Collector::default(),
        })
    }

    fn finish(mut self) -> RecordBatch {
        self.chunk.body = self.scanner.into_buffer();
        self.chunk.head = self.chunk.body.clone();
        self.chunk.told = self.told.finish();
        self.chunk.starts.shrink_to_fit();
        self.spans.shrink_to_fit();
        self.chunk.values = Values::Received {
            form: Form::Text,
            spans: self.spans,
        };
        RecordBatch::from_chunk(self.chunk)
    }

    fn read_all(&mut self) -> Result<()> {
        if self.scanner.peek() == b'n' {
            return if self.scanner.text()?.is_none() {
                Ok(())
            } else {
                Err(damaged())
            };
        }
        self.scanner.expect(b'[')?;
        let mut first = true;
        while self.scanner.next(&mut first, b']')? {
            let before = self.scanner.place();
            self.read_record()?;
            if self.chunk.starts.len() == 1 {
                self.expect_more(self.scanner.place() - before);
            }
        }
        Ok(())
    }

    /// Makes room for as many further records of the size of the first one as a reply may have.
    fn expect_more(&mut self, size: usize) {
        let left = self.scanner.buffer().len() - self.scanner.place();
        // Others may be a little smaller.
        let count = left.div_ceil(size - size / 8).min(MAX_GET_LIMIT as usize);
        self.spans.reserve(count * self.spans.len());
        self.chunk.starts.reserve(count);
    }

    fn read_record(&mut self) -> Result<()> {
        let row = self.chunk.starts.len();
        let (values, attributes) = (self.spans.len(), self.chunk.attributes.len());
        let mut entry = Entry::UNKNOWN;
        let mut keys = Keys::NONE;
        let mut has_data = false;
        self.scanner.expect(b'{')?;
        let mut first = true;
        while self.scanner.next(&mut first, b'}')? {
            match self.member()? {
                Member::Data => {
                    self.spans.truncate(values);
                    self.read_data(row)?;
                    has_data = true;
                }
                Member::Attributes => self.read_attributes(attributes)?,
                Member::Sequence => entry.sequence = self.scanner.integer()?.unwrap_or(0),
                Member::SystemTime => entry.system_time = self.scanner.integer()?.unwrap_or(0),
                Member::Cursor => entry.cursor = self.text()?,
                Member::NextCursor => entry.next_cursor = self.text()?,
                Member::ShardId => keys.shard_id = self.text()?,
                Member::HashKey => keys.hash_key = self.text()?,
                Member::PartitionKey => keys.partition_key = self.text()?,
                Member::Other => self.scanner.skip()?,
            }
        }
        if !has_data {
            return Err(Error::malformed(format!(
                "record {row} of the JSON body has no data"
            )));
        }
        self.collector.finish();
        self.told.push_received(&entry, self.scanner.buffer());
        self.chunk.push_row(values, attributes);
        self.chunk.push_keys(row, keys);
        Ok(())
    }

    /// Reads the name of the next member of a record.
    fn member(&mut self) -> Result<Member> {
        // Those of every reply, as the service writes them.
        if self.scanner.take_name(b"\"Data\":") {
            return Ok(Member::Data);
        }
        if self.scanner.take_name(b"\"Cursor\":") {
            return Ok(Member::Cursor);
        }
        if self.scanner.take_name(b"\"NextCursor\":") {
            return Ok(Member::NextCursor);
        }
        if self.scanner.take_name(b"\"Sequence\":") {
            return Ok(Member::Sequence);
        }
        if self.scanner.take_name(b"\"SystemTime\":") {
            return Ok(Member::SystemTime);
        }
        let name = self.scanner.name()?;
        Ok(match &self.scanner.buffer()[name.range()] {
            b"Data" => Member::Data,
            b"Attributes" => Member::Attributes,
            b"Sequence" => Member::Sequence,
            b"SystemTime" => Member::SystemTime,
            b"Cursor" => Member::Cursor,
            b"NextCursor" => Member::NextCursor,
            b"ShardId" => Member::ShardId,
            // One of the official clients writes the second name.
            b"HashKey" | b"HashValue" => Member::HashKey,
            b"PartitionKey" => Member::PartitionKey,
            _ => Member::Other,
        })
    }

    fn text(&mut self) -> Result<Span> {
        Ok(self.scanner.text()?.unwrap_or(Span::NULL))
    }

    fn read_data(&mut self, row: usize) -> Result<()> {
        let opening = self.scanner.peek();
        match (self.width, opening) {
            (None, b'"') => {
                let span = self.scanner.base64_text()?;
                let blob = self.scanner.decode_base64(span)?;
                self.spans.push(blob);
                Ok(())
            }
            (Some(width), b'[') => self.read_values(width),
            (None, b'[') => Err(other_kind(format!(
                "record {row} is a tuple, but the topic holds blobs"
            ))),
            (Some(_), b'"') => Err(other_kind(format!(
                "record {row} is a blob, but the topic holds tuples"
            ))),
            _ => Err(damaged()),
        }
    }

    fn read_values(&mut self, width: usize) -> Result<()> {
        let wanted = self.spans.len() + width;
        self.scanner.expect(b'[')?;
        if self.scanner.take(b']') {
            return Ok(());
        }
        loop {
            while let Some(span) = self.scanner.plain_string_and_comma() {
                if self.spans.len() < wanted {
                    self.spans.push(span);
                }
            }
            let span = if self.scanner.peek() == b'"' {
                self.scanner.string()?
            } else {
                let span = self.scanner.scalar()?;
                let is_null = self.scanner.buffer().get(span.range()) == Some(b"null");
                if is_null { Span::NULL } else { span }
            };
            if self.spans.len() < wanted {
                self.spans.push(span);
            }
            if self.scanner.take(b']') {
                return Ok(());
            }
            self.scanner.expect(b',')?;
        }
    }

    fn read_attributes(&mut self, start: usize) -> Result<()> {
        if self.scanner.peek() == b'n' {
            return if self.scanner.text()?.is_none() {
                Ok(())
            } else {
                Err(damaged())
            };
        }
        self.scanner.expect(b'{')?;
        let mut first = true;
        while self.scanner.next(&mut first, b'}')? {
            let key = self.scanner.checked_string()?;
            self.scanner.expect(b':')?;
            let value = self.scanner.checked_string()?;
            self.collector.add(
                &mut self.chunk.attributes,
                start,
                self.scanner.buffer(),
                key,
                value,
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Field, FieldType, Value};

    fn read(records: &str) -> Result<RecordBatch> {
        let fields = ["a", "b"].map(|name| Field::new(name, FieldType::BigInt));
        let schema = RecordSchema::new(fields.to_vec())?;
        let body = format!(r#"{{"NextCursor":"c","Records":[{records}]}}"#);
        Ok(decode_get(body.into(), Some(schema.into()))?.records)
    }

    #[test]
    fn a_record_has_data_of_which_the_last_counts() {
        let error = read(r#"{"Data":["1"]},{"Sequence":7}"#).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("record 1 of the JSON body has no data"),
            "{error}"
        );
        let records = read(r#"{"Data":["1","2"],"Data":["3"]},{"Data":["4"]}"#).unwrap();
        let values = |row| [0, 1].map(|column| records.value(row, column).unwrap());
        assert_eq!(values(0), [Value::BigInt(3), Value::Null]);
        assert_eq!(values(1), [Value::BigInt(4), Value::Null]);
    }
}
