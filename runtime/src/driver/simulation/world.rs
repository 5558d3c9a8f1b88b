//! The world of a simulation: everything that could happen next, and the one that does.

use std::collections::{BTreeSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use futures::future::BoxFuture;
use millstream_state::snapshot::storage::SnapshotHome;
use millstream_state::{CheckpointId, Timestamp};
use object_store::ObjectStore;
use parking_lot::Mutex;

use super::{FaultyStore, Simulation, SimulationReport, stuck};
use crate::chain::{Reporter, TaskServices};
use crate::checkpoint::{Control, Recipients, Report};
use crate::clock::{Clock, IoPool, Random};
use crate::driver::storage::{JobStorage, ManifestRequest, Prepared};
use crate::driver::{Job, Sabotage, SnapshotLocation, failure};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::DeployedTask;
use crate::job::{AttemptId, JobMaster, JobOutcome, MasterCommand, MasterEvent, RestoreFrom, SubtaskId};
use crate::metrics::MetricsRegistry;
use crate::task::{Budget, Progress};

/// Where simulated time begins: any time will do, as long as it is not 0.
const DAWN: i64 = 1_700_000_000_000;

struct VirtualClock(Mutex<Timestamp>);

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock()
    }

    fn monotonic(&self) -> Duration {
        self.now().since(Timestamp::from_millis(DAWN))
    }
}

