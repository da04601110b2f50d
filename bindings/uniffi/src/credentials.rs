//! Credentials that the program gives on demand.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use hubstream::error::{Error, ErrorKind, Result};
use hubstream::transport::BoxFuture;

use crate::runtime;

/// What a request is signed with. All parts belong together and are used together.
#[derive(Clone, uniffi::Record)]
#[uniffi::export(Debug, Display)]
pub struct Credentials {
    /// The access id (also called access key id or AK).
    pub access_id: String,
    /// The access key (also called access key secret or SK).
    pub access_key: String,
    /// The token of temporary credentials; empty for permanent ones.
    #[uniffi(default = "")]
    pub security_token: String,
    /// When they end, in seconds since 1970-01-01 UTC. They are then kept until shortly before;
    /// without it the provider is asked once per request.
    #[uniffi(default = None)]
    pub expires_at: Option<f64>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_id", &self.access_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Why a provider gave no credentials.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum CredentialError {
    /// There are none now; a later request may fare better.
    #[error("no credentials for the moment: {reason}")]
    Unavailable {
        /// The reason, for people. It becomes part of the error of the call.
        reason: String,
    },
    /// The provider failed in a way that it does not describe.
    #[error("the provider failed: {reason}")]
    Failed {
        /// The reason, for people. It becomes part of the error of the call.
        reason: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for CredentialError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed {
            reason: error.reason,
        }
    }
}

/// Gives credentials on demand, for example from a vault or an instance role.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait CredentialProvider: Send + Sync + 'static {
    /// Gives credentials that are valid now.
    ///
    /// Called once per request just before it is signed, unless the credentials given before name
    /// an end that is not near. Requests that wait while it is under way share the answer of the next
    /// call.
    async fn credentials(&self) -> std::result::Result<Credentials, CredentialError>;
}

/// A provider of another language, as the core sees it.
pub(crate) struct ForeignProvider(Option<Arc<dyn CredentialProvider>>);

impl ForeignProvider {
    pub(crate) fn new(provider: Arc<dyn CredentialProvider>) -> Self {
        Self(Some(provider))
    }
}

impl Drop for ForeignProvider {
    fn drop(&mut self) {
        // Clients end in finalizers, where Ruby cannot take the lock that releasing needs.
        if let (Some(provider), Ok(runtime)) = (self.0.take(), runtime::current()) {
            runtime.spawn_blocking(move || drop(provider));
        }
    }
}

impl hubstream::credentials::CredentialProvider for ForeignProvider {
    fn credentials(&self) -> BoxFuture<'_, Result<hubstream::credentials::Credentials>> {
        Box::pin(async move {
            let provider = self
                .0
                .as_ref()
                .ok_or_else(|| unauthenticated("no provider"))?;
            let given = provider
                .credentials()
                .await
                .map_err(|error| refused(&error))?;
            let mut credentials =
                hubstream::credentials::Credentials::new(&given.access_id, &given.access_key)
                    .with_security_token(given.security_token);
            if let Some(end) = given.expires_at {
                let end = Duration::try_from_secs_f64(end)
                    .ok()
                    .and_then(|since| UNIX_EPOCH.checked_add(since))
                    .ok_or_else(|| unauthenticated("the end of the credentials is not a time"))?;
                credentials = credentials.with_expiry(end);
            }
            Ok(credentials)
        })
    }
}

fn unauthenticated(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Unauthenticated, message).with_sent(false)
}

fn refused(error: &CredentialError) -> Error {
    let text = format!("the credential provider gave no credentials: {error}");
    match error {
        CredentialError::Unavailable { .. } => unauthenticated(text).temporary(),
        CredentialError::Failed { .. } => unauthenticated(text),
    }
}
