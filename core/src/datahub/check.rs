//! Checks of arguments before anything is sent.

#![allow(
    clippy::trivially_copy_pass_by_ref,
    clippy::ptr_arg,
    clippy::ref_option,
    reason = "a check takes a reference to the field, whatever its type"
)]

use indexmap::IndexMap;

use crate::error::{Error, Result};

/// Longest comment in characters (public limits of the service).
const MAX_COMMENT: usize = 1024;

fn name(argument: &'static str, text: &str, low: usize, high: usize) -> Result<()> {
    let good = text
        .chars()
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && (low..=high).contains(&text.len());
    if good {
        return Ok(());
    }
    Err(Error::invalid_argument(
        argument,
        format_args!(
            "must be {low} to {high} letters, digits and underscores, beginning with a letter"
        ),
    ))
}

/// The name of a project to be created: 3 to 32 characters.
pub(super) fn new_project(argument: &'static str, text: &str) -> Result<()> {
    name(argument, text, 3, 32)
}

/// The name of a topic to be created: 1 to 128 characters.
pub(super) fn new_topic(argument: &'static str, text: &str) -> Result<()> {
    name(argument, text, 1, 128)
}

/// A name or id that must not be empty and stands in a path.
pub(super) fn given(argument: &'static str, text: &str) -> Result<()> {
    if text.is_empty() {
        return Err(Error::invalid_argument(argument, "must not be empty"));
    }
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !text.chars().all(good) {
        return Err(Error::invalid_argument(
            argument,
            "must be letters, digits, `_`, `-` and `.`",
        ));
    }
    // In a path these stand for other places.
    if matches!(text, "." | "..") {
        return Err(Error::invalid_argument(argument, "must not be `.` or `..`"));
    }
    Ok(())
}

/// A comment: at most 1024 characters.
pub(super) fn comment(argument: &'static str, text: &str) -> Result<()> {
    if text.chars().count() > MAX_COMMENT {
        return Err(Error::invalid_argument(
            argument,
            format_args!("must have at most {MAX_COMMENT} characters"),
        ));
    }
    Ok(())
}

/// A number that must be more than 0.
pub(super) fn positive(argument: &'static str, number: &i32) -> Result<()> {
    if *number <= 0 {
        return Err(Error::invalid_argument(argument, "must be more than 0"));
    }
    Ok(())
}

/// A 64-bit number that must be more than 0.
pub(super) fn positive_long(argument: &'static str, number: &i64) -> Result<()> {
    if *number <= 0 {
        return Err(Error::invalid_argument(argument, "must be more than 0"));
    }
    Ok(())
}

/// A name or id, if there is one that is not empty.
pub(super) fn optional(argument: &'static str, text: &Option<String>) -> Result<()> {
    match text {
        Some(text) if !text.is_empty() => given(argument, text),
        _ => Ok(()),
    }
}

/// A number that must not be negative.
pub(super) fn not_negative(argument: &'static str, number: &i32) -> Result<()> {
    if *number < 0 {
        return Err(Error::invalid_argument(argument, "must not be negative"));
    }
    Ok(())
}

/// A 64-bit number that must not be negative.
pub(super) fn not_negative_long(argument: &'static str, number: &i64) -> Result<()> {
    if *number < 0 {
        return Err(Error::invalid_argument(argument, "must not be negative"));
    }
    Ok(())
}

/// A hash key of up to 32 hexadecimal digits, if there is one.
pub(super) fn split_key(argument: &'static str, key: &Option<String>) -> Result<()> {
    match key {
        Some(key) if key.len() > 32 || !key.bytes().all(|byte| byte.is_ascii_hexdigit()) => Err(
            Error::invalid_argument(argument, "must be up to 32 hexadecimal digits"),
        ),
        _ => Ok(()),
    }
}

/// A list of shard ids, none of them empty.
pub(super) fn shard_ids(argument: &'static str, ids: &Vec<String>) -> Result<()> {
    if ids.is_empty() {
        return Err(Error::invalid_argument(
            argument,
            "must name at least one shard",
        ));
    }
    ids.iter().try_for_each(|id| given(argument, id))
}

/// A list of shard ids, if there is one.
pub(super) fn optional_shard_ids(argument: &'static str, ids: &Option<Vec<String>>) -> Result<()> {
    ids.iter().flatten().try_for_each(|id| given(argument, id))
}

/// A map from shard ids that has at least one.
pub(super) fn offsets<T>(argument: &'static str, offsets: &IndexMap<String, T>) -> Result<()> {
    if offsets.is_empty() {
        return Err(Error::invalid_argument(
            argument,
            "must name at least one shard",
        ));
    }
    offsets.keys().try_for_each(|id| given(argument, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["abc", "A_1", &"a".repeat(32)] {
            assert!(new_project("p", good).is_ok(), "{good}");
        }
        for bad in ["", "1ab", "_ab", "a!c", "ab", &"a".repeat(33), "ä__"] {
            assert!(new_project("p", bad).is_err(), "{bad}");
        }
        assert!(new_topic("t", "a").is_ok());
        assert!(given("t", "a/b").is_err());
        assert!(given("t", "").is_err());
        assert!(given("t", ".").is_err() && given("t", "..").is_err());
        assert!(given("t", "a.b").is_ok() && given("t", "...").is_ok());
    }
}
