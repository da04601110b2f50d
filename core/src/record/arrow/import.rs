//! Records out of Arrow columns.

use std::sync::Arc;

use arrow_array::Array;
use arrow_data::ArrayData;
use arrow_schema::{DataType, Fields};

use super::super::schema::folded;
use super::super::{RecordBatch, RecordBatchBuilder, RecordSchema};
use super::cast::{BlobCells, Cells, PairCells, TextCells, columns_of};
use super::metadata;
use crate::error::{Error, Result};

/// Turns the batches of an Arrow stream into records of a topic.
///
/// Columns are found by name, whatever the case. A column that the topic has and the data does not becomes null;
/// one that the data has and the topic does not is an error. These types are taken, also as dictionaries:
///
/// | topic | Arrow |
/// |---|---|
/// | TINYINT, SMALLINT, INTEGER, BIGINT | integers of all widths; decimals and floats without fraction; text |
/// | FLOAT, DOUBLE | floats, decimals; integers that can be kept exactly; text. 64 bits are rounded to FLOAT |
/// | DECIMAL | decimals, integers; text |
/// | BOOLEAN | booleans; text |
/// | TIMESTAMP | timestamps of any unit without a part below the microsecond, and dates; integers are microseconds; text of such |
/// | STRING, JSON | text |
/// | blob | one column of binary or text, named `data` if there are several |
///
/// A timestamp without a time zone is taken as UTC. The columns `__shard_id`, `__hash_key`, `__partition_key`
/// and `__attributes` set what their names say, and `__sequence` and `__system_time` are left out; so what
/// [`ArrowOptions::with_metadata`](super::ArrowOptions::with_metadata) gave can be put again.
///
/// All errors have kind `invalid_argument` and name the column; those of values name the record, counted from
/// the beginning of the stream.
#[derive(Debug)]
pub struct ArrowImport {
    schema: Option<Arc<RecordSchema>>,
    arrow: arrow_schema::SchemaRef,
    /// For every column of the topic its place in the data.
    columns: Vec<Option<usize>>,
    shard_id: Option<usize>,
    hash_key: Option<usize>,
    partition_key: Option<usize>,
    attributes: Option<usize>,
    records: usize,
}

impl ArrowImport {
    /// Maps the columns of a stream to those of a topic; `None` stands for blobs.
    ///
    /// Fails when a column is not known, occurs twice, is missing though it may not be null, or has a type
    /// that does not fit.
    pub fn new(
        schema: Option<&Arc<RecordSchema>>,
        arrow: &arrow_schema::SchemaRef,
    ) -> Result<Self> {
        let mut import = Self {
            schema: schema.cloned(),
            arrow: Arc::clone(arrow),
            columns: vec![None; schema.map_or(1, |schema| schema.len())],
            shard_id: None,
            hash_key: None,
            partition_key: None,
            attributes: None,
            records: 0,
        };
        for (place, field) in arrow.fields().iter().enumerate() {
            import.map_column(place, field.name())?;
        }
        import.check_missing()?;
        let fields = arrow.fields().iter();
        let empty = fields.map(|field| ArrayData::new_empty(field.data_type()));
        import.cells(&empty.collect::<Vec<_>>())?;
        Ok(import)
    }

    fn map_column(&mut self, place: usize, name: &str) -> Result<()> {
        let known = match &self.schema {
            Some(schema) => schema.position(name),
            None => self.blob_position(place, name),
        };
        let slot = match (known, folded(name).as_ref()) {
            (Some(column), _) => &mut self.columns[column],
            (None, metadata::SEQUENCE | metadata::SYSTEM_TIME) => return Ok(()),
            (None, metadata::SHARD_ID) => &mut self.shard_id,
            (None, metadata::HASH_KEY) => &mut self.hash_key,
            (None, metadata::PARTITION_KEY) => &mut self.partition_key,
            (None, metadata::ATTRIBUTES) => &mut self.attributes,
            (None, _) => {
                let whose = if self.schema.is_some() {
                    "the topic has no such column"
                } else {
                    "a blob topic takes one column, named `data` if there are several"
                };
                return Err(Error::invalid_argument(
                    "records",
                    format_args!("field `{name}`: {whose}"),
                ));
            }
        };
        if slot.replace(place).is_some() {
            return Err(Error::invalid_argument(
                "records",
                format_args!("field `{name}`: the data has two columns of this name"),
            ));
        }
        Ok(())
    }

    /// Blobs are in the column `data`, or in the only one that is not metadata.
    fn blob_position(&self, place: usize, name: &str) -> Option<usize> {
        let is_metadata = |name: &str| metadata::NAMES.contains(&folded(name).as_ref());
        let is_only = self
            .arrow
            .fields()
            .iter()
            .enumerate()
            .all(|(other, field)| other == place || is_metadata(field.name()));
        let is_blob = folded(name) == super::BLOB_COLUMN || (is_only && !is_metadata(name));
        is_blob.then_some(0)
    }

    fn check_missing(&self) -> Result<()> {
        let Some(schema) = &self.schema else {
            return match self.columns[0] {
                Some(_) => Ok(()),
                None => Err(Error::invalid_argument(
                    "records",
                    "the data has no column of blobs",
                )),
            };
        };
        for (field, place) in schema.fields().iter().zip(&self.columns) {
            if place.is_none() && !field.allow_null {
                return Err(Error::invalid_argument(
                    "records",
                    format_args!(
                        "field `{}`: the data has no such column, and the topic allows no null there",
                        field.name
                    ),
                ));
            }
        }
        if self.columns.iter().all(Option::is_none) {
            return Err(Error::invalid_argument(
                "records",
                "the data has none of the columns of the topic",
            ));
        }
        Ok(())
    }

