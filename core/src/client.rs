//! The client of one service: settings, credentials and the pipeline that every call passes.
//!
//! Programs use [`DataHub`](crate::datahub::DataHub) and [`DisClient`](crate::dis::DisClient), which have a method for
//! each operation. They are made by a [`ClientBuilder`]:
//!
//! ```
//! use hubstream::credentials::Credentials;
//! use hubstream::datahub::DataHub;
//!
//! # fn main() -> hubstream::error::Result<()> {
//! let hub = DataHub::new(
//!     DataHub::builder("https://dh-cn-hangzhou.aliyuncs.com")
//!         .credentials(Credentials::new("id", "key"))
//!         .set("total_timeout", 60),
//! )?;
//! assert_eq!(hub.client().endpoint(), "https://dh-cn-hangzhou.aliyuncs.com");
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::DATE;
use tracing::Instrument;

use crate::config::Settings;
use crate::credentials::{CredentialProvider, CredentialSource, Credentials};
use crate::dynamic::{Dynamic, Value};
use crate::error::{Error, ErrorKind, Result, Status};
use crate::operation::{Exchange, Operation, Reply, Service};
use crate::pipeline::date::ServiceTime;
use crate::pipeline::retry::{Decision, RetryBudget, RetryPolicy, decide};
use crate::pipeline::{Context, Layer, Next, Terminal};
use crate::schema::{FieldSchema, OperationSchema, TypeSchema};
use crate::stats::{ClientStats, Counters};
use crate::time::{Clock, SystemClock};
use crate::transport::{BoxFuture, Request, Response, Transport};

/// Room for the headers that signing and the transport add to those of an operation.
const FURTHER_HEADERS: usize = 10;

/// A client of the service `S`. Cheap to clone; clones share connections.
pub struct Client<S> {
    inner: Arc<Inner<S>>,
}

struct Inner<S> {
    service: S,
    endpoint: String,
    credentials: CredentialSource,
    transport: Arc<dyn Transport>,
    layers: Vec<Arc<dyn Layer>>,
    retry: RetryPolicy,
    budget: RetryBudget,
    attempt_timeout: Duration,
    total_timeout: Duration,
    clock: Arc<dyn Clock>,
    service_time: ServiceTime,
    seed: u64,
    counters: Counters,
}

impl<S> Clone for Client<S> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<S: Service> fmt::Debug for Client<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("service", &S::NAME)
            .field("endpoint", &self.inner.endpoint)
            .field("credentials", &self.inner.credentials)
            .finish_non_exhaustive()
    }
}

/// Collects what a client is made of.
#[must_use = "it makes no client until it is built"]
pub struct ClientBuilder {
    settings: Settings,
    credentials: Option<CredentialSource>,
    transport: Option<Arc<dyn Transport>>,
    layers: Vec<Arc<dyn Layer>>,
    clock: Arc<dyn Clock>,
    first_error: Option<Error>,
}

impl ClientBuilder {
    /// Starts from settings.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            credentials: None,
            transport: None,
            layers: Vec::new(),
            clock: Arc::new(SystemClock::default()),
            first_error: None,
        }
    }

    /// Sets a setting from its text; see [`crate::config::KEYS`] for names and defaults.
    pub fn set(mut self, name: &str, value: impl fmt::Display) -> Self {
        if let Err(error) = self.settings.set(name, &value.to_string()) {
            self.first_error.get_or_insert(error);
        }
        self
    }

    /// Sets the URL of the service.
    pub fn endpoint(self, url: impl fmt::Display) -> Self {
        self.set("endpoint", url)
    }

    /// Uses the same credentials for every request.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(CredentialSource::fixed(credentials));
        self
    }

    /// Asks a provider for the credentials of each request.
    pub fn credential_provider(mut self, provider: Arc<dyn CredentialProvider>) -> Self {
        self.credentials = Some(CredentialSource::provider(provider));
        self
    }

    /// Adds a layer around every call; the first one added is outermost.
    pub fn layer(mut self, layer: impl Layer) -> Self {
        self.layers.push(Arc::new(layer));
        self
    }

    /// Replaces the network.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Replaces the clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes the client. Nothing is sent.
    pub fn build<S: Service>(self) -> Result<Client<S>> {
        if let Some(error) = self.first_error {
            return Err(error);
        }
        let settings = self.settings;
        let max_attempts = settings.integer("max_attempts");
        if max_attempts == 0 {
            return Err(Error::invalid_argument(
                "max_attempts",
                "must be at least 1",
            ));
        }
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport(&settings)?,
        };
        let credentials = self
            .credentials
            .unwrap_or_else(|| CredentialSource::fixed(settings.credentials().unwrap_or_default()));
        Ok(Client {
            inner: Arc::new(Inner {
                service: S::from_settings(&settings)?,
                endpoint: settings.endpoint()?,
                credentials,
                transport,
                layers: self.layers,
                retry: RetryPolicy {
                    max_attempts,
                    ..RetryPolicy::default()
                },
                budget: RetryBudget::default(),
                attempt_timeout: settings.seconds("attempt_timeout"),
                total_timeout: settings.seconds("total_timeout"),
                clock: self.clock,
                service_time: ServiceTime::new(settings.boolean("clock_correction")),
                seed: fastrand::u64(..),
                counters: Counters::new(S::OPERATIONS),
            }),
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "http")]
fn default_transport(settings: &Settings) -> Result<Arc<dyn Transport>> {
    Ok(Arc::new(
        crate::transport::http::HttpTransport::from_settings(settings)?,
    ))
}

