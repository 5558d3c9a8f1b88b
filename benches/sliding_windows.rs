//! What does a record cost in sliding windows, by how many windows it belongs to? Source → key by → sliding
//! windows → count on two subtasks, with 100 records a slide for each of 100 keys, so that all but a hundredth
//! of what a record costs is its own. The first line, windows that do not overlap, is the baseline.
//!
//! `cargo bench --bench sliding_windows -- [million records] [repeats]` prints medians, and ratios to the
//! baseline. Processor time is read from `/proc`, in hundredths of a second; elsewhere there is none.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark")]

#[path = "support/measured.rs"]
mod measured;

use std::time::Instant;

use measured::{median, processor_time};
use millstream::prelude::*;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const KEYS: u64 = 100;
/// Records in a slide, for each millisecond of it one.
const SLIDE: u64 = 10_000;

/// Returns how many results there were, and the sum of all counts.
fn count(records: u64, slides: u64) -> (u64, u64) {
    let env = Environment::new().parallelism(2);
    let time = WatermarkStrategy::monotonous()
        .timestamp_assigner(|(_, number): &(u64, u64)| Timestamp::from_millis(number.cast_signed()));
    let [size, slide] = [slides * SLIDE, SLIDE].map(Duration::from_millis);
    let counted = env
        .from_generator(Some(records), |number| (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40, number))
        .assign_timestamps_and_watermarks(time)
        .map(|(scrambled, number)| (scrambled % KEYS, number))
        .keyed()
        .window(SlidingEventTimeWindows::of(size, slide))
        .count()
        .map(|result| result.value)
        .collect();
    env.execute("sliding windows").unwrap();
    let counts = counted.take();
    (counts.len() as u64, counts.iter().sum())
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse::<f64>().ok());
    let records = (arguments.next().unwrap_or(20.0) * 1e6) as u64;
    let repeats = (arguments.next().unwrap_or(3.0) as usize).max(1);
    println!("{records} records, {repeats} runs: nanoseconds a record");
    println!("size/slide   results a record     clock  processor    to 1");
    let mut baseline = None;
    for slides in [1, 5, 10, 60, 100, 600, 1_000] {
        let (mut clock, mut processor, mut results) = (Vec::new(), Vec::new(), 0);
        for _ in 0..repeats {
            let (before, started) = (processor_time(), Instant::now());
            let (fired, sum) = count(records, slides);
            assert_eq!(sum, records * slides);
            results = fired;
            clock.push(started.elapsed().as_secs_f64());
            let took = processor_time().zip(before).map(|(after, before)| after - before);
            processor.push(took.unwrap_or(f64::NAN));
        }
        let [clock, processor] = [clock, processor].map(|times| median(times) / records as f64 * 1e9);
        let baseline = *baseline.get_or_insert(processor);
        let results = results as f64 / records as f64;
        println!("{slides:>10} {results:>18.4} {clock:>9.1} {processor:>10.1} {:>7.2}", processor / baseline);
    }
}
