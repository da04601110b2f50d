//! Results on their way to event loops.
//!
//! Each event loop has a mailbox and watches a socket that tells when something is in it, so a
//! thread that has a result needs neither the interpreter nor another thread. Event loops that
//! cannot watch sockets are served by one thread for all of them. Those that can watch the idle
//! connections of their calls, too: see [`crate::watcher`].

use std::io::{self, Read as _, Write as _};
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::vec;

use pyo3::exceptions::{PyException, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyTuple, PyWeakrefMethods, PyWeakrefReference};

use crate::asyncio::Outcome;
use crate::call_future::{CallFuture, Waiter, wake};
use crate::pace::Pace;
use crate::runtime::ends_elsewhere;
use crate::watcher::is_stepping;

#[cfg(unix)]
type Socket = std::os::unix::net::UnixStream;

#[cfg(not(unix))]
type Socket = std::net::TcpStream;

/// Two connected sockets that never block, and the number by which event loops know the first.
#[cfg(unix)]
fn sockets() -> io::Result<(Socket, Socket, i32)> {
    use std::os::fd::AsRawFd as _;

    let (reader, writer) = Socket::pair()?;
    reader.set_nonblocking(true)?;
    writer.set_nonblocking(true)?;
    let number = reader.as_raw_fd();
    Ok((reader, writer, number))
}

#[cfg(not(unix))]
fn sockets() -> io::Result<(Socket, Socket, i32)> {
    Err(io::ErrorKind::Unsupported.into())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A result and the future that waits for it.
struct Letter {
    future: Py<CallFuture>,
    outcome: Outcome,
}

/// Results for one event loop.
pub(crate) struct Mailbox {
    event_loop: Py<PyWeakrefReference>,
    letters: Mutex<Vec<Letter>>,
    pace: Arc<Pace>,
    bell: Socket,
    closed: AtomicBool,
}

impl Mailbox {
    /// The event loop, if it still exists.
    pub(crate) fn event_loop<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.event_loop.bind(py).upgrade()
    }

    /// Whether the event loop looks for nothing any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn post(&self, letter: Letter) {
        self.pace.add(letter.outcome.size);
        let mut letters = locked(&self.letters);
        letters.push(letter);
        // The first one rings, unless the event loop is about to look anyway.
        if letters.len() == 1 && !is_stepping(self) {
            self.ring(letters);
        }
    }

    fn ring(&self, mut letters: MutexGuard<'_, Vec<Letter>>) {
        match (&self.bell).write(&[1]) {
            // The socket is full of rings that were not heard yet.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // The event loop was closed: nobody waits any more.
            Err(_) => {
                let lost = mem::take(&mut *letters);
                drop(letters);
                let size = lost.iter().map(|letter| letter.outcome.size).sum();
                self.pace.remove(size, lost.len());
            }
            Ok(_) => {}
        }
    }

    /// Rings for letters that were posted in a step that broke off.
    pub(crate) fn ring_if_needed(&self) {
        let letters = locked(&self.letters);
        if !letters.is_empty() {
            self.ring(letters);
        }
    }

    /// Gives the futures their results; called by the event loop.
    ///
    /// Gives back the task that may go on at once, if a single one waits for a single result: its context, what
    /// to call in it with which future, and what tells that the result was taken.
    pub(crate) fn empty<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        if ends_elsewhere() {
            return Ok(None);
        }
        let letters = mem::take(&mut *locked(&self.letters));
        let is_sole = letters.len() == 1;
        let mut letters = letters.into_iter();
        while !letters.as_slice().is_empty() {
            // What a handler of signals raises would come between a result and its task in a moment.
            if let Err(error) = py.check_signals() {
                self.take_back(letters);
                return Err(error);
            }
            let Some(letter) = letters.next() else { break };
            let taken = Taken::new(&self.pace, letter.outcome.size);
            match settle(py, letter, taken, is_sole) {
                Ok(None) => {}
                Ok(task) => return Ok(task),
                Err(error) if error.is_instance_of::<PyException>(py) => {
                    error.write_unraisable(py, None);
                }
                Err(error) => {
                    self.take_back(letters);
                    return Err(error);
                }
            }
        }
        Ok(None)
    }

    /// Keeps letters for the next time, before those that came since.
    fn take_back(&self, letters: vec::IntoIter<Letter>) {
        locked(&self.letters).splice(..0, letters);
        self.ring_if_needed();
    }
}

/// Has an event loop call something when a socket has something to read, and go on with the task that it gives.
///
/// The task runs below a function of Python alone: at the end of the interpreter Python ends threads where they stand,
/// which frames of Rust below would not survive.
pub(crate) fn add_reader<'py>(
    event_loop: &Bound<'py, PyAny>,
    number: i32,
    step: impl IntoPyObject<'py>,
) -> PyResult<()> {
    static GO_ON: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = event_loop.py();
    let go_on = GO_ON.import(py, "hubstream._base", "go_on")?;
    let name = pyo3::intern!(py, "add_reader");
    event_loop.call_method1(name, (number, go_on, step))?;
    Ok(())
}

