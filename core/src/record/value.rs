//! One value of a tuple record.

use std::fmt;

use super::decimal;
use super::schema::FieldType;
use super::scientific::push_scientific;
use super::text;
use crate::error::Error;

/// The earliest TIMESTAMP, in microseconds since 1970-01-01 UTC: 0001-01-01 with a day of margin for time zones.
///
/// The official clients draw the same line.
pub const TIMESTAMP_MIN: i64 = -62_135_798_400_000_000;
/// The latest TIMESTAMP, in microseconds since 1970-01-01 UTC: 9999-12-31 with a day of margin for time zones.
pub const TIMESTAMP_MAX: i64 = 253_402_271_999_000_000;
/// The longest text value in bytes: 2 MiB.
pub const MAX_TEXT_BYTES: usize = 2 * 1024 * 1024;

/// One value of a tuple record. Texts are borrowed.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
// The contents of all variants begin at the same place: a value moves in registers instead of through memory.
#[repr(u64)]
pub enum Value<'a> {
    /// No value.
    Null,
    /// A TINYINT.
    TinyInt(i8),
    /// A SMALLINT.
    SmallInt(i16),
    /// An INTEGER.
    Integer(i32),
    /// A BIGINT.
    BigInt(i64),
    /// A FLOAT.
    Float(f32),
    /// A DOUBLE.
    Double(f64),
    /// A BOOLEAN.
    Boolean(bool),
    /// A TIMESTAMP in microseconds since 1970-01-01 UTC.
    Timestamp(i64),
    /// A STRING.
    String(&'a str),
    /// A DECIMAL as text, as in `1.50`; one read from the service may have an exponent.
    Decimal(&'a str),
    /// The text of a JSON document.
    Json(&'a str),
}

/// The protocol for which a value is written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextStyle {
    /// Shortest digits for doubles.
    Protobuf,
    /// 17 significant digits with an exponent for doubles.
    Json,
}

/// Why bytes or text are not a value of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// The form is wrong.
    Form,
    /// The number is outside the range of the type.
    Range,
    /// A text is not valid UTF-8.
    Utf8,
    /// The value was written with a type that does not fit.
    Type,
}

impl Mismatch {
    /// The error for a column of a received record; `place` says which record.
    #[cold]
    pub(crate) fn into_error(self, place: &str, field: &str, field_type: FieldType) -> Error {
        let what = match self {
            Self::Form => "is not a valid",
            Self::Range => "is outside the range of",
            Self::Utf8 => "is not the UTF-8 text that is needed for",
            Self::Type => "was written with another type than",
        };
        Error::malformed(format!(
            "{place}, field `{field}`: the value {what} {field_type}"
        ))
    }
}

impl<'a> Value<'a> {
    /// The type of the value; `None` for null.
    pub const fn field_type(&self) -> Option<FieldType> {
        Some(match self {
            Self::Null => return None,
            Self::TinyInt(_) => FieldType::TinyInt,
            Self::SmallInt(_) => FieldType::SmallInt,
            Self::Integer(_) => FieldType::Integer,
            Self::BigInt(_) => FieldType::BigInt,
            Self::Float(_) => FieldType::Float,
            Self::Double(_) => FieldType::Double,
            Self::Boolean(_) => FieldType::Boolean,
            Self::Timestamp(_) => FieldType::Timestamp,
            Self::String(_) => FieldType::String,
            Self::Decimal(_) => FieldType::Decimal,
            Self::Json(_) => FieldType::Json,
        })
    }

    /// Whether this is null.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Reads a value from its text form.
    ///
    /// Empty text is null for every type but STRING. Fails with kind `malformed` when the text is not a
    /// value of the type.
    pub fn parse(field_type: FieldType, text: &'a str) -> crate::error::Result<Self> {
        Self::from_text(field_type, text).map_err(|mismatch| {
            let problem = if mismatch == Mismatch::Range {
                "outside the range of"
            } else {
                "not a valid"
            };
            Error::malformed(format!("the text is {problem} {field_type}"))
        })
    }

