//! Scenario files as tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::Trial;

use crate::run::{Caller, run};
use crate::scenario::Scenario;

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

/// All scenario files.
pub(crate) fn all_files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(root, &mut found);
    found.sort();
    assert!(!found.is_empty(), "no scenarios in {}", root.display());
    found
}

/// The runs of a file, one for each combination of its matrix.
pub(crate) fn trials<C: Caller + 'static>(root: &Path, file: &Path) -> Vec<Trial> {
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
        let title = name.clone();
        let choices: Vec<_> = settings.values().map(String::as_str).collect();
        let name = [name.as_str()]
            .into_iter()
            .chain(choices)
            .collect::<Vec<_>>()
            .join(" ");
        Trial::test(name, move || Ok(run::<C>(&title, &scenario, &settings)?))
    });
    trials.collect()
}
