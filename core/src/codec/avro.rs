//! The values of batch version 1: Avro in its binary form, without container.

use crate::codec::body::Pen;
use crate::codec::protobuf::wire::varint_size;
use crate::error::{Error, Result};
use crate::record::atom::{Atom, AtomWriter, Run, check_null};
use crate::record::chunk::{Chunk, Span};
use crate::record::{Collector, Field, FieldType, Record};

/// How many attributes one block of a map holds when writing, as official clients do.
const MAP_BLOCK: usize = 100;

/// Readers of one official client refuse values above this many bytes.
pub(crate) const LONG_VALUE: usize = 1024 * 1024;

/// Writes an Avro `int` or `long`.
#[inline]
fn put_long(pen: &mut Pen<'_>, value: i64) {
    let rest = ((value << 1) ^ (value >> 63)) as u64;
    if rest < 0x80 {
        pen.put([rest as u8]);
    } else {
        put_wide(pen, rest);
    }
}

/// Writes a number of two bytes or more: eight bytes are made at once.
#[inline]
fn put_wide(pen: &mut Pen<'_>, value: u64) {
    const GOES_ON: u64 = 0x8080_8080_8080_8080;
    let size = varint_size(value);
    let word = split_sevens(value & ((1 << 56) - 1));
    if size <= 8 {
        let word = word | GOES_ON >> (72 - 8 * size);
        pen.put_some(word.to_le_bytes(), size);
        return;
    }
    pen.put((word | GOES_ON).to_le_bytes());
    let last = (value >> 56) as u8;
    if last < 0x80 {
        pen.put([last]);
    } else {
        pen.put([last, 1]);
    }
}

#[inline]
fn put_bytes(pen: &mut Pen<'_>, bytes: &[u8]) {
    put_long(pen, bytes.len() as i64);
    pen.put_slice(bytes);
}

/// Writes one record; returns how many of its values are longer than [`LONG_VALUE`].
pub(crate) fn put_record(pen: &mut Pen<'_>, record: &Record<'_>) -> Result<usize> {
    let mut writer = ValueWriter {
        pen,
        long_values: 0,
    };
    match record.schema() {
        None => writer.put_run(record.blob()?.into()),
        Some(_) => record.write_atoms(&mut writer)?,
    }
    let long_values = writer.long_values;
    put_attributes(pen, record);
    Ok(long_values)
}

/// Writes values, and counts those that some readers refuse.
struct ValueWriter<'p, 'r> {
    pen: &'p mut Pen<'r>,
    long_values: usize,
}

impl ValueWriter<'_, '_> {
    #[inline]
    fn put_run(&mut self, run: Run<'_>) {
        let length = run.len();
        self.long_values += usize::from(length > LONG_VALUE);
        put_long(self.pen, length as i64);
        self.pen.put_from(run.with_rest(), length);
    }
}

impl AtomWriter for ValueWriter<'_, '_> {
    #[allow(clippy::inline_always, reason = "see `AtomWriter`")]
    #[inline(always)]
    fn write(&mut self, field: &Field, atom: Atom<'_>) -> Result<()> {
        if field.allow_null {
            self.pen
                .put([if matches!(atom, Atom::Null) { 0 } else { 2 }]);
        }
        match atom {
            Atom::Null => check_null(field)?,
            Atom::Integer(value) => put_long(self.pen, value),
            Atom::Float(value) => self.pen.put(value.to_le_bytes()),
            Atom::Double(value) => self.pen.put(value.to_le_bytes()),
            Atom::Boolean(value) => self.pen.put([value.into()]),
            Atom::Number(run) | Atom::Text(run) => self.put_run(run),
        }
        Ok(())
    }
}

/// Writes the attributes in blocks, of which each tells its size.
#[inline]
fn put_attributes(pen: &mut Pen<'_>, record: &Record<'_>) {
    pen.put([2]);
    let mut attributes = record.attributes();
    while attributes.len() > 0 {
        let count = attributes.len().min(MAP_BLOCK);
        let size = |text: &str| varint_size((text.len() as u64) << 1) + text.len();
        let block = attributes.clone().take(count);
        let bytes: usize = block.map(|(key, value)| size(key) + size(value)).sum();
        put_long(pen, -(count as i64));
        put_long(pen, bytes as i64);
        for (key, value) in attributes.by_ref().take(count) {
            put_bytes(pen, key.as_bytes());
            put_bytes(pen, value.as_bytes());
        }
    }
    pen.put([0]);
}

