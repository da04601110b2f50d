//! Requests that make no sense: each gets its error, and the emulator goes on.

use super::harness::Harness;

/// Method, path below the project, body, status, code.
type Row<'a> = (&'a str, &'a str, &'a str, u16, &'a str);

async fn check(harness: &Harness, table: &[Row<'_>]) {
    for (method, path, body, status, code) in table {
        let reply = harness.json(method, path, body).await;
        assert_eq!(
            reply.refusal(),
            (*status, (*code).to_owned()),
            "{method} {path} {body}"
        );
    }
    assert_eq!(harness.json("GET", "/streams/s", "").await.status, 200);
}

async fn prepared() -> Harness {
    let harness = Harness::start().await;
    harness.stream("s").await;
    harness.app("a").await;
    harness.put("s", &["0", "1", "2"]).await;
    harness
}

#[tokio::test]
async fn control_requests() {
    let long = format!(
        r#"{{"stream_name":"{}","partition_count":1}}"#,
        "x".repeat(65)
    );
    check(
        &prepared().await,
        &[
            ("POST", "/streams", "", 400, "DIS.4202"),
            ("POST", "/streams", "{", 400, "DIS.4200"),
            ("POST", "/streams", "[]", 400, "DIS.4200"),
            ("POST", "/streams", "\u{0}", 400, "DIS.4200"),
            ("POST", "/streams", "{}", 400, "DIS.4200"),
            (
                "POST",
                "/streams",
                r#"{"stream_name":"n"}"#,
                400,
                "DIS.4200",
            ),
            (
                "POST",
                "/streams",
                r#"{"stream_name":["n"],"partition_count":1}"#,
                400,
                "DIS.4200",
            ),
            (
                "POST",
                "/streams",
                r#"{"stream_name":"n","partition_count":"x"}"#,
                400,
                "DIS.4200",
            ),
            (
                "POST",
                "/streams",
                r#"{"stream_name":"n","partition_count":1.5}"#,
                400,
                "DIS.4200",
            ),
            (
                "POST",
                "/streams",
                r#"{"stream_name":"n","partition_count":-1}"#,
                400,
                "DIS.4200",
            ),
            (
                "POST",
                "/streams",
                r#"{"stream_name":"n","partition_count":9223372036854775808}"#,
                400,
                "DIS.4200",
            ),
            (
                "POST",
                "/streams",
                r#"{"stream_name":"n","partition_count":51}"#,
                400,
                "DIS.4308",
            ),
            (
                "POST",
                "/streams",
                r#"{"stream_name":"n","partition_count":11,"stream_type":"ADVANCED"}"#,
                400,
                "DIS.4308",
            ),
            ("POST", "/streams", &long, 400, "DIS.4200"),
            (
                "POST",
                "/streams",
                r#"{"stream_name":"s","partition_count":1}"#,
                400,
                "DIS.4307",
            ),
            (
                "POST",
                "/streams",
                r#"{"stream_name":"n","partition_count":1,"tags":{"a":1}}"#,
                400,
                "DIS.4200",
            ),
            (
                "POST",
                "/streams",
                r#"{"stream_name":"n","partition_count":1,"tags":[{"key":""}]}"#,
                400,
                "DIS.4200",
            ),
            (
                "POST",
                "/streams",
                r#"{"stream_name":"n","partition_count":1,"csv_properties":1}"#,
                400,
                "DIS.4200",
            ),
            (
                "POST",
                "/streams",
                r#"{"stream_name":"n","partition_count":1,"auto_scale_enabled":"maybe"}"#,
                400,
                "DIS.4200",
            ),
            (
                "POST",
                "/streams",
                r#"{"stream_name":"n","partition_count":1,"auto_scale_enabled":true}"#,
                400,
                "DIS.4200",
            ),
            ("GET", "/streams?limit=0", "", 400, "DIS.4200"),
            ("GET", "/streams?limit=101", "", 400, "DIS.4200"),
            ("GET", "/streams?limit=x", "", 400, "DIS.4200"),
            ("GET", "/streams?limit=%ff", "", 400, "DIS.4200"),
            (
                "GET",
                "/streams/s?start_partitionId=first",
                "",
                400,
                "DIS.4201",
            ),
            ("GET", "/streams/none", "", 400, "DIS.4301"),
            ("GET", "/streams/%ff", "", 400, "DIS.4200"),
            (
                "PUT",
                "/streams/s",
                r#"{"target_partition_count":0}"#,
                400,
                "DIS.4200",
            ),
            (
                "PUT",
                "/streams/s",
                r#"{"target_partition_count":51}"#,
                400,
                "DIS.4308",
            ),
            (
                "PUT",
                "/streams/none",
                r#"{"target_partition_count":1}"#,
                400,
                "DIS.4301",
            ),
            ("DELETE", "/streams/none", "", 400, "DIS.4301"),
            ("PATCH", "/streams", "", 405, "DIS.4200"),
            ("GET", "/nowhere", "", 404, "DIS.4200"),
            ("POST", "/apps", r#"{"app_name":"a"}"#, 400, "DIS.4330"),
            ("POST", "/apps", r#"{"app_name":"a b"}"#, 400, "DIS.4200"),
            ("GET", "/apps?stream_name=none", "", 400, "DIS.4301"),
            ("GET", "/apps/none", "", 400, "DIS.4332"),
            ("GET", "/apps/a/streams/none", "", 400, "DIS.4301"),
            ("GET", "/apps/none/streams/s", "", 400, "DIS.4332"),
        ],
    )
    .await;
}

#[tokio::test]
async fn data_requests() {
    let metadata = format!(
        r#"{{"app_name":"a","stream_name":"s","partition_id":"0","sequence_number":"0","metadata":"{}"}}"#,
        "é".repeat(1001)
    );
    check(
        &prepared().await,
        &[
            ("POST", "/records", "", 400, "DIS.4202"),
            ("POST", "/records", "{", 400, "DIS.4200"),
            ("POST", "/records", "{}", 400, "DIS.4200"),
            (
                "POST",
                "/records",
                r#"{"stream_name":"s"}"#,
                400,
                "DIS.4202",
            ),
            (
                "POST",
                "/records",
                r#"{"stream_name":"s","records":[]}"#,
                400,
                "DIS.4202",
            ),
            (
                "POST",
                "/records",
                r#"{"stream_name":"s","records":{}}"#,
                400,
                "DIS.4200",
            ),
            (
                "POST",
                "/records",
                r#"{"stream_name":"s","records":[1]}"#,
                400,
                "DIS.4200",
            ),
            (
                "POST",
                "/records",
                r#"{"stream_name":"none","records":[{"data":""}]}"#,
                400,
                "DIS.4301",
            ),
            ("GET", "/cursors", "", 400, "DIS.4200"),
            ("GET", "/cursors?stream-name=s", "", 400, "DIS.4200"),
            (
                "GET",
                "/cursors?stream-name=s&partition-id=x",
                "",
                400,
                "DIS.4201",
            ),
            (
                "GET",
                "/cursors?stream-name=s&partition-id=2&cursor-type=LATEST",
                "",
                400,
                "DIS.4302",
            ),
            (
                "GET",
                "/cursors?stream-name=s&partition-id=0&cursor-type=latest",
                "",
                400,
                "DIS.4215",
            ),
            (
                "GET",
                "/cursors?stream-name=s&partition-id=0",
                "",
                400,
                "DIS.4216",
            ),
            (
                "GET",
                "/cursors?stream-name=s&partition-id=0&starting-sequence-number=x",
                "",
                400,
                "DIS.4216",
            ),
            (
                "GET",
                "/cursors?stream-name=s&partition-id=0&starting-sequence-number=4",
                "",
                400,
                "DIS.4224",
            ),
            (
                "GET",
                "/cursors?stream-name=s&partition-id=0&starting-sequence-number=-1",
                "",
                400,
                "DIS.4224",
            ),
            (
                "GET",
                "/cursors?stream-name=s&partition-id=0&cursor-type=AT_TIMESTAMP&timestamp=x",
                "",
                400,
                "DIS.4200",
            ),
            ("GET", "/records", "", 400, "DIS.4217"),
            ("GET", "/records?partition-cursor=", "", 400, "DIS.4217"),
            ("GET", "/records?partition-cursor=x", "", 400, "DIS.4217"),
            (
                "GET",
                "/records?partition-cursor=x&limit=10001",
                "",
                400,
                "DIS.4200",
            ),
            (
                "GET",
                "/records?partition-cursor=x&max_fetch_bytes=0",
                "",
                400,
                "DIS.4200",
            ),
            ("POST", "/checkpoints", "{}", 400, "DIS.4200"),
            (
                "POST",
                "/checkpoints",
                r#"{"app_name":"a","stream_name":"s"}"#,
                400,
                "DIS.4201",
            ),
            (
                "POST",
                "/checkpoints",
                r#"{"app_name":"a","stream_name":"s","partition_id":"0"}"#,
                400,
                "DIS.4216",
            ),
            (
                "POST",
                "/checkpoints",
                r#"{"app_name":"a","stream_name":"s","partition_id":"0","sequence_number":"4"}"#,
                400,
                "DIS.4224",
            ),
            (
                "POST",
                "/checkpoints",
                r#"{"app_name":"a","stream_name":"s","partition_id":"9","sequence_number":"0"}"#,
                400,
                "DIS.4302",
            ),
            ("POST", "/checkpoints", &metadata, 400, "DIS.4200"),
            (
                "GET",
                "/checkpoints?stream_name=s&app_name=none&partition_id=0",
                "",
                400,
                "DIS.4332",
            ),
            (
                "GET",
                "/checkpoints?stream_name=s&app_name=a&partition_id=0&checkpoint_type=X",
                "",
                400,
                "DIS.4200",
            ),
            (
                "DELETE",
                "/checkpoints?stream_name=none&app_name=a",
                "",
                400,
                "DIS.4301",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn optional_texts_may_be_empty_and_numbers_may_be_texts() {
    let harness = prepared().await;
    for (method, path, body, status) in [
        (
            "POST",
            "/streams",
            r#"{"stream_name":"n","partition_count":"3","data_type":"","tags":null}"#,
            201,
        ),
        ("GET", "/streams?limit=100&start_stream_name=", "", 200),
        (
            "GET",
            "/streams/n/?stream_id=&limit_partitions=1000",
            "",
            200,
        ),
        (
            "POST",
            "/checkpoints/",
            r#"{"app_name":"a","stream_name":"s","partition_id":0,"sequence_number":3,"metadata":""}"#,
            201,
        ),
        (
            "DELETE",
            "/checkpoints/?stream_name=s&app_name=a",
            "ignored",
            204,
        ),
    ] {
        let reply = harness.json(method, path, body).await;
        assert_eq!(reply.status, status, "{method} {path}: {reply:?}");
    }
}

#[tokio::test]
async fn broken_http_gets_the_errors_of_the_service() {
    let harness = prepared().await;
    for wire in [
        &b"NONSENSE\r\n\r\n"[..],
        b"GET /v2/p/streams HTTP/9.9\r\n\r\n",
        b"GET /v2/p/streams HTTP/1.1\r\nbad header\r\n\r\n",
    ] {
        let (status, code) = harness.raw(wire).await.refusal();
        assert!((400..600).contains(&status), "{status}");
        assert_eq!(code, "DIS.4200");
    }
    let huge = format!(
        "POST /v2/p/records HTTP/1.1\r\nhost: e\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        13 << 20
    );
    let mut wire = huge.into_bytes();
    wire.resize(wire.len() + (13 << 20), b' ');
    assert_eq!(
        harness.raw(&wire).await.refusal(),
        (413, "DIS.4200".to_owned())
    );
    assert_eq!(harness.json("GET", "/streams/s", "").await.status, 200);
}
