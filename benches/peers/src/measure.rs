//! What is measured of each run, and what it comes to: medians, ratios, and what is left above the input.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::engine::ENGINES;

/// Runs `work`; how much processor time this process has used for it, in all threads.
pub fn processor_time<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let now = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    };
    let before = now();
    let result = work();
    (result, now() - before)
}

/// The runs of one engine: seconds by the clock, and of processor time.
#[derive(Default)]
pub struct Runs {
    clock: Vec<f64>,
    processor: Vec<f64>,
}

impl Runs {
    pub fn push(&mut self, clock: Duration, processor: Duration) {
        self.clock.push(clock.as_secs_f64());
        self.processor.push(processor.as_secs_f64());
    }
}

/// The figures of one work.
pub struct Row {
    pub work: &'static str,
    /// Nanoseconds of processor time that making a record and dropping it again takes in a plain loop.
    pub input: f64,
    /// In the order of [`ENGINES`]; `None` where one was not run.
    pub engines: [Option<Figures>; ENGINES.len()],
}

/// What one engine reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Records per second by the clock, median of all runs.
    pub rate: f64,
    /// Slowest and fastest run, in records per second.
    pub range: (f64, f64),
    /// Nanoseconds of processor time a record, in all threads, median of all runs.
    pub processor: f64,
}

impl Row {
    pub fn new(
        work: &'static str,
        records: u64,
        input: Vec<Duration>,
        engines: [Runs; ENGINES.len()],
    ) -> Self {
        let records = records as f64;
        let nanoseconds = |seconds: f64| seconds * 1e9 / records;
        let engines = engines.map(|Runs { clock, processor }| {
            let clock = sorted(clock);
            let (fastest, slowest) = (clock.first()?, clock.last()?);
            let range = (records / slowest, records / fastest);
            let processor = nanoseconds(median(&sorted(processor)));
            Some(Figures { rate: records / median(&clock), range, processor })
        });
        let input = sorted(input.iter().map(Duration::as_secs_f64).collect());
        Row { work, input: nanoseconds(median(&input)), engines }
    }

    /// Millstream's rate by the clock over the better peer's.
    pub fn clock_ratio(&self) -> Option<f64> {
        self.ratio(|figures| 1.0 / figures.rate)
    }

    /// The better peer's processor time a record over Millstream's.
    pub fn processor_ratio(&self) -> Option<f64> {
        self.ratio(|figures| figures.processor)
    }

    /// The same of what is left when the input is taken off, which costs every engine the same.
    pub fn ratio_above_input(&self) -> Option<f64> {
        self.ratio(|figures| self.above_input(figures))
    }

    /// Nanoseconds of processor time a record besides making it and dropping it.
    pub fn above_input(&self, figures: Figures) -> f64 {
        figures.processor - self.input
    }

    /// The least cost of a peer over Millstream's.
    fn ratio(&self, cost: impl Fn(Figures) -> f64) -> Option<f64> {
        let [millstream, peers @ ..] = self.engines.map(|figures| figures.map(&cost));
        Some(peers.into_iter().flatten().min_by(f64::total_cmp)? / millstream?)
    }
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// The median of sorted numbers; of an even number of them, the mean of the middle two.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_to_the_better_peer() {
        let runs = |clock: &[u64], processor: &[u64]| {
            let mut runs = Runs::default();
            for (clock, processor) in clock.iter().zip(processor) {
                runs.push(Duration::from_secs(*clock), Duration::from_secs(*processor));
            }
            runs
        };
        let engines = [runs(&[1, 5, 2], &[4, 2, 3]), runs(&[4], &[5]), runs(&[8, 12], &[4, 6])];
        let row = Row::new("work", 10, vec![Duration::from_secs(1)], engines);
        assert_eq!(row.engines.map(|figures| figures.map(|figures| figures.rate)), [5.0, 2.5, 1.0].map(Some));
        assert_eq!(row.engines[0].map(|figures| figures.range), Some((2.0, 10.0)));
        assert_eq!(row.engines[2].map(|figures| figures.processor), Some(5e8));
        assert_eq!(row.clock_ratio(), Some(2.0));
        assert_eq!(row.processor_ratio(), Some(5.0 / 3.0));
        assert_eq!(row.ratio_above_input(), Some(2.0));
    }

    #[test]
    fn processor_time_is_that_of_all_threads() {
        let spin = || {
            let begun = clock_gettime(ClockId::ThreadCPUTime);
            let mut sum = 0u64;
            for number in 0..20_000_000u64 {
                sum = std::hint::black_box(sum.wrapping_add(number));
            }
            let ended = clock_gettime(ClockId::ThreadCPUTime);
            let nanoseconds = (ended.tv_sec - begun.tv_sec) * 1_000_000_000 + ended.tv_nsec - begun.tv_nsec;
            Duration::from_nanos(nanoseconds as u64)
        };
        let (alone, all) = processor_time(|| std::thread::spawn(spin).join().expect("it counts"));
        assert!(alone > Duration::ZERO && all >= alone, "{alone:?} of {all:?}");
    }
}