    pub(crate) fn from_text(field_type: FieldType, text: &'a str) -> Result<Self, Mismatch> {
        if text.is_empty() && field_type != FieldType::String {
            return Ok(Self::Null);
        }
        Ok(match field_type {
            FieldType::Float => {
                let value: f32 = text.parse().map_err(|_| Mismatch::Form)?;
                finite_or_named(value.is_infinite(), text)?;
                Self::Float(value)
            }
            FieldType::Double => {
                let value: f64 = text.parse().map_err(|_| Mismatch::Form)?;
                finite_or_named(value.is_infinite(), text)?;
                Self::Double(value)
            }
            FieldType::Boolean => Self::Boolean(parse_boolean(text)?),
            FieldType::String => Self::String(text),
            FieldType::Json => Self::Json(text),
            FieldType::Decimal if decimal::is_decimal(text) => Self::Decimal(text),
            FieldType::Decimal => return Err(Mismatch::Form),
            _ => return Self::from_integer(field_type, parse_integer(text)?),
        })
    }

    /// The value of an integer or TIMESTAMP column; [`Mismatch::Type`] for other columns.
    pub(crate) fn from_integer(field_type: FieldType, value: i64) -> Result<Self, Mismatch> {
        Ok(match field_type {
            FieldType::TinyInt => Self::TinyInt(value.try_into().map_err(|_| Mismatch::Range)?),
            FieldType::SmallInt => Self::SmallInt(value.try_into().map_err(|_| Mismatch::Range)?),
            FieldType::Integer => Self::Integer(value.try_into().map_err(|_| Mismatch::Range)?),
            FieldType::BigInt => Self::BigInt(value),
            FieldType::Timestamp if (TIMESTAMP_MIN..=TIMESTAMP_MAX).contains(&value) => {
                Self::Timestamp(value)
            }
            FieldType::Timestamp => return Err(Mismatch::Range),
            _ => return Err(Mismatch::Type),
        })
    }

    /// The value as one of another type, if nothing is lost.
    pub(crate) fn converted(self, field_type: FieldType) -> Result<Self, Mismatch> {
        if self.is_null() || self.field_type() == Some(field_type) {
            return Ok(self);
        }
        match (self, field_type) {
            (Self::Float(value), FieldType::Double) => Ok(Self::Double(value.into())),
            (Self::Decimal(text) | Self::Json(text), FieldType::String) => Ok(Self::String(text)),
            _ => Self::from_integer(field_type, self.as_integer().ok_or(Mismatch::Type)?),
        }
    }

    /// Whether a number is a value of a column: one of integers or TIMESTAMP, with the number in its range.
    pub fn is_integer_of(field_type: FieldType, value: i64) -> bool {
        Self::from_integer(field_type, value).is_ok()
    }

    /// The number of an integer or TIMESTAMP value.
    pub(crate) const fn as_integer(&self) -> Option<i64> {
        Some(match *self {
            Self::TinyInt(value) => value as i64,
            Self::SmallInt(value) => value as i64,
            Self::Integer(value) => value as i64,
            Self::BigInt(value) | Self::Timestamp(value) => value,
            _ => return None,
        })
    }

    /// Appends the text form of the value; nothing for null.
    ///
    /// Texts are appended as they are. A decimal is written in plain notation.
    pub fn write_text(&self, style: TextStyle, out: &mut Vec<u8>) {
        match *self {
            Self::Null => {}
            Self::TinyInt(value) => text::push_integer(out, value.into()),
            Self::SmallInt(value) => text::push_integer(out, value.into()),
            Self::Integer(value) => text::push_integer(out, value.into()),
            Self::BigInt(value) | Self::Timestamp(value) => text::push_integer(out, value),
            Self::Float(value) => text::push_float(out, value),
            Self::Double(value) if style == TextStyle::Json => push_scientific(out, value),
            Self::Double(value) => text::push_double(out, value),
            Self::Boolean(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
            Self::Decimal(value) => match decimal::to_plain(value) {
                Some(plain) => out.extend_from_slice(plain.as_bytes()),
                None => out.extend_from_slice(value.as_bytes()),
            },
            Self::String(value) | Self::Json(value) => out.extend_from_slice(value.as_bytes()),
        }
    }
}

impl fmt::Display for Value<'_> {
    /// Writes the text form of protocol buffers, and `null` for null.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Null => f.write_str("null"),
            Self::String(text) | Self::Json(text) | Self::Decimal(text) => f.write_str(text),
            _ => {
                let mut out = Vec::with_capacity(24);
                self.write_text(TextStyle::Protobuf, &mut out);
                f.write_str(&String::from_utf8_lossy(&out))
            }
        }
    }
}

