//! The columns of tuple records.

use std::sync::Arc;

use hubstream::error::{Error, ErrorKind};
use hubstream::record::{Field, FieldType, RecordSchema};
use napi::Env;
use napi::bindgen_prelude::Result;
use napi_derive::napi;

use crate::error::to_js;

/// One column.
#[napi(object)]
pub struct NativeField {
    /// The name.
    pub name: String,
    /// The name of the type.
    pub r#type: String,
    /// Whether a value may be null.
    pub allow_null: bool,
    /// Free text.
    pub comment: String,
}

/// The columns of tuple records.
#[napi(js_name = "RecordSchema")]
pub struct NativeSchema {
    pub(crate) schema: Arc<RecordSchema>,
}

#[napi]
impl NativeSchema {
    /// Makes a schema of its columns.
    #[napi(constructor)]
    pub fn new(env: &Env, fields: Vec<NativeField>) -> Result<Self> {
        let schema = fields
            .into_iter()
            .map(column)
            .collect::<hubstream::error::Result<Vec<_>>>()
            .and_then(RecordSchema::new)
            .map_err(|error| to_js(env, &error))?;
        Ok(Self {
            schema: Arc::new(schema),
        })
    }

    /// Reads a schema from its JSON text.
    #[napi(factory)]
    pub fn parse(env: &Env, text: String) -> Result<Self> {
        let schema = RecordSchema::from_json(&text).map_err(|error| to_js(env, &error))?;
        Ok(Self {
            schema: Arc::new(schema),
        })
    }

    /// The columns in order.
    #[napi]
    pub fn fields(&self) -> Vec<NativeField> {
        let field = |field: &Field| NativeField {
            name: field.name.clone(),
            r#type: field.field_type.name().to_owned(),
            allow_null: field.allow_null,
            comment: field.comment.as_str().to_owned(),
        };
        self.schema.fields().iter().map(field).collect()
    }

    /// The schema as JSON text.
    #[napi]
    pub fn text(&self) -> String {
        self.schema.to_json()
    }

    /// Whether both have the same names, types and nullability in the same order.
    #[napi]
    pub fn has_layout_of(&self, other: &NativeSchema) -> bool {
        self.schema.has_layout_of(&other.schema)
    }
}

fn column(field: NativeField) -> hubstream::error::Result<Field> {
    let field_type = FieldType::from_name(&field.r#type).ok_or_else(|| {
        let names: Vec<_> = FieldType::ALL.iter().map(|known| known.name()).collect();
        let message = format!(
            "column `{}`: the type must be one of {}",
            field.name,
            names.join(", ")
        );
        Error::new(ErrorKind::InvalidArgument, message).with_sent(false)
    })?;
    let column = Field::new(field.name, field_type).with_comment(field.comment);
    Ok(if field.allow_null {
        column
    } else {
        column.not_null()
    })
}
