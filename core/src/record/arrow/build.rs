//! Arrow columns of the values of a batch.

use std::sync::Arc;

use arrow_array::builder::make_view;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{
    ArrayRef, BinaryViewArray, BooleanArray, GenericBinaryArray, GenericStringArray,
    OffsetSizeTrait, PrimitiveArray, StringViewArray,
};
use arrow_buffer::{BooleanBufferBuilder, Buffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType};

use super::super::RecordBatch;
use super::super::chunk::Span;
use super::super::schema::{Field, FieldType};
use super::super::value::{Mismatch, Value};
use super::plan::{ArrowOptions, DECIMAL, UTC};
use super::source::{Run, each_value, runs, unreadable};
use super::{internal, number};
use crate::error::{Error, Result};

/// The Arrow column of a column of a topic.
pub(super) fn column(
    batch: &RecordBatch,
    column: usize,
    field: &Field,
    options: &ArrowOptions,
) -> Result<ArrayRef> {
    use Value as V;
    let field_type = field.field_type;
    let asked = options.column_type(field)?;
    macro_rules! numbers {
        ($arrow:ty, $variant:path) => {
            Arc::new(primitive::<$arrow>(
                batch,
                column,
                field_type,
                |value| match value {
                    $variant(value) => Some(value),
                    _ => None,
                },
            )?)
        };
    }
    Ok(match field_type {
        FieldType::TinyInt => numbers!(Int8Type, V::TinyInt),
        FieldType::SmallInt => numbers!(Int16Type, V::SmallInt),
        FieldType::Integer => numbers!(Int32Type, V::Integer),
        FieldType::BigInt => numbers!(Int64Type, V::BigInt),
        FieldType::Float => numbers!(Float32Type, V::Float),
        FieldType::Double => numbers!(Float64Type, V::Double),
        FieldType::Timestamp => {
            let array = primitive::<TimestampMicrosecondType>(
                batch,
                column,
                field_type,
                |value| match value {
                    V::Timestamp(value) => Some(value),
                    _ => None,
                },
            )?;
            Arc::new(array.with_timezone(UTC))
        }
        FieldType::Boolean => Arc::new(booleans(batch, column)?),
        FieldType::String | FieldType::Json => {
            texts(batch, column, field_type, &asked.unwrap_or(DataType::Utf8))?
        }
        FieldType::Decimal => decimals(batch, column, field, asked.as_ref())?,
    })
}

