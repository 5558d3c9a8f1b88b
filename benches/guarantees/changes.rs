//! What a checkpoint writes where little of a large state has changed since the one before: its bytes and how long it
//! takes beside a savepoint, which writes all of the state to the same disk.

use std::time::Duration;

use millstream::checkpoint::{CheckpointConfig, CheckpointKind};
use millstream::prelude::*;

use crate::SUBTASKS;
use crate::measure::{cancel, completed, median, scramble, wait_for};

const KEYS: u64 = 1_000_000;
const INTERVAL: Duration = Duration::from_secs(1);
/// Of the keys, one in so many is written to between two checkpoints.
const PARTS: [u64; 4] = [1_000, 100, 10, 1];
const CHECKPOINTS: usize = 6;

/// Medians over the checkpoints of one run: megabytes written, and milliseconds.
struct Figures {
    changes: (f64, f64),
    whole: (f64, f64),
}

fn measure(part: u64, compressed: bool) -> Figures {
    let folder = tempfile::tempdir().unwrap();
    let config = CheckpointConfig::every(INTERVAL);
    let env = Environment::new()
        .parallelism(SUBTASKS)
        .checkpointing(if compressed { config.compressed() } else { config })
        .snapshot_folder(folder.path().join("checkpoints").to_string_lossy());
    // First every key, then those of a part over and over, which lie anywhere in the tables.
    env.from_generator(None, move |number| if number < KEYS { number } else { number % (KEYS / part) })
        .key_by(|number| scramble(*number))
        .map_with_state(|_, number, text: &mut Option<String>| *text = Some(format!("{number:0100}")))
        .name("texts")
        .discard();
    let job = env.spawn("changes").unwrap();
    wait_for(&job, "texts", 2 * KEYS);
    let count = || job.metrics().checkpoints.completed();
    // The first are whole: tables that have grown are not watched before the next checkpoint.
    let last = count() + 2 + CHECKPOINTS as u64;
    while count() < last {
        std::thread::sleep(Duration::from_millis(20));
    }
    let savepoint = folder.path().join("savepoint");
    futures::executor::block_on(job.trigger_savepoint(savepoint.to_string_lossy())).unwrap();
    let metrics = job.metrics();
    cancel(&job);
    let of = |kind: CheckpointKind, most: usize| {
        let figures = completed(&metrics, kind).take(most).map(|checkpoint| {
            let duration = checkpoint.duration.unwrap_or_default();
            (checkpoint.written_bytes as f64 / 1e6, duration.as_secs_f64() * 1e3)
        });
        let (bytes, durations): (Vec<_>, Vec<_>) = figures.unzip();
        (median(bytes), median(durations))
    };
    Figures { changes: of(CheckpointKind::Periodic, CHECKPOINTS), whole: of(CheckpointKind::Savepoint, 1) }
}

pub fn run(repeats: usize) {
    println!("{KEYS} keys with a text of 100 bytes each; a checkpoint beside a savepoint, which holds all");
    println!("changed, % | compressed | checkpoint, MB | ms | savepoint, MB | ms | ratio of bytes | of time");
    for part in PARTS {
        for compressed in [false, true] {
            let runs: Vec<_> = (0..repeats).map(|_| measure(part, compressed)).collect();
            let of = |value: fn(&Figures) -> f64| median(runs.iter().map(value).collect());
            let (bytes, duration) = (of(|run| run.changes.0), of(|run| run.changes.1));
            let (all, whole) = (of(|run| run.whole.0), of(|run| run.whole.1));
            println!(
                "{:>7.1} | {:>5} | {bytes:>8.2} | {duration:>6.0} | {all:>8.2} | {whole:>6.0} | {:>6.1} | {:>6.1}",
                100.0 / part as f64,
                if compressed { "yes" } else { "no" },
                all / bytes,
                whole / duration
            );
        }
    }
}
