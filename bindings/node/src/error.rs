//! Errors as JavaScript sees them.
//!
//! An error crosses as an `Error` object with one more property, `failure`, that holds all facts. The
//! package makes an object of the right class of it.

use hubstream::error::Error;
use napi::bindgen_prelude::{JsObjectValue, JsValue, Object, Result, Unknown};
use napi::{Env, JsError};

use crate::names::{camel, camel_argument};

/// How an argument is named in the error that is to cross.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    /// As in the core.
    Core,
    /// As JavaScript wrote it.
    JavaScript,
}

impl Naming {
    fn message(self, message: &str) -> String {
        match self {
            Self::Core => camel_argument(message),
            Self::JavaScript => message.to_owned(),
        }
    }

    fn argument(self, name: &str) -> String {
        match self {
            Self::Core => camel(name),
            Self::JavaScript => name.to_owned(),
        }
    }
}

/// Makes the error to be thrown or to reject a promise with. Only on the thread of JavaScript.
pub(crate) fn to_js(env: &Env, error: &Error) -> napi::Error {
    build(env, error, Naming::Core).unwrap_or_else(|failure| failure)
}

/// As [`to_js`] for an error that names an argument in the words of the caller.
pub(crate) fn refusal_to_js(env: &Env, error: &Error) -> napi::Error {
    build(env, error, Naming::JavaScript).unwrap_or_else(|failure| failure)
}

fn build(env: &Env, error: &Error, naming: Naming) -> Result<napi::Error> {
    let plain = JsError::from(napi::Error::from_reason(naming.message(&error.to_string())));
    let value: Unknown<'_> = plain.into_unknown(*env);
    let mut object = value.coerce_to_object()?;
    object.set_named_property("failure", failure(env, error, naming)?)?;
    Ok(napi::Error::from(object.to_unknown()))
}

fn failure<'env>(env: &'env Env, error: &Error, naming: Naming) -> Result<Object<'env>> {
    let mut object = Object::new(env)?;
    object.set("kind", error.kind().name())?;
    object.set("status", error.status().name())?;
    object.set("code", error.code())?;
    object.set("message", naming.message(&error.to_string()))?;
    object.set("reason", naming.message(error.message()))?;
    object.set("detail", error.detail())?;
    object.set("service", error.service())?;
    object.set("operation", error.operation())?;
    object.set("httpStatus", error.http_status())?;
    object.set("requestId", error.request_id())?;
    object.set("attempts", error.attempts())?;
    let retry_after = error.retry_after().map(|wait| wait.as_secs_f64() * 1000.0);
    object.set("retryAfter", retry_after)?;
    object.set("wasSent", error.was_sent())?;
    let mut context = Object::new(env)?;
    for (name, value) in error.context() {
        let value = if name == "argument" {
            naming.argument(value)
        } else {
            value.to_owned()
        };
        context.set(camel(name), value)?;
    }
    object.set("context", context)?;
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    object.set("causes", causes)?;
    Ok(object)
}
