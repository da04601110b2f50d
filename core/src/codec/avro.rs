//! The values of batch version 1: Avro in its binary form, without container.

use crate::codec::body::Pen;
use crate::codec::protobuf::wire::varint_size;
use crate::error::{Error, Result};
use crate::record::atom::{Atom, AtomWriter, Run, check_null};
use crate::record::chunk::{Chunk, NONE, Row, Span};
use crate::record::value::{Mismatch, utf8};
use crate::record::{Collector, Field, FieldType, Record, Value, decimal};

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

/// Reads a value from its bytes, which were found by [`index_records`].
#[allow(clippy::inline_always, reason = "the loops of codecs are around it")]
#[inline(always)]
pub(crate) fn value(field_type: FieldType, bytes: &[u8]) -> Result<Value<'_>, Mismatch> {
    let text = || utf8(bytes);
    Ok(match field_type {
        FieldType::String => Value::String(text()?),
        FieldType::Json => Value::Json(text()?),
        FieldType::Decimal => match text()? {
            text if decimal::is_decimal(text) => Value::Decimal(text),
            _ => return Err(Mismatch::Form),
        },
        FieldType::Float => Value::Float(f32::from_le_bytes(
            bytes.try_into().map_err(|_| Mismatch::Form)?,
        )),
        FieldType::Double => Value::Double(f64::from_le_bytes(
            bytes.try_into().map_err(|_| Mismatch::Form)?,
        )),
        FieldType::Boolean => match bytes {
            [0] => Value::Boolean(false),
            [1] => Value::Boolean(true),
            _ => return Err(Mismatch::Form),
        },
        _ => {
            let mut reader = Reader { bytes, place: 0 };
            return Value::from_integer(field_type, reader.long().map_err(|_| Mismatch::Form)?);
        }
    })
}

/// Indexes exactly `count` records of a payload into a chunk. Bytes behind them are an error.
pub(crate) fn index_records(
    chunk: &mut Chunk,
    spans: &mut Vec<Span>,
    fields: Option<&[Field]>,
    count: usize,
) -> Result<()> {
    let body = chunk.body.clone();
    let mut reader = Reader {
        bytes: &body,
        place: 0,
    };
    // Every record takes at least a byte, and so does every value: memory stays in proportion.
    if count > body.len() {
        return Err(Error::malformed(
            "the batch announces more records than it has bytes",
        ));
    }
    chunk.rows.reserve(count);
    spans.reserve((count * fields.map_or(1, <[Field]>::len)).min(body.len()));
    let mut collector = Collector::default();
    for _ in 0..count {
        let row = Row {
            entry: 0,
            values: spans.len() as u32,
            attributes: chunk.attributes.len() as u32,
            keys: NONE,
        };
        match fields {
            None => spans.push(reader.bytes()?),
            Some(fields) => {
                for field in fields {
                    spans.push(reader.field(field)?);
                }
            }
        }
        reader.attributes(
            &mut chunk.attributes,
            row.attributes as usize,
            &mut collector,
        )?;
        chunk.rows.push(row);
    }
    if reader.place != body.len() {
        return Err(Error::malformed(
            "there are bytes behind the last record of the batch",
        ));
    }
    Ok(())
}

struct Reader<'a> {
    bytes: &'a [u8],
    place: usize,
}

