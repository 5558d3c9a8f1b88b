//! How the driver executes the commands of the master, and the rules that they must keep.

use super::*;

impl SimulatedDriver {
    pub(super) fn execute(&mut self, command: MasterCommand) {
        let seed = self.seed;
        match command {
            MasterCommand::Deploy { attempt, restore } => self.deploy(attempt, &restore),
            MasterCommand::Checkpoint(command) => self.execute_for_coordinator(command),
            MasterCommand::StopTasks { attempt } => {
                assert_eq!(attempt, self.attempt, "seed {seed}");
                self.end_attempt();
                self.inbox.push(MasterEvent::TasksStopped { attempt });
            }
            MasterCommand::DiscardCheckpoints => self.discard(),
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

    fn execute_for_coordinator(&mut self, command: CheckpointCommand) {
        let seed = self.seed;
        match command {
            CheckpointCommand::Send { to, control } => self.control(to, control),
            CheckpointCommand::WriteManifest { attempt, checkpoint, parts, .. } => {
                self.write_manifest(attempt, checkpoint, &parts);
            }
            CheckpointCommand::Delete { checkpoints, files } => self.delete(checkpoints, &files),
            CheckpointCommand::AnswerSavepoint { request, .. }
            | CheckpointCommand::AnswerCheckpoint { request, .. } => {
                assert!(self.answered.insert(request), "seed {seed}: answered twice");
            }
        }
    }

    fn end_attempt(&mut self) {
        self.alive = false;
        self.checkpoint_is_wanted = false;
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
        self.reported_ended.clear();
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
        assert!(self.alive, "seed {seed}: no task is there to receive {control:?}");
        assert_eq!(matches!(control, Control::Trigger(_)), to == Recipients::Sources, "seed {seed}");
        match control {
            Control::Trigger(barrier) => self.trigger(&barrier),
            Control::Unalign(barrier) => {
                let id = barrier.checkpoint;
                assert!(self.checkpoint.aligned_timeout.is_some(), "seed {seed}: {id} is to be aligned");
                assert_eq!(self.pending.keys().next(), Some(&id), "seed {seed}: {id} overtakes another");
            }
            Control::CheckpointCompleted(id) => {
                assert!(self.completed.contains(&id), "seed {seed}: {id} completed without a manifest");
                let plain = self.savepoints.contains(&id) && !self.stop_savepoints.contains(&id);
                assert!(!plain, "seed {seed}: savepoint {id} made sinks commit");
            }
            Control::CheckpointAborted(id) => {
                assert!(!self.completed.contains(&id), "seed {seed}: {id} is complete");
                self.pending.remove(&id);
            }
            Control::Finish { stopped: told } => {
                let all_ended = self.reported_ended.len() == SUBTASKS as usize;
                let is_final = |id| self.completed.contains(&id);
                let safe = self.checkpoint.interval.is_none() || self.final_checkpoint.is_some_and(is_final);
                let stopped = self.stopping.is_some_and(is_final);
                assert!(all_ended && safe || stopped, "seed {seed}: finishes too early");
                assert_eq!(told, stopped, "seed {seed}: sinks are told another end");
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
            SnapshotTarget::Savepoint { then, .. } => {
                self.savepoints.insert(id);
                if then.stops() {
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
}
