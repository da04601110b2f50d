//! Damaged bytes give an error or other records, never a panic.

use std::sync::Arc;

use bytes::Bytes;
use hubstream::codec::compress::{compress, decompress};
use hubstream::codec::{BatchVersion, CompressFormat, batch, frame, json, protobuf};
use hubstream::record::{RecordBatch, RecordSchema};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::records::{damage, records};

/// Reads everything of some records.
fn exhaust(records: &RecordBatch) {
    for record in records {
        let _ = record.blob();
        let _ = record.blob_bytes();
        for value in record.values() {
            let _ = value.map(|value| value.to_string());
        }
        for (key, value) in record.attributes() {
            let _ = (key.chars().count(), value.chars().count());
        }
        let _ = (
            record.cursor(),
            record.next_cursor(),
            record.serial(),
            record.batch_index(),
        );
        let _ = (record.shard_id(), record.hash_key(), record.partition_key());
    }
    // What was read can be written again, or is refused.
    let _ = protobuf::encode_put(records);
    let _ = batch::encode(records, BatchVersion::V0, 0, CompressFormat::None);
    let _ = batch::encode(records, BatchVersion::V1, 0, CompressFormat::None);
}

fn protobuf_all(body: &Bytes, schema: Option<&Arc<RecordSchema>>) {
    if let Ok(records) = protobuf::decode_put_request(body, schema.cloned()) {
        exhaust(&records);
    }
    if let Ok(reply) = protobuf::decode_get(body, schema.cloned()) {
        exhaust(&reply.records);
    }
    let _ = protobuf::decode_put(body);
    let _ = batch::decode_put_request(body);
    if let Ok(reply) = batch::decode_get(body, schema.cloned(), &|_| schema.cloned()) {
        exhaust(&reply.records);
    }
}

fn json_all(body: &[u8], schema: Option<&Arc<RecordSchema>>) {
    if let Ok(records) = json::decode_put_request(Bytes::copy_from_slice(body), schema.cloned()) {
        exhaust(&records);
    }
    if let Ok(reply) = json::decode_get(Bytes::copy_from_slice(body), schema.cloned()) {
        exhaust(&reply.records);
    }
    let _ = json::decode_put(body);
    let _ = RecordSchema::from_json(&String::from_utf8_lossy(body));
}

fn batch_all(body: &Bytes, schema: Option<&Arc<RecordSchema>>) {
    if let Ok(records) = batch::decode(body, &|_| schema.cloned()) {
        exhaust(&records);
    }
}

/// Makes the frame's length right and its checksum unchecked.
fn reframed(mut body: Vec<u8>) -> Bytes {
    let length = (body.len() - 12) as u32;
    body[4..8].fill(0);
    body[8..12].copy_from_slice(&length.to_be_bytes());
    body.into()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..300), size in 0..5000_usize) {
        let body = Bytes::from(bytes.clone());
        protobuf_all(&body, None);
        protobuf_all(&frame::wrap(&bytes).unwrap(), None);
        json_all(&bytes, None);
        batch_all(&body, None);
        for format in CompressFormat::ALL.iter().copied() {
            for raw_size in [None, Some(size)] {
                if let Ok(raw) = decompress(format, &body, raw_size, 4096) {
                    prop_assert!(raw.len() <= 4096);
                }
            }
        }
    }

    #[test]
    fn damaged_protobuf(given in records(), damage in damage()) {
        let mut body = protobuf::encode_put(&given.batch()).unwrap().to_vec();
        damage.apply(&mut body, 12);
        protobuf_all(&reframed(body), given.schema.as_ref());
    }

    #[test]
    fn damaged_json(given in records(), damage in damage()) {
        let mut body = json::encode_put(&given.batch()).unwrap().to_vec();
        damage.apply(&mut body, 0);
        json_all(&body, given.schema.as_ref());
    }

    #[test]
    fn damaged_batches(given in records(), damage in damage(), version in select(&[BatchVersion::V0, BatchVersion::V1][..])) {
        let mut body = batch::encode(&given.batch(), version, 0, CompressFormat::None).unwrap().to_vec();
        damage.apply(&mut body, 20);
        // Magic, version, length and checksum are right: what is behind them is looked at.
        let length = (body.len() as u32).to_le_bytes();
        let data = if version == BatchVersion::V0 { 26 } else { 40 };
        let raw_size = (body.len().saturating_sub(data) as u32).to_le_bytes();
        body[8..12].copy_from_slice(&length);
        body[12..16].copy_from_slice(&raw_size);
        body[16..20].fill(0);
        batch_all(&body.into(), given.schema.as_ref());
    }

    #[test]
    fn damaged_compression(raw in vec(any::<u8>(), 0..400), damage in damage(), format in select(CompressFormat::ALL)) {
        let mut packed = compress(format, &raw).unwrap().to_vec();
        damage.apply(&mut packed, 0);
        let packed = Bytes::from(packed);
        for raw_size in [None, Some(raw.len())] {
            if let Ok(unpacked) = decompress(format, &packed, raw_size, 4096) {
                prop_assert!(raw_size.is_none_or(|size| size == unpacked.len()));
            }
        }
    }
}
