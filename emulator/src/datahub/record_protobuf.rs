//! Records in protobuf requests and replies.

use std::borrow::Cow;

use bytes::Bytes;

use super::cursor::CursorText;
use super::error::Error;
use super::frame;
use super::log::Record;
use super::put::{Expected, Failed, Incoming, RECORDS, Route};
use super::read::{Page, Row};
use super::wire::{self, Content, Fields, Malformed};

/// Fields of a record entry.
const SHARD_ID: u32 = 1;
const HASH_KEY: u32 = 2;
const PARTITION_KEY: u32 = 3;
const CURSOR: u32 = 4;
const NEXT_CURSOR: u32 = 5;
const SEQUENCE: u32 = 6;
const SYSTEM_TIME: u32 = 7;
const ATTRIBUTES: u32 = 8;
const DATA: u32 = 9;
const SERIAL: u32 = 10;

/// The only field of the messages that list things: records, attributes, values.
const LISTED: u32 = 1;

fn unreadable() -> Error {
    Error::invalid_parameter(
        "The request body is invalid: it is not the expected protobuf message.",
    )
}

/// The messages listed in a request to put records, unread.
pub(super) fn entries(payload: &Bytes) -> Result<Vec<Bytes>, Error> {
    let mut entries = Vec::new();
    for field in Fields::of(payload) {
        let field = field.map_err(|Malformed| unreadable())?;
        if field.number != LISTED {
            continue;
        }
        let entry = field.bytes().map_err(|Malformed| unreadable())?;
        if entries.len() == RECORDS {
            return Err(Error::invalid_parameter(format!(
                "The request has more than {RECORDS} records."
            )));
        }
        entries.push(payload.slice_ref(entry));
    }
    Ok(entries)
}

/// Reads one record. What is wrong with its values is a matter of the record alone; what is wrong with its encoding
/// fails the request.
pub(super) fn read<'a>(entry: &'a Bytes, expected: &Expected) -> Result<Incoming<'a>, Error> {
    let parts = Parts::of(entry).map_err(|Malformed| unreadable())?;
    let record = parts
        .record(entry, expected)
        .map_err(|Malformed| unreadable())?;
    Ok(Incoming {
        route: parts.route,
        record,
    })
}

/// A record entry taken apart.
#[derive(Default)]
struct Parts<'a> {
    route: Route<'a>,
    attributes: Vec<Part<'a>>,
    data: Vec<Part<'a>>,
}

struct Part<'a> {
    content: &'a [u8],
    place: std::ops::Range<usize>,
}

impl<'a> Parts<'a> {
    fn of(entry: &'a [u8]) -> Result<Self, Malformed> {
        let mut parts = Self::default();
        for field in Fields::of(entry) {
            let field = field?;
            match field.number {
                SHARD_ID => parts.route.shard_id = Cow::Borrowed(field.text()?),
                HASH_KEY => parts.route.hash_key = Cow::Borrowed(field.text()?),
                PARTITION_KEY => parts.route.partition_key = Cow::Borrowed(field.text()?),
                ATTRIBUTES if !field.bytes()?.is_empty() => {
                    parts.attributes.push(Part {
                        content: field.bytes()?,
                        place: field.place,
                    });
                }
                DATA => parts.data.push(Part {
                    content: field.bytes()?,
                    place: field.place,
                }),
                _ => {}
            }
        }
        Ok(parts)
    }

    fn record(
        &self,
        entry: &Bytes,
        expected: &Expected,
    ) -> Result<Result<Record, Error>, Malformed> {
        for part in &self.attributes {
            check_attributes(part.content)?;
        }
        if self.data.is_empty() {
            return Ok(Err(Error::malformed_record(
                "The record is not well-formed.",
            )));
        }
        let mut values = Vec::with_capacity(16);
        for part in &self.data {
            read_values(part.content, &mut values)?;
        }
        if let Err(error) = check_values(&values, expected) {
            return Ok(Err(error));
        }
        let (attributes_len, bytes) = self.encoded(entry);
        Ok(Ok(Record {
            width: values.len() as u32,
            attributes_len,
            bytes,
        }))
    }

