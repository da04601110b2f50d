//! Running the program and looking at what it says.

use std::io::Write as _;
use std::process::{Command, Stdio};

use hubstream_emulator::{Emulator, Limits};
use serde_json::Value as Json;
use tokio::runtime::Runtime;

/// What a run of the program gave.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// Checks that the run succeeded.
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// Checks that the run failed with a code and one line, for people or in JSON, that holds a text.
    pub(crate) fn failed(self, code: i32, text: &str) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        let told = match serde_json::from_str::<Json>(&self.stderr) {
            Ok(failure) => {
                assert_eq!(failure["exit_code"], code, "{self:?}");
                failure["error"].as_str().unwrap_or_default().to_owned()
            }
            Err(_) => self
                .stderr
                .strip_prefix("error: ")
                .unwrap_or_default()
                .to_owned(),
        };
        assert!(told.contains(text), "no `{text}` in {self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        self
    }

    /// The standard output as JSON.
    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The program without any setting from the environment of the test.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hubstream"));
    command.env_clear().env("HOME", "/nonexistent");
    command
}

/// Runs the program with some input.
pub(crate) fn run(command: &mut Command, input: &str) -> Outcome {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // The program may end before it has read everything; what it said is what counts.
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Outcome {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// An emulator and the program pointed at it.
pub(crate) struct Bench {
    runtime: Runtime,
    emulator: Option<Emulator>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let start = Emulator::builder()
            .datahub("127.0.0.1:0")
            .dis("127.0.0.1:0")
            .credentials("test-id", "test-key")
            .limits(Limits::Relaxed)
            .start();
        let emulator = Some(runtime.block_on(start).unwrap());
        Self { runtime, emulator }
    }

    pub(crate) fn datahub_url(&self) -> &str {
        self.emulator
            .as_ref()
            .and_then(Emulator::datahub_url)
            .unwrap()
    }

    pub(crate) fn dis_url(&self) -> &str {
        self.emulator.as_ref().and_then(Emulator::dis_url).unwrap()
    }

    /// The program with valid settings for both services, and arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        for (service, url) in [("DATAHUB", self.datahub_url()), ("DIS", self.dis_url())] {
            command
                .env(format!("{service}_ENDPOINT"), url)
                .env(format!("{service}_ACCESS_ID"), "test-id")
                .env(format!("{service}_ACCESS_KEY"), "test-key")
                .env(format!("{service}_MAX_ATTEMPTS"), "1");
        }
        command.args(arguments);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        run(&mut self.command(arguments), "")
    }

    /// Creates a project `shop` with a tuple topic `orders` of 3 shards that are ready.
    pub(crate) fn with_topic(self) -> Self {
        self.run(&["datahub", "create-project", "shop", "--comment", "test"])
            .done();
        let columns =
            "id:BIGINT:notnull,price:DOUBLE,paid:BOOLEAN,at:TIMESTAMP,name:STRING,sum:DECIMAL";
        self.run(&[
            "datahub",
            "create-tuple-topic",
            "shop",
            "orders",
            "3",
            "7",
            columns,
            "--extend-mode=false",
        ])
        .done();
        self.run(&["datahub", "wait-shards-ready", "shop", "orders"])
            .done();
        self
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Some(emulator) = self.emulator.take() {
            self.runtime.block_on(emulator.shutdown());
        }
    }
}
