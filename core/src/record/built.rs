//! The values of records that were built here.

use bytes::Bytes;

use super::chunk::Cell;
use crate::codec::pool::Room;

static TEXTS: Room<u8> = Room::new();
static CELLS: Room<Cell> = Room::new();

/// Values as given by the caller. Their memory is used again for the next ones.
#[derive(Debug)]
pub(crate) struct Built {
    /// Texts of values and attributes, one after the other.
    pub(crate) text: String,
    pub(crate) cells: Vec<Cell>,
    pub(crate) blobs: Vec<Bytes>,
}

impl Built {
    /// An empty text with room for so many bytes.
    pub(crate) fn room_for_text(bytes: usize) -> String {
        String::from_utf8(TEXTS.take(bytes)).unwrap_or_default()
    }

    /// An empty list with room for so many values.
    pub(crate) fn room_for_cells(values: usize) -> Vec<Cell> {
        CELLS.take(values)
    }
}

impl Drop for Built {
    fn drop(&mut self) {
        TEXTS.give(std::mem::take(&mut self.text).into_bytes());
        CELLS.give(std::mem::take(&mut self.cells));
    }
}
