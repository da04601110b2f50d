//! Which operation a request asks for.

use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;

use super::error::Error;

/// An operation with the names in its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    CreateStream,
    ListStreams,
    ShowStream(String),
    UpdateStream(String),
    DeleteStream(String),
    PutRecords,
    GetRecords,
    GetCursor,
    CreateApp,
    ListApps,
    ShowApp(String),
    DeleteApp(String),
    ConsumerState(String, String),
    CommitCheckpoint,
    ShowCheckpoint,
    DeleteCheckpoint,
}

impl Route {
    /// The operation under its name in the client.
    pub(crate) fn operations(&self) -> &'static [&'static str] {
        match self {
            Self::CreateStream => &["CreateStream"],
            Self::ListStreams => &["ListStreams"],
            Self::ShowStream(_) => &["DescribeStream"],
            Self::UpdateStream(_) => &["UpdatePartitionCount"],
            Self::DeleteStream(_) => &["DeleteStream"],
            Self::PutRecords => &["PutRecords"],
            Self::GetRecords => &["GetRecords"],
            Self::GetCursor => &["GetCursor"],
            Self::CreateApp => &["CreateApp"],
            Self::ListApps => &["ListApps"],
            Self::ShowApp(_) => &["DescribeApp"],
            Self::DeleteApp(_) => &["DeleteApp"],
            Self::ConsumerState(..) => &["ShowConsumerState"],
            Self::CommitCheckpoint => &["CommitCheckpoint"],
            Self::ShowCheckpoint => &["GetCheckpoint"],
            Self::DeleteCheckpoint => &["DeleteCheckpoint"],
        }
    }
}

/// The project id and the operation of a request line.
pub(crate) fn find(method: &Method, path: &str) -> Result<(String, Route), Error> {
    let unknown =
        || Error::invalid("No operation has this path.").with_status(StatusCode::NOT_FOUND);
    let decoded: Vec<String> = path
        .strip_suffix('/')
        .unwrap_or(path)
        .split('/')
        .skip(1)
        .map(|segment| {
            percent_decode_str(segment)
                .decode_utf8()
                .map(std::borrow::Cow::into_owned)
        })
        .collect::<Result<_, _>>()
        .map_err(|_| Error::invalid("The path is not UTF-8."))?;
    let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let ["v2" | "v3", project, rest @ ..] = segments.as_slice() else {
        return Err(unknown());
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if project.is_empty() || project.len() > 64 || !project.chars().all(plain) {
        return Err(Error::new("DIS.4117", "The project id is invalid."));
    }
    let name = |text: &str| text.to_owned();
    let route = match (method.as_str(), rest) {
        ("POST", ["streams"]) => Route::CreateStream,
        ("GET", ["streams"]) => Route::ListStreams,
        ("GET", ["streams", stream]) => Route::ShowStream(name(stream)),
        ("PUT", ["streams", stream] | ["streams", stream, "update"]) => {
            Route::UpdateStream(name(stream))
        }
        ("DELETE", ["streams", stream]) => Route::DeleteStream(name(stream)),
        ("POST", ["records"]) => Route::PutRecords,
        ("GET", ["records"]) => Route::GetRecords,
        ("GET", ["cursors"]) => Route::GetCursor,
        ("POST", ["apps"]) => Route::CreateApp,
        ("GET", ["apps"]) => Route::ListApps,
        ("GET", ["apps", app]) => Route::ShowApp(name(app)),
        ("DELETE", ["apps", app]) => Route::DeleteApp(name(app)),
        ("GET", ["apps", app, "streams", stream]) => Route::ConsumerState(name(app), name(stream)),
        ("POST", ["checkpoints"]) => Route::CommitCheckpoint,
        ("GET", ["checkpoints"]) => Route::ShowCheckpoint,
        ("DELETE", ["checkpoints"]) => Route::DeleteCheckpoint,
        (
            _,
            ["streams" | "records" | "cursors" | "apps" | "checkpoints"] | ["streams" | "apps", _],
        ) => {
            return Err(Error::invalid("The path does not have this method.")
                .with_status(StatusCode::METHOD_NOT_ALLOWED));
        }
        _ => return Err(unknown()),
    };
    Ok(((*project).to_owned(), route))
}

/// The decoded pairs of a query.
pub(crate) fn query_pairs(query: &str) -> Result<Vec<(String, String)>, Error> {
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced)
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| Error::invalid("The query is not UTF-8."))
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(method: &Method, path: &str) -> (u16, &'static str) {
        let error = find(method, path).unwrap_err();
        (error.status.as_u16(), error.code)
    }

    #[test]
    fn versions_and_final_slashes_do_not_matter() {
        for path in ["/v2/p/streams", "/v2/p/streams/", "/v3/p/streams"] {
            assert_eq!(
                find(&Method::GET, path).unwrap(),
                ("p".to_owned(), Route::ListStreams)
            );
        }
        let (_, route) = find(&Method::GET, "/v2/p/apps/a%20b/streams/s").unwrap();
        assert_eq!(
            route,
            Route::ConsumerState("a b".to_owned(), "s".to_owned())
        );
    }

    #[test]
    fn every_operation_of_the_client_is_recognized() {
        for operation in hubstream::dis::OPERATIONS {
            let Some((method, path)) = operation.http.split_once(' ') else {
                continue;
            };
            let method = method.parse().expect("a method");
            let path = format!("/v2/p{}", path.replace(['{', '}'], ""));
            let (_, route) = find(&method, &path).expect(operation.name);
            assert_eq!(route.operations(), [operation.name]);
        }
    }

    #[test]
    fn other_paths_get_an_error_of_the_service() {
        assert_eq!(code(&Method::GET, "/"), (404, "DIS.4200"));
        assert_eq!(code(&Method::GET, "/v2/p/nothing"), (404, "DIS.4200"));
        assert_eq!(code(&Method::PATCH, "/v2/p/streams/s"), (405, "DIS.4200"));
        assert_eq!(
            code(&Method::GET, "/v2/%7Bproject_id%7D/streams"),
            (400, "DIS.4117")
        );
        assert_eq!(code(&Method::GET, "/v2/p/streams/%ff"), (400, "DIS.4200"));
    }

    #[test]
    fn queries_are_decoded() {
        let pairs = query_pairs("a=1%202&b&c=%3D+x").unwrap();
        let expected = [("a", "1 2"), ("b", ""), ("c", "= x")];
        assert_eq!(
            pairs,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert!(query_pairs("a=%ff").is_err());
    }
}
