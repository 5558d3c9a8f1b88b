//! What checkpoints cost: a count over a million keys at full speed, of which every key changes between
//! two checkpoints, with a checkpoint every second to a local folder and without any.
//!
//! The cost is told by the processor time of the whole process, user and system, for each record that is
//! counted in a span of time that begins when all keys are there. The rate would tell what else the
//! machine does. Processor time still differs from minute to minute, since cores share caches and memory,
//! so what is compared are pairs of runs, one right after the other, each kind first in turn. The median of
//! their ratios is the cost; pairs are added until it is known to within half a percent to either side
//! (where its 95 % confidence interval ends, by the order statistics of the ratios), or there are too many.
//! Asked: below 3 %.

use std::time::{Duration, Instant};

use millstream::checkpoint::CheckpointStatus;
use millstream::prelude::*;

use crate::measure::{cancel, environment, median, processor_seconds, records_in, scramble, wait_for};

const KEYS: u64 = 1_000_000;
const COUNTED: Duration = Duration::from_secs(5);
const INTERVAL: Duration = Duration::from_secs(1);
const ASKED: f64 = 3.0;
/// How far from the cost the end of its confidence interval may lie, in percent.
const PRECISION: f64 = 0.5;
const FEWEST_PAIRS: usize = 10;
const MOST_PAIRS: usize = 60;

/// What one run showed.
struct Run {
    /// Records a second.
    rate: f64,
    /// Nanoseconds of processor time a record, on all cores together.
    effort: f64,
    /// Bytes written and seconds taken, of the checkpoints that were completed.
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
    let completed = metrics.checkpoints.completed() - before.checkpoints.completed();
    // One may be under way at either end.
    let due = COUNTED.as_secs() / INTERVAL.as_secs();
    assert!(!with_checkpoints || completed + 1 >= due, "only {completed} of {due} checkpoints are complete");
    let recent = metrics.checkpoints.recent().filter(|one| matches!(one.status, CheckpointStatus::Completed));
    Run {
        rate: records / elapsed.as_secs_f64(),
        effort: used / records * 1e9,
        checkpoints: recent
            .map(|one| (one.written_bytes as f64, one.duration.unwrap_or_default().as_secs_f64()))
            .collect(),
    }
}

/// The median of values, and the ends of its 95 % confidence interval.
fn median_and_interval(mut values: Vec<f64>) -> (f64, [f64; 2]) {
    values.sort_by(f64::total_cmp);
    let (count, middle) = (values.len() as f64, median(values.clone()));
    // How many of `count` values lie below the median of all there could be, is binomial.
    let half = 0.98 * count.sqrt();
    let at = |rank: f64| values[(rank.max(0.0) as usize).min(values.len() - 1)];
    (middle, [at((count / 2.0 - half).floor()), at((count / 2.0 + half).ceil())])
}

/// Pairs of runs without checkpoints and with them, until the cost in percent is known well enough.
fn pairs(name: &str, state: State, fewest: usize) -> (Vec<(Run, Run)>, f64, [f64; 2]) {
    let mut pairs: Vec<(Run, Run)> = Vec::new();
    loop {
        pairs.push(if pairs.len().is_multiple_of(2) {
            let without = count(state, false);
            (without, count(state, true))
        } else {
            let with = count(state, true);
            (count(state, false), with)
        });
        let costs =
            pairs.iter().map(|(without, with)| (with.effort / without.effort - 1.0) * 100.0).collect();
        let (cost, ends) = median_and_interval(costs);
        // It may take a quarter of an hour until the line is complete.
        eprint!(
            "\r{:>8} {:>6} pairs, {cost:>6.2} % ({:.2} to {:.2})   ",
            name,
            pairs.len(),
            ends[0],
            ends[1]
        );
        let is_known = ends.iter().all(|end| (end - cost).abs() <= PRECISION);
        if pairs.len() >= fewest && is_known || pairs.len() >= MOST_PAIRS.max(fewest) {
            eprintln!();
            return (pairs, cost, ends);
        }
    }
}

pub fn run(repeats: usize) {
    println!(
        "{:>8} {:>6} {:>14} {:>14} {:>8} {:>16}   (ns of processor time a record, and million records/s; {KEYS} \
         keys, {} s a run, medians; asked: below {ASKED} %)",
        "state",
        "pairs",
        "without",
        "with",
        "cost %",
        "95 % interval",
        COUNTED.as_secs()
    );
    for (name, state) in [("rolling", State::Rolling), ("window", State::Window)] {
        let (pairs, cost, [low, high]) = pairs(name, state, repeats.max(FEWEST_PAIRS));
        let (without, with): (Vec<Run>, Vec<Run>) = pairs.into_iter().unzip();
        let of = |runs: &[Run], value: fn(&Run) -> f64| median(runs.iter().map(value).collect());
        let [less, more] = [&without, &with].map(|runs| of(runs, |run| run.effort));
        let [fast, slow] = [&without, &with].map(|runs| of(runs, |run| run.rate / 1e6));
        println!(
            "{name:>8} {:>6} {less:>8.2} {fast:>5.1} {more:>8.2} {slow:>5.1} {cost:>8.2} {low:>7.2} to {high:>5.2}",
            with.len()
        );
        let of_checkpoints = |value: fn(&(f64, f64)) -> f64| {
            median(with.iter().flat_map(|run| &run.checkpoints).map(value).collect())
        };
        println!(
            "{:>8} checkpoints of {:.1} MB in {:.0} ms each",
            "",
            of_checkpoints(|(bytes, _)| bytes / 1e6),
            of_checkpoints(|(_, seconds)| seconds * 1e3)
        );
    }
}
