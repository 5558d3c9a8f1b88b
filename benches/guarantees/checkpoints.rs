//! What checkpoints cost: a count over a million keys at full speed, of which every key changes between
//! two checkpoints, with a checkpoint every second to a local folder and without any.
//!
//! The rate is that of a job under way: records counted in a span of time that begins when all keys
//! are there. Asked: at most 5 % less with checkpoints.

use std::time::{Duration, Instant};

use millstream::prelude::*;
use millstream::runtime::checkpoint::CheckpointStatus;

use crate::measure::{cancel, environment, median, records_in, scramble, wait_for};

const KEYS: u64 = 1_000_000;
const COUNTED: Duration = Duration::from_secs(12);
const INTERVAL: Duration = Duration::from_secs(1);
const ASKED: f64 = 5.0;

/// What one run showed.
struct Run {
    /// Records a second.
    rate: f64,
    completed: u64,
    /// Bytes written and seconds taken, of the last ten checkpoints.
    checkpoints: Vec<(f64, f64)>,
}

#[derive(Clone, Copy)]
enum State {
    /// A table of one value for each key.
    Rolling,
    /// A table for each window.
    Window,
}

fn job(env: &Environment, state: State) {
    let keyed = env.from_generator(None, |number| (scramble(number) % KEYS, number)).keyed();
    match state {
        State::Rolling => keyed.count().name("count").discard(),
        State::Window => keyed.window(GlobalWindows::at_end()).count().name("count").discard(),
    };
}

fn count(state: State, with_checkpoints: bool) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let env = environment(with_checkpoints.then_some(INTERVAL), folder.path());
    job(&env, state);
    let handle = env.spawn("count").unwrap();
    // After 16 records a key, one key in ten million is still missing.
    wait_for(&handle, "count", 16 * KEYS);
    let (start, before) = (Instant::now(), handle.metrics());
    std::thread::sleep(COUNTED);
    let (elapsed, after) = (start.elapsed(), records_in(&handle, "count"));
    let metrics = handle.metrics();
    cancel(&handle);
    assert_eq!(metrics.restarts, 0);
    let completed =
        metrics.checkpoints.recent().filter(|one| matches!(one.status, CheckpointStatus::Completed));
    Run {
        rate: (after - before.operator("count").records_in) as f64 / elapsed.as_secs_f64(),
        completed: metrics.checkpoints.completed() - before.checkpoints.completed(),
        checkpoints: completed
            .map(|one| (one.written_bytes as f64, one.duration.unwrap_or_default().as_secs_f64()))
            .collect(),
    }
}

pub fn run(repeats: usize) {
    println!(
        "{:>8} {:>10} {:>10} {:>8} {:>12} {:>8} {:>9}   (million records/s, {KEYS} keys, {} s a run, medians of \
         {repeats}; asked: at most {ASKED} %)",
        "state",
        "without",
        "with",
        "cost %",
        "checkpoints",
        "MB each",
        "ms each",
        COUNTED.as_secs()
    );
    for (name, state) in [("rolling", State::Rolling), ("window", State::Window)] {
        let (mut without, mut with, mut least) = (Vec::new(), Vec::new(), u64::MAX);
        let (mut megabytes, mut milliseconds) = (Vec::new(), Vec::new());
        for _ in 0..repeats {
            without.push(count(state, false).rate);
            let run = count(state, true);
            with.push(run.rate);
            least = least.min(run.completed);
            megabytes.extend(run.checkpoints.iter().map(|(bytes, _)| bytes / 1e6));
            milliseconds.extend(run.checkpoints.iter().map(|(_, seconds)| seconds * 1e3));
        }
        let (without, with) = (median(without), median(with));
        println!(
            "{name:>8} {:>10.1} {:>10.1} {:>8.1} {:>12} {:>8.1} {:>9.0}",
            without / 1e6,
            with / 1e6,
            (1.0 - with / without) * 100.0,
            format!(">= {least}"),
            median(megabytes),
            median(milliseconds)
        );
    }
}
