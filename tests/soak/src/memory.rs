//! The memory of both processes over time.

use std::fmt;

use crate::Failure;

/// Samples that are left out in the beginning, while caches and pools fill: one in so many.
const WARM_UP: usize = 5;
/// What may be added to what was taken after the warm-up: a part of it, one in so many, and 8 MiB.
const GROWTH: u64 = 10;
const SLACK_KIB: u64 = 8 * 1024;

/// Resident memory of the client and of the emulator, in KiB.
pub(crate) struct Memory {
    emulator: u32,
    samples: Vec<[u64; 2]>,
}

impl Memory {
    pub(crate) fn new(emulator: u32) -> Self {
        Self {
            emulator,
            samples: Vec::new(),
        }
    }

    pub(crate) fn sample(&mut self) -> Result<(), Failure> {
        let emulator = self.emulator.to_string();
        self.samples.push([resident("self")?, resident(&emulator)?]);
        Ok(())
    }

    /// The medians after the warm-up and in the end, per process.
    fn medians(&self) -> Option<[[u64; 2]; 2]> {
        let part = (self.samples.len() / WARM_UP).max(1);
        let start = self.samples.get(part..2 * part)?;
        let end = self.samples.get(self.samples.len() - part..)?;
        Some([0, 1].map(|process| [median(start, process), median(end, process)]))
    }

    /// Fails if a process took more and more.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let medians = self
            .medians()
            .ok_or("too short to tell anything about memory")?;
        for (name, [start, end]) in ["client", "emulator"].into_iter().zip(medians) {
            if end > start + start / GROWTH + SLACK_KIB {
                return Err(
                    format!("the memory of the {name} grew from {start} to {end} KiB").into(),
                );
            }
        }
        Ok(())
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some([client, emulator]) = self.medians() else {
            return f.write_str("memory not known yet");
        };
        let mib = |kib: u64| format!("{}.{}", kib / 1024, kib % 1024 * 10 / 1024);
        write!(
            f,
            "memory of the client {} to {} MiB, of the emulator {} to {} MiB",
            mib(client[0]),
            mib(client[1]),
            mib(emulator[0]),
            mib(emulator[1])
        )
    }
}

fn median(samples: &[[u64; 2]], process: usize) -> u64 {
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

    fn memory(samples: impl IntoIterator<Item = u64>) -> Memory {
        let samples = samples.into_iter().map(|kib| [20_000, kib]).collect();
        Memory {
            emulator: 0,
            samples,
        }
    }

    #[test]
    fn growth_is_found_and_warming_up_is_none() {
        assert!(
            memory((0..20).map(|n| if n < 4 { n * 10_000 } else { 50_000 }))
                .check()
                .is_ok()
        );
        assert!(memory((0..20).map(|n| 50_000 + n * 2_000)).check().is_err());
        assert!(memory([]).check().is_err());
    }

    #[test]
    fn the_memory_of_this_process_is_known() {
        assert!(resident("self").unwrap() > 1000);
    }
}
