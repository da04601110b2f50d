//! The emulator inside this process.

use std::borrow::Cow;
use std::mem;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use hubstream::error::{Error, ErrorKind};
use hubstream_emulator::faults::{FaultPlan, InvalidFault};
use hubstream_emulator::{Clock, EmulatorBuilder, Limits};
use pyo3::prelude::*;

use crate::asyncio::{self, Effort, Outcome};
use crate::call_future::CallFuture;
use crate::error::raise;
use crate::runtime::{self, BoxFuture};

type Running = Arc<Mutex<Option<hubstream_emulator::Emulator>>>;

/// An emulator that runs in this process until it is stopped.
#[pyclass(frozen, module = "hubstream._native")]
pub(crate) struct Emulator {
    builder: EmulatorBuilder,
    clock: Clock,
    running: Running,
    pid: u32,
}

fn locked(running: &Running) -> MutexGuard<'_, Option<hubstream_emulator::Emulator>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

fn invalid_faults(error: InvalidFault) -> Error {
    Error::invalid_argument("faults", error)
}

fn failure(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(kind, message).with_sent(false)
}

#[pymethods]
impl Emulator {
    #[new]
    #[pyo3(signature = (*, datahub, dis, access_id, access_key, no_auth, limits, data_dir, start_time))]
    #[allow(
        clippy::too_many_arguments,
        reason = "the Python side is the only caller"
    )]
    fn new(
        py: Python<'_>,
        datahub: Option<String>,
        dis: Option<String>,
        access_id: &str,
        access_key: &str,
        no_auth: bool,
        limits: &str,
        data_dir: Option<PathBuf>,
        start_time: Option<f64>,
    ) -> PyResult<Self> {
        let limits: Limits =
            limits
                .parse()
                .map_err(|error: hubstream_emulator::UnknownLimits| {
                    raise(py, "", Error::invalid_argument("limits", error))
                })?;
        let clock = match start_time {
            None => Clock::system(),
            Some(seconds) => Clock::manual(
                Duration::try_from_secs_f64(seconds)
                    .ok()
                    .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since))
                    .ok_or_else(|| {
                        raise(
                            py,
                            "",
                            Error::invalid_argument("start_time", "is not a time"),
                        )
                    })?,
            ),
        };
        let mut builder = hubstream_emulator::Emulator::builder()
            .credentials(access_id, access_key)
            .no_auth(no_auth)
            .limits(limits)
            .clock(clock.clone());
        if let Some(address) = datahub {
            builder = builder.datahub(address);
        }
        if let Some(address) = dis {
            builder = builder.dis(address);
        }
        if let Some(directory) = data_dir {
            builder = builder.data_dir(directory);
        }
        Ok(Self {
            builder,
            clock,
            running: Arc::default(),
            pid: crate::process::number(),
        })
    }

    /// Starts the emulator and waits until it serves.
    fn start(&self, py: Python<'_>) -> PyResult<()> {
        let outcome = runtime::current(py)?.run(py, self.starting())?;
        outcome.map_err(|error| raise(py, "", error))
    }

    /// Starts the emulator; gives a future of the running event loop.
    fn start_async<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, CallFuture>> {
        Self::later(py, self.starting())
    }

    /// Stops the emulator and waits until requests in flight are answered.
    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        let outcome = runtime::current(py)?.run(py, self.stopping())?;
        outcome.map_err(|error| raise(py, "", error))
    }

    /// Stops the emulator; gives a future of the running event loop.
    fn stop_async<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, CallFuture>> {
        Self::later(py, self.stopping())
    }

    /// Endpoint of DataHub, if it is served.
    #[getter]
    fn datahub_url(&self) -> Option<String> {
        locked(&self.running)
            .as_ref()?
            .datahub_url()
            .map(str::to_owned)
    }

    /// Endpoint of DIS, if it is served.
    #[getter]
    fn dis_url(&self) -> Option<String> {
        locked(&self.running).as_ref()?.dis_url().map(str::to_owned)
    }

    /// Forgets all state.
    fn reset(&self, py: Python<'_>) {
        let running = Arc::clone(&self.running);
        py.detach(|| {
            if let Some(emulator) = locked(&running).as_ref() {
                emulator.reset();
            }
        });
    }

    /// Replaces all faults by those of a plan in JSON.
    fn set_faults(&self, py: Python<'_>, plan: &str) -> PyResult<()> {
        let set = |plan| match locked(&self.running).as_ref() {
            None => Err(failure(ErrorKind::Closed, "the emulator is not running")),
            Some(emulator) => emulator.set_faults(plan).map_err(invalid_faults),
        };
        let plan = FaultPlan::from_json(plan.as_bytes()).map_err(invalid_faults);
        plan.and_then(set).map_err(|error| raise(py, "", error))
    }

    /// Removes all faults.
    fn clear_faults(&self) {
        if let Some(emulator) = locked(&self.running).as_ref() {
            emulator.clear_faults();
        }
    }

    /// The faults that are set, with how often each happened, in JSON.
    fn faults(&self) -> String {
        let running = locked(&self.running);
        let faults = running.as_ref().map(hubstream_emulator::Emulator::faults);
        serde_json::json!(faults.unwrap_or_default()).to_string()
    }

    /// Moves the emulator's clock forward by so many seconds.
    fn advance(&self, py: Python<'_>, seconds: f64) -> PyResult<()> {
        let time = Duration::try_from_secs_f64(seconds)
            .map_err(|_| raise(py, "", Error::invalid_argument("time", "must be 0 or more")))?;
        self.clock.advance(time);
        Ok(())
    }

    /// The emulator's time in seconds since 1970.
    fn now(&self) -> f64 {
        Duration::from_millis(self.clock.now_ms().max(0).unsigned_abs()).as_secs_f64()
    }
}

impl Emulator {
    fn starting(&self) -> BoxFuture<Result<(), Error>> {
        let builder = self.builder.clone();
        let running = Arc::clone(&self.running);
        Box::pin(async move {
            if locked(&running).is_some() {
                return Err(failure(
                    ErrorKind::Conflict,
                    "the emulator is running already",
                ));
            }
            let started = builder
                .start()
                .await
                .map_err(|error| failure(ErrorKind::Unavailable, error.to_string()))?;
            *locked(&running) = Some(started);
            Ok(())
        })
    }

    fn stopping(&self) -> BoxFuture<Result<(), Error>> {
        let running = Arc::clone(&self.running);
        Box::pin(async move {
            let emulator = locked(&running).take();
            if let Some(emulator) = emulator {
                emulator.shutdown().await;
            }
            Ok(())
        })
    }

    fn later(
        py: Python<'_>,
        work: BoxFuture<Result<(), Error>>,
    ) -> PyResult<Bound<'_, CallFuture>> {
        let host = runtime::current(py)?;
        asyncio::spawn(
            py,
            &host,
            Box::pin(async move {
                let result = work.await;
                Outcome::new(0, move |py| match result {
                    Ok(()) => Ok(py.None()),
                    Err(error) => Err(raise(py, "", error)),
                })
            }),
            Effort::AtOnce,
        )
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if self.pid != crate::process::number() {
            // The sockets are shared with the parent process.
            mem::forget(locked(&self.running).take());
        }
    }
}
