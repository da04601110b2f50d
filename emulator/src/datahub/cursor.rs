//! Positions in a shard and the texts that clients hold them by.

use serde_json::json;

use super::call::{Call, Reply};
use super::error::Error;
use super::log::Log;
use super::members::Members;
use super::state::State;

/// A place in a shard: before a record of an entry, or at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) sequence: i64,
    /// Records of the entry that lie before the position.
    pub(super) index: u32,
}

/// The text of a position.
pub(super) type CursorText = [u8; 32];

impl Position {
    pub(super) fn at(sequence: i64) -> Self {
        Self { sequence, index: 0 }
    }

    /// Reads a cursor. Its time does not matter.
    pub(super) fn parse(cursor: &str) -> Result<Self, Error> {
        let digits = cursor.len() == 32 && cursor.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !digits || !cursor.starts_with("3000") {
            return Err(Error::invalid_cursor());
        }
        let sequence =
            i64::from_str_radix(&cursor[12..28], 16).map_err(|_| Error::invalid_cursor())?;
        let index = u32::from_str_radix(&cursor[28..], 16).map_err(|_| Error::invalid_cursor())?;
        Ok(Self { sequence, index })
    }

    /// The cursor of this position, which depends on nothing but the position.
    pub(super) fn cursor(self, log: &Log) -> CursorText {
        let time_ms = log
            .get(self.sequence)
            .map_or(log.last_ms(), |entry| entry.time_ms);
        self.cursor_at(time_ms)
    }

    /// The cursor of this position where the time of its entry is known.
    pub(super) fn cursor_at(self, time_ms: i64) -> CursorText {
        let mut text = *b"30000000000000000000000000000000";
        write_hex(&mut text[4..12], time_ms.div_euclid(1000) as u64);
        write_hex(&mut text[12..28], self.sequence as u64);
        write_hex(&mut text[28..], u64::from(self.index));
        text
    }
}

/// Writes the lowest hexadecimal digits of a number.
fn write_hex(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}

pub(super) fn text(cursor: &CursorText) -> &str {
    std::str::from_utf8(cursor).unwrap_or_default()
}

/// Finds a position by what the body asks for.
pub(super) fn get(
    call: &Call<'_>,
    state: &mut State,
    shard: &str,
    body: &Members,
) -> Result<Reply, Error> {
    let seek = Seek::read(body)?;
    let (topic, index) = state.fresh_shard(call, shard)?;
    let log = &topic.shards[index].log;
    let sequence = seek.find(log, call.now_ms)?;
    let time = log
        .get(sequence)
        .map_or(log.last_ms(), |entry| entry.time_ms);
    let cursor = Position::at(sequence).cursor(log);
    Ok(Reply::json(
        &json!({ "Cursor": text(&cursor), "RecordTime": time, "Sequence": sequence }),
    ))
}

enum Seek {
    Oldest,
    Latest,
    Time(i64),
    Sequence(i64),
}

impl Seek {
    fn read(body: &Members) -> Result<Self, Error> {
        match body.required_text("Type")?.to_ascii_uppercase().as_str() {
            "OLDEST" => Ok(Self::Oldest),
            "LATEST" => Ok(Self::Latest),
            // A time before 1970 is one before the oldest record.
            "SYSTEM_TIME" => body.required_integer("SystemTime").map(Self::Time),
            "SEQUENCE" => match body.required_integer("Sequence")? {
                ..0 => Err(Error::invalid_parameter("The member Sequence is negative.")),
                sequence => Ok(Self::Sequence(sequence)),
            },
            _ => Err(Error::invalid_parameter("The cursor type is not known.")),
        }
    }

    fn find(&self, log: &Log, now_ms: i64) -> Result<i64, Error> {
        match *self {
            Self::Oldest => Ok(log.first_sequence()),
            Self::Latest if log.is_empty() => Ok(log.next_sequence()),
            // The last record itself, not the place behind it.
            Self::Latest => Ok(log.next_sequence() - 1),
            Self::Time(time) if time > now_ms.max(log.last_ms()) => {
                Err(Error::seek_time_out_of_range())
            }
            Self::Time(time) => Ok(log.sequence_at(time)),
            Self::Sequence(sequence) => {
                if (log.first_sequence()..=log.next_sequence()).contains(&sequence) {
                    Ok(sequence)
                } else {
                    Err(Error::seek_sequence_out_of_range())
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_those_of_the_service() {
        let position = Position::at(0);
        assert_eq!(
            text(&position.cursor_at(1_525_783_352_000)),
            "30005af19b3800000000000000000000"
        );
        assert_eq!(
            text(&position.cursor(&Log::default())),
            "30000000000000000000000000000000"
        );
        let position = Position {
            sequence: 8,
            index: 3,
        };
        let cursor = position.cursor_at(1_525_783_352_999);
        assert_eq!(text(&cursor), "30005af19b3800000000000000080003");
        assert_eq!(Position::parse(text(&cursor)), Ok(position));
    }

    #[test]
    fn other_texts_are_no_cursors() {
        for bad in [
            "",
            "abcde",
            "3000000000000000",
            "20005af19b3800000000000000000000",
            "30005af19b38ffffffffffffffff0000",
            "30005af19b380000000000000000000g",
            "30005af19b38+0000000000000000000",
            "é0005af19b380000000000000000000",
        ] {
            assert_eq!(
                Position::parse(bad).map_err(|error| error.code),
                Err("InvalidCursor"),
                "{bad}"
            );
        }
    }
}
