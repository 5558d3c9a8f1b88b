//! One life of a simulated process: its tasks, its job master, and the messages between them.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use futures::future::ready;
use millstream_state::CheckpointId;
use millstream_state::snapshot::journal::{JournalOptions, ProcessIdentity};
use millstream_state::snapshot::storage::SnapshotHome;
use object_store::ObjectStore;
use parking_lot::Mutex;

use super::clock::VirtualClock;
use super::pool::{Flag, VirtualPool};
use crate::chain::Reporter;
use crate::checkpoint::{AfterSavepoint, Control, Recipients, Report, RequestId};
use crate::clock::{Alarm, IoPool, Moment};
use crate::driver::retry::retried;
use crate::driver::storage::{JobStorage, ManifestRequest, Prepared};
use crate::driver::{Job, SnapshotLocation};
use crate::error::Result;
use crate::graph::DeployedTask;
use crate::guard;
use crate::job::{AttemptId, JobMaster, JobOutcome, MasterEvent, RestoreFrom, SubtaskId};
use crate::task::{Budget, Progress, guarded};

/// Messages to the job master that have not been delivered yet.
pub(super) type Inbox = Arc<Mutex<VecDeque<MasterMessage>>>;

/// How long the parts are in which files of checkpoints are uploaded: states are small here. With many parts
/// to a file no checkpoint would get through the faults of the store.
const PART_BYTES: usize = 16 << 10;

/// The URL of the simulated store.
pub(super) const STORE: &str = "simulated://store";

pub(super) enum MasterMessage {
    Prepared(AttemptId, Result<Prepared>),
    Event(MasterEvent),
    /// One that needed an explanation, with it.
    Explained(MasterEvent),
}

pub(super) struct ReportTo(pub(super) AttemptId, pub(super) Inbox);

impl Reporter for ReportTo {
    fn report(&self, subtask: SubtaskId, report: Report) {
        let event = MasterEvent::Report { attempt: self.0, subtask, report };
        self.1.lock().push_back(MasterMessage::Event(event));
    }
}

/// Something that could happen next.
#[derive(Clone, Copy)]
pub(super) enum Choice {
    Run(usize),
    Control(usize),
    Io(usize),
    Request(usize),
    Master,
    /// The tasks of the attempt are dropped, long after that was asked for perhaps.
    Stop(AttemptId),
}

pub(super) struct SimulatedTask {
    pub(super) deployed: DeployedTask,
    pub(super) flag: Arc<Flag>,
    mailbox: VecDeque<Control>,
    alarm: Alarm,
    /// It has failed, and does nothing any more.
    dead: bool,
}

type Deletion = (Vec<CheckpointId>, Vec<Arc<str>>);

/// What lives as long as one process.
pub(super) struct Process {
    /// Whether it begins from what the job's folder says.
    pub(super) goes_on: bool,
    /// Whether an attempt has been deployed.
    pub(super) has_begun: bool,
    /// Which one it is, counted from 1.
    pub(super) number: u32,
    pub(super) job: Job,
    pub(super) storage: Arc<JobStorage>,
    pub(super) master: JobMaster,
    pub(super) inbox: Inbox,
    pub(super) pool: Arc<VirtualPool>,
    pub(super) tasks: Vec<SimulatedTask>,
    pub(super) stopping: Option<AttemptId>,
    /// Whether the attempt is over.
    pub(super) cancelled: Arc<AtomicBool>,
    pub(super) ticks: BTreeSet<Duration>,
    deletions: Arc<Mutex<VecDeque<Deletion>>>,
    pub(super) result: Option<Result<JobOutcome>>,
}

