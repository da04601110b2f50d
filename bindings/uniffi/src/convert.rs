//! Values on their way between typed arguments and results here and the dynamic calls of the core.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use hubstream::dynamic::{Dynamic, Mismatch, Value};

use crate::record::{RecordBatch, RecordSchema};

/// A type that is an argument or a result of operations.
pub(crate) trait Convert: Sized {
    /// Reads it from what a call returned.
    fn from_value(value: Value) -> Result<Self, Mismatch>;

    /// Turns it into an argument.
    fn into_value(self) -> Value;
}

macro_rules! same_as_core {
    ($($ty:ty)*) => {$(
        impl Convert for $ty {
            fn from_value(value: Value) -> Result<Self, Mismatch> {
                Dynamic::from_value(value)
            }

            fn into_value(self) -> Value {
                Dynamic::into_value(self)
            }
        }
    )*};
}

same_as_core!(() bool i64 f64 String);

impl Convert for Vec<u8> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        Bytes::from_value(value).map(Into::into)
    }

    fn into_value(self) -> Value {
        Value::Bytes(self.into())
    }
}

impl<T: Convert> Convert for Option<T> {
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

impl<T: Convert> Convert for Vec<T> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::List(values) => values.into_iter().map(T::from_value).collect(),
            other => Err(Mismatch::expected("a list", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(T::into_value).collect())
    }
}

impl<T: Convert> Convert for HashMap<String, T> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Map(entries) => entries
                .into_iter()
                .map(|(name, value)| Ok((name.into_owned(), T::from_value(value)?)))
                .collect(),
            other => Err(Mismatch::expected("a map", &other)),
        }
    }

    fn into_value(self) -> Value {
        let mut entries: Vec<_> = self.into_iter().collect();
        // Maps of the other languages arrive without order; requests should not depend on chance.
        entries.sort_by(|(left, _), (right, _)| left.cmp(right));
        Value::map(
            entries
                .into_iter()
                .map(|(name, value)| (name, value.into_value())),
        )
    }
}

impl Convert for Arc<RecordBatch> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Records(batch) => Ok(Arc::new(RecordBatch::from(batch))),
            other => Err(Mismatch::expected("a batch of records", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::Records(self.core().clone())
    }
}

impl Convert for Arc<RecordSchema> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::RecordSchema(schema) => Ok(Arc::new(RecordSchema::from(schema))),
            other => Err(Mismatch::expected("a record schema", &other)),
        }
    }

    fn into_value(self) -> Value {
        Value::RecordSchema(Arc::clone(self.core()))
    }
}

/// The members of a model, taken out one by one.
pub(crate) struct Members(Vec<(Cow<'static, str>, Value)>);

impl Members {
    /// Opens a map.
    pub(crate) fn open(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Map(entries) => Ok(Self(entries)),
            other => Err(Mismatch::expected("named members", &other)),
        }
    }

    /// Takes the member of that name; absent counts as nothing.
    pub(crate) fn take<T: Convert>(&mut self, name: &'static str) -> Result<T, Mismatch> {
        let value = match self.0.iter().position(|(known, _)| known == name) {
            Some(index) => self.0.swap_remove(index).1,
            None => Value::Null,
        };
        T::from_value(value).map_err(|mismatch| mismatch.within(name))
    }
}

/// Converts a record with named members; the names are those of the core.
macro_rules! model {
    ($name:ident { $($text:literal: $field:ident,)* }) => {
        impl $crate::convert::Convert for $name {
            fn from_value(
                value: ::hubstream::dynamic::Value,
            ) -> Result<Self, ::hubstream::dynamic::Mismatch> {
                let mut members = $crate::convert::Members::open(value)?;
                Ok(Self { $($field: members.take($text)?,)* })
            }

            fn into_value(self) -> ::hubstream::dynamic::Value {
                ::hubstream::dynamic::Value::map([
                    $(($text, $crate::convert::Convert::into_value(self.$field)),)*
                ])
            }
        }
    };
}

/// Converts an open list of names; `$ty` is the form across the border.
macro_rules! enumeration {
    ($name:ident: $ty:ty { $($wire:literal => $variant:ident,)* }) => {
        impl $crate::convert::Convert for $name {
            fn from_value(
                value: ::hubstream::dynamic::Value,
            ) -> Result<Self, ::hubstream::dynamic::Mismatch> {
                let value = <$ty as $crate::convert::Convert>::from_value(value)?;
                $(if value == $wire {
                    return Ok(Self::$variant);
                })*
                Ok(Self::Unknown { value })
            }

            fn into_value(self) -> ::hubstream::dynamic::Value {
                let value: $ty = match self {
                    $(Self::$variant => $wire.into(),)*
                    Self::Unknown { value } => value,
                };
                $crate::convert::Convert::into_value(value)
            }
        }
    };
}

/// Converts a choice between models, told apart by the member `kind`.
macro_rules! union {
    ($name:ident { $($kind:literal => $variant:ident,)* }) => {
        impl $crate::convert::Convert for $name {
            fn from_value(
                value: ::hubstream::dynamic::Value,
            ) -> Result<Self, ::hubstream::dynamic::Mismatch> {
                let kind = match value.get("kind") {
                    Some(::hubstream::dynamic::Value::Text(kind)) => kind.clone(),
                    _ => String::new(),
                };
                match kind.as_str() {
                    $($kind => {
                        let value = $crate::convert::Convert::from_value(value)?;
                        Ok(Self::$variant { value })
                    })*
                    _ => Err(::hubstream::dynamic::Mismatch::message(
                        "a model that this version does not know",
                    )),
                }
            }

            fn into_value(self) -> ::hubstream::dynamic::Value {
                let (kind, value) = match self {
                    $(Self::$variant { value } => {
                        ($kind, $crate::convert::Convert::into_value(value))
                    })*
                };
                match value {
                    ::hubstream::dynamic::Value::Map(mut members) => {
                        let kind = ::hubstream::dynamic::Value::Text(kind.to_owned());
                        members.insert(0, ("kind".into(), kind));
                        ::hubstream::dynamic::Value::Map(members)
                    }
                    other => other,
                }
            }
        }
    };
}

pub(crate) use {enumeration, model, union};
