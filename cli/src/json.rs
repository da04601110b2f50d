//! Values as JSON: arguments that are given as documents, and results that are shown.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hubstream::dynamic::Value;
use hubstream::schema::{EnumSchema, EnumValue, FieldSchema, ModelSchema, TypeSchema, UnionSchema};
use serde_json::Value as Json;

use crate::lines;

/// Shown in place of a secret.
const HIDDEN: &str = "***";
/// The member that tells which of several models a value has.
const KIND: &str = "kind";

/// Reads a value of a type from JSON. An error says in which member it lies.
pub(crate) fn to_value(ty: TypeSchema, json: &Json) -> Result<Value, String> {
    match (ty, json) {
        (TypeSchema::Optional(_), Json::Null) => Ok(Value::Null),
        (TypeSchema::Optional(inner), json) => to_value(*inner, json),
        (TypeSchema::List(inner), Json::Array(elements)) => elements
            .iter()
            .enumerate()
            .map(|(index, element)| {
                to_value(*inner, element).map_err(|error| format!("[{index}]: {error}"))
            })
            .collect::<Result<_, _>>()
            .map(Value::List),
        (TypeSchema::Map(inner), Json::Object(entries)) => members(entries, |_| Ok(*inner)),
        (TypeSchema::Model(model), Json::Object(entries)) => members(entries, |name| {
            match field_of(model, name) {
                Some(field) => Ok(field.ty),
                // The core passes it over.
                None if model.further.contains(&name) => Ok(TypeSchema::Text),
                None => Err(not_known(model)),
            }
        }),
        (TypeSchema::Union(union), Json::Object(entries)) => {
            let model =
                chosen(union, entries.get(KIND).and_then(Json::as_str)).ok_or_else(|| {
                    let names: Vec<_> = union.models.iter().map(|model| model.name).collect();
                    format!("needs the member `{KIND}`, one of {}", names.join(", "))
                })?;
            members(entries, |name| match field_of(model, name) {
                Some(field) => Ok(field.ty),
                None if name == KIND => Ok(TypeSchema::Text),
                None => Err(not_known(model)),
            })
        }
        (TypeSchema::Enum(names), Json::String(text)) => {
            let found = names.variants.iter().find(|variant| variant.name == text);
            Ok(match found.map(|variant| variant.value) {
                Some(EnumValue::Number(number)) => Value::Integer(number),
                Some(EnumValue::Text(text)) => Value::Text(text.to_owned()),
                None => Value::Text(text.clone()),
            })
        }
        (TypeSchema::Bytes, Json::String(text)) => STANDARD
            .decode(text)
            .map(|bytes| Value::Bytes(bytes.into()))
            .map_err(|_| "must be base64".to_owned()),
        (_, json) => plain(json),
    }
}

/// The model of a union that a kind names.
fn chosen(union: &UnionSchema, kind: Option<&str>) -> Option<&'static ModelSchema> {
    union
        .models
        .iter()
        .copied()
        .find(|model| Some(model.name) == kind)
}

fn field_of(model: &ModelSchema, name: &str) -> Option<&'static FieldSchema> {
    model.fields.iter().find(|field| field.name == name)
}

fn not_known(model: &ModelSchema) -> String {
    let names: Vec<_> = model.fields.iter().map(|field| field.name).collect();
    format!("is not known here; known are {}", names.join(", "))
}

fn members(
    entries: &serde_json::Map<String, Json>,
    ty: impl Fn(&str) -> Result<TypeSchema, String>,
) -> Result<Value, String> {
    let values = entries.iter().map(|(name, json)| {
        let value = ty(name).and_then(|ty| to_value(ty, json));
        match value {
            Ok(value) => Ok((name.clone(), value)),
            Err(error) => Err(format!("`{name}`: {error}")),
        }
    });
    Ok(Value::map(values.collect::<Result<Vec<_>, String>>()?))
}

/// A value by the form of the JSON alone. The core checks it against the type.
fn plain(json: &Json) -> Result<Value, String> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Boolean(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Value::Integer(number),
            (None, Some(double)) if !number.is_u64() => Value::Double(double),
            _ => return Err("is a number beyond 64 bits".to_owned()),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(elements) => Value::List(elements.iter().map(plain).collect::<Result<_, _>>()?),
        Json::Object(entries) => Value::map(
            entries
                .iter()
                .map(|(name, json)| plain(json).map(|value| (name.clone(), value)))
                .collect::<Result<Vec<_>, _>>()?,
        ),
    })
}