impl Process {
    /// A process that begins from `restore`.
    pub(super) fn start(
        mut job: Job,
        restore: RestoreFrom,
        store: Arc<dyn ObjectStore>,
        identity: ProcessIdentity,
        journal: JournalOptions,
        clock: Arc<VirtualClock>,
    ) -> Result<Self> {
        job.stores.register(STORE, store.clone());
        let home = SnapshotHome::new(store, object_store::path::Path::default()).with_part_bytes(PART_BYTES);
        job.snapshots = SnapshotLocation::Opened(home);
        let goes_on = matches!(restore, RestoreFrom::IfAny(None));
        job.master.restore = restore;
        let number = identity.pid;
        let storage = Arc::new(JobStorage::open(&job, identity, journal)?);
        let inbox = Inbox::default();
        inbox.lock().push_back(MasterMessage::Event(MasterEvent::Start));
        Ok(Self {
            goes_on,
            has_begun: false,
            number,
            master: JobMaster::new(job.master.clone(), job.plan.subtasks()),
            job,
            storage,
            inbox,
            pool: Arc::new(VirtualPool::new(clock)),
            tasks: Vec::new(),
            stopping: None,
            cancelled: Arc::default(),
            ticks: BTreeSet::new(),
            deletions: Arc::default(),
            result: None,
        })
    }

    /// Whether its job is not over.
    pub(super) fn is_running(&self) -> bool {
        !self.master.status().is_final()
    }

    /// All that could happen next; `requests` are those of the store that can go on.
    pub(super) fn choices(&self, requests: &[usize], choices: &mut Vec<Choice>) {
        choices.clear();
        for (index, task) in self.tasks.iter().enumerate().filter(|(_, task)| !task.dead) {
            if task.flag.is_raised() {
                choices.push(Choice::Run(index));
            }
            if !task.mailbox.is_empty() {
                choices.push(Choice::Control(index));
            }
        }
        choices.extend(self.pool.ready().into_iter().map(Choice::Io));
        choices.extend(requests.iter().copied().map(Choice::Request));
        if !self.inbox.lock().is_empty() {
            choices.push(Choice::Master);
        }
        choices.extend(self.stopping.map(Choice::Stop));
    }

    pub(super) fn install(&mut self, tasks: Vec<DeployedTask>, flags: Vec<Arc<Flag>>) {
        self.has_begun = true;
        let installed = tasks.into_iter().zip(flags).map(|(deployed, flag)| SimulatedTask {
            deployed,
            flag,
            mailbox: VecDeque::new(),
            alarm: Alarm::default(),
            dead: false,
        });
        self.tasks = installed.collect();
    }

    pub(super) fn run_task(&mut self, index: usize) {
        let Some(task) = self.tasks.get_mut(index) else { return };
        task.flag.lower();
        let DeployedTask { task: work, context, .. } = &mut task.deployed;
        // A batch at a time, so that the seed decides what comes between.
        match guarded(work.as_mut(), context, |task, cx| task.run(Budget::one_batch(), cx)) {
            Ok(Progress::Ready) => task.flag.raise(),
            Ok(Progress::Waiting | Progress::Blocked | Progress::Finished) => {}
            Err(error) => task.fail(error),
        }
        task.alarm.merge(task.deployed.context.take_alarm());
    }

    pub(super) fn deliver_control(&mut self, index: usize) {
        let Some(task) = self.tasks.get_mut(index) else { return };
        let Some(control) = task.mailbox.pop_front() else { return };
        let DeployedTask { task: work, context, .. } = &mut task.deployed;
        if let Err(error) = guarded(work.as_mut(), context, |task, cx| task.control(control, cx)) {
            task.fail(error);
        }
        task.flag.raise();
    }

    pub(super) fn stop_tasks(&mut self, attempt: AttemptId) {
        self.stopping = None;
        self.tasks.clear();
        self.inbox.lock().push_back(MasterMessage::Event(MasterEvent::TasksStopped { attempt }));
    }

    pub(super) fn send(&mut self, to: Recipients, control: &Control) {
        for task in &mut self.tasks {
            if to == Recipients::All || self.job.plan.is_source(task.deployed.subtask) {
                task.mailbox.push_back(control.clone());
            }
        }
    }

    pub(super) fn prepare(&self, attempt: AttemptId, restore: RestoreFrom) {
        let (storage, plan, inbox) = (self.storage.clone(), self.job.plan.clone(), self.inbox.clone());
        let allow = self.job.allow_unclaimed_state;
        self.pool.spawn(Box::pin(async move {
            let prepared = guard::guarded(storage.prepare(&plan, &restore, allow)).await;
            inbox.lock().push_back(MasterMessage::Prepared(attempt, prepared));
        }));
    }

