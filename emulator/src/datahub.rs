//! Alibaba Cloud DataHub.

mod alarm;
mod auth;
mod batch;
mod call;
mod compression;
mod connector;
mod cursor;
mod error;
mod frame;
mod group;
mod hash_key;
mod journal;
mod kafka_group;
mod log;
mod members;
mod metering;
mod names;
mod offset;
mod operation;
mod project;
mod put;
mod read;
mod record_json;
mod record_protobuf;
mod records;
mod route;
mod schema;
mod shard;
mod state;
mod subscription;
mod topic;
mod value;
mod wire;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};

use crate::builder::ServiceContext;
use crate::clock;
use crate::faults::{ErrorReply, Faultable};
use crate::http::{HttpService, Rejection};
use crate::store::StoreError;
use call::{Call, Reply};
use compression::{Codec, RAW_SIZE};
use error::Error;
use state::{Projects, State};

/// Largest body of a request, in bytes, as sent and as decompressed.
const BODY_LIMIT: usize = 4 << 20;

/// The emulated service.
pub(crate) struct DataHub {
    context: ServiceContext,
    requests: AtomicU64,
    state: Mutex<State>,
}

impl DataHub {
    /// Starts with what the store holds.
    pub(crate) fn open(context: ServiceContext) -> Result<Self, StoreError> {
        let state = State::load(&context.store.scan()?, context.store.is_durable())?;
        Ok(Self {
            context,
            requests: AtomicU64::new(0),
            state: Mutex::new(state),
        })
    }

    /// Forgets all state.
    pub(crate) fn reset(&self) {
        self.with_state(|state| {
            state.projects = Projects::default();
            state.journal.clear();
        });
    }

    /// Runs an action on the state and hands what it changed to the store before anyone else sees it.
    fn with_state<T>(&self, action: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = action(&mut state);
        self.context.store.submit(state.journal.take());
        outcome
    }

    /// A call that names nothing yet.
    fn call(&self) -> Call<'_> {
        Call {
            project: "",
            topic: "",
            now_ms: self.context.clock.now_ms(),
            limits: self.context.limits,
            owner: &self.context.access_id,
        }
    }

    /// A new request id: the time in milliseconds, then what makes it unique.
    fn request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        format!(
            "{:013}{:08x}{number:08x}",
            self.context.clock.now_ms(),
            fastrand::u32(..)
        )
    }

    fn serve(&self, request: Request<Bytes>) -> Result<Reply, Error> {
        let (head, body) = request.into_parts();
        let ServiceContext {
            access_id,
            access_key,
            no_auth,
            ..
        } = &self.context;
        if !no_auth {
            auth::verify(
                &head.method,
                &head.uri,
                &head.headers,
                access_id,
                access_key,
            )?;
            if self.context.limits.dates() {
                auth::check_date(&head.headers, clock::machine_ms())?;
            }
        }
        let body = compression::request_body(&head.headers, body, BODY_LIMIT)?;
        let request = route::Incoming {
            method: head.method,
            uri: head.uri,
            headers: head.headers,
            body,
        };
        route::serve(self, &request)
    }

    fn success_reply(&self, reply: Reply, codec: Option<Codec>) -> Response<Bytes> {
        let compressed = codec.and_then(|codec| Some((codec, codec.compress(&reply.body)?)));
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = reply.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
        insert_request_id(headers, &self.request_id());
        match compressed {
            None => *response.body_mut() = reply.body,
            Some((codec, body)) => {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static(codec.name()));
                headers.insert(RAW_SIZE, HeaderValue::from(reply.body.len()));
                *response.body_mut() = body.into();
            }
        }
        response
    }

    fn error_reply(&self, error: &Error) -> Response<Bytes> {
        self.failed(error.status, error.code, &error.message)
    }

    fn failed(&self, status: StatusCode, code: &str, message: &str) -> Response<Bytes> {
        let id = self.request_id();
        let mut response = Response::new(error::body(code, message, &id));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        insert_request_id(headers, &id);
        response
    }
}

fn insert_request_id(headers: &mut HeaderMap, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert("x-datahub-request-id", id);
    }
}

impl HttpService for DataHub {
    fn body_limit(&self) -> usize {
        BODY_LIMIT
    }

    async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let codec = Codec::offered(request.headers());
        let outcome = self.serve(request);
        // Reads wait as well: nobody is told of what a crash could take back.
        if let Err(error) = self.context.store.flushed().await {
            tracing::error!(%error, "a request could not be served");
            return self.error_reply(&Error::internal());
        }
        match outcome {
            Ok(reply) => self.success_reply(reply, codec),
            Err(error) => self.error_reply(&error),
        }
    }

    fn reject(&self, rejection: Rejection) -> Response<Bytes> {
        self.error_reply(&match rejection {
            Rejection::BodyTooLarge(limit) => {
                Error::invalid_parameter(format!("The request body is larger than {limit} bytes."))
            }
            Rejection::BodyIncomplete => {
                Error::invalid_parameter("The request body is incomplete.")
            }
            Rejection::Timeout => {
                Error::invalid_parameter("The request body did not arrive in time.")
            }
            Rejection::Malformed(status) => Error::malformed_request(status),
            Rejection::Panicked => Error::internal(),
        })
    }
}

impl Faultable for DataHub {
    const NAME: &'static str = "datahub";

    fn operations(&self, request: &Request<Bytes>) -> &'static [&'static str] {
        operation::names(request, BODY_LIMIT)
    }

    fn throttled(&self) -> Response<Bytes> {
        self.error_reply(&Error::throughput())
    }

    fn failure(&self, error: &ErrorReply) -> Response<Bytes> {
        self.failed(error.status(), &error.code, &error.message)
    }
}
