//! How an attempt ends, and what follows it: the next one, or the end of the job.

use super::{JobMaster, JobOutcome, JobStatus, MasterCommand, Next, Phase, RestoreFrom};
use crate::checkpoint::CheckpointCommand;
use crate::clock::Moment;
use crate::error::{Error, ErrorKind, Result};
use crate::job::RestartDecision;

impl JobMaster {
    /// The first failure of an attempt ends it.
    pub(super) fn fail(
        &mut self,
        now: Moment,
        error: Error,
        wanted: &mut Vec<CheckpointCommand>,
        commands: &mut Vec<MasterCommand>,
    ) {
        if matches!(self.phase, Phase::Deploying | Phase::Running) {
            tracing::warn!(attempt = %self.attempt, %error, "the attempt has failed");
            self.end_attempt(now, false, Next::Recover(error), wanted);
            commands.push(MasterCommand::StopTasks { attempt: self.attempt });
        }
    }

    pub(super) fn end_attempt(
        &mut self,
        now: Moment,
        tasks_stopped: bool,
        next: Next,
        wanted: &mut Vec<CheckpointCommand>,
    ) {
        let reason = match &next {
            Next::Recover(error) => {
                self.failures += 1;
                self.last_failure = Some(error.clone());
                error.clone()
            }
            Next::Cancel => Error::new(ErrorKind::Cancelled, "the job was cancelled"),
            Next::Finish => Error::new(ErrorKind::Checkpoint, "the job has finished"),
        };
        self.phase = Phase::Stopping { tasks_stopped, next };
        self.coordinator.stop(now, &reason, wanted);
    }

    pub(super) fn check_finished(&mut self, now: Moment, commands: &mut Vec<MasterCommand>) {
        if matches!(self.phase, Phase::Running) && self.finished.len() == self.subtasks.len() {
            let mut wanted = Vec::new();
            self.end_attempt(now, true, Next::Finish, &mut wanted);
            self.carry_out(now, wanted, commands);
        }
    }

    pub(super) fn deploy(&mut self, commands: &mut Vec<MasterCommand>) {
        let latest = self.coordinator.latest_checkpoint();
        let restore = latest.map_or_else(|| self.restore.clone(), RestoreFrom::Checkpoint);
        self.phase = Phase::Deploying;
        self.finished.clear();
        commands.push(MasterCommand::Deploy { attempt: self.attempt, restore });
    }

    /// Goes on from an attempt that is over, once nothing of it is under way any more.
    pub(super) fn settle(&mut self, now: Moment, random: f64, commands: &mut Vec<MasterCommand>) {
        let Phase::Stopping { tasks_stopped: true, next } = &self.phase else { return };
        if self.coordinator.is_writing() {
            return;
        }
        let result = match next {
            Next::Cancel if self.discards => {
                self.phase = Phase::Discarding;
                return commands.push(MasterCommand::DiscardCheckpoints);
            }
            Next::Cancel => Ok(JobOutcome::Cancelled),
            Next::Finish if self.coordinator.stopped_with().is_some() => Ok(JobOutcome::StoppedWithSavepoint),
            Next::Finish => Ok(JobOutcome::Finished),
            Next::Recover(error) => {
                let error = error.clone();
                match self.recovery(now, random, &error) {
                    RestartDecision::After(delay) => {
                        self.phase = Phase::Waiting { until: now.monotonic.saturating_add(delay) };
                        return;
                    }
                    RestartDecision::GiveUp => Err(self.final_error(error)),
                }
            }
        };
        self.finish(result, commands);
    }

    fn recovery(&mut self, now: Moment, random: f64, error: &Error) -> RestartDecision {
        if self.may_recover(error) {
            self.restart.on_failure(now.monotonic, random)
        } else {
            RestartDecision::GiveUp
        }
    }

    /// Whether another attempt may help, as far as the restart strategy allows one.
    pub(super) fn may_recover(&self, error: &Error) -> bool {
        // After a stop-with-savepoint sinks may have committed up to the savepoint: an earlier
        // checkpoint would write that a second time, and to go on from the savepoint is not wanted.
        self.coordinator.stopped_with().is_none() && error.kind().is_retryable()
    }

    fn final_error(&self, error: Error) -> Error {
        let kind = error.kind();
        let error = match self.coordinator.stopped_with() {
            None => error,
            Some(savepoint) => error.wrapped(
                kind,
                format_args!(
                    "the savepoint at `{}` is complete, but the job failed while it stopped: start it from \
                     there to commit what is pending",
                    savepoint.path
                ),
            ),
        };
        let restarts = match self.restarts() {
            0 => "without a restart".to_owned(),
            1 => "after 1 restart".to_owned(),
            restarts => format!("after {restarts} restarts"),
        };
        error.wrapped(kind, format_args!("the job has failed {restarts}"))
    }

    pub(super) fn finish(&mut self, result: Result<JobOutcome>, commands: &mut Vec<MasterCommand>) {
        self.phase = Phase::Done(match &result {
            Ok(JobOutcome::Cancelled) => JobStatus::Cancelled,
            Ok(JobOutcome::Finished | JobOutcome::StoppedWithSavepoint) => JobStatus::Finished,
            Err(_) => JobStatus::Failed,
        });
        commands.push(MasterCommand::Done(result));
    }
}
