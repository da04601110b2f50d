//! Alibaba Cloud DataHub.

mod error;

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};

use crate::builder::ServiceContext;
use crate::http::{HttpService, Rejection};
use crate::store::{Change, StoreError};
use error::Error;

/// Largest body of a request, in bytes, as sent and as decompressed.
const BODY_LIMIT: usize = 4 << 20;

/// The emulated service.
pub(crate) struct DataHub {
    context: ServiceContext,
    requests: AtomicU64,
}

impl DataHub {
    /// Starts with what the store holds.
    pub(crate) fn open(context: ServiceContext) -> Result<Self, StoreError> {
        Ok(Self {
            context,
            requests: AtomicU64::new(0),
        })
    }

    /// Forgets all state.
    pub(crate) fn reset(&self) {
        self.context.store.submit(vec![Change::Clear]);
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

    fn error_reply(&self, error: &Error) -> Response<Bytes> {
        let id = self.request_id();
        let mut response = Response::new(error.body(&id));
        *response.status_mut() = error.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Ok(id) = HeaderValue::try_from(id) {
            headers.insert("x-datahub-request-id", id);
        }
        response
    }
}

impl HttpService for DataHub {
    fn body_limit(&self) -> usize {
        BODY_LIMIT
    }

    async fn handle(&self, _request: Request<Bytes>) -> Response<Bytes> {
        self.error_reply(&Error::invalid_uri())
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
