//! Decompression: a byte for the format, three for the announced size, then the data.
#![no_main]

use bytes::Bytes;
use hubstream::codec::CompressFormat;
use hubstream::codec::compress::{compress, decompress};

const LIMIT: usize = 1 << 20;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [choice, a, b, c, data @ ..] = input else {
        return;
    };
    let formats = CompressFormat::ALL;
    let format = formats[usize::from(*choice) % formats.len()];
    let size = u32::from_le_bytes([*a, *b, *c, 0]) as usize;
    let data = Bytes::copy_from_slice(data);
    for raw_size in [None, Some(size)] {
        if let Ok(raw) = decompress(format, &data, raw_size, LIMIT) {
            assert!(raw.len() <= LIMIT && raw_size.is_none_or(|size| size == raw.len()));
            let again = compress(format, &raw).expect("compression does not fail");
            assert_eq!(
                decompress(format, &again, Some(raw.len()), LIMIT).expect("our own output"),
                raw
            );
        }
    }
});
