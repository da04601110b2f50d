//! Renders the Python package: clients, models and exceptions.

mod arrow;
mod client;
mod docs;
mod types;

use std::collections::BTreeSet;

use hubstream::error::ErrorKind;
use hubstream::schema::{EnumSchema, EnumValue, ModelSchema, TypeSchema, UnionSchema};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Value, context};

use crate::Output;
use crate::description::{Service, client_stats, services};

use client::client_context;
use docs::{docstring, sentence};
use types::{HANDWRITTEN, annotation, decode, imports_of, member_default};

/// Where the package lies.
const ROOT: &str = "python/src/hubstream";

/// The template of a module of models.
const MODELS: &str = include_str!("../templates/python_models.py.j2");

/// Longest line.
const WIDTH: usize = 100;

/// All generated files of this language.
pub(crate) fn render() -> Vec<Output> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .expect("the markers of blocks differ");
    environment.set_syntax(syntax);
    let mut outputs = vec![
        output(
            "errors.py",
            &environment,
            include_str!("../templates/python_errors.py.j2"),
            errors(),
        ),
        output("_stats.py", &environment, MODELS, stats()),
    ];
    for service in services() {
        outputs.extend(render_service(&environment, &service));
    }
    outputs
}

fn output(path: &str, environment: &Environment<'_>, template: &str, context: Value) -> Output {
    let text = environment
        .render_str(template, context)
        .unwrap_or_else(|error| panic!("template of {path}: {error}"));
    Output {
        path: format!("{ROOT}/{path}"),
        text,
    }
}

fn render_service(environment: &Environment<'_>, service: &Service) -> Vec<Output> {
    let name = service.entry.name;
    let client = include_str!("../templates/python_client.py.j2");
    let (results, others): (Vec<_>, Vec<_>) = service
        .models
        .iter()
        .copied()
        .partition(|model| model.name.ends_with("Result"));
    let enums: Vec<_> = service
        .enums
        .iter()
        .copied()
        .filter(|names| !HANDWRITTEN.contains(&names.name))
        .collect();
    let title = service.entry.title;
    let given = given_models(service);
    let types = TypesModule {
        docs: format!("Enumerations and groups of members of {title}."),
        enums: &enums,
        models: &others,
        given: &given,
        unions: &service.unions,
        other_types: None,
    };
    let results = TypesModule {
        docs: format!("Results of {title}."),
        enums: &[],
        models: &results,
        given: &[],
        unions: &[],
        other_types: Some(format!("hubstream.{name}.models.types")),
    };
    vec![
        output(
            &format!("{name}/_client.py"),
            environment,
            client,
            client_context(service, false),
        ),
        output(
            &format!("{name}/_aio_client.py"),
            environment,
            client,
            client_context(service, true),
        ),
        output(
            &format!("{name}/models/types.py"),
            environment,
            MODELS,
            types.context(),
        ),
        output(
            &format!("{name}/models/results.py"),
            environment,
            MODELS,
            results.context(),
        ),
    ]
}

fn errors() -> Value {
    let kinds: Vec<Value> = ErrorKind::ALL
        .iter()
        .map(|kind| {
            let class = format!("{kind:?}Error");
            let builtin = match kind {
                ErrorKind::InvalidArgument => "ValueError",
                ErrorKind::NotFound => "LookupError",
                ErrorKind::PermissionDenied => "PermissionError",
                ErrorKind::Timeout => "TimeoutError",
                ErrorKind::Connection => "ConnectionError",
                _ => "",
            };
            context! { class, builtin, kind => kind.name(), docs => docstring(kind.docs(), &[], 4) }
        })
        .collect();
    context! { kinds }
}

fn stats() -> Value {
    let models = TypesModule {
        docs: "What a client has done so far.".to_owned(),
        enums: &[],
        models: &[client_stats()],
        given: &[],
        unions: &[],
        other_types: None,
    };
    models.context()
}

