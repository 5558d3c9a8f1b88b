//! What checkpoints cost: a count over a million keys at full speed, of which every key changes between
//! two checkpoints, with a checkpoint every second to a local folder and without any.
//!
//! The rate is that of a job under way: records counted in a span of time that begins when all keys
//! are there. The processor time a record is shown as well: on a machine that does other work too it
//! tells more than the rate. Asked: at most 5 % less with checkpoints.

use std::time::{Duration, Instant};

use millstream::checkpoint::CheckpointStatus;
use millstream::prelude::*;

use crate::measure::{cancel, environment, median, processor_seconds, records_in, scramble, wait_for};

const KEYS: u64 = 1_000_000;
const COUNTED: Duration = Duration::from_secs(12);
const INTERVAL: Duration = Duration::from_secs(1);
const ASKED: f64 = 5.0;

/// What one run showed.
struct Run {
    /// Records a second.
    rate: f64,
    /// Nanoseconds of processor time a record, on all cores together.
    effort: f64,
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
    let (start, used, before) = (Instant::now(), processor_seconds(), handle.metrics());
    std::thread::sleep(COUNTED);
    let (elapsed, used) = (start.elapsed(), processor_seconds() - used);
    let records = (records_in(&handle, "count") - before.operator("count").records_in) as f64;
    let metrics = handle.metrics();
    cancel(&handle);
    assert_eq!(metrics.restarts, 0);
    let completed =
        metrics.checkpoints.recent().filter(|one| matches!(one.status, CheckpointStatus::Completed));
    Run {
        rate: records / elapsed.as_secs_f64(),
        effort: used / records * 1e9,
        completed: metrics.checkpoints.completed() - before.checkpoints.completed(),
        checkpoints: completed
            .map(|one| (one.written_bytes as f64, one.duration.unwrap_or_default().as_secs_f64()))
            .collect(),
    }
}

pub fn run(repeats: usize) {
    println!(
        "{:>8} {:>12} {:>12} {:>8}   (rates in million records/s, effort in ns of processor time a record; {KEYS} \
         keys, {} s a run, medians of {repeats}; asked: at most {ASKED} %)",
        "state",
        "without",
        "with",
        "cost %",
        COUNTED.as_secs()
    );
    for (name, state) in [("rolling", State::Rolling), ("window", State::Window)] {
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for _ in 0..repeats {
            without.push(count(state, false));
            with.push(count(state, true));
        }
        let of = |runs: &[Run], value: fn(&Run) -> f64| median(runs.iter().map(value).collect());
        let [(slow, fast), (more, less)] = [|run: &Run| run.rate / 1e6, |run: &Run| run.effort]
            .map(|value| (of(&with, value), of(&without, value)));
        println!("{name:>8} {fast:>7.1} rate {slow:>7.1} rate {:>8.1}", (1.0 - slow / fast) * 100.0);
        println!("{:>8} {less:>5.1} effort {more:>5.1} effort {:>8.1}", "", (more / less - 1.0) * 100.0);
        let least = with.iter().map(|run| run.completed).min().unwrap_or_default();
        let of_checkpoints = |value: fn(&(f64, f64)) -> f64| {
            median(with.iter().flat_map(|run| &run.checkpoints).map(value).collect())
        };
        println!(
            "{:>8} at least {least} checkpoints a run, of {:.1} MB in {:.0} ms each",
            "",
            of_checkpoints(|(bytes, _)| bytes / 1e6),
            of_checkpoints(|(_, seconds)| seconds * 1e3)
        );
    }
}
