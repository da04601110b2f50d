//! The error codes of DIS and what they mean.

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind};
use crate::transport::Response;

/// The kind of an error code and whether the same call may succeed later.
pub(super) fn classify(code: &str) -> Option<(ErrorKind, bool)> {
    use ErrorKind as K;
    let number: u16 = code.strip_prefix("DIS.")?.parse().ok()?;
    Some(match number {
        4100..=4115 => (K::Unauthenticated, false),
        4116 | 4306 | 4309 | 4310 => (K::PermissionDenied, false),
        4205 => (K::Conflict, true),
        4224..=4226 => (K::PositionLost, false),
        4301 | 4302 | 4332 | 4354 | 4375 | 4603 | 4604 => (K::NotFound, false),
        4303 | 4305 => (K::RateLimited, true),
        4307 | 4330 | 4355 => (K::AlreadyExists, false),
        4308 | 4329 | 4339 | 4357 | 4601 => (K::RateLimited, false),
        4319 => (K::ShardClosed, false),
        4331 => (K::Conflict, false),
        4358 | 4602 | 4605 => (K::Unsupported, false),
        4701 => (K::GroupChanged, true),
        4702 | 4703 => (K::GroupChanged, false),
        4000..=4999 => (K::InvalidArgument, false),
        5000..=5999 => (K::Unavailable, true),
        _ => return None,
    })
}

fn by_status(status: u16) -> (ErrorKind, bool) {
    use ErrorKind as K;
    match status {
        401 | 441 => (K::Unauthenticated, false),
        403 => (K::PermissionDenied, false),
        404 | 410 => (K::NotFound, false),
        409 => (K::Conflict, false),
        413 => (K::TooLarge, false),
        429 => (K::RateLimited, true),
        400..=499 => (K::InvalidArgument, false),
        _ => (K::Unavailable, true),
    }
}

/// What the body of an error reply tells.
#[derive(Default)]
struct Told {
    code: String,
    message: String,
    detail: String,
}

/// Reads any of the shapes in which the service, its gateway and proxies report errors.
fn told(body: &[u8]) -> Option<Told> {
    let Ok(Value::Object(outer)) = serde_json::from_slice(body) else {
        return None;
    };
    members(&outer).or_else(|| {
        outer.values().find_map(|inner| match inner {
            Value::Object(inner) => members(inner),
            _ => None,
        })
    })
}

fn members(map: &Map<String, Value>) -> Option<Told> {
    let first = |names: &[&str]| {
        names.iter().find_map(|name| match map.get(*name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    };
    Some(Told {
        code: first(&["errorCode", "error_code", "code"])?,
        message: first(&["message", "error_msg", "errorMsg"]).unwrap_or_default(),
        detail: first(&["encoded_authorization_message"]).unwrap_or_default(),
    })
}

/// Turns a reply that is not a success into an error.
pub(super) fn from_response(response: &Response) -> Error {
    let status = response.status.as_u16();
    let (kind, temporary, message, told) = match told(&response.body) {
        None => {
            let (kind, temporary) = by_status(status);
            let message = format!(
                "the service answered {} without an error code",
                response.status
            );
            (kind, temporary, message, Told::default())
        }
        Some(told) => {
            let (mut kind, temporary) = classify(&told.code).unwrap_or_else(|| by_status(status));
            if told.message.contains("timestamp is expired") {
                kind = ErrorKind::Unauthenticated;
            }
            if status == 413 {
                kind = ErrorKind::TooLarge;
            }
            let message = match told.message.as_str() {
                "" => format!("the service answered {}", told.code),
                text => text.to_owned(),
            };
            (
                kind,
                temporary || status == 429 || status >= 500,
                message,
                told,
            )
        }
    };
    let error = Error::new(kind, message)
        .with_code(told.code)
        .with_detail(told.detail)
        .with_retry_after(response.retry_after());
    if temporary { error.temporary() } else { error }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn error(status: u16, body: &'static str) -> Error {
        from_response(&Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
        })
    }

    #[test]
    fn every_shape_of_a_body_is_read() {
        for body in [
            r#"{"errorCode":"DIS.4332","message":"app not found."}"#,
            r#"{"error_code":"DIS.4332","error_msg":"app not found.","request_id":"r"}"#,
            r#"{"errorCode":"DIS.4332","errorMsg":"app not found."}"#,
            r#"{"code":"DIS.4332","message":"app not found."}"#,
            r#"{"error":{"code":"DIS.4332","message":"app not found."}}"#,
        ] {
            let error = error(400, body);
            assert_eq!(error.kind(), ErrorKind::NotFound, "{body}");
            assert_eq!(error.code(), "DIS.4332", "{body}");
            assert_eq!(error.message(), "app not found.", "{body}");
            assert!(!error.is_temporary());
        }
    }

    #[test]
    fn codes_have_kinds() {
        let table = [
            ("DIS.4112", ErrorKind::Unauthenticated, false),
            ("DIS.4116", ErrorKind::PermissionDenied, false),
            ("DIS.4200", ErrorKind::InvalidArgument, false),
            ("DIS.4217", ErrorKind::InvalidArgument, false),
            ("DIS.4225", ErrorKind::PositionLost, false),
            ("DIS.4301", ErrorKind::NotFound, false),
            ("DIS.4303", ErrorKind::RateLimited, true),
            ("DIS.4308", ErrorKind::RateLimited, false),
            ("DIS.4319", ErrorKind::ShardClosed, false),
            ("DIS.4701", ErrorKind::GroupChanged, true),
            ("DIS.5250", ErrorKind::Unavailable, true),
        ];
        for (code, kind, temporary) in table {
            assert_eq!(classify(code), Some((kind, temporary)), "{code}");
        }
        assert_eq!(classify("APIG.0308"), None);
        assert_eq!(classify("DIS.x"), None);
    }

    #[test]
    fn without_a_known_code_the_status_decides() {
        let gateway = error(429, r#"{"error_code":"APIG.0308","error_msg":"throttled"}"#);
        assert_eq!(gateway.kind(), ErrorKind::RateLimited);
        assert!(gateway.is_temporary());
        assert_eq!(error(441, "").kind(), ErrorKind::Unauthenticated);
        assert_eq!(error(410, "").kind(), ErrorKind::NotFound);
        assert_eq!(error(413, "").kind(), ErrorKind::TooLarge);
        for body in [
            "",
            "<html>secret</html>",
            "[]",
            "{}",
            "{\"errorCode\":null}",
            "\u{0}",
        ] {
            let error = error(503, body);
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{body}");
            assert!(error.is_temporary());
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn an_authorization_message_is_kept() {
        let body = r#"{"error_code":"X","error_msg":"m","encoded_authorization_message":"enc"}"#;
        assert_eq!(error(403, body).detail(), "enc");
    }
}