#[cfg(not(feature = "http"))]
fn default_transport(_: &Settings) -> Result<Arc<dyn Transport>> {
    Err(Error::new(
        ErrorKind::Unsupported,
        "built without the feature `http`: give a transport",
    ))
}

impl<S: Service> Client<S> {
    /// The service and what it was told by the settings.
    pub fn service(&self) -> &S {
        &self.inner.service
    }

    /// The URL of the service.
    pub fn endpoint(&self) -> &str {
        &self.inner.endpoint
    }

    /// The clock of the client.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// What the client has done so far, in numbers.
    pub fn stats(&self) -> ClientStats {
        self.inner.counters.read()
    }

    /// Performs an operation.
    pub async fn execute<O: Operation<Service = S>>(&self, operation: O) -> Result<O::Output> {
        let name = O::SCHEMA.name;
        let put = operation.record_count();
        let output = operation.run(self).await;
        let output = output.map_err(|error| error.with_operation(S::NAME, name))?;
        count_records(&self.inner.counters, name, put, &output);
        Ok(output)
    }

    /// Performs an operation that is one request and one reply.
    pub async fn exchange<O: Exchange<Service = S>>(&self, operation: &O) -> Result<O::Output> {
        let service = &self.inner.service;
        let named = |error: Error| error.with_operation(S::NAME, O::SCHEMA.name);
        operation.validate().map_err(named)?;
        let request = operation.encode(service).map_err(named)?;
        let may_repeat = operation.may_repeat(service);
        self.send(O::SCHEMA, may_repeat, request)
            .await?
            .decode(|response| operation.decode(service, response))
    }

    /// Performs an operation that is one request and one reply for a caller that knows neither its type nor that of
    /// its result.
    ///
    /// The operations share one future: as many futures as operations would be a good part of a binding's size.
    pub fn dispatch<O: Exchange<Service = S>>(
        &self,
        operation: O,
    ) -> BoxFuture<'static, Result<Value>> {
        Box::pin(self.clone().perform(Box::new(operation)))
    }

    async fn perform(self, operation: Box<dyn AnyExchange<S>>) -> Result<Value> {
        let schema = operation.schema();
        let service = &self.inner.service;
        let (may_repeat, request) = operation
            .prepare(service)
            .map_err(|error| error.with_operation(S::NAME, schema.name))?;
        let received = self.send(schema, may_repeat, request).await?;
        operation.read(service, &self.inner.counters, received)
    }

    /// Sends a request of an operation through the pipeline.
    ///
    /// `may_repeat` says whether it may be sent again after the service may have seen it.
    pub fn send<'a>(
        &'a self,
        schema: &'static OperationSchema,
        may_repeat: bool,
        request: Request,
    ) -> BoxFuture<'a, Result<Received>> {
        Box::pin(self.pass(schema, may_repeat, request))
    }

    async fn pass(
        &self,
        schema: &'static OperationSchema,
        may_repeat: bool,
        request: Request,
    ) -> Result<Received> {
        let mut context = Context {
            service: S::NAME,
            operation: schema.name,
            may_repeat,
            attempts: 0,
            remaining: Some(self.inner.total_timeout),
        };
        let span = tracing::debug_span!(
            target: "hubstream::http",
            "call",
            service = S::NAME,
            operation = schema.name
        );
        let next = Next::new(&self.inner.layers, &*self.inner);
        let outcome = async { next.run(&mut context, request).await };
        let outcome = outcome.instrument(span).await;
        self.inner.counters.call(outcome.is_err());
        let response = outcome
            .map_err(|error| unanswered(error, schema).with_operation(S::NAME, schema.name))?;
        Ok(Received {
            schema,
            request_id: self.inner.service.request_id(&response).to_owned(),
            attempts: context.attempts,
            response,
        })
    }
}

