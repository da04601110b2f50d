//! The steps that a command line cannot express, with the reasons. A listed step is performed like any
//! other, and must come out otherwise than its file says: one that does not is no longer to be listed.

use libtest_mimic::Trial;

/// Part of a scenario's name up to its matrix, number of the step, reason.
const LISTED: &[(&str, usize, &str)] = &[
    ("datahub/clock_correction", 2, OWN_CLIENT),
    ("datahub/clock_correction", 7, OWN_CLIENT),
    ("datahub/strict_limits", 7, SPLIT),
    ("dis/clock_correction", 2, OWN_CLIENT),
];

const OWN_CLIENT: &str =
    "every command is a client of its own, which has learned nothing from calls before";
const SPLIT: &str = "records of more than 2 MiB are put in several requests";

/// Why a step cannot be expressed.
pub(crate) fn reason(scenario: &str, step: usize) -> Option<&'static str> {
    let name = scenario.split(' ').next();
    let mut listed = LISTED.iter();
    listed
        .find(|(file, number, _)| Some(*file) == name && *number == step)
        .map(|(_, _, reason)| *reason)
}

/// Shows the list, and fails when it names a scenario that there is not.
pub(crate) fn trials(names: &[String]) -> Vec<Trial> {
    let known = names.to_vec();
    let check = move || {
        for (file, step, reason) in LISTED {
            println!("not expressed: {file}, step {step}: {reason}");
            if !known
                .iter()
                .any(|name| name.split(' ').next() == Some(*file))
            {
                return Err(format!("there is no scenario {file}").into());
            }
        }
        Ok(())
    };
    vec![Trial::test(
        "the list of steps that are not expressed",
        check,
    )]
}
