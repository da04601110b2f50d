//! Walking over a JSON text; strings are unescaped where they stand.

use bytes::{Bytes, BytesMut};
use wide::u8x16;

use crate::error::{Error, Result};
use crate::record::chunk::Span;
use crate::record::value::{leading_digits, utf8};

/// How deeply ignored values may be nested.
const MAX_DEPTH: usize = 128;

/// A place in a JSON text.
pub(crate) struct Scanner {
    buffer: Bytes,
    place: usize,
    /// The block of bytes that was looked at last, by where it begins, and which of its bytes are special.
    block: usize,
    special: u64,
}

impl Scanner {
    /// Starts at the beginning of a text.
    pub(crate) fn new(buffer: Bytes) -> Self {
        Self {
            buffer,
            place: 0,
            block: usize::MAX,
            special: 0,
        }
    }

    /// The end of a run of bytes that stand for themselves within a string.
    ///
    /// Blocks are looked at as a whole, and only once: strings end at places that cannot be foreseen.
    #[inline]
    fn run_end(&mut self, start: usize) -> usize {
        let mut block = start - start % BLOCK;
        if block != self.block {
            self.look_at(block);
        }
        let mut special = self.special & (u64::MAX << (start % BLOCK));
        while special == 0 {
            block += BLOCK;
            self.look_at(block);
            special = self.special;
        }
        block + special.trailing_zeros() as usize
    }

    /// Finds the special bytes of a block; what is behind the text is special, too.
    #[inline]
    fn look_at(&mut self, block: usize) {
        let rest = self.buffer.get(block..).unwrap_or_default();
        self.special = match rest.first_chunk::<BLOCK>() {
            Some(bytes) => special_bytes(bytes),
            None => {
                let mut bytes = [0; BLOCK];
                bytes[..rest.len()].copy_from_slice(rest);
                special_bytes(&bytes)
            }
        };
        self.block = block;
    }

    /// The text, with unescaped strings in it.
    pub(crate) fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    /// How many bytes were read.
    pub(crate) fn place(&self) -> usize {
        self.place
    }

    /// Changes the text. It is copied if others share it, at most once: most texts are never changed.
    fn change<T>(&mut self, change: impl FnOnce(&mut [u8]) -> T) -> T {
        let buffer = std::mem::take(&mut self.buffer).try_into_mut();
        let mut buffer = buffer.unwrap_or_else(|shared| BytesMut::from(shared.as_ref()));
        let changed = change(&mut buffer);
        self.buffer = buffer.freeze();
        changed
    }

    /// Decodes a string that was read as Base64, over its beginning; returns the place of the bytes.
    pub(crate) fn decode_base64(&mut self, span: Span) -> Result<Span> {
        self.change(|buffer| {
            let text = buffer.get_mut(span.range()).ok_or_else(damaged)?;
            let bytes = base64_simd::STANDARD
                .decode_inplace(text)
                .map_err(|error| {
                    Error::malformed("a blob is not valid Base64").with_source(error)
                })?;
            Ok(Span::new(span.range().start, bytes.len()))
        })
    }

    pub(crate) fn into_buffer(self) -> Bytes {
        self.buffer
    }

