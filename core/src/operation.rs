//! What an operation is: a value that knows how it travels and how it is described.
//!
//! ```
//! use hubstream::datahub::GetTopic;
//! use hubstream::operation::Operation;
//!
//! let schema = GetTopic::SCHEMA;
//! assert_eq!(schema.http, "GET /projects/{project_name}/topics/{topic_name}");
//! assert_eq!(schema.fields[1].name, "topic_name");
//! ```

use std::future::Future;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::config::Settings;
use crate::credentials::Credentials;
use crate::dynamic::{Dynamic, Value};
use crate::error::{Error, ErrorKind, Result};
use crate::json;
use crate::schema::OperationSchema;
use crate::transport::{BoxFuture, Request, Response};

/// A service: what all its operations share.
pub trait Service: Send + Sync + Sized + 'static {
    /// Name in lower case, as in `datahub`.
    const NAME: &'static str;

    /// All operations, in the order of the reference.
    const OPERATIONS: &'static [&'static OperationSchema];

    /// Reads what the service needs from the settings; checks them.
    fn from_settings(settings: &Settings) -> Result<Self>;

    /// Adds what every request carries and signs it. Called once per attempt, so dates are fresh.
    ///
    /// `endpoint` is the scheme, host, optional port and optional path prefix.
    fn sign(
        &self,
        request: &mut Request,
        endpoint: &str,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<()>;

    /// Undoes what the service did to the body of a reply, such as compression, and checks what can be checked of any
    /// reply, such as a checksum. A failure that is temporary counts as an answer that did not arrive.
    fn open(&self, _response: &mut Response) -> Result<()> {
        Ok(())
    }

    /// The request id of a reply, or an empty text.
    fn request_id<'a>(&self, response: &'a Response) -> &'a str;

    /// Turns a reply that is not a success into an error.
    fn error(&self, response: &Response) -> Error;

    /// Whether the service may have refused a request for its date alone. It then took nothing.
    fn refuses_date(&self, _error: &Error) -> bool {
        false
    }
}

/// What an operation returns.
pub trait Reply: Dynamic {
    /// Notes the id that the service gave to the request, if there is a member for it.
    fn set_request_id(&mut self, _id: &str) {}

    /// Number of records in it.
    fn record_count(&self) -> usize {
        0
    }

    /// Number of records of a put that were not stored.
    fn failed_record_count(&self) -> usize {
        0
    }
}

impl Reply for () {}

/// One call of a service, as a value.
pub trait Operation: Dynamic + Send + Sync + 'static {
    /// The service that offers it.
    type Service: Service;
    /// What it returns.
    type Output: Reply + Send + 'static;
    /// Its description.
    const SCHEMA: &'static OperationSchema;

    /// Number of records that it puts.
    fn record_count(&self) -> usize {
        0
    }

    /// Performs the call.
    ///
    /// Cancel safety: dropping the future cancels the call; a request that was on the wire may
    /// still take effect.
    fn run(
        self,
        client: &Client<Self::Service>,
    ) -> impl Future<Output = Result<Self::Output>> + Send;

    /// Performs the call for a caller that does not know the type of its result.
    ///
    /// Cancel safety: as for [`Operation::run`].
    fn dispatch(self, client: &Client<Self::Service>) -> BoxFuture<'static, Result<Value>> {
        let client = client.clone();
        Box::pin(async move { client.execute(self).await.map(Dynamic::into_value) })
    }
}

/// An operation that is one HTTP request and one reply.
pub trait Exchange: Operation {
    /// Checks the arguments; nothing is sent when this fails.
    fn validate(&self) -> Result<()>;

    /// Builds the request.
    fn encode(&self, service: &Self::Service) -> Result<Request>;

    /// Reads the reply.
    fn decode(&self, service: &Self::Service, response: Response) -> Result<Self::Output>;

    /// Whether this call may be sent again after the service may have seen it.
    fn may_repeat(&self, _service: &Self::Service) -> bool {
        Self::SCHEMA.idempotent
    }
}

/// An operation that is made of other calls.
pub trait Composite: Operation {
    /// Performs the calls.
    fn compose(
        self,
        client: &Client<Self::Service>,
    ) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// Gives a request a JSON body.
pub fn with_json(request: Request, body: &impl Serialize) -> Result<Request> {
    match serde_json::to_vec(body) {
        Ok(body) => Ok(request.with_body(body)),
        Err(error) => Err(unwritten(error)),
    }
}

#[cold]
#[inline(never)]
fn unwritten(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Internal, "the body cannot be written as JSON")
        .with_sent(false)
        .with_source(error)
}

/// Reads a JSON reply.
pub fn decode_json<'a, T: Deserialize<'a>>(response: &'a Response) -> Result<T> {
    json::from_slice(&response.body).map_err(|error| unread(&error))
}

#[cold]
#[inline(never)]
fn unread(error: &serde_json::Error) -> Error {
    let kind = if error.is_data() {
        "has not the expected members"
    } else {
        "is not JSON"
    };
    // The text of the parser may quote the reply, so only its position is passed on.
    Error::malformed(format!(
        "the reply {kind} (line {}, column {})",
        error.line(),
        error.column()
    ))
}

/// Reads a reply that tells nothing beyond its status: a page, as proxies send it, is no such reply.
pub fn decode_nothing(response: &Response) -> Result<()> {
    if response.body.trim_ascii_start().starts_with(b"<") {
        return Err(Error::malformed(
            "the reply is a page, not one of the service",
        ));
    }
    Ok(())
}

/// Percent-encodes one segment of a path, keeping letters, digits and `-._~`.
pub fn encode_segment(segment: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const KEEP: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    utf8_percent_encode(segment, KEEP).to_string()
}

/// Adds `name=value` to a request target, both percent-encoded.
pub fn push_query(target: &mut String, name: &str, value: &str) {
    target.push(if target.contains('?') { '&' } else { '?' });
    target.push_str(&encode_segment(name));
    target.push('=');
    target.push_str(&encode_segment(value));
}

/// A value that can stand in a path or a query.
pub trait WireText {
    /// Its text, or `None` when it is absent.
    fn wire_text(&self) -> Option<String>;
}

impl WireText for String {
    fn wire_text(&self) -> Option<String> {
        Some(self.clone())
    }
}

macro_rules! number_text {
    ($($ty:ty)*) => {$(
        impl WireText for $ty {
            fn wire_text(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )*};
}

number_text!(i32 u32 u16 i64 bool);

impl<T: WireText> WireText for Option<T> {
    fn wire_text(&self) -> Option<String> {
        self.as_ref().and_then(T::wire_text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_keep_only_unreserved_characters() {
        assert_eq!(encode_segment("a-b_c.d~e/f g"), "a-b_c.d~e%2Ff%20g");
    }

    #[test]
    fn queries_are_joined() {
        let mut target = "/x".to_owned();
        push_query(&mut target, "a", "1 2");
        push_query(&mut target, "b", "&");
        assert_eq!(target, "/x?a=1%202&b=%26");
    }
}
