//! Puts all rows of the data set: protobuf, compressed with LZ4, 500 records per request.

use hubstream::datahub::PutRecords;
use hubstream_examples::dataset::DataSet;
use hubstream_examples::journey::{Journey, TOPIC};
use hubstream_examples::{Failure, show};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let data = DataSet::load()?;
    let journey = Journey::new()?;
    let bar = show::progress(data.len(), "put")?;
    let mut requests = 0;
    for batch in data.batches(500) {
        let batch = batch?;
        let records = batch.len();
        let result = journey
            .hub
            .put_records(PutRecords::new(&journey.project, TOPIC, batch))
            .await?;
        if let Some(failed) = result.failed_records.first() {
            return Err(format!(
                "record {} was refused: {}",
                failed.index, failed.error_message
            )
            .into());
        }
        requests += 1;
        bar.inc(records as u64);
    }
    bar.finish_and_clear();
    journey.save(
        "put",
        &json!({ "rows": data.len(), "checksum": data.checksum()? }),
    )?;
    println!("put {} rows in {requests} requests", data.len());
    Ok(())
}
