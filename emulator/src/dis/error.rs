//! Errors as the service words them.

use std::borrow::Cow;

use bytes::Bytes;
use http::StatusCode;
use serde_json::json;

use super::reply::Reply;

/// A failed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Error {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: Cow<'static, str>,
}

impl Error {
    /// An error with the status that its code usually has.
    pub(crate) fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        let status = match code {
            "DIS.4116" => StatusCode::FORBIDDEN,
            _ if code.starts_with("DIS.410")
                || code.starts_with("DIS.411") && code < "DIS.4115" =>
            {
                StatusCode::UNAUTHORIZED
            }
            _ if code.starts_with("DIS.5") => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// A request that cannot be understood or breaks a rule.
    pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("DIS.4200", message)
    }

    /// A stream that does not exist.
    pub(crate) fn no_stream() -> Self {
        Self::new("DIS.4301", "The stream does not exist.")
    }

    /// A partition that does not exist.
    pub(crate) fn no_partition() -> Self {
        Self::new("DIS.4302", "The partition does not exist.")
    }

    /// A partition whose retention time is over.
    pub(crate) fn partition_expired() -> Self {
        Self::new("DIS.4319", "The partition has expired.")
    }

    /// An app that does not exist.
    pub(crate) fn no_app() -> Self {
        Self::new("DIS.4332", "The app does not exist.")
    }

    /// A sequence number that is missing or no number.
    pub(crate) fn bad_sequence_number(name: &str) -> Self {
        Self::new("DIS.4216", format!("The {name} must be a sequence number."))
    }

    /// A sequence number that the partition does not hold.
    pub(crate) fn out_of_range() -> Self {
        Self::new(
            "DIS.4224",
            "The sequence number is out of the range of the partition.",
        )
    }

    /// Too many requests.
    pub(crate) fn throttled() -> Self {
        Self::new(
            "DIS.4303",
            "The traffic limit of the partition is exceeded.",
        )
    }

    /// A failure of the emulator.
    pub(crate) fn internal() -> Self {
        Self::new("DIS.5000", "System error.")
    }

    /// The same error with another HTTP status.
    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The reply: code and message under all the names that official clients look for.
    pub(crate) fn reply(&self) -> Reply {
        reply(self.status, self.code, &self.message)
    }
}

/// The reply with an error of any code.
pub(crate) fn reply(status: StatusCode, code: &str, message: &str) -> Reply {
    let body = json!({
        "errorCode": code,
        "message": message,
        "error_code": code,
        "error_msg": message,
    });
    Reply {
        status,
        protobuf: false,
        body: Bytes::from(body.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_status() {
        for (code, status) in [
            ("DIS.4100", 401),
            ("DIS.4112", 401),
            ("DIS.4114", 401),
            ("DIS.4116", 403),
            ("DIS.4117", 400),
            ("DIS.4200", 400),
            ("DIS.4332", 400),
            ("DIS.5000", 500),
        ] {
            assert_eq!(Error::new(code, "").status.as_u16(), status, "{code}");
        }
    }
}
