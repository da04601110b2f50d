//! `hubstream emulator` as a process.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value as Json;

use crate::harness::{Outcome, program, run};

struct Process {
    child: Child,
    urls: Json,
}

impl Process {
    fn start(arguments: &[&str]) -> Self {
        let mut child = program()
            .arg("emulator")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let urls = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        Self { child, urls }
    }

    fn call(&self, key: &str, arguments: &[&str]) -> Outcome {
        let url = self.urls["datahub"].as_str().unwrap();
        let settings = [
            "--endpoint",
            url,
            "--access-id",
            "emulator",
            "--access-key",
            key,
        ];
        run(program().arg("datahub").args(arguments).args(settings), "")
    }

    fn stop(mut self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        let status = self.child.wait().unwrap();
        let mut stderr = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        if signal == "-KILL" {
            assert_eq!(status.code(), None);
        } else {
            assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
        }
    }
}

#[test]
fn it_says_what_it_serves_and_stops_on_signals() {
    let both = Process::start(&["--datahub", "0", "--dis", "127.0.0.1:0"]);
    assert!(
        both.urls["datahub"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
    assert!(
        both.urls["dis"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
    both.call("emulator", &["list-project"]).done();
    both.call("wrong", &["list-project"])
        .failed(3, "Unauthorized");
    both.stop("-TERM");
    let one = Process::start(&["--datahub", "0", "--no-auth"]);
    assert_eq!(one.urls.as_object().unwrap().len(), 1);
    one.call("wrong", &["list-project"]).done();
    one.stop("-INT");
}

#[test]
fn its_state_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let directory: &Path = directory.path();
    let arguments = [
        "--datahub",
        "0",
        "--access-key",
        "k",
        "--data-dir",
        directory.to_str().unwrap(),
    ];
    let first = Process::start(&arguments);
    first
        .call("k", &["create-project", "kept", "--comment", "x"])
        .done();
    first.stop("-KILL");
    let second = Process::start(&arguments);
    assert!(
        second
            .call("k", &["list-project"])
            .done()
            .stdout
            .contains("kept")
    );
    second.stop("-TERM");
}

#[test]
fn bad_addresses_are_refused() {
    let emulator = |arguments: &[&str]| run(program().arg("emulator").args(arguments), "");
    emulator(&["--datahub", "nowhere"]).failed(2, "HOST:PORT");
    emulator(&["--limits", "none"]).failed(2, "strict");
    let taken = Process::start(&["--datahub", "0"]);
    let address = taken.urls["datahub"]
        .as_str()
        .unwrap()
        .trim_start_matches("http://")
        .to_owned();
    emulator(&["--datahub", &address]).failed(6, &address);
    taken.stop("-TERM");
}
