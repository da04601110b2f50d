//! The settings of connectors by their target.

use indexmap::IndexMap;

use super::forms::{
    as_text, boolean, list, number, optional_boolean, optional_number, ordered_map,
};
use crate::model;

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

/// The unit of timestamp columns at the target.
#[model]
pub enum TimestampUnit {
    /// Microseconds.
    Microsecond,
    /// Milliseconds.
    Millisecond,
    /// Seconds.
    Second,
}

/// How a function is called.
#[model]
pub enum InvokeType {
    /// Its end is waited for.
    #[wire("sync")]
    Sync,
    /// It is started only.
    #[wire("async")]
    Async,
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
    /// Time zone of the partitions, as in `Asia/Shanghai`; absent to leave it to the service.
    pub time_zone: Option<String>,
    /// Whether bytes are written as Base64; absent to leave it to the service.
    #[serde(deserialize_with = "optional_boolean")]
    pub base64_encode: Option<bool>,
    /// Unit of timestamp columns; absent to leave it to the service.
    pub timestamp_unit: Option<TimestampUnit>,
    /// Further settings by their names in the service's messages, kept by an update; what is no text, as JSON text.
    #[wire("*")]
    #[skip]
    #[secret]
    #[default]
    pub other_settings: IndexMap<String, String>,
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
    /// Unit of timestamp columns; absent to leave it to the service.
    pub timestamp_unit: Option<TimestampUnit>,
    /// Further settings by their names in the service's messages, kept by an update; what is no text, as JSON text.
    #[wire("*")]
    #[skip]
    #[secret]
    #[default]
    pub other_settings: IndexMap<String, String>,
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
    /// Columns that make the routing key.
    #[serde(deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    #[default]
    pub router_fields: Vec<String>,
    /// Unit of timestamp columns; absent to leave it to the service.
    pub timestamp_unit: Option<TimestampUnit>,
    /// Further settings by their names in the service's messages, kept by an update; what is no text, as JSON text.
    #[wire("*")]
    #[skip]
    #[secret]
    #[default]
    pub other_settings: IndexMap<String, String>,
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
    /// Whether the function is waited for; absent to leave it to the service.
    pub invoke_type: Option<InvokeType>,
    /// Unit of timestamp columns; absent to leave it to the service.
    pub timestamp_unit: Option<TimestampUnit>,
    /// Further settings by their names in the service's messages, kept by an update; what is no text, as JSON text.
    #[wire("*")]
    #[skip]
    #[secret]
    #[default]
    pub other_settings: IndexMap<String, String>,
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
    /// Largest size of an object, at least 1, as the service counts it; absent to leave it to the service.
    #[serde(deserialize_with = "optional_number")]
    pub max_file_size: Option<i64>,
    /// Unit of timestamp columns; absent to leave it to the service.
    pub timestamp_unit: Option<TimestampUnit>,
    /// Further settings by their names in the service's messages, kept by an update; what is no text, as JSON text.
    #[wire("*")]
    #[skip]
    #[secret]
    #[default]
    pub other_settings: IndexMap<String, String>,
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
    /// Unit of timestamp columns; absent to leave it to the service.
    pub timestamp_unit: Option<TimestampUnit>,
    /// Further settings by their names in the service's messages, kept by an update; what is no text, as JSON text.
    #[wire("*")]
    #[skip]
    #[secret]
    #[default]
    pub other_settings: IndexMap<String, String>,
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
    /// Further settings by their names in the service's messages, kept by an update; what is no text, as JSON text.
    #[wire("*")]
    #[skip]
    #[secret]
    #[default]
    pub other_settings: IndexMap<String, String>,
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
    /// Unit of timestamp columns; absent to leave it to the service.
    pub timestamp_unit: Option<TimestampUnit>,
    /// Further settings by their names in the service's messages, kept by an update; what is no text, as JSON text.
    #[wire("*")]
    #[skip]
    #[secret]
    #[default]
    pub other_settings: IndexMap<String, String>,
}
