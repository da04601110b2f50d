//! Puts of Arrow data of other libraries.

use hubstream::schema::{OperationSchema, TypeSchema};
use serde::Serialize;

use crate::description::Service;

use super::WIDTH;

/// What the documentation of such a put says beside that of the core.
pub(super) const DOCS: &str = "\n\nArrow data is mapped to the columns of the topic, which the \
    service is asked for; see `RecordBatch.from_arrow`. It is read batch by batch and put in as many \
    requests as its size needs, one after the other; what is said above holds for each of them. If \
    one fails, a note of the exception says how many records were put before.";

/// What the documentation of the argument says beside that of the core.
pub(super) const ARGUMENT: &str =
    "; or Arrow data of any size: a table, a data frame, a relation, a stream.";

/// How a method puts Arrow data.
#[derive(Serialize)]
pub(super) struct Arrow {
    /// The argument with the records.
    argument: &'static str,
    /// The call that tells the columns.
    lookup: String,
    /// The member of its result that has them.
    member: &'static str,
    /// The result of a put.
    returns: String,
    /// The statement that puts some of the data.
    put: String,
}

impl Arrow {
    pub(super) fn new(
        service: &Service,
        operation: &OperationSchema,
        (columns, member): (&OperationSchema, &'static str),
        is_async: bool,
    ) -> Self {
        let wait = if is_async { "await " } else { "" };
        let names: Vec<&str> = columns.fields.iter().map(|field| field.name).collect();
        let is_records = |ty| ty == TypeSchema::Records;
        let mut fields = operation.fields.iter();
        let argument = fields
            .find(|field| is_records(field.ty))
            .map_or("", |field| field.name);
        let given = operation.fields.iter();
        let given = given.map(|field| {
            if is_records(field.ty) {
                "records"
            } else {
                field.name
            }
        });
        let given: Vec<&str> = std::iter::once("self").chain(given).collect();
        let returns = super::types::annotation(operation.returns, "models.");
        let target = format!(
            "return {wait}{}Base.{}",
            service.entry.client, operation.method
        );
        Self {
            argument,
            lookup: format!("{wait}self.{}({})", columns.method, names.join(", ")),
            member,
            returns,
            put: laid_out(&target, &given.join(", ")),
        }
    }
}

/// A call inside a function inside a method, as the formatter writes it.
fn laid_out(target: &str, arguments: &str) -> String {
    let blanks = " ".repeat(16);
    let line = format!("{blanks}{target}({arguments})");
    if line.len() <= WIDTH {
        return line;
    }
    format!("{blanks}{target}(\n{blanks}    {arguments}\n{blanks})")
}
