//! The cursors of records, in as few bytes as they allow.

use std::sync::OnceLock;

use super::chunk::Span;
use super::column::Column;

/// How many digits a cursor of the service has.
const DIGITS: usize = 32;

/// The cursor of every record and the one behind it.
#[derive(Debug)]
pub(crate) enum Cursors {
    /// Where they lie in the head of the chunk; as many as there were records when the last one with a cursor came.
    Spans(Vec<[Span; 2]>),
    /// All of them are written in 32 hexadecimal digits.
    Hex(Box<HexCursors>),
}

/// Which of the two cursors of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    At,
    Behind,
}

impl Default for Cursors {
    fn default() -> Self {
        Self::Spans(Vec::new())
    }
}

impl Cursors {
    /// Adds those of the record with a number, which is that of the next record.
    #[inline]
    pub(crate) fn push(&mut self, row: usize, spans: [Span; 2]) {
        if let Self::Spans(list) = self
            && !(spans[0].is_null() && spans[1].is_null())
        {
            if list.len() < row {
                list.resize(row, [Span::NULL; 2]);
            }
            list.push(spans);
        }
    }

    /// Keeps numbers instead of texts, if all cursors of so many records allow that.
    pub(crate) fn pack(&mut self, records: usize, head: &[u8]) {
        let Self::Spans(list) = self else {
            return;
        };
        if list.is_empty() || list.len() != records {
            return;
        }
        let digits = |span: Span| head.get(span.range())?.try_into().ok();
        let mut packed = Box::<HexCursors>::default();
        for [cursor, next] in list {
            let (Some(cursor), Some(next)) = (digits(*cursor), digits(*next)) else {
                return;
            };
            if !packed.push(cursor, next) {
                return;
            }
        }
        for column in packed.columns() {
            column.shrink();
        }
        *self = Self::Hex(packed);
    }

    /// Those that lie in the head of the chunk.
    pub(crate) fn spans(&self) -> &[[Span; 2]] {
        match self {
            Self::Spans(list) => list,
            Self::Hex(_) => &[],
        }
    }

    /// The same, to be moved.
    pub(crate) fn spans_mut(&mut self) -> &mut [[Span; 2]] {
        match self {
            Self::Spans(list) => list,
            Self::Hex(_) => &mut [],
        }
    }

    /// A cursor of a record as it was packed.
    pub(crate) fn packed(&self, row: usize, side: Side) -> Option<&str> {
        match (self, side) {
            (Self::Spans(_), _) => None,
            (Self::Hex(kept), Side::At) => kept.at.get(row),
            (Self::Hex(kept), Side::Behind) => kept.behind.get(row),
        }
    }

    /// Gives back the room for further cursors.
    pub(crate) fn shrink(&mut self) {
        if let Self::Spans(list) = self {
            list.shrink_to_fit();
        }
    }

    /// About how many bytes of memory they take.
    pub(crate) fn memory_size(&self) -> usize {
        match self {
            Self::Spans(list) => size_of_val(list.as_slice()),
            Self::Hex(kept) => kept.memory_size(),
        }
    }
}

/// The two halves of a cursor as numbers.
type Halves = (u64, u64);

/// One cursor per record.
#[derive(Debug, Default)]
struct HexColumn {
    high: Column,
    low: Column,
    /// All cursors as text, one behind the other, once one was asked for.
    text: OnceLock<Box<str>>,
}

impl HexColumn {
    #[inline]
    fn push(&mut self, (high, low): Halves) {
        self.high.push(high);
        self.low.push(low);
    }

    fn text(&self) -> Box<str> {
        let mut text = String::with_capacity(DIGITS * self.low.len());
        for row in 0..self.low.len() {
            for half in [self.high.get(row), self.low.get(row)] {
                let digit = |at: u32| char::from_digit((half >> at) as u32 & 15, 16);
                text.extend((0..64).step_by(4).rev().filter_map(digit));
            }
        }
        text.into_boxed_str()
    }

    fn get(&self, row: usize) -> Option<&str> {
        let text = self.text.get_or_init(|| self.text());
        let start = row.checked_mul(DIGITS)?;
        text.get(start..start.checked_add(DIGITS)?)
    }

    fn memory_size(&self) -> usize {
        let text = self.text.get().map_or(0, |text| text.len());
        self.high.memory_size() + self.low.memory_size() + text
    }
}

/// Cursors of lower-case hexadecimal digits.
#[derive(Debug)]
pub(crate) struct HexCursors {
    at: HexColumn,
    behind: HexColumn,
    /// The last one behind a record, which mostly is the cursor of the next record.
    last: [u8; DIGITS],
    last_halves: Halves,
}

impl Default for HexCursors {
    fn default() -> Self {
        Self {
            at: HexColumn::default(),
            behind: HexColumn::default(),
            last: [b'0'; DIGITS],
            last_halves: (0, 0),
        }
    }
}

impl HexCursors {
    /// Adds the cursors of a record, if both are of that kind.
    #[inline]
    fn push(&mut self, cursor: &[u8; DIGITS], next: &[u8; DIGITS]) -> bool {
        let halves = if *cursor == self.last {
            Some(self.last_halves)
        } else {
            halves(cursor)
        };
        // Neighbours mostly differ in the second half.
        let next_halves = if next[..DIGITS / 2] == self.last[..DIGITS / 2] {
            half(next, DIGITS / 2).map(|low| (self.last_halves.0, low))
        } else {
            self::halves(next)
        };
        let (Some(halves), Some(next_halves)) = (halves, next_halves) else {
            return false;
        };
        self.last = *next;
        self.last_halves = next_halves;
        self.at.push(halves);
        self.behind.push(next_halves);
        true
    }

