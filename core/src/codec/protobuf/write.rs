//! Writing records as protocol buffers.

use bytes::Bytes;

use super::wire::{self, Nested};
use crate::codec::{GetReply, check_not_empty, frame};
use crate::error::Result;
use crate::record::{Record, RecordBatch, TextStyle, Value, decimal};

/// The longest text of a number, BOOLEAN or TIMESTAMP is shorter than this.
const LONGEST_NUMBER: usize = 64;

/// Makes the frame of a put.
pub fn encode_put(records: &RecordBatch) -> Result<Bytes> {
    check_not_empty(records)?;
    let mut out = frame::begin(0);
    let mut writer = EntryWriter::new();
    for (row, record) in records.iter().enumerate() {
        record.check_nulls()?;
        let start = writer.entry.begin(&mut out, 1);
        writer.push_record(&mut out, &record)?;
        writer.entry.end(&mut out, start);
        if row == 0 {
            // The first record tells how much memory the others will take.
            out.reserve((out.len() + out.len() / 8).saturating_mul(records.len() - 1));
        }
    }
    frame::finish(out)
}

/// Makes the frame of a get's reply, for servers. Every record gets a serial number, as from the service.
pub fn encode_get_reply(reply: &GetReply) -> Result<Bytes> {
    let mut out = frame::begin(0);
    wire::push_bytes(&mut out, 1, reply.next_cursor.as_bytes());
    wire::push_number(&mut out, 2, reply.records.len() as u64);
    wire::push_number(&mut out, 3, reply.start_seq as u64);
    let mut writer = EntryWriter::new();
    for record in &reply.records {
        let start = writer.entry.begin(&mut out, 4);
        for (field, text) in [(4, record.cursor()), (5, record.next_cursor())] {
            if let Some(text) = text {
                wire::push_bytes(&mut out, field, text.as_bytes());
            }
        }
        wire::push_number(&mut out, 6, record.sequence() as u64);
        wire::push_number(&mut out, 7, record.system_time() as u64);
        writer.push_contents(&mut out, &record)?;
        wire::push_number(&mut out, 10, record.batch_index().into());
        writer.entry.end(&mut out, start);
    }
    for (field, number) in [(5, reply.latest_seq), (6, reply.latest_time)] {
        if let Some(number) = number {
            wire::push_number(&mut out, field, number as u64);
        }
    }
    frame::finish(out)
}

struct EntryWriter {
    entry: Nested,
    attributes: Nested,
    data: Nested,
}

impl EntryWriter {
    const fn new() -> Self {
        Self {
            entry: Nested::new(),
            attributes: Nested::new(),
            data: Nested::new(),
        }
    }

    fn push_record(&mut self, out: &mut Vec<u8>, record: &Record<'_>) -> Result<()> {
        for (field, key) in [
            (1, record.shard_id()),
            (2, record.hash_key()),
            (3, record.partition_key()),
        ] {
            if let Some(key) = key {
                wire::push_bytes(out, field, key.as_bytes());
            }
        }
        self.push_contents(out, record)
    }

    fn push_contents(&mut self, out: &mut Vec<u8>, record: &Record<'_>) -> Result<()> {
        let attributes = record.attributes();
        if attributes.len() > 0 {
            let start = self.attributes.begin(out, 8);
            for (key, value) in attributes {
                let size = 2
                    + wire::varint_size(key.len() as u64)
                    + key.len()
                    + wire::varint_size(value.len() as u64)
                    + value.len();
                out.push(0x0a);
                wire::push_varint(out, size as u64);
                wire::push_bytes(out, 1, key.as_bytes());
                wire::push_bytes(out, 2, value.as_bytes());
            }
            self.attributes.end(out, start);
        }
        let start = self.data.begin(out, 9);
        if record.schema().is_none() {
            push_field(out, record.blob()?);
        } else {
            for value in record.values() {
                push_value(out, value?);
            }
        }
        self.data.end(out, start);
        Ok(())
    }
}

#[inline]
fn push_value(out: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Null => out.extend_from_slice(&[0x0a, 0]),
        Value::String(text) | Value::Json(text) => push_field(out, text.as_bytes()),
        Value::Decimal(text) => match decimal::to_plain(text) {
            Some(plain) => push_field(out, plain.as_bytes()),
            None => push_field(out, text.as_bytes()),
        },
        _ => {
            out.extend_from_slice(&[0x0a, 0, 0x0a, 0]);
            let start = out.len();
            value.write_text(TextStyle::Protobuf, out);
            let length = out.len() - start;
            debug_assert!(
                length < LONGEST_NUMBER,
                "a number fits a length of one byte"
            );
            out[start - 3] = length as u8 + 2;
            out[start - 1] = length as u8;
        }
    }
}

/// Appends a FieldData message with a value.
#[inline]
fn push_field(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = bytes.len() as u64;
    out.push(0x0a);
    wire::push_varint(out, length + 1 + wire::varint_size(length) as u64);
    out.push(0x0a);
    wire::push_varint(out, length);
    out.extend_from_slice(bytes);
}
