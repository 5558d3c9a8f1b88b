//! The job master: the life of a job over all its attempts.
//!
//! A pure state machine around the [`CheckpointCoordinator`]: it deploys, watches, and when an
//! attempt fails stops what is left of it and deploys again from the last completed checkpoint.

mod config;
mod message;
mod recovery;

use std::collections::BTreeSet;
use std::time::Duration;

use millstream_state::{CheckpointId, Epoch};

pub use self::config::MasterConfig;
pub use self::message::{JobOutcome, JobStatus, MasterCommand, MasterEvent, RestoreFrom, RestoreMode};
use super::{AttemptId, RestartState, RestartStrategy, SubtaskId};
use crate::checkpoint::{CheckpointCommand, CheckpointCoordinator, CheckpointHistory, Report};
use crate::clock::Moment;
use crate::error::Error;

enum Phase {
    Created,
    Deploying,
    Running,
    /// The attempt is over. What comes next waits until its tasks are gone and no manifest is being
    /// written, so that the store and the master agree on what the last checkpoint is.
    Stopping {
        tasks_stopped: bool,
        next: Next,
    },
    /// The job was cancelled, and its checkpoints are being deleted.
    Discarding,
    /// The restart is put off until then.
    Waiting {
        until: Duration,
    },
    Done(JobStatus),
}

enum Next {
    Recover(Error),
    Cancel,
    Finish,
}

/// Keeps one job alive, from its start to its one [`MasterCommand::Done`].
pub struct JobMaster {
    subtasks: BTreeSet<SubtaskId>,
    restore: RestoreFrom,
    /// Whether the job's checkpoints are deleted when it is cancelled.
    discards: bool,
    coordinator: CheckpointCoordinator,
    restart: RestartState,
    attempt: AttemptId,
    phase: Phase,
    finished: BTreeSet<SubtaskId>,
    /// The failures of attempts.
    failures: u32,
    last_failure: Option<Error>,
    /// When the driver has been asked to wake the master.
    wake: Option<Duration>,
}

impl JobMaster {
    /// The master of a job with these subtasks, which waits for [`MasterEvent::Start`].
    pub fn new(config: MasterConfig, subtasks: Vec<SubtaskId>) -> Self {
        let default = RestartStrategy::default_for(config.checkpoint.interval.is_some());
        Self {
            subtasks: subtasks.iter().copied().collect(),
            restore: config.restore,
            discards: config.checkpoint.deleted_on_cancellation,
            coordinator: CheckpointCoordinator::new(config.checkpoint, subtasks, CheckpointId::new(1)),
            restart: RestartState::new(config.restart.unwrap_or(default)),
            attempt: AttemptId::default(),
            phase: Phase::Created,
            finished: BTreeSet::new(),
            failures: 0,
            last_failure: None,
            wake: None,
        }
    }

    /// Says, before the job starts, which epoch the process has that runs it: all attempts bear it.
    pub fn begin_epoch(&mut self, epoch: Epoch) {
        if matches!(self.phase, Phase::Created) {
            self.attempt.epoch = epoch;
        }
    }

    /// Goes on with other subtasks, as of another parallelism: with the next attempt, while none is
    /// under way. Answers whether that is so; else nothing has changed.
    pub fn replan(&mut self, subtasks: impl IntoIterator<Item = SubtaskId>) -> bool {
        let idle = matches!(self.phase, Phase::Created | Phase::Waiting { .. });
        if idle {
            self.subtasks = subtasks.into_iter().collect();
            self.coordinator.replan(self.subtasks.iter().copied());
        }
        idle
    }

    /// Takes in an event and appends what is to be done, in this order. `random` is a number from 0
    /// to 1.
    pub fn handle(
        &mut self,
        now: Moment,
        random: f64,
        event: MasterEvent,
        commands: &mut Vec<MasterCommand>,
    ) {
        let mut wanted = Vec::new();
        match event {
            MasterEvent::Start if matches!(self.phase, Phase::Created) => self.deploy(commands),
            MasterEvent::Start => {}
            MasterEvent::Deployed { attempt, next_checkpoint_id, found } => {
                if attempt == self.attempt && matches!(self.phase, Phase::Deploying) {
                    self.phase = Phase::Running;
                    self.coordinator.start(now, attempt, next_checkpoint_id, found, &mut wanted);
                }
            }
            MasterEvent::DeployFailed { attempt, error } => {
                if attempt == self.attempt && matches!(self.phase, Phase::Deploying) {
                    self.end_attempt(now, true, Next::Recover(error), &mut wanted);
                }
            }
            MasterEvent::Tick => self.tick(now, &mut wanted, commands),
            MasterEvent::Report { attempt, subtask, report } => {
                self.report(now, attempt, subtask, report, &mut wanted, commands);
            }
            MasterEvent::ManifestWritten { attempt, checkpoint, result } => {
                if attempt == self.attempt {
                    self.coordinator.manifest_written(now, checkpoint, result, &mut wanted);
                }
            }
            MasterEvent::TasksStopped { attempt: stopped } => {
                if let Phase::Stopping { tasks_stopped, .. } = &mut self.phase
                    && stopped == self.attempt
                {
                    *tasks_stopped = true;
                }
            }
            MasterEvent::CheckpointsDiscarded => {
                if matches!(self.phase, Phase::Discarding) {
                    self.finish(Ok(JobOutcome::Cancelled), commands);
                }
            }
            MasterEvent::SavepointRequested { request, path, then } => {
                self.coordinator.savepoint(now, request, path, then, &mut wanted);
            }
            MasterEvent::CheckpointRequested { request } => {
                self.coordinator.checkpoint(now, request, &mut wanted);
            }
            MasterEvent::CancelRequested => self.cancel(now, &mut wanted, commands),
        }
        self.carry_out(now, wanted, commands);
        self.check_finished(now, commands);
        self.settle(now, random, commands);
        self.ask_to_be_woken(now, commands);
    }

