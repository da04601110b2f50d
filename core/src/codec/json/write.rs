//! Writing records as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::codec::{GetReply, check_not_empty};
use crate::error::Result;
use crate::record::{Record, RecordBatch, TextStyle, Value};

/// Makes the body of a put.
pub fn encode_put(records: &RecordBatch) -> Result<Bytes> {
    check_not_empty(records)?;
    let mut out = b"{\"Action\":\"pub\",\"Records\":[".to_vec();
    for (row, record) in records.iter().enumerate() {
        record.check_nulls()?;
        out.extend_from_slice(if row == 0 { b"{" } else { b",{" });
        for (name, key) in [
            (&b"\"ShardId\":"[..], record.shard_id()),
            (b"\"HashKey\":", record.hash_key()),
            (b"\"PartitionKey\":", record.partition_key()),
        ] {
            if let Some(key) = key {
                out.extend_from_slice(name);
                push_text(&mut out, key);
                out.push(b',');
            }
        }
        push_contents(&mut out, &record)?;
        out.push(b'}');
        if row == 0 {
            // The first record tells how much memory the others will take.
            out.reserve((out.len() + out.len() / 8).saturating_mul(records.len() - 1));
        }
    }
    out.extend_from_slice(b"]}");
    Ok(out.into())
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
        push_contents(&mut out, &record)?;
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
fn push_contents(out: &mut Vec<u8>, record: &Record<'_>) -> Result<()> {
    out.extend_from_slice(b"\"Data\":");
    if record.schema().is_none() {
        push_base64(out, record.blob()?);
    } else {
        out.push(b'[');
        for (column, value) in record.values().enumerate() {
            if column > 0 {
                out.push(b',');
            }
            push_value(out, value?);
        }
        out.push(b']');
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

fn push_value(out: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::String(text) | Value::Json(text) => push_text(out, text),
        _ => {
            // Texts of numbers need no escapes.
            out.push(b'"');
            value.write_text(TextStyle::Json, out);
            out.push(b'"');
        }
    }
}

fn push_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let written = STANDARD
        .encode_slice(bytes, &mut out[start..])
        .unwrap_or_default();
    out.truncate(start + written);
    out.push(b'"');
}

/// Appends a JSON string.
pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut copied = 0;
    for (place, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[copied..place]);
        copied = place + 1;
        push_escape(out, *byte);
    }
    out.extend_from_slice(&bytes[copied..]);
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
