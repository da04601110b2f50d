//! One value after the other out of an Arrow array.
//!
//! The arrays are made here, of the types that are read and no others: any array that Arrow makes of data whose type is
//! not known draws all types into a program.

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, DecimalType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    BinaryArray, BinaryViewArray, BooleanArray, FixedSizeBinaryArray, LargeBinaryArray,
    LargeStringArray, PrimitiveArray, StringArray, StringViewArray,
};
use arrow_buffer::{ArrowNativeType, Buffer, NullBuffer, ScalarBuffer};
use arrow_data::ArrayData;
use arrow_schema::{DataType, TimeUnit};
use bytes::Bytes;

use super::super::RecordBatchBuilder;
use super::super::refusal::Refusal;
use super::super::schema::{Field, FieldType};
use super::super::value::Value;
use crate::error::{Error, Result};

type Push = Box<dyn Fn(usize, &mut RecordBatchBuilder) -> Result<()>>;

/// 2^63, the first float above the integers of 64 bits.
const INTEGER_END: f64 = 9_223_372_036_854_775_808.0;
const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;

/// The columns of a struct array.
pub(super) fn columns_of(structs: &ArrayData) -> Vec<ArrayData> {
    let (offset, length) = (structs.offset(), structs.len());
    let columns = structs.child_data().iter();
    columns.map(|column| column.slice(offset, length)).collect()
}

/// For every row of a dictionary its place among the values, of which there is at least one. Those of nulls are any.
fn places(dictionary: &ArrayData, key: &DataType, values: &ArrayData) -> Vec<usize> {
    fn of<K: ArrowNativeType>(dictionary: &ArrayData, values: &ArrayData) -> Vec<usize> {
        let last = values.len().saturating_sub(1);
        let keys = dictionary.buffer::<K>(0).iter().take(dictionary.len());
        keys.map(|key| key.as_usize().min(last)).collect()
    }
    match key {
        DataType::Int8 => of::<i8>(dictionary, values),
        DataType::Int16 => of::<i16>(dictionary, values),
        DataType::Int32 => of::<i32>(dictionary, values),
        DataType::Int64 => of::<i64>(dictionary, values),
        DataType::UInt8 => of::<u8>(dictionary, values),
        DataType::UInt16 => of::<u16>(dictionary, values),
        DataType::UInt32 => of::<u32>(dictionary, values),
        _ => of::<u64>(dictionary, values),
    }
}

/// The type of the keys and the values of a dictionary.
fn dictionary_of(array: &ArrayData) -> Option<(&DataType, &ArrayData)> {
    match array.data_type() {
        DataType::Dictionary(key, _) => array.child_data().first().map(|values| (&**key, values)),
        _ => None,
    }
}

/// The values of a column of the data, to be added to one of the topic.
pub(super) struct Cells {
    push: Push,
}

impl Cells {
    /// Nothing but nulls.
    pub(super) fn nulls() -> Self {
        Self {
            push: Box::new(|_, builder| builder.push_null()),
        }
    }

