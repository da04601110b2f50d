//! The columns of a tuple topic.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::error::{Error, Result};

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldType {
    /// A signed integer of 8 bits.
    TinyInt,
    /// A signed integer of 16 bits.
    SmallInt,
    /// A signed integer of 32 bits.
    Integer,
    /// A signed integer of 64 bits.
    BigInt,
    /// An IEEE number of 32 bits.
    Float,
    /// An IEEE number of 64 bits.
    Double,
    /// True or false.
    Boolean,
    /// Microseconds since 1970-01-01 UTC.
    Timestamp,
    /// UTF-8 text of up to 2 MiB.
    String,
    /// A decimal number of any precision.
    Decimal,
    /// The text of a JSON document.
    Json,
}

impl FieldType {
    /// All types.
    pub const ALL: &'static [Self] = &[
        Self::TinyInt,
        Self::SmallInt,
        Self::Integer,
        Self::BigInt,
        Self::Float,
        Self::Double,
        Self::Boolean,
        Self::Timestamp,
        Self::String,
        Self::Decimal,
        Self::Json,
    ];

    /// The name of the type in upper case, as the service writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TinyInt => "TINYINT",
            Self::SmallInt => "SMALLINT",
            Self::Integer => "INTEGER",
            Self::BigInt => "BIGINT",
            Self::Float => "FLOAT",
            Self::Double => "DOUBLE",
            Self::Boolean => "BOOLEAN",
            Self::Timestamp => "TIMESTAMP",
            Self::String => "STRING",
            Self::Decimal => "DECIMAL",
            Self::Json => "JSON",
        }
    }

    /// Finds the type of a name in upper, lower or mixed case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// Whether values of the type are kept as text: STRING, DECIMAL and JSON.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::String | Self::Decimal | Self::Json)
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The comment of a column.
///
/// It is a text nearly always. Some programs stored a boolean, a number or null by mistake; such a
/// comment is kept and written back as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comment {
    text: String,
    is_other: bool,
}

impl Comment {
    /// The comment as text; one that is not a text is shown as JSON, as in `true`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether there is no comment.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn from_json(raw: &str) -> Result<Self> {
        if raw.starts_with('"') {
            return serde_json::from_str(raw)
                .map(|text| Self {
                    text,
                    is_other: false,
                })
                .map_err(|error| {
                    Error::malformed("the comment of a field is not valid text").with_source(error)
                });
        }
        if raw.starts_with(['{', '[']) {
            return Err(Error::malformed(
                "the comment of a field must be a single JSON value",
            ));
        }
        Ok(Self {
            text: raw.to_owned(),
            is_other: true,
        })
    }

    fn to_raw(&self) -> Option<Box<RawValue>> {
        if self.is_empty() {
            return None;
        }
        let text = if self.is_other {
            self.text.clone()
        } else {
            serde_json::Value::from(self.as_str()).to_string()
        };
        RawValue::from_string(text).ok()
    }
}

impl From<&str> for Comment {
    fn from(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            is_other: false,
        }
    }
}

impl From<String> for Comment {
    fn from(text: String) -> Self {
        Self {
            text,
            is_other: false,
        }
    }
}

/// One column of a tuple topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name. Names are compared without regard to case; the service stores them in lower case.
    pub name: String,
    /// The type of the values.
    pub field_type: FieldType,
    /// Whether a value may be null.
    pub allow_null: bool,
    /// Free text about the column.
    pub comment: Comment,
}

impl Field {
    /// Makes a column that may hold null and has no comment.
    pub fn new(name: impl Into<String>, field_type: FieldType) -> Self {
        Self {
            name: name.into(),
            field_type,
            allow_null: true,
            comment: Comment::default(),
        }
    }

    /// Makes the column refuse null.
    pub fn not_null(mut self) -> Self {
        self.allow_null = false;
        self
    }

    /// Sets the comment.
    pub fn with_comment(mut self, comment: impl Into<Comment>) -> Self {
        self.comment = comment.into();
        self
    }

    fn has_layout_of(&self, other: &Self) -> bool {
        self.field_type == other.field_type
            && self.allow_null == other.allow_null
            && folded(&self.name) == folded(&other.name)
    }
}

/// The columns of a tuple topic in their order: at least one, no two with the same name.
#[derive(Clone)]
pub struct RecordSchema {
    fields: Vec<Field>,
    positions: HashMap<String, usize>,
}

impl RecordSchema {
    /// Makes a schema. Refuses an empty list, an empty name and a name that occurs twice, whatever its case.
    pub fn new(fields: Vec<Field>) -> Result<Self> {
        if fields.is_empty() {
            return Err(Error::invalid_argument(
                "fields",
                "a schema needs at least one field",
            ));
        }
        let mut positions = HashMap::with_capacity(fields.len());
        for (position, field) in fields.iter().enumerate() {
            if field.name.is_empty() {
                return Err(Error::invalid_argument(
                    "fields",
                    format_args!("field {position} has no name"),
                ));
            }
            if positions
                .insert(folded(&field.name).into_owned(), position)
                .is_some()
            {
                return Err(Error::invalid_argument(
                    "fields",
                    format_args!("the name `{}` occurs twice", field.name),
                ));
            }
        }
        Ok(Self { fields, positions })
    }

