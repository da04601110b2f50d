//! The frame around binary bodies: magic, checksum, length, payload.

use bytes::Bytes;

use super::error::Error;

const MAGIC: &[u8; 4] = b"DHUB";

/// Bytes before the payload.
pub(super) const HEADER: usize = 12;

/// The payload of a framed body. A checksum of 0 is not verified: some clients do not compute it.
pub(super) fn open(body: &Bytes) -> Result<Bytes, Error> {
    let invalid =
        |reason| Error::invalid_parameter(format!("The request body is invalid: {reason}."));
    let Some((header, payload)) = body.split_first_chunk::<HEADER>() else {
        return Err(invalid("it is shorter than a frame header"));
    };
    if !header.starts_with(MAGIC) {
        return Err(invalid("it does not begin with DHUB"));
    }
    let word = |at: usize| {
        u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    if word(8) as usize != payload.len() {
        return Err(invalid("its length is not the announced one"));
    }
    if word(4) != 0 && word(4) != crc32c::crc32c(payload) {
        return Err(invalid("its checksum does not match"));
    }
    Ok(body.slice(HEADER..))
}

/// A buffer with room for the header.
pub(super) fn start(capacity: usize) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEADER + capacity);
    frame.resize(HEADER, 0);
    frame
}

/// Fills in the header once the payload is complete.
pub(super) fn finish(mut frame: Vec<u8>) -> Bytes {
    let crc = crc32c::crc32c(&frame[HEADER..]);
    let len = (frame.len() - HEADER) as u32;
    frame[..4].copy_from_slice(MAGIC);
    frame[4..8].copy_from_slice(&crc.to_be_bytes());
    frame[8..12].copy_from_slice(&len.to_be_bytes());
    frame.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_is_the_one_of_the_service() {
        let mut frame = start(2);
        frame.extend_from_slice(b"\x08\x00");
        let frame = finish(frame);
        assert_eq!(frame, b"DHUB\x6c\x75\xb4\x6a\x00\x00\x00\x02\x08\x00"[..]);
        assert_eq!(open(&frame), Ok(Bytes::from_static(b"\x08\x00")));
    }

    #[test]
    fn broken_frames_are_refused() {
        for bad in [
            &b""[..],
            b"DHUB\x6c\x75\xb4\x6a\x00\x00\x00",
            b"DHUC\x6c\x75\xb4\x6a\x00\x00\x00\x02\x08\x00",
            b"DHUB\x6c\x75\xb4\x6b\x00\x00\x00\x02\x08\x00",
            b"DHUB\x6c\x75\xb4\x6a\x00\x00\x00\x03\x08\x00",
            b"DHUB\x6c\x75\xb4\x6a\x00\x00\x00\x02\x08\x00\x00",
            b"DHUB\x6c\x75\xb4\x6a\xff\xff\xff\xff\x08\x00",
        ] {
            assert_eq!(
                open(&Bytes::from_static(bad)).map_err(|error| error.code),
                Err("InvalidParameter")
            );
        }
        assert!(
            open(&Bytes::from_static(b"DHUB\0\0\0\0\x00\x00\x00\x02\x08\x00")).is_ok(),
            "no checksum"
        );
    }
}
