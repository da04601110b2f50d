//! Renders the façade of TypeScript: one file per service, the errors, and the types of columns.

mod names;
mod types;

use std::collections::BTreeSet;

use hubstream::config::{KEYS, SettingKey, SettingKind};
use hubstream::dynamic::Dynamic;
use hubstream::error::ErrorKind;
use hubstream::record::FieldType;
use hubstream::schema::{
    EnumSchema, EnumValue, FieldSchema, ModelSchema, OperationSchema, TypeSchema, UnionSchema,
};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Value};
use serde::Serialize;

use crate::Output;
use crate::description::{Service, client_stats, services};
use names::{Words, camel, pascal};
use types::{Direction, default_text, is_optional, type_text};

const FOLDER: &str = "node/src/generated";

/// All generated files of this language.
pub(crate) fn render() -> Vec<Output> {
    let services = services();
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .expect("the markers of blocks differ");
    environment.set_syntax(syntax);
    let templates = [
        (
            "service",
            include_str!("../templates/typescript/service.ts.j2"),
        ),
        (
            "errors",
            include_str!("../templates/typescript/errors.ts.j2"),
        ),
        ("types", include_str!("../templates/typescript/types.ts.j2")),
        (
            "shared",
            include_str!("../templates/typescript/shared.ts.j2"),
        ),
    ];
    for (name, text) in templates {
        environment
            .add_template(name, text)
            .expect("the template is valid");
    }
    let render = |name: &str, context: Value| {
        let template = environment
            .get_template(name)
            .expect("the template was added");
        template
            .render(context)
            .expect("the template fits its context")
    };
    let mut outputs = vec![
        output(
            "errors",
            render("errors", view(KindsView { kinds: kinds() })),
        ),
        output("records", render("shared", view(column_types()))),
        output("stats", render("shared", view(stats()))),
    ];
    for service in &services {
        outputs.push(output(
            service.entry.name,
            render("service", describe(service)),
        ));
    }
    outputs
}

fn view(view: impl Serialize) -> Value {
    Serde(view).into()
}

fn output(name: &str, text: String) -> Output {
    Output {
        path: format!("{FOLDER}/{name}.ts"),
        text,
    }
}

/// The enumeration that belongs to records and not to one service.
fn shared_enum() -> &'static EnumSchema {
    match FieldType::TYPE {
        TypeSchema::Enum(names) => names,
        _ => unreachable!("the type of a column is an enumeration"),
    }
}

#[derive(Serialize)]
struct ServiceView {
    service: &'static str,
    client: &'static str,
    title: &'static str,
    settings: Vec<MemberView>,
    enums: Vec<EnumView>,
    interfaces: Vec<InterfaceView>,
    unions: Vec<UnionView>,
    operations: Vec<OperationView>,
    uses: Vec<&'static str>,
}

#[derive(Serialize)]
struct KindsView {
    kinds: Vec<KindView>,
}

#[derive(Default, Serialize)]
struct TypesView {
    enums: Vec<EnumView>,
    interfaces: Vec<InterfaceView>,
    unions: Vec<UnionView>,
}

fn column_types() -> TypesView {
    TypesView {
        enums: vec![enumeration(shared_enum(), &Words::default())],
        ..TypesView::default()
    }
}

fn stats() -> TypesView {
    let model = client_stats();
    let name = model.name.to_owned();
    let words = Words::default();
    TypesView {
        interfaces: vec![interface(
            name,
            model.docs,
            model.fields,
            Direction::Out,
            &words,
        )],
        ..TypesView::default()
    }
}

#[derive(Serialize)]
struct KindView {
    name: &'static str,
    class: String,
    docs: String,
}

fn kinds() -> Vec<KindView> {
    let view = |kind: &ErrorKind| KindView {
        name: kind.name(),
        class: format!("{}Error", pascal(kind.name())),
        docs: names::comment("", kind.docs(), &[]),
    };
    ErrorKind::ALL.iter().map(view).collect()
}

#[derive(Serialize)]
struct EnumView {
    name: &'static str,
    docs: String,
    variants: Vec<VariantView>,
    literals: String,
}

#[derive(Serialize)]
struct VariantView {
    name: &'static str,
    literal: String,
    docs: String,
}

fn enumeration(names: &EnumSchema, words: &Words) -> EnumView {
    let literal = |value: EnumValue| match value {
        EnumValue::Text(text) => names::quoted(text),
        EnumValue::Number(number) => number.to_string(),
    };
    EnumView {
        name: names.name,
        docs: names::comment("", &words.translate(names.docs), &[]),
        variants: names
            .variants
            .iter()
            .map(|variant| VariantView {
                name: variant.name,
                literal: literal(variant.value),
                docs: names::comment("  ", &words.translate(variant.docs), &[]),
            })
            .collect(),
        literals: names
            .variants
            .iter()
            .map(|variant| literal(variant.value))
            .collect::<Vec<_>>()
            .join(" | "),
    }
}

#[derive(Serialize)]
struct MemberView {
    name: String,
    ty: String,
    optional: bool,
    docs: String,
}

#[derive(Serialize)]
struct InterfaceView {
    name: String,
    docs: String,
    members: Vec<MemberView>,
}

#[derive(Serialize)]
struct UnionView {
    name: String,
    docs: String,
    members: Vec<String>,
}

#[derive(Serialize)]
struct OperationView {
    name: &'static str,
    method: String,
    arguments: String,
    needs_arguments: bool,
    records: Vec<String>,
    returns: String,
    docs: String,
}

