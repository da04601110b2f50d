//! Reading JSON into models with one copy of the code per type of member, not one per member.
//!
//! What serde derives is generic, so a compiler that optimises for speed writes the reading of every member out, and
//! once more for structs that are written as lists, which no service does. For replies that are read once per call
//! this is a good part of a binding's size and saves nothing that can be measured.

use std::error;
use std::fmt::{self, Display};

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, Expected, MapAccess, SeqAccess, Unexpected,
    Visitor,
};

/// Reads a JSON document.
pub(crate) fn from_slice<'de, T: Deserialize<'de>>(document: &'de [u8]) -> serde_json::Result<T> {
    let mut reader = serde_json::Deserializer::from_slice(document);
    let value = T::deserialize(Members(&mut reader)).map_err(|refusal| refusal.0)?;
    reader.end()?;
    Ok(value)
}

/// Reads a value, by way of its text: it is rare, and a second deserializer is a second copy of all that reads.
#[cfg(feature = "datahub")]
pub(crate) fn from_value<T: serde::de::DeserializeOwned>(
    value: &serde_json::Value,
) -> serde_json::Result<T> {
    from_slice(value.to_string().as_bytes())
}

/// Reads through another deserializer, and structs as maps only.
struct Members<D>(D);

/// Hands all that lies deeper to [`Members`], too. What it wraps is a visitor, a seed, or access to a map or list.
struct Deeper<T>(T);

/// An error of the other deserializer. What derived code can complain of is put into words here, once.
#[derive(Debug)]
struct Refusal<E>(E);

impl<E: Display> Display for Refusal<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: error::Error> error::Error for Refusal<E> {}

impl<E: Error> Error for Refusal<E> {
    #[cold]
    #[inline(never)]
    fn custom<T: Display>(message: T) -> Self {
        Self(E::custom(message))
    }

    #[cold]
    #[inline(never)]
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self(E::invalid_type(found, expected))
    }

    #[cold]
    #[inline(never)]
    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self(E::invalid_value(found, expected))
    }

    #[cold]
    #[inline(never)]
    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self(E::invalid_length(length, expected))
    }

    #[cold]
    #[inline(never)]
    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self(E::unknown_variant(variant, expected))
    }

    #[cold]
    #[inline(never)]
    fn missing_field(field: &'static str) -> Self {
        Self(E::missing_field(field))
    }

    #[cold]
    #[inline(never)]
    fn duplicate_field(field: &'static str) -> Self {
        Self(E::duplicate_field(field))
    }
}

/// The result of what stands outside of [`Members`].
fn outside<T, E>(result: Result<T, Refusal<E>>) -> Result<T, E> {
    result.map_err(|refusal| refusal.0)
}

macro_rules! as_before {
    ($($method:ident)*) => {$(
        #[inline(never)]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            self.0.$method(visitor).map_err(Refusal)
        }
    )*};
}

macro_rules! deeper {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            self.0.$method(Deeper(visitor)).map_err(Refusal)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Members<D> {
    type Error = Refusal<D::Error>;

    as_before! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_unit deserialize_identifier deserialize_ignored_any
    }

    deeper! { deserialize_option deserialize_seq deserialize_map }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let read = self.0.deserialize_unit_struct(name, visitor);
        read.map_err(Refusal)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let read = self.0.deserialize_newtype_struct(name, visitor);
        read.map_err(Refusal)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let read = self.0.deserialize_tuple(length, Deeper(visitor));
        read.map_err(Refusal)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let visitor = Deeper(visitor);
        let read = self.0.deserialize_tuple_struct(name, length, visitor);
        read.map_err(Refusal)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let read = self.0.deserialize_enum(name, variants, visitor);
        read.map_err(Refusal)
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Deeper<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        outside(self.0.visit_some(Members(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        outside(self.0.visit_seq(Deeper(elements)))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        outside(self.0.visit_map(Deeper(members)))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Deeper<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<S::Value, D::Error> {
        outside(self.0.deserialize(Members(value)))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Deeper<A> {
    type Error = Refusal<A::Error>;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Self::Error> {
        self.0.next_element_seed(Deeper(seed)).map_err(Refusal)
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Deeper<A> {
    type Error = Refusal<A::Error>;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Self::Error> {
        self.0.next_key_seed(seed).map_err(Refusal)
    }

    #[inline(never)]
    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, Self::Error> {
        self.0.next_value_seed(Deeper(seed)).map_err(Refusal)
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::value::RawValue;

    use super::from_slice;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Inner {
        number: i64,
        pair: Option<(u8, bool)>,
    }

    #[derive(Debug, Deserialize)]
    struct Outer<'a> {
        text: String,
        list: Vec<Inner>,
        map: BTreeMap<String, Inner>,
        absent: Option<Inner>,
        anything: serde_json::Value,
        #[serde(borrow)]
        raw: &'a RawValue,
    }

    #[test]
    fn reads_what_serde_json_reads() {
        let document = r#"{"text": "é\n", "new": [1, {}], "list": [{"number": -1, "pair": [2, true]}],
            "map": {"a": {"number": 5}}, "absent": null, "anything": {"x": [1.5, null]}, "raw": {"y" : 1}}"#;
        let read: Outer<'_> = from_slice(document.as_bytes()).unwrap();
        assert_eq!(read.text, "é\n");
        let inner = |number, pair| Inner { number, pair };
        assert_eq!(read.list, [inner(-1, Some((2, true)))]);
        assert_eq!(read.map["a"], inner(5, None));
        assert_eq!(read.absent, None);
        assert_eq!(read.anything, serde_json::json!({"x": [1.5, null]}));
        assert_eq!(read.raw.get(), r#"{"y" : 1}"#);
    }

    #[test]
    fn a_list_is_no_struct_at_any_depth() {
        for document in ["[1, null]", r#"{"number": 1, "pair": [1, true]} x"#] {
            assert!(
                from_slice::<Inner>(document.as_bytes()).is_err(),
                "{document}"
            );
        }
        for document in ["[[1, null]]", r#"{"a": [1, null]}"#] {
            let error = from_slice::<Vec<Inner>>(document.as_bytes()).unwrap_err();
            assert!(error.is_data(), "{document}");
        }
        let error = from_slice::<Option<Inner>>(b"[1, null]").unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid type: sequence, expected struct Inner at line 1 column 0"
        );
    }
}
