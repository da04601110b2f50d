//! Records in and out as lines of JSON.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::{Value as Json, json};

use crate::harness::{Bench, Outcome, run};

fn put(bench: &Bench, arguments: &[&str], lines: &str) -> Outcome {
    let mut all = vec!["datahub", "put-records", "shop", "orders"];
    all.extend(arguments);
    run(&mut bench.command(&all), lines)
}

fn get(bench: &Bench, shard: &str) -> Vec<Json> {
    let cursor = bench.run(&[
        "datahub",
        "get-cursor",
        "shop",
        "orders",
        shard,
        "oldest",
        "-o",
        "json",
    ]);
    let cursor = cursor.done().json()["cursor"].as_str().unwrap().to_owned();
    let got = bench
        .run(&[
            "datahub",
            "get-tuple-records",
            "shop",
            "orders",
            shard,
            "--cursor",
            &cursor,
        ])
        .done();
    let rest: Json = serde_json::from_str(&got.stderr).unwrap();
    let records: Vec<Json> = got
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rest["record_count"], records.len());
    assert_ne!(rest["next_cursor"], "");
    records
}

#[test]
fn tuples_come_back_as_they_were_put() {
    let bench = Bench::new().with_topic();
    let lines = concat!(
        r#"{"values":{"id":9223372036854775807,"price":0.1,"paid":true,"at":1700000000000001,"name":"a \"b\"","sum":"1.50"},"attributes":{"k":"v"},"shard_id":"1"}"#,
        "\n\n",
        r#"{"values":[-1,null,null,null,"",null],"shard_id":"1"}"#,
        "\n",
    );
    let stored = put(&bench, &["--output", "json"], lines).done();
    assert_eq!(stored.json()["failed_record_count"], 0);
    assert_eq!(stored.stderr, "2 records stored\n");
    let records = get(&bench, "1");
    assert_eq!(
        records[0]["values"],
        json!({
            "id": i64::MAX, "price": 0.1, "paid": true, "at": 1_700_000_000_000_001_i64,
            "name": "a \"b\"", "sum": "1.50"
        })
    );
    assert_eq!(records[0]["attributes"], json!({"k": "v"}));
    assert_eq!(
        records[1]["values"],
        json!({"id": -1, "price": null, "paid": null, "at": null, "name": "", "sum": null})
    );
    assert!(records[1]["sequence"].as_i64() > records[0]["sequence"].as_i64());
    assert!(get(&bench, "0").is_empty());
}

#[test]
fn what_was_got_can_be_put_again() {
    let bench = Bench::new().with_topic();
    put(&bench, &[], "{\"id\":1,\"name\":\"x\"}\n{\"id\":2}\n").done();
    let all = |bench: &Bench| {
        ["0", "1", "2"]
            .iter()
            .flat_map(|shard| get(bench, shard))
            .collect::<Vec<_>>()
    };
    let first = all(&bench);
    assert_eq!(first.len(), 2);
    let mut lines = String::new();
    for record in &first {
        let _ = writeln!(lines, "{record}");
    }
    put(&bench, &[], &lines).done();
    assert_eq!(all(&bench).len(), 4);
}

#[test]
fn many_records_go_in_several_requests() {
    let bench = Bench::new().with_topic();
    let mut lines = String::new();
    for id in 0..2500 {
        let _ = writeln!(lines, "[{id},null,null,null,null,null]");
    }
    let stored = put(&bench, &["--batch-size", "800", "-o", "jsonl"], &lines).done();
    assert_eq!(stored.stdout.lines().count(), 4);
    assert_eq!(stored.stderr, "2500 records stored\n");
    let stored = put(&bench, &["-o", "jsonl"], &lines).done();
    assert_eq!(stored.stdout.lines().count(), 3, "of 1000 by default");
    // With the columns given the topic is not asked.
    let columns =
        "id:BIGINT:notnull,price:DOUBLE,paid:BOOLEAN,at:TIMESTAMP,name:STRING,sum:DECIMAL";
    put(
        &bench,
        &["--columns", columns],
        "[1,null,null,null,null,null]",
    )
    .done();
}

