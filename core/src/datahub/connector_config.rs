//! The settings of connectors, one model per kind of target.
//!
//! Requests carry typed values; replies carry every value as text. Both forms are read.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::dynamic::{Dynamic, Mismatch, Value};
use crate::error::{Error, Result};
use crate::json;
use crate::model;
use crate::schema::{ModelSchema, TypeSchema, UnionSchema};

use super::ConnectorType;

/// Whose rights a connector uses.
#[model]
pub enum AuthMode {
    /// Those of an access id and key.
    #[wire("ak")]
    Ak,
    /// Those of the service's own role.
    #[wire("sts")]
    Sts,
}

/// What a MaxCompute partition is made from.
#[model]
pub enum PartitionMode {
    /// Columns of the record.
    UserDefine,
    /// The time when the service received the record.
    SystemTime,
    /// The column `event_time` of the record.
    EventTime,
}

/// How rows are written to Tablestore.
#[model]
pub enum WriteMode {
    /// A row replaces the one before.
    Put,
    /// A row changes the columns that it has.
    Update,
}

/// The unit of timestamp columns for Hologres.
#[model]
pub enum TimestampUnit {
    /// Microseconds.
    Microsecond,
    /// Milliseconds.
    Millisecond,
    /// Seconds.
    Second,
}

/// Settings of a connector to MaxCompute.
#[model]
pub struct OdpsConnectorConfig {
    /// Name of the MaxCompute project.
    #[wire("Project")]
    pub project_name: String,
    /// Name of the table.
    #[wire("Table")]
    pub table_name: String,
    /// URL of MaxCompute.
    #[default]
    pub odps_endpoint: String,
    /// URL of the tunnel service.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[default]
    pub tunnel_endpoint: String,
    /// Access id for MaxCompute.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[default]
    pub access_id: String,
    /// Access key for MaxCompute; the service never returns it.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[secret]
    #[default]
    pub access_key: String,
    /// What a partition is made from.
    #[default(SystemTime)]
    pub partition_mode: PartitionMode,
    /// Minutes per partition.
    #[serde(deserialize_with = "number")]
    #[default(15)]
    pub time_range: i32,
    /// Formats of the partition columns, in order; absent for none.
    #[serde(deserialize_with = "ordered_map")]
    pub partition_config: Option<IndexMap<String, String>>,
}

/// Settings of a connector to a database, that is MySQL or AnalyticDB.
#[model]
pub struct DatabaseConnectorConfig {
    /// Host name or address.
    pub host: String,
    /// Port, 1 to 65535.
    #[serde(serialize_with = "as_text", deserialize_with = "number")]
    pub port: i32,
    /// Name of the database.
    pub database: String,
    /// User.
    #[default]
    pub user: String,
    /// Password; the service never returns it.
    #[secret]
    #[default]
    pub password: String,
    /// Name of the table.
    #[default]
    pub table: String,
    /// Whether rows that cannot be inserted are skipped.
    #[serde(serialize_with = "as_text", deserialize_with = "boolean")]
    #[default(true)]
    pub ignore: bool,
}

/// Settings of a connector to Elasticsearch.
#[model]
pub struct EsConnectorConfig {
    /// Name of the index.
    pub index: String,
    /// URL of Elasticsearch.
    pub endpoint: String,
    /// User.
    #[default]
    pub user: String,
    /// Password; the service never returns it.
    #[secret]
    #[default]
    pub password: String,
    /// Columns that make the document id.
    #[wire("IDFields")]
    #[serde(deserialize_with = "list")]
    #[default]
    pub id_fields: Vec<String>,
    /// Columns that make the document type.
    #[serde(deserialize_with = "list")]
    #[default]
    pub type_fields: Vec<String>,
    /// Whether Elasticsearch is reached through a proxy.
    #[serde(serialize_with = "as_text", deserialize_with = "boolean")]
    #[default(false)]
    pub proxy_mode: bool,
}

/// Settings of a connector to Function Compute.
#[model]
pub struct FcConnectorConfig {
    /// URL of Function Compute.
    pub endpoint: String,
    /// Name of the service.
    pub service: String,
    /// Name of the function.
    #[wire("Function")]
    pub func: String,
    /// Whose rights are used.
    pub auth_mode: AuthMode,
    /// Access id, for `ak`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[default]
    pub access_id: String,
    /// Access key, for `ak`; the service never returns it.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[secret]
    #[default]
    pub access_key: String,
}

/// Settings of a connector to Object Storage Service.
#[model]
pub struct OssConnectorConfig {
    /// URL of Object Storage Service.
    pub endpoint: String,
    /// Name of the bucket.
    pub bucket: String,
    /// Prefix of object names.
    pub prefix: String,
    /// Format of the time in object names.
    pub time_format: String,
    /// Minutes per object.
    #[serde(deserialize_with = "number")]
    pub time_range: i32,
    /// Whose rights are used.
    pub auth_mode: AuthMode,
    /// Access id, for `ak`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[default]
    pub access_id: String,
    /// Access key, for `ak`; the service never returns it.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[secret]
    #[default]
    pub access_key: String,
}

