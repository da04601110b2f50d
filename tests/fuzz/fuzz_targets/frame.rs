//! Frames: what is opened closes to the same bytes.
#![no_main]

use bytes::Bytes;
use hubstream::codec::frame;

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    if let Ok(payload) = frame::unwrap(&Bytes::copy_from_slice(body)) {
        let again = frame::wrap(&payload).expect("a small frame");
        assert_eq!(again[8..], body[8..]);
    }
});
