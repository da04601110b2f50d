//! Huawei Cloud DIS.

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use crate::builder::ServiceContext;
use crate::http::{HttpService, Rejection};
use crate::store::StoreError;

/// Largest body of a request, in bytes: the limit of signed requests.
const BODY_LIMIT: usize = 12 << 20;

/// The emulated service.
pub(crate) struct Dis {
    context: ServiceContext,
}

impl Dis {
    /// Starts with what the store holds.
    pub(crate) fn open(context: ServiceContext) -> Result<Self, StoreError> {
        Ok(Self { context })
    }

    /// Forgets all state.
    pub(crate) fn reset(&self) {
        self.context.store.submit(vec![crate::store::Change::Clear]);
    }
}

impl HttpService for Dis {
    fn body_limit(&self) -> usize {
        BODY_LIMIT
    }

    async fn handle(&self, _request: Request<Bytes>) -> Response<Bytes> {
        error(StatusCode::NOT_FOUND, "DIS.4200", "Invalid request.")
    }

    fn reject(&self, rejection: Rejection) -> Response<Bytes> {
        match rejection {
            Rejection::BodyTooLarge(_) => error(
                StatusCode::PAYLOAD_TOO_LARGE,
                "DIS.4200",
                "The request is too large.",
            ),
            Rejection::BodyIncomplete => error(
                StatusCode::BAD_REQUEST,
                "DIS.4200",
                "The request is incomplete.",
            ),
            Rejection::Timeout => error(
                StatusCode::REQUEST_TIMEOUT,
                "DIS.4200",
                "The request took too long.",
            ),
            Rejection::Malformed(status) => error(status, "DIS.4200", "Invalid request."),
            Rejection::Panicked => error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "DIS.5000",
                "System error.",
            ),
        }
    }
}

fn error(status: StatusCode, code: &str, message: &str) -> Response<Bytes> {
    let body = serde_json::json!({"errorCode": code, "message": message}).to_string();
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    response
}
