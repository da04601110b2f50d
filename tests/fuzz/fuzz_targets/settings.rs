//! Connection URLs of every service.
#![no_main]

use hubstream::config::Settings;
use hubstream::connect::SERVICES;

libfuzzer_sys::fuzz_target!(|url: &str| {
    for service in SERVICES {
        if let Ok(settings) = Settings::from_url(service.name, url) {
            let _ = settings.endpoint();
            let _ = settings.credentials();
        }
    }
});
