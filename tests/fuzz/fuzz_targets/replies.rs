//! Replies to every operation, whatever its form: two bytes for the operation, one for the status, one for the
//! compression, three for the announced size, then the body.
#![no_main]

use std::cell::RefCell;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use hubstream::codec::CompressFormat;
use hubstream::transport::Response;
use hubstream_fuzz::Replies;

const STATUSES: [u16; 10] = [200, 200, 200, 200, 201, 204, 301, 400, 404, 500];

thread_local! {
    static REPLIES: RefCell<Replies> = RefCell::default();
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [first, second, status, format, a, b, c, body @ ..] = input else {
        return;
    };
    let mut headers = HeaderMap::new();
    let format = CompressFormat::ALL
        .get(usize::from(*format))
        .copied()
        .unwrap_or_default();
    if format != CompressFormat::None {
        headers.insert("content-encoding", HeaderValue::from_static(format.name()));
        let size = u32::from_le_bytes([*a, *b, *c, 0]);
        if size > 0 {
            headers.insert("x-datahub-content-raw-size", HeaderValue::from(size));
        }
    }
    let status = STATUSES[usize::from(*status) % STATUSES.len()];
    let reply = Response {
        status: StatusCode::from_u16(status).expect("a status"),
        headers,
        body: Bytes::copy_from_slice(body),
    };
    let call = usize::from(u16::from_le_bytes([*first, *second]));
    REPLIES.with_borrow(|replies| replies.read(call, reply));
});
