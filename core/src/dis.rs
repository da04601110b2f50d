//! Huawei Cloud DIS (Data Ingestion Service).

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

use crate::operations;

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
