//! Connections that event loops watch themselves.
//!
//! A reply to a small request is read on the thread of the event loop that waits for it. Were it read by a thread of
//! the runtime, this one would have to be woken first and the event loop after it.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;

use hubstream::transport::event_loop::{EventLoop, Watched};
use pyo3::prelude::*;
use tracing::Dispatch;
use tracing::dispatcher::{get_default, with_default};

use crate::asyncio::Call;
use crate::mailbox::Mailbox;
use crate::runtime::BoxFuture;

/// A call that goes on, and what is left of it.
type Ready = (Arc<Call>, BoxFuture<()>);

/// What the event loop of this thread is about to do.
enum Step {
    /// Nothing that calls have to know of.
    None,
    /// It looks which call goes on, and empties its mailbox then.
    Looking,
    Found(Ready),
}

thread_local! {
    static STEP: RefCell<Step> = const { RefCell::new(Step::None) };
}

/// Whether the event loop of this thread empties its mailbox soon, without being told.
pub(crate) fn is_stepping() -> bool {
    STEP.with_borrow(|step| !matches!(step, Step::None))
}

/// Leaves a call that goes on to the event loop of this thread, if that is looking for one; gives it back otherwise.
pub(crate) fn go_on_here(call: &Arc<Call>, future: BoxFuture<()>) -> Option<BoxFuture<()>> {
    STEP.with_borrow_mut(|step| {
        if !matches!(step, Step::Looking) {
            return Some(future);
        }
        *step = Step::Found((Arc::clone(call), future));
        None
    })
}

/// A step of an event loop. It rings for what the step left behind, should it break off.
struct Stepping<'a>(&'a Mailbox);

impl<'a> Stepping<'a> {
    fn new(mailbox: &'a Mailbox) -> Self {
        STEP.set(Step::Looking);
        Self(mailbox)
    }
}

/// The call that the event loop found, which now looks for another one.
fn found() -> Option<Ready> {
    match STEP.replace(Step::Looking) {
        Step::Found(ready) => Some(ready),
        Step::None | Step::Looking => None,
    }
}

impl Drop for Stepping<'_> {
    fn drop(&mut self) {
        STEP.set(Step::None);
        if std::thread::panicking() {
            self.0.ring_if_needed();
        }
    }
}

/// What an event loop calls when something came over a connection.
#[pyclass(frozen, module = "hubstream._native")]
struct Watcher {
    mailbox: Arc<Mailbox>,
    watched: Arc<Watched>,
    number: i32,
    dispatch: Dispatch,
    process: u32,
}

#[pymethods]
impl Watcher {
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        let wanted = py.detach(|| {
            let _stepping = Stepping::new(&self.mailbox);
            let wanted = self.watched.readable();
            while let Some((call, future)) = found() {
                with_default(&self.dispatch, || call.step(future));
            }
            wanted
        });
        self.mailbox.empty(py);
        if !wanted && let Some(event_loop) = self.mailbox.event_loop(py) {
            event_loop.call_method1(pyo3::intern!(py, "remove_reader"), (self.number,))?;
        }
        Ok(())
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // The runtime that would go on does not exist in a process that was forked off.
        if self.process == std::process::id() {
            self.watched.leave();
        }
    }
}

impl EventLoop for Mailbox {
    fn watch(self: Arc<Self>, watched: Arc<Watched>) -> io::Result<()> {
        let number = number(&watched);
        let started = Python::try_attach(|py| {
            let event_loop = self.event_loop(py).ok_or(io::ErrorKind::NotConnected)?;
            let watcher = Watcher {
                mailbox: self,
                watched,
                number,
                dispatch: get_default(Clone::clone),
                process: std::process::id(),
            };
            event_loop
                .call_method1(pyo3::intern!(py, "add_reader"), (number, watcher))
                .map(drop)
                .map_err(io::Error::other)
        });
        started.unwrap_or_else(|| Err(io::ErrorKind::NotConnected.into()))
    }

    fn is_closed(&self) -> bool {
        self.is_closed()
    }
}

/// The number by which event loops know a socket.
#[cfg(unix)]
fn number(watched: &Watched) -> i32 {
    use std::os::fd::AsRawFd as _;

    watched.socket().as_raw_fd()
}

/// Event loops have no mailboxes here.
#[cfg(not(unix))]
fn number(_: &Watched) -> i32 {
    -1
}
