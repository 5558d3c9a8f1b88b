//! How long a checkpoint takes where a slow function holds up all that comes before it: aligned, its barriers wait
//! behind the records in the channels; unaligned, they do not.
//!
//! Asked: that the duration of unaligned checkpoints does not grow with the room in the channels.

use std::time::Duration;

use millstream::checkpoint::{CheckpointConfig, CheckpointKind};
use millstream::prelude::*;

use crate::SUBTASKS;
use crate::measure::{cancel, completed, median, scramble, toil, wait_for};

const KEYS: u64 = 10_000;
/// Full batches that fit into each channel.
const ROOM: [usize; 3] = [4, 16, 64];
/// Checkpoints that are measured, after one that is not.
const CHECKPOINTS: u64 = 6;

/// Medians: milliseconds of a checkpoint, and kilobytes of records in flight that it holds.
fn measure(config: CheckpointConfig, room: usize) -> (f64, f64) {
    let folder = tempfile::tempdir().unwrap();
    let env = Environment::new()
        .parallelism(SUBTASKS)
        .channel_batches(room)
        .checkpointing(config)
        .snapshot_folder(folder.path().to_string_lossy());
    env.from_generator(None, |number| (scramble(number) % KEYS, format!("{number:0100}")))
        .keyed()
        .count()
        .map(|counted| {
            toil();
            counted
        })
        .name("toil")
        .discard();
    let job = env.spawn("unaligned").unwrap();
    wait_for(&job, "toil", 1);
    // Until the channels are full.
    std::thread::sleep(Duration::from_secs(1));
    while job.metrics().checkpoints.completed() <= CHECKPOINTS {
        std::thread::sleep(Duration::from_millis(20));
    }
    let metrics = job.metrics();
    cancel(&job);
    let completed = completed(&metrics, CheckpointKind::Periodic);
    let figures = completed.take(CHECKPOINTS as usize).map(|checkpoint| {
        let duration = checkpoint.duration.unwrap_or_default();
        (duration.as_secs_f64() * 1e3, checkpoint.in_flight_bytes as f64 / 1e3)
    });
    let (durations, bytes): (Vec<_>, Vec<_>) = figures.unzip();
    (median(durations), median(bytes))
}

pub fn run(repeats: usize) {
    println!("room in a channel, batches | aligned, ms | unaligned, ms | ratio | in flight, kB");
    let every = || CheckpointConfig::every(Duration::from_millis(200));
    for room in ROOM {
        let (mut aligned, mut unaligned, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..repeats {
            aligned.push(measure(every(), room).0);
            let (duration, in_flight) = measure(every().unaligned(), room);
            unaligned.push(duration);
            bytes.push(in_flight);
        }
        let [aligned, unaligned, bytes] = [aligned, unaligned, bytes].map(median);
        println!(
            "{room:>3} | {aligned:>8.1} | {unaligned:>8.1} | {:>6.1} | {bytes:>8.1}",
            aligned / unaligned
        );
    }
}
