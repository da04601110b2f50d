//! Record schemas: their text, their versions, and the calls of the schema registry.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::{Call, Reply};
use super::error::Error;
use super::members::Members;
use super::names;
use super::state::{State, Topic, TopicMeta};
use super::value::ColumnType;

/// Most schemas of one page.
const PAGE_SIZE: i64 = 100;

/// A column of a tuple topic.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Column {
    /// In lower case.
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: ColumnType,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) notnull: bool,
    /// Any scalar; some clients send booleans and expect them back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<Value>,
}

/// The columns of a tuple topic. Serialised it is the text that clients exchange.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Schema {
    pub(super) fields: Vec<Column>,
}

/// One of the schemas that a topic has had.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SchemaVersion {
    pub(super) id: i64,
    pub(super) schema: Arc<Schema>,
    /// In seconds.
    pub(super) created: i64,
}

impl Schema {
    /// Reads the text of a schema.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let value: Value =
            serde_json::from_str(text).map_err(|_| invalid("it is not valid JSON"))?;
        let fields = value.get("fields").and_then(Value::as_array);
        let fields = fields.ok_or_else(|| invalid("it has no list of fields"))?;
        let schema = Self {
            fields: fields.iter().map(parse_column).collect::<Result<_, _>>()?,
        };
        if schema.fields.is_empty() {
            return Err(invalid("it has no fields"));
        }
        let mut names: Vec<&str> = schema
            .fields
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(invalid(&format!("it has more than one field {}", pair[0]))),
            None => Ok(schema),
        }
    }

    pub(super) fn text(&self) -> String {
        json!(self).to_string()
    }

    /// Whether both describe the same columns; a missing comment equals an empty one.
    fn same(&self, other: &Self) -> bool {
        let comment = |column: &Column| column.comment.clone().unwrap_or_else(|| Value::from(""));
        self.fields.len() == other.fields.len()
            && self.fields.iter().zip(&other.fields).all(|(one, other)| {
                one.name == other.name
                    && one.kind == other.kind
                    && one.notnull == other.notnull
                    && comment(one) == comment(other)
            })
    }

    /// Whether this begins with all columns of `other`.
    pub(super) fn extends(&self, other: &Self) -> bool {
        let shared = Self {
            fields: self
                .fields
                .iter()
                .take(other.fields.len())
                .cloned()
                .collect(),
        };
        shared.same(other)
    }
}

fn parse_column(value: &Value) -> Result<Column, Error> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let name = text("name").ok_or_else(|| invalid("a field has no name"))?;
    names::check_column(name)?;
    let kind = text("type").ok_or_else(|| invalid("a field has no type"))?;
    let kind = ColumnType::named(kind)
        .ok_or_else(|| invalid(&format!("the type of field {name} is not known")))?;
    let notnull = match value.get("notnull") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(notnull)) => *notnull,
        Some(_) => {
            return Err(invalid(&format!(
                "notnull of field {name} is not a boolean"
            )));
        }
    };
    let comment = match value.get("comment") {
        None | Some(Value::Null) => None,
        Some(Value::Object(_) | Value::Array(_)) => {
            return Err(invalid(&format!(
                "the comment of field {name} is not a scalar"
            )));
        }
        Some(comment) => Some(comment.clone()),
    };
    Ok(Column {
        name: name.to_ascii_lowercase(),
        kind,
        notnull,
        comment,
    })
}

fn invalid(reason: &str) -> Error {
    Error::invalid_parameter(format!("The record schema is invalid: {reason}."))
}

impl TopicMeta {
    /// Every schema that the topic ever had.
    pub(super) fn schemas_ever(&self) -> Cow<'_, [SchemaVersion]> {
        if self.retired.is_empty() {
            return Cow::Borrowed(&self.schemas);
        }
        [self.schemas.as_slice(), &self.retired].concat().into()
    }
}

impl Topic {
    fn version_of(&self, schema: &Schema) -> Option<&SchemaVersion> {
        self.meta
            .schemas
            .iter()
            .rev()
            .find(|version| version.schema.same(schema))
    }

