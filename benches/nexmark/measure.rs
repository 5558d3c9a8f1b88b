//! Runs of a query, and what they take.

use std::time::{Duration, Instant};

use millstream::checkpoint::CheckpointStatus;
use millstream::prelude::*;
use millstream::sql::InsertJob;

use super::measured::{median, processor_time};

/// What a query took: seconds, medians.
pub struct Measured {
    pub wall: f64,
    /// Of the processor.
    pub processor: f64,
    /// Of the processor, for the tables that it reads alone.
    pub source: f64,
    /// Of the largest snapshot; `None` if the run was over before there was one.
    pub state_bytes: Option<u64>,
}

/// Runs a query so many times, in turns with the tables that it reads, and once more with checkpoints.
pub fn query(job: &InsertJob, parallelism: u32, rounds: usize) -> Measured {
    let (mut walls, mut processors, mut sources) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (wall, processor) =
            run(parallelism, |environment| job.build(environment).expect("it is planned"));
        walls.push(wall);
        processors.push(processor);
        let (_, source) =
            run(parallelism, |environment| job.build_sources(environment).expect("it is planned"));
        sources.push(source);
    }
    Measured {
        wall: median(walls),
        processor: median(processors),
        source: median(sources),
        state_bytes: state_bytes(job, parallelism),
    }
}

/// Seconds by the clock, and of the processor.
fn run(parallelism: u32, build: impl Fn(&Environment)) -> (f64, f64) {
    let environment = Environment::new().parallelism(parallelism);
    build(&environment);
    let (start, before) = (Instant::now(), processor_time().unwrap_or_default());
    environment.execute("nexmark").expect("the job runs");
    (start.elapsed().as_secs_f64(), processor_time().unwrap_or_default() - before)
}

/// The size of the largest snapshot of a run with many checkpoints.
fn state_bytes(job: &InsertJob, parallelism: u32) -> Option<u64> {
    const INTERVAL: Duration = Duration::from_millis(50);
    let folder = tempfile::tempdir().expect("a folder");
    let environment = Environment::new()
        .parallelism(parallelism)
        .checkpoint_every(INTERVAL)
        .snapshot_folder(folder.path().to_string_lossy());
    job.build(&environment).expect("it is planned");
    let handle = environment.spawn("nexmark").expect("the job runs");
    handle.join_blocking().expect("the job runs");
    let metrics = handle.metrics();
    let completed =
        metrics.checkpoints.recent().filter(|one| matches!(one.status, CheckpointStatus::Completed));
    completed.map(|one| one.total_bytes).max()
}
