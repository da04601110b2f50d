//! Bodies while they are written.

use bytes::Bytes;

use super::pool;
use crate::error::Result;

/// How many bytes a [`Pen`] may write beyond those that count.
const OVERSHOOT: usize = 128;
/// The room that a body gets at first.
const FIRST_ROOM: usize = 4 * 1024;
/// No more room than this is made for records that were not seen yet.
const MOST_EXPECTED: usize = 2 * 1024 * 1024;

/// A body that is being written: memory of which a part is filled. It may grow at both ends.
#[derive(Debug)]
pub(crate) struct Body {
    /// All of it is initialised, so that a record can be written without asking for room for each of its parts.
    memory: Vec<u8>,
    start: usize,
    end: usize,
}

impl Body {
    /// An empty body with room for so many bytes in front.
    pub(crate) fn new(front: usize) -> Self {
        let mut body = Self {
            memory: pool::take(),
            start: front,
            end: front,
        };
        body.make_room(FIRST_ROOM);
        body
    }

    /// A body of so many bytes, still of any value.
    pub(crate) fn of_size(size: usize) -> Self {
        Self {
            memory: pool::take_for(size),
            start: 0,
            end: size,
        }
    }

    /// The bytes, to be written over.
    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.end]
    }

    /// Keeps the first bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.end = self.end.min(self.start + length);
    }

    /// What was written so far.
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.memory[self.start..self.end]
    }

    /// How many bytes were written so far.
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Makes room for so many more bytes.
    pub(crate) fn make_room(&mut self, bytes: usize) {
        let wanted = self.end.saturating_add(bytes).saturating_add(OVERSHOOT);
        if wanted > self.memory.len() {
            self.memory.resize(wanted, 0);
        }
    }

    /// Makes room for so many more records like those `bytes` that the first one took.
    pub(crate) fn expect(&mut self, records: usize, bytes: usize) {
        let most = (bytes + bytes / 8).saturating_mul(records);
        self.make_room(most.min(MOST_EXPECTED));
    }

    /// Writes something of which the size is not known before.
    ///
    /// If there is too little room, `write` is called once more with more of it: it must write the same again.
    #[inline]
    pub(crate) fn write(
        &mut self,
        mut write: impl FnMut(&mut Pen<'_>) -> Result<()>,
    ) -> Result<()> {
        loop {
            let mut pen = Pen {
                room: &mut self.memory[self.end..],
                place: 0,
            };
            write(&mut pen)?;
            let size = pen.place;
            if size.saturating_add(OVERSHOOT) <= pen.room.len() {
                self.end += size;
                return Ok(());
            }
            self.make_room(size.saturating_mul(2).max(self.len() / 2));
        }
    }

    /// Adds bytes behind.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.make_room(bytes.len());
        self.memory[self.end..self.end + bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
    }

    /// Puts bytes into the place of those that were written so far.
    pub(crate) fn replace(&mut self, bytes: &[u8]) {
        self.end = self.start;
        self.push(bytes);
    }

    /// Adds bytes in front.
    pub(crate) fn prepend(&mut self, bytes: &[u8]) {
        if self.start < bytes.len() {
            let more = bytes.len();
            self.make_room(more);
            self.memory
                .copy_within(self.start..self.end, self.start + more);
            self.start += more;
            self.end += more;
        }
        self.start -= bytes.len();
        self.memory[self.start..self.start + bytes.len()].copy_from_slice(bytes);
    }

    /// The bytes that were written; their memory goes back to the pool with their last user.
    pub(crate) fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl From<Vec<u8>> for Body {
    fn from(memory: Vec<u8>) -> Self {
        let end = memory.len();
        Self {
            memory,
            start: 0,
            end,
        }
    }
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        pool::give(std::mem::take(&mut self.memory));
    }
}

/// Writes into the room that is left in a body.
///
/// Nothing is written where there is too little room; the place moves on nevertheless, so that it tells in the end
/// how much was needed.
pub(crate) struct Pen<'a> {
    room: &'a mut [u8],
    place: usize,
}

