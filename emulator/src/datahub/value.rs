//! Column types and the texts that are values of them.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

/// Longest STRING or JSON value, in bytes.
const STRING_BYTES: usize = 2 << 20;

/// Range of TIMESTAMP, in microseconds since 1970-01-01 UTC.
const TIMESTAMPS: std::ops::RangeInclusive<i64> = -62_135_798_400_000_000..=253_402_271_999_000_000;

/// Type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum ColumnType {
    TinyInt,
    SmallInt,
    Integer,
    BigInt,
    Float,
    Double,
    Boolean,
    Timestamp,
    String,
    Decimal,
    Json,
}

impl ColumnType {
    const ALL: [Self; 11] = [
        Self::TinyInt,
        Self::SmallInt,
        Self::Integer,
        Self::BigInt,
        Self::Float,
        Self::Double,
        Self::Boolean,
        Self::Timestamp,
        Self::String,
        Self::Decimal,
        Self::Json,
    ];

    /// The type of that name, in any case.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::TinyInt => "TINYINT",
            Self::SmallInt => "SMALLINT",
            Self::Integer => "INTEGER",
            Self::BigInt => "BIGINT",
            Self::Float => "FLOAT",
            Self::Double => "DOUBLE",
            Self::Boolean => "BOOLEAN",
            Self::Timestamp => "TIMESTAMP",
            Self::String => "STRING",
            Self::Decimal => "DECIMAL",
            Self::Json => "JSON",
        }
    }

    /// Checks that a text is a value of this type; the error is the service's message.
    ///
    /// An empty text is one of STRING only, also where null is allowed: the service's own words for a number that it cannot
    /// read are that an empty text cannot be cast, and official clients send null for it.
    pub(super) fn check(self, text: &[u8]) -> Result<(), String> {
        match self {
            Self::TinyInt => self.check_integer(text, i64::from(i8::MIN), i64::from(i8::MAX)),
            Self::SmallInt => self.check_integer(text, i64::from(i16::MIN), i64::from(i16::MAX)),
            Self::Integer => self.check_integer(text, i64::from(i32::MIN), i64::from(i32::MAX)),
            Self::BigInt => self.check_integer(text, i64::MIN, i64::MAX),
            Self::Float => self.check_number(text, utf8(text).parse().ok().map(f32::is_infinite)),
            Self::Double => self.check_number(text, utf8(text).parse().ok().map(f64::is_infinite)),
            Self::Boolean => match text {
                b"1" | b"0" => Ok(()),
                _ if text.eq_ignore_ascii_case(b"true") || text.eq_ignore_ascii_case(b"false") => {
                    Ok(())
                }
                _ => Err(self.uncastable(text)),
            },
            Self::Timestamp => match parse_integer(text) {
                Some(value) if TIMESTAMPS.contains(&value) => Ok(()),
                Some(_) => Err(format!("Timestamp field value over range: {}", shown(text))),
                None if is_integer(text) => {
                    Err(format!("Timestamp field value over range: {}", shown(text)))
                }
                None => Err(self.uncastable(text)),
            },
            Self::Decimal if is_decimal(text) => Ok(()),
            Self::Decimal => Err(format!("Decimal field invalid: {}", shown(text))),
            Self::String => self.check_string(text),
            Self::Json => {
                self.check_string(text)?;
                serde_json::from_slice::<IgnoredAny>(text)
                    .map(drop)
                    .map_err(|_| "Json field invalid".to_owned())
            }
        }
    }

    fn check_integer(self, text: &[u8], min: i64, max: i64) -> Result<(), String> {
        match parse_integer(text) {
            Some(value) if (min..=max).contains(&value) => Ok(()),
            _ => Err(self.uncastable(text)),
        }
    }

    /// Digits must not become infinite: only words are, which official clients write.
    fn check_number(self, text: &[u8], is_infinite: Option<bool>) -> Result<(), String> {
        match is_infinite {
            Some(false) => Ok(()),
            Some(true) if !text.iter().any(u8::is_ascii_digit) => Ok(()),
            _ => Err(self.uncastable(text)),
        }
    }

    fn check_string(self, text: &[u8]) -> Result<(), String> {
        if text.len() > STRING_BYTES {
            return Err(format!(
                "{} field value is longer than {STRING_BYTES} bytes",
                self.name()
            ));
        }
        match std::str::from_utf8(text) {
            Ok(_) => Ok(()),
            Err(_) => Err(format!("{} field value is not valid UTF-8", self.name())),
        }
    }

    /// The words are the service's, and clients' tests compare them.
    fn uncastable(self, text: &[u8]) -> String {
        let to = match self {
            Self::Float => 'f',
            Self::Double => 'd',
            Self::Boolean => 'b',
            Self::TinyInt => 'a',
            Self::SmallInt => 's',
            Self::Integer => 'i',
            _ => 'l',
        };
        format!(
            "Parse field value [{}] to {} failed: Cannot cast empty string to {to}",
            shown(text),
            self.name()
        )
    }
}

