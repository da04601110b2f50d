//! Settings: one table behind the builder, the environment, connection URLs, keyword arguments
//! and command-line flags.
//!
//! [`KEYS`] lists all settings. Those of several sources can be merged:
//!
//! ```
//! use hubstream::config::Settings;
//!
//! # fn main() -> hubstream::error::Result<()> {
//! let mut settings = Settings::from_env("datahub")?;
//! settings.merge(&Settings::from_url("datahub", "datahub+https://ID:KEY@host/?protocol=json")?);
//! settings.set("max_attempts", "2")?;
//! assert_eq!(settings.endpoint()?, "https://host");
//! assert_eq!(settings.integer("max_attempts"), 2);
//! # Ok(())
//! # }
//! ```

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use crate::credentials::{Credentials, Secret};
use crate::error::{Error, ErrorKind, Result};

/// What a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingKind {
    /// Text.
    Text,
    /// Text that must not be shown.
    Secret,
    /// `true` or `false`.
    Boolean,
    /// A whole number, 0 or more.
    Integer,
    /// Seconds, with a fraction if need be.
    Seconds,
}

/// One setting of a client.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SettingKey {
    /// Name in snake case.
    pub name: &'static str,
    /// Another accepted name, or an empty text.
    pub alias: &'static str,
    /// What it holds.
    pub kind: SettingKind,
    /// Its default as text; empty when there is none.
    pub default: &'static str,
    /// Services that have it; empty for all.
    pub services: &'static [&'static str],
    /// What it means.
    pub docs: &'static str,
}

const fn key(
    name: &'static str,
    kind: SettingKind,
    default: &'static str,
    docs: &'static str,
) -> SettingKey {
    SettingKey {
        name,
        alias: "",
        kind,
        default,
        services: &[],
        docs,
    }
}

impl SettingKey {
    const fn alias(mut self, alias: &'static str) -> Self {
        self.alias = alias;
        self
    }

    const fn only(mut self, services: &'static [&'static str]) -> Self {
        self.services = services;
        self
    }

    /// Whether the service has this setting.
    pub fn applies_to(&self, service: &str) -> bool {
        self.services.is_empty() || self.services.contains(&service)
    }
}

use SettingKind::{Boolean, Integer, Seconds, Secret as SecretText, Text};

/// All settings.
pub const KEYS: &[SettingKey] = &[
    key(
        "endpoint",
        Text,
        "",
        "URL of the service: scheme, host, optional port and path.",
    ),
    key("access_id", Text, "", "Access id (access key id, AK).").alias("ak"),
    key(
        "access_key",
        SecretText,
        "",
        "Access key (access key secret, SK).",
    )
    .alias("sk"),
    key(
        "security_token",
        SecretText,
        "",
        "Token of temporary credentials.",
    ),
    key(
        "auth_token",
        SecretText,
        "",
        "IAM token, sent instead of a signature.",
    )
    .only(&["dis"]),
    key(
        "project_id",
        Text,
        "",
        "Id of the project that owns the streams.",
    )
    .only(&["dis"]),
    key("region", Text, "", "Region, for signatures that carry one."),
    key(
        "signature",
        Text,
        "default",
        "How requests are signed. DataHub: `default`, or `v4` with a region. DIS: `default` (unscoped), or `scoped` with a region.",
    ),
    key(
        "protocol",
        Text,
        "auto",
        "How records travel: `protobuf`, `json`, `batch`, or `auto` for the best that a topic supports and all official clients can read. Batches are put to single shards only.",
    )
    .only(&["datahub"]),
    key(
        "batch_version",
        Integer,
        "1",
        "Layout of batches that are written: 1 (Avro) or 0 (rows, as the official Python client writes). Both are read.",
    )
    .only(&["datahub"]),
    key(
        "compress_format",
        Text,
        "lz4",
        "Compression of records on the way: `none`, `lz4`, `zlib`, `deflate` or `zstd`.",
    )
    .only(&["datahub"]),
    key(
        "at_least_once",
        Boolean,
        "false",
        "Whether puts are repeated even when the service may have accepted them: after an answer that did not arrive, was cut off, has a wrong checksum, or only says that the service failed. Duplicates are then possible.",
    ),
    key(
        "clock_correction",
        Boolean,
        "true",
        "Whether a request that the service refuses for its date is sent again with the time of the service's clock, and so are all later ones. Differences of up to a day are corrected.",
    ),
    key(
        "connect_timeout",
        Seconds,
        "5",
        "Time limit for making a connection.",
    ),
    key(
        "attempt_timeout",
        Seconds,
        "30",
        "Time limit for one attempt, reply included.",
    ),
    key(
        "total_timeout",
        Seconds,
        "120",
        "Time limit for a call with all its attempts and pauses.",
    ),
    key(
        "max_attempts",
        Integer,
        "4",
        "Maximum number of attempts per call, the first included.",
    ),
    key(
        "proxy",
        Text,
        "",
        "URL of an HTTP or SOCKS proxy. Without it HTTP_PROXY, HTTPS_PROXY and NO_PROXY are obeyed.",
    ),
    key(
        "ca_file",
        Text,
        "",
        "File with additional trusted certificates in PEM form.",
    ),
    key(
        "user_agent",
        Text,
        "",
        "Product name put before the library's own in User-Agent.",
    ),
    key(
        "max_idle_connections",
        Integer,
        "64",
        "Maximum number of idle connections that are kept open.",
    ),
];

