//! Consumer groups of Kafka clients: a name in a project for subscriptions of several topics.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::{Call, Reply};
use super::error::Error;
use super::members::Members;
use super::names;
use super::state::{Project, State};
use super::subscription;

/// A group. Times are in seconds.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct KafkaGroup {
    /// As spelled at creation.
    name: String,
    comment: String,
    created: i64,
    modified: i64,
    /// The id of its subscription to a topic, by the topic's name in lower case.
    subscriptions: BTreeMap<String, String>,
}

/// The groups of a project by their names in lower case.
pub(super) type KafkaGroups = BTreeMap<String, Box<KafkaGroup>>;

pub(super) fn list(call: &Call<'_>, state: &mut State) -> Result<Reply, Error> {
    let groups = state
        .projects
        .project(call.project)?
        .meta
        .kafka_groups
        .values();
    let names: Vec<&str> = groups.map(|group| group.name.as_str()).collect();
    Ok(Reply::json(&json!({ "GroupNames": names })))
}

/// Serves a call on one group.
pub(super) fn serve(
    call: &Call<'_>,
    state: &mut State,
    name: &str,
    body: &Members,
) -> Result<Reply, Error> {
    match body.action()?.as_str() {
        "create" => create(call, state, name, body),
        "listsubscriptions" => subscriptions(call, state, name),
        "updatetopics" => update_topics(call, state, name, body),
        other => Err(Error::unknown_action(other)),
    }
}

fn create(call: &Call<'_>, state: &mut State, name: &str, body: &Members) -> Result<Reply, Error> {
    names::check_group(name)?;
    let comment = body.text("Comment")?.unwrap_or_default();
    names::check_comment(comment)?;
    let group = KafkaGroup {
        name: name.to_owned(),
        comment: comment.to_owned(),
        created: call.now_seconds(),
        modified: call.now_seconds(),
        subscriptions: BTreeMap::new(),
    };
    let key = name.to_ascii_lowercase();
    change(call, state, |project| {
        if project.meta.kafka_groups.contains_key(&key) {
            return Err(Error::group_exists());
        }
        project.meta.kafka_groups.insert(key, Box::new(group));
        Ok(Reply::empty().created())
    })
}

pub(super) fn get(call: &Call<'_>, state: &mut State, name: &str) -> Result<Reply, Error> {
    let group = state.projects.project(call.project)?.group(name)?;
    Ok(Reply::json(&json!({
        "Creator": call.owner,
        "CreateTime": group.created,
        "LastModifyTime": group.modified,
        "Comment": group.comment,
    })))
}

pub(super) fn update(
    call: &Call<'_>,
    state: &mut State,
    name: &str,
    body: &Members,
) -> Result<Reply, Error> {
    let comment = body.required_text("Comment")?;
    names::check_comment(comment)?;
    change(call, state, |project| {
        let group = project.group_mut(name)?;
        comment.clone_into(&mut group.comment);
        group.modified = call.now_seconds();
        Ok(Reply::empty())
    })
}

/// Deletes a group with its subscriptions.
pub(super) fn delete(call: &Call<'_>, state: &mut State, name: &str) -> Result<Reply, Error> {
    let topics = state
        .projects
        .project(call.project)?
        .group(name)?
        .subscriptions
        .clone();
    unsubscribe(call, state, topics);
    change(call, state, |project| {
        project.meta.kafka_groups.remove(&name.to_ascii_lowercase());
        Ok(Reply::empty())
    })
}

fn subscriptions(call: &Call<'_>, state: &mut State, name: &str) -> Result<Reply, Error> {
    let project = state.projects.project(call.project)?;
    let found = project
        .group(name)?
        .subscriptions
        .iter()
        .filter_map(|(topic, id)| {
            let topic = project.topics.get(topic)?;
            let meta = &topic.subscriptions.get(id)?.meta;
            Some(subscription::described(meta, &topic.meta.name, call.owner))
        });
    Ok(Reply::json(
        &json!({ "Subscriptions": found.collect::<Value>() }),
    ))
}

