//! Rules for the names of projects, topics and columns.

use super::error::Error;

/// Longest comment, in characters.
const COMMENT_CHARS: usize = 1024;

/// Checks a project name: a letter, then letters, digits and `_`, 3 to 32 characters.
pub(super) fn check_project(name: &str) -> Result<(), Error> {
    if is_name(name, 3, 32) {
        Ok(())
    } else {
        Err(Error::invalid_parameter(format!(
            "Project name is missing or invalid:{}",
            shown(name)
        )))
    }
}

/// Checks the name of a group of Kafka clients.
pub(super) fn check_group(name: &str) -> Result<(), Error> {
    if is_name(name, 1, 128) {
        Ok(())
    } else {
        Err(Error::invalid_parameter(format!(
            "Group name is missing or invalid:{}",
            shown(name)
        )))
    }
}

/// Checks a topic name: a letter, then letters, digits and `_`, up to 128 characters.
pub(super) fn check_topic(name: &str) -> Result<(), Error> {
    if is_name(name, 1, 128) {
        Ok(())
    } else {
        Err(Error::invalid_parameter(format!(
            "Topic name is missing or invalid:{}",
            shown(name)
        )))
    }
}

/// Checks a column name: a letter or `_`, then letters, digits and `_`, up to 128 characters.
pub(super) fn check_column(name: &str) -> Result<(), Error> {
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let first = name
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if plain && first && name.len() <= 128 {
        Ok(())
    } else {
        Err(Error::invalid_parameter(format!(
            "Field name is missing or invalid:{}",
            shown(name)
        )))
    }
}

/// Checks the comment of a project, topic or subscription.
pub(super) fn check_comment(comment: &str) -> Result<(), Error> {
    if comment.chars().count() <= COMMENT_CHARS {
        Ok(())
    } else {
        Err(Error::invalid_parameter(format!(
            "The comment has more than {COMMENT_CHARS} characters."
        )))
    }
}

fn is_name(name: &str, shortest: usize, longest: usize) -> bool {
    (shortest..=longest).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn shown(name: &str) -> String {
    name.chars().take(128).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn project_names() {
        for good in ["abc", "A_1", &"a".repeat(32)] {
            assert!(check_project(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "ab",
            "1abc",
            "_abc",
            "a!c",
            "a-c",
            "äbc",
            &"a".repeat(33),
        ] {
            let error = check_project(bad).expect_err(bad);
            assert_eq!(
                error.message,
                format!("Project name is missing or invalid:{bad}")
            );
        }
    }

    #[test]
    fn topic_names_may_be_one_letter() {
        assert!(check_topic("a").is_ok());
        assert!(check_topic(&"a".repeat(128)).is_ok());
        assert!(check_topic(&"a".repeat(129)).is_err());
    }

    #[test]
    fn column_names_may_begin_with_an_underscore() {
        for good in ["a", "_", "_a1", "A"] {
            assert!(check_column(good).is_ok(), "{good}");
        }
        for bad in ["", "1a", "a b", "ä"] {
            assert!(check_column(bad).is_err(), "{bad}");
        }
    }
}
