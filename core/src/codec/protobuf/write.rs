//! Writing records as protocol buffers.

use bytes::Bytes;

use super::wire::{self, Nested};
use crate::codec::body::{Body, Pen};
use crate::codec::crc::Running;
use crate::codec::{GetReply, check_not_empty, frame};
use crate::error::Result;
use crate::record::atom::{Atom, AtomWriter, Run, check_null};
use crate::record::{Field, Record, RecordBatch, text};

/// Makes the frame of a put.
pub fn encode_put(records: &RecordBatch) -> Result<Bytes> {
    check_not_empty(records)?;
    let mut body = Body::new(frame::HEADER_SIZE);
    let mut writer = EntryWriter::new();
    let mut sum = Running::default();
    for (row, record) in records.iter().enumerate() {
        body.write(|pen| {
            let start = writer.entry.begin(pen, 1);
            writer.push_record(pen, &record)?;
            writer.entry.end(pen, start);
            Ok(())
        })?;
        if row == 0 {
            body.expect(records.len() - 1, body.len());
        }
        sum.follow(body.as_slice());
    }
    let sum = sum.end(body.as_slice());
    frame::around_checked(body, sum)
}

/// Makes the frame of a get's reply, for servers. Every record gets a serial number, as from the service.
pub fn encode_get_reply(reply: &GetReply) -> Result<Bytes> {
    let mut body = Body::new(frame::HEADER_SIZE);
    let mut head = Vec::new();
    wire::push_bytes(&mut head, 1, reply.next_cursor.as_bytes());
    wire::push_number(&mut head, 2, reply.records.len() as u64);
    wire::push_number(&mut head, 3, reply.start_seq as u64);
    body.push(&head);
    let mut writer = EntryWriter::new();
    for record in &reply.records {
        body.write(|pen| {
            let start = writer.entry.begin(pen, 4);
            for (field, text) in [(4, record.cursor()), (5, record.next_cursor())] {
                if let Some(text) = text {
                    wire::put_bytes(pen, field, text.as_bytes());
                }
            }
            wire::put_number(pen, 6, record.sequence() as u64);
            wire::put_number(pen, 7, record.system_time() as u64);
            writer.push_contents(pen, &record, false)?;
            wire::put_number(pen, 10, record.batch_index().into());
            writer.entry.end(pen, start);
            Ok(())
        })?;
    }
    let mut tail = Vec::new();
    for (field, number) in [(5, reply.latest_seq), (6, reply.latest_time)] {
        if let Some(number) = number {
            wire::push_number(&mut tail, field, number as u64);
        }
    }
    body.push(&tail);
    frame::around(body)
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

    fn push_record(&mut self, pen: &mut Pen<'_>, record: &Record<'_>) -> Result<()> {
        if record.has_keys() {
            for (field, key) in [
                (1, record.shard_id()),
                (2, record.hash_key()),
                (3, record.partition_key()),
            ] {
                if let Some(key) = key {
                    wire::put_bytes(pen, field, key.as_bytes());
                }
            }
        }
        self.push_contents(pen, record, true)
    }

    fn push_contents(
        &mut self,
        pen: &mut Pen<'_>,
        record: &Record<'_>,
        is_put: bool,
    ) -> Result<()> {
        self.push_attributes(pen, record);
        let start = self.data.begin(pen, 9);
        if record.schema().is_none() {
            put_field(pen, Run::from(record.blob()?));
        } else {
            record.write_atoms(&mut FieldWriter { pen, is_put })?;
        }
        self.data.end(pen, start);
        Ok(())
    }

    fn push_attributes(&mut self, pen: &mut Pen<'_>, record: &Record<'_>) {
        let attributes = record.attributes();
        if attributes.len() == 0 {
            return;
        }
        let start = self.attributes.begin(pen, 8);
        for (key, value) in attributes {
            let size = 2
                + wire::varint_size(key.len() as u64)
                + key.len()
                + wire::varint_size(value.len() as u64)
                + value.len();
            pen.put([0x0a]);
            wire::put_varint(pen, size as u64);
            wire::put_bytes(pen, 1, key.as_bytes());
            wire::put_bytes(pen, 2, value.as_bytes());
        }
        self.attributes.end(pen, start);
    }
}

/// Writes values as FieldData messages.
struct FieldWriter<'p, 'r> {
    pen: &'p mut Pen<'r>,
    is_put: bool,
}

impl AtomWriter for FieldWriter<'_, '_> {
    #[allow(clippy::inline_always, reason = "see `AtomWriter`")]
    #[inline(always)]
    fn write(&mut self, field: &Field, atom: Atom<'_>) -> Result<()> {
        let pen = &mut *self.pen;
        match atom {
            Atom::Null => {
                pen.put([0x0a, 0]);
                if self.is_put {
                    check_null(field)?;
                }
            }
            Atom::Text(run) | Atom::Number(run) => put_field(pen, run),
            Atom::Integer(value) => put_short(pen, itoa::Buffer::new().format(value).as_bytes()),
            Atom::Boolean(true) => pen.put(*b"\x0a\x06\x0a\x04true"),
            Atom::Boolean(false) => pen.put(*b"\x0a\x07\x0a\x05false"),
            Atom::Double(value) => {
                put_short(pen, &text::double_text(value, &mut zmij::Buffer::new()));
            }
            Atom::Float(value) => put_float(pen, value),
        }
        Ok(())
    }
}

/// Writes a FieldData message with the text of a number.
#[allow(clippy::inline_always, reason = "see `AtomWriter`")]
#[inline(always)]
fn put_short(pen: &mut Pen<'_>, text: &[u8]) {
    match short_lengths(text.len()) {
        Some(lengths) => pen.put_short_headed(lengths, text),
        None => {
            put_lengths(pen, text.len());
            pen.put_slice(text);
        }
    }
}

#[inline(never)]
fn put_float(pen: &mut Pen<'_>, value: f32) {
    put_short(pen, &text::float_text(value));
}

/// Writes a FieldData message with a value.
#[allow(clippy::inline_always, reason = "see `AtomWriter`")]
#[inline(always)]
fn put_field(pen: &mut Pen<'_>, run: Run<'_>) {
    if let Some(lengths) = short_lengths(run.len()) {
        pen.put_headed(lengths, run.with_rest(), run.len());
    } else {
        put_lengths(pen, run.len());
        pen.put_from(run.with_rest(), run.len());
    }
}

/// The beginning of a FieldData message with a value of so many bytes, if both lengths take one byte.
#[inline]
fn short_lengths(length: usize) -> Option<[u8; 4]> {
    (length < 126).then(|| [0x0a, length as u8 + 2, 0x0a, length as u8])
}

/// Writes the beginning of a FieldData message with a longer value.
fn put_lengths(pen: &mut Pen<'_>, length: usize) {
    let length = length as u64;
    pen.put([0x0a]);
    wire::put_varint(pen, length + 1 + wire::varint_size(length) as u64);
    pen.put([0x0a]);
    wire::put_varint(pen, length);
}
