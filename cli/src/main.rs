//! Command line for shard-based cloud streams, with a local emulator.

mod argument;
mod call;
mod columns;
mod command;
mod emulator;
mod failure;
mod json;
mod lines;
mod operation;
mod output;
mod seed;
mod settings;

use std::process::ExitCode;

use clap::ArgMatches;

use crate::failure::Failure;

fn main() -> ExitCode {
    let matches = match command::root().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return failure::report_usage(&error),
    };
    start_log();
    match run(&matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(command::failure_style(&matches)),
    }
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

/// Sends log lines to standard error when `HUBSTREAM_LOG` holds a filter such as `hubstream=debug`.
fn start_log() {
    let Ok(filter) = tracing_subscriber::EnvFilter::try_from_env("HUBSTREAM_LOG") else {
        return;
    };
    // Fails only when a log is in place already, which is as good.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}
