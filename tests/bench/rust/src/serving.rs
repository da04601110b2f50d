//! The server that answers every request alike, started as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A server, which ends with this value.
pub(crate) struct Server {
    process: Child,
    /// Where it listens on 127.0.0.1.
    pub(crate) port: u16,
}

impl Server {
    /// Starts the program `hubstream-bench` to answer with the reply of a case.
    pub(crate) fn start(program: &Path, case: &str) -> std::io::Result<Self> {
        let mut process = Command::new(program)
            .args(["serve", case])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let port = line.trim().parse().map_err(std::io::Error::other)?;
        Ok(Self { process, port })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        _ = self.process.wait();
    }
}
