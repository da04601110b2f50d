//! Huawei Cloud DIS (Data Ingestion Service): streams hold partitions, and partitions hold records.
//!
//! ```no_run
//! use hubstream::config::Settings;
//! use hubstream::dis::{CursorType, DisClient, GetCursor, GetRecords, PutRecords};
//! use hubstream::record::RecordBatchBuilder;
//!
//! # async fn example() -> hubstream::error::Result<()> {
//! let dis = DisClient::new(DisClient::from_settings(Settings::from_env("dis")?))?;
//!
//! let mut records = RecordBatchBuilder::blobs();
//! records.push_blob(b"first")?;
//! let result = dis.put_records(PutRecords::new("visits", records.build()?)).await?;
//! assert_eq!(result.failed_record_count, 0);
//!
//! let oldest = GetCursor::new("visits", "0").cursor_type(CursorType::TrimHorizon);
//! let cursor = dis.get_cursor(oldest).await?.partition_cursor;
//! let result = dis.get_records(GetRecords::new(cursor)).await?;
//! println!("{} records", result.records.len());
//! # Ok(())
//! # }
//! ```

mod app;
mod check;
mod checkpoint;
mod cursor;
mod error;
mod lenient;
pub mod partition;
pub mod proto;
mod record;
mod scaling;
mod service;
mod stream;

pub use app::{
    App, CreateApp, DeleteApp, DescribeApp, DescribeAppResult, ListApps, ListAppsResult,
    PartitionConsumingState, ShowConsumerState, ShowConsumerStateResult,
};
pub use checkpoint::{
    CheckpointType, CommitCheckpoint, DeleteCheckpoint, GetCheckpoint, GetCheckpointResult,
};
pub use cursor::{CursorType, GetCursor, GetCursorResult};
pub use record::{
    GetRecords, GetRecordsResult, PutRecords, PutRecordsResult, PutRecordsResultEntry,
};
pub use scaling::{UpdatePartitionCount, UpdatePartitionCountResult};
pub use service::{DisService, SignatureScheme};
pub use stream::{
    CompressionFormat, CreateStream, CsvProperties, DataType, DeleteStream, DescribeStream,
    DescribeStreamResult, ListStreams, ListStreamsResult, Partition, PartitionCountUpdate,
    PartitionStatus, StreamInfo, StreamStatus, StreamType, Tag,
};

use crate::registry::operations;

operations! {
    /// A client of Huawei Cloud DIS. Cheap to clone; clones share connections.
    DisClient: DisService {
        create_stream: CreateStream,
        list_streams: ListStreams,
        describe_stream: DescribeStream,
        update_partition_count: UpdatePartitionCount,
        delete_stream: DeleteStream,
        create_app: CreateApp,
        list_apps: ListApps,
        describe_app: DescribeApp,
        delete_app: DeleteApp,
        show_consumer_state: ShowConsumerState,
        put_records: PutRecords,
        get_cursor: GetCursor,
        get_records: GetRecords,
        commit_checkpoint: CommitCheckpoint,
        get_checkpoint: GetCheckpoint,
        delete_checkpoint: DeleteCheckpoint,
    }
}
