//! The codecs against their floors.

use std::hint::black_box;

use bytes::Bytes;
use hubstream::error::Result;
use hubstream::record::Value;

use crate::cases::{Case, Kind, Records, Way, differs, read_all, read_blobs, read_values};
use crate::data::COUNT;
use crate::floors::Floor;
use crate::measure::{self, Fresh, Plain};
use crate::report::Measured;

/// Compares the values, then measures.
pub(crate) fn measure(case: Case, records: &Records, rounds: usize) -> Result<Measured> {
    let mut floor = Floor::new(case, records).map_err(|_| differs(case))?;
    let fail = || differs(case);
    let (bytes, (ours, floor)) = match case.way {
        Way::Encode => {
            let batch = records.batch(case.kind);
            let body = case.encode(batch)?;
            if floor.encode() != Some(&body[..]) {
                return Err(fail());
            }
            let mut ours = Plain(|| drop(black_box(case.encode(black_box(batch)))));
            let mut least = Plain(|| _ = black_box(floor.encode()));
            (body.len(), measure::compare(&mut ours, &mut least, rounds))
        }
        Way::Decode => {
            let (body, raw_size) = case.reply(records)?;
            check(case, records, &mut floor, &body, raw_size)?;
            let ours = |body: Bytes| {
                let batch = case.decode(body, raw_size, records);
                _ = black_box(batch.and_then(|batch| read_all(&batch, case.kind)));
            };
            // A received body belongs to nobody else.
            let mut ours = Fresh(|| Bytes::from(body.to_vec()), ours);
            let mut least = Plain(|| _ = black_box(floor.decode(black_box(&body), raw_size)));
            (body.len(), measure::compare(&mut ours, &mut least, rounds))
        }
    };
    Ok(Measured {
        name: case.to_string(),
        bytes: bytes / COUNT,
        units: COUNT,
        ours,
        floor,
    })
}

/// Both must read the values that were written.
fn check(
    case: Case,
    records: &Records,
    floor: &mut Floor<'_>,
    body: &Bytes,
    raw_size: usize,
) -> Result<()> {
    let batch = case.decode(Bytes::from(body.to_vec()), raw_size, records)?;
    let mut wanted = records.rows.iter().flat_map(crate::data::Row::values);
    let mut blobs = records.blobs.iter();
    let mut same = true;
    match case.kind {
        Kind::Tuple => read_values(&batch, &mut |value| same &= wanted.next() == Some(value))?,
        Kind::Blob => read_blobs(&batch, &mut |blob| {
            same &= blobs.next().is_some_and(|wanted| wanted == blob);
        })?,
    }
    let complete = match case.kind {
        Kind::Tuple => wanted.next().is_none(),
        Kind::Blob => blobs.next().is_none(),
    };
    let mut wanted = records.rows.iter().flat_map(crate::data::Row::values);
    let mut blobs = records.blobs.iter();
    let mut found = 0;
    let mut value = |value: Value<'_>| {
        found += usize::from(wanted.next() == Some(value));
    };
    let mut floor_blobs = 0;
    let mut blob =
        |blob: &[u8]| floor_blobs += usize::from(blobs.next().is_some_and(|wanted| wanted == blob));
    floor
        .decode_into(body, raw_size, &mut value, &mut blob)
        .ok_or_else(|| differs(case))?;
    let right = match case.kind {
        Kind::Tuple => found == COUNT * 10,
        Kind::Blob => floor_blobs == COUNT,
    };
    if same && complete && right {
        Ok(())
    } else {
        Err(differs(case))
    }
}
