//! The encoding beneath messages: tags, varints and lengths.

use std::ops::Range;

use crate::codec::body::Pen;
use crate::error::{Error, Result};
use crate::record::chunk::Span;

const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const LENGTH: u8 = 2;
const GROUP: u8 = 3;
const END_GROUP: u8 = 4;
const FIXED32: u8 = 5;

/// The field number and the content of one field.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Number(u64),
    /// A place in the whole buffer.
    Bytes(Range<usize>),
    /// Something that no message of the protocol has; already skipped.
    Other,
}

/// Reads the fields of one message that lies somewhere in a buffer.
pub(crate) struct Reader<'a> {
    /// The buffer up to the end of the message.
    buffer: &'a [u8],
    place: usize,
}

impl<'a> Reader<'a> {
    /// Reads the message in a range of a buffer; the range comes from a reader of the same buffer.
    pub(crate) fn new(buffer: &'a [u8], range: Range<usize>) -> Self {
        Self {
            buffer: buffer.get(..range.end).unwrap_or_default(),
            place: range.start,
        }
    }

    /// The next field; `None` at the end of the message.
    #[allow(clippy::inline_always, reason = "the loops of codecs are around it")]
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Content)>> {
        if self.place >= self.buffer.len() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let field = u32::try_from(tag >> 3)
            .ok()
            .filter(|field| *field != 0)
            .ok_or_else(damaged)?;
        let content = match (tag & 7) as u8 {
            VARINT => Content::Number(self.varint()?),
            LENGTH => Content::Bytes(self.bytes()?),
            kind => {
                self.skip(kind)?;
                Content::Other
            }
        };
        Ok(Some((field, content)))
    }

    #[allow(clippy::inline_always, reason = "the loops of codecs are around it")]
    #[inline(always)]
    fn varint(&mut self) -> Result<u64> {
        if let Some(byte) = self.buffer.get(self.place)
            && *byte < 0x80
        {
            self.place += 1;
            return Ok(u64::from(*byte));
        }
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.buffer.get(self.place).ok_or_else(damaged)?;
            self.place += 1;
            if shift == 63 && byte > 1 {
                return Err(damaged());
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(damaged())
    }

    #[inline]
    fn bytes(&mut self) -> Result<Range<usize>> {
        let length = self.varint()?;
        let start = self.place;
        let left = self.buffer.len() - start;
        if length > left as u64 {
            return Err(damaged());
        }
        self.place = start + length as usize;
        Ok(start..self.place)
    }

    fn skip(&mut self, kind: u8) -> Result<()> {
        let mut depth = 0_usize;
        let mut kind = kind;
        loop {
            match kind {
                VARINT => _ = self.varint()?,
                FIXED64 => self.advance(8)?,
                LENGTH => _ = self.bytes()?,
                GROUP => depth += 1,
                END_GROUP => depth = depth.checked_sub(1).ok_or_else(damaged)?,
                FIXED32 => self.advance(4)?,
                _ => return Err(damaged()),
            }
            if depth == 0 {
                return Ok(());
            }
            kind = (self.varint()? & 7) as u8;
        }
    }

    fn advance(&mut self, count: usize) -> Result<()> {
        self.place += count;
        if self.place > self.buffer.len() {
            Err(damaged())
        } else {
            Ok(())
        }
    }
}

#[cold]
pub(crate) fn damaged() -> Error {
    Error::malformed("the protocol buffer is damaged")
}

/// The span of a text field, checked to be UTF-8.
pub(crate) fn text_span(buffer: &[u8], range: Range<usize>) -> Result<Span> {
    match buffer.get(range.clone()).map(simdutf8::basic::from_utf8) {
        Some(Ok(_)) => Ok(Span::new(range.start, range.len())),
        _ => Err(Error::malformed(
            "a text of the protocol buffer is not valid UTF-8",
        )),
    }
}

/// A text field.
pub(crate) fn text(buffer: &[u8], range: Range<usize>) -> Result<String> {
    let span = text_span(buffer, range)?;
    Ok(String::from_utf8_lossy(buffer.get(span.range()).unwrap_or_default()).into_owned())
}

/// The number of bytes of a varint.
#[inline]
pub(crate) const fn varint_size(value: u64) -> usize {
    (((value | 1).ilog2() + 7) / 7) as usize
}

/// Appends a varint.
#[inline]
pub(crate) fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends what stands before the bytes of a field with a field number below 16.
pub(crate) fn push_head(out: &mut Vec<u8>, field: u8, length: usize) {
    out.push(field << 3 | LENGTH);
    push_varint(out, length as u64);
}

