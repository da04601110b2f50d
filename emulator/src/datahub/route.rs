//! Which handler serves which request.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode_str;

use super::batch::Layout;
use super::call::{Call, Reply};
use super::error::Error;
use super::members::Members;
use super::{
    DataHub, alarm, connector, cursor, group, kafka_group, metering, names, offset, project,
    records, schema, shard, subscription, topic,
};

/// Header that names the action of a binary request.
const ACTION: &str = "x-datahub-request-action";

/// A request that has been accepted, with its body as it was before compression.
pub(super) struct Incoming {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Incoming {
    /// The segments of the path, decoded.
    fn path(&self) -> Result<Vec<String>, Error> {
        let path = self.uri.path();
        let path = path.strip_suffix('/').unwrap_or(path);
        let segments = path
            .strip_prefix('/')
            .ok_or_else(Error::invalid_uri)?
            .split('/');
        let decoded =
            segments.map(|segment| percent_decode_str(segment).decode_utf8().map(String::from));
        decoded
            .collect::<Result<_, _>>()
            .map_err(|_| Error::invalid_uri())
    }

    /// The decoded value of a query parameter; empty if it is missing.
    fn query(&self, name: &str) -> String {
        let pairs = self.uri.query().unwrap_or_default().split('&');
        let value = pairs
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name);
        value
            .map(|(_, value)| {
                percent_decode_str(&value.replace('+', " "))
                    .decode_utf8_lossy()
                    .into_owned()
            })
            .unwrap_or_default()
    }

    /// Whether a query parameter is there, with or without a value.
    fn asks(&self, name: &str) -> bool {
        let mut pairs = self.uri.query().unwrap_or_default().split('&');
        pairs.any(|pair| pair.split('=').next() == Some(name))
    }

    fn members(&self) -> Result<Members, Error> {
        Members::parse(&self.body)
    }

    fn binary_action(&self) -> Option<String> {
        binary_action(&self.headers)
    }

    /// Whether a binary request carries batches.
    fn is_batch(&self) -> bool {
        let kind = self
            .headers
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default();
        kind.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .eq_ignore_ascii_case("application/x-binary")
    }

    /// The layout of batches that the client reads.
    fn batch_layout(&self) -> Layout {
        match self.headers.get("x-datahub-client-version") {
            Some(version) if version == "1.1" => Layout::Row,
            _ => Layout::Avro,
        }
    }
}

/// The action of a binary request in lower case.
pub(super) fn binary_action(headers: &HeaderMap) -> Option<String> {
    let action = headers.get(ACTION)?;
    Some(
        action
            .to_str()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase(),
    )
}

/// Serves a request.
pub(super) fn serve(service: &DataHub, request: &Incoming) -> Result<Reply, Error> {
    let path = request.path()?;
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let ["projects", rest @ ..] = path.as_slice() else {
        return Err(Error::invalid_uri());
    };
    let [project, rest @ ..] = rest else {
        return match request.method {
            Method::GET => {
                Ok(service.with_state(|state| project::list(state, &request.query("filter"))))
            }
            _ => Err(Error::method_not_allowed()),
        };
    };
    let mut call = service.call();
    call.project = project;
    match rest {
        [] | ["topics" | "groups", ..] => names::check_project(project)?,
        _ => return Err(Error::invalid_uri()),
    }
    match rest {
        ["groups", rest @ ..] => serve_kafka_groups(service, request, &call, rest),
        ["topics"] => match request.method {
            Method::GET => {
                service.with_state(|state| topic::list(&call, state, &request.query("filter")))
            }
            _ => Err(Error::method_not_allowed()),
        },
        ["topics", topic, rest @ ..] => {
            names::check_topic(topic)?;
            call.topic = topic;
            serve_in_topic(service, request, &call, rest)
        }
        _ => serve_project(service, request, &call),
    }
}

