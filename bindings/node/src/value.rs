//! Arguments and results, both directions, led by the descriptions of the core.
//!
//! Members are in camel case in JavaScript; 64-bit numbers are `bigint` by their type, whatever the
//! value; absent is `null` on the way out and `null`, `undefined` or missing on the way in.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use hubstream::dynamic::{Mismatch, Value};
use hubstream::schema::{FieldSchema, ModelSchema, TypeSchema, UnionSchema};
use napi::bindgen_prelude::{
    Array, BigInt, ClassInstance, FromNapiValue, Function, FunctionRef, JavaScriptClassExt,
    JsObjectValue, JsValue, Object, Result, ToNapiValue, Uint8Array, Unknown,
};
use napi::{Env, JsString, ValueType};

use crate::names::camel;
use crate::records::NativeBatch;
use crate::schema::NativeSchema;

/// The largest number up to which every whole number is exact in JavaScript.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// Functions of the package that put its own classes around native objects.
pub(crate) struct Wrappers {
    pub(crate) records: FunctionRef<Unknown<'static>, Unknown<'static>>,
    pub(crate) schema: FunctionRef<Unknown<'static>, Unknown<'static>>,
}

/// A value that does not fit, or a failure of the bridge itself.
pub(crate) enum Refusal {
    Mismatch(Mismatch),
    Bridge(napi::Error),
}

impl From<napi::Error> for Refusal {
    fn from(error: napi::Error) -> Self {
        Self::Bridge(error)
    }
}

type Checked<T> = std::result::Result<T, Refusal>;

fn refuse<T>(message: impl Into<String>) -> Checked<T> {
    Err(Refusal::Mismatch(Mismatch::message(message)))
}

impl Refusal {
    fn within(self, member: impl Into<Cow<'static, str>>) -> Self {
        match self {
            Self::Mismatch(mismatch) => Self::Mismatch(mismatch.within(member)),
            bridge @ Self::Bridge(_) => bridge,
        }
    }
}