/// Bytes as text.
///
/// The standard library is the fastest where a short text is ASCII, as its beginning suggests.
#[inline]
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Mismatch> {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let is_plain = match bytes.first_chunk::<8>() {
        Some(word) => bytes.len() < LONG_TEXT && u64::from_le_bytes(*word) & HIGH == 0,
        None => true,
    };
    if is_plain {
        str::from_utf8(bytes).map_err(|_| Mismatch::Utf8)
    } else {
        simdutf8::basic::from_utf8(bytes).map_err(|_| Mismatch::Utf8)
    }
}

/// Texts of this many bytes and more are checked with wide instructions.
const LONG_TEXT: usize = 256;

fn parse_integer(text: &str) -> Result<i64, Mismatch> {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    if let Some(number) = parse_plain_integer(text.as_bytes()) {
        return Ok(number);
    }
    text.parse()
        .map_err(|error: std::num::ParseIntError| match error.kind() {
            PosOverflow | NegOverflow => Mismatch::Range,
            _ => Mismatch::Form,
        })
}

/// The number of digits with or without a minus; `None` for anything else, which may still be an integer.
#[inline]
pub(super) fn parse_plain_integer(text: &[u8]) -> Option<i64> {
    match text {
        [b'-', digits @ ..] => Some(-i64::try_from(parse_digits(digits)?).ok()?),
        digits => i64::try_from(parse_digits(digits)?).ok(),
    }
}

/// The number of 1 to 19 digits, eight of which are read at a time; `None` for anything else.
#[inline]
fn parse_digits(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    let mut number = 0;
    let (words, rest) = digits.as_chunks::<8>();
    for word in words {
        number = number * 100_000_000 + eight_digits(*word)?;
    }
    for digit in rest {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    Some(number)
}

/// The number of the digits that bytes begin with, and how many they are: of up to 19.
#[inline]
pub(crate) fn leading_digits(bytes: &[u8]) -> (u64, usize) {
    let (mut number, mut length) = (0, 0);
    let (words, _) = bytes.as_chunks::<8>();
    for word in words.iter().take(2) {
        let Some(eight) = eight_digits(*word) else {
            break;
        };
        number = number * 100_000_000 + eight;
        length += 8;
    }
    while length < 19
        && let Some(digit) = bytes.get(length).filter(|byte| byte.is_ascii_digit())
    {
        number = number * 10 + u64::from(digit - b'0');
        length += 1;
    }
    (number, length)
}

/// The number of eight digits; `None` for anything else.
#[inline]
fn eight_digits(digits: [u8; 8]) -> Option<u64> {
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const CARRY: u64 = 0x0606_0606_0606_0606;
    let word = u64::from_le_bytes(digits);
    if word & HIGH != ZEROS || word.wrapping_add(CARRY) & HIGH != ZEROS {
        return None;
    }
    // Neighbours are joined to numbers of two, four and eight digits.
    let twos = (word & !HIGH).wrapping_mul(1 + (10 << 8)) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = twos.wrapping_mul(1 + (100 << 16)) >> 16 & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(1 + (10_000 << 32)) >> 32)
}

fn parse_boolean(text: &str) -> Result<bool, Mismatch> {
    if text == "1" || text.eq_ignore_ascii_case("true") {
        return Ok(true);
    }
    if text == "0" || text.eq_ignore_ascii_case("false") {
        return Ok(false);
    }
    Err(Mismatch::Form)
}