/// What an event loop calls when its bell rings.
#[pyclass(frozen, module = "hubstream._native")]
struct Reader {
    mailbox: Arc<Mailbox>,
    bell: Socket,
}

#[pymethods]
impl Reader {
    fn __call__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        // What is read says nothing, and an error would ring again.
        let _ = (&self.bell).read(&mut [0; 64]);
        self.mailbox.empty(py)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.mailbox.closed.store(true, Ordering::Release);
    }
}

/// Gives a future of the running event loop its result; who waits for it is done with it for the moment when `taken`
/// is told.
///
/// If a single task waits, and may go on `at_once`, it is left to the caller, with `taken` beside it.
fn settle(
    py: Python<'_>,
    letter: Letter,
    taken: Option<Taken>,
    at_once: bool,
) -> PyResult<Option<Bound<'_, PyTuple>>> {
    let Letter { future, outcome } = letter;
    let future = future.bind(py);
    if future.get().is_done() {
        return Ok(None);
    }
    let mut waiters = future.get().settle(py, outcome.make(py));
    if at_once
        && waiters.len() == 1
        && let Some(waiter) = waiters.pop_if(|waiter| waiter.context.is_some())
    {
        let woken = (waiter.context, waiter.callback, future, taken);
        return woken.into_pyobject(py).map(Some);
    }
    wake_all(future, waiters, taken).map(|()| None)
}

fn wake_all(
    future: &Bound<'_, CallFuture>,
    waiters: Vec<Waiter>,
    taken: Option<Taken>,
) -> PyResult<()> {
    let py = future.py();
    wake(future, waiters)?;
    if let Some(taken) = taken {
        // It is called behind the tasks that were woken just now.
        let event_loop = future.get().get_loop(py);
        event_loop.call_method1(py, pyo3::intern!(py, "call_soon"), (taken,))?;
    }
    Ok(())
}

/// Tells that a result was taken: when it is called, or dropped without that.
#[pyclass(frozen, module = "hubstream._native")]
struct Taken {
    pace: Arc<Pace>,
    size: AtomicUsize,
}

impl Taken {
    /// `None` for a result that is not counted.
    fn new(pace: &Arc<Pace>, size: usize) -> Option<Self> {
        (size > 0).then(|| Self {
            pace: Arc::clone(pace),
            size: size.into(),
        })
    }

    fn tell(&self) {
        self.pace.remove(self.size.swap(0, Ordering::AcqRel), 1);
    }
}

#[pymethods]
impl Taken {
    fn __call__(&self) {
        self.tell();
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.tell();
    }
}

/// Where the result of a call goes.
pub(crate) struct Address {
    future: Py<CallFuture>,
    place: Place,
}

enum Place {
    Mailbox(Arc<Mailbox>),
    Postman(Sender<Message>, Py<PyAny>),
}

impl Address {
    /// What waits for the event loop, where that is counted.
    pub(crate) fn pace(&self) -> Option<Arc<Pace>> {
        match &self.place {
            Place::Mailbox(mailbox) => Some(Arc::clone(&mailbox.pace)),
            Place::Postman(..) => None,
        }
    }

    /// The mailbox of the event loop, if it has one.
    pub(crate) fn mailbox(&self) -> Option<Arc<Mailbox>> {
        match &self.place {
            Place::Mailbox(mailbox) => Some(Arc::clone(mailbox)),
            Place::Postman(..) => None,
        }
    }

    /// Delivers a result. Needs not be attached to the interpreter.
    pub(crate) fn deliver(self, outcome: Outcome) {
        let letter = Letter {
            future: self.future,
            outcome,
        };
        match self.place {
            Place::Mailbox(mailbox) => mailbox.post(letter),
            // The queue is closed only when the interpreter ends.
            Place::Postman(queue, event_loop) => {
                let _ = queue.send(Message::Letter(event_loop, letter));
            }
        }
    }
}

struct Known {
    event_loop: Py<PyWeakrefReference>,
    mailbox: Option<Arc<Mailbox>>,
}

/// The mailboxes of all event loops, and the postman for those that have none.
#[derive(Default)]
pub(crate) struct Mailboxes {
    known: Mutex<Vec<Known>>,
    postman: Mutex<Option<Postman>>,
}

impl Mailboxes {
    /// Where results for a future of the running event loop go.
    pub(crate) fn address(
        &self,
        event_loop: &Bound<'_, PyAny>,
        future: &Bound<'_, CallFuture>,
    ) -> PyResult<Address> {
        let found = self.find(event_loop);
        let mailbox = match found {
            Some(mailbox) => mailbox,
            None => self.add(event_loop),
        };
        let place = match mailbox {
            Some(mailbox) => Place::Mailbox(mailbox),
            None => Place::Postman(self.queue()?, event_loop.clone().unbind()),
        };
        Ok(Address {
            future: future.clone().unbind(),
            place,
        })
    }

