//! Alibaba Cloud DataHub: projects hold topics, topics hold shards, and shards hold records.
//!
//! Records are tuples of columns or blobs. A consumer reads from a cursor, and commits how far it is as the offset of
//! a subscription:
//!
//! ```no_run
//! use hubstream::datahub::{
//!     DataHub, GetBlobRecords, GetCursorAfter, InitAndGetSubscriptionOffset,
//!     UpdateSubscriptionOffset,
//! };
//!
//! # async fn consume(hub: DataHub, id: &str) -> hubstream::error::Result<()> {
//! let shard = vec!["0".to_owned()];
//! let open = InitAndGetSubscriptionOffset::new("shop", "orders", id, shard);
//! let mut offsets = hub.init_and_get_subscription_offset(open).await?.offsets;
//!
//! if let Some(offset) = offsets.get_mut("0") {
//!     let place = GetCursorAfter::new("shop", "orders", "0", offset.clone());
//!     let cursor = hub.get_cursor_after(place).await?.cursor;
//!     let get = GetBlobRecords::new("shop", "orders", "0", cursor).after(offset.clone());
//!     for record in &hub.get_blob_records(get).await?.records {
//!         offset.sequence = record.sequence();
//!         offset.timestamp = record.system_time();
//!         offset.batch_index = record.batch_index() as i32;
//!     }
//! }
//! hub.update_subscription_offset(UpdateSubscriptionOffset::new("shop", "orders", id, offsets)).await?;
//! # Ok(())
//! # }
//! ```

mod batch;
mod check;
mod connector;
mod connector_config;
mod connector_progress;
mod cursor;
mod date;
mod error;
mod extra_config;
mod get;
mod group;
mod metering;
mod offset;
mod place;
mod project;
mod protocol;
mod put;
mod recent;
mod schema;
mod schema_cache;
mod schema_text;
mod service;
mod shard;
mod subscription;
mod topic;
mod wire;

pub use connector::{
    ConnectorState, ConnectorType, CreateConnector, CreateConnectorResult, DeleteConnector,
    GetConnector, GetConnectorResult, ListConnector, ListConnectorResult, ShardContext,
    UpdateConnector,
};
pub use connector_config::{
    AuthMode, ConnectorConfig, DataHubConnectorConfig, DatabaseConnectorConfig, EsConnectorConfig,
    FcConnectorConfig, HologresConnectorConfig, InvokeType, OdpsConnectorConfig,
    OssConnectorConfig, OtsConnectorConfig, PartitionMode, TimestampUnit, WriteMode,
};
pub use connector_progress::{
    AppendConnectorField, ConnectorOffset, ConnectorShardState, GetConnectorDoneTime,
    GetConnectorDoneTimeResult, GetConnectorShardStatus, GetConnectorShardStatusResult,
    ReloadConnector, ShardStatusEntry, UpdateConnectorOffset, UpdateConnectorState,
};
pub use cursor::{CursorType, GetCursor, GetCursorAfter, GetCursorResult};
pub use get::{GetBlobRecords, GetRecordsResult, GetTupleRecords};
pub use group::{HeartBeat, HeartBeatResult, JoinGroup, JoinGroupResult, LeaveGroup, SyncGroup};
pub use metering::{
    GetMeteringInfo, GetMeteringInfoResult, GetTopicMeteringInfo, GetTopicMeteringInfoResult,
};
pub use offset::{
    GetSubscriptionOffset, GetSubscriptionOffsetResult, InitAndGetSubscriptionOffset,
    InitAndGetSubscriptionOffsetResult, OffsetBase, OffsetWithSession, OffsetWithVersion,
    ResetSubscriptionOffset, UpdateSubscriptionOffset,
};
pub use project::{
    CreateProject, DeleteProject, GetProject, GetProjectResult, ListProject, ListProjectResult,
    UpdateProject, UpdateProjectVpcWhitelist,
};
pub use protocol::Protocol;
pub use put::{FailedRecord, PutRecords, PutRecordsByShard, PutRecordsResult};
pub use schema::{
    DeleteTopicSchema, GetTopicSchema, GetTopicSchemaResult, ListTopicSchema,
    ListTopicSchemaResult, RegisterTopicSchema, RegisterTopicSchemaResult, TopicSchema,
};
pub use service::{DataHubService, SignatureScheme};
pub use shard::{
    ActivateShards, ExtendShard, ListShard, ListShardResult, MergeShard, MergeShardResult, Shard,
    ShardBase, ShardState, SplitShard, SplitShardResult, WaitShardsReady,
};
pub use subscription::{
    CreateSubscription, CreateSubscriptionResult, DeleteSubscription, GetSubscription,
    GetSubscriptionResult, ListSubscription, ListSubscriptionResult, Subscription,
    SubscriptionState, UpdateSubscription, UpdateSubscriptionState,
};
pub use topic::{
    AppendField, CreateBlobTopic, CreateTupleTopic, DeleteTopic, GetTopic, GetTopicResult,
    ListTopic, ListTopicResult, RecordType, UpdateTopic,
};

use crate::registry::operations;

operations! {
    /// A client of Alibaba Cloud DataHub. Cheap to clone; clones share connections.
    DataHub: DataHubService {
        list_project: ListProject,
        create_project: CreateProject,
        get_project: GetProject,
        update_project: UpdateProject,
        update_project_vpc_whitelist: UpdateProjectVpcWhitelist,
        delete_project: DeleteProject,
        list_topic: ListTopic,
        create_tuple_topic: CreateTupleTopic,
        create_blob_topic: CreateBlobTopic,
        get_topic: GetTopic,
        update_topic: UpdateTopic,
        delete_topic: DeleteTopic,
        append_field: AppendField,
        list_topic_schema: ListTopicSchema,
        get_topic_schema: GetTopicSchema,
        register_topic_schema: RegisterTopicSchema,
        delete_topic_schema: DeleteTopicSchema,
        list_shard: ListShard,
        wait_shards_ready: WaitShardsReady,
        split_shard: SplitShard,
        merge_shard: MergeShard,
        extend_shard: ExtendShard,
        activate_shards: ActivateShards,
        get_cursor: GetCursor,
        get_cursor_after: GetCursorAfter,
        put_records: PutRecords,
        put_records_by_shard: PutRecordsByShard,
        get_tuple_records: GetTupleRecords,
        get_blob_records: GetBlobRecords,
        get_metering_info: GetMeteringInfo,
        get_topic_metering_info: GetTopicMeteringInfo,
        list_connector: ListConnector,
        create_connector: CreateConnector,
        get_connector: GetConnector,
        update_connector: UpdateConnector,
        delete_connector: DeleteConnector,
        get_connector_shard_status: GetConnectorShardStatus,
        reload_connector: ReloadConnector,
        append_connector_field: AppendConnectorField,
        get_connector_done_time: GetConnectorDoneTime,
        update_connector_state: UpdateConnectorState,
        update_connector_offset: UpdateConnectorOffset,
        create_subscription: CreateSubscription,
        get_subscription: GetSubscription,
        list_subscription: ListSubscription,
        update_subscription: UpdateSubscription,
        update_subscription_state: UpdateSubscriptionState,
        delete_subscription: DeleteSubscription,
        init_and_get_subscription_offset: InitAndGetSubscriptionOffset,
        get_subscription_offset: GetSubscriptionOffset,
        update_subscription_offset: UpdateSubscriptionOffset,
        reset_subscription_offset: ResetSubscriptionOffset,
        join_group: JoinGroup,
        heart_beat: HeartBeat,
        sync_group: SyncGroup,
        leave_group: LeaveGroup,
    }
}