/// An operation of one request and one reply, whatever its type.
trait AnyExchange<S: Service>: Send + Sync {
    fn schema(&self) -> &'static OperationSchema;

    /// Whether the request may be repeated, and the request.
    fn prepare(&self, service: &S) -> Result<(bool, Request)>;

    /// Reads the reply and counts its records.
    fn read(&self, service: &S, counters: &Counters, received: Received) -> Result<Value>;
}

impl<O: Exchange> AnyExchange<O::Service> for O {
    fn schema(&self) -> &'static OperationSchema {
        O::SCHEMA
    }

    fn prepare(&self, service: &O::Service) -> Result<(bool, Request)> {
        self.validate()?;
        Ok((self.may_repeat(service), self.encode(service)?))
    }

    fn read(&self, service: &O::Service, counters: &Counters, received: Received) -> Result<Value> {
        let output = received.decode(|response| self.decode(service, response))?;
        count_records(counters, O::SCHEMA.name, self.record_count(), &output);
        Ok(output.into_value())
    }
}

/// Counts the records of a call that succeeded; `put` of them were handed over.
fn count_records(counters: &Counters, operation: &str, put: usize, output: &impl Reply) {
    let stored = put.saturating_sub(output.failed_record_count());
    counters.records(operation, stored, output.record_count());
}

/// A successful reply that was not read yet.
#[derive(Debug)]
pub struct Received {
    schema: &'static OperationSchema,
    request_id: String,
    attempts: u32,
    response: Response,
}

impl Received {
    /// Reads the reply. An error gets what is known of the call, a result the id of the request.
    pub fn decode<T: Reply>(self, read: impl FnOnce(Response) -> Result<T>) -> Result<T> {
        let Self {
            schema,
            request_id,
            attempts,
            response,
        } = self;
        let status = response.status.as_u16();
        match read(response) {
            Ok(mut output) => {
                output.set_request_id(&request_id);
                Ok(output)
            }
            Err(error) => Err(unread(error, schema, request_id, status, attempts)),
        }
    }

    /// The body of the reply, for a reader that needs further calls.
    pub fn body(&self) -> &Bytes {
        &self.response.body
    }
}

/// The error for a reply that could not be read, with what is known of the call.
#[cold]
#[inline(never)]
fn unread(
    error: Error,
    schema: &OperationSchema,
    request_id: String,
    status: u16,
    attempts: u32,
) -> Error {
    let error = error
        .with_operation(schema.service, schema.name)
        .with_request_id(request_id)
        .with_http_status(status)
        .with_attempts(attempts);
    unanswered(error, schema)
}

/// Says of a call whose outcome is not known that it may have been carried out, unless that does not matter: without an
/// answer, with one that cannot be read, or when the service failed.
fn unanswered(error: Error, schema: &OperationSchema) -> Error {
    let status = error.http_status();
    let is_unknown = match error.kind() {
        ErrorKind::Connection | ErrorKind::Timeout => true,
        ErrorKind::Malformed => status.is_some_and(|status| status < 300),
        ErrorKind::Unavailable => status.is_some_and(|status| status >= 500),
        _ => false,
    };
    if !is_unknown || !error.was_sent() || schema.idempotent {
        return error;
    }
    let is_put = |field: &FieldSchema| field.ty == TypeSchema::Records;
    error.with_remark(if schema.fields.iter().any(is_put) {
        "the records may have been stored"
    } else {
        "the call may have taken effect"
    })
}

/// An attempt that failed.
struct Failure {
    error: Error,
    /// Whether the service refused the date alone, and the next attempt has another one.
    redated: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            redated: false,
        }
    }
}

impl<S: Service> Inner<S> {
    async fn attempt(
        &self,
        request: &Request,
        mut time_limit: Duration,
    ) -> Result<Response, Failure> {
        let now = self.service_time.now(&*self.clock);
        let credentials = match self.credentials.known() {
            Some(credentials) => Arc::clone(credentials),
            None => Box::pin(self.asked_for(now, &mut time_limit)).await?,
        };
        let mut request = request.clone();
        request.headers.reserve(FURTHER_HEADERS);
        self.service
            .sign(&mut request, &self.endpoint, &credentials, now)
            .map_err(|error| error.with_sent(false))?;
        request.time_limit = Some(time_limit);
        let mut response = self.transport.send(&self.endpoint, request).await?;
        self.counters.received(response.body.len());
        match self.service.open(&mut response) {
            Ok(()) if response.status.is_success() => Ok(response),
            Ok(()) => Err(self.refusal(&response, now)),
            Err(error) => Err(self.described(error, &response).into()),
        }
    }

