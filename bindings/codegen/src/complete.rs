//! Nothing is described without words, and the words reach every language.

use hubstream::config::KEYS;
use hubstream::error::ErrorKind;
use hubstream::schema::{DefaultValue, FieldSchema, TypeSchema};

use crate::description::{Service, client_stats, services};
use crate::{Output, docs, python, root, typescript, uniffi};

const KOTLIN: &str = "bindings/uniffi/kotlin/src/main/kotlin/io/hubstream/hubstream.kt";
const SWIFT: &str = "bindings/uniffi/swift/Sources/Hubstream/Hubstream.swift";

/// A description and what it is of.
struct Text {
    place: String,
    docs: &'static str,
}

impl Text {
    fn new(place: impl Into<String>, docs: &'static str) -> Self {
        let place = place.into();
        Self { place, docs }
    }
}

/// All descriptions of a service.
fn texts(service: &Service) -> Vec<Text> {
    let name = service.entry.name;
    let mut texts = Vec::new();
    let mut group = |owner: &str, docs, fields: &'static [FieldSchema]| {
        texts.push(Text::new(format!("{name}: {owner}"), docs));
        for field in fields {
            texts.push(Text::new(
                format!("{name}: {owner}.{}", field.name),
                field.docs,
            ));
        }
    };
    for operation in service.entry.operations {
        group(operation.method, operation.docs, operation.fields);
    }
    for model in &service.models {
        group(model.name, model.docs, model.fields);
    }
    for union in &service.unions {
        group(union.name, union.docs, &[]);
    }
    for names in &service.enums {
        group(names.name, names.docs, &[]);
    }
    let variants = service.enums.iter().flat_map(|names| {
        let place = |variant: &str| format!("{name}: {}.{variant}", names.name);
        names
            .variants
            .iter()
            .map(move |variant| Text::new(place(variant.name), variant.docs))
    });
    texts.extend(variants);
    texts
}

fn is_sentence(docs: &str) -> bool {
    let begins = |first: char| first.is_uppercase() || first.is_numeric() || first == '`';
    docs.trim_start().starts_with(begins) && docs.trim_end().ends_with(['.', ':'])
}

#[test]
fn a_model_has_the_members_of_the_one_that_it_extends() {
    let services = services();
    let models = services.iter().flat_map(|service| &service.models);
    let mut found = 0;
    for (model, base) in models.filter_map(|model| Some((model, model.extends?))) {
        for member in base.fields {
            let same = |field: &&FieldSchema| (field.name, field.ty) == (member.name, member.ty);
            let place = format!("{}.{} of {}", base.name, member.name, model.name);
            assert!(model.fields.iter().any(|field| same(&field)), "{place}");
        }
        found += 1;
    }
    assert!(found > 0);
}

#[test]
fn a_model_passes_over_what_those_that_extend_it_have_besides() {
    for service in services() {
        for model in &service.models {
            let mut besides: Vec<&str> = Vec::new();
            for member in service.derived(model).flat_map(|other| other.fields) {
                let is_known = model.fields.iter().any(|field| field.name == member.name);
                if !is_known && !besides.contains(&member.name) {
                    besides.push(member.name);
                }
            }
            let mut further = model.further.to_vec();
            further.sort_unstable();
            besides.sort_unstable();
            if service.is_argument(model) {
                assert_eq!(further, besides, "{}", model.name);
            } else {
                assert!(further.is_empty(), "{}", model.name);
            }
        }
    }
}

#[test]
fn everything_is_described_in_sentences() {
    let mut all: Vec<Text> = services().iter().flat_map(texts).collect();
    let stats = client_stats();
    all.extend(
        stats
            .fields
            .iter()
            .map(|field| Text::new(field.name, field.docs)),
    );
    all.extend(KEYS.iter().map(|key| Text::new(key.name, key.docs)));
    all.extend(
        ErrorKind::ALL
            .iter()
            .map(|kind| Text::new(kind.name(), kind.docs())),
    );
    assert!(all.len() > 500, "{} descriptions", all.len());
    let wrong: Vec<_> = all
        .iter()
        .filter(|text| !is_sentence(text.docs))
        .map(|text| format!("{}: {:?}", text.place, text.docs))
        .collect();
    assert!(wrong.is_empty(), "{} {wrong:#?}", wrong.len());
}

