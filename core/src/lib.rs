//! Clients for shard-based cloud streams: [Alibaba Cloud DataHub](datahub) and [Huawei Cloud DIS](dis).
//!
//! Every operation of a service is a struct: `new` takes what must be given, and there is a setter for everything
//! that has a default. A client has one method for each of them. Clients are cheap to clone, and clones share their
//! connections.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use hubstream::config::Settings;
//! use hubstream::datahub::{CursorType, DataHub, GetCursor, GetTupleRecords, PutRecords};
//! use hubstream::record::{Field, FieldType, RecordBatchBuilder, RecordSchema, Value};
//!
//! # async fn example() -> hubstream::error::Result<()> {
//! // DATAHUB_ENDPOINT, DATAHUB_ACCESS_ID, DATAHUB_ACCESS_KEY
//! let hub = DataHub::new(DataHub::from_settings(Settings::from_env("datahub")?))?;
//! let schema = Arc::new(RecordSchema::new(vec![
//!     Field::new("id", FieldType::BigInt).not_null(),
//!     Field::new("name", FieldType::String),
//! ])?);
//!
//! let mut records = RecordBatchBuilder::tuples(schema);
//! records.push_row(&[Value::BigInt(1), Value::String("first")])?;
//! hub.put_records(PutRecords::new("shop", "orders", records.build()?)).await?;
//!
//! let oldest = GetCursor::new("shop", "orders", "0", CursorType::Oldest);
//! let cursor = hub.get_cursor(oldest).await?.cursor;
//! let get = GetTupleRecords::new("shop", "orders", "0").cursor(cursor).limit_num(100);
//! for record in &hub.get_tuple_records(get).await?.records {
//!     println!("{} {} {}", record.sequence(), record.value(0)?, record.value(1)?);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Where to look
//!
//! | module | what it holds |
//! |---|---|
//! | [`datahub`], [`dis`] | a client, its operations and their results |
//! | [`record`] | schemas, values and batches of records |
//! | [`config`], [`credentials`] | settings, and who the caller is |
//! | [`error`] | the one error type, and its kinds |
//! | [`stats`] | what a client has done so far |
//! | [`pipeline`], [`transport`], [`time`] | layers around calls; another network or clock, for tests |
//! | [`codec`], [`sign`] | wire formats and signatures without a client |
//! | [`connect`], [`registry`], [`schema`], [`dynamic`], [`mod@operation`], [`log`] | what bindings and tools are built on: clients and operations by name |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `datahub` | yes | [`datahub`] |
//! | `dis` | yes | [`dis`] |
//! | `http` | yes | HTTP/1.1 over TLS, with proxies: `transport::http`. Without it, a client needs a transport of the caller's. |
//! | `arrow` | no | records as columns of Apache Arrow, both ways: `record::arrow` |
//! | `arrow-ipc` | no | the same in Arrow's IPC format |
//! | `testing` | no | transports that answer from a list: `transport::stub` |
//!
//! # Runtime
//!
//! Calls run on a runtime of `tokio` with its drivers for network and time (`enable_all`). The crate starts no threads.

extern crate self as hubstream;

pub mod client;
pub mod codec;
pub mod config;
pub mod connect;
pub mod credentials;
#[cfg(feature = "datahub")]
pub mod datahub;
#[cfg(feature = "dis")]
pub mod dis;
pub mod dynamic;
pub mod error;
mod json;
pub mod log;
pub mod operation;
pub mod pipeline;
pub mod record;
pub mod registry;
pub mod schema;
pub mod sign;
pub mod stats;
pub mod time;
pub mod transport;

pub(crate) use hubstream_macros::model;
#[cfg(any(feature = "datahub", feature = "dis"))]
pub(crate) use hubstream_macros::operation;
