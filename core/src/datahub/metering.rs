//! What shards and topics are charged for.

use serde::{Deserialize, Deserializer, Serialize as _, Serializer};
use serde_json::value::RawValue;

use crate::{model, operation};

use super::place::{ShardAddress, TopicAddress};
use super::{DataHubService, check};

/// Reads how long a shard has been active and how much it stores.
///
/// Fails with kind `not_found` while the shard has no records.
#[operation(
    service = DataHubService, at = ShardAddress,
    POST "/projects/{project_name}/topics/{topic_name}/shards/{shard_id}",
    action = "meter", returns = GetMeteringInfoResult, idempotent
)]
pub struct GetMeteringInfo;

/// What a shard is charged for.
#[model]
pub struct GetMeteringInfoResult {
    /// Seconds that the shard has been active.
    pub active_time: i64,
    /// Bytes that the shard stores.
    pub storage: i64,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Reads what a topic is charged for in the time from a given day on.
#[operation(
    service = DataHubService, at = TopicAddress,
    POST "/projects/{project_name}/topics/{topic_name}",
    action = "meter", returns = GetTopicMeteringInfoResult, idempotent
)]
pub struct GetTopicMeteringInfo {
    /// Start of the day in seconds since 1970.
    #[check(check::not_negative_long)]
    pub timestamp: i64,
}

/// What a topic is charged for.
#[model]
pub struct GetTopicMeteringInfoResult {
    /// The entries as the service sends them, each as JSON text; what is in them is not documented.
    #[serde(with = "json_texts", default)]
    #[default]
    pub meter_data: Vec<String>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// A list of any JSON values, each as its text.
mod json_texts {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        texts: &[String],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let raw: Result<Vec<Box<RawValue>>, _> =
            texts.iter().cloned().map(RawValue::from_string).collect();
        raw.map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<String>, D::Error> {
        let values = Option::<Vec<Box<RawValue>>>::deserialize(deserializer)?;
        let texts = values.unwrap_or_default().into_iter();
        Ok(texts.map(|value| value.get().to_owned()).collect())
    }
}
