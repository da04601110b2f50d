//! Connectors: copies of a topic that the service makes into other services.

use indexmap::IndexMap;

use crate::error::{Error, Result};
use crate::operation::{Exchange, decode_json, with_json};
use crate::transport::{Request, Response};
use crate::{model, operation};

use super::DataHubService;
use super::connector_config::ConnectorConfig;
use super::place::{ConnectorAddress, Topic, TopicAddress};

/// Where a connector copies to.
#[model]
pub enum ConnectorType {
    /// MaxCompute.
    #[wire("sink_odps")]
    SinkOdps,
    /// AnalyticDB.
    #[wire("sink_ads")]
    SinkAds,
    /// Elasticsearch.
    #[wire("sink_es")]
    SinkEs,
    /// Function Compute.
    #[wire("sink_fc")]
    SinkFc,
    /// MySQL.
    #[wire("sink_mysql")]
    SinkMysql,
    /// Object Storage Service.
    #[wire("sink_oss")]
    SinkOss,
    /// Tablestore.
    #[wire("sink_ots")]
    SinkOts,
    /// Hologres.
    #[wire("sink_hologres")]
    SinkHologres,
    /// Another DataHub topic.
    #[wire("sink_datahub")]
    SinkDatahub,
}

/// What a connector does.
#[model]
pub enum ConnectorState {
    /// Copies.
    #[wire("CONNECTOR_RUNNING")]
    ConnectorRunning,
    /// Does not copy.
    #[wire("CONNECTOR_STOPPED")]
    ConnectorStopped,
}

/// Lists the ids of the connectors of a topic.
#[operation(
    service = DataHubService, at = TopicAddress,
    GET "/projects/{project_name}/topics/{topic_name}/connectors?mode=id",
    returns = ListConnectorResult, decode = decode_list
)]
pub struct ListConnector;

/// The connectors of a topic.
#[model]
pub struct ListConnectorResult {
    /// Ids of the connectors.
    #[wire("Connectors")]
    pub connector_ids: Vec<String>,
    /// The same as `connector_ids`, under its earlier name.
    #[wire("Connectors")]
    #[skip]
    #[default]
    pub connector_names: Vec<String>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

fn decode_list(
    _: &ListConnector,
    _: &DataHubService,
    response: &Response,
) -> Result<ListConnectorResult> {
    let mut result: ListConnectorResult = decode_json(response)?;
    result.connector_names.clone_from(&result.connector_ids);
    Ok(result)
}

/// Creates a connector.
///
/// A topic has at most one of a type: fails with kind `already_exists` otherwise.
#[operation(
    service = DataHubService, at = TopicAddress,
    POST "/projects/{project_name}/topics/{topic_name}/connectors/{connector_type}",
    returns = CreateConnectorResult, custom
)]
pub struct CreateConnector {
    /// Where it copies to.
    pub connector_type: ConnectorType,
    /// Columns that it copies; empty for a blob topic.
    pub column_fields: Vec<String>,
    /// Settings for that target.
    #[check(ConnectorConfig::check)]
    pub config: ConnectorConfig,
    /// Time of the first record to copy in milliseconds since 1970; -1 for the oldest.
    #[default(-1)]
    pub start_time: i64,
    /// Names that columns have in the target, by column; the others keep theirs. Absent: all do.
    pub column_name_map: Option<IndexMap<String, String>>,
}

/// The connector that was created.
#[model]
pub struct CreateConnectorResult {
    /// Id of the connector; empty when the service does not say.
    #[default]
    pub connector_id: String,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct CreateBody<'a> {
    action: &'static str,
    r#type: &'a ConnectorType,
    sink_start_time: i64,
    column_fields: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    column_name_map: Option<&'a IndexMap<String, String>>,
    config: &'a ConnectorConfig,
}

impl Exchange for CreateConnector {
    fn validate(&self) -> Result<()> {
        self.check()?;
        if !self.config.fits(&self.connector_type) {
            return Err(Error::invalid_argument(
                "config",
                format_args!(
                    "does not belong to a connector of type {}",
                    self.connector_type
                ),
            ));
        }
        Ok(())
    }

    fn encode(&self, _: &DataHubService) -> Result<Request> {
        let target = Topic::new(&self.project_name, &self.topic_name)
            .connector(&self.connector_type.to_string());
        let body = CreateBody {
            action: "Create",
            r#type: &self.connector_type,
            sink_start_time: self.start_time,
            column_fields: &self.column_fields,
            column_name_map: self.column_name_map.as_ref(),
            config: &self.config,
        };
        with_json(Request::new(http::Method::POST, target), &body)
    }