/// Values of settings, checked by name and form.
#[derive(Clone, Default)]
pub struct Settings {
    service: &'static str,
    values: BTreeMap<&'static str, Secret>,
}

impl Settings {
    /// Starts without values.
    pub fn new(service: &'static str) -> Self {
        Self {
            service,
            values: BTreeMap::new(),
        }
    }

    /// Reads `SERVICE_NAME` variables, as in `DATAHUB_ENDPOINT` or `DIS_ACCESS_KEY`.
    ///
    /// For DIS, `CLOUD_SDK_AK` and `CLOUD_SDK_SK` count when its own variables are not set.
    pub fn from_env(service: &'static str) -> Result<Self> {
        Self::from_variables(service, |name| std::env::var(name).ok())
    }

    /// As [`Settings::from_env`], from any source of variables.
    pub fn from_variables(
        service: &'static str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let mut settings = Self::new(service);
        for key in KEYS.iter().filter(|key| key.applies_to(service)) {
            let name = format!("{service}_{}", key.name).to_uppercase();
            let fallback = match (service, key.name) {
                ("dis", "access_id") => Some("CLOUD_SDK_AK"),
                ("dis", "access_key") => Some("CLOUD_SDK_SK"),
                _ => None,
            };
            let value = variable(&name).or_else(|| fallback.and_then(&variable));
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                settings
                    .set(key.name, &value)
                    .map_err(|error| error.with_context("environment variable", &name))?;
            }
        }
        Ok(settings)
    }

    /// Reads a connection URL such as `datahub+https://ID:KEY@host/?protocol=json`.
    ///
    /// The scheme is the service, `+`, and `http` or `https`; user and password are the access id
    /// and key, percent-encoded; the query holds further settings.
    pub fn from_url(service: &'static str, url: &str) -> Result<Self> {
        let wrong = |message: &str| Error::invalid_argument("url", message);
        let rest = url
            .strip_prefix(service)
            .and_then(|rest| rest.strip_prefix('+'))
            .ok_or_else(|| {
                wrong(&format!(
                    "must begin with `{service}+http://` or `{service}+https://`"
                ))
            })?;
        let (scheme, rest) = rest
            .split_once("://")
            .filter(|(scheme, _)| matches!(*scheme, "http" | "https"))
            .ok_or_else(|| wrong("must have the scheme http or https behind `+`"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user, location) = rest.rsplit_once('@').unwrap_or(("", rest));
        let mut settings = Self::new(service);
        settings.set("endpoint", &format!("{scheme}://{location}"))?;
        if !user.is_empty() {
            let (id, access_key) = user
                .split_once(':')
                .ok_or_else(|| wrong("needs `ID:KEY` before `@`"))?;
            settings.set("access_id", &decode(id)?)?;
            settings.set("access_key", &decode(access_key)?)?;
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            settings.set(&decode(name)?, &decode(value)?)?;
        }
        Ok(settings)
    }

    /// Sets a value from its text. An unknown name is an error that suggests the nearest one.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let key = find(self.service, name)?;
        let bad = |what: &str| Error::invalid_argument(key.name, format_args!("must be {what}"));
        match key.kind {
            Boolean => {
                value
                    .parse::<bool>()
                    .map_err(|_| bad("`true` or `false`"))?;
            }
            Integer => {
                value
                    .parse::<u32>()
                    .map_err(|_| bad("a whole number, 0 or more"))?;
            }
            Seconds => {
                parse_seconds(value).ok_or_else(|| bad("a number of seconds, more than 0"))?;
            }
            Text | SecretText => {}
        }
        self.values.insert(key.name, Secret::new(value));
        Ok(())
    }

    /// Takes over all values of `other` that are set there.
    pub fn merge(&mut self, other: &Self) {
        for (name, value) in &other.values {
            self.values.insert(name, value.clone());
        }
    }

    /// The text of a setting: as set, or its default.
    pub fn text(&self, name: &'static str) -> &str {
        if let Some(value) = self.values.get(name) {
            return value.expose();
        }
        KEYS.iter()
            .find(|key| key.name == name)
            .map_or("", |key| key.default)
    }

    /// Whether the setting was given.
    pub fn is_set(&self, name: &'static str) -> bool {
        self.values.contains_key(name)
    }

    /// A setting of kind boolean.
    pub fn boolean(&self, name: &'static str) -> bool {
        self.text(name) == "true"
    }

    /// A setting of kind integer.
    pub fn integer(&self, name: &'static str) -> u32 {
        self.text(name).parse().unwrap_or(0)
    }

    /// A setting of kind seconds.
    pub fn seconds(&self, name: &'static str) -> Duration {
        parse_seconds(self.text(name)).unwrap_or(Duration::ZERO)
    }

    /// The credentials among the settings, if there are any.
    pub fn credentials(&self) -> Option<Credentials> {
        if !self.is_set("access_id") && !self.is_set("access_key") {
            return None;
        }
        let mut credentials = Credentials::new(self.text("access_id"), self.text("access_key"));
        credentials.security_token = Secret::new(self.text("security_token"));
        Some(credentials)
    }

    /// The endpoint without trailing slashes; an error if it is missing or not an HTTP URL.
    pub fn endpoint(&self) -> Result<String> {
        let text = self.text("endpoint").trim().trim_end_matches('/');
        if text.is_empty() {
            return Err(Error::invalid_argument("endpoint", "must be given"));
        }
        let uri: http::Uri = text
            .parse()
            .map_err(|_| Error::invalid_argument("endpoint", "is not a URL"))?;
        let scheme = uri.scheme_str().unwrap_or_default();
        if !matches!(scheme, "http" | "https") || uri.host().is_none_or(str::is_empty) {
            return Err(Error::invalid_argument(
                "endpoint",
                "must begin with http:// or https:// and a host",
            ));
        }
        if uri.query().is_some() || text.contains('#') || text.contains('@') {
            return Err(Error::invalid_argument(
                "endpoint",
                "must not have credentials, a query or a fragment",
            ));
        }
        if !has_good_port(&uri) {
            return Err(Error::invalid_argument(
                "endpoint",
                "has no number of a port behind its colon",
            ));
        }
        Ok(text.to_owned())
    }
}

