//! What a user holds of a running job.

mod checkpoints;
mod log_metrics;

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use actix::Recipient;
use futures::Stream;
use futures::future::BoxFuture;
use millstream_state::{CheckpointId, Timestamp};
use tokio::sync::{oneshot, watch};

use super::block_on::block_on;
use super::history::{StatusChange, StatusHistory};
use super::job_metrics::JobMetrics;
use super::message::UserRequest;
use super::pool::TokioHandle;
use super::watermarks::WatermarkReport;
use crate::checkpoint::{AfterSavepoint, CheckpointHistory, SavepointInfo};
use crate::clock::{IoPool, Moment};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::Plan;
use crate::job::{JobMaster, JobOutcome, JobStatus};
use crate::metrics::MetricsRegistry;

/// How a job ended.
#[doc(alias = "JobExecutionResult")]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JobReport {
    /// Whether it ran to its end.
    pub outcome: JobOutcome,
    /// How often it was started again.
    pub restarts: u32,
    /// What the last attempt that failed has failed with.
    pub last_failure: Option<Error>,
    /// How long it ran, from its start to its end.
    pub duration: Duration,
    /// Each change of its status with its time, and its cause where that was a failure: the last 1,000 of them.
    pub status_changes: Vec<StatusChange>,
    /// The newest checkpoint that it has completed.
    pub latest_checkpoint: Option<CheckpointId>,
    /// What it has done: checkpoints over the whole run, operators in the last attempt.
    pub metrics: JobMetrics,
    /// How many records its sources have brought in, in the last attempt.
    pub records_in: u64,
    /// How many records its sinks have taken, in the last attempt.
    pub records_out: u64,
}

impl JobReport {
    /// What each attempt that was followed by another has failed with, as far as it is remembered, and when.
    pub fn failures(&self) -> impl Iterator<Item = (Timestamp, &Error)> {
        self.status_changes.iter().filter_map(|change| Some((change.time, change.cause.as_ref()?)))
    }
}

/// What can be seen of a job from outside.
pub(super) struct JobView {
    status: JobStatus,
    restarts: u32,
    last_failure: Option<Error>,
    latest_checkpoint: Option<CheckpointId>,
    checkpoints: CheckpointHistory,
    folder: String,
    pub(super) history: StatusHistory,
    pub(super) result: Option<Result<JobReport>>,
}

impl JobView {
    pub(super) fn new(folder: String) -> Self {
        Self {
            status: JobStatus::Created,
            restarts: 0,
            last_failure: None,
            latest_checkpoint: None,
            checkpoints: CheckpointHistory::default(),
            folder,
            history: StatusHistory::default(),
            result: None,
        }
    }

    pub(super) fn update(&mut self, master: &JobMaster, now: Moment) {
        self.history.update(master, now);
        self.status = master.status();
        self.restarts = master.restarts();
        self.last_failure = master.last_failure().cloned();
        self.latest_checkpoint = master.latest_checkpoint();
        self.checkpoints = master.statistics().clone();
    }

    fn metrics(&self, registry: &MetricsRegistry) -> JobMetrics {
        JobMetrics {
            status: self.status,
            restarts: self.restarts,
            last_failure: self.last_failure.clone(),
            checkpoints: self.checkpoints.clone(),
            subtasks: registry.read(),
        }
    }

    /// How a job has ended, once the view says so.
    pub(super) fn report(&self, outcome: JobOutcome, plan: &Plan, registry: &MetricsRegistry) -> JobReport {
        let metrics = self.metrics(registry);
        let (records_in, records_out) = plan.records(&metrics.subtasks);
        JobReport {
            outcome,
            restarts: self.restarts,
            last_failure: self.last_failure.clone(),
            duration: self.history.duration(),
            status_changes: self.history.changes(),
            latest_checkpoint: self.latest_checkpoint,
            metrics,
            records_in,
            records_out,
        }
    }
}

/// A running job. Cheap to clone; the job goes on when all handles are gone.
///
/// Its futures may be awaited in any runtime. The blocking methods say so in their names.
#[doc(alias = "JobClient")]
#[derive(Clone)]
pub struct JobHandle {
    name: String,
    plan: Arc<Plan>,
    coordinator: Recipient<UserRequest>,
    view: watch::Receiver<JobView>,
    metrics: Arc<MetricsRegistry>,
    pool: Arc<TokioHandle>,
}

impl JobHandle {
    pub(super) fn new(
        name: String,
        plan: Arc<Plan>,
        (coordinator, pool): (Recipient<UserRequest>, Arc<TokioHandle>),
        view: watch::Receiver<JobView>,
        metrics: Arc<MetricsRegistry>,
    ) -> Self {
        Self { name, plan, coordinator, view, metrics, pool }
    }

    /// The job's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the job stands.
    pub fn status(&self) -> JobStatus {
        self.view.borrow().status
    }

    /// What the last attempt that failed has failed with; the job may have been restarted since.
    pub fn last_failure(&self) -> Option<Error> {
        self.view.borrow().last_failure.clone()
    }

    /// The newest completed checkpoint of this run.
    pub fn latest_checkpoint(&self) -> Option<CheckpointId> {
        self.view.borrow().latest_checkpoint
    }

    /// The folder in which the job's checkpoints lie.
    pub fn checkpoint_folder(&self) -> String {
        self.view.borrow().folder.clone()
    }

    /// What the job has done so far. Reads counters; costs the job nothing.
    pub fn metrics(&self) -> JobMetrics {
        self.view.borrow().metrics(&self.metrics)
    }

