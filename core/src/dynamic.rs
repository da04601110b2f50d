//! The border that other languages call through: values without Rust types.
//!
//! ```
//! use hubstream::datahub::CreateProject;
//! use hubstream::dynamic::{Dynamic as _, Value};
//!
//! let arguments = Value::map([("project_name", Value::Text("shop".to_owned()))]);
//! let operation = CreateProject::from_value(arguments).unwrap();
//! assert_eq!(operation.comment, "");
//!
//! let mismatch = CreateProject::from_value(Value::map([("name", Value::Null)])).unwrap_err();
//! assert!(mismatch.into_error().to_string().contains("project_name"));
//! ```

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use indexmap::IndexMap;

use crate::error::Error;
use crate::record::{RecordBatch, RecordSchema};
use crate::schema::TypeSchema;

/// Any argument or result, as it crosses a language border.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Absent.
    #[default]
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number that fits every language's ordinary number.
    Integer(i64),
    /// A whole number that needs 64 bits by its type, whatever its value.
    Long(i64),
    /// A double-precision number.
    Double(f64),
    /// Text.
    Text(String),
    /// Bytes, shared and not copied.
    Bytes(Bytes),
    /// A list.
    List(Vec<Value>),
    /// Named members, in order.
    Map(Vec<(Cow<'static, str>, Value)>),
    /// A batch of records, shared and not copied.
    Records(RecordBatch),
    /// The columns of tuple records.
    RecordSchema(Arc<RecordSchema>),
}

impl Value {
    /// What the value is, for messages; never the value itself.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) | Self::Long(_) => "a whole number",
            Self::Double(_) => "a number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Records(_) => "a batch of records",
            Self::RecordSchema(_) => "a record schema",
        }
    }

    /// Makes a map from named values.
    pub fn map<K: Into<Cow<'static, str>>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(
            entries
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
        )
    }

    /// The member of that name, if this is a map that has one.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }
}

/// Says that a value is not of the type that an argument needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    path: Vec<Cow<'static, str>>,
    message: String,
}

impl Mismatch {
    /// A value of another kind was expected.
    pub fn expected(what: &str, found: &Value) -> Self {
        Self::message(format!("expected {what}, found {}", found.kind()))
    }

    /// A mismatch in own words.
    pub fn message(message: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            message: message.into(),
        }
    }

    /// Says in which member the mismatch lies.
    pub fn within(mut self, member: impl Into<Cow<'static, str>>) -> Self {
        self.path.push(member.into());
        self
    }

    /// Turns it into the error for a bad argument.
    pub fn into_error(self) -> Error {
        let text = self.to_string();
        Error::new(crate::error::ErrorKind::InvalidArgument, text)
            .with_context(
                "argument",
                self.path.last().map_or("", |member| member.as_ref()),
            )
            .with_sent(false)
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.message);
        }
        f.write_str("argument `")?;
        for (index, member) in self.path.iter().rev().enumerate() {
            if index > 0 && !member.starts_with('[') {
                f.write_str(".")?;
            }
            f.write_str(member)?;
        }
        write!(f, "`: {}", self.message)
    }
}

/// A type that crosses language borders.
pub trait Dynamic: Sized {
    /// Its description.
    const TYPE: TypeSchema;

    /// Reads it from a value.
    fn from_value(value: Value) -> Result<Self, Mismatch>;

    /// Turns it into a value.
    fn into_value(self) -> Value;
}

