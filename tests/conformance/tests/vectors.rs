//! Runs every file of golden vectors.

use hubstream_conformance::datahub;
use hubstream_conformance::vectors::directory;

#[test]
fn vectors_datahub_pb_put() {
    datahub::run_file("pb_put.json");
}

#[test]
fn vectors_datahub_pb_get() {
    datahub::run_file("pb_get.json");
}

#[test]
fn vectors_datahub_json_records() {
    datahub::run_file("json_records.json");
}

#[test]
fn vectors_datahub_compression() {
    datahub::run_file("compression.json");
}

#[test]
fn vectors_datahub_schema() {
    datahub::run_file("schema.json");
}

#[test]
fn vectors_datahub_partition() {
    datahub::run_file("partition.json");
}

#[test]
fn vectors_datahub_batch_v0() {
    datahub::run_file("batch_v0.json");
}

#[test]
fn vectors_datahub_batch_v1() {
    datahub::run_file("batch_v1.json");
}

#[test]
fn vectors_datahub_signing() {
    datahub::run_file("signing.json");
}

#[test]
fn vectors_datahub_no_file_is_forgotten() {
    let Some(directory) = directory("datahub") else {
        return;
    };
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let name = entry.expect("an entry").file_name();
        let name = name.to_string_lossy();
        let is_vectors = std::path::Path::new(name.as_ref())
            .extension()
            .is_some_and(|end| end == "json");
        let is_run = datahub::FILES.iter().any(|(file, _)| *file == name);
        assert!(is_run || !is_vectors, "{name} is not run");
    }
}
