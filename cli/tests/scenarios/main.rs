//! Runs every scenario of `tests/scenarios` through the program, one process for each call.

mod command;
mod listed;
#[path = "../../../tests/conformance/tests/scenarios/matching.rs"]
mod matching;
#[path = "../../../tests/conformance/tests/scenarios/neutral.rs"]
mod neutral;
mod output;
#[path = "../../../tests/conformance/tests/scenarios/run.rs"]
mod run;
#[path = "../../../tests/conformance/tests/scenarios/scenario.rs"]
mod scenario;
#[path = "../../../tests/conformance/tests/scenarios/trials.rs"]
mod trials;

use std::path::Path;
use std::process::ExitCode;

use command::Program;
use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios");
    let files = trials::all_files(&root);
    let all = files.iter();
    let mut trials: Vec<_> = all
        .flat_map(|file| trials::trials::<Program>(&root, file))
        .collect();
    let names: Vec<_> = trials.iter().map(|trial| trial.name().to_owned()).collect();
    trials.extend(listed::trials(&names));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
