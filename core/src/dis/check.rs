//! Checks of arguments before anything is sent.

use crate::error::{Error, Result};

use super::partition::parse_partition_id;

/// Longest name of a stream, in characters.
const MAX_STREAM: usize = 64;
/// Longest name of an app, in characters.
const MAX_APP: usize = 200;
/// Longest metadata of a checkpoint, in characters.
const MAX_METADATA: usize = 1000;
/// Longest cursor, in characters.
const MAX_CURSOR: usize = 512;

fn new_name(argument: &'static str, text: &str, longest: usize) -> Result<()> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if (1..=longest).contains(&text.len()) && text.chars().all(good) {
        return Ok(());
    }
    Err(Error::invalid_argument(
        argument,
        format_args!("must be 1 to {longest} letters, digits, `_` and `-`"),
    ))
}

fn given(argument: &'static str, text: &str, longest: usize) -> Result<()> {
    if (1..=longest).contains(&text.chars().count()) {
        return Ok(());
    }
    Err(Error::invalid_argument(
        argument,
        format_args!("must have 1 to {longest} characters"),
    ))
}

/// The name of a stream to be created.
pub(super) fn new_stream(argument: &'static str, text: &str) -> Result<()> {
    new_name(argument, text, MAX_STREAM)
}

/// The name of an app to be created.
pub(super) fn new_app(argument: &'static str, text: &str) -> Result<()> {
    new_name(argument, text, MAX_APP)
}

/// The name or id of a stream.
pub(super) fn stream(argument: &'static str, text: &str) -> Result<()> {
    given(argument, text, MAX_STREAM)
}

/// The name of an app.
pub(super) fn app(argument: &'static str, text: &str) -> Result<()> {
    given(argument, text, MAX_APP)
}

/// A cursor.
pub(super) fn cursor(argument: &'static str, text: &str) -> Result<()> {
    given(argument, text, MAX_CURSOR)
}

/// A partition id in either form.
pub(super) fn partition(argument: &'static str, text: &str) -> Result<()> {
    if parse_partition_id(text).is_some() {
        return Ok(());
    }
    Err(Error::invalid_argument(
        argument,
        "must be a number or have the form `shardId-0000000000`",
    ))
}

/// A partition id in either form, if there is one.
#[allow(clippy::ref_option, reason = "the field is passed as it is")]
pub(super) fn optional_partition(argument: &'static str, text: &Option<String>) -> Result<()> {
    text.as_deref()
        .map_or(Ok(()), |text| partition(argument, text))
}

/// A sequence number: decimal text of at most 63 bits.
pub(super) fn sequence_number(argument: &'static str, text: &str) -> Result<()> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && text.parse::<i64>().is_ok() {
        return Ok(());
    }
    Err(Error::invalid_argument(
        argument,
        "must be a decimal number from 0 to 9223372036854775807",
    ))
}

/// Metadata of a checkpoint, if there is some.
#[allow(clippy::ref_option, reason = "the field is passed as it is")]
pub(super) fn metadata(argument: &'static str, text: &Option<String>) -> Result<()> {
    match text {
        Some(text) if text.chars().count() > MAX_METADATA => Err(Error::invalid_argument(
            argument,
            format_args!("must have at most {MAX_METADATA} characters"),
        )),
        _ => Ok(()),
    }
}

/// A number that must be more than 0.
#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "the field is passed as it is"
)]
pub(super) fn positive(argument: &'static str, number: &i32) -> Result<()> {
    if *number > 0 {
        return Ok(());
    }
    Err(Error::invalid_argument(argument, "must be more than 0"))
}

/// A number that must be more than 0, if there is one.
#[allow(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "the field is passed as it is"
)]
pub(super) fn optional_positive(argument: &'static str, number: &Option<i32>) -> Result<()> {
    number
        .as_ref()
        .map_or(Ok(()), |number| positive(argument, number))
}

/// How long records are kept: one to seven days. The service decides which hours between it takes.
#[allow(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "the field is passed as it is"
)]
pub(super) fn data_duration(argument: &'static str, hours: &Option<i32>) -> Result<()> {
    match hours {
        Some(hours) if !(24..=168).contains(hours) => Err(Error::invalid_argument(
            argument,
            "must be from 24 to 168 hours",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(new_stream("s", "orders_eu-01").is_ok());
        for bad in ["", "a b", "ä", "a/b", &"x".repeat(65)] {
            assert!(new_stream("s", bad).is_err(), "{bad}");
        }
        assert!(new_app("a", &"x".repeat(200)).is_ok());
        assert!(new_app("a", &"x".repeat(201)).is_err());
    }

    #[test]
    fn sequence_numbers() {
        for good in ["0", "289911", "9223372036854775807"] {
            assert!(sequence_number("n", good).is_ok(), "{good}");
        }
        for bad in ["", "-1", "+1", "1.0", "x", " 1", "9223372036854775808"] {
            assert!(sequence_number("n", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn metadata_is_counted_in_characters() {
        assert!(metadata("m", &Some("é".repeat(1000))).is_ok());
        assert!(metadata("m", &Some("é".repeat(1001))).is_err());
        assert!(metadata("m", &None).is_ok());
    }
}