/// Whether what stands behind the colon of a host, if there is one, is the number of a port: others are passed over
/// in silence where connections are made.
pub(crate) fn has_good_port(uri: &http::Uri) -> bool {
    let Some(authority) = uri.authority() else {
        return true;
    };
    let place = authority.as_str().rsplit('@').next().unwrap_or_default();
    place.len() == authority.host().len() || authority.port_u16().is_some()
}

/// A URL without its name and password; other text as it is.
fn without_credentials(text: &str) -> Cow<'_, str> {
    let start = text.find("://").map_or(0, |place| place + 3);
    let Some(end) = text.rfind('@').filter(|end| *end >= start) else {
        return Cow::Borrowed(text);
    };
    Cow::Owned(format!("{}***{}", &text[..start], &text[end..]))
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for key in KEYS {
            if let Some(value) = self.values.get(key.name) {
                let shown = if key.kind == SecretText {
                    Cow::Borrowed("***")
                } else {
                    without_credentials(value.expose())
                };
                map.entry(&key.name, &shown);
            }
        }
        map.finish()
    }
}

fn decode(text: &str) -> Result<String> {
    percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Error::invalid_argument("url", "has percent-encoded bytes that are not UTF-8"))
}

fn parse_seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.parse().ok()?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|time| !time.is_zero())
}