/// What a value is, in the words of JavaScript.
fn kind(value: &Unknown<'_>) -> Result<&'static str> {
    Ok(match value.get_type()? {
        ValueType::Undefined => "undefined",
        ValueType::Null => "null",
        ValueType::Boolean => "a boolean",
        ValueType::Number => "a number",
        ValueType::String => "a string",
        ValueType::Symbol => "a symbol",
        ValueType::Function => "a function",
        ValueType::BigInt => "a bigint",
        ValueType::Object if value.is_array()? => "an array",
        _ => "an object",
    })
}

fn unexpected<T>(wanted: &str, value: &Unknown<'_>) -> Checked<T> {
    let found = kind(value)?;
    refuse(format!("expected {wanted}, found {found}"))
}

/// Reads the arguments of an operation.
pub(crate) fn arguments_from_js(
    env: &Env,
    object: &Object<'_>,
    fields: &[FieldSchema],
) -> Checked<Value> {
    members_from_js(env, object, fields, &[])
}

/// Reads named members. Members of the names `besides`, in snake case, are left alone.
fn members_from_js(
    env: &Env,
    object: &Object<'_>,
    fields: &[FieldSchema],
    besides: &[&str],
) -> Checked<Value> {
    let mut names = Object::keys(object)?;
    names.retain(|name| !besides.iter().any(|known| camel(known) == *name));
    let mut known = 0;
    let mut members = Vec::with_capacity(names.len());
    for field in fields {
        let name = camel(field.name);
        if !names.contains(&name) {
            continue;
        }
        known += 1;
        let member: Unknown<'_> = object.get_named_property(&name)?;
        if matches!(member.get_type()?, ValueType::Undefined | ValueType::Null) {
            continue;
        }
        let value = from_js(env, member, &field.ty).map_err(|refusal| refusal.within(name))?;
        members.push((Cow::Borrowed(field.name), value));
    }
    if known < names.len() {
        let is_known = |name: &String| fields.iter().any(|field| camel(field.name) == *name);
        if let Some(name) = names.into_iter().find(|name| !is_known(name)) {
            let close = fields.iter().map(|field| camel(field.name));
            let refusal = match close
                .into_iter()
                .find(|known| *known == camel(&name.to_lowercase()))
            {
                Some(close) => refuse(format!("is not known here; did you mean `{close}`?")),
                None => {
                    let known: Vec<_> = fields.iter().map(|field| camel(field.name)).collect();
                    refuse(format!("is not known here; known are {}", known.join(", ")))
                }
            };
            return refusal.map_err(|refusal| refusal.within(name));
        }
    }
    Ok(Value::Map(members))
}

fn from_js(env: &Env, value: Unknown<'_>, ty: &TypeSchema) -> Checked<Value> {
    let found = value.get_type()?;
    match ty {
        TypeSchema::Optional(_) | TypeSchema::Unit
            if matches!(found, ValueType::Null | ValueType::Undefined) =>
        {
            Ok(Value::Null)
        }
        TypeSchema::Optional(inner) => from_js(env, value, inner),
        TypeSchema::Unit => unexpected("nothing", &value),
        TypeSchema::Boolean if found == ValueType::Boolean => {
            Ok(Value::Boolean(unsafe { value.cast::<bool>() }?))
        }
        TypeSchema::Boolean => unexpected("a boolean", &value),
        TypeSchema::Integer => whole_number(value, found).map(Value::Integer),
        TypeSchema::Long => whole_number(value, found).map(Value::Long),
        TypeSchema::Double if found == ValueType::Number => {
            Ok(Value::Double(unsafe { value.cast::<f64>() }?))
        }
        TypeSchema::Double => unexpected("a number", &value),
        TypeSchema::Text => text(value, found).map(Value::Text),
        TypeSchema::Enum(_) => match found {
            ValueType::Number => whole_number(value, found).map(Value::Integer),
            _ => text(value, found).map(Value::Text),
        },
        TypeSchema::Bytes => bytes(value),
        TypeSchema::List(inner) => list(env, value, inner),
        TypeSchema::Map(inner) => map(env, value, inner),
        TypeSchema::Model(model) => match plain_object(value, found)? {
            Some(object) => members_from_js(env, &object, model.fields, model.further),
            None => unexpected("an object", &value),
        },
        TypeSchema::Union(union) => one_of(env, value, union),
        TypeSchema::Records => {
            let batch = native::<NativeBatch>(env, value, "a RecordBatch")?;
            Ok(Value::Records(batch.records().clone()))
        }
        TypeSchema::RecordSchema => {
            let schema = native::<NativeSchema>(env, value, "a RecordSchema")?;
            Ok(Value::RecordSchema(Arc::clone(&schema.schema)))
        }
        _ => refuse("has a type that this version cannot pass on"),
    }
}

fn whole_number(value: Unknown<'_>, found: ValueType) -> Checked<i64> {
    match found {
        ValueType::BigInt => match unsafe { value.cast::<BigInt>() }?.get_i64() {
            (number, true) => Ok(number),
            _ => refuse("does not fit 64 bits with a sign"),
        },
        ValueType::Number => {
            let number = unsafe { value.cast::<f64>() }?;
            if number.fract() != 0.0 || number.abs() > MAX_SAFE_INTEGER {
                return refuse(format!(
                    "{number} is not a safe whole number; larger ones need a bigint"
                ));
            }
            Ok(number as i64)
        }
        _ => unexpected("a whole number", &value),
    }
}

fn text(value: Unknown<'_>, found: ValueType) -> Checked<String> {
    if found != ValueType::String {
        return unexpected("a string", &value);
    }
    let string = unsafe { value.cast::<JsString<'_>>() }?.into_utf16()?;
    // The slice ends with the terminator that the interface writes.
    let units = string
        .as_slice()
        .split_last()
        .map_or(&[][..], |(_, units)| units);
    String::from_utf16(units)
        .or_else(|_| refuse("has half of a surrogate pair, which no text can have"))
}

fn bytes(value: Unknown<'_>) -> Checked<Value> {
    if value.is_typedarray()? {
        // A view of another element type is refused by the conversion.
        if let Ok(array) = unsafe { value.cast::<Uint8Array>() } {
            return Ok(Value::Bytes(Bytes::copy_from_slice(&array)));
        }
    }
    unexpected("a Uint8Array", &value)
}

fn list(env: &Env, value: Unknown<'_>, inner: &TypeSchema) -> Checked<Value> {
    if !value.is_array()? {
        return unexpected("an array", &value);
    }
    let array = unsafe { value.cast::<Array<'_>>() }?;
    let mut values = Vec::with_capacity(array.len() as usize);
    for index in 0..array.len() {
        let element: Unknown<'_> = match array.get(index)? {
            Some(element) => element,
            None => return refuse(format!("[{index}] is missing")),
        };
        let element =
            from_js(env, element, inner).map_err(|refusal| refusal.within(format!("[{index}]")))?;
        values.push(element);
    }
    Ok(Value::List(values))
}

fn map(env: &Env, value: Unknown<'_>, inner: &TypeSchema) -> Checked<Value> {
    let Some(object) = plain_object(value, value.get_type()?)? else {
        return unexpected("an object", &value);
    };
    let names = object.get_property_names()?;
    let mut entries = Vec::new();
    for index in 0..names.get_array_length()? {
        let name: Unknown<'_> = names.get_element(index)?;
        let member: Unknown<'_> = object.get_property(name)?;
        // Reading it as UTF-8 would replace what cannot be told so.
        let name = text(name, ValueType::String)?;
        let member =
            from_js(env, member, inner).map_err(|refusal| refusal.within(format!("[{name}]")))?;
        entries.push((Cow::Owned(name), member));
    }
    Ok(Value::Map(entries))
}

fn one_of(env: &Env, value: Unknown<'_>, union: &UnionSchema) -> Checked<Value> {
    let Some(object) = plain_object(value, value.get_type()?)? else {
        return unexpected("an object", &value);
    };
    let kind: Unknown<'_> = object.get_named_property("kind")?;
    let kind = text(kind, kind.get_type()?).map_err(|refusal| refusal.within("kind"))?;
    let Some(model) = union_model(union, &kind) else {
        let names: Vec<_> = union.models.iter().map(|model| model.name).collect();
        return refuse(format!("`kind` must be one of {}", names.join(", ")));
    };
    match members_from_js(env, &object, model.fields, &["kind"])? {
        Value::Map(mut members) => {
            members.insert(0, (Cow::Borrowed("kind"), Value::Text(kind)));
            Ok(Value::Map(members))
        }
        other => Ok(other),
    }
}

fn union_model(union: &UnionSchema, kind: &str) -> Option<&'static ModelSchema> {
    union
        .models
        .iter()
        .copied()
        .find(|model| model.name == kind)
}

fn plain_object<'env>(value: Unknown<'env>, found: ValueType) -> Result<Option<Object<'env>>> {
    if found != ValueType::Object || value.is_array()? {
        return Ok(None);
    }
    unsafe { value.cast::<Object<'env>>() }.map(Some)
}

