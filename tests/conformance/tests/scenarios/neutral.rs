//! What the values of scenario files stand for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use hubstream::dynamic::Value;
use hubstream::error::Error;
use hubstream::record::{Field, FieldType, RecordBatch, RecordBatchBuilder, RecordSchema};
use toml::Value as Toml;

/// Variables and schemas that values may refer to.
pub(crate) struct Names {
    pub(crate) variables: BTreeMap<String, Value>,
    pub(crate) schemas: BTreeMap<String, Arc<RecordSchema>>,
}

/// Makes a schema of `[["column", "TYPE", "notnull"], …]`.
pub(crate) fn schema(columns: &[Vec<String>]) -> Arc<RecordSchema> {
    let fields = columns.iter().map(|column| {
        let field_type = FieldType::from_name(&column[1]).expect("a type of columns");
        let field = Field::new(column[0].as_str(), field_type);
        match column.get(2).map(String::as_str) {
            None => field,
            Some("notnull") => field.not_null(),
            Some(other) => panic!("a column is `notnull` or not, never `{other}`"),
        }
    });
    Arc::new(RecordSchema::new(fields.collect()).expect("a schema"))
}

impl Names {
    /// Puts variables into a text; a text that is nothing but a variable becomes its value.
    pub(crate) fn text(&self, text: &str) -> Value {
        if let Some(name) = text
            .strip_prefix("${")
            .and_then(|rest| rest.strip_suffix('}'))
            && !name.contains('}')
        {
            return self.variable(name);
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').expect("`${` ends with `}`");
            out.push_str(before);
            match self.variable(name) {
                Value::Text(text) => out.push_str(&text),
                Value::Integer(number) => out.push_str(&number.to_string()),
                other => panic!("`{name}` is {} and cannot stand in a text", other.kind()),
            }
            rest = after;
        }
        Value::Text(out + rest)
    }

    fn variable(&self, expression: &str) -> Value {
        let at = expression.find(['+', '-']).unwrap_or(expression.len());
        let (name, offset) = expression.split_at(at);
        let value = self.variables.get(name);
        let value = value.unwrap_or_else(|| panic!("there is no variable `{name}`"));
        match (value, offset) {
            (value, "") => value.clone(),
            (Value::Integer(number), offset) => {
                Value::Integer(number + offset.parse::<i64>().expect("a number"))
            }
            (other, _) => panic!("`{name}` is {}, not a number", other.kind()),
        }
    }

    /// The value of an argument, or of a member of one.
    pub(crate) fn argument(&self, value: &Toml) -> Result<Value, Error> {
        Ok(match value {
            Toml::String(text) if text == "$null" => Value::Null,
            Toml::String(text) => self.text(text),
            Toml::Integer(number) => Value::Integer(*number),
            Toml::Float(number) => Value::Double(*number),
            Toml::Boolean(value) => Value::Boolean(*value),
            Toml::Datetime(_) => panic!("dates do not occur"),
            Toml::Array(items) => Value::List(
                items
                    .iter()
                    .map(|item| self.argument(item))
                    .collect::<Result<_, _>>()?,
            ),
            Toml::Table(table) => {
                if let Some(special) = self.special(table)? {
                    return Ok(special);
                }
                let table: toml::Table = table
                    .iter()
                    .map(|(name, value)| match name.as_str() {
                        "$model" => ("kind".to_owned(), value.clone()),
                        _ => (name.clone(), value.clone()),
                    })
                    .collect();
                let members = table
                    .iter()
                    .map(|(name, value)| Ok((Cow::Owned(name.clone()), self.argument(value)?)));
                Value::Map(members.collect::<Result<_, Error>>()?)
            }
        })
    }

    /// The value that a table with a member in `$` stands for; nothing for others.
    pub(crate) fn special(&self, table: &toml::Table) -> Result<Option<Value>, Error> {
        let text = |name: &str| table.get(name).and_then(Toml::as_str);
        Ok(Some(if let Some(hex) = text("$hex") {
            Value::Bytes(bytes_of_hex(hex).into())
        } else if let Some(text) = text("$utf8") {
            Value::Bytes(text.to_owned().into())
        } else if let Some(name) = text("$enum") {
            let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
            Value::Text(name.to_owned())
        } else if let Some(text) = text("$repeat") {
            let times = table
                .get("times")
                .and_then(Toml::as_integer)
                .expect("`times`");
            Value::Text(text.repeat(times as usize))
        } else if let Some(name) = text("$schema") {
            Value::RecordSchema(Arc::clone(&self.schemas[name]))
        } else if let Some(records) = table.get("$records").and_then(Toml::as_array) {
            Value::Records(self.records(records, text("schema"))?)
        } else {
            return Ok(None);
        }))
    }

    fn records(&self, records: &[Toml], schema: Option<&str>) -> Result<RecordBatch, Error> {
        let mut builder = match schema {
            Some(name) => RecordBatchBuilder::tuples(Arc::clone(&self.schemas[name])),
            None => RecordBatchBuilder::blobs(),
        };
        for record in records {
            self.record(&mut builder, record)?;
        }
        builder.build()
    }

    fn record(&self, builder: &mut RecordBatchBuilder, record: &Toml) -> Result<(), Error> {
        if let Some(data) = record.get("data") {
            match self.argument(data)? {
                Value::Text(text) => builder.push_blob(text.as_bytes())?,
                Value::Bytes(bytes) => builder.push_blob_bytes(bytes)?,
                other => panic!("data is text or bytes, not {}", other.kind()),
            }
        } else {
            builder.begin_row()?;
            for value in record
                .get("values")
                .and_then(Toml::as_array)
                .expect("`values` or `data`")
            {
                match self.argument(value)? {
                    Value::Null => builder.push_null()?,
                    Value::Boolean(value) => builder.push_boolean(value)?,
                    Value::Integer(value) => builder.push_integer(value)?,
                    Value::Double(value) => builder.push_double(value)?,
                    Value::Text(text) => builder.push_text(&text)?,
                    other => panic!("{} is not the value of a column", other.kind()),
                }
            }
            builder.end_row()?;
        }
        let key = |name: &str| record.get(name).and_then(Toml::as_str).unwrap_or_default();
        builder.set_shard_id(key("shard_id"))?;
        builder.set_hash_key(key("hash_key"))?;
        builder.set_partition_key(key("partition_key"))?;
        if let Some(attributes) = record.get("attributes").and_then(Toml::as_table) {
            let pairs = attributes
                .iter()
                .map(|(name, value)| match self.argument(value)? {
                    Value::Text(text) => Ok((name.clone(), text)),
                    other => panic!("an attribute is text, not {}", other.kind()),
                });
            builder.set_attributes(pairs.collect::<Result<Vec<_>, Error>>()?)?;
        }
        Ok(())
    }
}

fn bytes_of_hex(hex: &str) -> Vec<u8> {
    let digit = |place: usize| u8::from_str_radix(&hex[place..place + 2], 16).expect("two digits");
    (0..hex.len()).step_by(2).map(digit).collect()
}
