//! Connections that an event loop of another language watches in place of the runtime.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use http::Method;
use hubstream::config::Settings;
use hubstream::error::ErrorKind;
use hubstream::transport::event_loop::{EventLoop, Watched, enter};
use hubstream::transport::http::HttpTransport;
use hubstream::transport::{Request, Response, Transport};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::next_head;

type Outcome = Result<Response, hubstream::error::Error>;

/// Tells as an event loop does: as long as there is something to read.
#[derive(Default)]
struct Loop {
    closed: AtomicBool,
    refuses: bool,
    /// Sockets that it watched, and how many of them it let go.
    watched: AtomicUsize,
    left: Arc<AtomicUsize>,
    let_go: Arc<Notify>,
    sockets: Mutex<Vec<(Arc<Watched>, JoinHandle<()>)>>,
}

impl Loop {
    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        for (watched, task) in self.sockets.lock().unwrap().drain(..) {
            task.abort();
            watched.leave();
        }
    }

    fn counts(&self) -> (usize, usize) {
        (
            self.watched.load(Ordering::SeqCst),
            self.left.load(Ordering::SeqCst),
        )
    }

    /// Waits until it let go of as many sockets.
    async fn has_left(&self, count: usize) {
        while self.left.load(Ordering::SeqCst) < count {
            self.let_go.notified().await;
        }
    }
}

impl EventLoop for Loop {
    fn watch(self: Arc<Self>, watched: Arc<Watched>) -> io::Result<()> {
        if self.refuses {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.watched.fetch_add(1, Ordering::SeqCst);
        let seen = TcpStream::from_std(watched.socket().try_clone()?)?;
        let (socket, left, let_go) = (
            Arc::clone(&watched),
            Arc::clone(&self.left),
            Arc::clone(&self.let_go),
        );
        let task = tokio::spawn(async move {
            // The runtime tells once that something came, this as long as it was not read.
            while seen.peek(&mut [0]).await.is_ok() && socket.readable() {
                tokio::task::yield_now().await;
            }
            left.fetch_add(1, Ordering::SeqCst);
            let_go.notify_one();
        });
        self.sockets.lock().unwrap().push((watched, task));
        Ok(())
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }
}

/// Makes all steps of a call within an event loop.
async fn within<T>(event_loop: &Arc<Loop>, call: impl Future<Output = T>) -> T {
    let mut call = pin!(call);
    poll_fn(|context| {
        enter(Arc::clone(event_loop) as Arc<dyn EventLoop>, || {
            call.as_mut().poll(context)
        })
    })
    .await
}

struct Service {
    listener: TcpListener,
    endpoint: String,
}

impl Service {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        Self { listener, endpoint }
    }

    async fn accept(&self) -> TcpStream {
        self.listener.accept().await.unwrap().0
    }
}

fn transport() -> HttpTransport {
    HttpTransport::from_settings(&Settings::new("datahub")).unwrap()
}