    /// Credentials that have to be asked for within a time limit; what is left of it is for the request.
    async fn asked_for(&self, now: SystemTime, limit: &mut Duration) -> Result<Arc<Credentials>> {
        let start = self.clock.elapsed();
        let mut given = pin!(self.credentials.get(now));
        let mut end = None;
        let given = poll_fn(|context| {
            if let Poll::Ready(given) = given.as_mut().poll(context) {
                return Poll::Ready(Some(given));
            }
            let end = end.get_or_insert_with(|| self.clock.sleep(*limit));
            end.as_mut().poll(context).map(|()| None)
        });
        let given = given.await.unwrap_or_else(|| {
            let error = Error::new(ErrorKind::Timeout, "no credentials in time");
            Err(error.temporary().with_sent(false))
        })?;
        *limit = limit.saturating_sub(self.clock.elapsed().saturating_sub(start));
        Ok(given)
    }

    /// Why a reply that is not a success is none.
    #[cold]
    fn refusal(&self, response: &Response, sent: SystemTime) -> Failure {
        let status = response.status;
        if status.is_redirection() {
            let message = format!("the service answered with a redirection ({status})");
            let error = Error::new(ErrorKind::Malformed, message);
            return self.described(error, response).into();
        }
        let error = self.described(self.service.error(response), response);
        if !self.service.refuses_date(&error) {
            return error.into();
        }
        let date = response.header(DATE);
        let (error, redated) = self.service_time.explain(error, date, sent, &*self.clock);
        Failure { error, redated }
    }

    /// Adds what a reply tells about an error.
    fn described(&self, error: Error, response: &Response) -> Error {
        let error = error.with_http_status(response.status.as_u16());
        if error.request_id().is_empty() {
            error.with_request_id(self.service.request_id(response))
        } else {
            error
        }
    }

    async fn attempts(&self, context: &mut Context, request: &Request) -> Result<Response> {
        let start = self.clock.elapsed();
        let mut redated = false;
        loop {
            context.attempts += 1;
            self.counters.attempt(context.attempts, request.body.len());
            let spent = match context.attempts {
                1 => Duration::ZERO,
                _ => self.clock.elapsed().saturating_sub(start),
            };
            let remaining = self.total_timeout.saturating_sub(spent);
            context.remaining = Some(remaining);
            let outcome = self
                .attempt(request, self.attempt_timeout.min(remaining))
                .await;
            let failure = match outcome {
                Ok(response) => {
                    self.budget.give();
                    return Ok(response);
                }
                Err(failure) => failure,
            };
            let error = failure.error.with_attempts(context.attempts);
            if failure.redated && !redated {
                if context.attempts >= self.retry.max_attempts {
                    return Err(error.with_status(Status::Exhausted));
                }
                redated = true;
                continue;
            }
            let spent = self.clock.elapsed().saturating_sub(start);
            let decision = decide(
                &self.retry,
                &error,
                context.may_repeat,
                context.attempts,
                Some(self.total_timeout.saturating_sub(spent)),
                fastrand::Rng::with_seed(self.seed ^ spent.as_nanos() as u64).f64(),
            );
            match decision {
                Decision::Retry(pause) if self.budget.take() => {
                    tracing::debug!(
                        target: "hubstream::http",
                        kind = error.kind().name(),
                        code = error.code(),
                        attempts = context.attempts,
                        pause_ms = pause.as_millis() as u64,
                        "attempt failed, trying again"
                    );
                    self.clock.sleep(pause).await;
                }
                Decision::Retry(_) | Decision::Stop { exhausted: true } => {
                    return Err(error.with_status(Status::Exhausted));
                }
                Decision::Stop { exhausted: false } => return Err(error),
            }
        }
    }
}

impl<S: Service> Terminal for Inner<S> {
    fn call<'a>(
        &'a self,
        context: &'a mut Context,
        request: Request,
    ) -> BoxFuture<'a, Result<Response>> {
        Box::pin(async move { self.attempts(context, &request).await })
    }
}
