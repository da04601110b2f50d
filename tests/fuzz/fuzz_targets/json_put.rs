//! Puts in JSON and their replies.
#![no_main]

use bytes::Bytes;
use hubstream::codec::json;
use hubstream_fuzz::{exhaust, schemas};

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let _ = json::decode_put(body);
    for schema in schemas() {
        if let Ok(records) = json::decode_put_request(Bytes::copy_from_slice(body), schema) {
            exhaust(&records);
        }
    }
});