    /// The attributes and values as they are stored: without copying, if the writer put them side by side.
    fn encoded(&self, entry: &Bytes) -> (u32, Bytes) {
        match (self.attributes.as_slice(), self.data.as_slice()) {
            ([], [data]) => (0, entry.slice(data.place.clone())),
            ([attributes], [data]) if attributes.place.end == data.place.start => (
                attributes.place.len() as u32,
                entry.slice(attributes.place.start..data.place.end),
            ),
            (attributes, data) => {
                // Messages that are given in parts are the parts one after the other.
                let joined = |parts: &[Part<'_>]| {
                    parts
                        .iter()
                        .flat_map(|part| part.content)
                        .copied()
                        .collect::<Vec<u8>>()
                };
                let mut bytes = Vec::new();
                if !attributes.is_empty() {
                    wire::put_bytes(&mut bytes, ATTRIBUTES, &joined(attributes));
                }
                let attributes_len = bytes.len() as u32;
                wire::put_bytes(&mut bytes, DATA, &joined(data));
                (attributes_len, bytes.into())
            }
        }
    }
}

fn check_attributes(message: &[u8]) -> Result<(), Malformed> {
    for field in Fields::of(message) {
        let field = field?;
        if field.number == LISTED {
            read_pair(field.bytes()?)?;
        }
    }
    Ok(())
}

/// Reads the key and the value of an attribute.
fn read_pair(message: &[u8]) -> Result<(&str, &str), Malformed> {
    let (mut key, mut value) = ("", "");
    for field in Fields::of(message) {
        let field = field?;
        match field.number {
            1 => key = field.text()?,
            2 => value = field.text()?,
            _ => {}
        }
    }
    Ok((key, value))
}

fn read_values<'a>(message: &'a [u8], values: &mut Vec<Option<&'a [u8]>>) -> Result<(), Malformed> {
    for field in Fields::of(message) {
        let field = field?;
        if field.number == LISTED {
            values.push(read_value(field.bytes()?)?);
        }
    }
    Ok(())
}

/// Reads a value; a message without content is null.
fn read_value(message: &[u8]) -> Result<Option<&[u8]>, Malformed> {
    let mut value = None;
    for field in Fields::of(message) {
        let field = field?;
        if field.number == 1 {
            let Content::Bytes(bytes) = field.content else {
                return Err(Malformed);
            };
            value = Some(bytes);
        }
    }
    Ok(value)
}

/// Checks the values of a record against what its topic takes.
pub(super) fn check_values(values: &[Option<&[u8]>], expected: &Expected) -> Result<(), Error> {
    if expected.schema.is_none() {
        let blob = matches!(values, [Some(_)]);
        return if blob {
            Ok(())
        } else {
            Err(Error::malformed_record("The record is not a blob."))
        };
    }
    expected.check_width(values.len())?;
    values
        .iter()
        .enumerate()
        .try_for_each(|(column, value)| expected.check_value(column, *value))
}

/// Encodes a record from its values and attributes.
pub(super) fn encode<'a>(
    values: &[Option<&[u8]>],
    attributes: impl Iterator<Item = (&'a str, &'a str)>,
) -> Record {
    let mut content = Vec::new();
    for (key, value) in attributes {
        let mut pair = Vec::with_capacity(key.len() + value.len() + 8);
        wire::put_bytes(&mut pair, 1, key.as_bytes());
        wire::put_bytes(&mut pair, 2, value.as_bytes());
        wire::put_bytes(&mut content, LISTED, &pair);
    }
    let mut bytes = Vec::new();
    if !content.is_empty() {
        wire::put_bytes(&mut bytes, ATTRIBUTES, &content);
    }
    let attributes_len = bytes.len() as u32;
    content.clear();
    for value in values {
        put_value(&mut content, *value);
    }
    wire::put_bytes(&mut bytes, DATA, &content);
    Record {
        width: values.len() as u32,
        attributes_len,
        bytes: bytes.into(),
    }
}

fn put_value(content: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        None => wire::put_len(content, LISTED, 0),
        Some(value) => {
            wire::put_len(
                content,
                LISTED,
                1 + wire::number_len(value.len() as u64) + value.len(),
            );
            wire::put_bytes(content, 1, value);
        }
    }
}

