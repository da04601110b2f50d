//! The library's client against the emulator.

use hubstream::dis::{
    CommitCheckpoint, CreateApp, CreateStream, CursorType, DeleteCheckpoint, DeleteStream,
    DescribeApp, DescribeStream, DisClient, GetCheckpoint, GetCursor, GetRecords, ListApps,
    ListStreams, PutRecords, ShowConsumerState, StreamStatus, UpdatePartitionCount,
};
use hubstream::error::{ErrorKind, Result};
use hubstream::record::{RecordBatch, RecordBatchBuilder};

use super::harness::Harness;

fn blobs(blobs: &[&[u8]], partition: &str) -> Result<RecordBatch> {
    let mut builder = RecordBatchBuilder::blobs();
    for blob in blobs {
        builder.push_blob(blob)?;
        builder.set_shard_id(partition)?;
        builder.set_partition_key("ключ")?;
    }
    builder.build()
}

async fn read(client: &DisClient, from: GetCursor) -> Result<(Vec<Vec<u8>>, String)> {
    let cursor = client.get_cursor(from).await?.partition_cursor;
    let got = client.get_records(GetRecords::new(cursor)).await?;
    let blobs = got
        .records
        .iter()
        .map(|record| record.blob().map(<[u8]>::to_vec));
    Ok((blobs.collect::<Result<_>>()?, got.next_partition_cursor))
}

#[tokio::test]
async fn a_consumer_resumes_where_it_committed() -> Result<()> {
    let harness = Harness::start().await;
    let client = harness.client()?;
    client.create_stream(CreateStream::new("orders", 2)).await?;
    client.create_app(CreateApp::new("billing")).await?;
    let stream = client
        .describe_stream(DescribeStream::new("orders"))
        .await?;
    assert_eq!(stream.status, Some(StreamStatus::Running));
    assert!(!stream.request_id.is_empty());

    let put = PutRecords::new("orders", blobs(&[b"a", b"", &[0, 255]], "0")?);
    let result = client.put_records(put).await?;
    assert_eq!(result.failed_record_count, 0);
    assert_eq!(result.records[2].sequence_number.as_deref(), Some("2"));
    let (records, _) = read(
        &client,
        GetCursor::new("orders", "0").cursor_type(CursorType::TrimHorizon),
    )
    .await?;
    assert_eq!(records, [&b"a"[..], b"", &[0, 255]]);

    client
        .commit_checkpoint(
            CommitCheckpoint::new("billing", "orders", "0", "1").metadata("half-way"),
        )
        .await?;
    let checkpoint = client
        .get_checkpoint(GetCheckpoint::new(
            "billing",
            "orders",
            "shardId-0000000000",
        ))
        .await?;
    assert_eq!(
        (
            checkpoint.sequence_number.as_str(),
            checkpoint.metadata.as_str()
        ),
        ("1", "half-way")
    );
    let resume = GetCursor::new("orders", "0")
        .cursor_type(CursorType::AfterSequenceNumber)
        .starting_sequence_number(checkpoint.sequence_number);
    assert_eq!(read(&client, resume).await?.0, [[0, 255]]);
    let state = client
        .show_consumer_state(ShowConsumerState::new("billing", "orders"))
        .await?;
    assert_eq!(state.partition_consuming_states[0].latest_offset, 3);
    assert_eq!(state.partition_consuming_states[1].sequence_number, "-1");
    let app = client.describe_app(DescribeApp::new("billing")).await?;
    assert_eq!(app.commit_checkpoint_stream_names, ["orders"]);

    client
        .delete_checkpoint(DeleteCheckpoint::new("billing", "orders"))
        .await?;
    let none = client
        .get_checkpoint(GetCheckpoint::new("billing", "orders", "0"))
        .await?;
    assert_eq!(none.sequence_number, "-1");
    Ok(())
}

#[tokio::test]
async fn lists_and_scaling() -> Result<()> {
    let harness = Harness::start().await;
    let client = harness.client()?;
    for name in ["a", "b", "c"] {
        client.create_stream(CreateStream::new(name, 1)).await?;
        client.create_app(CreateApp::new(name)).await?;
    }
    let page = client.list_streams(ListStreams::new().limit(2)).await?;
    assert_eq!(
        (page.stream_names, page.has_more_streams, page.total_number),
        (vec!["a".into(), "b".into()], true, 3)
    );
    let page = client
        .list_streams(ListStreams::new().start_stream_name("b"))
        .await?;
    assert_eq!(
        (page.stream_names, page.has_more_streams),
        (vec!["c".into()], false)
    );
    let page = client
        .list_apps(ListApps::new().limit(1).start_app_name("a"))
        .await?;
    assert_eq!(
        (page.apps[0].app_name.as_str(), page.has_more_app),
        ("b", true)
    );
    let scaled = client
        .update_partition_count(UpdatePartitionCount::new("a", 4))
        .await?;
    assert_eq!(
        (
            scaled.current_partition_count,
            scaled.target_partition_count
        ),
        (1, 4)
    );
    let page = client
        .describe_stream(
            DescribeStream::new("a")
                .start_partition_id("1")
                .limit_partitions(1),
        )
        .await?;
    assert_eq!(page.partitions[0].partition_id, "shardId-0000000002");
    assert!(page.has_more_partitions);
    client.delete_stream(DeleteStream::new("a")).await?;
    let gone = client
        .describe_stream(DescribeStream::new("a"))
        .await
        .expect_err("it was deleted");
    assert_eq!(
        (gone.kind(), gone.code()),
        (ErrorKind::NotFound, "DIS.4301")
    );
    assert!(!gone.request_id().is_empty());
    Ok(())
}

#[tokio::test]
async fn errors_have_kinds() -> Result<()> {
    let harness = Harness::start().await;
    let client = harness.client()?;
    client.create_stream(CreateStream::new("s", 1)).await?;
    client.create_app(CreateApp::new("a")).await?;
    let taken = client
        .create_stream(CreateStream::new("s", 1))
        .await
        .expect_err("taken");
    assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
    let far = client
        .commit_checkpoint(CommitCheckpoint::new("a", "s", "0", "5"))
        .await
        .expect_err("far");
    assert_eq!(
        (far.kind(), far.code()),
        (ErrorKind::PositionLost, "DIS.4224")
    );
    let forged = client
        .get_records(GetRecords::new("forged"))
        .await
        .expect_err("forged");
    assert_eq!(
        (forged.kind(), forged.code()),
        (ErrorKind::InvalidArgument, "DIS.4217")
    );
    let builder = DisClient::builder(format!("http://{}", harness.address))
        .set("access_id", "emulator")
        .set("access_key", "wrong")
        .set("project_id", "p");
    let stranger = DisClient::new(builder)?;
    let refused = stranger
        .list_streams(ListStreams::new())
        .await
        .expect_err("a wrong key");
    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Unauthenticated, "DIS.4112")
    );
    assert_eq!(refused.http_status(), Some(401));
    Ok(())
}
