//! Whatever comes in on a connection of the emulator: a byte for the service, then what is sent.
#![no_main]

use std::cell::RefCell;

use hubstream_fuzz::Target;

thread_local! {
    static TARGET: RefCell<Target> = RefCell::default();
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [service, bytes @ ..] = input else { return };
    TARGET.with_borrow_mut(|target| {
        target.next_input();
        target.send(service & 1 == 1, bytes);
    });
});
