//! What an emulator starts with: projects, topics and records from a file.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use hubstream::client::ClientBuilder;
use hubstream::config::Settings;
use hubstream::datahub::{
    CreateBlobTopic, CreateProject, CreateTupleTopic, DataHub, DeleteTopic, PutRecords,
    UpdateTopic, WaitShardsReady,
};
use hubstream::error::{Error, ErrorKind};
use hubstream::operation::{Exchange as _, Operation as _, with_json};
use hubstream::record::{RecordBatch, RecordSchema};
use hubstream_emulator::Emulator;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::columns;
use crate::failure::Failure;
use crate::lines::Reader;

/// Most records of one request, and their largest size in bytes. The service takes more of both.
const BATCH_RECORDS: usize = 1000;
const BATCH_BYTES: usize = 2 << 20;

/// What a file holds, checked.
#[derive(Debug)]
pub(crate) struct Seed {
    projects: Vec<Project>,
}

#[derive(Debug)]
struct Project {
    place: String,
    name: String,
    comment: String,
    topics: Vec<Topic>,
}

#[derive(Debug)]
struct Topic {
    place: String,
    name: String,
    comment: String,
    shards: i32,
    life_cycle: i32,
    schema: Option<Arc<RecordSchema>>,
    extend_mode: Option<bool>,
    extra_config: BTreeMap<String, String>,
    batches: Vec<Batch>,
}

