//! The error codes of DataHub and what they mean.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::codec::FailedRecord;
use crate::error::{Error, ErrorKind};
use crate::transport::Response;

/// The body of an error reply.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Body {
    #[serde(deserialize_with = "as_text")]
    request_id: String,
    error_code: String,
    #[serde(deserialize_with = "as_text")]
    error_message: String,
    #[serde(deserialize_with = "as_text")]
    error_detail: String,
}

/// A text, whatever the service put there: no odd member is worth losing the code of the error.
fn as_text<'de, D: Deserializer<'de>>(member: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(member)? {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    })
}

/// The kind of an error code and whether the same call may succeed later.
pub(super) fn classify(code: &str) -> Option<(ErrorKind, bool)> {
    use ErrorKind as K;
    Some(match code {
        "InvalidUriSpec"
        | "InvalidParameter"
        | "InvalidSchema"
        | "InvalidSubscription"
        | "MalformedRecord"
        | "ListSubscriptionOutofRange"
        | "InvalidShardId"
        | "MethodNotAllowed" => (K::InvalidArgument, false),
        "InvalidCursor" | "SeekOutOfRange" => (K::PositionLost, false),
        "NoSuchProject" | "NoSuchTopic" | "NoSuchShard" | "NoSuchConnector"
        | "NoSuchSubscription" | "NoSuchMeteringInfo" | "ResourceNotFound" => (K::NotFound, false),
        "NoSuchConsumer" => (K::GroupChanged, false),
        "ProjectAlreadyExist"
        | "TopicAlreadyExist"
        | "ConnectorAlreadyExist"
        | "ResourceAlreadyExist" => (K::AlreadyExists, false),
        "Unauthorized" | "ExpiredAccessToken" => (K::Unauthenticated, false),
        "NoPermission" => (K::PermissionDenied, false),
        "OperationDenied" | "InvalidOperation" => (K::Conflict, false),
        "InvalidShardOperation" => (K::ShardClosed, false),
        "LimitExceeded" | "ResourceLimit" => (K::RateLimited, true),
        "SubscriptionOffline" => (K::SubscriptionOffline, false),
        "OffsetReseted" => (K::OffsetReset, false),
        "OffsetSessionChanged" | "OffsetSessionClosed" => (K::SessionLost, false),
        "ConsumerGroupInProcess" => (K::GroupChanged, true),
        "InternalServerError" | "ServiceUnavailable" | "ShardNotReady" => (K::Unavailable, true),
        _ => return None,
    })
}

/// The error for a record that was not stored, though the request as a whole was no failure.
pub(super) fn of_record(record: &FailedRecord) -> Error {
    let (kind, _) = classify(&record.error_code).unwrap_or((ErrorKind::InvalidArgument, false));
    let message = format!(
        "record {} was not stored: {}",
        record.index, record.error_message
    );
    Error::new(kind, message).with_code(record.error_code.clone())
}

/// Turns a reply that is not a success into an error.
pub(super) fn from_response(response: &Response) -> Error {
    let status = response.status;
    let body: Option<Body> = serde_json::from_slice(&response.body).ok();
    let Some(body) = body.filter(|body| !body.error_code.is_empty()) else {
        return plain(response);
    };
    let (kind, temporary) = classify(&body.error_code).unwrap_or({
        if status.is_server_error() {
            (ErrorKind::Unavailable, true)
        } else {
            (by_status(status.as_u16()), status.as_u16() == 429)
        }
    });
    let message = if body.error_message.is_empty() {
        format!("the service answered {}", body.error_code)
    } else {
        body.error_message
    };
    let mut error = Error::new(kind, message)
        .with_code(body.error_code)
        .with_detail(body.error_detail)
        .with_request_id(body.request_id)
        .with_retry_after(response.retry_after());
    if temporary {
        error = error.temporary();
    }
    error
}

/// The error for a reply without the body of an error, as gateways and proxies send it.
fn plain(response: &Response) -> Error {
    let status = response.status.as_u16();
    let error = Error::new(
        by_status(status),
        format!(
            "the service answered {} without an error code",
            response.status
        ),
    )
    .with_retry_after(response.retry_after());
    if status >= 500 || status == 429 {
        error.temporary()
    } else {
        error
    }
}

fn by_status(status: u16) -> ErrorKind {
    match status {
        401 => ErrorKind::Unauthenticated,
        403 => ErrorKind::PermissionDenied,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        413 => ErrorKind::TooLarge,
        429 => ErrorKind::RateLimited,
        400..=499 => ErrorKind::InvalidArgument,
        _ => ErrorKind::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn reply(status: u16, body: &'static str) -> Response {
        Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
        }
    }

    #[test]
    fn known_codes() {
        let error = from_response(&reply(
            404,
            r#"{"RequestId":"r1","ErrorCode":"NoSuchTopic","ErrorMessage":"The specified topic name does not exist."}"#,
        ));
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.code(), "NoSuchTopic");
        assert_eq!(error.request_id(), "r1");
        assert!(!error.is_temporary());
    }

    #[test]
    fn odd_members_do_not_hide_the_code() {
        for (members, message, detail) in [
            (
                r#""ErrorMessage":null,"ErrorDetail":null,"RequestId":null"#,
                "the service answered NoSuchShard",
                "",
            ),
            (
                r#""ErrorMessage":5,"ErrorDetail":{"a":[1]},"RequestId":7"#,
                "5",
                r#"{"a":[1]}"#,
            ),
        ] {
            let body = format!(r#"{{"ErrorCode":"NoSuchShard",{members}}}"#);
            let error = from_response(&reply(404, body.leak()));
            assert_eq!(
                (error.kind(), error.code()),
                (ErrorKind::NotFound, "NoSuchShard")
            );
            assert!(error.to_string().contains(message), "{error}");
            assert_eq!(error.detail(), detail);
        }
    }

    #[test]
    fn unknown_codes_go_by_status() {
        let body = r#"{"ErrorCode":"Odd","ErrorMessage":"m"}"#;
        assert_eq!(
            from_response(&reply(400, body)).kind(),
            ErrorKind::InvalidArgument
        );
        let error = from_response(&reply(502, body));
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.is_temporary());
    }

    #[test]
    fn pages_and_empty_bodies_are_errors_too() {
        for body in ["", "<html>secret</html>", "[]", "{}", "{\"ErrorCode\":1}"] {
            let error = from_response(&reply(503, body));
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{body}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}