impl Dynamic for () {
    const TYPE: TypeSchema = TypeSchema::Unit;

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Null => Ok(()),
            other => Err(Mismatch::expected("nothing", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::Null
    }
}

impl Dynamic for bool {
    const TYPE: TypeSchema = TypeSchema::Boolean;

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Boolean(value) => Ok(value),
            other => Err(Mismatch::expected("true or false", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::Boolean(self)
    }
}

macro_rules! whole_number {
    ($($ty:ty, $schema:ident, $low:expr, $high:expr;)*) => {$(
        impl Dynamic for $ty {
            const TYPE: TypeSchema = TypeSchema::$schema;

            fn from_value(value: Value) -> Result<Self, Mismatch> {
                match value {
                    Value::Integer(number) | Value::Long(number) => Self::try_from(number).map_err(|_| {
                        Mismatch::message(format!("{number} is not between {} and {}", $low, $high))
                    }),
                    other => Err(Mismatch::expected("a whole number", &other)),
                }
            }

            fn into_value(self) -> Value {
                Value::$schema(i64::from(self))
            }
        }
    )*};
}

whole_number! {
    i32, Integer, i32::MIN, i32::MAX;
    u32, Integer, u32::MIN, u32::MAX;
    u16, Integer, u16::MIN, u16::MAX;
    i64, Long, i64::MIN, i64::MAX;
}

/// Counts stay below 2^53.
impl Dynamic for u64 {
    const TYPE: TypeSchema = TypeSchema::Integer;

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Integer(number) | Value::Long(number) => Self::try_from(number)
                .map_err(|_| Mismatch::message(format!("{number} is less than 0"))),
            other => Err(Mismatch::expected("a whole number", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::Integer(i64::try_from(self).unwrap_or(i64::MAX))
    }
}

impl Dynamic for f64 {
    const TYPE: TypeSchema = TypeSchema::Double;

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Double(number) => Ok(number),
            #[allow(clippy::cast_precision_loss, reason = "a number was asked for")]
            Value::Integer(number) | Value::Long(number) => Ok(number as Self),
            other => Err(Mismatch::expected("a number", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::Double(self)
    }
}

impl Dynamic for String {
    const TYPE: TypeSchema = TypeSchema::Text;

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Text(text) => Ok(text),
            other => Err(Mismatch::expected("text", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::Text(self)
    }
}

impl Dynamic for Bytes {
    const TYPE: TypeSchema = TypeSchema::Bytes;

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Bytes(bytes) => Ok(bytes),
            other => Err(Mismatch::expected("bytes", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::Bytes(self)
    }
}

impl<T: Dynamic> Dynamic for Option<T> {
    const TYPE: TypeSchema = TypeSchema::Optional(&T::TYPE);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Null => Ok(None),
            other => T::from_value(other).map(Some),
        }
    }

    fn into_value(self) -> Value {
        self.map_or(Value::Null, T::into_value)
    }
}

impl<T: Dynamic> Dynamic for Vec<T> {
    const TYPE: TypeSchema = TypeSchema::List(&T::TYPE);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::List(values) => values
                .into_iter()
                .enumerate()
                .map(|(index, value)| {
                    T::from_value(value).map_err(|error| error.within(format!("[{index}]")))
                })
                .collect(),
            other => Err(Mismatch::expected("a list", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(T::into_value).collect())
    }
}

fn map_from_value<T: Dynamic, M: FromIterator<(String, T)>>(value: Value) -> Result<M, Mismatch> {
    match value {
        Value::Map(entries) => entries
            .into_iter()
            .map(|(name, value)| match T::from_value(value) {
                Ok(value) => Ok((name.into_owned(), value)),
                Err(error) => Err(error.within(format!("[{name}]"))),
            })
            .collect(),
        other => Err(Mismatch::expected("a map", &other)),
    }
}

impl<T: Dynamic> Dynamic for IndexMap<String, T> {
    const TYPE: TypeSchema = TypeSchema::Map(&T::TYPE);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        map_from_value(value)
    }

    fn into_value(self) -> Value {
        Value::map(
            self.into_iter()
                .map(|(name, value)| (name, value.into_value())),
        )
    }
}

impl<T: Dynamic> Dynamic for BTreeMap<String, T> {
    const TYPE: TypeSchema = TypeSchema::Map(&T::TYPE);

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        map_from_value(value)
    }

