//! Operations: arguments, output and exit codes.

use serde_json::json;

use crate::harness::{Bench, program, run};

#[test]
fn a_topic_is_created_listed_and_deleted() {
    let bench = Bench::new().with_topic();
    let listed = bench
        .run(&[
            "datahub",
            "list-topic",
            "--project-name",
            "shop",
            "-o",
            "json",
        ])
        .done();
    assert_eq!(listed.json()["topic_names"], json!(["orders"]));
    let topic = bench
        .run(&["datahub", "get-topic", "shop", "orders", "--output", "json"])
        .done()
        .json();
    assert_eq!(topic["record_type"], "TUPLE");
    assert_eq!(topic["shard_count"], 3);
    assert_eq!(
        topic["record_schema"]["fields"][0],
        json!({"name": "id", "type": "BIGINT", "notnull": true})
    );
    bench
        .run(&[
            "datahub",
            "append-field",
            "shop",
            "orders",
            "extra",
            "string",
        ])
        .done();
    let table = bench
        .run(&["datahub", "list-shard", "shop", "--topic-name", "orders"])
        .done()
        .stdout;
    assert!(table.contains("SHARD_ID  BEGIN_HASH_KEY"), "{table}");
    assert_eq!(table.matches("ACTIVE").count(), 3, "{table}");
    let deleted = bench
        .run(&["datahub", "delete-topic", "shop", "orders"])
        .done();
    assert_eq!(deleted.stdout, "");
    bench
        .run(&["datahub", "get-topic", "shop", "orders"])
        .failed(4, "NoSuchTopic");
}

#[test]
fn a_flag_takes_the_place_of_its_word() {
    let bench = Bench::new().with_topic();
    let by_flag = ["datahub", "get-topic", "--project-name", "shop", "orders"];
    bench.run(&by_flag).done();
    let one_more = [&by_flag[..], &["more"]].concat();
    bench
        .run(&one_more)
        .failed(2, "unexpected argument `more`; see --help");
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    for arguments in [&["completions", "bash"][..], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = program().args(arguments).stdout(writer).output().unwrap();
        assert_eq!(
            (ended.status.code(), &*ended.stderr),
            (Some(141), &[][..]),
            "{arguments:?}"
        );
    }
}

#[test]
fn exit_codes_say_what_went_wrong() {
    let bench = Bench::new().with_topic();
    bench
        .run(&["datahub", "get-project", "nowhere"])
        .failed(4, "NoSuchProject");
    bench
        .run(&["datahub", "create-project", "shop", "--comment", "x"])
        .failed(1, "ProjectAlreadyExist");
    bench
        .run(&["datahub", "get-topic", "shop"])
        .failed(2, "--topic-name is missing");
    bench
        .run(&["datahub", "get-topic", "shop", "orders", "more"])
        .failed(2, "'more'");
    bench
        .run(&["datahub", "no-such-operation"])
        .failed(2, "no-such-operation");
    bench
        .run(&["datahub", "get-cursor", "shop", "orders", "0", "newest"])
        .failed(2, "OLDEST, LATEST");
    bench
        .run(&["datahub", "get-cursor", "shop", "orders", "0", "sequence"])
        .failed(2, "param");
    bench
        .run(&[
            "datahub",
            "create-tuple-topic",
            "shop",
            "t",
            "x",
            "7",
            "a:STRING",
        ])
        .failed(2, "--shard-count: must be a whole number");
    bench
        .run(&[
            "datahub",
            "create-tuple-topic",
            "shop",
            "t",
            "1",
            "7",
            "a:DATE",
        ])
        .failed(2, "--record-schema: column `a` has the unknown type `DATE`");
    let wrong_key = ["datahub", "list-project", "--access-key", "wrong"];
    bench.run(&wrong_key).failed(3, "Unauthorized");
    let refused = [
        "datahub",
        "list-project",
        "--endpoint",
        "http://127.0.0.1:1",
    ];
    bench.run(&refused).failed(6, "datahub.ListProject");
    run(program().args(["datahub", "list-project"]), "").failed(
        2,
        "there is no endpoint: give --endpoint, the environment variable DATAHUB_ENDPOINT, or a profile",
    );
    for (present, missing, flag) in [
        ("DIS_ACCESS_ID", "DIS_ACCESS_KEY", "--access-key"),
        ("DIS_ACCESS_KEY", "DIS_ACCESS_ID", "--access-id"),
    ] {
        let mut command = program();
        command
            .args(["dis", "list-streams", "--endpoint", "http://127.0.0.1:9"])
            .env(present, "secret");
        let told = run(&mut command, "").failed(2, missing);
        assert!(told.stderr.contains(flag) && !told.stderr.contains("secret"));
    }
}