    /// Finds out why something has failed before the job master hears of it.
    pub(super) fn explain(&self, event: MasterEvent) {
        let (storage, inbox) = (self.storage.clone(), self.inbox.clone());
        self.pool.spawn(Box::pin(async move {
            let explained = storage.explain(event).await;
            inbox.lock().push_back(MasterMessage::Explained(explained));
        }));
    }

    /// Asks for a savepoint, unless there is a snapshot already at `path`.
    pub(super) fn take_savepoint(&self, request: RequestId, path: Arc<str>, then: AfterSavepoint) {
        let (storage, inbox) = (self.storage.clone(), self.inbox.clone());
        self.pool.spawn(Box::pin(async move {
            if guard::guarded(storage.check_savepoint(&path)).await.is_ok() {
                let event = MasterEvent::SavepointRequested { request, path, then };
                inbox.lock().push_back(MasterMessage::Event(event));
            }
        }));
    }

    /// Asks the job to end now.
    pub(super) fn cancel(&self) {
        self.inbox.lock().push_back(MasterMessage::Event(MasterEvent::CancelRequested));
    }

    pub(super) fn write_manifest(&self, attempt: AttemptId, request: ManifestRequest, tries: u32) {
        let (storage, plan, inbox) = (self.storage.clone(), self.job.plan.clone(), self.inbox.clone());
        self.pool.spawn(Box::pin(async move {
            let checkpoint = request.checkpoint;
            let write = || guard::guarded(storage.write_manifest(&plan, &request));
            let result = retried(tries, write, |_| ready(())).await;
            let event = MasterEvent::ManifestWritten { attempt, checkpoint, result };
            inbox.lock().push_back(MasterMessage::Event(event));
        }));
    }

    /// Deletes one after another, in order, as the job master wants it.
    pub(super) fn delete(&self, checkpoints: Vec<CheckpointId>, files: Vec<Arc<str>>) {
        let mut deletions = self.deletions.lock();
        deletions.push_back((checkpoints, files));
        if deletions.len() > 1 {
            return; // The task that deletes the ones before goes on with this one.
        }
        let (storage, deletions) = (self.storage.clone(), self.deletions.clone());
        self.pool.spawn(Box::pin(async move {
            let next = || deletions.lock().front().cloned();
            while let Some((checkpoints, files)) = next() {
                // A file that stays is a leak, not an error: nothing refers to it.
                let _ = guard::guarded(storage.delete(checkpoints, files)).await;
                deletions.lock().pop_front();
            }
        }));
    }

    /// Deletes the checkpoints of the job, which was cancelled.
    pub(super) fn discard_checkpoints(&self) {
        let (storage, inbox) = (self.storage.clone(), self.inbox.clone());
        self.pool.spawn(Box::pin(async move {
            storage.discard().await;
            inbox.lock().push_back(MasterMessage::Event(MasterEvent::CheckpointsDiscarded));
        }));
    }

    /// When the clocks are to be looked at next, on the monotonic one.
    pub(super) fn next_alarm(&self, now: Moment) -> Option<Duration> {
        let alarms = self.tasks.iter().filter_map(|task| task.alarm.check_at(now));
        alarms.chain(self.ticks.first().copied()).chain(self.pool.next_wake_up()).min()
    }

    /// Time has come to `now`.
    pub(super) fn wake(&mut self, now: Moment) {
        for task in &mut self.tasks {
            if task.alarm.rings(now) {
                task.flag.raise();
            }
        }
        self.pool.wake_sleepers(now.monotonic);
        while self.ticks.first().is_some_and(|tick| *tick <= now.monotonic) {
            self.ticks.pop_first();
            self.inbox.lock().push_back(MasterMessage::Event(MasterEvent::Tick));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.pool.clear();
    }
}

impl SimulatedTask {
    pub(super) fn fail(&mut self, error: crate::error::Error) {
        self.dead = true;
        self.deployed.context.report(Report::Failed(error));
    }
}
