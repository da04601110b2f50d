//! DataHub's error replies: codes, statuses and messages as clients compare them.

use std::fmt::Display;

use bytes::Bytes;
use http::StatusCode;
use serde_json::json;

/// An error reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Error {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// The body of an error reply.
pub(super) fn body(code: &str, message: &str, request_id: &str) -> Bytes {
    let body = json!({
        "RequestId": request_id,
        "ErrorCode": code,
        "ErrorMessage": message,
        "ErrorDetail": "",
    });
    body.to_string().into()
}

impl Error {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    fn missing(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    pub(super) fn invalid_uri() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "InvalidUriSpec",
            "The request URI is not known.",
        )
    }

    pub(super) fn method_not_allowed() -> Self {
        let message = "The method is not allowed for this resource.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message)
    }

    pub(super) fn malformed_request(status: StatusCode) -> Self {
        let code = if status == StatusCode::URI_TOO_LONG {
            "InvalidUriSpec"
        } else {
            "InvalidParameter"
        };
        Self::new(
            status,
            code,
            "The HTTP request is malformed or its headers are too large.",
        )
    }

    pub(super) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::bad_request("InvalidParameter", message)
    }

    pub(super) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Unauthorized", message)
    }

    pub(super) fn internal() -> Self {
        let message = "Service internal error, please try again later.";
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServerError",
            message,
        )
    }

    pub(super) fn no_such_project() -> Self {
        Self::missing(
            "NoSuchProject",
            "The specified project name does not exist.",
        )
    }

    pub(super) fn project_exists() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "ProjectAlreadyExist",
            "The specified project already exists.",
        )
    }

    pub(super) fn project_not_empty() -> Self {
        Self::operation_denied("The specified project still has topics.")
    }

    pub(super) fn no_such_topic() -> Self {
        Self::missing("NoSuchTopic", "The specified topic name does not exist.")
    }

    /// The wording of puts to one shard.
    pub(super) fn no_such_topic_for_put() -> Self {
        Self::missing("NoSuchTopic", "The specified topic does not exist.")
    }

    pub(super) fn topic_exists() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "TopicAlreadyExist",
            "The specified topic already exists.",
        )
    }

    pub(super) fn no_such_shard(project: &str, topic: &str, shard: impl Display) -> Self {
        let message = format!("ShardId Not Exist. Invalid shard id:{project}/{topic}/{shard}");
        Self::missing("NoSuchShard", message)
    }

    /// The wording of puts to one shard.
    pub(super) fn no_such_shard_for_put(project: &str, topic: &str, shard: impl Display) -> Self {
        Self::missing(
            "NoSuchShard",
            format!("Shard is not exist: {project}/{topic}/{shard}"),
        )
    }

    /// Of one record.
    pub(super) fn invalid_shard_id(shard: &str) -> Self {
        Self::bad_request("InvalidShardId", format!("Invalid shard id: {shard}"))
    }

    pub(super) fn shard_not_active() -> Self {
        Self::bad_request(
            "InvalidShardOperation",
            "The specified shard is not active.",
        )
    }

    pub(super) fn shard_too_young() -> Self {
        Self::limit("Split/Merge shard operation limit exceeded.")
    }

    pub(super) fn limit(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "LimitExceeded", message)
    }

    pub(super) fn throughput() -> Self {
        Self::limit("The query rate or throughput rate is exceeded.")
    }

    pub(super) fn invalid_operation(message: impl Into<String>) -> Self {
        Self::bad_request("InvalidOperation", message)
    }

    pub(super) fn invalid_schema(message: impl Into<String>) -> Self {
        Self::bad_request("InvalidSchema", message)
    }

    pub(super) fn malformed_record(message: impl Into<String>) -> Self {
        Self::bad_request("MalformedRecord", message)
    }

    pub(super) fn invalid_cursor() -> Self {
        Self::bad_request("InvalidCursor", "The cursor is invalid.")
    }

    pub(super) fn expired_cursor() -> Self {
        Self::bad_request("InvalidCursor", "The cursor is expired.")
    }

    pub(super) fn seek_time_out_of_range() -> Self {
        Self::bad_request("SeekOutOfRange", "Time in seek request is out of range.")
    }

    pub(super) fn seek_sequence_out_of_range() -> Self {
        Self::bad_request(
            "SeekOutOfRange",
            "Sequence in seek request is out of range.",
        )
    }

    pub(super) fn no_such_subscription(id: &str) -> Self {
        Self::missing(
            "NoSuchSubscription",
            format!("Subscription id invalid:{id}"),
        )
    }

    /// The wording of joining a consumer group.
    pub(super) fn no_such_consumer_group() -> Self {
        Self::missing(
            "NoSuchSubscription",
            "The specified subscription id invalid.",
        )
    }

    pub(super) fn no_such_consumer() -> Self {
        Self::bad_request("NoSuchConsumer", "The specified consumer does not exist.")
    }

    pub(super) fn subscription_offline() -> Self {
        Self::bad_request(
            "SubscriptionOffline",
            "The specified subscription is offline.",
        )
    }

    pub(super) fn session_closed() -> Self {
        Self::bad_request("OffsetSessionClosed", "Offset session is closed")
    }

    pub(super) fn session_changed() -> Self {
        Self::bad_request("OffsetSessionChanged", "Offset session has changed")
    }

    pub(super) fn offset_reset() -> Self {
        Self::bad_request("OffsetReseted", "Offset has reseted")
    }

    pub(super) fn no_metering() -> Self {
        Self::missing(
            "NoSuchMeteringInfo",
            "The specified shard has no metering information.",
        )
    }

    pub(super) fn operation_denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "OperationDenied", message)
    }

    pub(super) fn connector_exists() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "ConnectorAlreadyExist",
            "The specified connector already exists.",
        )
    }

    pub(super) fn no_such_connector(id: &str) -> Self {
        let shown: String = id.chars().take(64).collect();
        Self::missing(
            "NoSuchConnector",
            format!("The specified connector does not exist:{shown}"),
        )
    }

    pub(super) fn no_such_alarm() -> Self {
        Self::missing(
            "NoSuchAlarmRule",
            "The specified alarm rule does not exist.",
        )
    }

    pub(super) fn no_such_group() -> Self {
        Self::missing("ResourceNotFound", "The specified group does not exist.")
    }

    pub(super) fn group_exists() -> Self {
        Self::bad_request(
            "ResourceAlreadyExist",
            "The specified group already exists.",
        )
    }

    pub(super) fn unknown_action(action: &str) -> Self {
        let shown: String = action.chars().take(64).collect();
        Self::invalid_parameter(format!("The action is missing or invalid:{shown}"))
    }
}
