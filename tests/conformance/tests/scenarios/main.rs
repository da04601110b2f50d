//! Runs every scenario of `tests/scenarios` through the dynamic calls that all languages are built on.

mod matching;
mod neutral;
mod run;
mod scenario;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use scenario::Scenario;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            found.push(path);
        }
    }
}

fn trial(root: &Path, file: &Path) -> Vec<Trial> {
    let text = std::fs::read_to_string(file).expect("a scenario can be read");
    let name = file.strip_prefix(root).unwrap_or(file).with_extension("");
    let name = name.display().to_string();
    let scenario: Arc<Scenario> = match toml::from_str(&text) {
        Ok(scenario) => Arc::new(scenario),
        Err(error) => {
            let text = error.to_string();
            return vec![Trial::test(name, move || Err(text.into()))];
        }
    };
    let combinations = scenario.combinations();
    let trials = combinations.into_iter().map(|settings| {
        let scenario = Arc::clone(&scenario);
        let choices: Vec<_> = settings.values().map(String::as_str).collect();
        let name = [name.as_str()]
            .into_iter()
            .chain(choices)
            .collect::<Vec<_>>()
            .join(" ");
        Trial::test(name, move || Ok(run::run(&scenario, &settings)?))
    });
    trials.collect()
}

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
    let mut found = Vec::new();
    files(&root, &mut found);
    found.sort();
    assert!(!found.is_empty(), "no scenarios in {}", root.display());
    let mut trials: Vec<_> = found.iter().flat_map(|file| trial(&root, file)).collect();
    trials.push(Trial::test("every operation has a scenario", move || {
        every_operation(&found)
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
