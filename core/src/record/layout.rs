//! Where records lie in memory, for callers that hand out views or account for memory.

use bytes::Bytes;

use super::{Record, RecordBatch, Value};
use crate::error::{Error, Result};

/// The buffers that hold the blobs of a batch, and the place of each blob.
#[derive(Clone, Debug, Default)]
pub struct BlobLayout {
    /// The buffers, shared with the batch and not copied.
    pub buffers: Vec<Bytes>,
    /// One place per record, in order.
    pub places: Vec<BlobPlace>,
}

/// The place of one blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobPlace {
    /// Number of the buffer, counted from 0.
    pub buffer: u32,
    /// Where the blob begins in the buffer, in bytes.
    pub start: u32,
    /// Length of the blob in bytes.
    pub length: u32,
}

impl RecordBatch {
    /// About how many bytes of memory the batch keeps, so that a garbage collector can be told.
    ///
    /// Memory that other batches share is counted in full, whatever part of it this batch shows.
    pub fn memory_size(&self) -> usize {
        self.shared
            .parts
            .iter()
            .map(|part| part.chunk.memory_size())
            .sum()
    }

    /// Where the blobs lie. Fails when the batch holds tuples.
    pub fn blob_layout(&self) -> Result<BlobLayout> {
        let mut layout = BlobLayout::default();
        for record in self {
            let blob = record.blob()?;
            let buffer = record.chunk().blob_buffer(record.row);
            let known = layout
                .buffers
                .last()
                .is_some_and(|last| last.as_ptr() == buffer.as_ptr() && last.len() == buffer.len());
            if !known {
                layout.buffers.push(buffer.clone());
            }
            let start = match blob {
                [] => Some(0),
                _ => (blob.as_ptr() as usize).checked_sub(buffer.as_ptr() as usize),
            };
            let start = start
                .filter(|start| start + blob.len() <= buffer.len())
                .ok_or_else(|| Error::malformed("a blob lies outside of its buffer"))?;
            layout.places.push(BlobPlace {
                buffer: layout.buffers.len() as u32 - 1,
                start: start as u32,
                length: blob.len() as u32,
            });
        }
        Ok(layout)
    }
}

/// What a value or a record takes besides its texts, at most about.
const FRAME_BYTES: usize = 24;

impl Record<'_> {
    /// About how many bytes the record takes in a request that is not compressed.
    pub fn byte_size(&self) -> usize {
        let attributes: usize = self
            .attributes()
            .map(|(key, value)| key.len() + value.len() + FRAME_BYTES)
            .sum();
        let keys: usize = [self.shard_id(), self.hash_key(), self.partition_key()]
            .iter()
            .flatten()
            .map(|key| key.len())
            .sum();
        let values: usize = match self.schema() {
            None => self.blob().map_or(0, <[u8]>::len),
            Some(_) => self
                .values()
                .map(|value| match value {
                    Ok(Value::String(text) | Value::Decimal(text) | Value::Json(text)) => {
                        text.len() + FRAME_BYTES
                    }
                    _ => FRAME_BYTES,
                })
                .sum(),
        };
        FRAME_BYTES + attributes + keys + values
    }
}

impl RecordBatch {
    /// Cuts the records into batches of at most so many records and about so many bytes, sharing memory.
    ///
    /// Every batch has a record, however large that is. No records give no batch.
    pub fn split(&self, max_records: usize, max_bytes: usize) -> Vec<Self> {
        let mut batches = Vec::new();
        let (mut start, mut bytes) = (0, 0);
        for (row, record) in self.iter().enumerate() {
            let size = record.byte_size();
            let is_full = row - start >= max_records || bytes + size > max_bytes;
            if is_full && row > start {
                batches.push(self.slice(start..row));
                (start, bytes) = (row, 0);
            }
            bytes += size;
        }
        if start < self.len() {
            batches.push(self.slice(start..));
        }
        batches
    }
}

#[cfg(test)]
mod tests {
    use super::super::RecordBatchBuilder;
    use super::*;

    #[test]
    fn places_point_at_the_blobs() {
        let mut builder = RecordBatchBuilder::blobs();
        builder.push_blob(b"one").unwrap();
        builder.push_blob(b"").unwrap();
        builder
            .push_blob_bytes(Bytes::from_static(b"shared"))
            .unwrap();
        builder.push_blob(b"two").unwrap();
        let batch = builder.build().unwrap();
        let layout = batch.blob_layout().unwrap();
        for (row, place) in layout.places.iter().enumerate() {
            let start = place.start as usize;
            let buffer = &layout.buffers[place.buffer as usize];
            let bytes = &buffer[start..start + place.length as usize];
            assert_eq!(bytes, batch.blob(row).unwrap());
        }
        assert_eq!(layout.places.len(), 4);
        assert_eq!(layout.buffers.len(), 3);
        assert!(
            batch.memory_size()
                >= batch
                    .iter()
                    .map(|record| record.blob().unwrap().len())
                    .sum()
        );
        let rest = batch.slice(3..).blob_layout().unwrap();
        assert_eq!(
            rest.places,
            [BlobPlace {
                buffer: 0,
                start: 3,
                length: 3
            }]
        );
    }
    #[test]
    fn pieces_have_no_more_than_what_is_allowed() {
        let mut builder = RecordBatchBuilder::blobs();
        for length in [10, 10, 500, 10, 10, 10] {
            builder.push_blob(&vec![7; length]).unwrap();
        }
        let batch = builder.build().unwrap();
        let lengths = |max_records, max_bytes| {
            let pieces = batch.split(max_records, max_bytes);
            pieces.iter().map(RecordBatch::len).collect::<Vec<_>>()
        };
        assert_eq!(lengths(10, 10_000), [6]);
        assert_eq!(lengths(4, 10_000), [4, 2]);
        assert_eq!(lengths(10, 100), [2, 1, 2, 1]);
        assert_eq!(lengths(1, 0), [1; 6]);
        assert!(batch.slice(..0).split(1, 1).is_empty());
    }
}
