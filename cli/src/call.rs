//! Performing an operation that was chosen on the command line.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};
use std::sync::Arc;

use clap::ArgMatches;
use hubstream::client::ClientBuilder;
use hubstream::connect::ServiceEntry;
use hubstream::dynamic::Value;
use hubstream::error::Error;
use hubstream::record::RecordSchema;
use hubstream::registry::AnyClient;
use hubstream::schema::{FieldSchema, OperationSchema, TypeSchema};

use crate::failure::Failure;
use crate::lines::Reader;
use crate::output::{self, Format};
use crate::{argument, columns, operation, settings};

/// Largest size of the records of one request, in bytes before they are encoded. Services take 4 MiB and more.
const BATCH_BYTES: usize = 2 << 20;

type Arguments = Vec<(Cow<'static, str>, Value)>;

/// Performs the operation that `matches`, the arguments of the service's sub-command, names.
pub(crate) async fn run(
    service: &'static ServiceEntry,
    matches: &ArgMatches,
) -> Result<(), Failure> {
    let Some((name, arguments)) = matches.subcommand() else {
        return Err(Failure::usage("no operation was given; try --help"));
    };
    let Some(operation) = service
        .operations
        .iter()
        .find(|operation| operation::flag_name(operation.method) == name)
    else {
        return Err(Failure::usage(format!(
            "{} has no operation {name}",
            service.title
        )));
    };
    let levels = [arguments, matches];
    let format = operation::format(operation, &levels);
    let values = collect(operation, arguments)?;
    let settings = settings::collect(service.name, &levels)?;
    let client = service.connect(ClientBuilder::new(settings))?;
    let call = Call {
        client: &*client,
        service,
        operation,
        format,
    };
    if operation::takes_records(operation) {
        call.put(values, arguments).await
    } else {
        let value = client.call(operation.name, Value::Map(values)).await?;
        call.show(&value)
    }
}

/// The values of all arguments but records.
fn collect(
    operation: &'static OperationSchema,
    matches: &ArgMatches,
) -> Result<Arguments, Failure> {
    let mut words = operation
        .fields
        .iter()
        .filter(|field| operation::is_positional(field))
        .filter_map(|field| matches.get_one::<String>(&operation::positional_id(field)));
    let mut values = Arguments::new();
    for field in operation.fields {
        let ty = operation::plain_type(field.ty);
        if matches!(ty, TypeSchema::Records) {
            continue;
        }
        let mut texts: Vec<&str> = matches
            .get_many::<String>(field.name)
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        if texts.is_empty() && operation::is_positional(field) {
            texts.extend(words.next().map(String::as_str));
        }
        if texts.is_empty() {
            if field.default.is_none() && !matches!(field.ty, TypeSchema::Optional(_)) {
                return Err(Failure::usage(format!(
                    "--{} is missing; see --help",
                    operation::flag_name(field.name)
                )));
            }
            continue;
        }
        values.push((Cow::Borrowed(field.name), read(field, ty, &texts)?));
    }
    if let Some(word) = words.next() {
        return Err(Failure::usage(format!(
            "unexpected argument `{word}`; see --help"
        )));
    }
    Ok(values)
}

fn read(field: &FieldSchema, ty: TypeSchema, texts: &[&str]) -> Result<Value, Failure> {
    let value = match (ty, texts) {
        (TypeSchema::List(inner), texts) => argument::parse_list(*inner, texts),
        (TypeSchema::Text, ["-"]) if field.secret => argument::read_text("@-").map(Value::Text),
        (ty, [text]) => argument::parse(ty, text),
        _ => Err(Failure::usage("is given more than once")),
    };
    value.map_err(|failure| failure.within(&format!("--{}", operation::flag_name(field.name))))
}

/// One call, to be sent and shown.
struct Call<'a> {
    client: &'a dyn AnyClient,
    service: &'static ServiceEntry,
    operation: &'static OperationSchema,
    format: Format,
}

