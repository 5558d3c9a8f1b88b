//! What a user holds of a running job.

use std::future::IntoFuture;
use std::sync::Arc;

use actix::Recipient;
use futures::future::BoxFuture;
use millstream_state::CheckpointId;
use tokio::sync::{oneshot, watch};

use super::block_on::block_on;
use super::job_metrics::JobMetrics;
use super::message::UserRequest;
use crate::checkpoint::{CheckpointHistory, SavepointInfo};
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
}

/// What can be seen of a job from outside.
pub(super) struct JobView {
    status: JobStatus,
    restarts: u32,
    last_failure: Option<Error>,
    latest_checkpoint: Option<CheckpointId>,
    checkpoints: CheckpointHistory,
    folder: String,
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
            result: None,
        }
    }

    pub(super) fn update(&mut self, master: &JobMaster) {
        self.status = master.status();
        self.restarts = master.restarts();
        self.last_failure = master.last_failure().cloned();
        self.latest_checkpoint = master.latest_checkpoint();
        self.checkpoints = master.statistics().clone();
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
}

impl JobHandle {
    pub(super) const fn new(
        name: String,
        plan: Arc<Plan>,
        coordinator: Recipient<UserRequest>,
        view: watch::Receiver<JobView>,
        metrics: Arc<MetricsRegistry>,
    ) -> Self {
        Self { name, plan, coordinator, view, metrics }
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
        let view = self.view.borrow();
        JobMetrics {
            status: view.status,
            restarts: view.restarts,
            last_failure: view.last_failure.clone(),
            checkpoints: view.checkpoints.clone(),
            subtasks: self.metrics.read(),
        }
    }

    /// The same as a text for [Prometheus](https://prometheus.io/docs/instrumenting/exposition_formats/), under the names
    /// of Flink's `PrometheusReporter`: `flink_taskmanager_job_task_operator_numRecordsIn{…}`.
    pub fn prometheus_text(&self) -> String {
        let vertex = |vertex| self.plan.vertex_name(vertex);
        self.metrics().prometheus_text(&self.name, vertex)
    }

    /// The graph of the job, human-readable.
    pub fn explain(&self) -> crate::graph::Explanation {
        self.plan.explain()
    }

    /// Stops the job without a savepoint. [Wait](Self::join) for its end to be sure that it is gone.
    pub fn cancel(&self) {
        self.coordinator.do_send(UserRequest::Cancel);
    }

    /// Takes a savepoint, self-contained, at a path or URL. The job goes on.
    ///
    /// # Errors
    /// [`ErrorKind::Checkpoint`] if it cannot be completed, or the job is not running.
    #[doc(alias = "triggerSavepoint")]
    pub async fn trigger_savepoint(&self, path: impl Into<String>) -> Result<SavepointInfo> {
        self.savepoint(path.into(), false).await
    }

    /// Takes a savepoint and stops the job: no source emits anything after it, everything before it is
    /// committed.
    ///
    /// # Errors
    /// [`ErrorKind::Checkpoint`] if it cannot be completed, or the job is not running.
    #[doc(alias = "stopWithSavepoint")]
    pub async fn stop_with_savepoint(&self, path: impl Into<String>) -> Result<SavepointInfo> {
        let info = self.savepoint(path.into(), true).await?;
        self.join().await?;
        Ok(info)
    }

    async fn savepoint(&self, path: String, stop: bool) -> Result<SavepointInfo> {
        let (answer, result) = oneshot::channel();
        self.coordinator.do_send(UserRequest::Savepoint { path: path.into(), stop, answer });
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
