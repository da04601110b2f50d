//! Cursors: opaque to clients, signed, and valid for five minutes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hubstream::dis::partition::{parse_partition_id, partition_id};
use hubstream::sign::hmac::hmac_sha256;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::error::Error;
use super::fields::Fields;
use super::reply::Reply;
use super::state::{Project, Stream};

/// How long a cursor is valid, in milliseconds.
const LIFETIME_MS: i64 = 5 * 60 * 1000;

/// Longest cursor, in characters.
const MAX_LENGTH: usize = 512;

/// A place in a partition at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) stream_id: String,
    pub(crate) stream_name: String,
    pub(crate) partition: u32,
    pub(crate) sequence_number: u64,
    pub(crate) issued: i64,
}

/// The content of a cursor, in the form that the service's own cursors have.
#[derive(Serialize, Deserialize)]
struct Content {
    #[serde(rename = "getIteratorParam")]
    place: Place,
    #[serde(rename = "generateTimestamp")]
    issued: i64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    seal: String,
}

#[derive(Serialize, Deserialize)]
struct Place {
    #[serde(rename = "stream-name")]
    stream_name: String,
    #[serde(rename = "stream-id")]
    stream_id: String,
    #[serde(rename = "partition-id")]
    partition_id: String,
    #[serde(rename = "cursor-type")]
    cursor_type: String,
    #[serde(rename = "starting-sequence-number")]
    sequence_number: String,
}

impl Cursor {
    /// The text that clients get.
    pub(crate) fn seal(&self, secret: &[u8; 32]) -> String {
        let mut content = Content {
            place: Place {
                stream_name: self.stream_name.clone(),
                stream_id: self.stream_id.clone(),
                partition_id: partition_id(self.partition),
                cursor_type: "AT_SEQUENCE_NUMBER".to_owned(),
                sequence_number: self.sequence_number.to_string(),
            },
            issued: self.issued,
            seal: String::new(),
        };
        content.seal = seal(&content, secret);
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&content).unwrap_or_default())
    }

    /// Reads the text of a client; refuses what was not sealed here.
    pub(crate) fn open(text: &str, secret: &[u8; 32]) -> Result<Self, Error> {
        let malformed = || Error::new("DIS.4217", "The partition cursor is invalid.");
        if text.len() > MAX_LENGTH {
            return Err(malformed());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed())?;
        let mut content: Content = serde_json::from_slice(&bytes).map_err(|_| malformed())?;
        let given = std::mem::take(&mut content.seal);
        if !bool::from(given.as_bytes().ct_eq(seal(&content, secret).as_bytes())) {
            return Err(malformed());
        }
        let Content { place, issued, .. } = content;
        Ok(Self {
            partition: parse_partition_id(&place.partition_id).ok_or_else(malformed)?,
            sequence_number: place.sequence_number.parse().map_err(|_| malformed())?,
            stream_id: place.stream_id,
            stream_name: place.stream_name,
            issued,
        })
    }

    /// Refuses a cursor that is too old.
    pub(crate) fn check_age(&self, now: i64) -> Result<(), Error> {
        if now - self.issued > LIFETIME_MS {
            Err(Error::new("DIS.4225", "The partition cursor has expired."))
        } else {
            Ok(())
        }
    }
}

fn seal(content: &Content, secret: &[u8; 32]) -> String {
    let plain = serde_json::to_vec(content).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(&hmac_sha256(secret, &plain)[..16])
}

/// Answers a request for a cursor.
pub(crate) fn show(
    project: &mut Project,
    query: &Fields,
    now: i64,
    secret: &[u8; 32],
) -> Result<Reply, Error> {
    let (name, id) = (query.text("stream-name")?, query.text("stream-id")?);
    if name.is_none() && id.is_none() {
        return Err(Error::invalid("stream-name is missing."));
    }
    let stream = project.stream(name.as_deref(), id.as_deref())?;
    let partition = parse_partition_id(&query.required("partition-id")?)
        .ok_or_else(|| Error::new("DIS.4201", "The partition-id is invalid."))?;
    let sequence_number = position(stream, partition, query, now)?;
    let cursor = Cursor {
        stream_id: stream.info.id.clone(),
        stream_name: stream.info.name.clone(),
        partition,
        sequence_number,
        issued: now,
    };
    Ok(Reply::json(
        &serde_json::json!({ "partition_cursor": cursor.seal(secret) }),
    ))
}

/// The sequence number of the first record that a new cursor reads.
fn position(stream: &Stream, number: u32, query: &Fields, now: i64) -> Result<u64, Error> {
    let partition = stream.readable(number, now)?;
    let (first, next) = (partition.first(), partition.info.next);
    let kind = query
        .text("cursor-type")?
        .unwrap_or_else(|| "AT_SEQUENCE_NUMBER".to_owned());
    match kind.as_str() {
        "TRIM_HORIZON" => Ok(first),
        "LATEST" => Ok(next),
        "AT_TIMESTAMP" => {
            let time = query
                .integer("timestamp")?
                .ok_or_else(|| Error::invalid("timestamp is missing."))?;
            let found = partition
                .records_from(first)
                .find(|(_, record)| record.timestamp >= time);
            Ok(found.map_or(next, |(number, _)| number))
        }
        "AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER" => {
            let name = "starting-sequence-number";
            let text = query
                .text(name)?
                .ok_or_else(|| Error::bad_sequence_number(name))?;
            let given: i64 = text.parse().map_err(|_| Error::bad_sequence_number(name))?;
            let start = i128::from(given) + i128::from(kind == "AFTER_SEQUENCE_NUMBER");
            u64::try_from(start)
                .ok()
                .filter(|start| (first..=next).contains(start))
                .ok_or_else(Error::out_of_range)
        }
        _ => Err(Error::new("DIS.4215", "The cursor type is invalid.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(name: &str) -> Cursor {
        Cursor {
            stream_id: "8QM3Nt9YTLOwtUVYJhO".to_owned(),
            stream_name: name.to_owned(),
            partition: u32::MAX,
            sequence_number: i64::MAX as u64,
            issued: i64::from(u32::MAX) * 1000,
        }
    }

    #[test]
    fn a_sealed_cursor_opens_and_is_short() {
        let cursor = cursor(&"n".repeat(64));
        let text = cursor.seal(&[7; 32]);
        assert!(text.len() <= MAX_LENGTH, "{}", text.len());
        assert_eq!(Cursor::open(&text, &[7; 32]).unwrap(), cursor);
    }

    #[test]
    fn foreign_cursors_are_refused() {
        let text = cursor("s").seal(&[7; 32]);
        let forged = text.replacen('A', "B", 1);
        let unsealed = URL_SAFE_NO_PAD.encode(br#"{"getIteratorParam":{},"generateTimestamp":1}"#);
        for bad in [
            "",
            "x",
            "eyJhIjoxfQ",
            &forged,
            &unsealed,
            &"A".repeat(600),
            &text[1..],
        ] {
            assert_eq!(
                Cursor::open(bad, &[7; 32]).unwrap_err().code,
                "DIS.4217",
                "{bad}"
            );
        }
        assert_eq!(Cursor::open(&text, &[8; 32]).unwrap_err().code, "DIS.4217");
    }

    #[test]
    fn five_minutes_are_the_limit() {
        let cursor = cursor("s");
        assert!(cursor.check_age(cursor.issued + LIFETIME_MS).is_ok());
        assert_eq!(
            cursor
                .check_age(cursor.issued + LIFETIME_MS + 1)
                .unwrap_err()
                .code,
            "DIS.4225"
        );
    }
}