/// Records of one request, with the number of the first one in its topic.
#[derive(Debug)]
struct Batch {
    first: usize,
    records: RecordBatch,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct FileForm {
    projects: Vec<Json>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct ProjectForm {
    name: String,
    #[serde(default)]
    comment: String,
    #[serde(default)]
    topics: Vec<Json>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct TopicForm {
    name: String,
    #[serde(default)]
    comment: String,
    #[serde(default = "one")]
    shards: i32,
    #[serde(default = "three")]
    life_cycle: i32,
    schema: Option<Json>,
    extend_mode: Option<bool>,
    #[serde(default)]
    extra_config: BTreeMap<String, String>,
    #[serde(default)]
    records: Vec<Json>,
}

fn one() -> i32 {
    1
}

fn three() -> i32 {
    3
}

impl Seed {
    /// Reads a file: TOML if its name ends so, else JSON.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let named = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("cannot read {named}: {error}")))?;
        let is_toml = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
        Self::from_text(&text, is_toml).map_err(|failure| failure.within(&named))
    }

    /// Reads the text of a file.
    pub(crate) fn from_text(text: &str, is_toml: bool) -> Result<Self, Failure> {
        let json = if is_toml {
            toml::from_str(text).map_err(|error| Failure::usage(toml_place(text, &error)))
        } else {
            serde_json::from_str(text).map_err(|error| Failure::usage(error.to_string()))
        };
        Self::parse(json?)
    }

    fn parse(json: Json) -> Result<Self, Failure> {
        let file: FileForm = form(json, "the file")?;
        let mut names = HashSet::new();
        let mut projects = Vec::new();
        for (index, project) in file.projects.into_iter().enumerate() {
            let place = format!("projects[{index}]");
            let ProjectForm {
                name,
                comment,
                topics,
            } = form(project, &place)?;
            once(&mut names, &name, &place)?;
            projects.push(Project {
                topics: read_topics(topics, &place)?,
                place,
                name,
                comment,
            });
        }
        Ok(Self { projects })
    }

    /// Creates everything in an emulator, through its own service. A project that is there already is kept, and a
    /// topic that is there already is left as it is, with its records.
    pub(crate) async fn plant(&self, emulator: &Emulator) -> Result<(), Failure> {
        let client = client(emulator)?;
        for project in &self.projects {
            let call = CreateProject::new(&project.name).comment(&project.comment);
            created(client.create_project(call).await)
                .map_err(|failure| failure.within(&project.place))?;
            for topic in &project.topics {
                topic.plant(&client, &project.name).await?;
            }
        }
        Ok(())
    }
}

impl Topic {
    async fn plant(&self, client: &DataHub, project: &str) -> Result<(), Failure> {
        let within = |failure: Failure| failure.within(&self.place);
        let outcome = match &self.schema {
            Some(schema) => {
                let (name, schema) = (self.name.as_str(), Arc::clone(schema));
                let mut call =
                    CreateTupleTopic::new(project, name, self.shards, self.life_cycle, schema)
                        .comment(&self.comment);
                call.extend_mode = self.extend_mode;
                client.create_tuple_topic(call).await
            }
            None => {
                let mut call =
                    CreateBlobTopic::new(project, &self.name, self.shards, self.life_cycle)
                        .comment(&self.comment);
                call.extend_mode = self.extend_mode;
                client.create_blob_topic(call).await
            }
        };
        if !created(outcome).map_err(within)? {
            return Ok(());
        }
        let filled = match self.configure(client, project).await {
            Ok(()) => self.fill(client, project).await,
            Err(failure) => Err(failure),
        };
        if filled.is_err() {
            // A topic that stayed would be taken for a whole one the next time. The first failure is what is told.
            let _ = client
                .delete_topic(DeleteTopic::new(project, &self.name))
                .await;
        }
        filled
    }

    /// Sets what owners of topics set on the service's own pages, for which clients have no operation.
    async fn configure(&self, client: &DataHub, project: &str) -> Result<(), Failure> {
        if self.extra_config.is_empty() {
            return Ok(());
        }
        let client = client.client();
        let update = UpdateTopic::new(project, &self.name, self.life_cycle, &self.comment);
        let settings = serde_json::json!({ "ExtraConfig": self.extra_config });
        let request = with_json(update.encode(client.service())?, &settings)?;
        let sent = client.send(UpdateTopic::SCHEMA, true, request).await;
        sent.map(drop)
            .map_err(|error| Failure::from(error).within(&format!("{}.extra_config", self.place)))
    }

    /// Puts the records once the shards are ready.
    async fn fill(&self, client: &DataHub, project: &str) -> Result<(), Failure> {
        let ready = WaitShardsReady::new(project, &self.name);
        client
            .wait_shards_ready(ready)
            .await
            .map_err(|error| Failure::from(error).within(&self.place))?;
        for batch in &self.batches {
            let call = PutRecords::new(project, &self.name, batch.records.clone());
            let result = client.put_records(call).await;
            let result = result.map_err(|error| {
                Failure::from(error).within(&record_place(&self.place, batch.first))
            })?;
            if let Some(failed) = result.failed_records.first() {
                let index = usize::try_from(failed.index).unwrap_or_default();
                let reason = format!("{}: {}", failed.error_code, failed.error_message);
                let place = record_place(&self.place, batch.first + index);
                return Err(Failure::usage(reason).within(&place));
            }
        }
        Ok(())
    }
}

fn client(emulator: &Emulator) -> Result<DataHub, Failure> {
    let Some(url) = emulator.datahub_url() else {
        return Err(Failure::usage("--load needs DataHub to be served"));
    };
    let mut settings = Settings::new("datahub");
    settings.set("endpoint", url)?;
    settings.set("access_id", emulator.access_id())?;
    settings.set("access_key", emulator.access_key())?;
    Ok(DataHub::new(ClientBuilder::new(settings))?)
}

/// Whether something was created; `false` if it is there already.
fn created(outcome: Result<(), Error>) -> Result<bool, Failure> {
    match outcome {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn read_topics(topics: Vec<Json>, project: &str) -> Result<Vec<Topic>, Failure> {
    let mut names = HashSet::new();
    let topics = topics.into_iter().enumerate().map(|(index, topic)| {
        let place = format!("{project}.topics[{index}]");
        let topic: TopicForm = form(topic, &place)?;
        once(&mut names, &topic.name, &place)?;
        let schema = read_schema(topic.schema)
            .map_err(|failure| failure.within(&format!("{place}.schema")))?;
        Ok(Topic {
            batches: read_records(&topic.records, schema.as_ref(), &place)?,
            place,
            name: topic.name,
            comment: topic.comment,
            shards: topic.shards,
            life_cycle: topic.life_cycle,
            schema,
            extend_mode: topic.extend_mode,
            extra_config: topic.extra_config,
        })
    });
    topics.collect()
}

/// A schema is a text as on the command line, or what the service has for it.
fn read_schema(schema: Option<Json>) -> Result<Option<Arc<RecordSchema>>, Failure> {
    match schema {
        None => Ok(None),
        Some(Json::String(text)) => columns::parse(&text).map(Some),
        Some(document @ Json::Object(_)) => columns::parse(&document.to_string()).map(Some),
        Some(_) => Err(Failure::usage("must be a text or an object")),
    }
}

fn read_records(
    records: &[Json],
    schema: Option<&Arc<RecordSchema>>,
    topic: &str,
) -> Result<Vec<Batch>, Failure> {
    let mut reader = Reader::new(schema.cloned());
    let mut batches = Vec::new();
    let mut first = 0;
    for (index, record) in records.iter().enumerate() {
        reader
            .push_record(&record.to_string())
            .map_err(|problem| Failure::usage(problem.text).within(&record_place(topic, index)))?;
        let last = index + 1 == records.len();
        if last || reader.len() >= BATCH_RECORDS || reader.byte_size() >= BATCH_BYTES {
            batches.push(Batch {
                first,
                records: reader.take()?,
            });
            first = index + 1;
        }
    }
    Ok(batches)
}

fn record_place(topic: &str, index: usize) -> String {
    format!("{topic}.records[{index}]")
}

fn form<T: DeserializeOwned>(json: Json, place: &str) -> Result<T, Failure> {
    serde_json::from_value(json).map_err(|error| Failure::usage(format!("{place}: {error}")))
}

/// Refuses a name that occurs twice; services do not tell names apart by case.
fn once(names: &mut HashSet<String>, name: &str, place: &str) -> Result<(), Failure> {
    if names.insert(name.to_ascii_lowercase()) {
        Ok(())
    } else {
        Err(Failure::usage(format!(
            "{place}: the name `{name}` occurs twice"
        )))
    }
}

/// An error of TOML in one line, with the line it is in.
fn toml_place(text: &str, error: &toml::de::Error) -> String {
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else {
        return error.message().to_owned();
    };
    format!(
        "line {}: {}",
        before.matches('\n').count() + 1,
        error.message()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(project: &Json) -> String {
        let seed = Seed::parse(json!({"projects": [project]}));
        format!("{:?}", seed.expect_err("invalid"))
    }

    #[test]
    fn errors_name_their_place() {
        for (project, text) in [
            (json!({}), "projects[0]: missing field `name`"),
            (
                json!({"name": "p", "topic": []}),
                "projects[0]: unknown field `topic`",
            ),
            (
                json!({"name": "p", "topics": [{}]}),
                "projects[0].topics[0]: missing",
            ),
            (
                json!({"name": "p", "topics": [{"name": "t"}, {"name": "T"}]}),
                "projects[0].topics[1]: the name `T` occurs twice",
            ),
            (
                json!({"name": "p", "topics": [{"name": "t", "schema": "a:DATE"}]}),
                "projects[0].topics[0].schema: column `a`",
            ),
            (
                json!({"name": "p", "topics": [{"name": "t", "extra_config": {"a": 1}}]}),
                "projects[0].topics[0]: invalid type: integer `1`, expected a string",
            ),
            (
                json!({"name": "p", "topics": [{"name": "t", "extra_confg": {}}]}),
                "projects[0].topics[0]: unknown field `extra_confg`",
            ),
            (
                json!({"name": "p", "topics": [{"name": "t", "schema": 1}]}),
                "projects[0].topics[0].schema: must be",
            ),
            (
                json!({"name": "p", "topics": [
                    {"name": "t", "schema": "a:BIGINT", "records": [[1], ["x"]]}
                ]}),
                "projects[0].topics[0].records[1]: field `a`: `x` is not a valid BIGINT",
            ),
            (
                json!({"name": "p", "topics": [{"name": "t", "records": [7]}]}),
                "projects[0].topics[0].records[0]: ",
            ),
        ] {
            let said = said(&project);
            assert!(said.contains(text), "{project}: {said}");
        }
    }

    #[test]
    fn records_go_into_requests_of_bounded_size() {
        let records = vec![json!("x"); 2500];
        let topics = [json!({"name": "t", "records": records})];
        let project = json!({"name": "p", "topics": topics});
        let seed = Seed::parse(json!({"projects": [project]})).unwrap();
        let batches = &seed.projects[0].topics[0].batches;
        let sizes: Vec<_> = batches.iter().map(|batch| batch.records.len()).collect();
        assert_eq!(sizes, [1000, 1000, 500]);
        assert_eq!(batches[2].first, 2000);
    }
}
