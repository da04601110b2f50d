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

const JSON: &str = r#"{"projects": [{
    "name": "shop", "comment": "things to buy",
    "topics": [
        {"name": "orders", "shards": 2, "life_cycle": 7, "schema": "id:BIGINT:notnull,name:STRING",
         "records": [[1, "tea"], {"id": 2, "name": "cake"}, {"values": [3, null], "shard_id": "1"}]},
        {"name": "log", "records": ["first", {"data": "AP8="}]}
    ]
}]}"#;

const TOML: &str = r#"
[[projects]]
name = "shop"

[[projects.topics]]
name = "log"
extra_config = { DataProtocolType = "BATCH", ListShardInterval = "60000" }
records = ["first", "second", "third"]
"#;

/// The records of a topic in shards 0 to `shards`.
fn records(process: &Process, operation: &str, topic: &str, shards: u8) -> Vec<Json> {
    let mut records = Vec::new();
    for shard in (0..shards).map(|shard| shard.to_string()) {
        let cursor = process
            .call(
                "emulator",
                &["get-cursor", "shop", topic, &shard, "oldest", "-o", "json"],
            )
            .done()
            .json()["cursor"]
            .as_str()
            .unwrap()
            .to_owned();
        let arguments = [operation, "shop", topic, &shard, "--cursor", &cursor];
        let got = process.call("emulator", &arguments).done();
        let lines = got.stdout.lines();
        records.extend(lines.map(|line| serde_json::from_str::<Json>(line).unwrap()));
    }
    records
}

#[test]
fn it_starts_with_what_a_file_holds() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("shop.json");
    std::fs::write(&file, JSON).unwrap();
    let data = directory.path().join("data");
    let arguments = [
        "--datahub",
        "0",
        "--data-dir",
        data.to_str().unwrap(),
        "--load",
        file.to_str().unwrap(),
    ];
    // What is there already is left alone.
    for _ in 0..2 {
        let process = Process::start(&arguments);
        let orders = records(&process, "get-tuple-records", "orders", 2);
        let mut names: Vec<_> = orders
            .iter()
            .map(|record| {
                (
                    record["values"]["id"].to_string(),
                    &record["values"]["name"],
                )
            })
            .collect();
        names.sort_by(|one, other| one.0.cmp(&other.0));
        let names: Vec<_> = names.into_iter().map(|(_, name)| name.clone()).collect();
        assert_eq!(names, ["tea".into(), "cake".into(), Json::Null]);
        assert_eq!(records(&process, "get-blob-records", "log", 1).len(), 2);
        let project = process.call("emulator", &["get-project", "shop", "-o", "json"]);
        assert_eq!(project.done().json()["comment"], "things to buy");
        process.stop("-TERM");
    }
}

#[test]
fn it_starts_with_what_a_toml_file_holds() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("shop.toml");
    std::fs::write(&file, TOML).unwrap();
    let process = Process::start(&["--datahub", "0", "--load", file.to_str().unwrap()]);
    let log = records(&process, "get-blob-records", "log", 1);
    let texts: Vec<_> = log.iter().map(|record| &record["text"]).collect();
    assert_eq!(texts, ["first", "second", "third"]);
    let topic = process.call("emulator", &["get-topic", "shop", "log", "-o", "json"]);
    let topic = topic.done().json();
    let settings = serde_json::json!({"DataProtocolType": "BATCH", "ListShardInterval": "60000"});
    assert_eq!(
        (&topic["extra_config"], &topic["life_cycle"]),
        (&settings, &3.into())
    );
    process.stop("-TERM");
}

#[test]
fn bad_files_to_load_are_refused_with_the_place() {
    let directory = tempfile::tempdir().unwrap();
    let load = |service: &str, name: &str, content: &str, text: &str| {
        let file = directory.path().join(name);
        std::fs::write(&file, content).unwrap();
        let file = file.to_str().unwrap();
        run(
            program().args(["emulator", service, "0", "--load", file]),
            "",
        )
        .failed(2, text);
    };
    load(
        "--datahub",
        "a.json",
        "{\n]",
        "a.json: key must be a string at line 2",
    );
    load("--datahub", "b.toml", "a = 1\nb =\n", "b.toml: line 2: ");
    load("--datahub", "d.json", "[]", "expected an object");
    let topic = |topic: &str| format!(r#"{{"projects":[{{"name":"shop","topics":[{topic}]}}]}}"#);
    let place = "c.json: projects[0].topics[0]";
    load(
        "--datahub",
        "c.json",
        &topic(r#"{"name":"t","schemas":""}"#),
        place,
    );
    load("--datahub", "c.json", &topic(r#"{"name":"a b"}"#), place);
    load(
        "--datahub",
        "c.json",
        &topic(r#"{"name":"t","shards":0}"#),
        place,
    );
    let bad = topic(r#"{"name":"t","schema":"a:BIGINT:notnull","records":[[1],[null]]}"#);
    load(
        "--datahub",
        "c.json",
        &bad,
        "c.json: projects[0].topics[0].records[1]: ",
    );
    load(
        "--dis",
        "c.json",
        &topic(r#"{"name":"t"}"#),
        "needs DataHub",
    );
    run(
        program().args(["emulator", "--load", "/nonexistent/x.json"]),
        "",
    )
    .failed(2, "cannot read /nonexistent/x.json");
}

#[test]
fn a_topic_that_cannot_be_filled_does_not_stay() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("shop.json");
    let data = directory.path().join("data");
    let arguments = [
        "--datahub",
        "0",
        "--data-dir",
        data.to_str().unwrap(),
        "--load",
        file.to_str().unwrap(),
    ];
    let content = |shard: u8| {
        format!(
            r#"{{"projects":[{{"name":"shop","topics":[{{"name":"log","records":["a",{{"text":"b","shard_id":"{shard}"}}]}}]}}]}}"#
        )
    };
    std::fs::write(&file, content(9)).unwrap();
    run(program().arg("emulator").args(arguments), "")
        .failed(2, "projects[0].topics[0].records[1]: ");
    std::fs::write(&file, content(0)).unwrap();
    let process = Process::start(&arguments);
    assert_eq!(records(&process, "get-blob-records", "log", 1).len(), 2);
    process.stop("-TERM");
}
