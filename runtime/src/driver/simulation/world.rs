//! The world of a simulation: of all that could happen next, it lets one thing happen.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Duration;

use millstream_state::snapshot::part::SubtaskPart;
use millstream_state::{CheckpointId, CheckpointName};
use object_store::ObjectStore;

use super::clock::VirtualClock;
use super::pool::Flag;
use super::process::{Choice, CoordinatorMessage, Process, ReportTo};
use super::store::FaultyStore;
use super::{Simulation, SimulationReport, stuck};
use crate::chain::TaskServices;
use crate::checkpoint::{Control, Recipients};
use crate::clock::{Clock, Random};
use crate::driver::storage::{ManifestRequest, Prepared};
use crate::driver::{Job, Sabotage};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Deployment, Placement};
use crate::guard::catch;
use crate::job::{AttemptId, JobOutcome, MasterCommand, MasterEvent, SubtaskId};
use crate::metrics::MetricsRegistry;

/// A process that has died is back after so many milliseconds at most.
const RESTART_MILLIS: usize = 100;

/// A task that stalls does so for so many steps at most.
const STALL_STEPS: usize = 400;

pub(super) struct World {
    settings: Simulation,
    random: Random,
    clock: Arc<VirtualClock>,
    store: FaultyStore,
    report: SimulationReport,
    /// A task that gets no time until a step: nothing skews inputs as much as a slow task.
    stalled: Option<(usize, u64)>,
    choices: Vec<Choice>,
}

impl World {
    pub(super) fn new(settings: &Simulation) -> Self {
        Self {
            random: Random::new(settings.seed),
            clock: Arc::default(),
            store: FaultyStore::new(settings.seed ^ 0x5707_E5EE_D000, settings.faults),
            settings: settings.clone(),
            report: SimulationReport::default(),
            stalled: None,
            choices: Vec::new(),
        }
    }

    pub(super) fn store(&self) -> Arc<dyn ObjectStore> {
        Arc::new(self.store.clone())
    }

    /// The job is over, and its process gone.
    pub(super) fn end(&self) {
        self.store.settle();
    }

    pub(super) fn report(&self, outcome: JobOutcome) -> SimulationReport {
        let elapsed = self.clock.monotonic();
        let (store_errors, io_panics) = (self.store.errors(), self.store.panics());
        SimulationReport { outcome, elapsed, store_errors, io_panics, ..self.report }
    }

    /// One life of the process: until the job is over, or (`None`) the process dies.
    pub(super) fn live(&mut self, job: Job) -> Result<Option<JobOutcome>> {
        let mut process = Process::start(job, self.store())?;
        let ended = self.run(&mut process);
        self.report.restarts += process.master.restarts();
        self.report.checkpoints += process.master.statistics().completed();
        self.report.failed_checkpoints += process.master.statistics().failed();
        ended
    }

    fn run(&mut self, process: &mut Process) -> Result<Option<JobOutcome>> {
        loop {
            if let Some(result) = process.result.take() {
                return result.map(Some);
            }
            self.report.steps += 1;
            if self.report.steps > self.settings.most_steps {
                return Err(stuck(self.settings.seed, self.report.steps));
            }
            let faults = self.settings.faults;
            if self.report.crashes < faults.crashes && self.once_in(faults.crash_every) {
                self.crash();
                return Ok(None);
            }
            if self.report.failures < faults.failures && self.once_in(faults.failure_every) {
                self.fail_a_task(process);
            }
            if self.stalled.is_none() && self.once_in(faults.stall_every) {
                let until = self.report.steps + self.random.below(STALL_STEPS) as u64;
                self.stalled = Some((self.random.below(process.tasks.len()), until));
            }
            if self.once_in(faults.clock_step_every) {
                self.clock.step(&mut self.random);
                self.report.clock_steps += 1;
            }
            self.step(process);
        }
    }

    fn once_in(&mut self, steps: u32) -> bool {
        steps > 0 && self.random.below(steps as usize) == 0
    }

    fn crash(&mut self) {
        self.report.crashes += 1;
        self.report.orphaned_requests += self.store.orphan(self.report.steps) as u64;
        let down = self.random.below(RESTART_MILLIS) as u64;
        self.clock.advance(Duration::from_millis(down));
    }

    fn fail_a_task(&mut self, process: &mut Process) {
        let index = self.random.below(process.tasks.len());
        if let Some(task) = process.tasks.get_mut(index) {
            self.report.failures += 1;
            task.fail(Error::new(ErrorKind::Function, "a simulated failure"));
        }
    }

