//! What goes wrong, as other languages see it.

use std::collections::HashMap;
use std::fmt;

use hubstream::error::Error;

use crate::generated::HubstreamError;

/// Everything known about a failure. Credentials and record contents never appear in it.
#[derive(Clone, Debug, uniffi::Record)]
#[uniffi::export(Display)]
pub struct ErrorDetails {
    /// The kind in snake case, as in `rate_limited`; the same in every language.
    pub kind: String,
    /// `permanent`, `temporary`, or `exhausted` when the client's own retries are used up.
    pub status: String,
    /// Whether the same call may succeed later; false once the retries of the client are used up.
    pub is_temporary: bool,
    /// The service's own error code, verbatim; empty when the failure is local.
    pub code: String,
    /// The message without the facts around it.
    pub reason: String,
    /// What went wrong with code, operation, request id and attempts, on one line.
    pub summary: String,
    /// Further text that the service sent beside its message, or an empty text.
    pub detail: String,
    /// The service that was called, as in `datahub`; empty when none was.
    pub service: String,
    /// The operation that was called, as in `GetTopic`; empty when none was.
    pub operation: String,
    /// The status of the HTTP reply, if there was one.
    pub http_status: Option<u16>,
    /// The request id that the service gave to the call, or an empty text.
    pub request_id: String,
    /// How many attempts were made; 0 when nothing was sent.
    pub attempts: u32,
    /// Seconds that the service asked to wait before another try.
    pub retry_after: Option<f64>,
    /// Whether the request may have reached the service.
    pub was_sent: bool,
    /// Further named facts, such as the name of a refused argument.
    pub context: HashMap<String, String>,
}

impl fmt::Display for ErrorDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary)
    }
}

impl From<&Error> for ErrorDetails {
    fn from(error: &Error) -> Self {
        Self {
            kind: error.kind().name().to_owned(),
            status: error.status().name().to_owned(),
            is_temporary: error.is_temporary(),
            code: error.code().to_owned(),
            reason: error.message().to_owned(),
            summary: error.to_string(),
            detail: error.detail().to_owned(),
            service: error.service().to_owned(),
            operation: error.operation().to_owned(),
            http_status: error.http_status(),
            request_id: error.request_id().to_owned(),
            attempts: error.attempts(),
            retry_after: error.retry_after().map(|wait| wait.as_secs_f64()),
            was_sent: error.was_sent(),
            context: error
                .context()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }
}

impl From<Error> for HubstreamError {
    fn from(error: Error) -> Self {
        Self::of(error.kind(), ErrorDetails::from(&error))
    }
}
