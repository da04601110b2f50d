//! Where settings come from, and that secrets stay secret.

use crate::harness::{Bench, Outcome, program, run};

const LIST: [&str; 2] = ["datahub", "list-project"];

fn with_file(
    bench: &Bench,
    file: &str,
    environment: &[(&str, &str)],
    arguments: &[&str],
) -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    std::fs::write(&path, file.replace("URL", bench.datahub_url())).unwrap();
    let mut command = program();
    command
        .env("HUBSTREAM_CONFIG", &path)
        .args(LIST)
        .args(arguments);
    for (name, value) in environment {
        command.env(name, value);
    }
    let outcome = run(&mut command, "");
    for secret in ["test-key", "hush"] {
        assert!(
            !outcome.stderr.contains(secret) && !outcome.stdout.contains(secret),
            "{outcome:?}"
        );
    }
    outcome
}

const FILE: &str = r#"
[default.datahub]
endpoint = "URL"
access_id = "test-id"
access_key = "hush"

[good.datahub]
endpoint = "URL"
access_id = "test-id"
access_key = "test-key"
max_attempts = 1

[bad.datahub]
end_point = "URL"
"#;

#[test]
fn profiles_environment_and_flags_have_their_order() {
    let bench = Bench::new();
    with_file(&bench, FILE, &[], &["--profile", "good"]).done();
    with_file(&bench, FILE, &[("HUBSTREAM_PROFILE", "good")], &[]).done();
    with_file(&bench, FILE, &[], &[]).failed(3, "Unauthorized");
    with_file(&bench, FILE, &[("DATAHUB_ACCESS_KEY", "test-key")], &[]).done();
    with_file(
        &bench,
        FILE,
        &[("DATAHUB_ACCESS_KEY", "hush")],
        &["--profile", "good"],
    )
    .done();
    with_file(&bench, FILE, &[], &["--access-key", "test-key"]).done();
    with_file(
        &bench,
        FILE,
        &[],
        &["--profile", "good", "--access-key", "hush"],
    )
    .failed(3, "Unauthorized");
    let url = bench
        .datahub_url()
        .replace("http://", "datahub+http://test-id:test-key@");
    with_file(&bench, FILE, &[], &["--url", &url]).done();
}

#[test]
fn mistakes_in_profiles_are_named() {
    let bench = Bench::new();
    with_file(&bench, FILE, &[], &["--profile", "none"]).failed(2, "no profile `none`");
    with_file(&bench, FILE, &[], &["--profile", "bad"]).failed(2, "did you mean `endpoint`?");
    with_file(&bench, "[good.dis]", &[], &["--profile", "good"]).failed(2, "no table for datahub");
    with_file(&bench, "good = 'hush'", &[], &["--profile", "good"]).failed(2, "must be a table");
    with_file(&bench, "[default.datahub]\naccess_key = hush", &[], &[]).failed(2, "config.toml");
    let missing = run(program().args(LIST).args(["--profile", "good"]), "");
    missing.failed(
        2,
        "there is no configuration file /nonexistent/.config/hubstream/config.toml",
    );
}

#[test]
fn secrets_can_come_from_files_and_standard_input() {
    let bench = Bench::new();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    std::fs::write(&path, "test-key\n").unwrap();
    let file = format!("@{}", path.display());
    let mut command = bench.command(&LIST);
    command.env_remove("DATAHUB_ACCESS_KEY");
    run(command.args(["--access-key", &file]), "").done();
    let mut command = bench.command(&LIST);
    command.env_remove("DATAHUB_ACCESS_KEY");
    run(command.args(["--access-key", "-"]), "test-key\n").done();
}

#[test]
fn settings_may_stand_before_the_operation() {
    let bench = Bench::new();
    let before = bench.run(&["datahub", "--access-key", "wrong", "list-project"]);
    before.failed(3, "Unauthorized");
    let nearest = [
        "datahub",
        "--access-key",
        "wrong",
        "-o",
        "json",
        "list-project",
        "--access-key",
        "test-key",
    ];
    assert_eq!(
        bench.run(&nearest).done().json()["project_names"],
        serde_json::json!([])
    );
}

#[test]
fn the_log_is_plain_text_and_its_filter_is_checked() {
    let bench = Bench::new();
    let logged = run(
        bench
            .command(&["datahub", "get-project", "shop", "--access-key", "canary"])
            .env("HUBSTREAM_LOG", "trace"),
        "",
    );
    assert_eq!(logged.code, 3, "{logged:?}");
    assert!(logged.stderr.contains("GetProject"), "{logged:?}");
    assert!(!logged.stderr.contains('\u{1b}'), "{logged:?}");
    assert!(!logged.stderr.contains("canary"), "{logged:?}");
    for wrong in ["hubstream=loud", "=", "a=b=c"] {
        let refused = run(bench.command(&LIST).env("HUBSTREAM_LOG", wrong), "");
        refused.failed(2, "HUBSTREAM_LOG");
    }
    run(bench.command(&LIST).env("HUBSTREAM_LOG", ""), "").done();
}
