//! How fast does the engine move records? Source → map → filter → map → key by → count, on two
//! subtasks, against the same work written by hand: two threads a side, channels of batches between
//! them, a hash map each, no checkpoints, no watermarks, no backpressure beyond a full channel.
//!
//! `cargo bench --bench keyed_count -- [million records] [repeats]` prints medians and the ratio.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark")]

#[path = "support/measured.rs"]
mod measured;

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::time::Instant;

use crossbeam_channel::bounded;
use measured::median;
use millstream::engine::state::{StableHasher, stable_hash};
use millstream::prelude::*;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SUBTASKS: u64 = 2;
const BATCH: usize = 1024;

fn scramble(number: u64) -> (u64, u64) {
    (number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 20, number)
}

/// The engine. Returns how many keys and records it counted.
fn millstream(records: u64, keys: u64) -> (u64, u64) {
    let env = Environment::new().parallelism(SUBTASKS as u32);
    let counted = env
        .from_generator(Some(records), |number| number)
        .map(scramble)
        .filter(|(scrambled, _)| scrambled % 10 != 0)
        .map(move |(scrambled, number)| (scrambled % keys, number))
        .keyed()
        .window(GlobalWindows::at_end())
        .count()
        .map(|result| result.value)
        .collect();
    env.execute("keyed count").unwrap();
    let counts = counted.take();
    (counts.len() as u64, counts.iter().sum())
}

/// The same by hand.
fn by_hand(records: u64, keys: u64) -> (u64, u64) {
    type Counts = HashMap<u64, u64, BuildHasherDefault<StableHasher>>;
    std::thread::scope(|scope| {
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..SUBTASKS).map(|_| bounded::<Vec<(u64, u64)>>(32)).unzip();
        for first in 0..SUBTASKS {
            let senders = senders.clone();
            scope.spawn(move || {
                let mut batches: Vec<_> = senders.iter().map(|_| Vec::with_capacity(BATCH)).collect();
                for number in (first..records).step_by(SUBTASKS as usize) {
                    let (scrambled, number) = scramble(number);
                    if scrambled % 10 != 0 {
                        let key = scrambled % keys;
                        let target = (stable_hash(&key) % SUBTASKS) as usize;
                        batches[target].push((key, number));
                        if batches[target].len() == BATCH {
                            let full = std::mem::replace(&mut batches[target], Vec::with_capacity(BATCH));
                            senders[target].send(full).unwrap();
                        }
                    }
                }
                senders.iter().zip(batches).for_each(|(sender, rest)| sender.send(rest).unwrap());
            });
        }
        drop(senders);
        let count = |receiver: crossbeam_channel::Receiver<Vec<(u64, u64)>>| {
            scope.spawn(move || {
                let mut counts = Counts::default();
                receiver.iter().flatten().for_each(|(key, _)| *counts.entry(key).or_default() += 1);
                (counts.len() as u64, counts.values().sum::<u64>())
            })
        };
        let counters: Vec<_> = receivers.into_iter().map(count).collect();
        let counted = counters.into_iter().map(|counter| counter.join().unwrap());
        counted.fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
    })
}

/// Million records a second, and the answer.
fn time(records: u64, work: impl Fn() -> (u64, u64)) -> (f64, (u64, u64)) {
    let start = Instant::now();
    let answer = work();
    (records as f64 / start.elapsed().as_secs_f64() / 1e6, answer)
}

fn main() {
    let argument = |index: usize| std::env::args().filter(|text| text.parse::<u64>().is_ok()).nth(index);
    let number = |index, default| argument(index).map_or(default, |text| text.parse().unwrap());
    let (records, repeats) = (number(0, 50) * 1_000_000, number(1, 5));
    println!(
        "{:>10} {:>12} {:>12} {:>7}   (million records/s, medians of {repeats})",
        "keys", "millstream", "by hand", "ratio"
    );
    for keys in [1_000, 1_000_000] {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..repeats {
            let (rate, answer) = time(records, || millstream(records, keys));
            ours.push(rate);
            let (rate, expected) = time(records, || by_hand(records, keys));
            theirs.push(rate);
            assert_eq!(answer, expected, "both count the same");
        }
        let (ours, theirs) = (median(ours), median(theirs));
        println!("{keys:>10} {ours:>12.1} {theirs:>12.1} {:>7.2}", ours / theirs);
    }
}