/// Appends a field of bytes with a field number below 16.
pub(crate) fn push_bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    push_head(out, field, bytes.len());
    out.extend_from_slice(bytes);
}

/// Appends a field of a number with a field number below 16.
pub(crate) fn push_number(out: &mut Vec<u8>, field: u8, value: u64) {
    out.push(field << 3 | VARINT);
    push_varint(out, value);
}

/// Writes a varint.
#[inline]
pub(crate) fn put_varint(pen: &mut Pen<'_>, mut value: u64) {
    while value >= 0x80 {
        pen.put([value as u8 | 0x80]);
        value >>= 7;
    }
    pen.put([value as u8]);
}

/// Writes a field of bytes with a field number below 16.
pub(crate) fn put_bytes(pen: &mut Pen<'_>, field: u8, bytes: &[u8]) {
    pen.put([field << 3 | LENGTH]);
    put_varint(pen, bytes.len() as u64);
    pen.put_slice(bytes);
}

/// Writes a field of a number with a field number below 16.
pub(crate) fn put_number(pen: &mut Pen<'_>, field: u8, value: u64) {
    pen.put([field << 3 | VARINT]);
    put_varint(pen, value);
}

/// Begins and ends nested messages whose length is not known before they are written.
///
/// The bytes of the length are left out as in the last message of the kind; if they turn out to be too
/// few or too many, the message is moved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nested {
    width: usize,
}

impl Nested {
    pub(crate) const fn new() -> Self {
        Self { width: 1 }
    }

    /// Begins a message; returns what [`Nested::end`] needs.
    #[inline]
    pub(crate) fn begin(self, pen: &mut Pen<'_>, field: u8) -> usize {
        pen.put([field << 3 | LENGTH]);
        let start = pen.place() + self.width;
        pen.go_to(start);
        start
    }

    /// Ends a message.
    #[inline]
    pub(crate) fn end(&mut self, pen: &mut Pen<'_>, start: usize) {
        let end = pen.place();
        let length = end - start;
        if self.width == 2 && length >> 7 != 0 && length >> 14 == 0 {
            pen.set(start - 2, [length as u8 | 0x80, (length >> 7) as u8]);
        } else {
            self.end_any(pen, start, end);
        }
    }

    fn end_any(&mut self, pen: &mut Pen<'_>, start: usize, end: usize) {
        let length = end - start;
        let width = varint_size(length as u64);
        let at = start - self.width;
        if width != self.width {
            pen.shift(start..end, at + width);
            self.width = width;
        }
        pen.go_to(at);
        put_varint(pen, length as u64);
        pen.go_to(at + width + length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::body::Body;

    #[test]
    fn lengths_of_every_width_are_patched() {
        for last in [1, 2, 3] {
            for length in [0, 1, 127, 128, 16_383, 16_384, 70_000] {
                let mut nested = Nested { width: last };
                let mut body = Body::new(0);
                body.write(|pen| {
                    pen.put([9]);
                    let start = nested.begin(pen, 1);
                    pen.put_slice(&vec![7; length]);
                    nested.end(pen, start);
                    Ok(())
                })
                .unwrap();
                let mut expected = vec![9];
                push_bytes(&mut expected, 1, &vec![7; length]);
                assert_eq!(body.as_slice(), expected, "{last} {length}");
                assert_eq!(nested.width, varint_size(length as u64));
            }
        }
    }

    #[test]
    fn unknown_fields_are_skipped_and_damage_is_found() {
        let fields = |bytes: &[u8]| {
            let mut reader = Reader::new(bytes, 0..bytes.len());
            let mut count = 0;
            while reader.next()?.is_some() {
                count += 1;
            }
            Ok::<_, Error>(count)
        };
        // A group with a nested group, a fixed64, a fixed32 and a varint.
        let mixed = [
            0x0b, 0x13, 0x08, 1, 0x14, 0x0c, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x1d, 1, 2, 3, 4, 0x20,
            0xff, 1,
        ];
        assert_eq!(fields(&mixed).unwrap(), 4);
        for bad in [
            &[0x00, 1][..],
            &[0x0c],
            &[0x0b],
            &[0x0a, 5, 1],
            &[0x08, 0xff],
            &[0x09, 1],
            &[0x0f],
            &[0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2],
        ] {
            assert!(fields(bad).is_err(), "{bad:?}");
        }
    }
}
