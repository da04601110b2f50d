//! What can go wrong: one error type for every service and every language.
//!
//! Programs decide by [`Error::kind`], never by the message:
//!
//! ```
//! use hubstream::error::{Error, ErrorKind};
//!
//! fn advice(error: &Error) -> &'static str {
//!     match error.kind() {
//!         ErrorKind::NotFound => "create it first",
//!         ErrorKind::RateLimited => "send less",
//!         _ if error.is_temporary() => "try again later",
//!         _ => "give up",
//!     }
//! }
//!
//! let error = Error::new(ErrorKind::RateLimited, "too many requests").temporary();
//! assert_eq!(advice(&error), "send less");
//! ```

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// The result of every fallible call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! error_kinds {
    ($(#[doc = $docs:literal] $kind:ident = $name:literal,)*) => {
        /// What kind of failure an [`Error`] is, the same in every language.
        ///
        /// The list is flat and open: a later version may add a kind.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $(#[doc = $docs] $kind,)*
        }

        impl ErrorKind {
            /// All kinds, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The stable name of the kind in snake case, as in `rate_limited`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// What the kind means, in one sentence.
            pub const fn docs(self) -> &'static str {
                match self {
                    $(Self::$kind => $docs.trim_ascii(),)*
                }
            }

            /// The exit code of a command that fails with the kind.
            pub const fn exit_code(self) -> u8 {
                match self {
                    Self::InvalidArgument => 2,
                    Self::Unauthenticated | Self::PermissionDenied => 3,
                    Self::NotFound => 4,
                    Self::RateLimited => 5,
                    Self::Unavailable | Self::Timeout | Self::Connection => 6,
                    _ => 1,
                }
            }
        }
    };
}

error_kinds! {
    /// An argument was refused, by the client before anything was sent or by the service.
    InvalidArgument = "invalid_argument",
    /// The credentials are missing, unknown, expired or the signature is wrong.
    Unauthenticated = "unauthenticated",
    /// The credentials are valid, but not allowed to do this.
    PermissionDenied = "permission_denied",
    /// The resource does not exist.
    NotFound = "not_found",
    /// The resource to be created exists already.
    AlreadyExists = "already_exists",
    /// The resource is in a state that does not permit the call.
    Conflict = "conflict",
    /// A quota or rate limit was exceeded; the call may succeed later.
    RateLimited = "rate_limited",
    /// The request or one value of it is larger than the service takes.
    TooLarge = "too_large",
    /// The shard is closed for writing, or was read to its end.
    ShardClosed = "shard_closed",
    /// The cursor or position no longer points at retained records.
    PositionLost = "position_lost",
    /// The offsets of the subscription were reset by another client.
    OffsetReset = "offset_reset",
    /// The offset session was taken over by another client or has ended.
    SessionLost = "session_lost",
    /// The subscription is switched off.
    SubscriptionOffline = "subscription_offline",
    /// The membership or plan of the consumer group changed.
    GroupChanged = "group_changed",
    /// Bytes could not be decoded: a record, frame or reply is damaged or contradicts itself.
    Malformed = "malformed",
    /// The service failed or is temporarily unavailable.
    Unavailable = "unavailable",
    /// A time limit was exceeded.
    Timeout = "timeout",
    /// The connection could not be established, or it broke.
    Connection = "connection",
    /// The client was closed, or was made in a parent process before `fork`.
    Closed = "closed",
    /// This build, service or format does not support what was asked for.
    Unsupported = "unsupported",
    /// A defect in this library.
    Internal = "internal",
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether trying again may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// The same call will fail again.
    Permanent,
    /// The same call may succeed later.
    Temporary,
    /// The failure was temporary, but the call was already tried as often as the policy allows.
    Exhausted,
}

impl Status {
    /// The stable name of the status in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Permanent => "permanent",
            Self::Temporary => "temporary",
            Self::Exhausted => "exhausted",
        }
    }
}

