//! Calls on projects.

use std::collections::BTreeMap;

use serde_json::json;

use super::call::{Call, Reply};
use super::error::Error;
use super::members::Members;
use super::names;
use super::state::{Project, ProjectMeta, State};

/// Projects of an account.
const PROJECTS: usize = 50;

/// Lists the names of all projects, or of those that contain `filter` in any case.
pub(super) fn list(state: &mut State, filter: &str) -> Reply {
    let filter = filter.to_ascii_lowercase();
    let projects = state
        .projects
        .0
        .iter()
        .filter(|(key, _)| key.contains(&filter));
    let names: Vec<&str> = projects
        .map(|(_, project)| project.meta.name.as_str())
        .collect();
    Reply::json(&json!({ "ProjectNames": names }))
}

pub(super) fn create(call: &Call<'_>, state: &mut State, body: &Members) -> Result<Reply, Error> {
    let comment = body.text("Comment")?.unwrap_or_default();
    names::check_comment(comment)?;
    let key = call.project.to_ascii_lowercase();
    if state.projects.0.contains_key(&key) {
        return Err(Error::project_exists());
    }
    if call.limits.holdings() && state.projects.0.len() >= PROJECTS {
        return Err(Error::limit(format!(
            "An account has at most {PROJECTS} projects."
        )));
    }
    let meta = ProjectMeta {
        name: call.project.to_owned(),
        comment: comment.to_owned(),
        created: call.now_seconds(),
        modified: call.now_seconds(),
        vpc_ids: String::new(),
        kafka_groups: BTreeMap::new(),
    };
    let project = Project {
        meta,
        topics: BTreeMap::new(),
    };
    state.journal.put_project(&project);
    state.projects.0.insert(key, Box::new(project));
    Ok(Reply::empty().created())
}

pub(super) fn get(call: &Call<'_>, state: &mut State) -> Result<Reply, Error> {
    let meta = &state.projects.project(call.project)?.meta;
    let networks = meta.vpc_ids.split(',').map(str::trim);
    let networks: Vec<_> = networks.filter(|id| !id.is_empty()).collect();
    Ok(Reply::json(&json!({
        "Comment": meta.comment,
        "CreateTime": meta.created,
        "LastModifyTime": meta.modified,
        "Creator": call.owner,
        "VpcWhitelist": networks,
    })))
}

/// Changes what the body names: the comment, the list of networks, or both.
pub(super) fn update(call: &Call<'_>, state: &mut State, body: &Members) -> Result<Reply, Error> {
    let comment = body.text("Comment")?;
    let vpc_ids = body.text("VpcIds")?;
    comment.map_or(Ok(()), names::check_comment)?;
    let State {
        projects, journal, ..
    } = state;
    let project = projects.project_mut(call.project)?;
    if let Some(comment) = comment {
        comment.clone_into(&mut project.meta.comment);
    }
    if let Some(vpc_ids) = vpc_ids {
        vpc_ids.clone_into(&mut project.meta.vpc_ids);
    }
    project.meta.modified = call.now_seconds();
    journal.put_project(project);
    Ok(Reply::empty())
}

pub(super) fn delete(call: &Call<'_>, state: &mut State) -> Result<Reply, Error> {
    if !state.projects.project(call.project)?.topics.is_empty() {
        return Err(Error::project_not_empty());
    }
    state.projects.0.remove(&call.project.to_ascii_lowercase());
    state.journal.delete_project(call.project);
    Ok(Reply::empty())
}
