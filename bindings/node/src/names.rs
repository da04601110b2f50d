//! Names in the case that JavaScript uses.

/// Turns `topic_name` into `topicName`.
pub(crate) fn camel(name: &str) -> String {
    let mut result = String::with_capacity(name.len());
    let mut upper = false;
    for character in name.chars() {
        if character == '_' && !result.is_empty() {
            upper = true;
        } else if upper {
            result.extend(character.to_uppercase());
            upper = false;
        } else {
            result.push(character);
        }
    }
    result
}

/// Turns `topicName` into `topic_name`.
pub(crate) fn snake(name: &str) -> String {
    let mut result = String::with_capacity(name.len() + 4);
    for character in name.chars() {
        if character.is_uppercase() {
            result.push('_');
            result.extend(character.to_lowercase());
        } else {
            result.push(character);
        }
    }
    result
}

/// Writes the argument that a message begins with, as in ``argument `topic_name`: …``, in camel case.
pub(crate) fn camel_argument(message: &str) -> String {
    const START: &str = "argument `";
    if let Some(rest) = message.strip_prefix(START)
        && let Some(end) = rest.find('`')
    {
        return format!("{START}{}{}", camel(&rest[..end]), &rest[end..]);
    }
    message.to_owned()
}
