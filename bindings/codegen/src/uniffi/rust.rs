//! The descriptions as the Rust template sees them.

use hubstream::schema::{
    DefaultValue, EnumSchema, EnumValue, FieldSchema, ModelSchema, OperationSchema, TypeSchema,
    UnionSchema,
};
use serde::Serialize;

use super::{KindView, kinds, lines, pascal, type_name, unsupported};
use crate::description::{Service, client_stats};
use crate::docs::camel;

#[derive(Serialize)]
pub(super) struct View {
    kinds: Vec<KindView>,
    stats: ModelView,
    services: Vec<ServiceView>,
}

#[derive(Serialize)]
struct ServiceView {
    name: &'static str,
    client: &'static str,
    title: &'static str,
    models: Vec<ModelView>,
    enums: Vec<EnumView>,
    unions: Vec<UnionView>,
    operations: Vec<OperationView>,
}

#[derive(Serialize)]
struct ModelView {
    name: String,
    docs: Vec<String>,
    fields: Vec<FieldView>,
    has_secrets: bool,
}

#[derive(Serialize)]
struct UnionView {
    name: String,
    docs: Vec<String>,
    models: Vec<ChoiceView>,
}

#[derive(Serialize)]
struct ChoiceView {
    variant: String,
    kind: &'static str,
    model: String,
    docs: Vec<String>,
}

#[derive(Serialize)]
struct FieldView {
    text: &'static str,
    ident: String,
    docs: Vec<String>,
    ty: String,
    default: Option<String>,
    secret: bool,
}

#[derive(Serialize)]
struct EnumView {
    name: String,
    docs: Vec<String>,
    ty: &'static str,
    variants: Vec<VariantView>,
}

#[derive(Serialize)]
struct VariantView {
    ident: String,
    wire: String,
    docs: Vec<String>,
}

#[derive(Serialize)]
struct OperationView {
    name: &'static str,
    method: &'static str,
    docs: Vec<String>,
    fields: Vec<FieldView>,
    defaults: String,
    returns: String,
}

pub(super) fn view(services: &[Service]) -> View {
    View {
        kinds: kinds(),
        stats: model_view(&services[0], client_stats()),
        services: services.iter().map(service_view).collect(),
    }
}

fn service_view(service: &Service) -> ServiceView {
    ServiceView {
        name: service.entry.name,
        client: service.entry.client,
        title: service.entry.title,
        models: service
            .models
            .iter()
            .map(|model| model_view(service, model))
            .collect(),
        enums: service
            .enums
            .iter()
            .map(|names| enum_view(service, names))
            .collect(),
        unions: service
            .unions
            .iter()
            .map(|union| union_view(service, union))
            .collect(),
        operations: service
            .entry
            .operations
            .iter()
            .map(|operation| operation_view(service, operation))
            .collect(),
    }
}

fn model_view(service: &Service, model: &ModelSchema) -> ModelView {
    ModelView {
        name: type_name(service.entry, model.name),
        docs: lines(model.docs),
        fields: model
            .fields
            .iter()
            .map(|field| {
                if service.is_argument(model) {
                    optional_view(service, field)
                } else {
                    field_view(service, field)
                }
            })
            .collect(),
        has_secrets: model.fields.iter().any(|field| field.secret),
    }
}

fn union_view(service: &Service, union: &UnionSchema) -> UnionView {
    // `OdpsConnectorConfig` of `ConnectorConfig` is its choice `Odps`.
    let short = |name: &'static str| match name.strip_suffix(union.name) {
        Some(short) if !short.is_empty() => short.to_owned(),
        _ => name.to_owned(),
    };
    UnionView {
        name: type_name(service.entry, union.name),
        docs: lines(union.docs),
        models: union
            .models
            .iter()
            .map(|model| ChoiceView {
                variant: short(model.name),
                kind: model.name,
                model: type_name(service.entry, model.name),
                docs: lines(model.docs),
            })
            .collect(),
    }
}

/// A field that callers give.
fn optional_view(service: &Service, field: &FieldSchema) -> FieldView {
    let mut view = field_view(service, field);
    // UniFFI cannot write every default; absent then stands for it, and the core knows it.
    if field.default.is_some() && view.default.is_none() {
        view.ty = format!("Option<{}>", view.ty);
        view.default = Some("None".to_owned());
    }
    view
}