    /// The next byte that is not white space, without taking it; 0 at the end.
    #[inline]
    pub(crate) fn peek(&mut self) -> u8 {
        while let Some(byte) = self.buffer.get(self.place) {
            if *byte > b' ' {
                return *byte;
            }
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return *byte;
            }
            self.place += 1;
        }
        0
    }

    #[inline]
    pub(crate) fn expect(&mut self, byte: u8) -> Result<()> {
        if self.peek() != byte || self.place >= self.buffer.len() {
            return Err(damaged());
        }
        self.place += 1;
        Ok(())
    }

    /// Takes a byte if it is the next one.
    #[inline]
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte && self.place < self.buffer.len();
        self.place += usize::from(found);
        found
    }

    /// Nothing but white space may follow.
    pub(crate) fn end(&mut self) -> Result<()> {
        self.peek();
        if self.place == self.buffer.len() {
            Ok(())
        } else {
            Err(damaged())
        }
    }

    /// Goes to the next member of an object or element of an array; `false` when `close` ends it.
    #[inline]
    pub(crate) fn next(&mut self, first: &mut bool, close: u8) -> Result<bool> {
        if self.take(close) {
            return Ok(false);
        }
        if !std::mem::take(first) {
            self.expect(b',')?;
        }
        Ok(true)
    }

    /// Reads the name of a member and the colon behind it.
    #[inline]
    pub(crate) fn name(&mut self) -> Result<Span> {
        let name = self.string()?;
        self.expect(b':')?;
        Ok(name)
    }

    /// Reads a member's name and colon if they are exactly these bytes, with nothing in between.
    #[inline]
    pub(crate) fn take_name<const N: usize>(&mut self, name: &[u8; N]) -> bool {
        let found = self
            .buffer
            .get(self.place..)
            .and_then(<[u8]>::first_chunk::<N>)
            == Some(name);
        self.place += if found { N } else { 0 };
        found
    }

    /// Reads a string, unescaping it in place. Whether it is UTF-8 is not looked at.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Span> {
        self.expect(b'"')?;
        let start = self.place;
        let end = self.run_end(start);
        self.place = end + 1;
        match self.buffer.get(end) {
            Some(b'"') => Ok(Span::new(start, end - start)),
            Some(b'\\') => self.escaped_string(start, end),
            _ => Err(damaged()),
        }
    }

    /// Reads a string without escapes and the comma that directly follows it, as between the values of a record.
    /// `None`, and nothing is read, if what follows is something else.
    #[inline]
    pub(crate) fn plain_string_and_comma(&mut self) -> Option<Span> {
        if self.buffer.get(self.place) != Some(&b'"') {
            return None;
        }
        let start = self.place + 1;
        let end = self.run_end(start);
        if !self.buffer.get(end..)?.starts_with(b"\",") {
            return None;
        }
        self.place = end + 2;
        Some(Span::new(start, end - start))
    }

    /// Reads a string that is to be decoded as Base64 and therefore may not hold other bytes anyway.
    pub(crate) fn base64_text(&mut self) -> Result<Span> {
        let is_string = self.peek() == b'"';
        let start = self.place + 1;
        let rest = self.buffer.get(start..).unwrap_or_default();
        if is_string
            && let Some(length) = memchr::memchr2(b'"', b'\\', rest)
            && rest[length] == b'"'
        {
            self.place = start + length + 1;
            return Ok(Span::new(start, length));
        }
        self.string()
    }

    #[cold]
    fn escaped_string(&mut self, start: usize, first: usize) -> Result<Span> {
        let (span, behind) = self.change(|buffer| unescape(buffer, start, first))?;
        self.place = behind;
        Ok(span)
    }

    /// Reads a number, `true`, `false` or `null` as it is written.
    pub(crate) fn scalar(&mut self) -> Result<Span> {
        self.peek();
        let start = self.place;
        let is_part =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let rest = self.buffer.get(start..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| is_part(byte)).count();
        let text = &rest[..length];
        let is_number = text
            .first()
            .is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-')
            && (is_integer(text) || serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok());
        if !is_number && !matches!(text, b"true" | b"false" | b"null") {
            return Err(damaged());
        }
        self.place = start + length;
        Ok(Span::new(start, length))
    }

    /// Reads an integer; `None` for `null`.
    pub(crate) fn integer(&mut self) -> Result<Option<i64>> {
        self.peek();
        let rest = self.buffer.get(self.place..).unwrap_or_default();
        let (number, length) = leading_digits(rest);
        if matches!(rest.get(length), Some(b',' | b'}'))
            && !matches!(rest.first(), Some(b'0' | b',' | b'}'))
            && let Ok(number) = i64::try_from(number)
        {
            self.place += length;
            return Ok(Some(number));
        }
        let span = self.scalar()?;
        let text = str::from_utf8(self.buffer.get(span.range()).unwrap_or_default())
            .map_err(|_| damaged())?;
        if text == "null" {
            return Ok(None);
        }
        text.parse()
            .map(Some)
            .map_err(|_| Error::malformed("a number of the JSON body is not a 64-bit integer"))
    }

    /// Reads a string that is kept; `None` for `null`.
    pub(crate) fn text(&mut self) -> Result<Option<Span>> {
        if self.peek() == b'"' {
            return self.checked_string().map(Some);
        }
        let span = self.scalar()?;
        if self.buffer.get(span.range()) == Some(b"null") {
            Ok(None)
        } else {
            Err(damaged())
        }
    }

    /// Reads a string and checks that it is UTF-8.
    pub(crate) fn checked_string(&mut self) -> Result<Span> {
        let span = self.string()?;
        match self.buffer.get(span.range()) {
            Some(bytes) if is_ascii(bytes) || utf8(bytes).is_ok() => Ok(span),
            _ => Err(Error::malformed(
                "a string of the JSON body is not valid UTF-8",
            )),
        }
    }

    /// Reads over a value of any kind.
    pub(crate) fn skip(&mut self) -> Result<()> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            let mut first = false;
            match self.peek() {
                b'"' => drop(self.string()?),
                opening @ (b'{' | b'[') => {
                    self.place += 1;
                    if open.len() >= MAX_DEPTH {
                        return Err(Error::malformed("the JSON body is nested too deeply"));
                    }
                    // In ASCII the closing bracket comes two after the opening one.
                    open.push(opening + 2);
                    first = true;
                }
                _ => drop(self.scalar()?),
            }
            loop {
                let Some(close) = open.last().copied() else {
                    return Ok(());
                };
                if self.next(&mut first, close)? {
                    if close == b'}' {
                        self.name()?;
                    }
                    break;
                }
                open.pop();
                first = false;
            }
        }
    }
}