#[test]
fn kinds_of_errors_have_the_names_that_programs_see() {
    let variants: Vec<_> = ErrorKind::ALL
        .iter()
        .map(|kind| format!("`{kind:?}`"))
        .collect();
    let wrong: Vec<_> = services()
        .iter()
        .flat_map(texts)
        .filter(|text| variants.iter().any(|name| text.docs.contains(name)))
        .map(|text| format!("{}: {:?}", text.place, text.docs))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The arguments of operations, and the members of models that are given in arguments.
fn given(service: &Service) -> Vec<(String, &'static FieldSchema)> {
    let calls = service.entry.operations.iter();
    let calls = calls.map(|operation| (operation.method, operation.fields));
    let models = service
        .models
        .iter()
        .filter(|model| service.is_argument(model));
    let models = models.map(|model| (model.name, model.fields));
    calls
        .chain(models)
        .flat_map(|(owner, fields)| {
            fields
                .iter()
                .map(move |field| (format!("{owner}.{}", field.name), field))
        })
        .collect()
}

fn says(docs: &str, words: &[&str]) -> bool {
    let docs = docs.to_lowercase();
    words.iter().any(|word| docs.contains(word))
}

#[test]
fn what_may_be_left_out_says_what_that_means() {
    let wrong: Vec<_> = services()
        .iter()
        .flat_map(given)
        .filter(|(_, field)| field.default == Some(DefaultValue::Absent))
        .filter(|(_, field)| !says(field.docs, &["absent"]))
        .map(|(place, field)| format!("{place}: {}", field.docs))
        .collect();
    assert!(wrong.is_empty(), "{} {wrong:#?}", wrong.len());
}

fn is_number(ty: TypeSchema) -> bool {
    match ty {
        TypeSchema::Integer | TypeSchema::Long | TypeSchema::Double => true,
        TypeSchema::Optional(inner) | TypeSchema::List(inner) | TypeSchema::Map(inner) => {
            is_number(*inner)
        }
        _ => false,
    }
}

#[test]
fn numbers_say_their_unit_or_range() {
    let units = [
        "number of",
        "seconds",
        "minutes",
        "hours",
        "days",
        "bytes",
        " per ",
        "at least",
    ];
    let wrong: Vec<_> = services()
        .iter()
        .flat_map(given)
        .filter(|(_, field)| is_number(field.ty) && !field.name.ends_with("_id"))
        .filter(|(_, field)| !says(field.docs, &units))
        .filter(|(_, field)| !field.docs.contains(|letter: char| letter.is_ascii_digit()))
        .map(|(place, field)| format!("{place}: {}", field.docs))
        .collect();
    assert!(wrong.is_empty(), "{} {wrong:#?}", wrong.len());
}

/// Only letters and digits: what languages write otherwise, as names and line breaks, is left out.
fn bare(text: &str) -> String {
    let letters = text.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

fn file(path: &str) -> Output {
    let text = std::fs::read_to_string(root().join(path)).unwrap();
    let path = path.to_owned();
    Output { path, text }
}

/// What users of a language read: files that are written here, or that `UniFFI` makes from them.
fn written(language: &str) -> String {
    let outputs = match language {
        "docs" => docs::render(),
        "Python" => {
            let mut outputs = python::render();
            outputs.push(file("python/src/hubstream/record_schema.py"));
            outputs
        }
        "TypeScript" => typescript::render(),
        "Ruby" => uniffi::render()
            .into_iter()
            .filter(|output| output.path.contains("/ruby/"))
            .collect(),
        path => vec![file(path)],
    };
    bare(
        &outputs
            .into_iter()
            .map(|output| output.text)
            .collect::<String>(),
    )
}

#[test]
fn every_description_reaches_every_language() {
    let mut missing = Vec::new();
    let texts: Vec<Text> = services().iter().flat_map(texts).collect();
    for language in ["docs", "Python", "TypeScript", "Ruby", KOTLIN, SWIFT] {
        let written = written(language);
        let lost = texts
            .iter()
            .filter(|text| !written.contains(&bare(text.docs)));
        missing.extend(lost.map(|text| format!("{language}: {}: {}", text.place, text.docs)));
    }
    assert!(missing.is_empty(), "{} {missing:#?}", missing.len());
}

#[test]
fn parameters_are_described_at_their_operation() {
    let mut missing = Vec::new();
    for (path, mark) in [(KOTLIN, "param"), (SWIFT, "parameter")] {
        let written = written(path);
        for operation in services()
            .iter()
            .flat_map(|service| service.entry.operations)
        {
            let mut whole = bare(operation.docs);
            for field in operation.fields {
                whole += &[mark, &bare(field.name), &bare(field.docs)].concat();
            }
            if !written.contains(&whole) {
                missing.push(format!("{path}: {}", operation.method));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
