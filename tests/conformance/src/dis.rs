//! The vectors of Huawei Cloud DIS.

mod access;
mod arguments;
mod partition;
mod protobuf;
mod requests;
mod responses;
mod signing;

use crate::vectors::{Case, Outcome, Verdict, run};

/// A file and what checks its cases.
type File = (&'static str, fn(&Case) -> Verdict);

/// All files.
pub const FILES: &[File] = &[
    ("signing_v3.json", signing::unscoped),
    ("signing_v3_derived.json", signing::derived),
    ("signing_legacy.json", signing::scoped),
    ("signing_legacy_v11.json", signing::scoped_derived),
    ("signing_java.json", signing::java),
    ("requests_v3.json", requests::check),
    ("requests_legacy.json", access::check),
    ("responses_v3.json", responses::check),
    ("responses_legacy.json", not_built),
    ("protobuf.json", protobuf::check),
    ("partition_hash.json", partition::check),
    ("compression.json", not_built),
    ("encryption.json", not_built),
];

/// Runs one of the files.
pub fn run_file(name: &str) {
    let (file, check) = FILES
        .iter()
        .find(|(file, _)| *file == name)
        .expect("a file of the list");
    run("dis", file, check);
}

/// Replies of the older client, compressed bodies and encrypted records: the client does not have them yet. (The
/// emulator reads compressed bodies and tests them itself.)
#[allow(clippy::unnecessary_wraps, reason = "the type of a check")]
fn not_built(_: &Case) -> Verdict {
    Ok(Outcome::NotBuilt)
}
