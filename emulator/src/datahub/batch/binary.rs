//! Column values as batches hold them, and the texts that they are everywhere else.

use std::borrow::Cow;

use crate::datahub::value::ColumnType;

/// A value in its own type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Binary<'a> {
    Null,
    Integer(i64),
    Float(f32),
    Double(f64),
    Boolean(bool),
    Bytes(Cow<'a, [u8]>),
}

impl<'a> Binary<'a> {
    /// Reads the text of a value; nothing if it is no value of that type.
    pub(super) fn parse(kind: ColumnType, text: Option<&'a [u8]>) -> Option<Self> {
        let Some(text) = text else {
            return Some(Self::Null);
        };
        let number = || std::str::from_utf8(text).ok();
        match kind {
            ColumnType::String | ColumnType::Decimal | ColumnType::Json => {
                Some(Self::Bytes(Cow::Borrowed(text)))
            }
            ColumnType::Float => Some(Self::Float(number()?.parse().ok()?)),
            ColumnType::Double => Some(Self::Double(number()?.parse().ok()?)),
            ColumnType::Boolean => match text {
                b"1" => Some(Self::Boolean(true)),
                b"0" => Some(Self::Boolean(false)),
                _ => Some(Self::Boolean(number()?.to_ascii_lowercase().parse().ok()?)),
            },
            _ => Some(Self::Integer(number()?.parse().ok()?)),
        }
    }

    /// The text of the value; nothing for null.
    pub(super) fn text(&self) -> Option<Cow<'_, [u8]>> {
        let owned = |text: String| Some(Cow::Owned(text.into_bytes()));
        match self {
            Self::Null => None,
            Self::Integer(number) => owned(number.to_string()),
            Self::Float(number) => owned(float_text(&format!("{number:e}"))),
            Self::Double(number) => owned(float_text(&format!("{number:e}"))),
            Self::Boolean(value) => owned(value.to_string()),
            Self::Bytes(bytes) => Some(Cow::Borrowed(bytes)),
        }
    }
}

/// The text of a floating-point number, given its shortest digits in scientific notation: positional for numbers of
/// ordinary size, with an exponent of at least two digits otherwise.
fn float_text(scientific: &str) -> String {
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific.to_ascii_lowercase();
    };
    let (sign, mantissa) = mantissa
        .strip_prefix('-')
        .map_or(("", mantissa), |rest| ("-", rest));
    let digits = mantissa.replace('.', "");
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // Number of digits before the point.
    let whole = exponent + 1;
    if digits == "0" {
        return format!("{sign}0.0");
    }
    let text = match whole {
        -3..=0 => format!("0.{}{digits}", "0".repeat(whole.unsigned_abs() as usize)),
        1..=16 if digits.len() <= whole as usize => {
            format!("{digits}{}.0", "0".repeat(whole as usize - digits.len()))
        }
        1..=16 => format!(
            "{}.{}",
            &digits[..whole as usize],
            &digits[whole as usize..]
        ),
        _ => {
            let point = if digits.len() > 1 { "." } else { "" };
            let exponent_sign = if exponent < 0 { '-' } else { '+' };
            format!(
                "{}{point}{}e{exponent_sign}{:02}",
                &digits[..1],
                &digits[1..],
                exponent.abs()
            )
        }
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &Binary<'_>) -> String {
        String::from_utf8(value.text().expect("value").into_owned()).expect("text")
    }

    #[test]
    fn numbers_have_their_shortest_text() {
        for (number, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (100.0, "100.0"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (10.01, "10.01"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(text(&Binary::Double(number)), expected);
        }
        assert_eq!(text(&Binary::Float(0.1)), "0.1");
    }

    #[test]
    fn texts_are_read_in_their_type() {
        let parse = |kind, text: &'static str| Binary::parse(kind, Some(text.as_bytes()));
        assert_eq!(
            parse(ColumnType::Boolean, "TRUE"),
            Some(Binary::Boolean(true))
        );
        assert_eq!(
            parse(ColumnType::Boolean, "0"),
            Some(Binary::Boolean(false))
        );
        assert_eq!(parse(ColumnType::TinyInt, "-7"), Some(Binary::Integer(-7)));
        assert_eq!(
            parse(ColumnType::Double, "1.e+22"),
            Some(Binary::Double(1e22))
        );
        assert_eq!(parse(ColumnType::BigInt, "x"), None);
        assert_eq!(Binary::parse(ColumnType::BigInt, None), Some(Binary::Null));
    }
}
