//! Writing records as protocol buffers.

use bytes::Bytes;

use super::wire::{self, Nested};
use crate::codec::{GetReply, check_not_empty, frame, pool};
use crate::error::Result;
use crate::record::atom::{Atom, check_null};
use crate::record::{Record, RecordBatch, text};

/// The longest text of a FLOAT or DOUBLE is shorter than this.
const LONGEST_NUMBER: usize = 64;

/// Makes the frame of a put.
pub fn encode_put(records: &RecordBatch) -> Result<Bytes> {
    check_not_empty(records)?;
    let mut out = frame::begin_in(pool::take());
    let mut writer = EntryWriter::new();
    for (row, record) in records.iter().enumerate() {
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
        writer.push_contents(&mut out, &record, false)?;
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
        self.push_contents(out, record, true)
    }

    fn push_contents(
        &mut self,
        out: &mut Vec<u8>,
        record: &Record<'_>,
        is_put: bool,
    ) -> Result<()> {
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
            record.each_atom(|field, atom| {
                push_atom(out, atom);
                match atom {
                    Atom::Null if is_put => check_null(field),
                    _ => Ok(()),
                }
            })?;
        }
        self.data.end(out, start);
        Ok(())
    }
}

#[inline]
fn push_atom(out: &mut Vec<u8>, atom: Atom<'_>) {
    match atom {
        Atom::Null => out.extend_from_slice(&[0x0a, 0]),
        Atom::Text(text) | Atom::Number(text) => push_field(out, text),
        Atom::Integer(value) => push_field(out, itoa::Buffer::new().format(value).as_bytes()),
        Atom::Boolean(true) => push_field(out, b"true"),
        Atom::Boolean(false) => push_field(out, b"false"),
        Atom::Double(value) => push_written(out, |out| text::push_double(out, value)),
        Atom::Float(value) => push_written(out, |out| text::push_float(out, value)),
    }
}

/// Appends a FieldData message with the text of a number.
fn push_written(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&[0x0a, 0, 0x0a, 0]);
    let start = out.len();
    write(out);
    let length = out.len() - start;
    debug_assert!(
        length < LONGEST_NUMBER,
        "a number fits a length of one byte"
    );
    out[start - 3] = length as u8 + 2;
    out[start - 1] = length as u8;
}

/// Appends a FieldData message with a value.
#[inline]
fn push_field(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = bytes.len();
    if length < 126 {
        // Both lengths take one byte.
        out.extend_from_slice(&[0x0a, length as u8 + 2, 0x0a, length as u8]);
    } else {
        let length = length as u64;
        out.push(0x0a);
        wire::push_varint(out, length + 1 + wire::varint_size(length) as u64);
        out.push(0x0a);
        wire::push_varint(out, length);
    }
    out.extend_from_slice(bytes);
}
