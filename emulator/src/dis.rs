//! Huawei Cloud DIS.

mod app;
mod auth;
mod body;
mod cursor;
mod error;
mod fields;
mod journal;
mod record;
mod reply;
mod route;
mod state;
mod stream;
mod turn;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, Response, StatusCode};
use hubstream::dis::proto;
use hubstream::sign::dis::Key;

use crate::builder::ServiceContext;
use crate::clock;
use crate::faults::{ErrorReply, Faultable};
use crate::http::{HttpService, Rejection};
use crate::store::{Change, StoreError};

use auth::{Door, Visitor};
use error::Error;
use fields::Fields;
use record::Put;
use reply::Reply;
use route::Route;
use state::Project;
use turn::Turn;

/// Largest body of a request, in bytes: the limit of signed requests.
const BODY_LIMIT: usize = 12 << 20;

/// The emulated service.
pub(crate) struct Dis {
    context: ServiceContext,
    projects: Mutex<BTreeMap<String, Box<Project>>>,
    secret: [u8; 32],
}

impl Dis {
    /// Starts with what the store holds.
    pub(crate) fn open(context: ServiceContext) -> Result<Self, StoreError> {
        let entries = context.store.scan()?;
        let loaded = journal::load(&entries).map_err(|reason| StoreError::Unreadable {
            path: "of DIS".to_owned(),
            reason,
        })?;
        let secret = loaded
            .secret
            .unwrap_or_else(|| std::array::from_fn(|_| fastrand::u8(..)));
        if loaded.secret.is_none() {
            context.store.submit(vec![journal::put_secret(secret)]);
        }
        Ok(Self {
            context,
            projects: Mutex::new(loaded.projects),
            secret,
        })
    }

    /// Forgets all state.
    pub(crate) fn reset(&self) {
        let mut projects = self.projects();
        projects.clear();
        self.context
            .store
            .submit(vec![Change::Clear, journal::put_secret(self.secret)]);
    }

    fn projects(&self) -> MutexGuard<'_, BTreeMap<String, Box<Project>>> {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request; what it changes is handed to the store, but perhaps not written yet.
    fn answer(&self, request: &Request<Bytes>) -> Result<Reply, Error> {
        let now = self.context.clock.now_ms();
        let pairs = route::query_pairs(request.uri().query().unwrap_or_default())?;
        self.check(request, &pairs)?;
        let (project_id, route) = route::find(request.method(), request.uri().path())?;
        let body = body::decode(request.headers(), request.body())?;
        let call = Call::read(route, &body, pairs, is_protobuf(request.headers()))?;
        let mut projects = self.projects();
        let mut turn = Turn {
            project: projects.entry(project_id.clone()).or_default(),
            project_id: &project_id,
            now,
            limits: self.context.limits,
            secret: &self.secret,
            changes: Vec::new(),
            durable: self.context.store.is_durable(),
        };
        turn.trim();
        let reply = call.run(&mut turn);
        let Turn {
            project, changes, ..
        } = turn;
        let empty = project.streams.is_empty() && project.apps.is_empty();
        self.context.store.submit(changes);
        if empty {
            projects.remove(&project_id);
        }
        reply
    }

    fn check(&self, request: &Request<Bytes>, query: &[(String, String)]) -> Result<(), Error> {
        if self.context.no_auth {
            return Ok(());
        }
        let door = Door {
            key: Key {
                access: &self.context.access_id,
                secret: &self.context.access_key,
            },
            token: &self.context.access_key,
            now_ms: clock::machine_ms(),
            strict: self.context.limits.dates(),
        };
        door.check(&Visitor {
            method: request.method(),
            path: request.uri().path(),
            query,
            headers: request.headers(),
            body: request.body(),
        })
    }
}

/// A request whose arguments have been read.
enum Call {
    Put(Put),
    Other {
        route: Route,
        query: Fields,
        body: Fields,
        protobuf: bool,
    },
}

