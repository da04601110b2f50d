//! Every kind of operation meets every kind of fault: what the caller is told, how many attempts that took, and how
//! often the service did what was asked for.

use std::sync::Arc;
use std::time::Duration;

use hubstream::error::{Error, ErrorKind, Status};
use hubstream_emulator::faults::{Effect, ErrorReply, Fault, FaultPlan, When};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::fault_places::{Place, client, leaves_a_trace};

/// Cells that run at the same time; each has an emulator of its own.
const AT_ONCE: usize = 24;
/// No cell takes nearly as long: one that does hangs.
const HANGS: Duration = Duration::from_secs(120);
/// How long an answer is awaited where it does not come, in seconds.
const PATIENCE: &str = "1.5";

/// An operation that stands for all that are handled alike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) service: &'static str,
    /// Its name in calls, and in faults.
    pub(crate) call: &'static str,
    operation: &'static str,
    pub(crate) settings: &'static [(&'static str, &'static str)],
    /// Whether it may be repeated whatever happened.
    idempotent: bool,
    pub(crate) is_put: bool,
    /// Whether its reply has a checksum.
    framed: bool,
}

const fn kind(service: &'static str, call: &'static str, operation: &'static str) -> Kind {
    Kind {
        service,
        call,
        operation,
        settings: &[],
        idempotent: false,
        is_put: false,
        framed: false,
    }
}

impl Kind {
    const fn reads(mut self) -> Self {
        self.idempotent = true;
        self
    }

    const fn puts(mut self) -> Self {
        self.is_put = true;
        self
    }

    const fn framed(mut self) -> Self {
        self.framed = true;
        self
    }

    const fn with(mut self, settings: &'static [(&'static str, &'static str)]) -> Self {
        self.settings = settings;
        self
    }
}

const JSON: &[(&str, &str)] = &[("protocol", "json")];
const PROTOBUF: &[(&str, &str)] = &[("protocol", "protobuf")];
const BATCH_0: &[(&str, &str)] = &[("protocol", "batch"), ("batch_version", "0")];
const BATCH_1: &[(&str, &str)] = &[("protocol", "batch")];

const KINDS: &[Kind] = &[
    kind("datahub", "list_project", "ListProject").reads(),
    kind("datahub", "create_project", "CreateProject"),
    kind("datahub", "get_cursor", "GetCursor").reads(),
    kind("datahub", "put_records", "PutRecords")
        .with(JSON)
        .puts(),
    kind("datahub", "put_records", "PutRecords")
        .with(PROTOBUF)
        .puts()
        .framed(),
    kind("datahub", "put_records_by_shard", "PutRecordsByShard")
        .with(PROTOBUF)
        .puts()
        .framed(),
    kind("datahub", "put_records_by_shard", "PutRecordsByShard")
        .with(BATCH_0)
        .puts()
        .framed(),
    kind("datahub", "put_records_by_shard", "PutRecordsByShard")
        .with(BATCH_1)
        .puts()
        .framed(),
    kind("datahub", "get_blob_records", "GetBlobRecords")
        .with(JSON)
        .reads(),
    kind("datahub", "get_blob_records", "GetBlobRecords")
        .with(PROTOBUF)
        .reads()
        .framed(),
    kind("datahub", "get_blob_records", "GetBlobRecords")
        .with(BATCH_1)
        .reads()
        .framed(),
    kind(
        "datahub",
        "init_and_get_subscription_offset",
        "InitAndGetSubscriptionOffset",
    ),
    kind(
        "datahub",
        "update_subscription_offset",
        "UpdateSubscriptionOffset",
    )
    .reads(),
    kind("datahub", "join_group", "JoinGroup"),
    kind("dis", "list_streams", "ListStreams").reads(),
    kind("dis", "create_app", "CreateApp"),
    kind("dis", "put_records", "PutRecords").puts(),
    kind("dis", "get_records", "GetRecords").reads(),
    kind("dis", "commit_checkpoint", "CommitCheckpoint").reads(),
];

/// What happens to the first attempt.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    Nothing,
    Latency(When),
    Failure(When),
    Refusal,
    Throttle,
    Drop(When),
    Half(When),
    /// The answer does not come in time.
    Silence(When),
    CorruptCrc,
    /// The clock of the service is an hour fast, or slow, for every attempt.
    Skew(i64),
    /// It is so for the first attempt only: the second is dated wrongly.
    SkewOnce,
}

use Trouble::{
    CorruptCrc, Drop, Failure, Half, Latency, Nothing, Refusal, Silence, Skew, SkewOnce, Throttle,
};
use When::{After, Before};

const TROUBLES: &[Trouble] = &[
    Nothing,
    Latency(Before),
    Latency(After),
    Failure(Before),
    Failure(After),
    Refusal,
    Throttle,
    Drop(Before),
    Drop(After),
    Half(Before),
    Half(After),
    Silence(Before),
    Silence(After),
    CorruptCrc,
    Skew(3600),
    Skew(-3600),
    SkewOnce,
];

impl Trouble {
    fn fault(self, kind: Kind) -> Option<Fault> {
        let error = |status, code: &str| {
            Effect::Error(ErrorReply {
                status,
                code: code.to_owned(),
                message: "a fault".to_owned(),
            })
        };
        let is_dis = kind.service == "dis";
        let (effect, when) = match self {
            Nothing => return None,
            Latency(when) => (Effect::Latency(20), Some(when)),
            Silence(when) => (Effect::Latency(3_600_000), Some(when)),
            Failure(when) if is_dis => (error(500, "DIS.5000"), Some(when)),
            Failure(when) => (error(500, "InternalServerError"), Some(when)),
            Refusal if is_dis => (error(400, "DIS.4200"), None),
            Refusal => (error(400, "InvalidParameter"), None),
            Throttle => (Effect::Throttle, None),
            Drop(when) => (Effect::Drop, Some(when)),
            Half(when) => (Effect::Half, Some(when)),
            CorruptCrc => (Effect::CorruptCrc, None),
            Skew(seconds) => (Effect::ClockSkew(seconds), None),
            SkewOnce => (Effect::ClockSkew(3600), None),
        };
        let mut fault = Fault::new(kind.operation, effect);
        fault.when = when;
        fault.count = (!matches!(self, Skew(_))).then_some(1);
        Some(fault)
    }
}

