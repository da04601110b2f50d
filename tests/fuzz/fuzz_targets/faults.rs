//! The faults of the emulator: what is read is written so that it is read the same.
#![no_main]

use hubstream_emulator::faults::FaultPlan;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    if let Ok(plan) = FaultPlan::from_json(text) {
        let again = serde_json::to_vec(&plan).expect("JSON");
        assert_eq!(FaultPlan::from_json(&again).expect("our own text"), plan);
    }
});
