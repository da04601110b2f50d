//! Arrow's IPC format: a byte that says whether the rest is all of it, or changes to records that are right: places of
//! two bytes, each with a new byte.
#![no_main]

use std::sync::{Arc, OnceLock};

use hubstream::record::arrow::ArrowOptions;
use hubstream::record::{FieldType, RecordBatch, RecordBatchBuilder, RecordSchema};
use hubstream_fuzz::{exhaust, schemas};

/// Records of every type, or blobs.
fn right(schema: Option<&Arc<RecordSchema>>) -> Vec<u8> {
    let mut builder = schema.map_or_else(RecordBatchBuilder::blobs, |schema| {
        RecordBatchBuilder::tuples(Arc::clone(schema))
    });
    for number in 0..9 {
        let Some(schema) = schema else {
            builder.push_blob(&[7; 5]).expect("a blob");
            continue;
        };
        builder.begin_row().expect("a row");
        for field in schema.fields() {
            let pushed = match field.field_type {
                _ if field.allow_null && number % 3 == 2 => builder.push_null(),
                FieldType::Boolean => builder.push_text("true"),
                FieldType::Json => builder.push_text("[]"),
                _ => builder.push_text("1"),
            };
            pushed.expect("a value");
        }
        builder.end_row().expect("a row");
    }
    let records = builder.build().expect("a batch");
    records.to_arrow_ipc(&ArrowOptions::new()).expect("columns")
}

/// A schema, none for blobs, and a stream that fits it.
type Right = (Option<Arc<RecordSchema>>, Vec<u8>);

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    static RIGHT: OnceLock<Vec<Right>> = OnceLock::new();
    let right = RIGHT.get_or_init(|| {
        // The reader of the format panics at some damage, which is dealt with; nothing else may panic.
        std::panic::set_hook(Box::new(|_| {}));
        let all = schemas().into_iter();
        all.map(|schema| (schema.clone(), right(schema.as_ref())))
            .collect()
    });
    let [choice, rest @ ..] = input else { return };
    for (schema, stream) in right {
        let mut bytes = rest.to_vec();
        if choice & 1 == 1 {
            bytes.clone_from(stream);
            for change in rest.chunks_exact(3) {
                let place = usize::from(u16::from_le_bytes([change[0], change[1]]));
                let length = bytes.len();
                bytes[place % length] = change[2];
            }
        }
        if let Ok(records) = RecordBatch::from_arrow_ipc(schema.as_ref(), &bytes) {
            exhaust(&records);
        }
    }
});
