//! Compressions: bombs, and sizes that are announced and not there.

use bytes::Bytes;
use hubstream::codec::CompressFormat;
use hubstream::codec::compress::{MAX_RAW_SIZE, compress, decompress};

use super::{ALWAYS, alone, bounded, peak};

/// What one byte of a compression may honestly become: that of deflate.
const RATIO: usize = 1032;

#[test]
fn announced_sizes_are_not_believed() {
    let _alone = alone();
    for format in CompressFormat::ALL.iter().copied() {
        for input in [
            &[0_u8; 5][..],
            b"\x78\x9c\x03\x00",
            b"\x28\xb5\x2f\xfd",
            &[0xff; 100],
        ] {
            for size in [None, Some(1), Some(MAX_RAW_SIZE), Some(usize::MAX)] {
                let input = Bytes::copy_from_slice(input);
                bounded(&format!("{format} {size:?}"), input.len() * RATIO, || {
                    decompress(format, &input, size, MAX_RAW_SIZE)
                });
            }
        }
    }
}

#[test]
fn zstd_frames_that_promise_much() {
    let _alone = alone();
    // One segment of 63 MiB, then a window of 64 MiB and no size; what follows is cut off.
    let one = [
        &[0x28, 0xb5, 0x2f, 0xfd, 0xa0][..],
        &(63_u32 << 20).to_le_bytes(),
        &[3, 0, 0],
    ]
    .concat();
    let window = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x80, 0x03, 0, 0];
    for frame in [Bytes::from(one), Bytes::copy_from_slice(&window)] {
        for size in [None, Some(63 << 20)] {
            bounded("zstd", frame.len(), || {
                decompress(CompressFormat::Zstd, &frame, size, MAX_RAW_SIZE)
            });
        }
    }
}

#[test]
fn bombs_stop_at_the_limit() {
    let _alone = alone();
    let raw = vec![0; 48 << 20];
    for format in CompressFormat::ALL.iter().copied() {
        let bomb = compress(format, &raw).expect("compressed");
        for (size, limit) in [
            (Some(raw.len()), 1 << 20),
            (None, 1 << 20),
            (Some(1 << 20), 1 << 20),
            (None, 100),
        ] {
            let taken = peak(|| decompress(format, &bomb, size, limit).map(drop));
            assert!(
                taken <= 2 * limit + ALWAYS,
                "{format} {size:?} {limit}: {taken}"
            );
        }
    }
}
