//! The coordinator actor: carries out what the job master commands.

mod deployment;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use millstream_state::CheckpointId;
use tokio::sync::{mpsc, oneshot, watch};

use self::deployment::Deployed;
use super::deletions::Deletion;
use super::handle::{JobReport, JobView};
use super::message::{CoordinatorMessage, Explained, Refuse, UserRequest};
use super::pool::{CpuThreads, SystemClock, TokioHandle};
use super::restart_log::RestartLog;
use super::watchdog::{LONGEST_CALL, Watchdog};
use crate::checkpoint::{CheckpointCommand, RequestId, SavepointInfo};
use crate::clock::{Clock, IoPool, Random};
use crate::driver::Job;
use crate::driver::retry::retried;
use crate::driver::storage::{JobStorage, ManifestRequest};
use crate::error::Result;
use crate::guard::guarded;
use crate::job::{JobMaster, JobOutcome, JobStatus, MasterCommand, MasterEvent};
use crate::metrics::MetricsRegistry;

/// How often the coordinator looks whether a subtask is stuck in a function of the user's.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// How often the coordinator tries to write a manifest before the checkpoint has failed.
const MANIFEST_TRIES: u32 = 3;

/// How long the end of a cancelled job waits for its checkpoints to be deleted.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(60);

/// Gives a store a moment to recover.
async fn pause_before_retry(tries: u32) {
    tokio::time::sleep(Duration::from_millis(100) * 4_u32.saturating_pow(tries.saturating_sub(1))).await;
}

/// What a coordinator is made of.
pub(super) struct Parts {
    pub(super) job: Job,
    pub(super) storage: Arc<JobStorage>,
    pub(super) clock: Arc<SystemClock>,
    pub(super) pool: TokioHandle,
    pub(super) cpu: CpuThreads,
    pub(super) metrics: Arc<MetricsRegistry>,
    pub(super) view: Arc<watch::Sender<JobView>>,
    pub(super) deletions: mpsc::UnboundedSender<Deletion>,
    pub(super) finished: oneshot::Sender<Result<JobReport>>,
}

/// Carries out what the job master commands.
pub(super) struct CoordinatorActor {
    job: Job,
    master: JobMaster,
    storage: Arc<JobStorage>,
    clock: Arc<SystemClock>,
    pool: Arc<TokioHandle>,
    cpu: Arc<CpuThreads>,
    metrics: Arc<MetricsRegistry>,
    view: Arc<watch::Sender<JobView>>,
    deletions: mpsc::UnboundedSender<Deletion>,
    finished: Option<oneshot::Sender<Result<JobReport>>>,
    watchdog: Watchdog,
    restart_log: RestartLog,
    random: Random,
    arbiters: Vec<Arbiter>,
    deployed: Option<Deployed>,
    answers: HashMap<RequestId, oneshot::Sender<Result<SavepointInfo>>>,
    checkpoint_answers: HashMap<RequestId, oneshot::Sender<Result<CheckpointId>>>,
    next_request: u64,
}

impl CoordinatorActor {
    pub(super) fn new(parts: Parts, arbiters: Vec<Arbiter>) -> Self {
        let Parts { job, storage, clock, pool, cpu, metrics, view, deletions, finished } = parts;
        let master = JobMaster::new(job.master.clone(), job.plan.subtasks());
        // Seeds nothing that answers depend on: jitter, shuffles, names of temporary files.
        let entropy = clock.now().as_millis().cast_unsigned() ^ (u64::from(std::process::id()) << 32);
        Self {
            master,
            storage,
            clock,
            pool: Arc::new(pool),
            cpu: Arc::new(cpu),
            metrics,
            view,
            deletions,
            finished: Some(finished),
            watchdog: Watchdog::default(),
            restart_log: RestartLog::default(),
            random: Random::new(entropy ^ std::ptr::from_ref(&job).addr() as u64),
            job,
            arbiters,
            deployed: None,
            answers: HashMap::new(),
            checkpoint_answers: HashMap::new(),
            next_request: 0,
        }
    }

    fn handle_event(&mut self, event: MasterEvent, context: &mut Context<Self>) {
        let mut commands = Vec::new();
        self.master.handle(self.clock.moment(), self.random.unit(), event, &mut commands);
        // Before the answers and the result: a caller that has got one must see what it says in the handle, too.
        let (master, now) = (&self.master, self.clock.moment());
        self.view.send_modify(|view| view.update(master, now));
        for command in commands {
            self.carry_out(command, context);
        }
        self.restart_log.report(&self.job.name, &self.master);
    }

    fn carry_out(&mut self, command: MasterCommand, context: &mut Context<Self>) {
        match command {
            MasterCommand::Deploy { attempt, restore } => self.prepare(attempt, restore, context),
            MasterCommand::Checkpoint(command) => self.carry_out_for_coordinator(command, context),
            MasterCommand::StopTasks { attempt } => self.stop_tasks(attempt, context),
            MasterCommand::DiscardCheckpoints => self.discard_checkpoints(context),
            MasterCommand::WakeAt(time) => self.tick_at(time, context),
            MasterCommand::Done(result) => self.done(result, context),
        }
    }

    fn discard_checkpoints(&self, context: &Context<Self>) {
        let (storage, coordinator) = (self.storage.clone(), context.address());
        self.pool.spawn(Box::pin(async move {
            if tokio::time::timeout(DISCARD_TIMEOUT, storage.discard()).await.is_err() {
                tracing::warn!("gave up waiting for the checkpoints of the cancelled job to be deleted");
            }
            coordinator.do_send(CoordinatorMessage(MasterEvent::CheckpointsDiscarded));
        }));
    }

