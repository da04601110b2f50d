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
use crate::line::{Line, Members, Problem};

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

    /// Adds the record of a line; an empty line is passed over, and so is a mark of UTF-8 before the first one.
    pub(crate) fn push(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.line += 1;
        let number = self.line;
        let text = std::str::from_utf8(line)
            .map_err(|_| Failure::usage(format!("line {number}: is not UTF-8 text")))?;
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) if self.line == 1 => rest,
            _ => text,
        };
        if text.trim().is_empty() {
            return Ok(());
        }
        self.push_record(text).map_err(|problem| {
            let column = problem.column.map(|column| format!(", column {column}"));
            let text = problem.text;
            Failure::usage(format!(
                "line {number}{}: {text}",
                column.unwrap_or_default()
            ))
        })
    }

    /// Adds a record in JSON, or says what is wrong with it.
    pub(crate) fn push_record(&mut self, json: &str) -> Result<(), Problem> {
        match self.schema.clone() {
            Some(schema) => self.push_tuple(&schema, Line(json)),
            None => self.push_blob(Line(json)),
        }
    }

    /// Takes the records that wait.
    pub(crate) fn take(&mut self) -> Result<RecordBatch, Failure> {
        let full = std::mem::replace(&mut self.builder, builder(self.schema.as_ref()));
        full.build().map_err(Failure::from)
    }

    fn push_tuple(&mut self, schema: &RecordSchema, line: Line<'_>) -> Result<(), Problem> {
        if line.0.trim_start().starts_with('[') {
            return self.push_list(schema, line, line.0);
        }
        let wanted = "one record: a list of values, or an object of values by column name";
        let members: Members<'_> = line.read(line.0, wanted)?;
        match members.get("values").map(RawValue::get) {
            Some(values) if values.starts_with('[') => self.push_list(schema, line, values)?,
            Some(values) => {
                let wanted = "a list of values, or an object of values by column name";
                self.push_columns(schema, line, &line.read(values, wanted)?)?;
            }
            None => return self.push_columns(schema, line, &members),
        }
        self.push_keys(line, &members, "values")
    }

    fn push_list<'a>(
        &mut self,
        schema: &RecordSchema,
        line: Line<'a>,
        text: &'a str,
    ) -> Result<(), Problem> {
        let values: Vec<&'a RawValue> = line.read(text, "a list of values")?;
        if values.len() != schema.len() {
            let (values, columns) = (values.len(), schema.len());
            return Err(format!("has {values} values for {columns} columns").into());
        }
        self.push_values(schema, line, values.into_iter().map(Some))
    }

    fn push_columns<'a>(
        &mut self,
        schema: &RecordSchema,
        line: Line<'a>,
        members: &Members<'a>,
    ) -> Result<(), Problem> {
        let mut values = vec![None; schema.len()];
        for (name, value) in &members.0 {
            let column = schema
                .position(name)
                .ok_or_else(|| format!("`{name}` is not a column of the topic"))?;
            if values[column].replace(*value).is_some() {
                return Err(format!("column `{name}` occurs twice").into());
            }
        }
        self.push_values(schema, line, values.into_iter())
    }

    fn push_values<'a>(
        &mut self,
        schema: &RecordSchema,
        line: Line<'a>,
        values: impl Iterator<Item = Option<&'a RawValue>>,
    ) -> Result<(), Problem> {
        self.builder.begin_row()?;
        for (field, value) in schema.fields().iter().zip(values) {
            let pushed = match value.map(RawValue::get) {
                None | Some("null") => self.builder.push_null().map_err(Problem::from),
                Some(raw) => self.push_value(field.field_type, line, raw),
            };
            if let Err(mut problem) = pushed {
                self.builder.abandon_row();
                if !problem.text.starts_with("field `") {
                    problem.text = format!("field `{}`: {}", field.name, problem.text);
                }
                return Err(problem);
            }
        }
        Ok(self.builder.end_row()?)
    }

    fn push_value<'a>(
        &mut self,
        kind: FieldType,
        line: Line<'a>,
        raw: &'a str,
    ) -> Result<(), Problem> {
        match (kind, raw.as_bytes().first()) {
            (_, Some(b'"')) => {
                let text: String = line.read(raw, "a text")?;
                if text.is_empty() && kind != FieldType::String {
                    let told = format!("an empty text is not a value for {kind}; use null");
                    return Err(told.into());
                }
                self.builder.push_text(&text)?;
            }
            (FieldType::Json, _) => self.builder.push_text(raw)?,
            (FieldType::String, _) => return Err("must be a JSON string".to_owned().into()),
            (_, Some(b't' | b'f')) => self.builder.push_boolean(raw == "true")?,
            (_, Some(b'{' | b'[')) => return Err(format!("must be a value for {kind}").into()),
            _ => self.builder.push_text(raw)?,
        }
        Ok(())
    }

    fn push_blob(&mut self, line: Line<'_>) -> Result<(), Problem> {
        if line.0.trim_start().starts_with('"') {
            let text: String = line.read(line.0, "one text")?;
            return Ok(self.builder.push_blob(text.as_bytes())?);
        }
        let wanted = "one record: a text, or an object with `data` (base64) or `text`";
        let members: Members<'_> = line.read(line.0, wanted)?;
        let (name, bytes) = match (members.get("data"), members.get("text")) {
            (Some(data), None) => {
                let text: String = line.read(data.get(), "a text, the bytes in base64")?;
                let bytes = STANDARD
                    .decode(text)
                    .map_err(|_| "`data` must be base64".to_owned())?;
                ("data", bytes)
            }
            (None, Some(text)) => {
                let text: String = line.read(text.get(), "a text")?;
                ("text", text.into_bytes())
            }
            _ => {
                let told = "needs either `data` (base64) or `text`".to_owned();
                return Err(told.into());
            }
        };
        self.builder.push_blob(&bytes)?;
        self.push_keys(line, &members, name)
    }

    fn push_keys<'a>(
        &mut self,
        line: Line<'a>,
        members: &Members<'a>,
        content: &str,
    ) -> Result<(), Problem> {
        for (place, (name, value)) in members.0.iter().enumerate() {
            if members.0[..place].iter().any(|(before, _)| before == name) {
                return Err(format!("`{name}` occurs twice").into());
            }
            let raw = value.get();
            let wanted = format!("a text as `{name}`");
            match name.as_str() {
                name if name == content || SET_BY_SERVICE.contains(&name) => {}
                "attributes" => {
                    let wanted = "an object of texts as `attributes`";
                    let pairs: IndexMap<String, String> = line.read(raw, wanted)?;
                    self.builder.set_attributes(pairs)?;
                }
                "shard_id" => self
                    .builder
                    .set_shard_id(&line.read::<String>(raw, &wanted)?)?,
                "hash_key" => self
                    .builder
                    .set_hash_key(&line.read::<String>(raw, &wanted)?)?,
                "partition_key" => {
                    self.builder
                        .set_partition_key(&line.read::<String>(raw, &wanted)?)?;
                }
                _ => return Err(format!("`{name}` is not known here").into()),
            }
        }
        Ok(())
    }
}

