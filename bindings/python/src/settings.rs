//! Settings from Python values.

use hubstream::config::{KEYS, SettingKind, Settings};
use hubstream::connect::{ServiceEntry, service};
use hubstream::error::{Error, Result};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

use crate::error::raise;

/// The settings of a service as tuples: name, kind, default as text, meaning.
#[pyfunction]
pub(crate) fn settings<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyList>> {
    let entry = service(name).map_err(|error| raise(py, name, error))?;
    let list = PyList::empty(py);
    for key in KEYS.iter().filter(|key| key.applies_to(entry.name)) {
        list.append((key.name, kind_name(key.kind), key.default, key.docs))?;
    }
    Ok(list)
}

const fn kind_name(kind: SettingKind) -> &'static str {
    match kind {
        SettingKind::Secret => "secret",
        SettingKind::Boolean => "boolean",
        SettingKind::Integer => "integer",
        SettingKind::Seconds => "seconds",
        _ => "text",
    }
}

const NOT_UNICODE: &str = "a character that is not Unicode";

/// The text of an argument.
pub(crate) fn readable<'a>(
    text: &'a Bound<'_, PyString>,
    argument: &'static str,
) -> Result<&'a str> {
    text.to_str()
        .map_err(|_| Error::invalid_argument(argument, format_args!("has {NOT_UNICODE}")))
}

/// Reads settings: from the environment or a URL if asked for, and then the given values over them.
pub(crate) fn collect(
    entry: &ServiceEntry,
    values: &Bound<'_, PyDict>,
    from_env: bool,
    url: Option<&str>,
) -> Result<Settings> {
    let mut settings = match url {
        Some(url) => Settings::from_url(entry.name, url)?,
        None if from_env => Settings::from_env(entry.name)?,
        None => Settings::new(entry.name),
    };
    for (name, value) in values {
        if value.is_none() {
            continue;
        }
        let name = name.to_string();
        let text = text(&value).ok_or_else(|| {
            let problem = if value.is_instance_of::<PyString>() {
                NOT_UNICODE
            } else {
                "a value of a wrong type"
            };
            Error::invalid_argument("settings", format_args!("`{name}` has {problem}"))
        })?;
        settings.set(&name, &text)?;
    }
    Ok(settings)
}

fn text(value: &Bound<'_, PyAny>) -> Option<String> {
    if let Ok(flag) = value.cast::<PyBool>() {
        return Some(flag.is_true().to_string());
    }
    if value.is_instance_of::<PyString>()
        || value.is_instance_of::<PyInt>()
        || value.is_instance_of::<PyFloat>()
    {
        return value.str().ok()?.to_str().ok().map(str::to_owned);
    }
    // A timedelta, or an Enum such as CompressFormat.
    if let Ok(seconds) = value.call_method0("total_seconds") {
        return seconds
            .extract::<f64>()
            .ok()
            .map(|seconds| seconds.to_string());
    }
    let inner = value.getattr("value").ok()?;
    inner.extract::<String>().ok()
}