fn interface(
    name: String,
    docs: &str,
    fields: &[FieldSchema],
    direction: Direction,
    words: &Words,
) -> InterfaceView {
    let member = |field: &FieldSchema| {
        let optional = direction == Direction::In && is_optional(field);
        let mut tags = Vec::new();
        if direction == Direction::In
            && let Some(default) = field.default.and_then(default_text)
        {
            tags.push(format!("@default {default}"));
        }
        MemberView {
            name: camel(field.name),
            ty: type_text(&field.ty, direction),
            optional,
            docs: names::comment("  ", &words.translate(field.docs), &tags),
        }
    };
    InterfaceView {
        name,
        docs: names::comment("", &words.translate(docs), &[]),
        members: fields.iter().map(member).collect(),
    }
}

fn union(union: &UnionSchema, direction: Direction, words: &Words) -> UnionView {
    let member = |model: &&ModelSchema| {
        format!(
            "({{ readonly kind: '{}' }} & {})",
            model.name,
            types::model_name(model.name, direction)
        )
    };
    UnionView {
        name: types::model_name(union.name, direction),
        docs: names::comment("", &words.translate(union.docs), &[]),
        members: union.models.iter().map(member).collect(),
    }
}

/// Models and unions that are reachable from arguments or from results.
#[derive(Default)]
struct Reached {
    seen: BTreeSet<&'static str>,
    interfaces: Vec<InterfaceView>,
    unions: Vec<UnionView>,
}

impl Reached {
    fn visit(&mut self, ty: TypeSchema, direction: Direction, words: &Words) {
        ty.visit(&mut |ty| match ty {
            TypeSchema::Model(model) if self.seen.insert(model.name) => {
                let name = types::model_name(model.name, direction);
                self.interfaces
                    .push(interface(name, model.docs, model.fields, direction, words));
            }
            TypeSchema::Union(schema) if self.seen.insert(schema.name) => {
                self.unions.push(union(schema, direction, words));
            }
            _ => {}
        });
    }
}

fn describe(service: &Service) -> Value {
    let entry = service.entry;
    let words = Words::of(entry.name, entry.operations);
    let (mut arguments, mut results) = (Reached::default(), Reached::default());
    for operation in entry.operations {
        for field in operation.fields {
            arguments.visit(field.ty, Direction::In, &words);
        }
        results.visit(operation.returns, Direction::Out, &words);
    }
    let calls = entry.operations.iter().map(|operation| {
        let name = format!("{}Arguments", operation.name);
        let docs = format!("Arguments of `{}`.", camel(operation.method));
        interface(name, &docs, operation.fields, Direction::In, &words)
    });
    let own_enums = service
        .enums
        .iter()
        .filter(|names| names.name != shared_enum().name);
    let settings = KEYS.iter().filter(|key| key.applies_to(entry.name));
    let mut interfaces = arguments.interfaces;
    interfaces.extend(results.interfaces);
    interfaces.extend(calls);
    let mut unions = arguments.unions;
    unions.extend(results.unions);
    view(ServiceView {
        service: entry.name,
        client: entry.client,
        title: entry.title,
        settings: settings.map(|key| setting(key, &words)).collect(),
        enums: own_enums.map(|names| enumeration(names, &words)).collect(),
        interfaces,
        unions,
        operations: entry
            .operations
            .iter()
            .map(|schema| operation(schema, &words))
            .collect(),
        uses: uses(service),
    })
}

/// Types of the package that the file refers to.
fn uses(service: &Service) -> Vec<&'static str> {
    let mut names = BTreeSet::new();
    for operation in service.entry.operations {
        for field in operation.fields {
            field.ty.visit(&mut |ty| match ty {
                TypeSchema::Records => drop(names.insert("RecordsInput")),
                TypeSchema::RecordSchema => drop(names.insert("RecordSchema")),
                _ => {}
            });
        }
        operation.returns.visit(&mut |ty| match ty {
            TypeSchema::Records => drop(names.insert("RecordBatch")),
            TypeSchema::RecordSchema => drop(names.insert("RecordSchema")),
            _ => {}
        });
        operation.visit_types(&mut |ty| {
            if ty == TypeSchema::Enum(shared_enum()) {
                names.insert("FieldType");
            }
        });
    }
    names.into_iter().collect()
}

fn operation(operation: &OperationSchema, words: &Words) -> OperationView {
    let is_records = |field: &&FieldSchema| field.ty == TypeSchema::Records;
    OperationView {
        name: operation.name,
        method: camel(operation.method),
        arguments: format!("{}Arguments", operation.name),
        needs_arguments: operation.fields.iter().any(|field| !is_optional(field)),
        records: operation
            .fields
            .iter()
            .filter(is_records)
            .map(|field| camel(field.name))
            .collect(),
        returns: match operation.returns {
            TypeSchema::Unit => "void".to_owned(),
            other => type_text(&other, Direction::Out),
        },
        docs: names::comment("  ", &words.translate(operation.docs), &[]),
    }
}

fn setting(key: &SettingKey, words: &Words) -> MemberView {
    let mut docs = words.translate(key.docs);
    let (ty, default) = match key.kind {
        SettingKind::Boolean => ("boolean", key.default.to_owned()),
        SettingKind::Integer => ("number", key.default.to_owned()),
        SettingKind::Seconds => {
            docs.push_str(" In milliseconds.");
            let milliseconds = key.default.parse::<f64>().map(|seconds| seconds * 1000.0);
            (
                "number",
                milliseconds.map_or_else(|_| String::new(), |number| number.to_string()),
            )
        }
        _ if key.default.is_empty() => ("string", String::new()),
        _ => ("string", names::quoted(key.default)),
    };
    let tags = if default.is_empty() {
        Vec::new()
    } else {
        vec![format!("@default {default}")]
    };
    MemberView {
        name: camel(key.name),
        ty: ty.to_owned(),
        optional: true,
        docs: names::comment("  ", &docs, &tags),
    }
}
