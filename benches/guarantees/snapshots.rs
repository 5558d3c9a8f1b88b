//! How fast a gigabyte of state in memory becomes a snapshot, and a snapshot state again, against
//! plainly writing and reading as many bytes; and how much memory that takes.
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
//! as well: it does not depend on who else uses the machine.
//!
//! Each kind of value has a process of its own, and so has each restore: memory that another job has
//! given back makes one faster than it is after a crash, and hides what it needs. *Peak* is the largest
//! resident size while a savepoint was written, less what the job had before; and that of a process
//! that restores.

use std::path::Path;
use std::process::{Command, Stdio};

use futures::executor::block_on;
use millstream::prelude::*;

use self::hold::{Hold, Numbers, Value};
use crate::SUBTASKS;
use crate::measure::{self, cancel, median, processor_seconds, seconds, wait_for};

mod hold;
mod plain;

const BYTES: u64 = 1_000_000_000;
/// How many records a restored job takes before it counts as restored.
const CHECKED: u64 = 1_000;
/// What the process of one kind of value is asked for, and that of one restore.
const COMPARE: &str = "snapshots-of";
const RESTORE: &str = "restore-of";

struct Kind {
    name: &'static str,
    compare: fn(usize),
    restore: fn(&Path),
}

const fn kind<V: Value>() -> Kind {
    Kind { name: V::NAME, compare: compare::<V>, restore: restore::<V> }
}

const KINDS: [Kind; 4] = [
    kind::<hold::Text<30>>(),
    kind::<hold::Numbers30>(),
    kind::<hold::Text<100>>(),
    kind::<hold::Text<1000>>(),
];

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

/// Seconds of each repeat on the clock, and of processor time.
#[derive(Default)]
struct Times {
    clock: Vec<f64>,
    processor: Vec<f64>,
}

impl Times {
    fn time(&mut self, work: impl FnOnce()) {
        let used = processor_seconds();
        let (seconds, ()) = seconds(work);
        self.push(seconds, processor_seconds() - used);
    }

    fn push(&mut self, clock: f64, processor: f64) {
        self.clock.push(clock);
        self.processor.push(processor);
    }
}

/// The engine and the plain side.
type Versus = (Times, Times);

/// This program again, in a process of its own.
fn this_program() -> Command {
    Command::new(std::env::current_exe().unwrap())
}

/// Restores a job, and prints the seconds on the clock, those of processor time, and the largest resident
/// size in bytes.
fn restore<V: Value>(savepoint: &Path) {
    let (keys, mut times) = (BYTES / V::BYTES, Times::default());
    times.time(|| {
        let job = spawn::<V>(keys, keys + CHECKED, Some(savepoint));
        wait_for(&job, "hold", CHECKED);
    });
    println!("{} {} {}", times.clock[0], times.processor[0], measure::peak_bytes());
    // Giving a gigabyte back value by value is nobody's business here.
    std::process::exit(0);
}

/// The seconds of a restore, and its largest resident size in bytes.
fn restored<V: Value>(savepoint: &Path) -> [f64; 3] {
    let mut program = this_program();
    let output = program.args([RESTORE, V::NAME]).arg(savepoint).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "the restore has failed");
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

fn compare<V: Value>(repeats: usize) {
    let keys = BYTES / V::BYTES;
    let [mut writes, mut reads]: [[Versus; 2]; 2] = Default::default();
    let (mut writing_peaks, mut reading_peaks) = (Vec::new(), Vec::new());
    let root = tempfile::tempdir().unwrap();
    let (savepoint, plainly) = (root.path().join("savepoint"), root.path().join("plain"));
    let fresh = || [&savepoint, &plainly].into_iter().for_each(|folder| plain::empty(folder));
    let job = spawn::<V>(keys, keys, None);
    wait_for(&job, "hold", keys);
    let mut bytes = 0;
    for on_disk in [false, true].into_iter().cycle().take(2 * repeats) {
        let (engine, plain) = &mut writes[usize::from(on_disk)];
        fresh();
        let before = measure::begin_peak();
        engine.time(|| {
            block_on(job.trigger_savepoint(savepoint.to_string_lossy())).unwrap();
            if on_disk {
                plain::sync(&savepoint);
            }
        });
        writing_peaks.push(measure::peak_bytes() - before);
        bytes = plain::size(&savepoint);
        fresh();
        plain.time(|| {
            plain::write(&plainly, bytes);
            if on_disk {
                plain::sync(&plainly);
            }
        });
    }
    fresh();
    block_on(job.trigger_savepoint(savepoint.to_string_lossy())).unwrap();
    cancel(&job);
    plain::write(&plainly, bytes);
    [&savepoint, &plainly].into_iter().for_each(|folder| plain::sync(folder));
    for on_disk in [false, true].into_iter().cycle().take(2 * repeats) {
        let prepare = |folder: &Path| if on_disk { plain::forget(folder) } else { plain::read(folder) };
        let (engine, plain) = &mut reads[usize::from(on_disk)];
        prepare(&savepoint);
        let [clock, processor, peak] = restored::<V>(&savepoint);
        engine.push(clock, processor);
        reading_peaks.push(peak);
        prepare(&plainly);
        plain.time(|| plain::read(&plainly));
    }
    let rows = ["write, cached", "write, disk", "read, cached", "read, disk"].into_iter();
    for (row, versus) in rows.zip(writes.into_iter().chain(reads)) {
        print_row(V::NAME, keys, bytes, row, versus);
    }
    // The first savepoint is the one whose memory nothing before it has taken.
    println!(
        "{:>14} peak: {:.0} MB more while writing, {:.0} MB of a process that restores",
        V::NAME,
        writing_peaks[0] / 1e6,
        median(reading_peaks) / 1e6
    );
}

fn print_row(name: &str, keys: u64, bytes: u64, row: &str, (engine, plain): Versus) {
    let gigabytes = bytes as f64 / 1e9;
    let [rate, plain_rate] = [engine.clock, plain.clock].map(|times| gigabytes * 1e3 / median(times));
    let [effort, plain_effort] = [engine.processor, plain.processor].map(|times| median(times) / gigabytes);
    println!(
        "{name:>14} {:>10.1} {:>6.0} {row:>14} {rate:>11.0} {plain_rate:>8.0} {:>6.2} {effort:>12.2} {plain_effort:>6.2}",
        keys as f64 / 1e6,
        gigabytes * 1e3,
        rate / plain_rate,
    );
}

/// Does what this process was started for by [`run`], and says whether it was.
pub fn run_as_child(arguments: &[String]) -> bool {
    let [task, name, argument] = arguments else { return false };
    let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else { return false };
    match &**task {
        COMPARE => (kind.compare)(argument.parse().unwrap()),
        RESTORE => (kind.restore)(Path::new(argument)),
        _ => return false,
    }
    true
}

pub fn run(repeats: usize) {
    println!(
        "MB/s, and seconds of processor time a GB; medians of {repeats}; asked: a ratio of at least 0.5 for \
         writing to disk, and 500 MB/s for reading"
    );
    println!(
        "{:>14} {:>10} {:>6} {:>14} {:>11} {:>8} {:>6} {:>12} {:>6}",
        "values", "M entries", "MB", "", "millstream", "plain", "ratio", "millstream s", "plain"
    );
    for kind in KINDS {
        let status = this_program().args([COMPARE, kind.name, &repeats.to_string()]).status().unwrap();
        assert!(status.success(), "measuring {} has failed", kind.name);
    }
}
