//! Types and defaults as TypeScript writes them.

use hubstream::schema::{DefaultValue, EnumValue, FieldSchema, TypeSchema};

use super::names::quoted;

/// Whether a value is given by the user or by the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// An argument: lenient.
    In,
    /// A result: exact.
    Out,
}

/// The name of a model's interface. Arguments have one of their own, with members that may be left out.
pub(super) fn model_name(name: &str, direction: Direction) -> String {
    match direction {
        Direction::In => format!("{name}Input"),
        Direction::Out => name.to_owned(),
    }
}

/// Whether an argument may be left out.
pub(super) fn is_optional(field: &FieldSchema) -> bool {
    field.default.is_some() || matches!(field.ty, TypeSchema::Optional(_))
}

/// The type as text.
pub(super) fn type_text(ty: &TypeSchema, direction: Direction) -> String {
    let input = direction == Direction::In;
    match ty {
        TypeSchema::Unit => "undefined".to_owned(),
        TypeSchema::Boolean => "boolean".to_owned(),
        TypeSchema::Integer | TypeSchema::Double => "number".to_owned(),
        TypeSchema::Long if input => "bigint | number".to_owned(),
        TypeSchema::Long => "bigint".to_owned(),
        TypeSchema::Text => "string".to_owned(),
        TypeSchema::Bytes => "Uint8Array".to_owned(),
        TypeSchema::List(inner) => {
            let inner = type_text(inner, direction);
            let inner = if inner.contains(' ') {
                format!("({inner})")
            } else {
                inner
            };
            if input {
                format!("readonly {inner}[]")
            } else {
                format!("{inner}[]")
            }
        }
        TypeSchema::Map(inner) => {
            let inner = type_text(inner, direction);
            if input {
                format!("Readonly<Record<string, {inner}>>")
            } else {
                format!("Record<string, {inner}>")
            }
        }
        TypeSchema::Optional(inner) => format!("{} | null", type_text(inner, direction)),
        TypeSchema::Enum(names) if input => names.name.to_owned(),
        // A later version of the service may send a value that is not known yet.
        TypeSchema::Enum(names) => {
            let open = match names.variants.first().map(|variant| variant.value) {
                Some(EnumValue::Number(_)) => "number",
                _ => "string",
            };
            format!("{} | ({open} & {{}})", names.name)
        }
        TypeSchema::Model(model) => model_name(model.name, direction),
        TypeSchema::Union(union) => model_name(union.name, direction),
        TypeSchema::Records if input => "RecordsInput".to_owned(),
        TypeSchema::Records => "RecordBatch".to_owned(),
        TypeSchema::RecordSchema => "RecordSchema".to_owned(),
        other => unreachable!("the generator does not know {other:?}"),
    }
}

/// A default as text; nothing when absent is meant.
pub(super) fn default_text(default: DefaultValue) -> Option<String> {
    Some(match default {
        DefaultValue::Boolean(value) => value.to_string(),
        DefaultValue::Integer(number) => number.to_string(),
        DefaultValue::Double(number) => number.to_string(),
        DefaultValue::Text(text) | DefaultValue::Variant(text) => quoted(text),
        DefaultValue::Empty => "empty".to_owned(),
        _ => return None,
    })
}