fn builder(schema: Option<&Arc<RecordSchema>>) -> RecordBatchBuilder {
    schema.map_or_else(RecordBatchBuilder::blobs, |schema| {
        RecordBatchBuilder::tuples(Arc::clone(schema))
    })
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
            reader.push(line.as_bytes()).unwrap();
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
    fn documents_have_any_form_and_what_the_service_sets_is_passed_over() {
        let mut reader = reader();
        for document in ["[1]", "true", "5", r#"{"a":[]}"#] {
            let line = format!(
                r#"{{"values":{{"id":1,"doc":{document}}},"sequence":1,"system_time":2,"cursor":"c",
                "next_cursor":"n","serial":3,"batch_index":0,"batch_size":1,"error":"e"}}"#
            );
            reader.push(line.as_bytes()).unwrap();
            let batch = reader.take().unwrap();
            assert_eq!(show(batch.get(0).unwrap())["values"]["doc"], *document);
        }
    }

    /// What is said of the second line of several.
    fn told(mut reader: Reader, first: &str, line: &[u8]) -> String {
        reader.push(first.as_bytes()).unwrap();
        let failure = reader.push(line).unwrap_err();
        failure.message().to_owned()
    }

    #[test]
    fn bad_lines_are_named() {
        let one = "one record: a list of values, or an object of values by column name";
        for (line, problem) in [
            ("[1]", ": has 1 values for 7 columns".to_owned()),
            (
                r#"{"nope":1}"#,
                ": `nope` is not a column of the topic".to_owned(),
            ),
            (
                r#"{"id":1,"ID":2}"#,
                ": column `ID` occurs twice".to_owned(),
            ),
            (
                r#"{"id":1,"id":2}"#,
                ": column `id` occurs twice".to_owned(),
            ),
            (
                r#"{"id":null}"#,
                ": field `id`: null in a column that does not allow it".to_owned(),
            ),
            (
                r#"{"id":1.5}"#,
                ": field `id`: `1.5` is not a valid BIGINT".to_owned(),
            ),
            (
                r#"{"id":""}"#,
                ": field `id`: an empty text is not a value for BIGINT; use null".to_owned(),
            ),
            (
                r#"{"id":1,"name":5}"#,
                ": field `name`: must be a JSON string".to_owned(),
            ),
            (
                r#"{"id":1,"x":[1]}"#,
                ": field `x`: must be a value for DOUBLE".to_owned(),
            ),
            (
                r#"{"values":{"id":1},"color":"red"}"#,
                ": `color` is not known here".to_owned(),
            ),
            (
                r#"{"values":{"id":1},"shard_id":"0","shard_id":"1"}"#,
                ": `shard_id` occurs twice".to_owned(),
            ),
            (
                r#"{"values":{"id":1},"shard_id":77}"#,
                ", column 31: must be a text as `shard_id`".to_owned(),
            ),
            (
                r#"{"values":{"id":1},"attributes":{"k":77}}"#,
                ", column 33: must be an object of texts as `attributes`".to_owned(),
            ),
            (
                r#"{"values":77}"#,
                ", column 11: must be a list of values, or an object of values by column name"
                    .to_owned(),
            ),
            ("77", format!(", column 1: must be {one}")),
            (
                "payload",
                format!(", column 1: is not JSON: expected value; expected {one}"),
            ),
            (
                r#"{"näme": payload}"#,
                format!(", column 10: is not JSON: expected value; expected {one}"),
            ),
            (
                "[1,2,payload]",
                ", column 6: is not JSON: expected value; expected a list of values".to_owned(),
            ),
        ] {
            let text = told(
                reader(),
                "[1,null,null,null,null,null,null]",
                line.as_bytes(),
            );
            assert_eq!(text, format!("line 2{problem}"), "{line}");
        }
        let cut = told(reader(), "", b"{");
        assert!(cut.contains(": is not JSON: EOF while parsing"), "{cut}");
        let latin = told(reader(), "", b"{\"name\": \"n\xe4me\"}");
        assert_eq!(latin, "line 2: is not UTF-8 text");
    }

    #[test]
    fn bad_blobs_are_named_without_their_content() {
        let one = "one record: a text, or an object with `data` (base64) or `text`";
        for (line, problem) in [
            ("{}", ": needs either `data` (base64) or `text`".to_owned()),
            (r#"{"data":"?"}"#, ": `data` must be base64".to_owned()),
            (r#"{"text":77}"#, ", column 9: must be a text".to_owned()),
            ("[77]", format!(", column 1: must be {one}")),
            (
                r#""a" "payload""#,
                ", column 5: is not JSON: trailing characters; expected one text".to_owned(),
            ),
        ] {
            let text = told(Reader::new(None), "", line.as_bytes());
            assert_eq!(text, format!("line 2{problem}"), "{line}");
        }
    }

    #[test]
    fn a_mark_of_utf_8_may_stand_before_the_first_line() {
        let mut reader = Reader::new(None);
        reader.push("\u{feff}\"a\"".as_bytes()).unwrap();
        assert!(reader.push("\u{feff}\"a\"".as_bytes()).is_err());
        assert_eq!(reader.len(), 1);
    }

    #[test]
    fn blobs_are_text_or_base64() {
        let mut reader = Reader::new(None);
        for line in [
            r#""héllo""#,
            r#"{"text":"héllo"}"#,
            r#"{"data":"/w==","partition_key":"p"}"#,
        ] {
            reader.push(line.as_bytes()).unwrap();
        }
        assert!(reader.push(br#"{"data":"","text":""}"#).is_err());
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
