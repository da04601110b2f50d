//! The descriptions as the Ruby template sees them.

use hubstream::schema::{DefaultValue, EnumValue, FieldSchema, TypeSchema};
use serde::Serialize;

use super::{lines, type_name};
use crate::description::Service;

#[derive(Serialize)]
pub(super) struct View {
    services: Vec<ServiceView>,
}

#[derive(Serialize)]
struct ServiceView {
    client: &'static str,
    title: &'static str,
    enums: Vec<EnumView>,
    models: Vec<ModelView>,
    operations: Vec<OperationView>,
}

#[derive(Serialize)]
struct EnumView {
    name: String,
    docs: Vec<String>,
    variants: Vec<VariantView>,
}

#[derive(Serialize)]
struct VariantView {
    name: &'static str,
    wire: String,
    docs: String,
}

/// A group of members, or a choice between such groups.
#[derive(Serialize)]
struct ModelView {
    name: String,
    docs: Vec<String>,
    fields: Vec<ParameterView>,
}

#[derive(Serialize)]
struct OperationView {
    method: &'static str,
    docs: Vec<String>,
    parameters: Vec<ParameterView>,
    signature: String,
    arguments: String,
    returns: String,
}

#[derive(Serialize)]
struct ParameterView {
    name: &'static str,
    ty: String,
    docs: String,
}

pub(super) fn view(services: &[Service]) -> View {
    View {
        services: services.iter().map(service_view).collect(),
    }
}

fn service_view(service: &Service) -> ServiceView {
    let enums = service.enums.iter().map(|names| EnumView {
        name: type_name(service.entry, names.name),
        docs: lines(names.docs),
        variants: names
            .variants
            .iter()
            .map(|variant| VariantView {
                name: variant.name,
                docs: lines(variant.docs).join(" "),
                wire: match variant.value {
                    EnumValue::Text(text) => text_literal(text),
                    EnumValue::Number(number) => number.to_string(),
                },
            })
            .collect(),
    });
    let models = service.models.iter().map(|model| ModelView {
        name: type_name(service.entry, model.name),
        docs: lines(model.docs),
        fields: parameters(service, model.fields),
    });
    let unions = service.unions.iter().map(|union| ModelView {
        name: type_name(service.entry, union.name),
        docs: lines(union.docs),
        fields: Vec::new(),
    });
    let operations = service.entry.operations.iter().map(|operation| {
        let fields = operation.fields;
        OperationView {
            method: operation.method,
            docs: lines(operation.docs),
            parameters: parameters(service, fields),
            signature: fields.iter().map(parameter).collect::<Vec<_>>().join(", "),
            arguments: fields
                .iter()
                .map(|field| field.name)
                .collect::<Vec<_>>()
                .join(", "),
            returns: ruby_type(service, operation.returns),
        }
    });
    ServiceView {
        client: service.entry.client,
        title: service.entry.title,
        enums: enums.collect(),
        models: models.chain(unions).collect(),
        operations: operations.collect(),
    }
}

fn parameters(service: &Service, fields: &[FieldSchema]) -> Vec<ParameterView> {
    let view = |field: &FieldSchema| ParameterView {
        name: field.name,
        ty: ruby_type(service, field.ty),
        docs: lines(field.docs).join(" "),
    };
    fields.iter().map(view).collect()
}

fn text_literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A parameter of a method: by place when it must be given, else by name.
fn parameter(field: &FieldSchema) -> String {
    let Some(default) = field.default else {
        return field.name.to_owned();
    };
    let default = match default {
        DefaultValue::Boolean(value) => value.to_string(),
        DefaultValue::Integer(number) => number.to_string(),
        DefaultValue::Double(number) => format!("{number:?}"),
        DefaultValue::Text(text) => text_literal(text),
        DefaultValue::Variant(name) => format!(":{}", name.to_lowercase()),
        DefaultValue::Empty if matches!(field.ty, TypeSchema::Map(_)) => "{}".to_owned(),
        DefaultValue::Empty => "[]".to_owned(),
        _ => "nil".to_owned(),
    };
    format!("{}: {default}", field.name)
}

fn ruby_type(service: &Service, ty: TypeSchema) -> String {
    match ty {
        TypeSchema::Unit => "void".to_owned(),
        TypeSchema::Boolean => "Boolean".to_owned(),
        TypeSchema::Integer | TypeSchema::Long => "Integer".to_owned(),
        TypeSchema::Double => "Float".to_owned(),
        TypeSchema::Text | TypeSchema::Bytes => "String".to_owned(),
        TypeSchema::List(inner) => format!("Array<{}>", ruby_type(service, *inner)),
        TypeSchema::Map(inner) => format!("Hash{{String => {}}}", ruby_type(service, *inner)),
        TypeSchema::Optional(inner) => format!("{}, nil", ruby_type(service, *inner)),
        TypeSchema::Enum(names) => {
            format!("{}, Symbol, String", type_name(service.entry, names.name))
        }
        TypeSchema::Model(model) => type_name(service.entry, model.name),
        TypeSchema::Union(union) => type_name(service.entry, union.name),
        TypeSchema::Records => "RecordBatch".to_owned(),
        TypeSchema::RecordSchema => "RecordSchema".to_owned(),
        other => super::unsupported(other),
    }
}
