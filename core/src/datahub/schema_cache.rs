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
}

impl TopicSchemas {
    /// The schema of a version.
    pub(super) fn schema_of(&self, version: i32) -> Option<Arc<RecordSchema>> {
        match &self.single {
            Some(schema) if version >= 0 => Some(Arc::clone(schema)),
            _ => self.registry.schema_of(version).cloned(),
        }
    }

    fn serves(&self, needed: &[NeededSchema]) -> bool {
        needed.iter().all(|need| {
            self.schema_of(need.version)
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
            return Ok(Arc::new(TopicSchemas {
                registry: SchemaRegistry::new(),
                single: None,
                loaded_at: Duration::ZERO,
            }));
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
        if let Some(known) = self.topics.get(topic) {
            let age = now.saturating_sub(known.loaded_at);
            let limit = if serves(&known) {
                SOFT_LIMIT
            } else {
                MISS_LIMIT
            };
            if age < limit {
                return Ok(known);
            }
        }
        let loaded = Arc::new(load(client, topic, now).await?);
        self.topics.insert(topic, Arc::clone(&loaded));
        Ok(loaded)
    }

    /// Forgets the versions of a topic.
    pub(super) fn forget(&self, topic: Topic<'_>) {
        self.topics.forget(topic);
    }
}

async fn load(
    client: &Client<DataHubService>,
    topic: Topic<'_>,
    now: Duration,
) -> Result<TopicSchemas> {
    let properties = client.service().topics.properties(client, topic).await?;
    let Some(schema) = properties.record_schema.clone() else {
        return Ok(TopicSchemas {
            registry: SchemaRegistry::new(),
            single: None,
            loaded_at: now,
        });
    };
    if !properties.enable_schema_registry {
        return Ok(TopicSchemas {
            registry: SchemaRegistry::of_topic(Arc::clone(&schema)),
            single: Some(schema),
            loaded_at: now,
        });
    }
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
            break;
        }
        page += 1;
    }
    Ok(TopicSchemas {
        registry,
        single: None,
        loaded_at: now,
    })
}