    /// Adds a schema that becomes the current one, and returns its version.
    pub(super) fn add_schema(&mut self, schema: Schema, now: i64) -> i64 {
        let id = self.meta.next_schema;
        let keeps_writers = self.schema().is_some_and(|current| schema.extends(current));
        if !keeps_writers {
            self.meta.write_width = schema.fields.len();
        }
        self.meta.next_schema += 1;
        self.meta.schemas.push(SchemaVersion {
            id,
            schema: Arc::new(schema),
            created: now,
        });
        id
    }
}

fn described(version: &SchemaVersion, owner: &str) -> Value {
    json!({
        "VersionId": version.id,
        "RecordSchema": version.schema.text(),
        "CreateTime": version.created,
        "Creator": owner,
    })
}

/// Lists the schemas of a topic, oldest first.
pub(super) fn list(call: &Call<'_>, state: &mut State, body: &Members) -> Result<Reply, Error> {
    let topic = state.topic(call.project, call.topic)?;
    let total = topic.meta.schemas.len();
    let number = body.integer("PageNumber")?.unwrap_or(-1);
    let size = body.integer("PageSize")?.unwrap_or(-1);
    let (number, size, skipped) = if number <= 0 && size <= 0 {
        (1, total.max(1), 0)
    } else {
        let size = usize::try_from(if size <= 0 { PAGE_SIZE } else { size }).unwrap_or(usize::MAX);
        let number = usize::try_from(number.max(1)).unwrap_or(usize::MAX);
        (number, size, (number - 1).saturating_mul(size))
    };
    let page: Vec<Value> = topic
        .meta
        .schemas
        .iter()
        .skip(skipped)
        .take(size)
        .map(|v| described(v, call.owner))
        .collect();
    Ok(Reply::json(&json!({
        "PageCount": total.div_ceil(size).max(1),
        "PageNumber": number,
        "PageSize": size,
        "TotalCount": total,
        "RecordSchemaList": page,
    })))
}

/// Finds a schema by its version or by its content.
pub(super) fn get(call: &Call<'_>, state: &mut State, body: &Members) -> Result<Reply, Error> {
    let topic = state.topic(call.project, call.topic)?;
    let wanted = body.text("RecordSchema")?.filter(|text| !text.is_empty());
    let version = match (body.integer("VersionId")?.filter(|id| *id >= 0), wanted) {
        (Some(id), _) => topic
            .meta
            .schemas
            .iter()
            .find(|version| version.id == id)
            .ok_or_else(|| {
                Error::invalid_parameter(format!("The schema version {id} does not exist."))
            })?,
        (None, Some(text)) => topic
            .version_of(&Schema::parse(text)?)
            .ok_or_else(|| Error::invalid_schema("The specified schema is not registered."))?,
        (None, None) => {
            return Err(Error::invalid_parameter(
                "Neither VersionId nor RecordSchema is given.",
            ));
        }
    };
    Ok(Reply::json(&described(version, call.owner)))
}

/// Registers a schema, which becomes the topic's current one; a known schema keeps its version.
pub(super) fn register(call: &Call<'_>, state: &mut State, body: &Members) -> Result<Reply, Error> {
    let schema = Schema::parse(body.required_text("RecordSchema")?)?;
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    topic.expect_tuples()?;
    let known = topic.version_of(&schema).map(|version| version.id);
    let id = known.unwrap_or_else(|| {
        let id = topic.add_schema(schema, call.now_seconds());
        topic.meta.modified = call.now_seconds();
        journal.put_topic(topic);
        id
    });
    Ok(Reply::json(&json!({ "VersionId": id })))
}

