//! Scenarios through the dynamic calls that all languages are built on.

use std::borrow::Cow;
use std::sync::Arc;

use hubstream::client::ClientBuilder;
use hubstream::config::Settings;
use hubstream::connect::ServiceEntry;
use hubstream::dynamic::Value;
use hubstream::error::Error;
use hubstream::record;
use hubstream::registry::AnyClient;
use hubstream::schema::{
    EnumValue, FieldSchema, ModelSchema, OperationSchema, TypeSchema, UnionSchema,
};
use toml::{Table, Value as Toml};

use crate::neutral::Names;
use crate::run::{Caller, Outcome};

/// A client in this process.
pub(crate) struct Direct(Arc<dyn AnyClient>);

impl Caller for Direct {
    fn connect(
        service: &'static ServiceEntry,
        settings: &[(String, String)],
    ) -> Result<Self, Value> {
        let mut all = Settings::new(service.name);
        for (name, value) in settings {
            all.set(name, value).map_err(|error| described(&error))?;
        }
        let client = service.connect(ClientBuilder::new(all));
        client.map(Self).map_err(|error| described(&error))
    }

    async fn call(
        &self,
        operation: &'static OperationSchema,
        arguments: &Table,
        names: &Names,
    ) -> Result<Outcome, String> {
        let outcome = async {
            let arguments = names.argument(&Toml::Table(arguments.clone()))?;
            let arguments = to_wire(arguments, operation.fields);
            let given = self.0.call(operation.method, arguments).await?;
            result(given, operation.returns)
        };
        Ok(match outcome.await {
            Ok(result) => Outcome::Given(result),
            Err(error) => Outcome::Refused(described(&error)),
        })
    }
}

/// Gives enumerations in arguments the form that calls have for them.
fn to_wire(value: Value, fields: &[FieldSchema]) -> Value {
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
fn result(value: Value, ty: TypeSchema) -> Result<Value, Error> {
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
                .map(|record| described_record(&record))
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

fn described_record(record: &record::Record<'_>) -> Result<Value, Error> {
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

fn described(error: &Error) -> Value {
    let text = |text: &str| Value::Text(text.to_owned());
    let argument = error.context().find(|(name, _)| *name == "argument");
    Value::map([
        ("kind", text(error.kind().name())),
        ("status", text(error.status().name())),
        ("code", text(error.code())),
        ("message", text(error.message())),
        ("service", text(error.service())),
        ("operation", text(error.operation())),
        (
            "http_status",
            error
                .http_status()
                .map_or(Value::Null, |status| Value::Integer(status.into())),
        ),
        ("request_id", text(error.request_id())),
        ("attempts", Value::Integer(error.attempts().into())),
        (
            "retry_after",
            error
                .retry_after()
                .map_or(Value::Null, |wait| Value::Double(wait.as_secs_f64())),
        ),
        ("was_sent", Value::Boolean(error.was_sent())),
        (
            "argument",
            argument.map_or(Value::Null, |(_, name)| text(name)),
        ),
    ])
}
