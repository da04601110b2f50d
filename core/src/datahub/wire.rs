//! Headers and media types of requests that carry records.

use http::{HeaderName, HeaderValue};

/// Says what a request with a binary body is to do: `pub` or `sub`.
pub(super) const ACTION_HEADER: HeaderName = HeaderName::from_static("x-datahub-request-action");

/// Names the subscription that records are read for.
pub(super) const SUBSCRIPTION_HEADER: HeaderName = HeaderName::from_static("x-datahub-sub-id");

/// Bodies of protobuf.
pub(super) const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");

/// Bodies of batches.
pub(super) const BINARY: HeaderValue = HeaderValue::from_static("application/x-binary");
