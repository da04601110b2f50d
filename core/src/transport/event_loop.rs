//! Event loops of other languages, which watch sockets in place of the runtime.
//!
//! A coroutine that waits for a reply is usually woken by a thread that waits for the network: two switches between
//! threads, which cost more than the request. An event loop that watches the connection itself goes on with the call
//! on its own thread.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::{self, Read as _};
use std::mem;
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use socket2::SockRef;
use tokio::io::ReadBuf;

/// How often a socket is read after it was told to be readable. More is left for the next time: what comes fast must
/// not keep the event loop from everything else.
const READS: u8 = 4;

/// An event loop of another language.
pub trait EventLoop: Send + Sync + 'static {
    /// Has the event loop call [`Watched::readable`] whenever the socket has something to read or was closed, for as
    /// long as that answers `true`, and [`Watched::leave`] once it does not any more for another reason.
    ///
    /// It is called on the thread of the event loop, within [`enter`]. An error leaves the socket to the runtime.
    fn watch(self: Arc<Self>, socket: Arc<Watched>) -> io::Result<()>;

    /// Whether it watches nothing any more.
    fn is_closed(&self) -> bool;
}

/// Most bytes that are read at a time.
const ROOM_BYTES: usize = 16 * 1024;

thread_local! {
    /// Where reads go at first: room that is initialised once.
    static ROOM: RefCell<Box<[u8]>> = RefCell::new(vec![0; ROOM_BYTES].into());
    static CURRENT: RefCell<Option<Arc<dyn EventLoop>>> = const { RefCell::new(None) };
    static LEAVES: Cell<bool> = const { Cell::new(false) };
}

/// Makes a step of a call on the thread of an event loop, which then watches the idle connections that the call takes
/// up.
///
/// A call that is woken in the step is to go on in a runtime: in the one that it was made in, unless it
/// [leaves].
///
/// The step has to be made within a runtime, too: it makes new connections, and keeps the time.
pub fn enter<T>(event_loop: Arc<dyn EventLoop>, step: impl FnOnce() -> T) -> T {
    with_current(Some(event_loop), step)
}

/// Whether the call of the last step on this thread has a large reply to decode, for which any runtime will do.
pub fn leaves() -> bool {
    LEAVES.take()
}

fn with_current<T>(event_loop: Option<Arc<dyn EventLoop>>, step: impl FnOnce() -> T) -> T {
    struct Entered(Option<Arc<dyn EventLoop>>);
    impl Drop for Entered {
        fn drop(&mut self) {
            drop(CURRENT.replace(self.0.take()));
        }
    }
    let _entered = Entered(CURRENT.replace(event_loop));
    step()
}

/// The event loop whose thread makes a step of a call.
pub(super) fn current() -> Option<Arc<dyn EventLoop>> {
    CURRENT.with_borrow(Clone::clone)
}

/// Bodies of more bytes are not decoded by the thread of an event loop. Less is decoded before another thread has it.
const FEW_BYTES: usize = 8 * 1024;

