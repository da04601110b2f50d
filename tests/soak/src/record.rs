//! Records that tell who put them when, with contents that follow from that.

use std::sync::Arc;

use hubstream::record::{
    Field, FieldType, Record, RecordBatch, RecordBatchBuilder, RecordSchema, Value,
};

use crate::Failure;

/// Most bytes that a record has beyond what tells it apart.
const FILLER: u64 = 400;

/// Where a record comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Origin {
    pub(crate) writer: u16,
    /// The number of the put among those of its writer.
    pub(crate) put: u32,
    /// The place of the record in its put.
    pub(crate) place: u16,
}

impl Origin {
    fn number(self) -> u64 {
        u64::from(self.writer) << 48 | u64::from(self.put) << 16 | u64::from(self.place)
    }

    fn of(number: u64) -> Self {
        Self {
            writer: (number >> 48) as u16,
            put: (number >> 16) as u32,
            place: number as u16,
        }
    }

    /// Bits that look random and follow from the origin.
    fn bits(self) -> u64 {
        fastrand::Rng::with_seed(self.number()).u64(..)
    }

    fn text(self) -> String {
        let bits = self.bits();
        let length = (bits % FILLER) as usize;
        format!("{bits:x} \"é\\ ")
            .chars()
            .cycle()
            .take(length)
            .collect()
    }

    fn blob(self) -> Vec<u8> {
        let mut blob = self.number().to_be_bytes().to_vec();
        blob.extend_from_slice(self.text().as_bytes());
        blob
    }
}

/// The columns of tuples.
pub(crate) fn schema() -> Result<Arc<RecordSchema>, Failure> {
    let schema = RecordSchema::new(vec![
        Field::new("origin", FieldType::BigInt).not_null(),
        Field::new("text", FieldType::String),
        Field::new("share", FieldType::Double),
        Field::new("price", FieldType::Decimal),
        Field::new("at", FieldType::Timestamp),
        Field::new("good", FieldType::Boolean),
    ])?;
    Ok(Arc::new(schema))
}

fn price(bits: u64) -> String {
    format!("{}.{:02}", bits >> 20, bits % 100)
}

/// The values of a tuple.
fn row<'a>(origin: Origin, text: &'a str, price: &'a str) -> [Value<'a>; 6] {
    let bits = origin.bits();
    let share = f64::from(bits as u32) / 7.0;
    [
        Value::BigInt(origin.number() as i64),
        if bits.is_multiple_of(5) {
            Value::Null
        } else {
            Value::String(text)
        },
        Value::Double(share),
        Value::Decimal(price),
        Value::Timestamp((bits >> 13) as i64),
        Value::Boolean(bits.is_multiple_of(2)),
    ]
}

/// The records of one put.
pub(crate) fn batch(
    schema: Option<&Arc<RecordSchema>>,
    writer: u16,
    put: u32,
    count: u16,
    mut route: impl FnMut(&mut RecordBatchBuilder) -> Result<(), Failure>,
) -> Result<RecordBatch, Failure> {
    let mut builder = match schema {
        Some(schema) => RecordBatchBuilder::tuples(Arc::clone(schema)),
        None => RecordBatchBuilder::blobs(),
    };
    for place in 0..count {
        let origin = Origin { writer, put, place };
        if schema.is_some() {
            let (text, price) = (origin.text(), price(origin.bits()));
            builder.push_row(&row(origin, &text, &price))?;
        } else {
            builder.push_blob(&origin.blob())?;
        }
        route(&mut builder)?;
    }
    Ok(builder.build()?)
}

/// Tells where a record comes from, if it is exactly as it was put.
pub(crate) fn origin(record: &Record<'_>) -> Result<Origin, Failure> {
    let changed = |origin: Origin| format!("the record of {origin:?} is not what was put");
    if record.schema().is_none() {
        let blob = record.blob()?;
        let number = blob.first_chunk().ok_or("a blob without origin")?;
        let origin = Origin::of(u64::from_be_bytes(*number));
        return if blob == origin.blob() {
            Ok(origin)
        } else {
            Err(changed(origin).into())
        };
    }
    let Value::BigInt(number) = record.value(0)? else {
        return Err("a tuple without origin".into());
    };
    let origin = Origin::of(number as u64);
    let (text, price) = (origin.text(), price(origin.bits()));
    for (column, expected) in row(origin, &text, &price).iter().enumerate() {
        if record.value(column)? != *expected {
            return Err(changed(origin).into());
        }
    }
    Ok(origin)
}