fn field_view(service: &Service, field: &FieldSchema) -> FieldView {
    FieldView {
        text: field.name,
        ident: ident(field.name),
        docs: lines(field.docs),
        ty: rust_type(service, field.ty),
        default: default_text(field),
        secret: field.secret,
    }
}

fn enum_view(service: &Service, names: &EnumSchema) -> EnumView {
    let is_number = |value| matches!(value, EnumValue::Number(_));
    EnumView {
        name: type_name(service.entry, names.name),
        docs: lines(names.docs),
        ty: if names
            .variants
            .iter()
            .any(|variant| is_number(variant.value))
        {
            "i64"
        } else {
            "String"
        },
        variants: names
            .variants
            .iter()
            .map(|variant| VariantView {
                ident: pascal(variant.name),
                wire: match variant.value {
                    EnumValue::Text(text) => format!("{text:?}"),
                    EnumValue::Number(number) => number.to_string(),
                },
                docs: lines(variant.docs),
            })
            .collect(),
    }
}

fn operation_view(service: &Service, operation: &OperationSchema) -> OperationView {
    let fields: Vec<FieldView> = operation
        .fields
        .iter()
        .map(|field| optional_view(service, field))
        .collect();
    let defaults: Vec<String> = fields
        .iter()
        .filter_map(|field| {
            let default = field.default.as_ref()?;
            Some(format!("{} = {default}", field.ident))
        })
        .collect();
    OperationView {
        name: operation.name,
        method: operation.method,
        docs: operation_docs(operation),
        fields,
        defaults: defaults.join(", "),
        returns: rust_type(service, operation.returns),
    }
}

/// What an operation does, then its parameters in the form of Swift, which the generator turns into that of Kotlin.
fn operation_docs(operation: &OperationSchema) -> Vec<String> {
    let mut docs = lines(operation.docs);
    if !operation.fields.is_empty() {
        docs.push(String::new());
    }
    docs.extend(operation.fields.iter().map(|field| {
        let text = lines(field.docs).join(" ");
        format!("- Parameter {}: {text}", camel(field.name))
    }));
    docs
}

fn default_text(field: &FieldSchema) -> Option<String> {
    match field.default? {
        DefaultValue::Absent => Some("None".to_owned()),
        DefaultValue::Boolean(value) => Some(value.to_string()),
        DefaultValue::Integer(number) => Some(number.to_string()),
        DefaultValue::Double(number) => Some(format!("{number:?}")),
        DefaultValue::Text(text) => Some(format!("{text:?}")),
        DefaultValue::Empty if matches!(field.ty, TypeSchema::List(_)) => Some("[]".to_owned()),
        _ => None,
    }
}

fn rust_type(service: &Service, ty: TypeSchema) -> String {
    match ty {
        TypeSchema::Unit => "()".to_owned(),
        TypeSchema::Boolean => "bool".to_owned(),
        TypeSchema::Integer | TypeSchema::Long => "i64".to_owned(),
        TypeSchema::Double => "f64".to_owned(),
        TypeSchema::Text => "String".to_owned(),
        TypeSchema::Bytes => "Vec<u8>".to_owned(),
        TypeSchema::List(inner) => format!("Vec<{}>", rust_type(service, *inner)),
        TypeSchema::Map(inner) => format!("HashMap<String, {}>", rust_type(service, *inner)),
        TypeSchema::Optional(inner) => format!("Option<{}>", rust_type(service, *inner)),
        TypeSchema::Enum(names) => type_name(service.entry, names.name),
        TypeSchema::Model(model) => type_name(service.entry, model.name),
        TypeSchema::Union(union) => type_name(service.entry, union.name),
        TypeSchema::Records => "Arc<RecordBatch>".to_owned(),
        TypeSchema::RecordSchema => "Arc<RecordSchema>".to_owned(),
        other => unsupported(other),
    }
}

/// Words of Rust that may be names of members.
const KEYWORDS: [&str; 14] = [
    "as", "async", "break", "const", "dyn", "enum", "final", "in", "match", "move", "mod", "ref",
    "type", "use",
];

fn ident(name: &str) -> String {
    if KEYWORDS.contains(&name) {
        format!("r#{name}")
    } else {
        name.to_owned()
    }
}