/// Adds topics to a group or takes them away: all of them or none.
fn update_topics(
    call: &Call<'_>,
    state: &mut State,
    name: &str,
    body: &Members,
) -> Result<Reply, Error> {
    let adds = match body.required_text("Mode")?.to_ascii_uppercase().as_str() {
        "ADD" => true,
        "REMOVE" => false,
        _ => {
            return Err(Error::invalid_parameter(
                "The mode is neither ADD nor REMOVE.",
            ));
        }
    };
    let topics = body.texts("Topics")?;
    let topics: BTreeSet<String> = topics
        .iter()
        .map(|topic| topic.to_ascii_lowercase())
        .collect();
    let project = state.projects.project(call.project)?;
    let group = project.group(name)?;
    for topic in &topics {
        if !project.topics.contains_key(topic) {
            return Err(Error::no_such_topic());
        }
        if !adds && !group.subscriptions.contains_key(topic) {
            return Err(Error::invalid_parameter(
                "A topic is not one of the group's.",
            ));
        }
    }
    if adds {
        add_topics(call, state, name, topics)
    } else {
        remove_topics(call, state, name, &topics)
    }
}

/// Takes topics away from a group; their subscriptions are deleted.
fn remove_topics(
    call: &Call<'_>,
    state: &mut State,
    name: &str,
    topics: &BTreeSet<String>,
) -> Result<Reply, Error> {
    let group = state.projects.project(call.project)?.group(name)?;
    let mut removed = group.subscriptions.clone();
    removed.retain(|topic, _| topics.contains(topic));
    unsubscribe(call, state, removed);
    change(call, state, |project| {
        let group = project.group_mut(name)?;
        group
            .subscriptions
            .retain(|topic, _| !topics.contains(topic));
        group.modified = call.now_seconds();
        Ok(Reply::empty())
    })
}

/// Adds topics to a group, with a subscription for each that has none.
fn add_topics(
    call: &Call<'_>,
    state: &mut State,
    name: &str,
    topics: BTreeSet<String>,
) -> Result<Reply, Error> {
    let group = state.projects.project(call.project)?.group(name)?;
    let mut subscribed = group.subscriptions.clone();
    let comment = group.comment.clone();
    for topic_name in topics {
        let State {
            projects, journal, ..
        } = &mut *state;
        let topic = projects.topic_mut(call.project, &topic_name)?;
        let lives = |id: &String| topic.subscriptions.contains_key(id);
        if !subscribed.get(&topic_name).is_some_and(lives) {
            let id = topic.subscribe(call, &comment, false, journal);
            subscribed.insert(topic_name, id);
        }
    }
    change(call, state, |project| {
        let group = project.group_mut(name)?;
        group.subscriptions = subscribed;
        group.modified = call.now_seconds();
        Ok(Reply::empty())
    })
}

/// Deletes subscriptions by topic; those that are gone already are passed over.
fn unsubscribe(call: &Call<'_>, state: &mut State, topics: BTreeMap<String, String>) {
    let State {
        projects, journal, ..
    } = state;
    for (topic, id) in topics {
        let Ok(topic) = projects.topic_mut(call.project, &topic) else {
            continue;
        };
        if topic.subscriptions.remove(&id).is_some() {
            journal.delete_subscription(topic.incarnation, &id);
        }
    }
}

/// Changes a project and stores it.
fn change(
    call: &Call<'_>,
    state: &mut State,
    edit: impl FnOnce(&mut Project) -> Result<Reply, Error>,
) -> Result<Reply, Error> {
    let State {
        projects, journal, ..
    } = state;
    let project = projects.project_mut(call.project)?;
    let reply = edit(project)?;
    journal.put_project(project);
    Ok(reply)
}

impl Project {
    fn group(&self, name: &str) -> Result<&KafkaGroup, Error> {
        let group = self.meta.kafka_groups.get(&name.to_ascii_lowercase());
        group.map(AsRef::as_ref).ok_or_else(Error::no_such_group)
    }

    fn group_mut(&mut self, name: &str) -> Result<&mut KafkaGroup, Error> {
        let group = self.meta.kafka_groups.get_mut(&name.to_ascii_lowercase());
        group.map(AsMut::as_mut).ok_or_else(Error::no_such_group)
    }
}
