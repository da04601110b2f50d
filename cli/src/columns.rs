//! Record schemas on the command line: `id:BIGINT:notnull,name:STRING`, or JSON.

use std::sync::Arc;

use hubstream::record::{Field, FieldType, RecordSchema};

use crate::failure::Failure;

/// Reads a record schema.
pub(crate) fn parse(text: &str) -> Result<Arc<RecordSchema>, Failure> {
    let text = text.trim();
    let schema = if text.starts_with('{') {
        RecordSchema::from_json(text)
    } else {
        let fields = text.split(',').map(|column| field(column.trim()));
        RecordSchema::new(fields.collect::<Result<_, _>>()?)
    };
    schema.map(Arc::new).map_err(Failure::from)
}

fn field(text: &str) -> Result<Field, Failure> {
    let mut parts = text.split(':').map(str::trim);
    let (Some(name), Some(kind)) = (parts.next(), parts.next()) else {
        return Err(Failure::usage(format!(
            "column `{text}` must be NAME:TYPE or NAME:TYPE:notnull"
        )));
    };
    let Some(field_type) = FieldType::from_name(kind) else {
        let known: Vec<_> = FieldType::ALL.iter().map(|kind| kind.name()).collect();
        return Err(Failure::usage(format!(
            "column `{name}` has the unknown type `{kind}`; known are {}",
            known.join(", ")
        )));
    };
    let field = Field::new(name, field_type);
    match (parts.next(), parts.next()) {
        (None, _) => Ok(field),
        (Some("notnull"), None) => Ok(field.not_null()),
        _ => Err(Failure::usage(format!(
            "column `{name}`: only `notnull` may follow the type"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_form_and_json_mean_the_same() {
        let short = parse("id:bigint:notnull, name : STRING").unwrap();
        let json = parse(
            r#"{"fields":[{"name":"id","type":"BIGINT","notnull":true},{"name":"name","type":"STRING"}]}"#,
        )
        .unwrap();
        assert_eq!(short, json);
    }

    #[test]
    fn bad_columns_are_refused() {
        for text in [
            "",
            "id",
            "id:DATE",
            "id:BIGINT:null",
            "id:BIGINT:notnull:x",
            ":STRING",
            "a:STRING,A:STRING",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
