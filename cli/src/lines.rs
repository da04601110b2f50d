//! Records as lines of JSON, in and out.
//!
//! A tuple is a list of values in the order of the columns, an object of values by column name, or an object
//! whose member `values` is one of these and whose other members hold attributes and routing keys. A blob is
//! an object with `data` (base64) or `text`, or a plain JSON string. Records that were shown by a get can be
//! put as they are: members that the service sets are passed over.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hubstream::record::{FieldType, Record, RecordBatch, RecordBatchBuilder, RecordSchema, Value};
use indexmap::IndexMap;
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};

use crate::failure::Failure;

/// Members of a record that only the service sets.
const SET_BY_SERVICE: &[&str] = &[
    "sequence",
    "system_time",
    "cursor",
    "next_cursor",
    "serial",
    "batch_index",
    "batch_size",
    "error",
];

/// Members of a record that say where it stands, for programs; lines of records are shorter without them.
pub(crate) const CURSORS: [&str; 2] = ["cursor", "next_cursor"];

type Members<'a> = IndexMap<String, &'a RawValue>;

/// Makes batches of records from lines, so that no batch is larger than asked for.
pub(crate) struct Reader {
    schema: Option<Arc<RecordSchema>>,
    builder: RecordBatchBuilder,
    line: usize,
}

impl Reader {
    /// Starts to read records of these columns; `None` stands for blobs.
    pub(crate) fn new(schema: Option<Arc<RecordSchema>>) -> Self {
        Self {
            builder: builder(schema.as_ref()),
            schema,
            line: 0,
        }
    }

    /// The number of records that wait.
    pub(crate) fn len(&self) -> usize {
        self.builder.len()
    }

    /// The size of the records that wait, in bytes.
    pub(crate) fn byte_size(&self) -> usize {
        self.builder.byte_size()
    }

    /// Adds the record of a line; an empty line is passed over.
    pub(crate) fn push(&mut self, line: &str) -> Result<(), Failure> {
        self.line += 1;
        if line.trim().is_empty() {
            return Ok(());
        }
        self.push_record(line)
            .map_err(|problem| Failure::usage(format!("line {}: {problem}", self.line)))
    }

    /// Adds a record in JSON, or says what is wrong with it.
    pub(crate) fn push_record(&mut self, json: &str) -> Result<(), String> {
        match self.schema.clone() {
            Some(schema) => self.push_tuple(&schema, json),
            None => self.push_blob(json),
        }
    }

    /// Takes the records that wait.
    pub(crate) fn take(&mut self) -> Result<RecordBatch, Failure> {
        let full = std::mem::replace(&mut self.builder, builder(self.schema.as_ref()));
        full.build().map_err(Failure::from)
    }

    fn push_tuple(&mut self, schema: &RecordSchema, line: &str) -> Result<(), String> {
        if line.trim_start().starts_with('[') {
            return self.push_list(schema, line);
        }
        let members: Members<'_> = decode(line)?;
        match members.get("values") {
            Some(values) if values.get().starts_with('[') => {
                self.push_list(schema, values.get())?;
            }
            Some(values) => self.push_columns(schema, &decode(values.get())?)?,
            None => return self.push_columns(schema, &members),
        }
        self.push_keys(&members, "values")
    }

    fn push_list(&mut self, schema: &RecordSchema, text: &str) -> Result<(), String> {
        let values: Vec<&RawValue> = decode(text)?;
        if values.len() != schema.len() {
            return Err(format!(
                "has {} values for {} columns",
                values.len(),
                schema.len()
            ));
        }
        self.push_values(schema, values.into_iter().map(Some))
    }

    fn push_columns(&mut self, schema: &RecordSchema, members: &Members<'_>) -> Result<(), String> {
        let mut values = vec![None; schema.len()];
        for (name, value) in members {
            let column = schema
                .position(name)
                .ok_or_else(|| format!("`{name}` is not a column of the topic"))?;
            if values[column].replace(*value).is_some() {
                return Err(format!("column `{name}` occurs twice"));
            }
        }
        self.push_values(schema, values.into_iter())
    }

