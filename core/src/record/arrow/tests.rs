use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Float64Array, Int64Array, NullArray, RecordBatch as Columns,
    StringArray, TimestampNanosecondArray, UInt64Array,
};
use arrow_schema::{DataType, Field as ArrowField, Schema};
use bytes::Bytes;

use super::*;
use crate::record::{Field, FieldType, RecordBatchBuilder, Value};

fn schema(columns: &[(&str, FieldType)]) -> Arc<RecordSchema> {
    let fields = columns.iter().map(|(name, kind)| Field::new(*name, *kind));
    Arc::new(RecordSchema::new(fields.collect()).unwrap())
}

fn columns(columns: Vec<(&str, ArrayRef)>) -> Columns {
    Columns::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap()
}

fn prices(texts: &[&str]) -> RecordBatch {
    let mut builder = RecordBatchBuilder::tuples(schema(&[("price", FieldType::Decimal)]));
    for text in texts {
        builder.push_row(&[Value::Decimal(text)]).unwrap();
    }
    builder.build().unwrap()
}

#[test]
fn views_share_the_memory_of_the_batch() {
    let text = "longer than what a view holds itself";
    let mut builder = RecordBatchBuilder::tuples(schema(&[("s", FieldType::String)]));
    builder.push_row(&[Value::String(text)]).unwrap();
    let batch = builder.build().unwrap();
    let views = batch.to_arrow(&ArrowOptions::new().with_views()).unwrap();
    let Value::String(stored) = batch.value(0, 0).unwrap() else {
        panic!("the value is a text");
    };
    let shared = views.column(0).as_string_view().value(0);
    assert_eq!((shared, shared.as_ptr()), (text, stored.as_ptr()));

    let blob = Bytes::from(vec![7; 100]);
    let mut builder = RecordBatchBuilder::blobs();
    builder.push_blob_bytes(blob.clone()).unwrap();
    let views = builder.build().unwrap();
    let views = views.to_arrow(&ArrowOptions::new().with_views()).unwrap();
    assert_eq!(
        views.column(0).as_binary_view().value(0).as_ptr(),
        blob.as_ptr()
    );
}

#[test]
fn large_blobs_of_arrow_are_shared_and_small_ones_copied() {
    let large = vec![b'x'; 5000];
    let array = arrow_array::BinaryArray::from(vec![&large[..], b"small"]);
    let place = array.value(0).as_ptr();
    let batch = RecordBatch::from_arrow(None, &columns(vec![("b", Arc::new(array))])).unwrap();
    assert_eq!(batch.blob(0).unwrap().as_ptr(), place);
    assert_eq!(batch.blob(1).unwrap(), b"small");
}

#[test]
fn a_decimal_column_is_as_wide_as_it_must_be() {
    let batch = prices(&["1.50", "-99999999999999999999"]);
    let array = batch.to_arrow(&ArrowOptions::new()).unwrap();
    let array = array.column(0).as_primitive::<Decimal128Type>();
    assert_eq!(array.value(0), 1_500_000_000_000_000_000);
    let wide = prices(&["1.50", "100000000000000000000"]);
    let wide = wide.to_arrow(&ArrowOptions::new()).unwrap();
    assert_eq!(wide.column(0).data_type(), &DataType::Decimal256(76, 18));
    let asked = ArrowOptions::new().with_decimal(DataType::Decimal128(3, 2));
    assert_eq!(prices(&["1.50"]).to_arrow(&asked).unwrap().num_rows(), 1);
    let error = prices(&["1.50", "10"]).to_arrow(&asked).unwrap_err();
    assert!(
        error.message().contains("record 1, field `price`"),
        "{error}"
    );
    let asked = ArrowOptions::new().with_decimal(DataType::Float64);
    assert!(prices(&["1.50"]).to_arrow(&asked).is_err());
}

#[test]
fn a_column_has_the_type_that_was_asked_for_if_it_can() {
    let batch = prices(&["1.5"]);
    let price = |options: &ArrowOptions| {
        let columns = batch.to_arrow(options)?;
        Ok::<_, Error>(columns.column(0).data_type().clone())
    };
    let options = ArrowOptions::new().with_column("PRICE", DataType::LargeUtf8);
    assert_eq!(price(&options).unwrap(), DataType::LargeUtf8);
    let options = ArrowOptions::new().with_column("price", DataType::Int8);
    assert!(price(&options).is_err());
    let wish = |data_type| Schema::new(vec![ArrowField::new("price", data_type, true)]);
    let options = ArrowOptions::new().with_schema(&wish(DataType::Int8));
    assert_eq!(price(&options).unwrap(), DataType::Decimal128(38, 18));
    let options = ArrowOptions::new().with_schema(&wish(DataType::Decimal128(4, 1)));
    assert_eq!(price(&options).unwrap(), DataType::Decimal128(4, 1));
}

