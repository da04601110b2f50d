//! Content of a batch as one buffer and a few strings.
//!
//! The buffer begins with one number of 32 bits per column: 1 if the column has flags, else 0. Then
//! comes, for each column, its values, and behind them its flags if it has any. Every part begins at a
//! multiple of 8. Numbers are in the byte order of the machine, as typed arrays read them.
//!
//! | column | values |
//! |---|---|
//! | TINYINT, SMALLINT, INTEGER | signed, 32 bits each |
//! | BIGINT, TIMESTAMP | signed, 64 bits each |
//! | FLOAT, DOUBLE | 64 bits each |
//! | BOOLEAN | one byte each |
//! | STRING, DECIMAL, JSON | where the text of each record begins in the column's string, and where the last one ends, counted in UTF-16 units, 32 bits each |
//!
//! A flag is one byte per record: 0 for a value, 1 for null, 2 for bytes that are not a value.

use hubstream::error::Result;
use hubstream::record::{FieldType, Record, RecordBatch, Value};
use napi::bindgen_prelude::Uint8Array;

use super::Packed;

const NULL: u8 = 1;
const BROKEN: u8 = 2;

/// A cell to be written.
enum Cell<T> {
    Value(T),
    Null,
    Broken,
}

struct Packer {
    bytes: Vec<u8>,
    texts: Vec<String>,
    column: usize,
}

impl Packer {
    fn new(columns: usize, capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(capacity);
        bytes.resize((columns * 4).next_multiple_of(8).max(8), 0);
        Self {
            bytes,
            texts: Vec::new(),
            column: 0,
        }
    }

    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
    }

    fn finish_column(&mut self, flags: &[u8]) {
        self.align();
        if !flags.is_empty() {
            let header = self.column * 4;
            self.bytes[header..header + 4].copy_from_slice(&1_u32.to_ne_bytes());
            self.bytes.extend_from_slice(flags);
            self.align();
        }
        self.column += 1;
    }

    fn numbers<const N: usize>(
        &mut self,
        records: &RecordBatch,
        cell: impl Fn(Record<'_>) -> Cell<[u8; N]>,
    ) {
        let mut flags = Vec::new();
        for (row, record) in records.iter().enumerate() {
            let mut bytes = [0; N];
            match cell(record) {
                Cell::Value(value) => bytes = value,
                Cell::Null => flag(&mut flags, records.len(), row, NULL),
                Cell::Broken => flag(&mut flags, records.len(), row, BROKEN),
            }
            self.bytes.extend_from_slice(&bytes);
        }
        self.finish_column(&flags);
    }

    fn texts<'a>(&mut self, records: &'a RecordBatch, cell: impl Fn(Record<'a>) -> Cell<&'a str>) {
        let mut flags = Vec::new();
        let mut text = String::new();
        let mut units = 0_u32;
        for (row, record) in records.iter().enumerate() {
            self.bytes.extend_from_slice(&units.to_ne_bytes());
            match cell(record) {
                Cell::Value(value) => {
                    units += utf16_length(value);
                    text.push_str(value);
                }
                Cell::Null => flag(&mut flags, records.len(), row, NULL),
                Cell::Broken => flag(&mut flags, records.len(), row, BROKEN),
            }
        }
        self.bytes.extend_from_slice(&units.to_ne_bytes());
        self.texts.push(text);
        self.finish_column(&flags);
    }

    fn finish(self) -> Packed {
        Packed {
            bytes: Uint8Array::new(self.bytes),
            texts: self.texts,
        }
    }
}

fn flag(flags: &mut Vec<u8>, rows: usize, row: usize, value: u8) {
    flags.resize(rows, 0);
    flags[row] = value;
}

fn utf16_length(text: &str) -> u32 {
    if text.is_ascii() {
        text.len() as u32
    } else {
        text.encode_utf16().count() as u32
    }
}

fn cell<'a, T>(value: Result<Value<'a>>, convert: impl Fn(Value<'a>) -> Option<T>) -> Cell<T> {
    match value {
        Ok(Value::Null) => Cell::Null,
        Ok(value) => convert(value).map_or(Cell::Broken, Cell::Value),
        Err(_) => Cell::Broken,
    }
}