/// Work that was spawned and is not done. Dropped whole when the process dies.
#[derive(Default)]
struct VirtualPool(Mutex<Vec<BoxFuture<'static, ()>>>);

impl IoPool for VirtualPool {
    fn spawn(&self, work: BoxFuture<'static, ()>) {
        self.0.lock().push(work);
    }
}

/// What has been said to the job master and not heard yet.
type Inbox = Arc<Mutex<VecDeque<Tidings>>>;

enum Tidings {
    Event(MasterEvent),
    Prepared(AttemptId, Result<Prepared>),
}

struct ReportTo(AttemptId, Inbox);

impl Reporter for ReportTo {
    fn report(&self, subtask: SubtaskId, report: Report) {
        let event = MasterEvent::Report { attempt: self.0, subtask, report };
        self.1.lock().push_back(Tidings::Event(event));
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

struct SimulatedTask {
    deployed: DeployedTask,
    flag: Arc<Flag>,
    mailbox: VecDeque<Control>,
    alarm: Option<Timestamp>,
}

/// What lives as long as one process.
struct Process {
    job: Job,
    storage: Arc<JobStorage>,
    master: JobMaster,
    inbox: Inbox,
    pool: Arc<VirtualPool>,
    /// The checkpoint that the process found on the store when it started.
    first: Option<CheckpointId>,
    tasks: Vec<SimulatedTask>,
    ticks: BTreeSet<Timestamp>,
    result: Option<Result<JobOutcome>>,
}

/// Something that could happen next.
enum Choice {
    Run(usize),
    Tell(usize),
    Io(usize),
    Master,
}

pub(super) struct World {
    seed: u64,
    random: Random,
    clock: Arc<VirtualClock>,
    store: FaultyStore,
    settings: Simulation,
    steps: u64,
    crashes: u32,
    failures: u32,
    restarts: u32,
    checkpoints: u64,
}

impl World {
    pub(super) fn new(settings: &Simulation, store: FaultyStore) -> Self {
        Self {
            seed: settings.seed,
            random: Random::new(settings.seed),
            clock: Arc::new(VirtualClock(Mutex::new(Timestamp::from_millis(DAWN)))),
            store,
            settings: settings.clone(),
            steps: 0,
            crashes: 0,
            failures: 0,
            restarts: 0,
            checkpoints: 0,
        }
    }

    pub(super) fn store(&self) -> Arc<dyn ObjectStore> {
        Arc::new(self.store.clone())
    }

    pub(super) fn report(&self) -> SimulationReport {
        SimulationReport {
            outcome: JobOutcome::Cancelled,
            steps: self.steps,
            crashes: self.crashes,
            restarts: self.restarts,
            checkpoints: self.checkpoints,
            store_errors: self.store.errors(),
        }
    }

    /// One life of the process: until the job is over, or (`None`) the process dies.
    pub(super) fn live(&mut self, mut job: Job) -> Result<Option<JobOutcome>> {
        let home = SnapshotHome::new(self.store(), object_store::path::Path::default());
        let storage = Arc::new(JobStorage::open(&job.name, &SnapshotLocation::Opened(home))?);
        // A process that starts anew finds the latest completed checkpoint, as a user's
        // `--restore <snapshots>` would.
        self.store.set_calm(true);
        let latest = futures::executor::block_on(storage.latest())?;
        self.store.set_calm(false);
        let (inbox, subtasks) = (Inbox::default(), job.plan.subtasks());
        job.master.restore = None;
        let mut process = Process {
            master: JobMaster::new(job.master.clone(), subtasks),
            storage,
            inbox,
            pool: Arc::default(),
            first: latest,
            tasks: Vec::new(),
            ticks: BTreeSet::new(),
            result: None,
            job,
        };
        process.inbox.lock().push_back(Tidings::Event(MasterEvent::Start));
        let ended = self.run(&mut process);
        self.restarts += process.master.restarts();
        self.checkpoints += process.master.statistics().completed();
        ended
    }

    fn run(&mut self, process: &mut Process) -> Result<Option<JobOutcome>> {
        loop {
            if let Some(result) = process.result.take() {
                return result.map(Some);
            }
            self.steps += 1;
            if self.steps > self.settings.most_steps {
                return Err(stuck(self.seed, self.steps));
            }
            let faults = self.settings.faults;
            if self.crashes < faults.crashes && self.once_in(faults.crash_every) {
                self.crashes += 1;
                return Ok(None);
            }
            if self.failures < faults.failures && self.once_in(faults.failure_every) {
                self.fail_a_task(process);
            }
            self.step(process);
        }
    }

    fn once_in(&mut self, steps: u32) -> bool {
        steps > 0 && self.random.below(steps as usize) == 0
    }

    fn fail_a_task(&mut self, process: &mut Process) {
        let index = self.random.below(process.tasks.len());
        if let Some(task) = process.tasks.get(index) {
            self.failures += 1;
            let error = Error::new(ErrorKind::Function, "a simulated failure");
            task.deployed.context.report(Report::Failed(error));
        }
    }

    fn step(&mut self, process: &mut Process) {
        let choices = process.choices();
        if choices.is_empty() {
            self.sleep(process);
            return;
        }
        let elapsed = self.random.below(usize::try_from(self.settings.step.as_micros()).unwrap_or(0) + 1);
        // Time in milliseconds: a step that takes less than one still lets time pass now and then.
        if self.random.below(1_000) < elapsed % 1_000 + elapsed / 1_000 * 1_000 {
            self.advance(process, Duration::from_millis((elapsed as u64).div_ceil(1_000)));
        }
        let chosen = self.random.below(choices.len());
        match choices.get(chosen) {
            Some(Choice::Run(index)) => process.run_task(*index),
            Some(Choice::Tell(index)) => process.tell_task(*index),
            Some(Choice::Io(index)) => process.poll_io(*index),
            Some(Choice::Master) => self.hear(process),
            None => {}
        }
    }

    /// Nothing can happen now: the next thing is a clock striking.
    fn sleep(&self, process: &mut Process) {
        let alarms = process.tasks.iter().filter_map(|task| task.alarm);
        let next = alarms.chain(process.ticks.first().copied()).min();
        let now = self.clock.now();
        let wait = next.map_or(Duration::from_millis(1), |next| next.since(now));
        self.advance(process, wait);
    }

    fn advance(&self, process: &mut Process, time: Duration) {
        let now = self.clock.now().saturating_add(time);
        *self.clock.0.lock() = now;
        for task in &mut process.tasks {
            if task.alarm.is_some_and(|alarm| alarm <= now) {
                task.alarm = None;
                task.flag.0.store(true, Ordering::SeqCst);
            }
        }
        while process.ticks.first().is_some_and(|tick| *tick <= now) {
            process.ticks.pop_first();
            process.inbox.lock().push_back(Tidings::Event(MasterEvent::Tick));
        }
    }

    fn hear(&mut self, process: &mut Process) {
        let Some(tidings) = process.inbox.lock().pop_front() else { return };
        let event = match tidings {
            Tidings::Event(event) => event,
            Tidings::Prepared(attempt, prepared) => {
                if !process.master.awaits_deployment(attempt) {
                    return;
                }
                match prepared.and_then(|prepared| self.deploy(process, attempt, prepared)) {
                    Ok(next_checkpoint_id) => MasterEvent::Deployed { attempt, next_checkpoint_id },
                    Err(error) => MasterEvent::DeployFailed { attempt, error },
                }
            }
        };
        let mut commands = Vec::new();
        process.master.handle(self.clock.now(), self.random.unit(), event, &mut commands);
        for command in commands {
            self.carry_out(process, command);
        }
    }

    fn deploy(
        &mut self,
        process: &mut Process,
        attempt: AttemptId,
        prepared: Prepared,
    ) -> Result<CheckpointId> {
        let services = TaskServices {
            clock: self.clock.clone(),
            io: process.pool.clone(),
            reporter: Arc::new(ReportTo(attempt, process.inbox.clone())),
            folders: process.storage.clone(),
            metrics: Arc::new(MetricsRegistry::default()),
            allow_unclaimed_state: process.job.allow_unclaimed_state,
            sabotage: self.settings.sabotage,
        };
        let flag = |_: &SubtaskId| Arc::new(Flag(AtomicBool::new(true)));
        let flags: Vec<_> = process.job.plan.subtasks().iter().map(flag).collect();
        let wakers: Vec<_> = flags.iter().map(|flag| Waker::from(flag.clone())).collect();
        let seed = self.random.next();
        let tasks = process.job.plan.deploy(&services, &wakers, prepared.snapshot.as_ref(), seed)?;
        process.tasks = tasks
            .into_iter()
            .zip(flags)
            .map(|(deployed, flag)| SimulatedTask { deployed, flag, mailbox: VecDeque::new(), alarm: None })
            .collect();
        Ok(prepared.next_checkpoint_id)
    }

    fn carry_out(&self, process: &mut Process, command: MasterCommand) {
        match command {
            MasterCommand::Deploy { attempt, restore } => process.prepare(attempt, restore),
            MasterCommand::Send { to, control } => process.send(to, &control),
            MasterCommand::WriteManifest { attempt, checkpoint, target, triggered, parts } => {
                if self.settings.sabotage == Sabotage::CommitBeforeManifest {
                    process.send(Recipients::All, &Control::CheckpointCompleted(checkpoint));
                }
                let request = ManifestRequest { checkpoint, target, triggered, parts };
                let (storage, plan, inbox) =
                    (process.storage.clone(), process.job.plan.clone(), process.inbox.clone());
                process.pool.spawn(Box::pin(async move {
                    let result = storage.write_manifest(&plan, request).await;
                    let event = MasterEvent::ManifestWritten { attempt, checkpoint, result };
                    inbox.lock().push_back(Tidings::Event(event));
                }));
            }
            MasterCommand::DeleteCheckpoint { checkpoint, files } => {
                // Order among deletions matters only to crashes between them: each on its own is in order.
                let storage = process.storage.clone();
                process.pool.spawn(Box::pin(async move { drop(storage.delete(checkpoint, files).await) }));
            }
            MasterCommand::StopTasks { attempt } => {
                process.tasks.clear();
                let stopped = MasterEvent::TasksStopped { attempt };
                process.inbox.lock().push_back(Tidings::Event(stopped));
            }
            MasterCommand::WakeAt(time) => {
                process.ticks.insert(time);
            }
            // Savepoints in a simulation would be asked for by a test; none does through this driver.
            MasterCommand::AnswerSavepoint { .. } => {}
            MasterCommand::Done(result) => process.result = Some(result),
        }
    }
}

impl Process {
    fn choices(&self) -> Vec<Choice> {
        let mut choices = Vec::new();
        for (index, task) in self.tasks.iter().enumerate() {
            if task.flag.0.load(Ordering::SeqCst) {
                choices.push(Choice::Run(index));
            }
            if !task.mailbox.is_empty() {
                choices.push(Choice::Tell(index));
            }
        }
        choices.extend((0..self.pool.0.lock().len()).map(Choice::Io));
        if !self.inbox.lock().is_empty() {
            choices.push(Choice::Master);
        }
        choices
    }

    fn run_task(&mut self, index: usize) {
        let Some(task) = self.tasks.get_mut(index) else { return };
        task.flag.0.store(false, Ordering::SeqCst);
        let DeployedTask { task: work, context, .. } = &mut task.deployed;
        // A batch at a time, so that the seed decides what comes between.
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| work.run(Budget { batches: 1 }, context)));
        match failure::flatten(outcome) {
            Ok(Progress::Ready) => task.flag.0.store(true, Ordering::SeqCst),
            Ok(Progress::Waiting | Progress::Blocked | Progress::Finished) => {}
            Err(error) => context.report(Report::Failed(error)),
        }
        if let Some(time) = context.take_wake_at() {
            task.alarm = Some(task.alarm.map_or(time, |alarm| alarm.min(time)));
        }
    }

    fn tell_task(&mut self, index: usize) {
        let Some(task) = self.tasks.get_mut(index) else { return };
        let Some(control) = task.mailbox.pop_front() else { return };
        let DeployedTask { task: work, context, .. } = &mut task.deployed;
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| work.control(control, context)));
        if let Err(error) = failure::flatten(outcome) {
            context.report(Report::Failed(error));
        }
        task.flag.0.store(true, Ordering::SeqCst);
    }

    fn poll_io(&mut self, index: usize) {
        let mut work = self.pool.0.lock().swap_remove(index);
        if work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            self.pool.0.lock().push(work);
        }
    }

    fn send(&mut self, to: Recipients, control: &Control) {
        for task in &mut self.tasks {
            if to == Recipients::All || self.job.plan.is_source(task.deployed.subtask) {
                task.mailbox.push_back(control.clone());
            }
        }
    }

    fn prepare(&self, attempt: AttemptId, restore: RestoreFrom) {
        let (storage, plan, inbox) = (self.storage.clone(), self.job.plan.clone(), self.inbox.clone());
        let allow = self.job.allow_unclaimed_state;
        // The job master knows no checkpoint of its own process yet: what was there before counts.
        let restore = match (restore, self.first) {
            (RestoreFrom::Nothing, Some(first)) => RestoreFrom::Checkpoint(first),
            (restore, _) => restore,
        };
        self.pool.spawn(Box::pin(async move {
            let prepared = storage.prepare(&plan, &restore, allow).await;
            inbox.lock().push_back(Tidings::Prepared(attempt, prepared));
        }));
    }
}