    fn into_value(self) -> Value {
        Value::map(
            self.into_iter()
                .map(|(name, value)| (name, value.into_value())),
        )
    }
}

impl Dynamic for RecordBatch {
    const TYPE: TypeSchema = TypeSchema::Records;

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Records(batch) => Ok(batch),
            other => Err(Mismatch::expected("a batch of records", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::Records(self)
    }
}

impl Dynamic for Arc<RecordSchema> {
    const TYPE: TypeSchema = TypeSchema::RecordSchema;

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::RecordSchema(schema) => Ok(schema),
            other => Err(Mismatch::expected("a record schema", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::RecordSchema(self)
    }
}

/// Takes named members out of a map one by one, or adds them; the generated conversions are made of it, and are small
/// because all members of a type share the code.
#[derive(Debug)]
pub struct Members {
    entries: Vec<(Cow<'static, str>, Value)>,
}

impl Members {
    /// Opens a map; absent counts as an empty one.
    pub fn open(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Map(entries) => Ok(Self { entries }),
            Value::Null => Ok(Self {
                entries: Vec::new(),
            }),
            other => Err(Mismatch::expected("named members", &other)),
        }
    }

    /// Starts with room for so many members.
    pub fn with_capacity(members: usize) -> Self {
        Self {
            entries: Vec::with_capacity(members),
        }
    }

    /// Adds a member.
    #[inline(never)]
    pub fn give<T: Dynamic>(&mut self, name: &'static str, value: T) {
        self.entries.push((Cow::Borrowed(name), value.into_value()));
    }

    /// The map of the members.
    pub fn into_value(self) -> Value {
        Value::Map(self.entries)
    }

    /// Takes the member of that name; it must be there.
    #[inline(never)]
    pub fn required<T: Dynamic>(&mut self, name: &'static str) -> Result<T, Mismatch> {
        match self.take(name) {
            Some(value) => T::from_value(value).map_err(|error| error.within(name)),
            None => {
                T::from_value(Value::Null).map_err(|_| Mismatch::message("is missing").within(name))
            }
        }
    }

    /// Takes the member of that name, if it is there.
    #[inline(never)]
    pub fn optional<T: Dynamic>(&mut self, name: &'static str) -> Result<Option<T>, Mismatch> {
        match self.take(name) {
            Some(Value::Null) | None => Ok(None),
            Some(value) => match T::from_value(value) {
                Ok(value) => Ok(Some(value)),
                Err(error) => Err(error.within(name)),
            },
        }
    }

    /// Drops the members of these names.
    pub fn pass_over(&mut self, names: &[&str]) {
        self.entries
            .retain(|(name, _)| !names.contains(&name.as_ref()));
    }

    /// Checks that nothing is left over.
    pub fn finish(self) -> Result<(), Mismatch> {
        match self.entries.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => Err(Mismatch::message("is not known here").within(name)),
        }
    }

    #[inline(never)]
    fn take(&mut self, name: &str) -> Option<Value> {
        let index = self.entries.iter().position(|(key, _)| key == name)?;
        Some(self.entries.swap_remove(index).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mismatch_names_the_path() {
        let value = Value::map([("a", Value::List(vec![Value::Integer(1), Value::Null]))]);
        let mut members = Members::open(value).unwrap();
        let error = members.required::<Vec<i64>>("a").unwrap_err();
        assert_eq!(
            error.to_string(),
            "argument `a[1]`: expected a whole number, found nothing"
        );
    }

    #[test]
    fn a_number_out_of_range_says_so() {
        let error = u32::from_value(Value::Integer(-1)).unwrap_err();
        assert_eq!(error.to_string(), "-1 is not between 0 and 4294967295");
    }

    #[test]
    fn unknown_members_are_refused() {
        let members = Members::open(Value::map([("x", Value::Null)])).unwrap();
        assert_eq!(
            members.finish().unwrap_err().to_string(),
            "argument `x`: is not known here"
        );
    }

    #[test]
    fn absent_reads_as_none() {
        let mut members = Members::open(Value::Null).unwrap();
        assert_eq!(members.required::<Option<String>>("x").unwrap(), None);
        assert_eq!(
            members.required::<String>("y").unwrap_err().to_string(),
            "argument `y`: is missing"
        );
    }
}
