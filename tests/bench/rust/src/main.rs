//! Measures hubstream against what the machine allows. See `hubstream-bench --help`.

mod cases;
mod codec;
mod data;
mod floor;
mod floors;
mod measure;
mod peer;
mod report;

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

#[derive(Subcommand)]
enum Command {
    /// Measures codecs: CPU time per record, beside a floor that is measured in turns with it.
    Codec {
        /// Only cases whose name has this text, as in `batch1-encode`.
        #[arg(long, default_value = "")]
        case: String,
        /// Samples of each side.
        #[arg(long, default_value_t = 11)]
        rounds: usize,
        /// Writes the figures to this file as well.
        #[arg(long)]
        json: Option<PathBuf>,
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
        Command::Codec { case, rounds, json } => {
            let records = cases::Records::new()?;
            let mut all = Vec::new();
            println!("{}", report::HEAD);
            for chosen in cases::all() {
                if !chosen.to_string().contains(&case) {
                    continue;
                }
                let measured = codec::measure(chosen, &records, rounds.max(3))?;
                println!("{measured}");
                all.push(measured);
            }
            if let Some(path) = json {
                report::write(&path, &all)?;
            }
        }
        Command::Peer => peer::run()?,
        Command::List => cases::all().iter().for_each(|case| println!("{case}")),
    }
    Ok(())
}
