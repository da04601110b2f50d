//! What the service told of records besides their contents.

use super::chunk::Span;
use super::column::Column;
use super::cursors::Cursors;

/// What a reply tells about one record or one batch. The cursors lie in some buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) sequence: i64,
    pub(crate) system_time: i64,
    pub(crate) cursor: Span,
    pub(crate) next_cursor: Span,
    pub(crate) serial: Option<u32>,
    /// The first row that belongs to the entry; it wraps around below 0 when the entry began in an earlier chunk.
    pub(crate) first_row: u32,
    /// How many records the batch holds; 0 when it is not known.
    pub(crate) batch_size: u32,
}

impl Entry {
    /// Nothing is told.
    pub(crate) const UNKNOWN: Self = Self {
        sequence: 0,
        system_time: 0,
        cursor: Span::NULL,
        next_cursor: Span::NULL,
        serial: None,
        first_row: 0,
        batch_size: 1,
    };
}

/// What is told of the records of a chunk.
#[derive(Debug)]
pub(crate) enum Told {
    Nothing,
    /// All records come from one batch. Its cursors lie in the head of the chunk.
    Batch(Entry),
    /// Each record has what is its own.
    Each(Box<Columns>),
}

impl Told {
    /// The cursors of records that have their own.
    pub(crate) fn cursors_mut(&mut self) -> Option<&mut Cursors> {
        match self {
            Self::Each(columns) => Some(&mut columns.cursors),
            Self::Nothing | Self::Batch(_) => None,
        }
    }

    pub(crate) fn sequence(&self, row: usize) -> i64 {
        match self {
            Self::Nothing => 0,
            Self::Batch(entry) => entry.sequence,
            Self::Each(columns) => columns.sequences.get(row) as i64,
        }
    }

    pub(crate) fn system_time(&self, row: usize) -> i64 {
        match self {
            Self::Nothing => 0,
            Self::Batch(entry) => entry.system_time,
            Self::Each(columns) => columns.times.get(row) as i64,
        }
    }

    pub(crate) fn serial(&self, row: usize) -> Option<u32> {
        match self {
            Self::Nothing => None,
            Self::Batch(entry) => entry.serial,
            Self::Each(columns) => columns
                .serials
                .get(row)
                .checked_sub(1)
                .map(|serial| serial as u32),
        }
    }

    pub(crate) fn batch_index(&self, row: usize) -> u32 {
        match self {
            Self::Nothing => 0,
            Self::Batch(entry) => (row as u32).wrapping_sub(entry.first_row),
            Self::Each(columns) => columns.indexes.get(row) as u32,
        }
    }

    pub(crate) fn batch_size(&self, row: usize) -> u32 {
        match self {
            Self::Nothing => 1,
            Self::Batch(entry) => entry.batch_size,
            Self::Each(columns) => columns.batch_size(row),
        }
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn memory_size(&self) -> usize {
        match self {
            Self::Nothing | Self::Batch(_) => 0,
            Self::Each(columns) => columns.memory_size(),
        }
    }
}

/// What is told of each record, in columns.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    sequences: Column,
    times: Column,
    /// One more than the serial number; 0 where there is none.
    serials: Column,
    /// The places in batches.
    indexes: Column,
    /// How many records the batches hold, where that does not follow from the rest.
    sizes: Option<Column>,
    pub(crate) cursors: Cursors,
}

impl Columns {
    /// Adds a record of a text protocol; `head` is the buffer of its cursors.
    #[inline]
    pub(crate) fn push_received(&mut self, entry: &Entry, head: &[u8]) {
        let index = self.index_in_batch(entry, head);
        self.push_all(entry, index);
    }

    /// Adds a record that is the one of the given number of its batch. All records are added so, or none.
    pub(crate) fn push(&mut self, entry: &Entry, index: u32) {
        let sizes = self.sizes.get_or_insert_default();
        sizes.push(entry.batch_size.into());
        self.push_all(entry, index);
    }

    #[allow(clippy::inline_always, reason = "the loops of codecs are around it")]
    #[inline(always)]
    fn push_all(&mut self, entry: &Entry, index: u32) {
        let row = self.sequences.len();
        self.cursors.push(row, [entry.cursor, entry.next_cursor]);
        self.sequences.push(entry.sequence as u64);
        self.times.push(entry.system_time as u64);
        let serial = entry.serial.map_or(0, |serial| u64::from(serial) + 1);
        self.serials.push(serial);
        self.indexes.push(index.into());
    }

    /// The place in its batch of a record that the service took out of it for a text protocol.
    ///
    /// It is the serial number where there is one. Else records with the same sequence number are
    /// counted, beginning with what the cursor of the first one tells.
    #[inline]
    fn index_in_batch(&self, entry: &Entry, head: &[u8]) -> u32 {
        if let Some(serial) = entry.serial.filter(|serial| *serial > 0) {
            return serial;
        }
        match self.indexes.len().checked_sub(1) {
            // Only what was received has a time.
            Some(last)
                if entry.system_time != 0 && self.sequences.get(last) == entry.sequence as u64 =>
            {
                (self.indexes.get(last) as u32).wrapping_add(1)
            }
            Some(_) => 0,
            None => index_of_cursor(head.get(entry.cursor.range()).unwrap_or_default()),
        }
    }

    /// A record of a text protocol that has a place in a batch does not tell how large that is.
    fn batch_size(&self, row: usize) -> u32 {
        match &self.sizes {
            Some(sizes) => sizes.get(row) as u32,
            None => (self.serials.get(row) == 0 && self.indexes.get(row) == 0).into(),
        }
    }

    /// All of it, without room for further records.
    pub(crate) fn finish(mut self) -> Told {
        let columns = [
            &mut self.sequences,
            &mut self.times,
            &mut self.serials,
            &mut self.indexes,
        ];
        columns
            .into_iter()
            .chain(&mut self.sizes)
            .for_each(Column::shrink);
        self.cursors.shrink();
        Told::Each(Box::new(self))
    }

    fn memory_size(&self) -> usize {
        let columns = [&self.sequences, &self.times, &self.serials, &self.indexes];
        let columns = columns.into_iter().chain(&self.sizes);
        let lists: usize = columns.map(Column::memory_size).sum();
        size_of::<Self>() + lists + self.cursors.memory_size()
    }
}

/// The number in the last 4 of the 32 digits of a cursor: how many records of its batch it skips.
fn index_of_cursor(cursor: &[u8]) -> u32 {
    let digits = cursor.get(28..32).filter(|_| cursor.len() == 32);
    digits
        .and_then(|digits| u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok())
        .unwrap_or(0)
}
