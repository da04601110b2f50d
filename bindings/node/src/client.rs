//! Clients of any service, called by the name of the operation.

use std::sync::Arc;

use hubstream::client::ClientBuilder;
use hubstream::config::{KEYS, SettingKind, Settings};
use hubstream::connect::{ServiceEntry, service};
use hubstream::dynamic::{Dynamic as _, Value};
use hubstream::error::Error;
use hubstream::registry::AnyClient;
use hubstream::stats::ClientStats;
use napi::bindgen_prelude::{
    AsyncBlock, AsyncBlockBuilder, Function, FunctionRef, JsObjectValue, JsValue, Object, Promise,
    Result, Unknown,
};
use napi::{Env, ValueType};
use napi_derive::napi;
use tokio::sync::Notify;

use crate::credentials::{FunctionProvider, ProvidedCredentials};
use crate::error::{refusal_to_js, to_js as error_to_js};
use crate::names::{camel, snake};
use crate::runtime::finish_call;
use crate::value::{self, Refusal, Wrappers};

/// Stops one call.
#[napi]
#[derive(Default)]
pub struct Cancellation {
    signal: Arc<Notify>,
}

#[napi]
impl Cancellation {
    /// Makes a handle that belongs to the one call that it is passed to.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the call; it fails with the kind `closed`.
    #[napi]
    pub fn cancel(&self) {
        self.signal.notify_one();
    }
}

/// A client of one service.
#[napi(js_name = "Client")]
pub struct NativeClient {
    client: Arc<dyn AnyClient>,
    wrappers: Arc<Wrappers>,
}

/// Where settings come from before those that are given one by one.
#[napi(object)]
pub struct Source {
    /// Whether to read the environment.
    pub environment: bool,
    /// A connection URL.
    pub url: Option<String>,
}

#[napi]
impl NativeClient {
    /// Makes a client of the service of that name. Nothing is sent.
    #[napi(constructor)]
    pub fn new(
        env: &Env,
        service_name: String,
        source: Source,
        settings: Object<'_>,
        provider: Option<Function<'_, (), Promise<ProvidedCredentials>>>,
        wrap_records: FunctionRef<Unknown<'static>, Unknown<'static>>,
        wrap_schema: FunctionRef<Unknown<'static>, Unknown<'static>>,
    ) -> Result<Self> {
        let failed = |error: Error| error_to_js(env, &error);
        let entry = service(&service_name).map_err(failed)?;
        let mut known = read_source(entry, &source).map_err(failed)?;
        read_settings(env, entry, &settings, &mut known)?;
        let mut builder = ClientBuilder::new(known);
        if let Some(provider) = provider {
            builder = builder.credential_provider(Arc::new(FunctionProvider::new(&provider)?));
        }
        let client = entry.connect(builder).map_err(failed)?;
        let wrappers = Arc::new(Wrappers {
            records: wrap_records,
            schema: wrap_schema,
        });
        Ok(Self { client, wrappers })
    }

    /// The URL of the service.
    #[napi(getter)]
    pub fn endpoint(&self) -> String {
        self.client.endpoint().to_owned()
    }

    /// What the client has done so far, in numbers.
    #[napi]
    pub fn stats<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        let stats = self.client.stats().into_value();
        value::to_js(env, stats, &ClientStats::TYPE, &self.wrappers)
    }

    /// Performs an operation.
    #[napi]
    pub fn call(
        &self,
        env: &Env,
        operation: String,
        arguments: Object<'_>,
        cancellation: Option<&Cancellation>,
    ) -> Result<AsyncBlock<Unknown<'static>>> {
        let Some(schema) = self
            .client
            .operations()
            .iter()
            .find(|schema| schema.name == operation)
        else {
            let message = format!("{} has no operation `{operation}`", self.client.service());
            return Err(napi::Error::from_reason(message));
        };
        let arguments = match value::arguments_from_js(env, &arguments, schema.fields) {
            Ok(arguments) => arguments,
            Err(Refusal::Bridge(error)) => return Err(error),
            Err(Refusal::Mismatch(mismatch)) => {
                let error = mismatch
                    .into_error()
                    .with_operation(schema.service, schema.name);
                return Err(refusal_to_js(env, &error));
            }
        };
        let future = self.client.call(schema.name, arguments);
        let signal = cancellation.map(|cancellation| Arc::clone(&cancellation.signal));
        let outcome = async move {
            let outcome = run(future, signal).await;
            finish_call();
            Ok(outcome)
        };
        let wrappers = Arc::clone(&self.wrappers);
        AsyncBlockBuilder::build_with_map(env, outcome, move |env, outcome| match outcome {
            Ok(value) => {
                let value = value::to_js(&env, value, &schema.returns, &wrappers)?;
                Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), value.raw()) })
            }
            Err(error) => Err(error_to_js(&env, &error)),
        })
    }
}