/// Deletes a version of a topic's schema; the last one stays.
pub(super) fn delete(call: &Call<'_>, state: &mut State, body: &Members) -> Result<Reply, Error> {
    let id = body.required_integer("VersionId")?;
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    let schemas = &mut topic.meta.schemas;
    let at = schemas.iter().position(|version| version.id == id);
    let at = at.ok_or_else(|| {
        Error::invalid_parameter(format!("The schema version {id} does not exist."))
    })?;
    if schemas.len() == 1 {
        return Err(Error::invalid_parameter(
            "The only schema version of a topic cannot be deleted.",
        ));
    }
    let retired = schemas.remove(at);
    topic.meta.retired.push(retired);
    let width = topic.schema().map_or(0, |schema| schema.fields.len());
    topic.meta.write_width = topic.meta.write_width.min(width);
    topic.meta.modified = call.now_seconds();
    journal.put_topic(topic);
    Ok(Reply::empty())
}

/// The columns that a body names: several, or one under the members of earlier clients. All take NULLs.
fn appended(body: &Members) -> Result<Vec<Column>, Error> {
    let column = |name: &str, kind: &str, comment: Option<&str>| {
        names::check_column(name)?;
        Ok(Column {
            name: name.to_ascii_lowercase(),
            kind: ColumnType::named(kind)
                .ok_or_else(|| Error::invalid_parameter("The field type is not known."))?,
            notnull: false,
            comment: comment.filter(|text| !text.is_empty()).map(Value::from),
        })
    };
    if !body.has("Fields") {
        let (name, kind) = (
            body.required_text("FieldName")?,
            body.required_text("FieldType")?,
        );
        return Ok(vec![column(name, kind, None)?]);
    }
    let fields = body.list_of_objects("Fields")?;
    if fields.is_empty() {
        return Err(Error::invalid_parameter("The member Fields is empty."));
    }
    let columns = fields.iter().map(|field| {
        column(
            field.required_text("Name")?,
            field.required_text("Type")?,
            field.text("Comment")?,
        )
    });
    columns.collect()
}

/// Adds a nullable column at the end of a topic's schema.
pub(super) fn append_field(
    call: &Call<'_>,
    state: &mut State,
    body: &Members,
) -> Result<Reply, Error> {
    let columns = appended(body)?;
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    topic.expect_tuples()?;
    let mut schema = topic
        .schema()
        .map_or(Schema { fields: Vec::new() }, |schema| (**schema).clone());
    for column in columns {
        if schema.fields.iter().any(|other| other.name == column.name) {
            return Err(Error::invalid_parameter(format!(
                "The field {} already exists.",
                column.name
            )));
        }
        schema.fields.push(column);
    }
    topic.add_schema(schema, call.now_seconds());
    topic.meta.modified = call.now_seconds();
    journal.put_topic(topic);
    Ok(Reply::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_normalised() {
        let text = r#"{"fields": [{"name": "F1", "type": "string", "comment": false, "notnull": true},
                       {"name": "f2", "type": "Double", "notnull": false, "comment": ""}]}"#;
        let schema = Schema::parse(text).expect("schema");
        assert_eq!(
            schema.text(),
            r#"{"fields":[{"name":"f1","type":"STRING","notnull":true,"comment":false},{"name":"f2","type":"DOUBLE","comment":""}]}"#
        );
        let bare = r#"{"fields":[{"name":"f2","type":"DOUBLE"}]}"#;
        let commented = r#"{"fields":[{"name":"F2","type":"double","comment":""}]}"#;
        assert!(
            Schema::parse(bare)
                .expect("bare")
                .same(&Schema::parse(commented).expect("commented"))
        );
    }

    #[test]
    fn bad_schemas_are_refused() {
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"fields":[]}"#,
            r#"{"fields":[{"name":"a"}]}"#,
            r#"{"fields":[{"name":"a","type":"DATE"}]}"#,
            r#"{"fields":[{"name":"","type":"STRING"}]}"#,
            r#"{"fields":[{"name":"a","type":"STRING"},{"name":"A","type":"BIGINT"}]}"#,
            r#"{"fields":[{"name":"a","type":"STRING","comment":{}}]}"#,
            r#"{"fields":[{"name":"a","type":"STRING","notnull":"x"}]}"#,
        ] {
            assert_eq!(
                Schema::parse(bad).map_err(|error| error.code).err(),
                Some("InvalidParameter"),
                "{bad}"
            );
        }
    }
}