impl Reader<'_> {
    #[inline]
    fn long(&mut self) -> Result<i64> {
        match self.bytes.get(self.place) {
            Some(byte) if *byte < 0x80 => {
                self.place += 1;
                Ok(unzigzag(u64::from(*byte)))
            }
            _ => self.wide_long(),
        }
    }

    /// Reads a number of more than one byte: eight bytes are looked at together where so many are left.
    fn wide_long(&mut self) -> Result<i64> {
        const STOPS: u64 = 0x8080_8080_8080_8080;
        let rest = self.bytes.get(self.place..).unwrap_or_default();
        let Some(word) = rest
            .first_chunk::<8>()
            .map(|word| u64::from_le_bytes(*word))
        else {
            return self.last_long();
        };
        let stops = !word & STOPS;
        if stops != 0 {
            // All bits up to that of the first stop.
            let kept = word & (stops ^ (stops - 1));
            self.place += stops.trailing_zeros() as usize / 8 + 1;
            return Ok(unzigzag(join_sevens(kept & !STOPS)));
        }
        let (value, size) = match *rest.get(8..).unwrap_or_default() {
            [last, ..] if last < 0x80 => (u64::from(last) << 56, 9),
            [ninth, last, ..] if last <= 1 => {
                (u64::from(ninth & 0x7f) << 56 | u64::from(last) << 63, 10)
            }
            _ => return Err(damaged()),
        };
        self.place += size;
        Ok(unzigzag(join_sevens(word & !STOPS) | value))
    }

    /// Reads a number within the last bytes.
    #[cold]
    fn last_long(&mut self) -> Result<i64> {
        let mut value: u64 = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.place).ok_or_else(damaged)?;
            self.place += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(unzigzag(value));
            }
        }
        Err(damaged())
    }

    #[inline]
    fn take(&mut self, count: usize) -> Result<Span> {
        if count > self.bytes.len() - self.place {
            return Err(damaged());
        }
        let span = Span::new(self.place, count);
        self.place += count;
        Ok(span)
    }

    #[inline]
    fn bytes(&mut self) -> Result<Span> {
        let length = self.long()?;
        self.take(usize::try_from(length).map_err(|_| damaged())?)
    }

    #[inline]
    fn field(&mut self, field: &Field) -> Result<Span> {
        if field.allow_null {
            match self.long()? {
                0 => return Ok(Span::NULL),
                1 => {}
                _ => return Err(damaged()),
            }
        }
        match field.field_type {
            FieldType::String | FieldType::Decimal | FieldType::Json => self.bytes(),
            FieldType::Float => self.take(4),
            FieldType::Double => self.take(8),
            FieldType::Boolean => self.take(1),
            _ => {
                let start = self.place;
                self.long()?;
                Ok(Span::new(start, self.place - start))
            }
        }
    }

    fn text(&mut self) -> Result<Span> {
        let span = self.bytes()?;
        match str::from_utf8(&self.bytes[span.range()]) {
            Ok(_) => Ok(span),
            Err(_) => Err(Error::malformed(
                "an attribute of the batch is not valid UTF-8",
            )),
        }
    }

    fn attributes(
        &mut self,
        list: &mut Vec<(Span, Span)>,
        start: usize,
        collector: &mut Collector,
    ) -> Result<()> {
        match self.long()? {
            0 => return Ok(()),
            1 => {}
            _ => return Err(damaged()),
        }
        loop {
            let count = self.long()?;
            if count == 0 {
                collector.finish();
                return Ok(());
            }
            if count < 0 {
                // The size lets readers skip the block; it is not needed here.
                self.long()?;
            }
            for _ in 0..count.unsigned_abs() {
                let (key, value) = (self.text()?, self.text()?);
                collector.add(list, start, self.bytes, key, value);
            }
        }
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

    fn written(value: i64) -> Vec<u8> {
        let mut body = Body::new(0);
        body.write(|pen| {
            put_long(pen, value);
            Ok(())
        })
        .unwrap();
        body.as_slice().to_vec()
    }

    fn read(bytes: &[u8]) -> Result<(i64, usize)> {
        let mut reader = Reader { bytes, place: 0 };
        let value = reader.long()?;
        Ok((value, reader.place))
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
                assert!(read(&out[..size - 1]).is_err());
            }
        }
        for bad in [&[0x80; 9][..], &[0xff; 10], &[0xff; 16], &[]] {
            assert!(read(bad).is_err());
        }
        let mut long = [0x80; 10];
        long[9] = 2;
        assert!(read(&long).is_err());
    }
}