/// A text of digits; what is not UTF-8 becomes a text that no number has.
fn utf8(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap_or_default()
}

fn parse_integer(text: &[u8]) -> Option<i64> {
    utf8(text).parse().ok()
}

fn is_integer(text: &[u8]) -> bool {
    let digits = text
        .strip_prefix(b"-")
        .or_else(|| text.strip_prefix(b"+"))
        .unwrap_or(text);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// Whether a text is a decimal number: digits with at most one point, then an optional exponent.
fn is_decimal(text: &[u8]) -> bool {
    let (number, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let number = number
        .strip_prefix(b"-")
        .or_else(|| number.strip_prefix(b"+"))
        .unwrap_or(number);
    let mut digits = 0;
    let mut points = 0;
    for byte in number {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'.' => points += 1,
            _ => return false,
        }
    }
    digits > 0 && points <= 1 && exponent.is_none_or(is_integer)
}

/// The beginning of a value, for a message.
fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(kind: ColumnType, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(kind.check(text.as_bytes()), Ok(()), "{kind:?} {text}");
        }
        for text in bad {
            assert!(kind.check(text.as_bytes()).is_err(), "{kind:?} {text}");
        }
    }

    #[test]
    fn numbers_are_read_in_their_range() {
        accepts(
            ColumnType::TinyInt,
            &["-128", "127", "+1"],
            &["128", "-129", "", "1.0", " 1"],
        );
        accepts(ColumnType::SmallInt, &["-32768", "32767"], &["32768"]);
        accepts(ColumnType::Integer, &["-2147483648"], &["2147483648"]);
        accepts(
            ColumnType::BigInt,
            &["-9223372036854775808", "9223372036854775807"],
            &["9223372036854775808"],
        );
        let floats = [
            "1.e+22",
            ".5",
            "nan",
            "NaN",
            "inf",
            "+Inf",
            "-Infinity",
            "1.0010000000000000e+01",
            "3",
        ];
        accepts(
            ColumnType::Double,
            &[&floats[..], &["1e308", "1e-400", "-1.8e307"]].concat(),
            &["", "a", "1,5", ".", "1e400", "-1.8e308", &"9".repeat(310)],
        );
        accepts(
            ColumnType::Float,
            &[&floats[..], &["3.4e38", "1e-50"]].concat(),
            &["", "x", "3.5e38", "-1e39", "1e400"],
        );
        accepts(
            ColumnType::Decimal,
            &["1.50", "-1e10", "1E-38", &"9".repeat(45)],
            &["", "nan", "1.2.3", "e5", "."],
        );
        accepts(
            ColumnType::Timestamp,
            &["0", "-62135798400000000"],
            &["253402271999000001", "x"],
        );
        accepts(
            ColumnType::Boolean,
            &["true", "FALSE", "1", "0"],
            &["", "yes", "2"],
        );
        accepts(ColumnType::Json, &["{}", "[1]", "\"a\""], &["", "{", "a"]);
        accepts(ColumnType::String, &["", "ä"], &[]);
    }

    #[test]
    fn messages_are_those_of_the_service() {
        let message = |kind: ColumnType, text: &str| kind.check(text.as_bytes()).expect_err(text);
        assert_eq!(
            message(ColumnType::Double, "a"),
            "Parse field value [a] to DOUBLE failed: Cannot cast empty string to d"
        );
        assert_eq!(
            message(ColumnType::Decimal, "x"),
            "Decimal field invalid: x"
        );
        let over = "99999999999999999999";
        assert_eq!(
            message(ColumnType::Timestamp, over),
            format!("Timestamp field value over range: {over}")
        );
    }

    #[test]
    fn strings_are_valid_utf8_of_bounded_size() {
        assert!(ColumnType::String.check(b"\xff").is_err());
        assert!(ColumnType::String.check(&vec![b'a'; STRING_BYTES]).is_ok());
        assert!(
            ColumnType::String
                .check(&vec![b'a'; STRING_BYTES + 1])
                .is_err()
        );
        assert!(ColumnType::Double.check(b"\xff").is_err());
    }

    #[test]
    fn types_are_found_in_any_case() {
        assert_eq!(ColumnType::named("bigInt"), Some(ColumnType::BigInt));
        assert_eq!(ColumnType::named("DATE"), None);
    }
}