    fn decode(&self, _: &DataHubService, response: Response) -> Result<CreateConnectorResult> {
        if response.body.is_empty() {
            return Ok(CreateConnectorResult::new());
        }
        decode_json(&response)
    }
}

/// Reads the properties of a connector.
#[operation(
    service = DataHubService, at = ConnectorAddress,
    GET "/projects/{project_name}/topics/{topic_name}/connectors/{connector_id}",
    returns = GetConnectorResult, decode = decode_get
)]
pub struct GetConnector;

/// The place of a connector in a shard.
#[model]
pub struct ShardContext {
    /// Id of the shard.
    pub shard_id: String,
    /// Sequence number of the first record to copy.
    #[default]
    pub start_sequence: i64,
    /// Sequence number of the last record to copy; -1 for no end.
    #[default(-1)]
    pub end_sequence: i64,
    /// Sequence number of the last record copied; -1 for none.
    #[default(-1)]
    pub current_sequence: i64,
}

/// The properties of a connector.
#[model(local)]
pub struct GetConnectorResult {
    /// Address of the cluster that runs it.
    #[wire("ClusterAddress")]
    pub cluster_addr: String,
    /// Id of the connector.
    pub connector_id: String,
    /// Where it copies to.
    pub r#type: ConnectorType,
    /// What it does.
    pub state: ConnectorState,
    /// Who created it.
    pub creator: String,
    /// Who owns it.
    pub owner: String,
    /// When it was created, in seconds since 1970.
    pub create_time: i64,
    /// When it was last changed, in seconds since 1970.
    pub last_modify_time: i64,
    /// Columns that it copies.
    pub column_fields: Vec<String>,
    /// Settings for its target.
    pub config: ConnectorConfig,
    /// Further properties.
    #[wire("ExtraInfo")]
    pub extra_config: IndexMap<String, String>,
    /// Its places in the shards.
    pub shard_contexts: Vec<ShardContext>,
    /// Id of the subscription that it reads with.
    pub sub_id: String,
    /// Names that columns have in the target, by column; the others keep theirs.
    #[default]
    pub column_name_map: IndexMap<String, String>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetBody {
    #[serde(default)]
    cluster_address: String,
    #[serde(default)]
    connector_id: String,
    r#type: ConnectorType,
    state: ConnectorState,
    #[serde(default)]
    creator: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    create_time: i64,
    #[serde(default)]
    last_modify_time: i64,
    #[serde(default)]
    column_fields: Option<Vec<String>>,
    #[serde(default)]
    column_name_map: Option<IndexMap<String, String>>,
    config: serde_json::Value,
    #[serde(default)]
    extra_info: Option<IndexMap<String, String>>,
    #[serde(default)]
    shard_contexts: Option<Vec<ShardContext>>,
}

fn decode_get(
    _: &GetConnector,
    _: &DataHubService,
    response: &Response,
) -> Result<GetConnectorResult> {
    let body: GetBody = decode_json(response)?;
    let connector_type = ConnectorType::from(body.r#type.as_str().to_lowercase().as_str());
    let extra = body.extra_info.unwrap_or_default();
    Ok(GetConnectorResult {
        config: ConnectorConfig::read(&connector_type, body.config)?,
        cluster_addr: body.cluster_address,
        connector_id: body.connector_id,
        r#type: connector_type,
        state: body.state,
        creator: body.creator,
        owner: body.owner,
        create_time: body.create_time,
        last_modify_time: body.last_modify_time,
        column_fields: body.column_fields.unwrap_or_default(),
        column_name_map: body.column_name_map.unwrap_or_default(),
        sub_id: extra.get("SubscriptionId").cloned().unwrap_or_default(),
        extra_config: extra,
        shard_contexts: body.shard_contexts.unwrap_or_default(),
        request_id: String::new(),
    })
}

/// Replaces the settings of a connector.
#[operation(
    service = DataHubService, at = ConnectorAddress,
    POST "/projects/{project_name}/topics/{topic_name}/connectors/{connector_id}",
    action = "updateconfig", idempotent
)]
pub struct UpdateConnector {
    /// New settings for its target.
    #[check(ConnectorConfig::check)]
    pub config: ConnectorConfig,
    /// New names that columns have in the target, by column; absent to leave them as they are.
    pub column_name_map: Option<IndexMap<String, String>>,
}

/// Deletes a connector.
#[operation(
    service = DataHubService, at = ConnectorAddress,
    DELETE "/projects/{project_name}/topics/{topic_name}/connectors/{connector_id}"
)]
pub struct DeleteConnector;
