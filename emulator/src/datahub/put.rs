//! Writing: which shard a record goes to, and what becomes of those that cannot be written.

use std::borrow::Cow;
use std::sync::Arc;

use super::call::Call;
use super::error::Error;
use super::hash_key::HashKey;
use super::journal::Journal;
use super::log::{Content, Record};
use super::schema::Schema;
use super::state::{Rate, RecordKind, State, Topic, short};

/// Records of one request.
pub(super) const RECORDS: usize = 10_000;

/// Requests and bytes that a shard takes in a second.
const REQUESTS_PER_SECOND: u64 = 2000;
const BYTES_PER_SECOND: u64 = 5 << 20;

/// A record of a request.
pub(super) struct Incoming<'a> {
    pub(super) route: Route<'a>,
    /// What to write, or why the record is no record of the topic.
    pub(super) record: Result<Record, Error>,
}

/// Where a record wants to go; an empty text is no wish.
#[derive(Default)]
pub(super) struct Route<'a> {
    pub(super) shard_id: Cow<'a, str>,
    pub(super) hash_key: Cow<'a, str>,
    pub(super) partition_key: Cow<'a, str>,
}

/// A record that was not written.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) index: usize,
    pub(super) error: Error,
}

/// What records of a topic must look like.
pub(super) struct Expected {
    /// Nothing for blobs.
    pub(super) schema: Option<Arc<Schema>>,
    /// Fewest values of a record.
    write_width: usize,
}

impl Expected {
    pub(super) fn of(topic: &Topic) -> Self {
        let schema = match topic.meta.kind {
            RecordKind::Tuple => topic.schema().cloned(),
            RecordKind::Blob => None,
        };
        Self {
            schema,
            write_width: topic.meta.write_width,
        }
    }

    #[cfg(test)]
    pub(super) fn blobs() -> Self {
        Self {
            schema: None,
            write_width: 1,
        }
    }

    /// Checks the number of values of a record.
    pub(super) fn check_width(&self, width: usize) -> Result<(), Error> {
        let most = self.schema.as_ref().map_or(1, |schema| schema.fields.len());
        if (self.write_width..=most).contains(&width) {
            Ok(())
        } else {
            Err(wrong_width())
        }
    }

    /// Checks one value of a record; `None` is null.
    pub(super) fn check_value(&self, column: usize, value: Option<&[u8]>) -> Result<(), Error> {
        let Some(column) = self
            .schema
            .as_ref()
            .and_then(|schema| schema.fields.get(column))
        else {
            return Err(wrong_width());
        };
        match value {
            Some(value) => column.kind.check(value).map_err(Error::malformed_record),
            None if column.notnull => Err(Error::malformed_record(format!(
                "Field [{}] must not be null",
                column.name
            ))),
            None => Ok(()),
        }
    }
}

fn wrong_width() -> Error {
    Error::malformed_record("Record field size not match")
}

/// Writes what can be written and tells the rest.
pub(super) fn to_topic(
    call: &Call<'_>,
    state: &mut State,
    incoming: Vec<Incoming<'_>>,
) -> Result<Vec<Failed>, Error> {
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    let mut writer = Writer::new(call, topic);
    let mut failed = Vec::new();
    for (index, incoming) in incoming.into_iter().enumerate() {
        if let Err(error) = writer.write(&incoming.route, incoming.record) {
            failed.push(Failed { index, error });
        }
    }
    writer.finish(journal);
    Ok(failed)
}

/// Writes all records to one shard or, if one cannot be written, none.
pub(super) fn to_shard(
    call: &Call<'_>,
    state: &mut State,
    shard: &str,
    contents: Vec<Content>,
) -> Result<(), Error> {
    let State {
        projects, journal, ..
    } = state;
    let topic = projects
        .topic_mut(call.project, call.topic)
        .map_err(as_for_put)?;
    let index = shard_for_put(call, topic, shard)?;
    let mut width = topic.meta.write_width;
    for content in &contents {
        if let Content::Record(record) = content {
            if (record.width as usize) < width {
                return Err(wrong_width());
            }
            width = record.width as usize;
        }
    }
    let bytes = contents.iter().map(Content::len).sum();
    take_throughput(call, topic, index, 1, bytes)?;
    topic.expire(index, call.now_ms, journal);
    widen(topic, width, journal);
    let run = topic.shards[index].log.append(contents, call.now_ms);
    journal.put_records(topic.incarnation, &topic.shards[index], run);
    Ok(())
}

/// Finds an active shard in the words that puts to one shard have for it.
pub(super) fn shard_for_put(call: &Call<'_>, topic: &Topic, shard: &str) -> Result<usize, Error> {
    let missing = || Error::no_such_shard_for_put(call.project, call.topic, short(shard));
    let index = topic.shard_index(call, shard).map_err(|_| missing())?;
    if topic.shards[index].is_active() {
        Ok(index)
    } else {
        Err(Error::shard_not_active())
    }
}

/// The words that puts to one shard have for a missing topic.
pub(super) fn as_for_put(error: Error) -> Error {
    if error.code == "NoSuchTopic" {
        Error::no_such_topic_for_put()
    } else {
        error
    }
}

