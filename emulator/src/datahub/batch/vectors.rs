//! The golden vectors of batches, which were made by official clients and other libraries.

use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::datahub::schema::Schema;

fn cases(file: &str) -> Vec<Value> {
    let path = format!(
        "{}/../tests/vectors/datahub/{file}",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).expect("the vectors are there");
    serde_json::from_str(&text).expect("a list of cases")
}

fn bytes(value: &Value) -> Option<Bytes> {
    let digits = value["hex"].as_str()?;
    let pairs = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16));
    Some(
        pairs
            .collect::<Result<Vec<u8>, _>>()
            .expect("hexadecimal digits")
            .into(),
    )
}

/// The schema of a case under every version that the cases use; nothing for blobs.
fn schemas(case: &Value) -> Vec<SchemaVersion> {
    let Some(columns) = case["input"]["schema"].as_array() else {
        return Vec::new();
    };
    let columns = columns.iter().map(|column| Column {
        name: column["name"].as_str().expect("name").to_owned(),
        kind: ColumnType::named(column["type"].as_str().expect("type")).expect("known type"),
        notnull: column["allow_null"] == false,
        comment: None,
    });
    let schema = Arc::new(Schema {
        fields: columns.collect(),
    });
    (-1..=1000)
        .map(|id| SchemaVersion {
            id,
            schema: Arc::clone(&schema),
            created: 0,
        })
        .collect()
}

/// The texts of a record as the cases tell them; nothing if they are told by a rule, or in a form of decimals that is
/// equal but not the same.
fn texts(record: &Value) -> Option<Vec<Option<Vec<u8>>>> {
    let text = |value: &Value| match value {
        Value::Null => Some(None),
        Value::Bool(value) => Some(Some(value.to_string().into_bytes())),
        Value::String(text) if text.contains("E+") || text.contains("E-") => None,
        Value::String(text) => Some(Some(text.clone().into_bytes())),
        other => other["text"]
            .as_str()
            .map(|text| Some(text.as_bytes().to_vec())),
    };
    match record["values"].as_array() {
        Some(values) => values.iter().map(text).collect(),
        None => Some(vec![Some(bytes(&record["data"])?.to_vec())]),
    }
}

fn attributes(record: &Value) -> Option<Vec<(&str, &str)>> {
    let pairs = record["attributes"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    pairs
        .iter()
        .map(|pair| Some((pair[0].as_str()?, pair[1].as_str()?)))
        .collect()
}

/// Takes the batch of a case apart and compares; tells whether the case could be used.
fn check_reading(case: &Value) -> bool {
    let expected = &case["expected"];
    let batch = bytes(&expected["batch"]).or_else(|| bytes(&case["input"]["batch"]));
    let Some(batch) = batch.filter(|_| case["input"]["op"].is_null()) else {
        return false;
    };
    let read = Header::read(&batch).and_then(|header| {
        expand(
            &Batch {
                records: header.records,
                bytes: batch.clone(),
            },
            &schemas(case),
        )
    });
    if !expected["error"].is_null() {
        assert!(read.is_err(), "{} was read", case["name"]);
        return true;
    }
    let records = expected["records"]
        .as_array()
        .or(case["input"]["records"].as_array())
        .expect("records");
    let read = read.unwrap_or_else(|error| panic!("{}: {error:?}", case["name"]));
    assert_eq!(read.len(), records.len(), "{}", case["name"]);
    for (record, expected) in read.iter().zip(records) {
        let stored = record_protobuf::stored(record).expect("a record");
        let (Some(texts), Some(attributes)) = (texts(expected), attributes(expected)) else {
            return false;
        };
        let mut values: Vec<_> = stored
            .values
            .iter()
            .map(|value| value.map(<[u8]>::to_vec))
            .collect();
        // Columns that the writer did not know are added by the reply.
        values.resize(values.len().max(texts.len()), None);
        assert_eq!(values, texts, "{}", case["name"]);
        assert_eq!(stored.attributes, attributes, "{}", case["name"]);
    }
    true
}

/// Makes the batch of a case and compares; tells whether the case could be used.
fn check_writing(case: &Value) -> bool {
    let expected = &case["expected"];
    let Some(batch) = bytes(&expected["batch"]) else {
        return false;
    };
    if expected["byte_exact"] != true || case["input"]["compress"] != "none" {
        return false;
    }
    let schemas = schemas(case);
    let columns = schemas
        .first()
        .map(|schema| schema.schema.fields.as_slice());
    let records = case["input"]["records"].as_array().expect("records");
    let Some(all) = records.iter().map(texts).collect::<Option<Vec<_>>>() else {
        return false;
    };
    let rows = all.iter().zip(records).map(|(texts, record)| {
        let values: Vec<_> = texts.iter().map(Option::as_deref).collect();
        Some(Row {
            values: match columns {
                None => super::blob(&values),
                Some(columns) => binaries(&values, columns)?,
            },
            attributes: attributes(record)?,
        })
    });
    let Some(rows) = rows.collect::<Option<Vec<_>>>() else {
        return false;
    };
    let version = case["input"]["schema_version"].as_i64().expect("version") as i32;
    let made = match Header::read(&batch).expect("header").layout {
        Layout::Row => row::encode(&rows, version),
        Layout::Avro => avro::encode(&rows, columns, version),
    };
    assert_eq!(Bytes::from(made), batch, "{}", case["name"]);
    true
}

#[test]
fn batches_of_the_row_layout() {
    let cases = cases("batch_v0.json");
    let (read, written) = (
        cases.iter().filter(|case| check_reading(case)).count(),
        cases.iter().filter(|case| check_writing(case)).count(),
    );
    assert!(
        read > 40 && written > 25,
        "{read} read, {written} written of {}",
        cases.len()
    );
}

#[test]
fn batches_of_the_avro_layout() {
    let cases = cases("batch_v1.json");
    let (read, written) = (
        cases.iter().filter(|case| check_reading(case)).count(),
        cases.iter().filter(|case| check_writing(case)).count(),
    );
    assert!(
        read > 40 && written > 25,
        "{read} read, {written} written of {}",
        cases.len()
    );
}

/// Bytes of a batch that are changed at once at most.
const CHANGES: usize = 4;

#[test]
fn damaged_batches_are_refused_without_a_panic() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut refused = 0;
    for case in cases("batch_v0.json").iter().chain(&cases("batch_v1.json")) {
        let Some(batch) = bytes(&case["expected"]["batch"]) else {
            continue;
        };
        let schemas = schemas(case);
        for _ in 0..100 {
            let mut damaged = batch.to_vec();
            // Without a checksum the damage reaches the reader.
            damaged[16..20].fill(0);
            for _ in 0..random.usize(1..=CHANGES) {
                let at = random.usize(20..damaged.len());
                damaged[at] = random
                    .choice([0, 1, 0x7f, 0x80, 0xff, random.clone().u8(..)])
                    .unwrap_or(0);
            }
            let damaged = Bytes::from(damaged);
            let Ok(header) = Header::read(&damaged) else {
                refused += 1;
                continue;
            };
            let records = header.records.min(RECORDS as u32);
            let stored = Batch {
                records,
                bytes: damaged,
            };
            refused += usize::from(
                header.records as usize > RECORDS || expand(&stored, &schemas).is_err(),
            );
        }
    }
    assert!(refused > 1000, "{refused}");
}
