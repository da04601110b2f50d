//! Calls as commands.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hubstream::connect::ServiceEntry;
use hubstream::dynamic::Value;
use hubstream::schema::{FieldSchema, OperationSchema, TypeSchema};
use serde_json::{Value as Json, json};
use toml::{Table, Value as Toml};

use crate::listed;
use crate::neutral::Names;
use crate::output::outcome;
use crate::run::{Caller, Outcome};

/// The program with the settings of a client.
pub(crate) struct Program {
    service: &'static ServiceEntry,
    environment: Vec<(String, String)>,
}

impl Caller for Program {
    fn connect(
        service: &'static ServiceEntry,
        settings: &[(String, String)],
    ) -> Result<Self, Value> {
        let variable = |(name, value): &(String, String)| {
            let name = format!("{}_{name}", service.name).to_uppercase();
            (name, value.clone())
        };
        Ok(Self {
            service,
            environment: settings.iter().map(variable).collect(),
        })
    }

    async fn call(
        &self,
        operation: &'static OperationSchema,
        arguments: &Table,
        names: &Names,
    ) -> Result<Outcome, String> {
        let mut words = vec![
            self.service.name.to_owned(),
            dashed(operation.method),
            "--output=json".to_owned(),
        ];
        let mut input = String::new();
        for (name, value) in arguments {
            let mut fields = operation.fields.iter();
            let field = fields
                .find(|field| field.name == name)
                .ok_or_else(|| format!("{} has no argument `{name}`", operation.name))?;
            if field.ty == TypeSchema::Records {
                input = self.records(operation, value, names, &mut words)?;
            } else {
                let value = names.argument(value).map_err(|error| error.to_string())?;
                words.extend(argument(field, &value)?);
            }
        }
        let mut command = self.command(&words);
        // The emulator is served by this thread while the program runs.
        let running = tokio::task::spawn_blocking(move || run(&mut command, &input));
        let output = running.await.map_err(|error| error.to_string())??;
        let columns = arguments.get("record_schema");
        let columns = columns.and_then(|columns| columns.get("$schema")?.as_str());
        let columns = columns.map(|name| &*names.schemas[name]);
        outcome(operation, columns, &output)
    }

    fn inexpressible(scenario: &str, step: usize) -> Option<&'static str> {
        listed::reason(scenario, step)
    }
}

impl Program {
    fn command(&self, words: &[String]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubstream"));
        command
            .env_clear()
            .env("HOME", "/nonexistent")
            .envs(self.environment.iter().cloned())
            .args(words);
        command
    }

    /// Records as the lines of the standard input, and the option that tells their columns.
    fn records(
        &self,
        operation: &OperationSchema,
        records: &Toml,
        names: &Names,
        words: &mut Vec<String>,
    ) -> Result<String, String> {
        words.push("--batch-size=10000".to_owned());
        let schema = records.get("schema").and_then(Toml::as_str);
        if self
            .service
            .operations
            .iter()
            .any(|other| tells_columns(other))
        {
            let columns = schema.map_or_else(String::new, |name| names.schemas[name].to_json());
            words.push(format!("--columns={columns}"));
        }
        let records = records
            .get("$records")
            .and_then(Toml::as_array)
            .ok_or_else(|| format!("{} takes records", operation.name))?;
        let lines = records.iter().map(|record| {
            let mut line = serde_json::Map::new();
            for (name, value) in record.as_table().into_iter().flatten() {
                let value = names.argument(value).map_err(|error| error.to_string())?;
                // A text in place of bytes.
                let text = name == "data" && matches!(value, Value::Text(_));
                let name = if text { "text" } else { name };
                line.insert(name.to_owned(), json(&value)?);
            }
            Ok(Json::Object(line).to_string() + "\n")
        });
        lines.collect()
    }
}

/// Runs a command to its end.
fn run(command: &mut Command, input: &str) -> Result<Output, String> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let stdin = child.stdin.take();
    std::thread::scope(|scope| {
        // The program may end before it has read everything; what it said is what counts.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input.as_bytes()).is_ok()));
        child.wait_with_output().map_err(|error| error.to_string())
    })
}

fn tells_columns(operation: &OperationSchema) -> bool {
    let TypeSchema::Model(result) = operation.returns else {
        return false;
    };
    let columns = TypeSchema::Optional(&TypeSchema::RecordSchema);
    result.fields.iter().any(|field| field.ty == columns)
}

/// The words of an argument.
fn argument(field: &FieldSchema, value: &Value) -> Result<Vec<String>, String> {
    let flag = format!("--{}=", dashed(field.name));
    Ok(match value {
        Value::Null => Vec::new(),
        Value::List(items) if items.is_empty() => vec![flag],
        Value::List(items) if items.iter().all(|item| matches!(item, Value::Text(_))) => {
            let words = items
                .iter()
                .map(|item| Ok(format!("{flag}{}", word(item)?)));
            words.collect::<Result<_, String>>()?
        }
        value => vec![format!("{flag}{}", word(value)?)],
    })
}

/// One value as one word.
fn word(value: &Value) -> Result<String, String> {
    Ok(match value {
        Value::Text(text) => text.clone(),
        Value::RecordSchema(schema) => schema.to_json(),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) if !text.starts_with('@') => text.to_owned(),
            _ => return Err("these bytes are no argument of a command".to_owned()),
        },
        other => json(other)?.to_string(),
    })
}

/// A value as JSON.
fn json(value: &Value) -> Result<Json, String> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => (*value).into(),
        Value::Integer(number) | Value::Long(number) => (*number).into(),
        Value::Double(number) if number.is_finite() => (*number).into(),
        Value::Double(number) => number.to_string().into(),
        Value::Text(text) => text.as_str().into(),
        Value::Bytes(bytes) => STANDARD.encode(bytes).into(),
        Value::List(items) => items.iter().map(json).collect::<Result<_, _>>()?,
        Value::Map(members) => {
            let members = members.iter();
            let members = members.map(|(name, value)| Ok((name.to_string(), json(value)?)));
            Json::Object(members.collect::<Result<_, String>>()?)
        }
        Value::RecordSchema(schema) => json!(schema.to_json()),
        Value::Records(_) => return Err("records are no part of another argument".to_owned()),
    })
}

fn dashed(name: &str) -> String {
    name.replace('_', "-")
}
