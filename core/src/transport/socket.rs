//! A TCP connection that can be asked whether anything came, without the runtime or event loop that watches it.

use std::io::{self, IoSlice, Write as _};
use std::mem;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::event_loop::{EventLoop, Lent, current, look};

/// Has sockets ask the system each time that they are read.
///
/// Usually the runtime tells when something came. One that rested, as that of a blocking call does
/// between two calls, would have to be run for it.
///
/// A socket that is asked by a call of an event loop, and that nothing came to, is watched by that event loop from then
/// on.
#[derive(Clone, Default)]
pub(super) struct Probe(Arc<Inner>);

#[derive(Default)]
struct Inner {
    on: AtomicBool,
    event_loop: Mutex<Option<Arc<dyn EventLoop>>>,
}

impl Probe {
    /// Switches it on or off.
    pub(super) fn set(&self, on: bool) {
        self.0.on.store(on, Ordering::Relaxed);
    }

    fn is_on(&self) -> bool {
        self.0.on.load(Ordering::Relaxed)
    }

    fn slot(&self) -> MutexGuard<'_, Option<Arc<dyn EventLoop>>> {
        let slot = self.0.event_loop.lock();
        slot.unwrap_or_else(PoisonError::into_inner)
    }

    /// The event loop that watches the socket, if it is not the runtime.
    pub(super) fn event_loop(&self) -> Option<Arc<dyn EventLoop>> {
        self.slot().clone()
    }
}

/// A TCP connection.
pub(super) struct Socket {
    stream: Stream,
    probe: Probe,
    /// The process in which event loops may have the socket, too.
    lent_in: Option<u32>,
}

enum Stream {
    /// Watched by the runtime. An event loop may have had it before.
    Kept(TcpStream, Option<Lent>),
    /// Watched by an event loop.
    Lent(Lent),
    /// Lost in changing hands.
    Lost,
}

fn lost() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

impl Socket {
    /// A connection that heeds the probe.
    pub(super) fn new(stream: TcpStream, probe: Probe) -> Self {
        Self {
            stream: Stream::Kept(stream, None),
            probe,
            lent_in: None,
        }
    }

    /// Reads what came, if anything did; if nothing, has the event loop that makes this step watch the socket.
    fn ask(&mut self, buffer: &mut ReadBuf<'_>) -> io::Result<Poll<()>> {
        let found = match &self.stream {
            Stream::Kept(stream, _) => look(&SockRef::from(stream), buffer),
            Stream::Lent(lent) => look(&SockRef::from(lent.stream()), buffer),
            Stream::Lost => Err(lost()),
        }?;
        if found.is_pending()
            && let Some(event_loop) = current()
        {
            self.lend(event_loop)?;
        }
        Ok(found)
    }

    fn lend(&mut self, event_loop: Arc<dyn EventLoop>) -> io::Result<()> {
        if let Stream::Lent(lent) = &self.stream
            && lent.is_watched_by(&event_loop)
        {
            return Ok(());
        }
        self.lent_in = Some(std::process::id());
        let stream = match mem::replace(&mut self.stream, Stream::Lost) {
            Stream::Kept(_, Some(past)) if past.is_watched_by(&event_loop) => {
                self.watched(past);
                return Ok(());
            }
            Stream::Kept(stream, _) => stream.into_std(),
            Stream::Lent(lent) => lent.copy(),
            Stream::Lost => Err(lost()),
        }?;
        match Lent::new(stream, event_loop) {
            Ok(lent) => self.watched(lent),
            Err(stream) => {
                *self.probe.slot() = None;
                self.stream = Stream::Kept(stream?, None);
            }
        }
        Ok(())
    }

    fn watched(&mut self, lent: Lent) {
        *self.probe.slot() = Some(Arc::clone(lent.event_loop()));
        self.stream = Stream::Lent(lent);
    }

