//! Where things are: topics and the paths of what is in them.

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