    fn carry_out_for_coordinator(&mut self, command: CheckpointCommand, context: &Context<Self>) {
        match command {
            CheckpointCommand::Send { to, control } => self.send(to, &control),
            CheckpointCommand::WriteManifest { attempt, checkpoint, target, triggered, parts } => {
                let request = Arc::new(ManifestRequest { checkpoint, target, triggered, parts });
                let (storage, plan, coordinator) =
                    (self.storage.clone(), self.job.plan.clone(), context.address());
                self.pool.spawn(Box::pin(async move {
                    let write = || guarded(storage.write_manifest(&plan, &request));
                    let result = retried(MANIFEST_TRIES, write, pause_before_retry).await;
                    let event = MasterEvent::ManifestWritten { attempt, checkpoint, result };
                    coordinator.do_send(CoordinatorMessage(event));
                }));
            }
            CheckpointCommand::Delete { checkpoints, files } => {
                // It fails only when the job is over and nobody deletes any more.
                let _ = self.deletions.send((checkpoints, files));
            }
            CheckpointCommand::AnswerCheckpoint { request, result } => {
                if let Some(answer) = self.checkpoint_answers.remove(&request) {
                    let _ = answer.send(result);
                }
            }
            CheckpointCommand::AnswerSavepoint { request, result } => {
                if let Some(answer) = self.answers.remove(&request) {
                    // The caller may have gone away.
                    let _ = answer.send(result);
                }
            }
        }
    }

    /// Names, once for each call, what a user's function keeps waiting.
    fn watch(&mut self) {
        let now = self.clock.monotonic();
        for stall in self.watchdog.look(self.metrics.stalls(now, LONGEST_CALL)) {
            let waiting = match self.master.status() {
                JobStatus::Stopping => "; the end of the job waits for it",
                JobStatus::Restarting => "; the restart of the job waits for it",
                _ if self.master.statistics().in_progress() > 0 => "; a checkpoint waits for it",
                _ => "",
            };
            let operator = stall.operator.as_deref().unwrap_or("unknown");
            let seconds = now.saturating_sub(stall.since).as_secs();
            tracing::warn!(
                job = %self.job.name, operator, subtask = %stall.subtask, seconds,
                "a function of operator `{operator}` has not returned for {seconds} s{waiting}"
            );
        }
    }

    const fn next_request(&mut self) -> RequestId {
        let request = RequestId(self.next_request);
        self.next_request += 1;
        request
    }

    /// The master counts on a tick that is not early.
    fn tick_at(&mut self, time: Duration, context: &mut Context<Self>) {
        let after = time.saturating_sub(self.clock.monotonic());
        context.run_later(after, move |actor, context| {
            if actor.clock.monotonic() < time {
                actor.tick_at(time, context);
            } else {
                actor.handle_event(MasterEvent::Tick, context);
            }
        });
    }

    fn done(&mut self, result: Result<JobOutcome>, context: &mut Context<Self>) {
        let report = |outcome| self.view.borrow().report(outcome, &self.job.plan, &self.metrics);
        let result = result.map(report);
        match &result {
            Ok(report) => tracing::info!(job = %self.job.name, outcome = ?report.outcome, "job is over"),
            Err(error) => tracing::error!(job = %self.job.name, %error, "job has failed"),
        }
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
        if let Some(finished) = self.finished.take() {
            // The thread that waits for it is gone only when the process ends.
            let _ = finished.send(result);
        }
        context.stop();
    }
}

impl Actor for CoordinatorActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.run_interval(WATCH_INTERVAL, |actor, _| actor.watch());
        self.handle_event(MasterEvent::Start, context);
    }
}

impl Handler<CoordinatorMessage> for CoordinatorActor {
    type Result = ();

    fn handle(&mut self, CoordinatorMessage(event): CoordinatorMessage, context: &mut Context<Self>) {
        if !JobStorage::needs_explanation(&event) {
            return self.handle_event(event, context);
        }
        let (storage, coordinator) = (self.storage.clone(), context.address());
        self.pool.spawn(Box::pin(async move {
            coordinator.do_send(Explained(storage.explain(event).await));
        }));
    }
}

impl Handler<Explained> for CoordinatorActor {
    type Result = ();

    fn handle(&mut self, Explained(event): Explained, context: &mut Context<Self>) {
        self.handle_event(event, context);
    }
}

impl Handler<Refuse> for CoordinatorActor {
    type Result = ();

    fn handle(&mut self, Refuse { request, error }: Refuse, _: &mut Context<Self>) {
        if let Some(answer) = self.answers.remove(&request) {
            // The caller may have gone away.
            let _ = answer.send(Err(error));
        }
    }
}

impl Handler<UserRequest> for CoordinatorActor {
    type Result = ();

    fn handle(&mut self, request: UserRequest, context: &mut Context<Self>) {
        match request {
            UserRequest::Cancel => self.handle_event(MasterEvent::CancelRequested, context),
            UserRequest::Checkpoint { answer } => {
                let request = self.next_request();
                self.checkpoint_answers.insert(request, answer);
                self.handle_event(MasterEvent::CheckpointRequested { request }, context);
            }
            UserRequest::Savepoint { path, then, answer } => {
                let request = self.next_request();
                self.answers.insert(request, answer);
                let (storage, coordinator) = (self.storage.clone(), context.address());
                self.pool.spawn(Box::pin(async move {
                    let event = match guarded(storage.check_savepoint(&path)).await {
                        Ok(()) => MasterEvent::SavepointRequested { request, path, then },
                        Err(error) => return coordinator.do_send(Refuse { request, error }),
                    };
                    coordinator.do_send(CoordinatorMessage(event));
                }));
            }
        }
    }
}