/// Indexes exactly `count` records of a payload into a chunk. Bytes behind them are an error.
pub(crate) fn index_records(
    chunk: &mut Chunk,
    spans: &mut Vec<Span>,
    fields: Option<&[Field]>,
    count: usize,
) -> Result<()> {
    let body = chunk.body.clone();
    // Every record takes at least a byte, and so does every value: memory stays in proportion.
    if count > body.len() {
        return Err(Error::malformed(
            "the batch announces more records than it has bytes",
        ));
    }
    let columns: Vec<Column> = match fields {
        None => vec![Column::BLOB],
        Some(fields) => fields.iter().map(Column::of).collect(),
    };
    if columns.len().saturating_mul(count) > body.len() {
        return Err(damaged());
    }
    spans.resize(columns.len() * count, Span::NULL);
    chunk.starts.reserve(count);
    let mut collector = Collector::default();
    let mut place = 0;
    for (row, spans) in spans.chunks_exact_mut(columns.len().max(1)).enumerate() {
        let attributes = chunk.attributes.len();
        for (column, span) in columns.iter().zip(spans) {
            place = locate(&body, place, *column, span).ok_or_else(damaged)?;
        }
        // Most records have none: an empty map.
        if body
            .get(place..)
            .is_some_and(|rest| rest.starts_with(&[2, 0]))
        {
            place += 2;
        } else {
            place = index_attributes(chunk, &body, place, &mut collector)?;
        }
        chunk.push_row(row * columns.len(), attributes);
    }
    if place != body.len() {
        return Err(Error::malformed(
            "there are bytes behind the last record of the batch",
        ));
    }
    Ok(())
}

/// What must be known of a column to find its values.
#[derive(Clone, Copy)]
struct Column {
    allow_null: bool,
    form: ColumnForm,
}

/// How a value tells its size.
#[derive(Clone, Copy)]
enum ColumnForm {
    /// It begins with its length.
    Bytes,
    /// A number that ends with its last byte.
    Long,
    /// It always has so many bytes.
    Fixed(u8),
}

impl Column {
    /// The contents of a blob.
    const BLOB: Self = Self {
        allow_null: false,
        form: ColumnForm::Bytes,
    };

    fn of(field: &Field) -> Self {
        Self {
            allow_null: field.allow_null,
            form: match field.field_type {
                FieldType::String | FieldType::Decimal | FieldType::Json => ColumnForm::Bytes,
                FieldType::Float => ColumnForm::Fixed(4),
                FieldType::Double => ColumnForm::Fixed(8),
                FieldType::Boolean => ColumnForm::Fixed(1),
                _ => ColumnForm::Long,
            },
        }
    }
}

/// Finds a value; gives the place behind it. The span of null is left as it is.
#[allow(
    clippy::inline_always,
    reason = "the loop over the values is around it"
)]
#[inline(always)]
fn locate(bytes: &[u8], mut place: usize, column: Column, span: &mut Span) -> Option<usize> {
    if column.allow_null {
        if *bytes.get(place)? == 2 {
            place += 1;
        } else {
            let (choice, behind) = long(bytes, place)?;
            match choice {
                0 => return Some(behind),
                1 => place = behind,
                _ => return None,
            }
        }
    }
    let (start, end) = match column.form {
        ColumnForm::Bytes => {
            let (length, start) = length(bytes, place)?;
            (start, start.checked_add(length)?)
        }
        ColumnForm::Long => (place, place + long_size(bytes, place)?),
        ColumnForm::Fixed(size) => (place, place + usize::from(size)),
    };
    *span = Span::new(start, end - start);
    (end <= bytes.len()).then_some(end)
}

/// How many bytes a number takes.
#[inline]
fn long_size(bytes: &[u8], place: usize) -> Option<usize> {
    if let Some(word) = bytes.get(place..).and_then(<[u8]>::first_chunk::<8>) {
        let stops = !u64::from_le_bytes(*word) & STOPS;
        if stops != 0 {
            return Some(stops.trailing_zeros() as usize / 8 + 1);
        }
    }
    let (_, end) = long(bytes, place)?;
    Some(end - place)
}

