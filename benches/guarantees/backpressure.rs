//! Whether memory stays flat: a source that could make millions of records a second, and a function
//! behind an exchange by key that takes 50 microseconds for each.
//!
//! The resident set is read every second. Asked: no more than 5 % above the highest of the first half
//! in the second half. The records own memory, so that holding more of them would show.

use std::time::{Duration, Instant};

use millstream::metrics::SubtaskMetrics;

use crate::SUBTASKS;
use crate::measure::{cancel, environment, records_in, scramble, toil, wait_for};

const KEYS: u64 = 10_000;
const SAMPLES: usize = 24;
const ASKED: f64 = 1.05;

/// The resident set in bytes: the second field of `statm`, in pages.
fn resident() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<f64>().unwrap() * 4_096.0
}

fn run_once(checkpoints: Option<Duration>) {
    let folder = tempfile::tempdir().unwrap();
    let env = environment(checkpoints, folder.path());
    env.from_generator(None, |number| (scramble(number) % KEYS, format!("{number:0100}")))
        .keyed()
        .count()
        .map(|counted| {
            toil();
            counted
        })
        .name("toil")
        .discard();
    let job = env.spawn("backpressure").unwrap();
    wait_for(&job, "toil", 1);
    let (start, before) = (Instant::now(), records_in(&job, "toil"));
    let sample = |_| {
        std::thread::sleep(Duration::from_secs(1));
        resident() / 1e6
    };
    let samples: Vec<f64> = (0..SAMPLES).map(sample).collect();
    let rate = (records_in(&job, "toil") - before) as f64 / start.elapsed().as_secs_f64();
    let metrics = job.metrics();
    cancel(&job);
    let highest = |part: &[f64]| part.iter().copied().fold(0.0, f64::max);
    let (first, second) = samples.split_at(SAMPLES / 2);
    let (first, second) = (highest(first), highest(second));
    let waited: Duration =
        metrics.subtasks.values().map(|subtask: &SubtaskMetrics| subtask.backpressured).sum();
    println!(
        "{} checkpoints: {rate:.0} records/s; the sources waited for room {:.0} % of the time; {} checkpoints completed",
        if checkpoints.is_some() { "with" } else { "without" },
        waited.as_secs_f64() / start.elapsed().as_secs_f64() / f64::from(SUBTASKS) * 100.0,
        metrics.checkpoints.completed(),
    );
    let series: Vec<String> = samples.iter().map(|megabytes| format!("{megabytes:.1}")).collect();
    println!("  MB: {}", series.join(" "));
    let verdict = if second <= first * ASKED { "flat" } else { "NOT flat" };
    println!(
        "  highest of the first half {first:.1}, of the second {second:.1}: ratio {:.3}, {verdict}",
        second / first
    );
}

pub fn run(repeats: usize) {
    for _ in 0..repeats {
        run_once(None);
        run_once(Some(Duration::from_secs(1)));
    }
}