/// The names of the models that the operations of a service take, and of those that these extend.
fn given_models(service: &Service) -> Vec<&'static str> {
    fn collect(ty: TypeSchema, names: &mut Vec<&'static str>) {
        match ty {
            TypeSchema::List(inner) | TypeSchema::Map(inner) | TypeSchema::Optional(inner) => {
                collect(*inner, names);
            }
            TypeSchema::Model(model) => {
                names.push(model.name);
                if let Some(base) = model.extends {
                    collect(TypeSchema::Model(base), names);
                }
                for field in model.fields {
                    collect(field.ty, names);
                }
            }
            TypeSchema::Union(union) => {
                for model in union.models {
                    collect(TypeSchema::Model(model), names);
                }
            }
            _ => {}
        }
    }
    let mut names = Vec::new();
    for operation in service.entry.operations {
        for field in operation.fields {
            collect(field.ty, &mut names);
        }
    }
    names
}

/// A module of models.
struct TypesModule<'a> {
    docs: String,
    enums: &'a [&'static EnumSchema],
    models: &'a [&'static ModelSchema],
    /// Names of the models that users give to calls, and may therefore change.
    given: &'a [&'static str],
    unions: &'a [&'static UnionSchema],
    /// The module with the types that stand not in this one.
    other_types: Option<String>,
}

impl TypesModule<'_> {
    fn context(&self) -> Value {
        let Self {
            docs,
            enums,
            models,
            given,
            unions,
            other_types,
        } = self;
        let mut imports: BTreeSet<(String, String)> = BTreeSet::new();
        if !enums.is_empty() {
            imports.insert(("hubstream._model".to_owned(), "OpenEnum".to_owned()));
        }
        let base = |model: &ModelSchema| match model.extends {
            Some(other) => other.name,
            None if given.contains(&model.name) => "Editable",
            None => "Model",
        };
        for model in *models {
            match model.extends {
                None => {
                    imports.insert(("hubstream._model".to_owned(), base(model).to_owned()));
                }
                Some(other) => {
                    imports.extend(imports_of(TypeSchema::Model(other), other_types.as_deref()));
                }
            }
            for field in model.fields {
                imports.extend(imports_of(field.ty, other_types.as_deref()));
            }
        }
        let mut names: Vec<&str> = enums
            .iter()
            .map(|names| names.name)
            .chain(models.iter().map(|model| model.name))
            .chain(unions.iter().map(|union| union.name))
            .collect();
        names.sort_unstable();
        let imports: Vec<Value> = group(imports);
        context! {
            docs,
            names,
            imports,
            enums => enums.iter().map(|names| enum_context(names)).collect::<Vec<_>>(),
            unions => unions.iter().map(|union| union_context(union)).collect::<Vec<_>>(),
            models => models.iter().map(|model| model_context(model, base(model))).collect::<Vec<_>>(),
        }
    }
}

fn group(imports: BTreeSet<(String, String)>) -> Vec<Value> {
    let mut modules: Vec<(String, Vec<String>)> = Vec::new();
    for (module, name) in imports {
        match modules.last_mut() {
            Some((known, names)) if *known == module => names.push(name),
            _ => modules.push((module, vec![name])),
        }
    }
    modules
        .into_iter()
        .map(|(module, names)| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            Value::from(import_line(&module, &names))
        })
        .collect()
}

/// An import as the formatter writes it.
fn import_line(module: &str, names: &[&str]) -> String {
    let line = format!("from {module} import {}", names.join(", "));
    if line.len() > WIDTH {
        return format!("from {module} import (\n    {},\n)", names.join(",\n    "));
    }
    line
}

fn union_context(union: &UnionSchema) -> Value {
    let models: Vec<&str> = union.models.iter().map(|model| model.name).collect();
    context! { name => union.name, docs => docstring(union.docs, &[], 0), models }
}

