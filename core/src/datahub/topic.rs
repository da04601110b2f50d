//! Topics.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::error::{Error, Result};
use crate::operation::{Exchange, decode_json, with_json};
use crate::record::{FieldType, RecordSchema};
use crate::transport::{Request, Response};
use crate::{model, operation};

use super::place::{ProjectAddress, Topic, TopicAddress};
use super::{DataHubService, check};

/// What the records of a topic are.
#[model]
pub enum RecordType {
    /// Rows of typed columns.
    Tuple,
    /// Bytes.
    Blob,
}

/// Lists the names of the topics of a project.
#[operation(
    service = DataHubService, at = ProjectAddress,
    GET "/projects/{project_name}/topics", returns = ListTopicResult
)]
pub struct ListTopic {
    /// Keeps only names that contain this text; absent for all.
    #[query("filter")]
    pub filter: Option<String>,
}

/// The names of topics.
#[model]
pub struct ListTopicResult {
    /// Names of the topics.
    pub topic_names: Vec<String>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Creates a topic whose records are rows of typed columns.
///
/// The call returns before the shards are ready; see `wait_shards_ready`. Fails with kind
/// `already_exists` when the project has a topic of that name, in whatever case.
#[operation(
    service = DataHubService, at = ProjectAddress,
    POST "/projects/{project_name}/topics/{topic_name}", custom
)]
pub struct CreateTupleTopic {
    /// Name of the new topic: 1 to 128 letters, digits and underscores, beginning with a letter.
    #[check(check::new_topic)]
    pub topic_name: String,
    /// Number of shards to start with, 1 to 256.
    #[check(check::positive)]
    pub shard_count: i32,
    /// Days that records are kept, 1 to 7.
    #[check(check::positive)]
    pub life_cycle: i32,
    /// The columns.
    pub record_schema: Arc<RecordSchema>,
    /// Free text of at most 1024 characters.
    #[check(check::comment)]
    #[default]
    pub comment: String,
    /// `true` for shards that are added by `extend_shard`, `false` for shards that are split and
    /// merged; absent for the service's default.
    pub extend_mode: Option<bool>,
}

/// Creates a topic whose records are bytes.
///
/// The call returns before the shards are ready; see `wait_shards_ready`. Fails with kind
/// `already_exists` when the project has a topic of that name, in whatever case.
#[operation(
    service = DataHubService, at = ProjectAddress,
    POST "/projects/{project_name}/topics/{topic_name}", custom
)]
pub struct CreateBlobTopic {
    /// Name of the new topic: 1 to 128 letters, digits and underscores, beginning with a letter.
    #[check(check::new_topic)]
    pub topic_name: String,
    /// Number of shards to start with, 1 to 256.
    #[check(check::positive)]
    pub shard_count: i32,
    /// Days that records are kept, 1 to 7.
    #[check(check::positive)]
    pub life_cycle: i32,
    /// Free text of at most 1024 characters.
    #[check(check::comment)]
    #[default]
    pub comment: String,
    /// `true` for shards that are added by `extend_shard`, `false` for shards that are split and
    /// merged; absent for the service's default.
    pub extend_mode: Option<bool>,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct CreateBody<'a> {
    action: &'static str,
    shard_count: i32,
    lifecycle: i32,
    record_type: RecordType,
    #[serde(skip_serializing_if = "Option::is_none")]
    record_schema: Option<String>,
    comment: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expand_mode: Option<&'static str>,
}

fn expand_mode(extend_mode: Option<bool>) -> Option<&'static str> {
    extend_mode.map(|extend| if extend { "extend" } else { "split" })
}

fn create(project: &str, topic: &str, body: &CreateBody<'_>) -> Result<Request> {
    let target = Topic::new(project, topic).path();
    with_json(Request::new(http::Method::POST, target), body)
}

impl Exchange for CreateTupleTopic {
    fn validate(&self) -> Result<()> {
        self.check()?;
        if self.record_schema.fields().is_empty() {
            return Err(Error::invalid_argument(
                "record_schema",
                "must have at least one field",
            ));
        }
        Ok(())
    }

    fn encode(&self, _: &DataHubService) -> Result<Request> {
        let body = CreateBody {
            action: "create",
            shard_count: self.shard_count,
            lifecycle: self.life_cycle,
            record_type: RecordType::Tuple,
            record_schema: Some(self.record_schema.to_json()),
            comment: &self.comment,
            expand_mode: expand_mode(self.extend_mode),
        };
        create(&self.project_name, &self.topic_name, &body)
    }

    fn decode(&self, service: &DataHubService, _: Response) -> Result<()> {
        service.forget(Topic::new(&self.project_name, &self.topic_name));
        Ok(())
    }
}

impl Exchange for CreateBlobTopic {
    fn validate(&self) -> Result<()> {
        self.check()
    }

    fn encode(&self, _: &DataHubService) -> Result<Request> {
        let body = CreateBody {
            action: "create",
            shard_count: self.shard_count,
            lifecycle: self.life_cycle,
            record_type: RecordType::Blob,
            record_schema: None,
            comment: &self.comment,
            expand_mode: expand_mode(self.extend_mode),
        };
        create(&self.project_name, &self.topic_name, &body)
    }

    fn decode(&self, service: &DataHubService, _: Response) -> Result<()> {
        service.forget(Topic::new(&self.project_name, &self.topic_name));
        Ok(())
    }
}