/// The bits that are not set in the last byte of a number.
const STOPS: u64 = 0x8080_8080_8080_8080;

/// Reads a length, and the place behind it.
#[inline]
fn length(bytes: &[u8], place: usize) -> Option<(usize, usize)> {
    // One or two bytes, without a branch between them: which it is cannot be foreseen.
    if let Some(word) = bytes.get(place..).and_then(<[u8]>::first_chunk::<2>) {
        let word = u16::from_le_bytes(*word);
        if word & 0x8080 != 0x8080 && word & 1 == 0 {
            let is_wide = word >> 7 & 1;
            let high = word >> 8 & is_wide.wrapping_neg();
            let length = (word & 0x7f) >> 1 | high << 6;
            return Some((usize::from(length), place + 1 + usize::from(is_wide)));
        }
    }
    let (length, place) = long(bytes, place)?;
    Some((usize::try_from(length).ok()?, place))
}

/// Reads a number, and the place behind it. Eight bytes are looked at together where so many are left.
#[inline]
pub(crate) fn long(bytes: &[u8], place: usize) -> Option<(i64, usize)> {
    let rest = bytes.get(place..)?;
    let Some(word) = rest.first_chunk::<8>() else {
        return last_long(bytes, place);
    };
    let word = u64::from_le_bytes(*word);
    let stops = !word & STOPS;
    if stops == 0 {
        return longest(rest, place);
    }
    // All bits up to that of the first stop.
    let kept = word & (stops ^ (stops - 1));
    let size = stops.trailing_zeros() as usize / 8 + 1;
    Some((unzigzag(join_sevens(kept & !STOPS)), place + size))
}

/// Reads a number of nine or ten bytes.
#[inline]
fn longest(rest: &[u8], place: usize) -> Option<(i64, usize)> {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let low = join_sevens(u64::from_le_bytes(*rest.first_chunk::<8>()?) & LOW);
    let (high, size) = match *rest.get(8..)? {
        [last, ..] if last < 0x80 => (u64::from(last) << 56, 9),
        [ninth, last, ..] if last <= 1 => {
            (u64::from(ninth & 0x7f) << 56 | u64::from(last) << 63, 10)
        }
        _ => return None,
    };
    Some((unzigzag(low | high), place + size))
}

/// Reads a number within the last bytes.
#[cold]
fn last_long(bytes: &[u8], start: usize) -> Option<(i64, usize)> {
    let mut value: u64 = 0;
    for (index, byte) in bytes.get(start..)?.iter().take(8).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if *byte < 0x80 {
            return Some((unzigzag(value), start + index + 1));
        }
    }
    None
}

/// Indexes the attributes of a record; gives the place behind them.
fn index_attributes(
    chunk: &mut Chunk,
    bytes: &[u8],
    place: usize,
    collector: &mut Collector,
) -> Result<usize> {
    let start = chunk.attributes.len();
    let (choice, mut place) = long(bytes, place).ok_or_else(damaged)?;
    match choice {
        0 => return Ok(place),
        1 => {}
        _ => return Err(damaged()),
    }
    loop {
        let (count, behind) = long(bytes, place).ok_or_else(damaged)?;
        place = behind;
        if count == 0 {
            collector.finish();
            return Ok(place);
        }
        if count < 0 {
            // The size lets readers skip the block; it is not needed here.
            place = long(bytes, place).ok_or_else(damaged)?.1;
        }
        for _ in 0..count.unsigned_abs() {
            let (key, behind) = attribute_text(bytes, place)?;
            let (value, behind) = attribute_text(bytes, behind)?;
            place = behind;
            collector.add(&mut chunk.attributes, start, bytes, key, value);
        }
    }
}

fn attribute_text(bytes: &[u8], place: usize) -> Result<(Span, usize)> {
    let mut span = Span::NULL;
    let behind = locate(bytes, place, Column::BLOB, &mut span).ok_or_else(damaged)?;
    match bytes.get(span.range()).map(str::from_utf8) {
        Some(Ok(_)) => Ok((span, behind)),
        _ => Err(Error::malformed(
            "an attribute of the batch is not valid UTF-8",
        )),
    }
}

