//! Bodies with one thing wrong.

/// CRC-32C of bytes, bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            let carry = crc & 1;
            (crc >> 1) ^ (carry * 0x82f6_3b78)
        })
    })
}

/// A frame around a payload.
pub(crate) fn frame(payload: &[u8]) -> Vec<u8> {
    frame_with(*b"DHUB", crc32c(payload), payload.len() as u32, payload)
}

/// A frame with any header.
pub(crate) fn frame_with(magic: [u8; 4], crc: u32, length: u32, payload: &[u8]) -> Vec<u8> {
    [
        &magic[..],
        &crc.to_be_bytes(),
        &length.to_be_bytes(),
        payload,
    ]
    .concat()
}

/// A frame whose checksum is wrong by one bit.
pub(crate) fn frame_with_wrong_crc(payload: &[u8]) -> Vec<u8> {
    frame_with(*b"DHUB", crc32c(payload) ^ 1, payload.len() as u32, payload)
}

/// A frame whose length says `by` more than there is.
pub(crate) fn frame_with_length(payload: &[u8], by: i32) -> Vec<u8> {
    let length = (payload.len() as u32).wrapping_add_signed(by);
    frame_with(*b"DHUB", crc32c(payload), length, payload)
}

/// A field of a protocol buffer that holds bytes.
pub(crate) fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, bytes.len() as u8][..], bytes].concat()
}

/// A field of a protocol buffer that holds a small number.
pub(crate) fn number(number: u8, value: u8) -> Vec<u8> {
    vec![number << 3, value]
}

/// The payload of a reply to a get with these records.
pub(crate) fn get_reply(records: &[Vec<u8>]) -> Vec<u8> {
    let mut payload = [field(1, b"next"), number(2, records.len() as u8)].concat();
    for record in records {
        payload.extend(field(4, record));
    }
    payload
}

/// A record of a reply to a get with one value.
pub(crate) fn record(value: &[u8]) -> Vec<u8> {
    field(9, &field(1, &field(1, value)))
}

/// An LZ4 block.
pub(crate) fn lz4(raw: &[u8]) -> Vec<u8> {
    lz4_flex::block::compress(raw)
}

/// A zlib stream.
pub(crate) fn zlib(raw: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(raw).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

/// A Zstandard frame.
pub(crate) fn zstd(raw: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(raw, 1).expect("memory can be compressed")
}