/// What a stored record holds.
pub(super) struct Stored<'a> {
    pub(super) values: Vec<Option<&'a [u8]>>,
    pub(super) attributes: Vec<(&'a str, &'a str)>,
}

/// Reads a stored record.
pub(super) fn stored(record: &Record) -> Result<Stored<'_>, Error> {
    let take = || -> Result<Stored<'_>, Malformed> {
        let mut stored = Stored {
            values: Vec::with_capacity(record.width as usize),
            attributes: Vec::new(),
        };
        for field in Fields::of(&record.bytes) {
            let field = field?;
            match field.number {
                DATA => read_values(field.bytes()?, &mut stored.values)?,
                _ => {
                    for attribute in Fields::of(field.bytes()?) {
                        let attribute = attribute?;
                        if attribute.number == LISTED {
                            stored.attributes.push(read_pair(attribute.bytes()?)?);
                        }
                    }
                }
            }
        }
        Ok(stored)
    };
    take().map_err(|Malformed| Error::internal())
}

/// The same record with nulls for the columns that it lacks.
fn padded(record: &Record, width: usize) -> Result<Record, Error> {
    let mut stored = stored(record)?;
    stored.values.resize(width, None);
    Ok(encode(&stored.values, stored.attributes.into_iter()))
}

/// The framed reply to a put of records.
pub(super) fn put_reply(failed: &[Failed]) -> Bytes {
    let mut frame = frame::start(2 + failed.len() * 64);
    // Clients need the count even if it is 0.
    wire::put_integer(&mut frame, 1, failed.len() as i64);
    for failure in failed {
        let mut message = Vec::new();
        wire::put_integer(&mut message, 1, failure.index as i64);
        wire::put_bytes(&mut message, 2, failure.error.code.as_bytes());
        wire::put_bytes(&mut message, 3, failure.error.message.as_bytes());
        wire::put_bytes(&mut frame, 2, &message);
    }
    frame::finish(frame)
}

/// What a request to read records says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GetRequest {
    pub(super) cursor: String,
    pub(super) limit: i64,
}

/// Reads a request to read records.
pub(super) fn get_request(payload: &[u8]) -> Result<GetRequest, Error> {
    let take = || -> Result<(Option<String>, i64), Malformed> {
        let (mut cursor, mut limit) = (None, 1);
        for field in Fields::of(payload) {
            let field = field?;
            match field.number {
                1 => cursor = Some(field.text()?.to_owned()),
                2 => limit = field.integer()?,
                _ => {}
            }
        }
        Ok((cursor, limit))
    };
    let (cursor, limit) = take().map_err(|Malformed| unreadable())?;
    let cursor = cursor.ok_or_else(|| Error::invalid_parameter("The member cursor is missing."))?;
    Ok(GetRequest { cursor, limit })
}

/// The framed reply to a read of records.
pub(super) fn get_reply(page: &Page) -> Result<Bytes, Error> {
    let content: usize = page
        .rows
        .iter()
        .map(|row| row.record.bytes.len() + 128)
        .sum();
    let mut frame = frame::start(content + 128);
    put_page_head(&mut frame, page);
    for row in &page.rows {
        if (row.record.width as usize) < page.width {
            put_row(&mut frame, row, &padded(&row.record, page.width)?);
        } else {
            put_row(&mut frame, row, &row.record);
        }
    }
    put_page_tail(&mut frame, page);
    Ok(frame::finish(frame))
}

/// The framed reply to a read of batches.
pub(super) fn batch_reply(page: &Page) -> Bytes {
    let content: usize = page
        .rows
        .iter()
        .map(|row| row.record.bytes.len() + 128)
        .sum();
    let mut frame = frame::start(content + 128);
    put_page_head(&mut frame, page);
    for row in &page.rows {
        let mut entry = Vec::with_capacity(row.record.bytes.len() + 128);
        wire::put_bytes(&mut entry, 1, &row.cursor);
        wire::put_bytes(&mut entry, 2, &row.next_cursor);
        wire::put_integer(&mut entry, 3, row.sequence);
        wire::put_integer(&mut entry, 4, row.time_ms);
        wire::put_integer(&mut entry, 5, 0);
        wire::put_bytes(&mut entry, 6, &row.record.bytes);
        wire::put_bytes(&mut frame, 4, &entry);
    }
    put_page_tail(&mut frame, page);
    frame::finish(frame)
}

