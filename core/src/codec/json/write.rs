//! Writing records as JSON.

use bytes::Bytes;

use super::scan::{BLOCK, plain_run, special_bytes};
use crate::codec::body::{Body, Pen};
use crate::codec::{GetReply, check_not_empty};
use crate::error::Result;
use crate::record::atom::{Atom, AtomWriter, Run, check_null};
use crate::record::scientific::{Scientific, push_scientific};
use crate::record::{Field, Record, RecordBatch, text};

/// Makes the body of a put.
pub fn encode_put(records: &RecordBatch) -> Result<Bytes> {
    check_not_empty(records)?;
    let mut body = Body::new(0);
    body.push(b"{\"Action\":\"pub\",\"Records\":[");
    for (row, record) in records.iter().enumerate() {
        body.write(|pen| {
            put_opening(pen, row);
            if record.has_keys() {
                put_keys(pen, &record);
            }
            put_contents(pen, &record, true)
        })?;
        if row == 0 {
            body.expect(records.len() - 1, body.len());
        }
    }
    body.push(b"]}");
    Ok(body.into_bytes())
}

/// Opens a record, behind the one before it.
#[inline]
fn put_opening(pen: &mut Pen<'_>, row: usize) {
    // The comma in front of the first one does not count.
    pen.put_some(*b",", usize::from(row > 0));
    pen.put(*b"{");
}

fn put_keys(pen: &mut Pen<'_>, record: &Record<'_>) {
    for (name, key) in [
        (&b"\"ShardId\":"[..], record.shard_id()),
        (b"\"HashKey\":", record.hash_key()),
        (b"\"PartitionKey\":", record.partition_key()),
    ] {
        if let Some(key) = key {
            put_member(pen, name, key);
        }
    }
}

/// Writes a name, which ends with a colon, a text and a comma.
fn put_member(pen: &mut Pen<'_>, name: &[u8], text: &str) {
    pen.put_slice(name);
    put_text(pen, Run::from(text.as_bytes()));
    pen.put(*b",");
}

/// Makes the body of a get's reply, for servers.
pub fn encode_get_reply(reply: &GetReply) -> Result<Bytes> {
    let mut head = b"{\"NextCursor\":".to_vec();
    push_text(&mut head, &reply.next_cursor);
    push_number(&mut head, ",\"RecordCount\":", reply.records.len() as i64);
    push_number(&mut head, ",\"StartSeq\":", reply.start_seq);
    for (name, number) in [
        (",\"LatestSeq\":", reply.latest_seq),
        (",\"LatestTime\":", reply.latest_time),
    ] {
        if let Some(number) = number {
            push_number(&mut head, name, number);
        }
    }
    head.extend_from_slice(b",\"Records\":[");
    let mut body = Body::new(0);
    body.push(&head);
    for (row, record) in reply.records.iter().enumerate() {
        body.write(|pen| {
            put_opening(pen, row);
            put_number(pen, b"\"SystemTime\":", record.system_time());
            put_number(pen, b"\"Sequence\":", record.sequence());
            for (name, cursor) in [
                (&b"\"Cursor\":"[..], record.cursor()),
                (b"\"NextCursor\":", record.next_cursor()),
            ] {
                if let Some(cursor) = cursor {
                    put_member(pen, name, cursor);
                }
            }
            put_contents(pen, &record, false)
        })?;
    }
    body.push(b"]}");
    Ok(body.into_bytes())
}

/// Writes a name, which ends with a colon, a number and a comma.
fn put_number(pen: &mut Pen<'_>, name: &[u8], number: i64) {
    pen.put_slice(name);
    pen.put_short(itoa::Buffer::new().format(number).as_bytes());
    pen.put(*b",");
}

fn push_number(out: &mut Vec<u8>, name: &str, number: i64) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Writes the members `Data` and, when there are any, `Attributes`, and closes the record.
#[inline]
fn put_contents(pen: &mut Pen<'_>, record: &Record<'_>, is_put: bool) -> Result<()> {
    pen.put(*b"\"Data\":");
    if record.schema().is_none() {
        put_base64(pen, record.blob()?);
    } else {
        pen.put(*b"[");
        let start = pen.place();
        record.write_atoms(&mut TextWriter { pen, is_put })?;
        // In the place of the comma behind the last value, if there is any.
        pen.go_to(pen.place() - usize::from(pen.place() > start));
        pen.put(*b"]");
    }
    put_attributes(pen, record);
    pen.put(*b"}");
    Ok(())
}

fn put_attributes(pen: &mut Pen<'_>, record: &Record<'_>) {
    let attributes = record.attributes();
    if attributes.len() == 0 {
        return;
    }
    pen.put(*b",\"Attributes\":");
    for (place, (key, value)) in attributes.enumerate() {
        pen.put(if place == 0 { *b"{" } else { *b"," });
        put_text(pen, Run::from(key.as_bytes()));
        pen.put(*b":");
        put_text(pen, Run::from(value.as_bytes()));
    }
    pen.put(*b"}");
}

/// Writes values as texts, with a comma behind each.
struct TextWriter<'p, 'r> {
    pen: &'p mut Pen<'r>,
    is_put: bool,
}

