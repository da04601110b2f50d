//! Docstrings: documentation of the core, laid out for Python.

use super::WIDTH;

/// Named paragraphs of one section.
pub(super) type Entries = [(String, String)];

/// A text as one paragraph that begins with a capital and ends with a full stop.
pub(super) fn sentence(docs: &str) -> String {
    let mut text = docs
        .split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join(" ");
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

/// A docstring with its quotes; the first line is not indented, the others by `indent` blanks.
pub(super) fn docstring(docs: &str, sections: &[(&str, &Entries)], indent: usize) -> String {
    let docs = docs.replace('\\', "\\\\").replace("\"\"\"", "'''");
    let mut blocks: Vec<String> = docs
        .split("\n\n")
        .map(|paragraph| wrap(paragraph, WIDTH - indent, 0, ""))
        .collect();
    let first = blocks[0].replace('\n', " ");
    if first.len() > WIDTH - indent - 3 {
        // The first sentence stands alone, next to the quotes.
        match split_first_sentence(&first) {
            Some((head, tail)) => {
                blocks[0] = wrap(&head, WIDTH - indent - 3, 0, "");
                blocks.insert(1, wrap(&tail, WIDTH - indent, 0, ""));
            }
            None => blocks[0] = wrap(&first, WIDTH - indent - 3, 0, ""),
        }
    }
    for (title, list) in sections {
        if !list.is_empty() {
            blocks.push(format!("{title}:\n{}", entries(list, WIDTH - indent)));
        }
    }
    let blanks = " ".repeat(indent);
    let text = blocks.join("\n\n");
    let one_line = !text.contains('\n') && text.len() + indent + 6 <= WIDTH;
    let mut lines = String::from("\"\"\"");
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            lines.push('\n');
            if !line.is_empty() {
                lines.push_str(&blanks);
            }
        }
        lines.push_str(line);
    }
    if !one_line {
        lines.push('\n');
        lines.push_str(&blanks);
    }
    lines.push_str("\"\"\"");
    lines
}

fn split_first_sentence(text: &str) -> Option<(String, String)> {
    let end = text.find(". ")?;
    Some((text[..=end].to_owned(), text[end + 2..].to_owned()))
}

/// The lines of a section: `name: text`, indented.
fn entries(list: &Entries, width: usize) -> String {
    list.iter()
        .map(|(name, text)| {
            let text = if name.is_empty() {
                text.clone()
            } else {
                format!("{name}: {text}")
            };
            wrap(&text, width, 4, "    ")
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Breaks a paragraph into lines; all are indented, all but the first by `hanging` more.
fn wrap(text: &str, width: usize, indent: usize, hanging: &str) -> String {
    let first = " ".repeat(indent);
    let next = format!("{first}{hanging}");
    let mut lines: Vec<String> = Vec::new();
    let mut line = first.clone();
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, next.clone()));
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines.push(line);
    lines.join("\n")
}
