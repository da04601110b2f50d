//! The JSON text of schemas: what is read is written so that it is read the same.
#![no_main]

use hubstream::record::RecordSchema;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(schema) = RecordSchema::from_json(text) {
        assert_eq!(
            RecordSchema::from_json(&schema.to_json()).expect("our own text"),
            schema
        );
    }
});
