//! The driver of the master under test, and what it checks.

mod commands;
mod files;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use millstream_state::{CheckpointId, Timestamp};

use super::super::*;
use super::config;
use crate::checkpoint::{
    AfterSavepoint, Barrier, CheckpointConfig, Control, FoundCheckpoints, Recipients, Report, RequestId,
    SnapshotTarget,
};
use crate::clock::Random;
use crate::error::{ErrorKind, Result};
use crate::job::VertexId;

pub(super) type Files = BTreeSet<Arc<str>>;

pub(super) const SUBTASKS: u32 = 3;

fn subtask(index: u32) -> SubtaskId {
    SubtaskId { vertex: VertexId(0), index }
}

fn error(kind: ErrorKind) -> Error {
    Error::new(kind, "as the seed wants it")
}

pub(super) struct SimulatedDriver {
    pub(super) master: JobMaster,
    /// Whether nothing goes wrong from now on.
    pub(super) calm: bool,
    pub(super) seed: u64,
    random: Random,
    pub(super) now: Duration,
    pub(super) checkpoint: CheckpointConfig,
    /// Sent, not yet delivered; delivered in any order.
    pub(super) inbox: Vec<MasterEvent>,
    pub(super) wakes: BTreeSet<Duration>,
    pub(super) attempt: AttemptId,
    /// Whether the attempt's tasks exist, as far as the driver knows.
    pub(super) alive: bool,
    pub(super) ended: BTreeSet<u32>,
    pub(super) reported_ended: BTreeSet<SubtaskId>,
    /// What lies on the store.
    pub(super) store: Files,
    pub(super) manifests: BTreeMap<CheckpointId, Files>,
    /// What any manifest ever referred to, and what each subtask's part did.
    pub(super) known: BTreeMap<CheckpointId, Files>,
    pub(super) parts: BTreeMap<(CheckpointId, u32), Files>,
    /// Checkpoints whose manifest the master knows to be written, over all attempts and in this one.
    pub(super) completed: BTreeSet<CheckpointId>,
    pub(super) completed_here: BTreeSet<CheckpointId>,
    pub(super) savepoints: BTreeSet<CheckpointId>,
    pub(super) stop_savepoints: BTreeSet<CheckpointId>,
    pub(super) final_checkpoint: Option<CheckpointId>,
    pub(super) stopping: Option<CheckpointId>,
    pub(super) unconfirmed: BTreeSet<CheckpointId>,
    /// Acknowledged to a master whose job was over.
    pub(super) too_late: BTreeSet<CheckpointId>,
    pub(super) pending: BTreeMap<CheckpointId, Option<CheckpointId>>,
    pub(super) writing: BTreeSet<CheckpointId>,
    pub(super) last_id: Option<CheckpointId>,
    pub(super) last_trigger: Option<Duration>,
    pub(super) last_completion: Option<Duration>,
    pub(super) requests: u64,
    /// One of them was for a checkpoint, which has not been triggered yet.
    pub(super) checkpoint_is_wanted: bool,
    pub(super) answered: BTreeSet<RequestId>,
    /// Whether the checkpoints of the cancelled job have been deleted.
    pub(super) discarded: bool,
    pub(super) outcome: Option<Result<JobOutcome>>,
}

