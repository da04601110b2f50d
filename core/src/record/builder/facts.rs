//! What a record to be sent has besides its values.

use super::{RecordBatchBuilder, Row, too_large};
use crate::error::{Error, ErrorKind, Result};
use crate::record::Collector;
use crate::record::chunk::{Keys, NONE, Span};
use crate::record::told::Entry;

/// Whether a text is a hash key of DataHub.
pub(crate) fn is_hex_hash(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What the service told of a record that was received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received<'a> {
    /// The sequence number.
    pub sequence: i64,
    /// When the service stored the record, in milliseconds since 1970-01-01 UTC.
    pub system_time: i64,
    /// The cursor of the record.
    pub cursor: Option<&'a str>,
    /// The cursor behind the record.
    pub next_cursor: Option<&'a str>,
    /// The place of the record within its stored batch, counted from 0.
    pub batch_index: u32,
    /// How many records the stored batch holds; 0 when it is not known.
    pub batch_size: u32,
}

impl RecordBatchBuilder {
    /// Sets the attributes of the last complete record, in order. Of a repeated key the last value counts.
    pub fn set_attributes<K, V>(
        &mut self,
        attributes: impl IntoIterator<Item = (K, V)>,
    ) -> Result<()>
    where
        K: AsRef<str>,
        V: AsRef<str>,
    {
        let start = self.last_row()?.attributes as usize;
        self.attributes.truncate(start);
        let mut collector = Collector::default();
        for (key, value) in attributes {
            let key = self.text_span(key.as_ref())?;
            let value = self.text_span(value.as_ref())?;
            collector.add(
                &mut self.attributes,
                start,
                self.text.as_bytes(),
                key,
                value,
            );
        }
        Ok(())
    }

    /// Sets the shard of the last complete record. Empty text means none.
    pub fn set_shard_id(&mut self, shard_id: &str) -> Result<()> {
        let span = self.text_span(shard_id)?;
        self.last_keys()?.shard_id = span;
        Ok(())
    }

    /// Sets the hash key of the last complete record: 32 hexadecimal digits for DataHub, a decimal
    /// number of at most 19 digits for DIS. Empty text means none.
    pub fn set_hash_key(&mut self, hash_key: &str) -> Result<()> {
        let is_hash = is_hex_hash(hash_key)
            || (hash_key.len() <= 19 && hash_key.bytes().all(|byte| byte.is_ascii_digit()));
        if !is_hash {
            return Err(Error::invalid_argument(
                "hash_key",
                "must be 32 hexadecimal digits, or a decimal number of at most 19 digits",
            ));
        }
        let span = self.text_span(hash_key)?;
        self.last_keys()?.hash_key = span;
        Ok(())
    }

    /// Sets the partition key of the last complete record. Empty text means none.
    pub fn set_partition_key(&mut self, partition_key: &str) -> Result<()> {
        let span = self.text_span(partition_key)?;
        self.last_keys()?.partition_key = span;
        Ok(())
    }

    /// Sets what the service told of the last complete record, for records that were received, kept
    /// elsewhere and are put together again.
    pub fn set_received(&mut self, received: &Received<'_>) -> Result<()> {
        let mut span =
            |text: Option<&str>| text.map_or(Ok(Span::NULL), |text| self.text_span(text));
        let (cursor, next_cursor) = (span(received.cursor)?, span(received.next_cursor)?);
        let (place, entry) = (self.rows.len(), self.entries.len() as u32);
        self.last_row()?.entry = entry;
        self.entries.push(Entry {
            sequence: received.sequence,
            system_time: received.system_time,
            cursor,
            next_cursor,
            serial: None,
            first_row: (place as u32 - 1).wrapping_sub(received.batch_index),
            batch_size: received.batch_size,
        });
        Ok(())
    }

    fn text_span(&mut self, text: &str) -> Result<Span> {
        if self.open.is_some() {
            return Err(Error::invalid_argument(
                "records",
                "a record was begun and is not complete",
            ));
        }
        if text.len() >= NONE as usize || self.text.len() + text.len() >= NONE as usize {
            return Err(too_large());
        }
        let span = Span::new(self.text.len(), text.len());
        self.text.push_str(text);
        Ok(span)
    }

    fn last_row(&mut self) -> Result<&mut Row> {
        self.rows
            .last_mut()
            .ok_or_else(|| Error::invalid_argument("records", "there is no record yet"))
    }

    fn last_keys(&mut self) -> Result<&mut Keys> {
        let next = self.keys.len();
        let row = self.last_row()?;
        if row.keys == NONE {
            row.keys = next as u32;
            self.keys.push(Keys::NONE);
        }
        self.keys
            .last_mut()
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a row without keys"))
    }
}
