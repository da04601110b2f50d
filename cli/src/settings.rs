//! Settings of clients: from the profile file, the environment, a connection URL and flags.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Arg, ArgMatches};
use hubstream::config::{KEYS, SettingKey, SettingKind, Settings};

use crate::argument;
use crate::failure::Failure;

/// The profile that is used when none is named.
const DEFAULT_PROFILE: &str = "default";
/// Put before the names of settings, so that they cannot be taken for arguments of operations.
const PREFIX: &str = "setting.";

/// The flags for the settings of a service. Names in `taken` are left out.
pub(crate) fn flags(service: &str, taken: &[&str]) -> Vec<Arg> {
    let mut flags = vec![
        Arg::new("setting.profile")
            .long("profile")
            .value_name("NAME")
            .help("Profile of the configuration file [env: HUBSTREAM_PROFILE]"),
        Arg::new("setting.url").long("url").value_name("URL").help(format!(
            "Connection URL, as in {service}+https://ID:KEY@host/?name=value; - reads it from standard input"
        )),
    ];
    for key in KEYS.iter().filter(|key| key.applies_to(service)) {
        flags.push(setting_flag(service, key));
    }
    flags.retain(|flag| !taken.contains(&flag.get_long().unwrap_or_default()));
    flags
        .into_iter()
        .map(|flag| flag.help_heading("Settings").hide_short_help(true))
        .collect()
}

fn setting_flag(service: &str, key: &SettingKey) -> Arg {
    let mut help = key.docs.to_owned();
    if !key.default.is_empty() {
        let _ = write!(help, " [default: {}]", key.default);
    }
    let variable = format!("{service}_{}", key.name).to_uppercase();
    let _ = write!(help, " [env: {variable}]");
    if key.kind == SettingKind::Secret {
        help.push_str(" @FILE reads it from a file, - from standard input");
    }
    Arg::new(format!("{PREFIX}{}", key.name))
        .long(key.name.replace('_', "-"))
        .value_name(match key.kind {
            SettingKind::Boolean => "BOOLEAN",
            SettingKind::Integer => "NUMBER",
            SettingKind::Seconds => "SECONDS",
            _ => "TEXT",
        })
        .help(help)
}

/// Collects the settings: flags win over the URL, the URL over a profile that was named, that over the
/// environment, and the environment over the profile `default`.
pub(crate) fn collect(service: &'static str, levels: &[&ArgMatches]) -> Result<Settings, Failure> {
    let given = |name: &str| {
        let id = format!("{PREFIX}{name}");
        levels
            .iter()
            .find_map(|matches| matches.try_get_one::<String>(&id).ok().flatten())
    };
    let environment = Settings::from_env(service)?;
    let mut settings = Settings::new(service);
    let named = given("profile")
        .cloned()
        .or_else(|| std::env::var("HUBSTREAM_PROFILE").ok());
    match &named {
        None => {
            settings.merge(&profile(service, DEFAULT_PROFILE, false)?);
            settings.merge(&environment);
        }
        Some(name) => {
            settings.merge(&environment);
            settings.merge(&profile(service, name, true)?);
        }
    }
    if let Some(url) = given("url") {
        settings.merge(&Settings::from_url(service, &secret(url)?)?);
    }
    for key in KEYS.iter().filter(|key| key.applies_to(service)) {
        if let Some(value) = given(key.name) {
            let value = if key.kind == SettingKind::Secret {
                secret(value)?
            } else {
                value.clone()
            };
            settings.set(key.name, &value)?;
        }
    }
    check_given(service, &settings)?;
    Ok(settings)
}

/// Says how to give what no call can do without.
fn check_given(service: &str, settings: &Settings) -> Result<(), Failure> {
    let is_missing = |name| settings.text(name).is_empty();
    let wanted = match (is_missing("access_id"), is_missing("access_key")) {
        _ if is_missing("endpoint") => "endpoint",
        (true, false) => "access_id",
        (false, true) => "access_key",
        _ => return Ok(()),
    };
    Err(Failure::usage(format!(
        "there is no {}: give --{}, the environment variable {}_{}, or a profile",
        wanted.replace('_', " "),
        wanted.replace('_', "-"),
        service.to_uppercase(),
        wanted.to_uppercase()
    )))
}

