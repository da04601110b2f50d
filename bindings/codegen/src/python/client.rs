//! Clients: settings, and one method for each operation.

use std::collections::BTreeSet;

use hubstream::config::{KEYS, SettingKey, SettingKind};
use hubstream::error::ErrorKind;
use hubstream::schema::{OperationSchema, TypeSchema};
use minijinja::value::Serde;
use minijinja::{Value, context};

use crate::description::Service;

use super::arrow::{self, Arrow};
use super::docs::{docstring, sentence};
use super::types::{annotation, argument_annotation, decode, default, encode};
use super::{WIDTH, import_line};

/// The indentation of a method's body.
const INDENT: &str = "        ";

/// What the template of a client needs.
pub(super) fn client_context(service: &Service, is_async: bool) -> Value {
    let entry = service.entry;
    let operations: Vec<Value> = entry
        .operations
        .iter()
        .map(|operation| method(service, operation, is_async))
        .collect();
    let mut uses = Uses::default();
    for operation in entry.operations {
        for field in operation.fields {
            uses.argument(field.ty);
        }
        uses.arrow |= service.columns_of(operation).is_some();
    }
    let keys: Vec<&SettingKey> = KEYS
        .iter()
        .filter(|key| key.applies_to(entry.name))
        .collect();
    let settings: Vec<Value> = keys.iter().map(|key| setting(key)).collect();
    let constructors = Constructors::new(entry.name, &keys);
    context! {
        name => entry.name,
        title => entry.title,
        client => entry.client,
        is_async,
        operations,
        settings,
        init_docs => constructors.init,
        env_docs => constructors.env,
        url_docs => constructors.url,
        collections => uses.collections(),
        any => uses.any,
        base_import => base_import(is_async, &uses.helpers()),
        record_types => uses.record_types(),
        arrow => uses.arrow,
    }
}

/// The docstrings of what makes a client.
struct Constructors {
    init: String,
    env: String,
    url: String,
}

impl Constructors {
    fn new(service: &str, keys: &[&SettingKey]) -> Self {
        let settings = || {
            keys.iter()
                .map(|key| (key.name.to_owned(), setting_docs(key)))
        };
        let credential = (
            "credential".to_owned(),
            "Gives the credentials of each request: a callable that returns (id, key), (id, key, token) \
             or (id, key, token, expires_at), or an object with the method get_credential."
                .to_owned(),
        );
        let all: Vec<_> = settings().chain([credential.clone()]).collect();
        let url = ("url".to_owned(), "The connection URL.".to_owned());
        let with_url: Vec<_> = std::iter::once(url)
            .chain(settings().filter(|(name, _)| name != "endpoint"))
            .chain([credential])
            .collect();
        Self {
            init: constructor("Makes a client. Nothing is sent.", &all),
            env: constructor(
                &format!(
                    "Makes a client from environment variables such as `{}_ENDPOINT`.\n\nThe arguments \
                     are settings that count more than the environment.",
                    service.to_uppercase()
                ),
                &all,
            ),
            url: constructor(
                &format!(
                    "Makes a client from a connection URL, `{service}+https://ID:KEY@host/?setting=value`.\n\n\
                     The arguments are settings that count more than the URL."
                ),
                &with_url,
            ),
        }
    }
}

/// The docstring of a function that takes settings and gives a client.
fn constructor(text: &str, arguments: &[(String, String)]) -> String {
    let raises = [(
        "InvalidArgumentError".to_owned(),
        "If a setting is refused.".to_owned(),
    )];
    docstring(text, &[("Args", arguments), ("Raises", &raises)], 8)
}

/// The import of the class of clients and of the conversions that their arguments need.
fn base_import(is_async: bool, helpers: &[&str]) -> String {
    let class = if is_async {
        "AsyncClient"
    } else {
        "SyncClient"
    };
    let names: Vec<&str> = std::iter::once(class)
        .chain(helpers.iter().copied())
        .collect();
    import_line("hubstream._base", &names)
}

