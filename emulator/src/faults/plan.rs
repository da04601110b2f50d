//! What faults are to happen.

use http::StatusCode;
use hubstream::connect;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Longest latency: one hour, in milliseconds.
const MAX_LATENCY_MS: u64 = 3_600_000;
/// Largest skew of the clock, either way: 100 years, in seconds.
const MAX_SKEW_SECONDS: i64 = 100 * 366 * 86_400;
/// Longest wait that a reply asks for: one day, in seconds.
const MAX_RETRY_AFTER_SECONDS: u64 = 86_400;

/// The faults to happen from now on.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FaultPlan {
    /// What decides on faults with a probability: the same seed with the same requests gives the same faults.
    pub seed: u64,
    /// The faults, in the order in which they are tried on a request.
    pub faults: Vec<Fault>,
}

/// One fault: to which requests it happens, what, and how often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The service, `datahub` or `dis`; every service if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The operation under its name in the client, as in `PutRecords`, or `*` for every request.
    pub operation: String,
    /// What happens.
    pub effect: Effect,
    /// How often it happens at most; without limit if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How likely it happens to a request, from 0 to 1; 1 by default.
    #[serde(default = "certain")]
    pub probability: f64,
    /// Whether it happens before or after the service handles the request. Replies that are lost, cut off or damaged
    /// are by default, all else is before; a latency and an error may be either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// Seconds that a reply of throttling or of an error asks to wait, in the header Retry-After, up to one day; no
    /// such header if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Effect {
    /// The reply takes this many milliseconds longer, up to one hour.
    Latency(u64),
    /// The reply is this error.
    Error(ErrorReply),
    /// The reply is the service's own for too many requests; the request is not handled.
    Throttle,
    /// The connection is closed without a reply.
    Drop,
    /// The connection is closed after half of the reply.
    Half,
    /// The checksum of a reply in a binary frame is wrong. Other replies stay as they are.
    CorruptCrc,
    /// The service sees the time this many seconds later, or earlier if negative.
    ClockSkew(i64),
}

/// An error in the form of the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorReply {
    /// The HTTP status, 400 to 599.
    pub status: u16,
    /// The service's error code.
    pub code: String,
    /// What the error says; empty by default.
    #[serde(default)]
    pub message: String,
}

/// Where a fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Before the request is handled: it leaves no trace unless it is handled afterwards.
    Before,
    /// After the request was handled: what it changed stays.
    After,
}

/// A fault that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct InvalidFault {
    /// The member that is wrong, as in `faults[0].operation`.
    pub place: String,
    /// What is wrong with it.
    pub reason: String,
}

fn certain() -> f64 {
    1.0
}

impl Fault {
    /// A fault that happens to every request of an operation of any service; `*` is every operation.
    pub fn new(operation: impl Into<String>, effect: Effect) -> Self {
        Self {
            service: None,
            operation: operation.into(),
            effect,
            count: None,
            probability: certain(),
            when: None,
            retry_after_seconds: None,
        }
    }

    /// Where the fault happens, the default of its effect included.
    pub(super) fn place(&self) -> When {
        self.when.unwrap_or(match self.effect {
            Effect::Drop | Effect::Half | Effect::CorruptCrc => When::After,
            _ => When::Before,
        })
    }