#[cold]
pub(crate) fn damaged() -> Error {
    Error::malformed("the body is not valid JSON of the expected form")
}

/// The end of a run of bytes that stand for themselves within a string.
#[inline]
pub(crate) fn plain_run(buffer: &[u8], start: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut place = start;
    let rest = buffer.get(start..).unwrap_or_default();
    let (blocks, _) = rest.as_chunks::<STEP>();
    for block in blocks {
        let special = special_in(*block);
        if special != 0 {
            return place + special.trailing_zeros() as usize;
        }
        place += STEP;
    }
    while let Some(chunk) = buffer.get(place..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        // The high bit of a byte is set where the byte is zero after the xor; bytes below 0x20 likewise.
        let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let found = zero(word ^ (ONES * u64::from(b'"')))
            | zero(word ^ (ONES * u64::from(b'\\')))
            | control;
        if found != 0 {
            // The lowest bit found is exact; only bits above it may be carries.
            return place + found.trailing_zeros() as usize / 8;
        }
        place += 8;
    }
    let rest = buffer.get(place..).unwrap_or_default();
    place + rest.iter().take_while(|byte| !is_special(**byte)).count()
}

/// Whether a text of a few words is ASCII, as cursors are.
#[inline]
fn is_ascii(text: &[u8]) -> bool {
    let (words, rest) = text.as_chunks::<8>();
    let all = words.iter().map(|word| u64::from_le_bytes(*word));
    all.fold(0, |all, word| all | word) & 0x8080_8080_8080_8080 == 0 && rest.is_ascii()
}

/// Whether a text is a whole number without sign, as most numbers of a reply are.
fn is_integer(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit) && (text.len() == 1 || text.first() != Some(&b'0'))
}

/// How many bytes of a string are looked at together.
const STEP: usize = 16;
/// How many bytes of a text are looked at together: as many as a word has bits.
pub(super) const BLOCK: usize = 64;

/// Which bytes of a block end a run of bytes that stand for themselves: the lowest bit tells of the first one.
#[inline]
pub(super) fn special_bytes(block: &[u8; BLOCK]) -> u64 {
    let (steps, _) = block.as_chunks::<STEP>();
    steps.iter().rev().fold(0, |found, bytes| {
        found << STEP | u64::from(special_in(*bytes))
    })
}

/// Which bytes of a step are special, the first one in the lowest bit.
#[inline]
fn special_in(bytes: [u8; STEP]) -> u32 {
    let bytes = u8x16::from(bytes);
    let is_control = bytes.min(u8x16::splat(b' ' - 1)).simd_eq(bytes);
    let special =
        bytes.simd_eq(u8x16::splat(b'"')) | bytes.simd_eq(u8x16::splat(b'\\')) | is_control;
    special.to_bitmask()
}

#[inline]
const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Unescapes a string that begins at a place, from its first backslash on; gives where it lies now, and the place
/// behind it.
fn unescape(buffer: &mut [u8], start: usize, first: usize) -> Result<(Span, usize)> {
    let (mut read, mut write) = (first, first);
    loop {
        match buffer.get(read) {
            Some(b'"') => return Ok((Span::new(start, write - start), read + 1)),
            Some(b'\\') => {
                let (character, size) = escape(buffer.get(read + 1..).unwrap_or_default())?;
                read += 1 + size;
                let mut bytes = [0; 4];
                let encoded = character.encode_utf8(&mut bytes).as_bytes();
                buffer[write..write + encoded.len()].copy_from_slice(encoded);
                write += encoded.len();
            }
            _ => {}
        }
        let end = plain_run(buffer, read);
        buffer.copy_within(read..end, write);
        write += end - read;
        read = end;
        if !matches!(buffer.get(read), Some(b'"' | b'\\')) {
            return Err(damaged());
        }
    }
}

/// The character of an escape sequence behind its backslash, and how many bytes it takes.
fn escape(bytes: &[u8]) -> Result<(char, usize)> {
    let character = match bytes.first() {
        Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode_escape(bytes),
        _ => return Err(damaged()),
    };
    Ok((character, 1))
}

