//! Signing of requests that other programs send.

use hubstream::sign::datahub;
use pyo3::prelude::*;

/// The value of the header `Authorization` for a request to DataHub.
///
/// `target` is path and query as they are sent; `headers` are all headers of the request.
#[pyfunction]
pub(crate) fn sign_datahub(
    access_id: &str,
    access_key: &str,
    method: &str,
    target: &str,
    headers: Vec<(String, String)>,
) -> String {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let text = datahub::string_to_sign(method, target, headers);
    datahub::authorization(access_id, access_key, &text)
}
