//! Arbitrary schemas and records.

use std::sync::Arc;

use hubstream::record::value::{TIMESTAMP_MAX, TIMESTAMP_MIN};
use hubstream::record::{Field, FieldType, RecordBatch, RecordBatchBuilder, RecordSchema, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A value that owns its text.
#[derive(Clone, Debug)]
pub(crate) enum Owned {
    Null,
    Integer(i64),
    Float(f32),
    Double(f64),
    Boolean(bool),
    Text(String),
}

impl Owned {
    pub(crate) fn value(&self, kind: FieldType) -> Value<'_> {
        match (self, kind) {
            (Self::Integer(value), FieldType::TinyInt) => Value::TinyInt(*value as i8),
            (Self::Integer(value), FieldType::SmallInt) => Value::SmallInt(*value as i16),
            (Self::Integer(value), FieldType::Integer) => Value::Integer(*value as i32),
            (Self::Integer(value), FieldType::Timestamp) => Value::Timestamp(*value),
            (Self::Integer(value), _) => Value::BigInt(*value),
            (Self::Float(value), _) => Value::Float(*value),
            (Self::Double(value), _) => Value::Double(*value),
            (Self::Boolean(value), _) => Value::Boolean(*value),
            (Self::Text(text), FieldType::Decimal) => Value::Decimal(text),
            (Self::Text(text), FieldType::Json) => Value::Json(text),
            (Self::Text(text), _) => Value::String(text),
            (Self::Null, _) => Value::Null,
        }
    }
}

/// One record as it was given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub(crate) values: Vec<Owned>,
    pub(crate) blob: Vec<u8>,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) keys: [String; 3],
}

/// Some records as they were given.
#[derive(Clone, Debug)]
pub(crate) struct Records {
    pub(crate) schema: Option<Arc<RecordSchema>>,
    pub(crate) rows: Vec<Given>,
}

impl Records {
    pub(crate) fn has_nan(&self) -> bool {
        self.rows
            .iter()
            .flat_map(|row| &row.values)
            .any(|value| match value {
                Owned::Float(value) => value.is_nan(),
                Owned::Double(value) => value.is_nan(),
                _ => false,
            })
    }

    pub(crate) fn batch(&self) -> RecordBatch {
        let mut builder = match &self.schema {
            None => RecordBatchBuilder::blobs(),
            Some(schema) => RecordBatchBuilder::tuples(Arc::clone(schema)),
        };
        for row in &self.rows {
            match &self.schema {
                None => builder.push_blob(&row.blob).unwrap(),
                Some(schema) => {
                    let fields = schema.fields().iter();
                    let values: Vec<_> = fields
                        .zip(&row.values)
                        .map(|(field, value)| value.value(field.field_type))
                        .collect();
                    builder.push_row(&values).unwrap();
                }
            }
            builder
                .set_attributes(row.attributes.iter().map(|(key, value)| (key, value)))
                .unwrap();
            builder.set_shard_id(&row.keys[0]).unwrap();
            builder.set_hash_key(&row.keys[1]).unwrap();
            builder.set_partition_key(&row.keys[2]).unwrap();
        }
        builder.build().unwrap()
    }
}

fn kind() -> impl Strategy<Value = FieldType> {
    select(FieldType::ALL)
}

fn fields() -> impl Strategy<Value = Vec<Field>> {
    // Presence bits come in words of 64, so widths around that matter.
    let width = prop_oneof![8 => 1..8_usize, 1 => 62..67_usize, 1 => 126..131_usize];
    width
        .prop_flat_map(|width| vec((kind(), any::<bool>(), "[a-zA-Z_]{0,3}"), width))
        .prop_map(|columns| {
            let columns = columns.into_iter().enumerate();
            columns
                .map(|(place, (kind, allow_null, name))| {
                    let field = Field::new(format!("{name}{place}"), kind);
                    if allow_null { field } else { field.not_null() }
                })
                .collect()
        })
}

