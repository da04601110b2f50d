//! Starting and stopping an emulator.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::Clock;
use crate::datahub::DataHub;
use crate::dis::Dis;
use crate::faults::{FaultPlan, Faultable, Faulty, InvalidFault, Registry, StruckFault};
use crate::http::{Server, ServerOptions};
use crate::limits::Limits;
use crate::store::{Storage, Store, StoreError};

/// Access id and access key of an emulator that was given none.
const DEFAULT_CREDENTIAL: &str = "emulator";

/// What every service of an emulator is started with.
#[derive(Clone)]
pub(crate) struct ServiceContext {
    /// The only access id that is accepted.
    pub(crate) access_id: String,
    /// The secret that requests are signed with.
    pub(crate) access_key: String,
    /// Accepts every request, signed or not.
    pub(crate) no_auth: bool,
    /// The limits to enforce.
    pub(crate) limits: Limits,
    /// The time to go by.
    pub(crate) clock: Clock,
    /// Where the service keeps its state.
    pub(crate) store: Store,
}

/// A running emulator. Dropping it stops it without waiting for requests in flight.
pub struct Emulator {
    datahub: Option<Running<DataHub>>,
    dis: Option<Running<Dis>>,
    access_id: String,
    access_key: String,
    clock: Clock,
    faults: Arc<Registry>,
    storage: Storage,
}

struct Running<S> {
    service: Arc<S>,
    server: Server,
    url: String,
}