/// Reads the properties of a topic.
#[operation(
    service = DataHubService, at = TopicAddress, GET "/projects/{project_name}/topics/{topic_name}",
    returns = GetTopicResult, decode = decode_topic
)]
pub struct GetTopic;

/// The properties of a topic.
#[model]
pub struct GetTopicResult {
    /// Name of the project, as asked for.
    #[skip]
    #[default]
    pub project_name: String,
    /// Name of the topic, as asked for.
    #[skip]
    #[default]
    pub topic_name: String,
    /// Number of shards that take records.
    #[default]
    pub shard_count: i32,
    /// Days that records are kept.
    #[wire("Lifecycle")]
    #[default]
    pub life_cycle: i32,
    /// What the records are.
    #[default(Blob)]
    pub record_type: RecordType,
    /// The columns; absent for a blob topic.
    #[serde(with = "super::schema_text", default)]
    pub record_schema: Option<Arc<RecordSchema>>,
    /// Free text.
    #[default]
    pub comment: String,
    /// When it was created, in seconds since 1970.
    #[default]
    pub create_time: i64,
    /// When it was last changed, in seconds since 1970.
    #[default]
    pub last_modify_time: i64,
    /// `extend` or `split`: how shards are added; empty when the service does not say.
    #[default]
    pub expand_mode: String,
    /// Whether the topic has, or had, several versions of its schema.
    #[default]
    pub enable_schema_registry: bool,
    /// Further settings of the topic by name, such as `DataProtocolType`: how official clients write
    /// its records.
    #[serde(with = "super::extra_config", default)]
    #[default]
    pub extra_config: IndexMap<String, String>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

fn decode_topic(
    operation: &GetTopic,
    _: &DataHubService,
    response: &Response,
) -> Result<GetTopicResult> {
    let mut result: GetTopicResult = decode_json(response)?;
    if result.record_type == RecordType::Tuple && result.record_schema.is_none() {
        return Err(Error::malformed(
            "the reply has no schema for a tuple topic",
        ));
    }
    result.project_name.clone_from(&operation.project_name);
    result.topic_name.clone_from(&operation.topic_name);
    Ok(result)
}

/// Changes how long records are kept, and the comment.
#[operation(
    service = DataHubService, at = TopicAddress,
    PUT "/projects/{project_name}/topics/{topic_name}", idempotent
)]
pub struct UpdateTopic {
    /// Days that records are kept, 1 to 7.
    #[wire("Lifecycle")]
    #[check(check::positive)]
    pub life_cycle: i32,
    /// New free text of at most 1024 characters.
    #[check(check::comment)]
    pub comment: String,
}

/// Deletes a topic with its records.
#[operation(
    service = DataHubService, at = TopicAddress,
    DELETE "/projects/{project_name}/topics/{topic_name}",
    decode = decode_deleted
)]
pub struct DeleteTopic;

#[allow(clippy::unnecessary_wraps, reason = "the form that the macro calls")]
fn decode_deleted(operation: &DeleteTopic, service: &DataHubService, _: &Response) -> Result<()> {
    service.forget(Topic::new(&operation.project_name, &operation.topic_name));
    Ok(())
}

/// Adds a column at the end of a tuple topic's schema.
///
/// Records written before have no value in it.
#[operation(
    service = DataHubService, at = TopicAddress,
    POST "/projects/{project_name}/topics/{topic_name}",
    action = "AppendField", decode = decode_appended
)]
pub struct AppendField {
    /// Name of the new column.
    #[check(check::given)]
    pub field_name: String,
    /// Type of the new column.
    pub field_type: FieldType,
}

#[allow(clippy::unnecessary_wraps, reason = "the form that the macro calls")]
fn decode_appended(operation: &AppendField, service: &DataHubService, _: &Response) -> Result<()> {
    service.forget(Topic::new(&operation.project_name, &operation.topic_name));
    Ok(())
}

macro_rules! field_types {
    ($($name:literal $docs:literal,)*) => {
        impl crate::dynamic::Dynamic for FieldType {
            const TYPE: crate::schema::TypeSchema =
                crate::schema::TypeSchema::Enum(&crate::schema::EnumSchema {
                    name: "FieldType",
                    docs: "The type of a column.",
                    variants: &[$(crate::schema::VariantSchema {
                        name: $name,
                        value: crate::schema::EnumValue::Text($name),
                        docs: $docs,
                    }),*],
                });

            fn from_value(
                value: crate::dynamic::Value,
            ) -> Result<Self, crate::dynamic::Mismatch> {
                let text = String::from_value(value)?;
                Self::from_name(&text).ok_or_else(|| {
                    crate::dynamic::Mismatch::message(format!(
                        "expected one of {}",
                        [$($name),*].join(", ")
                    ))
                })
            }

            fn into_value(self) -> crate::dynamic::Value {
                crate::dynamic::Value::Text(self.name().to_owned())
            }
        }
    };
}

field_types! {
    "TINYINT" "A whole number of 8 bits.",
    "SMALLINT" "A whole number of 16 bits.",
    "INTEGER" "A whole number of 32 bits.",
    "BIGINT" "A whole number of 64 bits.",
    "STRING" "Text in UTF-8.",
    "BOOLEAN" "True or false.",
    "TIMESTAMP" "A time in microseconds since 1970.",
    "FLOAT" "A single-precision number.",
    "DOUBLE" "A double-precision number.",
    "DECIMAL" "A decimal number of any precision.",
    "JSON" "A JSON document as text.",
}

impl serde::Serialize for FieldType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