    /// The number of records that were converted so far.
    pub fn records(&self) -> usize {
        self.records
    }

    /// Converts the next batch of the stream.
    ///
    /// Fails at the first value that does not fit its column; the batch is dropped then.
    pub fn convert(&mut self, batch: &arrow_array::RecordBatch) -> Result<RecordBatch> {
        self.check_columns(batch.schema_ref().fields())?;
        let columns: Vec<_> = batch.columns().iter().map(Array::to_data).collect();
        self.read(&columns, batch.num_rows())
    }

    /// Converts the next batch of the stream, given as an array of structs without nulls.
    ///
    /// Fails as [`convert`](Self::convert) does.
    pub fn convert_structs(&mut self, structs: &ArrayData) -> Result<RecordBatch> {
        match structs.data_type() {
            DataType::Struct(fields) if structs.null_count() == 0 => self.check_columns(fields)?,
            _ => {
                return Err(Error::invalid_argument(
                    "records",
                    "the Arrow array is not a record batch",
                ));
            }
        }
        self.read(&columns_of(structs), structs.len())
    }

    fn check_columns(&self, fields: &Fields) -> Result<()> {
        if fields == self.arrow.fields() {
            return Ok(());
        }
        Err(Error::invalid_argument(
            "records",
            "a batch has other columns than the stream",
        ))
    }

    fn read(&mut self, columns: &[ArrayData], rows: usize) -> Result<RecordBatch> {
        let converted = match &self.schema {
            Some(schema) => self.tuples(schema, columns, rows)?,
            None => self.blobs(columns, rows)?,
        };
        self.records += rows;
        Ok(converted)
    }

    fn tuples(
        &self,
        schema: &Arc<RecordSchema>,
        columns: &[ArrayData],
        rows: usize,
    ) -> Result<RecordBatch> {
        let cells = self.cells(columns)?;
        let routing = self.routing(columns)?;
        let mut builder = RecordBatchBuilder::tuples(Arc::clone(schema));
        builder.count_from(self.records);
        builder.reserve(rows);
        for row in 0..rows {
            builder.begin_row()?;
            for cells in &cells {
                cells.push(row, &mut builder)?;
            }
            builder.end_row()?;
            routing.apply(row, &mut builder)?;
        }
        builder.build()
    }

    fn blobs(&self, columns: &[ArrayData], rows: usize) -> Result<RecordBatch> {
        let place = self.columns.first().copied().flatten().unwrap_or_default();
        let name = self.arrow.field(place).name();
        let cells = BlobCells::new(&columns[place], name)?;
        let routing = self.routing(columns)?;
        let mut builder = RecordBatchBuilder::blobs();
        builder.count_from(self.records);
        builder.reserve(rows);
        for row in 0..rows {
            cells.push(row, &mut builder)?;
            routing.apply(row, &mut builder)?;
        }
        builder.build()
    }

    fn cells(&self, columns: &[ArrayData]) -> Result<Vec<Cells>> {
        let Some(schema) = &self.schema else {
            return match self.columns[..] {
                [Some(place)] => {
                    let name = self.arrow.field(place).name();
                    BlobCells::new(&columns[place], name).map(|_| Vec::new())
                }
                _ => Ok(Vec::new()),
            };
        };
        schema
            .fields()
            .iter()
            .zip(&self.columns)
            .map(|(field, place)| match place {
                Some(place) => Cells::new(&columns[*place], field),
                None => Ok(Cells::nulls()),
            })
            .collect()
    }

    fn routing(&self, columns: &[ArrayData]) -> Result<Routing> {
        let texts = |place: Option<usize>, name: &str| {
            place
                .map(|place| TextCells::new(&columns[place], name))
                .transpose()
        };
        Ok(Routing {
            shard_id: texts(self.shard_id, metadata::SHARD_ID)?,
            hash_key: texts(self.hash_key, metadata::HASH_KEY)?,
            partition_key: texts(self.partition_key, metadata::PARTITION_KEY)?,
            attributes: self
                .attributes
                .map(|place| PairCells::new(&columns[place], metadata::ATTRIBUTES))
                .transpose()?,
        })
    }
}

/// The columns that say where records go and what attributes they have.
struct Routing {
    shard_id: Option<TextCells>,
    hash_key: Option<TextCells>,
    partition_key: Option<TextCells>,
    attributes: Option<PairCells>,
}

impl Routing {
    fn apply(&self, row: usize, builder: &mut RecordBatchBuilder) -> Result<()> {
        let record = builder.record_number().saturating_sub(1);
        if let Some(shard_id) = given(self.shard_id.as_ref(), row) {
            builder.set_shard_id(shard_id)?;
        }
        if let Some(hash_key) = given(self.hash_key.as_ref(), row) {
            builder.set_hash_key(hash_key).map_err(|error| {
                let name = metadata::HASH_KEY;
                let why = error.message().to_owned();
                Error::invalid_argument(
                    "records",
                    format_args!("record {record}, field `{name}`: {why}"),
                )
            })?;
        }
        if let Some(partition_key) = given(self.partition_key.as_ref(), row) {
            builder.set_partition_key(partition_key)?;
        }
        if let Some(attributes) = &self.attributes {
            builder.set_attributes(attributes.get(row, record)?)?;
        }
        Ok(())
    }
}

/// The text of a row, if there is one that says something.
fn given(cells: Option<&TextCells>, row: usize) -> Option<&str> {
    let text = cells.and_then(|cells| cells.get(row));
    text.filter(|text| !text.is_empty())
}