    #[allow(
        clippy::option_option,
        reason = "an event loop may be known to have no mailbox"
    )]
    fn find(&self, event_loop: &Bound<'_, PyAny>) -> Option<Option<Arc<Mailbox>>> {
        let py = event_loop.py();
        let same = |known: &&Known| {
            let known = known.event_loop.bind(py).upgrade();
            known.is_some_and(|known| known.is(event_loop))
        };
        let known = locked(&self.known);
        known.iter().find(same).map(|known| known.mailbox.clone())
    }

    /// Has an event loop watch a new mailbox, if it can.
    fn add(&self, event_loop: &Bound<'_, PyAny>) -> Option<Arc<Mailbox>> {
        let py = event_loop.py();
        let weak = PyWeakrefReference::new(event_loop).ok()?;
        let mailbox = watched(event_loop);
        let is_open = |known: &Py<PyWeakrefReference>| {
            let open = known.bind(py).upgrade().map(|event_loop| {
                let closed = event_loop.call_method0(pyo3::intern!(py, "is_closed"));
                closed.is_ok_and(|closed| !closed.is_truthy().unwrap_or(true))
            });
            open.unwrap_or(false)
        };
        // Asking an event loop may let other threads run, so the list is not locked meanwhile; they find theirs in it.
        let asked: Vec<_> = {
            let known = locked(&self.known);
            known
                .iter()
                .map(|known| known.event_loop.clone_ref(py))
                .collect()
        };
        let closed: Vec<_> = asked.iter().filter(|known| !is_open(known)).collect();
        let is_closed = |known: &mut Known| closed.iter().any(|at| at.is(&known.event_loop));
        let mut known = locked(&self.known);
        known.push(Known {
            event_loop: weak.unbind(),
            mailbox: mailbox.clone(),
        });
        // Let go of without the lock.
        let gone: Vec<_> = known.extract_if(.., is_closed).collect();
        drop(known);
        drop(gone);
        mailbox
    }

    fn queue(&self) -> PyResult<Sender<Message>> {
        let mut postman = locked(&self.postman);
        if postman.is_none() {
            *postman = Some(Postman::start()?);
        }
        postman
            .as_ref()
            .map(|postman| postman.queue.clone())
            .ok_or_else(|| PyRuntimeError::new_err("cannot start threads"))
    }

    /// Delivers what the postman has and ends its thread. Call it detached from the interpreter.
    pub(crate) fn end(&self) {
        if let Some(postman) = locked(&self.postman).take() {
            // A thread that is gone has nothing left to deliver.
            let _ = postman.queue.send(Message::End);
            let _ = postman.thread.join();
        }
    }
}

fn watched(event_loop: &Bound<'_, PyAny>) -> Option<Arc<Mailbox>> {
    let (reader, writer, number) = sockets().ok()?;
    let mailbox = Arc::new(Mailbox {
        event_loop: PyWeakrefReference::new(event_loop).ok()?.unbind(),
        letters: Mutex::default(),
        pace: Arc::default(),
        bell: writer,
        closed: AtomicBool::new(false),
    });
    let reader = Reader {
        mailbox: Arc::clone(&mailbox),
        bell: reader,
    };
    add_reader(event_loop, number, reader)
        .is_ok()
        .then_some(mailbox)
}

enum Message {
    Letter(Py<PyAny>, Letter),
    End,
}

/// The thread that serves event loops without mailboxes.
struct Postman {
    queue: Sender<Message>,
    thread: JoinHandle<()>,
}

impl Postman {
    fn start() -> io::Result<Self> {
        let (queue, letters) = channel();
        let thread = std::thread::Builder::new()
            .name("hubstream-done".to_owned())
            .spawn(move || deliver_all(letters))?;
        Ok(Self { queue, thread })
    }
}

fn deliver_all(mut letters: Receiver<Message>) {
    // Attached once for the life of the thread: attaching anew costs more than a delivery.
    Python::try_attach(|py| {
        while let Some(Message::Letter(event_loop, letter)) = py.detach(|| receive(&mut letters)) {
            hand_over(py, event_loop.bind(py), letter);
        }
    });
}

fn receive(letters: &mut Receiver<Message>) -> Option<Message> {
    letters.recv().ok()
}

/// What an event loop calls to give a future its result.
#[pyclass(frozen, module = "hubstream._native")]
struct Delivery(Mutex<Option<Letter>>);

#[pymethods]
impl Delivery {
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        if ends_elsewhere() {
            return Ok(());
        }
        let letter = locked(&self.0).take();
        letter.map_or(Ok(()), |letter| settle(py, letter, None, false).map(drop))
    }
}

fn hand_over(py: Python<'_>, event_loop: &Bound<'_, PyAny>, letter: Letter) {
    let delivery = Delivery(Mutex::new(Some(letter)));
    let name = pyo3::intern!(py, "call_soon_threadsafe");
    if let Err(error) = event_loop.call_method1(name, (delivery,)) {
        // A loop that was closed meanwhile has nobody left who waits.
        if !error.is_instance_of::<PyRuntimeError>(py) {
            error.write_unraisable(py, Some(event_loop));
        }
    }
}
