//! Which operations of the client send a request.

use bytes::Bytes;
use http::{Method, Request};

use super::compression;
use super::members::Members;
use super::records::json_action;
use super::route::binary_action;

/// The operations under their names in the client; several if their requests look the same.
pub(super) fn names(request: &Request<Bytes>, body_limit: usize) -> &'static [&'static str] {
    let path = request.uri().path();
    let path = path.strip_suffix('/').unwrap_or(path);
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let method = request.method();
    match segments.as_slice() {
        ["projects"] if method == Method::GET => &["ListProject"],
        ["projects", _] => project(method, request, body_limit),
        ["projects", _, "topics"] if method == Method::GET => &["ListTopic"],
        ["projects", _, "topics", _, rest @ ..] => match (method.as_str(), rest) {
            ("GET", []) => &["GetTopic"],
            ("DELETE", []) => &["DeleteTopic"],
            ("PUT", []) => &["UpdateTopic"],
            ("GET", ["shards"]) => &["ListShard"],
            ("GET", ["connectors"]) => &["ListConnector"],
            ("GET", ["subscriptions", _]) => &["GetSubscription"],
            ("DELETE", ["subscriptions", _]) => &["DeleteSubscription"],
            ("GET", ["connectors", _]) if asks_done_time(request) => &["GetConnectorDoneTime"],
            ("GET", ["connectors", _]) => &["GetConnector"],
            ("DELETE", ["connectors", _]) => &["DeleteConnector"],
            ("POST" | "PUT", _) => by_action(request, rest, body_limit),
            _ => &[],
        },
        _ => &[],
    }
}

fn asks_done_time(request: &Request<Bytes>) -> bool {
    let mut pairs = request.uri().query().unwrap_or_default().split('&');
    pairs.any(|pair| pair.split('=').next() == Some("donetime"))
}

fn project(
    method: &Method,
    request: &Request<Bytes>,
    body_limit: usize,
) -> &'static [&'static str] {
    match method.as_str() {
        "GET" => &["GetProject"],
        "POST" => &["CreateProject"],
        "DELETE" => &["DeleteProject"],
        "PUT" if has(&plain_body(request, body_limit), "VpcIds") => &["UpdateProjectVpcWhitelist"],
        "PUT" => &["UpdateProject"],
        _ => &[],
    }
}

/// The body before compression; empty if it cannot be read, which the service tells.
fn plain_body(request: &Request<Bytes>, limit: usize) -> Bytes {
    compression::request_body(request.headers(), request.body().clone(), limit).unwrap_or_default()
}

fn has(body: &[u8], member: &str) -> bool {
    Members::parse(body).is_ok_and(|members| members.has(member))
}

fn is_blob(body: &[u8]) -> bool {
    let Ok(members) = Members::parse(body) else {
        return false;
    };
    matches!(members.text("RecordType"), Ok(Some(kind)) if kind.eq_ignore_ascii_case("blob"))
}

fn by_action(
    request: &Request<Bytes>,
    rest: &[&str],
    body_limit: usize,
) -> &'static [&'static str] {
    let is_post = request.method() == Method::POST;
    if let Some(action) = binary_action(request.headers()) {
        return match (action.as_str(), rest) {
            ("pub", ["shards"]) if is_post => &["PutRecords"],
            ("pub", ["shards", _]) if is_post => &["PutRecordsByShard"],
            ("sub", ["shards", _]) if is_post => &["GetTupleRecords", "GetBlobRecords"],
            _ => &[],
        };
    }
    let body = plain_body(request, body_limit);
    let Ok(action) = json_action(&body) else {
        return &[];
    };
    match (is_post, rest, action.as_str()) {
        (true, [], action) => topic_action(action, &body),
        (true, ["shards"], "pub") => &["PutRecords"],
        (true, ["shards"], "split") => &["SplitShard"],
        (true, ["shards"], "merge") => &["MergeShard"],
        (true, ["shards"], "extend") => &["ExtendShard"],
        (true, ["shards"], "activate") => &["ActivateShards"],
        (true, ["shards", _], "pub") => &["PutRecordsByShard"],
        (true, ["shards", _], "cursor") => &["GetCursor"],
        (true, ["shards", _], "sub") => &["GetTupleRecords", "GetBlobRecords"],
        (true, ["shards", _], "meter") => &["GetMeteringInfo"],
        (true, ["subscriptions"], "create") => &["CreateSubscription"],
        (true, ["subscriptions"], "list") => &["ListSubscription"],
        (false, ["subscriptions", _], "") if has(&body, "State") => &["UpdateSubscriptionState"],
        (false, ["subscriptions", _], "") => &["UpdateSubscription"],
        (_, ["subscriptions", _], "joingroup") => &["JoinGroup"],
        (_, ["subscriptions", _], "heartbeat") => &["HeartBeat"],
        (_, ["subscriptions", _], "syncgroup") => &["SyncGroup"],
        (_, ["subscriptions", _], "leavegroup") => &["LeaveGroup"],
        (true, ["subscriptions", _, "offsets"], "open") => &["InitAndGetSubscriptionOffset"],
        (true, ["subscriptions", _, "offsets"], "get") => &["GetSubscriptionOffset"],
        (false, ["subscriptions", _, "offsets"], "commit") => &["UpdateSubscriptionOffset"],
        (false, ["subscriptions", _, "offsets"], "reset") => &["ResetSubscriptionOffset"],
        (true, ["connectors", _], action) => connector_action(action),
        _ => &[],
    }
}

