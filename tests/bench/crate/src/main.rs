//! Measures whole puts and gets of tuples, JSON without compression: hubstream against the crate `datahub`, in turns.
//!
//! usage: `hubstream-bench-crate SERVER ROUNDS FILE`, with the program `hubstream-bench` as the server.

#[allow(
    dead_code,
    reason = "blobs are not compared: the crate takes text only"
)]
#[path = "../../rust/src/data.rs"]
mod data;
#[allow(dead_code, reason = "shared with the harness of floors")]
#[path = "../../rust/src/measure.rs"]
mod measure;
#[path = "../../rust/src/serving.rs"]
mod serving;

use std::error::Error;
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;

use datahub::config::{AliyunAccount, DatahubConfig, HttpConfig};
use datahub::payload::data::{DataUnit, ReadDataPayload, Record, WriteDataPayload};
use datahub::{DatahubClientFactory, DatahubClientTrait};
use hubstream::datahub::{
    CreateProject, CreateTupleTopic, CursorType, DataHub, GetCursor, GetTupleRecords, PutRecords,
};
use hubstream::record::{RecordBatch, RecordSchema, Value};
use hubstream_emulator::Emulator;
use measure::Plain;
use serving::Server;
use tokio::runtime::{Builder, Runtime};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const PROJECT: &str = "bench";
const TOPIC: &str = "records";
/// The place of the column of DOUBLE.
const PRICE: usize = 1;
const CURSOR: &str = "30000000000000000000000000000000";

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [server, rounds, file] = words.as_slice() else {
        return Err("usage: hubstream-bench-crate SERVER ROUNDS FILE".into());
    };
    let bench = Bench {
        program: server.into(),
        rounds: rounds.parse()?,
        runtime: Builder::new_current_thread().enable_all().build()?,
        rows: data::rows(),
        schema: data::schema()?,
    };
    agree(&bench.rows, &bench.schema)?;
    let found = serde_json::json!({"put": bench.put()?, "get": bench.get()?});
    std::fs::write(file, found.to_string())?;
    Ok(())
}

fn theirs(url: &str) -> impl DatahubClientTrait + use<> {
    let account = AliyunAccount::new("emulator".to_owned(), "emulator".to_owned(), None);
    let config = DatahubConfig::new(url.to_owned(), account, HttpConfig::default(), false);
    DatahubClientFactory::new_datahub_client(&config)
}

fn ours(url: &str) -> Result<DataHub> {
    let builder = DataHub::builder(url)
        .set("access_id", "emulator")
        .set("access_key", "emulator")
        .set("protocol", "json")
        .set("compress_format", "none");
    Ok(DataHub::new(builder)?)
}

/// The values as the crate takes them: all of them texts.
fn texts(row: &data::Row) -> Vec<String> {
    let mut texts = vec![
        row.id.to_string(),
        row.price.to_string(),
        row.paid.to_string(),
        row.at.to_string(),
        row.amount.clone(),
    ];
    texts.extend(row.texts.iter().cloned());
    texts
}

fn payload(rows: &[data::Row]) -> WriteDataPayload<'static> {
    let record = |row| Record {
        shard_id: "0".to_owned(),
        attributes: None,
        data: DataUnit::Tuple(texts(row)),
    };
    WriteDataPayload {
        action: "pub",
        records: rows.iter().map(record).collect(),
    }
}

fn question(cursor: &str) -> ReadDataPayload<'_> {
    ReadDataPayload {
        action: "sub",
        cursor,
        limit: data::COUNT as i32,
    }
}

async fn read(hub: &DataHub, schema: &Arc<RecordSchema>, cursor: &str) -> Result<RecordBatch> {
    let mut operation = GetTupleRecords::new(PROJECT, TOPIC, "0");
    operation.record_schema = Some(Arc::clone(schema));
    cursor.clone_into(&mut operation.cursor);
    operation.limit_num = data::COUNT as i32;
    Ok(hub.get_tuple_records(operation).await?.records)
}

/// Whether a batch holds the rows, in their order.
fn holds(batch: &RecordBatch, rows: &[data::Row]) -> Result<bool> {
    let mut is_equal = batch.len() == rows.len();
    for (record, row) in batch.iter().zip(rows) {
        let found: Vec<Value<'_>> = record.values().collect::<std::result::Result<_, _>>()?;
        is_equal &= found.as_slice() == row.values().as_slice();
    }
    Ok(is_equal)
}

/// Whether what the crate read holds the rows. Its records show their values in no other way than as JSON.
fn lists(reply: &impl serde::Serialize, rows: &[data::Row]) -> Result<bool> {
    let reply = serde_json::to_value(reply)?;
    let records = reply["Records"]
        .as_array()
        .ok_or("the crate read no records")?;
    let is_equal = |(place, (found, wanted)): (usize, (&serde_json::Value, &String))| match place {
        // The same number has more than one text.
        PRICE => found.as_str().map(str::parse) == Some(wanted.parse::<f64>()),
        _ => found == wanted,
    };
    let holds = |(record, row): (&serde_json::Value, &data::Row)| {
        let (found, wanted) = (record["Data"].as_array(), texts(row));
        found.is_some_and(|found| {
            found.len() == wanted.len() && found.iter().zip(&wanted).enumerate().all(is_equal)
        })
    };
    Ok(records.len() == rows.len() && records.iter().zip(rows).all(holds))
}

