//! How fast a gigabyte of state in memory becomes a snapshot, and a snapshot state again, against
//! plainly writing and reading as many bytes.
//!
//! A job fills its state, then stands idle. *Write* is the time of a savepoint as its user sees it.
//! *Read* is the time from starting a job from that savepoint until its operator has taken its first
//! thousand records, which ask for values and check them. The plain side writes as many bytes from one
//! buffer to as many files, and reads them into one buffer, with as many threads as the job has
//! subtasks.
//!
//! Two conditions, the same for both sides: *cached*, where files stay in the page cache and nobody
//! waits for the disk (nor does the engine's store); and *disk*, where `fsync` of every file is part of
//! writing, and files are dropped from the page cache before they are read. The processor time is shown
//! as well: it does not depend on who else uses the machine. Asked: half the plain speed.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use futures::executor::block_on;
use millstream::prelude::*;

use self::hold::{Hold, Numbers, Value};
use crate::SUBTASKS;
use crate::measure::{cancel, median, processor_seconds, seconds, wait_for};

mod hold;

const BYTES: u64 = 1_000_000_000;
const BUFFER: usize = 8 << 20;
/// How many records a restored job takes before it counts as restored.
const CHECKED: u64 = 1_000;

fn spawn<V: Value>(keys: u64, records: u64, restore: Option<&Path>) -> JobHandle {
    let mut env = Environment::new().parallelism(SUBTASKS);
    if let Some(path) = restore {
        env = env.restore_from(path.to_string_lossy());
    }
    env.from_source(Numbers { end: records })
        .uid("numbers")
        .key_by(move |number| *number % keys)
        .process(Hold::<V>::new(keys))
        .uid("hold")
        .name("hold")
        .discard();
    env.spawn("hold").unwrap()
}

/// All files in a folder and the folders in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn size(folder: &Path) -> u64 {
    files(folder).iter().map(|file| file.metadata().unwrap().len()).sum()
}

fn sync(folder: &Path) {
    std::thread::scope(|scope| {
        for file in files(folder) {
            scope.spawn(move || File::open(file).unwrap().sync_all().unwrap());
        }
    });
}

/// Drops files that have been synced from the page cache; `dd` has a flag for that.
fn forget(folder: &Path) {
    for file in files(folder) {
        let input = format!("if={}", file.display());
        let dropped = Command::new("dd").args([&input, "iflag=nocache", "count=0", "status=none"]).status();
        assert!(
            dropped.is_ok_and(|status| status.success()),
            "`dd` cannot drop {} from the cache",
            file.display()
        );
    }
}

fn plain_write(folder: &Path, bytes: u64) {
    let share = bytes / u64::from(SUBTASKS);
    std::thread::scope(|scope| {
        for index in 0..SUBTASKS {
            scope.spawn(move || {
                let buffer: Vec<u8> = (0..BUFFER).map(|index| index as u8).collect();
                let mut file = File::create(folder.join(index.to_string())).unwrap();
                let mut left = share;
                while left > 0 {
                    let part = left.min(BUFFER as u64);
                    file.write_all(&buffer[..part as usize]).unwrap();
                    left -= part;
                }
            });
        }
    });
}

fn plain_read(folder: &Path) {
    std::thread::scope(|scope| {
        for file in files(folder) {
            scope.spawn(move || {
                let (mut file, mut buffer) = (File::open(file).unwrap(), vec![0; BUFFER]);
                while file.read(&mut buffer).unwrap() > 0 {}
            });
        }
    });
}

/// Seconds of each repeat on the clock, and of processor time.
#[derive(Default)]
struct Times {
    clock: Vec<f64>,
    processor: Vec<f64>,
}

impl Times {
    fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let used = processor_seconds();
        let (seconds, result) = seconds(work);
        self.clock.push(seconds);
        self.processor.push(processor_seconds() - used);
        result
    }
}

/// The engine and the plain side.
type Versus = (Times, Times);

/// Write cached, write to disk, read cached, read from disk.
type Measured = [Versus; 4];

/// Measures state of `V`s; returns how many entries and bytes the snapshot has, too.
fn measure<V: Value>(repeats: usize) -> (u64, u64, Measured) {
    let keys = BYTES / V::BYTES;
    let mut measured = Measured::default();
    let root = tempfile::tempdir().unwrap();
    let (savepoint, plain) = (root.path().join("savepoint"), root.path().join("plain"));
    let fresh = || {
        for folder in [&savepoint, &plain] {
            let _ = std::fs::remove_dir_all(folder);
            std::fs::create_dir_all(folder).unwrap();
        }
        // What the files before have left for the disk to do is not this one's.
        assert!(Command::new("sync").status().is_ok_and(|status| status.success()));
    };
    let mut written = 0;
    let job = spawn::<V>(keys, keys, None);
    wait_for(&job, "hold", keys);
    for on_disk in [false, true].into_iter().cycle().take(2 * repeats) {
        fresh();
        let (engine, plainly) = &mut measured[usize::from(on_disk)];
        engine.time(|| {
            block_on(job.trigger_savepoint(savepoint.to_string_lossy())).unwrap();
            if on_disk {
                sync(&savepoint);
            }
        });
        written = size(&savepoint);
        fresh();
        plainly.time(|| {
            plain_write(&plain, written);
            if on_disk {
                sync(&plain);
            }
        });
    }
    fresh();
    block_on(job.trigger_savepoint(savepoint.to_string_lossy())).unwrap();
    cancel(&job);
    plain_write(&plain, written);
    [&savepoint, &plain].into_iter().for_each(|folder| sync(folder));
    for on_disk in [false, true].into_iter().cycle().take(2 * repeats) {
        let prepare = |folder: &Path| if on_disk { forget(folder) } else { plain_read(folder) };
        prepare(&savepoint);
        let (engine, plainly) = &mut measured[2 + usize::from(on_disk)];
        let job = engine.time(|| {
            let job = spawn::<V>(keys, keys + CHECKED, Some(&savepoint));
            wait_for(&job, "hold", CHECKED);
            job
        });
        cancel(&job);
        prepare(&plain);
        plainly.time(|| plain_read(&plain));
    }
    (keys, written, measured)
}

fn print<V: Value>(repeats: usize) {
    let (keys, bytes, measured) = measure::<V>(repeats);
    let what = ["write, cached", "write, disk", "read, cached", "read, disk"];
    let gigabytes = bytes as f64 / 1e9;
    for (what, (engine, plain)) in what.into_iter().zip(measured) {
        let [rate, plain_rate] = [engine.clock, plain.clock].map(|times| gigabytes * 1e3 / median(times));
        let [effort, plain_effort] =
            [engine.processor, plain.processor].map(|times| median(times) / gigabytes);
        println!(
            "{:>14} {:>10.1} {:>6.0} {what:>14} {rate:>11.0} {plain_rate:>8.0} {:>6.2} {effort:>12.2} {plain_effort:>6.2}",
            V::NAME,
            keys as f64 / 1e6,
            gigabytes * 1e3,
            rate / plain_rate,
        );
    }
}

pub fn run(repeats: usize) {
    println!(
        "MB/s, and seconds of processor time a GB; medians of {repeats}; asked: a ratio of at least 0.5"
    );
    println!(
        "{:>14} {:>10} {:>6} {:>14} {:>11} {:>8} {:>6} {:>12} {:>6}",
        "values", "M entries", "MB", "", "millstream", "plain", "ratio", "millstream s", "plain"
    );
    print::<hold::Text<30>>(repeats);
    print::<hold::Numbers30>(repeats);
    print::<hold::Text<100>>(repeats);
    print::<hold::Text<1000>>(repeats);
}
