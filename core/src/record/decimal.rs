//! Decimal numbers as text.

use std::borrow::Cow;

/// The longest plain form that a number with an exponent may have, in characters.
///
/// No service or database keeps as many digits; the bound stops a text like `1e999999999`.
const LONGEST_EXPANSION: usize = 10_000;

/// The parts of a decimal number.
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i64,
}

/// Whether a text is a finite decimal number, with or without exponent.
pub(crate) fn is_decimal(text: &str) -> bool {
    is_plain(text.as_bytes()) || split(text).is_some()
}

/// The number in plain notation: no exponent, no `+`, no needless zero in front, all digits of the scale kept.
///
/// `None` when the text is not a finite decimal number or its plain form would be absurdly long.
pub(crate) fn to_plain(text: &str) -> Option<Cow<'_, str>> {
    if is_plain(text.as_bytes()) {
        return Some(Cow::Borrowed(text));
    }
    let Parts {
        negative,
        whole,
        fraction,
        exponent,
    } = split(text)?;
    let length = whole.len() + fraction.len();
    if exponent.unsigned_abs() as usize > LONGEST_EXPANSION
        || (exponent != 0 && length > LONGEST_EXPANSION)
    {
        return None;
    }
    let digits = [whole, fraction].concat();
    let point = whole.len() as i64 + exponent;
    let mut plain = String::with_capacity(length + exponent.unsigned_abs() as usize + 3);
    if negative {
        plain.push('-');
    }
    if point <= 0 {
        plain.push_str("0.");
        plain.extend(std::iter::repeat_n('0', point.unsigned_abs() as usize));
        plain.push_str(&digits);
        return Some(Cow::Owned(plain));
    }
    let point = point as usize;
    let (head, tail) = digits.split_at(point.min(digits.len()));
    let head = head.trim_start_matches('0');
    plain.push_str(head);
    if head.is_empty() {
        plain.push('0');
    } else {
        plain.extend(std::iter::repeat_n('0', point.saturating_sub(digits.len())));
    }
    if !tail.is_empty() {
        plain.push('.');
        plain.push_str(tail);
    }
    Some(Cow::Owned(plain))
}

/// Whether a number is in plain notation already.
#[inline]
pub(super) fn is_plain(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = count_digits(text);
    if whole == 0 || (whole > 1 && text[0] == b'0') {
        return false;
    }
    match &text[whole..] {
        [] => true,
        [b'.', fraction @ ..] => !fraction.is_empty() && count_digits(fraction) == fraction.len(),
        _ => false,
    }
}

/// How many digits bytes begin with; eight of them are looked at at a time.
#[inline]
fn count_digits(bytes: &[u8]) -> usize {
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const CARRY: u64 = 0x0606_0606_0606_0606;
    let mut count = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        // Without the highest bits nothing is carried into the next byte.
        let carried = (word & LOW).wrapping_add(CARRY);
        let others = ((word & HIGH) ^ ZEROS) | ((carried & HIGH) ^ ZEROS);
        if others != 0 {
            return count + others.trailing_zeros() as usize / 8;
        }
        count += 8;
    }
    count + rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn split(text: &str) -> Option<Parts<'_>> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        None => (rest, 0),
        Some(place) => (&rest[..place], exponent(&rest[place + 1..])?),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = whole
        .bytes()
        .chain(fraction.bytes())
        .all(|byte| byte.is_ascii_digit());
    (all_digits && !(whole.is_empty() && fraction.is_empty())).then_some(Parts {
        negative,
        whole,
        fraction,
        exponent,
    })
}

fn exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_notation_keeps_the_scale() {
        for (text, plain) in [
            ("0", "0"),
            ("-0", "-0"),
            ("1.50", "1.50"),
            ("+1.5", "1.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-.5", "-0.5"),
            ("007.10", "7.10"),
            ("000", "0"),
            ("1E+10", "10000000000"),
            ("1.50e1", "15.0"),
            ("1.5e1", "15"),
            ("1.25e-1", "0.125"),
            ("1E-3", "0.001"),
            ("12e-1", "1.2"),
            ("0E+5", "0"),
            ("0e-3", "0.000"),
            ("0.00e1", "0.0"),
            ("0.01e1", "0.1"),
            ("0.01e4", "100"),
            ("-12.5E2", "-1250"),
        ] {
            assert_eq!(to_plain(text).as_deref(), Some(plain), "{text}");
            assert!(is_decimal(text));
        }
    }

    #[test]
    fn digits_are_counted_up_to_anything_else() {
        for length in 0..20 {
            for place in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'7'; length];
                    bytes[place] = byte;
                    let wanted = if byte.is_ascii_digit() { length } else { place };
                    assert_eq!(count_digits(&bytes), wanted, "{bytes:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_a_finite_number_is_refused() {
        for text in [
            "", "-", ".", "e1", "1e", "1e+", "NaN", "inf", "1_0", "1 ", " 1", "0x1", "1.2.3",
            "--1", "1e1.5",
        ] {
            assert_eq!(to_plain(text), None, "{text}");
            assert!(!is_decimal(text));
        }
        assert_eq!(to_plain("1e999999999"), None);
        assert_eq!(to_plain("1e-99999999999999999999"), None);
    }
}