    fn push_values<'a>(
        &mut self,
        schema: &RecordSchema,
        values: impl Iterator<Item = Option<&'a RawValue>>,
    ) -> Result<(), String> {
        self.builder
            .begin_row()
            .map_err(|error| error.to_string())?;
        for (field, value) in schema.fields().iter().zip(values) {
            let pushed = match value.map(RawValue::get) {
                None | Some("null") => self.builder.push_null().map_err(|error| error.to_string()),
                Some(raw) => self.push_value(field.field_type, raw),
            };
            if let Err(problem) = pushed {
                self.builder.abandon_row();
                return Err(if problem.contains("field `") {
                    problem
                } else {
                    format!("field `{}`: {problem}", field.name)
                });
            }
        }
        self.builder.end_row().map_err(|error| error.to_string())
    }

    fn push_value(&mut self, kind: FieldType, raw: &str) -> Result<(), String> {
        let outcome = match (kind, raw.as_bytes().first()) {
            (_, Some(b'"')) => {
                let text: String = decode(raw)?;
                if text.is_empty() && kind != FieldType::String {
                    return Err(format!("an empty text is not a value for {kind}; use null"));
                }
                self.builder.push_text(&text)
            }
            (FieldType::Json, _) => self.builder.push_text(raw),
            (FieldType::String, _) => return Err("must be a JSON string".to_owned()),
            (_, Some(b't' | b'f')) => self.builder.push_boolean(raw == "true"),
            (_, Some(b'{' | b'[')) => return Err(format!("must be a value for {kind}")),
            _ => self.builder.push_text(raw),
        };
        outcome.map_err(|error| error.to_string())
    }

    fn push_blob(&mut self, line: &str) -> Result<(), String> {
        if line.trim_start().starts_with('"') {
            let text: String = decode(line)?;
            return self
                .builder
                .push_blob(text.as_bytes())
                .map_err(|error| error.to_string());
        }
        let members: Members<'_> = decode(line)?;
        let (name, bytes) = match (members.get("data"), members.get("text")) {
            (Some(data), None) => {
                let text: String = decode(data.get())?;
                let bytes = STANDARD
                    .decode(text)
                    .map_err(|_| "`data` must be base64".to_owned())?;
                ("data", bytes)
            }
            (None, Some(text)) => ("text", decode::<String>(text.get())?.into_bytes()),
            _ => return Err("needs either `data` (base64) or `text`".to_owned()),
        };
        self.builder
            .push_blob(&bytes)
            .map_err(|error| error.to_string())?;
        self.push_keys(&members, name)
    }

    fn push_keys(&mut self, members: &Members<'_>, content: &str) -> Result<(), String> {
        for (name, value) in members {
            let raw = value.get();
            let set = match name.as_str() {
                name if name == content || SET_BY_SERVICE.contains(&name) => continue,
                "attributes" => self
                    .builder
                    .set_attributes(decode::<IndexMap<String, String>>(raw)?),
                "shard_id" => self.builder.set_shard_id(&decode::<String>(raw)?),
                "hash_key" => self.builder.set_hash_key(&decode::<String>(raw)?),
                "partition_key" => self.builder.set_partition_key(&decode::<String>(raw)?),
                _ => return Err(format!("`{name}` is not known here")),
            };
            set.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

fn builder(schema: Option<&Arc<RecordSchema>>) -> RecordBatchBuilder {
    schema.map_or_else(RecordBatchBuilder::blobs, |schema| {
        RecordBatchBuilder::tuples(Arc::clone(schema))
    })
}

fn decode<'a, T: serde::Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// Shows a record as JSON: a value that cannot be decoded makes it an object with the member `error`.
pub(crate) fn show(record: Record<'_>) -> Json {
    let mut members = serde_json::Map::new();
    members.insert("sequence".to_owned(), record.sequence().into());
    members.insert("system_time".to_owned(), record.system_time().into());
    let attributes: serde_json::Map<_, _> = record
        .attributes()
        .map(|(key, value)| (key.to_owned(), value.into()))
        .collect();
    if !attributes.is_empty() {
        members.insert("attributes".to_owned(), attributes.into());
    }
    for (name, key) in [
        (CURSORS[0], record.cursor()),
        (CURSORS[1], record.next_cursor()),
        ("shard_id", record.shard_id()),
        ("hash_key", record.hash_key()),
        ("partition_key", record.partition_key()),
    ] {
        if let Some(key) = key {
            members.insert(name.to_owned(), key.into());
        }
    }
    match content(&record) {
        Ok((name, content)) => members.insert(name.to_owned(), content),
        Err(error) => members.insert("error".to_owned(), error.to_string().into()),
    };
    members.into()
}

fn content(record: &Record<'_>) -> hubstream::error::Result<(&'static str, Json)> {
    let Some(schema) = record.schema() else {
        let blob = record.blob()?;
        return Ok(match std::str::from_utf8(blob) {
            Ok(text) => ("text", text.into()),
            Err(_) => ("data", STANDARD.encode(blob).into()),
        });
    };
    let mut values = serde_json::Map::new();
    for (field, value) in schema.fields().iter().zip(record.values()) {
        values.insert(field.name.clone(), shown(value?));
    }
    Ok(("values", values.into()))
}

fn shown(value: Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::TinyInt(number) => number.into(),
        Value::SmallInt(number) => number.into(),
        Value::Integer(number) => number.into(),
        Value::BigInt(number) | Value::Timestamp(number) => number.into(),
        // By its shortest digits, which a 64-bit number of the same value would not have.
        Value::Float(number) => number
            .to_string()
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .map_or_else(|| json!(number.to_string()), Json::from),
        Value::Double(number) if number.is_finite() => number.into(),
        Value::Double(number) => number.to_string().into(),
        Value::Boolean(value) => value.into(),
        Value::String(text) | Value::Decimal(text) | Value::Json(text) => text.into(),
        other => format!("{other}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader() -> Reader {
        Reader::new(Some(
            crate::columns::parse(
                "id:BIGINT:notnull,x:DOUBLE,ok:BOOLEAN,name:STRING,price:DECIMAL,doc:JSON,f:FLOAT",
            )
            .unwrap(),
        ))
    }

    #[test]
    fn all_forms_of_a_tuple_read_the_same() {
        let mut reader = reader();
        for line in [
            r#"[9223372036854775807, 1.5, true, "n", 0.10, {"a":1}, 0.1]"#,
            r#"{"id":"9223372036854775807","x":1.5,"ok":true,"name":"n","price":"0.10","doc":"{\"a\":1}","f":0.1}"#,
            "",
            r#"{"sequence":7,"values":[9223372036854775807,1.5,true,"n",0.10,{"a":1},0.1],"attributes":{"k":"v"},"shard_id":"0"}"#,
        ] {
            reader.push(line).unwrap();
        }
        let batch = reader.take().unwrap();
        assert_eq!((batch.len(), reader.len()), (3, 0));
        let values = json!({
            "id": i64::MAX, "x": 1.5, "ok": true, "name": "n", "price": "0.10", "doc": "{\"a\":1}", "f": 0.1
        });
        for record in &batch {
            assert_eq!(show(record)["values"], values);
        }
        assert_eq!(show(batch.get(2).unwrap())["attributes"], json!({"k": "v"}));
    }

    #[test]
    fn bad_lines_are_named() {
        for (line, problem) in [
            ("[1]", "has 1 values for 7 columns"),
            (r#"{"nope":1}"#, "`nope` is not a column"),
            (r#"{"id":1,"ID":2}"#, "occurs twice"),
            (r#"{"id":null}"#, "field `id`: null"),
            (r#"{"id":1.5}"#, "field `id`"),
            (r#"{"id":""}"#, "an empty text"),
            (
                r#"{"id":1,"name":5}"#,
                "field `name`: must be a JSON string",
            ),
            (
                r#"{"id":1,"x":[1]}"#,
                "field `x`: must be a value for DOUBLE",
            ),
            (
                r#"{"values":{"id":1},"color":"red"}"#,
                "`color` is not known here",
            ),
            ("{", "EOF"),
        ] {
            let mut reader = reader();
            reader.push("[1,null,null,null,null,null,null]").unwrap();
            let failure = reader.push(line).unwrap_err();
            let text = format!("{failure:?}");
            assert!(
                text.contains("line 2: ") && text.contains(problem),
                "{line}: {text}"
            );
        }
    }

    #[test]
    fn blobs_are_text_or_base64() {
        let mut reader = Reader::new(None);
        for line in [
            r#""héllo""#,
            r#"{"text":"héllo"}"#,
            r#"{"data":"/w==","partition_key":"p"}"#,
        ] {
            reader.push(line).unwrap();
        }
        for line in ["{}", r#"{"data":"?"}"#, r#"{"data":"","text":""}"#] {
            assert!(reader.push(line).is_err(), "{line}");
        }
        let batch = reader.take().unwrap();
        let shown: Vec<Json> = batch.iter().map(show).collect();
        assert_eq!(shown[0]["text"], "héllo");
        assert_eq!(shown[1]["text"], "héllo");
        assert_eq!(
            (&shown[2]["data"], &shown[2]["partition_key"]),
            (&json!("/w=="), &json!("p"))
        );
    }
}