#[test]
fn values_that_cannot_be_read_are_named() {
    use crate::record::chunk::{Chunk, Form, Span, Values};
    let schema = schema(&[("n", FieldType::BigInt), ("s", FieldType::String)]);
    // The halves of a character, each in a text of its own, are no texts although together they are.
    let body = Bytes::from_static(b"7x\xc3\xa9");
    let mut chunk = Chunk::received(Form::Text, Some(schema), body, Bytes::new());
    let spans = [(0, 1), (2, 1), (1, 1), (3, 1)].map(|(at, length)| Span::new(at, length));
    chunk.starts = vec![0, 2];
    chunk.values = Values::Received {
        form: Form::Text,
        spans: spans.into(),
    };
    let batch = RecordBatch::from_chunk(chunk);
    let error = |row: usize, column: usize| batch.value(row, column).unwrap_err().to_string();
    let of = |options: ArrowOptions| batch.to_arrow(&options).unwrap_err().to_string();
    assert_eq!(of(ArrowOptions::new()), error(1, 0));
    let number = RecordSchema::new(vec![Field::new("s", FieldType::String)]).unwrap();
    let texts = batch.with_schema(&Arc::new(number)).unwrap();
    for options in [ArrowOptions::new(), ArrowOptions::new().with_views()] {
        let found = texts.to_arrow(&options).unwrap_err().to_string();
        assert_eq!(found, error(0, 1));
    }
}

#[test]
fn casts_are_checked() {
    let target = schema(&[("n", FieldType::TinyInt), ("t", FieldType::Timestamp)]);
    let convert = |name: &str, array: ArrayRef| {
        RecordBatch::from_arrow(Some(&target), &columns(vec![(name, array)]))
    };
    let array = Arc::new(Float64Array::from(vec![Some(-128.0), None]));
    let batch = convert("N", array).unwrap();
    assert_eq!(batch.value(0, 0).unwrap(), Value::TinyInt(-128));
    assert_eq!(batch.value(1, 0).unwrap(), Value::Null);
    let array = TimestampNanosecondArray::from(vec![-5000]).with_timezone("+02:00");
    let batch = convert("t", Arc::new(array)).unwrap();
    assert_eq!(batch.value(0, 1).unwrap(), Value::Timestamp(-5));
    let keys: DictionaryArray<arrow_array::types::Int8Type> =
        vec![Some("1"), None, Some("1")].into_iter().collect();
    let batch = convert("n", Arc::new(keys)).unwrap();
    assert_eq!(batch.value(2, 0).unwrap(), Value::TinyInt(1));
    assert!(batch.value(1, 0).unwrap().is_null());
    assert_eq!(convert("n", Arc::new(NullArray::new(2))).unwrap().len(), 2);

    let refused: [(&str, ArrayRef, &str); 6] = [
        (
            "n",
            Arc::new(Int64Array::from(vec![1, 128])),
            "record 1, field `n`: `128`",
        ),
        (
            "n",
            Arc::new(UInt64Array::from(vec![u64::MAX])),
            "`18446744073709551615` is outside",
        ),
        (
            "n",
            Arc::new(Float64Array::from(vec![0.5])),
            "record 0, field `n`: `0.5`",
        ),
        (
            "t",
            Arc::new(TimestampNanosecondArray::from(vec![1])),
            "`1` ns is not a whole",
        ),
        (
            "t",
            Arc::new(Float64Array::from(vec![1.0])),
            "field `t`: Arrow's Float64",
        ),
        (
            "x",
            Arc::new(Int64Array::from(vec![1])),
            "field `x`: the topic has no such column",
        ),
    ];
    for (name, array, message) in refused {
        let error = convert(name, array).unwrap_err();
        assert!(error.message().contains(message), "{error}");
    }
}

