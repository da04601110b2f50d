//! Values of arguments: from the text of the command line by the type that the description names.

use std::io::Read as _;

use bytes::Bytes;
use hubstream::dynamic::Value;
use hubstream::schema::{EnumSchema, EnumValue, TypeSchema};

use crate::failure::Failure;
use crate::{columns, json};

/// Reads the value of one occurrence of an argument.
pub(crate) fn parse(ty: TypeSchema, text: &str) -> Result<Value, Failure> {
    match ty {
        TypeSchema::Optional(inner) => parse(*inner, text),
        TypeSchema::Text => Ok(Value::Text(text.to_owned())),
        TypeSchema::Boolean => match text {
            "true" => Ok(Value::Boolean(true)),
            "false" => Ok(Value::Boolean(false)),
            _ => Err(Failure::usage("must be true or false")),
        },
        TypeSchema::Integer | TypeSchema::Long => text
            .parse()
            .map(Value::Integer)
            .map_err(|_| Failure::usage("must be a whole number of at most 64 bits")),
        TypeSchema::Double => text
            .parse()
            .map(Value::Double)
            .map_err(|_| Failure::usage("must be a number")),
        TypeSchema::Enum(names) => variant(names, text),
        TypeSchema::Bytes => Ok(Value::Bytes(match text.strip_prefix('@') {
            Some(path) => Bytes::from(read_bytes(path)?),
            None => Bytes::copy_from_slice(text.as_bytes()),
        })),
        TypeSchema::RecordSchema => columns::parse(&read_text(text)?).map(Value::RecordSchema),
        _ => document(ty, text),
    }
}

/// Reads all occurrences of a list argument: one value each, or one JSON list of all.
pub(crate) fn parse_list(inner: TypeSchema, texts: &[&str]) -> Result<Value, Failure> {
    if let [""] = texts {
        return Ok(Value::List(Vec::new()));
    }
    if let [text] = texts
        && !matches!(inner, TypeSchema::Text | TypeSchema::Bytes)
    {
        let text = read_text(text)?;
        return if text.trim_start().starts_with('[') {
            whole_list(inner, &text)
        } else {
            Ok(Value::List(vec![parse(inner, &text)?]))
        };
    }
    let values = texts.iter().map(|text| parse(inner, text));
    Ok(Value::List(values.collect::<Result<_, _>>()?))
}

fn whole_list(inner: TypeSchema, text: &str) -> Result<Value, Failure> {
    let serde_json::Value::Array(elements) = decode(text)? else {
        return Err(Failure::usage("must be a list in JSON"));
    };
    let values = elements
        .iter()
        .map(|element| json::to_value(inner, element).map_err(Failure::usage));
    Ok(Value::List(values.collect::<Result<_, _>>()?))
}

fn document(ty: TypeSchema, text: &str) -> Result<Value, Failure> {
    json::to_value(ty, &decode(&read_text(text)?)?).map_err(Failure::usage)
}

fn decode(text: &str) -> Result<serde_json::Value, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::usage(format!("is not JSON: {error}")))
}

fn variant(names: &EnumSchema, text: &str) -> Result<Value, Failure> {
    let wanted = text.replace('-', "_");
    let found = names.variants.iter().find(|variant| {
        variant.name.eq_ignore_ascii_case(&wanted)
            || match variant.value {
                EnumValue::Text(value) => value == text,
                EnumValue::Number(value) => text.parse() == Ok(value),
            }
    });
    match found.map(|variant| variant.value) {
        Some(EnumValue::Text(value)) => Ok(Value::Text(value.to_owned())),
        Some(EnumValue::Number(value)) => Ok(Value::Integer(value)),
        None => {
            let known: Vec<_> = names.variants.iter().map(|variant| variant.name).collect();
            Err(Failure::usage(format!(
                "must be one of {}",
                known.join(", ")
            )))
        }
    }
}

/// The text itself, or the content of the file that it names with `@`; `@-` is standard input.
pub(crate) fn read_text(text: &str) -> Result<String, Failure> {
    let Some(path) = text.strip_prefix('@') else {
        return Ok(text.to_owned());
    };
    String::from_utf8(read_bytes(path)?)
        .map_err(|_| Failure::usage(format!("the file {path} is not UTF-8 text")))
}

/// The content of a file; `-` is standard input.
pub(crate) fn read_bytes(path: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let outcome = if path == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| ())
    } else {
        std::fs::read(path).map(|content| bytes = content)
    };
    match outcome {
        Ok(()) => Ok(bytes),
        Err(error) if path == "-" => Err(Failure::other(format!(
            "cannot read standard input: {error}"
        ))),
        Err(error) => Err(Failure::usage(format!(
            "cannot read the file {path}: {error}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hubstream::schema::VariantSchema;

    const COLOURS: EnumSchema = EnumSchema {
        name: "Colour",
        docs: "",
        variants: &[
            VariantSchema {
                name: "DARK_RED",
                value: EnumValue::Text("red"),
                docs: "",
            },
            VariantSchema {
                name: "BLUE",
                value: EnumValue::Number(7),
                docs: "",
            },
        ],
    };

    #[test]
    fn names_are_found_in_any_spelling() {
        for text in ["dark-red", "DARK_RED", "red"] {
            assert!(matches!(variant(&COLOURS, text), Ok(Value::Text(value)) if value == "red"));
        }
        for text in ["blue", "7"] {
            assert!(matches!(variant(&COLOURS, text), Ok(Value::Integer(7))));
        }
        assert!(variant(&COLOURS, "green").is_err());
    }

    #[test]
    fn lists_are_repeated_or_whole() {
        let whole = parse_list(TypeSchema::Integer, &["[1, 2]"]).unwrap();
        let repeated = parse_list(TypeSchema::Integer, &["1", "2"]).unwrap();
        for list in [whole, repeated] {
            assert!(matches!(list, Value::List(values) if values.len() == 2));
        }
        let empty = parse_list(TypeSchema::Text, &[""]).unwrap();
        assert!(matches!(empty, Value::List(values) if values.is_empty()));
        let text = parse_list(TypeSchema::Text, &["[x]"]).unwrap();
        assert!(matches!(text, Value::List(values) if values.len() == 1));
        assert!(parse_list(TypeSchema::Integer, &["[1,"]).is_err());
        let bytes = parse_list(TypeSchema::Bytes, &["[1]"]).unwrap();
        assert!(matches!(bytes, Value::List(values) if values.len() == 1));
    }

    #[test]
    fn bytes_are_the_text_or_those_of_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [0, 255]).unwrap();
        let named = format!("@{}", file.path().display());
        for (text, wanted) in [("\u{e4}", [195, 164]), (&named, [0, 255])] {
            let found = parse(TypeSchema::Bytes, text).unwrap();
            assert!(
                matches!(found, Value::Bytes(bytes) if bytes == wanted[..]),
                "{text}"
            );
        }
    }

    #[test]
    fn bad_texts_are_refused() {
        for (ty, text) in [
            (TypeSchema::Boolean, "yes"),
            (TypeSchema::Integer, "1.5"),
            (TypeSchema::Long, "9223372036854775808"),
            (TypeSchema::Double, "x"),
            (TypeSchema::Map(&TypeSchema::Text), "{"),
            (TypeSchema::RecordSchema, "@/no/such/file"),
        ] {
            assert!(parse(ty, text).is_err(), "{text}");
        }
        assert!(matches!(
            parse(TypeSchema::Long, "-1"),
            Ok(Value::Integer(-1))
        ));
    }
}
