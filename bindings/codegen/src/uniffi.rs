//! Renders the clients, models and errors of the UniFFI crate, and the Ruby layer above them.

mod overloads;
mod ruby;
mod rust;

use hubstream::connect::ServiceEntry;
use hubstream::error::ErrorKind;
use hubstream::schema::TypeSchema;
use serde::Serialize;

use crate::Output;
use crate::description::services;
use crate::template;
use overloads::Language;

/// All generated files of this language.
pub(crate) fn render() -> Vec<Output> {
    let services = services();
    vec![
        Output {
            path: "bindings/uniffi/src/generated.rs".to_owned(),
            text: template::render(
                include_str!("../templates/uniffi.rs.j2"),
                &rust::view(&services),
            ),
        },
        Output {
            path: "bindings/uniffi/ruby/lib/hubstream/operations.rb".to_owned(),
            text: template::render(
                include_str!("../templates/uniffi.rb.j2"),
                &ruby::view(&services),
            ),
        },
        Output {
            path: "bindings/uniffi/ruby/lib/hubstream/models.rb".to_owned(),
            text: template::render(
                include_str!("../templates/uniffi_models.rb.j2"),
                &ruby::view(&services),
            ),
        },
        Output {
            path: "bindings/uniffi/kotlin/src/main/kotlin/io/hubstream/Overloads.kt".to_owned(),
            text: template::render(
                include_str!("../templates/uniffi_overloads.kt.j2"),
                &overloads::view(&services, Language::Kotlin),
            ),
        },
        Output {
            path: "bindings/uniffi/swift/Sources/Hubstream/Overloads.swift".to_owned(),
            text: template::render(
                include_str!("../templates/uniffi_overloads.swift.j2"),
                &overloads::view(&services, Language::Swift),
            ),
        },
    ]
}

/// The name of a model or list of names among those of all services.
///
/// UniFFI has one namespace, and services share names such as `PutRecordsResult`: all services but
/// the first put their own name in front.
fn type_name(service: &ServiceEntry, name: &str) -> String {
    let is_first = hubstream::connect::SERVICES
        .first()
        .is_some_and(|first| first.name == service.name);
    let prefix = pascal(service.name);
    if is_first || name.starts_with(&prefix) {
        name.to_owned()
    } else {
        format!("{prefix}{name}")
    }
}

/// `RATE_LIMITED`, `rate_limited` → `RateLimited`.
fn pascal(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let mut characters = word.chars();
            characters.next().map_or_else(String::new, |first| {
                first.to_uppercase().collect::<String>() + &characters.as_str().to_lowercase()
            })
        })
        .collect()
}

/// Lines of a documentation text; an empty line between paragraphs.
fn lines(docs: &str) -> Vec<String> {
    docs.lines().map(|line| line.trim().to_owned()).collect()
}

/// A kind of error.
#[derive(Serialize)]
struct KindView {
    name: &'static str,
    variant: String,
    docs: &'static str,
}

fn kinds() -> Vec<KindView> {
    ErrorKind::ALL
        .iter()
        .map(|kind| KindView {
            name: kind.name(),
            variant: pascal(kind.name()),
            docs: kind.docs(),
        })
        .collect()
}

/// Ends the program: the descriptions use a type that these languages do not have yet.
fn unsupported(ty: TypeSchema) -> ! {
    panic!("type without a form in UniFFI: {ty:?}")
}