fn primitive<T: ArrowPrimitiveType>(
    batch: &RecordBatch,
    column: usize,
    field_type: FieldType,
    pick: impl Fn(Value<'_>) -> Option<T::Native>,
) -> Result<PrimitiveArray<T>> {
    let mut values = Vec::with_capacity(batch.len());
    let mut nulls = NullBufferBuilder::new(batch.len());
    each_value(batch, column, field_type, |value| {
        match pick(value) {
            Some(value) => {
                values.push(value);
                nulls.append_non_null();
            }
            None if value.is_null() => {
                values.push(T::Native::default());
                nulls.append_null();
            }
            None => return Err(Mismatch::Type),
        }
        Ok(())
    })?;
    PrimitiveArray::try_new(ScalarBuffer::from(values), nulls.finish()).map_err(internal)
}

fn booleans(batch: &RecordBatch, column: usize) -> Result<BooleanArray> {
    let mut values = BooleanBufferBuilder::new(batch.len());
    let mut nulls = NullBufferBuilder::new(batch.len());
    each_value(batch, column, FieldType::Boolean, |value| {
        let value = match value {
            Value::Boolean(value) => Some(value),
            Value::Null => None,
            _ => return Err(Mismatch::Type),
        };
        values.append(value.unwrap_or_default());
        nulls.append(value.is_some());
        Ok(())
    })?;
    Ok(BooleanArray::new(values.finish(), nulls.finish()))
}

/// A column of texts of one of the types that texts can have.
fn texts(
    batch: &RecordBatch,
    column: usize,
    field_type: FieldType,
    data_type: &DataType,
) -> Result<ArrayRef> {
    Ok(match data_type {
        DataType::Utf8View => Arc::new(text_views(batch, column, field_type)?),
        DataType::LargeUtf8 => Arc::new(copied_texts::<i64>(batch, column, field_type)?),
        _ => Arc::new(copied_texts::<i32>(batch, column, field_type)?),
    })
}

/// Texts that lie one behind the other.
struct Copied<O> {
    bytes: Vec<u8>,
    offsets: Vec<O>,
    nulls: NullBufferBuilder,
}

impl<O: OffsetSizeTrait> Copied<O> {
    fn new(rows: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(O::usize_as(0));
        Self {
            bytes: Vec::new(),
            offsets,
            nulls: NullBufferBuilder::new(rows),
        }
    }

    #[inline]
    fn push(&mut self, content: Option<&[u8]>) {
        self.nulls.append(content.is_some());
        self.bytes.extend_from_slice(content.unwrap_or_default());
        self.offsets.push(O::usize_as(self.bytes.len()));
    }

    /// Makes room for so many more bytes, as long as the offsets can count them.
    fn reserve(&mut self, bytes: usize, name: &str) -> Result<()> {
        if O::from_usize(self.bytes.len() + bytes).is_none() {
            return Err(Error::invalid_argument(
                "column",
                format_args!("field `{name}`: more than 2 GiB need views or 64-bit offsets"),
            ));
        }
        self.bytes.reserve(bytes);
        Ok(())
    }

    fn finish(mut self) -> (OffsetBuffer<O>, Buffer, Option<arrow_buffer::NullBuffer>) {
        (
            OffsetBuffer::new(ScalarBuffer::from(self.offsets)),
            Buffer::from_vec(self.bytes),
            self.nulls.finish(),
        )
    }
}

/// The texts are checked to be UTF-8 all at once, which is many times faster than one by one.
fn copied_texts<O: OffsetSizeTrait>(
    batch: &RecordBatch,
    column: usize,
    field_type: FieldType,
) -> Result<GenericStringArray<O>> {
    let name = column_name(batch, column);
    let mut copied = Copied::<O>::new(batch.len());
    for run in runs(batch, column) {
        let mut total = 0;
        let fits = field_type != FieldType::Decimal
            && run.each_span(field_type, |span| total += span.range().len());
        if fits {
            copied.reserve(total, name)?;
            let buffer = run.buffer();
            let mut is_inside = true;
            run.each_span(field_type, |span| {
                let content = buffer.get(span.range());
                is_inside &= content.is_some();
                copied.push(content.filter(|_| !span.is_null()));
            });
            if !is_inside {
                return Err(unreadable(batch, column));
            }
        } else {
            each_text(&run, field_type, &mut |text| {
                let bytes = text.map_or(0, str::len);
                copied.reserve(bytes, name).map_err(|_| Mismatch::Range)?;
                copied.push(text.map(str::as_bytes));
                Ok(())
            })
            .map_err(|_| unreadable(batch, column))?;
        }
    }
    let (offsets, bytes, nulls) = copied.finish();
    GenericStringArray::try_new(offsets, bytes, nulls).map_err(|_| unreadable(batch, column))
}

/// Goes through texts that cannot be taken as they lie in the buffer.
fn each_text<'a>(
    run: &Run<'a>,
    field_type: FieldType,
    take: &mut dyn FnMut(Option<&'a str>) -> Result<(), Mismatch>,
) -> Result<(), Mismatch> {
    run.each_value(field_type, &mut |value| match value {
        Value::String(text) | Value::Json(text) | Value::Decimal(text) => take(Some(text)),
        Value::Null => take(None),
        _ => Err(Mismatch::Type),
    })
}

fn text_views(
    batch: &RecordBatch,
    column: usize,
    field_type: FieldType,
) -> Result<StringViewArray> {
    let mut views: Vec<u128> = Vec::with_capacity(batch.len());
    let mut nulls = NullBufferBuilder::new(batch.len());
    let mut buffers: Vec<Buffer> = Vec::new();
    for run in runs(batch, column) {
        let number = buffers.len() as u32;
        let bytes = run.buffer();
        let mut is_inside = true;
        let fits = field_type != FieldType::Decimal
            && run.each_span(field_type, |span| {
                let content = bytes.get(span.range());
                is_inside &= content.is_some();
                nulls.append(!span.is_null());
                let start = span.range().start as u32;
                views.push(make_view(content.unwrap_or_default(), number, start));
            });
        if !is_inside {
            return Err(unreadable(batch, column));
        }
        if fits {
            buffers.push(Buffer::from(run.shared_buffer()));
            continue;
        }
        let mut own: Vec<u8> = Vec::new();
        each_text(&run, field_type, &mut |text| {
            let start = u32::try_from(own.len()).map_err(|_| Mismatch::Range)?;
            let content = text.unwrap_or_default().as_bytes();
            nulls.append(text.is_some());
            views.push(make_view(content, number, start));
            own.extend_from_slice(content);
            Ok(())
        })
        .map_err(|_| unreadable(batch, column))?;
        buffers.push(Buffer::from_vec(own));
    }
    StringViewArray::try_new(ScalarBuffer::from(views), buffers, nulls.finish())
        .map_err(|_| unreadable(batch, column))
}

/// The Arrow column of blobs.
pub(super) fn blobs(batch: &RecordBatch, data_type: &DataType) -> Result<ArrayRef> {
    Ok(match data_type {
        DataType::BinaryView => {
            let layout = batch.blob_layout()?;
            let views: Vec<u128> = batch
                .iter()
                .zip(&layout.places)
                .map(|(record, place)| Ok(make_view(record.blob()?, place.buffer, place.start)))
                .collect::<Result<_>>()?;
            let buffers: Vec<Buffer> = layout.buffers.into_iter().map(Buffer::from).collect();
            let views = ScalarBuffer::from(views);
            Arc::new(BinaryViewArray::try_new(views, buffers, None).map_err(internal)?)
        }
        DataType::LargeBinary => Arc::new(copied_blobs::<i64>(batch)?),
        _ => Arc::new(copied_blobs::<i32>(batch)?),
    })
}

fn copied_blobs<O: OffsetSizeTrait>(batch: &RecordBatch) -> Result<GenericBinaryArray<O>> {
    let mut copied = Copied::<O>::new(batch.len());
    let mut total = 0;
    for record in batch {
        total += record.blob()?.len();
    }
    copied.reserve(total, super::BLOB_COLUMN)?;
    for record in batch {
        copied.push(Some(record.blob()?));
    }
    let (offsets, bytes, nulls) = copied.finish();
    GenericBinaryArray::try_new(offsets, bytes, nulls).map_err(internal)
}

fn decimals(
    batch: &RecordBatch,
    column: usize,
    field: &Field,
    asked: Option<&DataType>,
) -> Result<ArrayRef> {
    let data_type = asked.unwrap_or(&DECIMAL);
    if let Some(array) = decimals_of(batch, column, data_type)? {
        return Ok(array);
    }
    if asked.is_some() {
        return Err(misfit(batch, column, field, data_type));
    }
    let wider = decimal_type(batch, column)?;
    decimals_of(batch, column, &wider)?.ok_or_else(|| misfit(batch, column, field, &wider))
}

/// A DECIMAL column of a type; `None` when a value does not fit.
fn decimals_of(
    batch: &RecordBatch,
    column: usize,
    data_type: &DataType,
) -> Result<Option<ArrayRef>> {
    Ok(match *data_type {
        DataType::Decimal128(precision, scale) => {
            let parse = |text: &[u8]| number::parse128(text, precision, scale);
            let array = decimal_numbers::<Decimal128Type>(batch, column, parse)?;
            typed(array.map(|array| array.with_precision_and_scale(precision, scale)))?
        }
        DataType::Decimal256(precision, scale) => {
            let parse = |text: &[u8]| number::parse256(text, precision, scale);
            let array = decimal_numbers::<Decimal256Type>(batch, column, parse)?;
            typed(array.map(|array| array.with_precision_and_scale(precision, scale)))?
        }
        _ => Some(texts(batch, column, FieldType::Decimal, data_type)?),
    })
}

fn typed<T: ArrowPrimitiveType>(
    array: Option<Result<PrimitiveArray<T>, ArrowError>>,
) -> Result<Option<ArrayRef>> {
    Ok(match array.transpose().map_err(internal)? {
        Some(array) => Some(Arc::new(array)),
        None => None,
    })
}

fn decimal_numbers<T: ArrowPrimitiveType>(
    batch: &RecordBatch,
    column: usize,
    parse: impl Fn(&[u8]) -> Option<T::Native>,
) -> Result<Option<PrimitiveArray<T>>> {
    let mut values = Vec::with_capacity(batch.len());
    let mut nulls = NullBufferBuilder::new(batch.len());
    let mut fits = true;
    let mut push = |value: Option<&[u8]>| {
        let number = value.and_then(&parse);
        fits &= number.is_some() || value.is_none();
        nulls.append(value.is_some());
        values.push(number.unwrap_or_default());
    };
    for run in runs(batch, column) {
        let buffer = run.buffer();
        let mut take = |span: Span| {
            let text = buffer.get(span.range()).unwrap_or_default();
            push((!span.is_null()).then_some(text));
        };
        if !run.each_span(FieldType::Decimal, &mut take) {
            each_text(&run, FieldType::Decimal, &mut |text| {
                push(text.map(str::as_bytes));
                Ok(())
            })
            .map_err(|_| unreadable(batch, column))?;
        }
    }
    if !fits {
        // Either the type is too small, or a text is not a number.
        return match first_error(batch, column) {
            Some(error) => Err(error),
            None => Ok(None),
        };
    }
    PrimitiveArray::try_new(ScalarBuffer::from(values), nulls.finish())
        .map(Some)
        .map_err(internal)
}

#[cold]
fn first_error(batch: &RecordBatch, column: usize) -> Option<Error> {
    (0..batch.len()).find_map(|row| batch.value(row, column).err())
}

/// The type that a DECIMAL column gets when none is asked for.
pub(super) fn decimal_type(batch: &RecordBatch, column: usize) -> Result<DataType> {
    let mut widest = number::Digits::default();
    let mut is_number = true;
    each_value(batch, column, FieldType::Decimal, |value| {
        if let Value::Decimal(text) = value {
            match number::Digits::of(text) {
                Some(digits) => widest = widest.max(digits),
                None => is_number = false,
            }
        }
        Ok(())
    })?;
    Ok(if is_number {
        widest.data_type()
    } else {
        DataType::Utf8
    })
}

#[cold]
fn misfit(batch: &RecordBatch, column: usize, field: &Field, data_type: &DataType) -> Error {
    let fits = |text: &str| match *data_type {
        DataType::Decimal128(precision, scale) => {
            number::parse128(text.as_bytes(), precision, scale).is_some()
        }
        DataType::Decimal256(precision, scale) => {
            number::parse256(text.as_bytes(), precision, scale).is_some()
        }
        _ => true,
    };
    let row = (0..batch.len())
        .find(|row| matches!(batch.value(*row, column), Ok(Value::Decimal(text)) if !fits(text)));
    Error::invalid_argument(
        "decimal",
        format_args!(
            "record {}, field `{}`: the value has more digits than Arrow's {data_type}",
            row.unwrap_or_default(),
            field.name
        ),
    )
}

fn column_name(batch: &RecordBatch, column: usize) -> &str {
    batch
        .schema()
        .and_then(|schema| schema.fields().get(column))
        .map_or("", |field| &field.name)
}
