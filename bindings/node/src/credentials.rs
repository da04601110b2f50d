//! Credentials from a function of the user.

use std::time::{Duration, SystemTime};

use hubstream::credentials::{CredentialProvider, Credentials};
use hubstream::error::{Error, ErrorKind};
use hubstream::transport::BoxFuture;
use napi::Status;
use napi::bindgen_prelude::{Function, Promise, Result};
use napi::threadsafe_function::ThreadsafeFunction;
use napi_derive::napi;

/// What the package's function resolves to; it never rejects.
#[napi(object)]
pub struct ProvidedCredentials {
    /// The access id.
    pub access_id: String,
    /// The access key.
    pub access_key: String,
    /// The token of temporary credentials.
    pub security_token: Option<String>,
    /// When they end, in milliseconds since 1970.
    pub expires_at: Option<f64>,
    /// Number under which the package keeps what the user's function threw.
    pub failure: Option<u32>,
}

type Callback = ThreadsafeFunction<(), Promise<ProvidedCredentials>, (), Status, false, true>;

/// Asks a function of JavaScript. It does not keep the process alive.
pub(crate) struct FunctionProvider {
    callback: Callback,
}

impl FunctionProvider {
    pub(crate) fn new(function: &Function<'_, (), Promise<ProvidedCredentials>>) -> Result<Self> {
        let callback = function
            .build_threadsafe_function()
            .weak::<true>()
            .build()?;
        Ok(Self { callback })
    }
}

impl CredentialProvider for FunctionProvider {
    fn credentials(&self) -> BoxFuture<'_, hubstream::error::Result<Credentials>> {
        Box::pin(async move {
            let promise = self.callback.call_async_catch(()).await.map_err(broken)?;
            let given = promise.await.map_err(broken)?;
            if let Some(number) = given.failure {
                return Err(Error::new(
                    ErrorKind::Unauthenticated,
                    "the credential provider failed",
                )
                .with_context("provider_failure", number)
                .with_sent(false));
            }
            let mut credentials = Credentials::new(given.access_id, given.access_key);
            if let Some(token) = given.security_token {
                credentials = credentials.with_security_token(token);
            }
            if let Some(end) = given.expires_at.and_then(time) {
                credentials = credentials.with_expiry(end);
            }
            Ok(credentials)
        })
    }
}

fn time(milliseconds: f64) -> Option<SystemTime> {
    let since = Duration::try_from_secs_f64(milliseconds / 1000.0).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(since)
}

fn broken(error: napi::Error) -> Error {
    Error::new(
        ErrorKind::Unauthenticated,
        "the credential provider cannot be called",
    )
    .with_sent(false)
    .with_source(error.reason.clone())
}
