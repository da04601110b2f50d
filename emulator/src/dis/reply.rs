//! Replies.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use hubstream::dis::proto;
use prost::Message;
use serde::Serialize;

/// A reply before it gets its request id.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) protobuf: bool,
    pub(crate) body: Bytes,
}

impl Reply {
    /// A reply without body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            protobuf: false,
            body: Bytes::new(),
        }
    }

    /// A reply with a JSON body.
    pub(crate) fn json(value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).unwrap_or_default();
        Self {
            status: StatusCode::OK,
            protobuf: false,
            body: body.into(),
        }
    }

    /// A reply with a protobuf body.
    pub(crate) fn protobuf(message: &impl Message) -> Self {
        Self {
            status: StatusCode::OK,
            protobuf: true,
            body: message.encode_to_vec().into(),
        }
    }

    /// The reply on the wire.
    pub(crate) fn into_response(self, request_id: &str) -> Response<Bytes> {
        let kind = if self.protobuf {
            proto::CONTENT_TYPE
        } else {
            "application/json"
        };
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Ok(id) = HeaderValue::try_from(request_id) {
            headers.insert("x-request-id", id);
        }
        response
    }
}
