//! Calls on subscriptions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::call::{Call, Reply};
use super::error::Error;
use super::group::Group;
use super::journal::Journal;
use super::members::Members;
use super::names;
use super::state::{State, Subscription, SubscriptionMeta, Topic, short};

/// Subscriptions of a topic.
const SUBSCRIPTIONS: usize = 1000;

/// Entries of a page that names no size.
const PAGE_SIZE: i64 = 20;

impl Topic {
    pub(super) fn subscription_mut(&mut self, id: &str) -> Result<&mut Subscription, Error> {
        self.subscriptions
            .get_mut(id)
            .map(AsMut::as_mut)
            .ok_or_else(|| Error::no_such_subscription(&short(id)))
    }

    /// The subscriptions that callers created.
    fn own_subscriptions(&self) -> impl Iterator<Item = &SubscriptionMeta> {
        let metas = self.subscriptions.values();
        metas
            .map(|subscription| &subscription.meta)
            .filter(|meta| !meta.internal)
    }

    /// Adds a subscription, of a connector if it is internal, and returns its id.
    pub(super) fn subscribe(
        &mut self,
        call: &Call<'_>,
        comment: &str,
        internal: bool,
        journal: &mut Journal,
    ) -> String {
        let id = loop {
            let id = new_id(call.now_ms);
            if !self.subscriptions.contains_key(&id) {
                break id;
            }
        };
        let numbers = self.subscriptions.values();
        let last = numbers.map(|subscription| subscription.meta.number).max();
        let meta = SubscriptionMeta {
            id: id.clone(),
            comment: comment.to_owned(),
            created: call.now_seconds(),
            modified: call.now_seconds(),
            online: true,
            number: last.unwrap_or(0) + 1,
            internal,
            joined: 0,
            read_end: BTreeSet::new(),
        };
        journal.put_subscription(self.incarnation, &meta);
        let subscription = Subscription {
            meta,
            offsets: BTreeMap::new(),
            group: Group::default(),
        };
        self.subscriptions
            .insert(id.clone(), Box::new(subscription));
        id
    }
}

pub(super) fn create(call: &Call<'_>, state: &mut State, body: &Members) -> Result<Reply, Error> {
    let comment = body.text("Comment")?.unwrap_or_default();
    names::check_comment(comment)?;
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    if call.limits.holdings() && topic.own_subscriptions().count() >= SUBSCRIPTIONS {
        return Err(Error::limit(format!(
            "A topic has at most {SUBSCRIPTIONS} subscriptions."
        )));
    }
    let id = topic.subscribe(call, comment, false, journal);
    Ok(Reply::json(&json!({ "SubId": id })).created())
}

/// The time in milliseconds, then five random letters and digits.
fn new_id(now_ms: i64) -> String {
    let random: String = std::iter::repeat_with(fastrand::alphanumeric)
        .take(5)
        .collect();
    format!("{now_ms:013}{random}")
}

/// Lists subscriptions in the order of their creation, a page at a time.
pub(super) fn list(call: &Call<'_>, state: &mut State, body: &Members) -> Result<Reply, Error> {
    let index = body.integer("PageIndex")?.unwrap_or(1);
    let size = body.integer("PageSize")?.unwrap_or(PAGE_SIZE);
    let search = body.text("Search")?.unwrap_or_default();
    let (Ok(index @ 1..), Ok(size)) = (usize::try_from(index), usize::try_from(size)) else {
        return Err(Error::invalid_parameter(
            "PageIndex or PageSize is out of range.",
        ));
    };
    let topic = state.topic(call.project, call.topic)?;
    let matches =
        |meta: &SubscriptionMeta| meta.id.contains(search) || meta.comment.contains(search);
    let mut found: Vec<&SubscriptionMeta> = topic
        .own_subscriptions()
        .filter(|meta| matches(meta))
        .collect();
    found.sort_by_key(|meta| meta.number);
    let page = found
        .iter()
        .skip((index - 1).saturating_mul(size))
        .take(size);
    let page: Vec<Value> = page
        .map(|meta| described(meta, &topic.meta.name, call.owner))
        .collect();
    Ok(Reply::json(
        &json!({ "TotalCount": found.len(), "Subscriptions": page }),
    ))
}

pub(super) fn described(meta: &SubscriptionMeta, topic: &str, owner: &str) -> Value {
    json!({
        "SubId": meta.id,
        "TopicName": topic,
        "Comment": meta.comment,
        "CreateTime": meta.created,
        "LastModifyTime": meta.modified,
        "Creator": owner,
        "IsOwner": true,
        "Owner": true,
        "State": i32::from(meta.online),
        "Type": 0,
    })
}

pub(super) fn get(call: &Call<'_>, state: &mut State, id: &str) -> Result<Reply, Error> {
    let topic = state.projects.topic_mut(call.project, call.topic)?;
    let name = topic.meta.name.clone();
    Ok(Reply::json(&described(
        &topic.subscription_mut(id)?.meta,
        &name,
        call.owner,
    )))
}

/// Changes what the body names: comment, state, or both.
pub(super) fn update(
    call: &Call<'_>,
    state: &mut State,
    id: &str,
    body: &Members,
) -> Result<Reply, Error> {
    let comment = body.text("Comment")?;
    comment.map_or(Ok(()), names::check_comment)?;
    let online = match body.integer("State")? {
        None => None,
        Some(0) => Some(false),
        Some(1) => Some(true),
        Some(_) => {
            return Err(Error::invalid_parameter(
                "The state of a subscription is neither 0 nor 1.",
            ));
        }
    };
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    let incarnation = topic.incarnation;
    let meta = &mut topic.subscription_mut(id)?.meta;
    if let Some(comment) = comment {
        comment.clone_into(&mut meta.comment);
    }
    meta.online = online.unwrap_or(meta.online);
    meta.modified = call.now_seconds();
    journal.put_subscription(incarnation, meta);
    Ok(Reply::empty())
}

pub(super) fn delete(call: &Call<'_>, state: &mut State, id: &str) -> Result<Reply, Error> {
    let State {
        projects, journal, ..
    } = state;
    let topic = projects.topic_mut(call.project, call.topic)?;
    if topic.subscription_mut(id)?.meta.internal {
        return Err(Error::operation_denied(
            "The subscription of a connector is deleted with the connector.",
        ));
    }
    topic.subscriptions.remove(id);
    journal.delete_subscription(topic.incarnation, id);
    Ok(Reply::empty())
}