/// Settings of a connector to Tablestore.
#[model]
pub struct OtsConnectorConfig {
    /// URL of Tablestore.
    pub endpoint: String,
    /// Name of the instance.
    #[wire("InstanceName")]
    pub instance: String,
    /// Name of the table.
    #[wire("TableName")]
    pub table: String,
    /// Whose rights are used.
    pub auth_mode: AuthMode,
    /// Access id, for `ak`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[default]
    pub access_id: String,
    /// Access key, for `ak`; the service never returns it.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[secret]
    #[default]
    pub access_key: String,
    /// How rows are written.
    #[default(Put)]
    pub write_mode: WriteMode,
}

/// Settings of a connector to Hologres.
#[model]
pub struct HologresConnectorConfig {
    /// Name of the database.
    #[wire("Project")]
    pub project: String,
    /// Name of the table.
    #[wire("Topic")]
    pub topic: String,
    /// URL of Hologres.
    pub endpoint: String,
    /// Id of the instance.
    pub instance_id: String,
    /// Whose rights are used.
    pub auth_mode: AuthMode,
    /// Unit of timestamp columns.
    #[default(Microsecond)]
    pub timestamp_unit: TimestampUnit,
    /// Access id, for `ak`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[default]
    pub access_id: String,
    /// Access key, for `ak`; the service never returns it.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[secret]
    #[default]
    pub access_key: String,
}

/// Settings of a connector to another DataHub topic.
#[model]
pub struct DataHubConnectorConfig {
    /// URL of the other DataHub.
    pub endpoint: String,
    /// Name of the project there.
    pub project: String,
    /// Name of the topic there.
    pub topic: String,
    /// Whose rights are used.
    pub auth_mode: AuthMode,
    /// Access id, for `ak`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[default]
    pub access_id: String,
    /// Access key, for `ak`; the service never returns it.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[secret]
    #[default]
    pub access_key: String,
}

macro_rules! configs {
    ($($variant:ident($model:ident) $($kind:ident)|+;)*) => {
        /// The settings of a connector; which model depends on where it copies to.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum ConnectorConfig {
            $(
                #[doc = concat!("See [`", stringify!($model), "`].")]
                $variant($model),
            )*
        }

        impl ConnectorConfig {
            /// Whether these settings are those of a connector of that type.
            pub fn fits(&self, connector_type: &ConnectorType) -> bool {
                match self {
                    $(Self::$variant(_) => matches!(connector_type, $(ConnectorType::$kind)|+),)*
                }
            }

            /// Reads the settings of a reply.
            pub(super) fn read(connector_type: &ConnectorType, config: serde_json::Value) -> Result<Self> {
                let wrong = |error: serde_json::Error| {
                    Error::malformed(format!(
                        "the settings of the connector have not the expected members ({})",
                        if error.is_data() { "a value is missing or wrong" } else { "not JSON" },
                    ))
                };
                match connector_type {
                    $($(ConnectorType::$kind)|+ => {
                        json::from_value(&config).map(Self::$variant).map_err(wrong)
                    })*
                    ConnectorType::Unknown(_) => Err(Error::malformed(
                        "the connector has a type that this version does not know",
                    )),
                }
            }
        }

        $(impl From<$model> for ConnectorConfig {
            fn from(config: $model) -> Self {
                Self::$variant(config)
            }
        })*

        impl Dynamic for ConnectorConfig {
            const TYPE: TypeSchema = TypeSchema::Union(&UnionSchema {
                name: "ConnectorConfig",
                docs: "The settings of a connector; which model depends on where it copies to.",
                models: &[$(model_schema::<$model>()),*],
            });

            fn from_value(value: Value) -> std::result::Result<Self, Mismatch> {
                let Value::Map(mut members) = value else {
                    return Err(Mismatch::expected("the settings of a connector", &value));
                };
                let kind = members
                    .iter()
                    .position(|(name, _)| name == "kind")
                    .map(|place| members.remove(place).1);
                match kind {
                    $(Some(Value::Text(kind)) if kind == stringify!($model) => {
                        $model::from_value(Value::Map(members)).map(Self::$variant)
                    })*
                    _ => Err(Mismatch::message(concat!(
                        "`kind` must be one of", $(" ", stringify!($model)),*
                    ))),
                }
            }

            fn into_value(self) -> Value {
                let (kind, value) = match self {
                    $(Self::$variant(config) => (stringify!($model), config.into_value()),)*
                };
                let Value::Map(mut members) = value else { return value };
                members.insert(0, ("kind".into(), Value::Text(kind.to_owned())));
                Value::Map(members)
            }
        }
    };
}

configs! {
    Odps(OdpsConnectorConfig) SinkOdps;
    Database(DatabaseConnectorConfig) SinkAds | SinkMysql;
    Es(EsConnectorConfig) SinkEs;
    Fc(FcConnectorConfig) SinkFc;
    Oss(OssConnectorConfig) SinkOss;
    Ots(OtsConnectorConfig) SinkOts;
    Hologres(HologresConnectorConfig) SinkHologres;
    DataHub(DataHubConnectorConfig) SinkDatahub;
}

