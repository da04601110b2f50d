//! Every way of records between memory and the bytes of a request or reply.

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use hubstream::codec::batch::{self, BatchVersion};
use hubstream::codec::protobuf::messages;
use hubstream::codec::{CompressFormat, GetReply, compress, frame, json, protobuf};
use hubstream::error::{Error, Result};
use hubstream::record::{FieldType, RecordBatch, RecordSchema, Value};

use crate::data::{self, Row};

/// The version of the schema in batches.
pub(crate) const SCHEMA_VERSION: i32 = 0;

/// How records travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// JSON.
    Json,
    /// Protocol buffers.
    Protobuf,
    /// A batch.
    Batch(BatchVersion),
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// From records to the body of a put.
    Encode,
    /// From the body of a reply to all values.
    Decode,
}

/// What the records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ten columns.
    Tuple,
    /// 1024 bytes.
    Blob,
}

/// One thing to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    /// How records travel.
    pub(crate) protocol: Protocol,
    /// Which way.
    pub(crate) way: Way,
    /// What the records are.
    pub(crate) kind: Kind,
    /// Compression of the body, or within the batch.
    pub(crate) format: CompressFormat,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.protocol {
            Protocol::Json => "json",
            Protocol::Protobuf => "protobuf",
            Protocol::Batch(BatchVersion::V0) => "batch0",
            Protocol::Batch(BatchVersion::V1) => "batch1",
        };
        let way = if self.way == Way::Encode {
            "encode"
        } else {
            "decode"
        };
        let kind = if self.kind == Kind::Tuple {
            "tuple"
        } else {
            "blob"
        };
        write!(f, "{protocol}-{way}-{kind}-{}", self.format)
    }
}

/// All cases, in the order of the report.
pub(crate) fn all() -> Vec<Case> {
    use CompressFormat::{Lz4, None, Zlib, Zstd};
    let mut cases = Vec::new();
    for protocol in [
        Protocol::Json,
        Protocol::Protobuf,
        Protocol::Batch(BatchVersion::V0),
        Protocol::Batch(BatchVersion::V1),
    ] {
        for way in [Way::Encode, Way::Decode] {
            for kind in [Kind::Tuple, Kind::Blob] {
                for format in [None, Lz4, Zstd, Zlib] {
                    let is_usual = match format {
                        None | Lz4 => true,
                        Zstd => protocol == Protocol::Batch(BatchVersion::V1),
                        _ => protocol == Protocol::Protobuf && kind == Kind::Tuple,
                    };
                    if is_usual {
                        cases.push(Case {
                            protocol,
                            way,
                            kind,
                            format,
                        });
                    }
                }
            }
        }
    }
    cases
}

/// The records in every form that a case starts from.
pub(crate) struct Records {
    /// The tuples.
    pub(crate) rows: Vec<Row>,
    /// The blobs.
    pub(crate) blobs: Vec<Vec<u8>>,
    /// The schema of the tuples.
    pub(crate) schema: Arc<RecordSchema>,
    tuple_batch: RecordBatch,
    blob_batch: RecordBatch,
}

impl Records {
    /// Makes them.
    pub(crate) fn new() -> Result<Self> {
        let (rows, blobs, schema) = (data::rows(), data::blobs(), data::schema()?);
        Ok(Self {
            tuple_batch: data::tuple_batch(&rows, &schema)?,
            blob_batch: data::blob_batch(&blobs)?,
            rows,
            blobs,
            schema,
        })
    }

    /// The types of the columns.
    pub(crate) fn kinds(&self) -> Vec<FieldType> {
        self.schema
            .fields()
            .iter()
            .map(|field| field.field_type)
            .collect()
    }

    /// The records of a kind as they are put.
    pub(crate) fn batch(&self, kind: Kind) -> &RecordBatch {
        match kind {
            Kind::Tuple => &self.tuple_batch,
            Kind::Blob => &self.blob_batch,
        }
    }

    fn schema_of(&self, kind: Kind) -> Option<Arc<RecordSchema>> {
        (kind == Kind::Tuple).then(|| Arc::clone(&self.schema))
    }
}

impl Case {
    /// The body of a put, as it is sent.
    pub(crate) fn encode(self, records: &RecordBatch) -> Result<Bytes> {
        let body = match self.protocol {
            Protocol::Json => json::encode_put(records)?,
            Protocol::Protobuf => protobuf::encode_put(records)?,
            Protocol::Batch(version) => {
                return batch::encode_put(records, version, SCHEMA_VERSION, self.format);
            }
        };
        match self.format {
            CompressFormat::None => Ok(body),
            format => compress::compress_body(format, body).map(|(body, _)| body),
        }
    }