    /// Whether this attempt is being deployed and still wanted.
    pub fn awaits_deployment(&self, attempt: AttemptId) -> bool {
        attempt == self.attempt && matches!(self.phase, Phase::Deploying)
    }

    /// Where the job stands.
    pub fn status(&self) -> JobStatus {
        match &self.phase {
            Phase::Created => JobStatus::Created,
            Phase::Deploying => JobStatus::Deploying,
            Phase::Running if self.coordinator.is_stopping() => JobStatus::Stopping,
            Phase::Running => JobStatus::Running,
            Phase::Stopping { next: Next::Recover(error), .. } if self.may_recover(error) => {
                JobStatus::Restarting
            }
            Phase::Stopping { .. } | Phase::Discarding => JobStatus::Stopping,
            Phase::Waiting { .. } => JobStatus::Restarting,
            Phase::Done(status) => *status,
        }
    }

    /// What the last checkpoints and savepoints were like.
    pub const fn statistics(&self) -> &CheckpointHistory {
        self.coordinator.history()
    }

    /// How many times the job has been deployed again.
    pub const fn restarts(&self) -> u32 {
        self.attempt.number
    }

    /// Whether the restart strategy has granted a restart that is still to come.
    pub(crate) const fn awaits_restart(&self) -> bool {
        matches!(self.phase, Phase::Waiting { .. })
    }

    /// How many attempts have failed.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// What the last attempt that has failed has failed with.
    pub const fn last_failure(&self) -> Option<&Error> {
        self.last_failure.as_ref()
    }

    /// The newest checkpoint this master has seen completed.
    pub fn latest_checkpoint(&self) -> Option<CheckpointId> {
        self.coordinator.latest_checkpoint()
    }

    fn report(
        &mut self,
        now: Moment,
        attempt: AttemptId,
        subtask: SubtaskId,
        report: Report,
        wanted: &mut Vec<CheckpointCommand>,
        commands: &mut Vec<MasterCommand>,
    ) {
        let current = attempt == self.attempt && matches!(self.phase, Phase::Deploying | Phase::Running);
        let done = matches!(self.phase, Phase::Done(_));
        match report {
            // Of use even when it is late: the coordinator then deletes what was written.
            Report::Acknowledged { checkpoint, part, alignment } if !done => {
                self.coordinator.acknowledge(now, subtask, checkpoint, part, alignment, wanted);
            }
            Report::Declined { checkpoint, error } if current => {
                self.coordinator.decline(now, checkpoint, &error, wanted);
            }
            Report::EndOfData if current => self.coordinator.end_of_data(now, subtask, wanted),
            Report::Finished if current && self.subtasks.contains(&subtask) => {
                self.finished.insert(subtask);
            }
            Report::Failed(error) if current => self.fail(now, error, wanted, commands),
            Report::Failed(error) => {
                tracing::warn!(%attempt, %subtask, %error, "a further failure of an attempt that is over");
            }
            _ => {}
        }
    }

    fn tick(&mut self, now: Moment, wanted: &mut Vec<CheckpointCommand>, commands: &mut Vec<MasterCommand>) {
        match self.phase {
            Phase::Running => self.coordinator.tick(now, wanted),
            Phase::Waiting { until } if until <= now.monotonic => {
                self.attempt = self.attempt.next();
                self.deploy(commands);
            }
            _ => {}
        }
    }

    fn cancel(
        &mut self,
        now: Moment,
        wanted: &mut Vec<CheckpointCommand>,
        commands: &mut Vec<MasterCommand>,
    ) {
        match &mut self.phase {
            Phase::Created | Phase::Waiting { .. } => self.end_attempt(now, true, Next::Cancel, wanted),
            Phase::Deploying | Phase::Running => {
                self.end_attempt(now, false, Next::Cancel, wanted);
                commands.push(MasterCommand::StopTasks { attempt: self.attempt });
            }
            Phase::Stopping { next, .. } => *next = Next::Cancel,
            Phase::Discarding | Phase::Done(_) => {}
        }
    }

    /// Hands on what the coordinator wants.
    fn carry_out(&mut self, now: Moment, wanted: Vec<CheckpointCommand>, commands: &mut Vec<MasterCommand>) {
        commands.extend(wanted.into_iter().map(MasterCommand::Checkpoint));
        if let Some(error) = self.coordinator.take_failure() {
            let mut follow_up = Vec::new();
            self.fail(now, error, &mut follow_up, commands);
            self.carry_out(now, follow_up, commands);
        }
    }

    /// One outstanding request to be woken is enough, as long as it is early enough.
    fn ask_to_be_woken(&mut self, now: Moment, commands: &mut Vec<MasterCommand>) {
        let deadline = match self.phase {
            Phase::Running => self.coordinator.deadline(),
            Phase::Waiting { until } => Some(until),
            _ => None,
        };
        self.wake = self.wake.filter(|wake| *wake > now.monotonic);
        if let Some(deadline) = deadline
            && self.wake.is_none_or(|wake| deadline < wake)
        {
            self.wake = Some(deadline);
            commands.push(MasterCommand::WakeAt(deadline));
        }
    }
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
