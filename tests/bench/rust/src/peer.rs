//! The side of hubstream in a comparison with a client that runs in a process of its own. Both are told what to do by
//! lines on the standard input and answer each with a line, so that they can be measured in turns.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hubstream::codec::{CompressFormat, batch, compress, json, protobuf};
use hubstream::error::{Error, Result};
use hubstream::record::{RecordBatch, Value};
use serde_json::{Value as Json, json};

use crate::cases::{self, Case, Kind, Protocol, Records, Way, read_all};
use crate::data;
use crate::measure::{self, Plain};

/// Does what the lines say until there are no more.
pub(crate) fn run() -> Result<()> {
    let records = Records::new()?;
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| failed("standard input").with_source(error))?;
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let answer = answer(&words, &records)?;
        println!("{answer}");
        std::io::stdout()
            .flush()
            .map_err(|error| failed("standard output").with_source(error))?;
    }
    Ok(())
}

fn failed(what: &'static str) -> Error {
    Error::invalid_argument(what, "it cannot be read or written")
}

/// `rows TUPLES BLOBS` writes the records; `reply CASE FILE` writes the body of a reply and tells its size before
/// compression; `read CASE FILE SIZE LINES` writes the records of a put; `time CASE` and `make CASE` measure.
fn answer(words: &[&str], records: &Records) -> Result<String> {
    match *words {
        ["rows", tuples, blobs] => {
            save(tuples, &lines(records.batch(Kind::Tuple), Kind::Tuple)?)?;
            save(blobs, &lines(records.batch(Kind::Blob), Kind::Blob)?)?;
            Ok("ok".to_owned())
        }
        ["reply", case, path] => {
            let (body, raw_size) = named(case)?.reply(records)?;
            save(path, &body)?;
            Ok(raw_size.to_string())
        }
        ["read", case, path, raw_size, output] => {
            let case = named(case)?;
            let body = fs::read(path).map_err(|error| failed("file").with_source(error))?;
            let raw_size = raw_size
                .parse()
                .map_err(|_| Error::invalid_argument("size", "it is not a number"))?;
            let read = read_put(case, body.into(), raw_size, records)?;
            save(output, &lines(&read, case.kind)?)?;
            Ok("ok".to_owned())
        }
        ["time", case] => time(named(case)?, records),
        ["make", case] => make(named(case)?, records),
        _ => Err(Error::invalid_argument("command", "it is not known")),
    }
}

fn named(name: &str) -> Result<Case> {
    let mut all = cases::all().into_iter();
    all.find(|case| case.to_string() == name)
        .ok_or_else(|| Error::invalid_argument("case", "there is none of that name"))
}

fn save(path: &str, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(|error| failed("file").with_source(error))
}

/// The records of a put of the other client.
fn read_put(case: Case, body: Bytes, raw_size: usize, records: &Records) -> Result<RecordBatch> {
    let schema = (case.kind == Kind::Tuple).then(|| Arc::clone(&records.schema));
    let raw = match (case.protocol, case.format) {
        (Protocol::Batch(_), _) | (_, CompressFormat::None) => body,
        (_, format) => compress::decompress(format, &body, Some(raw_size), compress::MAX_RAW_SIZE)?,
    };
    match case.protocol {
        Protocol::Json => json::decode_put_request(raw, schema),
        Protocol::Protobuf => protobuf::decode_put_request(&raw, schema),
        Protocol::Batch(_) => match batch::decode_put_request(&raw)?.as_slice() {
            [one] => batch::decode(one, &|_| schema.clone()),
            _ => Err(Error::malformed("the put has not one batch")),
        },
    }
}

/// Records as lines of JSON, one for each, whose numbers are texts.
fn lines(batch: &RecordBatch, kind: Kind) -> Result<Vec<u8>> {
    let mut text = String::new();
    for record in batch {
        let line = match kind {
            Kind::Blob => json!({ "data": STANDARD.encode(record.blob()?) }),
            Kind::Tuple => {
                let values = record.values().map(|value| value.map(shown));
                json!({ "values": values.collect::<Result<Vec<Json>>>()? })
            }
        };
        let _ = writeln!(text, "{line}");
    }
    Ok(text.into_bytes())
}

fn shown(value: Value<'_>) -> Json {
    match value {
        Value::BigInt(number) | Value::Timestamp(number) => json!(number.to_string()),
        Value::Double(number) => json!(format!("{number:?}")),
        Value::Boolean(value) => json!(value),
        Value::String(text) | Value::Decimal(text) => json!(text),
        _ => Json::Null,
    }
}

/// CPU time per record of a case, in nanoseconds.
fn time(case: Case, records: &Records) -> Result<String> {
    match case.way {
        Way::Encode => {
            let batch = records.batch(case.kind);
            case.encode(batch)?;
            Ok(per_record(|| {
                drop(black_box(case.encode(black_box(batch))));
            }))
        }
        Way::Decode => {
            let (body, raw_size) = case.reply(records)?;
            case.decode(body.clone(), raw_size, records)?;
            // The other client also copies a body before it reads it.
            Ok(per_record(|| {
                let own = Bytes::copy_from_slice(black_box(&body));
                let batch = case.decode(own, raw_size, records);
                _ = black_box(batch.and_then(|batch| read_all(&batch, case.kind)));
            }))
        }
    }
}

/// The same for a put whose records have to be made first.
fn make(case: Case, records: &Records) -> Result<String> {
    let work = || {
        let batch = match case.kind {
            Kind::Tuple => data::tuple_batch(black_box(&records.rows), &records.schema),
            Kind::Blob => data::blob_batch(black_box(&records.blobs)),
        };
        batch.and_then(|batch| case.encode(&batch))
    };
    work()?;
    Ok(per_record(|| drop(black_box(work()))))
}

fn per_record(work: impl FnMut()) -> String {
    let records = u32::try_from(data::COUNT).map_or(f64::NAN, f64::from);
    let nanoseconds = measure::once(&mut Plain(work)) / records;
    format!("{nanoseconds:.2}")
}