fn enum_context(names: &EnumSchema) -> Value {
    let variants: Vec<Value> = names
        .variants
        .iter()
        .map(|variant| {
            let value = match variant.value {
                EnumValue::Text(text) => format!("{text:?}"),
                EnumValue::Number(number) => number.to_string(),
            };
            context! { name => variant.name, value, docs => docstring(variant.docs, &[], 4) }
        })
        .collect();
    context! { name => names.name, docs => docstring(names.docs, &[], 4), variants }
}

/// The fields of a model with their Python defaults, as far as Python's order permits them.
fn fields_with_defaults(model: &ModelSchema) -> Vec<(&'static str, Option<String>)> {
    let optional_from = model
        .fields
        .iter()
        .rposition(|field| field.default.is_none())
        .map_or(0, |last| last + 1);
    model
        .fields
        .iter()
        .enumerate()
        .map(|(place, field)| {
            let default = (place >= optional_from).then(|| member_default(field));
            (field.name, default.flatten())
        })
        .collect()
}

fn model_context(model: &ModelSchema, base: &str) -> Value {
    let defaults = fields_with_defaults(model);
    let fields: Vec<Value> = model
        .fields
        .iter()
        .zip(defaults)
        .map(|(field, (_, default))| {
            let value = format!("value[\"{}\"]", field.name);
            let expression = decode(field.ty, &value, "");
            // By their places: by name they cost Python as much as all else that makes a result.
            let mut line = format!("            {expression},");
            if line.len() > WIDTH {
                line = broken(&expression);
            }
            context! {
                name => field.name,
                annotation => annotation(field.ty, ""),
                empty => default.as_deref().filter(|text| matches!(*text, "[]" | "{}")),
                default,
                line,
            }
        })
        .collect();
    let attributes: Vec<(String, String)> = model
        .fields
        .iter()
        .map(|field| (field.name.to_owned(), sentence(field.docs)))
        .collect();
    let docs = docstring(model.docs, &[("Attributes", &attributes)], 4);
    let names: Vec<&str> = model.fields.iter().map(|field| field.name).collect();
    // The id of the request stands in a header, not among the members of the reply.
    let wire: Vec<&str> = model
        .fields
        .iter()
        .map(|field| {
            if field.name == "request_id" {
                ""
            } else {
                field.wire
            }
        })
        .collect();
    let wire = texts("_WIRE", &wire).map(|line| match model.extends {
        // Type checkers take the number of names in the other class for a promise.
        Some(_) => overriding(&line),
        None => line,
    });
    let secret: Vec<&str> = model
        .fields
        .iter()
        .filter(|field| field.secret)
        .map(|field| field.name)
        .collect();
    context! { name => model.name, base, docs, fields, slots => texts("__slots__", &names), hidden => texts("_HIDDEN", &secret), wire }
}

/// A tuple of texts as the value of a member of a class, or nothing for none of them.
fn texts(member: &str, names: &[&str]) -> Option<String> {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let line = match quoted.as_slice() {
        [] => return None,
        [one] => format!("    {member} = ({one},)"),
        several => format!("    {member} = ({})", several.join(", ")),
    };
    if line.len() <= WIDTH {
        return Some(line);
    }
    let lines = quoted.join(",\n        ");
    Some(format!("    {member} = (\n        {lines},\n    )"))
}

/// An assignment whose type differs from that in the class that this one is derived from.
fn overriding(line: &str) -> String {
    const IGNORED: &str = "  # type: ignore[assignment]";
    match line.split_once('\n') {
        Some((first, rest)) => format!("{first}{IGNORED}\n{rest}"),
        None => format!("{line}{IGNORED}"),
    }
}

/// Breaks a comprehension over lines as the formatter does.
fn broken(expression: &str) -> String {
    let (open, rest) = expression.split_at(1);
    let (inner, close) = rest.split_at(rest.len() - 1);
    let (head, tail) = inner.split_once(" for ").unwrap_or((inner, ""));
    let blanks = " ".repeat(16);
    let body = format!("{blanks}{inner}");
    let body = if body.len() <= WIDTH {
        body
    } else {
        format!("{blanks}{head}\n{blanks}for {tail}")
    };
    format!("            {open}\n{body}\n            {close},")
}
