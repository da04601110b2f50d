//! The settings of connectors, one model per kind of target.
//!
//! Requests carry typed values; replies carry every value as text. Both forms are read.

mod forms;
mod models;

use indexmap::IndexMap;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::Map;

use crate::dynamic::{Dynamic, Mismatch, Value};
use crate::error::{Error, Result};
use crate::json;
use crate::schema::{ModelSchema, TypeSchema, UnionSchema};

use super::{ConnectorType, extra_config};

pub use models::{
    AuthMode, DataHubConnectorConfig, DatabaseConnectorConfig, EsConnectorConfig,
    FcConnectorConfig, HologresConnectorConfig, InvokeType, OdpsConnectorConfig,
    OssConnectorConfig, OtsConnectorConfig, PartitionMode, TimestampUnit, WriteMode,
};

macro_rules! configs {
    ($($variant:ident($model:ident) $($kind:ident)|+;)*) => {
        /// The settings of a connector; which model depends on where it copies to.
        #[derive(Clone, Debug, PartialEq)]
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

            /// Checks that no further setting stands for one that has a member of its own.
            pub(super) fn check(argument: &'static str, config: &Self) -> Result<()> {
                match config {
                    $(Self::$variant(model) => {
                        check_others(argument, &model.other_settings, ModelSchema::of::<$model>())
                    })*
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
                        let mut model: $model = json::from_value(&config).map_err(wrong)?;
                        model.other_settings = others(&config, ModelSchema::of::<$model>());
                        Ok(Self::$variant(model))
                    })*
                    ConnectorType::Unknown(_) => Err(Error::malformed(
                        "the connector has a type that this version does not know",
                    )),
                }
            }
        }

        impl Serialize for ConnectorConfig {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                let (members, others) = match self {
                    $(Self::$variant(model) => (serde_json::to_vec(model), &model.other_settings),)*
                };
                together(members, others).map_err(S::Error::custom)?.serialize(serializer)
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
                models: &[$(ModelSchema::of::<$model>()),*],
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

/// The members of a reply that a model has not.
fn others(config: &serde_json::Value, model: &ModelSchema) -> IndexMap<String, String> {
    let members = config.as_object().into_iter().flatten();
    members
        .filter(|(name, value)| !value.is_null() && !is_member(model, name))
        .map(|(name, value)| (name.clone(), extra_config::text(value.clone())))
        .collect()
}

fn is_member(model: &ModelSchema, wire: &str) -> bool {
    wire != "*" && model.fields.iter().any(|field| field.wire == wire)
}

fn check_others(
    argument: &'static str,
    others: &IndexMap<String, String>,
    model: &ModelSchema,
) -> Result<()> {
    match others.keys().find(|name| is_member(model, name)) {
        None => Ok(()),
        Some(name) => Err(Error::invalid_argument(
            argument,
            format_args!("`other_settings` must not hold {name}, which has a member of its own"),
        )),
    }
}

/// The settings of a request: what a model wrote, and the further ones.
fn together(
    members: serde_json::Result<Vec<u8>>,
    others: &IndexMap<String, String>,
) -> serde_json::Result<Map<String, serde_json::Value>> {
    let mut members: Map<_, _> = serde_json::from_slice(&members?)?;
    let others = others.iter();
    members.extend(others.map(|(name, text)| (name.clone(), text.as_str().into())));
    Ok(members)
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
        assert!(config.router_fields.is_empty());
        assert!(config.type_fields.is_empty() && config.proxy_mode);
    }

    #[test]
    fn what_only_other_clients_know_survives_an_update() {
        let received = json!({"Endpoint": "o", "Bucket": "b", "Prefix": "p", "TimeFormat": "%Y",
            "TimeRange": "15", "AuthMode": "sts", "MaxFileSize": 9_007_199_254_740_993_i64,
            "TimestampUnit": "SECOND", "Later": "x", "Parser": {"Kind": 1}, "Nothing": null,
            "OtherSettings": "y"});
        let config = ConnectorConfig::read(&ConnectorType::SinkOss, received).unwrap();
        let ConnectorConfig::Oss(mut config) = config else {
            panic!()
        };
        assert_eq!(config.max_file_size, Some(9_007_199_254_740_993));
        assert_eq!(config.timestamp_unit, Some(TimestampUnit::Second));
        let others: Vec<_> = config.other_settings.iter().collect();
        let expected = [
            ("Later", "x"),
            ("Parser", r#"{"Kind":1}"#),
            ("OtherSettings", "y"),
        ];
        assert!(
            others
                .iter()
                .map(|(name, text)| (name.as_str(), text.as_str()))
                .eq(expected)
        );

        config.bucket = "c".to_owned();
        let sent = serde_json::to_value(ConnectorConfig::from(config)).unwrap();
        assert_eq!(
            sent,
            json!({"Endpoint": "o", "Bucket": "c", "Prefix": "p", "TimeFormat": "%Y", "TimeRange": 15,
                "AuthMode": "sts", "MaxFileSize": 9_007_199_254_740_993_i64, "TimestampUnit": "SECOND",
                "Later": "x", "Parser": r#"{"Kind":1}"#, "OtherSettings": "y"})
        );
    }

    #[test]
    fn further_settings_are_those_without_a_member() {
        let with = |name: &str| {
            let mut config = OdpsConnectorConfig::new("p", "t");
            config
                .other_settings
                .insert(name.to_owned(), "hush".to_owned());
            ConnectorConfig::check("config", &config.into())
        };
        assert!(with("SplitKey").is_ok());
        for name in ["Project", "AccessKey"] {
            let error = with(name).unwrap_err().to_string();
            assert!(error.contains(name) && !error.contains("hush"), "{error}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let mut config = OdpsConnectorConfig::new("p", "t").access_key("hush");
        config.other_settings = [("Token".to_owned(), "hush".to_owned())].into();
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
