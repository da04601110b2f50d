//! Kills a serving emulator at random moments of its work, many times, and finds everything again that it had
//! acknowledged, and nothing by halves.
//!
//! `HUBSTREAM_CRASH_ROUNDS` and `HUBSTREAM_CRASH_SEED` ask for more rounds and for others. Run with
//! `serve DIRECTORY` as arguments the program is the emulator that gets killed.

mod control;
mod records;
mod reply;
mod served;
mod shards;
mod streams;

use std::path::Path;
use std::sync::mpsc::channel;

use served::{Served, Wire};

const NAME: &str = "acknowledged_writes_survive_kills";
const ROUNDS: u64 = 8;
const SEED: u64 = 1;
/// Acknowledged writes after which a round's emulator is killed, at most.
const WRITES: usize = 250;

/// Somebody who writes, and knows what must be there after a crash.
trait Worker: Send {
    /// Makes one write or a few; nothing if the emulator is gone. What was begun and not acknowledged is remembered.
    fn work(&mut self, wire: &mut Wire, random: &mut fastrand::Rng) -> Option<()>;

    /// Looks for everything that was acknowledged, and takes what it finds as the truth from then on.
    fn check(&mut self, served: &Served);

    /// Looks at everything once more, from the beginning.
    fn check_all(&mut self, served: &Served) {
        self.check(served);
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, directory] = arguments.as_slice()
        && mode == served::MODE
    {
        return served::serve(Path::new(directory));
    }
    // The part of the test runners' conventions that is needed to be found, filtered and run.
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let is_filter = |argument: &&String| !argument.starts_with("--") && *argument != "terse";
    let filters: Vec<&String> = arguments.iter().filter(is_filter).collect();
    let wanted = filters.is_empty() || filters.iter().any(|filter| NAME.contains(filter.as_str()));
    if !wanted || has("--ignored") {
        return;
    }
    if has("--list") {
        println!("{NAME}: test");
        return;
    }
    let number = |name: &str, default| {
        std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
    };
    run(
        number("HUBSTREAM_CRASH_ROUNDS", ROUNDS),
        number("HUBSTREAM_CRASH_SEED", SEED),
    );
    println!("test {NAME} ... ok");
}

fn run(rounds: u64, seed: u64) {
    let directory = tempfile::tempdir().expect("tempdir");
    let served = Served::start(directory.path());
    let mut workers = workers(&served);
    served.kill();
    let mut random = fastrand::Rng::with_seed(seed);
    let mut writes = 0;
    for round in 0..rounds {
        // Some die before they have read what is there.
        if random.u8(..4) == 0 {
            Served::spawn(directory.path()).kill();
        }
        let served = Served::start(directory.path());
        for worker in &mut workers {
            worker.check(&served);
        }
        println!("round {round} of seed {seed}: {writes} writes so far");
        let after = random.usize(1..=WRITES);
        writes += work_until_killed(served, &mut workers, &mut random, after);
    }
    let served = Served::start(directory.path());
    for worker in &mut workers {
        worker.check_all(&served);
    }
    served.kill();
    println!("{rounds} rounds of seed {seed}: {writes} acknowledged writes");
}

fn workers(served: &Served) -> Vec<Box<dyn Worker>> {
    served.ok(
        "POST",
        "/projects/crash",
        &serde_json::json!({"Comment": "c"}),
    );
    let mut workers: Vec<Box<dyn Worker>> = Vec::new();
    for number in 0..3 {
        workers.push(Box::new(records::Puts::new(served, number)));
    }
    workers.push(Box::new(shards::Shards::new(served)));
    workers.push(Box::new(control::Offsets::new(served)));
    workers.push(Box::new(control::Consumers::new(served)));
    workers.push(Box::new(control::Connector::new(served)));
    workers.push(Box::new(control::Schemas::new(served)));
    workers.push(Box::new(control::Topics));
    workers.push(Box::new(streams::Stream::new(served)));
    workers
}

/// Lets everybody work at once, and kills the emulator after so many acknowledged writes. Returns how many there were.
fn work_until_killed(
    served: Served,
    workers: &mut [Box<dyn Worker>],
    random: &mut fastrand::Rng,
    after: usize,
) -> usize {
    let (sender, receiver) = channel();
    std::thread::scope(|scope| {
        for worker in workers {
            let (sender, mut random) = (sender.clone(), random.fork());
            let (datahub, dis) = (served.datahub.clone(), served.dis.clone());
            scope.spawn(move || {
                let mut wire = Wire::new(&datahub, &dis);
                while worker.work(&mut wire, &mut random).is_some() && sender.send(()).is_ok() {}
            });
        }
        drop(sender);
        let first = receiver.iter().take(after).count();
        assert_eq!(first, after, "the emulator ended by itself");
        served.kill();
        first + receiver.iter().count()
    })
}
