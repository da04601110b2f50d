//! Subscriptions.

use crate::error::{Error, Result};
use crate::json;
use crate::operation::decode_json;
use crate::transport::Response;
use crate::{model, operation};

use super::place::{SubscriptionAddress, TopicAddress};
use super::{DataHubService, check};

/// Whether a subscription is in use.
#[model]
pub enum SubscriptionState {
    /// Switched off: offsets cannot be committed.
    #[wire(0)]
    Inactive,
    /// In use.
    #[wire(1)]
    Active,
}

/// Creates a subscription of a topic.
#[operation(
    service = DataHubService, at = TopicAddress,
    POST "/projects/{project_name}/topics/{topic_name}/subscriptions",
    action = "create", returns = CreateSubscriptionResult
)]
pub struct CreateSubscription {
    /// Free text of at most 1024 characters.
    #[check(check::comment)]
    #[default]
    pub comment: String,
}

/// The subscription that was created.
#[model]
pub struct CreateSubscriptionResult {
    /// Id of the subscription.
    pub sub_id: String,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Reads the properties of a subscription.
#[operation(
    service = DataHubService, at = SubscriptionAddress,
    GET "/projects/{project_name}/topics/{topic_name}/subscriptions/{sub_id}",
    returns = GetSubscriptionResult, decode = decode_subscription
)]
pub struct GetSubscription;

/// The properties of a subscription.
#[model(extends = Subscription)]
pub struct GetSubscriptionResult {
    /// Id of the subscription.
    pub sub_id: String,
    /// Name of the topic.
    #[default]
    pub topic_name: String,
    /// Free text.
    #[default]
    pub comment: String,
    /// When it was created, in seconds since 1970.
    #[default]
    pub create_time: i64,
    /// When it was last changed, in seconds since 1970.
    #[default]
    pub last_modify_time: i64,
    /// Whether the caller owns it.
    #[wire("Owner")]
    #[default]
    pub is_owner: bool,
    /// Whether it is in use.
    #[default(Active)]
    pub state: SubscriptionState,
    /// 0 for one of a user.
    #[default]
    pub r#type: i32,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Replies name the owner `Owner`, `IsOwner` or both.
fn decode_subscription(
    _: &GetSubscription,
    _: &DataHubService,
    response: &Response,
) -> Result<GetSubscriptionResult> {
    let mut members: serde_json::Map<String, serde_json::Value> = decode_json(response)?;
    if let Some(owner) = members.remove("IsOwner") {
        members.entry("Owner").or_insert(owner);
    }
    json::from_value(&members.into())
        .map_err(|_| Error::malformed("the reply has not the expected members"))
}

/// One subscription of a topic.
#[model]
pub struct Subscription {
    /// Id of the subscription.
    pub sub_id: String,
    /// Name of the topic.
    #[default]
    pub topic_name: String,
    /// Free text.
    #[default]
    pub comment: String,
    /// When it was created, in seconds since 1970.
    #[default]
    pub create_time: i64,
    /// When it was last changed, in seconds since 1970.
    #[default]
    pub last_modify_time: i64,
    /// Whether the caller owns it.
    #[wire("IsOwner")]
    #[default]
    pub is_owner: bool,
    /// Whether it is in use.
    #[default(Active)]
    pub state: SubscriptionState,
    /// 0 for one of a user.
    #[default]
    pub r#type: i32,
}

/// Lists the subscriptions of a topic, a page at a time.
#[operation(
    service = DataHubService, at = TopicAddress,
    POST "/projects/{project_name}/topics/{topic_name}/subscriptions",
    action = "list", returns = ListSubscriptionResult, idempotent
)]
pub struct ListSubscription {
    /// Keeps only subscriptions whose id or comment contains this text; absent or empty for all.
    #[wire("Search")]
    #[default]
    pub query_key: Option<String>,
    /// Number of the page, from 1.
    #[check(check::positive)]
    #[default(1)]
    pub page_index: i32,
    /// Subscriptions per page, 0 or more.
    #[check(check::not_negative)]
    #[default(100)]
    pub page_size: i32,
}

/// A page of subscriptions.
#[model]
pub struct ListSubscriptionResult {
    /// Number of subscriptions on all pages.
    pub total_count: i32,
    /// The subscriptions of this page.
    pub subscriptions: Vec<Subscription>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Changes the comment of a subscription.
#[operation(
    service = DataHubService, at = SubscriptionAddress,
    PUT "/projects/{project_name}/topics/{topic_name}/subscriptions/{sub_id}", idempotent
)]
pub struct UpdateSubscription {
    /// New free text of at most 1024 characters.
    #[check(check::comment)]
    pub comment: String,
}

/// Switches a subscription on or off.
#[operation(
    service = DataHubService, at = SubscriptionAddress,
    PUT "/projects/{project_name}/topics/{topic_name}/subscriptions/{sub_id}", idempotent
)]
pub struct UpdateSubscriptionState {
    /// Whether it is to be in use.
    pub state: SubscriptionState,
}

/// Deletes a subscription with its offsets.
#[operation(
    service = DataHubService, at = SubscriptionAddress,
    DELETE "/projects/{project_name}/topics/{topic_name}/subscriptions/{sub_id}"
)]
pub struct DeleteSubscription;
