//! How records travel, and what the best way for a topic is.
//!
//! Batches can be put to single shards only, count as one record for the limit of a get, and are read
//! by not every official client: of the two layouts each official client with batches reads one. So a
//! client that is free to choose writes batches only where the topic is declared to hold them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indexmap::IndexSet;

use crate::client::Client;
use crate::codec::batch::BatchVersion;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::{Exchange as _, Operation as _};

use super::place::Topic;
use super::recent::Recent;
use super::{DataHubService, GetTopic, GetTopicResult};

/// What was learned of a topic counts for this time.
const SOFT_LIMIT: Duration = Duration::from_secs(300);

/// After a failure that may go away a topic is not asked about for this time.
const FAILURE_LIMIT: Duration = Duration::from_secs(10);

/// A topic is asked about again at most once in this time.
pub(super) const MISS_LIMIT: Duration = Duration::from_secs(1);

/// The setting of a topic that tells how official clients write its records.
const DECLARED_PROTOCOL: &str = "DataProtocolType";

/// How records travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// The best that a topic supports and all official clients can read; batches in this layout.
    Auto(BatchVersion),
    /// As JSON.
    Json,
    /// As protobuf.
    Protobuf,
    /// In batches of this layout, which the service stores as they are.
    Batch(BatchVersion),
}

impl Default for Protocol {
    fn default() -> Self {
        Self::Auto(BatchVersion::default())
    }
}

impl Protocol {
    /// What is used where nothing has to be known of the topic.
    pub(super) const fn plain(self) -> Self {
        match self {
            Self::Auto(_) => Self::Protobuf,
            given => given,
        }
    }
}

/// What a topic has to do with batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Batches {
    /// Nothing, or that is not known.
    None,
    /// It has or had several versions of its schema, so the service takes and gives batches.
    Possible,
    /// Its records are written in batches: so it was declared, or it refuses anything else.
    Declared,
}

impl Batches {
    fn of(topic: &GetTopicResult) -> Self {
        let declared = topic.extra_config.get(DECLARED_PROTOCOL);
        match declared.map(|name| name.trim().to_ascii_lowercase()) {
            Some(name) if name == "batch" => Self::Declared,
            _ if topic.enable_schema_registry => Self::Possible,
            _ => Self::None,
        }
    }
}

#[derive(Clone, Debug)]
struct Known {
    batches: Batches,
    properties: Option<Arc<GetTopicResult>>,
    since: Duration,
    limit: Duration,
}

impl Known {
    fn of(properties: GetTopicResult, since: Duration) -> Self {
        Self {
            batches: Batches::of(&properties),
            properties: Some(Arc::new(properties)),
            since,
            limit: SOFT_LIMIT,
        }
    }

    fn is_within(&self, now: Duration, limit: Duration) -> bool {
        now.saturating_sub(self.since) < self.limit.min(limit)
    }
}

#[derive(Debug, Default)]
struct Slot {
    known: Mutex<Option<Known>>,
    /// Held while the service is asked, so that calls at the same time ask once.
    asking: tokio::sync::Mutex<()>,
    /// Cursors behind a batch that look like places inside of one, oldest first.
    behind: Mutex<IndexSet<String>>,
}

/// Most cursors that are remembered of a topic: more than it has shards (public limits of the service).
const MOST_CURSORS: usize = 1024;

impl Slot {
    fn known(&self) -> MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn behind(&self) -> MutexGuard<'_, IndexSet<String>> {
        self.behind.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn within(&self, now: Duration, limit: Duration) -> Option<Known> {
        let known = self.known();
        known
            .as_ref()
            .filter(|known| known.is_within(now, limit))
            .cloned()
    }
}

/// What a client has learned of the topics that it uses.
#[derive(Debug, Default)]
pub(super) struct TopicFacts {
    topics: Recent<Arc<Slot>>,
}

impl TopicFacts {
    fn slot(&self, topic: Topic<'_>) -> Arc<Slot> {
        self.topics.get_or_default(topic)
    }

    /// Remembers a cursor that a reply of batches ended with. The service may count the batch as one record there,
    /// so that only readers of batches take it for the place behind the batch.
    pub(super) fn note_behind(&self, topic: Topic<'_>, cursor: &str) {
        let slot = self.slot(topic);
        let mut behind = slot.behind();
        if behind.contains(cursor) {
            return;
        }
        if behind.len() == MOST_CURSORS {
            behind.drain(..MOST_CURSORS / 2);
        }
        behind.insert(cursor.to_owned());
    }

    /// Whether a reply of batches ended with a cursor.
    pub(super) fn is_behind(&self, topic: Topic<'_>, cursor: &str) -> bool {
        let slot = self.topics.get(topic);
        slot.is_some_and(|slot| slot.behind().contains(cursor))
    }