/// Serves a request for a topic or what is in it.
fn serve_in_topic(
    service: &DataHub,
    request: &Incoming,
    call: &Call<'_>,
    path: &[&str],
) -> Result<Reply, Error> {
    match path {
        [] => serve_topic(service, request, call),
        ["shards"] => serve_shards(service, request, call),
        ["shards", shard] => serve_shard(service, request, call, shard),
        ["subscriptions"] => serve_subscriptions(service, request, call),
        ["subscriptions", id] => serve_subscription(service, request, call, id),
        ["subscriptions", id, "offsets"] => serve_offsets(service, request, call, id),
        ["connectors"] => serve_connectors(service, request, call),
        ["connectors", id] => serve_connector(service, request, call, id),
        ["alarms"] if request.method == Method::POST => {
            let body = request.members()?;
            service.with_state(|state| alarm::serve(call, state, &body))
        }
        ["alarms", id] => serve_alarm(service, request, call, id),
        _ => Err(Error::invalid_uri()),
    }
}

fn serve_project(service: &DataHub, request: &Incoming, call: &Call<'_>) -> Result<Reply, Error> {
    match request.method {
        Method::GET => service.with_state(|state| project::get(call, state)),
        Method::DELETE => service.with_state(|state| project::delete(call, state)),
        Method::POST => {
            let body = request.members()?;
            service.with_state(|state| project::create(call, state, &body))
        }
        Method::PUT => {
            let body = request.members()?;
            service.with_state(|state| project::update(call, state, &body))
        }
        _ => Err(Error::method_not_allowed()),
    }
}

fn serve_topic(service: &DataHub, request: &Incoming, call: &Call<'_>) -> Result<Reply, Error> {
    match request.method {
        Method::GET => service.with_state(|state| topic::get(call, state)),
        Method::DELETE => service.with_state(|state| topic::delete(call, state)),
        Method::PUT => {
            let body = request.members()?;
            service.with_state(|state| topic::update(call, state, &body))
        }
        Method::POST => {
            let body = request.members()?;
            let action = body.action()?;
            service.with_state(|state| match action.as_str() {
                "" | "create" => topic::create(call, state, &body),
                "appendfield" => schema::append_field(call, state, &body),
                "listschema" => schema::list(call, state, &body),
                "getschema" => schema::get(call, state, &body),
                "registerschema" => schema::register(call, state, &body),
                "deleteschema" => schema::delete(call, state, &body),
                "meter" => metering::topic(call, state),
                "listmetalog" => alarm::changes(call, state),
                other => Err(Error::unknown_action(other)),
            })
        }
        _ => Err(Error::method_not_allowed()),
    }
}

fn serve_shards(service: &DataHub, request: &Incoming, call: &Call<'_>) -> Result<Reply, Error> {
    match request.method {
        Method::GET => return service.with_state(|state| shard::list(call, state)),
        Method::POST => {}
        _ => return Err(Error::method_not_allowed()),
    }
    match request.binary_action().as_deref() {
        Some("pub") if request.is_batch() => {
            return Err(Error::invalid_parameter(
                "A batch is put to one shard, not to a topic.",
            ));
        }
        Some("pub") => return records::put_protobuf(service, call, &request.body),
        Some(other) => return Err(Error::unknown_action(other)),
        None => {}
    }
    let action = records::json_action(&request.body)?;
    if action == "pub" {
        return records::put_json(service, call, &request.body);
    }
    let body = request.members()?;
    service.with_state(|state| match action.as_str() {
        "split" => shard::split(call, state, &body),
        "merge" => shard::merge(call, state, &body),
        "extend" => shard::extend(call, state, &body),
        "activate" => shard::activate(call, state, &body),
        other => Err(Error::unknown_action(other)),
    })
}

fn serve_shard(
    service: &DataHub,
    request: &Incoming,
    call: &Call<'_>,
    shard: &str,
) -> Result<Reply, Error> {
    if request.method != Method::POST {
        return Err(Error::method_not_allowed());
    }
    match request.binary_action().as_deref() {
        Some("pub") if request.is_batch() => {
            return records::put_batch_to_shard(service, call, shard, &request.body);
        }
        Some("pub") => return records::put_protobuf_to_shard(service, call, shard, &request.body),
        Some("sub") if request.is_batch() => {
            return records::get_batches(
                service,
                call,
                shard,
                &request.body,
                request.batch_layout(),
            );
        }
        Some("sub") => return records::get_protobuf(service, call, shard, &request.body),
        Some(other) => return Err(Error::unknown_action(other)),
        None => {}
    }
    let body = request.members()?;
    match body.action()?.as_str() {
        "cursor" => service.with_state(|state| cursor::get(call, state, shard, &body)),
        "sub" => records::get_json(service, call, shard, &body),
        "meter" => service.with_state(|state| metering::shard(call, state, shard)),
        other => Err(Error::unknown_action(other)),
    }
}

