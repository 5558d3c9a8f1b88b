//! The coordinator actor: carries out what the job master commands.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;
use std::time::Duration;

use actix::prelude::*;
use millstream_state::CheckpointId;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::handle::{JobReport, JobView};
use super::pool::{SystemClock, TokioHandle, TokioPool};
use super::subtask::{ControlMessage, Stop, SubtaskActor, WakeFlag};
use super::told::ToldFailures;
use super::watchdog::{LONGEST_CALL, Watchdog};
use crate::chain::{Reporter, TaskServices};
use crate::checkpoint::{Control, Recipients, Report, RequestId, SavepointInfo};
use crate::clock::{Clock, IoPool, Random};
use crate::driver::retry::retried;
use crate::driver::storage::{JobStorage, ManifestRequest, Prepared};
use crate::driver::{Job, Sabotage};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{DeployedTask, Deployment, Placement};
use crate::guard::{catch, guarded};
use crate::job::{
    AttemptId, JobMaster, JobOutcome, JobStatus, MasterCommand, MasterEvent, RestoreFrom, SubtaskId,
};
use crate::metrics::MetricsRegistry;

/// How often the coordinator looks whether a subtask is stuck in a function of the user's.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// How often the coordinator tries to write a manifest before the checkpoint has failed.
const MANIFEST_TRIES: u32 = 3;

/// Gives a store a moment to recover.
async fn pause_before_retry(tries: u32) {
    tokio::time::sleep(Duration::from_millis(100) * 4_u32.saturating_pow(tries.saturating_sub(1))).await;
}

/// How long the last deletions may take after the job is over.
const DELETIONS_TIMEOUT: Duration = Duration::from_secs(10);

/// Something that the job master has to know.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct CoordinatorMessage(pub(super) MasterEvent);

/// What a user asks through the handle.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) enum UserRequest {
    Savepoint { path: Arc<str>, stop: bool, answer: oneshot::Sender<Result<SavepointInfo>> },
    Cancel,
}

/// The snapshot has been read, or not.
#[derive(Message)]
#[rtype(result = "()")]
struct Ready {
    attempt: AttemptId,
    prepared: Result<Prepared>,
}

/// Sends what subtasks report to the coordinator.
struct ReportTo {
    attempt: AttemptId,
    coordinator: Addr<CoordinatorActor>,
}

impl Reporter for ReportTo {
    fn report(&self, subtask: SubtaskId, report: Report) {
        let event = MasterEvent::Report { attempt: self.attempt, subtask, report };
        self.coordinator.do_send(CoordinatorMessage(event));
    }
}

/// A savepoint cannot be taken where it was asked for.
#[derive(Message)]
#[rtype(result = "()")]
struct Refuse {
    request: RequestId,
    error: Error,
}

/// Says that an attempt is gone when its last subtask has let go of it.
struct AttemptGuard {
    attempt: AttemptId,
    coordinator: Addr<CoordinatorActor>,
}

impl Drop for AttemptGuard {
    fn drop(&mut self) {
        self.coordinator.do_send(CoordinatorMessage(MasterEvent::TasksStopped { attempt: self.attempt }));
    }
}

type Deletion = (Vec<CheckpointId>, Vec<Arc<str>>);

/// Deletes one after another, in order, on the I/O pool.
pub(super) struct Deletions {
    queue: mpsc::UnboundedSender<Deletion>,
    worker: JoinHandle<()>,
}

impl Deletions {
    pub(super) fn start(pool: &TokioPool, storage: Arc<JobStorage>) -> Self {
        let (queue, mut next) = mpsc::unbounded_channel::<Deletion>();
        let worker = pool.runtime().spawn(async move {
            while let Some((checkpoints, files)) = next.recv().await {
                // A file that stays is a leak, not an error: nothing refers to it.
                if let Err(error) = guarded(storage.delete(checkpoints, files)).await {
                    tracing::warn!(%error, "cannot delete what old checkpoints no longer need");
                }
            }
        });
        Self { queue, worker }
    }

    pub(super) fn queue(&self) -> mpsc::UnboundedSender<Deletion> {
        self.queue.clone()
    }

    pub(super) fn finish(self, pool: &TokioPool) {
        drop(self.queue);
        let finished = async { tokio::time::timeout(DELETIONS_TIMEOUT, self.worker).await };
        if pool.runtime().block_on(finished).is_err() {
            tracing::warn!("gave up waiting for the last deletions");
        }
    }
}

/// What a coordinator is made of.
pub(super) struct Parts {
    pub(super) job: Job,
    pub(super) storage: Arc<JobStorage>,
    pub(super) clock: Arc<SystemClock>,
    pub(super) pool: TokioHandle,
    pub(super) metrics: Arc<MetricsRegistry>,
    pub(super) view: Arc<watch::Sender<JobView>>,
    pub(super) deletions: mpsc::UnboundedSender<Deletion>,
    pub(super) finished: oneshot::Sender<Result<JobReport>>,
}