    /// Fails when values of the array's type never fit the column.
    pub(super) fn new(array: &ArrayData, field: &Field) -> Result<Self> {
        if let Some((key, values)) = dictionary_of(array) {
            let inner = Self::new(values, field)?;
            if values.is_empty() {
                return Ok(Self::nulls());
            }
            let places = places(array, key, values);
            let push: Push = Box::new(move |row, builder| (inner.push)(places[row], builder));
            return Ok(Self::checked(array, push));
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

    fn checked(array: &ArrayData, push: Push) -> Self {
        match nulls_of(array) {
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

fn nulls_of(array: &ArrayData) -> Option<NullBuffer> {
    let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
    nulls.cloned()
}

fn primitive<T: ArrowPrimitiveType>(array: &ArrayData) -> PrimitiveArray<T> {
    PrimitiveArray::from(array.clone())
}

/// Whether a column holds numbers, or what is kept as one.
fn takes_numbers(target: FieldType) -> bool {
    use FieldType as F;
    matches!(
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
    )
}

fn number(array: &ArrayData, target: FieldType) -> Option<Push> {
    use FieldType as F;
    if !takes_numbers(target) {
        return None;
    }
    let is_number = !matches!(target, F::Timestamp | F::Boolean);
    Some(match array.data_type() {
        DataType::Boolean if target == F::Boolean => {
            let array = BooleanArray::from(array.clone());
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
            let array = primitive::<UInt64Type>(array);
            Box::new(move |row, builder| push_unsigned(builder, array.value(row)))
        }
        DataType::Float16 if is_number && target != F::Decimal => {
            let array = primitive::<Float16Type>(array);
            Box::new(move |row, builder| push_float(builder, target, array.value(row).to_f64()))
        }
        DataType::Float32 if is_number && target != F::Decimal => {
            let array = primitive::<Float32Type>(array);
            Box::new(move |row, builder| push_float(builder, target, array.value(row).into()))
        }
        DataType::Float64 if is_number && target != F::Decimal => {
            let array = primitive::<Float64Type>(array);
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

fn integers<T: ArrowPrimitiveType>(array: &ArrayData) -> Push
where
    T::Native: Into<i64>,
{
    let array = primitive::<T>(array);
    Box::new(move |row, builder| builder.push_integer(array.value(row).into()))
}

fn push_unsigned(builder: &mut RecordBatchBuilder, value: u64) -> Result<()> {
    match i64::try_from(value) {
        Ok(value) => builder.push_integer(value),
        // The text is refused as out of range where it does not fit, and fits DECIMAL.
        Err(_) => builder.push_any_text(&value.to_string()),
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
    array: &ArrayData,
    target: FieldType,
    precision: u8,
    scale: i8,
) -> Push {
    let array = primitive::<T>(array);
    Box::new(move |row, builder| {
        let text = T::format_decimal(array.value(row), precision, scale);
        if matches!(
            target,
            FieldType::Decimal | FieldType::Float | FieldType::Double
        ) {
            return builder.push_any_text(&text);
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        if fraction.bytes().all(|digit| digit == b'0') {
            builder.push_any_text(whole)
        } else {
            builder.push(Value::Decimal(&text))
        }
    })
}

fn time(array: &ArrayData, target: FieldType) -> Option<Push> {
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
            let array = primitive::<TimestampNanosecondType>(array);
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

fn times<T: ArrowPrimitiveType>(array: &ArrayData, microseconds: i64) -> Push
where
    T::Native: Into<i64>,
{
    let array = primitive::<T>(array);
    Box::new(move |row, builder| {
        let value: i64 = array.value(row).into();
        match value.checked_mul(microseconds) {
            Some(value) => builder.push_integer(value),
            None => Err(builder.refuse(Refusal::Range, &value)),
        }
    })
}

fn text(array: &ArrayData, target: FieldType) -> Option<Push> {
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
pub(super) struct TextCells {
    texts: Texts,
    nulls: Option<NullBuffer>,
}

enum Texts {
    Small(StringArray),
    Large(LargeStringArray),
    View(StringViewArray),
    Dictionary(Vec<usize>, Box<TextCells>),
    Nulls,
}

impl TextCells {
    /// Fails when the array does not hold texts.
    pub(super) fn new(array: &ArrayData, name: &str) -> Result<Self> {
        if array.data_type() == &DataType::Null {
            return Ok(Self::nulls());
        }
        let Some((key, values)) = dictionary_of(array) else {
            return Self::of(array).ok_or_else(|| {
                let found = array.data_type();
                Error::invalid_argument(
                    "records",
                    format_args!("field `{name}`: texts are needed, not Arrow's {found}"),
                )
            });
        };
        let inner = Self::new(values, name)?;
        if values.is_empty() {
            return Ok(Self::nulls());
        }
        Ok(Self {
            texts: Texts::Dictionary(places(array, key, values), Box::new(inner)),
            nulls: nulls_of(array),
        })
    }

    const fn nulls() -> Self {
        Self {
            texts: Texts::Nulls,
            nulls: None,
        }
    }

    fn of(array: &ArrayData) -> Option<Self> {
        let texts = match array.data_type() {
            DataType::Utf8 => Texts::Small(array.clone().into()),
            DataType::LargeUtf8 => Texts::Large(array.clone().into()),
            DataType::Utf8View => Texts::View(array.clone().into()),
            _ => return None,
        };
        Some(Self {
            texts,
            nulls: nulls_of(array),
        })
    }

    /// The text of a row that is not null.
    fn value(&self, row: usize) -> &str {
        match &self.texts {
            Texts::Small(array) => array.value(row),
            Texts::Large(array) => array.value(row),
            Texts::View(array) => array.value(row),
            Texts::Dictionary(places, values) => values.value(places[row]),
            Texts::Nulls => "",
        }
    }

    /// The text of a row, if it is not null.
    pub(super) fn get(&self, row: usize) -> Option<&str> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return None;
        }
        match &self.texts {
            Texts::Dictionary(places, values) => values.get(places[row]),
            Texts::Nulls => None,
            _ => Some(self.value(row)),
        }
    }
}

/// Pairs of texts: a map, or a list of structs of two texts.
pub(super) struct PairCells {
    offsets: Offsets,
    nulls: Option<NullBuffer>,
    keys: TextCells,
    values: TextCells,
}

enum Offsets {
    Small(ScalarBuffer<i32>),
    Large(ScalarBuffer<i64>),
}

impl PairCells {
    /// Fails when the array does not hold such.
    pub(super) fn new(array: &ArrayData, name: &str) -> Result<Self> {
        // An array without rows may have no offsets at all.
        let count = if array.is_empty() { 0 } else { array.len() + 1 };
        let first = |buffers: &[Buffer]| buffers.first().cloned().unwrap_or_default();
        let buffer = first(array.buffers());
        let offsets = match array.data_type() {
            DataType::Map(..) | DataType::List(_) => Some(Offsets::Small(ScalarBuffer::new(
                buffer,
                array.offset(),
                count,
            ))),
            DataType::LargeList(_) => Some(Offsets::Large(ScalarBuffer::new(
                buffer,
                array.offset(),
                count,
            ))),
            _ => None,
        };
        let entries = array.child_data().first();
        let entries = entries.filter(|entries| matches!(entries.data_type(), DataType::Struct(_)));
        match (offsets, entries.map(columns_of).as_deref()) {
            (Some(offsets), Some([keys, values])) => Ok(Self {
                offsets,
                nulls: nulls_of(array),
                keys: TextCells::new(keys, name)?,
                values: TextCells::new(values, name)?,
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
    pub(super) fn get(&self, row: usize, record: usize) -> Result<Vec<(&str, &str)>> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return Ok(Vec::new());
        }
        let range = match &self.offsets {
            Offsets::Small(offsets) => offsets[row] as usize..offsets[row + 1] as usize,
            Offsets::Large(offsets) => offsets[row] as usize..offsets[row + 1] as usize,
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
pub(super) struct BlobCells {
    blobs: Blobs,
    nulls: Option<NullBuffer>,
    name: String,
}

enum Blobs {
    Small(BinaryArray),
    Large(LargeBinaryArray),
    View(BinaryViewArray),
    Fixed(FixedSizeBinaryArray),
    Text(TextCells),
}

/// Blobs of this many bytes and more share the memory of the data; copying shorter ones is cheaper.
const SHARED_FROM: usize = 4096;

impl BlobCells {
    /// Fails when the array does not hold bytes or texts.
    pub(super) fn new(array: &ArrayData, name: &str) -> Result<Self> {
        let blobs = match array.data_type() {
            DataType::Binary => Blobs::Small(array.clone().into()),
            DataType::LargeBinary => Blobs::Large(array.clone().into()),
            DataType::BinaryView => Blobs::View(array.clone().into()),
            DataType::FixedSizeBinary(_) => Blobs::Fixed(array.clone().into()),
            _ => Blobs::Text(TextCells::new(array, name)?),
        };
        Ok(Self {
            blobs,
            nulls: nulls_of(array),
            name: name.to_owned(),
        })
    }

    /// Adds the blob of a row as the next record.
    pub(super) fn push(&self, row: usize, builder: &mut RecordBatchBuilder) -> Result<()> {
        let (content, buffer) = match &self.blobs {
            Blobs::Small(array) => (Some(array.value(row)), Some(array.values())),
            Blobs::Large(array) => (Some(array.value(row)), Some(array.values())),
            Blobs::View(array) => (Some(array.value(row)), None),
            Blobs::Fixed(array) => (Some(array.value(row)), None),
            Blobs::Text(texts) => (texts.get(row).map(str::as_bytes), None),
        };
        let is_null = self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        let Some(content) = content.filter(|_| !is_null) else {
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
