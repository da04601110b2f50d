//! One batch of any version. The length is made right and the checksum unchecked.
#![no_main]

use bytes::Bytes;
use hubstream::codec::batch;
use hubstream_fuzz::{exhaust, schemas};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut body = input.to_vec();
    if body.len() >= 26 {
        let length = body.len() as u32;
        body[8..12].copy_from_slice(&length.to_le_bytes());
        body[16..20].fill(0);
    }
    let body = Bytes::from(body);
    for schema in schemas() {
        if let Ok(records) = batch::decode(&body, &|_| schema.clone()) {
            exhaust(&records);
        }
    }
});
