//! The reply to a get in JSON.
#![no_main]

use bytes::Bytes;
use hubstream::codec::json;
use hubstream_fuzz::{exhaust, schemas};

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    for schema in schemas() {
        if let Ok(reply) = json::decode_get(Bytes::copy_from_slice(body), schema) {
            exhaust(&reply.records);
        }
    }
});
