//! Types, defaults and conversions of the descriptions in Python's words.

use hubstream::schema::{DefaultValue, FieldSchema, TypeSchema};

/// Enumerations that the package writes by hand, in `hubstream.records`.
pub(super) const HANDWRITTEN: &[&str] = &["FieldType"];

/// The type of a result or of a member. `prefix` is the module of the models, with its dot.
pub(super) fn annotation(ty: TypeSchema, prefix: &str) -> String {
    match ty {
        TypeSchema::Unit => "None".to_owned(),
        TypeSchema::Boolean => "bool".to_owned(),
        TypeSchema::Integer | TypeSchema::Long => "int".to_owned(),
        TypeSchema::Double => "float".to_owned(),
        TypeSchema::Text => "str".to_owned(),
        TypeSchema::Bytes => "bytes".to_owned(),
        TypeSchema::List(inner) => format!("list[{}]", annotation(*inner, prefix)),
        TypeSchema::Map(inner) => format!("dict[str, {}]", annotation(*inner, prefix)),
        TypeSchema::Optional(inner) => format!("{} | None", annotation(*inner, prefix)),
        TypeSchema::Enum(names) => format!("{prefix}{}", names.name),
        TypeSchema::Model(model) => format!("{prefix}{}", model.name),
        TypeSchema::Union(union) => format!("{prefix}{}", union.name),
        TypeSchema::Records => "RecordBatch".to_owned(),
        TypeSchema::RecordSchema => "RecordSchema".to_owned(),
        other => panic!("Python has no words for the type {other:?}"),
    }
}

/// The type of an argument: wider than that of a result.
pub(super) fn argument_annotation(ty: TypeSchema) -> String {
    match ty {
        TypeSchema::List(TypeSchema::Text) => "str | Sequence[str]".to_owned(),
        TypeSchema::List(inner) => format!("Sequence[{}]", argument_annotation(*inner)),
        TypeSchema::Map(inner) => format!("Mapping[str, {}]", argument_annotation(*inner)),
        TypeSchema::Optional(inner) => format!("{} | None", argument_annotation(*inner)),
        TypeSchema::Model(model) => format!("models.{} | Mapping[str, Any]", model.name),
        TypeSchema::Union(union) => format!("models.{} | Mapping[str, Any]", union.name),
        TypeSchema::Records => "RecordBatch | Sequence[Record]".to_owned(),
        other => annotation(other, "models."),
    }
}

/// The default of an argument, or none when it must be given.
pub(super) fn default(field: &FieldSchema) -> Option<String> {
    literal(field, "models.", "()")
}

/// The default of a member of a model that may have one.
pub(super) fn member_default(field: &FieldSchema) -> Option<String> {
    let empty = match field.ty {
        TypeSchema::Map(_) => "{}",
        _ => "[]",
    };
    literal(field, "", empty)
}

fn literal(field: &FieldSchema, prefix: &str, empty: &str) -> Option<String> {
    let text = match field.default? {
        DefaultValue::Absent => "None".to_owned(),
        DefaultValue::Boolean(true) => "True".to_owned(),
        DefaultValue::Boolean(false) => "False".to_owned(),
        DefaultValue::Integer(number) => number.to_string(),
        DefaultValue::Double(number) => format!("{number:?}"),
        DefaultValue::Text(text) => format!("{text:?}"),
        DefaultValue::Variant(name) => variant(field.ty, prefix, name),
        DefaultValue::Empty => empty.to_owned(),
        other => panic!("Python has no words for the default {other:?}"),
    };
    Some(text)
}

fn variant(ty: TypeSchema, prefix: &str, name: &str) -> String {
    match ty {
        TypeSchema::Enum(names) => format!("{prefix}{}.{name}", names.name),
        TypeSchema::Optional(inner) => variant(*inner, prefix, name),
        other => panic!("the default {name} is not of the type {other:?}"),
    }
}