fn topic_action(action: &str, body: &[u8]) -> &'static [&'static str] {
    match action {
        "" | "create" if is_blob(body) => &["CreateBlobTopic"],
        "" | "create" => &["CreateTupleTopic"],
        "appendfield" => &["AppendField"],
        "listschema" => &["ListTopicSchema"],
        "getschema" => &["GetTopicSchema"],
        "registerschema" => &["RegisterTopicSchema"],
        "deleteschema" => &["DeleteTopicSchema"],
        "meter" => &["GetTopicMeteringInfo"],
        _ => &[],
    }
}

fn connector_action(action: &str) -> &'static [&'static str] {
    match action {
        "create" => &["CreateConnector"],
        "updateconfig" => &["UpdateConnector"],
        "status" => &["GetConnectorShardStatus"],
        "reload" => &["ReloadConnector"],
        "appendfield" | "appendfiled" => &["AppendConnectorField"],
        "updatestate" => &["UpdateConnectorState"],
        "updateshardcontext" => &["UpdateConnectorOffset"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_with_a_request_is_recognized() {
        let mut seen: Vec<&str> = Vec::new();
        for operation in hubstream::datahub::OPERATIONS {
            let Some((method, path)) = operation.http.split_once(' ') else {
                continue;
            };
            let request = Request::builder()
                .method(method)
                .uri(path.replace(['{', '}'], ""))
                .body(Bytes::from_static(body(operation.name).as_bytes()))
                .expect("a request");
            if names(&request, 1 << 20).contains(&operation.name) {
                seen.push(operation.name);
            }
        }
        let missing: Vec<&str> = hubstream::datahub::OPERATIONS
            .iter()
            .filter(|operation| !operation.http.is_empty() && !seen.contains(&operation.name))
            .map(|operation| operation.name)
            .collect();
        assert_eq!(missing, Vec::<&str>::new());
    }

    fn body(name: &str) -> &'static str {
        match name {
            "CreateBlobTopic" => r#"{"Action":"create","RecordType":"BLOB"}"#,
            "CreateTupleTopic" | "CreateSubscription" | "CreateConnector" => {
                r#"{"Action":"Create"}"#
            }
            "UpdateProjectVpcWhitelist" => r#"{"VpcIds":""}"#,
            "UpdateSubscriptionState" => r#"{"State":0}"#,
            "PutRecords" | "PutRecordsByShard" => r#"{"Action":"pub"}"#,
            "GetTupleRecords" | "GetBlobRecords" => r#"{"Action":"sub"}"#,
            "GetCursor" => r#"{"Action":"cursor"}"#,
            "SplitShard" => r#"{"Action":"split"}"#,
            "MergeShard" => r#"{"Action":"merge"}"#,
            "ExtendShard" => r#"{"Action":"extend"}"#,
            "ActivateShards" => r#"{"Action":"activate"}"#,
            "GetMeteringInfo" | "GetTopicMeteringInfo" => r#"{"Action":"meter"}"#,
            "AppendField" | "AppendConnectorField" => r#"{"Action":"AppendField"}"#,
            "ListTopicSchema" => r#"{"Action":"ListSchema"}"#,
            "GetTopicSchema" => r#"{"Action":"GetSchema"}"#,
            "RegisterTopicSchema" => r#"{"Action":"RegisterSchema"}"#,
            "DeleteTopicSchema" => r#"{"Action":"DeleteSchema"}"#,
            "ListSubscription" => r#"{"Action":"list"}"#,
            "JoinGroup" => r#"{"Action":"joinGroup"}"#,
            "HeartBeat" => r#"{"Action":"heartbeat"}"#,
            "SyncGroup" => r#"{"Action":"syncGroup"}"#,
            "LeaveGroup" => r#"{"Action":"leaveGroup"}"#,
            "InitAndGetSubscriptionOffset" => r#"{"Action":"open"}"#,
            "GetSubscriptionOffset" => r#"{"Action":"get"}"#,
            "UpdateSubscriptionOffset" => r#"{"Action":"commit"}"#,
            "ResetSubscriptionOffset" => r#"{"Action":"reset"}"#,
            "UpdateConnector" => r#"{"Action":"updateconfig"}"#,
            "GetConnectorShardStatus" => r#"{"Action":"Status"}"#,
            "ReloadConnector" => r#"{"Action":"Reload"}"#,
            "UpdateConnectorState" => r#"{"Action":"UpdateState"}"#,
            "UpdateConnectorOffset" => r#"{"Action":"UpdateShardContext"}"#,
            _ => "",
        }
    }
}