const fn model_schema<T: Dynamic>() -> &'static ModelSchema {
    match T::TYPE {
        TypeSchema::Model(model) => model,
        _ => panic!("a config is a model"),
    }
}

fn as_text<S: Serializer>(
    value: &impl std::fmt::Display,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// A value in its own JSON form, or as text that holds that form.
#[derive(Deserialize)]
#[serde(untagged)]
enum Loose<T> {
    Typed(T),
    Text(String),
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<i32, D::Error> {
    match Loose::deserialize(deserializer)? {
        Loose::Typed(number) => Ok(number),
        Loose::Text(text) => text.trim().parse().map_err(serde::de::Error::custom),
    }
}

fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<bool, D::Error> {
    match Loose::deserialize(deserializer)? {
        Loose::Typed(flag) => Ok(flag),
        Loose::Text(text) => Ok(text.eq_ignore_ascii_case("true")),
    }
}

fn list<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<String>, D::Error> {
    match Loose::deserialize(deserializer)? {
        Loose::Typed(list) => Ok(list),
        Loose::Text(text) if text.is_empty() => Ok(Vec::new()),
        Loose::Text(text) => json::from_slice(text.as_bytes()).map_err(serde::de::Error::custom),
    }
}

#[derive(Deserialize)]
struct Pair {
    key: String,
    value: String,
}

fn ordered_map<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<IndexMap<String, String>>, D::Error> {
    match Option::<Loose<IndexMap<String, String>>>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Loose::Typed(map)) => Ok(Some(map)),
        Some(Loose::Text(text)) if text.is_empty() => Ok(None),
        Some(Loose::Text(text)) => {
            let pairs: Vec<Pair> =
                json::from_slice(text.as_bytes()).map_err(serde::de::Error::custom)?;
            Ok(Some(
                pairs
                    .into_iter()
                    .map(|pair| (pair.key, pair.value))
                    .collect(),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_config_survives_the_way_through_texts() {
        let mut config = OdpsConnectorConfig::new("p", "t").odps_endpoint("http://o");
        config.partition_config = Some(
            [("ds", "%Y%m%d"), ("hh", "%H")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into_iter()
                .collect(),
        );
        let sent = serde_json::to_value(ConnectorConfig::from(config.clone())).unwrap();
        assert_eq!(
            sent,
            json!({"Project": "p", "Table": "t", "OdpsEndpoint": "http://o",
                "PartitionMode": "SYSTEM_TIME", "TimeRange": 15,
                "PartitionConfig": {"ds": "%Y%m%d", "hh": "%H"}})
        );
        let received = json!({"Project": "p", "Table": "t", "OdpsEndpoint": "http://o",
            "PartitionMode": "SYSTEM_TIME", "TimeRange": "15",
            "PartitionConfig": "[{\"key\":\"ds\",\"value\":\"%Y%m%d\"},{\"key\":\"hh\",\"value\":\"%H\"}]"});
        assert_eq!(
            ConnectorConfig::read(&ConnectorType::SinkOdps, received).unwrap(),
            ConnectorConfig::Odps(config)
        );
    }

    #[test]
    fn texts_of_numbers_booleans_and_lists() {
        let received = json!({"Host": "h", "Port": "3306", "Database": "d", "User": "u",
            "Table": "t", "Ignore": "false"});
        let config = ConnectorConfig::read(&ConnectorType::SinkMysql, received).unwrap();
        let ConnectorConfig::Database(config) = config else {
            panic!()
        };
        assert_eq!((config.port, config.ignore), (3306, false));
        let received = json!({"Index": "i", "Endpoint": "e", "IDFields": "[\"a\"]", "TypeFields": "",
            "ProxyMode": "true"});
        let config = ConnectorConfig::read(&ConnectorType::SinkEs, received).unwrap();
        let ConnectorConfig::Es(config) = config else {
            panic!()
        };
        assert_eq!(config.id_fields, ["a"]);
        assert!(config.type_fields.is_empty() && config.proxy_mode);
    }

    #[test]
    fn secrets_are_not_shown() {
        let config = OdpsConnectorConfig::new("p", "t").access_key("hush");
        let shown = format!("{:?}", ConnectorConfig::from(config));
        assert!(shown.contains("***") && !shown.contains("hush"), "{shown}");
    }

    #[test]
    fn the_kind_tells_models_apart() {
        let config = ConnectorConfig::from(FcConnectorConfig::new("e", "s", "f", AuthMode::Sts));
        let value = config.clone().into_value();
        assert!(
            matches!(value.get("kind"), Some(Value::Text(kind)) if kind == "FcConnectorConfig")
        );
        assert_eq!(ConnectorConfig::from_value(value).unwrap(), config);
        assert!(ConnectorConfig::from_value(Value::map([("kind", Value::Null)])).is_err());
    }
}