/// The subtasks of the attempt that is deployed.
struct Deployed {
    attempt: AttemptId,
    /// Raised to say that the attempt is over.
    cancelled: Arc<AtomicBool>,
    subtasks: Vec<(SubtaskId, Addr<SubtaskActor>)>,
}

/// Carries out what the job master commands.
pub(super) struct CoordinatorActor {
    job: Job,
    master: JobMaster,
    storage: Arc<JobStorage>,
    clock: Arc<SystemClock>,
    pool: Arc<TokioHandle>,
    metrics: Arc<MetricsRegistry>,
    view: Arc<watch::Sender<JobView>>,
    deletions: mpsc::UnboundedSender<Deletion>,
    finished: Option<oneshot::Sender<Result<JobReport>>>,
    watchdog: Watchdog,
    told: ToldFailures,
    random: Random,
    arbiters: Vec<Arbiter>,
    deployed: Option<Deployed>,
    answers: HashMap<RequestId, oneshot::Sender<Result<SavepointInfo>>>,
    next_request: u64,
}

impl CoordinatorActor {
    pub(super) fn new(parts: Parts, arbiters: Vec<Arbiter>) -> Self {
        let Parts { job, storage, clock, pool, metrics, view, deletions, finished } = parts;
        let master = JobMaster::new(job.master.clone(), job.plan.subtasks());
        // Seeds nothing that answers depend on: jitter, shuffles, names of temporary files.
        let entropy = clock.now().as_millis().cast_unsigned() ^ (u64::from(std::process::id()) << 32);
        Self {
            master,
            storage,
            clock,
            pool: Arc::new(pool),
            metrics,
            view,
            deletions,
            finished: Some(finished),
            watchdog: Watchdog::default(),
            told: ToldFailures::default(),
            random: Random::new(entropy ^ std::ptr::from_ref(&job).addr() as u64),
            job,
            arbiters,
            deployed: None,
            answers: HashMap::new(),
            next_request: 0,
        }
    }

    fn handle_event(&mut self, event: MasterEvent, context: &mut Context<Self>) {
        let mut commands = Vec::new();
        self.master.handle(self.clock.moment(), self.random.unit(), event, &mut commands);
        for command in commands {
            self.carry_out(command, context);
        }
        self.told.tell(&self.job.name, &self.master);
        let master = &self.master;
        self.view.send_modify(|view| view.update(master));
    }

