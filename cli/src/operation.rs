//! Every operation of every service as a sub-command, made from its description.

use std::fmt::Write as _;

use clap::{Arg, ArgAction, ArgMatches, Command};
use hubstream::connect::ServiceEntry;
use hubstream::schema::{DefaultValue, FieldSchema, OperationSchema, TypeSchema};

use crate::output::Format;
use crate::settings;

/// Name of the argument that chooses the form of the output.
pub(crate) const OUTPUT: &str = "option.output";
/// Name of the argument that says how many records go into one request.
pub(crate) const BATCH_SIZE: &str = "option.batch-size";
/// Name of the argument that tells the columns of records that are put.
pub(crate) const COLUMNS: &str = "option.columns";

/// The sub-command of a service, with one sub-command per operation.
pub(crate) fn service_command(service: &'static ServiceEntry) -> Command {
    Command::new(service.name)
        .about(format!("Call an operation of {}", service.title))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args(settings::flags(service.name, &[]))
        .arg(output_flag())
        .subcommands(
            service
                .operations
                .iter()
                .map(|operation| operation_command(service, operation)),
        )
}

fn output_flag() -> Arg {
    Arg::new(OUTPUT)
        .long("output")
        .short('o')
        .value_name("FORMAT")
        .value_parser(Format::NAMES)
        .help("Form of the output; records are lines of JSON by default, all else tables")
}

fn operation_command(service: &ServiceEntry, operation: &'static OperationSchema) -> Command {
    let flags: Vec<String> = operation
        .fields
        .iter()
        .map(|field| flag_name(field.name))
        .collect();
    let mut taken: Vec<&str> = flags.iter().map(String::as_str).collect();
    let mut command = Command::new(flag_name(operation.method))
        .about(words(service, operation, operation.summary()))
        .long_about(words(service, operation, operation.docs))
        .after_long_help(returns_text(service, operation))
        .override_usage(usage(service, operation));
    for field in operation.fields {
        command = command.arg(flag(service, operation, field));
    }
    for field in operation.fields.iter().filter(|field| is_positional(field)) {
        command = command.arg(positional(field));
    }
    for option in options(service, operation) {
        let name = option.get_long().unwrap_or_default().to_owned();
        if !taken.contains(&name.as_str()) {
            command = command.arg(option);
        }
    }
    taken.extend(["output", "debug", "help"]);
    command.args(settings::flags(service.name, &taken))
}

fn usage(service: &ServiceEntry, operation: &OperationSchema) -> String {
    let mut usage = format!(
        "hubstream {} {} [OPTIONS]",
        service.name,
        flag_name(operation.method)
    );
    for field in operation.fields.iter().filter(|field| is_positional(field)) {
        let _ = write!(usage, " <{}>", field.name.to_uppercase());
    }
    for field in operation.fields {
        let required = field.default.is_none()
            && !matches!(field.ty, TypeSchema::Optional(_) | TypeSchema::Records);
        if required && !is_positional(field) {
            let _ = write!(
                usage,
                " --{} <{}>",
                flag_name(field.name),
                value_name(field.ty)
            );
        }
    }
    usage
}

fn options(service: &ServiceEntry, operation: &OperationSchema) -> Vec<Arg> {
    let mut options = vec![output_flag()];
    if takes_records(operation) {
        options.push(
            Arg::new(BATCH_SIZE)
                .long("batch-size")
                .value_name("NUMBER")
                .value_parser(clap::value_parser!(u32).range(1..=10_000))
                .default_value("1000")
                .help("Most records per request"),
        );
    }
    let tells_columns = |other: &&OperationSchema| describes_columns(other).is_some();
    if takes_records(operation) && service.operations.iter().any(tells_columns) {
        options.push(Arg::new(COLUMNS).long("columns").value_name("COLUMNS").help(
            "Columns of the records as NAME:TYPE[:notnull],… or JSON, empty for blobs; by default the service \
             is asked",
        ));
    }
    options
}