fn unicode_escape(bytes: &[u8]) -> Result<(char, usize)> {
    let unit = |start: usize| -> Result<u32> {
        let digits = bytes.get(start..start + 4).ok_or_else(damaged)?;
        digits.iter().try_fold(0, |value, digit| {
            char::from(*digit)
                .to_digit(16)
                .map(|digit| value << 4 | digit)
                .ok_or_else(damaged)
        })
    };
    let first = unit(1)?;
    if let Some(character) = char::from_u32(first) {
        return Ok((character, 5));
    }
    if first >= 0xdc00 || bytes.get(5..7) != Some(b"\\u") {
        return Err(damaged());
    }
    let second = unit(7)?;
    if !(0xdc00..0xe000).contains(&second) {
        return Err(damaged());
    }
    let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
    char::from_u32(code)
        .map(|character| (character, 11))
        .ok_or_else(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanner(text: &str) -> Scanner {
        Scanner::new(Bytes::copy_from_slice(text.as_bytes()))
    }

    fn string(mut scanner: Scanner) -> Option<String> {
        let span = scanner.string().ok()?;
        scanner.end().ok()?;
        str::from_utf8(&scanner.buffer()[span.range()])
            .ok()
            .map(str::to_owned)
    }

    #[test]
    fn strings_read_like_serde_json_reads_them() {
        for text in [
            r#""""#,
            r#""plain text that is longer than eight bytes""#,
            r#""a\"b\\c\/d\b\f\n\r\t""#,
            r#""\u00e9\ud83d\ude00 tail of some length\u0041""#,
            r#""é🜁 中文 without escapes at all""#,
            r#""\ud83d""#,
            r#""\ud83dx""#,
            r#""\ude00""#,
            r#""\ud83d\u0041""#,
            r#""\x""#,
            r#""\u12g4""#,
            r#""\u12""#,
            r#""open"#,
            r#""open\"#,
            "\"control \u{1}\"",
            "\"12345678\u{1f}\"",
            "\"a\nb\"",
        ] {
            let wanted = serde_json::from_str::<String>(text).ok();
            assert_eq!(string(scanner(text)), wanted, "{text}");
        }
    }

    #[test]
    fn special_bytes_are_found_in_every_place() {
        for place in 0..BLOCK {
            for byte in 0..=u8::MAX {
                let mut block = [b'a'; BLOCK];
                block[place] = byte;
                let wanted = u64::from(is_special(byte)) << place;
                assert_eq!(special_bytes(&block), wanted, "{place}: {byte}");
            }
        }
    }

    #[test]
    fn strings_of_every_length_are_read() {
        for size in 0..200 {
            let text = format!("{}\u{e9}", "a".repeat(size));
            let quoted = format!("{:1$}\"{text}\"", "", size % 70);
            assert_eq!(string(scanner(&quoted)).as_deref(), Some(&text[..]));
            assert_eq!(string(scanner(&quoted[..quoted.len() - 1])), None);
        }
    }

    #[test]
    fn values_are_skipped_as_serde_json_accepts_them() {
        for text in [
            "1",
            "-1.5e+3",
            "01",
            "1.",
            "--1",
            "+1",
            "true",
            "nul",
            "null",
            "[]",
            "{}",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{\"a\":[1,{\"b\":\"x\"}],\"c\":null}",
            "{a:1}",
            "[1}",
            "[[]",
            "",
            " [ ] ",
            "{} {}",
            "\"\\q\"",
            "[\"]\"]",
        ] {
            let mut scanner = scanner(text);
            let accepted = scanner.skip().and_then(|()| scanner.end()).is_ok();
            assert_eq!(
                accepted,
                serde_json::from_str::<serde_json::Value>(text).is_ok(),
                "{text}"
            );
        }
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(scanner(&nested(MAX_DEPTH)).skip().is_ok());
        assert!(scanner(&nested(MAX_DEPTH + 1)).skip().is_err());
        assert!(scanner(&"[".repeat(100_000)).skip().is_err());
    }

    #[test]
    fn integers_are_written_as_json_wants() {
        let read = |text: &str| scanner(text).integer().ok();
        for (text, number) in [
            ("0,", Some(Some(0))),
            ("120}", Some(Some(120))),
            (" -7 ", Some(Some(-7))),
            ("9223372036854775807,", Some(Some(i64::MAX))),
            ("null,", Some(None)),
            ("9223372036854775808,", None),
            ("012,", None),
            ("1.5,", None),
            ("+1,", None),
            (",", None),
            ("true,", None),
        ] {
            assert_eq!(read(text), number, "{text}");
        }
    }
}
