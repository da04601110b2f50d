//! The records that are measured: the same values in every run.

use std::sync::Arc;

use hubstream::error::Result;
use hubstream::record::{Field, FieldType, RecordBatch, RecordBatchBuilder, RecordSchema, Value};

/// Records per request.
pub(crate) const COUNT: usize = 1000;
/// Bytes of a blob.
pub(crate) const BLOB_SIZE: usize = 1024;

const COLUMNS: [(&str, FieldType); 10] = [
    ("id", FieldType::BigInt),
    ("price", FieldType::Double),
    ("paid", FieldType::Boolean),
    ("at", FieldType::Timestamp),
    ("amount", FieldType::Decimal),
    ("host", FieldType::String),
    ("path", FieldType::String),
    ("agent", FieldType::String),
    ("referrer", FieldType::String),
    ("message", FieldType::String),
];

const WORDS: [&str; 26] = [
    "GET",
    "POST",
    "/cart",
    "/checkout",
    "/api/v2/items",
    "200",
    "404",
    "503",
    "timeout",
    "retry",
    "user",
    "session",
    "Mozilla/5.0",
    "Linux",
    "x86_64",
    "shard",
    "cursor",
    "commit",
    "offset",
    "cn-hangzhou",
    "latency_ms=12",
    "bytes=4096",
    "cache",
    "miss",
    "upstream",
    "closed",
];

/// One tuple: ten columns with about 336 bytes of payload.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// BIGINT.
    pub(crate) id: i64,
    /// DOUBLE.
    pub(crate) price: f64,
    /// BOOLEAN.
    pub(crate) paid: bool,
    /// TIMESTAMP in microseconds.
    pub(crate) at: i64,
    /// DECIMAL with four digits behind the point.
    pub(crate) amount: String,
    /// Five texts of 20 to 100 characters.
    pub(crate) texts: [String; 5],
}

fn text(source: &mut fastrand::Rng, length: usize) -> String {
    let mut text = String::with_capacity(length + 16);
    while text.len() < length {
        text.push_str(source.choice(WORDS).unwrap_or_default());
        text.push(' ');
    }
    text.truncate(length);
    text
}

/// The tuples.
pub(crate) fn rows() -> Vec<Row> {
    let mut source = fastrand::Rng::with_seed(1);
    let mut row = || Row {
        id: source.i64(-(1 << 61)..1 << 61),
        price: (source.f64() - 0.5) * 2e6,
        paid: source.bool(),
        at: 1_700_000_000_000_000 + source.i64(0..1 << 40),
        amount: format!(
            "{}.{:04}",
            source.u32(0..100_000_000),
            source.u32(0..10_000)
        ),
        texts: std::array::from_fn(|_| {
            let length = source.usize(20..=100);
            text(&mut source, length)
        }),
    };
    std::iter::repeat_with(&mut row).take(COUNT).collect()
}

/// The blobs: text that looks like JSON.
pub(crate) fn blobs() -> Vec<Vec<u8>> {
    let mut source = fastrand::Rng::with_seed(2);
    (0..COUNT)
        .map(|id| {
            let message = text(&mut source, BLOB_SIZE);
            let at = source.u64(0..1 << 40);
            let mut blob = format!("{{\"id\": {id}, \"at\": {at}, \"message\": \"{message}\"}}");
            blob.truncate(BLOB_SIZE);
            blob.into_bytes()
        })
        .collect()
}

/// The schema of the tuples.
pub(crate) fn schema() -> Result<Arc<RecordSchema>> {
    let fields = COLUMNS.map(|(name, kind)| Field::new(name, kind));
    RecordSchema::new(fields.to_vec()).map(Arc::new)
}

impl Row {
    /// The values in the order of the columns.
    pub(crate) fn values(&self) -> [Value<'_>; 10] {
        let [host, path, agent, referrer, message] = &self.texts;
        [
            Value::BigInt(self.id),
            Value::Double(self.price),
            Value::Boolean(self.paid),
            Value::Timestamp(self.at),
            Value::Decimal(&self.amount),
            Value::String(host),
            Value::String(path),
            Value::String(agent),
            Value::String(referrer),
            Value::String(message),
        ]
    }
}

/// The tuples as they are put.
pub(crate) fn tuple_batch(rows: &[Row], schema: &Arc<RecordSchema>) -> Result<RecordBatch> {
    let mut builder = RecordBatchBuilder::tuples(Arc::clone(schema));
    builder.reserve(rows.len());
    for row in rows {
        builder.push_row(&row.values())?;
    }
    builder.build()
}

/// The blobs as they are put.
pub(crate) fn blob_batch(blobs: &[Vec<u8>]) -> Result<RecordBatch> {
    let mut builder = RecordBatchBuilder::blobs();
    builder.reserve(blobs.len());
    for blob in blobs {
        builder.push_blob(blob)?;
    }
    builder.build()
}