    fn check(&self) -> Result<(), (&'static str, String)> {
        let services: Vec<_> = match &self.service {
            None => connect::SERVICES.iter().collect(),
            Some(name) => match connect::service(name) {
                Ok(service) => vec![service],
                Err(_) => return Err(("service", "must be datahub or dis".to_owned())),
            },
        };
        let known = services
            .iter()
            .flat_map(|service| service.operations)
            .any(|operation| operation.name == self.operation && !operation.http.is_empty());
        if self.operation != "*" && !known {
            let reason = format!(
                "there is no operation `{}` with a request of its own",
                self.operation
            );
            return Err(("operation", reason));
        }
        if !(0.0..=1.0).contains(&self.probability) {
            return Err(("probability", "must be between 0 and 1".to_owned()));
        }
        if self.count == Some(0) {
            return Err(("count", "must be at least 1".to_owned()));
        }
        self.effect.check().map_err(|reason| ("effect", reason))?;
        self.check_retry_after()?;
        match (&self.effect, self.when) {
            (Effect::Throttle | Effect::ClockSkew(_), Some(When::After)) => {
                Err(("when", "this effect can only be before".to_owned()))
            }
            (Effect::CorruptCrc, Some(When::Before)) => {
                Err(("when", "this effect can only be after".to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn check_retry_after(&self) -> Result<(), (&'static str, String)> {
        let Some(seconds) = self.retry_after_seconds else {
            return Ok(());
        };
        let reason = match self.effect {
            Effect::Throttle | Effect::Error(_) if seconds <= MAX_RETRY_AFTER_SECONDS => {
                return Ok(());
            }
            Effect::Throttle | Effect::Error(_) => {
                format!("must be at most {MAX_RETRY_AFTER_SECONDS}")
            }
            _ => "only goes with throttle and error".to_owned(),
        };
        Err(("retry_after_seconds", reason))
    }
}

impl Effect {
    fn check(&self) -> Result<(), String> {
        match self {
            Self::Latency(ms) if *ms > MAX_LATENCY_MS => {
                Err(format!("latency_ms must be at most {MAX_LATENCY_MS}"))
            }
            Self::ClockSkew(seconds)
                if seconds.unsigned_abs() > MAX_SKEW_SECONDS.unsigned_abs() =>
            {
                Err(format!(
                    "clock_skew_seconds must be between -{MAX_SKEW_SECONDS} and {MAX_SKEW_SECONDS}"
                ))
            }
            Self::Error(error) if !(400..=599).contains(&error.status) => {
                Err("the status of an error must be between 400 and 599".to_owned())
            }
            _ => Ok(()),
        }
    }
}

impl ErrorReply {
    pub(crate) fn status(&self) -> StatusCode {
        // The status was checked when the fault was set.
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Effect> for Value {
    fn from(effect: Effect) -> Self {
        let (name, value) = match effect {
            Effect::Drop => return "drop".into(),
            Effect::Half => return "half".into(),
            Effect::CorruptCrc => return "corrupt_crc".into(),
            Effect::Throttle => ("throttle", true.into()),
            Effect::Latency(ms) => ("latency_ms", ms.into()),
            Effect::ClockSkew(seconds) => ("clock_skew_seconds", seconds.into()),
            Effect::Error(error) => (
                "error",
                serde_json::json!({"status": error.status, "code": error.code, "message": error.message}),
            ),
        };
        Self::Object(Map::from_iter([(name.to_owned(), value)]))
    }
}

impl TryFrom<Value> for Effect {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        const KNOWN: &str = "must be \"drop\", \"half\", \"corrupt_crc\", or an object with one of latency_ms, \
                             error, throttle and clock_skew_seconds";
        let members = match value {
            Value::String(name) => {
                return match name.as_str() {
                    "drop" => Ok(Self::Drop),
                    "half" => Ok(Self::Half),
                    "corrupt_crc" => Ok(Self::CorruptCrc),
                    _ => Err(KNOWN.to_owned()),
                };
            }
            Value::Object(members) if members.len() == 1 => members,
            _ => return Err(KNOWN.to_owned()),
        };
        let (name, value) = members.into_iter().next().ok_or(KNOWN)?;
        let read = |wanted: &str| format!("{name} must be {wanted}");
        match name.as_str() {
            "latency_ms" => value
                .as_u64()
                .map(Self::Latency)
                .ok_or_else(|| read("a number of milliseconds")),
            "clock_skew_seconds" => value
                .as_i64()
                .map(Self::ClockSkew)
                .ok_or_else(|| read("a number of seconds")),
            "throttle" if value == true => Ok(Self::Throttle),
            "throttle" => Err(read("true")),
            "error" => serde_json::from_value(value)
                .map(Self::Error)
                .map_err(|error| format!("error: {error}")),
            _ => Err(KNOWN.to_owned()),
        }
    }
}

impl FaultPlan {
    /// A plan of these faults with the seed 0.
    pub fn new(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self {
            seed: 0,
            faults: faults.into_iter().collect(),
        }
    }

    /// Reads a plan from JSON; a missing seed is 0.
    pub fn from_json(text: &[u8]) -> Result<Self, InvalidFault> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Body {
            #[serde(default)]
            seed: u64,
            faults: Vec<Value>,
        }
        let body: Body = serde_json::from_slice(text).map_err(|error| InvalidFault {
            place: "body".to_owned(),
            reason: error.to_string(),
        })?;
        let faults = body.faults.into_iter().enumerate().map(|(index, value)| {
            serde_json::from_value(value).map_err(|error| InvalidFault {
                place: format!("faults[{index}]"),
                reason: error.to_string(),
            })
        });
        let plan = Self {
            seed: body.seed,
            faults: faults.collect::<Result<_, _>>()?,
        };
        plan.check()?;
        Ok(plan)
    }

    /// Says what is wrong with the first fault that cannot be.
    pub(super) fn check(&self) -> Result<(), InvalidFault> {
        for (index, fault) in self.faults.iter().enumerate() {
            fault.check().map_err(|(member, reason)| InvalidFault {
                place: format!("faults[{index}].{member}"),
                reason,
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn place(fault: &Value) -> String {
        let body = json!({"faults": [{"operation": "*", "effect": "drop"}, fault]});
        FaultPlan::from_json(body.to_string().as_bytes())
            .expect_err("invalid")
            .to_string()
    }

    #[test]
    fn every_effect_is_read_back() {
        let effects = [
            (json!({"latency_ms": 5}), Effect::Latency(5)),
            (json!({"throttle": true}), Effect::Throttle),
            (json!("drop"), Effect::Drop),
            (json!("half"), Effect::Half),
            (json!("corrupt_crc"), Effect::CorruptCrc),
            (json!({"clock_skew_seconds": -9}), Effect::ClockSkew(-9)),
        ];
        for (text, effect) in effects {
            let body = json!({"seed": 7, "faults": [{"operation": "GetCursor", "effect": text}]});
            let plan = FaultPlan::from_json(body.to_string().as_bytes()).expect("a plan");
            assert_eq!((plan.seed, &plan.faults[0].effect), (7, &effect));
            assert_eq!(Value::from(effect), text);
        }
        let body = json!({"faults": [{"operation": "*", "effect": {"error": {"status": 503, "code": "C"}}}]});
        let plan = FaultPlan::from_json(body.to_string().as_bytes()).expect("a plan");
        let error = ErrorReply {
            status: 503,
            code: "C".to_owned(),
            message: String::new(),
        };
        assert_eq!(
            plan,
            FaultPlan::new([Fault::new("*", Effect::Error(error))])
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (fault, said) in [
            (
                json!({"operation": "PutRecord", "effect": "drop"}),
                "faults[1].operation: there is no operation `PutRecord`",
            ),
            (
                json!({"operation": "WaitShardsReady", "effect": "drop"}),
                "faults[1].operation",
            ),
            (
                json!({"operation": "GetRecords", "service": "datahub", "effect": "drop"}),
                "faults[1].operation",
            ),
            (
                json!({"operation": "*", "service": "kafka", "effect": "drop"}),
                "faults[1].service",
            ),
            (
                json!({"operation": "*", "effect": "drop", "probability": 1.5}),
                "faults[1].probability",
            ),
            (
                json!({"operation": "*", "effect": "drop", "count": 0}),
                "faults[1].count",
            ),
            (
                json!({"operation": "*", "effect": "drop", "count": -1}),
                "faults[1]: ",
            ),
            (
                json!({"operation": "*", "effect": "explode"}),
                "faults[1]: must be \"drop\"",
            ),
            (
                json!({"operation": "*", "effect": {"throttle": false}}),
                "faults[1]: throttle must be true",
            ),
            (
                json!({"operation": "*", "effect": {"latency_ms": 3_600_001}}),
                "faults[1].effect: latency_ms",
            ),
            (
                json!({"operation": "*", "effect": {"clock_skew_seconds": i64::MIN}}),
                "faults[1].effect: clock_skew",
            ),
            (
                json!({"operation": "*", "effect": {"error": {"status": 200, "code": ""}}}),
                "faults[1].effect: the status",
            ),
            (
                json!({"operation": "*", "effect": {"throttle": true}, "when": "after"}),
                "faults[1].when",
            ),
            (
                json!({"operation": "*", "effect": "corrupt_crc", "when": "before"}),
                "faults[1].when",
            ),
            (
                json!({"operation": "*", "effect": "drop", "retry_after_seconds": 1}),
                "faults[1].retry_after_seconds: only",
            ),
            (
                json!({"operation": "*", "effect": {"throttle": true}, "retry_after_seconds": 86_401}),
                "faults[1].retry_after_seconds: must be at most 86400",
            ),
            (
                json!({"operation": "*", "effect": "drop", "often": 1}),
                "faults[1]: unknown field `often`",
            ),
            (
                json!({"effect": "drop"}),
                "faults[1]: missing field `operation`",
            ),
        ] {
            let error = place(&fault);
            assert!(error.starts_with(said), "{fault}: {error}");
        }
        assert!(FaultPlan::from_json(b"[").expect_err("no JSON").place == "body");
    }
}
