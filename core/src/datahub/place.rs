//! Where things are: the members that name them in operations, and their paths.

use hubstream_macros::members;

/// A project.
#[members]
pub(super) struct ProjectAddress {
    /// Name of the project.
    #[check(crate::datahub::check::given)]
    pub project_name: String,
}

/// A topic of a project.
#[members(at = ProjectAddress)]
pub(super) struct TopicAddress {
    /// Name of the topic.
    #[check(crate::datahub::check::given)]
    pub topic_name: String,
}

/// A shard of a topic.
#[members(at = TopicAddress)]
pub(super) struct ShardAddress {
    /// Id of the shard.
    #[check(crate::datahub::check::given)]
    pub shard_id: String,
}

/// A subscription of a topic.
#[members(at = TopicAddress)]
pub(super) struct SubscriptionAddress {
    /// Id of the subscription.
    #[check(crate::datahub::check::given)]
    pub sub_id: String,
}

/// A connector of a topic.
#[members(at = TopicAddress)]
pub(super) struct ConnectorAddress {
    /// Id of the connector, or its type, as in `sink_odps`.
    #[check(crate::datahub::check::given)]
    #[accepts(crate::datahub::ConnectorType)]
    pub connector_id: String,
}

/// A topic by its names.
#[derive(Clone, Copy)]
pub(super) struct Topic<'a> {
    pub(super) project: &'a str,
    pub(super) topic: &'a str,
}

impl<'a> Topic<'a> {
    pub(super) fn new(project: &'a str, topic: &'a str) -> Self {
        Self { project, topic }
    }

    /// The path of the topic.
    pub(super) fn path(self) -> String {
        format!("/projects/{}/topics/{}", self.project, self.topic)
    }

    /// The path of its shards.
    pub(super) fn shards(self) -> String {
        format!("/projects/{}/topics/{}/shards", self.project, self.topic)
    }

    /// The path of one of its shards.
    pub(super) fn shard(self, id: &str) -> String {
        format!(
            "/projects/{}/topics/{}/shards/{id}",
            self.project, self.topic
        )
    }

    /// The path of one of its connectors.
    pub(super) fn connector(self, id: &str) -> String {
        format!(
            "/projects/{}/topics/{}/connectors/{id}",
            self.project, self.topic
        )
    }

    /// What tells topics apart; names are the same in whatever case.
    pub(super) fn key(self) -> (String, String) {
        (self.project.to_lowercase(), self.topic.to_lowercase())
    }
}