    /// The socket as the runtime watches it, for what event loops do not do.
    fn kept(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        if matches!(self.stream, Stream::Lent(_)) {
            *self.probe.slot() = None;
            if let Stream::Lent(lent) = mem::replace(&mut self.stream, Stream::Lost) {
                self.stream = Stream::Kept(lent.give_back()?, Some(lent));
            }
        }
        match &mut self.stream {
            Stream::Kept(stream, _) => Ok(Pin::new(stream)),
            _ => Err(lost()),
        }
    }

    /// Writes to a socket that an event loop watches; `None` if that is for the runtime to do.
    fn write_now(
        &self,
        write: impl Fn(&std::net::TcpStream) -> io::Result<usize>,
    ) -> Option<Poll<io::Result<usize>>> {
        let Stream::Lent(lent) = &self.stream else {
            return None;
        };
        loop {
            match write(lent.stream()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                written => return Some(Poll::Ready(written)),
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let socket = self.get_mut();
        let asked = socket.probe.is_on();
        if let Stream::Lent(lent) = &socket.stream
            && !asked
            && let Some(read) = lent.poll_read(context, buffer)
        {
            return read;
        }
        if !(asked && matches!(socket.stream, Stream::Lent(_))) {
            let told = socket.kept()?.poll_read(context, buffer);
            if told.is_ready() || !asked {
                return told;
            }
        }
        socket.ask(buffer)?.map(Ok)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        content: &[u8],
    ) -> Poll<io::Result<usize>> {
        let socket = self.get_mut();
        match socket.write_now(|mut stream| stream.write(content)) {
            Some(written) => written,
            None => socket.kept()?.poll_write(context, content),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [whole] = parts {
            return self.poll_write(context, whole);
        }
        let socket = self.get_mut();
        match socket.write_now(|mut stream| stream.write_vectored(parts)) {
            Some(written) => written,
            None => socket.kept()?.poll_write_vectored(context, parts),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A TCP connection holds nothing back.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().kept()?.poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Closing does not end the connection while an event loop has the socket, too. This ends it, and has the event
        // loop let go. A process that was forked off leaves the connection to its parent.
        if self.lent_in != Some(std::process::id()) {
            return;
        }
        let ended = match &self.stream {
            Stream::Kept(stream, _) => SockRef::from(stream).shutdown(Shutdown::Both),
            Stream::Lent(lent) => lent.stream().shutdown(Shutdown::Both),
            Stream::Lost => return,
        };
        if let Err(error) = ended {
            // The peer was faster.
            tracing::trace!(target: "hubstream::http", %error, "a connection had ended");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::task::Waker;

    use tokio::net::TcpListener;

    use super::*;

    /// What a probed read finds after the peer did something, before the runtime has looked.
    async fn found<T>(act: impl FnOnce(std::net::TcpStream) -> T) -> Poll<Vec<u8>> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (ours, theirs) = tokio::join!(
            TcpStream::connect(listener.local_addr().unwrap()),
            listener.accept()
        );
        let theirs = theirs.unwrap().0.into_std().unwrap();
        theirs.set_nonblocking(false).unwrap();
        let probe = Probe::default();
        let mut socket = Socket::new(ours.unwrap(), probe.clone());
        let mut read = |on| {
            probe.set(on);
            let mut room = [0; 8];
            let mut buffer = ReadBuf::new(&mut room);
            let mut context = Context::from_waker(Waker::noop());
            Pin::new(&mut socket)
                .poll_read(&mut context, &mut buffer)
                .map(|outcome| outcome.map(|()| buffer.filled().to_vec()).unwrap())
        };
        assert!(read(true).is_pending());
        let _kept = act(theirs);
        assert!(read(false).is_pending());
        read(true)
    }

    #[tokio::test]
    async fn a_probe_finds_what_the_runtime_does_not_know_yet() {
        let word = |mut peer: std::net::TcpStream| {
            peer.write_all(b"hello").unwrap();
            peer
        };
        assert_eq!(found(word).await, Poll::Ready(b"hello".to_vec()));
        assert_eq!(found(drop).await, Poll::Ready(Vec::new()));
        assert_eq!(found(|peer| peer).await, Poll::Pending);
    }
}
