//! Where the journey goes, and what one process leaves for the next.

use std::path::PathBuf;

use hubstream::config::Settings;
use hubstream::datahub::{DataHub, ListShard};
use serde_json::Value as Json;

use crate::Failure;

/// Name of the topic in every language's project.
pub const TOPIC: &str = "flights";
/// Number of shards of the topic.
pub const SHARDS: i32 = 3;

/// A client and the names of what it works on.
#[derive(Debug)]
pub struct Journey {
    /// The client, made from `DATAHUB_ENDPOINT`, `DATAHUB_ACCESS_ID` and `DATAHUB_ACCESS_KEY`.
    pub hub: DataHub,
    /// Name of the project.
    pub project: String,
    state: PathBuf,
}

impl Journey {
    /// The journey of the Rust programs.
    pub fn new() -> Result<Self, Failure> {
        Self::in_project("demo_rust")
    }

    /// A journey through another project.
    pub fn in_project(project: &str) -> Result<Self, Failure> {
        let settings = Settings::from_env("datahub")?;
        let builder = DataHub::from_settings(settings)
            .set("protocol", "protobuf")
            .set("compress_format", "lz4");
        let state =
            std::env::var("HUBSTREAM_DEMO_STATE").unwrap_or_else(|_| "target/demo".to_owned());
        Ok(Self {
            hub: DataHub::new(builder)?,
            project: project.to_owned(),
            state: state.into(),
        })
    }

    /// The ids of all shards, in order.
    pub async fn shard_ids(&self) -> Result<Vec<String>, Failure> {
        let list = self
            .hub
            .list_shard(ListShard::new(&self.project, TOPIC))
            .await?;
        Ok(list
            .shards
            .into_iter()
            .map(|shard| shard.shard_id)
            .collect())
    }

    /// Leaves something for the next process.
    pub fn save(&self, step: &str, value: &Json) -> Result<(), Failure> {
        std::fs::create_dir_all(&self.state)?;
        Ok(std::fs::write(self.file(step), value.to_string())?)
    }

    /// Takes what an earlier process left.
    pub fn load(&self, step: &str) -> Result<Json, Failure> {
        let text = std::fs::read_to_string(self.file(step))
            .map_err(|error| format!("run the programs in order: {step}: {error}"))?;
        Ok(serde_json::from_str(&text)?)
    }

    fn file(&self, step: &str) -> PathBuf {
        self.state.join(format!("rust.{step}.json"))
    }
}
