//! Protobuf on the wire: fields read in place, fields written at the end of a buffer.

use std::ops::Range;

/// A protobuf message that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Content of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// A number of fixed length, which no message of the protocol has.
    Fixed,
}

/// A field of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) number: u32,
    pub(super) content: Content<'a>,
    /// Where in the message the field is, its tag included.
    pub(super) place: Range<usize>,
}

/// The fields of a message in the order in which they were written.
pub(super) struct Fields<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn of(message: &'a [u8]) -> Self {
        Self { message, at: 0 }
    }

    fn number(&mut self) -> Result<u64, Malformed> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.message.get(self.at).ok_or(Malformed)?;
            self.at += 1;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Malformed)
    }

    fn bytes(&mut self, len: u64) -> Result<&'a [u8], Malformed> {
        let rest = &self.message[self.at..];
        let len = usize::try_from(len)
            .ok()
            .filter(|len| *len <= rest.len())
            .ok_or(Malformed)?;
        self.at += len;
        Ok(&rest[..len])
    }

    fn field(&mut self) -> Result<Field<'a>, Malformed> {
        let start = self.at;
        let tag = self.number()?;
        let number = u32::try_from(tag >> 3)
            .ok()
            .filter(|number| *number > 0)
            .ok_or(Malformed)?;
        let content = match tag & 7 {
            0 => Content::Number(self.number()?),
            1 => self.bytes(8).map(|_| Content::Fixed)?,
            2 => {
                let len = self.number()?;
                Content::Bytes(self.bytes(len)?)
            }
            5 => self.bytes(4).map(|_| Content::Fixed)?,
            _ => return Err(Malformed),
        };
        Ok(Field {
            number,
            content,
            place: start..self.at,
        })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.message.len() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.at = self.message.len();
        }
        Some(field)
    }
}

impl<'a> Field<'a> {
    pub(super) fn bytes(&self) -> Result<&'a [u8], Malformed> {
        match self.content {
            Content::Bytes(bytes) => Ok(bytes),
            _ => Err(Malformed),
        }
    }

    pub(super) fn text(&self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }

    pub(super) fn integer(&self) -> Result<i64, Malformed> {
        match self.content {
            Content::Number(number) => Ok(number as i64),
            _ => Err(Malformed),
        }
    }
}

/// Length of a number as written.
pub(super) fn number_len(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(7)
}

pub(super) fn put_number(buffer: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        buffer.push(number as u8 | 0x80);
        number >>= 7;
    }
    buffer.push(number as u8);
}

/// Writes an integer field; negative numbers take ten bytes.
pub(super) fn put_integer(buffer: &mut Vec<u8>, field: u32, number: i64) {
    put_number(buffer, u64::from(field << 3));
    put_number(buffer, number as u64);
}

/// Writes the tag and the length of a field of `len` bytes.
pub(super) fn put_len(buffer: &mut Vec<u8>, field: u32, len: usize) {
    put_number(buffer, u64::from(field << 3 | 2));
    put_number(buffer, len as u64);
}

pub(super) fn put_bytes(buffer: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    put_len(buffer, field, bytes.len());
    buffer.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut message = Vec::new();
        put_integer(&mut message, 1, -1);
        put_integer(&mut message, 10, 300);
        put_bytes(&mut message, 9, b"abc");
        let fields: Vec<_> = Fields::of(&message)
            .collect::<Result<_, _>>()
            .expect("fields");
        assert_eq!(fields[0].integer(), Ok(-1));
        assert_eq!(fields[1].integer(), Ok(300));
        assert_eq!(fields[2].text(), Ok("abc"));
        assert_eq!(fields[2].place, 14..19);
        for number in [0, 1, 127, 128, 16383, 16384, u64::MAX] {
            let mut written = Vec::new();
            put_number(&mut written, number);
            assert_eq!(written.len(), number_len(number), "{number}");
        }
    }

    #[test]
    fn broken_messages_are_refused() {
        for bad in [
            &b"\x08"[..],
            b"\x0a\x05abc",
            b"\x00\x00",
            b"\x0b",
            b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            &[0xff; 11],
        ] {
            assert!(Fields::of(bad).any(|field| field.is_err()), "{bad:?}");
        }
    }
}
