//! Which bytes of a reply are kept for reading values.

use std::ops::Range;

use bytes::Bytes;

use super::wire;
use crate::codec::body::Body;
use crate::record::chunk::{Chunk, Span, Values};
use crate::record::framed::{Framed, LONGEST_PLAIN, any_step, short_value};

/// The mark of a record whose values were framed anew.
const ODD: u32 = 1 << 31;
/// Replies of which less than this part is of no use are kept as they are: 1/10.
const WASTE: usize = 10;

/// Where the values of one record lie.
#[derive(Clone, Copy)]
struct Region {
    start: u32,
    /// With the mark.
    end: u32,
    is_plain: bool,
}

impl Region {
    fn range(self) -> Range<usize> {
        self.start as usize..(self.end & !ODD) as usize
    }
}

/// Collects where the values of records lie. The payload has less than 2 GiB.
#[derive(Default)]
pub(super) struct Kept {
    regions: Vec<Region>,
    /// Values that nobody writes as they were received, framed as usual.
    odd: Vec<u8>,
    /// How many bytes the values take.
    size: usize,
}

impl Kept {
    /// Makes room for so many records.
    pub(super) fn reserve(&mut self, records: usize) {
        self.regions.reserve(records);
    }

    /// How many records were added.
    pub(super) fn len(&self) -> usize {
        self.regions.len()
    }

    /// Adds a record whose values lie in the payload as usual.
    #[inline]
    pub(super) fn push(&mut self, range: &Range<usize>, is_plain: bool) {
        self.size += range.len();
        self.regions.push(Region {
            start: range.start as u32,
            end: range.end as u32,
            is_plain,
        });
    }

    /// Adds a record by the places of its values.
    #[cold]
    pub(super) fn push_spans(&mut self, payload: &[u8], spans: &[Span]) {
        let start = self.odd.len();
        for span in spans {
            let bytes = payload.get(span.range()).unwrap_or_default();
            if span.is_null() {
                self.odd.extend_from_slice(&[0x0a, 0]);
            } else {
                let inner = 1 + wire::varint_size(bytes.len() as u64) + bytes.len();
                wire::push_head(&mut self.odd, 1, inner);
                wire::push_bytes(&mut self.odd, 1, bytes);
            }
        }
        self.size += self.odd.len() - start;
        self.regions.push(Region {
            start: start as u32,
            end: self.odd.len() as u32 | ODD,
            is_plain: spans.iter().all(|span| span.range().len() <= LONGEST_PLAIN),
        });
    }

    /// Gives the chunk of which the payload is the body its values: those of the payload, or in a buffer of their own
    /// where that saves memory.
    pub(super) fn finish(self, chunk: &mut Chunk) {
        let payload = chunk.body.clone();
        let waste = payload.len().saturating_sub(self.size);
        let framed = if waste > payload.len() / WASTE || !self.odd.is_empty() {
            if let Some(cursors) = chunk.told.cursors_mut() {
                cursors.pack(self.regions.len(), &payload);
            }
            let size = self.size + chunk.texts_size();
            self.copied(chunk, &payload, size)
        } else {
            self.in_place()
        };
        chunk.values = Values::Framed(framed);
    }

    fn in_place(&self) -> Framed {
        let mut framed = Framed::with_capacity(self.regions.len(), true);
        for region in &self.regions {
            framed.push(region.start, region.is_plain);
            framed.push_end(region.end);
        }
        framed.finish(0);
        framed
    }

    fn copied(&self, chunk: &mut Chunk, payload: &Bytes, size: usize) -> Framed {
        let mut body = Body::of_size(size);
        let room = body.as_mut_slice();
        let mut framed = Framed::with_capacity(self.regions.len(), false);
        let mut place = 0;
        for region in &self.regions {
            framed.push(place as u32, region.is_plain);
            let source: &[u8] = if region.end & ODD == 0 {
                payload
            } else {
                &self.odd
            };
            place = copy(room, place, source, region.range());
        }
        framed.finish(place as u32);
        chunk.move_texts(|span| {
            if span.is_null() {
                return span;
            }
            let start = place;
            place = copy(room, place, payload, span.range());
            Span::new(start, place - start)
        });
        chunk.body = body.into_bytes();
        chunk.head = chunk.body.clone();
        framed
    }
}

/// Copies a range of bytes to a place; gives the place behind it.
#[inline]
fn copy(room: &mut [u8], place: usize, source: &[u8], range: Range<usize>) -> usize {
    let end = place + range.len();
    if let (Some(room), Some(bytes)) = (room.get_mut(place..end), source.get(range)) {
        room.copy_from_slice(bytes);
    }
    end
}

/// Whether the values of a record are written as usual, and if so, whether they are all framed plainly.
#[inline]
pub(super) fn usual(payload: &[u8], range: &Range<usize>) -> Option<bool> {
    let buffer = payload.get(..range.end)?;
    let mut place = range.start;
    let mut is_plain = true;
    while place < buffer.len() {
        if let Some(range) = short_value(buffer, place) {
            place = range.end;
        } else {
            let (span, behind) = any_step(buffer, place)?;
            is_plain &= span.is_null() && behind == place + 2;
            place = behind;
        }
    }
    Some(is_plain)
}
