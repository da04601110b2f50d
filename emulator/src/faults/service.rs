//! A service to which faults happen.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, DATE, RETRY_AFTER};
use http::{HeaderValue, Request, Response};

use super::api;
use super::plan::{ErrorReply, When};
use super::registry::{Ending, Registry, Strike};
use crate::clock;
use crate::http::{Cut, HttpService, Peer, Rejection};

/// Bytes before the payload of a binary frame.
const FRAME_HEADER: usize = 12;
/// Where a binary frame has its checksum.
const CHECKSUM: std::ops::Range<usize> = 4..8;

/// A service that says what faults need to know.
pub(crate) trait Faultable: HttpService {
    /// Name of the service, as in `datahub`.
    const NAME: &'static str;

    /// The client's operations that send such a request: none if it is not known, several if they look the same.
    fn operations(&self, request: &Request<Bytes>) -> &'static [&'static str];

    /// The service's own reply to too many requests.
    fn throttled(&self) -> Response<Bytes>;

    /// An error in the form of the service.
    fn failure(&self, error: &ErrorReply) -> Response<Bytes>;
}

/// A service with the faults that happen to it.
pub(crate) struct Faulty<S> {
    pub(crate) service: Arc<S>,
    pub(crate) registry: Arc<Registry>,
    /// Whether faults can be set over HTTP.
    pub(crate) api: bool,
}

impl<S: Faultable> Faulty<S> {
    async fn struck(&self, strike: Strike, mut request: Request<Bytes>) -> Response<Bytes> {
        pause(strike.latency_before_ms).await;
        let mut reply = match &strike.ending {
            Some((When::Before, _)) => {
                strike.corrupt.iter().for_each(|armed| armed.give_back());
                self.service.reject(Rejection::Panicked)
            }
            _ => {
                if !strike.corrupt.is_empty() {
                    // A frame can only be damaged while it is not compressed.
                    request.headers_mut().remove(ACCEPT_ENCODING);
                }
                let handled = clock::skewed(strike.skew_ms, self.service.handle(request)).await;
                corrupted(&strike, handled)
            }
        };
        if strike.skew_ms != 0 {
            reply
                .headers_mut()
                .extend(skewed_date(strike.skew_ms).map(|date| (DATE, date)));
        }
        pause(strike.latency_after_ms).await;
        let mut reply = match strike.ending {
            None => reply,
            Some((_, Ending::Error(error))) => self.service.failure(&error),
            Some((_, Ending::Throttle)) => self.service.throttled(),
            Some((_, Ending::Drop)) => cut(reply, Cut::Whole),
            Some((_, Ending::Half)) => cut(reply, Cut::Half),
        };
        if let Some(seconds) = strike.retry_after_seconds {
            let seconds = HeaderValue::from(seconds);
            reply.headers_mut().insert(RETRY_AFTER, seconds);
        }
        reply
    }
}

impl<S: Faultable> HttpService for Faulty<S> {
    fn body_limit(&self) -> usize {
        self.service.body_limit()
    }

    async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        if self.api && request.uri().path() == api::PATH && is_local(&request) {
            return api::serve(&self.registry, &request);
        }
        let operations = || self.service.operations(&request);
        match self.registry.strike(S::NAME, operations) {
            None => self.service.handle(request).await,
            Some(strike) => self.struck(strike, request).await,
        }
    }

    fn reject(&self, rejection: Rejection) -> Response<Bytes> {
        self.service.reject(rejection)
    }
}

fn is_local(request: &Request<Bytes>) -> bool {
    let peer = request.extensions().get::<Peer>();
    peer.is_some_and(|peer| peer.0.ip().to_canonical().is_loopback())
}

