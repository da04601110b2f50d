//! An emulator in the process of the tests that use it.

use hubstream::error::{Error, ErrorKind};
use hubstream_emulator::faults::FaultPlan;
use hubstream_emulator::{Clock, Emulator, EmulatorBuilder, Limits};
use napi::Env;
use napi::bindgen_prelude::{AsyncBlock, AsyncBlockBuilder, Result};
use napi_derive::napi;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::error::to_js;

/// How an emulator is started.
#[napi(object)]
pub struct EmulatorOptions {
    /// `host:port` for DataHub.
    pub datahub: Option<String>,
    /// `host:port` for DIS.
    pub dis: Option<String>,
    /// The access id to accept.
    pub access_id: String,
    /// The access key to accept.
    pub access_key: String,
    /// Whether every request is accepted.
    pub no_auth: bool,
    /// Name of the limits to enforce.
    pub limits: Option<String>,
    /// Directory to keep the state in.
    pub data_dir: Option<String>,
    /// Milliseconds since 1970 at which a clock stands that only moves when told to.
    pub start_time: Option<f64>,
}

/// A running emulator.
#[napi(js_name = "Emulator")]
pub struct NativeEmulator {
    emulator: Mutex<Option<Emulator>>,
    clock: Clock,
}

fn builder(options: EmulatorOptions) -> hubstream::error::Result<EmulatorBuilder> {
    let mut builder = Emulator::builder()
        .credentials(options.access_id, options.access_key)
        .no_auth(options.no_auth);
    if let Some(address) = options.datahub {
        builder = builder.datahub(address);
    }
    if let Some(address) = options.dis {
        builder = builder.dis(address);
    }
    if let Some(limits) = options.limits {
        let limits: Limits = limits
            .parse()
            .map_err(|error| Error::invalid_argument("limits", error))?;
        builder = builder.limits(limits);
    }
    if let Some(directory) = options.data_dir {
        builder = builder.data_dir(directory);
    }
    if let Some(start) = options.start_time {
        let since = Duration::try_from_secs_f64(start / 1000.0)
            .ok()
            .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since))
            .ok_or_else(|| {
                Error::invalid_argument("start_time", "must be milliseconds since 1970")
            })?;
        builder = builder.clock(Clock::manual(since));
    }
    Ok(builder)
}

#[napi]
impl NativeEmulator {
    /// Starts an emulator.
    #[napi]
    pub fn start(env: &Env, options: EmulatorOptions) -> Result<AsyncBlock<NativeEmulator>> {
        let builder = builder(options).map_err(|error| to_js(env, &error))?;
        let start = async move { Ok(builder.start().await) };
        AsyncBlockBuilder::build_with_map(env, start, |env, started| match started {
            Ok(emulator) => {
                let clock = emulator.clock();
                Ok(NativeEmulator {
                    emulator: Mutex::new(Some(emulator)),
                    clock,
                })
            }
            Err(error) => {
                let error = Error::new(ErrorKind::Unavailable, error.to_string())
                    .with_sent(false)
                    .with_source(error);
                Err(to_js(&env, &error))
            }
        })
    }

    /// Endpoint of DataHub, if it is served.
    #[napi(getter)]
    pub fn datahub_url(&self) -> Option<String> {
        self.with(|emulator| emulator.datahub_url().map(str::to_owned))
            .flatten()
    }

    /// Endpoint of DIS, if it is served.
    #[napi(getter)]
    pub fn dis_url(&self) -> Option<String> {
        self.with(|emulator| emulator.dis_url().map(str::to_owned))
            .flatten()
    }

    /// Moves a clock that stands.
    #[napi]
    pub fn advance(&self, env: &Env, milliseconds: f64) -> Result<()> {
        let by = Duration::try_from_secs_f64(milliseconds / 1000.0).map_err(|_| {
            to_js(
                env,
                &Error::invalid_argument("milliseconds", "must be a number, 0 or more"),
            )
        })?;
        self.clock.advance(by);
        Ok(())
    }

    /// Replaces all faults by those of a plan in JSON.
    #[napi]
    pub fn set_faults(&self, env: &Env, plan: String) -> Result<()> {
        let invalid = |error| Error::invalid_argument("faults", error);
        let set = || {
            let plan = FaultPlan::from_json(plan.as_bytes()).map_err(invalid)?;
            let stopped = || Error::new(ErrorKind::Closed, "the emulator was stopped");
            self.with(|emulator| emulator.set_faults(plan).map_err(invalid))
                .ok_or_else(stopped)?
        };
        set().map_err(|error| to_js(env, &error))
    }

    /// Removes all faults.
    #[napi]
    pub fn clear_faults(&self) {
        self.with(Emulator::clear_faults);
    }

    /// The faults that are set, with how often each happened, in JSON.
    #[napi]
    pub fn faults(&self) -> String {
        let faults = self.with(Emulator::faults).unwrap_or_default();
        serde_json::json!(faults).to_string()
    }

    /// Forgets all state.
    #[napi]
    pub fn reset(&self) {
        self.with(Emulator::reset);
    }

    /// Stops accepting, answers the requests in flight and closes the data directory.
    #[napi]
    pub fn stop(&self, env: &Env) -> Result<AsyncBlock<()>> {
        let emulator = self
            .emulator
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        AsyncBlockBuilder::new(async move {
            if let Some(emulator) = emulator {
                emulator.shutdown().await;
            }
            Ok(())
        })
        .build(env)
    }
}

impl NativeEmulator {
    fn with<T>(&self, look: impl FnOnce(&Emulator) -> T) -> Option<T> {
        self.emulator
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .map(look)
    }
}
