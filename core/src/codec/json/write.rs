//! Writing records as JSON.

use bytes::Bytes;

use super::scan::plain_run;
use crate::codec::body::Body;
use crate::codec::{GetReply, check_not_empty, pool};
use crate::error::Result;
use crate::record::atom::{Atom, AtomWriter, check_null};
use crate::record::{Field, Record, RecordBatch, text};

/// Makes the body of a put.
pub fn encode_put(records: &RecordBatch) -> Result<Bytes> {
    check_not_empty(records)?;
    let mut out = pool::take();
    out.clear();
    out.extend_from_slice(b"{\"Action\":\"pub\",\"Records\":[");
    for (row, record) in records.iter().enumerate() {
        out.extend_from_slice(if row == 0 { b"{" } else { b",{" });
        if record.has_keys() {
            push_keys(&mut out, &record);
        }
        push_contents(&mut out, &record, true)?;
        out.push(b'}');
        if row == 0 {
            // The first record tells how much memory the others will take.
            out.reserve((out.len() + out.len() / 8).saturating_mul(records.len() - 1));
        }
    }
    out.extend_from_slice(b"]}");
    Ok(Body::from(out).into_bytes())
}

fn push_keys(out: &mut Vec<u8>, record: &Record<'_>) {
    for (name, key) in [
        (&b"\"ShardId\":"[..], record.shard_id()),
        (b"\"HashKey\":", record.hash_key()),
        (b"\"PartitionKey\":", record.partition_key()),
    ] {
        if let Some(key) = key {
            out.extend_from_slice(name);
            push_text(out, key);
            out.push(b',');
        }
    }
}

/// Makes the body of a get's reply, for servers.
pub fn encode_get_reply(reply: &GetReply) -> Result<Bytes> {
    let mut out = b"{\"NextCursor\":".to_vec();
    push_text(&mut out, &reply.next_cursor);
    push_number(&mut out, ",\"RecordCount\":", reply.records.len() as i64);
    push_number(&mut out, ",\"StartSeq\":", reply.start_seq);
    for (name, number) in [
        (",\"LatestSeq\":", reply.latest_seq),
        (",\"LatestTime\":", reply.latest_time),
    ] {
        if let Some(number) = number {
            push_number(&mut out, name, number);
        }
    }
    out.extend_from_slice(b",\"Records\":[");
    for (row, record) in reply.records.iter().enumerate() {
        out.extend_from_slice(if row == 0 { b"{" } else { b",{" });
        push_number(&mut out, "\"SystemTime\":", record.system_time());
        push_number(&mut out, ",\"Sequence\":", record.sequence());
        out.push(b',');
        for (name, cursor) in [
            (&b"\"Cursor\":"[..], record.cursor()),
            (b"\"NextCursor\":", record.next_cursor()),
        ] {
            if let Some(cursor) = cursor {
                out.extend_from_slice(name);
                push_text(&mut out, cursor);
                out.push(b',');
            }
        }
        push_contents(&mut out, &record, false)?;
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
    Ok(out.into())
}

fn push_number(out: &mut Vec<u8>, name: &str, number: i64) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends the members `Data` and, when there are any, `Attributes`.
fn push_contents(out: &mut Vec<u8>, record: &Record<'_>, is_put: bool) -> Result<()> {
    out.extend_from_slice(b"\"Data\":");
    if record.schema().is_none() {
        push_base64(out, record.blob()?);
    } else {
        out.push(b'[');
        record.write_atoms(&mut TextWriter { out, is_put })?;
        close_list(out);
    }
    let attributes = record.attributes();
    if attributes.len() > 0 {
        out.extend_from_slice(b",\"Attributes\":");
        for (place, (key, value)) in attributes.enumerate() {
            out.push(if place == 0 { b'{' } else { b',' });
            push_text(out, key);
            out.push(b':');
            push_text(out, value);
        }
        out.push(b'}');
    }
    Ok(())
}

/// Replaces the comma behind the last value by a bracket; a list without values has none.
fn close_list(out: &mut Vec<u8>) {
    match out.last_mut() {
        Some(last) if *last == b',' => *last = b']',
        _ => out.push(b']'),
    }
}

/// Writes values as texts.
struct TextWriter<'a> {
    out: &'a mut Vec<u8>,
    is_put: bool,
}

impl AtomWriter for TextWriter<'_> {
    #[inline]
    fn write(&mut self, field: &Field, atom: Atom<'_>) -> Result<()> {
        push_atom(self.out, atom);
        match atom {
            Atom::Null if self.is_put => check_null(field),
            _ => Ok(()),
        }
    }
}

/// Appends a value and a comma.
#[inline]
fn push_atom(out: &mut Vec<u8>, atom: Atom<'_>) {
    // Texts of numbers need no escapes.
    match atom {
        Atom::Null => {
            out.extend_from_slice(b"null,");
            return;
        }
        Atom::Text(text) => push_string(out, text.as_slice()),
        Atom::Boolean(true) => out.extend_from_slice(b"\"true\""),
        Atom::Boolean(false) => out.extend_from_slice(b"\"false\""),
        number => {
            out.push(b'"');
            match number {
                Atom::Integer(value) => text::push_integer(out, value),
                Atom::Double(value) => text::push_scientific(out, value),
                Atom::Float(value) => text::push_float(out, value),
                Atom::Number(text) => out.extend_from_slice(text.as_slice()),
                _ => {}
            }
            out.push(b'"');
        }
    }
    out.push(b',');
}

fn push_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    base64_simd::STANDARD.encode_append(bytes, out);
    out.push(b'"');
}

/// Appends a JSON string.
pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
    push_string(out, text.as_bytes());
}

fn push_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let mut place = 0;
    loop {
        let end = plain_run(bytes, place);
        out.extend_from_slice(&bytes[place..end]);
        let Some(special) = bytes.get(end) else {
            break;
        };
        push_escape(out, *special);
        place = end + 1;
    }
    out.push(b'"');
}

#[cold]
fn push_escape(out: &mut Vec<u8>, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    match byte {
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        8 => out.extend_from_slice(b"\\b"),
        12 => out.extend_from_slice(b"\\f"),
        _ => {
            out.extend_from_slice(b"\\u00");
            out.push(DIGITS[usize::from(byte >> 4)]);
            out.push(DIGITS[usize::from(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_as_json_wants() {
        let all: String = (0..=0x7f_u8)
            .map(char::from)
            .chain("é🜁\u{2028}".chars())
            .collect();
        let mut out = Vec::new();
        push_text(&mut out, &all);
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), all);
    }
}
