//! Doubles with 17 significant digits, as JSON bodies have them.

use std::io::Write as _;

use super::text::{parse_small, push_exponent, push_special};

/// How many digits there are.
const DIGITS: i32 = 17;
/// The smallest numbers of 17 and of 18 digits.
const LOW: u64 = 10_u64.pow(16);
const HIGH: u64 = 10_u64.pow(17);
/// Down to this power of ten, numbers are scaled exactly with integers of 128 bits.
const LEAST: i32 = -6;

/// A finite number of moderate size in parts: the sign, a digit, a point, a fraction without trailing zeros, and an
/// exponent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scientific {
    pub(crate) is_negative: bool,
    pub(crate) first: u8,
    /// The digits behind the point, of which [`Scientific::count`] count.
    pub(crate) fraction: [u8; 16],
    pub(crate) count: usize,
    /// As in `e+07`.
    pub(crate) exponent: [u8; 4],
}

impl Scientific {
    /// `None` for numbers that are too small or too large to be made this way, and for those that are not finite.
    #[inline]
    pub(crate) fn of(value: f64) -> Option<Self> {
        let size = value.abs();
        let (digits, exponent) = if size == 0.0 { (0, 0) } else { rounded(size)? };
        let mut buffer = itoa::Buffer::new();
        let text = buffer.format(digits).as_bytes().first_chunk();
        let [first, fraction @ ..] = *text.unwrap_or(&[b'0'; DIGITS as usize]);
        let zeros =
            (u128::from_le_bytes(fraction) ^ u128::from_le_bytes([b'0'; 16])).leading_zeros() / 8;
        let sign = if exponent < 0 { b'-' } else { b'+' };
        let power = exponent.unsigned_abs() as u8;
        Some(Self {
            is_negative: value.is_sign_negative(),
            first,
            fraction,
            count: 16 - zeros as usize,
            exponent: [b'e', sign, b'0' + power / 10, b'0' + power % 10],
        })
    }
}

/// Appends a double with 17 significant digits and an exponent, trailing zeros cut, as in `1.001e+01` or `0.e+00`.
pub(crate) fn push_scientific(out: &mut Vec<u8>, value: f64) {
    match Scientific::of(value) {
        Some(parts) => {
            if parts.is_negative {
                out.push(b'-');
            }
            out.extend_from_slice(&[parts.first, b'.']);
            out.extend(parts.fraction.iter().take(parts.count));
            out.extend_from_slice(&parts.exponent);
        }
        None => push_extreme(out, value),
    }
}

/// Appends a number of any size.
#[inline(never)]
fn push_extreme(out: &mut Vec<u8>, value: f64) {
    if !value.is_finite() {
        push_special(out, value.is_nan(), value.is_sign_negative());
        return;
    }
    let start = out.len();
    if write!(out, "{value:.16e}").is_err() {
        return;
    }
    let Some(place) = out[start..].iter().rposition(|byte| *byte == b'e') else {
        return;
    };
    let exponent = parse_small(&out[start + place + 1..]);
    let kept = out[start..start + place]
        .iter()
        .rposition(|byte| *byte != b'0')
        .map_or(0, |last| last + 1);
    out.truncate(start + kept);
    push_exponent(out, exponent);
}

/// The first 17 digits of a positive number as an integer, halves rounded to even, and the power of ten of the first
/// one.
#[inline]
fn rounded(size: f64) -> Option<(u64, i32)> {
    /// The smallest number of the next power, from [`LEAST`] on: none but those of the first ones is rounded.
    const NEXT: [f64; 23] = [
        1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
    ];
    if !(1e-5..1e17).contains(&size) {
        return None;
    }
    let bits = size.to_bits();
    let mantissa = bits & ((1 << 52) - 1) | 1 << 52;
    let power = (bits >> 52) as i32 - 1023;
    // A little less than the logarithm of 2.
    let least = (power * 1233) >> 12;
    let next = NEXT.get((least - LEAST) as usize)?;
    let mut exponent = least + i32::from(size >= *next);
    loop {
        let digits = scaled(mantissa, power - 52, DIGITS - 1 - exponent)?;
        match digits {
            LOW..HIGH => return Some((digits, exponent)),
            // Where rounding gave one digit more, or the bound of the powers was rounded.
            HIGH.. => exponent += 1,
            _ => exponent -= 1,
        }
    }
}

/// `mantissa * 2^power * 10^tens`, halves rounded to even.
#[inline]
fn scaled(mantissa: u64, power: i32, tens: i32) -> Option<u64> {
    const FIVES: [u64; (DIGITS - LEAST) as usize] = {
        let mut fives = [1; (DIGITS - LEAST) as usize];
        let mut place = 1;
        while place < fives.len() {
            fives[place] = fives[place - 1] * 5;
            place += 1;
        }
        fives
    };
    let five = *FIVES.get(usize::try_from(tens).ok()?)?;
    let product = u128::from(mantissa) * u128::from(five);
    let shift = power + tens;
    if shift >= 0 {
        return Some((product as u64) << shift);
    }
    let cut = shift.unsigned_abs();
    let digits = (product >> cut) as u64;
    let rest = product & ((1 << cut) - 1);
    let half = 1_u128 << (cut - 1);
    Some(digits + u64::from(rest > half || (rest == half && digits & 1 == 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: f64) -> String {
        let mut out = Vec::new();
        push_scientific(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn there_are_17_digits_and_no_trailing_zeros() {
        for (value, expected) in [
            (10.01, "1.001e+01"),
            (0.0, "0.e+00"),
            (-0.0, "-0.e+00"),
            (100.0, "1.e+02"),
            (1e100, "1.e+100"),
            (0.1, "1.0000000000000001e-01"),
            (-12.5, "-1.25e+01"),
            // Halves between two numbers of 17 digits.
            (1e15 + 0.125, "1.0000000000000001e+15"),
            (1e15 + 0.25, "1.0000000000000002e+15"),
            (1e15 + 0.75, "1.0000000000000008e+15"),
            (9e16 + 16.0, "9.0000000000000016e+16"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "4.9406564584124654e-324"),
            (f64::NAN, "nan"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(text(value), expected);
        }
    }

    /// Compares a number and its neighbours with what the standard library writes.
    fn check(value: f64) {
        for value in [value, -value, value.next_up(), value.next_down()] {
            let mut wanted = Vec::new();
            push_extreme(&mut wanted, value);
            assert_eq!(text(value).as_bytes(), wanted, "{value:e}");
        }
    }

    #[test]
    fn all_numbers_are_written_as_the_standard_library_writes_them() {
        for power in -12..25 {
            check(10_f64.powi(power));
            check(f64::from(power));
            check(2_f64.powi(2 * power));
        }
        let mut bits = 1_u64;
        for exponent in -9..20 {
            for _ in 0..400 {
                bits = bits
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let share = f64::from((bits >> 32) as u32) / f64::from(u32::MAX);
                check(share * 10_f64.powi(exponent));
                check((share * 1000.0).round() / 1000.0 * 10_f64.powi(exponent));
                // Many of these lie in the middle between two numbers of 17 digits.
                let long = f64::from((bits >> 32) as u32) * 1_048_576.0 + f64::from(bits as u16);
                check(long / f64::from(1 << (bits >> 13 & 7)));
            }
        }
    }
}