/// Writes what precedes the records of a reply.
fn put_page_head(frame: &mut Vec<u8>, page: &Page) {
    wire::put_bytes(frame, 1, page.next_cursor.as_bytes());
    wire::put_integer(frame, 2, page.rows.len() as i64);
    wire::put_integer(frame, 3, page.start_sequence);
}

/// Writes what follows the records of a reply.
fn put_page_tail(frame: &mut Vec<u8>, page: &Page) {
    wire::put_integer(frame, 5, page.latest_sequence);
    wire::put_integer(frame, 6, page.latest_ms);
}

fn put_row(frame: &mut Vec<u8>, row: &Row, record: &Record) {
    // Two cursors of 34 bytes; the other tags and the serial number are shorter than 128.
    let len = 2 * (2 + size_of::<CursorText>())
        + 1
        + wire::number_len(row.sequence as u64)
        + 1
        + wire::number_len(row.time_ms as u64)
        + record.bytes.len()
        + 1
        + wire::number_len(u64::from(row.index));
    wire::put_len(frame, 4, len);
    wire::put_bytes(frame, CURSOR, &row.cursor);
    wire::put_bytes(frame, NEXT_CURSOR, &row.next_cursor);
    wire::put_integer(frame, SEQUENCE, row.sequence);
    wire::put_integer(frame, SYSTEM_TIME, row.time_ms);
    frame.extend_from_slice(&record.bytes);
    wire::put_integer(frame, SERIAL, i64::from(row.index));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(text: &str) -> Vec<u8> {
        let record = encode(&[Some(text.as_bytes())], [("key", "value")].into_iter());
        let mut entry = Vec::new();
        wire::put_bytes(&mut entry, SHARD_ID, b"0");
        entry.extend_from_slice(&record.bytes);
        entry
    }

    fn request(entries: &[Vec<u8>]) -> Bytes {
        let mut payload = Vec::new();
        for entry in entries {
            wire::put_bytes(&mut payload, LISTED, entry);
        }
        payload.into()
    }

    fn read_all(payload: &Bytes) -> Result<Vec<Record>, Error> {
        let expected = Expected::blobs();
        let entries = entries(payload)?;
        entries
            .iter()
            .map(|entry| read(entry, &expected)?.record)
            .collect()
    }

    #[test]
    fn a_record_is_stored_as_it_was_sent() {
        let payload = request(&[blob("one"), blob("two")]);
        let records = read_all(&payload).expect("records");
        let second = stored(&records[1]).expect("a record");
        assert_eq!(second.values, [Some(&b"two"[..])]);
        assert_eq!(second.attributes, [("key", "value")]);
        // Taken over without copying.
        assert!(payload.as_ptr_range().contains(&records[1].bytes.as_ptr()));
    }

    #[test]
    fn a_record_in_unusual_order_is_the_same_record() {
        let usual = blob("one");
        let Some(place) = Fields::of(&usual)
            .flatten()
            .find(|field| field.number == DATA)
        else {
            panic!("no data");
        };
        let mut unusual = usual[place.place.clone()].to_vec();
        wire::put_integer(&mut unusual, 99, 5);
        unusual.extend_from_slice(&usual[..place.place.start]);
        let (one, other) = (read_all(&request(&[usual])), read_all(&request(&[unusual])));
        assert_eq!(one, other);
    }

    #[test]
    fn damaged_requests_are_refused_without_a_panic() {
        let payload = request(&[blob("one"), blob("a longer one"), blob("")]);
        let mut random = fastrand::Rng::with_seed(7);
        let mut refused = 0;
        for _ in 0..5000 {
            let mut damaged = payload.to_vec();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..damaged.len());
                damaged[at] = random.u8(..);
            }
            damaged.truncate(random.usize(1..=damaged.len()));
            refused += usize::from(read_all(&damaged.into()).is_err());
        }
        assert!((1000..5000).contains(&refused), "{refused}");
    }
}