/// How an emulator is to be started; see [`Emulator::builder`].
#[derive(Clone)]
#[must_use = "no emulator runs until it is started"]
pub struct EmulatorBuilder {
    datahub: Option<String>,
    dis: Option<String>,
    access_id: String,
    access_key: String,
    no_auth: bool,
    limits: Limits,
    data_dir: Option<PathBuf>,
    clock: Clock,
    server: ServerOptions,
    fault_api: bool,
}

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Neither DataHub nor DIS was asked for.
    #[error("nothing to serve: give an address for DataHub or DIS")]
    NothingToServe,
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address as given.
        address: String,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
    /// The data directory cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Emulator {
    /// An emulator that serves nothing yet, keeps its state in memory and lets `emulator`/`emulator` in.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder {
            datahub: None,
            dis: None,
            access_id: DEFAULT_CREDENTIAL.to_owned(),
            access_key: DEFAULT_CREDENTIAL.to_owned(),
            no_auth: false,
            limits: Limits::default(),
            data_dir: None,
            clock: Clock::system(),
            server: ServerOptions::default(),
            fault_api: true,
        }
    }

    /// Endpoint of DataHub, `http://host:port`, if it is served.
    pub fn datahub_url(&self) -> Option<&str> {
        self.datahub.as_ref().map(|running| running.url.as_str())
    }

    /// Endpoint of DIS, `http://host:port`, if it is served.
    pub fn dis_url(&self) -> Option<&str> {
        self.dis.as_ref().map(|running| running.url.as_str())
    }

    /// The access id that is accepted.
    pub fn access_id(&self) -> &str {
        &self.access_id
    }

    /// The secret to sign requests with.
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// The emulator's clock.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Replaces the faults of all services. A fault that cannot be changes nothing.
    pub fn set_faults(&self, plan: FaultPlan) -> Result<(), InvalidFault> {
        self.faults.set(plan)
    }

    /// Removes all faults of all services.
    pub fn clear_faults(&self) {
        self.faults.clear();
    }

    /// The faults that are set, with how often each happened.
    pub fn faults(&self) -> Vec<StruckFault> {
        self.faults.list().1
    }

    /// Forgets all state and all faults of all services, as if the emulator had just been started for the first time.
    pub fn reset(&self) {
        if let Some(running) = &self.datahub {
            running.service.reset();
        }
        if let Some(running) = &self.dis {
            running.service.reset();
        }
        self.faults.clear();
    }

    /// Stops accepting, answers the requests in flight and closes the data directory.
    pub async fn shutdown(self) {
        let Self {
            datahub,
            dis,
            storage,
            ..
        } = self;
        let datahub = async {
            if let Some(running) = datahub {
                running.server.stop().await;
            }
        };
        let dis = async {
            if let Some(running) = dis {
                running.server.stop().await;
            }
        };
        tokio::join!(datahub, dis);
        // Closing neither panics nor is cancelled; it only has to leave the runtime's threads free.
        let _ = tokio::task::spawn_blocking(move || storage.close()).await;
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Emulator")
            .field("datahub", &self.datahub_url())
            .field("dis", &self.dis_url())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for EmulatorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmulatorBuilder")
            .field("datahub", &self.datahub)
            .field("dis", &self.dis)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl EmulatorBuilder {
    /// Serves DataHub on `host:port`; port 0 takes a free one.
    pub fn datahub(mut self, address: impl Into<String>) -> Self {
        self.datahub = Some(address.into());
        self
    }

    /// Serves DIS on `host:port`; port 0 takes a free one.
    pub fn dis(mut self, address: impl Into<String>) -> Self {
        self.dis = Some(address.into());
        self
    }

    /// The access id and key to accept; both are `emulator` by default.
    pub fn credentials(
        mut self,
        access_id: impl Into<String>,
        access_key: impl Into<String>,
    ) -> Self {
        self.access_id = access_id.into();
        self.access_key = access_key.into();
        self
    }

    /// Accepts every request without looking at its signature. Off by default.
    pub fn no_auth(mut self, no_auth: bool) -> Self {
        self.no_auth = no_auth;
        self
    }

    /// The limits to enforce; [`Limits::Standard`] by default.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Keeps all state in this directory, which is created if needed. Every acknowledged write survives a crash.
    pub fn data_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(directory.into());
        self
    }

    /// The time to go by; the machine's by default.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Lets programs on this machine set faults over HTTP, at `/_hubstream/faults` of every service. On by default.
    pub fn fault_api(mut self, fault_api: bool) -> Self {
        self.fault_api = fault_api;
        self
    }

    /// Bounds of the servers: connections, header sizes, timeouts.
    pub fn server_options(mut self, options: ServerOptions) -> Self {
        self.server = options;
        self
    }

    /// Starts serving on the current Tokio runtime. All addresses are bound and all stored state is loaded when
    /// this returns.
    pub async fn start(self) -> Result<Emulator, StartError> {
        if self.datahub.is_none() && self.dis.is_none() {
            return Err(StartError::NothingToServe);
        }
        let storage = match &self.data_dir {
            Some(directory) => Storage::open(directory)?,
            None => Storage::memory(),
        };
        let faults = Arc::default();
        let datahub = match &self.datahub {
            Some(address) => {
                let service = Arc::new(DataHub::open(self.context(storage.service("datahub")))?);
                Some(self.serve(address, service, &faults).await?)
            }
            None => None,
        };
        let dis = match &self.dis {
            Some(address) => {
                let service = Arc::new(Dis::open(self.context(storage.service("dis")))?);
                Some(self.serve(address, service, &faults).await?)
            }
            None => None,
        };
        let Self {
            access_id,
            access_key,
            clock,
            ..
        } = self;
        Ok(Emulator {
            datahub,
            dis,
            access_id,
            access_key,
            clock,
            faults,
            storage,
        })
    }

    fn context(&self, store: Store) -> ServiceContext {
        ServiceContext {
            access_id: self.access_id.clone(),
            access_key: self.access_key.clone(),
            no_auth: self.no_auth,
            limits: self.limits,
            clock: self.clock.clone(),
            store,
        }
    }

    async fn serve<S: Faultable>(
        &self,
        address: &str,
        service: Arc<S>,
        faults: &Arc<Registry>,
    ) -> Result<Running<S>, StartError> {
        let faulty = Faulty {
            service: Arc::clone(&service),
            registry: Arc::clone(faults),
            api: self.fault_api,
        };
        let server = Server::start(address, Arc::new(faulty), self.server)
            .await
            .map_err(|error| StartError::Listen {
                address: address.to_owned(),
                error,
            })?;
        let url = format!("http://{}", server.address());
        Ok(Running {
            service,
            server,
            url,
        })
    }
}