/// Whether the operation has an argument that holds records.
pub(crate) fn takes_records(operation: &OperationSchema) -> bool {
    operation
        .fields
        .iter()
        .any(|field| matches!(field.ty, TypeSchema::Records))
}

/// The member of the operation's result that tells the columns of a topic.
pub(crate) fn describes_columns(operation: &OperationSchema) -> Option<&'static str> {
    let TypeSchema::Model(model) = operation.returns else {
        return None;
    };
    let is_columns =
        |field: &&FieldSchema| matches!(plain_type(field.ty), TypeSchema::RecordSchema);
    model.fields.iter().find(is_columns).map(|field| field.name)
}

/// A name as it is written on the command line.
pub(crate) fn flag_name(name: &str) -> String {
    name.replace('_', "-")
}

/// Name of the positional form of an argument.
pub(crate) fn positional_id(field: &FieldSchema) -> String {
    format!("{}.positional", field.name)
}

/// Whether the argument may be given without its name: it is required and one word.
pub(crate) fn is_positional(field: &FieldSchema) -> bool {
    let one_word = matches!(
        field.ty,
        TypeSchema::Text
            | TypeSchema::Integer
            | TypeSchema::Long
            | TypeSchema::Double
            | TypeSchema::Enum(_)
            | TypeSchema::RecordSchema
    );
    field.default.is_none() && one_word && !field.secret
}

fn positional(field: &'static FieldSchema) -> Arg {
    Arg::new(positional_id(field))
        .value_name(field.name.to_uppercase())
        .allow_hyphen_values(matches!(
            field.ty,
            TypeSchema::Integer | TypeSchema::Long | TypeSchema::Double
        ))
        .hide(true)
}

fn flag(service: &ServiceEntry, operation: &OperationSchema, field: &'static FieldSchema) -> Arg {
    let ty = plain_type(field.ty);
    let mut help = words(service, operation, field.docs);
    let required = field.default.is_none() && !matches!(field.ty, TypeSchema::Optional(_));
    if required && !matches!(ty, TypeSchema::Records) {
        help.push_str(" [required]");
    }
    if let Some(default) = default_text(field) {
        let _ = write!(help, " [default: {default}]");
    }
    if let TypeSchema::Enum(names) = ty {
        let known: Vec<_> = names.variants.iter().map(|variant| variant.name).collect();
        let _ = write!(help, " [one of {}]", known.join(", "));
    }
    help.push_str(&members_text(ty));
    let flag = Arg::new(field.name)
        .long(flag_name(field.name))
        .value_name(value_name(ty))
        .help(help);
    match ty {
        TypeSchema::Boolean => flag
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        TypeSchema::List(_) => flag.action(ArgAction::Append),
        TypeSchema::Integer | TypeSchema::Long | TypeSchema::Double => {
            flag.allow_hyphen_values(true)
        }
        TypeSchema::Records => flag.default_value("-"),
        _ => flag,
    }
}

/// The type without the possibility of being absent.
pub(crate) fn plain_type(ty: TypeSchema) -> TypeSchema {
    match ty {
        TypeSchema::Optional(inner) => plain_type(*inner),
        ty => ty,
    }
}

/// The members that a JSON argument may have.
fn members_text(ty: TypeSchema) -> String {
    match ty {
        TypeSchema::Model(model) => {
            let names: Vec<_> = model.fields.iter().map(|field| field.name).collect();
            format!(" [members: {}]", names.join(", "))
        }
        TypeSchema::Map(inner) | TypeSchema::List(inner) => members_text(plain_type(*inner)),
        TypeSchema::Union(union) => {
            let kinds = union.models.iter().map(|model| {
                let names: Vec<_> = model.fields.iter().map(|field| field.name).collect();
                format!("{}: {}", model.name, names.join(", "))
            });
            format!(
                " [members: `kind`, and those of {}]",
                kinds.collect::<Vec<_>>().join("; of ")
            )
        }
        _ => String::new(),
    }
}