    /// The body of a get's reply and its size before compression.
    pub(crate) fn reply(self, records: &Records) -> Result<(Bytes, usize)> {
        let reply = GetReply {
            next_cursor: "30000000000000000000000000000000".to_owned(),
            record_count: data::COUNT,
            start_seq: 0,
            latest_seq: Some(data::COUNT as i64),
            latest_time: Some(1_700_000_000_000),
            records: received(records, self.kind)?,
        };
        let body = match self.protocol {
            Protocol::Json => json::encode_get_reply(&reply)?,
            Protocol::Protobuf => protobuf::encode_get_reply(&reply)?,
            Protocol::Batch(version) => {
                let stored = batch::encode(
                    records.batch(self.kind),
                    version,
                    SCHEMA_VERSION,
                    self.format,
                )?;
                let body = batch_reply(&reply.next_cursor, stored)?;
                let size = body.len();
                return Ok((body, size));
            }
        };
        let size = body.len();
        match self.format {
            CompressFormat::None => Ok((body, size)),
            format => Ok((compress::compress(format, &body)?, size)),
        }
    }

    /// The records of a reply. The body is given away, as a received one is.
    pub(crate) fn decode(
        self,
        body: Bytes,
        raw_size: usize,
        records: &Records,
    ) -> Result<RecordBatch> {
        let schema = records.schema_of(self.kind);
        let raw = match (self.protocol, self.format) {
            (Protocol::Batch(_), _) | (_, CompressFormat::None) => body,
            (_, format) => {
                compress::decompress(format, &body, Some(raw_size), compress::MAX_RAW_SIZE)?
            }
        };
        let reply = match self.protocol {
            Protocol::Json => json::decode_get(raw, schema)?,
            Protocol::Protobuf => protobuf::decode_get(&raw, schema)?,
            Protocol::Batch(_) => {
                batch::decode_get(&raw, schema, &|_| Some(Arc::clone(&records.schema)))?
            }
        };
        Ok(reply.records)
    }
}

/// Looks at every value.
pub(crate) fn read_all(batch: &RecordBatch, kind: Kind) -> Result<()> {
    match kind {
        Kind::Tuple => read_values(batch, &mut |value| _ = black_box(value)),
        Kind::Blob => read_blobs(batch, &mut |blob| _ = black_box(blob)),
    }
}

/// Gives every value of tuples.
pub(crate) fn read_values<'a>(
    batch: &'a RecordBatch,
    sink: &mut impl FnMut(Value<'a>),
) -> Result<()> {
    for record in batch {
        for value in record.values() {
            sink(value?);
        }
    }
    Ok(())
}

/// Gives every blob.
pub(crate) fn read_blobs<'a>(
    batch: &'a RecordBatch,
    sink: &mut impl FnMut(&'a [u8]),
) -> Result<()> {
    for record in batch {
        sink(record.blob()?);
    }
    Ok(())
}

/// The records as the service gives them back, with cursors and sequence numbers.
fn received(records: &Records, kind: Kind) -> Result<RecordBatch> {
    use hubstream::record::{Received, RecordBatchBuilder};
    let mut builder = match kind {
        Kind::Tuple => RecordBatchBuilder::tuples(Arc::clone(&records.schema)),
        Kind::Blob => RecordBatchBuilder::blobs(),
    };
    for place in 0..data::COUNT {
        match kind {
            Kind::Tuple => builder.push_row(&records.rows[place].values())?,
            Kind::Blob => builder.push_blob(&records.blobs[place])?,
        }
        let cursor = format!("{place:032x}");
        let next_cursor = format!("{:032x}", place + 1);
        builder.set_received(&Received {
            sequence: place as i64,
            system_time: 1_700_000_000_000 + place as i64,
            cursor: Some(&cursor),
            next_cursor: Some(&next_cursor),
            batch_index: 0,
            batch_size: 1,
        })?;
    }
    builder.build()
}

fn batch_reply(next_cursor: &str, stored: Bytes) -> Result<Bytes> {
    let reply = messages::GetBinaryRecordsResponse {
        next_cursor: next_cursor.to_owned(),
        record_count: 1,
        start_sequence: Some(0),
        records: vec![messages::BinaryRecordEntry {
            cursor: Some(format!("{:032x}", 0)),
            next_cursor: Some(next_cursor.to_owned()),
            sequence: Some(0),
            system_time: Some(1_700_000_000_000),
            serial: Some(0),
            data: Some(stored),
        }],
        latest_sequence: Some(0),
        latest_time: Some(1_700_000_000_000),
    };
    frame::wrap(&prost::Message::encode_to_vec(&reply))
}

/// What is wrong when the floor cannot read or write what the crate can.
pub(crate) fn differs(case: Case) -> Error {
    Error::malformed(format!("{case}: hubstream and the floor do not agree"))
}
