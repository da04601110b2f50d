//! The frame around protocol buffers: `DHUB`, checksum, length, payload.

use bytes::Bytes;

use super::body::Body;
use super::crc;
use crate::error::{Error, Result};

/// The first bytes of frames and batches.
pub(crate) const MAGIC: &[u8; 4] = b"DHUB";
/// The bytes before the payload.
pub(crate) const HEADER_SIZE: usize = 12;

/// Puts a payload into a frame.
pub fn wrap(payload: &[u8]) -> Result<Bytes> {
    let mut frame = header(payload.len(), crc::crc32c(payload))?.to_vec();
    frame.extend_from_slice(payload);
    Ok(frame.into())
}

/// Puts a frame around the payload that was written.
pub(crate) fn around(payload: Body) -> Result<Bytes> {
    let crc = crc::crc32c(payload.as_slice());
    around_checked(payload, crc)
}

/// Puts a frame around the payload that was written, of which the checksum is known.
pub(crate) fn around_checked(mut payload: Body, crc: u32) -> Result<Bytes> {
    payload.prepend(&header(payload.len(), crc)?);
    Ok(payload.into_bytes())
}

fn header(length: usize, crc: u32) -> Result<[u8; HEADER_SIZE]> {
    let length = u32::try_from(length).map_err(|_| {
        Error::invalid_argument("record_list", "a request body must be smaller than 4 GiB")
    })?;
    let mut header = [0; HEADER_SIZE];
    header[..4].copy_from_slice(MAGIC);
    header[4..8].copy_from_slice(&crc.to_be_bytes());
    header[8..].copy_from_slice(&length.to_be_bytes());
    Ok(header)
}

/// Takes the payload out of a frame, sharing its memory.
///
/// Magic and length must be right; the checksum too unless it is 0.
pub fn unwrap(frame: &Bytes) -> Result<Bytes> {
    check(frame)?;
    Ok(frame.slice(HEADER_SIZE..))
}

/// Takes the payload out of a frame whose checksum was [checked](check) before, sharing its memory.
#[cfg(feature = "datahub")]
pub(crate) fn payload(frame: &Bytes) -> Result<Bytes> {
    checksum(frame)?;
    Ok(frame.slice(HEADER_SIZE..))
}

/// Takes the payload out of a frame.
pub(crate) fn unwrap_slice(frame: &[u8]) -> Result<&[u8]> {
    check(frame)?;
    Ok(&frame[HEADER_SIZE..])
}

/// Whether bytes begin as a frame does.
#[cfg(feature = "datahub")]
pub(crate) fn is_frame(body: &[u8]) -> bool {
    body.starts_with(MAGIC)
}

/// Checks a whole frame. Damage that the way may have done is a temporary failure.
pub(crate) fn check(frame: &[u8]) -> Result<()> {
    let sent = checksum(frame)?;
    if !crc::matches(sent, &frame[HEADER_SIZE..]) {
        return Err(Error::malformed("the checksum of the frame is wrong").temporary());
    }
    Ok(())
}

/// Checks magic and length; gives the checksum that was sent.
fn checksum(frame: &[u8]) -> Result<u32> {
    let Some((header, payload)) = frame.split_at_checked(HEADER_SIZE) else {
        return Err(Error::malformed(
            "the body is shorter than the header of a frame",
        ));
    };
    if !header.starts_with(MAGIC) {
        return Err(Error::malformed(
            "the body is not a frame: it does not start with `DHUB`",
        ));
    }
    let word = |place: usize| {
        u32::from_be_bytes([
            header[place],
            header[place + 1],
            header[place + 2],
            header[place + 3],
        ])
    };
    if word(8) as usize != payload.len() {
        return Err(Error::malformed(format!(
            "the frame announces {} bytes and has {}",
            word(8),
            payload.len()
        ))
        .temporary());
    }
    Ok(word(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_of_an_empty_put_reply() {
        let frame = wrap(&[8, 0]).unwrap();
        assert_eq!(frame.as_ref(), b"DHUB\x6c\x75\xb4\x6a\0\0\0\x02\x08\0");
        assert_eq!(unwrap(&frame).unwrap().as_ref(), [8, 0]);
    }

    #[test]
    fn damage_is_found() {
        let frame = wrap(b"payload").unwrap();
        for place in 0..frame.len() {
            let mut damaged = frame.to_vec();
            damaged[place] ^= 0x40;
            assert!(unwrap(&damaged.into()).is_err(), "byte {place}");
        }
        for length in 0..frame.len() {
            assert!(unwrap(&frame.slice(..length)).is_err());
        }
        let mut unchecked = frame.to_vec();
        unchecked[4..8].fill(0);
        assert!(unwrap(&unchecked.into()).is_ok());
    }

    #[test]
    fn a_payload_that_was_checked_before_is_not_checked_again() {
        let frame = wrap(b"payload").unwrap();
        let mut damaged = frame.to_vec();
        damaged[HEADER_SIZE] ^= 1;
        assert!(check(&damaged).unwrap_err().is_temporary());
        assert_eq!(payload(&damaged.into()).unwrap().len(), 7);
        assert!(payload(&frame.slice(..15)).is_err());
        assert!(payload(&frame.slice(1..)).is_err());
    }
}
