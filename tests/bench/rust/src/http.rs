//! Whole puts and gets: the client with all its parts against the floor of the codec and a bare socket.

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;

use hubstream::codec::CompressFormat;
use hubstream::datahub::{
    DataHub, GetBlobRecords, GetProject, GetTupleRecords, PutRecords, PutRecordsByShard,
};
use hubstream::error::{Error, ErrorKind, Result};
use hubstream::record::RecordBatch;
use tokio::runtime::{Builder, Runtime};

use crate::cases::{self, Case, Kind, Protocol, Records, Way, read_all};
use crate::data::COUNT;
use crate::floor::socket::Socket;
use crate::floors::Floor;
use crate::measure::{self, Plain};
use crate::report::Measured;
use crate::serving::Server;

const CURSOR: &str = "30000000000000000000000000000000";

/// One request and its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// A put or a get of 1000 records.
    Records(Case),
    /// A request without records.
    Small,
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Small => f.write_str("small-request"),
            Self::Records(case) => {
                let name = case.to_string();
                f.write_str(&name.replace("encode", "put").replace("decode", "get"))
            }
        }
    }
}

/// All exchanges.
pub(crate) fn all() -> Vec<Exchange> {
    let is_measured =
        |case: &Case| matches!(case.format, CompressFormat::None | CompressFormat::Lz4);
    let cases = cases::all().into_iter().filter(is_measured);
    cases
        .map(Exchange::Records)
        .chain([Exchange::Small])
        .collect()
}

struct Client {
    runtime: Runtime,
    hub: DataHub,
}

impl Client {
    fn new(port: u16, exchange: Exchange) -> Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let mut builder = DataHub::builder(format!("http://127.0.0.1:{port}"))
            .set("access_id", "emulator")
            .set("access_key", "emulator");
        if let Exchange::Records(case) = exchange {
            let protocol = match case.protocol {
                Protocol::Json => "json",
                Protocol::Protobuf => "protobuf",
                Protocol::Batch(version) => {
                    builder = builder.set("batch_version", version as u8);
                    "batch"
                }
            };
            builder = builder
                .set("protocol", protocol)
                .set("compress_format", case.format);
        }
        Ok(Self {
            runtime,
            hub: DataHub::new(builder)?,
        })
    }

    /// Batches are put to single shards.
    fn put_to_shard(&self, batch: &RecordBatch) -> Result<()> {
        let operation = PutRecordsByShard::new("bench", "records", "0", batch.clone());
        self.runtime
            .block_on(self.hub.put_records_by_shard(operation))
            .map(drop)
    }

    fn put(&self, batch: &RecordBatch, protocol: Protocol) -> Result<()> {
        if matches!(protocol, Protocol::Batch(_)) {
            return self.put_to_shard(batch);
        }
        let operation = PutRecords::new("bench", "records", batch.clone());
        let result = self.runtime.block_on(self.hub.put_records(operation))?;
        match result.failed_record_count {
            0 => Ok(()),
            _ => Err(Error::new(ErrorKind::Internal, "records were refused")),
        }
    }

    fn get(&self, kind: Kind, records: &Records) -> Result<RecordBatch> {
        let result = match kind {
            Kind::Tuple => {
                let mut operation = GetTupleRecords::new("bench", "records", "0");
                operation.record_schema = Some(Arc::clone(&records.schema));
                CURSOR.clone_into(&mut operation.cursor);
                self.runtime
                    .block_on(self.hub.get_tuple_records(operation))?
            }
            Kind::Blob => {
                let operation = GetBlobRecords::new("bench", "records", "0", CURSOR);
                self.runtime
                    .block_on(self.hub.get_blob_records(operation))?
            }
        };
        Ok(result.records)
    }
}

fn failed(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Connection, "no server to measure with").with_source(error)
}

/// The head of a request as the client writes it, without the length.
fn head(exchange: Exchange, port: u16) -> String {
    let (method, target) = match exchange {
        Exchange::Records(case)
            if case.way == Way::Decode || matches!(case.protocol, Protocol::Batch(_)) =>
        {
            ("POST", "/projects/bench/topics/records/shards/0")
        }
        Exchange::Records(_) => ("POST", "/projects/bench/topics/records/shards"),
        Exchange::Small => ("GET", "/projects/bench"),
    };
    format!(
        "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/x-protobuf\r\n\
         Accept-Encoding: lz4\r\nContent-Encoding: lz4\r\nx-datahub-content-raw-size: 400000\r\n\
         x-datahub-client-version: 1.1\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
         Authorization: DATAHUB emulator:AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n"
    )
}

/// Checks that the client gets all records, then measures.
pub(crate) fn measure(exchange: Exchange, records: &Records, rounds: usize) -> Result<Measured> {
    let program = std::env::current_exe().map_err(failed)?;
    let server = Server::start(&program, &exchange.to_string()).map_err(failed)?;
    let client = Client::new(server.port, exchange)?;
    let mut socket = Socket::connect(server.port).map_err(failed)?;
    let head = head(exchange, server.port);
    let (sides, bytes) = match exchange {
        Exchange::Small => {
            let small = || client.hub.get_project(GetProject::new("bench"));
            client.runtime.block_on(small())?;
            let mut ours = Plain(|| _ = black_box(client.runtime.block_on(small())));
            let mut least = Plain(|| _ = black_box(socket.exchange(&head, &[])));
            (measure::compare(&mut ours, &mut least, rounds), 0)
        }
        Exchange::Records(case) => {
            let mut floor = Floor::new(case, records).map_err(failed)?;
            let batch = records.batch(case.kind);
            match case.way {
                Way::Encode => {
                    client.put(batch, case.protocol)?;
                    let size = case.encode(batch)?.len();
                    let mut ours = Plain(|| _ = black_box(client.put(batch, case.protocol)));
                    let mut least = Plain(|| {
                        let body = floor.encode().unwrap_or_default();
                        _ = black_box(socket.exchange(&head, body));
                    });
                    (measure::compare(&mut ours, &mut least, rounds), size)
                }
                Way::Decode => {
                    let got = client.get(case.kind, records)?;
                    if got.len() != COUNT {
                        return Err(cases::differs(case));
                    }
                    let (body, raw_size) = case.reply(records)?;
                    let mut ours = Plain(|| {
                        let got = client.get(case.kind, records);
                        _ = black_box(got.and_then(|got| read_all(&got, case.kind)));
                    });
                    let mut least = Plain(|| {
                        let reply = socket.exchange(&head, &[0; 64]).unwrap_or_default();
                        _ = black_box(floor.decode(reply, raw_size));
                    });
                    (measure::compare(&mut ours, &mut least, rounds), body.len())
                }
            }
        }
    };
    let units = if exchange == Exchange::Small {
        1
    } else {
        COUNT
    };
    Ok(Measured {
        name: exchange.to_string(),
        bytes: bytes / units,
        units,
        ours: sides.0,
        floor: sides.1,
    })
}
