//! The actor driver: every subtask and the coordinator is an actix actor with its mailbox.
//!
//! Subtask *i* of every vertex lives on arbiter *i mod workers*, so forward edges stay on one core.
//! A job brings its own actix system on a thread of its own, so that it can be started from
//! anywhere, also from inside a tokio runtime, and several can run in one process.

#![allow(clippy::disallowed_methods, reason = "a driver is where threads, clocks and randomness come from")]

mod block_on;
mod coordinator;
mod deletions;
mod handle;
mod history;
mod job_metrics;
mod message;
mod pool;
mod restart_log;
mod subtask;
mod wake_flag;
mod watchdog;
mod watermarks;

pub use handle::{JobHandle, JobReport};
pub use history::StatusChange;
pub use job_metrics::JobMetrics;
pub use watermarks::{SubtaskWatermark, WatermarkReport};

use std::sync::Arc;

use actix::{Actor, Arbiter, System};
use millstream_state::snapshot::journal::{JournalOptions, ProcessIdentity};
use tokio::sync::watch;

use self::coordinator::CoordinatorActor;
use self::deletions::Deletions;
use self::handle::JobView;
use self::pool::{CpuThreads, SystemClock, TokioPool, host_name};
use super::Job;
use super::storage::JobStorage;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::metrics::MetricsRegistry;

/// Starts a job on threads of its own: `workers` for its subtasks (by default as many as there are
/// cores), one for its coordinator, and a few for I/O.
///
/// # Errors
/// If the snapshot folder cannot be opened or a thread cannot be started. Everything later is
/// reported by the handle.
pub fn spawn(job: Job, workers: Option<usize>) -> Result<JobHandle> {
    let storage = Arc::new(JobStorage::open(&job, this_process(), JournalOptions::default())?);
    let available = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let most = job.plan.vertices().iter().map(|vertex| vertex.parallelism as usize).max().unwrap_or(1);
    let workers = workers.unwrap_or_else(available).clamp(1, most);
    let metrics = Arc::new(MetricsRegistry::default());
    let (view, seen) = watch::channel(JobView::new(storage.describe()));
    let view = Arc::new(view);
    let (started, address) = std::sync::mpsc::channel();
    let (name, plan, handle_metrics) = (job.name.clone(), job.plan.clone(), metrics.clone());
    let thread = std::thread::Builder::new().name(format!("millstream {}", job.name)).spawn(move || {
        let (pool, cpu) = match TokioPool::start().and_then(|pool| Ok((pool, CpuThreads::start()?))) {
            Ok(pools) => pools,
            Err(error) => return drop(started.send(Err(error))),
        };
        let deletions = Deletions::start(&pool, storage.clone());
        let beside = Arc::new(pool.handle());
        let system = System::new();
        let over = system.block_on(async {
            let arbiters = (0..workers).map(|_| Arbiter::new()).collect();
            let clock = Arc::new(SystemClock::start());
            let (finished, over) = tokio::sync::oneshot::channel();
            let parts = coordinator::Parts {
                job,
                storage,
                clock,
                pool: pool.handle(),
                cpu,
                metrics,
                view: view.clone(),
                deletions: deletions.queue(),
                finished,
            };
            let coordinator = CoordinatorActor::new(parts, arbiters).start();
            let _ = started.send(Ok((coordinator.recipient(), beside)));
            over.await
        });
        drop(system);
        deletions.finish(&pool);
        // A caller that waits for the end finds the folder as it stays. An error only means that the
        // coordinator went away with its system.
        if let Ok(result) = over {
            view.send_modify(|view| view.result = Some(result));
        }
        pool.stop();
    });
    thread.map_err(|error| {
        Error::new(ErrorKind::External, "cannot start a thread for the job").caused_by(error)
    })?;
    let address =
        address.recv().map_err(|_| Error::new(ErrorKind::Internal, "the job's thread has died"))??;
    Ok(JobHandle::new(name, plan, address, seen, handle_metrics))
}

/// Distinguishes this run of a job from every other, also from another in the same process.
fn this_process() -> ProcessIdentity {
    use std::hash::BuildHasher;
    // Each has keys of its own that come from the system's source of randomness.
    let nonce = std::hash::RandomState::new().hash_one(std::process::id());
    let started = SystemClock::start().now();
    ProcessIdentity { host: host_name(), pid: std::process::id(), started, nonce }
}
