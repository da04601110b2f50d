//! Values that lie in the frames of a protocol buffer, found when they are read.

use std::ops::Range;
use std::sync::OnceLock;

use super::chunk::Span;

/// The first byte of a value and of what is inside of it: field 1, a run of bytes.
const TAG: u8 = 1 << 3 | 2;
/// The mark of a record whose values are all framed plainly: with lengths of one byte each.
const PLAIN: u32 = 1 << 31;
/// The lengths of longer values are written in bytes that are no text.
pub(crate) const LONGEST_PLAIN: usize = 125;

/// The value that begins at a place, and the place behind it, in a record of which [`Framed::area`] tells that all
/// values are framed plainly.
#[allow(clippy::inline_always, reason = "the loops of codecs are around it")]
#[inline(always)]
pub(crate) fn plain_step(buffer: &[u8], place: usize) -> Option<(Span, usize)> {
    let Some([_, outer, _, inner]) = buffer.get(place..).and_then(<[u8]>::first_chunk) else {
        // A null at the very end, or the end.
        return any_step(buffer, place);
    };
    if *outer == 0 {
        return Some((Span::NULL, place + 2));
    }
    let (start, length) = (place + 4, usize::from(*inner));
    Some((Span::new(start, length), start + length))
}

/// The value that begins at a place, if its lengths are written in one byte each and it is not null.
#[allow(clippy::inline_always, reason = "the loops of codecs are around it")]
#[inline(always)]
pub(crate) fn short_value(buffer: &[u8], place: usize) -> Option<Range<usize>> {
    const TAGS: u32 = u32::from_le_bytes([TAG, 0, TAG, 0]);
    // The tags, and the bits that are only set in lengths of several bytes.
    const MASK: u32 = u32::from_le_bytes([0xff, 0x80, 0xff, 0x80]);
    let head = u32::from_le_bytes(*buffer.get(place..)?.first_chunk()?);
    let (inner, outer) = (head >> 24, head >> 8 & 0xff);
    let (start, end) = (place + 4, place + 4 + inner as usize);
    (head & MASK == TAGS && inner + 2 == outer && end <= buffer.len()).then_some(start..end)
}

/// The same for a longer value: the lengths are written in two bytes each.
#[inline]
fn long_value(buffer: &[u8], place: usize) -> Option<Range<usize>> {
    const TAGS: u64 = u64::from_le_bytes([TAG, 0x80, 0, TAG, 0x80, 0, 0, 0]);
    const MASK: u64 = u64::from_le_bytes([0xff, 0x80, 0x80, 0xff, 0x80, 0x80, 0, 0]);
    let head = u64::from_le_bytes(*buffer.get(place..)?.first_chunk()?);
    let length = |at: u32| (head >> at & 0x7f | head >> (at + 1) & 0x3f80) as usize;
    let (outer, inner) = (length(8), length(32));
    let (start, end) = (place + 6, place + 6 + inner);
    (head & MASK == TAGS && inner + 3 == outer && end <= buffer.len()).then_some(start..end)
}

/// The value that begins at a place, and the place behind it: a message of the first field that holds nothing, or
/// nothing but bytes in its own first field, as everybody writes it. `None` for anything else, and at the end.
#[inline(never)]
pub(crate) fn any_step(buffer: &[u8], place: usize) -> Option<(Span, usize)> {
    let found = long_value(buffer, place).or_else(|| short_value(buffer, place));
    if let Some(range) = found {
        return Some((Span::new(range.start, range.len()), range.end));
    }
    let (outer, inside) = length(buffer, place)?;
    if outer == 0 {
        return Some((Span::NULL, inside));
    }
    let (inner, start) = length(buffer, inside)?;
    let end = start + inner;
    if end != inside + outer || end > buffer.len() {
        return None;
    }
    Some((Span::new(start, inner), end))
}

/// The length of a first field, and where its contents begin.
#[inline]
fn length(buffer: &[u8], place: usize) -> Option<(usize, usize)> {
    match *buffer.get(place..)? {
        [TAG, low, ..] if low < 0x80 => Some((usize::from(low), place + 2)),
        [TAG, low, high, ..] if high < 0x80 => {
            Some((usize::from(low & 0x7f) | usize::from(high) << 7, place + 3))
        }
        [TAG, ref rest @ ..] => long_length(rest, place + 1),
        _ => None,
    }
}

