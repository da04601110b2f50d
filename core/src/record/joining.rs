//! Joining batches, and reading them through other schemas.

use std::collections::HashMap;
use std::sync::Arc;

use super::chunk::NONE;
use super::{Field, Part, RecordBatch, RecordSchema, Shared};
use crate::error::{Error, Result};

impl RecordBatch {
    /// The records of several batches one after another, sharing memory.
    ///
    /// All batches must hold blobs, or tuples of the same columns. No batch at all gives an empty batch of blobs.
    pub fn concat(batches: &[Self]) -> Result<Self> {
        let Some(first) = batches.first() else {
            return Ok(Self::empty(None));
        };
        let schema = first.schema().cloned();
        let mut parts = Vec::new();
        let mut len = 0;
        for batch in batches {
            let fits = match (&schema, batch.schema()) {
                (None, None) => true,
                (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a.has_layout_of(b),
                _ => false,
            };
            if !fits {
                return Err(Error::invalid_argument(
                    "batches",
                    "records of different columns cannot be joined",
                ));
            }
            batch.push_parts(&mut parts, &mut len);
        }
        Ok(Self {
            shared: Arc::new(Shared { schema, parts }),
            start: 0,
            len,
        })
    }

    fn push_parts(&self, parts: &mut Vec<Part>, len: &mut usize) {
        let mut begin = 0;
        for part in &self.shared.parts {
            let from = self.start.max(begin);
            let to = (self.start + self.len).min(part.end);
            if from < to {
                *len += to - from;
                parts.push(Part {
                    chunk: Arc::clone(&part.chunk),
                    first: part.first + from - begin,
                    end: *len,
                    columns: part.columns.clone(),
                });
            }
            begin = part.end;
        }
    }

    /// The same records read through another schema: columns are found by name.
    ///
    /// A column that the records do not have reads as null. A column of another type is converted if
    /// nothing is lost, else reading its values fails. Fails at once when the batch holds blobs.
    pub fn with_schema(&self, schema: &Arc<RecordSchema>) -> Result<Self> {
        match self.schema() {
            Some(known) if Arc::ptr_eq(known, schema) => Ok(self.clone()),
            _ => Self::through(schema, std::slice::from_ref(self)),
        }
    }

    /// The records of several batches, all read through one schema as [`RecordBatch::with_schema`] does.
    pub(crate) fn through(schema: &Arc<RecordSchema>, batches: &[Self]) -> Result<Self> {
        let mut parts = Vec::new();
        let mut len = 0;
        // There may be a part per record, but there are few schemas; parts of one schema share their columns.
        let mut seen = HashMap::new();
        for batch in batches {
            let Some(known) = batch.schema() else {
                return Err(Error::invalid_argument(
                    "schema",
                    "blob records have no columns",
                ));
            };
            let first = parts.len();
            batch.push_parts(&mut parts, &mut len);
            for part in &mut parts[first..] {
                let written = part.chunk.schema.as_ref().unwrap_or(known);
                let columns = seen
                    .entry(Arc::as_ptr(written))
                    .or_insert_with(|| columns_of(schema, written));
                part.columns.clone_from(columns);
            }
        }
        Ok(Self {
            shared: Arc::new(Shared {
                schema: Some(Arc::clone(schema)),
                parts,
            }),
            start: 0,
            len,
        })
    }
}

/// The places of the columns of a schema among those of another one; `None` if both are the same.
fn columns_of(schema: &RecordSchema, written: &RecordSchema) -> Option<Arc<[u32]>> {
    let place = |field: &Field| written.position(&field.name);
    let columns: Arc<[u32]> = schema
        .fields()
        .iter()
        .map(|field| place(field).map_or(NONE, |place| place as u32))
        .collect();
    let same = columns.iter().enumerate().all(|(column, place)| {
        column as u32 == *place
            && schema.fields()[column].field_type == written.fields()[column].field_type
    });
    (!same).then_some(columns)
}