    fn columns(&mut self) -> impl Iterator<Item = &mut Column> {
        [&mut self.at, &mut self.behind]
            .into_iter()
            .flat_map(|column| [&mut column.high, &mut column.low])
    }

    fn memory_size(&self) -> usize {
        size_of::<Self>() + self.at.memory_size() + self.behind.memory_size()
    }
}

/// The value of 32 digits, of which letters are in lower case.
#[inline]
fn halves(digits: &[u8; DIGITS]) -> Option<Halves> {
    Some((half(digits, 0)?, half(digits, DIGITS / 2)?))
}

/// The value of the 16 digits from a place on.
#[inline]
fn half(digits: &[u8; DIGITS], start: usize) -> Option<u64> {
    let digits = u128::from_le_bytes(*digits.get(start..)?.first_chunk()?);
    let (high, low) = (eight(digits as u64)?, eight((digits >> 64) as u64)?);
    Some(high << 32 | low)
}

/// The value of eight digits, of which the first one is the lowest byte. All bytes are looked at at once.
#[inline]
const fn eight(digits: u64) -> Option<u64> {
    const ONE: u64 = 0x0101_0101_0101_0101;
    let letters = digits >> 6 & ONE;
    let nibbles = (digits & (0x0f * ONE)) + 9 * letters;
    // What these numbers are written as; other bytes than digits do not come back.
    let above_nine = (nibbles + 6 * ONE) >> 4 & ONE;
    let written = nibbles + 0x30 * ONE + 0x27 * above_nine;
    if written != digits || nibbles & (0xf0 * ONE) != 0 {
        return None;
    }
    let mut number = nibbles.swap_bytes();
    number = (number | number >> 4) & 0x00ff_00ff_00ff_00ff;
    number = (number | number >> 8) & 0x0000_ffff_0000_ffff;
    Some((number | number >> 16) & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(number: u128) -> String {
        format!("{number:032x}")
    }

    /// Keeps cursors and gives what they take.
    fn packed(texts: &[[&str; 2]]) -> Option<usize> {
        let mut head = String::new();
        let mut cursors = Cursors::default();
        for (row, texts) in texts.iter().enumerate() {
            let spans = texts.map(|text| {
                head.push_str(text);
                Span::new(head.len() - text.len(), text.len())
            });
            cursors.push(row, spans);
        }
        cursors.pack(texts.len(), head.as_bytes());
        let size = cursors.memory_size();
        let read = |row| [Side::At, Side::Behind].map(|side| cursors.packed(row, side));
        assert_eq!(read(texts.len()), [None; 2]);
        if matches!(cursors, Cursors::Spans(_)) {
            assert_eq!(read(0), [None; 2]);
            return None;
        }
        for (row, texts) in texts.iter().enumerate() {
            assert_eq!(read(row), texts.map(Some));
        }
        Some(size - size_of::<HexCursors>())
    }

    #[test]
    fn cursors_of_digits_take_as_much_as_they_differ() {
        let size = |number: &dyn Fn(u128) -> u128| {
            let texts: Vec<_> = (0..101).map(|row| hex(number(row))).collect();
            let pairs = texts.windows(2).map(|pair| [&*pair[0], &*pair[1]]);
            packed(&pairs.collect::<Vec<_>>())
        };
        assert_eq!(size(&|row| (0x3000 << 112) + (row << 16)), Some(0));
        assert_eq!(size(&|row| 7 * (row / 2)), Some(800));
        assert_eq!(size(&|row| row * row * (u128::MAX / 20_000)), Some(3200));
    }

    #[test]
    fn other_cursors_stay_where_they_are() {
        let (one, two, upper) = (&*hex(0xa1), &*hex(0xa2), &*hex(0xa2).to_uppercase());
        let zeros = "\0".repeat(DIGITS);
        assert_eq!(packed(&[[one, two], [two, one], [one, one]]), Some(24));
        for texts in [
            &[][..],
            &[[one, two], [upper, two]],
            &[[one, upper]],
            &[[one, two], [one, ""]],
            &[["", two]],
            &[[one, two], ["é", "cursor"]],
            &[[&zeros, two]],
            &[[one, &two[1..]]],
        ] {
            assert_eq!(packed(texts), None, "{texts:?}");
        }
    }

    #[test]
    fn records_without_cursors_take_nothing() {
        let (null, span) = (Span::NULL, Span::new(0, 1));
        let mut cursors = Cursors::default();
        cursors.push(0, [null, null]);
        assert_eq!(cursors.memory_size(), 0);
        cursors.push(1, [null, span]);
        cursors.push(2, [null, null]);
        cursors.push(3, [span, null]);
        cursors.push(4, [null, null]);
        assert_eq!(
            cursors.spans(),
            [[null, null], [null, span], [null, null], [span, null]]
        );
        cursors.pack(5, b"c");
        assert_eq!(cursors.spans().len(), 4);
    }

    #[test]
    fn only_lower_case_digits_are_numbers() {
        for place in [0, 7, 15, 16, 31] {
            for byte in 0..=u8::MAX {
                let mut digits = [b'0'; DIGITS];
                digits[place] = byte;
                let text = str::from_utf8(&digits).ok();
                let value = text
                    .filter(|_| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
                    .map(|text| u128::from_str_radix(text, 16).unwrap());
                let found = halves(&digits);
                assert_eq!(
                    found.map(|(high, low)| u128::from(high) << 64 | u128::from(low)),
                    value
                );
            }
        }
    }
}
