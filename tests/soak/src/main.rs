//! Many workers put, get, commit and share shards for a given time, against an emulator in a second process to which
//! faults happen. Every record is accounted for: nothing that was acknowledged is lost, and nothing is there twice
//! but for answers that faults withheld. The memory of both processes must stay flat: the bytes that they have in use
//! when nothing is stored, as their allocators count them, and what they take of the machine.
//!
//! The time is cut into rounds. In every other round the clients repeat puts whose answer was lost. After a round
//! everything is read, compared with what was put, and made to expire.

mod account;
mod faults;
mod group;
mod memory;
mod reader;
mod record;
mod round;
mod server;
mod writer;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use memory::{Allocated, Memory};
use peak_alloc::PeakAlloc;
use round::{Places, Totals};
use server::Server;

/// Counts the bytes that are in use, in this process and in the emulator's.
#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// A failure of the soak, with what was found.
type Failure = Box<dyn std::error::Error + Send + Sync>;

const USAGE: &str = "usage: hubstream-soak SECONDS [SEED]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let outcome = runtime.map_err(Failure::from).and_then(|runtime| {
        runtime.block_on(async {
            match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                [server::MODE] => server::serve().await,
                [seconds] => soak(seconds.parse().map_err(|_| USAGE)?, 1).await,
                [seconds, seed] => {
                    let seed = seed.parse().map_err(|_| USAGE)?;
                    soak(seconds.parse().map_err(|_| USAGE)?, seed).await
                }
                _ => Err(USAGE.into()),
            }
        })
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("soak failed: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn soak(seconds: u64, seed: u64) -> Result<(), Failure> {
    let round = Duration::from_secs((seconds / 10).clamp(3, 10));
    let mut server = Server::start()?;
    let places = Places::create(&server).await?;
    let mut memory = Memory::new(server.id());
    let mut totals = Totals::default();
    let start = Instant::now();
    let mut number = 0;
    while start.elapsed() < Duration::from_secs(seconds) {
        let found = places.run(&server, number, seed, round).await;
        let found = found.map_err(|failure| format!("round {number}, seed {seed}: {failure}"))?;
        totals.add(found);
        server.forget_records()?;
        // Records are let go of when somebody looks for them.
        places.look().await?;
        memory.sample(Allocated::here(), server.allocated()?)?;
        number += 1;
        if number % 30 == 0 {
            println!("{} s: {totals}; {memory}", start.elapsed().as_secs());
        }
    }
    server.stop()?;
    println!("soak: {seconds} s, seed {seed}: {number} rounds, {totals}; {memory}");
    totals.check()?;
    memory.check()
}
