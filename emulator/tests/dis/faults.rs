//! Faults that happen to DIS.

use hubstream::dis::{CreateStream, DescribeStream, ListStreams, PutRecords};
use hubstream::error::{ErrorKind, Result};
use hubstream::record::RecordBatchBuilder;
use hubstream_emulator::faults::{Effect, Fault, FaultPlan};
use hubstream_emulator::{Clock, Limits};

use super::harness::{Harness, builder};

fn set(harness: &Harness, operation: &str, effect: Effect) {
    let mut fault = Fault::new(operation, effect);
    fault.service = Some("dis".to_owned());
    fault.count = Some(1);
    let plan = FaultPlan::new([fault]);
    harness.emulator.set_faults(plan).expect("valid");
}

#[tokio::test]
async fn they_happen_to_their_operation_in_the_words_of_the_service() -> Result<()> {
    let harness = Harness::start().await;
    let client = harness.client()?;
    client.create_stream(CreateStream::new("orders", 1)).await?;
    let put = async || {
        let mut records = RecordBatchBuilder::blobs();
        records.push_blob(b"x")?;
        let put = PutRecords::new("orders", records.build()?);
        client.put_records(put).await
    };
    let next = |number: &str| Some(number.to_owned());

    set(&harness, "PutRecords", Effect::Throttle);
    client
        .describe_stream(DescribeStream::new("orders"))
        .await?;
    let error = put().await.expect_err("throttled");
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::RateLimited, "DIS.4303")
    );
    assert_eq!(put().await?.records[0].sequence_number, next("0"));

    for effect in [Effect::Drop, Effect::Half] {
        set(&harness, "PutRecords", effect);
        let error = put().await.expect_err("lost");
        assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
        assert_eq!(harness.emulator.faults()[0].struck, 1);
    }
    let last = put().await?;
    assert_eq!(
        last.records[0].sequence_number,
        next("3"),
        "both were stored"
    );
    Ok(())
}

#[tokio::test]
async fn a_clock_that_is_off_refuses_signatures() -> Result<()> {
    let strict = builder().clock(Clock::system()).limits(Limits::Strict);
    let harness = Harness::of(strict).await;
    let client = harness.client()?;
    client.list_streams(ListStreams::new()).await?;
    for seconds in [3600, -3600] {
        set(&harness, "ListStreams", Effect::ClockSkew(seconds));
        let error = client
            .list_streams(ListStreams::new())
            .await
            .expect_err("too far");
        assert_eq!(error.code(), "DIS.4105", "{error}");
        client.list_streams(ListStreams::new()).await?;
    }
    Ok(())
}
