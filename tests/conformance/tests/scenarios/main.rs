//! Runs every scenario of `tests/scenarios` through the dynamic calls that all languages are built on.

mod direct;
mod matching;
mod neutral;
mod run;
mod scenario;
mod trials;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use direct::Direct;
use libtest_mimic::{Arguments, Failed, Trial};
use scenario::Scenario;

/// Fails when there is an operation that no scenario calls.
fn every_operation(files: &[PathBuf]) -> Result<(), Failed> {
    let mut called = BTreeSet::new();
    for file in files {
        let scenario: Scenario = toml::from_str(&std::fs::read_to_string(file)?)?;
        for step in scenario.steps {
            called.extend(step.call.map(|call| format!("{}.{call}", scenario.service)));
        }
    }
    let missing: Vec<_> = hubstream::connect::SERVICES
        .iter()
        .flat_map(|service| service.operations)
        .map(|operation| format!("{}.{}", operation.service, operation.method))
        .filter(|name| !called.contains(name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("no scenario calls {}", missing.join(", ")).into())
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let files = trials::all_files(&root);
    let all = files.iter();
    let mut trials: Vec<_> = all
        .flat_map(|file| trials::trials::<Direct>(&root, file))
        .collect();
    trials.push(Trial::test("every operation has a scenario", move || {
        every_operation(&files)
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
