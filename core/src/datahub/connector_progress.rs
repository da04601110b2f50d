//! How far connectors are, and what is done about it: state, offsets, shards, columns.

use indexmap::IndexMap;

use crate::error::Result;
use crate::operation::{Exchange, decode_json, with_json};
use crate::transport::{Request, Response};
use crate::{model, operation};

use super::connector::ConnectorState;
use super::place::{ConnectorAddress, Topic};
use super::{DataHubService, check};

/// Reads how far a connector is, shard by shard.
#[operation(
    service = DataHubService, at = ConnectorAddress,
    POST "/projects/{project_name}/topics/{topic_name}/connectors/{connector_id}",
    action = "Status", returns = GetConnectorShardStatusResult, decode = decode_status, idempotent
)]
pub struct GetConnectorShardStatus {
    /// Id of one shard; absent or empty for all.
    #[check(check::optional)]
    pub shard_id: Option<String>,
}

/// How far a connector is, by shard id.
#[model]
pub struct GetConnectorShardStatusResult {
    /// How far it is in each shard.
    pub shard_status_infos: IndexMap<String, ShardStatusEntry>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// How far a connector is in one shard.
#[model]
pub struct ShardStatusEntry {
    /// Sequence number of the last record copied; -1 for none.
    #[default(-1)]
    pub current_sequence: i64,
    /// Time of that record in milliseconds since 1970.
    #[default]
    pub current_timestamp: i64,
    /// Time up to which all was copied, in seconds since 1970.
    #[default]
    pub done_time: i64,
    /// The last problem, if there was one.
    #[default]
    pub last_error_message: String,
    /// What the connector does in this shard.
    #[default(ContextPlanned)]
    pub state: ConnectorShardState,
    /// When this was written, in seconds since 1970.
    #[default]
    pub update_time: i64,
    /// Records that could not be copied.
    #[default]
    pub discard_count: i64,
    /// Address of the machine that works on the shard.
    #[wire("WorkerAddress")]
    #[default]
    pub worker_addr: String,
}

/// What a connector does in a shard.
#[model]
pub enum ConnectorShardState {
    /// Waits to begin.
    #[wire("CONTEXT_PLANNED")]
    ContextPlanned,
    /// Copies.
    #[wire("CONTEXT_EXECUTING")]
    ContextExecuting,
    /// Makes no progress.
    #[wire("CONTEXT_HANG")]
    ContextHang,
    /// Was stopped.
    #[wire("CONTEXT_STOPPED")]
    ContextStopped,
    /// Was paused.
    #[wire("CONTEXT_PAUSED")]
    ContextPaused,
    /// Has copied the whole shard.
    #[wire("CONTEXT_FINISHED")]
    ContextFinished,
    /// Was deleted.
    #[wire("CONTEXT_DELETED")]
    ContextDeleted,
}

fn decode_status(
    operation: &GetConnectorShardStatus,
    _: &DataHubService,
    response: &Response,
) -> Result<GetConnectorShardStatusResult> {
    match operation.shard_id.as_deref() {
        None | Some("") => decode_json(response),
        Some(shard_id) => {
            let entry: ShardStatusEntry = decode_json(response)?;
            Ok(GetConnectorShardStatusResult::new(IndexMap::from([(
                shard_id.to_owned(),
                entry,
            )])))
        }
    }
}

/// Starts a connector again, in one shard or in all.
#[operation(
    service = DataHubService, at = ConnectorAddress,
    POST "/projects/{project_name}/topics/{topic_name}/connectors/{connector_id}",
    action = "Reload", idempotent
)]
pub struct ReloadConnector {
    /// Id of one shard; absent or empty for all.
    #[check(check::optional)]
    pub shard_id: Option<String>,
}

/// Adds a column of the topic to those that a connector copies.
#[operation(
    service = DataHubService, at = ConnectorAddress,
    POST "/projects/{project_name}/topics/{topic_name}/connectors/{connector_id}",
    action = "appendfield"
)]
pub struct AppendConnectorField {
    /// Name of the column.
    #[check(check::given)]
    pub field_name: String,
}

/// Reads up to which time a connector has copied everything.
#[operation(
    service = DataHubService, at = ConnectorAddress,
    GET "/projects/{project_name}/topics/{topic_name}/connectors/{connector_id}?donetime",
    returns = GetConnectorDoneTimeResult
)]
pub struct GetConnectorDoneTime;

/// Up to which time a connector has copied everything.
#[model]
pub struct GetConnectorDoneTimeResult {
    /// The time in seconds since 1970.
    pub done_time: i64,
    /// Name of the time zone of the partitions.
    #[default]
    pub time_zone: String,
    /// Seconds per partition.
    #[default]
    pub time_window: i32,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Starts or stops a connector.
#[operation(
    service = DataHubService, at = ConnectorAddress,
    POST "/projects/{project_name}/topics/{topic_name}/connectors/{connector_id}",
    action = "UpdateState", idempotent
)]
pub struct UpdateConnectorState {
    /// What it is to do.
    #[wire("State")]
    pub connector_state: ConnectorState,
}

/// A place that a connector is set to.
#[model]
pub struct ConnectorOffset {
    /// Sequence number of the last record that counts as copied; -1 to leave it.
    #[default(-1)]
    pub sequence: i64,
    /// Time of that record in milliseconds since 1970; -1 to leave it.
    #[default(-1)]
    pub timestamp: i64,
}

/// Sets the position of a stopped connector, in one shard or in all.
#[operation(
    service = DataHubService, at = ConnectorAddress,
    POST "/projects/{project_name}/topics/{topic_name}/connectors/{connector_id}",
    custom, idempotent
)]
pub struct UpdateConnectorOffset {
    /// Id of one shard; empty for all.
    pub shard_id: String,
    /// The place.
    pub connector_offset: ConnectorOffset,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct OffsetBody<'a> {
    action: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    shard_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_sequence: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_time: Option<i64>,
}

impl Exchange for UpdateConnectorOffset {
    fn validate(&self) -> Result<()> {
        self.check()
    }

    fn encode(&self, _: &DataHubService) -> Result<Request> {
        let target = Topic::new(&self.project_name, &self.topic_name).connector(&self.connector_id);
        let body = OffsetBody {
            action: "UpdateShardContext",
            shard_id: &self.shard_id,
            current_sequence: Some(self.connector_offset.sequence).filter(|number| *number >= 0),
            current_time: Some(self.connector_offset.timestamp).filter(|number| *number >= 0),
        };
        with_json(Request::new(http::Method::POST, target), &body)
    }

    fn decode(&self, _: &DataHubService, _: Response) -> Result<()> {
        Ok(())
    }
}
