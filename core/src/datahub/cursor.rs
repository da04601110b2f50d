//! Cursors.

use crate::client::Client;
use crate::error::{Error, Result};
use crate::operation::{Composite, Exchange, decode_json, with_json};
use crate::transport::{Request, Response};
use crate::{model, operation};

use super::place::{ShardAddress, Topic};
use super::{DataHubService, OffsetBase};

/// Which record a cursor points at.
#[model]
pub enum CursorType {
    /// The oldest record that is kept.
    Oldest,
    /// The newest record.
    Latest,
    /// The first record at or after a time.
    SystemTime,
    /// The record of a sequence number.
    Sequence,
}

/// Gets a cursor: the place in a shard where reading begins.
///
/// Fails with kind `position_lost` when the place lies outside of the records that are kept.
#[operation(
    service = DataHubService, at = ShardAddress,
    POST "/projects/{project_name}/topics/{topic_name}/shards/{shard_id}",
    returns = GetCursorResult, custom, idempotent
)]
pub struct GetCursor {
    /// Which record.
    pub cursor_type: CursorType,
    /// For `SYSTEM_TIME` the time in milliseconds since 1970, for `SEQUENCE` the sequence number,
    /// 0 or more; not used otherwise.
    #[default(-1)]
    pub param: i64,
}

/// A place in a shard.
#[model]
pub struct GetCursorResult {
    /// The cursor, for the next get of records.
    pub cursor: String,
    /// Time of the record that it points at, in milliseconds since 1970.
    pub record_time: i64,
    /// Sequence number of the record that it points at.
    pub sequence: i64,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Gets the cursor at which reading goes on after an offset that was committed.
///
/// A cursor cannot point inside a batch, so it stands at the record of the offset: hand the offset to
/// the get of records as well, which leaves out what was consumed. When that record is no longer kept,
/// the cursor stands at the first record of the offset's time or later, else at the oldest one; so it
/// does when nothing was committed.
#[operation(
    service = DataHubService, at = ShardAddress,
    returns = GetCursorResult, composite, idempotent
)]
pub struct GetCursorAfter {
    /// How far the shard was consumed, as returned by `init_and_get_subscription_offset` or `get_subscription_offset`.
    pub offset: OffsetBase,
}

impl Composite for GetCursorAfter {
    async fn compose(self, client: &Client<DataHubService>) -> Result<GetCursorResult> {
        self.check()?;
        let at = |cursor_type| {
            GetCursor::new(
                self.project_name.as_str(),
                self.topic_name.as_str(),
                self.shard_id.as_str(),
                cursor_type,
            )
        };
        let places = [
            (CursorType::Sequence, self.offset.sequence, 0),
            (CursorType::SystemTime, self.offset.timestamp, 1),
        ];
        for (cursor_type, param, least) in places {
            if param < least {
                continue;
            }
            match client.exchange(&at(cursor_type).param(param)).await {
                Err(error) if error.code() == "SeekOutOfRange" => {}
                outcome => return outcome,
            }
        }
        client.exchange(&at(CursorType::Oldest)).await
    }
}

#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    action: &'static str,
    r#type: &'a CursorType,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<i64>,
}

impl Exchange for GetCursor {
    fn validate(&self) -> Result<()> {
        self.check()?;
        let needs = matches!(
            self.cursor_type,
            CursorType::SystemTime | CursorType::Sequence
        );
        if needs && self.param < 0 {
            return Err(Error::invalid_argument(
                "param",
                format_args!(
                    "must be 0 or more for a cursor of type {}",
                    self.cursor_type
                ),
            ));
        }
        Ok(())
    }

    fn encode(&self, _: &DataHubService) -> Result<Request> {
        let target = Topic::new(&self.project_name, &self.topic_name).shard(&self.shard_id);
        let param = |cursor_type| (self.cursor_type == cursor_type).then_some(self.param);
        let body = Body {
            action: "cursor",
            r#type: &self.cursor_type,
            system_time: param(CursorType::SystemTime),
            sequence: param(CursorType::Sequence),
        };
        with_json(Request::new(http::Method::POST, target), &body)
    }

    fn decode(&self, _: &DataHubService, response: Response) -> Result<GetCursorResult> {
        decode_json(&response)
    }
}