impl AtomWriter for TextWriter<'_, '_> {
    #[allow(clippy::inline_always, reason = "see `AtomWriter`")]
    #[inline(always)]
    fn write(&mut self, field: &Field, atom: Atom<'_>) -> Result<()> {
        let pen = &mut *self.pen;
        match atom {
            Atom::Null => {
                pen.put(*b"null");
                if self.is_put {
                    check_null(field)?;
                }
            }
            Atom::Text(run) => put_text(pen, run),
            Atom::Boolean(true) => pen.put(*b"\"true\""),
            Atom::Boolean(false) => pen.put(*b"\"false\""),
            // Texts of numbers need no escapes.
            Atom::Number(run) => {
                pen.put(*b"\"");
                pen.put_from(run.with_rest(), run.len());
                pen.put(*b"\"");
            }
            Atom::Integer(value) => put_short(pen, itoa::Buffer::new().format(value).as_bytes()),
            Atom::Double(value) => put_double(pen, value),
            Atom::Float(value) => put_short(pen, &text::float_text(value)),
        }
        pen.put(*b",");
        Ok(())
    }
}

#[inline]
fn put_short(pen: &mut Pen<'_>, text: &[u8]) {
    pen.put(*b"\"");
    pen.put_short(text);
    pen.put(*b"\"");
}

#[inline]
fn put_double(pen: &mut Pen<'_>, value: f64) {
    let Some(parts) = Scientific::of(value) else {
        return put_extreme(pen, value);
    };
    pen.put(*b"\"");
    pen.put_some(*b"-", usize::from(parts.is_negative));
    pen.put([parts.first, b'.']);
    pen.put_some(parts.fraction, parts.count);
    pen.put(parts.exponent);
    pen.put(*b"\"");
}

#[inline(never)]
fn put_extreme(pen: &mut Pen<'_>, value: f64) {
    let mut text = Vec::with_capacity(32);
    push_scientific(&mut text, value);
    put_short(pen, &text);
}

fn put_base64(pen: &mut Pen<'_>, bytes: &[u8]) {
    let encoder = base64_simd::STANDARD;
    pen.put(*b"\"");
    pen.fill(encoder.encoded_length(bytes.len()), |room| {
        let _: &mut [u8] = encoder.encode(bytes, base64_simd::Out::from_slice(room));
    });
    pen.put(*b"\"");
}

/// Writes a JSON string.
#[inline]
fn put_text(pen: &mut Pen<'_>, text: Run<'_>) {
    pen.put(*b"\"");
    if !put_plain(pen, text) {
        put_runs(pen, text.as_slice());
    }
    pen.put(*b"\"");
}

/// Writes a text of moderate size that needs no escapes; anything else is not written.
///
/// As with [`Pen::put_from`], more is looked at and copied than what counts.
#[inline]
fn put_plain(pen: &mut Pen<'_>, text: Run<'_>) -> bool {
    let length = text.len();
    let (blocks, _) = text.with_rest().as_chunks::<BLOCK>();
    let plain = |block: &[u8; BLOCK]| special_bytes(block).trailing_zeros() as usize;
    match blocks {
        [first, ..] if length <= BLOCK => {
            let is_plain = plain(first) >= length;
            pen.put_some(*first, if is_plain { length } else { 0 });
            is_plain
        }
        [first, second, ..] if length <= 2 * BLOCK => {
            let is_plain = plain(first) == BLOCK && plain(second) >= length - BLOCK;
            if is_plain {
                pen.put(*first);
                pen.put_some(*second, length - BLOCK);
            }
            is_plain
        }
        _ => false,
    }
}

#[inline(never)]
fn put_runs(pen: &mut Pen<'_>, bytes: &[u8]) {
    let mut place = 0;
    loop {
        let end = plain_run(bytes, place);
        pen.put_slice(bytes.get(place..end).unwrap_or_default());
        let Some(special) = bytes.get(end) else {
            break;
        };
        let (escape, length) = escape(*special);
        pen.put_some(escape, length);
        place = end + 1;
    }
}

/// Appends a JSON string.
pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for byte in text.bytes() {
        let (escape, length) = escape(byte);
        out.extend(escape.iter().take(length));
    }
    out.push(b'"');
}

/// How a byte is written in a string, and how many bytes of that count.
fn escape(byte: u8) -> ([u8; 6], usize) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        8 => b'b',
        12 => b'f',
        0..b' ' => {
            let (high, low) = (
                DIGITS[usize::from(byte >> 4)],
                DIGITS[usize::from(byte & 15)],
            );
            return ([b'\\', b'u', b'0', b'0', high, low], 6);
        }
        _ => return ([byte, 0, 0, 0, 0, 0], 1),
    };
    ([b'\\', short, 0, 0, 0, 0], 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{FieldType, RecordBatchBuilder, RecordSchema, Value};

    /// A text as it is written into a body, of a longer run.
    fn put(run: &str, length: usize) -> Vec<u8> {
        let builder = RecordBatchBuilder::tuples;
        let fields = vec![Field::new("a", FieldType::String); 1];
        let mut builder = builder(RecordSchema::new(fields).unwrap().into());
        builder.push_row(&[Value::String(&run[..length])]).unwrap();
        builder.push_row(&[Value::String(&run[length..])]).unwrap();
        encode_put(&builder.build().unwrap()).unwrap().to_vec()
    }

    #[test]
    fn texts_are_escaped_as_json_wants() {
        let all: String = (0..=0x7f_u8)
            .map(char::from)
            .chain("é🜁\u{2028}".chars())
            .collect();
        let mut out = Vec::new();
        push_text(&mut out, &all);
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), all);
        for special in ["", "\"", "\\", "\0", "\u{1f}", "\n"] {
            for place in 0..140 {
                let text = format!("{}{special}{}", "a".repeat(place), "b".repeat(139 - place));
                for length in [place, text.len().min(place + 1), 63, 64, 65, 127, 128, 129] {
                    let body = put(&text, length);
                    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
                    let texts = [0, 1].map(|row| body["Records"][row]["Data"][0].as_str());
                    let wanted = text.split_at(length);
                    assert_eq!(texts, [Some(wanted.0), Some(wanted.1)]);
                }
            }
        }
    }
}