    /// The columns in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The number of columns.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no column; never true.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The place of the column with a name in any case, counted from 0.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.positions.get(folded(name).as_ref()).copied()
    }

    /// Whether two schemas have the same names (in any case), types and nullability in the same order.
    ///
    /// Comments do not matter.
    pub fn has_layout_of(&self, other: &Self) -> bool {
        self.fields.len() == other.fields.len()
            && self
                .fields
                .iter()
                .zip(&other.fields)
                .all(|(a, b)| a.has_layout_of(b))
    }

    /// The schema as compact JSON text.
    ///
    /// Types are in upper case; `notnull` appears only when true and `comment` only when there is one.
    pub fn to_json(&self) -> String {
        let fields = self.fields.iter().map(|field| WrittenField {
            name: &field.name,
            kind: field.field_type.name(),
            notnull: (!field.allow_null).then_some(true),
            comment: field.comment.to_raw(),
        });
        let schema = WrittenSchema {
            fields: fields.collect(),
        };
        // Writing plain structs to memory does not fail.
        serde_json::to_string(&schema).unwrap_or_default()
    }

    /// Reads a schema from its JSON text. Members that are not known are ignored.
    pub fn from_json(text: &str) -> Result<Self> {
        let parsed: SchemaText<'_> = serde_json::from_str(text).map_err(|error| {
            Error::malformed("the record schema is not valid JSON").with_source(error)
        })?;
        let fields = parsed
            .fields
            .into_iter()
            .map(Field::try_from)
            .collect::<Result<Vec<_>>>()?;
        Self::new(fields)
            .map_err(|error| Error::malformed(format!("the record schema is not valid: {error}")))
    }
}

impl PartialEq for RecordSchema {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

impl Eq for RecordSchema {}

impl fmt::Debug for RecordSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordSchema")
            .field("fields", &self.fields)
            .finish()
    }
}

#[derive(Serialize)]
struct WrittenSchema<'a> {
    fields: Vec<WrittenField<'a>>,
}

#[derive(Serialize)]
struct WrittenField<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    notnull: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct SchemaText<'a> {
    #[serde(borrow)]
    fields: Vec<FieldText<'a>>,
}

#[derive(Deserialize)]
struct FieldText<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(default)]
    notnull: Option<bool>,
    #[serde(borrow, default, deserialize_with = "even_null")]
    comment: Option<&'a RawValue>,
}

/// Keeps `null` apart from a member that is not there.
fn even_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl TryFrom<FieldText<'_>> for Field {
    type Error = Error;

    fn try_from(text: FieldText<'_>) -> Result<Self> {
        let field_type = FieldType::from_name(&text.kind).ok_or_else(|| {
            Error::malformed(format!(
                "field `{}` has the unknown type `{}`",
                text.name, text.kind
            ))
        })?;
        let comment = text
            .comment
            .map(|raw| Comment::from_json(raw.get()))
            .transpose()?;
        Ok(Self {
            name: text.name.into_owned(),
            field_type,
            allow_null: !text.notnull.unwrap_or(false),
            comment: comment.unwrap_or_default(),
        })
    }
}

/// A name in the form in which names are compared.
pub(super) fn folded(name: &str) -> Cow<'_, str> {
    if name
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
    {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_upper_case_types_and_only_what_is_set() {
        let schema = RecordSchema::new(vec![
            Field::new("a", FieldType::BigInt).not_null(),
            Field::new("B", FieldType::String).with_comment("<x>"),
        ])
        .unwrap();
        let text = schema.to_json();
        assert_eq!(
            text,
            r#"{"fields":[{"name":"a","type":"BIGINT","notnull":true},{"name":"B","type":"STRING","comment":"<x>"}]}"#
        );
        assert_eq!(RecordSchema::from_json(&text).unwrap(), schema);
        assert_eq!(schema.position("b"), Some(1));
        assert_eq!(schema.position("A"), Some(0));
        assert_eq!(schema.position("c"), None);
    }

    #[test]
    fn a_comment_that_is_not_text_is_written_back_as_it_was() {
        for comment in ["true", "false", "12", "1.50", "null"] {
            let text =
                format!(r#"{{"fields":[{{"name":"a","type":"json","comment":{comment}}}]}}"#);
            let schema = RecordSchema::from_json(&text).unwrap();
            assert_eq!(schema.fields()[0].comment.as_str(), comment);
            let written = schema.to_json();
            assert_eq!(
                RecordSchema::from_json(&written).unwrap(),
                schema,
                "{written}"
            );
        }
        assert!(
            RecordSchema::from_json(r#"{"fields":[{"name":"a","type":"json","comment":[1]}]}"#)
                .is_err()
        );
    }

    #[test]
    fn bad_schemas_are_refused() {
        for text in [
            "",
            "[]",
            r#"{"fields":[]}"#,
            r#"{"fields":[{"name":"","type":"STRING"}]}"#,
            r#"{"fields":[{"name":"a","type":"DATE"}]}"#,
            r#"{"fields":[{"name":"a","type":"STRING"},{"name":"A","type":"STRING"}]}"#,
            r#"{"fields":[{"name":"\u00c4","type":"STRING"},{"name":"\u00e4","type":"STRING"}]}"#,
        ] {
            assert!(RecordSchema::from_json(text).is_err(), "{text}");
        }
    }

    #[test]
    fn layout_ignores_comments_and_case() {
        let a = RecordSchema::new(vec![Field::new("Id", FieldType::BigInt)]).unwrap();
        let b =
            RecordSchema::new(vec![Field::new("iD", FieldType::BigInt).with_comment("c")]).unwrap();
        let c = RecordSchema::new(vec![Field::new("id", FieldType::BigInt).not_null()]).unwrap();
        assert!(a.has_layout_of(&b) && a != b);
        assert!(!a.has_layout_of(&c));
    }
}