fn serve_subscriptions(
    service: &DataHub,
    request: &Incoming,
    call: &Call<'_>,
) -> Result<Reply, Error> {
    if request.method != Method::POST {
        return Err(Error::method_not_allowed());
    }
    let body = request.members()?;
    let action = body.action()?;
    service.with_state(|state| match action.as_str() {
        "create" => subscription::create(call, state, &body),
        "list" => subscription::list(call, state, &body),
        other => Err(Error::unknown_action(other)),
    })
}

fn serve_subscription(
    service: &DataHub,
    request: &Incoming,
    call: &Call<'_>,
    id: &str,
) -> Result<Reply, Error> {
    match request.method {
        Method::GET => return service.with_state(|state| subscription::get(call, state, id)),
        Method::DELETE => return service.with_state(|state| subscription::delete(call, state, id)),
        Method::PUT | Method::POST => {}
        _ => return Err(Error::method_not_allowed()),
    }
    let body = request.members()?;
    let action = body.action()?;
    service.with_state(|state| {
        if request.method == Method::PUT && action.is_empty() {
            subscription::update(call, state, id, &body)
        } else {
            group::serve(call, state, id, &action, &body)
        }
    })
}

fn serve_offsets(
    service: &DataHub,
    request: &Incoming,
    call: &Call<'_>,
    id: &str,
) -> Result<Reply, Error> {
    if request.method != Method::POST && request.method != Method::PUT {
        return Err(Error::method_not_allowed());
    }
    let body = request.members()?;
    let action = body.action()?;
    service.with_state(
        |state| match (request.method == Method::POST, action.as_str()) {
            (true, "open") => offset::open(call, state, id, &body),
            (true, "get") => offset::get(call, state, id, &body),
            (false, "commit") => offset::commit(call, state, id, &body),
            (false, "reset") => offset::reset(call, state, id, &body),
            (_, other) => Err(Error::unknown_action(other)),
        },
    )
}

fn serve_alarm(
    service: &DataHub,
    request: &Incoming,
    call: &Call<'_>,
    id: &str,
) -> Result<Reply, Error> {
    match request.method {
        Method::GET => service.with_state(|state| alarm::get(call, state, id)),
        Method::DELETE => service.with_state(|state| alarm::delete(call, state, id)),
        Method::PUT => {
            let body = request.members()?;
            service.with_state(|state| alarm::update(call, state, id, &body))
        }
        _ => Err(Error::method_not_allowed()),
    }
}

fn serve_kafka_groups(
    service: &DataHub,
    request: &Incoming,
    call: &Call<'_>,
    rest: &[&str],
) -> Result<Reply, Error> {
    let body = request.members()?;
    service.with_state(|state| match (request.method.as_str(), rest) {
        ("GET", []) => kafka_group::list(call, state),
        ("GET", [name]) => kafka_group::get(call, state, name),
        ("DELETE", [name]) => kafka_group::delete(call, state, name),
        ("PUT", [name]) => kafka_group::update(call, state, name, &body),
        ("POST", [name]) => kafka_group::serve(call, state, name, &body),
        (_, [] | [_]) => Err(Error::method_not_allowed()),
        _ => Err(Error::invalid_uri()),
    })
}

fn serve_connectors(
    service: &DataHub,
    request: &Incoming,
    call: &Call<'_>,
) -> Result<Reply, Error> {
    if request.method != Method::GET {
        return Err(Error::method_not_allowed());
    }
    let by_id = request.query("mode").eq_ignore_ascii_case("id");
    service.with_state(|state| connector::list(call, state, by_id))
}

fn serve_connector(
    service: &DataHub,
    request: &Incoming,
    call: &Call<'_>,
    name: &str,
) -> Result<Reply, Error> {
    match request.method {
        Method::GET if request.asks("donetime") => {
            service.with_state(|state| connector::done_time(call, state, name))
        }
        Method::GET => service.with_state(|state| connector::get(call, state, name)),
        Method::DELETE => service.with_state(|state| connector::delete(call, state, name)),
        Method::POST => {
            let body = request.members()?;
            service.with_state(|state| connector::serve(call, state, name, &body))
        }
        _ => Err(Error::method_not_allowed()),
    }
}