fn value_name(ty: TypeSchema) -> &'static str {
    match ty {
        TypeSchema::Boolean => "BOOLEAN",
        TypeSchema::Integer | TypeSchema::Long | TypeSchema::Double => "NUMBER",
        TypeSchema::Text => "TEXT",
        TypeSchema::Enum(_) => "NAME",
        TypeSchema::Bytes => "TEXT|@FILE",
        TypeSchema::Records => "FILE",
        TypeSchema::RecordSchema => "NAME:TYPE[:notnull],…|JSON|@FILE",
        TypeSchema::List(inner) => value_name(plain_type(*inner)),
        _ => "JSON|@FILE",
    }
}

fn default_text(field: &FieldSchema) -> Option<String> {
    Some(match field.default? {
        DefaultValue::Boolean(value) => value.to_string(),
        DefaultValue::Integer(number) => number.to_string(),
        DefaultValue::Double(number) => number.to_string(),
        DefaultValue::Text(text) if !text.is_empty() => text.to_owned(),
        DefaultValue::Variant(name) => name.to_owned(),
        _ => return None,
    })
}

/// Documentation with the names of operations and arguments as they are written on the command line.
fn words(service: &ServiceEntry, operation: &OperationSchema, docs: &str) -> String {
    let is_command = |name: &str| service.operations.iter().any(|other| other.method == name);
    let is_flag = |name: &str| operation.fields.iter().any(|field| field.name == name);
    let docs: Vec<_> = docs.split("\n\n").map(one_line).collect();
    docs.join("\n\n")
        .split('`')
        .enumerate()
        .map(|(place, part)| match place % 2 {
            1 if is_command(part) => format!("`{}`", flag_name(part)),
            1 if is_flag(part) => format!("`--{}`", flag_name(part)),
            1 => format!("`{part}`"),
            _ => part.to_owned(),
        })
        .collect()
}

/// A paragraph without its line breaks, unless it is a list or a table.
fn one_line(paragraph: &str) -> String {
    if paragraph
        .lines()
        .any(|line| line.trim_start().starts_with(['-', '*', '|']))
    {
        return paragraph.to_owned();
    }
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn returns_text(service: &ServiceEntry, operation: &OperationSchema) -> String {
    let TypeSchema::Model(model) = operation.returns else {
        return String::new();
    };
    let mut text = String::from("Members of the result:");
    for field in model.fields {
        let docs = words(service, operation, field.docs);
        let _ = write!(text, "\n  {}: {}", field.name, docs.replace('\n', " "));
    }
    text
}

/// The form of the output that was asked for; the innermost level comes first.
pub(crate) fn named_format(levels: &[&ArgMatches]) -> Option<Format> {
    let mut named = levels.iter();
    let name = named.find_map(|matches| matches.try_get_one::<String>(OUTPUT).ok().flatten());
    Format::from_name(name?)
}

/// The form of the output that was asked for, or what suits the operation.
pub(crate) fn format(operation: &OperationSchema, levels: &[&ArgMatches]) -> Format {
    let holds_records = match operation.returns {
        TypeSchema::Model(model) => crate::output::records_member(model).is_some(),
        _ => false,
    };
    match named_format(levels) {
        Some(format) => format,
        None if holds_records => Format::Lines,
        None => Format::Table,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hubstream::connect::SERVICES;

    #[test]
    fn every_operation_has_a_sub_command_that_clap_accepts() {
        crate::command::root().debug_assert();
        for service in SERVICES {
            let command = service_command(service);
            let names: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
            let wanted: Vec<_> = service
                .operations
                .iter()
                .map(|operation| flag_name(operation.method))
                .collect();
            assert_eq!(names, wanted);
        }
    }

    #[test]
    fn words_follow_the_command_line() {
        let service = hubstream::connect::service("datahub").unwrap();
        let create = service
            .operations
            .iter()
            .find(|operation| operation.method == "create_tuple_topic")
            .unwrap();
        assert_eq!(
            words(
                service,
                create,
                "see `wait_shards_ready`, `topic_name` and `AlreadyExists`"
            ),
            "see `wait-shards-ready`, `--topic-name` and `AlreadyExists`"
        );
    }
}