impl Call<'_> {
    fn show(&self, value: &Value) -> Result<(), Failure> {
        output::print(self.format, self.operation.returns, value)?;
        let TypeSchema::Model(model) = self.operation.returns else {
            return Ok(());
        };
        let records = output::records_member(model).and_then(|name| value.get(name));
        if let Some(Value::Records(batch)) = records {
            let damaged = batch
                .iter()
                .filter(|record| record.values().any(|value| value.is_err()))
                .count();
            if damaged > 0 {
                return Err(Failure::other(format!(
                    "{damaged} records cannot be decoded"
                )));
            }
        }
        Ok(())
    }

    /// Reads records line by line and sends them in requests of bounded size.
    async fn put(&self, values: Arguments, matches: &ArgMatches) -> Result<(), Failure> {
        let Some(field) = self
            .operation
            .fields
            .iter()
            .find(|field| matches!(field.ty, TypeSchema::Records))
        else {
            return Err(Failure::other("the operation has no argument for records"));
        };
        let most = matches
            .get_one::<u32>(operation::BATCH_SIZE)
            .copied()
            .unwrap_or(1000) as usize;
        let path = matches
            .get_one::<String>(field.name)
            .map_or("-", String::as_str);
        let mut input = open(path)?;
        let mut reader = Reader::new(self.columns(&values, matches).await?);
        let mut totals = Totals::default();
        let mut line = Vec::new();
        while read_line(&mut *input, &mut line, path)? {
            reader
                .push(&line)
                .map_err(|failure| totals.explain(failure))?;
            if reader.len() >= most || reader.byte_size() >= BATCH_BYTES {
                self.send(field, &values, &mut reader, &mut totals).await?;
            }
        }
        if reader.len() > 0 {
            self.send(field, &values, &mut reader, &mut totals).await?;
        }
        totals.finish(field)
    }

    async fn send(
        &self,
        field: &'static FieldSchema,
        values: &Arguments,
        reader: &mut Reader,
        totals: &mut Totals,
    ) -> Result<(), Failure> {
        let batch = reader.take()?;
        let records = batch.len();
        let mut values = values.clone();
        values.push((Cow::Borrowed(field.name), Value::Records(batch)));
        let outcome = self
            .client
            .call(self.operation.name, Value::Map(values))
            .await;
        let result = outcome.map_err(|error| totals.explain(error.into()))?;
        output::print(self.format, self.operation.returns, &result)?;
        totals.add(records, &result);
        Ok(())
    }

    /// The columns of the records to put: as given, as the service tells, or none for blobs.
    async fn columns(
        &self,
        values: &Arguments,
        matches: &ArgMatches,
    ) -> Result<Option<Arc<RecordSchema>>, Failure> {
        // A service without tuple records does not have the option.
        if let Ok(Some(text)) = matches.try_get_one::<String>(operation::COLUMNS) {
            if text.is_empty() {
                return Ok(None);
            }
            let columns = argument::read_text(text).and_then(|text| columns::parse(&text));
            return columns
                .map(Some)
                .map_err(|failure| failure.within("--columns"));
        }
        let Some((describe, member)) = self.describing_operation() else {
            return Ok(None);
        };
        let wanted = describe
            .fields
            .iter()
            .filter_map(|field| values.iter().find(|(name, _)| *name == field.name).cloned());
        let value = self
            .client
            .call(describe.name, Value::Map(wanted.collect()))
            .await?;
        match value.get(member) {
            Some(Value::RecordSchema(schema)) => Ok(Some(Arc::clone(schema))),
            _ => Ok(None),
        }
    }

    /// The operation that tells the columns of the place that this operation puts records into.
    fn describing_operation(&self) -> Option<(&'static OperationSchema, &'static str)> {
        self.service.operations.iter().find_map(|other| {
            let member = operation::describes_columns(other)?;
            let known = |wanted: &FieldSchema| {
                wanted.default.is_some()
                    || self
                        .operation
                        .fields
                        .iter()
                        .any(|field| field.name == wanted.name)
            };
            other.fields.iter().all(known).then_some((*other, member))
        })
    }
}

/// What became of the records so far.
#[derive(Default)]
struct Totals {
    sent: usize,
    refused: i64,
}

impl Totals {
    fn add(&mut self, records: usize, result: &Value) {
        self.sent += records;
        if let Some(Value::Integer(refused) | Value::Long(refused)) =
            result.get("failed_record_count")
        {
            self.refused += refused;
        }
    }

    /// Says how many records went before a failure.
    fn explain(&self, failure: Failure) -> Failure {
        if self.sent == 0 {
            return failure;
        }
        failure.within(&format!("after {} records were sent", self.sent))
    }

    fn finish(&self, field: &FieldSchema) -> Result<(), Failure> {
        if self.sent == 0 {
            let nothing = Error::invalid_argument(field.name, "there was no record to put");
            return Err(nothing.into());
        }
        if self.refused > 0 {
            return Err(Failure::other(format!(
                "{} of {} records were not stored",
                self.refused, self.sent
            )));
        }
        // Nothing is lost when standard error is gone: the exit code says the same.
        let _ = writeln!(std::io::stderr(), "{} records stored", self.sent);
        Ok(())
    }
}

/// Reads the next line; `false` at the end of the input.
fn read_line(input: &mut dyn BufRead, line: &mut Vec<u8>, path: &str) -> Result<bool, Failure> {
    line.clear();
    let found = input.read_until(b'\n', line).map_err(|error| {
        let place = match path {
            "-" => "standard input".to_owned(),
            path => format!("the file {path}"),
        };
        Failure::usage(format!("cannot read {place}: {error}"))
    })?;
    Ok(found > 0)
}

fn open(path: &str) -> Result<Box<dyn BufRead>, Failure> {
    if path == "-" {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let file = File::open(path.strip_prefix('@').unwrap_or(path))
        .map_err(|error| Failure::usage(format!("cannot open the file {path}: {error}")))?;
    Ok(Box::new(BufReader::new(file)))
}
