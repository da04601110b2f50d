//! The runtime on which all calls of the process run.

use napi::bindgen_prelude::create_custom_tokio_runtime;
use tokio::runtime::Builder;

/// Threads that do network work, unless `HUBSTREAM_WORKER_THREADS` says otherwise.
const WORKER_THREADS: usize = 2;

/// Buffers for bodies that are kept. The garbage collector gives those of some tens of batches back at once.
const KEPT_BUFFERS: usize = 32;

/// Runs when the addon is loaded, which the package puts off until the first client is made.
#[napi_derive::module_init]
fn start_runtime() {
    hubstream::codec::keep_buffers(KEPT_BUFFERS);
    let threads = std::env::var("HUBSTREAM_WORKER_THREADS")
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|threads| (1..=1024).contains(threads))
        .unwrap_or(WORKER_THREADS);
    let runtime = Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name_fn(thread_name)
        .on_thread_start(crate::log::enter_thread)
        .enable_all()
        .build();
    // Without it the framework makes a runtime of its own, and reports why that fails too.
    if let Ok(runtime) = runtime {
        create_custom_tokio_runtime(runtime);
    }
}

fn thread_name() -> String {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("hubstream-io-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
