//! The emulator inside the process that tests with it.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use hubstream::error::{Error, ErrorKind, Result};
use hubstream_emulator::Clock;
use hubstream_emulator::faults::FaultPlan;

use crate::faults::{Fault, StruckFault};
use crate::generated::HubstreamError;
use crate::runtime;

/// How an emulator is to be started.
#[derive(Clone, uniffi::Record)]
#[uniffi::export(Debug, Display)]
pub struct EmulatorOptions {
    /// Address to serve DataHub on, `host:port`; port 0 takes a free one. Absent to not serve it.
    #[uniffi(default = Some("127.0.0.1:0"))]
    pub datahub: Option<String>,
    /// Address to serve DIS on, `host:port`; port 0 takes a free one. Absent to not serve it.
    #[uniffi(default = Some("127.0.0.1:0"))]
    pub dis: Option<String>,
    /// The access id to accept.
    #[uniffi(default = "emulator")]
    pub access_id: String,
    /// The access key that requests must be signed with.
    #[uniffi(default = "emulator")]
    pub access_key: String,
    /// Accepts every request, signed or not.
    #[uniffi(default = false)]
    pub no_auth: bool,
    /// Folder that keeps the state; absent to keep it in memory.
    #[uniffi(default = None)]
    pub data_dir: Option<String>,
    /// Name of the limits to enforce; absent for those of the services.
    #[uniffi(default = None)]
    pub limits: Option<String>,
    /// Seconds since 1970 at which the clock stands until `advance` moves it; absent for a clock
    /// that runs.
    #[uniffi(default = None)]
    pub start_time: Option<f64>,
}

impl fmt::Debug for EmulatorOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmulatorOptions")
            .field("datahub", &self.datahub)
            .field("dis", &self.dis)
            .field("access_id", &self.access_id)
            .field("no_auth", &self.no_auth)
            .field("data_dir", &self.data_dir)
            .field("limits", &self.limits)
            .field("start_time", &self.start_time)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for EmulatorOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A running emulator of DataHub and DIS, for tests. It ends with its object or by `stop`.
///
/// It belongs to the process that started it: in a forked one `reset` and `stop` do nothing.
#[derive(uniffi::Object)]
pub struct Emulator {
    running: Mutex<Option<hubstream_emulator::Emulator>>,
    pid: u32,
    datahub_url: Option<String>,
    dis_url: Option<String>,
    access_id: String,
    access_key: String,
    clock: Clock,
}

#[uniffi::export]
impl Emulator {
    /// Starts an emulator. It serves when this returns.
    #[uniffi::constructor]
    pub async fn start(options: EmulatorOptions) -> Result<Self, HubstreamError> {
        let emulator = runtime::run(start(options)).await?;
        Ok(Self {
            datahub_url: emulator.datahub_url().map(str::to_owned),
            dis_url: emulator.dis_url().map(str::to_owned),
            access_id: emulator.access_id().to_owned(),
            access_key: emulator.access_key().to_owned(),
            clock: emulator.clock(),
            running: Mutex::new(Some(emulator)),
            pid: std::process::id(),
        })
    }

    /// Endpoint of DataHub, if it is served.
    pub fn datahub_url(&self) -> Option<String> {
        self.datahub_url.clone()
    }

    /// Endpoint of DIS, if it is served.
    pub fn dis_url(&self) -> Option<String> {
        self.dis_url.clone()
    }

    /// The access id that is accepted.
    pub fn access_id(&self) -> String {
        self.access_id.clone()
    }

    /// The access key to sign requests with.
    pub fn access_key(&self) -> String {
        self.access_key.clone()
    }

    /// Moves the emulator's clock forward by some seconds.
    pub fn advance(&self, seconds: f64) -> Result<(), HubstreamError> {
        let by = Duration::try_from_secs_f64(seconds)
            .map_err(|_| Error::invalid_argument("seconds", "must be a number, 0 or more"))?;
        self.clock.advance(by);
        Ok(())
    }

    /// Forgets all state, as if the emulator had just been started for the first time.
    pub fn reset(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(emulator) = running.as_ref().filter(|_| self.is_ours()) {
            emulator.reset();
        }
    }

    /// Replaces all faults. They are tried on a request in their order, up to the first that takes the
    /// place of the reply; the seed decides on those with a probability. If one is invalid, nothing
    /// changes.
    pub fn set_faults(&self, faults: Vec<Fault>, seed: u64) -> Result<(), HubstreamError> {
        let plan = FaultPlan {
            seed,
            faults: faults.into_iter().map(Into::into).collect(),
        };
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let emulator = running.as_ref().filter(|_| self.is_ours());
        let emulator =
            emulator.ok_or_else(|| Error::new(ErrorKind::Closed, "the emulator is not running"))?;
        let set = emulator.set_faults(plan);
        set.map_err(|error| Error::invalid_argument("faults", error).into())
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(emulator) = running.as_ref().filter(|_| self.is_ours()) {
            emulator.clear_faults();
        }
    }

    /// The faults that are set, with how often each happened.
    pub fn faults(&self) -> Vec<StruckFault> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let emulator = running.as_ref().filter(|_| self.is_ours());
        let faults = emulator.map(hubstream_emulator::Emulator::faults);
        faults.into_iter().flatten().map(Into::into).collect()
    }

    /// Answers the requests in flight and stops. Does nothing the second time.
    pub async fn stop(&self) -> Result<(), HubstreamError> {
        if !self.is_ours() {
            return Ok(());
        }
        let running = {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.take()
        };
        if let Some(emulator) = running {
            let stopping = async move {
                emulator.shutdown().await;
                Ok(())
            };
            runtime::run(stopping).await?;
        }
        Ok(())
    }
}

impl Emulator {
    fn is_ours(&self) -> bool {
        self.pid == std::process::id()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if !self.is_ours() {
            // Its threads are in the other process, and so is the right to its files.
            let running = self.running.get_mut();
            std::mem::forget(running.unwrap_or_else(PoisonError::into_inner).take());
        }
    }
}

async fn start(options: EmulatorOptions) -> Result<hubstream_emulator::Emulator> {
    let mut builder = hubstream_emulator::Emulator::builder()
        .credentials(options.access_id, options.access_key)
        .no_auth(options.no_auth);
    if let Some(address) = options.datahub {
        builder = builder.datahub(address);
    }
    if let Some(address) = options.dis {
        builder = builder.dis(address);
    }
    if let Some(folder) = options.data_dir {
        builder = builder.data_dir(folder);
    }
    if let Some(limits) = options.limits {
        let limits = limits
            .parse()
            .map_err(|error| Error::invalid_argument("limits", error))?;
        builder = builder.limits(limits);
    }
    if let Some(seconds) = options.start_time {
        let start = Duration::try_from_secs_f64(seconds)
            .ok()
            .and_then(|since| UNIX_EPOCH.checked_add(since));
        let start = start.ok_or_else(|| {
            Error::invalid_argument("start_time", "must be seconds since 1970, 0 or more")
        })?;
        builder = builder.clock(Clock::manual(start));
    }
    builder.start().await.map_err(|error| {
        let text = error.to_string();
        Error::new(ErrorKind::Unavailable, text)
            .with_sent(false)
            .with_source(error)
    })
}
