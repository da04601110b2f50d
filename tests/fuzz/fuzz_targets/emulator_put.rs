//! Records that are put into the emulator, and what it makes of them in every protocol. A byte for topic and protocol,
//! a byte for the compression, two for the announced size, then the body; of a frame, what it holds.
#![no_main]

use std::cell::RefCell;

use hubstream::codec::{CompressFormat, frame};
use hubstream_fuzz::{TOPICS, Target};

thread_local! {
    static TARGET: RefCell<Target> = RefCell::default();
}

const BINARY: [&str; 2] = ["application/x-protobuf", "application/x-binary"];

fn binary(kind: &str, action: &str) -> String {
    format!("content-type: {kind}\r\nx-datahub-request-action: {action}\r\n")
}

fn read(target: &mut Target, topic: &str) {
    let shard = format!("{topic}/shards/0");
    let (status, reply) = target.request(
        "POST",
        &shard,
        "",
        br#"{"Action":"cursor","Type":"LATEST"}"#,
    );
    assert_eq!(status, 200);
    let reply = String::from_utf8(reply).expect("text");
    let cursor = reply
        .split('"')
        .skip_while(|text| *text != "Cursor")
        .nth(2)
        .expect("a cursor");
    let sub = format!(r#"{{"Action":"sub","Cursor":"{cursor}","Limit":2}}"#);
    target.request("POST", &shard, "", sub.as_bytes());
    let mut message = vec![0x0a, cursor.len() as u8];
    message.extend_from_slice(cursor.as_bytes());
    message.extend_from_slice(&[0x10, 2]);
    let body = frame::wrap(&message).expect("a small frame");
    for kind in BINARY {
        target.request("POST", &shard, &binary(kind, "sub"), &body);
    }
    let older = format!(
        "{}x-datahub-client-version: 1.1\r\n",
        binary(BINARY[1], "sub")
    );
    target.request("POST", &shard, &older, &body);
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [choice, format, a, b, body @ ..] = input else {
        return;
    };
    let topic = TOPICS[usize::from(choice & 1)];
    let format = CompressFormat::ALL
        .get(usize::from(*format))
        .copied()
        .unwrap_or_default();
    let mut headers = String::new();
    if format != CompressFormat::None {
        let size = u16::from_le_bytes([*a, *b]);
        headers = format!(
            "content-encoding: {}\r\nx-datahub-content-raw-size: {size}\r\n",
            format.name()
        );
    }
    let kind = usize::from(choice >> 1 & 3);
    let framed;
    let body = match BINARY.get(kind) {
        Some(name) => {
            headers += &binary(name, "pub");
            if format == CompressFormat::None {
                framed = frame::wrap(body).expect("a small frame");
                &framed
            } else {
                body
            }
        }
        None => body,
    };
    TARGET.with_borrow_mut(|target| {
        target.next_input();
        let place = if kind == 1 { "/shards/0" } else { "/shards" };
        let (status, _) = target.request("POST", &format!("{topic}{place}"), &headers, body);
        if status == 200 {
            read(target, topic);
        }
    });
});
