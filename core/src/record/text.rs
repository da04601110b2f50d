//! Numbers as text, in the layouts of the protocols.

use std::borrow::Cow;

/// Appends an integer in decimal.
pub(crate) fn push_integer(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// The text that [`push_double`] appends, in a buffer that is lent for it.
#[inline]
pub(crate) fn double_text(value: f64, buffer: &mut zmij::Buffer) -> Cow<'_, [u8]> {
    // In this range the shortest text is laid out as the protocols want it.
    if (1e-4..1e15).contains(&value.abs()) {
        return Cow::Borrowed(buffer.format_finite(value).as_bytes());
    }
    laid_out(|out| push_double(out, value))
}

/// The text that [`push_float`] appends.
pub(crate) fn float_text(value: f32) -> Cow<'static, [u8]> {
    laid_out(|out| push_float(out, value))
}

#[inline(never)]
fn laid_out(push: impl FnOnce(&mut Vec<u8>)) -> Cow<'static, [u8]> {
    let mut out = Vec::with_capacity(32);
    push(&mut out);
    Cow::Owned(out)
}

/// Appends the shortest text from which a double can be read back, as in `0.1`, `1e-05` or `1e+16`.
pub(crate) fn push_double(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        push_laid_out(out, zmij::Buffer::new().format_finite(value));
    } else {
        push_special(out, value.is_nan(), value.is_sign_negative());
    }
}

/// Appends the shortest text from which a float can be read back **as a float**, in the layout of [`push_double`].
pub(crate) fn push_float(out: &mut Vec<u8>, value: f32) {
    if value.is_finite() {
        push_laid_out(out, zmij::Buffer::new().format_finite(value));
    } else {
        push_special(out, value.is_nan(), value.is_sign_negative());
    }
}

/// Appends what stands for a number that is not finite.
pub(super) fn push_special(out: &mut Vec<u8>, is_nan: bool, is_negative: bool) {
    out.extend_from_slice(match (is_nan, is_negative) {
        (true, _) => b"nan",
        (false, false) => b"inf",
        (false, true) => b"-inf",
    });
}

/// Appends a shortest text, moved into the layout of the protocols.
///
/// The decimal point stands after digit `point`: within −4 < point ≤ 16 the number is positional.
fn push_laid_out(out: &mut Vec<u8>, shortest: &str) {
    let text = shortest.as_bytes();
    let (sign, unsigned) = text.split_at(usize::from(text.starts_with(b"-")));
    let (mantissa, exponent) = match unsigned.iter().position(|byte| *byte == b'e') {
        None => (unsigned, None),
        Some(place) => (
            &unsigned[..place],
            Some(parse_small(&unsigned[place + 1..])),
        ),
    };
    let whole = mantissa
        .iter()
        .position(|byte| *byte == b'.')
        .unwrap_or(mantissa.len());
    if exponent.is_none() && whole <= 16 && !mantissa.starts_with(b"0.0000") {
        out.extend_from_slice(text);
        return;
    }
    out.extend_from_slice(sign);
    let mut buffer = [0; 32];
    let mut count = 0;
    for digit in mantissa
        .iter()
        .copied()
        .filter(u8::is_ascii_digit)
        .take(buffer.len())
    {
        buffer[count] = digit;
        count += 1;
    }
    let all = &buffer[..count];
    let leading = all.iter().take_while(|digit| **digit == b'0').count();
    let end = all
        .iter()
        .rposition(|digit| *digit != b'0')
        .map_or(leading, |last| last + 1);
    let digits = &all[leading..end.max(leading)];
    let point = whole as i32 - leading as i32 + exponent.unwrap_or(0);
    push_digits(out, digits, point);
}

