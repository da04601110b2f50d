//! What a client has done so far, in numbers.
//!
//! ```
//! use hubstream::datahub::DataHub;
//!
//! # fn main() -> hubstream::error::Result<()> {
//! let hub = DataHub::new(DataHub::builder("http://127.0.0.1:4710"))?;
//! let stats = hub.stats();
//! assert_eq!((stats.calls, stats.retries), (0, 0));
//! # Ok(())
//! # }
//! ```

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::model;
use crate::schema::{OperationSchema, TypeSchema};

/// What a client has done so far, in numbers.
#[model(local, snake_case)]
#[derive(PartialEq, Eq)]
pub struct ClientStats {
    /// Calls of the service that ended. An operation that is made of several counts each.
    pub calls: u64,
    /// Calls that ended in an error, whatever it was.
    pub failed_calls: u64,
    /// Attempts that were begun, the first of each call included.
    pub attempts: u64,
    /// Attempts that repeat a failed one.
    pub retries: u64,
    /// Bytes of the bodies that were sent, as they were on the wire.
    pub sent_bytes: u64,
    /// Bytes of the bodies that were received, as they were on the wire.
    pub received_bytes: u64,
    /// Records that the service said it had stored, for each operation that puts records, as in
    /// `PutRecords`. Those that failed while others were stored do not count, nor those of a call
    /// that ended in an error.
    pub records_put: BTreeMap<String, u64>,
    /// Records that were handed over to the caller, for each operation that gets records.
    pub records_got: BTreeMap<String, u64>,
}

/// Records that passed through one operation.
#[derive(Debug)]
struct RecordCounter {
    operation: &'static str,
    records: AtomicU64,
}

#[derive(Debug)]
pub(crate) struct Counters {
    calls: AtomicU64,
    failed_calls: AtomicU64,
    attempts: AtomicU64,
    retries: AtomicU64,
    sent_bytes: AtomicU64,
    received_bytes: AtomicU64,
    put: Vec<RecordCounter>,
    got: Vec<RecordCounter>,
}

fn add(counter: &AtomicU64, number: usize) {
    counter.fetch_add(number as u64, Ordering::Relaxed);
}

fn has_records(ty: TypeSchema) -> bool {
    let mut found = false;
    ty.visit(&mut |ty| found |= ty == TypeSchema::Records);
    found
}

/// A counter for each operation that is chosen.
fn counters(
    operations: &[&OperationSchema],
    chosen: impl Fn(&OperationSchema) -> bool,
) -> Vec<RecordCounter> {
    let counter = |operation: &&OperationSchema| RecordCounter {
        operation: operation.name,
        records: AtomicU64::new(0),
    };
    let chosen = operations.iter().filter(|operation| chosen(operation));
    chosen.map(counter).collect()
}

fn count(counters: &[RecordCounter], operation: &str, records: usize) {
    let mut known = counters.iter();
    if records > 0
        && let Some(counter) = known.find(|known| known.operation == operation)
    {
        add(&counter.records, records);
    }
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn read_all(counters: &[RecordCounter]) -> BTreeMap<String, u64> {
    // One by one: to collect them would draw a sort into a program.
    let mut all = BTreeMap::new();
    for counter in counters {
        all.insert(counter.operation.to_owned(), read(&counter.records));
    }
    all
}

impl Counters {
    /// Starts at 0 for the operations of a service.
    pub(crate) fn new(operations: &[&OperationSchema]) -> Self {
        Self {
            calls: AtomicU64::new(0),
            failed_calls: AtomicU64::new(0),
            attempts: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            sent_bytes: AtomicU64::new(0),
            received_bytes: AtomicU64::new(0),
            put: counters(operations, |operation| {
                operation.fields.iter().any(|field| has_records(field.ty))
            }),
            got: counters(operations, |operation| has_records(operation.returns)),
        }
    }

    pub(crate) fn call(&self, failed: bool) {
        add(&self.calls, 1);
        add(&self.failed_calls, usize::from(failed));
    }

    pub(crate) fn attempt(&self, number: u32, sent: usize) {
        add(&self.attempts, 1);
        add(&self.retries, usize::from(number > 1));
        add(&self.sent_bytes, sent);
    }

    pub(crate) fn received(&self, bytes: usize) {
        add(&self.received_bytes, bytes);
    }

    /// Notes the records of an operation that succeeded.
    pub(crate) fn records(&self, operation: &str, put: usize, got: usize) {
        count(&self.put, operation, put);
        count(&self.got, operation, got);
    }

    pub(crate) fn read(&self) -> ClientStats {
        ClientStats {
            calls: read(&self.calls),
            failed_calls: read(&self.failed_calls),
            attempts: read(&self.attempts),
            retries: read(&self.retries),
            sent_bytes: read(&self.sent_bytes),
            received_bytes: read(&self.received_bytes),
            records_put: read_all(&self.put),
            records_got: read_all(&self.got),
        }
    }
}