/// Digits must not become infinite: only the words `inf` and `infinity` may.
fn finite_or_named(is_infinite: bool, text: &str) -> Result<(), Mismatch> {
    if is_infinite && text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(Mismatch::Range);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_leniently_but_ranges_are_kept() {
        use FieldType as T;
        for (kind, text, value) in [
            (T::TinyInt, "-128", Ok(Value::TinyInt(-128))),
            (T::TinyInt, "128", Err(Mismatch::Range)),
            (T::SmallInt, "+7", Ok(Value::SmallInt(7))),
            (T::Integer, "2147483648", Err(Mismatch::Range)),
            (
                T::BigInt,
                "-9223372036854775808",
                Ok(Value::BigInt(i64::MIN)),
            ),
            (T::BigInt, "9223372036854775808", Err(Mismatch::Range)),
            (T::BigInt, "1.0", Err(Mismatch::Form)),
            (T::BigInt, " 1", Err(Mismatch::Form)),
            (T::BigInt, "", Ok(Value::Null)),
            (T::String, "", Ok(Value::String(""))),
            (T::Json, "", Ok(Value::Null)),
            (T::Double, "1.e+22", Ok(Value::Double(1e22))),
            (T::Double, ".5", Ok(Value::Double(0.5))),
            (T::Double, "Infinity", Ok(Value::Double(f64::INFINITY))),
            (T::Double, "1e999", Err(Mismatch::Range)),
            (T::Float, "+Inf", Ok(Value::Float(f32::INFINITY))),
            (T::Float, "1e39", Err(Mismatch::Range)),
            (T::Boolean, "TRUE", Ok(Value::Boolean(true))),
            (T::Boolean, "0", Ok(Value::Boolean(false))),
            (T::Boolean, "t", Err(Mismatch::Form)),
            (T::Timestamp, "253402271999000001", Err(Mismatch::Range)),
            (T::Decimal, "1E+3", Ok(Value::Decimal("1E+3"))),
            (T::Decimal, "NaN", Err(Mismatch::Form)),
        ] {
            assert_eq!(Value::from_text(kind, text), value, "{kind} {text}");
        }
    }

    #[test]
    fn digits_are_read_as_the_standard_library_reads_them() {
        for text in [
            "0",
            "7",
            "12345678",
            "123456789",
            "9999999999999999",
            "00000000000000000001",
            "0000000000000000001",
            "9223372036854775807",
            "9999999999999999999",
            "1234567:",
            "/2345678",
            "1234567a",
            "12345678\u{e9}1",
            "",
        ] {
            let wanted = text.parse::<u64>().ok().filter(|_| text.len() <= 19);
            assert_eq!(parse_digits(text.as_bytes()), wanted, "{text}");
            let length = text.bytes().take_while(u8::is_ascii_digit).take(19).count();
            let number = text[..length].parse().unwrap_or(0);
            assert_eq!(leading_digits(text.as_bytes()), (number, length), "{text}");
        }
        for text in [
            "-0",
            "-9223372036854775808",
            "-9223372036854775809",
            "--1",
            "-",
            "+12",
        ] {
            assert_eq!(parse_integer(text).ok(), text.parse().ok(), "{text}");
        }
    }

    #[test]
    fn only_lossless_conversions_happen() {
        assert_eq!(
            Value::Integer(7).converted(FieldType::BigInt),
            Ok(Value::BigInt(7))
        );
        assert_eq!(
            Value::BigInt(300).converted(FieldType::TinyInt),
            Err(Mismatch::Range)
        );
        assert_eq!(
            Value::Float(0.5).converted(FieldType::Double),
            Ok(Value::Double(0.5))
        );
        assert_eq!(
            Value::Double(0.5).converted(FieldType::Float),
            Err(Mismatch::Type)
        );
        assert_eq!(
            Value::String("7").converted(FieldType::BigInt),
            Err(Mismatch::Type)
        );
        assert_eq!(Value::Null.converted(FieldType::Json), Ok(Value::Null));
    }
}
