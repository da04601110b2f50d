//! Reading members of replies whose JSON type differs between versions of the service.
//!
//! Documented replies hold numbers where texts are declared and the other way round. A null counts
//! as the value that stands for an absent member.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A JSON value without lists and objects.
enum Scalar {
    Null,
    Boolean(bool),
    Integer(i64),
    Double(f64),
    Text(String),
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number or a boolean")
            }

            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar::Boolean(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar::Integer(value))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
                i64::try_from(value)
                    .map(Scalar::Integer)
                    .map_err(|_| E::custom("a number that is too large"))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Scalar, E> {
                Ok(Scalar::Double(value))
            }

            fn visit_str<E>(self, value: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(value.to_owned()))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A text, or nothing for null.
pub(super) fn optional_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Null => None,
        Scalar::Boolean(value) => Some(value.to_string()),
        Scalar::Integer(value) => Some(value.to_string()),
        Scalar::Double(value) => Some(value.to_string()),
        Scalar::Text(value) => Some(value),
    })
}

/// A text; empty for null.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    optional_text(deserializer).map(Option::unwrap_or_default)
}

/// A sequence number as text; `-1` for null and for an empty text.
pub(super) fn sequence_number<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    let text = optional_text(deserializer)?.filter(|text| !text.is_empty());
    Ok(text.unwrap_or_else(|| "-1".to_owned()))
}

/// A whole number; 0 for null. A fraction is cut off.
pub(super) fn long<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let wrong = || D::Error::custom("not a whole number");
    match Scalar::deserialize(deserializer)? {
        Scalar::Null => Ok(0),
        Scalar::Integer(value) => Ok(value),
        // Numbers above 2^53 are not exact as doubles, so they are not taken for whole ones.
        Scalar::Double(value) if value.abs() < 9.0e15 => Ok(value as i64),
        Scalar::Text(text) => text.trim().parse().map_err(|_| wrong()),
        Scalar::Double(_) | Scalar::Boolean(_) => Err(wrong()),
    }
}

/// A whole number of 32 bits; 0 for null. A fraction is cut off.
pub(super) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    i32::try_from(long(deserializer)?).map_err(|_| D::Error::custom("a number that is too large"))
}

/// A truth value; false for null.
pub(super) fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match Scalar::deserialize(deserializer)? {
        Scalar::Null => Ok(false),
        Scalar::Boolean(value) => Ok(value),
        Scalar::Text(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Scalar::Text(text) if text.is_empty() || text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(D::Error::custom("not a boolean")),
    }
}

/// Anything that has a default, which stands for null.
pub(super) fn or_empty<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn json(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn scalars_are_converted() {
        assert_eq!(text(json("5")).unwrap(), "5");
        assert_eq!(text(json("null")).unwrap(), "");
        assert_eq!(sequence_number(json("-1")).unwrap(), "-1");
        assert_eq!(sequence_number(json("\"\"")).unwrap(), "-1");
        assert_eq!(long(json("\"1593569685875\"")).unwrap(), 1_593_569_685_875);
        assert_eq!(integer(json("24.9")).unwrap(), 24);
        assert!(!boolean(json("\"false\"")).unwrap());
        assert_eq!(
            or_empty::<Vec<i32>, _>(json("null")).unwrap(),
            Vec::<i32>::new()
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for bad in ["[]", "{}"] {
            assert!(text(json(bad)).is_err(), "{bad}");
        }
        for bad in ["\"x\"", "true", "1e300", "[]", "18446744073709551615"] {
            assert!(long(json(bad)).is_err(), "{bad}");
        }
        assert!(integer(json("2147483648")).is_err());
        assert!(boolean(json("\"yes\"")).is_err());
    }
}
