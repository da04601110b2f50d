//! The tree of commands.

use clap::{Arg, ArgAction, ArgMatches, Command};
use clap_complete::Shell;
use hubstream::connect::SERVICES;

use crate::failure::{Failure, Style};
use crate::output::Format;
use crate::{emulator, operation};

/// The whole command line.
pub(crate) fn root() -> Command {
    Command::new("hubstream")
        .about("Shard-based cloud streams from the command line, with a local emulator")
        .after_help(
            "Exit codes: 0 done, 1 other failure, 2 wrong usage or argument refused, 3 not allowed, 4 not found, \
             5 throttled, 6 not available, timed out or no connection.",
        )
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(
            Arg::new("debug")
                .long("debug")
                .global(true)
                .action(ArgAction::SetTrue)
                .help("Show errors in their long form: kind, HTTP status, context and causes"),
        )
        .subcommand(emulator::command())
        .subcommands(SERVICES.iter().map(operation::service_command))
        .subcommand(
            Command::new("completions")
                .about("Print a completion script for a shell")
                .arg(
                    Arg::new("shell")
                        .required(true)
                        .value_parser(clap::value_parser!(Shell))
                        .help("The shell"),
                ),
        )
}

/// How errors are to be shown.
pub(crate) fn failure_style(matches: &ArgMatches) -> Style {
    let mut levels = vec![matches];
    while let Some((_, inner)) = levels.last().and_then(|level| level.subcommand()) {
        levels.push(inner);
    }
    levels.reverse();
    if matches.get_flag("debug") {
        Style::Long
    } else if operation::named_format(&levels) == Some(Format::Json) {
        Style::Json
    } else {
        Style::Line
    }
}

/// Prints the completion script.
pub(crate) fn completions(matches: &ArgMatches) -> Result<(), Failure> {
    let Some(shell) = matches.get_one::<Shell>("shell") else {
        return Err(Failure::usage("no shell was given"));
    };
    let mut script = Vec::new();
    clap_complete::generate(*shell, &mut root(), "hubstream", &mut script);
    std::io::Write::write_all(&mut std::io::stdout(), &script)
        .map_err(|error| Failure::output(&error))
}