fn find(service: &str, name: &str) -> Result<&'static SettingKey> {
    let mut known = KEYS.iter().filter(|key| key.applies_to(service));
    if let Some(key) = known
        .clone()
        .find(|key| key.name == name || (!key.alias.is_empty() && key.alias == name))
    {
        return Ok(key);
    }
    let near = known
        .by_ref()
        .map(|key| (distance(name, key.name), key.name))
        .min();
    let hint = match near {
        Some((distance, near)) if distance <= 3 => format!("; did you mean `{near}`?"),
        _ => String::new(),
    };
    Err(Error::new(
        ErrorKind::InvalidArgument,
        format!("`{name}` is not a setting of {service}{hint}"),
    )
    .with_sent(false))
}

/// The number of insertions, deletions and replacements between two names.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let replace = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_suggests_the_nearest() {
        let error = Settings::new("datahub").set("end_point", "x").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`end_point` is not a setting of datahub; did you mean `endpoint`?"
        );
        assert!(Settings::new("datahub").set("auth_token", "x").is_err());
        assert!(Settings::new("dis").set("auth_token", "x").is_ok());
    }

    #[test]
    fn a_url_holds_everything() {
        let settings = Settings::from_url(
            "datahub",
            "datahub+http://id:k%2Fy@127.0.0.1:80/base/?protocol=json",
        )
        .unwrap();
        assert_eq!(settings.endpoint().unwrap(), "http://127.0.0.1:80/base");
        assert_eq!(settings.text("protocol"), "json");
        let credentials = settings.credentials().unwrap();
        assert_eq!(credentials.access_id, "id");
        assert_eq!(credentials.access_key.expose(), "k/y");
        assert!(Settings::from_url("datahub", "https://x").is_err());
    }

    #[test]
    fn the_environment_has_the_same_names() {
        let settings = Settings::from_variables("dis", |name| match name {
            "DIS_ENDPOINT" => Some("https://dis.example".to_owned()),
            "CLOUD_SDK_AK" => Some("ak".to_owned()),
            "CLOUD_SDK_SK" => Some("sk".to_owned()),
            _ => None,
        })
        .unwrap();
        assert_eq!(settings.credentials().unwrap().access_id, "ak");
        assert_eq!(settings.endpoint().unwrap(), "https://dis.example");
    }

    #[test]
    fn forms_are_checked_and_secrets_hidden() {
        let mut settings = Settings::new("datahub");
        for (name, value) in [
            ("connect_timeout", "-1"),
            ("connect_timeout", "nan"),
            ("max_attempts", "x"),
            ("at_least_once", "yes"),
        ] {
            assert!(settings.set(name, value).is_err(), "{name}={value}");
        }
        settings.set("access_key", "hush").unwrap();
        for proxy in [
            "http://me:hush@proxy:80/",
            "me:hush@proxy",
            "http://hush@b@proxy",
        ] {
            settings.set("proxy", proxy).unwrap();
            let shown = format!("{settings:?}");
            assert!(
                shown.contains("proxy") && !shown.contains("hush"),
                "{shown}"
            );
        }
        for endpoint in [
            "",
            "ftp://x",
            "http://",
            "host",
            "http://a:b@c",
            "http://x?y",
            "http://x:65536",
            "http://id:key",
            "http://[::1]:x",
            "http://x:",
        ] {
            settings.set("endpoint", endpoint).unwrap();
            assert!(settings.endpoint().is_err(), "{endpoint}");
        }
        for endpoint in [
            "http://x",
            "http://x:65535/y",
            "http://[::1]",
            "http://[::1]:80",
        ] {
            settings.set("endpoint", endpoint).unwrap();
            assert_eq!(settings.endpoint().unwrap(), endpoint);
        }
    }

    #[test]
    fn defaults_come_from_the_table() {
        let settings = Settings::new("datahub");
        assert_eq!(settings.seconds("connect_timeout"), Duration::from_secs(5));
        assert_eq!(settings.integer("max_attempts"), 4);
        assert_eq!(settings.text("protocol"), "auto");
        assert!(!settings.boolean("at_least_once"));
    }
}
