//! JSON bodies.

use base64_simd::STANDARD;
use hubstream::record::{FieldType, Value};
use std::io::Write as _;

use super::{Cells, Told, parse};

#[inline]
fn push_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(place) = rest
        .iter()
        .position(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\')
    {
        out.extend_from_slice(&rest[..place]);
        _ = write!(out, "\\u{:04x}", rest[place]);
        rest = &rest[place + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Appends the body of a put of tuples.
pub(crate) fn encode_tuples(rows: &Cells<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"Action\":\"pub\",\"Records\":[");
    for (place, row) in rows.iter().enumerate() {
        out.extend_from_slice(if place == 0 {
            b"{\"Data\":["
        } else {
            b",{\"Data\":["
        });
        for (column, value) in row.iter().enumerate() {
            if column > 0 {
                out.push(b',');
            }
            match *value {
                Value::String(text) => push_text(out, text),
                Value::Null => out.extend_from_slice(b"null"),
                Value::BigInt(value) | Value::Timestamp(value) => {
                    out.push(b'"');
                    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
                    out.push(b'"');
                }
                _ => {
                    out.push(b'"');
                    value.write_text(hubstream::record::TextStyle::Json, out);
                    out.push(b'"');
                }
            }
        }
        out.extend_from_slice(b"]}");
    }
    out.extend_from_slice(b"]}");
}

/// Appends the body of a put of blobs.
pub(crate) fn encode_blobs(blobs: &[Vec<u8>], out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"Action\":\"pub\",\"Records\":[");
    for (place, blob) in blobs.iter().enumerate() {
        out.extend_from_slice(if place == 0 {
            b"{\"Data\":\""
        } else {
            b",{\"Data\":\""
        });
        STANDARD.encode_append(blob, out);
        out.extend_from_slice(b"\"}");
    }
    out.extend_from_slice(b"]}");
}

/// A text without blanks between its parts and without escapes.
struct Walk<'a> {
    text: &'a str,
    place: usize,
}

impl<'a> Walk<'a> {
    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        let found = self.text.as_bytes().get(self.place) == Some(&byte);
        self.place += usize::from(found);
        found
    }

    #[inline]
    fn string(&mut self) -> Option<&'a str> {
        if !self.take(b'"') {
            return None;
        }
        let rest = self.text.as_bytes().get(self.place..)?;
        let length = memchr::memchr2(b'"', b'\\', rest)?;
        let text = self.text.get(self.place..self.place + length)?;
        self.place += length;
        self.take(b'"').then_some(text)
    }

    #[inline]
    fn number(&mut self) -> Option<i64> {
        let rest = self.text.as_bytes().get(self.place..)?;
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = self
            .text
            .get(self.place..self.place + length)?
            .parse()
            .ok()?;
        self.place += length;
        Some(number)
    }

    #[inline]
    fn span(&self, text: &str) -> (u32, u32) {
        ((self.place - 1 - text.len()) as u32, text.len() as u32)
    }
}

/// Walks over the records of a reply; `each` reads the data of each.
fn records<'a>(
    body: &'a [u8],
    told: &mut Vec<Told>,
    mut each: impl FnMut(&mut Walk<'a>) -> Option<()>,
) -> Option<()> {
    let text = str::from_utf8(body).ok()?;
    let mut walk = Walk { text, place: 0 };
    let mut open = b'{';
    while walk.take(open) {
        open = b',';
        let name = walk.string()?;
        walk.take(b':');
        match name {
            "NextCursor" => _ = walk.string()?,
            "Records" => {
                let mut open = b'[';
                while walk.take(open) {
                    open = b',';
                    let mut known = Told::default();
                    let mut open = b'{';
                    while walk.take(open) {
                        open = b',';
                        let name = walk.string()?;
                        walk.take(b':');
                        match name {
                            "Data" => each(&mut walk)?,
                            "Sequence" => known.sequence = walk.number()?,
                            "SystemTime" => known.system_time = walk.number()?,
                            "Cursor" => known.cursor = walk.string().map(|text| walk.span(text))?,
                            "NextCursor" => {
                                known.next_cursor = walk.string().map(|text| walk.span(text))?;
                            }
                            _ => return None,
                        }
                    }
                    if !walk.take(b'}') {
                        return None;
                    }
                    told.push(known);
                }
                if !walk.take(b']') {
                    return None;
                }
            }
            _ => _ = walk.number()?,
        }
    }
    (walk.take(b'}') && walk.place == body.len()).then_some(())
}

/// Reads the tuples of a reply.
pub(crate) fn decode_tuples<'a>(
    body: &'a [u8],
    kinds: &[FieldType],
    told: &mut Vec<Told>,
    sink: &mut impl FnMut(Value<'a>),
) -> Option<()> {
    records(body, told, |walk| {
        let mut open = b'[';
        for kind in kinds {
            if !walk.take(open) {
                return None;
            }
            open = b',';
            sink(parse(*kind, walk.string()?)?);
        }
        walk.take(b']').then_some(())
    })
}

/// Reads the blobs of a reply into memory that is used again.
pub(crate) fn decode_blobs(
    body: &[u8],
    told: &mut Vec<Told>,
    sink: &mut impl FnMut(&[u8]),
) -> Option<()> {
    let mut blob = Vec::new();
    records(body, told, |walk| {
        blob.clear();
        STANDARD.decode_append(walk.string()?, &mut blob).ok()?;
        sink(&blob);
        Some(())
    })
}
