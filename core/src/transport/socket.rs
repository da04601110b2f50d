//! A TCP connection that can be asked whether anything came, without the runtime that watches it.

use std::io::{self, Read as _};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Has sockets ask the system each time that they are read.
///
/// Usually the runtime tells when something came. One that rested, as that of a blocking call does
/// between two calls, would have to be run for it.
#[derive(Clone, Default)]
pub(super) struct Probe(Arc<AtomicBool>);

impl Probe {
    /// Switches it on or off.
    pub(super) fn set(&self, on: bool) {
        self.0.store(on, Ordering::Relaxed);
    }

    fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A TCP connection.
pub(super) struct Socket {
    stream: TcpStream,
    probe: Probe,
}

impl Socket {
    /// A connection that heeds the probe.
    pub(super) fn new(stream: TcpStream, probe: Probe) -> Self {
        Self { stream, probe }
    }

    /// Reads what came, if anything did.
    fn look(&self, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let socket = SockRef::from(&self.stream);
        let found = socket
            .peek(&mut [MaybeUninit::uninit()])
            .and_then(|_| (&*socket).read(buffer.initialize_unfilled()));
        match found {
            Ok(length) => {
                buffer.advance(length);
                Poll::Ready(Ok(()))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
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
        let told = Pin::new(&mut socket.stream).poll_read(context, buffer);
        if told.is_pending() && socket.probe.is_on() {
            return socket.look(buffer);
        }
        told
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        content: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, content)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, parts)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        true
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
