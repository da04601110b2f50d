//! The file that an emulator starts with, in both forms.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    for is_toml in [false, true] {
        let _ = hubstream_cli::check_start_file(text, is_toml);
    }
});