#[test]
fn the_long_form_of_an_error_tells_more() {
    let bench = Bench::new();
    let outcome = bench.run(&["datahub", "get-project", "nowhere", "--debug"]);
    assert_eq!(outcome.code, 4);
    assert!(
        outcome
            .stderr
            .contains("kind: not_found, permanent, HTTP 404"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn documents_go_in_as_they_came_out() {
    let bench = Bench::new().with_topic();
    let created = bench
        .run(&[
            "datahub",
            "create-subscription",
            "shop",
            "orders",
            "-o",
            "json",
        ])
        .done()
        .json();
    let sub_id = created["sub_id"].as_str().unwrap();
    let open = [
        "datahub",
        "init-and-get-subscription-offset",
        "shop",
        "orders",
        sub_id,
        "--shard-ids",
        "0",
        "--shard-ids",
        "1",
        "-o",
        "json",
    ];
    let mut offsets = bench.run(&open).done().json()["offsets"].clone();
    assert_eq!(offsets.as_object().unwrap().len(), 2);
    offsets["0"]["sequence"] = json!(-1);
    let text = offsets.to_string();
    let commit = |offsets: &str| {
        bench.run(&[
            "datahub",
            "update-subscription-offset",
            "shop",
            "orders",
            sub_id,
            "--offsets",
            offsets,
        ])
    };
    commit(&text).done();
    let from_input = [
        "datahub",
        "update-subscription-offset",
        "shop",
        "orders",
        sub_id,
        "--offsets",
        "@-",
    ];
    run(&mut bench.command(&from_input), &text).done();
    bench.run(&open).done();
    commit(&text).failed(1, "OffsetSessionChanged");
    commit(r#"{"0":{"sequenze":1}}"#).failed(2, "`sequenze`: is not known here");
    commit("{").failed(2, "is not JSON");
    let state = [
        "datahub",
        "update-subscription-state",
        "shop",
        "orders",
        sub_id,
        "inactive",
    ];
    bench.run(&state).done();
    let shown = bench
        .run(&["datahub", "get-subscription", "shop", "orders", sub_id])
        .done();
    assert!(shown.stdout.contains("INACTIVE"), "{}", shown.stdout);
}

#[test]
fn the_other_service_has_the_same_manners() {
    let bench = Bench::new();
    bench.run(&["dis", "create-stream", "--help"]).done();
    let listed = bench
        .run(&[
            "dis",
            "list-streams",
            "-o",
            "json",
            "--project-id",
            "p1",
            "--region",
            "r1",
        ])
        .done();
    assert_eq!(listed.json()["stream_names"], json!([]));
    bench
        .run(&[
            "dis",
            "describe-stream",
            "nowhere",
            "--project-id",
            "p1",
            "--region",
            "r1",
        ])
        .failed(4, "dis.DescribeStream");
}

#[test]
fn completions_know_operations_and_flags() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(program().args(["completions", shell]), "")
            .done()
            .stdout;
        assert!(script.contains("create-tuple-topic"), "{shell}");
        assert!(script.contains("shard-count"), "{shell}");
    }
    run(program().args(["completions", "dos"]), "").failed(2, "dos");
}

#[test]
fn help_goes_to_standard_output() {
    let help = run(program().arg("--help"), "").done();
    assert!(
        help.stdout.contains("emulator") && help.stdout.contains("Exit codes"),
        "{}",
        help.stdout
    );
    let version = run(program().arg("--version"), "").done();
    assert_eq!(
        version.stdout.trim(),
        format!("hubstream {}", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(run(&mut program(), "").code, 2);
}

#[test]
fn secrets_of_a_connector_go_in_and_are_not_shown() {
    let bench = Bench::new().with_topic();
    let config = r#"{"kind":"DatabaseConnectorConfig","host":"h","port":3306,"database":"d","user":"u","table":"t","password":"hush"}"#;
    let create = |config: &str| {
        bench.run(&[
            "datahub",
            "create-connector",
            "shop",
            "orders",
            "sink-mysql",
            "-o",
            "json",
            "--column-fields",
            "id",
            "--config",
            config,
        ])
    };
    let created = create(config).done().json();
    let id = created["connector_id"].as_str().unwrap();
    let shown = bench
        .run(&[
            "datahub",
            "get-connector",
            "shop",
            "orders",
            id,
            "-o",
            "json",
        ])
        .done();
    assert_eq!(shown.json()["config"]["kind"], "DatabaseConnectorConfig");
    assert_eq!(shown.json()["config"]["port"], 3306);
    assert!(!shown.stdout.contains("hush"), "{}", shown.stdout);
    create(r#"{"host":"h"}"#).failed(2, "needs the member `kind`, one of OdpsConnectorConfig");
    create(r#"{"kind":"DatabaseConnectorConfig","hosts":"h"}"#)
        .failed(2, "`hosts`: is not known here");
}
