//! Between the values of scenario files and those of calls.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use hubstream::dynamic::Value;
use hubstream::error::Error;
use hubstream::record::{self, Field, FieldType, RecordBatch, RecordBatchBuilder, RecordSchema};
use hubstream::schema::{EnumValue, FieldSchema, ModelSchema, TypeSchema, UnionSchema};
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

/// Gives enumerations in arguments the form that calls have for them.
pub(crate) fn to_wire(value: Value, fields: &[FieldSchema]) -> Value {
    let Value::Map(members) = value else {
        return value;
    };
    let wire = |(name, value): (Cow<'static, str>, Value)| {
        let field = fields.iter().find(|field| field.name == name);
        let value = match field {
            Some(field) => member_to_wire(value, field.ty),
            None => value,
        };
        (name, value)
    };
    Value::Map(members.into_iter().map(wire).collect())
}

fn member_to_wire(value: Value, ty: TypeSchema) -> Value {
    match (value, ty) {
        (value, TypeSchema::Optional(inner)) => member_to_wire(value, *inner),
        (Value::Text(text), TypeSchema::Enum(kind)) => {
            let known = kind.variants.iter().find(|variant| variant.name == text);
            match known.map(|variant| variant.value) {
                Some(EnumValue::Text(text)) => Value::Text(text.to_owned()),
                Some(EnumValue::Number(number)) => Value::Integer(number),
                None => Value::Text(text),
            }
        }
        (value, TypeSchema::Model(model)) => to_wire(value, model.fields),
        (value, TypeSchema::Union(union)) => match model_of(&value, union) {
            Some(model) => to_wire(value, model.fields),
            None => value,
        },
        (value, _) => value,
    }
}

/// The model that a value of a choice names.
fn model_of(value: &Value, union: &UnionSchema) -> Option<&'static ModelSchema> {
    let Some(Value::Text(kind)) = value.get("kind") else {
        return None;
    };
    let mut models = union.models.iter();
    models.find(|model| model.name == kind).copied()
}

/// A result as scenarios see it: plain numbers, names of enumerations, records as lists.
pub(crate) fn result(value: Value, ty: TypeSchema) -> Result<Value, Error> {
    Ok(match (value, ty) {
        (Value::Null, _) => Value::Null,
        (value, TypeSchema::Optional(inner)) => result(value, *inner)?,
        (Value::Text(text), TypeSchema::Enum(kind)) => {
            let same = |value: EnumValue| matches!(value, EnumValue::Text(known) if known == text);
            let known = kind.variants.iter().find(|variant| same(variant.value));
            Value::Text(known.map_or(text, |variant| variant.name.to_owned()))
        }
        (Value::Integer(number) | Value::Long(number), TypeSchema::Enum(kind)) => {
            let known = kind
                .variants
                .iter()
                .find(|variant| variant.value == EnumValue::Number(number));
            known.map_or(Value::Integer(number), |variant| {
                Value::Text(variant.name.to_owned())
            })
        }
        (Value::Long(number), _) => Value::Integer(number),
        (Value::List(items), TypeSchema::List(inner)) => Value::List(
            items
                .into_iter()
                .map(|item| result(item, *inner))
                .collect::<Result<_, _>>()?,
        ),
        (Value::Map(members), TypeSchema::Map(inner)) => Value::Map(
            members
                .into_iter()
                .map(|(name, value)| Ok((name, result(value, *inner)?)))
                .collect::<Result<_, Error>>()?,
        ),
        (Value::Map(members), TypeSchema::Model(model)) => members_of(members, model)?,
        (value @ Value::Map(_), TypeSchema::Union(union)) => match model_of(&value, union) {
            Some(model) => result(value, TypeSchema::Model(model))?,
            None => panic!("{} is none of {}", value.kind(), union.name),
        },
        (Value::Records(batch), _) => Value::List(
            batch
                .iter()
                .map(|record| described(&record))
                .collect::<Result<_, _>>()?,
        ),
        (value, _) => value,
    })
}

fn members_of(
    members: Vec<(Cow<'static, str>, Value)>,
    model: &ModelSchema,
) -> Result<Value, Error> {
    let member = |(name, value): (Cow<'static, str>, Value)| {
        if name == "kind" && model.fields.iter().all(|field| field.name != "kind") {
            return Ok((name, value));
        }
        let field = model.fields.iter().find(|field| field.name == name);
        let ty = field
            .unwrap_or_else(|| panic!("{} has no member `{name}`", model.name))
            .ty;
        Ok((name, result(value, ty)?))
    };
    let members: Result<_, Error> = members.into_iter().map(member).collect();
    members.map(Value::Map)
}

fn described(record: &record::Record<'_>) -> Result<Value, Error> {
    let text = |text: Option<&str>| text.map_or(Value::Null, |text| Value::Text(text.to_owned()));
    let attributes = record
        .attributes()
        .map(|(name, value)| (Cow::Owned(name.to_owned()), Value::Text(value.to_owned())));
    let content = if record.schema().is_some() {
        let values = record.values().map(|value| value.map(plain));
        ("values", Value::List(values.collect::<Result<_, _>>()?))
    } else {
        ("data", Value::Bytes(record.blob_bytes()?))
    };
    Ok(Value::map([
        content,
        ("attributes", Value::Map(attributes.collect())),
        ("sequence", Value::Integer(record.sequence())),
        ("system_time", Value::Integer(record.system_time())),
        ("cursor", text(record.cursor())),
        ("next_cursor", text(record.next_cursor())),
        ("partition_key", text(record.partition_key())),
    ]))
}

fn plain(value: record::Value<'_>) -> Value {
    match value {
        record::Value::TinyInt(number) => Value::Integer(number.into()),
        record::Value::SmallInt(number) => Value::Integer(number.into()),
        record::Value::Integer(number) => Value::Integer(number.into()),
        record::Value::BigInt(number) | record::Value::Timestamp(number) => Value::Integer(number),
        record::Value::Float(number) => Value::Double(number.into()),
        record::Value::Double(number) => Value::Double(number),
        record::Value::Boolean(value) => Value::Boolean(value),
        record::Value::String(text) | record::Value::Decimal(text) | record::Value::Json(text) => {
            Value::Text(text.to_owned())
        }
        _ => Value::Null,
    }
}
