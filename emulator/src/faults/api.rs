//! Setting faults over HTTP.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde_json::json;

use super::plan::FaultPlan;
use super::registry::Registry;

/// Where the faults are.
pub(super) const PATH: &str = "/_hubstream/faults";

/// Answers a request for the faults.
pub(super) fn serve(registry: &Registry, request: &Request<Bytes>) -> Response<Bytes> {
    let plan = match *request.method() {
        Method::GET => return listed(registry),
        Method::DELETE => Ok(FaultPlan::default()),
        Method::PUT => FaultPlan::from_json(request.body()),
        _ => {
            let mut reply = reply(
                StatusCode::METHOD_NOT_ALLOWED,
                &json!({"error": "faults have GET, PUT and DELETE"}),
            );
            let allowed = HeaderValue::from_static("GET, PUT, DELETE");
            reply.headers_mut().insert(ALLOW, allowed);
            return reply;
        }
    };
    match plan.and_then(|plan| registry.set(plan)) {
        Ok(()) => listed(registry),
        Err(error) => reply(
            StatusCode::BAD_REQUEST,
            &json!({"error": error.to_string()}),
        ),
    }
}

fn listed(registry: &Registry) -> Response<Bytes> {
    let (seed, faults) = registry.list();
    reply(StatusCode::OK, &json!({"seed": seed, "faults": faults}))
}

fn reply(status: StatusCode, body: &serde_json::Value) -> Response<Bytes> {
    let mut reply = Response::new(Bytes::from(body.to_string()));
    *reply.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    reply.headers_mut().insert(CONTENT_TYPE, kind);
    reply
}
