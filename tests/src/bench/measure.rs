//! Times, processor time and memory, all as whole numbers. It does not know what is measured.

use std::path::Path;
use std::time::Instant;

/// Nanoseconds of one tick of the processor times that Linux tells.
const TICK_NS: u64 = 10_000_000;

/// Many times of one thing, in nanoseconds.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<u64>);

impl Samples {
    /// One more.
    pub fn push(&mut self, ns: u64) {
        self.0.push(ns);
    }

    /// The least time that so many per cent of all do not exceed; 0 of none.
    #[must_use]
    pub fn percentile(&self, per_cent: usize) -> u64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let index = (sorted.len() * per_cent).div_ceil(100).max(1) - 1;
        sorted.get(index).copied().unwrap_or(0)
    }

    /// The middle one.
    #[must_use]
    pub fn median(&self) -> u64 {
        self.percentile(50)
    }

    /// All together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }
}

impl FromIterator<u64> for Samples {
    fn from_iter<T: IntoIterator<Item = u64>>(times: T) -> Self {
        Samples(times.into_iter().collect())
    }
}

/// How long something took, with what it answered.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let begin = Instant::now();
    let answer = work();
    (
        answer,
        u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX),
    )
}

/// How long something takes.
pub fn time(work: impl FnOnce()) -> u64 {
    timed(work).1
}

/// Times of ours, and of its floor.
#[derive(Debug, Clone, Default)]
pub struct Pairs {
    /// Ours.
    pub ours: Samples,
    /// Its floor.
    pub floor: Samples,
}

/// Ours and its floor by turns, so that whatever else the machine does meets both.
pub fn pairs<S>(
    rounds: usize,
    state: &mut S,
    mut ours: impl FnMut(&mut S, usize) -> u64,
    mut floor: impl FnMut(&mut S, usize) -> u64,
) -> Pairs {
    let mut pairs = Pairs::default();
    for round in 0..rounds {
        pairs.ours.push(ours(state, round));
        pairs.floor.push(floor(state, round));
    }
    pairs
}

/// Whose processor time is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The thread that asks.
    Thread,
    /// All threads of this process.
    Own,
    /// All threads of another process.
    Process(u32),
}

/// The processor time that somebody has used, in nanoseconds and steps of ten milliseconds.
#[must_use]
pub fn cpu_ns(who: Who) -> u64 {
    let stat = match who {
        Who::Thread => "/proc/thread-self/stat".to_owned(),
        Who::Own => "/proc/self/stat".to_owned(),
        Who::Process(id) => format!("/proc/{id}/stat"),
    };
    let stat = std::fs::read_to_string(stat).unwrap();
    // The name, which may hold spaces, ends at the last parenthesis; user and system time are the
    // 14th and 15th field.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    fields[11..13]
        .iter()
        .map(|ticks| ticks.parse::<u64>().unwrap())
        .sum::<u64>()
        * TICK_NS
}

/// Bytes of memory by a name of `/proc/PID/status`: `VmRSS` as it is now, `VmHWM` at its highest.
#[must_use]
pub fn memory(process: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// From now on this process's highest memory is counted anew.
pub fn forget_peak() {
    // Where the system does not let us, the peak is only higher.
    std::fs::write("/proc/self/clear_refs", "5").ok();
}

/// From now on another process's highest memory is counted anew; answers what it has now, in bytes.
#[must_use]
pub fn forget_peak_of(process: u32) -> u64 {
    std::fs::write(format!("/proc/{process}/clear_refs"), "5").ok();
    memory(process, "VmHWM")
}

/// Bytes of a file, or of all files below a folder.
#[must_use]
pub fn disk(path: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else {
        return std::fs::metadata(path).map_or(0, |file| file.len());
    };
    entries.map(|entry| disk(&entry.unwrap().path())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let samples: Samples = (1..=200).rev().collect();
        assert_eq!(
            [1, 50, 99, 100].map(|of| samples.percentile(of)),
            [2, 100, 198, 200]
        );
        assert_eq!([7].into_iter().collect::<Samples>().percentile(99), 7);
    }

    #[test]
    fn work_costs_processor_time_and_memory() {
        let before = [Who::Thread, Who::Own, Who::Process(std::process::id())].map(cpu_ns);
        let mut sum = 0_u64;
        while cpu_ns(Who::Thread) < before[0] + 2 * TICK_NS {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(
            cpu_ns(Who::Own) > before[1] && cpu_ns(Who::Process(std::process::id())) > before[2]
        );
        // The system adds up pages lazily, and other threads go on meanwhile.
        let [now, peak] = ["VmRSS", "VmHWM"].map(|name| memory(std::process::id(), name));
        assert!(now > 100_000 && peak > now / 2, "{peak} at most, {now} now");
    }
}
