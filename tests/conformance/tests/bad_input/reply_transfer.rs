//! Replies that break on the way: compression, lengths, connections.

use hubstream::error::ErrorKind;

use crate::damage;
use crate::replies::{Case, plain};
use crate::server::reply;

pub(crate) fn encodings() -> Vec<Case> {
    let good = br#"{"ProjectNames":["a"]}"#;
    let zeros = vec![0; 100 << 20];
    let encoded = |what, name: &str, size: &str, body: &[u8]| {
        let (encoding, size) = (
            format!("Content-Encoding: {name}"),
            format!("x-datahub-content-raw-size: {size}"),
        );
        let headers: &[&str] = if size.ends_with(": ") {
            &[&encoding]
        } else {
            &[&encoding, &size]
        };
        plain(
            what,
            "list_project",
            reply("200 OK", headers, body),
            ErrorKind::Malformed,
        )
    };
    vec![
        encoded("gzip, which was not asked for", "gzip", "22", good),
        encoded("an unknown encoding", "br", "22", good),
        plain(
            "an error that a gateway compressed in its own way",
            "list_project",
            reply(
                "502 Bad Gateway",
                &["Content-Encoding: gzip"],
                b"\x1f\x8b\x08",
            ),
            ErrorKind::Unavailable,
        ),
        encoded("LZ4 without size", "lz4", "", &damage::lz4(good)),
        encoded(
            "a size that is no number",
            "lz4",
            "many",
            &damage::lz4(good),
        ),
        encoded("a negative size", "lz4", "-1", &damage::lz4(good)),
        encoded(
            "a size beyond all numbers",
            "zlib",
            "99999999999999999999999",
            &damage::zlib(good),
        ),
        encoded("LZ4 with too small a size", "lz4", "21", &damage::lz4(good)),
        encoded("LZ4 with too large a size", "lz4", "23", &damage::lz4(good)),
        encoded(
            "LZ4 with an enormous size",
            "lz4",
            "1099511627776",
            &damage::lz4(good),
        ),
        encoded("LZ4 that is none", "lz4", "100", b"\xff\xff\xff\xff\xff"),
        encoded(
            "LZ4 that points before its start",
            "lz4",
            "64",
            &[0x00, 0xff, 0xff, 0x10],
        ),
        encoded("zlib with a wrong size", "zlib", "5", &damage::zlib(good)),
        encoded("zlib that is cut", "zlib", "22", &damage::zlib(good)[..12]),
        encoded("zlib that is none", "zlib", "22", b"top-secret"),
        encoded(
            "zlib with more behind it",
            "zlib",
            "",
            &[damage::zlib(good), b"top-secret".to_vec()].concat(),
        ),
        encoded("deflate that is none", "deflate", "22", b"\xff\xff\xff"),
        encoded("zstd with a wrong size", "zstd", "21", &damage::zstd(good)),
        encoded("zstd that is cut", "zstd", "22", &damage::zstd(good)[..9]),
        encoded("zstd that is none", "zstd", "22", b"top-secret"),
        encoded("a zlib bomb that lies", "zlib", "22", &damage::zlib(&zeros)),
        encoded(
            "a zlib bomb that says nothing",
            "zlib",
            "",
            &damage::zlib(&zeros),
        ),
        encoded(
            "a zstd bomb that says nothing",
            "zstd",
            "",
            &damage::zstd(&zeros),
        ),
        encoded(
            "an LZ4 bomb that tells the truth",
            "lz4",
            "104857600",
            &damage::lz4(&zeros),
        ),
        encoded(
            "JSON that is malformed once decompressed",
            "lz4",
            "6",
            &damage::lz4(b"{\"a\":1"),
        ),
    ]
}

pub(crate) fn connections() -> Vec<Case> {
    use ErrorKind::{Connection, Malformed};
    let case = |what, bytes: &[u8], kind| plain(what, "list_project", bytes.to_vec(), kind);
    let endless = [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(),
        chunks(65 << 20),
    ]
    .concat();
    let long = format!("HTTP/1.1 200 OK\r\nx-long: {}\r\n\r\n", "y".repeat(1 << 20));
    vec![
        case("closed without a word", b"", Connection),
        case("another protocol", b"SSH-2.0-OpenSSH_9.9\r\n", Connection),
        case(
            "a status that is no number",
            b"HTTP/1.1 abc OK\r\n\r\n",
            Connection,
        ),
        case("half a head", b"HTTP/1.1 200 OK\r\nContent-Le", Connection),
        case(
            "a body that is cut",
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Pro",
            Connection,
        ),
        case(
            "a length that is no number",
            b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}",
            Connection,
        ),
        case(
            "two lengths",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
            Connection,
        ),
        case(
            "a chunk without size",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
            Connection,
        ),
        case(
            "chunks that are cut",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a",
            Connection,
        ),
        case(
            "a header with a zero byte",
            b"HTTP/1.1 200 OK\r\nx: a\0b\r\nContent-Length: 2\r\n\r\n{}",
            Connection,
        ),
        case(
            "a header without name",
            b"HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 2\r\n\r\n{}",
            Connection,
        ),
        case("a header of a megabyte", long.as_bytes(), Connection),
        case(
            "a length of ten gigabytes",
            b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n{",
            Malformed,
        ),
        case("a body without end", &endless, Malformed),
    ]
}

/// So many bytes of white space, in chunks of a megabyte.
fn chunks(length: usize) -> Vec<u8> {
    let chunk = [
        b"100000\r\n".to_vec(),
        vec![b' '; 1 << 20],
        b"\r\n".to_vec(),
    ]
    .concat();
    chunk.repeat(length >> 20)
}
