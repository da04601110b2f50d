//! One value after the other out of an Arrow array.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, DecimalType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, StructArray};
use arrow_schema::{DataType, TimeUnit};
use bytes::Bytes;

use super::super::RecordBatchBuilder;
use super::super::refusal::Refusal;
use super::super::schema::{Field, FieldType};
use super::super::value::Value;
use crate::error::{Error, Result};

type Push<'a> = Box<dyn Fn(usize, &mut RecordBatchBuilder) -> Result<()> + 'a>;

/// 2^63, the first float above the integers of 64 bits.
const INTEGER_END: f64 = 9_223_372_036_854_775_808.0;
const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;

/// The values of a column of the data, to be added to one of the topic.
pub(super) struct Cells<'a> {
    push: Push<'a>,
}

impl<'a> Cells<'a> {
    /// Nothing but nulls.
    pub(super) fn nulls() -> Self {
        Self {
            push: Box::new(|_, builder| builder.push_null()),
        }
    }

    /// Fails when values of the array's type never fit the column.
    pub(super) fn new(array: &'a dyn Array, field: &Field) -> Result<Self> {
        if let Some(dictionary) = array.as_any_dictionary_opt() {
            let values = dictionary.values().as_ref();
            let inner = Self::new(values, field)?;
            if values.is_empty() {
                return Ok(Self::nulls());
            }
            let keys = dictionary.normalized_keys();
            let push: Push<'a> = Box::new(move |row, builder| (inner.push)(keys[row], builder));
            return Ok(Self::checked(dictionary.keys(), push));
        }
        if array.data_type() == &DataType::Null {
            return Ok(Self::nulls());
        }
        let push = number(array, field.field_type)
            .or_else(|| time(array, field.field_type))
            .or_else(|| text(array, field.field_type));
        match push {
            Some(push) => Ok(Self::checked(array, push)),
            None => Err(Error::invalid_argument(
                "records",
                format_args!(
                    "field `{}`: Arrow's {} is not a type for {}",
                    field.name,
                    array.data_type(),
                    field.field_type
                ),
            )),
        }
    }

    fn checked(array: &'a dyn Array, push: Push<'a>) -> Self {
        match array.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => Self { push },
            Some(nulls) => Self {
                push: Box::new(move |row, builder| {
                    if nulls.is_null(row) {
                        builder.push_null()
                    } else {
                        push(row, builder)
                    }
                }),
            },
        }
    }

    /// Adds the value of a row as the next one.
    pub(super) fn push(&self, row: usize, builder: &mut RecordBatchBuilder) -> Result<()> {
        (self.push)(row, builder)
    }
}

fn number(array: &dyn Array, target: FieldType) -> Option<Push<'_>> {
    use FieldType as F;
    if !matches!(
        target,
        F::TinyInt
            | F::SmallInt
            | F::Integer
            | F::BigInt
            | F::Float
            | F::Double
            | F::Decimal
            | F::Timestamp
            | F::Boolean
    ) {
        return None;
    }
    let is_number = !matches!(target, F::Timestamp | F::Boolean);
    Some(match array.data_type() {
        DataType::Boolean if target == F::Boolean => {
            let array = array.as_boolean();
            Box::new(move |row, builder| builder.push_boolean(array.value(row)))
        }
        _ if target == F::Boolean => return None,
        DataType::Int8 => integers::<Int8Type>(array),
        DataType::Int16 => integers::<Int16Type>(array),
        DataType::Int32 => integers::<Int32Type>(array),
        DataType::Int64 => integers::<Int64Type>(array),
        DataType::UInt8 => integers::<UInt8Type>(array),
        DataType::UInt16 => integers::<UInt16Type>(array),
        DataType::UInt32 => integers::<UInt32Type>(array),
        DataType::UInt64 => {
            let array = array.as_primitive::<UInt64Type>();
            Box::new(move |row, builder| push_unsigned(builder, array.value(row)))
        }
        DataType::Float16 if is_number && target != F::Decimal => {
            let array = array.as_primitive::<Float16Type>();
            Box::new(move |row, builder| push_float(builder, target, array.value(row).to_f64()))
        }
        DataType::Float32 if is_number && target != F::Decimal => {
            let array = array.as_primitive::<Float32Type>();
            Box::new(move |row, builder| push_float(builder, target, array.value(row).into()))
        }
        DataType::Float64 if is_number && target != F::Decimal => {
            let array = array.as_primitive::<Float64Type>();
            Box::new(move |row, builder| push_float(builder, target, array.value(row)))
        }
        DataType::Decimal32(precision, scale) if is_number => {
            decimals::<Decimal32Type>(array, target, *precision, *scale)
        }
        DataType::Decimal64(precision, scale) if is_number => {
            decimals::<Decimal64Type>(array, target, *precision, *scale)
        }
        DataType::Decimal128(precision, scale) if is_number => {
            decimals::<Decimal128Type>(array, target, *precision, *scale)
        }
        DataType::Decimal256(precision, scale) if is_number => {
            decimals::<Decimal256Type>(array, target, *precision, *scale)
        }
        _ => return None,
    })
}