/// Remembers that writers know a wider schema, after which narrower records are refused.
fn widen(topic: &mut Topic, width: usize, journal: &mut Journal) {
    if width > topic.meta.write_width {
        topic.meta.write_width = width;
        journal.put_topic(topic);
    }
}

/// Counts a write against what a shard takes in a second.
fn take_throughput(
    call: &Call<'_>,
    topic: &mut Topic,
    index: usize,
    requests: u64,
    bytes: usize,
) -> Result<(), Error> {
    if !call.limits.throughput() {
        return Ok(());
    }
    let rate = &mut topic.shards[index].rate;
    if rate.second != call.now_seconds() {
        *rate = Rate {
            second: call.now_seconds(),
            requests: 0,
            bytes: 0,
        };
    }
    let bytes = rate.bytes + bytes as u64;
    let requests = rate.requests + requests;
    if requests > REQUESTS_PER_SECOND || bytes > BYTES_PER_SECOND {
        return Err(Error::throughput());
    }
    (rate.requests, rate.bytes) = (requests, bytes);
    Ok(())
}

/// Writes the records of one request to the shards of a topic.
struct Writer<'a> {
    call: &'a Call<'a>,
    topic: &'a mut Topic,
    /// What is to be appended to each shard that is written to.
    writes: Vec<(usize, Vec<Content>)>,
    /// Where records without a wish go, all of one request to one shard.
    unrouted: Option<usize>,
    /// Most values of a record that was written, and at least what the topic demands.
    width: usize,
}

impl<'a> Writer<'a> {
    fn new(call: &'a Call<'a>, topic: &'a mut Topic) -> Self {
        let width = topic.meta.write_width;
        Self {
            call,
            topic,
            writes: Vec::new(),
            unrouted: None,
            width,
        }
    }

    fn write(&mut self, route: &Route<'_>, record: Result<Record, Error>) -> Result<(), Error> {
        let index = self.find(route)?;
        let record = record?;
        let width = record.width as usize;
        if width < self.width {
            return Err(wrong_width());
        }
        let known = self
            .writes
            .iter()
            .position(|(written, _)| *written == index);
        take_throughput(
            self.call,
            self.topic,
            index,
            u64::from(known.is_none()),
            record.bytes.len(),
        )?;
        self.width = width;
        match known {
            Some(at) => self.writes[at].1.push(Content::Record(record)),
            None => self.writes.push((index, vec![Content::Record(record)])),
        }
        Ok(())
    }

    fn find(&mut self, route: &Route<'_>) -> Result<usize, Error> {
        if !route.shard_id.is_empty() {
            return self.named(&route.shard_id);
        }
        if route.hash_key.is_empty() && route.partition_key.is_empty() {
            return self.unrouted();
        }
        if self.topic.meta.extend_mode {
            return Err(Error::invalid_parameter(
                "A topic in extend mode has no hash keys.",
            ));
        }
        let key = if route.hash_key.is_empty() {
            HashKey::of_partition_key(&route.partition_key)
        } else {
            let key = HashKey::parse_full(&route.hash_key);
            key.ok_or_else(|| {
                Error::invalid_parameter(format!("Invalid hash key: {}", short(&route.hash_key)))
            })?
        };
        // Active shards cover the key space without gaps.
        let owner = self.topic.active().find(|shard| shard.owns(key));
        owner
            .map(|shard| shard.meta.id as usize)
            .ok_or_else(Error::internal)
    }

    fn named(&self, id: &str) -> Result<usize, Error> {
        let index: usize = id
            .parse()
            .ok()
            .filter(|number: &usize| number.to_string() == id)
            .ok_or_else(|| Error::invalid_shard_id(&short(id)))?;
        let shard = self.topic.shards.get(index);
        let shard = shard.filter(|shard| self.topic.remembers(shard, self.call.now_ms));
        match shard {
            None => Err(Error::no_such_shard(
                self.call.project,
                self.call.topic,
                index,
            )),
            Some(shard) if shard.is_active() => Ok(index),
            Some(_) => Err(Error::shard_not_active()),
        }
    }

    fn unrouted(&mut self) -> Result<usize, Error> {
        if let Some(index) = self.unrouted {
            return Ok(index);
        }
        let count = self.topic.active().count().max(1) as u64;
        let turn = (self.topic.unrouted_puts % count) as usize;
        self.topic.unrouted_puts += 1;
        let shard = self.topic.active().nth(turn).ok_or_else(Error::internal)?;
        let index = shard.meta.id as usize;
        self.unrouted = Some(index);
        Ok(index)
    }

    fn finish(self, journal: &mut Journal) {
        let Self {
            call,
            topic,
            writes,
            width,
            ..
        } = self;
        widen(topic, width, journal);
        for (index, contents) in writes {
            topic.expire(index, call.now_ms, journal);
            let run = topic.shards[index].log.append(contents, call.now_ms);
            journal.put_records(topic.incarnation, &topic.shards[index], run);
        }
    }
}