impl SimulatedDriver {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let config = config(&mut |bound| below(&mut random, bound));
        let checkpoint = config.checkpoint.clone();
        let mut driver = Self {
            master: JobMaster::new(config, (0..SUBTASKS).map(subtask).collect()),
            calm: false,
            seed,
            random,
            now: Duration::ZERO,
            checkpoint,
            inbox: Vec::new(),
            wakes: BTreeSet::new(),
            attempt: AttemptId::default(),
            alive: false,
            ended: BTreeSet::new(),
            reported_ended: BTreeSet::new(),
            store: Files::new(),
            manifests: BTreeMap::new(),
            known: BTreeMap::new(),
            parts: BTreeMap::new(),
            completed: BTreeSet::new(),
            completed_here: BTreeSet::new(),
            savepoints: BTreeSet::new(),
            stop_savepoints: BTreeSet::new(),
            final_checkpoint: None,
            stopping: None,
            unconfirmed: BTreeSet::new(),
            too_late: BTreeSet::new(),
            pending: BTreeMap::new(),
            writing: BTreeSet::new(),
            last_id: None,
            last_trigger: None,
            last_completion: None,
            requests: 0,
            checkpoint_is_wanted: false,
            answered: BTreeSet::new(),
            discarded: false,
            outcome: None,
        };
        driver.deliver(MasterEvent::Start);
        driver
    }

    pub(super) fn random(&mut self, bound: u64) -> u64 {
        below(&mut self.random, bound)
    }

    pub(super) fn outcome(&self) -> Option<&Result<JobOutcome>> {
        self.outcome.as_ref()
    }

    /// Whether something goes wrong that does so in `percent` of all cases.
    fn fault(&mut self, percent: u64) -> bool {
        !self.calm && self.random(100) < percent
    }

    pub(super) fn step(&mut self) {
        match self.random(100) {
            0..50 if !self.inbox.is_empty() => {
                let any = usize::try_from(self.random(self.inbox.len() as u64)).unwrap();
                let event = self.inbox.swap_remove(any);
                self.deliver(event);
            }
            0..80 => {
                let passed = Duration::from_millis(self.random(1_500));
                self.now += passed;
                while self.wakes.first().is_some_and(|wake| *wake <= self.now) {
                    self.wakes.pop_first();
                    self.deliver(MasterEvent::Tick);
                }
            }
            80..90 => self.end_input(),
            90..97 if !self.calm => {
                self.requests += 1;
                let (request, path) = (RequestId(self.requests), Arc::from("file:///savepoint"));
                match self.random(12) {
                    0 => self.deliver(savepoint(request, path, AfterSavepoint::Stop)),
                    1 => self.deliver(savepoint(request, path, AfterSavepoint::Drain)),
                    2..5 => {
                        self.checkpoint_is_wanted = self.alive;
                        self.deliver(MasterEvent::CheckpointRequested { request });
                    }
                    _ => self.deliver(savepoint(request, path, AfterSavepoint::GoOn)),
                }
            }
            97 if self.fault(5) => self.deliver(MasterEvent::CancelRequested),
            98 if self.fault(30) && self.alive => {
                let kind = if self.random(12) == 0 { ErrorKind::InvalidJob } else { ErrorKind::Panic };
                self.report(0, Report::Failed(error(kind)));
            }
            _ => self.deliver(MasterEvent::Tick),
        }
    }

    /// The input of a subtask may end; when nothing goes wrong that comes soon.
    fn end_input(&mut self) {
        let index = u32::try_from(self.random(u64::from(SUBTASKS))).unwrap();
        if self.alive && (self.calm || self.random(10) == 0) && self.ended.insert(index) {
            self.report(index, Report::EndOfData);
        }
    }

    fn report(&mut self, index: u32, report: Report) {
        self.inbox.push(MasterEvent::Report { attempt: self.attempt, subtask: subtask(index), report });
    }

    fn deliver(&mut self, event: MasterEvent) {
        let over = !self.alive;
        match &event {
            MasterEvent::ManifestWritten { checkpoint, result, .. } => {
                self.writing.remove(checkpoint);
                self.pending.remove(checkpoint);
                if result.is_err() {
                    self.unconfirmed.insert(*checkpoint);
                } else {
                    self.completed.insert(*checkpoint);
                    if !over && !self.savepoints.contains(checkpoint) {
                        self.completed_here.insert(*checkpoint);
                        self.last_completion = Some(self.now);
                    }
                }
            }
            MasterEvent::Report { report: Report::Acknowledged { checkpoint, .. }, .. }
                if self.outcome.is_some() =>
            {
                self.too_late.insert(*checkpoint);
            }
            MasterEvent::Report { attempt, subtask, report: Report::EndOfData }
                if *attempt == self.attempt =>
            {
                self.reported_ended.insert(*subtask);
            }
            _ => {}
        }
        let mut commands = Vec::new();
        #[allow(clippy::cast_precision_loss)]
        let random = self.random(1_000) as f64 / 1_000.0;
        // Any time of day: nothing may depend on it.
        let wall = Timestamp::from_millis(i64::try_from(self.random(1 << 40)).unwrap());
        let now = Moment { monotonic: self.now, wall };
        self.master.handle(now, random, event, &mut commands);
        for command in commands {
            self.execute(command);
        }
        assert!(
            self.pending.len() <= self.checkpoint.max_concurrent,
            "seed {}: too many at a time",
            self.seed
        );
    }
}

/// A number below `bound`, or 0.
fn below(random: &mut Random, bound: u64) -> u64 {
    random.below(usize::try_from(bound).unwrap()) as u64
}

const fn savepoint(request: RequestId, path: Arc<str>, then: AfterSavepoint) -> MasterEvent {
    MasterEvent::SavepointRequested { request, path, then }
}