async fn run(
    future: impl Future<Output = hubstream::error::Result<Value>>,
    signal: Option<Arc<Notify>>,
) -> hubstream::error::Result<Value> {
    let Some(signal) = signal else {
        return future.await;
    };
    tokio::select! {
        biased;
        () = signal.notified() => {
            Err(Error::new(hubstream::error::ErrorKind::Closed, "the call was cancelled"))
        }
        outcome = future => outcome,
    }
}

fn read_source(entry: &ServiceEntry, source: &Source) -> hubstream::error::Result<Settings> {
    let mut settings = Settings::new(entry.name);
    if source.environment {
        settings.merge(&Settings::from_env(entry.name)?);
    }
    if let Some(url) = &source.url {
        settings.merge(&Settings::from_url(entry.name, url)?);
    }
    Ok(settings)
}

fn read_settings(
    env: &Env,
    entry: &ServiceEntry,
    given: &Object<'_>,
    into: &mut Settings,
) -> Result<()> {
    for name in Object::keys(given)? {
        let value: Unknown<'_> = given.get_named_property(&name)?;
        let found = value.get_type()?;
        if matches!(found, ValueType::Undefined | ValueType::Null) {
            continue;
        }
        let key = KEYS
            .iter()
            .find(|key| key.applies_to(entry.name) && camel(key.name) == name);
        let Some(key) = key else {
            // The core refuses the name and suggests the nearest one.
            let error = into.set(&snake(&name), "").err();
            let text = error.map_or_else(
                || format!("`{name}` is not a setting"),
                |error| setting_message(&error),
            );
            let error =
                Error::new(hubstream::error::ErrorKind::InvalidArgument, text).with_sent(false);
            return Err(error_to_js(env, &error));
        };
        let text = match (key.kind, found) {
            (SettingKind::Text | SettingKind::Secret, ValueType::String) => {
                unsafe { value.cast::<String>() }?
            }
            (SettingKind::Boolean, ValueType::Boolean) => {
                unsafe { value.cast::<bool>() }?.to_string()
            }
            (SettingKind::Integer, ValueType::Number) => {
                unsafe { value.cast::<f64>() }?.to_string()
            }
            (SettingKind::Seconds, ValueType::Number) => {
                (unsafe { value.cast::<f64>() }? / 1000.0).to_string()
            }
            (kind, _) => {
                let error =
                    Error::invalid_argument(key.name, format_args!("must be {}", wanted(kind)));
                return Err(error_to_js(env, &error));
            }
        };
        into.set(key.name, &text).map_err(|error| {
            let error = match key.kind {
                SettingKind::Seconds => Error::invalid_argument(
                    key.name,
                    "must be a number of milliseconds, more than 0",
                ),
                _ => error,
            };
            error_to_js(env, &error)
        })?;
    }
    Ok(())
}

fn wanted(kind: SettingKind) -> &'static str {
    match kind {
        SettingKind::Boolean => "a boolean",
        SettingKind::Integer => "a whole number, 0 or more",
        SettingKind::Seconds => "a number of milliseconds, more than 0",
        _ => "a string",
    }
}

/// The core's message about an unknown setting, with the names in camel case.
fn setting_message(error: &Error) -> String {
    let mut parts = error.message().split('`');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        text.push('`');
        if index % 2 == 0 {
            text.push_str(&camel(part));
        } else {
            text.push_str(part);
        }
    }
    text
}
