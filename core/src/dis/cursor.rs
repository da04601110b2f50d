//! Cursors.

use crate::error::{Error, Result};
use crate::operation::{Exchange, WireText, decode_json, push_query};
use crate::transport::{Request, Response};
use crate::{model, operation};

use super::{DisService, check};

/// Which record a cursor points at.
#[model]
pub enum CursorType {
    /// The record of a sequence number.
    AtSequenceNumber,
    /// The record behind that of a sequence number.
    AfterSequenceNumber,
    /// The oldest record that is kept.
    TrimHorizon,
    /// The first record that is written from now on.
    Latest,
    /// The first record of a time or later.
    AtTimestamp,
}

/// Gets a cursor: the place in a partition where reading begins.
///
/// A cursor is valid for 5 minutes. Fails with kind `position_lost` when the sequence number lies
/// outside of the records that are kept.
#[operation(
    service = DisService, GET "/cursors", snake_case, custom, returns = GetCursorResult
)]
pub struct GetCursor {
    /// Name of the stream.
    #[check(check::stream)]
    pub stream_name: String,
    /// Id of the partition, as in `0` or `shardId-0000000000`.
    #[check(check::partition)]
    pub partition_id: String,
    /// Which record it points at; absent for `AT_SEQUENCE_NUMBER`.
    pub cursor_type: Option<CursorType>,
    /// The sequence number as decimal text, for `AT_SEQUENCE_NUMBER` and `AFTER_SEQUENCE_NUMBER`; absent for the
    /// others.
    pub starting_sequence_number: Option<String>,
    /// The time in milliseconds since 1970, for `AT_TIMESTAMP`; absent for the others.
    pub timestamp: Option<i64>,
    /// Id of a stream that another account gave access to; absent for one's own.
    pub stream_id: Option<String>,
}

/// A place in a partition.
#[model(snake_case)]
pub struct GetCursorResult {
    /// The cursor, for the next get of records.
    pub partition_cursor: String,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

impl Exchange for GetCursor {
    fn validate(&self) -> Result<()> {
        self.check()?;
        if let Some(number) = &self.starting_sequence_number {
            check::sequence_number("starting_sequence_number", number)?;
        }
        let needs = |argument, given: bool| {
            if given {
                return Ok(());
            }
            let kind = self.cursor_type.as_ref().map_or("", CursorType::as_str);
            let message = format!("must be given for a cursor of type {kind}");
            Err(Error::invalid_argument(argument, message))
        };
        match self.cursor_type {
            None | Some(CursorType::AtSequenceNumber | CursorType::AfterSequenceNumber) => needs(
                "starting_sequence_number",
                self.starting_sequence_number.is_some(),
            ),
            Some(CursorType::AtTimestamp) => needs("timestamp", self.timestamp.is_some()),
            _ => Ok(()),
        }
    }

    fn encode(&self, _: &DisService) -> Result<Request> {
        let mut target = "/cursors".to_owned();
        let pairs = [
            ("stream-name", self.stream_name.wire_text()),
            ("partition-id", self.partition_id.wire_text()),
            ("cursor-type", self.cursor_type.wire_text()),
            (
                "starting-sequence-number",
                self.starting_sequence_number.wire_text(),
            ),
            ("timestamp", self.timestamp.wire_text()),
            ("stream-id", self.stream_id.wire_text()),
        ];
        for (name, value) in pairs {
            if let Some(value) = value {
                push_query(&mut target, name, &value);
            }
        }
        Ok(Request::new(http::Method::GET, target))
    }

    fn decode(&self, _: &DisService, response: Response) -> Result<GetCursorResult> {
        decode_json(&response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_type_needs_its_parameter() {
        let cursor = |kind: CursorType| GetCursor::new("s", "0").cursor_type(kind);
        for good in [
            cursor(CursorType::TrimHorizon),
            cursor(CursorType::Latest),
            cursor(CursorType::AtTimestamp).timestamp(1),
            cursor(CursorType::AfterSequenceNumber).starting_sequence_number("7"),
            GetCursor::new("s", "shardId-0000000001").starting_sequence_number("0"),
        ] {
            assert!(good.validate().is_ok(), "{good:?}");
        }
        let table = [
            (cursor(CursorType::AtTimestamp), "timestamp"),
            (
                cursor(CursorType::AtSequenceNumber),
                "starting_sequence_number",
            ),
            (GetCursor::new("s", "0"), "starting_sequence_number"),
            (
                GetCursor::new("s", "0").starting_sequence_number("x"),
                "starting_sequence_number",
            ),
            (GetCursor::new("s", "first"), "partition_id"),
            (GetCursor::new("", "0"), "stream_name"),
        ];
        for (bad, argument) in table {
            let error = bad.validate().unwrap_err();
            assert_eq!(error.context().next(), Some(("argument", argument)));
            assert!(!error.was_sent());
        }
    }
}
