//! Faults of the emulator.

use hubstream_emulator::faults;

/// What goes wrong for some requests to the emulator.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct Fault {
    /// Name of an operation, as in `PutRecords`, or `*` for every request.
    pub operation: String,
    /// What happens.
    pub effect: FaultEffect,
    /// `datahub` or `dis`; absent for both.
    #[uniffi(default = None)]
    pub service: Option<String>,
    /// How often it happens at most; absent for no limit.
    #[uniffi(default = None)]
    pub count: Option<u64>,
    /// How likely it happens to a request that fits, from 0 to 1.
    #[uniffi(default = 1.0)]
    pub probability: f64,
    /// Whether it happens before or after the service handles the request. Absent: replies that are
    /// lost, cut off or damaged are so after, all else happens before.
    #[uniffi(default = None)]
    pub moment: Option<FaultMoment>,
    /// Seconds that a reply of throttling or of a failure asks to wait, up to one day; absent for a
    /// reply that does not say.
    #[uniffi(default = None)]
    pub retry_after_seconds: Option<u64>,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq, uniffi::Enum)]
pub enum FaultEffect {
    /// The reply takes longer, up to one hour.
    Latency {
        /// By how much.
        milliseconds: u64,
    },
    /// The reply is an error in the form of the service.
    Failure {
        /// The HTTP status, 400 to 599.
        status: u16,
        /// The service's error code.
        code: String,
        /// What the error says; may be empty.
        message: String,
    },
    /// The reply is the service's own for too many requests; the request is not handled.
    Throttle,
    /// The connection is closed without a reply.
    Drop,
    /// The connection is closed after half of the reply.
    Half,
    /// The checksum of a reply in a binary frame is wrong. Other replies stay as they are.
    CorruptCrc,
    /// The service sees the time later, or earlier if negative.
    ClockSkew {
        /// By how much.
        seconds: i64,
    },
}

/// Where a fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum FaultMoment {
    /// Before the request is handled: it leaves no trace unless it is handled afterwards.
    Before,
    /// After the request was handled: what it changed stays.
    After,
}

/// A fault that is set, with how often it happened.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct StruckFault {
    /// The fault.
    pub fault: Fault,
    /// How many requests it happened to.
    pub struck: u64,
}

impl From<Fault> for faults::Fault {
    fn from(fault: Fault) -> Self {
        let mut own = Self::new(fault.operation, fault.effect.into());
        own.service = fault.service;
        own.count = fault.count;
        own.probability = fault.probability;
        own.when = fault.moment.map(|moment| match moment {
            FaultMoment::Before => faults::When::Before,
            FaultMoment::After => faults::When::After,
        });
        own.retry_after_seconds = fault.retry_after_seconds;
        own
    }
}

impl From<faults::StruckFault> for StruckFault {
    fn from(struck: faults::StruckFault) -> Self {
        let fault = struck.fault;
        Self {
            fault: Fault {
                operation: fault.operation,
                effect: fault.effect.into(),
                service: fault.service,
                count: fault.count,
                probability: fault.probability,
                moment: fault.when.map(|when| match when {
                    faults::When::Before => FaultMoment::Before,
                    faults::When::After => FaultMoment::After,
                }),
                retry_after_seconds: fault.retry_after_seconds,
            },
            struck: struck.struck,
        }
    }
}

impl From<FaultEffect> for faults::Effect {
    fn from(effect: FaultEffect) -> Self {
        match effect {
            FaultEffect::Latency { milliseconds } => Self::Latency(milliseconds),
            FaultEffect::Failure {
                status,
                code,
                message,
            } => Self::Error(faults::ErrorReply {
                status,
                code,
                message,
            }),
            FaultEffect::Throttle => Self::Throttle,
            FaultEffect::Drop => Self::Drop,
            FaultEffect::Half => Self::Half,
            FaultEffect::CorruptCrc => Self::CorruptCrc,
            FaultEffect::ClockSkew { seconds } => Self::ClockSkew(seconds),
        }
    }
}

impl From<faults::Effect> for FaultEffect {
    fn from(effect: faults::Effect) -> Self {
        match effect {
            faults::Effect::Latency(milliseconds) => Self::Latency { milliseconds },
            faults::Effect::Error(error) => Self::Failure {
                status: error.status,
                code: error.code,
                message: error.message,
            },
            faults::Effect::Throttle => Self::Throttle,
            faults::Effect::Drop => Self::Drop,
            faults::Effect::Half => Self::Half,
            faults::Effect::CorruptCrc => Self::CorruptCrc,
            faults::Effect::ClockSkew(seconds) => Self::ClockSkew { seconds },
        }
    }
}
