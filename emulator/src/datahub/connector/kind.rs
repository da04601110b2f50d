//! Where connectors copy to, and which settings they have for that.

use serde::{Deserialize, Serialize};

use Form::{AsSent, Flag, List, Number, Pairs, Parser, Text, Word};

/// The type of a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::datahub) enum Kind {
    Odps,
    Ads,
    Es,
    Fc,
    Mysql,
    Oss,
    Ots,
    Hologres,
    Datahub,
    /// Copies into the topic.
    SourceDts,
}

/// How a setting is written.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Text,
    /// One of these words, in any case.
    Word(&'static [&'static str]),
    /// A number above zero.
    Number,
    Flag,
    /// A list of texts.
    List,
    /// Keys and values in order.
    Pairs,
    /// How to read the bytes of a blob: an object, whose own settings replies put into an object of their own.
    Parser,
    /// A scalar, for which clients differ about the type.
    AsSent,
}

/// A setting that has a meaning.
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) form: Form,
    pub(super) need: Need,
}

/// What happens if a setting is missing.
#[derive(Clone, Copy)]
pub(super) enum Need {
    Required,
    Optional,
    /// Replies carry this value then, because clients expect one.
    Default(&'static str),
}

const fn required(name: &'static str, form: Form) -> Setting {
    Setting {
        name,
        form,
        need: Need::Required,
    }
}

const fn optional(name: &'static str, form: Form) -> Setting {
    Setting {
        name,
        form,
        need: Need::Optional,
    }
}

const fn default(name: &'static str, form: Form, value: &'static str) -> Setting {
    Setting {
        name,
        form,
        need: Need::Default(value),
    }
}

const UNITS: Form = Word(&["MICROSECOND", "MILLISECOND", "SECOND"]);
const AUTH: Setting = required("AuthMode", Word(&["ak", "sts"]));
const UNIT: Setting = optional("TimestampUnit", UNITS);

/// Minutes of a window for which none is given, the default of the official clients.
const TIME_RANGE: Setting = default("TimeRange", Number, "15");

const ODPS: &[Setting] = &[
    required("Project", Text),
    required("Table", Text),
    required(
        "PartitionMode",
        Word(&["USER_DEFINE", "SYSTEM_TIME", "EVENT_TIME", "META_TIME"]),
    ),
    TIME_RANGE,
    optional("PartitionConfig", Pairs),
    optional("Base64Encode", AsSent),
    optional("BinaryParserConfig", Parser),
    UNIT,
];

const DATABASE: &[Setting] = &[
    required("Host", Text),
    required("Port", Number),
    required("Database", Text),
    required("Table", Text),
    optional("Ignore", Flag),
    UNIT,
];

const ES: &[Setting] = &[
    required("Index", Text),
    required("Endpoint", Text),
    default("IDFields", List, "[]"),
    default("TypeFields", List, "[]"),
    optional("RouterFields", List),
    optional("ProxyMode", Flag),
    UNIT,
];

const FC: &[Setting] = &[
    required("Endpoint", Text),
    required("Service", Text),
    required("Function", Text),
    AUTH,
    optional("InvokeType", Word(&["sync", "async"])),
    UNIT,
];

const OSS: &[Setting] = &[
    required("Endpoint", Text),
    required("Bucket", Text),
    TIME_RANGE,
    AUTH,
    optional("MaxFileSize", AsSent),
    UNIT,
];

const OTS: &[Setting] = &[
    required("Endpoint", Text),
    required("InstanceName", Text),
    required("TableName", Text),
    AUTH,
    default("WriteMode", Word(&["PUT", "UPDATE"]), "PUT"),
    UNIT,
];

const HOLOGRES: &[Setting] = &[
    required("Endpoint", Text),
    required("Project", Text),
    required("Topic", Text),
    required("InstanceId", Text),
    AUTH,
    optional("BinaryParserConfig", Parser),
    default("TimestampUnit", UNITS, "MICROSECOND"),
];

const DTS: &[Setting] = &[
    required("Endpoint", Text),
    required("Topic", Text),
    required("SubId", Text),
    default("IDFields", List, "[]"),
    UNIT,
];

const DATAHUB: &[Setting] = &[
    required("Endpoint", Text),
    required("Project", Text),
    required("Topic", Text),
    AUTH,
    UNIT,
];

impl Kind {
    const ALL: [Self; 10] = [
        Self::Odps,
        Self::Ads,
        Self::Es,
        Self::Fc,
        Self::Mysql,
        Self::Oss,
        Self::Ots,
        Self::Hologres,
        Self::Datahub,
        Self::SourceDts,
    ];

    /// The type of that name in any case.
    pub(super) fn named(name: &str) -> Option<Self> {
        let found = Self::ALL
            .iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name));
        found.copied()
    }

    pub(in crate::datahub) fn name(self) -> &'static str {
        match self {
            Self::Odps => "sink_odps",
            Self::Ads => "sink_ads",
            Self::Es => "sink_es",
            Self::Fc => "sink_fc",
            Self::Mysql => "sink_mysql",
            Self::Oss => "sink_oss",
            Self::Ots => "sink_ots",
            Self::Hologres => "sink_hologres",
            Self::Datahub => "sink_datahub",
            Self::SourceDts => "source_dts",
        }
    }

    pub(super) fn settings(self) -> &'static [Setting] {
        match self {
            Self::Odps => ODPS,
            Self::Ads | Self::Mysql => DATABASE,
            Self::Es => ES,
            Self::Fc => FC,
            Self::Oss => OSS,
            Self::Ots => OTS,
            Self::Hologres => HOLOGRES,
            Self::Datahub => DATAHUB,
            Self::SourceDts => DTS,
        }
    }
}