/// Leaves the thread of an event loop, if that makes this step, before a body of many bytes is decoded.
pub(super) async fn leave_with(body: &Bytes) {
    let mut stays = body.len() <= FEW_BYTES;
    poll_fn(|context| {
        if mem::replace(&mut stays, true) || current().is_none() {
            return Poll::Ready(());
        }
        LEAVES.set(true);
        // Woken within its step, a call goes on in a runtime.
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A socket that an event loop watches.
#[derive(Debug)]
pub struct Watched {
    stream: TcpStream,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Reads that are due.
    reads: u8,
    waker: Option<Waker>,
    /// The event loop does not watch it any more, or need not.
    left: bool,
}

impl Watched {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The socket to watch.
    pub fn socket(&self) -> &TcpStream {
        &self.stream
    }

    /// Has the one who waits for it, if somebody does, read what came.
    ///
    /// With `false` for an answer the event loop is to let go of the socket, which is closed then if need be.
    #[must_use]
    pub fn readable(&self) -> bool {
        let mut state = self.lock();
        let waker = state.waker.take();
        let Some(waker) = waker.filter(|_| !state.left) else {
            // What nobody reads would be told again and again.
            state.left = true;
            return false;
        };
        state.reads = READS;
        drop(state);
        waker.wake();
        true
    }

    /// Says that the event loop does not watch the socket any more: whoever waits for it has the runtime watch it.
    pub fn leave(&self) {
        let mut state = self.lock();
        state.left = true;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Reads if it was told to be readable; `None` if nobody tells any more.
    fn poll_read(
        &self,
        context: &Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Option<Poll<io::Result<()>>> {
        let mut state = self.lock();
        if state.left {
            return None;
        }
        if state.reads > 0 {
            let before = buffer.filled().len();
            let found = look(&SockRef::from(&self.stream), buffer);
            let length = buffer.filled().len() - before;
            let has_more = length == ROOM_BYTES || buffer.remaining() == 0;
            state.reads = if has_more { state.reads - 1 } else { 0 };
            match found {
                Ok(Poll::Pending) => state.reads = 0,
                Ok(Poll::Ready(())) => return Some(Poll::Ready(Ok(()))),
                Err(error) => return Some(Poll::Ready(Err(error))),
            }
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(context.waker()),
            None => state.waker = Some(context.waker().clone()),
        }
        Some(Poll::Pending)
    }
}

/// Reads what came to a socket that does not block, if anything did.
pub(super) fn look(socket: &socket2::Socket, buffer: &mut ReadBuf<'_>) -> io::Result<Poll<()>> {
    ROOM.with_borrow_mut(|room| {
        let most = room.len().min(buffer.remaining());
        loop {
            match (&*socket).read(&mut room[..most]) {
                Ok(length) => {
                    buffer.put_slice(&room[..length]);
                    return Ok(Poll::Ready(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Poll::Pending);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    })
}

/// A socket while an event loop watches it.
pub(super) struct Lent {
    watched: Arc<Watched>,
    event_loop: Arc<dyn EventLoop>,
}

impl Lent {
    /// Has an event loop watch a socket that does not block. One that cannot is given back.
    pub(super) fn new(
        stream: TcpStream,
        event_loop: Arc<dyn EventLoop>,
    ) -> Result<Self, io::Result<tokio::net::TcpStream>> {
        let watched = Arc::new(Watched {
            stream,
            state: Mutex::default(),
        });
        let lent = Self {
            watched,
            event_loop,
        };
        let (here, watched) = (Arc::clone(&lent.event_loop), Arc::clone(&lent.watched));
        // Whatever the event loop does meanwhile is no part of the call.
        match with_current(None, || here.watch(watched)) {
            Ok(()) => Ok(lent),
            Err(error) => {
                tracing::debug!(target: "hubstream::http", %error, "an event loop does not watch a connection");
                Err(lent.give_back())
            }
        }
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.watched.stream
    }

    pub(super) fn event_loop(&self) -> &Arc<dyn EventLoop> {
        &self.event_loop
    }

    pub(super) fn poll_read(
        &self,
        context: &Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Option<Poll<io::Result<()>>> {
        self.watched.poll_read(context, buffer)
    }

    /// Whether that event loop watches it.
    pub(super) fn is_watched_by(&self, event_loop: &Arc<dyn EventLoop>) -> bool {
        Arc::ptr_eq(&self.event_loop, event_loop) && !self.watched.lock().left
    }

    /// The same socket, for somebody else.
    pub(super) fn copy(&self) -> io::Result<TcpStream> {
        self.watched.stream.try_clone()
    }

    /// Has the runtime watch it, too. The event loop lets go of it when something comes that nobody waits for here.
    pub(super) fn give_back(&self) -> io::Result<tokio::net::TcpStream> {
        self.watched.lock().waker = None;
        tokio::net::TcpStream::from_std(self.copy()?)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.watched.lock().left = true;
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future as _;
    use std::pin::pin;

    use super::*;

    struct Idle;

    impl EventLoop for Idle {
        fn watch(self: Arc<Self>, _: Arc<Watched>) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }

        fn is_closed(&self) -> bool {
            false
        }
    }

    /// Whether a call leaves an event loop before it decodes so many bytes.
    fn leaves_with(bytes: usize) -> bool {
        let body = Bytes::from(vec![0; bytes]);
        let mut leaving = pin!(leave_with(&body));
        let mut poll = || {
            let mut context = Context::from_waker(Waker::noop());
            leaving.as_mut().poll(&mut context).is_pending()
        };
        let left = enter(Arc::new(Idle), &mut poll);
        assert_eq!(leaves(), left);
        assert!(!leaves());
        if left {
            assert!(!enter(Arc::new(Idle), poll));
        }
        left
    }

    #[test]
    fn many_bytes_are_not_decoded_by_an_event_loop() {
        assert!(!leaves_with(0));
        assert!(!leaves_with(FEW_BYTES));
        assert!(leaves_with(FEW_BYTES + 1));
        let body = Bytes::from(vec![0; FEW_BYTES + 1]);
        let mut context = Context::from_waker(Waker::noop());
        assert!(pin!(leave_with(&body)).poll(&mut context).is_ready());
        assert!(!leaves());
    }
}