fn value(kind: FieldType) -> BoxedStrategy<Owned> {
    let text = |pattern: &'static str| pattern.prop_map(Owned::Text).boxed();
    match kind {
        FieldType::TinyInt => any::<i8>()
            .prop_map(|value| Owned::Integer(value.into()))
            .boxed(),
        FieldType::SmallInt => any::<i16>()
            .prop_map(|value| Owned::Integer(value.into()))
            .boxed(),
        FieldType::Integer => any::<i32>()
            .prop_map(|value| Owned::Integer(value.into()))
            .boxed(),
        FieldType::Timestamp => (TIMESTAMP_MIN..=TIMESTAMP_MAX)
            .prop_map(Owned::Integer)
            .boxed(),
        FieldType::Float => any::<u32>()
            .prop_map(|bits| Owned::Float(f32::from_bits(bits)))
            .boxed(),
        FieldType::Double => any::<u64>()
            .prop_map(|bits| Owned::Double(f64::from_bits(bits)))
            .boxed(),
        FieldType::Boolean => any::<bool>().prop_map(Owned::Boolean).boxed(),
        FieldType::Decimal => text("-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?"),
        FieldType::Json => {
            text("(\\{\"[a-zé]{0,5}\":[1-9][0-9]{0,4}\\}|\\[null, true\\]|\"x\\\\n\")")
        }
        FieldType::String => prop_oneof![
            any::<String>().prop_map(Owned::Text),
            "[\\x00-\\x7f]{0,20}".prop_map(Owned::Text),
            "[a-z\"\\\\]{100,300}".prop_map(Owned::Text),
        ]
        .boxed(),
        _ => any::<i64>().prop_map(Owned::Integer).boxed(),
    }
}

fn attributes() -> impl Strategy<Value = Vec<(String, String)>> {
    let pair = || ("[a-z键\"]{0,4}", "\\PC{0,8}");
    prop_oneof![6 => vec(pair(), 0..3), 1 => vec(pair(), 0..250)].prop_map(|mut pairs| {
        // What comes out is every key once.
        let mut seen = std::collections::HashSet::new();
        pairs.retain(|(key, _)| seen.insert(key.clone()));
        pairs
    })
}

fn keys() -> impl Strategy<Value = [String; 3]> {
    ("([0-9]{1,3})?", "([0-9A-F]{32})?", "\\PC{0,5}")
        .prop_map(|(shard, hash, key)| [shard, hash, key])
}

fn row(fields: &[Field]) -> impl Strategy<Value = Given> + use<> {
    let values: Vec<_> = fields
        .iter()
        .map(|field| {
            let value = value(field.field_type);
            if field.allow_null {
                prop_oneof![1 => Just(Owned::Null), 4 => value].boxed()
            } else {
                value
            }
        })
        .collect();
    (values, attributes(), keys()).prop_map(|(values, attributes, keys)| Given {
        values,
        attributes,
        keys,
        ..Given::default()
    })
}

fn tuples() -> impl Strategy<Value = Records> {
    fields().prop_flat_map(|fields| {
        let schema = Arc::new(RecordSchema::new(fields).unwrap());
        vec(row(schema.fields()), 1..6).prop_map(move |rows| Records {
            schema: Some(Arc::clone(&schema)),
            rows,
        })
    })
}

fn blobs() -> impl Strategy<Value = Records> {
    let blob = prop_oneof![4 => vec(any::<u8>(), 0..40), 1 => vec(any::<u8>(), 0..3000)];
    let row = (blob, attributes(), keys()).prop_map(|(blob, attributes, keys)| Given {
        blob,
        attributes,
        keys,
        ..Given::default()
    });
    vec(row, 1..6).prop_map(|rows| Records { schema: None, rows })
}

/// Records of a tuple or a blob topic.
pub(crate) fn records() -> impl Strategy<Value = Records> {
    prop_oneof![3 => tuples(), 1 => blobs()]
}

/// What to do to some bytes.
#[derive(Clone, Debug)]
pub(crate) struct Damage {
    edits: Vec<(Index, u8)>,
    cut: Option<Index>,
}

impl Damage {
    pub(crate) fn apply(&self, bytes: &mut Vec<u8>, from: usize) {
        if bytes.len() <= from {
            return;
        }
        for (place, byte) in &self.edits {
            let place = from + place.index(bytes.len() - from);
            bytes[place] = *byte;
        }
        if let Some(cut) = self.cut {
            let length = from + cut.index(bytes.len() - from);
            bytes.truncate(length);
        }
    }
}

/// A few changed bytes, sometimes a missing end.
pub(crate) fn damage() -> impl Strategy<Value = Damage> {
    let byte = prop_oneof![any::<u8>(), select(&[0, 1, 2, 0x7f, 0x80, 0xff][..])];
    (
        vec((any::<Index>(), byte), 1..6),
        prop::option::weighted(0.2, any::<Index>()),
    )
        .prop_map(|(edits, cut)| Damage { edits, cut })
}