fn integers<T: ArrowPrimitiveType>(array: &dyn Array) -> Push<'_>
where
    T::Native: Into<i64>,
{
    let array = array.as_primitive::<T>();
    Box::new(move |row, builder| builder.push_integer(array.value(row).into()))
}

fn push_unsigned(builder: &mut RecordBatchBuilder, value: u64) -> Result<()> {
    match i64::try_from(value) {
        Ok(value) => builder.push_integer(value),
        // The text is refused as out of range where it does not fit, and fits DECIMAL.
        Err(_) => builder.push_text(&value.to_string()),
    }
}

/// Whole numbers are often floats because their column has nulls.
fn push_float(builder: &mut RecordBatchBuilder, target: FieldType, value: f64) -> Result<()> {
    let is_integer = value.fract() == 0.0 && (-INTEGER_END..INTEGER_END).contains(&value);
    if !matches!(target, FieldType::Float | FieldType::Double) && is_integer {
        return builder.push_integer(value as i64);
    }
    builder.push_double(value)
}

fn decimals<T: DecimalType>(
    array: &dyn Array,
    target: FieldType,
    precision: u8,
    scale: i8,
) -> Push<'_> {
    let array = array.as_primitive::<T>();
    Box::new(move |row, builder| {
        let text = T::format_decimal(array.value(row), precision, scale);
        if matches!(
            target,
            FieldType::Decimal | FieldType::Float | FieldType::Double
        ) {
            return builder.push_text(&text);
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        if fraction.bytes().all(|digit| digit == b'0') {
            builder.push_text(whole)
        } else {
            builder.push(Value::Decimal(&text))
        }
    })
}

fn time(array: &dyn Array, target: FieldType) -> Option<Push<'_>> {
    if target != FieldType::Timestamp {
        return None;
    }
    Some(match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => times::<TimestampSecondType>(array, 1_000_000),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            times::<TimestampMillisecondType>(array, 1_000)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            times::<TimestampMicrosecondType>(array, 1)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            let array = array.as_primitive::<TimestampNanosecondType>();
            Box::new(move |row, builder| {
                let value = array.value(row);
                if value % 1_000 != 0 {
                    return Err(builder.refuse(Refusal::Nanoseconds, &value));
                }
                builder.push_integer(value / 1_000)
            })
        }
        DataType::Date32 => times::<Date32Type>(array, MICROSECONDS_PER_DAY),
        DataType::Date64 => times::<Date64Type>(array, 1_000),
        _ => return None,
    })
}

fn times<T: ArrowPrimitiveType>(array: &dyn Array, microseconds: i64) -> Push<'_>
where
    T::Native: Into<i64>,
{
    let array = array.as_primitive::<T>();
    Box::new(move |row, builder| {
        let value: i64 = array.value(row).into();
        match value.checked_mul(microseconds) {
            Some(value) => builder.push_integer(value),
            None => Err(builder.refuse(Refusal::Range, &value)),
        }
    })
}

fn text(array: &dyn Array, target: FieldType) -> Option<Push<'_>> {
    let texts = TextCells::of(array)?;
    Some(Box::new(move |row, builder| {
        let text = texts.value(row);
        if text.is_empty() && target != FieldType::String {
            // It is not null, which is what it would be read as.
            return builder.push(Value::String(text));
        }
        builder.push_text(text)
    }))
}

/// The texts of an array.
pub(super) enum TextCells<'a> {
    Small(&'a arrow_array::StringArray),
    Large(&'a arrow_array::LargeStringArray),
    View(&'a arrow_array::StringViewArray),
    Dictionary(&'a dyn Array, Vec<usize>, Box<Self>),
    Nulls,
}

impl<'a> TextCells<'a> {
    /// Fails when the array does not hold texts.
    pub(super) fn new(array: &'a dyn Array, name: &str) -> Result<Self> {
        let needed = || {
            Error::invalid_argument(
                "records",
                format_args!(
                    "field `{name}`: texts are needed, not Arrow's {}",
                    array.data_type()
                ),
            )
        };
        if array.data_type() == &DataType::Null {
            return Ok(Self::Nulls);
        }
        let Some(dictionary) = array.as_any_dictionary_opt() else {
            return Self::of(array).ok_or_else(needed);
        };
        let values = Self::new(dictionary.values().as_ref(), name)?;
        if dictionary.values().is_empty() {
            return Ok(Self::Nulls);
        }
        let keys = dictionary.normalized_keys();
        Ok(Self::Dictionary(dictionary.keys(), keys, Box::new(values)))
    }

    fn of(array: &'a dyn Array) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Utf8 => Self::Small(array.as_string()),
            DataType::LargeUtf8 => Self::Large(array.as_string()),
            DataType::Utf8View => Self::View(array.as_string_view()),
            _ => return None,
        })
    }

    fn value(&self, row: usize) -> &'a str {
        match self {
            Self::Small(array) => array.value(row),
            Self::Large(array) => array.value(row),
            Self::View(array) => array.value(row),
            Self::Dictionary(_, keys, values) => values.value(keys[row]),
            Self::Nulls => "",
        }
    }

    /// The text of a row, if it is not null.
    pub(super) fn get(&self, row: usize) -> Option<&'a str> {
        let is_null = match self {
            Self::Small(array) => array.is_null(row),
            Self::Large(array) => array.is_null(row),
            Self::View(array) => array.is_null(row),
            Self::Dictionary(keys, places, values) => {
                return if keys.is_null(row) {
                    None
                } else {
                    values.get(places[row])
                };
            }
            Self::Nulls => true,
        };
        (!is_null).then(|| self.value(row))
    }
}