/// The same for a length of three or four bytes, which is written behind a place.
#[cold]
fn long_length(bytes: &[u8], place: usize) -> Option<(usize, usize)> {
    let mut length = 0;
    for (count, byte) in bytes.iter().take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * count);
        if *byte < 0x80 {
            return Some((length, place + count + 1));
        }
    }
    None
}

/// The values of records in one buffer of less than 2 GiB.
#[derive(Debug, Default)]
pub(crate) struct Framed {
    /// Where the values of each record begin, with the mark; behind them, where the last record ends.
    places: Vec<u32>,
    /// Where the values of each record end, unless they end where the next ones begin.
    ends: Vec<u32>,
    index: OnceLock<Index>,
}

/// The place of every value.
#[derive(Debug)]
struct Index {
    spans: Vec<Span>,
    /// Where the values of each record begin in the list.
    starts: Vec<u32>,
}

impl Framed {
    /// Makes room for records; those that are cut out of a buffer have ends of their own.
    pub(crate) fn with_capacity(records: usize, have_ends: bool) -> Self {
        Self {
            places: Vec::with_capacity(records + 1),
            ends: Vec::with_capacity(if have_ends { records } else { 0 }),
            index: OnceLock::new(),
        }
    }

    /// Adds a record whose values begin at a place.
    #[inline]
    pub(crate) fn push(&mut self, start: u32, is_plain: bool) {
        self.places.push(start | if is_plain { PLAIN } else { 0 });
    }

    /// Ends the last record, of those that do not lie one behind the other.
    #[inline]
    pub(crate) fn push_end(&mut self, end: u32) {
        self.ends.push(end);
    }

    /// Ends the last record of all.
    pub(crate) fn finish(&mut self, end: u32) {
        self.places.push(end);
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len().saturating_sub(1)
    }

    /// Where the values of a record lie, and whether they are all framed plainly. What frames them is text then, too.
    #[inline]
    pub(crate) fn area(&self, row: usize) -> (Range<usize>, bool) {
        let (Some(start), Some(next)) = (self.places.get(row), self.places.get(row + 1)) else {
            return (0..0, false);
        };
        let end = self.ends.get(row).unwrap_or(next) & !PLAIN;
        ((start & !PLAIN) as usize..end as usize, start & PLAIN != 0)
    }

    /// The place of the first value of a record.
    #[inline]
    pub(crate) fn first(&self, body: &[u8], row: usize) -> Option<Span> {
        let area = self.area(row).0;
        let (span, _) = any_step(body.get(..area.end)?, area.start)?;
        Some(span)
    }

    /// The places of the values of a record.
    pub(crate) fn spans<'a>(
        &self,
        body: &'a [u8],
        row: usize,
    ) -> impl Iterator<Item = Span> + use<'a> {
        let area = self.area(row).0;
        let body = body.get(..area.end).unwrap_or_default();
        let mut place = area.start;
        std::iter::from_fn(move || {
            let (span, behind) = any_step(body, place)?;
            place = behind;
            Some(span)
        })
    }

    /// The places of all values, at most `width` of each record, and where those of each record begin in that list.
    ///
    /// The list is made when it is needed first: for columns, or for single values.
    pub(crate) fn index(&self, body: &[u8], width: usize) -> (&[Span], &[u32]) {
        let index = self.index.get_or_init(|| {
            let mut starts = Vec::with_capacity(self.len());
            let mut spans = Vec::new();
            for row in 0..self.len() {
                starts.push(spans.len() as u32);
                spans.extend(self.spans(body, row).take(width));
                if row == 0 {
                    spans.reserve(spans.len() * self.len().min(1 + body.len() / 2 / width.max(1)));
                }
            }
            spans.shrink_to_fit();
            Index { spans, starts }
        });
        (&index.spans, &index.starts)
    }

    /// How many bytes of memory the lists take.
    pub(crate) fn memory_size(&self) -> usize {
        let index = self.index.get().map_or(0, |index| {
            size_of_val(index.spans.as_slice()) + size_of_val(index.starts.as_slice())
        });
        size_of_val(self.places.as_slice()) + size_of_val(self.ends.as_slice()) + index
    }
}
