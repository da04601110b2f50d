//! The schema versions of topics, kept so that a batch costs no further request.

use std::sync::Arc;
use std::time::Duration;

use crate::client::Client;
use crate::codec::batch::NeededSchema;
use crate::error::{Error, Result};
use crate::record::{RecordSchema, SchemaRegistry};

use super::place::Topic;
use super::protocol::MISS_LIMIT;
use super::recent::Recent;
use super::{DataHubService, ListTopicSchema};

/// Versions are read again after this time, when they are needed.
const SOFT_LIMIT: Duration = Duration::from_secs(300);

/// Versions per page of a listing.
const PAGE_SIZE: i32 = 100;

/// The schema versions of the topics that a client has used.
#[derive(Debug, Default)]
pub(super) struct SchemaCache {
    topics: Recent<Arc<TopicSchemas>>,
}

/// The schema versions of one topic.
#[derive(Debug)]
pub(super) struct TopicSchemas {
    registry: SchemaRegistry,
    /// The only schema, when the topic has no versions.
    single: Option<Arc<RecordSchema>>,
    loaded_at: Duration,
    /// When the properties of the topic were read.
    as_of: Duration,
    /// Whether they were read for something that is not among them: then once a second is enough.
    lacks: bool,
}

impl TopicSchemas {
    /// The schema of a version.
    pub(super) fn schema_of(&self, version: i32) -> Option<Arc<RecordSchema>> {
        match &self.single {
            Some(schema) if version >= 0 => Some(Arc::clone(schema)),
            _ => self.registry.schema_of(version).cloned(),
        }
    }

    fn of(registry: SchemaRegistry, single: Option<Arc<RecordSchema>>) -> Self {
        Self {
            registry,
            single,
            loaded_at: Duration::ZERO,
            as_of: Duration::ZERO,
            lacks: false,
        }
    }

    /// Whether these can be read. A topic without versions may have got some when a later one is needed.
    ///
    /// That the topic has none is not remembered for longer than [`MISS_LIMIT`] then, although rows of some writers
    /// carry such a version all the same: it can get the version with the next call of anybody, and rows of the older
    /// layout do not tell their columns, so they would be read with those of the topic without an error.
    fn serves(&self, needed: &[NeededSchema]) -> bool {
        needed.iter().all(|need| {
            (self.single.is_none() || need.version == 0)
                && self
                    .schema_of(need.version)
                    .is_some_and(|schema| schema.len() >= need.columns)
        })
    }
}

impl SchemaCache {
    /// The version of a schema, or `None` when the topic does not have it.
    pub(super) async fn version_of(
        &self,
        client: &Client<DataHubService>,
        topic: Topic<'_>,
        schema: &RecordSchema,
    ) -> Result<Option<i32>> {
        let find = |schemas: &TopicSchemas| schemas.registry.version_of(schema);
        let schemas = self
            .topic(client, topic, |schemas| find(schemas).is_some())
            .await?;
        Ok(find(&schemas))
    }

    /// The schemas of a topic, read again when one that is needed is not among them.
    pub(super) async fn lookup(
        &self,
        client: &Client<DataHubService>,
        topic: Topic<'_>,
        needed: &[NeededSchema],
    ) -> Result<Arc<TopicSchemas>> {
        if needed.is_empty() {
            return Ok(Arc::new(TopicSchemas::of(SchemaRegistry::new(), None)));
        }
        self.topic(client, topic, |schemas| schemas.serves(needed))
            .await
    }

    async fn topic(
        &self,
        client: &Client<DataHubService>,
        topic: Topic<'_>,
        serves: impl Fn(&TopicSchemas) -> bool,
    ) -> Result<Arc<TopicSchemas>> {
        let now = client.clock().elapsed();
        let mut not_before = None;
        if let Some(known) = self.topics.get(topic) {
            let is_served = serves(&known);
            let limit = match (is_served, known.lacks) {
                (true, _) => SOFT_LIMIT,
                (false, true) => MISS_LIMIT,
                (false, false) => Duration::ZERO,
            };
            if now.saturating_sub(known.loaded_at) < limit {
                return Ok(known);
            }
            not_before = (!is_served).then_some(now);
        }
        let mut loaded = load(client, topic, not_before).await?;
        if loaded.as_of < now && !serves(&loaded) {
            loaded = load(client, topic, Some(now)).await?;
        }
        loaded.loaded_at = now;
        loaded.lacks = !serves(&loaded);
        let loaded = Arc::new(loaded);
        self.topics.insert(topic, Arc::clone(&loaded));
        Ok(loaded)
    }

    /// Forgets the versions of a topic.
    pub(super) fn forget(&self, topic: Topic<'_>) {
        self.topics.forget(topic);
    }
}

/// Reads the versions of a topic; its properties at some time or later, or else within the last second.
async fn load(
    client: &Client<DataHubService>,
    topic: Topic<'_>,
    not_before: Option<Duration>,
) -> Result<TopicSchemas> {
    let topics = &client.service().topics;
    let (properties, as_of) = topics.properties(client, topic, not_before).await?;
    let schemas = match &properties.record_schema {
        None => TopicSchemas::of(SchemaRegistry::new(), None),
        Some(schema) if !properties.enable_schema_registry => {
            let registry = SchemaRegistry::of_topic(Arc::clone(schema));
            TopicSchemas::of(registry, Some(Arc::clone(schema)))
        }
        Some(_) => TopicSchemas::of(versions(client, topic).await?, None),
    };
    Ok(TopicSchemas { as_of, ..schemas })
}

/// Lists all versions of the schema of a topic.
async fn versions(client: &Client<DataHubService>, topic: Topic<'_>) -> Result<SchemaRegistry> {
    let mut registry = SchemaRegistry::new();
    let mut page = 1;
    loop {
        let list = ListTopicSchema::new(topic.project, topic.topic)
            .page_number(page)
            .page_size(PAGE_SIZE);
        let listed = client.exchange(&list).await?;
        for version in listed.record_schema_list {
            let schema = version
                .record_schema
                .ok_or_else(|| Error::malformed("a schema version has no columns"))?;
            registry.insert(version.version_id, schema);
        }
        if page >= listed.page_count {
            return Ok(registry);
        }
        page += 1;
    }
}
