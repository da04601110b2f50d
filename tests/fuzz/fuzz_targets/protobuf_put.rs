//! Puts in protocol buffers and their replies; the input is what the frame holds.
#![no_main]

use hubstream::codec::{frame, protobuf};
use hubstream_fuzz::{exhaust, schemas};

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    let Ok(body) = frame::wrap(payload) else {
        return;
    };
    let _ = protobuf::decode_put(&body);
    for schema in schemas() {
        if let Ok(records) = protobuf::decode_put_request(&body, schema) {
            exhaust(&records);
        }
    }
});
