//! The memory of both processes over time.

use std::fmt;

use crate::Failure;

/// Samples that are left out in the beginning, while caches and pools fill: one in so many.
const WARM_UP: usize = 5;
/// What may be added to resident memory after the warm-up: a part of it, one in so many, and 8 MiB. What is freed does
/// not go back to the machine at once.
const GROWTH: u64 = 10;
const SLACK_KIB: u64 = 8 * 1024;
/// What may be added to the bytes in use after the warm-up. They come and go with connections and buffers.
const IN_USE_SLACK_KIB: u64 = 256;

/// What is known of client and emulator at one time, in KiB.
type Sample = [u64; 2];

/// The memory of the client and of the emulator.
pub(crate) struct Memory {
    emulator: u32,
    resident: Vec<Sample>,
    in_use: Vec<Sample>,
}

impl Memory {
    pub(crate) fn new(emulator: u32) -> Self {
        Self {
            emulator,
            resident: Vec::new(),
            in_use: Vec::new(),
        }
    }

    /// Takes a sample; the bytes in use were counted by the allocators.
    pub(crate) fn sample(&mut self, client: usize, emulator: usize) -> Result<(), Failure> {
        let in_use = [client, emulator].map(|bytes| bytes as u64 / 1024);
        self.in_use.push(in_use);
        let emulator = self.emulator.to_string();
        self.resident
            .push([resident("self")?, resident(&emulator)?]);
        Ok(())
    }

    /// Fails if a process took more and more.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let parts = [
            ("resident memory", &self.resident, GROWTH, SLACK_KIB),
            ("memory in use", &self.in_use, u64::MAX, IN_USE_SLACK_KIB),
        ];
        for (what, samples, growth, slack) in parts {
            let medians = medians(samples).ok_or("too short to tell anything about memory")?;
            for (name, [start, end]) in ["client", "emulator"].into_iter().zip(medians) {
                if end > start + start / growth + slack {
                    let text = format!("the {what} of the {name} grew from {start} to {end} KiB");
                    return Err(text.into());
                }
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
                "{name} {} to {} MiB ({first} to {last} KiB in use)",
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

    fn memory(resident: impl Fn(u64) -> u64, in_use: impl Fn(u64) -> u64) -> Memory {
        let series = |kib: &dyn Fn(u64) -> u64| (0..20).map(|n| [20_000, kib(n)]).collect();
        Memory {
            emulator: 0,
            resident: series(&resident),
            in_use: series(&in_use),
        }
    }

    #[test]
    fn growth_is_found_and_warming_up_is_none() {
        let flat = |_| 50_000;
        let warm_up = |n| if n < 4 { n * 10_000 } else { 50_000 };
        assert!(memory(warm_up, warm_up).check().is_ok());
        assert!(memory(|n| 50_000 + n * 2_000, flat).check().is_err());
        assert!(memory(flat, |n| 50_000 + n * 20).check().is_err());
        assert!(memory(flat, |n| 50_000 + n % 5 * 20).check().is_ok());
        assert!(Memory::new(0).check().is_err());
    }

    #[test]
    fn the_memory_of_this_process_is_known() {
        assert!(resident("self").unwrap() > 1000);
    }
}