async fn pause(ms: u64) {
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

fn cut(mut reply: Response<Bytes>, cut: Cut) -> Response<Bytes> {
    reply.extensions_mut().insert(cut);
    reply
}

fn skewed_date(skew_ms: i64) -> Option<HeaderValue> {
    let skew = Duration::from_millis(skew_ms.unsigned_abs());
    let now = SystemTime::now();
    let time = if skew_ms < 0 {
        now.checked_sub(skew)
    } else {
        now.checked_add(skew)
    };
    // Times before 1970 have no such form.
    let time = time.filter(|time| *time >= SystemTime::UNIX_EPOCH)?;
    HeaderValue::try_from(httpdate::fmt_http_date(time)).ok()
}

/// Damages the checksum of a framed reply if a fault says so; the fault did not happen to any other reply.
fn corrupted(strike: &Strike, mut reply: Response<Bytes>) -> Response<Bytes> {
    if strike.corrupt.is_empty() {
        return reply;
    }
    let body = reply.body();
    if !body.starts_with(b"DHUB") || body.len() < FRAME_HEADER {
        strike.corrupt.iter().for_each(|armed| armed.give_back());
        return reply;
    }
    let mut frame = body.to_vec();
    // A checksum of 0 would not be verified.
    let sent = &mut frame[CHECKSUM];
    sent[3] ^= 1;
    if sent.iter().all(|byte| *byte == 0) {
        sent[3] = 2;
    }
    *reply.body_mut() = frame.into();
    reply
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::{Effect, Fault, FaultPlan};
    use crate::{Clock, faults};
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Answers everything with a frame of the time.
    struct Plain {
        clock: Clock,
        handled: AtomicUsize,
        body: Bytes,
    }

    impl HttpService for Plain {
        fn body_limit(&self) -> usize {
            0
        }

        async fn handle(&self, _: Request<Bytes>) -> Response<Bytes> {
            self.handled.fetch_add(1, Ordering::SeqCst);
            let mut reply = Response::new(self.body.clone());
            let now = HeaderValue::from(self.clock.now_ms());
            reply.headers_mut().insert("now", now);
            reply
        }

        fn reject(&self, _: Rejection) -> Response<Bytes> {
            Response::new(Bytes::from_static(b"rejected"))
        }
    }

    impl Faultable for Plain {
        const NAME: &'static str = "datahub";

        fn operations(&self, _: &Request<Bytes>) -> &'static [&'static str] {
            &["PutRecords"]
        }

        fn throttled(&self) -> Response<Bytes> {
            Response::new(Bytes::from_static(b"throttled"))
        }

        fn failure(&self, error: &ErrorReply) -> Response<Bytes> {
            Response::new(error.code.clone().into())
        }
    }

    fn faulty(body: &'static [u8], faults: impl IntoIterator<Item = Fault>) -> Faulty<Plain> {
        let registry = faults::Registry::default();
        registry.set(FaultPlan::new(faults)).expect("valid");
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        Faulty {
            service: Arc::new(Plain {
                clock: Clock::manual(start),
                handled: AtomicUsize::new(0),
                body: Bytes::from_static(body),
            }),
            registry: Arc::new(registry),
            api: true,
        }
    }

    async fn send(service: &Faulty<Plain>) -> Response<Bytes> {
        service.handle(Request::new(Bytes::new())).await
    }

    fn handled(service: &Faulty<Plain>) -> usize {
        service.service.handled.load(Ordering::SeqCst)
    }

    fn placed(effect: Effect, when: When) -> Fault {
        let mut fault = Fault::new("*", effect);
        fault.when = Some(when);
        fault
    }

    #[tokio::test(start_paused = true)]
    async fn latency_is_spent_on_both_sides() {
        let latency = |when| placed(Effect::Latency(30_000), when);
        let service = faulty(b"", [latency(When::Before), latency(When::After)]);
        let start = tokio::time::Instant::now();
        send(&service).await;
        assert_eq!(start.elapsed(), Duration::from_secs(60));
    }

    #[tokio::test]
    async fn a_request_is_handled_or_not_as_the_fault_says() {
        for (effect, expected) in [(Effect::Drop, Cut::Whole), (Effect::Half, Cut::Half)] {
            for (when, count) in [(Some(When::Before), 0), (Some(When::After), 1), (None, 1)] {
                let mut fault = Fault::new("PutRecords", effect.clone());
                fault.when = when;
                let service = faulty(b"", [fault]);
                let reply = send(&service).await;
                assert_eq!(reply.extensions().get(), Some(&expected));
                assert_eq!(handled(&service), count, "{effect:?} {when:?}");
            }
        }
        let error = ErrorReply {
            status: 503,
            code: "Busy".to_owned(),
            message: String::new(),
        };
        for (fault, body, count) in [
            (Fault::new("*", Effect::Error(error.clone())), "Busy", 0),
            (placed(Effect::Error(error), When::After), "Busy", 1),
            (Fault::new("*", Effect::Throttle), "throttled", 0),
        ] {
            let service = faulty(b"", [fault]);
            assert_eq!(send(&service).await.body(), body);
            assert_eq!(handled(&service), count);
        }
    }

    #[tokio::test]
    async fn a_reply_may_say_how_long_to_wait() {
        let mut fault = Fault::new("*", Effect::Throttle);
        fault.retry_after_seconds = Some(7);
        let reply = send(&faulty(b"", [fault])).await;
        assert_eq!(reply.headers()[RETRY_AFTER], "7");
        let reply = send(&faulty(b"", [Fault::new("*", Effect::Throttle)])).await;
        assert!(!reply.headers().contains_key(RETRY_AFTER));
    }

    #[tokio::test]
    async fn the_time_is_off_for_struck_requests_only() {
        let mut fault = Fault::new("*", Effect::ClockSkew(-90));
        fault.count = Some(1);
        let service = faulty(b"", [fault]);
        let reply = send(&service).await;
        assert_eq!(reply.headers()["now"], "1799999910000");
        assert!(reply.headers().contains_key(DATE));
        assert_eq!(send(&service).await.headers()["now"], "1800000000000");
    }

    #[tokio::test]
    async fn only_frames_have_a_checksum_to_damage() {
        let fault = || Fault::new("*", Effect::CorruptCrc);
        let framed = faulty(b"DHUB\x01\x02\x03\x04\0\0\0\0", [fault()]);
        assert_eq!(
            send(&framed).await.body().as_ref(),
            b"DHUB\x01\x02\x03\x05\0\0\0\0"
        );
        let zero = faulty(b"DHUB\0\0\0\x01\0\0\0\0", [fault()]);
        assert_eq!(send(&zero).await.body()[CHECKSUM], [0, 0, 0, 2]);
        let plain = faulty(b"{}", [fault()]);
        assert_eq!(send(&plain).await.body(), "{}");
        assert_eq!(plain.registry.list().1[0].struck, 0, "nothing happened");
        assert_eq!(framed.registry.list().1[0].struck, 1);
    }

    #[tokio::test]
    async fn strangers_cannot_set_faults() {
        let service = faulty(b"of the service", []);
        for (peer, body) in [
            ("192.0.2.1:5", "of the service"),
            ("127.0.0.1:5", r#"{"seed":0,"faults":[]}"#),
            ("[::1]:5", r#"{"seed":0,"faults":[]}"#),
            ("[::ffff:127.0.0.1]:5", r#"{"seed":0,"faults":[]}"#),
        ] {
            let mut request = Request::new(Bytes::new());
            *request.uri_mut() = api::PATH.parse().expect("a path");
            let peer = Peer(peer.parse().expect("an address"));
            request.extensions_mut().insert(peer);
            assert_eq!(service.handle(request).await.body(), body);
        }
    }
}
