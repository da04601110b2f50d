//! A connection without a client: bytes that are ready are written, and a reply is read.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// A connection that is kept.
pub(crate) struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
    head: Vec<u8>,
}

impl Socket {
    /// Connects to a port of this machine.
    pub(crate) fn connect(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; 4 << 20],
            head: Vec::new(),
        })
    }

    /// Sends a request with a body of that size and those headers; returns the body of the reply.
    ///
    /// `None` when the connection breaks or the reply has no length.
    pub(crate) fn exchange(&mut self, head: &str, body: &[u8]) -> Option<&[u8]> {
        self.head.clear();
        write!(self.head, "{head}Content-Length: {}\r\n\r\n", body.len()).ok()?;
        self.stream.write_all(&self.head).ok()?;
        self.stream.write_all(body).ok()?;
        let mut filled = 0;
        let (start, length) = loop {
            let count = self.stream.read(self.buffer.get_mut(filled..)?).ok()?;
            if count == 0 {
                return None;
            }
            filled += count;
            if let Some(found) = head_of(self.buffer.get(..filled)?) {
                break found;
            }
        };
        self.stream
            .read_exact(self.buffer.get_mut(filled..start + length)?)
            .ok()?;
        self.buffer.get(start..start + length)
    }
}

/// Where the body begins and how long it is, once the head is complete.
fn head_of(reply: &[u8]) -> Option<(usize, usize)> {
    let end = memchr::memmem::find(reply, b"\r\n\r\n")?;
    let head = str::from_utf8(reply.get(..end)?).ok()?;
    let (_, length) = head.split_once("Content-Length: ")?;
    let length = length.split("\r\n").next()?;
    Some((end + 4, length.parse().ok()?))
}
