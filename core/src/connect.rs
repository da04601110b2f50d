//! Making a client of any service by its name, for language bindings and the command line.
//!
//! ```
//! use hubstream::client::ClientBuilder;
//! use hubstream::config::Settings;
//! use hubstream::connect;
//!
//! # fn main() -> hubstream::error::Result<()> {
//! let service = connect::service("datahub")?;
//! let settings = Settings::from_url(service.name, "datahub+http://id:key@127.0.0.1:4710")?;
//! let client = service.connect(ClientBuilder::new(settings))?;
//! assert_eq!(client.endpoint(), "http://127.0.0.1:4710");
//! # Ok(())
//! # }
//! ```

use std::sync::Arc;

use crate::client::ClientBuilder;
use crate::error::{Error, ErrorKind, Result};
use crate::registry::AnyClient;
use crate::schema::OperationSchema;

/// A service as seen by callers that choose it by name.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct ServiceEntry {
    /// Name in lower case, as in `datahub`.
    pub name: &'static str,
    /// Name of the client type, as in `DataHub`.
    pub client: &'static str,
    /// Full name for people.
    pub title: &'static str,
    /// All operations.
    pub operations: &'static [&'static OperationSchema],
    connect: fn(ClientBuilder) -> Result<Arc<dyn AnyClient>>,
}

/// All services of this build.
pub const SERVICES: &[ServiceEntry] = &[
    #[cfg(feature = "datahub")]
    ServiceEntry {
        name: "datahub",
        client: "DataHub",
        title: "Alibaba Cloud DataHub",
        operations: crate::datahub::OPERATIONS,
        connect: |builder| Ok(Arc::new(crate::datahub::DataHub::new(builder)?)),
    },
    #[cfg(feature = "dis")]
    ServiceEntry {
        name: "dis",
        client: "DisClient",
        title: "Huawei Cloud DIS",
        operations: crate::dis::OPERATIONS,
        connect: |builder| Ok(Arc::new(crate::dis::DisClient::new(builder)?)),
    },
];

/// The service of that name.
pub fn service(name: &str) -> Result<&'static ServiceEntry> {
    SERVICES
        .iter()
        .find(|service| service.name == name)
        .ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("there is no service `{name}`"),
            )
            .with_sent(false)
        })
}

impl ServiceEntry {
    /// Makes a client. Nothing is sent.
    pub fn connect(&self, builder: ClientBuilder) -> Result<Arc<dyn AnyClient>> {
        (self.connect)(builder)
    }
}

impl std::fmt::Debug for ServiceEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ServiceEntry").field(&self.name).finish()
    }
}
