//! One call as handlers see it, and the reply they give.

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;

use crate::limits::Limits;

/// What a handler knows about the call it serves.
pub(super) struct Call<'a> {
    /// Name of the project as the caller spells it; empty if the call names none.
    pub(super) project: &'a str,
    /// Name of the topic as the caller spells it; empty if the call names none.
    pub(super) topic: &'a str,
    /// Time of the call, in milliseconds since 1970-01-01 UTC.
    pub(super) now_ms: i64,
    pub(super) limits: Limits,
    /// The caller, as whom everything is created.
    pub(super) owner: &'a str,
}

impl Call<'_> {
    pub(super) fn now_seconds(&self) -> i64 {
        self.now_ms.div_euclid(1000)
    }
}

/// A successful reply.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) body: Bytes,
}

impl Reply {
    /// A reply that says no more than that the call succeeded.
    pub(super) fn empty() -> Self {
        Self::of(
            StatusCode::OK,
            "application/json",
            Bytes::from_static(b"{}"),
        )
    }

    pub(super) fn json(body: &impl Serialize) -> Self {
        // Serialising into memory fails only for maps whose keys are no texts, and there are none.
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self::of(StatusCode::OK, "application/json", body.into())
    }

    pub(super) fn protobuf(body: Bytes) -> Self {
        Self::of(StatusCode::OK, "application/x-protobuf", body)
    }

    pub(super) fn binary(body: Bytes) -> Self {
        Self::of(StatusCode::OK, "application/x-binary", body)
    }

    /// The same reply with the status of a creation.
    pub(super) fn created(mut self) -> Self {
        self.status = StatusCode::CREATED;
        self
    }

    fn of(status: StatusCode, content_type: &'static str, body: Bytes) -> Self {
        Self {
            status,
            content_type,
            body,
        }
    }
}
