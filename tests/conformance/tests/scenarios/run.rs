//! Performs the steps of a scenario.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use hubstream::connect::{self, ServiceEntry};
use hubstream::dynamic::Value;
use hubstream::schema::OperationSchema;
use hubstream_emulator::faults::FaultPlan;
use hubstream_emulator::{Clock, Emulator};
use toml::{Table, Value as Toml};

use crate::matching::{matches, shown};
use crate::neutral::{self, Names};
use crate::scenario::{Scenario, Step};

/// Where the clock of the emulator stands at the start, in seconds since 1970.
const START: u64 = 1_800_000_000;

/// What a call came to, as scenarios see it.
pub(crate) enum Outcome {
    /// Its result.
    Given(Value),
    /// The facts of its error.
    Refused(Value),
}

/// What performs the calls of a scenario.
pub(crate) trait Caller: Sized {
    /// Makes a client; the error has its facts.
    fn connect(
        service: &'static ServiceEntry,
        settings: &[(String, String)],
    ) -> Result<Self, Value>;

    /// Performs an operation with arguments as they stand in the file; the error says why that
    /// cannot be done at all.
    async fn call(
        &self,
        operation: &'static OperationSchema,
        arguments: &Table,
        names: &Names,
    ) -> Result<Outcome, String>;

    /// Why a step cannot be expressed; it must then come out otherwise than expected.
    fn inexpressible(_scenario: &str, _step: usize) -> Option<&'static str> {
        None
    }
}

struct Run<'a, C> {
    scenario: &'a Scenario,
    settings: &'a BTreeMap<String, String>,
    service: &'static ServiceEntry,
    emulator: Emulator,
    clients: BTreeMap<String, C>,
    names: Names,
}

/// Runs a scenario with the settings of one combination; the error says what went wrong in which step.
pub(crate) fn run<C: Caller>(
    name: &str,
    scenario: &Scenario,
    settings: &BTreeMap<String, String>,
) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let mut run = Run::<C>::start(scenario, settings).await?;
        for (index, step) in scenario.steps.iter().enumerate() {
            let number = index + 1;
            let call = step.call.as_deref().unwrap_or("no call");
            let outcome = run.step(step).await;
            match (C::inexpressible(name, number), outcome) {
                (None, outcome) => {
                    outcome.map_err(|error| format!("step {number} ({call}){error}"))?;
                }
                (Some(_), Err(_)) => {}
                (Some(reason), Ok(())) => {
                    return Err(format!(
                        "step {number} ({call}): can be expressed, but: {reason}"
                    ));
                }
            }
        }
        run.emulator.shutdown().await;
        Ok(())
    })
}

impl<'a, C: Caller> Run<'a, C> {
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

    /// The client of that name; the error has the facts of why it cannot be made.
    fn client(&mut self, name: &str) -> Result<&C, Value> {
        if !self.clients.contains_key(name) {
            let endpoint = match self.service.name {
                "datahub" => self.emulator.datahub_url(),
                _ => self.emulator.dis_url(),
            };
            let mut settings = BTreeMap::from([
                ("endpoint", endpoint.unwrap_or_default()),
                ("access_id", self.emulator.access_id()),
                ("access_key", self.emulator.access_key()),
                ("max_attempts", "1"),
            ]);
            if self.service.name == "dis" {
                settings.insert("project_id", "project");
            }
            let further = self.scenario.clients.get(name).into_iter().flatten();
            for (name, value) in self.settings.iter().chain(further) {
                settings.insert(name, value);
            }
            let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            let settings: Vec<_> = settings.into_iter().map(owned).collect();
            self.clients
                .insert(name.to_owned(), C::connect(self.service, &settings)?);
        }
        Ok(&self.clients[name])
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
            self.check(step, outcome.map_err(|error| format!(": {error}"))?)?;
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

    fn check(&mut self, step: &Step, outcome: Outcome) -> Result<(), String> {
        match (&step.error, outcome) {
            (None, Outcome::Refused(facts)) => Err(format!(": {}", shown(&facts))),
            (None, Outcome::Given(result)) => {
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
            (Some(_), Outcome::Given(result)) => {
                Err(format!(": should fail, gave {}", shown(&result)))
            }
            (Some(expected), Outcome::Refused(facts)) => matches(expected, &facts, &self.names),
        }
    }

    async fn call(&mut self, step: &Step, call: &str) -> Result<Outcome, String> {
        let mut operations = self.service.operations.iter();
        let operation = operations
            .find(|operation| operation.method == call)
            .ok_or_else(|| format!("there is no operation `{call}`"))?;
        let name = step.client.as_deref().unwrap_or("main");
        if let Err(facts) = self.client(name) {
            return Ok(Outcome::Refused(facts));
        }
        self.clients[name]
            .call(operation, &step.with, &self.names)
            .await
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
