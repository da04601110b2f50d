//! Versions of a topic's schema.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::operation::{Exchange, decode_json, with_json};
use crate::record::RecordSchema;
use crate::transport::{Request, Response};
use crate::{model, operation};

use super::place::{Topic, TopicAddress};
use super::{DataHubService, check};

/// One version of a topic's schema.
#[model]
pub struct TopicSchema {
    /// Number of the version; the first one is 0.
    pub version_id: i32,
    /// The columns.
    #[serde(with = "super::schema_text", default)]
    pub record_schema: Option<Arc<RecordSchema>>,
    /// When it was registered, in seconds since 1970.
    #[default]
    pub create_time: i64,
    /// Who registered it.
    #[default]
    pub creator: String,
}

/// Lists the versions of a topic's schema, a page at a time.
#[operation(
    service = DataHubService, at = TopicAddress,
    POST "/projects/{project_name}/topics/{topic_name}",
    action = "ListSchema", returns = ListTopicSchemaResult, idempotent
)]
pub struct ListTopicSchema {
    /// Number of the page, from 1; -1 for all versions at once.
    #[default(-1)]
    pub page_number: i32,
    /// Versions per page; -1 for all versions at once.
    #[default(-1)]
    pub page_size: i32,
}

/// A page of versions of a topic's schema.
#[model]
pub struct ListTopicSchemaResult {
    /// Number of this page, from 1.
    #[default(1)]
    pub page_number: i32,
    /// Versions per page.
    #[default]
    pub page_size: i32,
    /// Number of pages.
    #[default(1)]
    pub page_count: i32,
    /// Number of versions on all pages.
    #[default]
    pub total_count: i32,
    /// The versions of this page, in ascending order.
    pub record_schema_list: Vec<TopicSchema>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Reads one version of a topic's schema, by its number or by its columns.
#[operation(
    service = DataHubService, at = TopicAddress,
    POST "/projects/{project_name}/topics/{topic_name}",
    returns = GetTopicSchemaResult, custom, idempotent
)]
pub struct GetTopicSchema {
    /// The columns whose version is wanted; absent to ask by number.
    pub schema: Option<Arc<RecordSchema>>,
    /// Number of the version; -1 to ask by columns.
    #[default(-1)]
    pub version_id: i32,
}

/// One version of a topic's schema.
#[model]
pub struct GetTopicSchemaResult {
    /// Number of the version.
    pub version_id: i32,
    /// When it was registered, in seconds since 1970.
    #[default]
    pub create_time: i64,
    /// Who registered it.
    #[default]
    pub creator: String,
    /// The columns.
    #[serde(with = "super::schema_text", default)]
    pub record_schema: Option<Arc<RecordSchema>>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Registers a version of a topic's schema.
///
/// Columns that are registered already keep their version.
#[operation(
    service = DataHubService, at = TopicAddress,
    POST "/projects/{project_name}/topics/{topic_name}",
    returns = RegisterTopicSchemaResult, custom
)]
pub struct RegisterTopicSchema {
    /// The columns.
    pub schema: Arc<RecordSchema>,
}

/// The version that was registered.
#[model]
pub struct RegisterTopicSchemaResult {
    /// Number of the version.
    pub version_id: i32,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Deletes a version of a topic's schema.
#[operation(
    service = DataHubService, at = TopicAddress,
    POST "/projects/{project_name}/topics/{topic_name}",
    action = "DeleteSchema", decode = decode_deleted
)]
pub struct DeleteTopicSchema {
    /// Number of the version.
    #[check(check::not_negative)]
    pub version_id: i32,
}

#[allow(clippy::unnecessary_wraps, reason = "the form that the macro calls")]
fn decode_deleted(
    operation: &DeleteTopicSchema,
    service: &DataHubService,
    _: &Response,
) -> Result<()> {
    service.forget(Topic::new(&operation.project_name, &operation.topic_name));
    Ok(())
}

#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<i32>,
    record_schema: String,
}

fn request(project: &str, topic: &str, body: &Body) -> Result<Request> {
    let target = Topic::new(project, topic).path();
    with_json(Request::new(http::Method::POST, target), body)
}

impl Exchange for GetTopicSchema {
    fn validate(&self) -> Result<()> {
        self.check()?;
        if self.schema.is_some() == (self.version_id >= 0) {
            return Err(Error::invalid_argument(
                "version_id",
                "must be given when `schema` is absent, and only then",
            ));
        }
        Ok(())
    }

    fn encode(&self, _: &DataHubService) -> Result<Request> {
        let record_schema = self.schema.as_ref().map(|schema| schema.to_json());
        let body = Body {
            action: "GetSchema",
            version_id: Some(self.version_id),
            record_schema: record_schema.unwrap_or_default(),
        };
        request(&self.project_name, &self.topic_name, &body)
    }

    fn decode(&self, _: &DataHubService, response: Response) -> Result<GetTopicSchemaResult> {
        decode_json(&response)
    }
}

impl Exchange for RegisterTopicSchema {
    fn validate(&self) -> Result<()> {
        self.check()?;
        if self.schema.is_empty() {
            return Err(Error::invalid_argument(
                "schema",
                "must have at least one field",
            ));
        }
        Ok(())
    }

    fn encode(&self, _: &DataHubService) -> Result<Request> {
        let body = Body {
            action: "RegisterSchema",
            version_id: None,
            record_schema: self.schema.to_json(),
        };
        request(&self.project_name, &self.topic_name, &body)
    }

    fn decode(
        &self,
        service: &DataHubService,
        response: Response,
    ) -> Result<RegisterTopicSchemaResult> {
        service.forget(Topic::new(&self.project_name, &self.topic_name));
        decode_json(&response)
    }
}