fn push_digits(out: &mut Vec<u8>, digits: &[u8], point: i32) {
    let count = digits.len() as i32;
    if (-3..=0).contains(&point) {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', point.unsigned_abs() as usize));
        out.extend_from_slice(digits);
    } else if (1..=16).contains(&point) {
        let split = point.min(count) as usize;
        out.extend_from_slice(&digits[..split]);
        out.extend(std::iter::repeat_n(b'0', (point - count).max(0) as usize));
        out.push(b'.');
        out.extend_from_slice(if split == digits.len() {
            b"0"
        } else {
            &digits[split..]
        });
    } else {
        let (first, rest) = digits.split_at(1.min(digits.len()));
        out.extend_from_slice(first);
        if !rest.is_empty() {
            out.push(b'.');
            out.extend_from_slice(rest);
        }
        push_exponent(out, point - 1);
    }
}

/// Appends `e`, a sign and at least two digits.
pub(super) fn push_exponent(out: &mut Vec<u8>, exponent: i32) {
    out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
    if exponent.unsigned_abs() < 10 {
        out.push(b'0');
    }
    out.extend_from_slice(
        itoa::Buffer::new()
            .format(exponent.unsigned_abs())
            .as_bytes(),
    );
}

/// The number of a text of digits with or without a sign; 0 for anything else.
pub(super) fn parse_small(digits: &[u8]) -> i32 {
    str::from_utf8(digits)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::scientific::push_scientific;
    use super::*;

    fn text<T>(push: fn(&mut Vec<u8>, T), value: T) -> String {
        let mut out = Vec::new();
        push(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn doubles_have_the_shortest_text() {
        for (value, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (100.0, "100.0"),
            (0.1, "0.1"),
            (0.0001, "0.0001"),
            (0.000_123, "0.000123"),
            (0.000_01, "1e-05"),
            (0.000_012_5, "1.25e-05"),
            (1e15, "1000000000000000.0"),
            (9_007_199_254_740_993.0, "9007199254740992.0"),
            (1e16, "1e+16"),
            (1.25e16, "1.25e+16"),
            (-123_456_789_012_345_680.0, "-1.2345678901234568e+17"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (f64::NAN, "nan"),
            (-f64::NAN, "nan"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(text(push_double, value), expected);
        }
    }

    #[test]
    fn floats_round_trip_as_floats() {
        for (value, expected) in [
            (0.1_f32, "0.1"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (16_777_216.0, "16777216.0"),
            (0.000_01, "1e-05"),
            (0.000_1, "0.0001"),
            (f32::MAX, "3.4028235e+38"),
            (1e-45, "1e-45"),
        ] {
            assert_eq!(text(push_float, value), expected);
        }
    }

    #[test]
    fn doubles_are_lent_as_they_are_appended() {
        let mut bits = 1_u64;
        let check = |value: f64| {
            let mut buffer = zmij::Buffer::new();
            let lent = double_text(value, &mut buffer);
            assert_eq!(str::from_utf8(&lent).unwrap(), text(push_double, value));
        };
        for edge in [
            1e-4,
            9.999_999e-5,
            1e15,
            1e16,
            999_999_999_999_999.9,
            0.0,
            1.0,
        ] {
            for value in [edge, -edge, f64::next_up(edge), f64::next_down(edge)] {
                check(value);
            }
        }
        for value in [f64::NAN, f64::INFINITY, f64::MAX, f64::MIN_POSITIVE] {
            check(value);
        }
        for exponent in -6..18 {
            for _ in 0..500 {
                bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let digits = bits >> (bits % 61);
                check(f64::from(digits as u32) * 10_f64.powi(exponent - 8));
            }
        }
    }

    #[test]
    fn every_layout_reads_back() {
        let mut bits = 0x0123_4567_89ab_cdef_u64;
        for _ in 0..20_000 {
            bits = bits
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let value = f64::from_bits(bits);
            if value.is_finite() {
                assert_eq!(
                    text(push_double, value).parse::<f64>().unwrap().to_bits(),
                    bits
                );
                assert_eq!(
                    text(push_scientific, value)
                        .parse::<f64>()
                        .unwrap()
                        .to_bits(),
                    bits
                );
            }
            let single = f32::from_bits((bits >> 32) as u32);
            if single.is_finite() {
                assert_eq!(
                    text(push_float, single).parse::<f32>().unwrap().to_bits(),
                    single.to_bits()
                );
            }
        }
    }
}