/// Shows a value of a type as JSON.
///
/// Enumerations are shown by name, bytes as base64, records and record schemas as objects. Secrets are hidden.
pub(crate) fn from_value(ty: TypeSchema, value: &Value) -> Json {
    match (ty, value) {
        (TypeSchema::Optional(inner), value) if !matches!(value, Value::Null) => {
            from_value(*inner, value)
        }
        (TypeSchema::List(inner), Value::List(values)) => values
            .iter()
            .map(|value| from_value(*inner, value))
            .collect(),
        (TypeSchema::Map(inner), Value::Map(entries)) => entries
            .iter()
            .map(|(name, value)| (name.to_string(), from_value(*inner, value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        (TypeSchema::Model(model), Value::Map(entries)) => entries
            .iter()
            .map(|(name, value)| (name.to_string(), member(model, name, value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        (TypeSchema::Union(union), Value::Map(entries)) => entries
            .iter()
            .map(|(name, value)| (name.to_string(), union_member(union, entries, name, value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        (TypeSchema::Enum(names), value) => enumerated(names, value),
        (_, value) => shown(value),
    }
}

fn union_member(
    union: &UnionSchema,
    entries: &[(Cow<'static, str>, Value)],
    name: &str,
    value: &Value,
) -> Json {
    let kind = entries.iter().find_map(|(name, value)| match value {
        Value::Text(kind) if name == KIND => Some(kind.as_str()),
        _ => None,
    });
    match chosen(union, kind) {
        Some(model) => member(model, name, value),
        // A model of a later version: what is a secret in any model is one here.
        None => union
            .models
            .iter()
            .find_map(|model| field_of(model, name).filter(|field| field.secret))
            .map_or_else(|| shown(value), |field| field_value(field, value)),
    }
}

fn member(model: &ModelSchema, name: &str, value: &Value) -> Json {
    match field_of(model, name) {
        Some(field) => field_value(field, value),
        None => shown(value),
    }
}

/// Shows the value of a member; a secret is hidden.
pub(crate) fn field_value(field: &FieldSchema, value: &Value) -> Json {
    if field.secret && !matches!(value, Value::Null) {
        return HIDDEN.into();
    }
    from_value(field.ty, value)
}

fn enumerated(names: &EnumSchema, value: &Value) -> Json {
    let found = names
        .variants
        .iter()
        .find(|variant| match (variant.value, value) {
            (EnumValue::Text(known), Value::Text(text)) => known == text,
            (EnumValue::Number(known), Value::Integer(number) | Value::Long(number)) => {
                known == *number
            }
            _ => false,
        });
    found.map_or_else(|| shown(value), |variant| variant.name.into())
}

fn shown(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => (*value).into(),
        Value::Integer(number) | Value::Long(number) => (*number).into(),
        Value::Double(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Bytes(bytes) => STANDARD.encode(bytes).into(),
        Value::List(values) => values.iter().map(shown).collect(),
        Value::Map(entries) => entries
            .iter()
            .map(|(name, value)| (name.to_string(), shown(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Records(batch) => batch.iter().map(lines::show).collect(),
        Value::RecordSchema(schema) => serde_json::from_str(&schema.to_json()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const INNER: ModelSchema = ModelSchema {
        name: "Inner",
        docs: "",
        fields: &[
            FieldSchema {
                name: "number",
                wire: "Number",
                docs: "",
                ty: TypeSchema::Long,
                default: None,
                secret: false,
                accepts: None,
            },
            FieldSchema {
                name: "password",
                wire: "Password",
                docs: "",
                ty: TypeSchema::Text,
                default: None,
                secret: true,
                accepts: None,
            },
        ],
        extends: None,
        further: &["later"],
    };

    #[test]
    fn documents_are_checked_by_name() {
        let ty = TypeSchema::Map(&TypeSchema::Model(&INNER));
        let value = to_value(ty, &json!({"0": {"number": i64::MIN}})).unwrap();
        assert_eq!(from_value(ty, &value), json!({"0": {"number": i64::MIN}}));
        assert!(to_value(ty, &json!({"0": {"number": 1, "later": 2}})).is_ok());
        let error = to_value(ty, &json!({"0": {"nummer": 1}})).unwrap_err();
        assert_eq!(
            error,
            "`0`: `nummer`: is not known here; known are number, password"
        );
        let error = to_value(ty, &json!({"0": {"number": u64::MAX}})).unwrap_err();
        assert_eq!(error, "`0`: `number`: is a number beyond 64 bits");
    }

    #[test]
    fn secrets_are_hidden() {
        let value = Value::map([
            ("number", Value::Long(1)),
            ("password", Value::Text("x".into())),
        ]);
        assert_eq!(
            from_value(TypeSchema::Model(&INNER), &value),
            json!({"number": 1, "password": "***"})
        );
    }

    #[test]
    fn one_of_several_models_is_told_by_its_kind() {
        const UNION: TypeSchema = TypeSchema::Union(&UnionSchema {
            name: "Any",
            docs: "",
            models: &[&INNER],
        });
        let given = json!({"kind": "Inner", "number": 1, "password": "x"});
        let value = to_value(UNION, &given).unwrap();
        assert_eq!(
            from_value(UNION, &value),
            json!({"kind": "Inner", "number": 1, "password": "***"})
        );
        let later = Value::map([
            ("kind", Value::Text("New".into())),
            ("password", Value::Text("x".into())),
        ]);
        assert_eq!(
            from_value(UNION, &later),
            json!({"kind": "New", "password": "***"})
        );
        assert_eq!(
            to_value(UNION, &json!({"number": 1})).unwrap_err(),
            "needs the member `kind`, one of Inner"
        );
        assert!(to_value(UNION, &json!({"kind": "Inner", "x": 1})).is_err());
    }

    #[test]
    fn bytes_are_base64() {
        let value = to_value(TypeSchema::Bytes, &json!("AP8=")).unwrap();
        assert_eq!(from_value(TypeSchema::Bytes, &value), json!("AP8="));
        assert!(to_value(TypeSchema::Bytes, &json!("?")).is_err());
    }
}
