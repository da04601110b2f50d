//! The reply to a get in batch mode; the input is what the frame holds.
#![no_main]

use hubstream::codec::{batch, frame};
use hubstream_fuzz::{exhaust, schemas};

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    let Ok(body) = frame::wrap(payload) else {
        return;
    };
    let _ = batch::decode_put_request(&body);
    for schema in schemas() {
        if let Ok(reply) = batch::decode_get(&body, schema.clone(), &|_| schema.clone()) {
            exhaust(&reply.records);
        }
    }
});