impl Call {
    fn read(
        route: Route,
        body: &Bytes,
        query: Vec<(String, String)>,
        protobuf: bool,
    ) -> Result<Self, Error> {
        let body = match route {
            Route::PutRecords => return Put::parse(body, protobuf).map(Self::Put),
            Route::CreateStream
            | Route::UpdateStream(_)
            | Route::CreateApp
            | Route::CommitCheckpoint => Fields::from_json(body)?,
            _ => Fields::default(),
        };
        Ok(Self::Other {
            route,
            query: Fields::from_query(query),
            body,
            protobuf,
        })
    }

    fn run(self, turn: &mut Turn<'_>) -> Result<Reply, Error> {
        let (route, query, body, protobuf) = match self {
            Self::Put(put) => return put.run(turn),
            Self::Other {
                route,
                query,
                body,
                protobuf,
            } => (route, query, body, protobuf),
        };
        match route {
            Route::PutRecords => Err(Error::internal()),
            Route::CreateStream => stream::create(turn, &body),
            Route::ListStreams => stream::list(turn, &query),
            Route::ShowStream(name) => stream::show(turn, &name, &query),
            Route::UpdateStream(name) => stream::update(turn, &name, &body),
            Route::DeleteStream(name) => stream::delete(turn, &name),
            Route::GetRecords => record::get(turn, &query, protobuf),
            Route::GetCursor => cursor::show(turn.project, &query, turn.now, turn.secret),
            Route::CreateApp => app::create(turn, &body),
            Route::ListApps => app::list(turn, &query),
            Route::ShowApp(name) => app::show(turn, &name),
            Route::DeleteApp(name) => app::delete(turn, &name),
            Route::ConsumerState(app, stream) => app::consumer_state(turn, &app, &stream, &query),
            Route::CommitCheckpoint => app::commit_checkpoint(turn, &body),
            Route::ShowCheckpoint => app::show_checkpoint(turn, &query),
            Route::DeleteCheckpoint => app::delete_checkpoint(turn, &query),
        }
    }
}

fn is_protobuf(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case(proto::CONTENT_TYPE))
}

fn request_id() -> String {
    format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..))
}

impl HttpService for Dis {
    fn body_limit(&self) -> usize {
        BODY_LIMIT
    }

    async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let answer = self.answer(&request);
        let reply = match self.context.store.flushed().await {
            Ok(()) => answer.unwrap_or_else(|error| error.reply()),
            Err(_) => Error::internal().reply(),
        };
        reply.into_response(&request_id())
    }

    fn reject(&self, rejection: Rejection) -> Response<Bytes> {
        let (status, code, message) = match rejection {
            Rejection::BodyTooLarge(_) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "DIS.4200",
                "The request is too large.",
            ),
            Rejection::BodyIncomplete => (
                StatusCode::BAD_REQUEST,
                "DIS.4200",
                "The request is incomplete.",
            ),
            Rejection::Timeout => (
                StatusCode::REQUEST_TIMEOUT,
                "DIS.4200",
                "The request took too long.",
            ),
            Rejection::Malformed(status) => (status, "DIS.4200", "The request is malformed."),
            Rejection::Panicked => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "DIS.5000",
                "System error.",
            ),
        };
        Error::new(code, message)
            .with_status(status)
            .reply()
            .into_response(&request_id())
    }
}

impl Faultable for Dis {
    const NAME: &'static str = "dis";

    fn operations(&self, request: &Request<Bytes>) -> &'static [&'static str] {
        route::find(request.method(), request.uri().path())
            .map_or(&[], |(_, route)| route.operations())
    }

    fn throttled(&self) -> Response<Bytes> {
        Error::throttled().reply().into_response(&request_id())
    }

    fn failure(&self, error: &ErrorReply) -> Response<Bytes> {
        error::reply(error.status(), &error.code, &error.message).into_response(&request_id())
    }
}
