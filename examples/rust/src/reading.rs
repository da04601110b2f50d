//! Reading a shard by cursor.

use hubstream::datahub::{CursorType, GetCursor, GetTupleRecords};

use crate::Failure;
use crate::dataset::{DataSet, canonical};
use crate::journey::{Journey, TOPIC};

/// Most records per request.
const LIMIT: i64 = 500;

/// What was read of a shard.
#[derive(Clone, Debug, Default)]
pub struct ShardRead {
    /// Sequence number of the first record; absent when there was none.
    pub first: Option<i64>,
    /// Sequence number of the last record.
    pub last: i64,
    /// Time of the last record in milliseconds since 1970.
    pub last_time: i64,
    /// The records as lines of the checksum.
    pub lines: Vec<String>,
}

/// Sequence number of the newest record of a shard.
pub async fn newest(journey: &Journey, shard: &str) -> Result<i64, Failure> {
    let latest = GetCursor::new(&journey.project, TOPIC, shard, CursorType::Latest);
    Ok(journey.hub.get_cursor(latest).await?.sequence)
}

/// Reads the records behind a sequence number up to another one.
pub async fn read(
    journey: &Journey,
    data: &DataSet,
    shard: &str,
    after: i64,
    until: i64,
) -> Result<ShardRead, Failure> {
    let mut read = ShardRead {
        last: after,
        ..ShardRead::default()
    };
    if after >= until {
        return Ok(read);
    }
    let start = if after < 0 {
        GetCursor::new(&journey.project, TOPIC, shard, CursorType::Oldest)
    } else {
        GetCursor::new(&journey.project, TOPIC, shard, CursorType::Sequence).param(after + 1)
    };
    let mut cursor = journey.hub.get_cursor(start).await?.cursor;
    while read.last < until {
        let get = GetTupleRecords::new(&journey.project, TOPIC, shard)
            .record_schema(data.schema.clone())
            .cursor(cursor.as_str())
            .limit_num(i32::try_from(LIMIT.min(until - read.last))?);
        let result = journey.hub.get_tuple_records(get).await?;
        if result.records.is_empty() {
            return Err(format!("shard {shard} ends at {} instead of {until}", read.last).into());
        }
        for record in &result.records {
            read.first.get_or_insert(record.sequence());
            read.last = record.sequence();
            read.last_time = record.system_time();
            read.lines.push(canonical(&record)?);
        }
        cursor = result.next_cursor;
    }
    Ok(read)
}