#[inline]
const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Puts the 56 bits of a number into the lower seven bits of eight bytes.
#[inline]
const fn split_sevens(value: u64) -> u64 {
    let word = (value & 0x00ff_ffff_f000_0000) << 4 | value & 0x0000_0000_0fff_ffff;
    let word = (word & 0x0fff_c000_0fff_c000) << 2 | word & 0x0000_3fff_0000_3fff;
    (word & 0x3f80_3f80_3f80_3f80) << 1 | word & 0x007f_007f_007f_007f
}

/// Joins the lower seven bits of eight bytes, whose highest bits are 0.
#[inline]
const fn join_sevens(word: u64) -> u64 {
    let word = (word & 0x7f00_7f00_7f00_7f00) >> 1 | word & 0x007f_007f_007f_007f;
    let word = (word & 0x3fff_0000_3fff_0000) >> 2 | word & 0x0000_3fff_0000_3fff;
    (word & 0x0fff_ffff_0000_0000) >> 4 | word & 0x0000_0000_0fff_ffff
}

#[cold]
fn damaged() -> Error {
    Error::malformed("the Avro data of the batch is damaged")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::body::Body;
    use crate::record::chunk::Form;

    fn written(value: i64) -> Vec<u8> {
        let mut body = Body::new(0);
        body.write(|pen| {
            put_long(pen, value);
            Ok(())
        })
        .unwrap();
        body.as_slice().to_vec()
    }

    fn read(bytes: &[u8]) -> Option<(i64, usize)> {
        long(bytes, 0)
    }

    #[test]
    fn lengths_are_numbers_that_are_not_negative() {
        for value in [
            0,
            1,
            63,
            64,
            127,
            128,
            8191,
            8192,
            70_000,
            i64::MAX,
            -1,
            -64,
            -65,
            -8193,
        ] {
            let mut bytes = written(value);
            let size = bytes.len();
            for tail in [&[][..], &[0], &[0xff; 10]] {
                bytes.truncate(size);
                bytes.extend_from_slice(tail);
                let wanted = usize::try_from(value).ok().map(|length| (length, size));
                assert_eq!(length(&bytes, 0), wanted, "{value}");
            }
        }
        for bad in [&[][..], &[0x80], &[0x80, 0x80], &[0x81]] {
            assert_eq!(length(bad, 0), None);
        }
    }

    #[test]
    fn no_room_is_made_for_values_that_cannot_be_there() {
        let fields: Vec<Field> = (0..100)
            .map(|column| Field::new(format!("c{column}"), FieldType::BigInt))
            .collect();
        // Every number would be null, which takes a byte.
        let body = bytes::Bytes::from(vec![0; 999]);
        let mut chunk = Chunk::received(Form::Avro, None, body.clone(), body);
        for count in [10, 999, 1000, usize::MAX] {
            let mut spans = Vec::new();
            let outcome = index_records(&mut chunk, &mut spans, Some(&fields), count);
            assert!(outcome.is_err(), "{count}");
            assert_eq!(spans.capacity(), 0, "{count}");
            assert_eq!(chunk.starts.capacity(), 0, "{count}");
        }
    }

    #[test]
    fn longs_are_zigzag_varints() {
        for (value, bytes) in [
            (0_i64, &[0][..]),
            (-1, &[1]),
            (1, &[2]),
            (64, &[0x80, 1]),
            (i64::MAX, &[0xfe, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
            (i64::MIN, &[0xff, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
        ] {
            assert_eq!(written(value), bytes);
            assert_eq!(read(bytes).unwrap(), (value, bytes.len()));
        }
        for bits in 0..64 {
            for value in [1_i64 << bits, (1_i64 << bits).wrapping_sub(1), -1 << bits] {
                let mut out = written(value);
                let size = out.len();
                assert_eq!(read(&out).unwrap(), (value, size));
                // With other bytes behind it, of which nothing must be taken.
                for byte in [0, 0x7f, 0x80, 0xff] {
                    out.resize(size, 0);
                    out.resize(size + 12, byte);
                    assert_eq!(read(&out).unwrap(), (value, size));
                }
                assert!(read(&out[..size - 1]).is_none());
            }
        }
        for bad in [&[0x80; 9][..], &[0xff; 10], &[0xff; 16], &[]] {
            assert!(read(bad).is_none());
        }
        let mut long = [0x80; 10];
        long[9] = 2;
        assert!(read(&long).is_none());
    }
}