    /// The same as a text for [Prometheus](https://prometheus.io/docs/instrumenting/exposition_formats/), under the names
    /// of Flink's `PrometheusReporter`: `flink_taskmanager_job_task_operator_numRecordsIn{…}`.
    pub fn prometheus_text(&self) -> String {
        self.metrics().prometheus_text(&self.name, &self.plan)
    }

    /// How far event time has come in each subtask, and which subtask upstream holds it back, if any does. Costs the job
    /// nothing; to be printed.
    ///
    /// Watermarks are read one after the other while the job goes on, so one may be ahead of another that holds it back.
    pub fn watermarks(&self) -> WatermarkReport {
        WatermarkReport::new(&self.plan, &self.metrics.read())
    }

    /// The changes of the job's status, from its start on: those that there were, and those to come, until the last.
    /// Of a job that has had thousands of them the first are left out.
    pub fn status_changes(&self) -> impl Stream<Item = StatusChange> + Send + 'static + use<> {
        futures::stream::unfold((self.view.clone(), 0), |(mut view, number)| async move {
            let seen =
                view.wait_for(|view| view.history.get(number).is_some() || view.result.is_some()).await;
            let (change, next) = seen.ok()?.history.get(number)?;
            Some((change, (view, next)))
        })
    }

    /// Runs work beside the job, on its threads for I/O and within their tokio runtime: what serves its metrics, for
    /// instance. It is dropped when the job has ended.
    pub fn spawn_io(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.pool.spawn(Box::pin(work));
    }

    /// The graph of the job, human-readable.
    pub fn explain(&self) -> crate::graph::Explanation {
        self.plan.explain()
    }

    /// Stops the job without a savepoint. [Wait](Self::join) for its end to be sure that it is gone.
    pub fn cancel(&self) {
        self.coordinator.do_send(UserRequest::Cancel);
    }

    /// Takes a checkpoint now, besides those that are taken every interval, and returns its number. Where as many
    /// are under way as may be at a time, it is triggered when one of them is complete.
    ///
    /// # Errors
    /// [`ErrorKind::Checkpoint`] if it cannot be completed, or the job is not running.
    #[doc(alias = "triggerCheckpoint")]
    pub async fn trigger_checkpoint(&self) -> Result<CheckpointId> {
        let (answer, result) = oneshot::channel();
        self.coordinator.do_send(UserRequest::Checkpoint { answer });
        let over = |_| Error::new(ErrorKind::Checkpoint, "no checkpoint: the job is not running");
        result.await.map_err(over)?
    }

    /// Takes a savepoint, self-contained, at a path or URL. The job goes on.
    ///
    /// # Errors
    /// [`ErrorKind::Checkpoint`] if it cannot be completed, or the job is not running.
    #[doc(alias = "triggerSavepoint")]
    pub async fn trigger_savepoint(&self, path: impl Into<String>) -> Result<SavepointInfo> {
        self.savepoint(path.into(), AfterSavepoint::GoOn).await
    }

    /// Takes a savepoint and stops the job: no source emits anything after it, everything before it is
    /// committed.
    ///
    /// # Errors
    /// [`ErrorKind::Checkpoint`] if it cannot be completed, or the job is not running.
    #[doc(alias = "stopWithSavepoint")]
    pub async fn stop_with_savepoint(&self, path: impl Into<String>) -> Result<SavepointInfo> {
        self.stop(path.into(), AfterSavepoint::Stop).await
    }

    /// Stops the job as [`stop_with_savepoint`](Self::stop_with_savepoint) does, as if its sources had come to their
    /// end: before the savepoint all windows and event-time timers fire, and functions learn that no record follows.
    /// For jobs that are not to go on. As Flink's `stop --drain`.
    ///
    /// # Errors
    /// [`ErrorKind::Checkpoint`] if it cannot be completed, or the job is not running.
    #[doc(alias = "drain")]
    pub async fn drain_with_savepoint(&self, path: impl Into<String>) -> Result<SavepointInfo> {
        self.stop(path.into(), AfterSavepoint::Drain).await
    }

    async fn stop(&self, path: String, then: AfterSavepoint) -> Result<SavepointInfo> {
        let info = self.savepoint(path, then).await?;
        self.join().await?;
        Ok(info)
    }

    async fn savepoint(&self, path: String, then: AfterSavepoint) -> Result<SavepointInfo> {
        let (answer, result) = oneshot::channel();
        self.coordinator.do_send(UserRequest::Savepoint { path: path.into(), then, answer });
        let over = |_| Error::new(ErrorKind::Checkpoint, "no savepoint: the job is not running");
        result.await.map_err(over)?
    }

    /// Waits for the job's end.
    ///
    /// # Errors
    /// What the job failed with.
    pub async fn join(&self) -> Result<JobReport> {
        let mut view = self.view.clone();
        let ended = view.wait_for(|view| view.result.is_some()).await;
        let result = ended.ok().and_then(|view| view.result.clone());
        result.unwrap_or_else(|| Err(Error::new(ErrorKind::Internal, "the job's thread has died")))
    }

    /// Waits for the job's end, blocking the thread: not for use inside an async function.
    ///
    /// # Errors
    /// What the job failed with.
    pub fn join_blocking(&self) -> Result<JobReport> {
        block_on(self.join())
    }
}

impl IntoFuture for JobHandle {
    type Output = Result<JobReport>;
    type IntoFuture = BoxFuture<'static, Result<JobReport>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.join().await })
    }
}
