//! The public data set of `examples/data`, and the checksum of its content.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use hubstream::record::{Record, RecordBatch, RecordBatchBuilder, RecordSchema, Value};
use sha2::{Digest, Sha256};

use crate::Failure;

/// How NULL is written.
const NULL: &str = r"\N";
/// The column whose value decides which shard a record goes to.
const KEY_COLUMN: &str = "destination";

/// Rows of texts with the columns that give them their types.
#[derive(Debug)]
pub struct DataSet {
    /// The columns.
    pub schema: Arc<RecordSchema>,
    rows: Vec<Vec<Option<String>>>,
}

impl DataSet {
    /// Reads the files of `examples/data`.
    pub fn load() -> Result<Self, Failure> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
        let schema = std::fs::read_to_string(directory.join("flights.schema.json"))?;
        let schema = Arc::new(RecordSchema::from_json(&schema)?);
        let text = std::fs::read_to_string(directory.join("flights.tsv"))?;
        let mut lines = text.lines().map(|line| line.split('\t'));
        let names = schema.fields().iter().map(|field| field.name.as_str());
        if !lines.next().is_some_and(|header| header.eq(names)) {
            return Err("flights.tsv and flights.schema.json have different columns".into());
        }
        let rows = lines.map(|line| line.map(unescaped).collect()).collect();
        Ok(Self { schema, rows })
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All rows as batches of records of at most `size`.
    pub fn batches(&self, size: usize) -> impl Iterator<Item = Result<RecordBatch, Failure>> {
        self.rows.chunks(size).map(|rows| self.batch(rows))
    }

    fn batch(&self, rows: &[Vec<Option<String>>]) -> Result<RecordBatch, Failure> {
        let key_column = self
            .schema
            .position(KEY_COLUMN)
            .ok_or("there is no destination")?;
        let mut builder = RecordBatchBuilder::tuples(Arc::clone(&self.schema));
        for row in rows {
            builder.begin_row()?;
            for value in row {
                match value {
                    Some(text) => builder.push_text(text)?,
                    None => builder.push_null()?,
                }
            }
            builder.end_row()?;
            builder.set_partition_key(row[key_column].as_deref().unwrap_or_default())?;
        }
        Ok(builder.build()?)
    }

    /// The checksum of all rows; see `examples/data/README.md`.
    pub fn checksum(&self) -> Result<String, Failure> {
        let mut lines = Vec::new();
        for batch in self.batches(1000) {
            for record in &batch? {
                lines.push(canonical(&record)?);
            }
        }
        Ok(checksum(lines))
    }
}

fn unescaped(text: &str) -> Option<String> {
    if text == NULL {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        out.push(match letter {
            '\\' => match letters.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                _ => '\\',
            },
            letter => letter,
        });
    }
    Some(out)
}

/// A record as the line that the checksum is made of.
pub fn canonical(record: &Record<'_>) -> Result<String, Failure> {
    let mut line = String::new();
    for (column, value) in record.values().enumerate() {
        if column > 0 {
            line.push('\t');
        }
        match value? {
            Value::Null => line.push_str(NULL),
            Value::Double(number) => write!(line, "{:016x}", number.to_bits())?,
            Value::String(text) => line.push_str(
                &text
                    .replace('\\', "\\\\")
                    .replace('\t', "\\t")
                    .replace('\n', "\\n"),
            ),
            other => write!(line, "{other}")?,
        }
    }
    Ok(line)
}

/// The checksum of lines in any order.
pub fn checksum(mut lines: Vec<String>) -> String {
    lines.sort_unstable();
    let mut digest = Sha256::new();
    for line in lines {
        digest.update(line.as_bytes());
        digest.update(b"\n");
    }
    digest
        .finalize()
        .iter()
        .fold(String::new(), |mut text, byte| {
            // Writing to a text cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_set_is_whole() {
        let data = DataSet::load().unwrap();
        assert_eq!((data.len(), data.schema.len()), (3375, 19));
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
        let expected = std::fs::read_to_string(directory.join("flights.checksum")).unwrap();
        assert_eq!(data.checksum().unwrap(), expected.trim());
    }

    #[test]
    fn the_checksum_does_not_depend_on_order() {
        let lines = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(checksum(lines(&["a", "b"])), checksum(lines(&["b", "a"])));
        assert_ne!(
            checksum(lines(&["a", "b"])),
            checksum(lines(&["a", "b", "b"]))
        );
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescaped(r"a\tb\n\\").as_deref(), Some("a\tb\n\\"));
        assert_eq!(
            (unescaped(NULL), unescaped("")),
            (None, Some(String::new()))
        );
    }
}