/// The expression that turns an argument into what the native client takes.
///
/// The functions in it let an absent argument pass.
pub(super) fn encode(ty: TypeSchema, value: &str) -> String {
    match ty {
        TypeSchema::Optional(inner) => encode(*inner, value),
        TypeSchema::List(TypeSchema::Text) => format!("texts({value})"),
        TypeSchema::List(TypeSchema::Model(model)) => {
            format!("member_list(models.{}, {value})", model.name)
        }
        TypeSchema::Map(TypeSchema::Model(model)) => {
            format!("member_map(models.{}, {value})", model.name)
        }
        TypeSchema::Model(model) => format!("members(models.{}, {value})", model.name),
        TypeSchema::Union(union) => format!("tagged_members(models.{}, {value})", union.name),
        TypeSchema::Records => format!("batch_of({value}, {value:?})"),
        TypeSchema::RecordSchema => format!("handle_of({value})"),
        TypeSchema::List(inner) | TypeSchema::Map(inner) if encode(*inner, "x") != "x" => {
            panic!("Python has no conversion for arguments of the type {ty:?}")
        }
        _ => value.to_owned(),
    }
}

/// The expression that turns what the native client gave into the result.
pub(super) fn decode(ty: TypeSchema, value: &str, prefix: &str) -> String {
    match ty {
        TypeSchema::List(inner) if needs_decoding(*inner) => {
            format!("[{} for item in {value}]", decode(*inner, "item", prefix))
        }
        TypeSchema::Map(inner) if needs_decoding(*inner) => format!(
            "{{key: {} for key, item in {value}.items()}}",
            decode(*inner, "item", prefix)
        ),
        TypeSchema::Optional(inner) if needs_decoding(*inner) => {
            format!("optional({}, {value})", decoder(*inner, prefix))
        }
        TypeSchema::Enum(names) if HANDWRITTEN.contains(&names.name) => {
            format!("{prefix}{}({value})", names.name)
        }
        TypeSchema::Enum(_) | TypeSchema::Model(_) | TypeSchema::RecordSchema => {
            format!("{}({value})", decoder(ty, prefix))
        }
        TypeSchema::Union(union) => format!("tagged({prefix}{}, {value})", union.name),
        _ => value.to_owned(),
    }
}

/// A callable that decodes a value of the type.
fn decoder(ty: TypeSchema, prefix: &str) -> String {
    match ty {
        TypeSchema::Enum(names) if HANDWRITTEN.contains(&names.name) => {
            format!("{prefix}{}", names.name)
        }
        TypeSchema::Enum(names) => format!("{prefix}{}.received", names.name),
        TypeSchema::Model(model) => format!("{prefix}{}.from_native", model.name),
        TypeSchema::RecordSchema => "RecordSchema.from_native".to_owned(),
        other => format!("lambda item: {}", decode(other, "item", prefix)),
    }
}

fn needs_decoding(ty: TypeSchema) -> bool {
    decode(ty, "x", "") != "x"
}

/// The modules and names that a module of models needs for the type of a member. `types` is the
/// module with the types that stand not in that one.
pub(super) fn imports_of(ty: TypeSchema, types: Option<&str>) -> Vec<(String, String)> {
    let records = |name: &str| vec![("hubstream.records".to_owned(), name.to_owned())];
    let sibling = |name: &str| {
        let import = |module: &str| (module.to_owned(), name.to_owned());
        types.map(import).into_iter().collect()
    };
    match ty {
        TypeSchema::Records => records("RecordBatch"),
        TypeSchema::RecordSchema => records("RecordSchema"),
        TypeSchema::Enum(names) if HANDWRITTEN.contains(&names.name) => records(names.name),
        TypeSchema::Enum(names) => sibling(names.name),
        TypeSchema::Model(model) if !model.name.ends_with("Result") => sibling(model.name),
        TypeSchema::Union(union) => {
            let mut imports = sibling(union.name);
            imports.push(("hubstream._model".to_owned(), "tagged".to_owned()));
            imports
        }
        TypeSchema::List(inner) | TypeSchema::Map(inner) => imports_of(*inner, types),
        TypeSchema::Optional(inner) => {
            let mut imports = imports_of(*inner, types);
            if needs_decoding(*inner) {
                imports.push(("hubstream._model".to_owned(), "optional".to_owned()));
            }
            imports
        }
        _ => Vec::new(),
    }
}