#[test]
fn a_bad_line_is_named_and_nothing_is_hidden() {
    let bench = Bench::new().with_topic();
    let failed = put(
        &bench,
        &["--batch-size", "1"],
        "{\"id\":1}\n{\"id\":\"x\"}\n",
    );
    failed.failed(
        2,
        "after 1 records were sent: line 2: field `id`: `x` is not a valid BIGINT",
    );
    let first = put(&bench, &[], "{\"id\":null}").failed(2, "line 1: field `id`: null");
    assert!(first.stderr.starts_with("error: line 1: "), "{first:?}");
    put(&bench, &[], "\u{feff}[1,null,null,null,null,null]\r\n\nid,name\r\n").failed(
        2,
        "line 3, column 1: is not JSON: expected value; expected one record: a list of values, or an object",
    );
    put(&bench, &["--record-list", "/"], "").failed(2, "cannot read the file /: ");
    put(&bench, &[], "").failed(2, "there was no record to put");
    let refused = put(
        &bench,
        &["-o", "json"],
        "{\"values\":{\"id\":1},\"shard_id\":\"77\"}\n{\"id\":2}",
    );
    assert_eq!(refused.json()["failed_records"][0]["index"], 0);
    refused.failed(1, "1 of 2 records were not stored");
}

#[test]
fn records_that_cannot_be_decoded_are_shown_and_counted() {
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", service.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = service.accept().unwrap();
        let read = stream.read(&mut [0; 8192]).unwrap();
        assert!(read > 0);
        let body = r#"{"NextCursor":"b","RecordCount":2,"StartSequence":0,"Records":[{"Data":["x"]},{"Data":["7"]}]}"#;
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
    });
    let bench = Bench::new();
    let get = "datahub get-tuple-records shop orders 0 --cursor a --protocol json --record-schema id:BIGINT";
    let mut arguments: Vec<&str> = get.split(' ').collect();
    arguments.extend(["--endpoint", &url]);
    let got = bench.run(&arguments);
    assert_eq!(got.code, 1, "{got:?}");
    assert!(
        got.stderr.ends_with("error: 1 records cannot be decoded\n"),
        "{got:?}"
    );
    let records: Vec<Json> = got
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(records[0]["error"].is_string(), "{got:?}");
    assert_eq!(records[1]["values"], json!({"id": 7}));
}

#[test]
fn blobs_are_text_or_base64_and_can_come_from_a_file() {
    let bench = Bench::new();
    bench
        .run(&["datahub", "create-project", "shop", "--comment", "x"])
        .done();
    bench
        .run(&["datahub", "create-blob-topic", "shop", "orders", "1", "1"])
        .done();
    bench
        .run(&["datahub", "wait-shards-ready", "shop", "orders"])
        .done();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("records.jsonl");
    std::fs::write(
        &file,
        "\"text\"\n{\"data\":\"AP8=\",\"partition_key\":\"p\"}\n",
    )
    .unwrap();
    put(&bench, &["--record-list", file.to_str().unwrap()], "").done();
    let named = format!("@{}", file.display());
    put(&bench, &["--record-list", &named], "").done();
    put(&bench, &["--record-list", "/no/such/file"], "").failed(2, "/no/such/file");
    let cursor = bench.run(&[
        "datahub",
        "get-cursor",
        "shop",
        "orders",
        "0",
        "oldest",
        "-o",
        "json",
    ]);
    let cursor = cursor.done().json()["cursor"].as_str().unwrap().to_owned();
    let got = bench
        .run(&[
            "datahub",
            "get-blob-records",
            "shop",
            "orders",
            "0",
            &cursor,
            "-o",
            "json",
        ])
        .done();
    let records = got.json()["records"].clone();
    assert_eq!(
        (&records[0]["text"], &records[1]["data"]),
        (&json!("text"), &json!("AP8="))
    );
}
