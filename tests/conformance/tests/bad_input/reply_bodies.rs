//! Replies of the right form with the wrong contents.

use hubstream::error::ErrorKind;

use crate::replies::{Case, malformed};
use crate::server::reply;

fn status(
    what: &'static str,
    status: &str,
    body: &str,
    kind: ErrorKind,
    code: &'static str,
) -> Case {
    let bytes = reply(status, &["x-datahub-request-id: r1"], body.as_bytes());
    Case {
        what,
        operation: "list_project",
        settings: &[],
        bytes,
        kind,
        code,
        requests: 1,
    }
}

pub(crate) fn bodies() -> Vec<Case> {
    let page = b"<html><body>top-secret</body></html>";
    vec![
        malformed("a page", "list_project", page),
        malformed("nothing", "list_project", b""),
        malformed("white space", "list_project", b" \r\n"),
        malformed("a list", "list_project", b"[]"),
        malformed("null", "list_project", b"null"),
        malformed("a text", "list_project", b"\"top-secret\""),
        malformed("no members", "list_project", b"{}"),
        malformed("a member of another type", "list_project", br#"{"ProjectNames":"top-secret"}"#),
        malformed("an element of another type", "list_project", br#"{"ProjectNames":["a",1]}"#),
        malformed("a member twice", "list_project", br#"{"ProjectNames":[],"ProjectNames":["top-secret"]}"#),
        malformed("cut JSON", "list_project", br#"{"ProjectNames":["top-secret"#),
        malformed("more than JSON", "list_project", br#"{"ProjectNames":[]}top-secret"#),
        malformed("invalid UTF-8", "list_project", b"{\"ProjectNames\":[\"\xff\xfe\"]}"),
        malformed("half a surrogate", "list_project", br#"{"ProjectNames":["\ud800"]}"#),
        malformed("deep nesting", "list_project", "[".repeat(100_000).as_bytes()),
        malformed("a number too large", "get_cursor", br#"{"Cursor":"c","RecordTime":99999999999999999999,"Sequence":0}"#),
        malformed("a fraction", "get_cursor", br#"{"Cursor":"c","RecordTime":1.5,"Sequence":0}"#),
        malformed("a number as text", "get_cursor", br#"{"Cursor":"c","RecordTime":"1","Sequence":0}"#),
        malformed("no cursor", "get_cursor", br#"{"RecordTime":1,"Sequence":0}"#),
        malformed("no shards", "list_shard", br#"{"Protocol":"http1.1","Interval":1}"#),
        malformed("a shard without id", "list_shard", br#"{"Shards":[{"State":"ACTIVE"}]}"#),
        malformed("a state as number", "list_shard", br#"{"Shards":[{"ShardId":"0","State":1}]}"#),
        malformed("a tuple topic without schema", "get_topic", br#"{"RecordType":"TUPLE","RecordSchema":""}"#),
        malformed("a schema that is no JSON", "get_topic", br#"{"RecordType":"TUPLE","RecordSchema":"top-secret"}"#),
        malformed("a schema without columns", "get_topic", br#"{"RecordType":"TUPLE","RecordSchema":"{\"fields\":[]}"}"#),
        malformed("an unknown column type", "get_topic", br#"{"RecordType":"TUPLE","RecordSchema":"{\"fields\":[{\"name\":\"c\",\"type\":\"DATE\"}]}"}"#),
        malformed("a column twice", "get_topic", br#"{"RecordType":"TUPLE","RecordSchema":"{\"fields\":[{\"name\":\"c\",\"type\":\"STRING\"},{\"name\":\"C\",\"type\":\"STRING\"}]}"}"#),
        malformed("offsets as a list", "get_subscription_offset", br#"{"Offsets":[]}"#),
        malformed("an offset without sequence", "get_subscription_offset", br#"{"Offsets":{"0":{"Timestamp":1,"Version":0}}}"#),
    ]
}

pub(crate) fn statuses() -> Vec<Case> {
    use ErrorKind as K;
    let body =
        |code: &str| format!(r#"{{"RequestId":"r1","ErrorCode":{code},"ErrorMessage":"m"}}"#);
    vec![
        status(
            "moved",
            "301 Moved Permanently\r\nLocation: http://127.0.0.1:1/",
            "",
            K::Malformed,
            "",
        ),
        status(
            "found",
            "302 Found\r\nLocation: /elsewhere",
            "",
            K::Malformed,
            "",
        ),
        status("not modified", "304 Not Modified", "", K::Malformed, ""),
        status(
            "temporary redirect",
            "307 Temporary Redirect\r\nLocation: https://top-secret.example",
            "",
            K::Malformed,
            "",
        ),
        status(
            "a page for 404",
            "404 Not Found",
            "<html>top-secret</html>",
            K::NotFound,
            "",
        ),
        status(
            "a page for 500",
            "500 Internal Server Error",
            "<html>top-secret</html>",
            K::Unavailable,
            "",
        ),
        status("nothing for 502", "502 Bad Gateway", "", K::Unavailable, ""),
        status(
            "nothing for 503",
            "503 Service Unavailable\r\nRetry-After: x",
            "",
            K::Unavailable,
            "",
        ),
        status(
            "nothing for 429",
            "429 Too Many Requests",
            "",
            K::RateLimited,
            "",
        ),
        status(
            "nothing for 401",
            "401 Unauthorized",
            "",
            K::Unauthenticated,
            "",
        ),
        status(
            "a page for 403",
            "403 Forbidden",
            "<html>top-secret</html>",
            K::PermissionDenied,
            "",
        ),
        status(
            "nothing for 413",
            "413 Payload Too Large",
            "",
            K::TooLarge,
            "",
        ),
        status(
            "an odd status below 500",
            "418 Odd",
            "{}",
            K::InvalidArgument,
            "",
        ),
        status(
            "an odd status above 500",
            "599 Odd",
            "[]",
            K::Unavailable,
            "",
        ),
        status(
            "a status that does not exist",
            "999 Odd",
            "",
            K::Unavailable,
            "",
        ),
        status(
            "an unknown code for 400",
            "400 Bad Request",
            &body(r#""FooBar""#),
            K::InvalidArgument,
            "FooBar",
        ),
        status(
            "an unknown code for 500",
            "500 Internal Server Error",
            &body(r#""FooBar""#),
            K::Unavailable,
            "FooBar",
        ),
        status(
            "an unknown code for 429",
            "429 Too Many Requests",
            &body(r#""FooBar""#),
            K::RateLimited,
            "FooBar",
        ),
        status(
            "a code that is a number",
            "400 Bad Request",
            &body("17"),
            K::InvalidArgument,
            "",
        ),
        status(
            "an empty code",
            "404 Not Found",
            &body(r#""""#),
            K::NotFound,
            "",
        ),
        status(
            "a code under a status that does not fit",
            "500 Internal Server Error",
            &body(r#""NoSuchTopic""#),
            K::NotFound,
            "NoSuchTopic",
        ),
        status(
            "an error that is cut",
            "400 Bad Request",
            r#"{"ErrorCode":"NoSuch"#,
            K::InvalidArgument,
            "",
        ),
    ]
}

pub(crate) fn dis() -> Vec<Case> {
    use ErrorKind as K;
    let case = |what, operation, status: &str, body: &str, kind, code| Case {
        what,
        operation,
        settings: &[],
        bytes: reply(status, &["X-Request-Id: r1"], body.as_bytes()),
        kind,
        code,
        requests: 1,
    };
    vec![
        case(
            "a page",
            "list_streams",
            "200 OK",
            "<html>top-secret</html>",
            K::Malformed,
            "",
        ),
        case("nothing", "list_streams", "200 OK", "", K::Malformed, ""),
        case(
            "a redirect",
            "list_streams",
            "302 Found\r\nLocation: /",
            "",
            K::Malformed,
            "",
        ),
        case(
            "names as numbers",
            "list_streams",
            "200 OK",
            r#"{"stream_names":[1]}"#,
            K::Malformed,
            "",
        ),
        case(
            "fewer rows than records",
            "dis put_records",
            "200 OK",
            r#"{"failed_record_count":0,"records":[]}"#,
            K::Malformed,
            "",
        ),
        case(
            "no next cursor",
            "get_records",
            "200 OK",
            r#"{"records":[]}"#,
            K::Malformed,
            "",
        ),
        case(
            "data that is no Base64",
            "get_records",
            "200 OK",
            r#"{"next_partition_cursor":"n","records":[{"data":"t*p-secret","sequence_number":"1"}]}"#,
            K::Malformed,
            "",
        ),
        case(
            "a sequence that is no number",
            "get_records",
            "200 OK",
            r#"{"next_partition_cursor":"n","records":[{"data":"","sequence_number":"x"}]}"#,
            K::Malformed,
            "",
        ),
        case(
            "the older status for authentication",
            "list_streams",
            "441 Authentication Error",
            "",
            K::Unauthenticated,
            "",
        ),
        case(
            "an unknown code",
            "create_stream",
            "400 Bad Request",
            r#"{"errorCode":"DIS.4999","message":"m"}"#,
            K::InvalidArgument,
            "DIS.4999",
        ),
        case(
            "the gateway's form of an error",
            "create_stream",
            "404 Not Found",
            r#"{"error_code":"APIGW.0101","error_msg":"m"}"#,
            K::NotFound,
            "APIGW.0101",
        ),
        case(
            "an error inside another",
            "create_stream",
            "400 Bad Request",
            r#"{"error":{"code":"DIS.4301","message":"m"}}"#,
            K::NotFound,
            "DIS.4301",
        ),
        case(
            "a page for 504",
            "get_records",
            "504 Gateway Timeout",
            "<html>top-secret</html>",
            K::Unavailable,
            "",
        ),
    ]
}
