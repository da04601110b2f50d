//! Command line for shard-based cloud streams, with a local emulator.
//!
//! The program `hubstream` is all that is meant to be used; this library holds what it is made of, so that the fuzz
//! targets reach it as well.

mod argument;
mod call;
mod columns;
mod command;
mod emulator;
mod failure;
mod json;
mod line;
mod lines;
mod operation;
mod output;
mod seed;
mod settings;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::ArgMatches;
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// Does what the arguments of the process say, and gives the exit code.
pub fn run_process() -> ExitCode {
    let matches = match command::root().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return failure::report_usage(&error),
    };
    match start_log().and_then(|()| run(&matches)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(command::failure_style(&matches)),
    }
}

/// Reads the text of a file that the emulator starts with, in JSON or TOML, and gives what is wrong with it.
pub fn check_start_file(text: &str, is_toml: bool) -> Option<String> {
    seed::Seed::from_text(text, is_toml)
        .err()
        .map(|failure| format!("{failure:?}"))
}

fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::other(format!("cannot start the runtime: {error}")))?;
    match matches.subcommand() {
        Some(("emulator", matches)) => runtime.block_on(emulator::run(matches)),
        Some(("completions", matches)) => command::completions(matches),
        Some((name, matches)) => {
            let service = hubstream::connect::service(name)?;
            runtime.block_on(call::run(service, matches))
        }
        None => Err(Failure::usage("no command was given; try --help")),
    }
}

/// Sends log lines to standard error when `HUBSTREAM_LOG` holds a filter such as `hubstream=debug`, in
/// colours only where people read them.
fn start_log() -> Result<(), Failure> {
    let Some(text) = std::env::var_os("HUBSTREAM_LOG").filter(|text| !text.is_empty()) else {
        return Ok(());
    };
    let filter = text
        .to_str()
        .and_then(|text| EnvFilter::builder().parse(text).ok())
        .ok_or_else(|| Failure::usage("HUBSTREAM_LOG must be a filter such as hubstream=debug"))?;
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|text| !text.is_empty());
    // Fails only when a log is in place already, which is as good.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && !no_colour)
        .try_init();
    Ok(())
}
