//! The vectors of DataHub.

mod batch;
mod compression;
mod json;
mod partition;
mod protobuf;
mod records;
mod requests;
mod schema;
mod signing;

use crate::vectors::{Case, Verdict, run};

/// A file and what checks its cases.
type File = (&'static str, fn(&Case) -> Verdict);

/// All files.
pub const FILES: &[File] = &[
    ("pb_put.json", protobuf::put),
    ("pb_get.json", protobuf::get),
    ("json_records.json", json::records),
    ("compression.json", compression::check),
    ("schema.json", schema::check),
    ("partition.json", partition::check),
    ("batch_v0.json", batch::version_0),
    ("batch_v1.json", batch::version_1),
    ("signing.json", signing::check),
];

/// Runs one of the files.
pub fn run_file(name: &str) {
    let (file, check) = FILES
        .iter()
        .find(|(file, _)| *file == name)
        .expect("a file of the list");
    run("datahub", file, check);
}
