//! What every client consists of.

use std::collections::HashMap;
use std::sync::Arc;

use hubstream::client::ClientBuilder;
use hubstream::config::Settings;
use hubstream::connect::{ServiceEntry, service};
use hubstream::dynamic::{Dynamic as _, Value};
use hubstream::error::{Error, ErrorKind, Result};
use hubstream::registry::AnyClient;

use crate::convert::Convert;
use crate::credentials::{CredentialProvider, ForeignProvider};
use crate::generated::ClientStats;
use crate::runtime;

/// Where settings come from.
pub(crate) enum Source {
    /// Names and texts.
    Map(HashMap<String, String>),
    /// A connection URL.
    Url(String),
    /// Environment variables.
    Environment,
}

/// A client of a service, bound to the process that made it.
pub(crate) struct Connection {
    client: Arc<dyn AnyClient>,
    pid: u32,
}

impl Connection {
    /// Makes a client. Nothing is sent.
    pub(crate) fn open(
        name: &'static str,
        source: Source,
        provider: Option<Arc<dyn CredentialProvider>>,
    ) -> Result<Self> {
        let service: &ServiceEntry = service(name)?;
        let settings = match source {
            Source::Map(values) => {
                let mut settings = Settings::new(service.name);
                for (name, value) in values {
                    settings.set(&name, &value)?;
                }
                settings
            }
            Source::Url(url) => Settings::from_url(service.name, &url)?,
            Source::Environment => Settings::from_env(service.name)?,
        };
        let mut builder = ClientBuilder::new(settings);
        if let Some(provider) = provider {
            builder = builder.credential_provider(Arc::new(ForeignProvider::new(provider)));
        }
        let _entered = runtime::current()?.enter();
        Ok(Self {
            client: service.connect(builder)?,
            pid: std::process::id(),
        })
    }

    /// The URL of the service.
    pub(crate) fn endpoint(&self) -> String {
        self.client.endpoint().to_owned()
    }

    /// What the client has done so far, in numbers.
    pub(crate) fn stats(&self) -> ClientStats {
        let stats = self.client.stats().into_value();
        ClientStats::from_value(stats)
            .unwrap_or_else(|mismatch| unreachable!("made of the same description: {mismatch}"))
    }

    /// Performs an operation.
    ///
    /// Cancel safety: dropping the future cancels the call; a request that was on the wire may
    /// still take effect.
    pub(crate) async fn call<T: Convert>(
        &self,
        operation: &'static str,
        arguments: Vec<(&'static str, Value)>,
    ) -> Result<T> {
        let service = self.client.service();
        if self.pid != std::process::id() {
            return Err(Error::new(
                ErrorKind::Closed,
                "the client was made before fork(); make clients after forking",
            )
            .with_operation(service, operation)
            .with_sent(false));
        }
        let client = Arc::clone(&self.client);
        let work = async move { client.call(operation, Value::map(arguments)).await };
        let value = runtime::run(work).await?;
        T::from_value(value).map_err(|mismatch| {
            let text = format!("the result is not what its description says: {mismatch}");
            Error::new(ErrorKind::Internal, text).with_operation(service, operation)
        })
    }
}