/// The native object in a class of the package, which keeps it in its member `native`.
fn native<'env, T>(
    env: &'env Env,
    value: Unknown<'env>,
    wanted: &str,
) -> Checked<ClassInstance<'env, T>>
where
    T: JavaScriptClassExt,
    ClassInstance<'env, T>: FromNapiValue,
{
    let Some(object) = plain_object(value, value.get_type()?)? else {
        return unexpected(wanted, &value);
    };
    let inner: Unknown<'env> = object.get_named_property("native")?;
    if inner.get_type()? != ValueType::Object || !T::instance_of(env, &inner)? {
        return unexpected(wanted, &value);
    }
    Ok(unsafe { inner.cast::<ClassInstance<'env, T>>() }?)
}

/// Turns a result into a value of JavaScript.
pub(crate) fn to_js<'env>(
    env: &'env Env,
    value: Value,
    ty: &TypeSchema,
    wrappers: &Wrappers,
) -> Result<Unknown<'env>> {
    let ty = match ty {
        TypeSchema::Optional(inner) => inner,
        other => other,
    };
    match value {
        Value::Null if *ty == TypeSchema::Unit => unknown(env, ()),
        Value::Null => unknown(env, napi::bindgen_prelude::Null),
        Value::Boolean(value) => unknown(env, value),
        #[allow(
            clippy::cast_precision_loss,
            reason = "such numbers fit 53 bits by their type"
        )]
        Value::Integer(number) => unknown(env, number as f64),
        Value::Long(number) => unknown(env, BigInt::from(number)),
        Value::Double(number) => unknown(env, number),
        Value::Text(text) => unknown(env, text),
        Value::Bytes(bytes) => unknown(env, Uint8Array::new(bytes.to_vec())),
        Value::List(values) => list_to_js(env, values, ty, wrappers),
        Value::Map(entries) => map_to_js(env, entries, ty, wrappers),
        Value::Records(records) => wrap(env, NativeBatch::new(env, records)?, &wrappers.records),
        Value::RecordSchema(schema) => wrap(env, NativeSchema { schema }, &wrappers.schema),
    }
}

