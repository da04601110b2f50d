//! The program `hubstream`.

use std::process::ExitCode;

fn main() -> ExitCode {
    hubstream_cli::run_process()
}
