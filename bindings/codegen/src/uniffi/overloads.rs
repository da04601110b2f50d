//! Calls of Kotlin and Swift that take a model where one is asked that it is derived from: there the classes of models
//! are not derived from each other.

use hubstream::schema::{DefaultValue, FieldSchema, ModelSchema, OperationSchema, TypeSchema};
use serde::Serialize;

use super::{type_name, unsupported};
use crate::description::Service;
use crate::docs::camel;

/// A language that has no derived models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Kotlin,
    Swift,
}

#[derive(Serialize)]
pub(super) struct View {
    conversions: Vec<ConversionView>,
    overloads: Vec<OverloadView>,
}

/// From a derived model to the one that it is derived from.
#[derive(Serialize)]
struct ConversionView {
    from: String,
    to: String,
    members: Vec<String>,
}

/// A call with another model in place of the one that is asked.
#[derive(Serialize)]
struct OverloadView {
    client: &'static str,
    method: String,
    parameters: Vec<ParameterView>,
    returns: String,
    given: String,
    argument: String,
    asked: String,
    is_map: bool,
}

#[derive(Serialize)]
struct ParameterView {
    name: String,
    ty: String,
    default: Option<String>,
    is_converted: bool,
}

pub(super) fn view(services: &[Service], language: Language) -> View {
    let mut view = View {
        conversions: Vec::new(),
        overloads: Vec::new(),
    };
    for service in services {
        let bases = service
            .models
            .iter()
            .filter(|model| service.is_argument(model));
        for base in bases {
            for derived in service.derived(base) {
                view.conversions.push(conversion(service, derived, base));
            }
        }
        for operation in service.entry.operations {
            for field in operation.fields {
                let Some(base) = asked(field.ty) else {
                    continue;
                };
                let derived = service.derived(base);
                view.overloads.extend(
                    derived.map(|derived| {
                        overload(service, operation, (field, base), derived, language)
                    }),
                );
            }
        }
    }
    view
}

/// The model that an argument is, or that the values of a map are.
fn asked(ty: TypeSchema) -> Option<&'static ModelSchema> {
    match ty {
        TypeSchema::Model(model) => Some(model),
        TypeSchema::Optional(inner) | TypeSchema::Map(inner) => asked(*inner),
        _ => None,
    }
}

fn conversion(service: &Service, from: &ModelSchema, to: &ModelSchema) -> ConversionView {
    ConversionView {
        from: type_name(service.entry, from.name),
        to: type_name(service.entry, to.name),
        members: to.fields.iter().map(|field| camel(field.name)).collect(),
    }
}

fn overload(
    service: &Service,
    operation: &OperationSchema,
    (argument, base): (&FieldSchema, &ModelSchema),
    derived: &ModelSchema,
    language: Language,
) -> OverloadView {
    let given = type_name(service.entry, derived.name);
    let parameters = operation.fields.iter().map(|field| {
        let is_converted = field.name == argument.name;
        let ty = match field.ty {
            TypeSchema::Map(_) if is_converted && language == Language::Kotlin => {
                format!("Map<String, {given}>")
            }
            TypeSchema::Map(_) if is_converted => format!("[String: {given}]"),
            _ if is_converted => given.clone(),
            ty => type_text(service, ty, language),
        };
        ParameterView {
            name: camel(field.name),
            ty,
            default: (!is_converted)
                .then(|| default_text(field, language))
                .flatten(),
            is_converted,
        }
    });
    OverloadView {
        client: service.entry.client,
        method: camel(operation.method),
        parameters: parameters.collect(),
        returns: match operation.returns {
            TypeSchema::Unit => String::new(),
            other => type_text(service, other, language),
        },
        argument: camel(argument.name),
        asked: type_name(service.entry, base.name),
        is_map: matches!(argument.ty, TypeSchema::Map(_)),
        given,
    }
}

fn type_text(service: &Service, ty: TypeSchema, language: Language) -> String {
    match ty {
        TypeSchema::Integer | TypeSchema::Long => match language {
            Language::Kotlin => "Long".to_owned(),
            Language::Swift => "Int64".to_owned(),
        },
        TypeSchema::Text => "String".to_owned(),
        TypeSchema::Optional(inner) => format!("{}?", type_text(service, *inner, language)),
        TypeSchema::Model(model) => type_name(service.entry, model.name),
        TypeSchema::RecordSchema => "RecordSchema".to_owned(),
        other => unsupported(other),
    }
}

fn default_text(field: &FieldSchema, language: Language) -> Option<String> {
    Some(match field.default? {
        DefaultValue::Absent if language == Language::Kotlin => "null".to_owned(),
        DefaultValue::Absent => "nil".to_owned(),
        DefaultValue::Integer(number) if language == Language::Kotlin => format!("{number}L"),
        DefaultValue::Integer(number) => number.to_string(),
        DefaultValue::Text(text) => format!("{text:?}"),
        other => panic!("default without a form in an overload: {other:?}"),
    })
}
