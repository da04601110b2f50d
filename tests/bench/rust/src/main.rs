//! Measures hubstream against what the machine allows. See `hubstream-bench --help`.

mod cases;
mod codec;
mod data;
mod floor;
mod floors;
#[cfg(feature = "http")]
mod http;
mod instructions;
mod measure;
mod peer;
mod report;
#[cfg(feature = "http")]
mod server;
#[cfg(feature = "http")]
mod serving;
mod signing;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use hubstream::error::Result;

/// Measures hubstream against what the machine allows.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What to measure and where to write it.
#[derive(clap::Args)]
struct Options {
    /// Only cases whose name has this text, as in `batch1-encode`.
    #[arg(long, default_value = "")]
    case: String,
    /// Samples of each side.
    #[arg(long, default_value_t = 11)]
    rounds: usize,
    /// Writes the figures to this file as well.
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Measures codecs: CPU time per record, beside a floor that is measured in turns with it.
    Codec {
        #[command(flatten)]
        options: Options,
    },
    /// Measures whole puts and gets over HTTP: the client against the floor of the codec and a bare socket.
    #[cfg(feature = "http")]
    Http {
        #[command(flatten)]
        options: Options,
    },
    /// Measures the signature of a request: the whole of it against the HMAC alone.
    Sign {
        #[command(flatten)]
        options: Options,
    },
    /// Answers every request with the reply of a case, until its input ends; for `http`.
    #[cfg(feature = "http")]
    Serve {
        /// The case.
        case: String,
    },
    /// Calls the cases once each, for tests/bench/instructions.
    Instructions {
        /// Only cases whose name has this text.
        #[arg(long, default_value = "")]
        case: String,
    },
    /// Measures one case after the other as lines on the standard input say, for tests/bench/go.
    Peer,
    /// Names the cases.
    List,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Codec { options } => measure_all(&options, &cases::all(), codec::measure)?,
        #[cfg(feature = "http")]
        Command::Http { options } => measure_all(&options, &http::all(), http::measure)?,
        Command::Sign { options } => measure_all(&options, &[signing::Signing], signing::measure)?,
        #[cfg(feature = "http")]
        Command::Serve { case } => server::run(&case)?,
        Command::Instructions { case } => instructions::run(&case)?,
        Command::Peer => peer::run()?,
        Command::List => cases::all().iter().for_each(|case| println!("{case}")),
    }
    Ok(())
}

/// Measures the chosen ones of some cases, shows and writes what was found.
fn measure_all<C: Copy + std::fmt::Display>(
    options: &Options,
    all: &[C],
    measure: impl Fn(C, &cases::Records, usize) -> Result<report::Measured>,
) -> Result<()> {
    let records = cases::Records::new()?;
    let mut found = Vec::new();
    println!("{}", report::HEAD);
    for case in all {
        if case.to_string().contains(&options.case) {
            let measured = measure(*case, &records, options.rounds.max(3))?;
            println!("{measured}");
            found.push(measured);
        }
    }
    match &options.json {
        Some(path) => report::write(path, &found),
        None => Ok(()),
    }
}
