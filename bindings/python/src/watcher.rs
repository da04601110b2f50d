//! Connections that event loops watch themselves.
//!
//! A reply to a small request is read on the thread of the event loop that waits for it. Were it read by a thread of
//! the runtime, this one would have to be woken first and the event loop after it.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;

use hubstream::transport::event_loop::{EventLoop, Watched};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use tracing::Dispatch;
use tracing::dispatcher::{get_default, with_default};

use crate::asyncio::Call;
use crate::mailbox::{Mailbox, add_reader};
use crate::runtime::{BoxFuture, ends_elsewhere};

/// A call that goes on, and what is left of it.
type Ready = (Arc<Call>, BoxFuture<()>);

/// What an event loop does on this thread: it looks which call goes on, and empties its mailbox then.
struct Step {
    mailbox: Arc<Mailbox>,
    found: Option<Ready>,
}

thread_local! {
    static STEP: RefCell<Option<Step>> = const { RefCell::new(None) };
}

/// Whether the event loop with that mailbox empties it soon on this thread, without being told.
pub(crate) fn is_stepping(mailbox: &Mailbox) -> bool {
    STEP.with_borrow(|step| step.as_ref().is_some_and(|step| step.is_of(mailbox)))
}

impl Step {
    fn is_of(&self, mailbox: &Mailbox) -> bool {
        std::ptr::eq(&raw const *self.mailbox, mailbox)
    }
}

/// Leaves a call that goes on to its event loop, if that is looking for one on this thread; gives it back otherwise.
///
/// A call may also wake those of other event loops, with which it shares a client.
pub(crate) fn go_on_here(
    call: &Arc<Call>,
    mailbox: Option<&Mailbox>,
    future: BoxFuture<()>,
) -> Option<BoxFuture<()>> {
    STEP.with_borrow_mut(|step| match (step, mailbox) {
        (Some(step), Some(mailbox)) if step.found.is_none() && step.is_of(mailbox) => {
            step.found = Some((Arc::clone(call), future));
            None
        }
        _ => Some(future),
    })
}

/// A step of an event loop. It rings for what the step left behind, should it break off.
struct Stepping<'a>(&'a Mailbox);

impl<'a> Stepping<'a> {
    fn new(mailbox: &'a Arc<Mailbox>) -> Self {
        STEP.set(Some(Step {
            mailbox: Arc::clone(mailbox),
            found: None,
        }));
        Self(mailbox)
    }
}

/// The call that the event loop found, which now looks for another one.
fn found() -> Option<Ready> {
    STEP.with_borrow_mut(|step| step.as_mut()?.found.take())
}

impl Drop for Stepping<'_> {
    fn drop(&mut self) {
        drop(STEP.take());
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
    fn __call__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        if ends_elsewhere() {
            return Ok(None);
        }
        let wanted = py.detach(|| {
            let _stepping = Stepping::new(&self.mailbox);
            let wanted = self.watched.readable();
            while let Some((call, future)) = found() {
                with_default(&self.dispatch, || call.step(future));
            }
            wanted
        });
        // Nothing of Python runs between a result and the task that goes on with it.
        if !wanted
            && let Some(event_loop) = self.mailbox.event_loop(py)
            && let Err(error) =
                event_loop.call_method1(pyo3::intern!(py, "remove_reader"), (self.number,))
        {
            // It is called again, as the socket is still watched.
            self.mailbox.ring_if_needed();
            return Err(error);
        }
        self.mailbox.empty(py)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // The runtime that would go on does not exist in a process that was forked off.
        if self.process == crate::process::number() {
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
                process: crate::process::number(),
            };
            add_reader(&event_loop, number, watcher).map_err(io::Error::other)
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
