//! One call of every case, for a tool that counts instructions from outside.

use std::hint::black_box;

use bytes::Bytes;
use hubstream::codec::{BatchVersion, CompressFormat};
use hubstream::error::Result;

use crate::cases::{self, Case, Kind, Protocol, Records, Way, differs, read_all};

/// Calls everything once, in the order of the names that are printed.
pub(crate) fn run(part: &str) -> Result<()> {
    let records = Records::new()?;
    for case in cases::all() {
        if is_counted(case) && case.to_string().contains(part) {
            call(case, &records)?;
            println!("{case}");
        }
    }
    Ok(())
}

/// Every codec without compression, and LZ4 once for each kind of contents. Zstandard is not counted: it is written in C,
/// and how many instructions it takes depends on the C compiler.
fn is_counted(case: Case) -> bool {
    let is_text = case.protocol == Protocol::Protobuf;
    let is_binary = case.protocol == Protocol::Batch(BatchVersion::V1);
    match case.format {
        CompressFormat::None => true,
        CompressFormat::Lz4 => case.kind == Kind::Tuple && (is_text || is_binary),
        _ => false,
    }
}

fn call(case: Case, records: &Records) -> Result<()> {
    let mut result = Err(differs(case));
    match case.way {
        Way::Encode => {
            let batch = records.batch(case.kind);
            // The first call of a process also finds out what the processor can do, and a few more what memory bodies
            // of this size need.
            for _ in 0..4 {
                case.encode(batch)?;
            }
            counted(&mut || result = case.encode(black_box(batch)).map(drop));
        }
        Way::Decode => {
            let (body, raw_size) = case.reply(records)?;
            let mut own = Bytes::from(body.to_vec());
            case.decode(own, raw_size, records)?;
            own = Bytes::from(body.to_vec());
            counted(&mut || {
                let body = std::mem::take(&mut own);
                result = case
                    .decode(body, raw_size, records)
                    .and_then(|batch| read_all(&batch, case.kind));
            });
        }
    }
    result
}

/// The function that is looked for from outside, by this name.
#[inline(never)]
fn counted(work: &mut dyn FnMut()) {
    work();
    // Not the last thing in the function, which would make it a jump.
    black_box(());
}