/// A failure, with everything needed to act on it and nothing secret in it.
///
/// The message is one line. Credentials never appear in it, and of records at most the one value
/// that was refused before sending, shortened to 40 characters.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    status: Status,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    detail: String,
    service: &'static str,
    operation: &'static str,
    http_status: Option<u16>,
    request_id: String,
    attempts: u32,
    retry_after: Option<Duration>,
    sent: bool,
    context: Vec<(&'static str, String)>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Makes a permanent error of a kind.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            status: Status::Permanent,
            code: Cow::Borrowed(""),
            message: message.into(),
            detail: String::new(),
            service: "",
            operation: "",
            http_status: None,
            request_id: String::new(),
            attempts: 0,
            retry_after: None,
            sent: true,
            context: Vec::new(),
            source: None,
        }))
    }

    /// Makes the error for a bad argument: nothing was sent.
    pub fn invalid_argument(argument: &'static str, message: impl fmt::Display) -> Self {
        Self::new(
            ErrorKind::InvalidArgument,
            format!("argument `{argument}`: {message}"),
        )
        .with_context("argument", argument)
        .with_sent(false)
    }

    /// Makes the error for bytes that cannot be decoded.
    pub fn malformed(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Malformed, message)
    }

    /// Adds a remark to the message, behind a semicolon. Never pass secrets or record contents.
    pub fn with_remark(mut self, remark: impl fmt::Display) -> Self {
        self.0.message = format!("{}; {remark}", self.0.message).into();
        self
    }

    /// Sets whether trying again may help.
    pub fn with_status(mut self, status: Status) -> Self {
        self.0.status = status;
        self
    }

    /// Marks the error as one that may go away.
    pub fn temporary(self) -> Self {
        self.with_status(Status::Temporary)
    }

    /// Sets the service's own error code, as it was received.
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.0.code = code.into();
        self
    }

    /// Sets further text that the service sent beside its message.
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// Sets the status of the HTTP reply.
    pub fn with_http_status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    /// Sets the request id that the service gave to the call.
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = id.into();
        self
    }

    /// Sets how long the service asked to wait before another try.
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    /// Says whether the request may have reached the service (`true`) or certainly did not (`false`).
    pub fn with_sent(mut self, sent: bool) -> Self {
        self.0.sent = sent;
        self
    }

    /// Names the call that failed.
    pub fn with_operation(mut self, service: &'static str, operation: &'static str) -> Self {
        if self.0.operation.is_empty() {
            self.0.service = service;
            self.0.operation = operation;
        }
        self
    }

    /// Sets how many attempts were made.
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Adds one named fact. Never pass secrets or record contents.
    pub fn with_context(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((name, value.to_string()));
        self
    }

    /// Attaches the failure that caused this one.
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The kind of the failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether trying again may help.
    pub fn status(&self) -> Status {
        self.0.status
    }

    /// Whether the same call may succeed later; `false` once the retries of the client are used up.
    pub fn is_temporary(&self) -> bool {
        self.0.status == Status::Temporary
    }

    /// The service's own error code, verbatim; empty when the failure is local.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The message without the facts around it.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Further text that the service sent beside its message, or an empty text.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The service that was called, as in `datahub`; empty when none was.
    pub fn service(&self) -> &'static str {
        self.0.service
    }

    /// The operation that was called, as in `GetTopic`; empty when none was.
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// The status of the HTTP reply, if there was one.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// The request id that the service gave to the call, or an empty text.
    pub fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// How many attempts were made; 0 when nothing was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the service asked to wait before another try.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the request may have reached the service.
    pub fn was_sent(&self) -> bool {
        self.0.sent
    }

    /// Named facts, in the order in which they were added.
    pub fn context(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0
            .context
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.write_str(&inner.message)?;
        let mut facts: Vec<Cow<'_, str>> = Vec::new();
        if !inner.code.is_empty() {
            facts.push(Cow::Borrowed(&inner.code));
        }
        if !inner.operation.is_empty() {
            facts.push(format!("{}.{}", inner.service, inner.operation).into());
        }
        if !inner.request_id.is_empty() {
            facts.push(format!("request {}", inner.request_id).into());
        }
        match inner.attempts {
            0 => {}
            1 => facts.push("1 attempt".into()),
            n => facts.push(format!("{n} attempts").into()),
        }
        if facts.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", facts.join(", "))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        write!(f, "{self}\nkind: {}, {}", inner.kind, inner.status.name())?;
        if let Some(status) = inner.http_status {
            write!(f, ", HTTP {status}")?;
        }
        if !inner.detail.is_empty() {
            write!(f, "\ndetail: {}", inner.detail)?;
        }
        for (name, value) in &inner.context {
            write!(f, "\n{name}: {value}")?;
        }
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, "\ncaused by: {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_names_code_operation_request_and_attempts() {
        let error = Error::new(ErrorKind::NotFound, "topic `shop/orders` does not exist")
            .with_code("NoSuchTopic")
            .with_operation("datahub", "GetTopic")
            .with_request_id("2026")
            .with_attempts(1);
        assert_eq!(
            error.to_string(),
            "topic `shop/orders` does not exist (NoSuchTopic, datahub.GetTopic, request 2026, 1 attempt)"
        );
    }

    #[test]
    fn a_bad_argument_names_it_and_was_not_sent() {
        let error = Error::invalid_argument("topic_name", "must not be empty");
        assert_eq!(
            error.to_string(),
            "argument `topic_name`: must not be empty"
        );
        assert!(!error.was_sent());
        assert_eq!(error.context().next(), Some(("argument", "topic_name")));
    }

    #[test]
    fn an_error_is_one_pointer() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }
}