/// A secret: as given, from a file (`@FILE`) or the first line of standard input (`-`).
fn secret(text: &str) -> Result<String, Failure> {
    let content = match text {
        "-" => {
            let mut line = String::new();
            std::io::stdin()
                .read_line(&mut line)
                .map_err(|error| Failure::other(format!("cannot read standard input: {error}")))?;
            line
        }
        text => argument::read_text(text)?,
    };
    Ok(content.trim_end_matches(['\r', '\n']).to_owned())
}

fn path() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("HUBSTREAM_CONFIG") {
        return Some(path.into());
    }
    let base = std::env::var_os("XDG_CONFIG_HOME")
        .filter(|base| !base.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".config")))?;
    Some(base.join("hubstream").join("config.toml"))
}

/// The settings of a service in a profile: the table `[profile.service]` of the configuration file.
fn profile(service: &'static str, name: &str, must_exist: bool) -> Result<Settings, Failure> {
    let missing = |what: String| {
        if must_exist {
            Err(Failure::usage(what))
        } else {
            Ok(Settings::new(service))
        }
    };
    let Some(path) = path() else {
        return missing("there is no home directory to find the configuration file in".to_owned());
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return missing(format!("there is no configuration file {}", path.display()));
        }
        Err(error) => {
            return Err(Failure::usage(format!(
                "cannot read {}: {error}",
                path.display()
            )));
        }
    };
    let wrong = |what: &str| Failure::usage(format!("{}: {what}", path.display()));
    // The message of the TOML reader alone: its long form would quote a line that may hold a secret.
    let file: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| wrong(error.message()))?;
    let Some(table) = file.get(name) else {
        return missing(format!("{} has no profile `{name}`", path.display()));
    };
    let Some(table) = table.as_table() else {
        return Err(wrong(&format!("`{name}` must be a table")));
    };
    let Some(values) = table.get(service) else {
        return missing(format!(
            "{}: profile `{name}` has no table for {service}",
            path.display()
        ));
    };
    let Some(values) = values.as_table() else {
        return Err(wrong(&format!("`{name}.{service}` must be a table")));
    };
    from_table(service, values)
        .map_err(|failure| failure.within(&format!("{}, profile `{name}`", path.display())))
}

fn from_table(service: &'static str, values: &toml::Table) -> Result<Settings, Failure> {
    let mut settings = Settings::new(service);
    if let Some(url) = values.get("url") {
        let url = url
            .as_str()
            .ok_or_else(|| Failure::usage("`url` must be text"))?;
        settings = Settings::from_url(service, url)?;
    }
    for (name, value) in values.iter().filter(|(name, _)| *name != "url") {
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Float(number) => number.to_string(),
            toml::Value::Boolean(value) => value.to_string(),
            _ => {
                return Err(Failure::usage(format!(
                    "`{name}` must be text, a number or a boolean"
                )));
            }
        };
        settings.set(name, &text)?;
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_hold_all_forms_of_values() {
        let table =
            "endpoint = 'http://h'\nmax_attempts = 2\ntotal_timeout = 1.5\nat_least_once = true"
                .parse()
                .unwrap();
        let settings = from_table("datahub", &table).unwrap();
        assert_eq!(settings.text("endpoint"), "http://h");
        assert_eq!(settings.integer("max_attempts"), 2);
        assert!(settings.boolean("at_least_once"));
        for bad in [
            "end_point = 'x'",
            "endpoint = []",
            "max_attempts = -1",
            "url = 'https://x'",
        ] {
            assert!(
                from_table("datahub", &bad.parse().unwrap()).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn every_setting_has_a_flag_that_is_not_shown_by_default() {
        for service in ["datahub", "dis"] {
            let flags = flags(service, &["region"]);
            assert!(flags.iter().all(|flag| flag.get_long() != Some("region")));
            let known = KEYS.iter().filter(|key| key.applies_to(service)).count();
            assert_eq!(flags.len(), known + 2 - 1);
        }
    }
}