/// What must come of a cell.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    error: Option<ErrorKind>,
    attempts: u64,
    /// How often the service did it; `None` where that leaves no trace.
    done: Option<usize>,
}

/// The rules of the documentation, as a table.
fn expected(kind: Kind, trouble: Trouble, at_least_once: bool) -> Outcome {
    let outcome = |error, attempts, done: usize| Outcome {
        error,
        attempts,
        done: leaves_a_trace(kind).then_some(done),
    };
    let (error, carried_out) = match trouble {
        Nothing | Latency(_) => return outcome(None, 1, 1),
        CorruptCrc if !kind.framed => return outcome(None, 1, 1),
        Refusal => return outcome(Some(ErrorKind::InvalidArgument), 1, 0),
        // Its cursor is good for some minutes, which are over where the clock is fast.
        Skew(1..) if kind.call == "get_records" => {
            return outcome(Some(ErrorKind::PositionLost), 2, 0);
        }
        Throttle | Skew(_) => return outcome(None, 2, 1),
        SkewOnce => return outcome(Some(ErrorKind::Unauthenticated), 2, 0),
        Failure(when) => (ErrorKind::Unavailable, when == After),
        Drop(when) | Half(when) => (ErrorKind::Connection, when == After),
        Silence(when) => (ErrorKind::Timeout, when == After),
        CorruptCrc => (ErrorKind::Malformed, true),
    };
    if kind.idempotent {
        return outcome(None, 2, 1);
    }
    if kind.is_put && at_least_once {
        return outcome(None, 2, 1 + usize::from(carried_out));
    }
    outcome(Some(error), 1, usize::from(carried_out))
}

/// Says what is wrong with what the caller was told, beside the kind.
fn told(kind: Kind, trouble: Trouble, error: &Error) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{what}: {error:?}"));
    if (error.service(), error.operation()) != (kind.service, kind.operation) {
        return wrong("another operation");
    }
    let is_unknown = matches!(
        trouble,
        Failure(_) | Drop(_) | Half(_) | Silence(_) | CorruptCrc
    );
    let hint = if kind.is_put {
        "the records may have been stored"
    } else {
        "the call may have taken effect"
    };
    if is_unknown != error.message().contains(hint) {
        return wrong("says nothing of what may have happened, or too much");
    }
    let status = match trouble {
        Refusal | Skew(_) | SkewOnce => Status::Permanent,
        _ => Status::Temporary,
    };
    if error.status() != status || !error.was_sent() {
        return wrong("another status");
    }
    Ok(())
}

async fn cell(kind: Kind, trouble: Trouble, at_least_once: bool) -> Result<(), String> {
    let place = Place::start(kind).await;
    let mut settings = vec![(
        "at_least_once",
        if at_least_once { "true" } else { "false" },
    )];
    if matches!(trouble, Silence(_)) {
        settings.push(("attempt_timeout", PATIENCE));
    }
    let client = client(&place.emulator, kind, &settings);
    let plan = FaultPlan::new(trouble.fault(kind));
    place.emulator.set_faults(plan).expect("a plan");
    let outcome = client.call(kind.call, place.arguments.clone()).await;
    let found_attempts = client.stats().attempts;
    place.emulator.clear_faults();
    let found = Outcome {
        error: outcome.as_ref().err().map(Error::kind),
        attempts: found_attempts,
        done: if leaves_a_trace(kind) {
            Some(place.done().await)
        } else {
            None
        },
    };
    let expected = expected(kind, trouble, at_least_once);
    if found != expected {
        return Err(format!(
            "expected {expected:?}, found {found:?}: {outcome:?}"
        ));
    }
    if let Err(error) = &outcome {
        told(kind, trouble, error)?;
        if u64::from(error.attempts()) != found_attempts {
            return Err(format!("the error counts otherwise: {error:?}"));
        }
    }
    // Whatever happened, the client goes on.
    match client.call(kind.call, place.arguments.clone()).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(format!("the next call fails: {error:?}")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_with_every_fault() {
    let mut cells = JoinSet::new();
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    for kind in KINDS {
        for trouble in TROUBLES {
            for at_least_once in [false, true] {
                if at_least_once && !kind.is_put {
                    continue;
                }
                let turns = Arc::clone(&turns);
                cells.spawn(async move {
                    let _turn = turns.acquire().await.expect("a turn");
                    let run = cell(*kind, *trouble, at_least_once);
                    let found = tokio::time::timeout(HANGS, run).await;
                    let found = found.unwrap_or_else(|_| Err("hangs".to_owned()));
                    let name = format!(
                        "{} {:?} {trouble:?} at_least_once={at_least_once}",
                        kind.call, kind.settings
                    );
                    found.map_err(|problem| format!("{name}: {problem}"))
                });
            }
        }
    }
    let found = cells.join_all().await;
    let wrong: Vec<_> = found
        .iter()
        .filter_map(|cell| cell.as_ref().err())
        .cloned()
        .collect();
    assert!(found.len() > 400, "only {} cells", found.len());
    assert!(
        wrong.is_empty(),
        "{} of {} cells:\n{}",
        wrong.len(),
        found.len(),
        wrong.join("\n")
    );
}
