//! The memory of both processes over time.

use std::fmt;

use crate::{ALLOCATED, Failure};

/// Samples that are left out in the beginning, while caches and pools fill: one in so many.
const WARM_UP: usize = 5;
/// What may be added to the bytes in use after the warm-up. They come and go with connections and buffers.
const SLACK_KIB: u64 = 512;
/// How much resident memory may be, beside the most bytes that were ever in use: so many times as much and 64 MiB. What
/// is freed lies between what is kept and does not go back to the machine.
const FRAGMENTATION: u64 = 8;
const PROGRAM_KIB: u64 = 64 * 1024;

/// What is known of client and emulator at one time, in KiB.
type Sample = [u64; 2];

/// The bytes in use in a process, as its allocator counts them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allocated {
    /// Now.
    pub(crate) now: usize,
    /// At most so far.
    pub(crate) most: usize,
}

impl Allocated {
    /// What this process has in use.
    pub(crate) fn here() -> Self {
        Self {
            now: ALLOCATED.current_usage(),
            most: ALLOCATED.peak_usage(),
        }
    }
}

/// The memory of the client and of the emulator.
pub(crate) struct Memory {
    emulator: u32,
    resident: Vec<Sample>,
    in_use: Vec<Sample>,
    most: Sample,
}

impl Memory {
    pub(crate) fn new(emulator: u32) -> Self {
        Self {
            emulator,
            resident: Vec::new(),
            in_use: Vec::new(),
            most: [0; 2],
        }
    }

    /// Takes a sample.
    pub(crate) fn sample(&mut self, client: Allocated, emulator: Allocated) -> Result<(), Failure> {
        let both = [client, emulator];
        self.in_use.push(both.map(|one| one.now as u64 / 1024));
        self.most = both.map(|one| one.most as u64 / 1024);
        let emulator = self.emulator.to_string();
        self.resident
            .push([resident("self")?, resident(&emulator)?]);
        Ok(())
    }

    /// Fails if a process keeps more and more, or takes far more of the machine than it ever used.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let short = "too short to tell anything about memory";
        let in_use = medians(&self.in_use).ok_or(short)?;
        let resident = medians(&self.resident).ok_or(short)?;
        for (place, name) in ["client", "emulator"].into_iter().enumerate() {
            let [start, end] = in_use[place];
            if end > start + SLACK_KIB {
                let text =
                    format!("the {name} kept {start} KiB in the beginning and {end} in the end");
                return Err(text.into());
            }
            let (resident, most) = (resident[place][1], self.most[place]);
            if resident > most * FRAGMENTATION + PROGRAM_KIB {
                let text =
                    format!("the {name} takes {resident} KiB and never used more than {most}");
                return Err(text.into());
            }
        }
        Ok(())
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(resident), Some(in_use)) = (medians(&self.resident), medians(&self.in_use))
        else {
            return f.write_str("memory not known yet");
        };
        let mib = |kib: u64| format!("{}.{}", kib / 1024, kib % 1024 * 10 / 1024);
        for (place, name) in ["memory of the client", ", of the emulator"]
            .into_iter()
            .enumerate()
        {
            let ([start, end], [first, last]) = (resident[place], in_use[place]);
            write!(
                f,
                "{name} {first} to {last} KiB at rest, {} MiB at most, {} to {} MiB resident",
                mib(self.most[place]),
                mib(start),
                mib(end)
            )?;
        }
        Ok(())
    }
}

/// The medians after the warm-up and in the end, per process.
fn medians(samples: &[Sample]) -> Option<[[u64; 2]; 2]> {
    let part = (samples.len() / WARM_UP).max(1);
    let start = samples.get(part..2 * part)?;
    let end = samples.get(samples.len() - part..)?;
    Some([0, 1].map(|process| [median(start, process), median(end, process)]))
}

fn median(samples: &[Sample], process: usize) -> u64 {
    let mut sorted: Vec<u64> = samples.iter().map(|sample| sample[process]).collect();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

fn resident(process: &str) -> Result<u64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(resident: u64, in_use: impl Fn(u64) -> u64) -> Memory {
        Memory {
            emulator: 0,
            resident: vec![[20_000, resident]; 20],
            in_use: (0..20).map(|n| [20_000, in_use(n)]).collect(),
            most: [30_000, 60_000],
        }
    }

    #[test]
    fn growth_is_found_and_warming_up_is_none() {
        let warm_up = |n| if n < 4 { n * 10_000 } else { 50_000 };
        assert!(memory(50_000, warm_up).check().is_ok());
        assert!(memory(50_000, |n| 50_000 + n * 60).check().is_err());
        assert!(memory(50_000, |n| 50_000 + n % 5 * 20).check().is_ok());
        assert!(memory(600_000, |_| 50_000).check().is_err());
        assert!(Memory::new(0).check().is_err());
    }

    #[test]
    fn the_memory_of_this_process_is_known() {
        assert!(resident("self").unwrap() > 1000);
    }
}