/// What the arguments of a service need to import.
#[derive(Default)]
struct Uses {
    any: bool,
    arrow: bool,
    mapping: bool,
    sequence: bool,
    model: bool,
    model_list: bool,
    model_map: bool,
    union: bool,
    texts: bool,
    records: bool,
    schema: bool,
}

impl Uses {
    fn argument(&mut self, ty: TypeSchema) {
        match ty {
            TypeSchema::Optional(inner) => self.argument(*inner),
            TypeSchema::List(TypeSchema::Model(_)) => {
                self.model_list = true;
                self.sequence = true;
                self.mapping = true;
                self.any = true;
            }
            TypeSchema::Map(TypeSchema::Model(_)) => {
                self.model_map = true;
                self.mapping = true;
                self.any = true;
            }
            TypeSchema::List(inner) => {
                self.sequence = true;
                self.texts |= *inner == TypeSchema::Text;
                self.argument(*inner);
            }
            TypeSchema::Map(inner) => {
                self.mapping = true;
                self.argument(*inner);
            }
            TypeSchema::Model(_) => {
                self.model = true;
                self.mapping = true;
                self.any = true;
            }
            TypeSchema::Union(_) => {
                self.union = true;
                self.mapping = true;
                self.any = true;
            }
            TypeSchema::Records => {
                self.records = true;
                self.sequence = true;
            }
            TypeSchema::RecordSchema => self.schema = true,
            _ => {}
        }
    }

    fn collections(&self) -> Vec<&'static str> {
        let wanted = [("Mapping", self.mapping), ("Sequence", self.sequence)];
        chosen(&wanted)
    }

    fn helpers(&self) -> Vec<&'static str> {
        chosen(&[
            ("batch_of", self.records),
            ("handle_of", self.schema),
            ("is_arrow", self.arrow),
            ("member_list", self.model_list),
            ("member_map", self.model_map),
            ("members", self.model),
            ("tagged_members", self.union),
            ("texts", self.texts),
        ])
    }

    fn record_types(&self) -> Vec<&'static str> {
        chosen(&[
            ("Record", self.records),
            ("RecordBatch", self.records),
            ("RecordSchema", self.schema),
        ])
    }
}

