//! Credentials that a Python callback gives.

use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use hubstream::credentials::{CredentialProvider, Credentials};
use hubstream::error::{Error, ErrorKind, Result};
use hubstream::transport::BoxFuture;
use pyo3::prelude::*;
use pyo3::types::{PySequence, PyString};

/// A callable, or an object with the method `get_credential`.
pub(crate) type Callback = Py<PyAny>;

/// Credentials that a callback gives.
pub(crate) struct PythonProvider(Arc<Callback>);

impl PythonProvider {
    /// Wraps a callback. Fails when it can be neither called nor asked.
    pub(crate) fn new(callback: &Bound<'_, PyAny>) -> Result<Self> {
        let asks = callback.hasattr("get_credential").unwrap_or(false);
        if !asks && !callback.is_callable() {
            return Err(Error::invalid_argument(
                "credential",
                "must be callable or have a method get_credential",
            ));
        }
        Ok(Self(Arc::new(callback.clone().unbind())))
    }

    /// The callback, for as long as the provider has it.
    pub(crate) fn callback(&self) -> Weak<Callback> {
        Arc::downgrade(&self.0)
    }
}

impl CredentialProvider for PythonProvider {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials>> {
        let callback = Arc::clone(&self.0);
        Box::pin(async move {
            // Python may keep us waiting, so no thread of the network waits with us.
            tokio::task::spawn_blocking(move || {
                Python::try_attach(|py| ask(callback.bind(py)).map_err(|error| failed(py, error)))
            })
            .await
            .ok()
            .flatten()
            .unwrap_or_else(|| {
                Err(Error::new(
                    ErrorKind::Closed,
                    "the interpreter is shutting down",
                ))
            })
        })
    }
}

fn failed(py: Python<'_>, error: PyErr) -> Error {
    let name = error.get_type(py).name().map(|name| name.to_string());
    Error::new(
        ErrorKind::Unauthenticated,
        format!(
            "the credential callback raised {}",
            name.as_deref().unwrap_or("an exception")
        ),
    )
    .with_sent(false)
    .with_source(error)
}

fn ask(callback: &Bound<'_, PyAny>) -> PyResult<Credentials> {
    let given = match callback.getattr("get_credential") {
        Ok(method) => method.call0()?,
        Err(_) => callback.call0()?,
    };
    if given.hasattr("get_access_key_id")? {
        return from_object(&given);
    }
    from_sequence(&given)
}

/// An object as the credentials packages of Alibaba Cloud return it.
fn from_object(given: &Bound<'_, PyAny>) -> PyResult<Credentials> {
    let text = |method: &str| -> PyResult<String> {
        let value = given.call_method0(method)?;
        if value.is_none() {
            return Ok(String::new());
        }
        value.extract()
    };
    let credentials = Credentials::new(text("get_access_key_id")?, text("get_access_key_secret")?);
    let token = if given.hasattr("get_security_token")? {
        text("get_security_token")?
    } else {
        String::new()
    };
    Ok(credentials.with_security_token(token))
}

fn from_sequence(given: &Bound<'_, PyAny>) -> PyResult<Credentials> {
    let wrong = || {
        pyo3::exceptions::PyTypeError::new_err(
            "a credential callback must return (id, key), (id, key, token), (id, key, token, expires_at) \
             or an object with get_access_key_id and get_access_key_secret",
        )
    };
    let items = given.cast::<PySequence>().map_err(|_| wrong())?;
    if given.is_instance_of::<PyString>() || !(2..=4).contains(&items.len()?) {
        return Err(wrong());
    }
    let id: String = items.get_item(0)?.extract()?;
    let access_key: String = items.get_item(1)?.extract()?;
    let mut credentials = Credentials::new(id, access_key);
    if items.len()? > 2
        && let Some(token) = items.get_item(2)?.extract::<Option<String>>()?
    {
        credentials = credentials.with_security_token(token);
    }
    if items.len()? > 3 {
        let end = items.get_item(3)?;
        if !end.is_none() {
            credentials = credentials.with_expiry(expiry(&end)?);
        }
    }
    Ok(credentials)
}

/// A time as seconds since 1970, or as a `datetime`.
fn expiry(end: &Bound<'_, PyAny>) -> PyResult<SystemTime> {
    let seconds: f64 = if end.hasattr("timestamp")? {
        end.call_method0("timestamp")?.extract()?
    } else {
        end.extract()?
    };
    Duration::try_from_secs_f64(seconds)
        .ok()
        .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since))
        .ok_or_else(|| pyo3::exceptions::PyValueError::new_err("expires_at is not a time"))
}
