//! The world of a simulation: of all that could happen next, it lets one thing happen.

mod master;
mod user;
mod zombie;

use std::sync::Arc;
use std::time::Duration;

use millstream_state::snapshot::journal::ProcessIdentity;
use object_store::ObjectStore;

use self::user::User;
use self::zombie::Zombie;
use super::clock::VirtualClock;
use super::process::{Choice, Process};
use super::store::FaultyStore;
use super::{Simulation, SimulationReport, stuck};
use crate::clock::{Clock, Random};
use crate::driver::Job;
use crate::error::{Error, ErrorKind, Result};
use crate::job::JobOutcome;

/// A process that has died is back after so many milliseconds at most.
const RESTART_MILLIS: usize = 100;

/// A task that stalls does so for so many steps at most.
const STALL_STEPS: usize = 400;

/// A process that is asleep does nothing for so many steps at most.
const SLEEP_STEPS: usize = 1_500;

/// A process that starts beside another falls asleep about once in so many steps.
const SLEEP_EVERY: u32 = 60;

/// A process is young for so many steps.
const YOUNG_STEPS: u64 = 100;

pub(super) struct World {
    settings: Simulation,
    random: Random,
    clock: Arc<VirtualClock>,
    store: FaultyStore,
    report: SimulationReport,
    /// A task that gets no time until a step: nothing skews inputs as much as a slow task.
    stalled: Option<(usize, u64)>,
    choices: Vec<Choice>,
    /// A process that is believed dead.
    zombie: Option<Zombie>,
    lives: u32,
    /// The living process does nothing until then.
    sleeps_until: u64,
    /// The process has just started, until this step.
    young_until: u64,
    user: User,
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
            zombie: None,
            lives: 0,
            sleeps_until: 0,
            young_until: 0,
            user: User::default(),
        }
    }

    /// A new process begins; returns the store as it sees it.
    pub(super) fn begin_process(&mut self) -> Arc<dyn ObjectStore> {
        self.lives += 1;
        self.store()
    }

    fn store(&self) -> Arc<dyn ObjectStore> {
        Arc::new(self.store.of_process(self.lives))
    }

    /// The job is over, and its process gone.
    pub(super) fn end(&self) {
        self.store.settle();
    }

    pub(super) fn report(&self, outcome: JobOutcome) -> SimulationReport {
        let elapsed = self.clock.monotonic();
        let (store_errors, io_panics) = (self.store.errors(), self.store.panics());
        let multipart_uploads = self.store.multipart_uploads();
        SimulationReport { outcome, elapsed, store_errors, io_panics, multipart_uploads, ..self.report }
    }

    /// One life of the process: until the job is over, or (`None`) the process dies or is believed dead.
    pub(super) fn live(&mut self, job: Job) -> Result<Option<JobOutcome>> {
        self.young_until = self.report.steps + YOUNG_STEPS;
        let identity = ProcessIdentity {
            host: "simulated".into(),
            pid: self.lives,
            started: self.clock.now(),
            nonce: self.random.next(),
        };
        let (restore, journal) = (self.begin_life(), self.settings.sabotage.journal());
        let mut process = Process::start(job, restore, self.store(), identity, journal, self.clock.clone())?;
        let ended = self.run(&mut process);
        if matches!(ended, Ok(None)) && process.is_running() {
            self.presume_dead(process);
            return ended;
        }
        self.count(&process);
        if self.is_to_go_on(&ended) {
            return Ok(None);
        }
        while self.zombie.is_some() && !matches!(ended, Ok(None)) {
            self.report.steps += 1;
            self.let_zombie_live();
        }
        ended
    }

    fn count(&mut self, process: &Process) {
        self.report.restarts += process.master.restarts();
        self.report.checkpoints += process.master.statistics().completed();
        self.report.failed_checkpoints += process.master.statistics().failed();
    }

    fn run(&mut self, process: &mut Process) -> Result<Option<JobOutcome>> {
        loop {
            match process.result.take() {
                // A process that was believed dead has taken over: the supervisor starts another.
                Some(Err(error)) if error.kind() == ErrorKind::Fenced && self.has_others() => {
                    self.report.fenced += 1;
                    return Ok(None);
                }
                Some(result) => return result.map(Some),
                None => {}
            }
            self.report.steps += 1;
            if self.report.steps > self.settings.most_steps {
                self.count(process);
                return Err(stuck(self.settings.seed, &self.report));
            }
            if self.zombie.is_some() && (self.report.steps < self.sleeps_until || self.random.below(3) == 0) {
                self.let_zombie_live();
                continue;
            }
            let faults = self.settings.faults;
            // A process that dies, or stalls, while it takes over is a test of the journal.
            let is_young = self.report.steps < self.young_until && faults.zombies_per_cent > 0;
            let crash_every = if is_young { faults.crash_every.div_ceil(8) } else { faults.crash_every };
            if is_young && self.zombie.is_some() && self.once_in(SLEEP_EVERY) {
                // The process that takes over may be the one that sleeps, while the one before runs.
                self.sleeps_until = self.report.steps + self.random.below(SLEEP_STEPS) as u64;
            }
            if self.report.crashes < faults.crashes && self.once_in(crash_every) {
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
            if self.report.requests < faults.requests && self.once_in(faults.request_every) {
                self.ask(process);
            }
            if self.once_in(faults.clock_step_every) {
                self.clock.step(&mut self.random);
                self.report.clock_steps += 1;
            }
            self.step(process, true);
        }
    }

    /// Whether a process that was believed dead may have taken over: it lives on, or its requests do.
    const fn has_others(&self) -> bool {
        self.report.zombies > 0 || self.report.orphaned_requests > 0
    }

    fn once_in(&mut self, steps: u32) -> bool {
        steps > 0 && self.random.below(steps as usize) == 0
    }

    fn crash(&mut self) {
        self.report.crashes += 1;
        self.user.forget_stop();
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

    fn step(&mut self, process: &mut Process, may_sleep: bool) {
        self.stalled = self.stalled.filter(|(_, until)| *until > self.report.steps);
        process.choices(&self.store.ready(self.report.steps), &mut self.choices);
        if let Some((stalled, _)) = self.stalled {
            self.choices.retain(|choice| !matches!(choice, Choice::Run(task) if *task == stalled));
        }
        let Some(chosen) = self.choices.get(self.random.below(self.choices.len())).copied() else {
            if may_sleep {
                self.sleep(process);
            }
            return;
        };
        let longest = usize::try_from(self.settings.step.as_micros()).unwrap_or(usize::MAX);
        let elapsed = self.random.below(longest.saturating_add(1));
        self.advance(process, Duration::from_micros(elapsed as u64));
        match chosen {
            Choice::Run(index) => process.run_task(index),
            Choice::Control(index) => process.deliver_control(index),
            Choice::Io(index) => process.pool.poll(index),
            Choice::Request(index) => self.store.poll(index),
            Choice::Master => self.deliver_to_master(process),
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
}