/// Pairs of texts: a map, or a list of structs of two texts.
pub(super) struct PairCells<'a> {
    array: &'a dyn Array,
    keys: TextCells<'a>,
    values: TextCells<'a>,
}

impl<'a> PairCells<'a> {
    /// Fails when the array does not hold such.
    pub(super) fn new(array: &'a dyn Array, name: &str) -> Result<Self> {
        let entries: Option<&StructArray> = match array.data_type() {
            DataType::Map(..) => Some(array.as_map().entries()),
            DataType::List(_) => array.as_list::<i32>().values().as_struct_opt(),
            DataType::LargeList(_) => array.as_list::<i64>().values().as_struct_opt(),
            _ => None,
        };
        match entries.map(StructArray::columns) {
            Some([keys, values]) => Ok(Self {
                array,
                keys: TextCells::new(keys.as_ref(), name)?,
                values: TextCells::new(values.as_ref(), name)?,
            }),
            _ => Err(Error::invalid_argument(
                "records",
                format_args!(
                    "field `{name}`: a map of texts is needed, not Arrow's {}",
                    array.data_type()
                ),
            )),
        }
    }

    /// The pairs of a row; `record` is its number, for errors.
    pub(super) fn get(&self, row: usize, record: usize) -> Result<Vec<(&'a str, &'a str)>> {
        if self.array.is_null(row) {
            return Ok(Vec::new());
        }
        let range = match self.array.data_type() {
            DataType::Map(..) => {
                let offsets = self.array.as_map().offsets();
                offsets[row] as usize..offsets[row + 1] as usize
            }
            DataType::List(_) => {
                let offsets = self.array.as_list::<i32>().offsets();
                offsets[row] as usize..offsets[row + 1] as usize
            }
            _ => {
                let offsets = self.array.as_list::<i64>().offsets();
                offsets[row] as usize..offsets[row + 1] as usize
            }
        };
        range
            .map(|place| {
                self.keys
                    .get(place)
                    .zip(self.values.get(place))
                    .ok_or_else(|| {
                        Error::invalid_argument(
                            "records",
                            format_args!("record {record}: an attribute is null"),
                        )
                    })
            })
            .collect()
    }
}

/// The blobs of an array.
pub(super) struct BlobCells<'a> {
    array: &'a dyn Array,
    name: String,
    kind: BlobKind<'a>,
}

enum BlobKind<'a> {
    Small(&'a arrow_array::BinaryArray),
    Large(&'a arrow_array::LargeBinaryArray),
    View(&'a arrow_array::BinaryViewArray),
    Fixed(&'a arrow_array::FixedSizeBinaryArray),
    Text(TextCells<'a>),
}

/// Blobs of this many bytes and more share the memory of the data; copying shorter ones is cheaper.
const SHARED_FROM: usize = 4096;

impl<'a> BlobCells<'a> {
    /// Fails when the array does not hold bytes or texts.
    pub(super) fn new(array: &'a dyn Array, name: &str) -> Result<Self> {
        let kind = match array.data_type() {
            DataType::Binary => BlobKind::Small(array.as_binary()),
            DataType::LargeBinary => BlobKind::Large(array.as_binary()),
            DataType::BinaryView => BlobKind::View(array.as_binary_view()),
            DataType::FixedSizeBinary(_) => BlobKind::Fixed(array.as_fixed_size_binary()),
            _ => BlobKind::Text(TextCells::new(array, name)?),
        };
        Ok(Self {
            array,
            name: name.to_owned(),
            kind,
        })
    }

    /// Adds the blob of a row as the next record.
    pub(super) fn push(&self, row: usize, builder: &mut RecordBatchBuilder) -> Result<()> {
        let (content, buffer) = match &self.kind {
            BlobKind::Small(array) => (Some(array.value(row)), Some(array.values())),
            BlobKind::Large(array) => (Some(array.value(row)), Some(array.values())),
            BlobKind::View(array) => (Some(array.value(row)), None),
            BlobKind::Fixed(array) => (Some(array.value(row)), None),
            BlobKind::Text(texts) => (texts.get(row).map(str::as_bytes), None),
        };
        let Some(content) = content.filter(|_| !self.array.is_null(row)) else {
            return Err(Error::invalid_argument(
                "records",
                format_args!(
                    "record {}, field `{}`: null, but a record needs a blob",
                    builder.record_number(),
                    self.name
                ),
            ));
        };
        match buffer {
            Some(buffer) if content.len() >= SHARED_FROM => {
                builder.push_blob_bytes(Bytes::from_owner(buffer.clone()).slice_ref(content))
            }
            _ => builder.push_blob(content),
        }
    }
}
