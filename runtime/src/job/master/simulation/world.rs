//! The world around the master, and what it checks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use millstream_state::snapshot::part::{BlockReference, ListPart, OperatorPart, Redistribution, SubtaskPart};
use millstream_state::{CheckpointId, OperatorId, Shape, Timestamp};

use super::super::*;
use super::config;
use crate::checkpoint::{Barrier, Control, FoundCheckpoints, Recipients, Report, RequestId, SnapshotTarget};
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

fn part(files: &Files) -> SubtaskPart {
    let block = |file: &Arc<str>| BlockReference {
        file: file.clone(),
        offset: 0,
        length: 1,
        checksum: 0,
        entries: 1,
    };
    let list = |file| ListPart {
        name: String::new(),
        redistribution: Redistribution::Split,
        item: Shape::from_text("u64"),
        block: block(file),
    };
    let lists = files.iter().map(list).collect();
    let operator = OperatorPart { operator: OperatorId::from_uid("any"), keyed: Vec::new(), lists };
    SubtaskPart { operators: vec![operator], written_bytes: 1, total_bytes: 2 }
}

fn files(part: &SubtaskPart) -> Files {
    part.operators.iter().flat_map(|operator| &operator.lists).map(|list| list.block.file.clone()).collect()
}

pub(super) struct World {
    pub(super) master: JobMaster,
    /// Whether nothing goes wrong from now on.
    pub(super) calm: bool,
    pub(super) seed: u64,
    pub(super) state: u64,
    pub(super) now: Duration,
    pub(super) checkpoint: CheckpointConfig,
    /// Sent, not yet delivered; delivered in any order.
    pub(super) inbox: Vec<MasterEvent>,
    pub(super) wakes: BTreeSet<Duration>,
    pub(super) attempt: AttemptId,
    /// Whether the attempt's tasks exist, as far as the world knows.
    pub(super) alive: bool,
    pub(super) ended: BTreeSet<u32>,
    pub(super) told_ended: BTreeSet<SubtaskId>,
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
    pub(super) answered: BTreeSet<RequestId>,
    pub(super) outcome: Option<Result<JobOutcome>>,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut state = seed;
        let config = config(&mut |bound| below(&mut state, bound));
        let checkpoint = config.checkpoint.clone();
        let mut world = Self {
            master: JobMaster::new(config, (0..SUBTASKS).map(subtask).collect()),
            calm: false,
            seed,
            state,
            now: Duration::ZERO,
            checkpoint,
            inbox: Vec::new(),
            wakes: BTreeSet::new(),
            attempt: AttemptId::default(),
            alive: false,
            ended: BTreeSet::new(),
            told_ended: BTreeSet::new(),
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
            answered: BTreeSet::new(),
            outcome: None,
        };
        world.deliver(MasterEvent::Start);
        world
    }

    pub(super) fn random(&mut self, bound: u64) -> u64 {
        below(&mut self.state, bound)
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
                let stop = self.random(12) == 0;
                self.deliver(MasterEvent::SavepointRequested { request, path, stop });
            }
            97 if self.fault(5) => self.deliver(MasterEvent::CancelRequested),
            98 if self.fault(30) && self.alive => {
                let kind = if self.random(12) == 0 { ErrorKind::InvalidJob } else { ErrorKind::Panic };
                self.report(0, Report::Failed(error(kind)));
            }
            _ => self.deliver(MasterEvent::Tick),
        }
    }

    /// The input of a subtask may end; in a calm world that comes soon.
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
                self.told_ended.insert(*subtask);
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
            self.obey(command);
        }
        assert!(
            self.pending.len() <= self.checkpoint.max_concurrent,
            "seed {}: too many at a time",
            self.seed
        );
    }

    fn obey(&mut self, command: MasterCommand) {
        let seed = self.seed;
        match command {
            MasterCommand::Deploy { attempt, restore } => self.deploy(attempt, &restore),
            MasterCommand::Checkpoint(command) => self.obey_coordinator(command),
            MasterCommand::StopTasks { attempt } => {
                assert_eq!(attempt, self.attempt, "seed {seed}");
                self.end_attempt();
                self.inbox.push(MasterEvent::TasksStopped { attempt });
            }
            MasterCommand::WakeAt(time) => {
                // A restart may be without delay; everything else that is due has been done.
                let due = time <= self.now && self.master.status() != JobStatus::Restarting;
                assert!(!due, "seed {seed}: woken for what could have been done at once");
                self.wakes.insert(time);
            }
            MasterCommand::Done(outcome) => {
                assert!(self.outcome.is_none(), "seed {seed}: done twice");
                assert!(self.writing.is_empty(), "seed {seed}: done with a manifest under way");
                self.outcome = Some(outcome);
            }
        }
    }

    fn obey_coordinator(&mut self, command: CheckpointCommand) {
        let seed = self.seed;
        match command {
            CheckpointCommand::Send { to, control } => self.control(to, control),
            CheckpointCommand::WriteManifest { attempt, checkpoint, parts, .. } => {
                self.write_manifest(attempt, checkpoint, &parts);
            }
            CheckpointCommand::Delete { checkpoints, files } => self.delete(checkpoints, &files),
            CheckpointCommand::AnswerSavepoint { request, .. } => {
                assert!(self.answered.insert(request), "seed {seed}: answered twice");
            }
        }
    }

    fn end_attempt(&mut self) {
        self.alive = false;
        let writing = &self.writing;
        self.pending.retain(|id, _| writing.contains(id));
    }

    fn deploy(&mut self, attempt: AttemptId, restore: &RestoreFrom) {
        let seed = self.seed;
        assert!(self.writing.is_empty(), "seed {seed}: deployed with a manifest under way");
        let newest = self.completed.difference(&self.savepoints).max();
        let expected = newest.map_or(RestoreFrom::Nothing, |id| RestoreFrom::Checkpoint(*id));
        assert_eq!(*restore, expected, "seed {seed}");
        self.attempt = attempt;
        self.ended.clear();
        self.told_ended.clear();
        self.completed_here.clear();
        (self.final_checkpoint, self.stopping) = (None, None);
        (self.last_trigger, self.last_completion) = (None, None);
        self.alive = !self.fault(10);
        let next_checkpoint_id = CheckpointId::new(self.random(30));
        self.inbox.push(if self.alive {
            MasterEvent::Deployed { attempt, next_checkpoint_id, found: FoundCheckpoints::default() }
        } else {
            MasterEvent::DeployFailed { attempt, error: error(ErrorKind::External) }
        });
    }

    fn control(&mut self, to: Recipients, control: Control) {
        let seed = self.seed;
        assert!(self.alive, "seed {seed}: nobody is there to hear {control:?}");
        assert_eq!(matches!(control, Control::Trigger(_)), to == Recipients::Sources, "seed {seed}");
        match control {
            Control::Trigger(barrier) => self.trigger(&barrier),
            Control::CheckpointCompleted(id) => {
                assert!(self.completed.contains(&id), "seed {seed}: {id} completed without a manifest");
                let plain = self.savepoints.contains(&id) && !self.stop_savepoints.contains(&id);
                assert!(!plain, "seed {seed}: savepoint {id} made sinks commit");
            }
            Control::CheckpointAborted(id) => {
                assert!(!self.completed.contains(&id), "seed {seed}: {id} is complete");
                self.pending.remove(&id);
            }
            Control::Finish => {
                let all_ended = self.told_ended.len() == SUBTASKS as usize;
                let is_final = |id| self.completed.contains(&id);
                let safe = self.checkpoint.interval.is_none() || self.final_checkpoint.is_some_and(is_final);
                let stopped = self.stopping.is_some_and(is_final);
                assert!(all_ended && safe || stopped, "seed {seed}: finishes too early");
                assert!(
                    self.pending.is_empty() && self.writing.is_empty(),
                    "seed {seed}: something is pending"
                );
                for index in 0..SUBTASKS {
                    let failed = self.fault(5);
                    let failure = Report::Failed(error(ErrorKind::External));
                    self.report(index, if failed { failure } else { Report::Finished });
                }
            }
        }
    }

    fn trigger(&mut self, barrier: &Barrier) {
        let (seed, id) = (self.seed, barrier.checkpoint);
        assert!(self.last_id < Some(id), "seed {seed}: {id} is not above {:?}", self.last_id);
        assert_eq!(self.stopping, None, "seed {seed}: {id} comes too late");
        self.last_id = Some(id);
        let base = match &barrier.target {
            SnapshotTarget::Checkpoint { base } => {
                self.check_checkpoint_trigger(id, *base);
                *base
            }
            SnapshotTarget::Savepoint { stop, .. } => {
                self.savepoints.insert(id);
                if *stop {
                    self.stop_savepoints.insert(id);
                    self.stopping = Some(id);
                }
                None
            }
        };
        for index in 0..SUBTASKS {
            if self.fault(4) {
                self.report(index, Report::Declined { checkpoint: id, error: error(ErrorKind::External) });
            } else if !self.fault(4) {
                self.acknowledge(index, id, base);
            }
        }
    }

    /// Uploads a file, and refers to some of what the subtask had in the base.
    fn acknowledge(&mut self, index: u32, id: CheckpointId, base: Option<CheckpointId>) {
        let mut part_files = Files::new();
        if let Some(old) = base.and_then(|base| self.parts.get(&(base, index)).cloned()) {
            part_files.extend(old.into_iter().filter(|_| self.random(3) > 0));
        }
        if !self.savepoints.contains(&id) {
            let file: Arc<str> = Arc::from(format!("chk-{id}/0-{index}.state"));
            self.store.insert(file.clone());
            part_files.insert(file);
        }
        self.parts.insert((id, index), part_files.clone());
        let alignment = Duration::from_millis(self.random(100));
        self.report(index, Report::Acknowledged { checkpoint: id, part: part(&part_files), alignment });
    }

    fn write_manifest(&mut self, attempt: AttemptId, id: CheckpointId, parts: &[(SubtaskId, SubtaskPart)]) {
        assert_eq!(parts.len(), SUBTASKS as usize, "seed {}", self.seed);
        let all: Files = parts.iter().flat_map(|(_, part)| files(part)).collect();
        let failed = self.fault(12);
        if !failed || self.random(2) == 0 {
            self.manifests.insert(id, all.clone());
        }
        self.known.insert(id, all);
        self.writing.insert(id);
        let result = if failed { Err(error(ErrorKind::External)) } else { Ok(()) };
        self.inbox.push(MasterEvent::ManifestWritten { attempt, checkpoint: id, result });
        self.check_store();
    }

    fn delete(&mut self, checkpoints: Vec<CheckpointId>, files: &[Arc<str>]) {
        for id in checkpoints {
            assert!(self.manifests.remove(&id).is_some(), "seed {}: {id} has no manifest", self.seed);
        }
        for file in files {
            assert!(file.starts_with("chk-"), "seed {}: {file} is not ours", self.seed);
            self.store.remove(file);
        }
        self.check_store();
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): a number below `bound`, or 0.
fn below(state: &mut u64, bound: u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed ^ (mixed >> 31)).checked_rem(bound).unwrap_or(0)
}