fn chosen(wanted: &[(&'static str, bool)]) -> Vec<&'static str> {
    wanted
        .iter()
        .filter(|(_, used)| *used)
        .map(|(name, _)| *name)
        .collect()
}

fn setting(key: &SettingKey) -> Value {
    let annotation = match key.kind {
        SettingKind::Boolean => "bool | None",
        SettingKind::Integer => "int | None",
        SettingKind::Seconds => "float | timedelta | None",
        _ => "str | None",
    };
    context! { name => key.name, annotation }
}

fn setting_docs(key: &SettingKey) -> String {
    let mut text = key.docs.to_owned();
    if key.kind == SettingKind::Seconds {
        text.push_str(" In seconds.");
    }
    if !key.default.is_empty() {
        text.push_str(" Default: ");
        text.push_str(key.default);
        text.push('.');
    }
    text
}

fn method(service: &Service, operation: &OperationSchema, is_async: bool) -> Value {
    let arrow = service
        .columns_of(operation)
        .map(|columns| Arrow::new(service, operation, columns, is_async));
    let parameters: Vec<String> = operation
        .fields
        .iter()
        .map(|field| {
            let mut annotation = argument_annotation(field.ty);
            if let Some(names) = field.accepts {
                annotation = format!("{annotation} | {}", argument_annotation(names));
            }
            if arrow.is_some() && field.ty == TypeSchema::Records {
                annotation.push_str(" | ArrowData");
            }
            match default(field) {
                Some(value) => format!("{}: {annotation} = {value}", field.name),
                None => format!("{}: {annotation}", field.name),
            }
        })
        .collect();
    let returns = annotation(operation.returns, "models.");
    let keyword = if is_async { "async def" } else { "def" };
    let signature = signature(keyword, operation.method, &parameters, &returns);
    let members: Vec<String> = operation
        .fields
        .iter()
        .map(|field| format!("\"{}\": {}", field.name, encode(field.ty, field.name)))
        .collect();
    let call = call(operation, &members, is_async);
    let arguments: Vec<(String, String)> = operation
        .fields
        .iter()
        .map(|field| {
            let mut docs = sentence(field.docs);
            if arrow.is_some() && field.ty == TypeSchema::Records {
                docs.truncate(docs.trim_end_matches('.').len());
                docs.push_str(arrow::ARGUMENT);
            }
            (field.name.to_owned(), docs)
        })
        .collect();
    let returned = returned(operation.returns);
    let raises = raises(operation);
    let mut docs = operation.docs.to_owned();
    if arrow.is_some() {
        docs.push_str(arrow::DOCS);
    }
    let docs = docstring(
        &docs,
        &[
            ("Args", &arguments),
            ("Returns", &returned),
            ("Raises", &raises),
        ],
        8,
    );
    context! { signature, docs, call, arrow => Value::from(Serde(arrow)) }
}

fn returned(returns: TypeSchema) -> Vec<(String, String)> {
    match returns {
        TypeSchema::Model(model) => vec![(String::new(), sentence(model.docs))],
        _ => Vec::new(),
    }
}

/// The exceptions whose kinds the documentation names, and those that every call may raise.
fn raises(operation: &OperationSchema) -> Vec<(String, String)> {
    let mut named: BTreeSet<usize> = BTreeSet::new();
    for (place, kind) in ErrorKind::ALL.iter().enumerate() {
        if operation.docs.contains(&format!("`{kind:?}`")) {
            named.insert(place);
        }
    }
    let mut raises = Vec::new();
    if !operation.fields.is_empty() {
        raises.push((
            "InvalidArgumentError".to_owned(),
            "If an argument is refused.".to_owned(),
        ));
    }
    for place in named {
        let kind = ErrorKind::ALL[place];
        if kind != ErrorKind::InvalidArgument {
            raises.push((format!("{kind:?}Error"), kind.docs().to_owned()));
        }
    }
    raises.push((
        "HubstreamError".to_owned(),
        "If the call fails in another way.".to_owned(),
    ));
    raises
}

fn signature(keyword: &str, name: &str, parameters: &[String], returns: &str) -> String {
    let one_line = format!(
        "    {keyword} {name}({}) -> {returns}:",
        [&["self".to_owned()], parameters].concat().join(", ")
    );
    if one_line.len() <= WIDTH {
        return one_line;
    }
    let mut text = format!("    {keyword} {name}(\n        self,\n");
    for parameter in parameters {
        text.push_str("        ");
        text.push_str(parameter);
        text.push_str(",\n");
    }
    text.push_str("    ) -> ");
    text.push_str(returns);
    text.push(':');
    text
}

/// The statements that perform a call, laid out as the formatter of the package would.
fn call(operation: &OperationSchema, members: &[String], is_async: bool) -> String {
    let target = if operation.returns == TypeSchema::Unit {
        ""
    } else {
        "value = "
    };
    let wait = if is_async { "await " } else { "" };
    let dict = members.join(", ");
    let one_line = format!(
        "{INDENT}{target}{wait}self._call(\"{}\", {{{dict}}})",
        operation.name
    );
    let mut text = if one_line.len() <= WIDTH {
        one_line
    } else {
        format!(
            "{INDENT}{target}{wait}self._call(\n{}\n{INDENT})",
            call_arguments(operation.name, members)
        )
    };
    if operation.returns != TypeSchema::Unit {
        text.push('\n');
        text.push_str(INDENT);
        text.push_str("return ");
        text.push_str(&decode(operation.returns, "value", "models."));
    }
    text
}

/// Name and arguments of a call that does not fit one line.
fn call_arguments(name: &str, members: &[String]) -> String {
    let one_line = format!("{INDENT}    \"{name}\", {{{}}}", members.join(", "));
    if one_line.len() <= WIDTH && members.len() > 1 {
        return one_line;
    }
    let mut lines = vec![
        format!("{INDENT}    \"{name}\","),
        format!("{INDENT}    {{"),
    ];
    lines.extend(
        members
            .iter()
            .map(|member| format!("{INDENT}        {member},")),
    );
    lines.push(format!("{INDENT}    }},"));
    lines.join("\n")
}
