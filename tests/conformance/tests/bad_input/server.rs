//! A server that does to connections what it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of one request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// These bytes are the reply; the connection stays open.
    Reply(Vec<u8>),
    /// The request is read whole, these bytes are sent, the connection is closed.
    Last(Vec<u8>),
    /// The connection is closed once the head of the request was read.
    CloseAfterHead,
    /// The connection is closed as soon as it was accepted.
    CloseAtOnce,
}

/// What the server saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Request lines of requests whose head arrived.
    pub(crate) heads: Vec<String>,
    /// Request lines of requests that arrived whole.
    pub(crate) whole: Vec<String>,
    /// Connections.
    pub(crate) connections: usize,
}

/// A running server.
pub(crate) struct Server {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    answers: VecDeque<Answer>,
    seen: Seen,
}

impl Server {
    /// Starts a server with one answer per request; after the last one it closes connections at once.
    pub(crate) async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State {
            answers: answers.into_iter().collect(),
            seen: Seen::default(),
        }));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                lock(&shared).seen.connections += 1;
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self {
            url: format!("http://{address}"),
            state,
        }
    }

    /// Sets what becomes of the next requests.
    pub(crate) fn set(&self, answers: impl IntoIterator<Item = Answer>) {
        lock(&self.state).answers = answers.into_iter().collect();
    }

    /// What the server has seen since the last time.
    pub(crate) fn take_seen(&self) -> Seen {
        std::mem::take(&mut lock(&self.state).seen)
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    if matches!(lock(&state).answers.front(), Some(Answer::CloseAtOnce)) {
        lock(&state).answers.pop_front();
        return;
    }
    while let Some((line, missing)) = head(&mut stream).await {
        lock(&state).seen.heads.push(line.clone());
        let answer = lock(&state).answers.pop_front();
        let (bytes, last) = match answer {
            Some(Answer::Reply(bytes)) => (bytes, false),
            Some(Answer::Last(bytes)) => (bytes, true),
            Some(Answer::CloseAfterHead | Answer::CloseAtOnce) | None => return,
        };
        if skip(&mut stream, missing).await.is_none() {
            return;
        }
        lock(&state).seen.whole.push(line);
        if stream.write_all(&bytes).await.is_err() || last {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

/// Reads the head of a request: its first line, and how many bytes of body follow.
async fn head(stream: &mut TcpStream) -> Option<(String, usize)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    Some((head.lines().next()?.to_owned(), length.unwrap_or(0)))
}

async fn skip(stream: &mut TcpStream, mut missing: usize) -> Option<()> {
    let mut buffer = vec![0; 16 * 1024];
    while missing > 0 {
        let most = missing.min(buffer.len());
        let read = stream.read(&mut buffer[..most]).await.ok()?;
        if read == 0 {
            return None;
        }
        missing -= read;
    }
    Some(())
}

/// A reply with a length; `headers` are whole lines.
pub(crate) fn reply(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status}\r\n").into_bytes();
    for header in headers {
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(body);
    bytes
}