/// Packs the values of tuple records; nothing for blobs.
pub(super) fn values(records: &RecordBatch) -> Packed {
    let fields = records.schema().map_or(&[][..], |schema| schema.fields());
    let mut packer = Packer::new(fields.len(), records.len() * fields.len() * 8);
    for (column, field) in fields.iter().enumerate() {
        match field.field_type {
            FieldType::TinyInt | FieldType::SmallInt | FieldType::Integer => {
                packer.numbers(records, |record| {
                    cell(record.value(column), |value| match value {
                        Value::TinyInt(number) => Some(i32::from(number).to_ne_bytes()),
                        Value::SmallInt(number) => Some(i32::from(number).to_ne_bytes()),
                        Value::Integer(number) => Some(number.to_ne_bytes()),
                        _ => None,
                    })
                });
            }
            FieldType::BigInt | FieldType::Timestamp => packer.numbers(records, |record| {
                cell(record.value(column), |value| match value {
                    Value::BigInt(number) | Value::Timestamp(number) => Some(number.to_ne_bytes()),
                    _ => None,
                })
            }),
            FieldType::Float | FieldType::Double => packer.numbers(records, |record| {
                cell(record.value(column), |value| match value {
                    Value::Float(number) => Some(f64::from(number).to_ne_bytes()),
                    Value::Double(number) => Some(number.to_ne_bytes()),
                    _ => None,
                })
            }),
            FieldType::Boolean => packer.numbers(records, |record| {
                cell(record.value(column), |value| match value {
                    Value::Boolean(value) => Some([u8::from(value)]),
                    _ => None,
                })
            }),
            _ => packer.texts(records, |record| {
                cell(record.value(column), |value| match value {
                    Value::String(text) | Value::Decimal(text) | Value::Json(text) => Some(text),
                    _ => None,
                })
            }),
        }
    }
    packer.finish()
}

/// Packs what is known about each record beside its values, as columns in this order: sequence, system
/// time (64 bits), place in its stored batch, size of that batch, serial number (32 bits), number of
/// attributes (32 bits), cursor, next cursor, shard id, hash key, partition key (texts).
///
/// One more part follows: where each key and value of the attributes begins in one more string, and
/// where the last one ends.
pub(super) fn facts(records: &RecordBatch) -> Packed {
    const COLUMNS: usize = 11;
    let mut packer = Packer::new(COLUMNS, records.len() * 48);
    packer.numbers(records, |record| {
        Cell::Value(record.sequence().to_ne_bytes())
    });
    packer.numbers(records, |record| {
        Cell::Value(record.system_time().to_ne_bytes())
    });
    packer.numbers(records, |record| {
        Cell::Value(record.batch_index().to_ne_bytes())
    });
    packer.numbers(records, |record| {
        Cell::Value(record.batch_size().to_ne_bytes())
    });
    packer.numbers(records, |record| match record.serial() {
        Some(serial) => Cell::Value(serial.to_ne_bytes()),
        None => Cell::Null,
    });
    packer.numbers(records, |record| {
        Cell::Value((record.attributes().len() as u32).to_ne_bytes())
    });
    packer.texts(records, |record| {
        record.cursor().map_or(Cell::Null, Cell::Value)
    });
    packer.texts(records, |record| {
        record.next_cursor().map_or(Cell::Null, Cell::Value)
    });
    packer.texts(records, |record| {
        record.shard_id().map_or(Cell::Null, Cell::Value)
    });
    packer.texts(records, |record| {
        record.hash_key().map_or(Cell::Null, Cell::Value)
    });
    packer.texts(records, |record| {
        record.partition_key().map_or(Cell::Null, Cell::Value)
    });
    attributes(&mut packer, records);
    packer.finish()
}

fn attributes(packer: &mut Packer, records: &RecordBatch) {
    let mut text = String::new();
    let mut units = 0_u32;
    for (key, value) in records.iter().flat_map(|record| record.attributes()) {
        for part in [key, value] {
            packer.bytes.extend_from_slice(&units.to_ne_bytes());
            units += utf16_length(part);
            text.push_str(part);
        }
    }
    packer.bytes.extend_from_slice(&units.to_ne_bytes());
    packer.align();
    packer.texts.push(text);
}