#[test]
fn records_are_counted_over_the_batches_of_a_stream() {
    let target = schema(&[("n", FieldType::TinyInt)]);
    let part = |values: Vec<i64>| {
        let array: ArrayRef = Arc::new(Int64Array::from(values));
        columns(vec![("n", array)])
    };
    let mut import = ArrowImport::new(Some(&target), &part(vec![]).schema()).unwrap();
    assert_eq!(import.convert(&part(vec![1, 2])).unwrap().len(), 2);
    assert_eq!(import.convert(&part(vec![])).unwrap().len(), 0);
    let error = import.convert(&part(vec![3, 400])).unwrap_err();
    assert!(error.message().contains("record 3, field `n`"), "{error}");
    assert_eq!(import.records(), 2);
    let other: ArrayRef = Arc::new(StringArray::from(vec!["1"]));
    assert!(import.convert(&columns(vec![("n", other)])).is_err());
}

#[test]
fn times_are_utc() {
    let mut builder = RecordBatchBuilder::tuples(schema(&[("t", FieldType::Timestamp)]));
    builder.push_row(&[Value::Timestamp(-1)]).unwrap();
    let batch = builder.build().unwrap().to_arrow(&ArrowOptions::new());
    let batch = batch.unwrap();
    let times = batch.column(0).as_primitive::<TimestampMicrosecondType>();
    assert_eq!((times.value(0), times.timezone()), (-1, Some("UTC")));
}

/// Batches whose arrays begin behind the start of their memory, as readers of a part of a file give them.
#[test]
fn slices_are_read_from_where_they_begin() {
    let target = schema(&[("n", FieldType::BigInt), ("s", FieldType::String)]);
    let mut builder = RecordBatchBuilder::tuples(Arc::clone(&target));
    for number in 0..6_i64 {
        let text = format!("text {number}");
        builder.begin_row().unwrap();
        builder.push_integer(number).unwrap();
        builder.push_text(&text).unwrap();
        builder.end_row().unwrap();
        builder.set_attributes([("k", &*text)]).unwrap();
    }
    let options = ArrowOptions::new().with_metadata();
    let all = builder.build().unwrap().to_arrow(&options).unwrap();
    let mut arrays = all.columns().to_vec();
    let dictionary: DictionaryArray<arrow_array::types::UInt16Type> =
        (0..6).map(|number| Some(["a", "b"][number % 2])).collect();
    arrays[1] = Arc::new(dictionary);
    let schema = all.schema();
    let fields = schema.fields().iter().zip(&arrays);
    let fields = fields.map(|(field, array)| nullable(field.name(), array.data_type().clone()));
    let arrow = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let all = Columns::try_new(Arc::clone(&arrow), arrays).unwrap();

    let mut import = ArrowImport::new(Some(&target), &arrow).unwrap();
    let structs = arrow_array::StructArray::from(all.clone()).to_data();
    // Sliced as the data of a struct is by Arrow itself, and as another library hands it over.
    let moved = arrow_data::ArrayDataBuilder::from(structs.clone());
    let moved = moved.offset(2).len(3).build().unwrap();
    for records in [
        import.convert(&all.slice(2, 3)).unwrap(),
        import.convert_structs(&structs.slice(2, 3)).unwrap(),
        import.convert_structs(&moved).unwrap(),
    ] {
        assert_eq!(records.len(), 3);
        for (row, (number, text)) in [(2, "a"), (3, "b"), (4, "a")].into_iter().enumerate() {
            assert_eq!(records.value(row, 0).unwrap(), Value::BigInt(number));
            assert_eq!(records.value(row, 1).unwrap(), Value::String(text));
            let attributes: Vec<_> = records.attributes(row).collect();
            assert_eq!(attributes, [("k", &*format!("text {number}"))]);
        }
    }
    assert_eq!(import.records(), 9);
}

#[test]
fn an_array_with_null_structs_is_no_batch() {
    let target = schema(&[("n", FieldType::BigInt)]);
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let fields = vec![nullable("n", DataType::Int64)];
    let nulls = arrow_buffer::NullBuffer::from(vec![true, false]);
    let structs = arrow_array::StructArray::new(fields.clone().into(), vec![numbers], Some(nulls));
    let mut import = ArrowImport::new(Some(&target), &Arc::new(Schema::new(fields))).unwrap();
    let error = import.convert_structs(&structs.to_data()).unwrap_err();
    assert!(error.message().contains("not a record batch"), "{error}");
    let number = Int64Array::from(vec![1]).to_data();
    assert!(import.convert_structs(&number).is_err());
}