    fn step(&mut self, process: &mut Process) {
        self.stalled = self.stalled.filter(|(_, until)| *until > self.report.steps);
        process.choices(&self.store.ready(self.report.steps), &mut self.choices);
        if let Some((stalled, _)) = self.stalled {
            self.choices.retain(|choice| !matches!(choice, Choice::Run(task) if *task == stalled));
        }
        let Some(chosen) = self.choices.get(self.random.below(self.choices.len())).copied() else {
            self.sleep(process);
            return;
        };
        let longest = usize::try_from(self.settings.step.as_micros()).unwrap_or(usize::MAX);
        let elapsed = self.random.below(longest.saturating_add(1));
        self.advance(process, Duration::from_micros(elapsed as u64));
        match chosen {
            Choice::Run(index) => process.run_task(index),
            Choice::Tell(index) => process.tell_task(index),
            Choice::Io(index) => process.pool.poll(index),
            Choice::Request(index) => self.store.poll(index),
            Choice::Master => self.hear(process),
            Choice::Stop(attempt) => process.stop_tasks(attempt),
        }
    }

    /// Nothing can happen now: a stall ends, or else the next thing is a clock striking.
    fn sleep(&mut self, process: &mut Process) {
        if self.stalled.take().is_some() {
            return;
        }
        let now = self.clock.moment();
        let wait = process.next_alarm(now).map(|next| next.saturating_sub(now.monotonic));
        self.advance(process, wait.unwrap_or_default().max(Duration::from_millis(1)));
    }

    fn advance(&self, process: &mut Process, time: Duration) {
        self.clock.advance(time);
        process.wake(self.clock.moment());
    }

    fn hear(&mut self, process: &mut Process) {
        let Some(message) = process.inbox.lock().pop_front() else { return };
        let event = match message {
            CoordinatorMessage::Event(event) => event,
            CoordinatorMessage::Found(Ok(found)) => {
                process.found = found;
                MasterEvent::Start
            }
            CoordinatorMessage::Found(Err(_)) => return process.look_for_checkpoints(),
            CoordinatorMessage::Prepared(attempt, prepared) => {
                if !process.master.awaits_deployment(attempt) {
                    return;
                }
                match prepared.and_then(|prepared| catch(|| self.deploy(process, attempt, prepared))) {
                    Ok(next_checkpoint_id) => MasterEvent::Deployed { attempt, next_checkpoint_id },
                    Err(error) => MasterEvent::DeployFailed { attempt, error },
                }
            }
        };
        let mut commands = Vec::new();
        process.master.handle(self.clock.moment(), self.random.unit(), event, &mut commands);
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
        process.cancelled = Arc::default();
        let services = TaskServices {
            attempt,
            clock: self.clock.clone(),
            io: process.pool.clone(),
            reporter: Arc::new(ReportTo(attempt, process.inbox.clone())),
            folders: process.storage.clone(),
            metrics: Arc::new(MetricsRegistry::default()),
            cancelled: process.cancelled.clone(),
            allow_unclaimed_state: process.job.allow_unclaimed_state,
            encodes_records: self.settings.faults.encode_records,
            sabotage: self.settings.sabotage,
        };
        let flags: Vec<_> = process.job.plan.subtasks().iter().map(|_| Flag::raised()).collect();
        let wakers: Vec<_> = flags.iter().map(|flag| Waker::from(flag.clone())).collect();
        let seed = self.random.next();
        let deployment = Deployment {
            services: &services,
            placement: &Placement::Everything,
            wakers: &wakers,
            restored: prepared.snapshot.as_ref(),
            prepared: &prepared.preparations,
            seed,
        };
        let tasks = process.job.plan.deploy(&deployment)?;
        process.install(tasks, flags);
        self.report.restores += u64::from(prepared.snapshot.is_some());
        Ok(prepared.next_checkpoint_id)
    }

    fn carry_out(&mut self, process: &mut Process, command: MasterCommand) {
        match command {
            MasterCommand::Deploy { attempt, restore } => process.prepare(attempt, restore),
            MasterCommand::Send { to, control } => process.send(to, &control),
            MasterCommand::WriteManifest { attempt, checkpoint, target, triggered, parts } => {
                if self.settings.sabotage == Sabotage::CommitBeforeManifest {
                    process.send(Recipients::All, &Control::CheckpointCompleted(checkpoint));
                }
                self.report.reused_blocks += reused_blocks(checkpoint, &parts);
                let request = ManifestRequest { checkpoint, target, triggered, parts };
                let tries = 1 + u32::from(self.random.below(2) == 0);
                process.write_manifest(attempt, request, tries);
            }
            MasterCommand::DeleteCheckpoint { checkpoint, files } => process.delete(checkpoint, files),
            MasterCommand::StopTasks { attempt } => {
                process.cancelled.store(true, Ordering::Relaxed);
                process.stopping = Some(attempt);
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

/// How many blocks a checkpoint takes over from earlier ones.
fn reused_blocks(checkpoint: CheckpointId, parts: &[(SubtaskId, SubtaskPart)]) -> u64 {
    let is_own = |file: &str| {
        let name = file.split_once('/').and_then(|(folder, _)| CheckpointName::parse(folder));
        name.is_some_and(|name| name.id == checkpoint)
    };
    let operators = parts.iter().flat_map(|(_, part)| &part.operators);
    let blocks = operators.flat_map(|operator| &operator.keyed).flat_map(|state| &state.groups);
    blocks.filter(|(_, block)| block.length > 0 && !is_own(&block.file)).count() as u64
}