fn unknown<T: ToNapiValue>(env: &Env, value: T) -> Result<Unknown<'_>> {
    let raw = unsafe { T::to_napi_value(env.raw(), value) }?;
    Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), raw) })
}

fn wrap<'env, T: JavaScriptClassExt + 'env>(
    env: &'env Env,
    value: T,
    wrapper: &FunctionRef<Unknown<'static>, Unknown<'static>>,
) -> Result<Unknown<'env>>
where
    ClassInstance<'env, T>: JsValue<'env>,
{
    let instance = value.into_instance(env)?;
    let argument = unsafe { Unknown::from_raw_unchecked(env.raw(), instance.raw()) };
    let wrapper: Function<'_, Unknown<'static>, Unknown<'static>> = wrapper.borrow_back(env)?;
    wrapper.call(argument)
}

fn list_to_js<'env>(
    env: &'env Env,
    values: Vec<Value>,
    ty: &TypeSchema,
    wrappers: &Wrappers,
) -> Result<Unknown<'env>> {
    let inner = match ty {
        TypeSchema::List(inner) => inner,
        _ => ty,
    };
    let mut array = env.create_array(values.len() as u32)?;
    for (index, value) in values.into_iter().enumerate() {
        array.set(index as u32, to_js(env, value, inner, wrappers)?)?;
    }
    unknown(env, array)
}

fn map_to_js<'env>(
    env: &'env Env,
    entries: Vec<(Cow<'static, str>, Value)>,
    ty: &TypeSchema,
    wrappers: &Wrappers,
) -> Result<Unknown<'env>> {
    let fields = match ty {
        TypeSchema::Model(model) => model.fields,
        TypeSchema::Union(union) => {
            let kind = entries.iter().find_map(|(name, value)| match value {
                Value::Text(text) if name == "kind" => Some(text.as_str()),
                _ => None,
            });
            kind.and_then(|kind| union_model(union, kind))
                .map_or(&[][..], |model| model.fields)
        }
        _ => return free_map_to_js(env, entries, ty, wrappers),
    };
    let mut object = Object::new(env)?;
    for (name, value) in entries {
        let ty = fields
            .iter()
            .find(|field| field.name == name)
            .map_or(&TypeSchema::Unit, |field| &field.ty);
        object.set(camel(&name), to_js(env, value, ty, wrappers)?)?;
    }
    unknown(env, object)
}

/// A map whose names are data, not members: they stay as they are.
fn free_map_to_js<'env>(
    env: &'env Env,
    entries: Vec<(Cow<'static, str>, Value)>,
    ty: &TypeSchema,
    wrappers: &Wrappers,
) -> Result<Unknown<'env>> {
    let inner = match ty {
        TypeSchema::Map(inner) => inner,
        _ => ty,
    };
    let mut object = Object::new(env)?;
    for (name, value) in entries {
        object.set(name, to_js(env, value, inner, wrappers)?)?;
    }
    unknown(env, object)
}
