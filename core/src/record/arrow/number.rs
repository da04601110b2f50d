//! Decimal numbers as scaled integers.

use arrow_buffer::i256;
use arrow_schema::DataType;

use super::super::decimal::to_plain;
use super::plan::DECIMAL;

/// The digits of the usual type of DECIMAL columns, before and behind the point.
const USUAL: Digits = Digits {
    whole: 20,
    fraction: 18,
};
/// The digits of the widest decimal number that Arrow knows.
const WIDEST: usize = 76;
/// So many digits always fit 64 bits.
const SHORT: usize = 18;

const POWERS: [i128; 39] = {
    let mut powers = [1; 39];
    let mut place = 1;
    while place < powers.len() {
        powers[place] = powers[place - 1] * 10;
        place += 1;
    }
    powers
};

/// How many digits numbers have before and behind the decimal point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Digits {
    whole: usize,
    fraction: usize,
}

impl Digits {
    /// Those of a text; `None` when it is no number or its plain form would be absurdly long.
    pub(super) fn of(text: &str) -> Option<Self> {
        let plain = to_plain(text)?;
        let unsigned = plain.strip_prefix('-').unwrap_or(&plain);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        Some(Self {
            whole: whole.trim_start_matches('0').len(),
            fraction: fraction.trim_end_matches('0').len(),
        })
    }

    /// Enough for both.
    pub(super) fn max(self, other: Self) -> Self {
        Self {
            whole: self.whole.max(other.whole),
            fraction: self.fraction.max(other.fraction),
        }
    }

    /// The type that holds such numbers.
    pub(super) fn data_type(self) -> DataType {
        let needed = self.max(USUAL);
        if needed == USUAL {
            return DECIMAL;
        }
        if self.whole + needed.fraction > WIDEST {
            return DataType::Utf8;
        }
        DataType::Decimal256(WIDEST as u8, needed.fraction as i8)
    }
}

/// The number of a text in units of the last digit of the scale; `None` when it does not fit.
#[inline]
pub(super) fn parse128(text: &[u8], precision: u8, scale: i8) -> Option<i128> {
    let number = match scaled(text, scale) {
        Some(number) => number,
        None => scaled(to_plain(str::from_utf8(text).ok()?)?.as_bytes(), scale)?,
    };
    let limit = POWERS.get(usize::from(precision))?;
    (number.unsigned_abs() < limit.unsigned_abs()).then_some(number)
}

#[inline]
fn scaled(text: &[u8], scale: i8) -> Option<i128> {
    let scale = usize::try_from(scale).ok()?;
    let (is_negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let point = text.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        None => (text, &[][..]),
        Some(point) => (&text[..point], &text[point + 1..]),
    };
    if whole.is_empty() || (point.is_some() && fraction.is_empty()) {
        return None;
    }
    let (fraction, rest) = fraction.split_at(fraction.len().min(scale));
    if rest.iter().any(|digit| *digit != b'0') {
        return None;
    }
    let number = if whole.len() + fraction.len() <= SHORT {
        let mut number: u64 = 0;
        for byte in whole.iter().chain(fraction) {
            number = number * 10 + u64::from(digit(*byte)?);
        }
        i128::from(number)
    } else {
        let mut number: i128 = 0;
        for byte in whole.iter().chain(fraction) {
            number = number.checked_mul(10)?.checked_add(digit(*byte)?.into())?;
        }
        number
    };
    let number = number.checked_mul(*POWERS.get(scale - fraction.len())?)?;
    Some(if is_negative { -number } else { number })
}

#[inline]
const fn digit(byte: u8) -> Option<u8> {
    if byte.is_ascii_digit() {
        Some(byte - b'0')
    } else {
        None
    }
}

/// As [`parse128`], for more digits.
pub(super) fn parse256(text: &[u8], precision: u8, scale: i8) -> Option<i256> {
    let scale = usize::try_from(scale).ok()?;
    let text = str::from_utf8(text).ok()?;
    let digits = Digits::of(text)?;
    if digits.fraction > scale || digits.whole + scale > usize::from(precision) {
        return None;
    }
    let plain = to_plain(text)?;
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let kept = &fraction[..fraction.len().min(scale)];
    i256::from_string(&format!("{whole}{kept:0<scale$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_scaled_integers() {
        for (text, number) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("1.5", Some(150)),
            ("-1.50", Some(-150)),
            ("1.500", Some(150)),
            ("1.505", None),
            ("007", Some(700)),
            ("+1", Some(100)),
            (".5", Some(50)),
            ("5.", Some(500)),
            ("1E+1", Some(1000)),
            ("12e-1", Some(120)),
            ("", None),
            ("-", None),
            (".", None),
            ("1.2.3", None),
            ("1 ", None),
            ("NaN", None),
            ("99999999", Some(9_999_999_900)),
            ("100000000", None),
        ] {
            assert_eq!(parse128(text.as_bytes(), 10, 2), number, "{text}");
            let wide = number.map(i256::from_i128);
            assert_eq!(parse256(text.as_bytes(), 10, 2), wide, "{text}");
        }
        let long = "99999999999999999999.999999999999999999";
        assert_eq!(parse128(long.as_bytes(), 38, 18), Some(POWERS[38] - 1));
        assert_eq!(parse128(b"100000000000000000000", 38, 18), None);
        assert_eq!(parse128(b"-1e37", 38, 0), Some(-POWERS[37]));
    }

    #[test]
    fn the_type_holds_all_digits() {
        let of = |texts: &[&str]| {
            let digits = texts.iter().map(|text| Digits::of(text).unwrap());
            digits.fold(Digits::default(), Digits::max).data_type()
        };
        assert_eq!(of(&[]), DECIMAL);
        assert_eq!(of(&["12.5", "-99999999999999999999", "1e-18"]), DECIMAL);
        assert_eq!(of(&["1e20"]), DataType::Decimal256(76, 18));
        assert_eq!(of(&["1e-19"]), DataType::Decimal256(76, 19));
        assert_eq!(of(&["1e57"]), DataType::Decimal256(76, 18));
        assert_eq!(of(&["1e58"]), DataType::Utf8);
        assert_eq!(of(&["1e50", "1e-30"]), DataType::Utf8);
    }
}