/// Lets each read from the emulator what the other put there, and compares the values.
fn agree(rows: &[data::Row], schema: &Arc<RecordSchema>) -> Result<()> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let emulator = Emulator::builder().datahub("127.0.0.1:0").start().await?;
        let url = emulator
            .datahub_url()
            .ok_or("the emulator has no endpoint")?;
        let (hub, mut client) = (ours(url)?, theirs(url));
        hub.create_project(CreateProject::new(PROJECT)).await?;
        hub.create_tuple_topic(CreateTupleTopic::new(
            PROJECT,
            TOPIC,
            1,
            1,
            Arc::clone(schema),
        ))
        .await?;
        hub.put_records(PutRecords::new(
            PROJECT,
            TOPIC,
            data::tuple_batch(rows, schema)?,
        ))
        .await?;
        let cursor = |kind| hub.get_cursor(GetCursor::new(PROJECT, TOPIC, "0", kind));
        let first = cursor(CursorType::Oldest).await?.cursor;
        let found = client
            .read_data(PROJECT, TOPIC, "0", &question(&first))
            .await
            .map_err(text)?;
        if !lists(&found, rows)? {
            return Err("the crate reads other values than hubstream put".into());
        }
        let written = client
            .write_data(PROJECT, TOPIC, &payload(rows))
            .await
            .map_err(text)?;
        let found = read(&hub, schema, found.next_cursor()).await?;
        if written.failed_record_count() != 0 || !holds(&found, rows)? {
            return Err("hubstream reads other values than the crate put".into());
        }
        Ok(())
    })
}

fn text(error: impl std::fmt::Debug) -> String {
    format!("the crate failed: {error:?}")
}

/// CPU time per record in nanoseconds and its spread, of the crate and of hubstream.
fn figures(sides: &(measure::Side, measure::Side)) -> serde_json::Value {
    let both = [&sides.0, &sides.1];
    serde_json::json!({
        "ns_per_record": both.map(|side| side.median() / data::COUNT as f64),
        "spread": both.map(measure::Side::spread),
    })
}

/// What both comparisons need.
struct Bench {
    /// The program that serves.
    program: PathBuf,
    rounds: usize,
    runtime: Runtime,
    rows: Vec<data::Row>,
    schema: Arc<RecordSchema>,
}

impl Bench {
    /// A server that answers with the reply of a case, and its URL.
    fn server(&self, case: &str) -> Result<(Server, String)> {
        let server = Server::start(&self.program, case)?;
        let url = format!("http://127.0.0.1:{}", server.port);
        Ok((server, url))
    }

    /// From values in memory to the reply; each side makes its records anew, as a program does.
    fn put(&self) -> Result<serde_json::Value> {
        let (_server, url) = self.server("json-put-tuple-none")?;
        let (hub, mut client) = (ours(&url)?, theirs(&url));
        let mut theirs = Plain(|| {
            let payload = payload(&self.rows);
            let sent = client.write_data(PROJECT, TOPIC, &payload);
            let reply = self.runtime.block_on(sent);
            assert!(reply.is_ok_and(|reply| reply.failed_record_count() == 0));
        });
        let mut ours = Plain(|| {
            let batch = data::tuple_batch(&self.rows, &self.schema).expect("it is the schema");
            let sent = hub.put_records(PutRecords::new(PROJECT, TOPIC, batch));
            let reply = self.runtime.block_on(sent);
            assert!(reply.is_ok_and(|reply| reply.failed_record_count == 0));
        });
        let sides = measure::compare(&mut theirs, &mut ours, self.rounds);
        Ok(figures(&sides))
    }

    /// From the request to the records: all values with their types on our side, texts on the other.
    fn get(&self) -> Result<serde_json::Value> {
        let (_server, url) = self.server("json-get-tuple-none")?;
        let (hub, mut client) = (ours(&url)?, theirs(&url));
        let mut theirs = Plain(|| {
            let question = question(CURSOR);
            let asked = client.read_data(PROJECT, TOPIC, "0", &question);
            let reply = self.runtime.block_on(asked);
            assert!(reply.is_ok_and(|reply| reply.records().len() == self.rows.len()));
        });
        let mut ours = Plain(|| {
            let asked = read(&hub, &self.schema, CURSOR);
            let batch = self.runtime.block_on(asked).expect("the server answers");
            assert_eq!(batch.len(), self.rows.len());
            for record in &batch {
                record
                    .values()
                    .for_each(|value| assert!(black_box(value).is_ok()));
            }
        });
        let sides = measure::compare(&mut theirs, &mut ours, self.rounds);
        Ok(figures(&sides))
    }
}
