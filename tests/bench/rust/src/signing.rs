//! Signing a request: the whole of it against the HMAC and its Base64 alone.

use std::fmt;
use std::hint::black_box;

use hubstream::error::{Error, Result};
use hubstream::sign::datahub::{authorization, signature, string_to_sign};

use crate::cases::Records;
use crate::measure::{self, Plain};
use crate::report::Measured;

const KEY: &str = "5Ld4Vgs2UzP0Km8nYh6tRw1QeXjBcA";
const TARGET: &str = "/projects/bench/topics/records/shards";
/// The headers of a put of records.
const HEADERS: [(&str, &str); 7] = [
    ("Content-Type", "application/x-protobuf"),
    ("Date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("Accept-Encoding", "lz4"),
    ("Content-Encoding", "lz4"),
    ("x-datahub-client-version", "1.1"),
    ("x-datahub-content-raw-size", "400000"),
    ("x-datahub-request-action", "pub"),
];

/// The signature of a put.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signing;

impl fmt::Display for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("signature")
    }
}

/// Checks that both sides make the same signature, then measures the text to sign and the value of the header.
pub(crate) fn measure(signing: Signing, _: &Records, rounds: usize) -> Result<Measured> {
    let text = string_to_sign("POST", TARGET, HEADERS);
    if !authorization("emulator", KEY, &text).ends_with(&signature(KEY, &text)) {
        return Err(Error::malformed("the header has another signature"));
    }
    let mut ours = Plain(|| {
        let text = string_to_sign("POST", black_box(TARGET), HEADERS);
        _ = black_box(authorization("emulator", KEY, &text));
    });
    let mut least = Plain(|| _ = black_box(signature(KEY, black_box(&text))));
    let (ours, floor) = measure::compare(&mut ours, &mut least, rounds);
    Ok(Measured {
        name: signing.to_string(),
        bytes: 0,
        units: 1,
        ours,
        floor,
    })
}