impl Pen<'_> {
    /// How many bytes were written.
    #[inline]
    pub(crate) const fn place(&self) -> usize {
        self.place
    }

    /// Goes back or forward to a place. The bytes that are passed over are not changed.
    #[inline]
    pub(crate) const fn go_to(&mut self, place: usize) {
        self.place = place;
    }

    /// Writes bytes, of which only the first `count` count.
    #[inline]
    pub(crate) fn put_some<const N: usize>(&mut self, bytes: [u8; N], count: usize) {
        const { assert!(N <= OVERSHOOT) }
        self.set(self.place, bytes);
        self.place += count;
    }

    /// Writes bytes.
    #[inline]
    pub(crate) fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.put_some(bytes, N);
    }

    /// Writes over bytes that were written before.
    #[inline]
    pub(crate) fn set<const N: usize>(&mut self, place: usize, bytes: [u8; N]) {
        if let Some(room) = self
            .room
            .get_mut(place..)
            .and_then(<[u8]>::first_chunk_mut::<N>)
        {
            *room = bytes;
        }
    }

    /// Writes bytes.
    #[inline]
    pub(crate) fn put_slice(&mut self, bytes: &[u8]) {
        if let Some(room) = self
            .room
            .get_mut(self.place..)
            .and_then(|room| room.get_mut(..bytes.len()))
        {
            room.copy_from_slice(bytes);
        }
        self.place += bytes.len();
    }

    /// Writes the first `length` bytes of a longer run.
    ///
    /// Copying some bytes too many, but always the same number, takes less time than copying the right ones.
    #[inline]
    pub(crate) fn put_from(&mut self, run: &[u8], length: usize) {
        if length <= 128
            && let Some(bytes) = run.first_chunk::<128>()
        {
            self.put_some(*bytes, length);
        } else {
            self.put_slice(run.get(..length).unwrap_or_default());
        }
    }

    /// Writes four bytes, and behind them the first `length` bytes of a run, of which there are 128 or fewer.
    ///
    /// Room is looked for once.
    #[inline]
    pub(crate) fn put_headed(&mut self, head: [u8; 4], run: &[u8], length: usize) {
        const HEADED: usize = 4 + 128;
        // At least the head counts.
        const { assert!(HEADED <= OVERSHOOT + 4) }
        if let Some(bytes) = run.first_chunk::<128>()
            && let Some(room) = self.rest().and_then(<[u8]>::first_chunk_mut::<HEADED>)
        {
            room[..4].copy_from_slice(&head);
            room[4..].copy_from_slice(bytes);
            self.place += 4 + length;
        } else {
            self.put(head);
            self.put_slice(run.get(..length).unwrap_or_default());
        }
    }

    /// Writes four bytes, and behind them a few bytes, as many as a number has.
    #[inline]
    pub(crate) fn put_short_headed(&mut self, head: [u8; 4], bytes: &[u8]) {
        let length = bytes.len();
        if length <= 32
            && let (Some(first), Some(last)) = (bytes.first_chunk::<16>(), bytes.last_chunk::<16>())
            && let Some(room) = self.rest().and_then(<[u8]>::first_chunk_mut::<36>)
        {
            room[..4].copy_from_slice(&head);
            room[4..20].copy_from_slice(first);
            // The halves overlap.
            room[length - 12..length + 4].copy_from_slice(last);
            self.place += 4 + length;
        } else {
            self.put(head);
            self.put_short(bytes);
        }
    }

    /// The room behind what was written.
    #[inline]
    fn rest(&mut self) -> Option<&mut [u8]> {
        self.room.get_mut(self.place..)
    }

    /// Writes a few bytes, as many as a number has.
    #[inline]
    pub(crate) fn put_short(&mut self, bytes: &[u8]) {
        let length = bytes.len();
        if length <= 32
            && let (Some(first), Some(last)) = (bytes.first_chunk::<16>(), bytes.last_chunk::<16>())
        {
            // The halves overlap.
            self.set(self.place, *first);
            self.set(self.place + length - 16, *last);
            self.place += length;
        } else {
            self.put_slice(bytes);
        }
    }

    /// Lets `fill` write so many bytes, unless there is too little room.
    pub(crate) fn fill(&mut self, length: usize, fill: impl FnOnce(&mut [u8])) {
        let room = self.room.get_mut(self.place..);
        if let Some(room) = room.and_then(|room| room.get_mut(..length)) {
            fill(room);
        }
        self.place += length;
    }

    /// Moves bytes that were written before.
    pub(crate) fn shift(&mut self, from: std::ops::Range<usize>, to: usize) {
        if from.end <= self.room.len() && to.saturating_add(from.len()) <= self.room.len() {
            self.room.copy_within(from, to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_grows_at_both_ends() {
        let long: Vec<u8> = (0..=255).cycle().take(50_000).collect();
        let mut wanted = Vec::new();
        let mut body = Body::new(3);
        for length in [
            0, 1, 15, 16, 17, 32, 33, 63, 64, 65, 127, 128, 129, 5000, 50_000,
        ] {
            body.write(|pen| {
                pen.put([7, 8]);
                pen.put_from(&long, length);
                pen.put_slice(&long[..length]);
                pen.put_short(&long[..length.min(40)]);
                pen.put_short_headed(*b"head", &long[..length.min(40)]);
                pen.put_headed(
                    *b"more",
                    &long[long.len() - length.min(128)..],
                    length.min(128),
                );
                pen.put_headed(*b"more", &long, length.min(128));
                pen.fill(length, |room| room.copy_from_slice(&long[..length]));
                pen.set(pen.place(), [9; 32]);
                Ok(())
            })
            .unwrap();
            wanted.extend_from_slice(&[7, 8]);
            wanted.extend_from_slice(&long[..length]);
            wanted.extend_from_slice(&long[..length]);
            wanted.extend_from_slice(&long[..length.min(40)]);
            wanted.extend_from_slice(b"head");
            wanted.extend_from_slice(&long[..length.min(40)]);
            wanted.extend_from_slice(b"more");
            wanted.extend_from_slice(&long[long.len() - length.min(128)..]);
            wanted.extend_from_slice(b"more");
            wanted.extend_from_slice(&long[..length.min(128)]);
            wanted.extend_from_slice(&long[..length]);
        }
        body.push(b"end");
        wanted.extend_from_slice(b"end");
        for front in [&b"abc"[..], b"defg", b""] {
            body.prepend(front);
            wanted.splice(0..0, front.iter().copied());
        }
        assert_eq!(body.as_slice(), wanted);
        assert_eq!(body.len(), wanted.len());
        assert_eq!(body.into_bytes(), wanted);
    }

    #[test]
    fn an_error_leaves_a_body_as_it_was() {
        let mut body = Body::new(0);
        body.push(b"kept");
        let failed = body.write(|pen| {
            pen.put_slice(&vec![1; 100_000]);
            Err(crate::error::Error::malformed("no"))
        });
        assert!(failed.is_err());
        assert_eq!(body.as_slice(), b"kept");
    }
}
