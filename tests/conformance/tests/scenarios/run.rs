//! Performs the steps of a scenario.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use hubstream::client::ClientBuilder;
use hubstream::config::Settings;
use hubstream::connect::{self, ServiceEntry};
use hubstream::dynamic::Value;
use hubstream::error::Error;
use hubstream::registry::AnyClient;
use hubstream_emulator::faults::FaultPlan;
use hubstream_emulator::{Clock, Emulator};
use toml::Value as Toml;

use crate::matching::{matches, shown};
use crate::neutral::{self, Names};
use crate::scenario::{Scenario, Step};

/// Where the clock of the emulator stands at the start, in seconds since 1970.
const START: u64 = 1_800_000_000;

struct Run<'a> {
    scenario: &'a Scenario,
    settings: &'a BTreeMap<String, String>,
    service: &'static ServiceEntry,
    emulator: Emulator,
    clients: BTreeMap<String, Arc<dyn AnyClient>>,
    names: Names,
}

/// Runs a scenario with the settings of one combination; the error says what went wrong in which step.
pub(crate) fn run(scenario: &Scenario, settings: &BTreeMap<String, String>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let mut run = Run::start(scenario, settings).await?;
        for (index, step) in scenario.steps.iter().enumerate() {
            let name = step.call.as_deref().unwrap_or("no call");
            run.step(step)
                .await
                .map_err(|error| format!("step {} ({name}){error}", index + 1))?;
        }
        run.emulator.shutdown().await;
        Ok(())
    })
}

impl<'a> Run<'a> {
    async fn start(
        scenario: &'a Scenario,
        settings: &'a BTreeMap<String, String>,
    ) -> Result<Self, String> {
        let limits = scenario.limits.as_deref().unwrap_or("standard");
        let emulator = Emulator::builder()
            .datahub("127.0.0.1:0")
            .dis("127.0.0.1:0")
            .clock(Clock::manual(UNIX_EPOCH + Duration::from_secs(START)))
            .limits(limits.parse().map_err(|error| format!("{error}"))?)
            .start()
            .await
            .map_err(|error| error.to_string())?;
        let run = Value::Text("r0".to_owned());
        let schemas = scenario.schemas.iter();
        let schemas = schemas.map(|(name, columns)| (name.clone(), neutral::schema(columns)));
        let mut names = Names {
            variables: BTreeMap::from([("run".to_owned(), run)]),
            schemas: schemas.collect(),
        };
        for (name, text) in &scenario.vars {
            let value = names.text(text);
            names.variables.insert(name.clone(), value);
        }
        let service = connect::service(&scenario.service).map_err(|error| error.to_string())?;
        Ok(Self {
            scenario,
            settings,
            service,
            emulator,
            clients: BTreeMap::new(),
            names,
        })
    }

    fn client(&mut self, name: &str) -> Result<Arc<dyn AnyClient>, Error> {
        if let Some(client) = self.clients.get(name) {
            return Ok(Arc::clone(client));
        }
        let mut settings = Settings::new(self.service.name);
        let endpoint = match self.service.name {
            "datahub" => self.emulator.datahub_url(),
            _ => self.emulator.dis_url(),
        };
        settings.set("endpoint", endpoint.unwrap_or_default())?;
        settings.set("access_id", self.emulator.access_id())?;
        settings.set("access_key", self.emulator.access_key())?;
        settings.set("max_attempts", "1")?;
        if self.service.name == "dis" {
            settings.set("project_id", "project")?;
        }
        let further = self.scenario.clients.get(name).into_iter().flatten();
        for (name, value) in self.settings.iter().chain(further) {
            settings.set(name, value)?;
        }
        let client = self.service.connect(ClientBuilder::new(settings))?;
        self.clients.insert(name.to_owned(), Arc::clone(&client));
        Ok(client)
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        if let Some(seconds) = step.advance {
            self.emulator.clock().advance(Duration::from_secs(seconds));
        }
        if let Some(faults) = &step.faults {
            self.set_faults(faults, step.seed)?;
        }
        if let Some(call) = &step.call {
            let outcome = self.call(step, call).await;
            self.check(step, outcome)?;
        }
        let Some(expected) = &step.struck else {
            return Ok(());
        };
        let struck: Vec<_> = self.emulator.faults().iter().map(|f| f.struck).collect();
        if struck == *expected {
            Ok(())
        } else {
            Err(format!(": struck {struck:?}, expected {expected:?}"))
        }
    }

    fn set_faults(&self, faults: &[Toml], seed: u64) -> Result<(), String> {
        let plan = serde_json::json!({ "seed": seed, "faults": faults }).to_string();
        let plan = FaultPlan::from_json(plan.as_bytes());
        plan.and_then(|plan| self.emulator.set_faults(plan))
            .map_err(|error| error.to_string())
    }

    fn check(&mut self, step: &Step, outcome: Result<Value, Error>) -> Result<(), String> {
        match (&step.error, outcome) {
            (None, Err(error)) => Err(format!(": {error:?}")),
            (None, Ok(result)) => {
                if let Some(expected) = &step.expect {
                    matches(expected, &result, &self.names)?;
                }
                for (name, path) in &step.save {
                    let value = at(&result, path)
                        .ok_or_else(|| format!(": no {path} in {}", shown(&result)))?;
                    self.names.variables.insert(name.clone(), value.clone());
                }
                Ok(())
            }
            (Some(_), Ok(result)) => Err(format!(": should fail, gave {}", shown(&result))),
            (Some(expected), Err(error)) => matches(expected, &described(&error), &self.names),
        }
    }

    async fn call(&mut self, step: &Step, call: &str) -> Result<Value, Error> {
        let client = self.client(step.client.as_deref().unwrap_or("main"))?;
        let operations = self.service.operations;
        let operation = operations.iter().find(|operation| operation.method == call);
        let operation = operation.unwrap_or_else(|| panic!("there is no operation `{call}`"));
        let arguments = self.names.argument(&Toml::Table(step.with.clone()))?;
        let arguments = neutral::to_wire(arguments, operation.fields);
        let result = client.call(call, arguments).await?;
        neutral::result(result, operation.returns)
    }
}

/// The member at a path such as `shards[0].shard_id`.
fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let mut place = value;
    for part in path.split(['.', '[']) {
        place = match (place, part.strip_suffix(']')) {
            (Value::List(items), Some(index)) => items.get(index.parse::<usize>().ok()?)?,
            (place, None) => place.get(part)?,
            _ => return None,
        };
    }
    Some(place)
}

fn described(error: &Error) -> Value {
    let text = |text: &str| Value::Text(text.to_owned());
    let argument = error.context().find(|(name, _)| *name == "argument");
    Value::map([
        ("kind", text(error.kind().name())),
        ("status", text(error.status().name())),
        ("code", text(error.code())),
        ("message", text(error.message())),
        ("service", text(error.service())),
        ("operation", text(error.operation())),
        (
            "http_status",
            error
                .http_status()
                .map_or(Value::Null, |status| Value::Integer(status.into())),
        ),
        ("request_id", text(error.request_id())),
        ("attempts", Value::Integer(error.attempts().into())),
        (
            "retry_after",
            error
                .retry_after()
                .map_or(Value::Null, |wait| Value::Double(wait.as_secs_f64())),
        ),
        (
            "argument",
            argument.map_or(Value::Null, |(_, name)| text(name)),
        ),
    ])
}
