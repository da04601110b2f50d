//! The reply to a get in protocol buffers; the input is what the frame holds.
#![no_main]

use hubstream::codec::{frame, protobuf};
use hubstream_fuzz::{exhaust, schemas};

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    let Ok(body) = frame::wrap(payload) else {
        return;
    };
    for schema in schemas() {
        if let Ok(reply) = protobuf::decode_get(&body, schema) {
            exhaust(&reply.records);
        }
    }
});