    fn carry_out(&mut self, command: MasterCommand, context: &mut Context<Self>) {
        match command {
            MasterCommand::Deploy { attempt, restore } => self.prepare(attempt, restore, context),
            MasterCommand::Send { to, control } => self.send(to, &control),
            MasterCommand::WriteManifest { attempt, checkpoint, target, triggered, parts } => {
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
            MasterCommand::DeleteCheckpoints { checkpoints, files } => {
                // It fails only when the job is over and nobody deletes any more.
                let _ = self.deletions.send((checkpoints, files));
            }
            MasterCommand::StopTasks { attempt } => self.stop_tasks(attempt, context),
            MasterCommand::WakeAt(time) => self.tick_at(time, context),
            MasterCommand::AnswerSavepoint { request, result } => {
                if let Some(answer) = self.answers.remove(&request) {
                    // Whoever asked may have gone away.
                    let _ = answer.send(result);
                }
            }
            MasterCommand::Done(result) => self.done(result, context),
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

    fn prepare(&self, attempt: AttemptId, restore: RestoreFrom, context: &Context<Self>) {
        tracing::info!(job = %self.job.name, %attempt, ?restore, "deploying");
        let (storage, plan, allow) =
            (self.storage.clone(), self.job.plan.clone(), self.job.allow_unclaimed_state);
        let coordinator = context.address();
        self.pool.spawn(Box::pin(async move {
            let prepared = guarded(storage.prepare(&plan, &restore, allow)).await;
            coordinator.do_send(Ready { attempt, prepared });
        }));
    }

    fn deploy(
        &mut self,
        attempt: AttemptId,
        prepared: Prepared,
        context: &mut Context<Self>,
    ) -> Result<MasterEvent> {
        let cancelled = Arc::new(AtomicBool::new(false));
        let services = TaskServices {
            attempt,
            clock: self.clock.clone(),
            io: self.pool.clone(),
            reporter: Arc::new(ReportTo { attempt, coordinator: context.address() }),
            folders: self.storage.clone(),
            metrics: self.metrics.clone(),
            cancelled: cancelled.clone(),
            allow_unclaimed_state: self.job.allow_unclaimed_state,
            encodes_records: false,
            sabotage: Sabotage::None,
        };
        let flags: Vec<_> = self.job.plan.subtasks().iter().map(|_| WakeFlag::new()).collect();
        let wakers: Vec<_> = flags.iter().map(|flag| Waker::from(flag.clone())).collect();
        let seed = self.random.next();
        let deployment = Deployment {
            services: &services,
            placement: &Placement::Everything,
            wakers: &wakers,
            restored: prepared.snapshot.as_ref(),
            base: prepared.found.latest,
            prepared: &prepared.preparations,
            seed,
        };
        let tasks = self.job.plan.deploy(&deployment)?;
        let guard = Arc::new(AttemptGuard { attempt, coordinator: context.address() });
        let start = |(deployed, flag): (DeployedTask, Arc<WakeFlag>)| {
            let subtask = deployed.subtask;
            let arbiter = self.arbiters.get(subtask.index as usize % self.arbiters.len().max(1));
            let arbiter = arbiter.ok_or_else(|| Error::new(ErrorKind::Internal, "no arbiter to run on"))?;
            let actor = SubtaskActor::new(deployed, flag.clone(), guard.clone());
            let address = SubtaskActor::start_in_arbiter(&arbiter.handle(), |_| actor);
            Ok((subtask, address, flag))
        };
        let started = tasks.into_iter().zip(flags).map(start).collect::<Result<Vec<_>>>()?;
        // Only now may they run: each can be reached by all others.
        let subtasks = started.into_iter().map(|(subtask, address, flag)| {
            flag.start(address.clone());
            (subtask, address)
        });
        self.deployed = Some(Deployed { attempt, cancelled, subtasks: subtasks.collect() });
        if attempt == AttemptId::default() {
            let storage = self.storage.clone();
            self.pool.spawn(Box::pin(async move { storage.sweep().await }));
        }
        let Prepared { next_checkpoint_id, found, .. } = prepared;
        Ok(MasterEvent::Deployed { attempt, next_checkpoint_id, found })
    }

    fn send(&self, to: Recipients, control: &Control) {
        let Some(deployed) = &self.deployed else { return };
        for (subtask, address) in &deployed.subtasks {
            if to == Recipients::All || self.job.plan.is_source(*subtask) {
                address.do_send(ControlMessage(control.clone()));
            }
        }
    }

    fn stop_tasks(&mut self, attempt: AttemptId, context: &Context<Self>) {
        match self.deployed.take() {
            // The answer comes when the last of them has dropped its task.
            Some(deployed) if deployed.attempt == attempt => {
                // Seen at once, also by those whose mailbox is not looked at for a while.
                deployed.cancelled.store(true, Ordering::Relaxed);
                deployed.subtasks.iter().for_each(|(_, address)| address.do_send(Stop));
            }
            _ => context.address().do_send(CoordinatorMessage(MasterEvent::TasksStopped { attempt })),
        }
    }

    fn done(&mut self, result: Result<JobOutcome>, context: &mut Context<Self>) {
        let master = &self.master;
        let (restarts, last_failure) = (master.restarts(), master.last_failure().cloned());
        let result = result.map(|outcome| JobReport { outcome, restarts, last_failure });
        match &result {
            Ok(report) => tracing::info!(job = %self.job.name, outcome = ?report.outcome, "job is over"),
            Err(error) => tracing::error!(job = %self.job.name, %error, "job has failed"),
        }
        // Before the result: whoever has waited for the end must see a status that says so.
        self.view.send_modify(|view| view.update(master));
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
        let _ = self.finished.take().map(|finished| finished.send(result));
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

    fn handle(&mut self, message: CoordinatorMessage, context: &mut Context<Self>) {
        self.handle_event(message.0, context);
    }
}

impl Handler<Ready> for CoordinatorActor {
    type Result = ();

    fn handle(&mut self, ready: Ready, context: &mut Context<Self>) {
        let attempt = ready.attempt;
        if !self.master.awaits_deployment(attempt) {
            return;
        }
        let event =
            match ready.prepared.and_then(|prepared| catch(|| self.deploy(attempt, prepared, context))) {
                Ok(deployed) => deployed,
                Err(error) => MasterEvent::DeployFailed { attempt, error },
            };
        self.handle_event(event, context);
    }
}

impl Handler<Refuse> for CoordinatorActor {
    type Result = ();

    fn handle(&mut self, Refuse { request, error }: Refuse, _: &mut Context<Self>) {
        if let Some(answer) = self.answers.remove(&request) {
            // Whoever asked may have gone away.
            let _ = answer.send(Err(error));
        }
    }
}

impl Handler<UserRequest> for CoordinatorActor {
    type Result = ();

    fn handle(&mut self, request: UserRequest, context: &mut Context<Self>) {
        match request {
            UserRequest::Cancel => self.handle_event(MasterEvent::CancelRequested, context),
            UserRequest::Savepoint { path, stop, answer } => {
                let request = RequestId(self.next_request);
                self.next_request += 1;
                self.answers.insert(request, answer);
                let (storage, coordinator) = (self.storage.clone(), context.address());
                self.pool.spawn(Box::pin(async move {
                    let event = match guarded(storage.check_savepoint(&path)).await {
                        Ok(()) => MasterEvent::SavepointRequested { request, path, stop },
                        Err(error) => return coordinator.do_send(Refuse { request, error }),
                    };
                    coordinator.do_send(CoordinatorMessage(event));
                }));
            }
        }
    }
}
