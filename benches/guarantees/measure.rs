//! What all parts share: clocks, medians, keys, and waiting for a job to get somewhere.

use std::path::Path;
use std::time::Instant;

use millstream::checkpoint::{CheckpointKind, CheckpointStatistics, CheckpointStatus};
use millstream::job::{JobMetrics, JobStatus};
use millstream::prelude::*;

use crate::SUBTASKS;

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Of a function that cannot keep up: one subtask then takes 20,000 records a second.
const EFFORT: Duration = Duration::from_micros(50);

/// Keeps the core busy: a function that sleeps would block its neighbours just the same, but not measure so.
pub fn toil() {
    let start = Instant::now();
    while start.elapsed() < EFFORT {
        std::hint::spin_loop();
    }
}

/// SplitMix64: spreads numbers as if at random.
pub const fn scramble(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// For a job with checkpoints in `folder` this often, or without.
pub fn environment(checkpoints: Option<Duration>, folder: &Path) -> Environment {
    let env = Environment::new().parallelism(SUBTASKS);
    match checkpoints {
        Some(interval) => env.checkpoint_every(interval).snapshot_folder(folder.to_string_lossy()),
        None => env,
    }
}

/// Seconds that `work` takes, and what it yields.
pub fn seconds<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed().as_secs_f64(), result)
}

/// Seconds of processor time that this process has used: what it shares its cores with does not count.
pub fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // After the name in brackets come the state and ten other numbers, then user and system time in
    // hundredths of a second.
    let times = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
    times.map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}

/// A number of kilobytes in `/proc/self/status`, in bytes.
fn status_bytes(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.split_whitespace().next().unwrap().parse::<f64>().unwrap() * 1024.0
}

/// The largest resident size since [`begin_peak`], or since the process began, in bytes.
pub fn peak_bytes() -> f64 {
    status_bytes("VmHWM")
}

/// Makes the resident size the largest so far, and returns it in bytes.
pub fn begin_peak() -> f64 {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    status_bytes("VmRSS")
}

/// How many records the operator of this name has taken in, over all subtasks.
pub fn records_in(job: &JobHandle, operator: &str) -> u64 {
    job.metrics().operator(operator).records_in
}

/// The last checkpoints of a kind that were completed, newest first: as few as ten are remembered.
pub fn completed(metrics: &JobMetrics, kind: CheckpointKind) -> impl Iterator<Item = &CheckpointStatistics> {
    let completed = metrics.checkpoints.recent().filter(move |checkpoint| {
        checkpoint.kind == kind && matches!(checkpoint.status, CheckpointStatus::Completed)
    });
    completed.rev()
}

/// Waits until an operator has taken in this many records.
pub fn wait_for(job: &JobHandle, operator: &str, records: u64) {
    while records_in(job, operator) < records {
        assert!(!matches!(job.status(), JobStatus::Failed), "the job has failed: {:?}", job.join_blocking());
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Ends a job that has no end.
pub fn cancel(job: &JobHandle) {
    job.cancel();
    job.join_blocking().unwrap();
}
