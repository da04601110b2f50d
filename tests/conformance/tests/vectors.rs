//! Runs every file of golden vectors.

use hubstream_conformance::vectors::directory;
use hubstream_conformance::{datahub, dis};

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
fn vectors_dis_signing_v3() {
    dis::run_file("signing_v3.json");
}

#[test]
fn vectors_dis_signing_v3_derived() {
    dis::run_file("signing_v3_derived.json");
}

#[test]
fn vectors_dis_signing_legacy() {
    dis::run_file("signing_legacy.json");
}

#[test]
fn vectors_dis_signing_legacy_v11() {
    dis::run_file("signing_legacy_v11.json");
}

#[test]
fn vectors_dis_signing_java() {
    dis::run_file("signing_java.json");
}

#[test]
fn vectors_dis_requests_v3() {
    dis::run_file("requests_v3.json");
}

#[test]
fn vectors_dis_responses_v3() {
    dis::run_file("responses_v3.json");
}

#[test]
fn vectors_dis_requests_legacy() {
    dis::run_file("requests_legacy.json");
}

#[test]
fn vectors_dis_responses_legacy() {
    dis::run_file("responses_legacy.json");
}

#[test]
fn vectors_dis_encryption() {
    dis::run_file("encryption.json");
}

#[test]
fn vectors_dis_protobuf() {
    dis::run_file("protobuf.json");
}

#[test]
fn vectors_dis_partition_hash() {
    dis::run_file("partition_hash.json");
}

#[test]
fn vectors_dis_compression() {
    dis::run_file("compression.json");
}

fn no_file_is_forgotten(service: &str, files: &[&str]) {
    let Some(directory) = directory(service) else {
        return;
    };
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let name = entry.expect("an entry").file_name();
        let name = name.to_string_lossy();
        let is_vectors = std::path::Path::new(name.as_ref())
            .extension()
            .is_some_and(|end| end == "json");
        assert!(
            files.contains(&name.as_ref()) || !is_vectors,
            "{name} is not run"
        );
    }
}

#[test]
fn vectors_datahub_no_file_is_forgotten() {
    let files: Vec<&str> = datahub::FILES.iter().map(|(file, _)| *file).collect();
    no_file_is_forgotten("datahub", &files);
}

#[test]
fn vectors_dis_no_file_is_forgotten() {
    let files: Vec<&str> = dis::FILES.iter().map(|(file, _)| *file).collect();
    no_file_is_forgotten("dis", &files);
}
