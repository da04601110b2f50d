//! Names and sentences as TypeScript writes them.

use std::collections::BTreeSet;

use hubstream::config::KEYS;
use hubstream::schema::{OperationSchema, TypeSchema};

/// Longest line of a comment.
const WIDTH: usize = 108;

/// Turns `topic_name` into `topicName`.
pub(super) fn camel(name: &str) -> String {
    let pascal = pascal(name);
    let mut characters = pascal.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(characters).collect()
    })
}

/// Turns `topic_name` into `TopicName`.
pub(super) fn pascal(name: &str) -> String {
    name.split('_')
        .flat_map(|part| {
            let mut characters = part.chars();
            let first = characters
                .next()
                .map(|first| first.to_uppercase().to_string());
            first
                .into_iter()
                .chain(std::iter::once(characters.collect()))
        })
        .collect()
}

/// A string literal.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// The names of a service that sentences mention between backticks.
#[derive(Default)]
pub(super) struct Words(BTreeSet<&'static str>);

impl Words {
    pub(super) fn of(service: &str, operations: &[&'static OperationSchema]) -> Self {
        let mut words: BTreeSet<_> = KEYS
            .iter()
            .filter(|key| key.applies_to(service))
            .map(|key| key.name)
            .collect();
        for operation in operations {
            words.insert(operation.method);
            words.extend(operation.fields.iter().map(|field| field.name));
            operation.visit_types(&mut |ty| {
                if let TypeSchema::Model(model) = ty {
                    words.extend(model.fields.iter().map(|field| field.name));
                }
            });
        }
        Self(words)
    }

    /// Writes the names between backticks in camel case, and makes the text safe for a comment.
    pub(super) fn translate(&self, docs: &str) -> String {
        let mut text = String::with_capacity(docs.len());
        for (index, part) in docs.split('`').enumerate() {
            if index > 0 {
                text.push('`');
            }
            if index % 2 == 1 && self.0.contains(part) {
                text.push_str(&camel(part));
            } else {
                text.push_str(part);
            }
        }
        text.replace("*/", "*\u{200b}/")
    }
}

/// A comment of paragraphs, and tags behind them.
pub(super) fn comment(indent: &str, docs: &str, tags: &[String]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (index, paragraph) in docs.trim().split("\n\n").enumerate() {
        if index > 0 {
            lines.push(String::new());
        }
        wrap(paragraph, WIDTH - indent.len() - 3, &mut lines);
    }
    if let [line] = lines.as_slice()
        && tags.is_empty()
    {
        return format!("{indent}/** {line} */");
    }
    if !tags.is_empty() {
        lines.push(String::new());
        lines.extend(tags.iter().cloned());
    }
    let mut text = format!("{indent}/**\n");
    for line in lines {
        text.push_str(format!("{indent} * {line}").trim_end());
        text.push('\n');
    }
    text + indent + " */"
}

fn wrap(paragraph: &str, width: usize, lines: &mut Vec<String>) {
    let mut line = String::new();
    for word in paragraph.split_whitespace() {
        if !line.is_empty() && line.chars().count() + word.chars().count() >= width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_change_case() {
        assert_eq!(camel("get_tuple_records"), "getTupleRecords");
        assert_eq!(camel("endpoint"), "endpoint");
        assert_eq!(pascal("rate_limited"), "RateLimited");
    }

    #[test]
    fn comments_are_wrapped_and_keep_paragraphs() {
        assert_eq!(comment("  ", "One.", &[]), "  /** One. */");
        let text = comment("", "One.\n\nTwo\nlines.", &["@default 1".to_owned()]);
        assert_eq!(
            text,
            "/**\n * One.\n *\n * Two lines.\n *\n * @default 1\n */"
        );
        let long = "word ".repeat(60);
        assert!(
            comment("  ", &long, &[])
                .lines()
                .all(|line| line.len() <= WIDTH)
        );
    }

    #[test]
    fn only_known_names_are_translated() {
        let words = Words(["shard_id"].into());
        assert_eq!(
            words.translate("`shard_id` of shard_id, `a_b` */"),
            "`shardId` of shard_id, `a_b` *\u{200b}/"
        );
    }
}