    /// What a topic has to do with batches. Asks the service if that was not learned lately; when the
    /// service does not tell, for example for want of permission, the answer is `None`.
    pub(super) async fn batches(
        &self,
        client: &Client<DataHubService>,
        topic: Topic<'_>,
    ) -> Batches {
        let slot = self.slot(topic);
        if let Some(known) = slot.within(client.clock().elapsed(), SOFT_LIMIT) {
            return known.batches;
        }
        // A failure is remembered; the answer is not worth many attempts.
        let is_fresh = |known: &Known, now| known.is_within(now, SOFT_LIMIT);
        match self.ask(client, topic, &slot, is_fresh, false).await {
            Ok(known) => known.batches,
            Err(error) => {
                tracing::debug!(
                    target: "hubstream::datahub",
                    kind = error.kind().name(),
                    code = error.code(),
                    "the topic does not tell its protocol, records travel as protobuf"
                );
                let limit = match error.kind() {
                    ErrorKind::PermissionDenied => SOFT_LIMIT,
                    _ => FAILURE_LIMIT,
                };
                *slot.known() = Some(Known {
                    batches: Batches::None,
                    properties: None,
                    since: client.clock().elapsed(),
                    limit,
                });
                Batches::None
            }
        }
    }

    /// Whether a topic that refuses other records takes batches, asked anew if that is not known
    /// from the last second.
    pub(super) async fn takes_batches(
        &self,
        client: &Client<DataHubService>,
        topic: Topic<'_>,
    ) -> bool {
        let slot = self.slot(topic);
        let is_fresh = |known: &Known, now| known.is_within(now, MISS_LIMIT);
        let known = self.ask(client, topic, &slot, is_fresh, false).await;
        known.is_ok_and(|known| known.batches != Batches::None)
    }

    /// The properties of a topic, if they were read lately.
    pub(super) fn recent(
        &self,
        client: &Client<DataHubService>,
        topic: Topic<'_>,
    ) -> Option<Arc<GetTopicResult>> {
        let slot = self.topics.get(topic)?;
        let known = slot.within(client.clock().elapsed(), SOFT_LIMIT)?;
        known.properties
    }

    /// The properties of a topic, read at some time or later, or else within the last second; and when they were
    /// read.
    pub(super) async fn properties(
        &self,
        client: &Client<DataHubService>,
        topic: Topic<'_>,
        not_before: Option<Duration>,
    ) -> Result<(Arc<GetTopicResult>, Duration)> {
        let slot = self.slot(topic);
        let is_fresh = |known: &Known, now| match not_before {
            Some(start) => known.since >= start,
            None => known.is_within(now, MISS_LIMIT),
        };
        let known = self.ask(client, topic, &slot, is_fresh, true).await?;
        let properties = known
            .properties
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a topic without properties"))?;
        Ok((properties, known.since))
    }

    async fn ask(
        &self,
        client: &Client<DataHubService>,
        topic: Topic<'_>,
        slot: &Slot,
        is_fresh: impl Fn(&Known, Duration) -> bool,
        may_repeat: bool,
    ) -> Result<Known> {
        let _asking = slot.asking.lock().await;
        let now = client.clock().elapsed();
        let known = slot.known().clone();
        if let Some(known) = known
            && known.properties.is_some()
            && is_fresh(&known, now)
        {
            return Ok(known);
        }
        let operation = GetTopic::new(topic.project, topic.topic);
        let request = operation.encode(client.service())?;
        let properties = client
            .send(GetTopic::SCHEMA, may_repeat, request)
            .await?
            .decode(|response| operation.decode(client.service(), response))?;
        let known = Known::of(properties, now);
        *slot.known() = Some(known.clone());
        Ok(known)
    }

    /// Takes over the properties of a topic that were read for another purpose.
    pub(super) fn note(
        &self,
        client: &Client<DataHubService>,
        topic: Topic<'_>,
        properties: GetTopicResult,
    ) {
        *self.slot(topic).known() = Some(Known::of(properties, client.clock().elapsed()));
    }

    /// Remembers that a topic refuses batches, or everything else.
    pub(super) fn learn(
        &self,
        client: &Client<DataHubService>,
        topic: Topic<'_>,
        batches: Batches,
    ) {
        *self.slot(topic).known() = Some(Known {
            batches,
            properties: None,
            since: client.clock().elapsed(),
            limit: SOFT_LIMIT,
        });
    }

    /// Forgets a topic that was changed, deleted or made again.
    pub(super) fn forget(&self, topic: Topic<'_>) {
        self.topics.forget(topic);
    }
}

/// Whether the service refused the way that records travel, or may have.
pub(super) fn is_refusal(error: &Error) -> bool {
    // A reply of success that tells of single records is none: others were stored.
    !error.code().is_empty()
        && error.http_status().is_some_and(|status| status >= 300)
        && matches!(
            error.kind(),
            ErrorKind::InvalidArgument | ErrorKind::Conflict | ErrorKind::Unsupported
        )
}