fn reply(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Answers one request of a connection.
async fn serve(stream: &mut TcpStream, body: &str) {
    next_head(stream).await.unwrap();
    stream.write_all(reply(body).as_bytes()).await.unwrap();
}

async fn get(transport: &HttpTransport, endpoint: &str) -> Outcome {
    let request = Request::new(Method::GET, "/");
    transport.send(endpoint, request).await
}

/// The event loop lets go of the connection, and the next call makes a new one.
async fn lets_go(event_loop: &Arc<Loop>, service: &Service, transport: &HttpTransport) {
    event_loop.has_left(1).await;
    let call = within(event_loop, get(transport, &service.endpoint));
    let (found, ()) = tokio::join!(call, async {
        serve(&mut service.accept().await, "anew").await;
    });
    assert_eq!(&*found.unwrap().body, b"anew");
}

/// A connection that an event loop watches, idle after a request.
async fn watched(event_loop: &Arc<Loop>) -> (Service, HttpTransport, TcpStream) {
    let (service, transport) = (Service::start().await, transport());
    let call = async {
        get(&transport, &service.endpoint).await.unwrap();
        get(&transport, &service.endpoint).await.unwrap();
    };
    let (stream, ()) = tokio::join!(
        async {
            let mut stream = service.accept().await;
            serve(&mut stream, "first").await;
            serve(&mut stream, "second").await;
            stream
        },
        within(event_loop, call)
    );
    (service, transport, stream)
}

#[tokio::test]
async fn an_event_loop_watches_a_connection_from_its_second_request_on() {
    let event_loop = Arc::new(Loop::default());
    let (service, transport, mut stream) = watched(&event_loop).await;
    assert_eq!(event_loop.counts(), (1, 0));
    let long = "long ".repeat(200_000);
    for body in ["third", "", &long, "fifth"] {
        let call = within(&event_loop, get(&transport, &service.endpoint));
        let (found, ()) = tokio::join!(call, serve(&mut stream, body));
        assert_eq!(&*found.unwrap().body, body.as_bytes());
    }
    assert_eq!(event_loop.counts(), (1, 0));
}

#[tokio::test]
async fn a_reply_may_come_in_pieces() {
    let event_loop = Arc::new(Loop::default());
    let (service, transport, mut stream) = watched(&event_loop).await;
    let call = within(&event_loop, get(&transport, &service.endpoint));
    let slowly = async {
        next_head(&mut stream).await.unwrap();
        stream.set_nodelay(true).unwrap();
        for byte in reply("third").bytes() {
            stream.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let (found, ()) = tokio::join!(call, slowly);
    assert_eq!(&*found.unwrap().body, b"third");
    assert_eq!(event_loop.counts(), (1, 0));
}

#[tokio::test]
async fn what_an_event_loop_does_not_watch_the_runtime_does() {
    let event_loop = Arc::new(Loop {
        refuses: true,
        ..Loop::default()
    });
    let (service, transport, mut stream) = watched(&event_loop).await;
    let call = within(&event_loop, get(&transport, &service.endpoint));
    let (found, ()) = tokio::join!(call, serve(&mut stream, "third"));
    assert_eq!(&*found.unwrap().body, b"third");
    assert_eq!(event_loop.counts(), (0, 0));
}

#[tokio::test]
async fn a_connection_outlives_its_event_loop() {
    let event_loop = Arc::new(Loop::default());
    let (service, transport, mut stream) = watched(&event_loop).await;
    event_loop.close();
    let call = get(&transport, &service.endpoint);
    let (found, ()) = tokio::join!(call, serve(&mut stream, "elsewhere"));
    assert_eq!(&*found.unwrap().body, b"elsewhere");
    let other = Arc::new(Loop::default());
    let call = within(&other, get(&transport, &service.endpoint));
    let (found, ()) = tokio::join!(call, serve(&mut stream, "other"));
    assert_eq!(&*found.unwrap().body, b"other");
    assert_eq!(other.counts(), (1, 0));
}

#[tokio::test]
async fn event_loops_do_not_share_connections() {
    let (one, other) = (Arc::new(Loop::default()), Arc::new(Loop::default()));
    let (service, transport, mut first) = watched(&one).await;
    let call = async {
        get(&transport, &service.endpoint).await.unwrap();
        get(&transport, &service.endpoint).await.unwrap();
    };
    let ((), mut second) = tokio::join!(within(&other, call), async {
        let mut second = service.accept().await;
        serve(&mut second, "first").await;
        serve(&mut second, "second").await;
        second
    });
    for (event_loop, stream) in [(&one, &mut first), (&other, &mut second)] {
        let call = within(event_loop, get(&transport, &service.endpoint));
        let (found, ()) = tokio::join!(call, serve(stream, "own"));
        assert_eq!(&*found.unwrap().body, b"own");
    }
}

#[tokio::test]
async fn a_call_goes_on_when_its_event_loop_closes() {
    let event_loop = Arc::new(Loop::default());
    let (service, transport, mut stream) = watched(&event_loop).await;
    let call = within(&event_loop, get(&transport, &service.endpoint));
    let (found, ()) = tokio::join!(call, async {
        next_head(&mut stream).await.unwrap();
        event_loop.close();
        stream.write_all(reply("third").as_bytes()).await.unwrap();
    });
    assert_eq!(&*found.unwrap().body, b"third");
}

#[tokio::test]
async fn a_call_that_is_dropped_ends_its_connection() {
    let event_loop = Arc::new(Loop::default());
    let (service, transport, mut stream) = watched(&event_loop).await;
    {
        let mut call = Box::pin(within(&event_loop, get(&transport, &service.endpoint)));
        tokio::select! {
            _ = &mut call => panic!("nobody answered"),
            head = next_head(&mut stream) => assert!(head.is_some()),
        }
    }
    assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
    event_loop.has_left(1).await;
}

#[tokio::test]
async fn a_request_without_a_reply_was_sent() {
    let event_loop = Arc::new(Loop::default());
    let (service, transport, mut stream) = watched(&event_loop).await;
    let call = within(&event_loop, get(&transport, &service.endpoint));
    let (found, ()) = tokio::join!(call, async {
        next_head(&mut stream).await.unwrap();
        drop(stream);
    });
    let error = found.unwrap_err();
    assert_eq!(
        (error.kind(), error.was_sent()),
        (ErrorKind::Connection, true)
    );
    event_loop.has_left(1).await;
}

#[tokio::test]
async fn an_idle_connection_that_the_service_ends_is_let_go_and_not_used() {
    let event_loop = Arc::new(Loop::default());
    let (service, transport, stream) = watched(&event_loop).await;
    drop(stream);
    lets_go(&event_loop, &service, &transport).await;
}

#[tokio::test]
async fn what_comes_unasked_is_not_taken_for_a_reply() {
    let event_loop = Arc::new(Loop::default());
    let (service, transport, mut stream) = watched(&event_loop).await;
    let unasked = reply("unasked");
    stream.write_all(unasked.as_bytes()).await.unwrap();
    lets_go(&event_loop, &service, &transport).await;
}

#[tokio::test]
async fn a_request_that_does_not_fit_into_the_socket_is_sent_by_the_runtime() {
    const LENGTH: usize = 32 * 1024 * 1024;
    let event_loop = Arc::new(Loop::default());
    let (service, transport, mut stream) = watched(&event_loop).await;
    let request = Request::new(Method::POST, "/").with_body(vec![b'x'; LENGTH]);
    let call = within(&event_loop, transport.send(&service.endpoint, request));
    let (found, (length, mut stream)) = tokio::join!(call, async {
        next_head(&mut stream).await.unwrap();
        let mut body = Vec::new();
        let mut part = (&mut stream).take(LENGTH as u64);
        part.read_to_end(&mut body).await.unwrap();
        stream.write_all(reply("third").as_bytes()).await.unwrap();
        (body.len(), stream)
    });
    assert_eq!((&*found.unwrap().body, length), (&b"third"[..], LENGTH));
    // From the next request on it is watched again.
    let call = within(&event_loop, get(&transport, &service.endpoint));
    let (found, ()) = tokio::join!(call, serve(&mut stream, "fourth"));
    assert_eq!(&*found.unwrap().body, b"fourth");
    let (watched, left) = event_loop.counts();
    assert_eq!(watched, left + 1);
}

#[tokio::test]
async fn a_call_may_wait_elsewhere_than_it_is_told() {
    let event_loop = Arc::new(Loop::default());
    let (service, transport, mut stream) = watched(&event_loop).await;
    let (begun, told) = oneshot::channel();
    let endpoint = service.endpoint.clone();
    let call = tokio::spawn({
        let event_loop = Arc::clone(&event_loop);
        let transport = transport.clone();
        async move {
            let mut call = Box::pin(async move { get(&transport, &endpoint).await });
            // The first step only is made within the event loop.
            let step = within(&event_loop, one_step(&mut call)).await;
            assert!(step.is_pending());
            begun.send(()).unwrap();
            call.await
        }
    });
    told.await.unwrap();
    serve(&mut stream, "third").await;
    assert_eq!(&*call.await.unwrap().unwrap().body, b"third");
}

/// Makes one step of a call.
async fn one_step<T>(call: &mut Pin<Box<impl Future<Output = T>>>) -> Poll<T> {
    poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await
}
