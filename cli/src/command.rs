//! The tree of commands.

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::emulator;

/// The whole command line.
pub(crate) fn root() -> Command {
    Command::new("hubstream")
        .about("Shard-based cloud streams from the command line, with a local emulator")
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
}

/// Whether errors are to be shown in their long form.
pub(crate) fn debug(matches: &ArgMatches) -> bool {
    matches.get_flag("debug")
}
